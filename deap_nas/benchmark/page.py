"""The page of a benchmark, with its figures and tables beside it."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from deap_nas.benchmark.comparison import ALPHA, OURS, Comparison
from deap_nas.benchmark.courses import summary
from deap_nas.benchmark.figures import anytime_figure, regrets_figure, wins_figure
from deap_nas.benchmark.memo import ASKS_PER_EVALUATION
from deap_nas.benchmark.problem import FunctionProblem
from deap_nas.report.sheet import Sheet
from deap_nas.report.shown import Shown

NO_DOTS = Markup('{"split": "", "columns": ["label"], "rows": [], "front": []}')


def write_page(found: Comparison, folder: Path) -> Path:
    """Write ``benchmark.html``, and figures and tables into ``benchmark/`` beside it.

    Args:
        found: what is shown.
        folder: where it is written; made if it is not there.
    """
    path, beside = folder / "benchmark.html", folder / "benchmark"
    beside.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(path, beside, Shown("seen"), room="deap_nas.benchmark")
    titles = {found.problem.name: found.problem.title}
    sheet.draw(anytime_figure(found.anytime, titles))
    sheet.draw(regrets_figure(summary(found.courses, [found.evaluations]), titles))
    sheet.draw(wins_figure({found.problem.name: found.wins}, titles))
    sheet.shown.tables |= {
        "anytime": found.anytime,
        "wins": found.wins.rename_axis("contestant").reset_index(),
    }
    sheet.write(
        "benchmark.html.j2",
        found=found,
        seeds=len(next(iter(found.courses.values()))),
        ours=OURS,
        alpha=ALPHA,
        asks=ASKS_PER_EVALUATION,
        of_function=isinstance(found.problem, FunctionProblem),
        data=NO_DOTS,
    )
    return path
