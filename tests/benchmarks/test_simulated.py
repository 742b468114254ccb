"""benchmarks.search.simulated: searches on a clock that is a number, against what is worked out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.search import simulated  # noqa: E402
from benchmarks.search.measures import at  # noqa: E402
from benchmarks.search.plan import search_settings  # noqa: E402
from benchmarks.search.simulated import PRESENT, RANDOM, WORKERS, Clock, Truth  # noqa: E402
from deap_nas import count_params, parse_genome  # noqa: E402

OUT = simulated.KNOWN.parent
TEXTS = [f"CB {n} 3 {a};AP 2;SB 8 3 relu;GP" for n in (4, 8, 16, 32) for a in ("relu", "tanh")]
GENOMES = [parse_genome(text) for text in TEXTS]


@pytest.fixture(scope="module")
def truth() -> Truth:
    space = simulated.space_of(search_settings("wide", 0, 1))
    return Truth(GENOMES, [0.5 + 0.05 * i for i in range(len(GENOMES))], space)


def test_what_is_foretold_is_what_was_learned_and_the_same_again(truth):
    found = [truth.accuracy(genome) for genome in GENOMES]
    assert found == [truth.accuracy(genome) for genome in GENOMES]
    assert found[-1] - found[0] == pytest.approx(0.35, abs=0.1)
    costs = [truth.seconds(genome) for genome in GENOMES]
    assert costs == sorted(costs)
    assert costs[0] == costs[1] > simulated.SECONDS


def test_workers_take_genomes_as_they_are_free_and_wait_for_a_generation(truth):
    clock, (a, b, c, d) = Clock(truth, pause=5.0), GENOMES[::2]
    told = clock.map(lambda genome: clock.measure(genome).n_params, [a, b, c])
    assert told == [count_params(genome, (28, 28, 1), 10) for genome in (a, b, c)]
    seconds = [truth.seconds(genome) for genome in (a, b, c, d)]
    ends = [seconds[0], seconds[1], seconds[0] + seconds[2]]
    assert WORKERS == 2
    assert clock.trials()["seconds"].tolist() == pytest.approx(ends)
    clock.map(str, [d])
    last = max(ends) + 5 + seconds[3]
    assert clock.trials()["seconds"].iloc[-1] == pytest.approx(last)
    assert clock.now == pytest.approx(last)


def test_searches_of_equal_seeds_are_equal_and_end_with_the_clock(truth):
    settings = search_settings("wide", 3, 1)
    found = [simulated.search(settings, truth, 40) for _ in range(2)]
    pd.testing.assert_frame_equal(*found)
    ends = found[0]["seconds"].sort_values()
    last = max(map(truth.seconds, GENOMES)) * settings.population
    assert 40 < ends.iloc[-1] < 40 + last
    drawn = simulated.draws(settings, truth, 40)
    assert drawn["seconds"].iloc[-3] < 40 + 2 * last
    assert len(drawn) > WORKERS


def test_a_small_run_is_written_and_compared(tmp_path, capsys):
    words = ["--seeds", "2", "--minutes", "0.5", "--variant", RANDOM, "--jobs", "1"]
    assert simulated.main([*words, "--out", str(tmp_path)]) == 0
    rows = pd.read_csv(tmp_path / "searches.csv")
    assert set(rows["variant"]) == {PRESENT, RANDOM}
    table = pd.read_csv(tmp_path / "variants.csv").set_index("variant")
    assert table.loc[PRESENT, "hypervolume_more"] == 0
    means = rows.groupby("variant")["hypervolume"].mean()
    more = means[RANDOM] - means[PRESENT]
    assert table.loc[RANDOM, "hypervolume_more"] == pytest.approx(more, abs=1e-5)
    assert 0.5 < json.loads((tmp_path / "run.json").read_text())["explained"] < 1
    assert "trees explain" in capsys.readouterr().out


def test_the_committed_table_is_of_its_searches():
    rows = pd.read_csv(OUT / "searches.csv")
    found = simulated.compared(rows)
    pd.testing.assert_frame_equal(
        found, pd.read_csv(OUT / "variants.csv"), atol=2e-4, check_dtype=False
    )
    said = (OUT.parent / "README.md").read_text()
    for row in found[found["variant"] != PRESENT].to_dict("records"):
        volume, fitness = (
            f"{row[f'{name}_more']:+.{digits}f} ± {row[f'{name}_more_error']:.{digits}f}"
            for name, digits in (("hypervolume", 3), ("best_fitness", 2))
        )
        assert f"| {row['trainings']:.0f} | {volume} | {fitness} |" in said
    assert set(rows["variant"]) == set(simulated.VARIANTS)
    assert rows.groupby("variant")["seed"].nunique().eq(12).all()


def test_the_page_tells_the_real_searches_as_they_were():
    table = pd.read_csv(simulated.KNOWN).dropna(subset="seconds").assign(status="ok")
    said = (OUT.parent / "README.md").read_text()
    for _, trials in table.groupby("search"):
        done = trials[trials["seconds"] <= 600]
        found = at(done, 600)
        assert f"{len(done)}, {found['hypervolume']:.3f}, {found['best_fitness']:.2f}" in said
