"""Whether the report reproduces: sentences that the numbers choose."""

from __future__ import annotations

from benchmarks.paper import findings
from benchmarks.paper.evidence import Evidence, Run
from benchmarks.paper.ranks import root_mean_square
from benchmarks.paper.report_sections import class_scores
from benchmarks.paper.text import listed, percent, points

NEAR = 0.02  # of test accuracy: what counts as the same
FAR = 0.98  # of fitness


def statement(evidence: Evidence) -> str:
    """Three sentences: whether the report reproduces."""
    return " ".join((_numbers(evidence), _pattern(evidence), _care(evidence)))


def rule(evidence: Evidence) -> str:
    """What the statement's first words rest on."""
    n = len(evidence.four)
    return (
        f"- **“Reproduces”** means here: at least {n - 1} of the {n} complete genomes within "
        f"{100 * NEAR:.0f} points of their test accuracy, and each search with a best fitness of "
        f"at least {percent(FAR, 0)} of the report's and a best test accuracy at most "
        f"{100 * NEAR:.0f} points below its. “In part”: some of these."
    )


def _numbers(evidence: Evidence) -> str:
    gaps, runs = findings.four_differences(evidence), evidence.tested
    near = int((gaps.abs() <= NEAR).sum())
    held = [near >= len(gaps) - 1, *(_reached(evidence, run) for run in runs)]
    verdict = (
        "reproduces" if all(held) else "reproduces in part" if any(held) else "does not reproduce"
    )
    four = (
        f"retrained with {int(evidence.four['seeds'].min())} train seeds each, {near} of its "
        f"{len(gaps)} complete genomes come within {100 * NEAR:.0f} points of their test accuracy "
        f"({points(gaps.min())} to {points(gaps.max())})"
    )
    subject = "The report" if _complete(evidence) else "By what is measured so far, the report"
    if not runs:
        return f"{subject} {verdict}: {four}; no search is done yet."
    ours = listed(
        f"{run.best('fitness')['fitness']:.2f} and {percent(run.best('accuracy')['accuracy'], 1)} "
        f"({run.name})"
        for run in runs
    )
    return (
        f"{subject} {verdict}: {four}, and where its search found a best fitness of "
        f"{evidence.top['fitness'].max():.2f} and a best test accuracy of "
        f"{percent(evidence.top['test_accuracy'].max(), 1)}, ours found {ours}."
    )


def _reached(evidence: Evidence, run: Run) -> bool:
    fitness, accuracy = evidence.top["fitness"].max(), evidence.top["test_accuracy"].max()
    best = run.best("fitness")["fitness"], run.best("accuracy")["accuracy"]
    return bool(best[0] >= FAR * fitness and best[1] >= accuracy - NEAR)


def _pattern(evidence: Evidence) -> str:
    names, runs = evidence.classes["class"], evidence.tested
    theirs = findings.weakest(evidence.classes, names)
    same = sum(findings.weakest(class_scores(run), names) == theirs for run in runs)
    if not runs:
        return "Its tables by class and its scatter plots are not compared yet."
    best, learned = findings.sizes(evidence)
    prefers = "prefers" if best < learned else "does not prefer"
    held = (same / len(runs), float(best < learned))
    whole = "holds" if min(held) == 1 else "holds in part" if max(held) else "differs"
    which = f"are its weakest in {same} of {len(runs)}" if len(runs) > 1 else "are its weakest"
    if not same:
        which = "are not all its weakest"
    return (
        f"The pattern that it describes {whole}: fitness {prefers} small networks (the ten best "
        f"have {best:,.0f} parameters in the median, all that learned {learned:,.0f}), and the "
        f"report's three weakest classes, {listed(theirs)}, {which}."
    )


def _care(evidence: Evidence) -> str:
    found, clocks = findings.optimism(evidence), evidence.table("clocks")
    parts = []
    if found is not None and found.epoch > 0:
        parts.append(f"epochs chosen by the test set ({points(found.epoch)} points here)")
    if evidence.tested:
        low = findings.pooled(evidence)["below"].mean()
        parts.append(f"a search in which {percent(low, 0)} of our genomes never reach 50 %")
    winners = findings.winners(evidence)
    if winners is not None:
        first = winners.iloc[0]  # seed-0's, by fitness
        lost = points(first["reported"] - first["mean"])
        parts.append(f"one training each (our winner's score is {lost} points from its retraining)")
    if clocks is not None:
        ratio = findings.by_neighbours(clocks)["wall_ratio"].iloc[-1]
        parts.append(f"wall-clock seconds ({ratio:.1f} times as many beside busy neighbours)")
    if not parts:
        return "What its choices cost is not measured yet."
    return f"Read its numbers with care, for they come from {listed(parts)}."


def _complete(evidence: Evidence) -> bool:
    runs = [*evidence.tested, evidence.validation]
    return len(runs) == 3 and all(run is not None and run.finished for run in runs)


def agreement(evidence: Evidence) -> str:
    """What agrees, what differs, and why."""
    gaps, same = findings.four_differences(evidence), set(evidence.top["n_params"])
    exact = int(evidence.four["n_params"].isin(same).sum())
    moves = 100 * root_mean_square(evidence.four["std_accuracy"])
    lines = [
        rule(evidence),
        f"- **Parameters** agree exactly in {exact} of {len(gaps)} genomes.",
        f"- **Test accuracies** of the four differ by {points(gaps.min())} to {points(gaps.max())} "
        f"points, {points(gaps.mean())} in the mean. One training of a genome moves by "
        f"{moves:.1f} points (standard deviation between our "
        "train seeds), and the published values are single trainings of genomes that were picked "
        "for their scores: such a score is more likely lucky than not.",
        "- **Seconds** are not comparable: other machines, other programs.",
    ]
    if evidence.tested:
        low = int(findings.pooled(evidence)["chance"].sum())
        seen = max(len(run.table) for run in evidence.tested)
        size = evidence.tested[0].record.config["space"]["size"]
        lines += [
            f"- **Genomes at chance** ({low} of ours) are in none of the report's tables, which "
            "show the best alone.",
            f"- **Other winners** are no contradiction: a run sees {seen} genomes at most, of "
            f"{size:,}, from an initial population that is not the report's.",
        ]
    return "\n".join(lines)
