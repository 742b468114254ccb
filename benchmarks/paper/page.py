"""The page of the report's run: from committed CSV and JSON files alone, in seconds.

    python -m benchmarks.paper.page

Writes results/paper/README.md and figures/. What it says in words is in page.md.j2;
tests/benchmarks/test_paper_page.py names the sentences that other results no longer support.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.pages import render
from benchmarks.paper import findings, ranks, tables
from benchmarks.paper.evidence import Evidence, read
from benchmarks.paper.run import RESULTS
from deap_nas.files import write_whole


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    evidence = read(RESULTS)
    from benchmarks.paper.figures import all_figures
    from deap_nas.report.figure import write_figure

    (RESULTS / "figures").mkdir(exist_ok=True)
    for figure in all_figures(evidence):
        write_figure(figure, RESULTS / "figures")
    write_whole(RESULTS / "README.md", build(evidence))
    print(RESULTS / "README.md")


def build(evidence: Evidence) -> str:
    """The page, a pure function of the evidence."""
    template = Path(__file__).with_name("page.md.j2")
    return render(template, evidence=evidence, findings=findings, ranks=ranks, tables=tables)


if __name__ == "__main__":
    main()
