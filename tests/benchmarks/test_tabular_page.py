"""results/table/README.md says what the committed table says; how its noise is counted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "table"
sys.path.insert(0, str(ROOT / "benchmarks"))

import describe_table  # noqa: E402

MEASURED = ("accuracy", "fitness", "time_penalised", "train_seconds", "train_cpu_seconds")


def made_up(*by_seed: list[float]) -> pd.DataFrame:
    """Every measure of a genome is the number given for it and its seed."""
    rows = [
        {
            "genome": f"g{i}",
            "train_seed": seed,
            **dict.fromkeys((*MEASURED, "test_accuracy", "held_out_time_penalised"), value),
        }
        for seed, values in enumerate(by_seed)
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_page_is_what_the_committed_files_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["describe_table.py", "--out", str(tmp_path)])
    describe_table.main()
    written = [path for path in tmp_path.iterdir() if path.suffix in (".md", ".csv")]
    assert len(written) > 5
    for path in written:
        committed = (RESULTS / path.name).read_text()
        assert path.read_text() == committed, "run: python benchmarks/describe_table.py"
    for figure in re.findall(r"\]\(([^)]+\.svg)\)", (RESULTS / "README.md").read_text()):
        assert (RESULTS / figure).is_file()


def test_ratios_are_of_the_slower_to_the_quicker() -> None:
    ratios = describe_table.seconds_ratios(made_up([1.0, 2.0, 3.0], [2.0, 1.0, 6.0]))
    assert list(ratios["of"]) == ["train_seconds", "train_cpu_seconds"]
    assert list(ratios["median_ratio"]) == [2.0, 2.0]
    assert list(ratios["first_median"]) == list(ratios["second_median"]) == [2.0, 2.0]


def test_ranks_are_compared_on_the_genomes_that_all_seeds_have() -> None:
    frame = made_up([1.0, 2.0, 3.0, 9.0], [3.0, 2.0, 1.0])
    found = describe_table.rank_correlations(frame).set_index("between")
    for what in MEASURED:
        row = found.loc[f"{what}, train seeds 0 and 1"]
        assert row["genomes"] == 3
        assert row["all"] == pytest.approx(-1)


def test_noise_is_within_genomes_and_spread_between_them() -> None:
    noise = describe_table.seed_noise(made_up([1.0, 5.0, 9.0], [3.0, 7.0, 11.0])).set_index("of")
    assert noise.loc["fitness", "median_std_over_seeds"] == pytest.approx(2**0.5)
    assert noise.loc["fitness", "std_between_genomes"] == pytest.approx(4)


def test_a_training_waited_if_its_clock_ran_well_ahead_of_its_cpu() -> None:
    trainings = pd.DataFrame(
        {"train_seconds": [1.0, 1.5, 4.0], "train_cpu_seconds": [1.0, 1.0, 2.0]}
    )
    found = describe_table.waits(trainings)
    assert (found["median_ratio"], found["waited"]) == (1.5, 1)


def test_the_stretches_hold_every_training() -> None:
    made = describe_table.read_shards()
    stretches = describe_table.waits_by_stretch(made)
    assert stretches["trainings"].sum() == len(made)
