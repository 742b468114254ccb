"""``deap-nas train GENOME``: one network, from the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deap_nas.commands.options import (
    Parser,
    UserError,
    add_settings,
    given_settings,
    quiet,
    status_of,
)
from deap_nas.commands.output import say
from deap_nas.runs.checks import parse_setting
from deap_nas.runs.presets import make_settings
from deap_nas.spaces import COSTS, budgets_of

USED = (
    *("dataset", "image_size", "grey", "data_dir", "split", "split_seed", "recipe", "epochs"),
    *("early_stopping", "train_seed", "engine", "accelerator", "layers", "cache", "device"),
    *("class_weights", "flips", "shifts", "label_smoothing", "max_seconds", "max_memory"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    arguments = vars(make_parser().parse_args(argv))
    return status_of(lambda: _train(arguments))


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="deap-nas train",
        description="Train one genome and show its network, its scores and its cost.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("genome", help='such as "NC 16 3 tanh;RC 6 3 tanh;RC 10 3 tanh;FL swish"')
    parser.add_argument("--save", metavar="FILE.keras", help="write the trained network")
    parser.add_argument("--json", action="store_true", help="print the Evaluation as JSON alone")
    parser.add_argument("--no-cache", action="store_true", help="train anew")
    add_settings(parser, USED)
    return parser


def _train(arguments: dict[str, Any]) -> int:
    given = make_settings(flags=given_settings(arguments))
    settings = replace(given, device="")  # of the genome, not of a space to draw from
    genome = parse_setting("genome", arguments["genome"])
    save = Path(arguments["save"]) if "save" in arguments else None
    if save and (save.suffix != ".keras" or not save.parent.is_dir()):
        raise UserError(
            f"--save {save}: give a name that ends in .keras, in a folder that is there"
        )
    with quiet():
        from deap_nas.commands.decoding import Decoding
        from deap_nas.commands.terminal import make_console, print_network
        from deap_nas.runs.search import check_fit, check_runs, load, make_evaluator

        dataset, space = load(settings, tell=Decoding())
        check_fit("genome", genome, space)
        if given.device:
            check_runs("genome", genome, space)
            _check_device(given.device, genome, space)
        console = make_console()
        with make_evaluator(settings, dataset) as evaluator:
            if not arguments.get("json"):
                print_network(genome, space, console)
            evaluation = evaluator.measure(genome)
            if arguments.get("json"):
                about = {"genome": str(genome), "class_names": dataset.class_names}
                if not say(json.dumps({**about, **evaluation.to_dict()})):
                    raise OSError("standard output takes no JSON: mend it, or write it to a file")
            else:
                print_evaluation(evaluation, settings.split, dataset.class_names, console)
            if save and evaluation.ok:
                evaluator.save(genome, evaluator.weights(genome) or [], save)
                if not arguments.get("json"):
                    console.print(f"saved as {save}", highlight=False)
                    print_outputs(dataset.class_names, console)
    return 0 if evaluation.ok else 1


def _check_device(device: str, genome: Any, space: Any) -> None:
    for limit, most in budgets_of(device, {}).items():
        cost = COSTS[limit]
        found = cost.total(genome, space.input_shape, space.n_classes)
        if found > most:
            raise UserError(
                f"genome '{genome}' takes {found:,} {cost.unit}, allowed {most:,} on {device}; use "
                "a smaller genome, or leave out --device"
            )


def print_outputs(class_names: Sequence[str], console: Any) -> None:
    """Which class each output of a saved network stands for."""
    text = f"its outputs, in order: {', '.join(class_names)}"
    console.print(text, highlight=False, soft_wrap=True, markup=False)


def print_evaluation(evaluation: Any, split: str, class_names: Sequence[str], console: Any) -> None:
    """Scores, seconds and the learning curve, beside what needs no network."""
    if not evaluation.ok:
        console.print(f"{evaluation.status}: {evaluation.reason}", highlight=False)
        return
    from deap_nas.commands.terminal import print_guesses
    from deap_nas.evaluation.fitness import accuracy_per_log_params, time_penalised
    from deap_nas.runs.guess import guess

    for row in evaluation.curve:
        scored = f", {split} {row['val_accuracy']:.4f}" if "val_accuracy" in row else ""
        console.print(
            f"  epoch {row['epoch']:>2}: loss {row['loss']:.4f}, accuracy while training "
            f"{row['accuracy']:.4f}{scored}",
            highlight=False,
        )
    console.print(
        f"{split} accuracy {evaluation.accuracy:.4f} (epoch {evaluation.best_epoch}), fitness "
        f"{accuracy_per_log_params(evaluation)[0]:.4f}, with time "
        f"{time_penalised(evaluation)[0]:.4f}; {evaluation.train_seconds:.2f} s of training, "
        f"{evaluation.train_cpu_seconds:.2f} s of CPU",
        highlight=False,
        soft_wrap=True,
    )
    if evaluation.flash:
        console.print(
            f"in int8, by formula: {evaluation.ram:,} bytes of RAM, {evaluation.flash:,} of flash",
            highlight=False,
        )
    found = guess(evaluation.confusion)
    print_guesses({split: found} if found else {}, class_names, console)
