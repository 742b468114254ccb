"""The report's search, twice, and once more scored on validation images.

    python -m benchmarks.paper.run                  # all of RUNS, one after the other
    python -m benchmarks.paper.run seed-1           # one of them

A run that is there is gone on with. One that is finished is searched again from its journal, in
seconds and without a training, and must give the same tables. Writes results/paper/RUN.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, provenance, write_json
from deap_nas.runs.directory import RunDirectory

RESULTS = ROOT / "results" / "paper"
RUNS = {
    "seed-0": ("--seed", "0"),
    "seed-1": ("--seed", "1"),
    "validation": ("--seed", "0", "--split", "validation"),
}
TABLES = ("evaluations.csv", "top_fitness.csv", "top_accuracy.csv", "logbook.csv")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"of {', '.join(RUNS)}")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--quick", action="store_true", help="a smoke test: mini data, one epoch")
    arguments = parser.parse_args()
    for name in arguments.runs or RUNS:
        if name not in RUNS:
            parser.error(f"run {name!r}, allowed {', '.join(RUNS)}")
        folder = arguments.out / name
        if (folder / "result.json").exists():
            status = again(folder)
        else:
            status = search(folder, RUNS[name], arguments.quick)
        if status:
            return status
        keep_winner(folder)
    return 0


def search(folder: Path, settings: tuple[str, ...], quick: bool) -> int:
    """Begin or go on with a run; returns the exit status of its command."""
    if quick:
        settings = (*settings, "--dataset", "fashion_mnist_mini", "--epochs", "1")
        settings = (*settings, "--population", "4", "--generations", "1")
    begin = ("--preset", "paper", *settings, "--out", _relative(folder))
    resumed = (folder / "config.json").exists()
    note(folder, ["python", "-m", "deap_nas.run", *begin], resumed)
    return run("--resume", str(folder)) if resumed else run(*begin)


def note(folder: Path, command: list[str], resumed: bool) -> None:
    """Write what a run is made with; a later session adds what differs to it."""
    made: dict[str, Any] = {**provenance(), "command": command}
    path = folder / "run.json"
    if resumed and path.exists():
        before = json.loads(path.read_text())
        made = {**before, "resumed": [*before.get("resumed", []), made["commit"]]}
    write_json(made, path)


def keep_winner(folder: Path) -> None:
    """Copy the winner's weights out of ``weights/``, which is not committed, into ``winner/``."""
    best = json.loads((folder / "result.json").read_text())["best"]
    source = RunDirectory(folder).weights_of(best["genome"]) if best else folder
    if source.is_file():
        (folder / "winner").mkdir(exist_ok=True)
        shutil.copy(source, folder / "winner")


def again(folder: Path) -> int:
    """Search again over a finished run's journal; 0 if the tables are the same."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        for name in ("config.json", "journal.jsonl"):
            shutil.copy(folder / name, copy)
        kept = folder / "weights" if (folder / "weights").exists() else folder / "winner"
        if kept.exists():
            shutil.copytree(kept, copy / "weights")
        if status := run("--resume", temporary, "--no-report", quiet=True):
            return status
        changed = [n for n in TABLES if (copy / n).read_bytes() != (folder / n).read_bytes()]
    verdict = f"other {', '.join(changed)}" if changed else "the same tables"
    print(f"{folder.name}: searched again in {time.monotonic() - began:.0f} s, {verdict}")
    return 1 if changed else 0


def run(*arguments: str, quiet: bool = False) -> int:
    command = [sys.executable, "-m", "deap_nas.run", *arguments]
    return subprocess.run(
        command, cwd=ROOT, stdout=subprocess.DEVNULL if quiet else None
    ).returncode


def _relative(folder: Path) -> str:
    """As one would type it in the repository's root."""
    folder = folder.resolve()
    return str(folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder)


if __name__ == "__main__":
    sys.exit(main())
