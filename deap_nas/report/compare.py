"""Runs side by side; repeats of one search pooled as mean and spread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.report import chosen as chosen_network
from deap_nas.report.compare_charts import fronts_figure, progress_figure, volumes_figure
from deap_nas.report.front import hypervolume, pareto_front
from deap_nas.report.progress import failed_in, outcomes_table
from deap_nas.report.sheet import Sheet, dots_data
from deap_nas.report.shown import Shown
from deap_nas.runs.config import FREE
from deap_nas.runs.directory import RunDirectory, RunsDirectory
from deap_nas.runs.record import Record, ReportError, canonical, read_run

SEEDS = ("seed", "train_seed")
IGNORED = (*FREE, *SEEDS)
POOLED = (
    *("accuracy", "test_accuracy", "n_params", "fitness", "hypervolume", "genomes", "hours"),
    *("baseline_accuracy", "baseline_test_accuracy", "ahead", "test_ahead"),
)


@dataclass(frozen=True)
class Group:
    """Runs of the same settings but for the seeds: repeats of one search."""

    name: str
    runs: dict[str, Record]


def make_comparison(folders: Sequence[Path], path: Path) -> Path:
    """Write a page that compares runs, and beside it, in a folder of its name, figures and tables.

    Args:
        folders: runs, or folders that hold runs.
        path: of the page; it ends in .html.

    Raises:
        ReportError: if there is no run in one of them.
    """
    groups = group({name: read_run(folder) for name, folder in find_runs(folders).items()})
    runs = {name: record for each in groups for name, record in each.runs.items()}
    splits = {record.split for record in runs.values()}
    reference = max(record.reference_params() for record in runs.values())
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(path, folder, Shown("scored" if len(splits) > 1 else splits.pop()))
    table = runs_table(groups, reference)
    dots = _all_rows(groups)
    sheet.draw(fronts_figure(dots, [each.name for each in groups]))
    if any(len(record.table) for record in runs.values()):
        sheet.draw(progress_figure(_curves(groups)))
        sheet.draw(volumes_figure(volumes_table(groups, reference), reference))
    sheet.shown.tables["volumes"] = volumes_table(groups, reference)
    sheet.write(
        "compare.html.j2",
        groups=groups,
        runs=table,
        pooled=pooled_table(table),
        differences=differences_table(groups),
        warnings=_warnings(runs),
        reference=reference,
        data=dots_data(dots, "scored", [], ("run",)),
    )
    return path


def find_runs(folders: Sequence[Path]) -> dict[str, Path]:
    """Runs by a name that tells them apart.

    Raises:
        ReportError: for a folder that neither is a run nor holds any.
    """
    found: list[Path] = []
    for folder in folders:
        runs = [folder] if RunDirectory(folder).begun() else RunsDirectory(folder).runs()
        if not runs:
            raise ReportError(f"{folder}: no run is there, nor in a folder in it; check the path")
        found += [run for run in runs if run.resolve() not in [f.resolve() for f in found]]
    for parts in range(1, 1 + max(len(run.resolve().parts) for run in found)):
        names = ["/".join(run.resolve().parts[-parts:]) for run in found]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, found))


def group(runs: dict[str, Record]) -> list[Group]:
    """Put repeats together: the same settings and data but for the seeds."""
    alike: dict[str, dict[str, Record]] = {}
    for name, record in runs.items():
        settings = {k: v for k, v in record.settings.items() if k not in IGNORED}
        key = json.dumps([settings, record.config["data"]["fingerprint"]], sort_keys=True)
        alike.setdefault(key, {})[name] = record
    names = [_common(each) for each in alike.values()]
    names = [f"{name}, {i}" if names.count(name) > 1 else name for i, name in enumerate(names, 1)]
    return [Group(name, each) for name, each in zip(names, alike.values())]


def _common(runs: dict[str, Record]) -> str:
    if len(runs) == 1:
        return next(iter(runs))
    parents = {record.folder.resolve().parent.name for record in runs.values()}
    name = parents.pop() if len(parents) == 1 else "search"
    return f"{name} (×{len(runs)})"


def runs_table(groups: Sequence[Group], reference: int) -> pd.DataFrame:
    """One row a run: its best network, its baseline, and how far it came."""
    rows = []
    for each in groups:
        for name, record in each.runs.items():
            best = chosen_network.choose(record)
            finalist = best.finalist if best else None
            evaluation = finalist.mean if finalist else best.evaluation if best else None
            scores = finalist.scores() if finalist else {}
            row = {
                "search": each.name,
                "run": name,
                **{seed: record.settings[seed] for seed in SEEDS},
                "state": record.state,
                "genomes": len(record.table),
                "stopped": len(record.table) - len(record.good) - len(failed_in(record.table)),
                "failed": len(failed_in(record.table)),
                "genome": best.genome if best else "",
                "accuracy": evaluation.accuracy if evaluation else np.nan,
                "test_accuracy": _or_nan(
                    scores.get("test_accuracy_mean", best.test_accuracy if best else None)
                ),
                "n_params": evaluation.n_params if evaluation else np.nan,
                "fitness": record.fitness(evaluation) if evaluation else np.nan,
                "hypervolume": hypervolume(
                    zip(record.good["accuracy"], record.good["n_params"]), reference
                ),
                "hours": record.elapsed / 3600,
            }
            rows.append({**row, **_baseline(record, row)})
    return pd.DataFrame(rows)


def _baseline(record: Record, row: dict[str, Any]) -> dict[str, float]:
    """The baseline's scores, and how many points the best is ahead of it."""
    baseline = chosen_network.baseline_of(record)
    accuracy = baseline.accuracy if baseline and baseline.ok else np.nan
    test = np.nan
    if baseline and baseline.ok:
        text = canonical(record.settings["baseline"])
        test = _or_nan(chosen_network.test_accuracy(record, text))
        if again := record.trained_again.get(text):
            accuracy = again.mean.accuracy
            test = _or_nan(again.scores()["test_accuracy_mean"])
    return {
        "baseline_accuracy": accuracy,
        "baseline_test_accuracy": test,
        "ahead": 100 * (row["accuracy"] - accuracy),
        "test_ahead": 100 * (row["test_accuracy"] - test),
    }


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def pooled_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a search and quantity: ``search quantity runs mean sd low high``.

    ``sd`` is the standard deviation of a sample; quantities that no run has are left out.
    """
    rows = []
    for search, each in runs.groupby("search", sort=False):
        for quantity in POOLED:
            values = each[quantity].dropna().astype(float)
            if len(values):
                spread = values.std(ddof=1) if len(values) > 1 else np.nan
                ends = (values.min(), values.max())
                rows.append((search, quantity, len(values), values.mean(), spread, *ends))
    return pd.DataFrame(rows, columns=["search", "quantity", "runs", "mean", "sd", "low", "high"])


def differences_table(groups: Sequence[Group]) -> pd.DataFrame:
    """Settings in which the searches differ: one row a setting, one column a search."""
    firsts = {each.name: next(iter(each.runs.values())) for each in groups}
    settings = {name: {"data": _data(run), **run.settings} for name, run in firsts.items()}
    names = [name for name in next(iter(settings.values())) if name not in IGNORED]
    rows = [
        {"setting": name, **{search: str(values.get(name)) for search, values in settings.items()}}
        for name in names
        if len({str(values.get(name)) for values in settings.values()}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *settings])


def _data(record: Record) -> str:
    """The data's name and fingerprint: a file may have changed since."""
    return f"{record.settings['dataset']} {record.config['data']['fingerprint'][:8]}"


