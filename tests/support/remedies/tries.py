"""What a remedy is tried with: commands, spaces, files."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import drivers
import numpy as np
from command import GENOME
from deap import base, creator
from report_runs import make_run

import deap_nas
from deap_nas import (
    PAPER_SPACE,
    SearchSpace,
    make_toolbox,
    parse_genome,
    peak_ram,
    register_layer,
)
from deap_nas.__main__ import main
from deap_nas.algorithms import ea_preselected
from deap_nas.benchmark.comparison import RANDOM, default_problem
from deap_nas.benchmark.parts import Part
from deap_nas.evaluation.cache import LARGE
from deap_nas.evaluation.cache_folder import ENTRIES
from deap_nas.genome import Genome
from deap_nas.layers import LAYERS, Layer
from deap_nas.layers.gene import MAKERS
from deap_nas.runs.journal import _seal
from deap_nas.runs.record import read_run
from deap_nas.tabular import FILE
from deap_nas.training import accelerator, evaluator
from deap_nas.training.accelerator import Seen
from deap_nas.training.cards import LEAST, Card

Try = Callable[[], object]
Remedy = tuple[str, str, Try, Try]
"""Module, message, what raises it, and the same with the remedy."""

IMAGES, LABELS = np.zeros((6, 4, 4), np.uint8), np.array([0, 1, 0, 1, 0, 1])


class Refused(Exception):
    """A command ended with an error; its text is what standard error got."""


def command(*words: Any, heard: bool = False) -> None:
    """Run a command of ``deap-nas``; raises Refused unless it ends well, or for what is heard."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code or 0)
    if status or (heard and err.getvalue()):
        raise Refused(err.getvalue())


def run(*words: Any) -> None:
    """What a search would do, without doing it."""
    command("run", *drivers.plainly(["--dry-run", *words]))


def on_card(*words: Any, cards: tuple[Card, ...] = (Card("Toy", LEAST),)) -> None:
    """The same where TensorFlow sees cards, or none."""
    seen = Seen(cards, "TensorFlow sees no card")
    with patch.object(accelerator, "look", lambda: seen):
        run("--dataset", "tiny.npz", "--engine", "keras", *words)


def search(*words: Any, **how: bool) -> None:
    few = ("--dataset", "tiny.npz", "--population", 3, "--generations", 1)
    command("run", *drivers.plainly([*few, *words]), **how)


def space(**settings: Any) -> SearchSpace:
    layer = {"filters": 4, "kernel": 3, "activation": "relu"}
    return SearchSpace(**{"layers": {"CR": layer}, "heads": "GP", "depth": 1, **settings})


def individual(value: float | None = 1.0, weight: float = 1.0) -> Any:
    class Fitness(base.Fitness):
        weights = (weight,)

    one = Genome(parse_genome(GENOME), Fitness)
    if value is not None:
        one.fitness.values = (value,)
    return one


def preselected(*tools: str) -> None:
    """A search by a toolbox that has some tools."""
    rng = random.Random(0)
    toolbox = make_toolbox(PAPER_SPACE, lambda genome: (1.0 * len(genome),), rng=rng)
    for name in tools:
        toolbox.register(name, lambda *_: (1.0,))
    ea_preselected(toolbox.population(n=3), toolbox, 3, 1, 0.5, 1.0, 1, rng=rng)


def few_networks() -> Any:
    """The record of a run that trained two."""
    if not Path("few").exists():
        make_run(Path("few"), 2, 0, baseline="")
    return read_run(Path("few"))


