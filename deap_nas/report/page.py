"""The page of a run: collects what it shows, draws the figures, fills the template."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.fitness import accuracy_of, breeds_front, telling
from deap_nas.evaluation.own_fitness import OWN
from deap_nas.report import charts, chosen as chosen_network, drawings, progress
from deap_nas.report.classes import (
    class_report,
    confusion_table,
    difference_interval,
    weakest,
)
from deap_nas.report.confusion import confusion_figure
from deap_nas.report.front import KNEE_RULE, knee, pareto_front
from deap_nas.report.lineage import family, family_table, gene_shares, telling_steps
from deap_nas.report.networks import Studio, open_studio
from deap_nas.report.sheet import Sheet, dots_data
from deap_nas.report.shown import Shown
from deap_nas.runs.finalists import finalists_table
from deap_nas.runs.guess import guess
from deap_nas.runs.record import Record, canonical, read_run
from deap_nas.runs.tables import top, tops_of
from deap_nas.spaces import describe


def make_report(folder: Path, *, genome: str | None = None, tensorflow: bool = True) -> Path:
    """Write ``report.html`` and, in ``report/``, each figure and table; return the page's path.

    Args:
        folder: of the run, which may be finished, running or killed.
        genome: the network to show; the best by the run's fitness unless given.
        tensorflow: may be asked for what the search did not leave: the images that the network
            gets wrong, and the test score of a genome that was given.

    Raises:
        ReportError: if there is no run, or not that genome in it.
    """
    record = read_run(folder)
    chosen = chosen_network.choose(record, genome)
    directory = record.directory
    directory.figures.mkdir(exist_ok=True)
    page = Sheet(directory.page, directory.figures, Shown(record.split))
    with open_studio(record) as studio:
        if chosen and tensorflow:
            with page.noting("test score"):
                chosen = chosen_network.score_on_test(record, chosen, studio)
        content = {
            **_searched(record, page),
            **_found(record, page, chosen),
            **_course(record, page),
            **(_network(record, page, chosen, studio if tensorflow else None) if chosen else {}),
        }
    page.write("page.html.j2", **content, record=record, chosen=chosen)
    return page.path


def _searched(record: Record, page: Sheet) -> dict[str, Any]:
    """What was searched, on what, for how long; what failed; how to run it again."""
    names, why = chosen_network.class_names(record)
    if why:
        page.missing.append(f"names of the classes: {why}")
    fitness = record.settings["fitness"]
    started = shlex.join(record.config["command"])
    command = ["python", "-m", "deap_nas.run", "--config", str(record.directory.config)]
    return {
        "settings": record.settings,
        "algorithm": record.algorithm,
        "method": ALGORITHMS[record.algorithm],
        "several": not ALGORITHMS[record.algorithm].one_objective or breeds_front(fitness),
        "telling": telling(fitness),
        "small_enough": record.settings.get("small_enough", 0),
        "recipe": record.config["recipe"],
        "config": record.config,
        "space_rules": describe(record.space)[1:-1],
        "class_names": names,
        "failures": progress.failures_table(record),
        "started": started,
        "again": shlex.join([*command, "--out", "NEW"]),
        "resume": shlex.join(["python", "-m", "deap_nas.run", "--resume", str(record.folder)]),
    }


def _found(record: Record, page: Sheet, chosen: Any) -> dict[str, Any]:
    """The networks: top fives, front, scatter plots; the chosen one beside the baseline."""
    table = record.table
    front = pareto_front(table)
    bend = knee(front)
    baseline = chosen_network.baseline_of(record)
    if len(front):
        shown = (baseline, record.split, record.finalists)
        page.draw(charts.front_figure(table, front, bend, *shown))
    ok = table[table["status"] == "ok"]
    known = [by for by in charts.COSTS if by in ok and ok[by].astype(float).gt(0).any()]
    costs = {by: charts.COSTS[by] for by in known}
    for by in costs:
        page.draw(charts.cost_figure(table, by, record.split))
    if len(table):
        page.draw(charts.scatter(table, "fitness", record.split))
        page.draw(charts.scatter(table, "fitness_time", record.split))
        if OWN in table:
            page.draw(charts.scatter(table, OWN, record.split))
    return {
        "tops": {name: (title, *top(table, name)) for name, title in tops_of(table).items()},
        "front": front,
        "knee": bend,
        "knee_rule": KNEE_RULE,
        "costs": costs,
        "baseline": baseline,
        **_finals(record),
        "verdict": _verdict(record, chosen, baseline) if chosen and baseline else None,
        "guess": guess(chosen.confusion) if chosen else None,
        "versus": chosen_network.versus_table(record, chosen, baseline) if chosen else None,
        "data": dots_data(table, record.split, front.index.tolist(), tuple(costs)),
    }


def _finals(record: Record) -> dict[str, Any]:
    """The finalists, and how their trainings and test scores came to be."""
    finalists = record.finalists
    return {
        "finalists": finalists_table(finalists) if finalists else None,
        "by_int8": any(each.int8 for each in finalists),
        "final_trainings": len(record.finals),
        "final_epochs": max((each.mean.epochs for each in finalists), default=0),
        "final_seeds": sorted({seed for each in finalists for seed in each.seeds}),
        "baseline_again": record.trained_again.get(_baseline_text(record)),
        "tested": chosen_network.count_tested(record),
        "tested_foreseen": chosen_network.count_foreseen(record),
    }


def _baseline_text(record: Record) -> str:
    text = record.settings["baseline"]
    return canonical(text) if text else ""


def _verdict(record: Record, chosen: Any, baseline: Any) -> dict[str, Any] | None:
    """Whether the chosen network beats the baseline beyond the noise of so many images: by their
    test scores where both have one, else by the search's split."""
    known = chosen_network.test_scores(record)
    genome = _baseline_text(record)
    again, _ = record.network(genome)
    counts = [np.array(each.confusion) for each in (chosen.evaluation, again or baseline)]
    on = record.split
    if chosen.test is not None and genome in known:
        counts, on = [chosen.test, np.array(known[genome])], "test"
    if not all(count.size for count in counts):
        return None
    (a, n_a), (b, n_b) = ((accuracy_of(count), int(count.sum())) for count in counts)
    low, high = difference_interval(a, n_a, b, n_b)
    return {"on": on, "images": n_a, "difference": float(a - b), "low": low, "high": high}


