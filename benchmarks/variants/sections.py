"""The page's sections, each from the CSV files of the run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from variants.contests import AT
from variants.text import ALPHA, TITLES, count, interval, markdown, ran, read, small
from variants.variants import BEST, PLUS


def rivals(folder: Path) -> str:
    found, compared = read(folder, "rivals"), read(folder, "rivals_compared")
    choices, needed = read(folder, "rivals_choices"), read(folder, "rivals_needed")
    sections = ["## Beside other packages", ""]
    seeds = int(found["seeds"].iloc[0])
    sections += [
        f"{AT} unique evaluations, duplicates free, {seeds} seeds not used to choose. Each rival "
        "has the best of its tried configurations (12 where it has any), chosen on ten other seeds "
        "for the problem at hand; ours is the one default for all.",
        "",
    ]
    for problem, rows in found[found["evaluations"] == AT].groupby("problem", sort=False):
        extra = compared[compared["problem"] == problem].set_index("contestant")
        chosen = choices[choices["problem"] == problem].set_index("contestant")["chosen"]
        need = needed[needed["problem"] == problem].set_index("contestant")["median_evaluations"]
        table = [
            {
                "search": row.contestant,
                "configuration": chosen[row.contestant].removeprefix(f"{row.contestant}, "),
                "mean regret (95 %)": interval(row),
                "median rank": f"{row.median_rank:g}",
                "evaluations to the report's level": count(need[row.contestant]),
                "A12 of ours": f"{extra['a12'].get(row.contestant, np.nan):.2f}"
                if row.contestant in extra.index
                else "",
                "p (Holm)": small(extra["p_holm"][row.contestant])
                if row.contestant in extra.index
                else "",
                "cap hits": row.cap_hits,
            }
            for row in rows.sort_values("mean_regret").itertuples()
        ]
        sections += [f"### {TITLES[problem]}", "", markdown(pd.DataFrame(table))]
    sections += [
        "![Regret against evaluations, rivals](rivals_anytime.svg)",
        "![The chance that the row does better than the column, in percent](rivals_wins.svg)",
        "",
    ]
    return "\n".join(sections)


def variants(folder: Path) -> str:
    found, compared = read(folder, "variants"), read(folder, "variants_compared")
    rows, most = found[found["evaluations"] == AT], found["evaluations"].max()
    wide = rows.pivot_table(index="contestant", columns="problem", values="mean_regret", sort=False)
    extra = compared.pivot_table(index="contestant", columns="problem", values="a12", sort=False)
    first = wide.columns[0]
    table = pd.DataFrame(
        {
            "variant": wide.sort_values(first).index,
            **{
                f"{TITLES[problem]}: mean regret (A12 of the default)": [
                    f"{wide.loc[name, problem]:.4f}"
                    + (f" ({extra.loc[name, problem]:.2f})" if name in extra.index else "")
                    for name in wide.sort_values(first).index
                ]
                for problem in wide.columns
            },
        }
    )
    return "\n".join(
        [
            "## Variants",
            "",
            f"All of `benchmarks/variants/variants.py` after {AT} unique evaluations, "
            f"{int(rows['seeds'].iloc[0])} seeds not used to choose; other budgets, "
            "intervals and p-values are in variants.csv and variants_compared.csv. "
            f"`{PLUS.name}` is (5 + 1). One search of {most} evaluations answers for all "
            f"budgets, so that its asks are capped at {10 * most:,}; searches that met the cap "
            f"before {AT} distinct evaluations: {_capped(rows)}.",
            "",
            markdown(table),
            "![Regret against evaluations](variants_anytime.svg)",
            "![Mean regret of all variants with intervals](variants_ranks.svg)",
            "",
        ]
    )


def _capped(rows: pd.DataFrame) -> str:
    hits = rows[rows["cap_hits"] > 0]
    return (
        ", ".join(
            f"{row.contestant} on {TITLES[row.problem]} {row.cap_hits} of {row.seeds}"
            for row in hits.itertuples()
        )
        or "none"
    )


def choosing(folder: Path) -> str:
    """Who does best on the seeds that choose, and where the default stands among them."""
    found = read(folder, "variants_choosing")
    wide = found.pivot_table(
        index="contestant", columns="problem", values="mean_regret", sort=False
    )
    place = wide.rank().mean(axis=1).sort_values(kind="stable")
    shown = [*place.index[:10], *({BEST.name} - {*place.index[:10]})]
    table = pd.DataFrame(
        {
            "variant": shown,
            "mean rank": [f"{place[name]:.1f}" for name in shown],
            **{TITLES[p]: [f"{wide.loc[name, p]:.4f}" for name in shown] for p in wide.columns},
        }
    )
    where = list(place.index).index(BEST.name) + 1
    return "\n".join(
        [
            "## How the default was chosen",
            "",
            f"Mean regret after {AT} evaluations on the {int(found['seeds'].iloc[0])} seeds that "
            f"choose, by mean rank over the problems: the first ten of {len(place)}; the default "
            f"has place {where}.",
            "",
            markdown(table),
            "What this list cannot say: preselection was developed beforehand on these problems, "
            "with seeds of these (some two hundred settings of model, operators and loop, on "
            "fewer seeds), while each rival has the best of at most twelve; and no problem was "
            "kept back. What was kept back are the seeds that report. Nor is the first of the list "
            "clearly better than its neighbours: it is the choice that the rule makes.",
            "",
        ]
    )


def _by(found: pd.DataFrame, index: list[str], column: str, **names: str) -> str:
    """Regrets with their intervals, one column each of ``column``'s values."""
    cells = found.assign(cell=[interval(row) for row in found.itertuples()])
    table = cells.pivot_table(
        index=index, columns=column, values="cell", aggfunc="first", sort=False
    )
    return markdown(table.rename(columns=names).reset_index())


