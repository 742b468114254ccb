"""results/ga_variants/README.md, from the files beside it alone."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

from variants import sections
from variants.text import ran, read
from variants.variants import BEST
from variants.verdicts import described, divided, matters, reached, verdicts


def versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("optuna", "pymoo", "nevergrad", "scipy")}


def make(folder: Path) -> str:
    """The page; parts that were not run are left out."""
    has_rivals = (folder / "rivals.csv").exists()
    parts = [
        _head(folder, has_rivals),
        sections.rivals(folder) if has_rivals else "",
        sections.variants(folder),
        sections.choosing(folder),
        sections.split(folder),
        sections.depth(folder),
        _how(folder, has_rivals),
    ]
    return "\n".join(part for part in parts if part)


def _head(folder: Path, has_rivals: bool) -> str:
    lines = [
        "# Which operators to use, and how sure we are",
        "",
        "Written by `python benchmarks/ga_variants.py`; every number is in the CSV files beside "
        "this page. *Regret* is how far the genome in hand is from the best there is, by held-out "
        "score (test images; the mean of three trainings); less is better. A12 is the chance that "
        "one search ends with less regret than another, ties by half.",
        "",
        "## In one minute",
        "",
        f"- **Use the default**: {described(BEST)}.",
    ]
    if has_rivals:
        lines += [f"- {sentence}" for sentence in verdicts(read(folder, "rivals_compared"))]
    lines += [
        f"- {sentence}"
        for sentence in (
            *reached(read(folder, "evaluations_needed")),
            *matters(read(folder, "variants_compared")),
            divided(read(folder, "split")),
        )
    ]
    return "\n".join([*lines, ""])


def _how(folder: Path, has_rivals: bool) -> str:
    told = json.loads((folder / "run.json").read_text())
    lines = ["## How it was measured", "", f"- variants: {ran(told)}."]
    if has_rivals:
        other = json.loads((folder / "rivals_run.json").read_text())
        packages = ", ".join(f"{name} {version}" for name, version in other["packages"].items())
        lines.append(f"- rivals: {ran(other)}; {packages}.")
    lines += [
        "- The problems: results/table/README.md, and NAS-Bench-Macro (Su et al. 2021; 6,561 "
        "networks on CIFAR-10), searched on the first of three trainings, judged by their mean.",
        "- A search's answer is the genome that it scored best; ties by who came first. Duplicates "
        "cost nothing; asks are capped at ten times the budget, and cap hits are counted.",
        "- What is reported here is of seeds 100 and up. The space of every problem is small "
        "(3,456 and 6,561), and our table's scores are of one training each. The seconds of the "
        "second problem are the same in the score that is searched and in the one that judges: "
        "their noise is not held out (results/table/README.md says how large it is).",
        "",
    ]
    return "\n".join(lines)
