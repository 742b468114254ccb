"""Messages that name a remedy: what raises each, and the same with the remedy applied."""

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
from plain_spaces import EvenSum
from report_runs import make_run

import deap_nas
from deap_nas import (
    PAPER_SPACE,
    SearchSpace,
    build_model,
    load_layers,
    make_toolbox,
    parse_genome,
    peak_ram,
    register_layer,
)
from deap_nas.__main__ import main
from deap_nas.algorithms import ea_preselected, sel_crowded_tournament
from deap_nas.benchmark.comparison import RANDOM, default_problem
from deap_nas.benchmark.own import check, load_function, load_operators
from deap_nas.benchmark.parts import Part, _numbered
from deap_nas.data import load_dataset
from deap_nas.evaluation.cache import LARGE
from deap_nas.evaluation.cache_folder import ENTRIES
from deap_nas.evaluation.fitness import (
    SINGLE,
    Evaluation,
    accuracy_per_log_params,
    macro_f1_per_log_params,
    time_penalised,
)
from deap_nas.evaluation.own_fitness import find_fitness
from deap_nas.genome import Genome
from deap_nas.layers import LAYERS, Layer
from deap_nas.layers.gene import MAKERS
from deap_nas.layers.operations import Convolution
from deap_nas.operators import SELECTIONS, mut_gene, sel_roulette
from deap_nas.programs.evolve import _arrays
from deap_nas.report.chosen import choose
from deap_nas.report.compare import find_runs
from deap_nas.report.picking import pick_at_most, pick_knee
from deap_nas.runs.journal import _seal
from deap_nas.runs.known import make_halving
from deap_nas.runs.record import read_run
from deap_nas.runs.settings import Settings
from deap_nas.tabular import FILE, load_table
from deap_nas.training import accelerator, evaluator
from deap_nas.training.accelerator import Seen
from deap_nas.training.cards import LEAST, Card

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


