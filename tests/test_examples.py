"""Every example runs, prints what it says, and is listed in examples/README.md."""

import importlib.util
import json
import os
import random
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import drivers
import numpy as np
import pytest

from deap_nas import (
    LAYERS,
    build_model,
    count_multiply_adds,
    count_params,
    cx_one_point,
    load_layers,
    mut_gene,
    parse_genome,
)
from deap_nas.benchmark import load_operators
from deap_nas.layers.cost import summary
from deap_nas.spaces import find_space
from deap_nas.tabular import load_table
from deap_nas.testing import ContractError, check_crossover, check_mutation

EXAMPLES = Path(__file__).parents[1] / "examples"


@cache  # once each: other_project puts classes into deap.creator
def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_lists_every_example():
    page = (EXAMPLES / "README.md").read_text()
    listed = re.findall(r"^\| \[(\w+\.(?:py|ipynb))\]\(\1\) \|", page, re.M)
    files = [path.name for form in ("py", "ipynb") for path in EXAMPLES.glob(f"*.{form}")]
    assert sorted(listed) == sorted(files)


class TestOtherProject:
    def test_both_loops_repair_the_signal(self, capsys):
        best = example("other_project").main(["--population", "10", "--generations", "4"])
        space, lines = example("other_project").Pipelines(), capsys.readouterr().out.splitlines()
        for line, (name, (error, steps)) in zip(lines[1:], list(best.items())[1:], strict=True):
            assert steps in space
            assert error < best["raw"][0] / 2
            assert line.startswith(f"{name}: error {error:.3f} by {steps[0][0]} {steps[0][1]}")
        assert list(best) == ["raw", "eaSimple", "eaMuPlusLambda"]

    @pytest.mark.parametrize("steps", [[("median", 3)], [("mean", 3), ("median", 3)], []])
    def test_its_rules(self, steps):
        assert steps not in example("other_project").Pipelines()

    def test_its_space_keeps_the_operators_contract(self):
        space = example("other_project").Pipelines()
        assert check_crossover(cx_one_point, space, conserves=True, trials=10) > 0
        assert check_mutation(mut_gene, space, trials=10) == 10
        assert all(
            [*s[:i], g, *s[i:]] in space for s in [space.sample()] for i, g in space.insertions(s)
        )


class TestOwnEvaluator:
    SCRIPT = EXAMPLES / "own_evaluator.py"

    def run(self, folder):
        settings = ["--population", "8", "--generations", "3", "--metres", "500", "--out", folder]
        return [sys.executable, str(self.SCRIPT), *map(str, settings)]

    def test_killed_and_resumed_it_ends_as_undisturbed(self, tmp_path):
        """As a script: its trainer is defined in ``__main__``."""
        settings = {"env": drivers.environment(), "text": True, "stdout": subprocess.PIPE}
        whole = subprocess.run(self.run(tmp_path / "whole"), check=True, timeout=120, **settings)
        with subprocess.Popen(self.run(tmp_path / "killed"), **settings) as process:
            drivers.wait_until(lambda: len(drivers.lines_of(tmp_path / "killed")) >= 5, 60)
            process.kill()
        before = drivers.lines_of(tmp_path / "killed")
        resumed = subprocess.run(self.run(tmp_path / "killed"), check=True, timeout=120, **settings)
        lines = drivers.lines_of(tmp_path / "killed")
        assert lines[: len(before)] == before
        measured = {line["genome"]: line["evaluation"] for line in lines}
        assert len(measured) == len(lines)
        assert measured == {
            line["genome"]: line["evaluation"] for line in drivers.lines_of(tmp_path / "whole")
        }
        assert {line["budget"] for line in lines} == {500}
        first, best = whole.stdout.splitlines()
        assert first == f"{len(lines)} designs measured, {len(lines)} of them in this session"
        trained = sum(not line["cached"] for line in lines[len(before) :])
        assert 0 < trained < len(lines)
        assert resumed.stdout.splitlines() == [
            f"{len(lines)} designs measured, {trained} of them in this session",
            best,
        ]

    def test_its_ride(self):
        ride = example("own_evaluator").Ride()
        ride.start()
        good, bad = ride.train("24 10 30", 500), ride.train("5 1 1", 500)
        assert 0 < good.metrics["shaking"] < 20
        assert 0 <= good.metrics["lost"] < 0.1
        assert bad.status == "diverged"
        assert example("own_evaluator").discomfort(bad) > example("own_evaluator").discomfort(good)


class TestOwnOperator:
    def test_it_compares_by_regret(self, capsys, tmp_path):
        few = ["--seeds", "3", "--trainings", "20", "--out", str(tmp_path)]
        found = example("own_operator").main(few)
        assert set(found.table["contestant"]) == {"deap_nas", "random", "cx_stretch"}
        assert min(found.table["mean_regret"]) >= 0
        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("cx_stretch: mean regret ") for line in lines)

    def test_the_command_takes_the_file(self):
        assert list(load_operators(EXAMPLES / "own_operator.py")) == ["cx_stretch"]

    def test_its_operator_keeps_the_contract_only_if_it_rejects(self):
        space = load_table().space
        with pytest.raises(ContractError):
            check_crossover(example("own_operator").swap_stretch, space, trials=100)