def volumes_table(groups: Sequence[Group], reference: int) -> pd.DataFrame:
    """``search run generation hypervolume``, of all networks up to a generation."""
    rows = []
    for each in groups:
        for name, record in each.runs.items():
            for line in record.generations:
                seen = record.good[record.good["generation"] <= line["number"]]
                volume = hypervolume(zip(seen["accuracy"], seen["n_params"]), reference)
                rows.append((each.name, name, line["number"], volume))
    return pd.DataFrame(rows, columns=["search", "run", "generation", "hypervolume"])


def _curves(groups: Sequence[Group]) -> dict[str, list[pd.DataFrame]]:
    return {each.name: [outcomes_table(record) for record in each.runs.values()] for each in groups}


def _all_rows(groups: Sequence[Group]) -> pd.DataFrame:
    """Every trained network of every run, with ``search``, ``run`` and whether it is on the front
    of its run."""
    parts = []
    for each in groups:
        for name, record in each.runs.items():
            rows = record.good.assign(search=each.name, run=name)
            parts.append(rows.assign(front=rows.index.isin(pareto_front(rows).index)))
    return pd.concat(parts, ignore_index=True)


def _warnings(runs: dict[str, Record]) -> list[str]:
    """What makes the scores of the runs no match for each other."""
    found = []
    for what in ("data", "split", "split_seed", "fitness"):
        values = {str({"data": _data(run), **run.settings}[what]) for run in runs.values()}
        if len(values) > 1:
            found.append(f"{what.replace('_', ' ')} differs ({', '.join(sorted(values))})")
    unfinished = [name for name, record in runs.items() if record.state != "finished"]
    if unfinished:
        found.append(f"not finished: {', '.join(unfinished)}")
    return found
