"""deap_nas.Evaluator: each genome measured once, failures kept to themselves, budgets kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import drivers
import pytest
from small_evaluators import DATA, GENOMES, make

from deap_nas.data import DataError
from deap_nas.evaluation.evaluator import TooManyFailures
from deap_nas.evaluation.fitness import FITNESSES, Evaluation, accuracy_per_log_params
from deap_nas.evaluation.workers import WorkerStartError, cores
from deap_nas.genome import parse_genome
from deap_nas.runs.journal import Journal
from deap_nas.training import evaluator as module
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.recipes import RecipeError

# --- what is measured


def test_a_genome_is_scored_by_the_fitness_of_its_evaluation(stub):
    with make() as evaluator:
        evaluation = evaluator.measure(GENOMES[0])
        assert isinstance(evaluation, Evaluation)
        assert evaluator(GENOMES[0]) == accuracy_per_log_params(evaluation)
    assert stub.counts() == {str(GENOMES[0]): 1}


@pytest.mark.parametrize(
    "fitness", [lambda evaluation: (evaluation.accuracy, -1.0), "time_penalised"]
)
def test_fitness_by_name_or_as_a_function(stub, fitness):
    function = FITNESSES[fitness] if isinstance(fitness, str) else fitness
    with make(fitness=fitness) as evaluator:
        assert evaluator(GENOMES[0]) == function(evaluator.measure(GENOMES[0]))


def test_map_answers_in_order(stub):
    with make(workers=2) as evaluator:
        values = evaluator.map(evaluator, GENOMES[:6])
        assert values == [evaluator(genome) for genome in GENOMES[:6]]
        assert evaluator.map(str, GENOMES[:2]) == [str(genome) for genome in GENOMES[:2]]
        assert evaluator.map(evaluator, []) == []
    assert set(stub.counts().values()) == {1}


def test_map_takes_a_generator(stub):
    with make() as evaluator:
        assert len(evaluator.map(evaluator, (genome for genome in GENOMES[:3]))) == 3


def test_tuples_of_genes_are_genomes_too(stub):
    with make() as evaluator:
        assert evaluator(tuple(GENOMES[0])) == evaluator(GENOMES[0])
    assert stub.counts().total() == 1


def test_serial_and_parallel_agree(stub):
    found = []
    for workers in (1, 2):
        with make(workers=workers) as evaluator:
            found.append([e.to_dict() for e in evaluator.measure_all(GENOMES)])
    assert found[0] == found[1]


def test_observe_is_told_of_each_genome_once(tmp_path, stub):
    told: list[tuple[str, bool]] = []
    for _ in range(2):
        with make(cache=tmp_path) as evaluator:
            evaluator.observe = lambda text, evaluation, cached: told.append((text, cached))
            evaluator.measure_all([*GENOMES[:2], *GENOMES[:2]])
    assert sorted(told) == sorted((str(g), cached) for g in GENOMES[:2] for cached in (False, True))


def test_weights_are_at_hand_with_and_without_a_cache(tmp_path, stub):
    with make(cache=tmp_path) as evaluator:
        evaluator(GENOMES[0])
    with make(cache=tmp_path) as cached, make() as fresh:
        found = []
        for evaluator in (cached, fresh):
            evaluator(GENOMES[0])
            found.append(evaluator.weights(GENOMES[0]))
    assert [w.tobytes() for w in found[0]] == [w.tobytes() for w in found[1]]


def test_save_and_test_go_through_a_worker(tmp_path, stub):
    with make() as evaluator:
        evaluator(GENOMES[0])
        weights = evaluator.weights(GENOMES[0])
        evaluator.save(GENOMES[0], weights, tmp_path / "a.keras")
        assert evaluator.test(GENOMES[0], weights).shape == (3, 3)
    assert (tmp_path / "a.keras").read_text().startswith(str(GENOMES[0]))


def test_saving_where_nothing_can_be_written_says_so(tmp_path, stub):
    with make() as evaluator, pytest.raises(RuntimeError, match=r"save: error, .*no/such"):
        evaluator.save(GENOMES[0], [], tmp_path / "no/such/a.keras")


def test_after_close_measuring_starts_anew(stub):
    evaluator = make()
    evaluator(GENOMES[0])
    evaluator.close()
    evaluator(GENOMES[1])
    evaluator.close()


def test_all_cores_by_default(stub):
    with Evaluator(DATA, cache=None) as evaluator:
        assert evaluator._backend.count == cores()


def test_more_workers_than_cores_warns(stub):
    with pytest.warns(UserWarning, match="99 workers on .* cores"):
        make(workers=99).close()


def test_the_users_cache_is_the_default(home, stub):
    with Evaluator(DATA, workers=1) as evaluator:
        evaluator(GENOMES[0])
    assert list(home.rglob("output.pkl"))
    with Evaluator(DATA, workers=1) as evaluator:
        evaluator(GENOMES[0])
    assert stub.counts().total() == 1


# --- failures


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("raise", "error"),
        ("nan", "diverged"),
        ("hang", "timeout"),
        ("allocate", "oom"),
        ("exit", "killed"),
        ("kill", "killed"),
    ],
)
def test_a_failure_costs_its_genome_alone(stub, fault, status):
    stub.set_fault(str(GENOMES[1]), fault)
    with make(workers=2, max_seconds=5, max_memory=600) as evaluator:
        first, bad, third = evaluator.measure_all(GENOMES[:3])
        values = evaluator.map(evaluator, GENOMES[:3])
        assert [evaluator.failed(genome) for genome in GENOMES[:3]] == [False, True, False]
    assert (bad.status, bad.accuracy, values[1]) == (status, 0.0, (0.0,))
    assert bad.reason
    assert "\n" not in bad.reason
    assert bad.n_params == module.count_params(GENOMES[1], DATA.input_shape, DATA.n_classes)
    with make() as evaluator:
        assert evaluator.measure_all([GENOMES[0], GENOMES[2]]) == [first, third]
    assert stub.counts()[str(GENOMES[0])] == 2  # once for each evaluator: never disturbed


def test_a_failed_genome_has_no_weights_and_is_not_tried_again_for_them(stub):
    stub.set_fault(str(GENOMES[0]), "raise")
    with make() as evaluator:
        assert evaluator.measure(GENOMES[0]).status == "error"
        assert evaluator.weights(GENOMES[0]) is None
    assert stub.counts().total() == 1


def test_a_failed_genome_that_cannot_even_be_counted_costs_itself_alone(stub, monkeypatch):
    def refuse(*_: Any) -> int:
        raise RuntimeError("no shape")

    monkeypatch.setattr(module, "count_params", refuse)
    stub.set_fault(str(GENOMES[0]), "raise")
    with make() as evaluator:
        evaluation = evaluator.measure(GENOMES[0])
        assert (evaluation.status, evaluation.n_params) == ("error", 0)
        assert evaluator.measure(GENOMES[1]).ok


def test_an_unmeasured_genome_has_not_failed(stub):
    with make() as evaluator:
        assert not evaluator.failed(GENOMES[0])


def test_too_many_failures_in_a_row_stop_with_what_they_have_in_common(stub):
    stub.set_fault("all", "raise")
    with make(max_failures=3) as evaluator, pytest.raises(TooManyFailures) as caught:
        evaluator.measure_all(GENOMES)
    assert "3 genomes failed: 3 x error (ValueError: made to raise)" in str(caught.value)
    assert stub.counts().total() <= 4


def test_a_success_between_failures_counts_anew(stub):
    for genome in (*GENOMES[:2], *GENOMES[3:5]):
        stub.set_fault(str(genome), "raise")
    with make(max_failures=3) as evaluator:
        assert len(evaluator.measure_all(GENOMES[:6])) == 6


def test_failures_of_before_do_not_count_again(tmp_path, stub):
    """After mending what made them fail, a run goes on; what failed stays on record."""
    stub.set_fault("all", "raise")
    with (
        Journal(tmp_path) as journal,
        make(max_failures=3, record=journal) as evaluator,
        pytest.raises(TooManyFailures),
    ):
        evaluator.measure_all(GENOMES[:6])
    stub.mend()
    with Journal(tmp_path) as journal, make(max_failures=3, record=journal) as evaluator:
        statuses = [evaluation.status for evaluation in evaluator.measure_all(GENOMES[:6])]
    assert statuses == ["error"] * 3 + ["ok"] * 3


def test_workers_that_cannot_start_are_one_error(stub, monkeypatch):
    def refusing(trainer: Any, **settings: Any) -> Any:
        return drivers.workers.Workers("stubs:refusing", **settings)

    monkeypatch.setattr(module, "Workers", refusing)
    with make() as evaluator, pytest.raises(WorkerStartError, match="no such library"):
        evaluator(GENOMES[0])


# --- arguments


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"recipe": "slow"}, RecipeError, "recipe 'slow', allowed paper, fast"),
        ({"fitness": "luck"}, ValueError, "fitness 'luck', allowed accuracy_per_log_params"),
        ({"split": "train"}, DataError, "split 'train'"),
        ({"workers": 0}, ValueError, "workers 0, allowed 1 or more"),
        ({"workers": -2}, ValueError, "workers -2, allowed 1 or more"),
    ],
)
def test_arguments_that_name_nothing(stub, settings, error, words):
    with pytest.raises(error, match=words):
        make(**settings)


def test_an_unknown_data_set():
    with pytest.raises(DataError, match="'imagenet'"):
        Evaluator("imagenet", cache=None)


def test_the_key_is_canonical_and_says_all(stub):
    import json

    with make() as one, make(train_seed=1) as other:
        key = one.key(str(GENOMES[0]))
        assert json.dumps(json.loads(key), sort_keys=True) == key
        assert key == one.key(str(parse_genome(str(GENOMES[0]) + " ; ")))
        assert len({key, other.key(str(GENOMES[0])), one.key(str(GENOMES[1]))}) == 3
        assert {"genome", "recipe", "data", "split", "train_seed"} <= set(json.loads(key))


def test_a_cache_path_that_is_a_file_is_one_line(tmp_path: Path, stub):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file is a file: name a folder") as caught:
        make(cache=tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_a_network_is_saved_with_a_backend_that_only_keeps_the_protocol(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "Workers", drivers.InlineWorkers)
    with make() as evaluator:
        weights = evaluator.weights(GENOMES[0])
        evaluator.save(GENOMES[0], weights, tmp_path / "saved.keras")
    assert (tmp_path / "saved.keras").read_text().startswith(str(GENOMES[0]))
