"""Describe what ga_variants.py and restriction.py found: results/ga_variants/README.md.

python benchmarks/describe_variants.py    # at once; reads the committed CSV and JSON files

What the page says in words is in describe_variants.md.j2; tests/benchmarks/test_variants_page.py
names the sentences that other results no longer support.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import RESULTS
from pages import render, shown, small
from variants.contests import AT
from variants.variants import BASE, BEST, RANDOM, REPORT

from deap_nas.files import write_whole

OUT = RESULTS / "ga_variants"
TITLES = {
    "table": "our table, accuracy / ln(parameters)",
    "table_timed": "our table, the same / seconds",
    "macro": "NAS-Bench-Macro, accuracy / ln(parameters)",
    "digits": "digits, accuracy / ln(parameters)",
}
KEY = ["problem", "contestant"]
Found = dict[str, Any]  # every CSV and JSON file of the results, by its name


def read(folder: Path = OUT) -> Found:
    trained = folder.parent / "restriction"
    return {
        **{path.stem: pd.read_csv(path) for path in folder.glob("*.csv")},
        **{path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")},
        "spaces": pd.read_csv(trained / "summary.csv"),
        "spaces_run": json.loads((trained / "run.json").read_text()),
    }


def build(found: Found) -> str:
    """The page, a pure function of the results."""
    template = Path(__file__).with_suffix(".md.j2")
    there = set(found["rivals"]["problem"])
    titles = {problem: title for problem, title in TITLES.items() if problem in there}
    return render(template, found=found, titles=titles, **found, tables=sys.modules[__name__])


def count(evaluations: float) -> str:
    return f"{evaluations:g}" if np.isfinite(evaluations) else "more than it had"


def share(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.2f}"


def chance(number: float) -> str:
    return "" if np.isnan(number) else small(number)


def regret(found: pd.DataFrame) -> pd.Series:
    """Mean regret and its 95 % interval."""
    columns = (found["mean_regret"], found["low"], found["high"])
    cells = [f"{mean:.4f} ({low:.4f} to {high:.4f})" for mean, low, high in zip(*columns)]
    return pd.Series(cells, index=found.index)


def wide(found: pd.DataFrame, values: str, columns: str = "problem") -> pd.DataFrame:
    """A row a contestant, a column a problem."""
    return found.pivot_table(index="contestant", columns=columns, values=values, sort=False)


def versus(found: Found, problem: str, rival: str, **of: Any) -> str:
    """How sure it is that the default is better."""
    row = verdicts(found, **of).set_index(KEY).loc[(problem, rival)]
    return f"A12 {row['a12']:.2f}, p {small(row['p_holm'])}"


def a12(found: Found, problem: str, change: str) -> float:
    """The chance that the default does better than its like with one change."""
    rows = found["variants_compared"].set_index(KEY)
    return float(rows.loc[(problem, f"{BASE.name}, {change}"), "a12"])


def verdicts(found: Found, at: int = AT, held_out: bool = True) -> pd.DataFrame:
    """The default against each rival, by the held-out score or by the one that was searched."""
    rows = found["rivals_compared"]
    rows = rows[(rows["evaluations"] == at) & (rows["held_out"] == held_out)]
    return rows.drop(columns=["evaluations", "held_out"])


def needed(found: Found) -> pd.DataFrame:
    """Evaluations until a search is as good as the report's GA after ``AT`` of them."""
    columns = {REPORT.name: REPORT.name, RANDOM.name: "uniform random", BEST.name: "the default"}
    table = wide(found["evaluations_needed"], "median_evaluations").loc[list(columns)].T
    table = table.map(count).rename(columns=columns, index=TITLES)
    return table.rename_axis("problem").reset_index()


def populations(found: Found) -> pd.DataFrame:
    """The best population, and those whose mean is within its interval."""
    rows = []
    for (contestant, problem), sizes in found["split"].groupby(
        ["contestant", "problem"], sort=False
    ):
        best = sizes.loc[sizes["mean_regret"].idxmin()]
        others = sizes[(sizes["mean_regret"] <= best["high"]) & (sizes.index != best.name)]
        as_good = ", ".join(map(str, others["population"]))
        rows.append((contestant, TITLES[problem], best["population"], as_good))
    columns = ["search", "problem", "best population", "as good, by its interval"]
    return pd.DataFrame(rows, columns=columns)


