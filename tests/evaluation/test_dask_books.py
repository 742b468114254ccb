"""evaluation.dask_books: who gets which task, without a cluster."""

from __future__ import annotations

import pytest

from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.dask_books import ALONE, ATTEMPTS, Books, Flight
from deap_nas.evaluation.dask_worker import UNFIT, UNKNOWN
from deap_nas.evaluation.process import WorkerStartError

TASKS = [Task(i, "echo", (i,)) for i in range(3)]


def books_of(*addresses: str) -> Books:
    """With Dask workers that can be used."""
    books = Books()
    assert books.meet({*addresses}) == {*addresses}
    for address in addresses:
        books.welcome(address, "")
    return books


def begun(books: Books, *tasks: Task) -> dict[str, Flight]:
    for task in tasks:
        books.add(task)
    return dict(books.depart())


def test_a_task_for_each_dask_worker_and_one_that_waits_for_the_first() -> None:
    books = Books()
    assert books.has_room()
    assert begun(books, TASKS[0]) == {}
    assert not books.has_room()
    books.meet({"a", "b"})
    books.welcome("a", "")
    assert [flight.task for _, flight in books.depart()] == [TASKS[0]]
    assert not books.has_room(), "b is not ready"
    books.welcome("b", "")
    assert books.has_room()


def test_an_outcome_is_heard_of_and_its_worker_is_free() -> None:
    books = books_of("a")
    begun(books, TASKS[0])
    assert not books.land("a", Outcome("ok", 7))
    assert books.ended == [(TASKS[0], Outcome("ok", 7))]
    assert not books.is_begun()
    assert books.has_room()


def test_a_lost_workers_task_goes_first_and_is_killed_in_the_end() -> None:
    books = books_of("a")
    begun(books, TASKS[0], TASKS[1])
    for i in range(1, ATTEMPTS):
        books.flying[f"a{i - 1}" if i > 1 else "a"].future = f"future {i}"
        books.meet({f"a{i}"})
        books.welcome(f"a{i}", "")
        ((_, flight),) = books.depart()
        assert (flight.task, flight.lost, books.ended) == (TASKS[0], i, [])
    books.meet(set())
    ((task, outcome),) = books.ended
    assert (task, outcome.status) == (TASKS[0], "killed")
    assert f"{ATTEMPTS} Dask workers were lost with it" in outcome.reason
    assert books.dropped == ["future 1", "future 2", None]
    assert books.is_begun(), "the other waits"


def test_who_lacks_the_parcel_is_sent_it_again_and_the_task_is_kept() -> None:
    books = books_of("a")
    begun(books, TASKS[0])
    assert books.land("a", Outcome(UNKNOWN))
    assert list(books.depart()) == []
    books.welcome("a", "")
    assert [flight.task for _, flight in books.depart()] == [TASKS[0]]


def test_one_that_cannot_be_used_is_said_and_none_that_can_stops_the_search() -> None:
    books = books_of("a", "b")
    books.welcome("a", "no package")
    assert books.warnings == ["Dask worker a is not used: no package"]
    assert books.error is None
    begun(books, TASKS[0])
    books.land("b", Outcome(UNFIT, reason="no engine"))
    assert isinstance(books.error, WorkerStartError)


def test_a_worker_that_served_before_may_go_without_stopping_the_search() -> None:
    books = books_of("a")
    begun(books, TASKS[0])
    books.land("a", Outcome("ok"))
    begun(books, TASKS[1])
    books.land("a", Outcome(UNFIT, reason="no engine"))
    assert books.error is None
    assert books.is_begun()


@pytest.mark.parametrize("answer", ["", "no package", OSError("gone")])
def test_an_answer_of_who_is_gone_meanwhile_counts_for_nothing(answer: str | OSError) -> None:
    books = books_of("a")
    books.meet(set())
    books.welcome("a", answer)
    assert begun(books, TASKS[0]) == {}
    assert (books.warnings, books.error) == ([], None)


def test_one_that_did_not_answer_is_new_at_the_next_look() -> None:
    books = Books()
    books.meet({"a"})
    books.welcome("a", OSError("late"))
    assert books.meet({"a"}) == {"a"}


def test_no_worker_for_long_is_said_once() -> None:
    books = Books()
    for _ in range(2 * ALONE):
        books.meet(set())
    assert books.warnings == ["no Dask worker is ready: waiting for one"]


def test_what_is_dropped_frees_its_workers_and_is_never_heard_of() -> None:
    books = books_of("a")
    begun(books, *TASKS[:2])["a"].future = "future"
    books.drop_tasks()
    assert books.dropped == ["future"]
    assert not books.is_begun()
    assert [flight.task for flight in begun(books, TASKS[2]).values()] == [TASKS[2]]
    assert books.leave_all() == []
