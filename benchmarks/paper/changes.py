"""What to change in the search by default: the evidence, as advice with the size of each effect."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmarks.paper import findings, ranks
from benchmarks.paper.choice_sections import setting_name
from benchmarks.paper.evidence import LEARNED, Evidence
from benchmarks.paper.optimizers import GENOME
from benchmarks.paper.text import listed, percent, plural, points

WORTH = 0.01  # of accuracy: what is worth a change
ENOUGH = 5  # genomes of a kind, from which on something is said of it


def changes(evidence: Evidence) -> str:
    """A numbered list; what is not measured yet is not in it."""
    makers = (_split, _optimizer, _heads, _patience, _clock, _seeds)
    lines = [line for maker in makers for line in maker(evidence)]
    if not lines:
        return "Not measured yet."
    return "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))


def _split(evidence: Evidence) -> Iterator[str]:
    found = findings.optimism(evidence)
    if found is None:
        return
    winners = findings.winners(evidence)
    text = (
        "**Score on validation images**, the test set once at the end, as every preset but `paper` "
        f"does: choosing the epoch by test accuracy adds {points(found.epoch)} points to it"
    )
    if winners is not None:
        tested = winners[[run.split == "test" for run in winners["run"]]]
        lost = listed(points(gap) for gap in tested["reported"] - tested["mean"])
        text += (
            f"; the scores of seed-0's winners by {listed(tested['by'])} are {lost} points from "
            "those of the same genomes trained anew, other luck included"
        )
    yield text + "."


def _optimizer(evidence: Evidence) -> Iterator[str]:
    curves = findings.optimizer_curves(evidence)
    if curves is None:
        return
    best, own = curves.iloc[0], findings.reports_own(curves)
    gain, seeds = best["last"] - own["last"], int(curves["seeds"].min())
    noise = findings.training_noise(evidence, GENOME) / math.sqrt(seeds)
    what = (
        f"{points(gain)} points after the same {len(own['curve'])} epochs, the best of "
        f"{len(curves)} settings, on one genome with {plural(seeds, 'train seed')} (standard "
        f"error of such a mean {100 * noise:.1f} points)"
    )
    report = "SGD 0.01 with momentum 0.9"
    if gain >= max(WORTH, 4 * noise):  # of a dozen alike, the best is often ahead by 2
        yield f"**{setting_name(best)}** instead of {report}: {what}."
    else:
        yield f"**Keep the optimizer**, {report}: {setting_name(best)} has {what}."


def _heads(evidence: Evidence) -> Iterator[str]:
    """By the genomes without a sigmoid in a convolution, which is reason enough to fail."""
    if not evidence.tested:
        return
    table = findings.pooled(evidence)
    heads = findings.by_head(table)
    fails = (heads["plain_below"] > heads["plain"] / 2) & (heads["plain"] >= ENOUGH)
    bad = heads[fails & ~heads.index.isin(table["head"][table["winner"]])].index
    if len(bad):
        worst, rest = heads.loc[bad].sum(), heads.drop(bad).sum()
        yield (
            f"**Leave out {listed(bad)}** (`SearchSpace(head_activations=...)`) where training is "
            f"the report's: {worst['plain_below']:.0f} of {worst['plain']:.0f} genomes with it and "
            "no sigmoid in a convolution stay below 50 %, "
            f"{rest['plain_below']:.0f} of {rest['plain']:.0f} of the others; no winner has it."
        )


def _patience(evidence: Evidence) -> Iterator[str]:
    trained = evidence.table("patience")
    if trained is None:
        return
    late = int((trained["accuracy"] >= LEARNED).sum())
    if late:
        yield (
            f"**Do not stop in the first epochs**: of {len(trained)} genomes that early stopping "
            f"left at chance, {late} reach 50 % without it, the best "
            f"{percent(trained['accuracy'].max())}."
        )
    else:
        yield (
            f"**Keep stopping early**: none of {len(trained)} genomes that were stopped at chance "
            "reaches 50 % without it."
        )


def _clock(evidence: Evidence) -> Iterator[str]:
    clocks = evidence.table("clocks")
    if clocks is None:
        return
    last = findings.by_neighbours(clocks).iloc[-1]
    steadier = last["wall_ratio"] - 1 > 2 * abs(last["cpu_ratio"] - 1)
    advice = "CPU seconds in the fitness with time" if steadier else "Either clock will do"
    yield (
        f"**{advice}**: beside "
        f"{plural(int(last['neighbours']), 'busy neighbour')} wall-clock seconds are "
        f"{last['wall_ratio']:.2f} times those alone, CPU seconds {last['cpu_ratio']:.2f} times."
    )


def _seeds(evidence: Evidence) -> Iterator[str]:
    stable = ranks.stability(evidence)
    if stable is None or stable.n_learned < 2:
        return
    five = evidence.runs["seed-0"].table.nlargest(5, "fitness")["fitness"]
    spread = five.max() - five.min()
    close = spread < 3 * stable.fitness_std  # about what 95 % of differences stay within
    advice = "Train the finalists again with other seeds" if close else "One training will do"
    yield (
        f"**{advice}**: between train seeds fitness has a standard deviation of "
        f"{stable.fitness_std:.2f}, the five best of seed-0 lie within {spread:.2f}; the winner of "
        f"one seed has {stable.shrinkage:.2f} less with the others."
    )