class TestNasBenchMacro:
    @pytest.fixture
    def table(self):
        path = os.environ.get("DEAP_NAS_MACRO")
        if not path:
            pytest.skip("DEAP_NAS_MACRO is not set: no table of NAS-Bench-Macro")
        return path

    def test_the_whole_table(self, table, capsys):
        best, mean, rank = example("nas_bench_macro").main(["--table", table])
        with open(table) as file:
            rows = json.load(file)
        assert len(rows) == 3**8
        assert mean == pytest.approx(np.mean(rows[best]["test_acc"]))
        assert rank <= 66  # the best hundredth
        out = capsys.readouterr().out
        assert f"best found: {best}, {rows[best]['params']:,} parameters" in out
        assert f"rank of 6,561: {rank} by mean fitness" in out

    def test_a_missing_table_is_one_line(self, capsys):
        with pytest.raises(SystemExit, match="2"):
            example("nas_bench_macro").main(["--table", "nowhere.json"])
        assert "--table nowhere.json: No such file or directory" in capsys.readouterr().err

    def test_a_made_up_table(self, tmp_path, capsys):
        """The more 2s the better, but not in the first run alone: the mean has the last word."""
        space = example("nas_bench_macro").MacroSpace()
        names = [np.base_repr(i, 3).zfill(8) for i in range(3**8)]
        assert all(list(name) in space for name in names)
        rows = {
            name: {
                "test_acc": [n := 50 + 4 * name.count("2"), n - 3, n],
                "mean_acc": n - 1,
                "params": 9,
            }
            for name in names
        }
        (tmp_path / "table.json").write_text(json.dumps(rows))
        settings = ["--table", str(tmp_path / "table.json"), "--generations", "40"]
        assert example("nas_bench_macro").main(settings) == ("22222222", 81, 1)
        assert "accuracy 81.00 %" in capsys.readouterr().out


class TestOwnLayer:
    @pytest.fixture(autouse=True)
    def its_layer(self):
        """``SE``, known for one test."""
        before = dict(LAYERS)
        load_layers(EXAMPLES / "own_layer.py")
        yield
        LAYERS.clear()
        LAYERS.update(before)

    @pytest.mark.parametrize(("ratio", "channels"), [(2, 8), (4, 8), (4, 3)])
    def test_it_has_the_parameters_that_one_computes_by_hand(self, ratio, channels):
        """Dense from the channels to the squeezed ones, and back, each with biases."""
        squeezed = max(1, channels // ratio)
        genome = parse_genome(f"CB {channels} 3 relu;SE {ratio};GP")
        by_hand = (channels + 1) * squeezed + (squeezed + 1) * channels
        (_, _, conv), (text, shape, found), *_ = summary(genome, (12, 9, 1), 5)
        assert (text, shape, found) == (f"SE {ratio}", (12, 9, channels), by_hand)
        multiplied = count_multiply_adds(genome, (12, 9, 1), 5)
        assert multiplied == 12 * 9 * 9 * channels + 2 * channels * squeezed + channels * 5
        model = build_model(genome, (12, 9, 1), 5)
        trainable = sum(np.prod(weight.shape) for weight in model.trainable_weights)
        assert trainable == conv + by_hand + (channels + 1) * 5 == count_params(genome, n_classes=5)

    def test_its_space_has_it_among_built_in_layers(self):
        space = find_space(str(EXAMPLES / "own_layer.toml"))
        drawn = [space.sample(random.Random(seed)) for seed in range(20)]
        assert all(genome in space for genome in drawn)
        assert {gene.kind for genome in drawn for gene in genome} == {"CR", "SB", "SE", "GP"}


class TestOwnImages:
    def test_digits_from_file_to_saved_network(self, tmp_path, capsys):
        settings = ["--population", "2", "--generations", "1", "--epochs", "4"]
        best, accuracy = example("own_images").main([*settings, "--out", str(tmp_path)])
        out = capsys.readouterr().out
        assert "1,004 images of shape (8, 8, 1), 10 classes" in out
        assert f"winner: {best}: " in out
        assert f"test accuracy {accuracy:.4f}" in out
        assert accuracy > 0.2  # one in ten is chance
        import keras

        model = keras.saving.load_model(tmp_path / "best.keras")
        with np.load(tmp_path / "digits.npz") as data:
            x, y = data["x_test"][..., None] / 255, data["y_test"]
        assert np.mean(model.predict(x, verbose=0).argmax(1) == y) == pytest.approx(accuracy)

    def test_a_file_that_is_none_is_one_line(self, tmp_path, capsys):
        settings = ["--data", str(tmp_path / "mine.npz"), "--out", str(tmp_path)]
        with pytest.raises(SystemExit, match="2"):
            example("own_images").main(settings)
        assert "mine.npz is not a file: allowed " in capsys.readouterr().err.splitlines()[-1]
