"""One evaluator in several threads: the values of one thread, and nothing trained twice."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.dummy
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import drivers
import pytest
import stubs
from backends import Crowd, make
from deap import algorithms, base, tools

from deap_nas import GeneralEvaluator, Journal, Workers
from deap_nas.evaluation.backend import Task
from deap_nas.evaluation.evaluator import TooManyFailures

THREADS = 4
REPEATS = 100


def in_threads(works: list[Callable[[], Any]]) -> list[Any]:
    """What each comes to, all at once; an exception is raised here."""
    with concurrent.futures.ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(work) for work in works]]


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workers, Path]]:
    """Two real workers, and the file that their trainings are written to."""
    log = tmp_path_factory.mktemp("warm") / "log"
    with Workers(stubs.Squares(str(log)), count=2) as workers:
        yield workers, log


@pytest.mark.parametrize("seed", range(REPEATS))
def test_threads_have_the_values_of_one_and_train_nothing_twice(seed):
    rng, backend = random.Random(seed), Crowd()
    wanted = [[rng.randrange(12) for _ in range(10)] for _ in range(THREADS)]
    with make(backend) as evaluator:
        one_by_one = [lambda w=w: [evaluator(n) for n in w] for w in wanted[:2]]
        mapped = lambda: evaluator.map(evaluator, wanted[2])  # noqa: E731
        streamed = lambda: sorted(evaluator.stream(evaluator, wanted[3]))  # noqa: E731
        found = in_threads([*one_by_one, mapped, streamed])
    values = [[(float(n) ** 2,) for n in w] for w in wanted]
    assert found[:3] == values[:3]
    assert found[3] == sorted(zip(wanted[3], values[3]))
    assert backend.trained == {str(n): 1 for n in {n for w in wanted for n in w}}


@pytest.mark.parametrize("seed", range(REPEATS))
def test_real_workers_are_shared(warm, seed):
    workers, log = warm
    log.write_text("")
    rng = random.Random(seed)
    wanted = [[rng.randrange(6) for _ in range(3)] for _ in range(THREADS)]
    evaluator = make(workers)  # not closed: the workers stay warm
    found = in_threads([lambda w=w: [evaluator(n) for n in w] for w in wanted])
    assert found == [[(float(n) ** 2,) for n in w] for w in wanted]
    trained = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert trained == {str(n): 1 for n in {n for w in wanted for n in w}}


@pytest.mark.parametrize("seed", range(REPEATS))
def test_a_budget_is_met_exactly(seed):
    backend, limit = Crowd(), 7
    with make(backend, max_evaluations=limit) as evaluator:
        in_threads([lambda i=i: evaluator.map(evaluator, range(i, i + 6)) for i in range(THREADS)])
        assert evaluator.spent() == "7 evaluations"
    assert backend.trained.total() == len(backend.trained) == limit


@pytest.mark.parametrize("seed", range(REPEATS))
def test_who_gives_up_takes_nothing_from_others(seed):
    """One thread closes its stream in the midst; what the other asked for as well is heard."""
    backend = Crowd()

    def give_up() -> None:
        stream = evaluator.stream(evaluator, range(8))
        next(stream)
        stream.close()

    with make(backend) as evaluator:
        _, found = in_threads([give_up, lambda: evaluator.map(evaluator, range(8))])
    assert found == [(n**2,) for n in range(8)]


def test_deaps_loop_on_a_pool_of_threads(tmp_path):
    def search(mapping: Callable[..., Any], evaluator: GeneralEvaluator) -> list[Any]:
        random.seed(3)
        toolbox = base.Toolbox()
        least = type("Least", (base.Fitness,), {"weights": (-1.0,)})

        class Number(list[int]):
            def __init__(self, values: Any) -> None:
                super().__init__(values)
                self.fitness = least()

        toolbox.register("mate", tools.cxUniform, indpb=0.5)
        toolbox.register("mutate", tools.mutUniformInt, low=0, up=50, indpb=0.5)
        toolbox.register("select", tools.selTournament, tournsize=3)
        toolbox.register("evaluate", evaluator)
        toolbox.register("map", mapping)
        population = [Number([i, 30]) for i in range(10)]
        last, _ = algorithms.eaSimple(population, toolbox, 0.5, 0.5, 8, verbose=False)
        return [(list(number), number.fitness.values) for number in last]

    def text(number: Any) -> str:
        return str(sum(number))

    serial, threaded = Crowd(), Crowd()
    with make(serial, text=text) as evaluator:
        expected = search(map, evaluator)
    with (
        make(threaded, text=text, cache=tmp_path) as evaluator,
        multiprocessing.dummy.Pool(THREADS) as pool,
    ):
        assert search(pool.map, evaluator) == expected
    assert threaded.trained == serial.trained


def test_all_workers_are_busy():
    backend = Crowd(room=3, pause=0.05)
    with make(backend) as evaluator:
        in_threads([lambda i=i: evaluator(i) for i in range(6)])
    assert backend.most == 3


def test_a_worker_that_waits_hears_of_what_comes_later():
    """The second task begins while the first is waited for, and ends long before it."""
    with Workers("stubs:Servant", ("",), count=2) as workers:
        list(workers.run([Task(i, "sleep", (0.3,)) for i in range(2)]))  # warm

        def work(method: str, argument: Any) -> float:
            ((_, outcome),) = workers.run([Task(0, method, (argument,))])
            assert outcome.status == "ok"
            return time.monotonic()

        def later() -> float:
            time.sleep(0.3)
            return work("echo", 1)

        slow, quick = in_threads([lambda: work("sleep", 2.0), later])
    assert quick < slow - 1


def test_threads_that_run_tasks_of_one_key_get_their_own(warm):
    workers, _ = warm

    def squares(n: int) -> list[Any]:
        tasks = [Task(0, "train", (str(n), budget)) for budget in range(1, 6)]
        return sorted(o.value.metrics["square"] for _, o in workers.run(tasks))

    found = in_threads([lambda n=n: squares(n) for n in range(1, 5)])
    assert found == [[n * n * b for b in range(1, 6)] for n in range(1, 5)]


def test_outcomes_are_in_journal_and_cache_once(tmp_path):
    cache = tmp_path / "cache"
    with Journal(tmp_path) as journal, make(Crowd(), record=journal, cache=cache) as evaluator:
        in_threads([lambda: evaluator.map(evaluator, range(9)) for _ in range(THREADS)])
        assert sorted(journal.outcomes(1)) == [(str(n), False) for n in range(9)]
    backend, told = Crowd(), Counter[str]()
    with make(backend, cache=cache) as evaluator:
        evaluator.observe = lambda text, *_: told.update([text])
        in_threads([lambda: evaluator.map(evaluator, range(9)) for _ in range(THREADS)])
    assert not backend.trained
    assert told == {str(n): 1 for n in range(9)}


def test_lost_weights_are_trained_once():
    with make(Crowd()) as evaluator:
        evaluator("5")
        trained = evaluator._backend.trained
        in_threads([lambda: evaluator.weights("5") for _ in range(THREADS)])
        assert trained == {"5": 2}  # a stub's training has no weights to keep


def test_too_many_failures_reach_a_thread_that_has_them():
    with make(Crowd(), max_failures=3) as evaluator, pytest.raises(TooManyFailures):
        in_threads([lambda i=i: evaluator.map(evaluator, [-i, -i - 9]) for i in range(1, 4)])


def test_closing_tells_who_waits():
    backend = Crowd(pause=30)
    evaluator = make(backend)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(evaluator, 3)
        drivers.wait_until(lambda: backend.listeners)
        evaluator.close()
        with pytest.raises(RuntimeError, match="closed while something was measured"):
            waiting.result(20)
    for timer in threading.enumerate():
        if isinstance(timer, threading.Timer):
            timer.cancel()


def test_a_genome_in_flight_can_be_asked_for_by_who_streams():
    """It waits for the same training, which the stream then tells of, too."""
    backend = Crowd(pause=0.02)
    with make(backend) as evaluator:
        for number, value in evaluator.stream(evaluator, range(6)):
            assert value == (number**2,)
            assert evaluator((number + 1) % 6) == (((number + 1) % 6) ** 2,)
    assert backend.trained == {str(n): 1 for n in range(6)}


def evaluate_here(number: int) -> Any:
    return SHARED(number)


SHARED: Any = None


def test_a_pool_of_processes_is_told_where_an_evaluator_stays(monkeypatch):
    with make(Crowd()) as evaluator:
        monkeypatch.setattr(sys.modules[__name__], "SHARED", evaluator)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            with pytest.raises(TypeError, match="stays in the process") as caught:
                pool.map(evaluator, [1, 2])
            assert "\n" not in str(caught.value)
        assert not evaluator._backend.trained


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_is_told_too(monkeypatch):
    with make(Crowd()) as evaluator:
        monkeypatch.setattr(sys.modules[__name__], "SHARED", evaluator)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            with pytest.raises(RuntimeError, match=r"register evaluator\.map"):
                pool.map(evaluate_here, [1, 2])
            with pytest.raises(RuntimeError, match=r"register evaluator\.map"):
                pool.apply(forked_stream)


def forked_stream() -> Any:
    return list(SHARED.stream(SHARED, [1]))
