"""results/ga_variants/README.md, from the files beside it alone."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from variants.variants import BEST, PLUS, RANDOM, REPORT

ALPHA = 0.01
AT = 100
TITLES = {
    "table": "our table, accuracy / ln(parameters)",
    "table_timed": "our table, the same / seconds",
    "macro": "NAS-Bench-Macro, accuracy / ln(parameters)",
}


def versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("optuna", "pymoo", "nevergrad", "scipy")}


def make(folder: Path) -> str:
    """The page; parts that were not run are left out."""
    has_rivals = (folder / "rivals.csv").exists()
    parts = [
        _head(folder, has_rivals),
        _rivals(folder) if has_rivals else "",
        _variants(folder),
        _split(folder),
        _depth(folder),
        _how(folder, has_rivals),
    ]
    return "\n".join(part for part in parts if part)


def markdown(table: pd.DataFrame) -> str:
    head = "| " + " | ".join(map(str, table.columns)) + " |\n|" + "---|" * len(table.columns)
    rows = ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, *rows]) + "\n"


def interval(row: Any) -> str:
    return f"{row.mean_regret:.4f} ({row.low:.4f} to {row.high:.4f})"


def small(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def count(evaluations: float) -> str:
    return f"{evaluations:.0f}" if np.isfinite(evaluations) else "more than it had"


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


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
        lines += [f"- {sentence}" for sentence in verdicts(_read(folder, "rivals_compared"))]
    needed = _read(folder, "evaluations_needed")
    for problem, rows in needed.groupby("problem", sort=False):
        found = rows.set_index("contestant")["median_evaluations"]
        lines.append(
            f"- To be as good as the report's GA after {AT} evaluations, on {TITLES[problem]}: "
            f"the report's GA {count(found[REPORT.name])} (median), uniform random "
            f"{count(found[RANDOM.name])}, the default {count(found[BEST.name])}."
        )
    lines += [f"- {sentence}" for sentence in [*matters(folder), divided(folder)]]
    return "\n".join([*lines, ""])


def described(variant: Any) -> str:
    return (
        f"`{variant.loop}`, population {variant.population}, {variant.children} children a "
        f"generation, each the most promising of {variant.candidates}; parents by tournament of "
        f"three, crossover `{variant.crossover}` for {100 * variant.cxpb:.0f} % of pairs, mutation "
        f"`{variant.mutation}` for {100 * variant.mutpb:.0f} % of children"
    )


def verdicts(compared: pd.DataFrame) -> list[str]:
    """A sentence a problem: whom the default beats, and whom not."""
    sentences = []
    for problem, rows in compared.groupby("problem", sort=False):
        beaten = rows[rows["p_holm"] < ALPHA]["contestant"]
        rest = rows[rows["p_holm"] >= ALPHA]
        text = f"On {TITLES[problem]} the default beats, after {AT} evaluations, "
        text += "every rival" if rest.empty else ", ".join(beaten) or "none"
        text += f" (p < {ALPHA}, Mann-Whitney, Holm)"
        if not rest.empty:
            open_ones = ", ".join(
                f"{row.contestant} (A12 {row.a12:.2f}, p {small(row.p_holm)})"
                for row in rest.itertuples()
            )
            text += f"; **not shown** against {open_ones}"
        sentences.append(text + ".")
    return sentences


def matters(folder: Path) -> list[str]:
    """What the ablations say: which single changes are clearly worse."""
    compared = _read(folder, "variants_compared")
    own = compared[compared["contestant"].str.startswith(f"{BEST.name}, ")]
    sentences = []
    for problem, rows in own.groupby("problem", sort=False):
        worse = rows[rows["p_holm"] < ALPHA].sort_values("a12", ascending=False)
        names = [
            f"{row.contestant.removeprefix(BEST.name + ', ')} (A12 {row.a12:.2f})"
            for row in worse.itertuples()
        ]
        told = ", ".join(names) if names else "no single change"
        sentences.append(
            f"Clearly worse than the default on {TITLES[problem]}: {told}; the other "
            f"{len(rows) - len(worse)} of {len(rows)} single changes make no difference that these "
            "seeds show."
        )
    return sentences


def divided(folder: Path) -> str:
    """What the split says: with which population each does best, problem by problem."""
    found = _read(folder, "split")
    told = []
    for contestant, rows in found.groupby("contestant", sort=False):
        best = rows.loc[rows.groupby("problem", sort=False)["mean_regret"].idxmin()]
        sizes = ", ".join(str(size) for size in best["population"])
        told.append(f"{contestant} does best with populations of {sizes}")
    order = ", ".join(TITLES[problem] for problem in found["problem"].unique())
    return f"Of {AT} evaluations, {'; '.join(told)} (in the order: {order})."


def _rivals(folder: Path) -> str:
    found, compared = _read(folder, "rivals"), _read(folder, "rivals_compared")
    choices, needed = _read(folder, "rivals_choices"), _read(folder, "rivals_needed")
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


def _variants(folder: Path) -> str:
    found, compared = _read(folder, "variants"), _read(folder, "variants_compared")
    rows = found[found["evaluations"] == AT]
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
            f"`{PLUS.name}` is (5 + 1).",
            "",
            markdown(table),
            "![Regret against evaluations](variants_anytime.svg)",
            "![Mean regret of all variants with intervals](variants_ranks.svg)",
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


def _split(folder: Path) -> str:
    return "\n".join(
        [
            "## 100 evaluations: how many in a population?",
            "",
            "The report splits about 100 evaluations into 4 generations of 25. Mean regret after "
            "100 unique evaluations by population (95 % interval):",
            "",
            _by(
                _read(folder, "split").replace({"problem": TITLES}),
                ["problem", "population"],
                "contestant",
            ),
        ]
    )


def _depth(folder: Path) -> str:
    names = {"table": "one or two NC: 3,456", "table_shallow": "one NC only: 384"}
    lines = [
        "## Is it worth restricting the space?",
        "",
        "The report narrows its space by hand (section IV). On the table the same can be asked "
        "of depth: mean regret, judged by the best of the whole table, with one NC only.",
        "",
        _by(_read(folder, "restriction"), ["contestant", "evaluations"], "problem", **names),
    ]
    trained = folder.parent / "restriction" / "summary.csv"
    if trained.exists():
        told = json.loads((trained.parent / "run.json").read_text())
        table = pd.read_csv(trained)
        for name in table.columns[1:]:
            form = "{:,.0f}" if table[name].max() > 1000 else "{:.3f}"
            table[name] = table[name].map(form.format)
        lines += [
            "Beyond the table, by real training: genomes drawn from the report's space, and from "
            "spaces with one of its rules loosened, with the table's recipe. Best of ten is the "
            "fitness that ten random draws come to (mean, 5 % and 95 %, by resampling "
            f"24 trainings a space; {ran(told)}).",
            "",
            markdown(table),
        ]
    return "\n".join(lines)


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
        "- The default was developed while looking at these problems with seeds 0 to 99 (some two "
        "hundred settings of the model, the operators and the loop, on smaller numbers of seeds); "
        "what is reported here is of seeds 100 and up. The space of every problem is small (3,456 "
        "and 6,561), and our table's scores are of one training each.",
        "",
    ]
    return "\n".join(lines)


def ran(told: dict[str, Any]) -> str:
    command = " ".join(Path(part).name if "/" in part else part for part in told["command"])
    return f"`{command}`, commit {told['commit']}, {told['machine']['processor']}"