Try = Callable[[], object]
# What the message has, what raises it, and the same with the remedy.
HERE: list[tuple[str, str, Try, Try]] = [
    # the command line
    ("runs/begin", "--out {} is a file: name a directory",
     lambda: search("--out", file("taken", "")), lambda: search("--out", "folder")),
    ("runs/begin", "--out {} holds another run: resume it with --resume, or name another",
     lambda: (search("--out", "run"), search("--out", "run")),
     lambda: (command("run", "--resume", "run"), search("--out", "another"))),
    ("commands/run", "{} with --resume: the run has its settings; leave out {}",
     lambda: (search("--out", "run"), command("run", "--resume", "run", "--preset", "paper")),
     lambda: command("run", "--resume", "run")),
    ("commands/run", "--resume {}: no run is there ({}); {}",
     lambda: (search("--out", "run"), command("run", "--resume", "rum")),
     lambda: command("run", "--resume", "run")),
    ("runs/begin",
     "--resume {}: other settings than the run's: {}; resume without them, or start a new run",
     lambda: (search("--out", "run"), command("run", "--resume", "run", "--seed", 9)),
     lambda: (command("run", "--resume", "run"), search("--out", "new", "--seed", 9))),
    ("runs/begin", "{} cannot be made: {}; name another --out",
     lambda: (file("results", ""), search()), lambda: search("--out", "another")),
    ("commands/repeat", "--resume {}: its {} is damaged; start anew with --repeat",
     lambda: (Path("many").mkdir(), file("many/repeats.json", "{"),
              command("run", "--resume", "many")),
     lambda: search("--repeat", 1, "--out", "anew", "--no-report")),
    ("commands/compare", "--out {}: give a name that ends in .html, in a folder that is there",
     lambda: (make_run(Path("run"), 2, 0), command("compare", "run", "--out", "page.txt")),
     lambda: command("compare", "run", "--out", "page.html")),
    ("commands/train", "--save {}: give a name that ends in .keras, in a folder that is there",
     lambda: command("train", GENOME, "--dataset", "tiny.npz", "--save", "a.h5"),
     lambda: command("train", GENOME, "--dataset", "tiny.npz", "--save", "a.keras")),
    ("runs/search", "cache {} is a file: name a folder, or use --no-cache",
     lambda: run("--cache", file("taken", "")), lambda: (run("--cache", "f"), run("--no-cache"))),
    ("runs/search", "{}, or try --space {}",
     lambda: run("--dataset", small(5)), lambda: run("--dataset", small(5), "--space", "full")),
    ("runs/search",
     "{} workers for {}: the others stand idle; a new run may have --slots {}",
     lambda: search("--workers", 2, "--slots", 1, *STREAM, heard=True),
     lambda: search("--workers", 2, "--slots", 2, "--out", "new", *STREAM, heard=True)),
    ("runs/checks", "scheduler {} with backend {}, allowed with dask alone; add --backend dask",
     lambda: run("--scheduler", "tcp://a:1"),
     lambda: run("--scheduler", "tcp://a:1", "--backend", "dask")),
    ("runs/checks", "accelerator {} with backend {}, allowed with local alone; leave out "
     "--accelerator, or use --backend local",
     lambda: on_card("--accelerator", "gpu", "--backend", "dask"),
     lambda: (on_card("--backend", "dask"),
              on_card("--accelerator", "gpu", "--backend", "local"))),
    ("runs/checks", "device {}, allowed a board ({}); use --accelerator {} to choose what trains",
     lambda: on_card("--device", "gpu"), lambda: on_card("--accelerator", "gpu")),
    ("training/accelerator", "accelerator gpu: {}; use cpu, or auto",
     lambda: on_card("--accelerator", "gpu", cards=()),
     lambda: [on_card("--accelerator", name, cards=()) for name in ("cpu", "auto")]),
    ("runs/checks", "initial has {} genomes, allowed at most the population of {}; raise "
     "--population",
     lambda: run("--initial", file("g.txt", f"{GENOME}\n" * 9)),
     lambda: run("--initial", "g.txt", "--population", 9)),
    ("runs/checks", "fitness {} with algorithm {}, allowed {}; use --algorithm {}",
     lambda: run("--fitness", "accuracy_and_params", "--algorithm", "generational"),
     lambda: [run("--fitness", "accuracy_and_params", "--algorithm", name)
              for name in ("preselected", "nsga2")]),
    ("runs/checks", "objectives {} with fitness {}, allowed only where a front is bred; use "
     "--fitness accuracy_and_params",
     lambda: run("--objectives", "accuracy,multiply_adds"),
     lambda: run("--objectives", "accuracy,multiply_adds", "--fitness", "accuracy_and_params")),
    ("runs/checks", "small_enough {} with a fitness of your own, allowed 0; leave out "
     "--small-enough",
     lambda: run("--fitness", f"{file('f.py', FITNESS)}:score", "--small-enough", 600),
     lambda: run("--fitness", "f.py:score")),
    ("runs/checks", "halving {} with algorithm {}, which breeds while others are in training; "
     "use --algorithm preselected, or --halving 0",
     lambda: run("--halving", 3, *STREAM),
     lambda: (run("--halving", 3), run("--halving", 0, *STREAM))),
    ("runs/checks", "halving {} with {}, allowed what looks at accuracy and size alone; use "
     "--halving 0",
     lambda: run("--halving", 3, "--fitness", "time_penalised"),
     lambda: run("--halving", 0, "--fitness", "time_penalised")),
    ("runs/checks", "halving {} with 1 epoch, which cannot be stopped early; raise --epochs, or "
     "use --halving 0",
     lambda: run("--halving", 3, "--epochs", 1),
     lambda: (run("--halving", 3, "--epochs", 2), run("--epochs", 1))),
    ("runs/known", "halving {} in a space that has a layer without formulas for its shape, params "
     "and multiply_adds; give them to it, or use --halving 0",
     lambda: make_halving(Settings(halving=3), own_space({})),
     lambda: (make_halving(Settings(halving=3), own_space(SIZES)),
              make_halving(Settings(), own_space({})))),
    ("algorithms/choice",
     "the toolbox has {} without {}; give it all of {}, or none",
     lambda: preselected("known", "learned"),
     lambda: (preselected("known", "learned", "combine"), preselected())),
    ("report/picking",
     "{}: the front, {}, has no knee; name one of them with --genome, or give --at-most",
     lambda: pick_knee(few_networks()), lambda: pick_at_most(few_networks(), 10**6)),
    ("report/picking", "{}: no network has at most {} parameters; give --at-most {} or more",
     lambda: pick_at_most(few_networks(), 1),
     lambda: pick_at_most(few_networks(), few_networks().good["n_params"].min())),
    ("commands/train",
     "genome '{}' takes {} {}, allowed {} on {}; use a smaller genome, or leave out --device",
     lambda: command("train", LARGE_ONE, "--dataset", "tiny.npz", "--device", "arduino_uno"),
     lambda: (command("train", GENOME, "--dataset", "tiny.npz", "--device", "arduino_uno"),
              command("train", LARGE_ONE, "--dataset", "tiny.npz"))),
    ("runs/search", "objectives {} with layer {}: its bytes are unknown without operations; give "
     "the layer operations, or leave out {}",
     lambda: run(*RAM_FRONT, "--space", own_space_file(""), "--layers", "z.py"),
     lambda: (run(*RAM_FRONT, "--layers", "z.py",
                  "--space", own_space_file(", operations=lambda shape: []")),
              run("--algorithm", "nsga2", "--space", own_space_file(""), "--layers", "z.py"))),
    ("spaces/runtime", "layer {}: {} can run none of its genes; allow other values, or leave out "
     "the device and the budgets of bytes",
     lambda: run("--space", file("s.toml", SPACE_FILE.replace("relu", "gelu")), *BYTES),
     lambda: (run("--space", file("s.toml", SPACE_FILE), *BYTES),
              run("--space", file("s.toml", SPACE_FILE.replace("relu", "gelu"))))),
    ("runs/presets", "config {}: {}; give a .toml or .json file",
     lambda: run("--config", "none"), lambda: run("--config", file("a.toml", "population = 3"))),
    ("runs/initial", "initial {}: {}; {}", lambda: run("--initial", "none"),
     lambda: run("--initial", file("g.txt", GENOME))),
    ("runs/initial", "initial {} is no text in UTF-8; {}",
     lambda: run("--initial", file("g", b"\x80")), lambda: run("--initial", file("g", GENOME))),
    ("runs/initial", "initial {} has no columns genome and fitness; {}",
     lambda: run("--initial", file("g.csv", "a,b\n")),
     lambda: (search("--out", "run"), run("--initial", "run"),
              run("--initial", "run/evaluations.csv"))),
    ("runs/initial", "{}, line {}: fitness {}, allowed a number; correct it",
     lambda: run("--initial", file("g.csv", f"genome,fitness\n{GENOME},x\n")),
     lambda: run("--initial", file("g.csv", f"genome,fitness\n{GENOME},3.5\n"))),
    ("runs/record", "{}: no run is there ({}); name the directory that the run printed",
     lambda: read_run(Path("none")), lambda: read_run(make_run(Path("run"), 2, 0))),
    ("report/compare", "{}: no run is there, nor in a folder in it; check the path",
     lambda: find_runs([Path("none")]), lambda: find_runs([make_run(Path("run"), 2, 0)])),
    ("report/chosen", "genome '{}' {}; {} lists those that are",
     lambda: choose(read_run(make_run(Path("run"), 2, 0)), "FL tanh"),
     lambda: choose(record := read_run(Path("run")), record.good["genome"][0])),
    ("evaluation/replay", "the journal's next outcome is of '{}', which this search does not ask "
     "for: a line is lost, or the program, a library or a file changed since; start a new run (the "
     "cache keeps what was trained)",
     lambda: (search("--out", "run", "--generations", 3, "--first", "drawn", *STREAM),
              lose_a_line(),
              command("run", "--resume", "run")),
     lambda: search("--out", "new", *STREAM)),
    ("runs/journal", "generation {} is not the one in {}: the program, a library or a file changed "
     "since; start a new run (the cache keeps what was trained)",
     lambda: (search("--out", "run"), turn_a_generation(), command("run", "--resume", "run")),
     lambda: search("--out", "new")),
    # genomes, layers, spaces
    ("genome", "empty genome {}: write genes {}",
     lambda: parse_genome(""), lambda: parse_genome("CB 4 3 relu;GP")),
    ("genome", "{}: kind {}, allowed {}; a layer of your own is made known by --layers FILE or "
     "register_layer",
     lambda: parse_genome("ZZ;GP"), lambda: (load_layers(file("z.py", LAYER)),
                                             parse_genome("ZZ;GP"))),
    ("layers/loading", "layers {}: {}; give a Python file",
     lambda: load_layers("none.py"), lambda: load_layers(file("z.py", LAYER))),
    ("layers/loading", "layers {} registers none; call deap_nas.register_layer(Layer(...)) in it",
     lambda: load_layers(file("z.py", "x = 1")), lambda: load_layers(file("z.py", LAYER))),
    ("layers/layer",
     "layer {}, '{}': RAM and flash are unknown without its operations; give the layer operations",
     lambda: own_ram(None), lambda: own_ram(lambda shape: [Convolution(4, 3)])),
    ("layers/registry", "register_layer({}): give a Layer", lambda: register_layer("CR"),
     lambda: register_layer(Layer("ZZ", {}, lambda shape: []))),
    ("training/model", "genome '{}' ends without a head: add {}",
     lambda: build_model(parse_genome(GENOME)[:1], (9, 9, 1), 2),
     lambda: build_model([*parse_genome(GENOME)[:1], *parse_genome("GP")], (9, 9, 1), 2)),
    ("training/model", "genome '{}': gene {}, '{}', does not fit the feature map that reaches it, "
     "{}; use a smaller one",
     lambda: build_model(parse_genome("RC 2 7 relu;FL relu"), (5, 5, 1), 2),
     lambda: build_model(parse_genome("RC 2 5 relu;FL relu"), (5, 5, 1), 2)),
    ("spaces/named", "{}; give a .toml or .json file", lambda: run("--space", "none.toml"),
     lambda: run("--space", file("s.toml", SPACE_FILE))),
    ("spaces/rules", "{} {}, allowed {}; {}",
     lambda: space(heads="CR"), lambda: space(layers={"CR": CR}, heads="GP")),
    ("spaces/rules", "layer {}: no count, and no depth; give one of them",
     lambda: space(depth=None),
     lambda: (space(depth=2), space(depth=None, layers={"CR": {**CR, "count": 1}}))),
    ("spaces/rules", "{}: {} is missing; list its values",
     lambda: space(layers={"CR": {"kernel": 3}}), space),
    ("spaces/budgets",
     "{} {} with layer {}: its {} are unknown without operations; give the layer operations, or "
     "leave out {}",
     lambda: own_budget(None, max_ram=9000),
     lambda: (own_budget(lambda shape: [Convolution(4, 3)], max_ram=9000), own_budget(None))),
    ("spaces/legality",
     "no genome is legal with {} {}{}: the cheapest, '{}', has {} {}; raise {} to {}",
     lambda: space(max_params=93), lambda: space(max_params=94)),
    ("spaces/legality", "up to {} genes before the head, allowed up to {}; lower the depth, or the "
     "counts",
     lambda: space(depth=10**6),
     lambda: (space(), space(depth=None, layers={"CR": {**CR, "count": 2}}))),
    ("spaces/legality",
     "no genome is legal: reductions {} contradict the counts of layers that make the "
     "feature map smaller; change one of them",
     lambda: space(reductions=2),
     lambda: (space(reductions=1), space(reductions=2, depth=2))),
    ("spaces/legality",
     "no genome is legal: even the smallest do not fit images of shape {}; allow smaller "
     "kernels, or fewer genes that make the feature map smaller",
     lambda: SearchSpace(kernels=(5,), n_reduction=2, input_shape=FEW_PIXELS),
     lambda: (SearchSpace(kernels=(1,), n_reduction=2, input_shape=FEW_PIXELS),
              SearchSpace(kernels=(5,), n_reduction=0, input_shape=FEW_PIXELS))),
    ("spaces/forms", "the counts allow {} to {} genes, depth {} to {}: they contradict each other; "
     "change a count or the depth",
     lambda: space(depth=1, layers={"CR": {**CR, "count": 3}}),
     lambda: (space(depth=3, layers={"CR": {**CR, "count": 3}}),
              space(depth=1, layers={"CR": {**CR, "count": 1}}))),
    ("spaces/forms", "{} without layers, allowed only with layers; give layers",
     lambda: SearchSpace(depth=2), lambda: space(depth=2)),
    ("spaces/forms", "{} with layers, allowed only without; put it into layers",
     lambda: space(filters=(8,)), lambda: space(layers={"CR": {**CR, "filters": (8,)}})),
    # operators and the toolbox
    ("operators/protocol", "an individual is a {}, allowed a list or a subclass of it; make it "
     "one, as creator.create(name, list, fitness=...) does",
     lambda: mut_gene(np.array([2, 4]), space=EvenSum()),  # type: ignore[type-var]
     lambda: mut_gene(created([2, 4]), space=EvenSum(), rng=random.Random(0))),
    ("operators/selection", "cannot select {} of 0 individuals: give at least one",
     lambda: sel_roulette([], 1), lambda: sel_roulette([individual()], 1)),
    ("algorithms/nsga2", "cannot select {} of 0 individuals: give at least one",
     lambda: sel_crowded_tournament([], 1), lambda: sel_crowded_tournament([crowded()], 1)),
    ("operators/selection", "{} has no fitness: evaluate it before selecting",
     lambda: sel_roulette([individual(None)], 1), lambda: sel_roulette([individual(2.0)], 1)),
    ("operators/selection", "roulette selection maximises, but the weight is {}: use a tournament "
     "for a fitness to be minimised",
     lambda: sel_roulette([individual(weight=-1.0)], 1),
     lambda: SELECTIONS["tournament"]([individual(weight=-1.0)], 1)),
    ("toolbox", "weights {}, allowed {}; to minimise, negate the fitness",
     lambda: make_toolbox(EvenSum(), sum, weights=(-1.0,)),
     lambda: make_toolbox(EvenSum(), lambda genes: (-sum(genes),)).population(n=2)),
    ("toolbox", "space {} has no sample(rng), which draws a list of genes; add it",
     lambda: make_toolbox(object(), sum),
     lambda: make_toolbox(EvenSum(), sum).population(n=2)),
    ("training/evaluator", "layer {} is in no file that workers can run ({}); put it into a .py "
     "file, start Python anew, and load the file with load_layers",
     lambda: (register_layer(Layer("ZZ", {}, eval("lambda shape: []"))), evaluate()),
     lambda: (LAYERS.pop("ZZ"), load_layers(file("z.py", LAYER)), evaluate())),
    ("tabular", "table {} cannot be read: {}; fetch it anew",
     lambda: load_table(file("table.csv.gz", "no gzip")), load_table),
    ("tabular", "row {} of the table: {}; fetch it anew",
     lambda: load_table(file("table.csv.gz", spoilt_table())), load_table),
    ("evaluation/cache", "cache {} is a file: name a folder, or use no cache",
     lambda: evaluate(cache=file("taken", "")),
     lambda: [evaluate(cache=each) for each in ("folder", None)]),
    ("benchmark/own", "{}: {}; give a Python file", lambda: load_operators("none.py"),
     lambda: load_operators(file("o.py", SELECT))),
    ("benchmark/own", "{} has no operators: name your functions so that they begin with {}",
     lambda: load_operators(file("o.py", "def first(individuals, k): ...")),
     lambda: load_operators(file("o.py", SELECT))),
    ("benchmark/own", "{} has no {}: define evaluate, from a list of genes to a number (more is "
     "better), and space, whose sample(rng) draws such a list",
     lambda: load_function(file("f.py", "")),
     lambda: load_function(file("f.py", "def evaluate(genes): ...\nspace = object()"))),
    ("benchmark/own", "{} evaluates nobody: call toolbox.evaluate by toolbox.map",
     lambda: check(load_operators(file("o.py", LOOP.format("...")))["ea_x"], default_problem()),
     lambda: check(load_operators(file("o.py", LOOP.format("list(b.map(b.evaluate, a))")))["ea_x"],
                   default_problem())),
    ("benchmark/comparison", "table {} holds {} of {} of its space: give a table and a space of "
     "the same genomes", lambda: default_problem(table_of(5)),
     lambda: default_problem(table_of(None))),
    ("benchmark/parts", "the code was changed while the benchmark ran: start it again",
     lambda: _numbered(0, part(), []), lambda: _numbered(0, part(), part().code)),
    ("commands/benchmark", "--out {} is a file: name a directory",
     lambda: benchmark("--out", file("taken", "")), lambda: benchmark("--out", "folder")),
    ("evaluation/cache", "the cache {} has come to {} GB: make it smaller with deap-nas cache "
     "--cache {} --keep {}G",
     lambda: (fill("f"), search("--cache", "f", heard=True)),
     lambda: (command("cache", "--cache", "f", "--keep", "5G"),
              search("--cache", "f", "--out", "again", "--seed", 1, heard=True))),
    ("evaluation/fitness", "train_seconds 0.0, allowed more than 0: measure the training time",
     lambda: time_penalised(Evaluation(0.5, 0.5, 100, 0.0)),
     lambda: time_penalised(Evaluation(0.5, 0.5, 100, 1.5))),
    ("programs/evolve", "images without labels: give y, one label for each image",
     lambda: _arrays(IMAGES, None, None, None, 0), lambda: _arrays(IMAGES, LABELS, None, None, 0)),
    ("programs/evolve", "{} is missing: give both x_test and y_test, or neither",
     lambda: _arrays(IMAGES, LABELS, IMAGES, None, 0),
     lambda: (_arrays(IMAGES, LABELS, IMAGES, LABELS, 0),
              _arrays(IMAGES, LABELS, None, None, 0))),
    ("programs/evolve", "{} labels of {} images: give each image its label",
     lambda: _arrays(IMAGES, LABELS[1:], None, None, 0),
     lambda: _arrays(IMAGES, LABELS, None, None, 0)),
    ("programs/evolve", "class {} has {} images, allowed {} or more (to train, to validate, to "
     "test): give more, or x_test and y_test",
     lambda: _arrays(IMAGES[:4], LABELS[:4], None, None, 0),
     lambda: (_arrays(IMAGES, LABELS, None, None, 0),
              _arrays(IMAGES[:4], LABELS[:4], IMAGES, LABELS, 0))),
    ("evaluation/fitness",
     "the Evaluation has no confusion counts: this fitness is of classifiers; use another",
     lambda: macro_f1_per_log_params(Evaluation(0.5, 0.5, 100, 1.5)),
     lambda: accuracy_per_log_params(Evaluation(0.5, 0.5, 100, 1.5))),
    ("evaluation/own_fitness", "fitness {}, allowed {}, or FILE.py:NAME; use one of them",
     lambda: find_fitness("luck"),
     lambda: [*map(find_fitness, SINGLE), find_fitness(f"{file('f.py', FITNESS)}:score")]),
    ("evaluation/own_fitness", "fitness {}: {}; give a Python file",
     lambda: find_fitness("none.py:score"), lambda: find_fitness(f"{file('f.py', FITNESS)}:score")),
    ("evaluation/own_fitness", "fitness {}{}; mend the file",
     lambda: find_fitness(f"{file('f.py', '1 / 0')}:score"),
     lambda: find_fitness(f"{file('f.py', FITNESS)}:score")),
    ("evaluation/own_fitness", "fitness {} has no function {}; define {}(evaluation) in it",
     lambda: find_fitness(f"{file('f.py', 'x = 1')}:score"),
     lambda: find_fitness(f"{file('f.py', FITNESS)}:score")),
    ("runs/rare", "of the training images {}, {}: accuracy hardly counts a class so rare; use "
     "--fitness macro_f1_per_log_params, perhaps with --class-weights balanced",
     lambda: search("--dataset", rare(), "--no-cache", heard=True),
     lambda: search("--dataset", rare(), "--no-cache", "--fitness", "macro_f1_per_log_params",
                    "--class-weights", "balanced",
                    "--out", "new", heard=True)),
    ("data/load", "dataset {} is unknown: allowed {}, or the path of a folder of images, or of a "
     "file that ends in .npz; use one of them", lambda: load_dataset("imagenet"),
     lambda: (load_dataset("fashion_mnist_mini"), load_dataset("tiny.npz"))),
    ("data/load", "split_seed is {}: allowed whole numbers from 0; use 0",
     lambda: load_dataset("tiny.npz", split_seed=-1), lambda: load_dataset("tiny.npz")),
    ("data/dataset", "split {} is unknown: allowed validation, test; use one of them",
     lambda: drivers.tiny_dataset().split("train"),
     lambda: [drivers.tiny_dataset().split(name) for name in ("validation", "test")]),
    ("data/npz", "{} is not a file: allowed {}, or the path of an existing .npz file; correct the "
     "path", lambda: load_dataset("tin.npz"), lambda: load_dataset("tiny.npz")),
]  # fmt: skip
