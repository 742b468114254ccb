"""The report's tables and figures, each next to ours."""

from __future__ import annotations

import math

import pandas as pd

from benchmarks.paper import findings
from benchmarks.paper.evidence import Evidence, Run
from benchmarks.paper.text import NOT_YET, code, listed, origin, percent, plural, points, table
from deap_nas.report.lineage import telling_steps

TOPS = {  # figure: its title, what it is sorted by
    2: ("top five by fitness", "fitness"),
    3: ("top five by test accuracy", "accuracy"),
    4: ("top five by fitness with time, above 75 % accuracy", "fitness_time"),
}
TIMED_ACCURACY = 0.75


def searches(evidence: Evidence) -> str:
    """What was run, and what it took."""
    rows = []
    for run in evidence.runs.values():
        best, good = run.best("fitness"), run.table
        hours = f"{run.record.elapsed / 3600:.2f}" + ("" if run.finished else " so far")
        rows.append(
            (
                f"[{run.name}]({run.name})",
                run.split,
                len(good),
                hours,
                f"{good['train_cpu_seconds'].sum() / 3600:.2f}",
                f"{findings.wall_over_cpu(run):.2f}",
                f"{best['fitness']:.4f}",
                percent(good["accuracy"].max()),
            )
        )
    header = ("run", "scored on", "genomes trained", "hours, wall clock", "CPU hours of training")
    header = (*header, "wall clock / CPU of training", "best fitness", "best accuracy")
    lines = [origin(run.made, seeds_of(run)) for run in evidence.runs.values()]
    note = (
        "The report's log numbers its genomes up to at least "
        f"{evidence.top['number'].max()}, counted from 0, so it trained about as many or fewer. "
        "Where the wall clock ran longer than the processor, other work ran beside the search."
    )
    return "\n\n".join([table(header, rows), note, *lines])


def seeds_of(run: Run) -> str:
    settings = run.record.settings
    return f"search seed {run.seed}, train seed {settings['train_seed']}"


def one_step(evidence: Evidence) -> str:
    """Figure 1: selection, crossover and mutation on four genomes."""
    run = next((run for run in evidence.tested if telling_steps(run.record)), None)
    if run is None:
        return NOT_YET
    fitness = dict(zip(run.table["genome"], run.table["fitness"]))

    def shown(genome: str) -> str:
        return f"{fitness[genome]:.4f}" if genome in fitness else "not trained"

    rows = []
    for number, step in enumerate(telling_steps(run.record), 1):
        for role, genomes in (("parent", step.parents), ("child", step.children)):
            rows += [(number, role, code(genome), shown(genome)) for genome in genomes]
        rows += [
            (number, "child, mutated", code(genome), shown(genome))
            for genome, mutated in zip(step.after, step.mutated)
            if mutated
        ]
    generation = telling_steps(run.record)[0].generation
    text = (
        f"The report draws four sample strings. These are two pairs of run {run.name} that were "
        f"selected in generation {generation - 1} and bred for generation {generation}, from its "
        "journal; a child that breaks the rules is rejected, and its parents stay. A child that "
        "was mutated is trained in its mutated form only."
    )
    picture = "![Two pairs: parents, children, mutation](figures/step.svg)"
    header = ("pair", "what", "genome", "fitness")
    return "\n\n".join([text, picture, table(header, rows), origin(run.made, seeds_of(run))])


def tops(evidence: Evidence, figure: int) -> str:
    """Figures 2 to 4: a top five of the report, and of each of our runs."""
    by = TOPS[figure][1]
    header = ("genome", "test accuracy", "train accuracy", "parameters", "seconds", "fitness")
    header = (*header, "fitness with time")
    theirs = evidence.top[evidence.top["figure"] == figure]
    parts = ["The report's (its strings are cut short, in its order):"]
    parts.append(table(header, [_row(row, f"{row.genome}…", "") for row in theirs.itertuples()]))
    for run in evidence.tested:
        good = run.table[run.table["status"] == "ok"]
        if by == "fitness_time":
            good = good[good["accuracy"] > TIMED_ACCURACY]
        best = good.nlargest(5, by)
        rows = [_row(row, row.genome, "train_") for row in best.itertuples()]
        state = "" if run.finished else " (not finished)"
        parts += [
            f"Ours, run {run.name}{state}:",
            table(header, rows),
            origin(run.made, seeds_of(run)),
        ]
    return "\n\n".join(parts)


def _row(row: object, genome: str, clock: str) -> tuple[str, ...]:
    accuracy = getattr(row, "test_accuracy", getattr(row, "accuracy", None))
    assert isinstance(accuracy, float)
    return (
        code(genome),
        f"{accuracy:.4f}",
        f"{row.train_accuracy:.4f}",  # type: ignore[attr-defined]
        str(row.n_params),  # type: ignore[attr-defined]
        f"{getattr(row, clock + 'seconds'):.2f}",
        f"{row.fitness:.4f}",  # type: ignore[attr-defined]
        f"{row.fitness_time:.4f}",  # type: ignore[attr-defined]
    )


