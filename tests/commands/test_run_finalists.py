"""Finalists from the command line: trained, chosen, tested, resumed. Training is a stub."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import drivers
import pytest
from command import GENOME, result_of, run_main, table_of
from rich.console import Console

from deap_nas.commands.terminal import Log, ProgressWatcher
from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params
from deap_nas.report.page import make_report
from deap_nas.runs.finals import MOST, Finals
from deap_nas.runs.journal import Journal
from deap_nas.runs.record import read_run
from deap_nas.runs.watcher import Watcher
from deap_nas.training import evaluator

pytestmark = pytest.mark.usefixtures("no_page")

SMALL = ("--population", 6, "--generations", 2, "--workers", 1, "--seed", 1)
FINALS = ("--finalists", 3, "--final-seeds", 2)


@pytest.fixture(autouse=True)
def inline(stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def begin(data: Path, *more: Any, out: str = "run") -> int:
    return run_main("--dataset", data, "--out", out, "--no-cache", *SMALL, *more)


def finals_of(folder: Path) -> list[dict[str, Any]]:
    lines = drivers.lines_of(folder)
    return [x for x in lines if x["kind"] == "evaluation" and isinstance(x["budget"], str)]


def kinds(folder: Path) -> Counter[str]:
    return Counter(line["kind"] for line in drivers.lines_of(folder))


def choice_of(folder: Path) -> Any:
    """All that depends on the choice."""
    finalists = [
        {name: value for name, value in row.items() if name != "fitness_time"}
        for row in table_of(folder, "finalists.csv")
    ]
    result = result_of(folder)
    best = {name: result["best"][name] for name in ("genome", "train_seed", "test_accuracy")}
    model = (folder / "best.keras").read_text()
    return finalists, best, model, drivers.outcome(folder)["weights"]


# --- a run


def test_the_mean_of_all_seeds_chooses(home, data, capsys):
    assert begin(data, *FINALS) == 0
    folder = home / "run"
    rows = table_of(folder, "finalists.csv")
    trained: dict[str, list[Evaluation]] = {}
    for line in finals_of(folder):
        assert line["budget"].endswith((", seed 1000", ", seed 2000"))
        evaluation = Evaluation.from_dict(line["evaluation"])
        trained.setdefault(line["genome"], []).append(evaluation)
    assert 2 <= len(rows) == len(trained) <= 3
    fitness = {
        genome: accuracy_per_log_params(
            Evaluation(fmean(e.accuracy for e in each), 0.5, each[0].n_params, 1.0)
        )[0]
        for genome, each in trained.items()
    }
    assert [row["genome"] for row in rows] == sorted(trained, key=lambda g: -fitness[g])
    assert [row["chosen"] for row in rows] == ["True", *["False"] * (len(rows) - 1)]
    for row in rows:
        accuracies = [each.accuracy for each in trained[row["genome"]]]
        assert float(row["accuracy_mean"]) == pytest.approx(fmean(accuracies))
        assert float(row["fitness"]) == pytest.approx(fitness[row["genome"]])
        assert row["seeds"] == "2"
    best = result_of(folder)["best"]
    assert best["genome"] == rows[0]["genome"]
    assert best["accuracy"] == max(each.accuracy for each in trained[best["genome"]])
    out = capsys.readouterr().out
    assert "3 finalists, each trained 2 times by recipe final, 50 epochs" in out
    assert f"{len(rows)} finalists: {2 * len(rows)} trainings, about" in out
    assert "Chosen: the finalist with the best mean fitness" in out
    assert f"train seed {best['train_seed']}" in out


def test_the_file_is_of_the_best_training_of_the_chosen(home, data):
    assert begin(data, *FINALS) == 0
    (choice,) = [line for line in drivers.lines_of(home / "run") if line["kind"] == "choice"]
    text, _, digest = (home / "run" / "best.keras").read_text().rpartition(" ")
    assert text == choice["genome"]
    with Journal(home / "run") as journal:
        weights = journal.weights(text, choice["budget"])
    assert weights is not None
    assert digest == hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()


def test_the_test_set_is_touched_after_the_choice_and_once_a_network(home, data, monkeypatch):
    scored = []
    score = evaluator.Evaluator.test

    def count(self: Any, genome: Any, weights: Any) -> Any:
        scored.append(kinds(home / "run")["choice"])
        return score(self, genome, weights)

    monkeypatch.setattr(evaluator.Evaluator, "test", count)
    assert begin(data, *FINALS, "--baseline", GENOME) == 0
    networks = len(finals_of(home / "run"))
    assert scored == [1] * networks
    assert kinds(home / "run")["test"] == result_of(home / "run")["test_scored"] == networks
    (home / "run" / "result.json").unlink()
    assert run_main("--resume", "run") == 0
    assert len(scored) == networks


def test_the_baseline_gets_the_same_trainings(home, data):
    assert begin(data, *FINALS, "--baseline", GENOME) == 0
    own = [line for line in finals_of(home / "run") if line["genome"] == GENOME]
    assert len(own) == 2
    baseline = result_of(home / "run")["baseline"]
    found = [line["evaluation"]["accuracy"] for line in own]
    assert baseline["accuracy_mean"] == pytest.approx(fmean(found))
    assert baseline["accuracy"] == max(found)
    assert baseline["test_accuracy_mean"] is not None
    assert GENOME not in {row["genome"] for row in table_of(home / "run", "finalists.csv")}


def test_the_search_is_the_one_without_finalists(home, data):
    assert begin(data, *FINALS) == 0
    assert begin(data, out="plain") == 0
    one, other = (drivers.outcome(home / folder) for folder in ("run", "plain"))
    same = {"evaluations", "logbook", "generations", "stopped"}
    assert not same & set(drivers.differences(one, other))
    assert not (home / "plain" / "finalists.csv").exists()
    assert result_of(home / "plain")["finalists"] == []


def test_the_cache_has_finalists_too(home, data, inline):
    for out in ("a", "b"):
        assert run_main("--dataset", data, "--out", out, *SMALL, *FINALS) == 0
    assert all(line["cached"] for line in finals_of(home / "b"))
    assert choice_of(home / "a") == choice_of(home / "b")


def test_limits_of_the_search_are_not_the_finalists(home, data):
    assert begin(data, *FINALS, "--max-evaluations", 7) == 0
    assert len(table_of(home / "run")) == 7
    assert len(finals_of(home / "run")) == 2 * len(table_of(home / "run", "finalists.csv"))
    assert result_of(home / "run")["stopped"] == "7 evaluations"


def test_several_objectives_send_their_front(home, data):
    assert begin(data, *FINALS, "--algorithm", "nsga2") == 0
    record = read_run(home / "run")
    sent = [each.genome for each in record.finalists]
    best = record.good.loc[record.good["fitness"].idxmax(), "genome"]
    assert sent[0] == best


def test_where_all_finalists_fail_the_best_of_the_search_is_taken(home, data, inline, monkeypatch):
    begin(data, out="plain")
    best = result_of(home / "plain")["best"]["genome"]
    start = Finals._train

    def spoilt(self: Any, genomes: Any) -> Any:
        inline.set_fault("all", "nan")
        return start(self, genomes)

    monkeypatch.setattr(Finals, "_train", spoilt)
    assert begin(data, *FINALS) == 0
    result = result_of(home / "run")
    assert result["best"]["genome"] == best
    assert [each["chosen"] for each in result["finalists"]] == [False] * len(result["finalists"])


def test_a_watcher_is_told_of_finalists_apart(home, data):
    told: list[Any] = []

    class Listener(Watcher):
        def evaluated(self, genome: str, evaluation: Any, cached: bool) -> None:
            told.append("search")

        def finalists(self, genomes: list[str], trainings: int, seconds: float) -> None:
            told.append((len(genomes), trainings, seconds > 0))

        def final(self, genome: str, evaluation: Any, cached: bool) -> None:
            told.append("final")

    from deap_nas.commands import run

    words = ("--dataset", data, "--out", "run", "--no-cache", *SMALL, *FINALS)
    assert run.main([str(word) for word in words], watcher=Listener()) == 0
    n = len(table_of(home / "run", "finalists.csv"))
    assert told == ["search"] * len(table_of(home / "run")) + [(n, 2 * n, True)] + ["final"] * 2 * n


# --- resuming


def test_resumed_from_any_line_it_chooses_the_same(home, data, inline):
    assert begin(data, *FINALS, "--baseline", GENOME) == 0
    folder = home / "run"
    expected, whole = choice_of(folder), (folder / "journal.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if b'"budget": "final' in line)
    for kept in range(first, len(lines)):
        (folder / "journal.jsonl").write_bytes(b"".join(lines[:kept]))
        for name in ("result.json", "finalists.csv", "best.keras"):
            (folder / name).unlink(missing_ok=True)
        before = inline.counts()
        assert run_main("--resume", folder) == 0
        assert choice_of(folder) == expected, kept
        again = sum((inline.counts() - before).values())
        assert again == sum(b'"evaluation"' in line for line in lines[kept:])


def test_killed_for_real_among_the_finalists(home, stub, data, monkeypatch):
    arguments = ("--dataset", data, "--out", home / "run", "--no-cache", *SMALL, *FINALS)
    assert drivers.stub_cli(*arguments[:2], "--out", home / "whole", *arguments[4:]).returncode == 0
    process = drivers.start(*arguments, STUB_SECONDS="0.2", **{drivers.MARK: str(home)})
    drivers.wait_until(lambda: len(finals_of(home / "run")) >= 2, 60)
    process.kill()
    process.communicate()
    before = drivers.lines_of(home / "run")
    assert not kinds(home / "run")["choice"]
    assert drivers.stub_cli("--resume", home / "run").returncode == 0
    assert drivers.lines_of(home / "run")[: len(before)] == before
    assert choice_of(home / "run") == choice_of(home / "whole")


def test_a_run_from_before_there_were_finalists_has_none(home, data):
    """Its preset has some today."""
    assert begin(data) == 0
    folder = home / "run"
    before = drivers.outcome(folder)
    config = json.loads((folder / "config.json").read_text())
    for name in ("finalists", "final_seeds", "final_recipe", "final_epochs"):
        del config["settings"][name]
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "result.json").unlink()
    assert run_main("--resume", folder) == 0
    assert not drivers.differences(before, drivers.outcome(folder))
    assert run_main("--resume", folder, *FINALS) == 0
    assert len(finals_of(folder)) == 2 * len(result_of(folder)["finalists"]) > 0
    (folder / "result.json").unlink()
    assert run_main("--resume", folder) == 0


def test_repeats_from_before_there_were_finalists_have_none(home, data):
    few = ("--dataset", data, "--no-cache", *SMALL, "--no-report", "--finalists", 0)
    assert run_main(*few, "--repeat", 2, "--out", "many") == 0
    shutil.rmtree(home / "many" / "repeat-2")
    path = home / "many" / "repeats.json"
    content = json.loads(path.read_text())
    del content["settings"]["finalists"]
    path.write_text(json.dumps(content))
    assert run_main("--resume", "many", "--no-report") == 0
    config = json.loads((home / "many" / "repeat-2" / "config.json").read_text())
    assert config["settings"]["finalists"] == 0


def test_a_longer_run_chooses_anew_among_what_it_kept(home, data, inline):
    assert begin(data, *FINALS, "--generations", 6, out="long") == 0
    assert begin(data, *FINALS, "--generations", 1) == 0
    before = finals_of(home / "run")
    tested = kinds(home / "run")["test"]
    assert run_main("--resume", "run", "--generations", 6, "--no-cache") == 0
    assert choice_of(home / "run")[:3] == choice_of(home / "long")[:3]
    assert finals_of(home / "run")[: len(before)] == before
    assert read_run(home / "run").choice["tested_before"] == tested
    requests = [(line["genome"], line["budget"]) for line in finals_of(home / "run")]
    assert len(requests) == len(set(requests))
    text = make_report(home / "run", tensorflow=False).read_text()
    assert "of them at an earlier end of the run" in text


def test_more_seeds_may_be_given_to_a_finished_run(home, data, inline):
    assert begin(data, "--finalists", 3, "--final-seeds", 3, out="long") == 0
    assert begin(data, "--finalists", 1, "--final-seeds", 1) == 0
    assert run_main("--resume", "run", "--finalists", 3, "--final-seeds", 3, "--no-cache") == 0
    assert choice_of(home / "run")[:3] == choice_of(home / "long")[:3]


# --- time


def clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So many seconds for every outcome."""
    monkeypatch.setattr(Journal, "elapsed", lambda journal: seconds * len(journal.rows()))


