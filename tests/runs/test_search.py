"""Each algorithm from the command line: what a run writes, how it resumes, the page of it."""

from __future__ import annotations

from pathlib import Path

import drivers
import pytest
from command import refused, result_of, run_main, table_of
from small_searches import NAMES, begin, check_resumed

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.fitness import FITNESSES, Evaluation
from deap_nas.report.front import pareto_front
from deap_nas.report.lineage import births, steps
from deap_nas.report.page import make_report
from deap_nas.report.progress import time_table
from deap_nas.runs.record import read_run
from deap_nas.runs.settings import Settings
from deap_nas.training import capacity

pytestmark = pytest.mark.usefixtures("no_page")


# --- a run


@pytest.mark.parametrize("algorithm", NAMES)
def test_a_run_of_each(home, inline, data, capsys, algorithm):
    assert begin("run", data, algorithm) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "ended after all generations" in out
    assert f"{algorithm}, population 4" in out
    folder = home / "run"
    rows = table_of(folder)
    generations = [line for line in drivers.lines_of(folder) if line["kind"] == "generation"]
    assert [line["number"] for line in generations] == [0, 1, 2, 3]
    assert all(len(line["population"]) == 4 for line in generations)
    assert [row["generation"] for row in rows] == sorted(row["generation"] for row in rows)
    assert set(inline.counts().values()) == {1}
    assert len(rows) <= 16
    best = max(rows, key=lambda row: float(row["fitness"]))
    assert result_of(folder)["best"]["genome"] == best["genome"]
    logbook = (folder / "logbook.csv").read_text().splitlines()
    assert len(logbook) == 5
    assert float(logbook[1].split(",")[2]) == pytest.approx(
        max(float(row["fitness"]) for row in rows if row["generation"] == "0"), abs=1e-9
    )


@pytest.mark.parametrize("algorithm", NAMES)
def test_equal_seeds_equal_runs(home, inline, data, algorithm):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert begin(name, data, algorithm, "--seed", seed) == 0
    one, same, other = (drivers.outcome(home / name) for name in "abc")
    assert not drivers.differences(one, same)
    assert drivers.differences(one, other)


@pytest.mark.parametrize("algorithm", NAMES)
@pytest.mark.parametrize("budget", [3, 4, 9])
def test_so_many_distinct_genomes_and_no_more(home, inline, data, algorithm, budget):
    assert begin("run", data, algorithm, "--max-evaluations", budget, "--generations", 60) == 0
    assert len(table_of(home / "run")) == budget == inline.counts().total()
    assert result_of(home / "run")["stopped"] == f"{budget} evaluations"


@pytest.mark.parametrize("algorithm", NAMES)
def test_a_target_stops_each(home, inline, data, algorithm):
    assert begin("run", data, algorithm, "--target-fitness", 0.1) == 0
    assert result_of(home / "run")["stopped"] == "target fitness 0.1"
    assert len(table_of(home / "run")) == 4


@pytest.mark.parametrize("algorithm", NAMES)
def test_failures_cost_themselves_alone(home, inline, data, algorithm):
    assert begin("a", data, algorithm) == 0
    best = result_of(home / "a")["best"]["genome"]
    inline.set_fault(best, "nan")
    assert begin("b", data, algorithm) == 0
    rows = {row["genome"]: row["status"] for row in table_of(home / "b")}
    assert rows[best] == "diverged"
    assert result_of(home / "b")["best"]["genome"] != best
    assert result_of(home / "b")["best"]["status"] == "ok"


@pytest.mark.parametrize("algorithm", NAMES)
def test_initial_genomes_come_first(home, inline, data, algorithm):
    genome = "NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"
    Path("genomes.txt").write_text(genome)
    assert begin("run", data, algorithm, "--initial", "genomes.txt") == 0
    lines = drivers.lines_of(home / "run")
    assert lines[0]["genome"] == genome


def test_settings_reach_their_loops(home, inline, data):
    """Each option changes the run of the algorithm that has it."""
    for algorithm, option, value, more in (
        ("preselected", "--children", 2, ()),
        ("preselected", "--candidates", 1, ()),
        ("preselected", "--optimism", 0, ("--generations", 9)),
        ("preselected", "--learns", "fitness", ()),
        ("preselected", "--per-cost", 1, ()),
        ("generational", "--elitism", 3, ()),
        ("mu_plus_lambda", "--children", 2, ()),
        ("regularized", "--sample", 40, ()),
        ("regularized", "--slots", 1, ()),
        ("local_search", "--restart-after", 1, ()),
        ("local_search", "--slots", 1, ("--generations", 9)),
        ("steady_state", "--slots", 1, ()),
    ):
        name = f"{algorithm}{option}"
        assert begin(name, data, algorithm, *more) == 0
        assert begin(f"{name}-changed", data, algorithm, *more, option, value) == 0
        both = [drivers.outcome(home / folder) for folder in (name, f"{name}-changed")]
        assert drivers.differences(*both), name


