"""What the numbers say, in sentences: whom the default beats, what matters, how to split."""

from __future__ import annotations

from typing import Any

import pandas as pd
from variants.contests import AT
from variants.text import ALPHA, TITLES, count, small
from variants.variants import BASE, BEST, RANDOM, REPORT


def described(variant: Any) -> str:
    return (
        f"`{variant.loop}`, population {variant.population}, {variant.children} children a "
        f"generation, each the most promising of {variant.candidates} (optimism "
        f"{variant.optimism:g}); parents by tournament of "
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
        text += f" (p < {ALPHA}, one-sided Mann-Whitney, Holm)"
        if not rest.empty:
            open_ones = ", ".join(
                f"{row.contestant} (A12 {row.a12:.2f}, p {small(row.p_holm)})"
                for row in rest.itertuples()
            )
            text += f"; **not shown** against {open_ones}"
        sentences.append(text + ".")
    return sentences


def reached(needed: pd.DataFrame) -> list[str]:
    """Evaluations to the same fitness: the report's GA, uniform random, the default."""
    sentences = []
    for problem, rows in needed.groupby("problem", sort=False):
        found = rows.set_index("contestant")["median_evaluations"]
        sentences.append(
            f"To be as good as the report's GA after {AT} evaluations, on {TITLES[problem]}: "
            f"the report's GA {count(found[REPORT.name])} (median), uniform random "
            f"{count(found[RANDOM.name])}, the default {count(found[BEST.name])}."
        )
    return sentences


def matters(compared: pd.DataFrame) -> list[str]:
    """Which variants next to the default are clearly worse, or better (two-sided)."""
    own = compared[compared["contestant"].str.startswith(BASE.name)]
    sentences = []
    for problem, rows in own.groupby("problem", sort=False):
        clear = rows[rows["p_different_holm"] < ALPHA]
        worse = clear[clear["a12"] > 0.5].sort_values("a12", ascending=False)
        better = clear[clear["a12"] < 0.5].sort_values("a12")
        sentences.append(
            f"Of the variants around the default (its like with optimism {BASE.optimism:g}, and "
            f"that with one more change), on {TITLES[problem]}: clearly worse than the default "
            f"{_named(worse)}; clearly better {_named(better)}; the other {len(rows) - len(clear)} "
            f"of {len(rows)} make no difference that these seeds show (two-sided, Holm)."
        )
    return sentences


def _named(rows: pd.DataFrame) -> str:
    return (
        ", ".join(
            f"{row.contestant.removeprefix(BASE.name + ', ')} (A12 {row.a12:.2f})"
            for row in rows.itertuples()
        )
        or "none"
    )


def divided(split: pd.DataFrame) -> str:
    """What the split says: the best population, and those whose mean is within its interval."""
    told = []
    for (contestant, problem), rows in split.groupby(["contestant", "problem"], sort=False):
        best = rows.loc[rows["mean_regret"].idxmin()]
        others = rows[(rows["mean_regret"] <= best["high"]) & (rows.index != best.name)]
        text = f"{contestant} on {TITLES[problem]}: {best['population']}"
        if not others.empty:
            text += f" (as good, by its interval: {', '.join(map(str, others['population']))})"
        told.append(text)
    return f"Best population for {AT} evaluations: {'; '.join(told)}."