def split(folder: Path) -> str:
    return "\n".join(
        [
            "## 100 evaluations: how many in a population?",
            "",
            "The report splits about 100 evaluations into 4 generations of 25. Mean regret after "
            "100 unique evaluations by population (95 % interval):",
            "",
            _by(
                read(folder, "split").replace({"problem": TITLES}),
                ["problem", "population"],
                "contestant",
            ),
        ]
    )


def depth(folder: Path) -> str:
    names = {"table": "one or two NC: 3,456", "table_shallow": "one NC only: 384"}
    lines = [
        "## Is it worth restricting the space?",
        "",
        "The report narrows its space by hand (section IV). On the table the same can be asked "
        "of depth: mean regret, judged by the best of the whole table, with one NC only.",
        "",
        _by(read(folder, "restriction"), ["contestant", "evaluations"], "problem", **names),
    ]
    trained = folder.parent / "restriction" / "summary.csv"
    if trained.exists():
        lines += _trained(trained)
    return "\n".join(lines)


def _trained(summary: Path) -> list[str]:
    """The same by real training, beyond the table, with what may be said of it."""
    told = json.loads((summary.parent / "run.json").read_text())
    found = pd.read_csv(summary, dtype={"genomes_in_it": str}).fillna({"p_holm": 1.0})
    shown = found[found["p_holm"] < ALPHA]["space"]
    verdict = ", ".join(shown) if len(shown) else "none"
    table = pd.DataFrame(
        {
            "space": found["space"],
            "genomes in it": [f"{int(size):,}" for size in found["genomes_in_it"]],
            "median accuracy": found["median_accuracy"].map("{:.3f}".format),
            "median fitness": found["median_fitness"].map("{:.2f}".format),
            "best of ten": [
                f"{row.best_of_ten_fitness:.2f} ({row.best_of_ten_low:.2f} to "
                f"{row.best_of_ten_high:.2f})"
                for row in found.itertuples()
            ],
            "A12 of the report's": found["a12"].map("{:.2f}".format),
            "p (Holm)": found["p_holm"].map(small),
            "CPU seconds": found["mean_cpu_seconds"].map("{:.1f}".format),
        }
    )
    return [
        "Beyond the table, by real training: genomes drawn from the report's space, and from "
        "spaces with one of its rules loosened, with the table's recipe, 24 a space. Best of ten: "
        "the fitness that ten random draws come to (mean, and 5 % and 95 % of 2,000 resampled "
        f"tens). {ran(told)}.",
        "",
        markdown(table),
        f"**Verdict**: a draw of the report's space is shown to be better than one of: {verdict} "
        f"(p < {ALPHA}, one-sided Mann-Whitney, Holm).",
        "",
    ]