def arithmetic(evidence: Evidence) -> str:
    """Whether the report's own columns agree with its formulas."""
    top = evidence.top.drop_duplicates("number")
    fitness = 100 * top["test_accuracy"] / top["n_params"].map(math.log)
    timed = top["fitness"] / top["seconds"]
    # Both are printed with four decimals, from numbers that are rounded themselves.
    same = ((fitness - top["fitness"]).abs() < 1e-3) & ((timed - top["fitness_time"]).abs() < 1e-4)
    third = evidence.top[evidence.top["figure"] == 3]["test_accuracy"]
    order = "is" if third.is_monotonic_decreasing else "is not"
    return (
        f"In {same.sum()} of the {len(top)} different rows of the report's tables, fitness and "
        "fitness with time follow from the other columns by 100 × accuracy / ln(parameters) and "
        f"fitness / seconds. Its figure 3 {order} in the order of test accuracy."
    )


def classes(evidence: Evidence) -> str:
    """Figure 5: the classification report of the fitness-best model."""
    if not evidence.tested:
        return NOT_YET
    ours = {run.name: class_scores(run) for run in evidence.tested}
    header = ["class", "report: precision", "recall", "F1"]
    for name in ours:
        header += [f"{name}: precision", "recall", "F1"]
    rows = []
    for i, line in enumerate(evidence.classes.itertuples()):
        row = [f"{i} {line._1}", f"{line.precision:.2f}", f"{line.recall:.2f}", f"{line.f1:.2f}"]
        for scores in ours.values():
            row += [f"{scores[column][i]:.2f}" for column in ("precision", "recall", "f1")]
        rows.append(row)
    names = evidence.classes["class"]
    weak = [f"the report's {listed(findings.weakest(evidence.classes, names))}"]
    for name, scores in ours.items():
        weak.append(f"those of {name} {listed(findings.weakest(scores, names))}")
    best = [
        f"{run.name}: {code(run.best('fitness')['genome'])}, "
        f"{percent(run.best('fitness')['accuracy'])} with {run.best('fitness')['n_params']:,} "
        "parameters"
        for run in evidence.tested
    ]
    text = f"1,000 test images a class. The three weakest by F1: {'; '.join(weak)}."
    return "\n\n".join(
        [table(header, rows), text, "\n".join(f"- {line}" for line in best)]
        + [origin(run.made, seeds_of(run)) for run in evidence.tested]
    )


def class_scores(run: Run) -> pd.DataFrame:
    return findings.class_scores(run.confusion(run.best("fitness")["genome"]))


def scatters(evidence: Evidence) -> str:
    """Figures 6 and 7: accuracy against parameters, coloured by both fitnesses."""
    if not evidence.tested:
        return NOT_YET
    parts = []
    for number, by in ((6, "fitness"), (7, "fitness with time")):
        name = by.replace(" with ", "_")
        parts.append(f"![Figure {number}: accuracy, parameters, {by}](figures/scatter_{name}.svg)")
    theirs = evidence.top.drop_duplicates("number")
    table_of_all = pd.concat([run.table for run in evidence.tested]).drop_duplicates("genome")
    drawn = plural(len(table_of_all), "genome")
    parts.append(
        f"Dots: the {drawn} of {listed(run.name for run in evidence.tested)}. Diamonds: the "
        f"{len(theirs)} that the report's tables show; its other points are in its pictures alone. "
        "The colour of figure 7 has seconds in it, ours of this machine."
    )
    best, learned = findings.sizes(evidence)
    if not math.isnan(learned):
        verb = "agrees" if best < learned else "does not agree"
        parts.append(
            f"The ten best by fitness have {best:,.0f} parameters in the median, all that learned "
            f"{learned:,.0f}: that {verb} with the report, whose best by fitness are at the left."
        )
    return "\n\n".join(parts + [origin(run.made, seeds_of(run)) for run in evidence.tested])


def four(evidence: Evidence) -> str:
    """The report's complete genomes, trained again."""
    rows = []
    for row, gap in zip(evidence.four.itertuples(), findings.four_differences(evidence)):
        rows.append(
            (
                code(row.genome),
                f"{row.n_params:,}",
                percent(row.published_accuracy),
                f"{percent(row.mean_accuracy)} ± {100 * row.std_accuracy:.2f}",
                points(gap, 2),
                f"{row.published_fitness:.4f}",
                f"{row.mean_fitness:.4f}",
                f"{row.mean_epochs:.1f}",
                f"{row.published_seconds:.0f}",
                f"{row.mean_cpu_seconds:.0f}",
            )
        )
    header = ("genome", "parameters", "test accuracy, published", "ours, mean ± standard deviation")
    header = (*header, "difference, points", "fitness, published", "ours", "epochs, ours")
    header = (*header, "seconds, published", "CPU seconds, ours")
    seeds = int(evidence.four["seeds"].min())
    found = f"{seeds} train seeds each. The figure has them in the order of the table."
    picture = "![Published values among ours](figures/published.svg)"
    made = origin(evidence.made["published_genomes"], f"train seeds 0 to {seeds - 1}")
    return "\n\n".join([found, table(header, rows), picture, made])
