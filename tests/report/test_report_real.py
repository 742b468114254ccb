"""A real run's page and what one takes home from it, with real training: minutes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deap_nas.report.formats import TOLERANCE
from deap_nas.runs.record import read_run

pytestmark = pytest.mark.slow
BASELINE = "NC 4 3 relu;RC 4 3 relu;RC 4 3 relu;FL relu"
# What the page says one should type, in a fresh process that knows nothing of this package.
LOAD = """
import sys
import keras
import numpy as np

data = np.load(sys.argv[2])
model = keras.models.load_model(sys.argv[1])
labels = model.predict(data["x"] / 255.0, verbose=0).argmax(axis=1)
print(repr(float((labels == data["y"]).mean())), "deap_nas" in sys.modules)
"""


def command(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "deap_nas", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    small = ("--population", "4", "--generations", "1", "--epochs", "2", "--no-cache")
    command("run", "--out", str(folder), "--baseline", BASELINE, *small)
    return folder


def test_the_page_of_a_real_run_misses_nothing(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "Missing on this page" not in page
    assert len(re.findall(r'<img alt="test image \d+: a', page)) >= 6


def test_wrong_images_are_wrong(folder: Path) -> None:
    labels = json.loads((folder / "test_labels.json").read_text())
    confusion = json.loads((folder / "result.json").read_text())["best"]["test_confusion"]
    from deap_nas import load_dataset

    data = load_dataset("fashion_mnist_mini")
    names = data.class_names
    for true in range(10):
        for found in range(10):
            pairs = zip(data.y_test.tolist(), labels)
            assert sum(pair == (true, found) for pair in pairs) == confusion[true][found]
    page = (folder / "report.html").read_text()
    told = re.findall(r'alt="test image (\d+): a (\S.*?) that was taken for (\S.*?)"', page)
    for index, true_name, found_name in told:
        assert names[data.y_test[int(index)]] == true_name
        assert names[labels[int(index)]] == found_name
        assert true_name != found_name


def test_a_network_taken_home_is_as_accurate(folder: Path, tmp_path: Path) -> None:
    import numpy as np

    from deap_nas import load_dataset

    said = command("report", str(folder), "--export", "front", "--no-tensorflow")
    assert said.count("in the run)") == len(list((folder / "export").glob("*.keras")))
    _, _, x, y = load_dataset("fashion_mnist_mini").split("validation")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    record = read_run(folder)
    networks = {"best.keras": record.best()}
    names = (folder / "export" / "class_names.txt").read_text().splitlines()
    assert tuple(names) == load_dataset("fashion_mnist_mini").class_names
    for line in said.splitlines()[1:-1]:
        path, _, rest = line.partition(": ")
        networks[f"export/{Path(path).name}"] = rest.partition(" (read again")[0]
    for name, genome in networks.items():
        assert genome
        evaluation = record.evaluation(genome)
        assert evaluation
        arguments = [sys.executable, "-c", LOAD, str(folder / name), str(tmp_path / "data.npz")]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        accuracy, imported = done.stdout.split()
        assert float(accuracy) == pytest.approx(evaluation.accuracy, abs=TOLERANCE["keras"]), name
        assert imported == "False"


def test_another_network_gets_its_test_score_once(folder: Path) -> None:
    record = read_run(folder)
    others = [text for text in record.good["genome"] if text != record.best()]
    command("report", str(folder), "--genome", others[0])
    scores = (folder / "report" / "test_scores.json").read_text()
    assert list(json.loads(scores)) == [others[0]]
    page = (folder / "report.html").read_text()
    assert "It was chosen by hand" in page
    assert "3</data> networks of this run have been scored on the test set" in page
    command("report", str(folder), "--genome", others[0], "--no-tensorflow")
    assert (folder / "report" / "test_scores.json").read_text() == scores
    command("report", str(folder))
    assert "It is the best by the search's fitness" in (folder / "report.html").read_text()
