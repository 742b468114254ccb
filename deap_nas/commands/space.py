"""``deap-nas space NAME|FILE``: a search space, from the command line."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from typing import Any

from deap_nas.commands.options import Parser, UserError, add_settings, quiet, status_of
from deap_nas.commands.output import say
from deap_nas.layers import load_layers
from deap_nas.spaces import (
    COSTS,
    SPACES,
    SearchSpace,
    budgets_of,
    describe,
    find_space,
    is_for_device,
    supported,
)

DRAWS = 1000  # genomes behind the spread of costs
SHARES = (("least", 0.0), ("a tenth", 0.1), ("half", 0.5), ("nine tenths", 0.9), ("most", 1.0))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    arguments = make_parser().parse_args(argv)
    return status_of(lambda: _show(arguments))


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="deap-nas space",
        description="Show the rules of a search space, how many genomes it has, a few of them, and "
        "the spread of what they cost.",
    )
    parser.add_argument(
        "space", metavar="NAME|FILE", help=f"{', '.join(SPACES)}, or a .toml or .json file"
    )
    parser.add_argument(
        "--layers", metavar="FILE", help="a Python file that registers layers of your own"
    )
    parser.add_argument(
        "--images", metavar="HxWxC", default="28x28x1", help="their shape (default: 28x28x1)"
    )
    parser.add_argument("--classes", type=int, metavar="N", default=10, help="(default: 10)")
    parser.add_argument("--draw", type=int, metavar="N", default=5, help="genomes (default: 5)")
    parser.add_argument("--seed", type=int, metavar="N", default=0, help="of the draws")
    add_settings(parser, [*COSTS, "device"])
    return parser


def _show(arguments: Any) -> int:
    if arguments.layers:
        load_layers(arguments.layers)
    if arguments.draw < 0:
        raise UserError(f"--draw {arguments.draw}, allowed 0 or more")
    budgets = budgets_of(arguments.device or "", {name: getattr(arguments, name) for name in COSTS})
    images: Any = {"input_shape": _shape(arguments.images), "n_classes": arguments.classes}
    space = find_space(arguments.space, **images, **budgets)
    space = supported(space) if is_for_device(space) else space
    with quiet():
        rng = random.Random(arguments.seed)
        genomes = [space.sample(rng) for _ in range(DRAWS)]
        for line in describe(space):
            say(line)
        say(f"\n{min(arguments.draw, DRAWS)} of {DRAWS:,} genomes drawn:")
        for genome in genomes[: arguments.draw]:
            say(f"  {genome}")
        _print_costs(space, genomes)
    return 0


def _print_costs(space: SearchSpace, genomes: Sequence[Any]) -> None:
    about = (space.input_shape, space.n_classes)
    say(f"\n{'':<24}" + "".join(f"{name:>14}" for name, _ in SHARES))
    int8 = all(rule.layer.operations for rule in space.rules)
    for cost in COSTS.values():
        if cost.int8 and not int8:
            continue  # unknown
        values = sorted(cost.total(genome, *about) for genome in genomes)
        shown = (values[round(share * (len(values) - 1))] for _, share in SHARES)
        say(f"{cost.unit:<24}" + "".join(f"{value:>14,}" for value in shown))


def _shape(text: str) -> tuple[int, ...]:
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) for part in parts):
        raise UserError(f"--images {text}, allowed HEIGHTxWIDTHxCHANNELS such as 32x32x3")
    return tuple(map(int, parts))
