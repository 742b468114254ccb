"""What to change in the search by default: the evidence, as advice with the size of each effect."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.paper import findings, ranks
from benchmarks.paper.choice_sections import setting_name
from benchmarks.paper.evidence import LEARNED, Evidence
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
    what = "for choosing the epoch by it"
    if found.pairs is not None:
        what = "for the same genomes, 10,000 more training images included"
    yield (
        "**Score on validation images**, the test set once at the end, as every preset but `paper` "
        f"does: scored on the test set, accuracies differ by {points(found.size)} points, {what}."
    )


def _optimizer(evidence: Evidence) -> Iterator[str]:
    trained = evidence.table("optimizers")
    if trained is None:
        return
    curves = findings.optimizer_curves(trained)
    best, own = curves.iloc[0], findings.reports_own(curves)
    gain = best["last"] - own["last"]
    if gain >= WORTH:
        yield (
            f"**{setting_name(best)}** instead of SGD 0.01 with momentum 0.9: {points(gain)} "
            f"points after the same {trained['max_epochs'].max()} epochs, on one genome."
        )
    else:
        yield (
            f"**Keep the optimizer**: the best of the {len(curves)} settings that were tried is "
            f"{points(gain)} points from SGD 0.01 with momentum 0.9, on one genome."
        )


def _heads(evidence: Evidence) -> Iterator[str]:
    """By the genomes that were drawn: those that were bred inherit from one another."""
    if not evidence.tested:
        return
    heads = findings.by_head(findings.pooled(evidence))
    bad = heads[(heads["drawn_below"] > heads["drawn"] / 2) & (heads["drawn"] >= ENOUGH)].index
    if len(bad):
        worst, rest = heads.loc[bad].sum(), heads.drop(bad).sum()
        yield (
            f"**Leave out {listed(bad)}** (`SearchSpace(head_activations=...)`) where training is "
            f"the report's: {worst['drawn_below']:.0f} of {worst['drawn']:.0f} genomes drawn with "
            f"them stay below 50 %, {rest['drawn_below']:.0f} of {rest['drawn']:.0f} of the "
            f"others; {percent(worst['wasted'] / heads['cpu'].sum(), 0)} of all CPU time went "
            "there."
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
    yield (
        f"**CPU seconds in the fitness with time**: beside "
        f"{plural(int(last['neighbours']), 'busy neighbour')} wall-clock seconds are "
        f"{last['wall_ratio']:.2f} times those alone, CPU seconds {last['cpu_ratio']:.2f} times."
    )


def _seeds(evidence: Evidence) -> Iterator[str]:
    stable = ranks.stability(evidence)
    if stable is None or stable.n_learned < 2:
        return
    five = evidence.runs["seed-0"].table.nlargest(5, "fitness")["fitness"]
    yield (
        "**Train the finalists again with other seeds**: between train seeds fitness has a "
        f"standard deviation of {stable.fitness_std:.2f}, the five best of seed-0 lie within "
        f"{five.max() - five.min():.2f}; taking the winner of one seed gives away "
        f"{stable.regret:.2f}."
    )
