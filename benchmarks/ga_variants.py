"""Which GA variant to run, and whether other packages do better: measured on spaces of which
everything is known.

    python benchmarks/ga_variants.py --macro PATH --out DIR    # 20 seeds
    python benchmarks/ga_variants.py --macro PATH --seeds 100  # the committed run: hours
    python benchmarks/ga_variants.py ... --rivals              # and other packages beside it
    python benchmarks/ga_variants.py ... --rivals only         # these alone

PATH is NAS-Bench-Macro's table (or set DEAP_NAS_MACRO); without it our own two tables alone, the
digits as soon as build_table.py has built them. The rivals need pip install '.[benchmark]'.
Variants are chosen on seeds from 0 on, a half of them, and reported on seeds from 100 on. What is
done is kept in --cache, so that a run goes on where it was stopped; equal seeds give equal numbers
on any number of processes. Writes --out (results/ga_variants): CSV files, figures.
describe_variants.py makes the page of the committed ones.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pandas as pd
import platformdirs
from common import RESULTS, provenance, write_csv, write_json
from variants import contests
from variants.problems import MACRO_VARIABLE, available, find_problem
from variants.variants import AGING, BEST, LOCAL, PLUS, RANDOM, REPORT

from deap_nas.benchmark.courses import anytime, compared, only, summary, wins
from deap_nas.benchmark.figures import anytime_figure, regrets_figure, wins_figure
from deap_nas.evaluation.workers import cores
from deap_nas.report.figure import Figure, write_figure

OUT = RESULTS / "ga_variants"
SHOWN = [name.name for name in (RANDOM, REPORT, LOCAL, AGING, PLUS, BEST)]


def run_variants(setting: contests.Setting, out: Path) -> None:
    courses = contests.all_variants(setting)
    reported = only(courses, setting.reporting)
    chosen = only(courses, setting.choosing)
    table = summary(reported, contests.BUDGETS)
    write_csv(table, out / "variants.csv")
    write_csv(summary(chosen, [contests.AT]), out / "variants_choosing.csv")
    write_csv(compared(reported, BEST.name, contests.AT), out / "variants_compared.csv")
    write_csv(contests.needed(reported, contests.BUDGETS[-1]), out / "evaluations_needed.csv")
    course = anytime(reported, SHOWN, contests.BUDGETS[-1])
    write_csv(course, out / "variants_anytime.csv")
    write_csv(contests.split(setting), out / "split.csv")
    write_csv(contests.restriction(setting), out / "restriction.csv")
    draw(anytime_figure(course, titles(setting)), "variants_anytime", out)
    ranked = table[table["evaluations"] == contests.AT]
    draw(regrets_figure(ranked, titles(setting)), "variants_ranks", out)


def run_contest(setting: contests.Setting, out: Path) -> None:
    courses, choices = contests.contest(setting)
    names = list(dict.fromkeys(name for _, name in courses))
    write_csv(choices, out / "rivals_choices.csv")
    write_csv(summary(courses, contests.BUDGETS), out / "rivals.csv")
    verdicts = [
        compared(courses, BEST.name, n, held_out).assign(evaluations=n, held_out=held_out)
        for n in contests.BUDGETS
        for held_out in (True, False)
    ]
    write_csv(pd.concat(verdicts), out / "rivals_compared.csv")
    write_csv(contests.needed(courses, contests.AT), out / "rivals_needed.csv")
    course = anytime(courses, names, contests.AT)
    write_csv(course, out / "rivals_anytime.csv")
    draw(anytime_figure(course, titles(setting)), "rivals_anytime", out)
    beaten = {p: wins(courses, p, names, contests.AT) for p in setting.problems}
    draw(wins_figure(beaten, titles(setting)), "rivals_wins", out)
    pairs = pd.concat(
        [t.rename_axis("row").reset_index().assign(problem=p) for p, t in beaten.items()]
    )
    write_csv(pairs, out / "rivals_wins.csv")


def titles(setting: contests.Setting) -> dict[str, str]:
    return {name: find_problem(name).title for name in setting.problems}


def draw(figure: Figure, name: str, out: Path) -> None:
    write_figure(replace(figure, name=name), out)


def versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("optuna", "pymoo", "nevergrad", "scipy")}


def reported_seeds(out: Path) -> int:
    """The seeds that the results in a folder report on; 0 if there are none."""
    path = out / "variants.csv"
    return int(pd.read_csv(path)["seeds"].max()) if path.exists() else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--macro", type=Path, help="NAS-Bench-Macro's table")
    parser.add_argument("--seeds", type=int, default=20, help="in all, half to choose (default 20)")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes (default: all cores)")
    kinds = {"nargs": "?", "const": "too", "choices": ("too", "only")}
    parser.add_argument("--rivals", **kinds, help="the contest with other packages, too")
    cache = Path(platformdirs.user_cache_dir("deap_nas")) / "ga_variants"
    parser.add_argument("--cache", type=Path, default=cache, help=f"default {cache}")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments, measured_with = parser.parse_args(), provenance()
    if not 4 <= arguments.seeds <= 200 or arguments.seeds % 2:
        parser.error(f"--seeds {arguments.seeds}, allowed even numbers from 4 to 200")
    if arguments.macro:
        if not arguments.macro.is_file():
            parser.error(f"--macro {arguments.macro} is no file: give NAS-Bench-Macro's table")
        os.environ[MACRO_VARIABLE] = str(arguments.macro.resolve())
    if arguments.rivals:
        try:
            versions()
        except ImportError as error:  # PackageNotFoundError, before the variants' hours
            parser.error(f"--rivals: {error}; pip install -e '.[benchmark]'")
    kept = reported_seeds(arguments.out)
    if kept > arguments.seeds // 2:
        parser.error(
            f"--out {arguments.out} holds results of {2 * kept} seeds, which --seeds "
            f"{arguments.seeds} would replace: name another folder"
        )
    setting = contests.Setting(arguments.cache, arguments.jobs, tuple(available()), arguments.seeds)
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.rivals != "only":
        run_variants(setting, arguments.out)
        write_json(measured_with, arguments.out / "run.json")
    if arguments.rivals:
        run_contest(setting, arguments.out)
        told = {**measured_with, "packages": versions()}
        write_json(told, arguments.out / "rivals_run.json")
    print(arguments.out)


if __name__ == "__main__":
    main()