def test_the_search_leaves_time_for_its_finalists(home, data, monkeypatch):
    """A training takes 1 to 2 s of stub time for 20 epochs, a finalist's 2.5 times that."""
    clock(monkeypatch, 1.5)
    assert begin(data, *FINALS, "--generations", 20, "--time-budget", 60, "--no-report") == 0
    result, found = result_of(home / "run"), finals_of(home / "run")
    assert result["stopped"] == "time budget of 60 s"
    assert len(found) == 2 * len(result["finalists"]) > 2
    searched = len(table_of(home / "run"))
    assert 60 - 6 * 5 - 1.5 <= 1.5 * searched <= 60 - 6 * 2.5 + 1.5
    assert len({line["genome"] for line in found}) == len(result["finalists"])


def test_never_more_than_half_is_left_to_finalists(home, data, monkeypatch):
    few = ("--time-budget", 12, "--generations", 20, "--finalists", 3, "--final-seeds", 9)
    with monkeypatch.context() as patch:
        clock(patch, 1.0)
        assert begin(data, *few) == 0
    result = result_of(home / "run")
    assert len(table_of(home / "run")) == 12 * MOST
    trained = len(finals_of(home / "run"))
    assert trained == 12 - 12 * MOST, "and they keep the limit, too"
    seeds = [len(each["seeds"]) for each in result["finalists"]]
    assert max(seeds) - min(seeds) <= 1, "each once before any a second time"
    expected = choice_of(home / "run")
    (home / "run" / "result.json").unlink()
    assert run_main("--resume", "run") == 0
    assert choice_of(home / "run")[1:] == expected[1:]
    assert len(finals_of(home / "run")) == trained, "what the clock decided stands"


