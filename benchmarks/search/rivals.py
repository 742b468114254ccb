"""Other people's searches and ours, on equal terms: space, data, recipe, cores, minutes.

    python -m benchmarks.search.rivals --who optuna_tpe --engine native --seed 0   # one search
    python -m benchmarks.search.rivals --who all --engine native fit --seed 0 1 2 3 4

All have the goal of the preset: fewer parameters than ``plan.SMALL_ENOUGH`` count as so many. Each
is searched once with our kernels and once with stock Keras ``fit``, so that the engine's part can
be told from the search's. Scored on validation images. Writes results/search/rivals/SPACE/
WHO-ENGINE-SEED.csv, a row a training as it ends, and .json at the end; a search without the latter
is begun anew. Several are searched one after the other, each in a process of its own.

The rivals need pip install -e '.[benchmark]'.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, provenance, write_csv, write_json
from benchmarks.search import ours
from benchmarks.search.contest import Clock, Contest, Trials
from benchmarks.search.engines import ENGINES
from benchmarks.search.plan import DATASET, MINUTES, OUT, SEEDS, SPACES, search_settings
from benchmarks.search.searchers import SEARCHERS
from deap_nas.runs.search import load

OURS = "ours"
WHO = (OURS, *SEARCHERS)


@dataclass(frozen=True)
class Search:
    """One search of the contest."""

    who: str
    engine: str
    space: str
    seed: int

    def path(self, out: Path) -> Path:
        """Without an ending."""
        return out / "rivals" / self.space / f"{self.who}-{self.engine}-{self.seed}"

    def done(self, out: Path) -> bool:
        return self.path(out).with_suffix(".json").exists()


def run(search: Search, out: Path, minutes: float, changes: dict[str, Any]) -> None:
    """Search, and write what came of it.

    Args:
        search: which.
        out: the folder of results.
        minutes: how long.
        changes: settings other than the plan's; the data set and the recipe are the rivals', too.
    """
    made = {**provenance(), **vars(search), "minutes": minutes}
    path = search.path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    changes = {"finalists": 0, **changes}
    settings = search_settings(search.space, search.seed, minutes, **changes)
    recipe = settings.make_recipe()
    if search.who == OURS:
        rows = ours.search(settings, search.engine, path)
        write_csv(rows, path.with_suffix(".csv"))
    else:
        dataset, space = load(settings)
        engine = ENGINES[search.engine](*dataset.split(settings.split), dataset.n_classes)
        kind = SEARCHERS[search.who]
        if kind.package:
            made["versions"][kind.package] = importlib.metadata.version(kind.package)
        with tempfile.TemporaryDirectory() as folder:
            searcher = kind(space, search.seed, recipe.epochs, Path(folder))
            clock = Clock(60 * minutes).started()
            trials = Trials(path.with_suffix(".csv"), clock)
            Contest(searcher, engine, recipe, space, clock, trials).run()
    write_json({**made, "recipe": recipe.to_dict()}, path.with_suffix(".json"))


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--who", nargs="+", choices=[*WHO, "all"], default=["all"])
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=["native"])
    parser.add_argument("--space", nargs="+", choices=SPACES, default=["wide"])
    parser.add_argument("--seed", nargs="+", type=int, default=list(SEEDS), metavar="N")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="(default: %(default)s)")
    parser.add_argument("--dataset", default=DATASET, help="(default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=None, help="(default: the preset's)")
    parser.add_argument("--out", type=Path, default=OUT, help="(default: %(default)s)")
    return parser


def main(argv: list[str] | None = None) -> int:
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if not arguments.minutes > 0:
        parser.error(f"--minutes {arguments.minutes}, allowed more than 0")
    who = WHO if "all" in arguments.who else tuple(dict.fromkeys(arguments.who))
    if lacking := [p for p in packages(who) if not installed(p)]:
        parser.error(f"--who needs {', '.join(lacking)}: pip install -e '.[benchmark]'")
    wanted = itertools.product(arguments.space, arguments.seed, arguments.engine, who)
    searches = [Search(name, engine, space, seed) for space, seed, engine, name in wanted]
    missing = [each for each in searches if not each.done(arguments.out)]
    if len(searches) == 1 and missing:
        given = {"dataset": arguments.dataset, "epochs": arguments.epochs}
        changes = {name: value for name, value in given.items() if value is not None}
        run(missing[0], arguments.out, arguments.minutes, changes)
        return 0
    for each in missing:
        print(*vars(each).values(), flush=True)
        if status := again(each, arguments):
            return status
    return 0


def again(search: Search, arguments: argparse.Namespace) -> int:
    """One of several, in a process of its own; returns its exit status."""
    words = ["--who", search.who, "--engine", search.engine, "--space", search.space]
    words += ["--seed", str(search.seed), "--minutes", str(arguments.minutes)]
    words += ["--dataset", arguments.dataset, "--out", str(arguments.out.absolute())]
    if arguments.epochs is not None:
        words += ["--epochs", str(arguments.epochs)]
    command = [sys.executable, "-m", "benchmarks.search.rivals", *words]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def packages(who: tuple[str, ...]) -> list[str]:
    """What searches of these names need besides ours."""
    needed = (SEARCHERS[name].package for name in who if name != OURS)
    return list(dict.fromkeys(filter(None, needed)))


def installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