def _course(record: Record, page: Sheet) -> dict[str, Any]:
    """How the search went."""
    by_generation, outcomes = progress.generations_table(record), progress.outcomes_table(record)
    times = progress.time_table(record)
    fitness = telling(record.settings["fitness"]).replace("_", " ")
    page.shown.tables["outcomes"] = outcomes
    if len(by_generation) and len(record.good):
        page.draw(charts.convergence(by_generation, fitness))
        page.draw(charts.hypervolume_figure(by_generation, record.reference_params()))
    if len(by_generation):
        shares = gene_shares(record)
        page.shown.tables["genes"] = shares
        for what in dict.fromkeys(shares["what"]):
            page.draw(charts.genes_figure(shares[shares["what"] == what], what))
    if len(record.good):
        page.draw(charts.best_so_far(outcomes, fitness))
    if len(outcomes):
        page.draw(charts.time_figure(times))
    steps = telling_steps(record)
    wheel = _wheel(record, steps[0].generation - 1) if steps else {}
    if steps:
        page.draw(drawings.one_step(steps, wheel))
    return {
        "by_generation": by_generation,
        "times": times,
        "steps": steps,
        "wheel": wheel,
        "reference": record.reference_params(),
        "last_best": progress.last_improvement(by_generation, "best_so_far"),
        "last_volume": progress.last_improvement(by_generation, "hypervolume"),
    }


def _wheel(record: Record, generation: int) -> dict[str, float]:
    """The chance of each genome of a generation at one draw of the roulette wheel; empty where the
    run selected in another way."""
    line = next((line for line in record.generations if line["number"] == generation), None)
    by_generation = ALGORITHMS[record.algorithm].by_generation
    if line is None or record.settings["selection"] != "roulette" or not by_generation:
        return {}
    evaluations = {text: record.evaluation(text) for text in line["population"]}
    values = pd.Series({t: record.fitness(e) for t, e in evaluations.items() if e}, dtype=float)
    copies = pd.Series(line["population"]).value_counts()
    slots = (values * copies).fillna(0)
    return {} if not slots.sum() else dict(values / slots.sum())


def _network(record: Record, page: Sheet, chosen: Any, studio: Studio | None) -> dict[str, Any]:
    """The chosen network: class by class, what it gets wrong, curves, drawing, family."""
    evaluation = chosen.evaluation
    names, _ = chosen_network.class_names(record)
    content: dict[str, Any] = {"classes": None, "mistakes": {}}
    if chosen.confusion.size:
        of = record.split if chosen.test is None else "test"
        matrix = confusion_figure(chosen.confusion, names, of)
        if matrix.numbered:  # the table beside it is its key
            names = tuple(f"{number} {name}" for number, name in enumerate(names))
        page.draw(matrix)
        report = class_report(chosen.confusion, names)
        weak = weakest(report, chosen.confusion)
        page.shown.tables["confusion"] = confusion_table(chosen.confusion, names)
        content |= {"classes": report, "weak": weak, "scored_on": of, "class_names": names}
        with page.noting("images that it gets wrong"):
            labels = [int(label) for label in weak.index]  # two classes may have one name
            content["mistakes"] = chosen_network.mistakes(record, chosen, labels, studio)
    baseline, _ = record.network(_baseline_text(record))
    networks = {"chosen": evaluation, **({"baseline": baseline} if baseline else {})}
    networks = {name: each for name, each in networks.items() if each.curve}
    if networks:
        page.draw(charts.curves(networks, record.split))
    page.draw(drawings.architecture(chosen.genome, record.input_shape, record.n_classes))
    members = family(record, chosen.genome)
    drawn = {birth.number for birth in members}
    accuracy = dict(zip(record.good["genome"], record.good["accuracy"]))
    if members:
        page.draw(drawings.family_tree(members, accuracy))
    cut = any(set(birth.parents) - drawn for birth in members)
    return {**content, "family": family_table(record, members), "family_cut": cut}
