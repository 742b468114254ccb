"""The report's choices, measured: a section each."""

from __future__ import annotations

import math

from benchmarks.paper import findings, ranks
from benchmarks.paper.evidence import LEARNED, Evidence
from benchmarks.paper.report_sections import seeds_of
from benchmarks.paper.text import NOT_YET, code, origin, percent, plural, points, table


def optimizers(evidence: Evidence) -> str:
    curves, trained = findings.optimizer_curves(evidence), evidence.table("optimizers")
    if curves is None or trained is None:
        return NOT_YET
    own = findings.reports_own(curves)
    rows = [
        (
            optimizer_name(row),
            f"{row.learning_rate:g}",
            percent(row.last) if len(row.curve) else "diverged",
            "never" if math.isnan(row.to_75) else f"{row.to_75:.0f}",
        )
        for row in curves.itertuples()
    ]
    epochs, seeds = int(trained["max_epochs"].max()), int(curves["seeds"].min())
    header = ("optimizer", "learning rate", f"test accuracy after epoch {epochs}")
    header = (*header, "first epoch with 75 %")
    text = (
        f"On {code(trained['genome'].iloc[0])}, {epochs} epochs, {plural(seeds, 'train seed')}, no "
        f"early stopping. The report's choice, SGD 0.01 with momentum 0.9, is number "
        f"{own.name + 1} of {len(curves)}; the best, {setting_name(curves.iloc[0])}, is "
        f"{points(curves.iloc[0]['last'] - own['last'])} points from it."
    )
    made = origin(evidence.made["optimizers"], "train seeds 0 up")
    picture = "![Test accuracy by epoch and optimizer](figures/optimizers.svg)"
    return "\n\n".join([text, table((*header,), rows), picture, made])


def optimizer_name(row: object) -> str:
    names = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"}
    momentum = f", momentum {row.momentum:g}" if row.momentum else ""  # type: ignore[attr-defined]
    return names[row.optimizer] + momentum  # type: ignore[attr-defined]


def setting_name(row: object) -> str:
    return f"{optimizer_name(row)}, rate {row.learning_rate:g}"  # type: ignore[attr-defined]


def optimism(evidence: Evidence) -> str:
    found = findings.optimism(evidence)
    if found is None:
        return NOT_YET
    lines = [
        f"- Choosing the epoch by its test accuracy adds {points(found.epoch)} points over taking "
        f"the last one (mean over {found.n_epoch} genomes of the test-scored runs that learned)."
    ]
    if found.tested is not None and found.top is not None:
        lines += [
            f"- In the run scored on validation, validation accuracy is {points(found.tested)} "
            f"points from the test accuracy of the same weights (mean over {found.n_tested} "
            f"genomes that learned; rank correlation of the two {found.rank:.2f}). Its five best "
            f"by fitness: {percent(found.top[0])} on validation, {percent(found.top[1])} on test."
        ]
    if found.pairs is not None:
        lines += [
            f"- The {found.n_pairs} genomes that learned in both runs of search seed 0 score "
            f"{points(found.pairs)} ± {100 * found.pairs_error:.1f} points (standard error) in the "
            "run scored on test over their test accuracy in the other. That has test-set scoring "
            "in it, 60,000 training images for 50,000, and the luck of both trainings."
        ]
    winners = findings.winners(evidence)
    made = [origin(run.made, seeds_of(run)) for run in evidence.runs.values()]
    if "tested" in evidence.made:
        made.append(origin(evidence.made["tested"]))
    parts = ["\n".join(lines), *made]
    if winners is None:
        return "\n\n".join([*parts, "The winners, trained anew: not measured yet."])
    rows = [
        (
            f"{row.run.name}, by {row.by}",
            code(row.genome),
            f"{row.n_params:,}",
            f"{percent(row.reported)} ({row.run.split})",
            percent(row.mean) + (f" ± {100 * row.std:.2f}" if row.seeds > 1 else ""),
            points(row.reported - row.mean),
        )
        for row in winners.itertuples()
    ]
    header = (
        "winner of",
        "genome",
        "parameters",
        "score in its run",
        "test accuracy, trained anew",
    )
    text = (
        f"The winners, trained anew alike: other train seeds ({winners['seeds'].min()} of them), "
        "50,000 images, the epoch chosen on validation images, the test set scored once."
    )
    made_anew = origin(evidence.made["winners"], "train seeds 1 up")
    return "\n\n".join([*parts, text, table((*header, "lost, points"), rows), made_anew])


