"""deap_nas.Evaluator: what is on record is not trained again, and budgets are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from small_evaluators import GENOMES, make

from deap_nas.evaluation.fitness import Evaluation

# --- the record


class Notes:
    """A record in memory."""

    def __init__(self) -> None:
        self.written: dict[str, Any] = {}
        self.now = 0.0
        self.is_closed = False
        self.skipped: list[str] = []
        self.skips = frozenset[str]().__contains__

    def skip(self, genomes: list[str], /) -> None:
        self.skipped += genomes

    def recall(self, genome: str, budget: Any, /) -> Evaluation | None:
        assert budget == 5  # the epochs of the recipe
        return self.written[genome].evaluation if genome in self.written else None

    def record(self, genome: str, trained: Any, cached: bool, budget: Any, /) -> None:
        assert genome not in self.written
        assert budget == 5
        self.written[genome] = trained

    def elapsed(self) -> float:
        return self.now

    def closed(self) -> bool:
        return self.is_closed


def test_what_is_on_record_is_not_trained_again(stub):
    notes = Notes()
    with make(record=notes) as evaluator:
        first = evaluator.measure_all(GENOMES[:3])
    with make(record=notes) as evaluator:
        assert evaluator.measure_all(GENOMES[:4])[:3] == first
    assert stub.counts() == {str(genome): 1 for genome in GENOMES[:4]}


def test_weights_that_are_lost_are_trained_again(tmp_path, stub):
    notes = Notes()
    with make(record=notes) as evaluator:
        evaluator(GENOMES[0])
        expected = notes.written[str(GENOMES[0])].weights
    with make(record=notes) as evaluator:
        evaluator(GENOMES[0])
        assert stub.counts().total() == 1
        found = evaluator.weights(GENOMES[0])
        again = evaluator.weights(GENOMES[0])
    assert stub.counts().total() == 2
    for weights in (found, again):
        assert [w.tobytes() for w in weights] == [w.tobytes() for w in expected]


def test_the_record_decides_over_the_cache(tmp_path, stub):
    with make(cache=tmp_path) as evaluator:
        trained = evaluator.measure(GENOMES[0])
    notes = Notes()
    notes.written[str(GENOMES[0])] = type("Other", (), {"evaluation": Evaluation(0.1, 0.2, 3, 4)})
    with make(cache=tmp_path, record=notes) as evaluator:
        found = evaluator.measure(GENOMES[0])
    assert replace(found, ram=None, flash=None) == Evaluation(0.1, 0.2, 3, 4) != trained


def test_what_the_record_skipped_is_not_taken_from_the_cache(tmp_path, stub):
    with make(cache=tmp_path) as evaluator:
        evaluator.measure_all(GENOMES[:2])
    notes = Notes()
    notes.skips = {str(GENOMES[0])}.__contains__
    with make(cache=tmp_path, record=notes) as evaluator:
        first, second = evaluator.measure_all(GENOMES[:2])
    assert first is None
    assert second is not None
    assert notes.skipped == [str(GENOMES[0])]


def test_what_a_written_generation_lost_is_trained_however_late_it_is(stub):
    notes = Notes()
    notes.is_closed, notes.now = True, 1000.0
    notes.skips = {str(GENOMES[0])}.__contains__
    with make(record=notes, time_budget=500) as evaluator:
        first, second = evaluator.measure_all(GENOMES[:2])
    assert first is None
    assert second is not None
    assert stub.counts() == {str(GENOMES[1]): 1}


def test_a_cached_answer_is_put_on_record(tmp_path, stub):
    with make(cache=tmp_path) as evaluator:
        evaluator(GENOMES[0])
    notes = Notes()
    with make(cache=tmp_path, record=notes) as evaluator:
        evaluator(GENOMES[0])
    assert list(notes.written) == [str(GENOMES[0])]
    assert len(notes.written[str(GENOMES[0])].weights) == 2 * len(GENOMES[0]) + 2


def test_an_outcome_is_on_record_before_anybody_hears_of_it(stub):
    notes = Notes()
    with make(record=notes) as evaluator:
        evaluator.observe = lambda text, *_: seen.append(text in notes.written)
        seen: list[bool] = []
        evaluator.measure_all(GENOMES[:3])
    assert seen == [True] * 3


# --- budgets


def test_max_evaluations_counts_distinct_genomes(stub):
    with make(max_evaluations=3) as evaluator:
        assert evaluator.spent() == ""
        values = evaluator.map(evaluator, [*GENOMES[:2], *GENOMES[:5]])
        assert [value is None for value in values] == [False] * 5 + [True] * 2
        assert evaluator.spent() == "3 evaluations"
        assert evaluator.measure(GENOMES[0]).ok
        with pytest.raises(RuntimeError, match="budget is spent"):
            evaluator.measure(GENOMES[7])
    assert stub.counts().total() == 3


def test_time_budget_begins_no_training_behind_its_end(stub):
    notes = Notes()
    with make(time_budget=10.0, record=notes) as evaluator:
        assert None not in evaluator.measure_all(GENOMES[:2])
        notes.now = 10.0
        assert evaluator.spent() == "time budget of 10 s"
        values = evaluator.measure_all(GENOMES[:4])
    assert [value is None for value in values] == [False, False, True, True]
    assert stub.counts().total() == 2
