"""Messages of operators, the toolbox, evaluators, data: what is imported."""

from __future__ import annotations

import random

import drivers
import numpy as np
from plain_spaces import EvenSum

from deap_nas import (
    load_layers,
    make_toolbox,
    register_layer,
)
from deap_nas.algorithms import sel_crowded_tournament
from deap_nas.benchmark.comparison import default_problem
from deap_nas.benchmark.own import check, load_function, load_operators
from deap_nas.benchmark.parts import _numbered
from deap_nas.data import load_dataset
from deap_nas.evaluation.fitness import (
    SINGLE,
    Evaluation,
    accuracy_per_log_params,
    macro_f1_per_log_params,
    time_penalised,
)
from deap_nas.evaluation.own_fitness import find_fitness
from deap_nas.layers import LAYERS, Layer
from deap_nas.operators import SELECTIONS, mut_gene, sel_roulette
from deap_nas.programs.evolve import _arrays
from deap_nas.tabular import load_table
from remedies.tries import (
    FITNESS,
    IMAGES,
    LABELS,
    LAYER,
    LOOP,
    SELECT,
    Remedy,
    benchmark,
    command,
    created,
    crowded,
    evaluate,
    file,
    fill,
    individual,
    part,
    rare,
    search,
    spoilt_table,
    table_of,
)

REMEDIES: list[Remedy] = [
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
