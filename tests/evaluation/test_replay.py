"""evaluation.replay and Evaluator.stream: outcomes as they end; the same again from a journal."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import drivers
import pytest
import small_evaluators
import stubs
from small_evaluators import DATA, GENOMES

from deap_nas import ea_steady_state, make_toolbox
from deap_nas.evaluation.fitness import failed
from deap_nas.evaluation.replay import ReplayError, Source, Stream
from deap_nas.evaluation.trained import Trained
from deap_nas.evaluation.workers import Task
from deap_nas.genome import parse_genome
from deap_nas.runs.journal import Journal
from deap_nas.spaces import PAPER_SPACE
from deap_nas.training import evaluator
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.recipes import RECIPES

TEXTS = [str(genome) for genome in GENOMES]


class Killed(BaseException):
    """Stands in for a kill: nothing is written after it."""


class RandomWorkers(drivers.InlineWorkers):
    """``Workers`` whose ``room`` tasks end in an order drawn anew in each process."""

    order = random.Random(0)
    trained: ClassVar[Counter[str]] = Counter()  # begun
    ended: ClassVar[Counter[str]] = Counter()

    def submit(self, task: Task) -> None:
        super().submit(task)
        self.trained[task.key[0]] += 1

    def place(self) -> int:
        place = self.order.randrange(len(self.begun))
        self.ended[self.begun[place].key[0]] += 1
        return place


@pytest.fixture(autouse=True)
def random_workers(monkeypatch: pytest.MonkeyPatch) -> type[RandomWorkers]:
    monkeypatch.setattr(evaluator, "Workers", RandomWorkers)
    monkeypatch.setattr("os.fsync", lambda _: None)
    RandomWorkers.trained, RandomWorkers.ended, RandomWorkers.room = Counter(), Counter(), 3
    RandomWorkers.order = random.Random(0)
    return RandomWorkers


def make(**settings: Any) -> Evaluator:
    return small_evaluators.make(**{"slots": 3, **settings})


# --- what comes out


def test_every_genome_comes_out_with_its_value():
    with make() as measuring:
        found = list(measuring.stream(measuring, iter(GENOMES)))
        assert sorted(str(genome) for genome, _ in found) == sorted(TEXTS)
        assert all(value == measuring(genome) for genome, value in found)
    assert [str(genome) for genome, _ in found] != TEXTS
    assert set(RandomWorkers.trained.values()) == {1}


def test_genomes_are_taken_when_a_slot_is_free():
    taken: list[str] = []

    def genomes() -> Iterator[Any]:
        for genome in GENOMES:
            taken.append(str(genome))
            yield genome

    with make() as measuring:
        for done, _ in enumerate(measuring.stream(measuring, genomes()), 1):
            assert len(taken) == min(len(GENOMES), done - 1 + 3)


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_slots_bound_what_is_in_flight_whatever_the_workers(workers):
    RandomWorkers.room = workers
    most = 0
    with make() as measuring:
        for _ in measuring.stream(measuring, iter(GENOMES)):
            most = max(most, len(measuring._backend.begun) + 1)
    assert most == min(workers, 3)


def test_known_and_doubled_genomes_are_trained_once():
    with make() as measuring:
        measuring(GENOMES[0])
        given = [GENOMES[i] for i in (0, 1, 1, 1, 2, 1, 0, 2)]
        found = list(measuring.stream(measuring, iter(given)))
        assert sorted(str(g) for g, _ in found) == sorted(map(str, given))
        assert all(value == measuring(genome) for genome, value in found)
    assert RandomWorkers.trained == {TEXTS[0]: 1, TEXTS[1]: 1, TEXTS[2]: 1}


def test_a_genome_in_flight_that_comes_again_waits_in_a_slot_of_its_own():
    """Else a search that breeds nothing else would breed without end before the first ends."""
    taken: list[Any] = []
    with make() as measuring:
        endless = (taken.append(1) or GENOMES[0] for _ in range(1000))
        next(measuring.stream(measuring, endless))
    assert len(taken) == 3


def test_nothing_comes_of_nothing():
    with make() as measuring:
        assert list(measuring.stream(measuring, iter([]))) == []


def test_what_is_cached_ends_at_once(tmp_path):
    with make(cache=tmp_path) as measuring:
        measuring.measure_all(GENOMES[3:5])
    RandomWorkers.trained.clear()
    with make(cache=tmp_path) as measuring:
        found = [str(genome) for genome, _ in measuring.stream(measuring, iter(GENOMES[:5]))]
    assert sorted(found) == sorted(TEXTS[:5])
    assert set(RandomWorkers.trained) == set(TEXTS[:3])


def test_max_evaluations_counts_those_in_flight():
    with make(max_evaluations=5) as measuring:
        measuring(GENOMES[0])
        found = list(measuring.stream(measuring, iter([*GENOMES, GENOMES[0]])))
        assert sum(value is not None for _, value in found) == 6
        assert measuring.spent() == "5 evaluations"
    assert RandomWorkers.trained.total() == 5


def test_a_time_budget_begins_nothing_more():
    with make(time_budget=10.0) as measuring:
        now = [0.0]
        measuring._elapsed = lambda: now[0]  # type: ignore[method-assign]
        values = []
        for _, value in measuring.stream(measuring, iter(GENOMES)):
            values.append(value)
            now[0] += 2.5
    measured = sum(value is not None for value in values)
    assert 4 <= measured <= 4 + 3
    assert RandomWorkers.trained.total() == measured
    assert len(values) == len(GENOMES)


def test_failures_come_out_as_such(monkeypatch):
    def train(self: Any, text: str, *_: Any) -> Trained:
        return Trained(failed("diverged", "loss nan", 5), [])

    monkeypatch.setattr(stubs.Trainer, "train", train)
    with make() as measuring:
        found = list(measuring.stream(measuring, iter(GENOMES[:4])))
        assert [value for _, value in found] == [(0.0,)] * 4
        assert all(measuring.failed(genome) for genome, _ in found)


def test_closed_early_it_is_done():
    with make() as measuring:
        outcomes = measuring.stream(measuring, iter(GENOMES))
        next(outcomes)
        outcomes.close()
        assert measuring.measure(GENOMES[11]).ok


def test_what_another_run_caches_meanwhile_does_not_end_what_is_in_flight():
    """In the journal it would look as if it had ended when it was begun."""
    sought: Counter[str] = Counter()

    def find(text: str) -> bool:
        sought[text] += 1
        return sought[text] > 1

    source = Source(
        wants=str,
        find=find,
        task=lambda text: Task(text, "train", (text, 1)),
        keep=lambda task, outcome: None,
        claim=lambda _: True,
        release=lambda _: None,
        late=lambda: False,
    )
    trainer = evaluator.RecipeTrainer(DATA, RECIPES["fast"], "validation", 0)
    stream = Stream(source, drivers.InlineWorkers(trainer), 3, deque())
    found = list(stream.run(iter(GENOMES)))
    assert [str(genome) for genome, _ in found] == TEXTS
    assert sought == Counter(TEXTS)


# --- a search that is killed and resumed


def search(
    folder: Path, timing: int, kill_after: int | None = None, **settings: Any
) -> dict[str, Any]:
    """A steady-state search with outcomes in an order of ``timing``, as a run's directory has it;
    killed before the line after so many."""
    RandomWorkers.order = random.Random(timing)
    rng = random.Random(5)
    seen: list[Any] = []
    with Journal(folder) as journal, make(record=journal, **settings) as measuring:
        left = [kill_after]
        append = journal.append

        def appending(kind: str, **content: Any) -> None:
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
            append(kind, **content)

        journal.append = appending  # type: ignore[method-assign]
        toolbox = make_toolbox(PAPER_SPACE, measuring, rng=rng)

        def observe(generation: int, population: Any) -> None:
            texts = [str(genome) for genome in population]
            seen.append(texts)
            journal.end_generation(generation, texts, {})
            journal.start_generation(generation + 1)

        _, logbook = ea_steady_state(
            toolbox.population(n=4), toolbox, 0.9, 0.8, 6, rng=rng, observe=observe,
            stop=lambda _: not measuring.foretold() and measuring.spent(),
        )  # fmt: skip
        return {"seen": seen, "logbook": logbook, "state": rng.getstate()}


def evaluations(folder: Path) -> list[Any]:
    return [line["genome"] for line in drivers.lines_of(folder) if line["kind"] == "evaluation"]


def test_timing_changes_the_search_and_the_journal_fixes_it(tmp_path):
    one, other = search(tmp_path / "a", 1), search(tmp_path / "b", 2)
    assert one["seen"] != other["seen"]
    before = RandomWorkers.trained.copy()
    assert search(tmp_path / "a", 3) == one
    assert search(tmp_path / "b", 3) == other
    assert RandomWorkers.trained == before


@pytest.mark.parametrize("lines", range(1, 20))
def test_killed_anywhere_and_resumed_it_is_the_search_that_its_journal_tells(tmp_path, lines):
    """What the killed search wrote stays; and a replay of the whole is the same, trains nothing."""
    with pytest.raises(Killed):
        search(tmp_path, lines, kill_after=lines)
    before = drivers.lines_of(tmp_path)
    assert len(before) == lines
    trained = RandomWorkers.trained.copy()
    resumed = search(tmp_path, 100 + lines)
    assert drivers.lines_of(tmp_path)[:lines] == before
    texts = evaluations(tmp_path)
    assert len(texts) == len(set(texts))
    again = RandomWorkers.trained - trained
    assert not set(again) & {line["genome"] for line in before if line["kind"] == "evaluation"}
    assert max(again.values(), default=1) == 1
    RandomWorkers.trained.clear()
    assert search(tmp_path, 7) == resumed
    assert not RandomWorkers.trained


@pytest.mark.parametrize("seed", range(15))
def test_killed_again_and_again_with_a_cache_that_others_fill(tmp_path, seed):
    """Lines from the cache are in the journal, too; budgets end it; nothing is measured twice."""
    rng = random.Random(seed)
    folder, settings = tmp_path / "run", {"cache": tmp_path / "cache", "max_evaluations": 14}
    written: list[Any] = []
    for session in range(100):
        try:
            done = search(folder, rng.randrange(1000), rng.randrange(1, 6), **settings)
            break
        except Killed:
            lines = drivers.lines_of(folder)
            assert lines[: len(written)] == written
            written = lines
        if session == 2:
            search(tmp_path / "other", seed, cache=tmp_path / "cache")
    assert len(evaluations(folder)) == 14
    assert len(set(evaluations(folder))) == 14
    assert RandomWorkers.ended.keys() >= set(evaluations(folder))
    assert set(RandomWorkers.ended.values()) == {1}  # even where the journal missed it
    RandomWorkers.trained.clear()
    replay = search(folder, 7, cache=None, max_evaluations=14)
    assert replay == done
    assert not RandomWorkers.trained


@pytest.mark.parametrize("budget", [0, 1, 4, 5, 9, 11])
def test_a_budget_is_met_exactly_and_again_on_resume(tmp_path, budget):
    first = search(tmp_path, 1, max_evaluations=budget)
    assert len(evaluations(tmp_path)) == budget
    assert search(tmp_path, 2, max_evaluations=budget) == first


@pytest.mark.parametrize("lines", range(5, 20))
def test_resumed_after_its_time_it_keeps_what_was_begun(tmp_path, lines, monkeypatch):
    """Killed in time, resumed late: what the journal tells of is bred again, nothing is trained."""
    with pytest.raises(Killed):
        search(tmp_path, lines, kill_after=lines)
    before = evaluations(tmp_path)
    RandomWorkers.trained.clear()
    monkeypatch.setattr(Journal, "elapsed", lambda _: 99.0)
    resumed = search(tmp_path, 1, time_budget=10.0)
    assert evaluations(tmp_path) == before
    assert sum(resumed["logbook"].select("nevals")) >= len(before)  # each was asked for again
    assert not RandomWorkers.trained


def test_a_lost_line_is_an_error_that_says_so(tmp_path):
    search(tmp_path, 1)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    place = 5  # behind four initial genomes and their generation: the first child
    (tmp_path / "journal.jsonl").write_bytes(b"".join(lines[:place] + lines[place + 1 :]))
    with pytest.raises(ReplayError, match="start a new run"):
        search(tmp_path, 1)


def test_a_genome_of_the_baseline_is_no_outcome_of_the_search(tmp_path):
    with Journal(tmp_path) as journal:
        journal.start_generation(None)
        rng = random.Random(0)
        journal.record(TEXTS[0], Trained(stubs.evaluation(rng), []), cached=False)
        assert journal.outcomes() == []
        journal.start_generation(3)
        journal.record(TEXTS[1], Trained(stubs.evaluation(rng), []), cached=True)
        assert journal.outcomes() == [(str(parse_genome(TEXTS[1])), True)]
