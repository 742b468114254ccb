"""The simulated workers of benchmarks/scaling.py: their sums add up."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "benchmarks")]

import describe_scaling  # noqa: E402
import scaling  # noqa: E402
from scaling_worlds import Simulated, World  # noqa: E402

from deap_nas.evaluation.backend import Task, run  # noqa: E402

GENOMES = [f"CB {filters} 3 relu;GP" for filters in range(4, 68, 4)]
TASKS = [Task(genome, "train", (genome, None)) for genome in GENOMES]
SECONDS = [scaling.TRAINER.train(genome).train_seconds for genome in GENOMES]


def simulated(workers: int, world: World, overhead: float = 0.0) -> Simulated:
    backend = Simulated(scaling.TRAINER, workers, world, overhead)
    assert sorted(task.key for task, _ in run(backend, TASKS)) == sorted(GENOMES)
    return backend


def test_one_worker_takes_the_sum_and_the_parent_its_share() -> None:
    backend = simulated(1, World(), overhead=0.25)
    assert backend.now == pytest.approx(sum(SECONDS) + 0.25 * len(GENOMES))
    assert backend.busy == pytest.approx(sum(SECONDS))


def test_a_worker_for_each_takes_the_longest() -> None:
    assert simulated(len(GENOMES), World()).now == pytest.approx(max(SECONDS))


def test_stragglers_and_failures_cost_time_and_arrivals_wait() -> None:
    calm = simulated(2, World()).now
    assert simulated(2, World(stragglers=0.5)).now > calm
    assert simulated(2, World(lifetime=4 * max(SECONDS))).now > calm
    late = simulated(2, World(arrival=1e6)).now
    assert late == pytest.approx(sum(SECONDS))


@pytest.mark.parametrize("loop", scaling.LOOPS)
def test_a_search(loop: str) -> None:
    row = scaling.simulate(loop, 16, "calm", 0.0)
    assert row["trainings"] > 200
    assert 0.1 < row["utilisation"] <= 1


def test_who_waits_for_stragglers_stands_idle() -> None:
    one, other = (scaling.simulate(loop, 16, "stragglers", 0.0) for loop in scaling.LOOPS)
    assert one["utilisation"] < other["utilisation"]


# --- the program: it goes on where it was stopped, and a page tells what it found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest simulation, in two calls."""
    out = tmp_path_factory.mktemp("scaling")
    call(out, "--minutes", "0")
    assert not (out / "scaling.csv").exists()
    call(out)
    return out


def call(out: Path, *words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["scaling", "--most", "1", "--out", str(out), *words])
        scaling.main()


def test_what_is_done_is_not_done_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv(folder / "scaling.csv")
    assert len(table) == len(scaling.WORLDS) * len(scaling.LOOPS)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    table.iloc[1:].to_csv(tmp_path / "scaling.csv", index=False)
    (tmp_path / "scaling.svg").unlink()
    call(tmp_path)
    assert len(capsys.readouterr().out.splitlines()) == 1, "one was left"
    again = pd.read_csv(tmp_path / "scaling.csv")
    assert again.iloc[-1].to_dict() == table.iloc[0].to_dict()
    assert (tmp_path / "scaling.svg").exists()


def test_a_page_has_the_numbers_of_the_files(folder: Path) -> None:
    made = json.loads((folder / "run.json").read_text())
    found = {
        "scaling": pd.read_csv(folder / "scaling.csv"),
        "check": pd.DataFrame({"ratio": [1.03, 1.11]}),
        "lookups": pd.DataFrame(
            {
                "began_at": [0, 1000, 1000],
                "lookups": [1000, 2000, 3000],
                "milliseconds_each": [5.5, 6.5, 6.0],
                "parent_mib": [99, 151, 152],
            }
        ),
        "efficiency": pd.DataFrame(
            {"backend": ["local", "dask"], "trainings_a_minute": [40.0, 38.0]}
        ),
        "made": made,
        "measured": made,
    }
    page = " ".join(describe_scaling.build(found).split())
    assert "1.03 to 1.11 times as long" in page
    assert "Of 3,000 look-ups in a table" in page
    assert "A process that did 2,000 of them in a row" in page
    assert "one took 6.0 ms in the median" in page
    assert "151 MiB after the first thousand, and 152 MiB at the end" in page
    assert "trained 0.95 times as much" in page
    mean = sum(SECONDS) / len(SECONDS)
    assert 0.1 * mean < describe_scaling.numbers(found)["training"] < 10 * mean
    assert "nan" not in page
