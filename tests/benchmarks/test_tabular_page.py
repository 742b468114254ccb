"""results/table/README.md says what the committed table says; how its noise is counted."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from claims import missing, never_false, unsupported

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "table"
sys.path.insert(0, str(ROOT / "benchmarks"))

import build_table  # noqa: E402
import describe_table  # noqa: E402

from deap_nas.report.front import pareto_front  # noqa: E402
from deap_nas.tabular import load_table  # noqa: E402

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


# --- what is written by hand

Parts = dict[str, Any]  # what the page is filled with; and frame and made, a row a training


@pytest.fixture(scope="module")
def committed() -> Parts:
    frame = describe_table.as_frame(load_table())
    one = frame[frame["train_seed"] == 0]
    parts = describe_table.describe(frame, one, pareto_front(one))
    return {**parts, "frame": frame, "made": describe_table.read_shards()}


def cheapest(parts: Parts) -> list[tuple[int, int]]:
    ordered = parts["recipes"].sort_values("mean_cpu_seconds")
    return list(zip(ordered["batch_size"], ordered["epochs"]))


def that_agree_better(parts: Parts) -> set[tuple[int, int]]:
    """Than batch 64 for 4 epochs, with the longest; not the longest itself."""
    found = parts["recipes"].set_index(["batch_size", "epochs"])["rank_with_longest"]
    return set(found.index[found > found[(64, 4)]]) - {(32, 16)}


def cost(parts: Parts, *recipe: int) -> float:
    costs = parts["recipes"].set_index(["batch_size", "epochs"])["mean_cpu_seconds"]
    return float(costs[recipe] / costs[(64, 4)])


def trained(parts: Parts) -> dict[int, int]:
    return dict(parts["frame"]["train_seed"].value_counts())


def slower(parts: Parts, clock: str) -> pd.Series:
    """By pair of seeds, how much longer the slower training took, for one genome in twenty."""
    ratios = parts["ratios"]
    return ratios[ratios["of"] == clock].set_index("train_seeds")["95_percent_ratio"]


def ranks(parts: Parts, of: str) -> pd.Series:
    found = parts["correlations"].set_index("between")["all"]
    return found[found.index.str.startswith(of)]


CLAIMS: dict[str, Callable[[Parts], object]] = {
    "Batch 64 for 4 epochs is the cheapest but one": lambda p: cheapest(p)[1] == (64, 4),
    "only a training at twice its cost agrees better": lambda p: (
        that_agree_better(p) == {(32, 8)} and 1.9 < cost(p, 32, 8) < 2.1
    ),
    "Train seed 0 for all, 1 and 2 as well for a random tenth": lambda p: (
        trained(p) == {0: 3456, 1: 346, 2: 346}
    ),
    "both clocks are steady": lambda p: (
        p["ratios"]["median_ratio"].max() < 1.02 and p["ratios"]["95_percent_ratio"].max() < 1.15
    ),
    "the CPU's is the steadier one": lambda p: (
        slower(p, "train_cpu_seconds").max() < slower(p, "train_seconds").min()
    ),
    "two train seeds agree better about the order of the genomes than by accuracy": lambda p: (
        ranks(p, "time_penalised, train seeds").min() > ranks(p, "accuracy, train seeds").max()
    ),
}


def others(parts: Parts) -> Iterator[Parts]:
    """Other results, which the page's words would not fit."""
    recipes, ratios = parts["recipes"], parts["ratios"]
    yield {**parts, "recipes": recipes.assign(rank_with_longest=recipes["epochs"])}
    yield {**parts, "recipes": recipes.assign(mean_cpu_seconds=recipes["batch_size"])}
    yield {**parts, "frame": parts["frame"].assign(train_seed=0)}
    cpu = ratios["of"] == "train_cpu_seconds"
    yield {**parts, "ratios": ratios.assign(**{"95_percent_ratio": 1.2 + cpu})}
    yield {**parts, "correlations": parts["correlations"].assign(all=0.95)}


def test_the_results_support_what_is_written(committed: Parts) -> None:
    assert missing(CLAIMS, (RESULTS / "README.md").read_text()) == []
    assert unsupported(CLAIMS, committed) == []


def test_other_results_would_not(committed: Parts) -> None:
    assert never_false(CLAIMS, others(committed)) == []


def test_space_and_recipe_are_as_the_page_says(committed: Parts) -> None:
    page = " ".join((RESULTS / "README.md").read_text().split())
    genes = {gene for genome in committed["frame"]["genome"] for gene in genome.split(";")}
    assert "filters 4 or 12, kernel 3, conv activations relu or tanh, FL relu or swish" in page
    convs = {f"{k} {n} 3 {a}" for k in ("NC", "RC") for n in (4, 12) for a in ("relu", "tanh")}
    assert genes == convs | {"FL relu", "FL swish"}
    assert "one or two NC and two RC in every order" in page
    counts = {(k.count("NC"), k.count("RC")) for k in committed["frame"]["kinds"]}
    assert counts == {(1, 2), (2, 2)}
    assert committed["frame"]["kinds"].nunique() == 3 + 6
    assert "Adam, peak rate 0.015, 10 % warm-up, cosine to zero, batch 64" in page
    recipe = build_table.RECIPE
    assert (recipe.optimizer, recipe.learning_rate, recipe.warmup) == ("adam", 0.015, 0.1)
    assert (recipe.schedule, recipe.batch_size) == ("cosine", 64)
    assert "after epochs 1, 2 and the last, 4" in page
    assert [n for n in range(1, recipe.epochs + 1) if recipe.is_scored(n)] == [1, 2, 4]
