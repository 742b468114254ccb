"""The page of the report's run: from committed CSV and JSON files alone, in seconds.

    python -m benchmarks.paper.page

Writes results/paper/README.md and figures/; what is not measured yet, it says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.paper import choice_sections as choices, report_sections as report, verdict
from benchmarks.paper.changes import changes
from benchmarks.paper.evidence import Evidence, read
from benchmarks.paper.run import RESULTS
from deap_nas.files import write_whole

REPEAT = """\
```bash
python -m benchmarks.paper.run                    # the searches; finished ones are searched again
python benchmarks/published_genomes.py --seeds {seeds}  # the four complete genomes
python -m benchmarks.paper.choices                # the choices; does what is missing
python -m benchmarks.paper.page                   # this page
```

Each goes on where it was stopped. A finished search is repeated from its committed journal, without
a training, and compared: it must give the same tables. Of the networks the winners are committed,
as `best.keras` and as weights (`winner/`). Every number here is computed from the CSV and JSON
files in this folder and in [published_genomes](../published_genomes);
[a test](../../tests/benchmarks/test_paper_results.py) rebuilds the page from them and compares."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=RESULTS, help="a folder like results/paper")
    folder = parser.parse_args().runs
    evidence = read(folder)
    from benchmarks.paper.figures import all_figures
    from deap_nas.report.figure import write_figure

    (folder / "figures").mkdir(exist_ok=True)
    for figure in all_figures(evidence):
        write_figure(figure, folder / "figures")
    write_whole(folder / "README.md", build(evidence))
    print(folder / "README.md")


def build(evidence: Evidence) -> str:
    """The page, a pure function of the evidence."""
    parts = ["# The report's run, side by side", verdict.statement(evidence)]
    for title, text in (
        ("The searches", report.searches(evidence)),
        ("Figure 1: one step of the genetic algorithm", report.one_step(evidence)),
        *((f"Figure {n}: {report.TOPS[n][0]}", report.tops(evidence, n)) for n in report.TOPS),
        ("The report's own arithmetic", report.arithmetic(evidence)),
        ("Figure 5: classification report of the best model by fitness", report.classes(evidence)),
        ("Figures 6 and 7: accuracy against parameters", report.scatters(evidence)),
        ("The four complete genomes, trained again", report.four(evidence)),
        ("Choice: the optimizer (section IV.2)", choices.optimizers(evidence)),
        ("Choice: scoring on the test set", choices.optimism(evidence)),
        ("Choice: any activation anywhere; genomes that never learn", choices.never(evidence)),
        ("Choice: wall-clock seconds", choices.clocks(evidence)),
        ("Choice: one training a genome; does the ranking hold?", choices.stability(evidence)),
        ("What agrees, what differs, and why", verdict.agreement(evidence)),
        ("What to change in the search by default", changes(evidence)),
        ("To repeat it", REPEAT.format(seeds=evidence.four["seeds"].min())),
    ):
        parts += [f"## {title}", text]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