@pytest.mark.parametrize("algorithm", ["preselected", "mu_plus_lambda"])
@pytest.mark.parametrize(("children", "each"), [(7, "7"), (0, "4")])
def test_children_a_generation_are_asked_for(home, inline, data, algorithm, children, each):
    assert begin("run", data, algorithm, "--children", children, "--cxpb", 1, "--mutpb", 1) == 0
    logbook = (home / "run" / "logbook.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in logbook[1:]] == ["4", each, each, each]
    births = Settings(algorithm=algorithm, population=4, children=children).births(3)
    assert births == 4 + 3 * int(each)
    assert Settings(algorithm="generational", population=4, children=7).births(3) == 16


def test_preselection_trains_as_many_as_it_says_and_none_twice(home, inline, data):
    more = ("--population", 6, "--generations", 5, "--children", 3, "--mutpb", 0)
    assert begin("run", data, "preselected", *more) == 0
    found, generations = table_of(home / "run"), read_run(home / "run").generations
    assert len(found) == len({row["genome"] for row in found}) == 6 + 5 * 3
    assert inline.counts().total() == 21
    born = [len(line["births"]) for line in generations]
    assert born[0] == 6
    assert min(born[1:]) > 3  # many are bred for the three that are trained
    times = time_table(read_run(home / "run")).set_index("what")["seconds"]
    assert times["saved by not training a genome twice"] == 0


def test_preselection_with_the_pool_moves_the_genes_there_are(home, inline, data):
    """The pool is of the population that parents are selected from."""
    more = ("--mutation", "pool", "--mutpb", 1, "--generations", 6)
    assert begin("run", data, "preselected", *more) == 0
    rows = table_of(home / "run")
    first = {g for row in rows if row["generation"] == "0" for g in row["genome"].split(";")}
    later = [row["genome"].split(";") for row in rows if row["generation"] != "0"]
    assert len(later) > 4
    assert all(set(genes) <= first for genes in later)


def test_preselection_ends_where_nothing_new_can_be_bred(home, inline, data, capsys):
    Path("genomes.txt").write_text("NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh\n" * 4)
    more = ("--mutation", "pool", "--initial", "genomes.txt")
    assert begin("run", data, "preselected", *more) == 0
    assert result_of(home / "run")["stopped"] == "a generation without a new genome"
    assert "ended after a generation without a new genome" in capsys.readouterr().out
    assert len(table_of(home / "run")) == 1


def test_a_step_of_preselection_has_a_child_that_was_trained(home, inline, data):
    """Of all that were bred, most were not; mutations come one after the other until one is new."""
    assert begin("run", data, "preselected", "--cxpb", 1, "--generations", 6) == 0
    record = read_run(home / "run")
    trained = {row["genome"] for row in table_of(home / "run")}
    found = steps(record)
    assert found
    assert all(set(step.after) & trained for step in found)
    bred = {birth.genome for birth in births(record).values()}
    assert bred - trained


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--algorithm", "luck"],
            ["algorithm 'luck'", "preselected, generational, mu_plus_lambda"],
        ),
        (["--candidates", "0"], ["candidates 0, allowed 1 or more"]),
        (["--optimism", "-1"], ["optimism -1.0, allowed 0 or more"]),
        (["--children", "-1"], ["children -1, allowed 0 or more"]),
        (["--sample", "-1"], ["sample -1, allowed 0 or more"]),
        (["--restart-after", "0"], ["restart_after 0, allowed 1 or more"]),
        (["--slots", "0"], ["slots 0, allowed 1"]),
        (["--algorithm", "regularized", "--mutation", "pool"], ["mutation 'pool'", "regularized"]),
        (["--algorithm", "local_search", "--mutation", "pool"], ["mutation 'pool'", "local"]),
        (
            ["--fitness", "luck"],
            ["fitness 'luck'", "time_penalised", "accuracy_and_params, or FILE.py:NAME"],
        ),
        (
            ["--fitness", "accuracy_and_params", "--algorithm", "steady_state"],
            ["fitness 'accuracy_and_params' with algorithm steady_state", "preselected or nsga2"],
        ),
        (
            ["--objectives", "accuracy,n_params"],
            ["--fitness accuracy_and_params"],
        ),
        (["--algorithm", "nsga2", "--objectives", "accuracy"], ["two or more that differ"]),
        (["--algorithm", "nsga2", "--objectives", "accuracy,luck"], ["'luck'", "cpu_seconds"]),
    ],
)
def test_bad_input(home, stub, capsys, arguments, words):
    refused(lambda: run_main(*arguments), capsys, *words)
    assert not list(home.iterdir())


