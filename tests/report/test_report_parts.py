"""The report's sums: front, knee, hypervolume, classes, lineage, time; each against a slow or a
known answer."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from report_runs import confusion, make_run

from deap_nas.genome import parse_genome
from deap_nas.layers.cost import count_params
from deap_nas.report import page
from deap_nas.report.classes import class_report, difference_interval, weakest
from deap_nas.report.front import hypervolume, knee, pareto_front
from deap_nas.report.lineage import (
    Birth,
    births,
    changes,
    family,
    gene_shares,
    how_made,
    origins,
    steps,
    telling_steps,
)
from deap_nas.report.progress import failures_table, last_improvement, time_table
from deap_nas.report.shown import show
from deap_nas.runs.record import Record, read_run

POINTS = st.lists(st.tuples(st.integers(1, 9), st.integers(2, 9)), min_size=1, max_size=12)


def table(points: list[tuple[float, float]]) -> pd.DataFrame:
    """Rows of (accuracy, parameters)."""
    frame = pd.DataFrame(points, columns=["accuracy", "n_params"])
    return frame.assign(status="ok", genome=[f"g{i}" for i in range(len(points))])


@given(POINTS)
def test_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    rows = table([(a / 10, 1000 * p) for a, p in points])
    found = {(a, p) for a, p in zip(*(pareto_front(rows)[c] for c in ("accuracy", "n_params")))}
    all_points = set(zip(rows["accuracy"], rows["n_params"]))
    unbeaten = {
        (a, p)
        for a, p in all_points
        if not any(b >= a and q <= p and (b, q) != (a, p) for b, q in all_points)
    }
    assert found == unbeaten
    assert len(pareto_front(rows)) == len(unbeaten), "equals appear once"


def test_failed_genomes_are_on_no_front() -> None:
    rows = table([(0.9, 10.0), (0.5, 1000.0)])
    rows.loc[0, "status"] = "oom"
    assert pareto_front(rows)["n_params"].tolist() == [1000.0]


@given(POINTS)
@settings(max_examples=50)
def test_hypervolume_is_the_area_counted_in_strips(points: list[tuple[int, int]]) -> None:
    real = [(a / 10, 10.0**p) for a, p in points]
    edges = sorted({p for _, p in points} | {7})
    area = 0.0
    for low, high in pairwise(edge for edge in edges if edge <= 7):
        area += (high - low) * max((a / 10 for a, p in points if p <= low), default=0.0)
    assert hypervolume(real, 1e7) == pytest.approx(area)


def test_hypervolume_of_one_network() -> None:
    assert hypervolume([(1.0, 100)], 1000) == pytest.approx(1.0)
    assert hypervolume([(0.5, 10)], 1000) == pytest.approx(1.0)
    assert hypervolume([(0.5, 2000), (0.0, 10)], 1000) == 0.0
    assert hypervolume([], 1000) == 0.0


def test_knee_is_furthest_above_the_line() -> None:
    rows = pareto_front(table([(0.5, 1000.0), (0.8, 2000.0), (0.85, 4000.0), (0.9, 16000.0)]))
    # Heights above the line, scaled: 0, 0.75 - 0.25, 0.875 - 0.5, 0.
    assert knee(rows) == rows.index[1]
    assert knee(rows.head(2)) is None
    straight = pareto_front(table([(0.25, 1000.0), (0.5, 2000.0), (0.75, 4000.0)]))
    assert knee(straight) is None
    hollow = pareto_front(table([(0.1, 1000.0), (0.2, 2000.0), (0.9, 4000.0)]))
    assert knee(hollow) is None


def test_class_report_is_precision_recall_and_f1() -> None:
    counts = confusion(0.7, random.Random(1), never=3)
    report = class_report(counts, [f"class {i}" for i in range(10)])
    for i in range(10):
        row = report.iloc[i]
        recall = counts[i, i] / counts[i].sum()
        precision = counts[i, i] / counts[:, i].sum() if counts[:, i].sum() else 0.0
        both = precision + recall
        assert row["recall"] == pytest.approx(recall)
        assert row["precision"] == pytest.approx(precision)
        assert row["f1"] == pytest.approx(2 * precision * recall / both if both else 0.0)
        assert row["support"] == 100
    accuracy = report[report["class"] == "accuracy"].iloc[0]
    assert accuracy["f1"] == pytest.approx(np.trace(counts) / 1000)
    assert report["class"].tolist()[-2:] == ["macro avg", "weighted avg"]
    weak = weakest(report, counts)
    assert weak["class"].iloc[0] == "class 3"
    assert weak["predicted"].iloc[0] == 0
    assert weak["times"].iloc[0] == counts[3].max()


def test_interval_of_a_difference() -> None:
    """Newcombe 1998, table II, example (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339."""
    low, high = difference_interval(56 / 70, 70, 48 / 80, 80)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_html_is_written_by_templates_alone() -> None:
    folder = Path(page.__file__).parent
    assert any("</td>" in path.read_text() for path in folder.glob("*.j2"))
    for path in folder.glob("*.py"):
        assert "</" not in path.read_text(), path.name


# Lineage


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return read_run(make_run(tmp_path_factory.mktemp("runs") / "run", generations=6))


def test_children_have_their_parents_genes(record: Record) -> None:
    known = births(record)
    mated = [birth for birth in known.values() if len(birth.parents) == 2]
    mutated = [birth for birth in known.values() if len(birth.parents) == 1]
    assert mated
    assert mutated
    for birth in mated:
        genes = {gene for number in birth.parents for gene in known[number].genome.split(";")}
        assert set(birth.genome.split(";")) <= genes
        assert None not in origins(
            birth.genome, *(known[number].genome for number in birth.parents)
        )
    for birth in mutated:
        assert len(changes(known[birth.parents[0]].genome, birth.genome)) == 1


def test_family_goes_back_to_the_first_generation(record: Record) -> None:
    genome = record.generations[-1]["population"][0]
    members = family(record, genome, limit=10**6)
    assert members[0].genome == genome
    numbers = {birth.number for birth in members}
    assert len(numbers) == len(members)
    assert all(set(birth.parents) <= numbers for birth in members)
    assert {birth.generation for birth in members if not birth.parents} == {0}
    assert family(record, "NC 1 1 relu;FL relu") == []


def test_how_made_says_what_happened() -> None:
    known = {
        1: Birth(1, (), "NC 4 3 relu;FL relu", 0),
        2: Birth(2, (1,), "NC 8 3 relu;FL relu", 1),
        3: Birth(3, (1, 2), "NC 8 3 relu;FL relu", 1),
        4: Birth(4, (1,), "NC 4 3 relu;FL relu", 1),
    }
    said = [how_made(birth, known) for birth in known.values()]
    assert said == [
        "in the first generation",
        "#1 mutated: gene 1: NC 4 3 relu → NC 8 3 relu",
        "mated: #1 with #2",
        "#1 mutated: nothing changed",
    ]


def test_origins_follow_the_cut() -> None:
    assert origins("a;b;y;F", "a;b;c;F", "x;y;F") == [0, 0, 1, 1]
    assert origins("x;c;F", "a;b;c;F", "x;y;F") == [1, 0, 0]
    assert origins("z;F", "a;F", "b;F") == [None, 0]


def test_a_step_is_one_of_the_run(record: Record) -> None:
    told = telling_steps(record)
    assert len(told) == 2
    assert any(told[0].mutated), "a mutation is shown where there was one"
    assert all(step in steps(record) for step in told)
    population = record.generations[told[0].generation]["population"]
    assert set(told[0].after) <= set(population)


def test_gene_shares_add_up(record: Record) -> None:
    sums = gene_shares(record).groupby(["generation", "what"])["share"].sum()
    assert sums.tolist() == pytest.approx([1.0] * len(sums))
    first = record.generations[0]["population"]
    genomes = [parse_genome(text) for text in first]
    relu = np.mean([gene.activation == "relu" for genome in genomes for gene in genome[:-1]])
    shares = gene_shares(record)
    mine = shares[(shares["generation"] == 0) & (shares["what"] == "activation")]
    assert mine[mine["choice"] == "relu"]["share"].sum() == pytest.approx(relu)


# Progress


def test_times_are_the_journals(record: Record) -> None:
    times = time_table(record).set_index("what")["seconds"]
    lines = record.evaluations
    trained = [line for line in lines if not line["cached"]]
    seconds = sum(line["evaluation"]["train_seconds"] for line in trained)
    assert times["training"] == pytest.approx(seconds)
    cached = sum(line["evaluation"]["train_seconds"] for line in lines if line["cached"])
    assert times["saved by the cache"] == pytest.approx(cached)


def test_failures_are_counted(tmp_path: Path) -> None:
    record = read_run(make_run(tmp_path / "run", fail=0.5))
    table = failures_table(record)
    assert table["genomes"].sum() == (record.table["status"] != "ok").sum()
    assert table[["status", "reason"]].to_numpy().tolist() == [["oom", "grew beyond 500 MiB"]]


def test_last_improvement() -> None:
    progress = pd.DataFrame({"generation": [0, 1, 2, 3], "best_so_far": [1.0, 2.0, 2.0, 2.0]})
    assert last_improvement(progress, "best_so_far") == 1
    assert last_improvement(progress.head(1), "best_so_far") is None


def test_reference_is_beyond_every_genome_of_the_space(record: Record) -> None:
    reference = record.reference_params()
    assert all(record.table["n_params"] < reference)
    largest = "NC 16 5 relu;" * 3 + "RC 16 5 relu;RC 16 5 relu;FL relu"
    assert count_params(parse_genome(largest)) == reference


def test_a_record_of_a_broken_config_is_one_line(tmp_path: Path) -> None:
    def error(**content: Any) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "config.json").write_text(str(content))
        with pytest.raises(ValueError, match="no run is there") as caught:
            read_run(folder)
        return str(caught.value)

    assert "\n" not in error(settings={})


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.463, "0.4630"), (1.0, "1.0000"), (7.0, "7"), (1234.5, "1,234"), (5.68061, "5.6806")],
)
def test_a_mean_of_counts_has_no_decimals(value: float, text: str) -> None:
    assert show("mean", value) == text


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_number_is_a_dash(missing: Any) -> None:
    """As the spread of a single training is."""
    assert show("accuracy_std", missing) == "–"