def file(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


STREAM = ("--algorithm", "steady_state")
SPACE_FILE = 'depth = 1\n[heads.GP]\n[layers.CR]\nfilters = 4\nkernel = 3\nactivation = "relu"\n'


LAYER = (
    'from deap_nas import Layer, register_layer\nregister_layer(Layer("ZZ", {}, lambda shape: []))'
)
CR = {"filters": 4, "kernel": 3, "activation": "relu"}
FEW_PIXELS = (3, 3, 1)


def small(side: int) -> str:
    """A data set of images of so many pixels a side."""
    return str(drivers.save_npz(Path("small.npz"), drivers.tiny_dataset(side=side)))


def fill(cache: str) -> None:
    """Of a size that a search warns of, none of it on the disk."""
    entry = Path(cache, ENTRIES, "0" * 32)
    entry.mkdir(parents=True)
    os.truncate(file("many", ""), LARGE + 1)
    Path("many").rename(entry / "output.pkl")


FITNESS = "def score(evaluation):\n    return evaluation.accuracy\n"


def rare() -> str:
    """A data set of which one class has few images."""
    dataset = drivers.tiny_dataset()
    kept = np.r_[0, 1, np.flatnonzero(dataset.y_train == 2)]
    few = replace(dataset, x_train=dataset.x_train[kept], y_train=dataset.y_train[kept])
    return str(drivers.save_npz(Path("rare.npz"), few))


LARGE_ONE = "NC 64 3 relu;FL relu"
BYTES = ("--max-flash", 50_000)
RAM_FRONT = ("--algorithm", "nsga2", "--objectives", "accuracy,ram")


def own_space_file(more: str) -> str:
    """A space with a layer of one's own, in z.py."""
    for table in (LAYERS, MAKERS):
        table.pop("ZZ", None)  # type: ignore[attr-defined]
    known = "shape=lambda shape: shape, params=lambda shape: 0, multiply_adds=lambda shape: 0"
    file("z.py", LAYER.replace("lambda shape: []", f"lambda shape: [], {known}{more}", 1))
    return file("s.toml", SPACE_FILE + "[layers.ZZ]\n")


SELECT = "def sel_x(individuals, k):\n    return [individuals[0]] * k\n"
LOOP = "def ea_x(a, b):\n    {}\n"


def benchmark(*words: Any) -> None:
    few = ("--seeds", 2, "--evaluations", 5, "--workers", 1)
    command("benchmark", "--operators", file("o.py", SELECT), *few, *words)


def part() -> Part:
    return Part(RANDOM, default_problem(), (0,), 5)


def table_of(lines: int | None) -> str:
    """The package's table, or its first lines."""
    path = Path(deap_nas.__file__).parent / "data" / "files" / FILE
    text = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    return file("other.csv.gz", gzip.compress(b"".join(text[:lines])))


def own_ram(operations: Any) -> None:
    layer = Layer("ZZ", {}, lambda shape: [], shape=lambda shape: shape, operations=operations)
    peak_ram([register_layer(layer)(), *parse_genome("GP")])


def own_space(formulas: dict[str, Any], **budgets: int) -> SearchSpace:
    """Of a layer of one's own, with these formulas besides that of its shape."""
    layer = Layer("ZY", {}, lambda shape: [], shape=lambda shape: shape, **formulas)
    LAYERS.pop("ZY", None)
    register_layer(layer)
    return space(layers={"ZY": {}}, **budgets)


SIZES = {"params": lambda shape: 0, "multiply_adds": lambda shape: 0}


def own_budget(operations: Any, **budgets: int) -> None:
    own_space({**SIZES, "operations": operations}, **budgets)


def crowded() -> Any:
    one = individual()
    one.fitness.crowding_dist = 1.0
    return one


def created(genes: list[int]) -> Any:
    creator.create("Digits", list)
    try:
        return creator.Digits(genes)
    finally:
        del creator.Digits


def lose_a_line() -> None:
    """Of an outcome, in the journal of a run that has no result yet."""
    journal = Path("run", "journal.jsonl")
    Path("run", "result.json").unlink()
    lines = journal.read_bytes().splitlines(keepends=True)
    lost = next(i for i, line in enumerate(lines) if b'"generation": 1, "cached"' in line)
    journal.write_bytes(b"".join(lines[:lost] + lines[lost + 1 :]))


def turn_a_generation() -> None:
    """The first, in the journal of a run that has no result yet."""
    Path("run", "result.json").unlink()
    lines = drivers.lines_of(Path("run"))
    for line in lines:
        if line["kind"] == "generation":
            line["population"] = line["population"][::-1]
    Path("run", "journal.jsonl").write_bytes(b"".join(map(_seal, lines)))


def evaluate(cache: str | None = None) -> None:
    evaluator.Evaluator(drivers.tiny_dataset(), cache=cache, workers=1, engine="keras").close()


def spoilt_table() -> bytes:
    """The package's table with a genome that is none."""
    path = Path(deap_nas.__file__).parent / "data" / "files" / FILE
    head, row, *_ = gzip.decompress(path.read_bytes()).decode().splitlines()
    genome = next(cell for cell in row.split(",") if ";" in cell)
    return gzip.compress(f"{head}\n{row.replace(genome, 'x')}\n".encode())