def test_more_workers_than_slots_are_told_of(home, inline, data, capsys, monkeypatch):
    monkeypatch.setattr(capacity, "cores", lambda: 8)
    assert begin("run", data, "steady_state", "--workers", 5) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "5 workers for 3 slots: the others stand idle" in err
    assert begin("other", data, "generational", "--workers", 5) == 0
    assert capsys.readouterr().err == ""


# --- several objectives


def test_nsga2_keeps_its_front(home, inline, data):
    """Who is on the front of all that was measured is in the last population, if it holds them."""
    more = ("--population", 12, "--generations", 4)
    assert begin("run", data, "nsga2", *more) == 0
    record = read_run(home / "run")
    front = pareto_front(record.table)
    last = record.generations[-1]["population"]
    assert len(front) <= 12
    assert set(front["genome"]) <= set(last)
    best = result_of(home / "run")["best"]
    fitness = FITNESSES["accuracy_per_log_params"]
    assert fitness(Evaluation(best["accuracy"], 0.0, best["n_params"], 1.0))[0] == pytest.approx(
        record.good["fitness"].max()
    )
    assert best["genome"] in set(front["genome"])


def test_preselected_breeds_a_front(home, inline, data):
    more = ("--population", 8, "--generations", 4, "--fitness", "accuracy_and_params")
    assert begin("run", data, "preselected", *more) == 0
    record = read_run(home / "run")
    front, last = pareto_front(record.table), record.generations[-1]["population"]
    assert len(record.table) == 8 + 4 * 4
    assert set(front["genome"]) <= set(last) or len(front) > 8
    best = result_of(home / "run")["best"]["genome"]
    assert best == record.good.sort_values("fitness").iloc[-1]["genome"]
    page = make_report(home / "run", tensorflow=False).read_text()
    assert "bred for a front of accuracy,n_params" in page
    assert begin("one", data, "preselected", *more[:4]) == 0
    assert drivers.differences(drivers.outcome(home / "run"), drivers.outcome(home / "one"))


@pytest.mark.parametrize("algorithm", ["preselected", "nsga2"])
def test_further_objectives_and_resumed_from_any_line_the_same(home, inline, data, algorithm):
    names = "accuracy,n_params,multiply_adds"
    more = ("--fitness", "accuracy_and_params", "--objectives", names)
    assert begin("run", data, algorithm, *more) == 0
    check_resumed(home / "run", 5)


def test_further_objectives_change_a_search(home, inline, data):
    fitness = ("--fitness", "accuracy_and_params", "--generations", 5)
    objectives = ("--objectives", "accuracy,n_params,multiply_adds")
    assert begin("two", data, "preselected", *fitness) == 0
    assert begin("three", data, "preselected", *fitness, *objectives) == 0
    assert drivers.differences(drivers.outcome(home / "two"), drivers.outcome(home / "three"))


# --- the page


@pytest.mark.parametrize("algorithm", NAMES)
def test_the_page_of_each(home, inline, data, algorithm):
    more = ("--population", 6, "--restart-after", 2, "--selection", "roulette")
    assert begin("run", data, algorithm, *more) == 0
    page = make_report(home / "run", tensorflow=False).read_text()
    assert f"algorithm {algorithm.replace('_', ' ')}" in page
    assert result_of(home / "run")["best"]["genome"].split(";")[0] in page
    for name in ALGORITHMS[algorithm].settings:
        assert f"{name.replace('_', ' ')} <code>" in page
    for figure in ("front", "convergence", "hypervolume", "best_so_far", "architecture"):
        assert (home / "run" / "report" / f"{figure}.svg").exists()
    assert ("turn of the roulette wheel" in page) <= (
        algorithm in ("preselected", "generational", "mu_plus_lambda")
    )
