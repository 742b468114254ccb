"""Exported C against TensorFlow Lite Micro: the arena, and labels of the array in model.c.

pip install -e '.[cpu,test,device]' && python -m pytest -m device
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import drivers
import numpy as np
import pytest
from test_on_runtime import SPACES, converted, genomes
from trained_run import train_run

from deap_nas import arena_head, load_dataset
from deap_nas.devices.arena import measure, predict
from deap_nas.devices.c_source import read_c
from deap_nas.devices.kernels import int8_logits
from deap_nas.devices.model import read_model

pytestmark = [pytest.mark.device, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize(
    ("n", "seed"), [(6, 2), pytest.param(100, 3, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("name", SPACES)
def test_the_arena_by_formula_is_enough_and_little_more(name, n, seed):
    pytest.importorskip("tflite_micro")
    for i, (genome, shape) in enumerate(genomes(name, n, seed)):
        content = converted(genome, shape, np.random.default_rng(i))
        found = measure(content)
        formula = predict(read_model(content), arena_head(genome, shape))
        assert formula.head == found.head, genome
        assert found.tail <= formula.tail <= found.tail + 300, genome


def test_the_arena_that_is_reported_is_enough():
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    genome = SPACES["wide"].sample(random.Random(4))
    content = converted(genome, (28, 28, 1), np.random.default_rng(0))
    size = measure(content).total
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=size)
    interpreter.set_input(np.zeros((1, 28, 28, 1), np.int8), 0)
    interpreter.invoke()
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(content, arena_size=size - 1024)


def test_the_array_gives_the_same_labels(tmp_path: Path):
    pytest.importorskip("tflite_micro")
    run, to = train_run(tmp_path), tmp_path / "mine"
    words = ("export", run, "--format", "tflite", "c", "--to", to)
    done = drivers.cli(*words, module="deap_nas")
    assert done.returncode == 0, done.stderr
    array, content = read_c((to / "best" / "model.c").read_text()), to / "best.tflite"
    _, _, x, _ = load_dataset("fashion_mnist_mini").split("validation")
    labels = int8_logits(array, x[:1000], micro=True).argmax(axis=1)
    file = int8_logits(content.read_bytes(), x[:1000], micro=True).argmax(axis=1)
    assert (labels == file).all()
    lite = int8_logits(content.read_bytes(), x[:1000]).argmax(axis=1)
    assert (labels == lite).mean() >= 0.995  # see test_both_runtimes_give_the_same_labels
    about = json.loads((to / "export.json").read_text())["files"][1]["arena"]
    assert about["source"] == "as tflite-micro reports it"
    assert about["total"] == measure(array).total
    expected = re.search('image_expected = "(.+)"', (to / "best" / "image.h").read_text())
    assert expected
    assert expected[1] == load_dataset("fashion_mnist_mini").class_names[labels[0]]