def rivals(found: Found, problem: str) -> pd.DataFrame:
    rows = found["rivals"][found["rivals"]["evaluations"] == AT].assign(interval=regret)
    searched = verdicts(found, held_out=False)
    for table in (verdicts(found), found["rivals_choices"], found["rivals_needed"], searched):
        rows = rows.merge(table, on=KEY, how="left", suffixes=("", "_searched"))
    rows = rows[rows["problem"] == problem].sort_values("mean_regret")
    rows["configuration"] = [
        chosen.removeprefix(f"{name}, ") for chosen, name in zip(rows["chosen"], rows["contestant"])
    ]
    return shown(
        rows,
        {
            "search": ("contestant", ""),
            "configuration": ("configuration", ""),
            "mean regret (95 %)": ("interval", ""),
            "median rank": ("median_rank", "g"),
            "evaluations to the report's level": ("median_evaluations", count),
            "A12 of ours": ("a12", share),
            "p (Holm)": ("p_holm", chance),
            "A12, score searched": ("a12_searched", share),
            "p, score searched": ("p_holm_searched", chance),
            "cap hits": ("cap_hits", "d"),
        },
    )


def at_verdict(found: Found) -> pd.DataFrame:
    return found["variants"][found["variants"]["evaluations"] == AT]


def variants(found: Found) -> pd.DataFrame:
    means, a12s = wide(at_verdict(found), "mean_regret"), wide(found["variants_compared"], "a12")
    means = means.sort_values("table", kind="stable")
    shares = a12s.reindex(means.index).map(lambda a: "" if np.isnan(a) else f" ({a:.2f})")
    table = means.map("{:.4f}".format) + shares
    titles = {p: f"{title}: mean regret (A12 of the default)" for p, title in TITLES.items()}
    return table.rename(columns=titles).rename_axis("variant").reset_index()


def capped(found: Found) -> pd.DataFrame:
    """Of how many searches the asks ran out before ``AT`` distinct evaluations."""
    hits = wide(at_verdict(found), "cap_hits")
    table = hits[(hits > 0).any(axis=1)].map("{:.0f}".format)
    return table.rename(columns=TITLES).rename_axis("variant").reset_index()


def places(found: Found) -> pd.Series:
    """Mean rank over the problems, on the seeds that choose; the best first."""
    means = wide(found["variants_choosing"], "mean_regret")
    return means.rank().mean(axis=1).sort_values(kind="stable")


def choosing(found: Found) -> pd.DataFrame:
    """The first ten on the seeds that choose."""
    first = places(found).head(10)
    means = wide(found["variants_choosing"], "mean_regret").loc[first.index]
    table = means.map("{:.4f}".format).rename(columns=TITLES)
    table.insert(0, "mean rank", first.map("{:.1f}".format))
    return table.rename_axis("variant").reset_index()


def by(found: pd.DataFrame, index: list[str], column: str, **names: str) -> pd.DataFrame:
    """Regrets with their intervals, one column each of ``column``'s values."""
    cells = found.assign(cell=regret).replace({"problem": {**TITLES, **names}})
    return cells.pivot_table(
        index=index, columns=column, values="cell", aggfunc="first", sort=False
    ).reset_index()


def spaces(found: Found) -> pd.DataFrame:
    """What a draw of a looser space is worth, by real training."""
    rows = found["spaces"]
    low, high = rows["best_of_ten_low"], rows["best_of_ten_high"]
    best = [
        f"{mean:.2f} ({a:.2f} to {b:.2f})"
        for mean, a, b in zip(rows["best_of_ten_fitness"], low, high)
    ]
    return shown(
        rows.assign(best=best),
        {
            "space": ("space", ""),
            "genomes in it": ("genomes_in_it", lambda size: f"{int(size):,}"),
            "median accuracy": ("median_accuracy", ".3f"),
            "median fitness": ("median_fitness", ".2f"),
            "best of ten": ("best", ""),
            "A12 of the report's": ("a12", ".2f"),
            "p (Holm)": ("p_holm", small),
            "CPU seconds": ("mean_cpu_seconds", ".1f"),
        },
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    write_whole(OUT / "README.md", build(read()))
    print(OUT / "README.md")


if __name__ == "__main__":
    main()
