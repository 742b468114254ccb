"""A network of the front, by a word for it: its knee, or the best that is small enough."""

from __future__ import annotations

from deap_nas.report.front import knee, pareto_front
from deap_nas.runs.record import Record, ReportError
from deap_nas.words import counted


def pick_knee(record: Record) -> str:
    """The genome at the knee of a run's front.

    Args:
        record: of the run.

    Raises:
        ReportError: where the front has no knee.
    """
    front = pareto_front(record.table)
    bend = knee(front)
    if bend is None:
        raise ReportError(
            f"{record.folder}: the front, {counted(len(front), 'network')}, has no knee; "
            "name one of them with --genome, or give --at-most"
        )
    return str(front["genome"][bend])


def pick_at_most(record: Record, n_params: int) -> str:
    """The most accurate genome of a run that has so many trainable parameters or fewer.

    Args:
        record: of the run.
        n_params: the most that it may have.

    Raises:
        ReportError: where none is as small.
    """
    front = pareto_front(record.table)  # from few parameters to many, and ever more accurate
    small = front[front["n_params"] <= n_params]
    if not len(front):
        raise ReportError(f"{record.folder}: no genome was trained with success")
    if not len(small):
        raise ReportError(
            f"{record.folder}: no network has at most {n_params} parameters; give --at-most "
            f"{front['n_params'].min()} or more"
        )
    return str(small["genome"].iloc[-1])
