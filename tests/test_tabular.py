"""The table's reader and the evaluator that stands in for Keras."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from loops import LOOPS, evolve
from strategies import every_genome

from deap_nas import (
    accuracy_and_params,
    accuracy_per_log_params,
    count_params,
    ea_generational,
    make_toolbox,
)
from deap_nas.algorithms import ea_preselected, sel_crowded_tournament
from deap_nas.spaces import PAPER_SPACE, SearchSpace
from deap_nas.tabular import TABLE_SPACE, Table, TableError, TabularEvaluator, load_table

SPACE = SearchSpace((1, 1), 2, (4, 12), (3,), ("relu",), head_activations=("relu", "swish"))
OTHER_SPACE = SearchSpace((0, 1), 1, (2, 6), (5,), ("gelu",), input_shape=(12, 12, 3))
HEADER = (
    "genome,train_seed,n_params,multiply_adds,val_accuracy_1,val_accuracy_2,test_accuracy,"
    "train_accuracy,train_seconds,train_cpu_seconds,status,measured_on"
)


def make_rows(seeds: tuple[int, ...] = (0,), space: SearchSpace = SPACE) -> list[dict[str, Any]]:
    """Every genome of a space; every gene counts for its part of the score."""
    rows = []
    for seed in seeds:
        for genes in every_genome(space):
            text = ";".join(map(str, genes))
            score = score_of(text, seed)
            size = count_params(genes, space.input_shape, space.n_classes)
            values = (text, seed, size, 1000, score / 2, score, score - 0.01)
            rows.append(dict(zip(HEADER.split(","), (*values, 0.5, 1.5, 1.25, "ok", "here"))))
    return rows


def score_of(text: str, seed: int) -> float:
    parts = [random.Random(f"{i} {gene} {seed}").random() for i, gene in enumerate(text.split(";"))]
    return 0.3 + 0.5 * sum(parts) / len(parts)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    lines = [HEADER, *(",".join(map(str, row.values())) for row in rows)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(make_rows((0, 1)), SPACE)


def test_a_row_becomes_an_evaluation(table: Table) -> None:
    genome = next(iter(table))
    evaluation = table.measure(genome)
    assert evaluation.accuracy == score_of(str(genome), 0)
    assert evaluation.n_params == count_params(genome)
    assert (evaluation.train_seconds, evaluation.train_cpu_seconds) == (1.5, 1.25)
    assert [row["epoch"] for row in evaluation.curve] == [1, 2]
    assert evaluation.curve[0]["val_accuracy"] == evaluation.accuracy / 2
    assert table.test_accuracy(genome) == pytest.approx(evaluation.accuracy - 0.01)


def test_the_table_holds_its_space_whole(table: Table) -> None:
    assert len(table) == len(list(table)) == SPACE.size()
    assert all(genome in table and genome in SPACE for genome in table)
    assert table.train_seeds == [0, 1]
    assert PAPER_SPACE.sample(random.Random(0)) not in table


def test_train_seeds_differ(table: Table) -> None:
    genome = next(iter(table))
    assert table.measure(genome, 1).accuracy != table.measure(genome).accuracy
    with pytest.raises(TableError, match="train seed 7, allowed 0, 1"):
        table.measure(genome, 7)


def test_an_unknown_genome_is_named_with_the_rule_it_breaks(table: Table) -> None:
    genome = PAPER_SPACE.sample(random.Random(0))
    with pytest.raises(TableError, match=r"is not in the table: .*allowed"):
        table.measure(genome)


def test_load_reads_what_is_written(tmp_path: Path) -> None:
    rows = [row for row in make_rows() if row["genome"].count("NC") == 1]
    table = load_table(write(tmp_path / "t.csv.gz", rows))
    assert len(table) == len(rows)
    assert table.space == TABLE_SPACE


def test_load_reads_a_table_of_another_space(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv.gz", make_rows(space=OTHER_SPACE))
    table = load_table(path, OTHER_SPACE)
    assert table.space == OTHER_SPACE
    assert len(table) == OTHER_SPACE.size()
    best = evolve(
        LOOPS["generational"],
        toolbox=make_toolbox(OTHER_SPACE, TabularEvaluator(table), rng=random.Random(0)),
    )[0]
    assert all(genome in table for genome in best)
    with pytest.raises(TableError, match="outside the table's space: give the space"):
        load_table(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"genome": "NC 4 3"}, "row 2 of the table"),
        ({"n_params": "many"}, "row 2 of the table: .*many"),
        ({"val_accuracy_2": "1.5"}, "row 2 of the table: accuracy 1.5"),
        ({"genome": "RC 4 3 relu;RC 4 3 relu;FL relu"}, "row 2 .* outside the table's space"),
    ],
)
def test_a_bad_row_is_named(change: dict[str, str], message: str) -> None:
    rows = make_rows()
    rows[1] = {**rows[1], **change}
    with pytest.raises(TableError, match=message):
        Table(rows, SPACE)


def test_a_row_given_twice_is_refused() -> None:
    rows = make_rows()
    with pytest.raises(TableError, match="is there twice"):
        Table([*rows, rows[0]], SPACE)


def test_a_damaged_or_missing_file_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv.gz", make_rows())
    path.write_bytes(path.read_bytes()[:-20])
    for bad in (path, tmp_path / "none.csv.gz"):
        with pytest.raises(TableError, match="cannot be read") as caught:
            load_table(bad)
        assert "\n" not in str(caught.value)


# --- the evaluator


def test_a_search_on_the_table_finds_its_best(table: Table) -> None:
    rng = random.Random(3)
    evaluator = TabularEvaluator(table)
    toolbox = make_toolbox(SPACE, evaluator, selection="rank_roulette", rng=rng)
    population, _ = ea_generational(
        toolbox.population(n=12), toolbox, 0.9, 0.8, 30, elitism=2, rng=rng
    )
    best = max(accuracy_per_log_params(evaluation)[0] for _, evaluation in table.items())
    assert max(genome.fitness.values[0] for genome in population) == best


def test_the_budget_counts_distinct_genomes(table: Table) -> None:
    evaluator = TabularEvaluator(table, max_evaluations=3)
    first, second, third, fourth = islice(table, 4)
    measured = evaluator.measure_all([first, first, second, third, fourth, first])
    assert [m is None for m in measured] == [False, False, False, False, True, False]
    assert evaluator.spent() == "3 evaluations"
    assert list(evaluator.measured) == [tuple(first), tuple(second), tuple(third)]
    assert evaluator.map(evaluator, [fourth, first]) == [None, evaluator(first)]
    assert evaluator.map(len, [fourth]) == [len(fourth)]  # which asks for nothing
    with pytest.raises(RuntimeError, match="budget of 3"):
        evaluator(fourth)


def preselected(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_preselected(population, toolbox, 10, 4, 0.5, 1.0, ngen, candidates=3, **settings)


# Not the one that brings a stream of its own, which knows no budget.
ON_THE_TABLE = {name: loop for name, loop in LOOPS.items() if "asynchronous" not in name}
ON_THE_TABLE["preselected"] = preselected


@pytest.fixture(scope="module")
def whole() -> Table:
    return load_table()


@pytest.mark.parametrize("budget", [7, 15, None])
@pytest.mark.parametrize("name", ON_THE_TABLE)
def test_every_loop_runs_on_the_table_and_keeps_the_budget(
    whole: Table, name: str, budget: int | None
) -> None:
    two = name.startswith("nsga2")
    fitness = accuracy_and_params if two else accuracy_per_log_params
    weights = (1.0, -1.0) if two else (1.0,)
    with TabularEvaluator(whole, fitness=fitness, max_evaluations=budget) as evaluator:
        toolbox = make_toolbox(TABLE_SPACE, evaluator, weights=weights, rng=random.Random(0))
        if name == "nsga2, parents by toolbox.select":
            toolbox.register("select", sel_crowded_tournament)
        population, logbook = evolve(ON_THE_TABLE[name], toolbox=toolbox, n=10, ngen=6)
    assert all(genome.fitness.values == evaluator(genome) for genome in population)
    if budget is None:
        assert len(evaluator.measured) > 15
        assert logbook[-1]["gen"] == 6
    else:
        assert len(evaluator.measured) == budget
        assert logbook[-1]["gen"] < 6


def test_a_loop_streams_through_the_evaluator(table: Table) -> None:
    evaluator = TabularEvaluator(table)
    assert make_toolbox(SPACE, evaluator).stream.func == evaluator.stream


def test_a_stream_takes_a_genome_when_the_last_has_ended(table: Table) -> None:
    evaluator = TabularEvaluator(table, max_evaluations=2)
    first, second, third = islice(table, 3)
    taken = []

    def genomes() -> Iterator[Any]:
        for genome in (first, first, second, third, second):
            taken.append(genome)
            yield genome

    stream = evaluator.stream(evaluator, genomes())
    assert taken == []
    assert next(stream) == (first, evaluator(first))
    assert taken == [first]
    assert list(stream) == [
        (first, evaluator(first)),
        (second, evaluator(second)),
        (third, None),
        (second, evaluator(second)),
    ]


def test_with_gives_the_evaluator_and_hides_no_error(table: Table) -> None:
    evaluator = TabularEvaluator(table)
    with evaluator as entered:
        assert entered is evaluator
    assert evaluator.measure(next(iter(table))).ok
    with pytest.raises(TableError), evaluator:
        evaluator.measure([])


def test_a_failed_genome_is_known_as_such() -> None:
    rows = make_rows()
    rows[0]["status"] = "diverged"
    failed_table = Table(rows, SPACE)
    evaluator = TabularEvaluator(failed_table)
    first, second = islice(failed_table, 2)
    assert evaluator(first) == (0.0,)
    assert evaluator(second) > (0.0,)
    assert evaluator.failed(first)
    assert not evaluator.failed(second)