def test_all_generations_in_time_are_no_end_by_the_clock(home, data, monkeypatch):
    clock(monkeypatch, 1.0)
    assert begin(data, *FINALS, "--time-budget", 40) == 0
    assert result_of(home / "run")["stopped"] == "generations"


# --- what is said


def test_the_bar_goes_on_with_finalists_by_their_name(tmp_path, monkeypatch):
    """And there is no generation after the last."""
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=140)
    log, good = Log(tmp_path / "log.txt"), Evaluation(0.5, 0.5, 1000, 1.0)
    fitness = accuracy_per_log_params
    with ProgressWatcher(fitness, 1, lambda n: 2 + n, console, log, finals=True) as progress:
        for number in (0, 1):
            progress.evaluated("FL relu", good, False)
            progress.generation(number, {"max": 1.0, "median": 1.0})
            progress._bar.refresh()
        progress.finalists(["FL relu"], 3, 40.0)
        progress.final("FL relu", good, False)
    text = out.getvalue()
    assert "left, then finalists" in text
    assert "generation 2" not in text
    assert "finalists" in text.partition("1/3")[0].rpartition("\n")[2]
    assert "1 finalist: 3 trainings, about 40 s" in text
    assert "finalist trained FL relu: accuracy 0.5000" in (tmp_path / "log.txt").read_text()


def test_a_dry_run_counts_them(home, data, capsys):
    assert begin(data, *FINALS, "--final-epochs", 1, "--dry-run", "--epochs", 1) == 0
    out = capsys.readouterr().out
    assert "finalists: 3 finalists, each trained 2 times by recipe final, 1 epoch\n" in out
    assert "recipe:    fast, adam 0.015, 1 epoch\n" in out
    assert begin(data, "--dry-run") == 0
    assert "finalists" not in capsys.readouterr().out


def test_settings_of_nobody_are_told_of(home, data, capsys):
    assert begin(data, "--finalists", 0, "--final-epochs", 4, "--dry-run") == 0
    err = capsys.readouterr().err
    assert err == "warning: --final-epochs 4 changes nothing without finalists\n"


@pytest.mark.parametrize("preset", ["quick", "fashion", "paper"])
def test_presets_say_whether_they_have_finalists(preset):
    from deap_nas.runs.presets import make_settings

    assert (make_settings(preset).finalists > 0) == (preset != "paper")