def never(evidence: Evidence) -> str:
    if not evidence.tested:
        return NOT_YET
    table_of_all = findings.pooled(evidence)
    heads = findings.by_head(table_of_all)
    rows = [
        (
            head,
            row.genomes,
            row.chance,
            row.below,
            f"{row.drawn_below} of {row.drawn}",
            f"{row.plain_below} of {row.plain}",
            percent(row.best),
            percent(row.wasted / row.cpu, 0),
        )
        for head, row in zip(heads.index, heads.itertuples())
    ]
    header = ("last gene", "genomes", "below 20 %", "below 50 %", "below 50 %, of those drawn")
    header = (*header, "below 50 %, of those without a sigmoid in a convolution")
    header = (*header, "best accuracy", "share of their CPU time spent below 50 %")
    total, low = heads.sum(), table_of_all[table_of_all["chance"]]
    with_it = table_of_all[table_of_all["sigmoid"]]
    without = table_of_all[~table_of_all["sigmoid"]]
    text = (
        f"Of {total['genomes']:.0f} genomes of the test-scored runs, {total['chance']:.0f} stay "
        f"below 20 % and {total['below']:.0f} below 50 %; training the latter took "
        f"{percent(total['wasted'] / total['cpu'], 0)} of the CPU time. Of the {len(low)} below "
        f"20 %, {(low['epochs'] <= 4).sum()} were stopped after at most 4 epochs: early stopping, "
        "which the report is silent about and the authors' notebook has, ends a training whose "
        "loss has not moved in the first three. Below 20 % are "
        f"{with_it['chance'].sum()} of {len(with_it)} genomes with a sigmoid in a convolution, and "
        f"{without['chance'].sum()} of {len(without)} without. Genomes of later generations "
        "inherit from one another, so those drawn for the first one are counted apart, too."
    )
    made = [origin(run.made, seeds_of(run)) for run in evidence.tested]
    return "\n\n".join([text, table(header, rows), *made, patience(evidence)])


def patience(evidence: Evidence) -> str:
    trained, run = evidence.table("patience"), evidence.runs.get("seed-0")
    if trained is None or run is None:
        return "Whether they were only stopped too early: not measured yet."
    before = run.table.set_index("genome")
    rows = [
        (
            code(row.genome),
            f"{percent(before.loc[row.genome, 'accuracy'])}, {before.loc[row.genome, 'epochs']}",
            f"{percent(row.accuracy)}, {row.best_epoch}",
        )
        for row in trained.itertuples()
    ]
    late = int((trained["accuracy"] >= LEARNED).sum())
    text = (
        f"Were they only stopped too early? Trained for {trained['max_epochs'].max()} epochs "
        f"without early stopping, {late} of {len(trained)} reach 50 %:"
    )
    header = (
        "genome",
        "in the run: accuracy, epochs",
        "without stopping: best accuracy, its epoch",
    )
    return "\n\n".join(
        [text, table(header, rows), origin(evidence.made["patience"], "train seed 0")]
    )


def clocks(evidence: Evidence) -> str:
    measured = evidence.table("clocks")
    if measured is None:
        return NOT_YET
    found = findings.by_neighbours(measured)
    rows = [
        (
            ("none", "one", "two")[int(row.neighbours)],
            int(row.n),
            f"{row.wall:.2f} ({row.wall_low:.2f} to {row.wall_high:.2f})",
            f"{row.wall_ratio:.2f}",
            f"{row.cpu:.2f} ({row.cpu_low:.2f} to {row.cpu_high:.2f})",
            f"{row.cpu_ratio:.2f}",
        )
        for row in found.itertuples()
    ]
    header = ("busy neighbours", "trainings", "wall-clock seconds, mean (range)", "times alone")
    header = (*header, "CPU seconds, mean (range)", "times alone")
    text = (
        "One short training of the first published genome, repeated; a neighbour is another "
        "process that trains. A fitness with time changes by as much as its seconds."
    )
    return "\n\n".join([text, table(header, rows), origin(evidence.made["clocks"], "train seed 0")])


def stability(evidence: Evidence) -> str:
    found = ranks.stability(evidence)
    if found is None:
        return NOT_YET
    seeds = list(found.accuracy)
    rows = [
        (code(genome), *(percent(found.accuracy.loc[genome, seed]) for seed in seeds))
        for genome in found.accuracy.index
    ]
    header = ("genome", *(f"train seed {seed}" for seed in seeds))
    trained, learned = evidence.choices["stability"], ""
    if found.n_learned > 1:
        learned = (
            f" Among the {found.n_learned} that learned with every seed, tau is "
            f"{found.kendall_learned['fitness']:.2f} and {found.kendall_learned['accuracy']:.2f}, "
            f"and the standard deviation of an accuracy {100 * found.std:.2f} points."
        )
    text = (
        f"{len(found.accuracy)} genomes of seed-0, evenly over its ranking, up to "
        f"{trained['max_epochs'].max()} epochs. Rank correlation between two train seeds "
        f"(Kendall's tau, mean of the pairs): fitness {found.kendall['fitness']:.2f}, accuracy "
        f"{found.kendall['accuracy']:.2f} (Spearman's: {found.spearman['fitness']:.2f} and "
        f"{found.spearman['accuracy']:.2f}).{learned} Learned with one seed, at chance with "
        f"another: {found.flipped}. The winner of one seed has "
        f"{found.shrinkage:.2f} less fitness with the other seeds (mean over the seeds)."
    )
    return "\n\n".join(
        [
            text,
            table(header, rows),
            origin(evidence.made["stability"], f"train seeds {seeds[0]} to {seeds[-1]}"),
        ]
    )
