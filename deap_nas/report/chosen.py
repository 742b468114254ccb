"""The chosen network: its scores, class by class, and the images that it gets wrong."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.data import Dataset, load_dataset
from deap_nas.devices.int8 import Int8
from deap_nas.evaluation.fitness import Evaluation, accuracy_of
from deap_nas.files import read_text, write_whole
from deap_nas.report.networks import Studio
from deap_nas.runs.finalists import Finalist, seed_of
from deap_nas.runs.record import Record, ReportError, canonical
from deap_nas.runs.settings import data_options
from deap_nas.training.trainer import Weights

PER_CLASS = 6  # images shown of a weak class


@dataclass(frozen=True)
class Chosen:
    """A network and what is known of it.

    Args:
        genome: the network, as text.
        evaluation: its outcome in the run; of a finalist, that of its best final training.
        test: confusion counts on the test set; None until the search has ended, and where the
            search scored on the test set anyway.
        test_scored: how many networks of this run have been scored on the test set by now; each
            training is one.
        finalist: all its final trainings, where it has any.
        int8: what it came to in int8, where that was scored.
    """

    genome: str
    evaluation: Evaluation
    test: np.ndarray[Any, Any] | None
    test_scored: int
    finalist: Finalist | None = None
    int8: Int8 | None = None

    @property
    def confusion(self) -> np.ndarray[Any, Any]:
        """Counts on the test set if they are known, else on the split that the search scores on."""
        return np.array(self.evaluation.confusion) if self.test is None else self.test

    @property
    def train_seed(self) -> int | None:
        """Of a finalist's network."""
        return seed_of(self.finalist.best) if self.finalist and self.finalist.best else None

    @property
    def test_accuracy(self) -> float | None:
        return None if self.test is None else accuracy_of(self.test)

    @property
    def int8_test_accuracy(self) -> float | None:
        """On the test set, in int8, where that was scored."""
        return self.int8.test_accuracy if self.int8 else None


def choose(record: Record, genome: str | None = None) -> Chosen | None:
    """The network that the page is about: the best by fitness, or the one that is asked for.

    Raises:
        ReportError: for a genome that the run did not train with success.
    """
    text = canonical(genome) if genome else record.best()
    if text is None:
        return None
    evaluation, _ = record.network(text)
    if evaluation is None or not evaluation.ok:
        why = "failed in this run" if evaluation else "is not in this run"
        table = record.directory.evaluations.name
        raise ReportError(f"genome '{text}' {why}; {table} lists those that are")
    test = test_scores(record).get(text)
    counts = None if test is None else np.array(test)
    finalist = record.trained_again.get(text)
    finalist = finalist if finalist and finalist.best else None
    int8 = record.in_int8(text)
    return Chosen(text, evaluation, counts, count_tested(record), finalist, int8)


def score_on_test(record: Record, chosen: Chosen, studio: Studio) -> Chosen:
    """With its test score, where the run has ended and left none: once for each network that a user
    chooses, and written down, so that the page can say how often."""
    unfinished = record.state != "finished" or record.split == "test"
    if chosen.test is not None or unfinished:
        return chosen
    weights, dataset = weights_of(record, chosen.genome), data_of(record)
    found = studio.predict(chosen.genome, weights, dataset.x_test)
    confusion = np.zeros((record.n_classes, record.n_classes), np.int64)
    np.add.at(confusion, (dataset.y_test, found), 1)
    scores = {**_own_test_scores(record), chosen.genome: confusion.tolist()}
    write_whole(record.directory.test_scores, json.dumps(scores))
    return replace(chosen, test=confusion, test_scored=chosen.test_scored + 1)


def weights_of(record: Record, genome: str) -> Weights:
    """Trained weights of a genome.

    Raises:
        ReportError: if the run does not have them.
    """
    weights = record.weights(genome)
    if weights is None:
        raise ReportError(f"{record.directory.weights} has none of genome '{genome}'")
    return weights


def test_scores(record: Record) -> dict[str, Any]:
    """Test confusion of networks by genome: of the search's end, and of choices made since."""
    findings = [(record.result or {}).get(name) for name in ("best", "baseline")]
    found = {f["genome"]: f["test_confusion"] for f in findings if f and f.get("test_confusion")}
    for genome, finalist in record.trained_again.items():
        if finalist.best and finalist.best in finalist.tests:
            found[genome] = finalist.tests[finalist.best]
    return {**found, **_own_test_scores(record)}


def count_tested(record: Record) -> int:
    """How many networks have been scored on the test set; runs of before did not write it down."""
    written = {genome for genome, _ in record.tests}
    return len(record.tests) + len(test_scores(record).keys() - written)


def count_foreseen(record: Record) -> int:
    """How many of them the run itself scores at its end."""
    if record.finalists:
        return sum(len(each.tests) for each in record.trained_again.values())
    return 2 if record.settings["baseline"] else 1


def test_accuracy(record: Record, genome: str) -> float | None:
    """Of a network that has been scored on the test set."""
    counts = test_scores(record).get(genome)
    return None if counts is None else accuracy_of(counts)


def _own_test_scores(record: Record) -> dict[str, Any]:
    try:
        scores: dict[str, Any] = json.loads(read_text(record.directory.test_scores))
    except (OSError, ValueError):
        return {}
    return scores


def data_of(record: Record) -> Dataset:
    """The data set of a run, the same as it was.

    Raises:
        ReportError: if it has changed. DataError: if it is not there.
    """
    settings = record.settings
    dataset = load_dataset(settings["dataset"], **data_options(settings))
    if dataset.fingerprint != record.config["data"]["fingerprint"]:
        raise ReportError(f"data set {settings['dataset']} has changed since the run")
    return dataset


def class_names(record: Record) -> tuple[tuple[str, ...], str]:
    """Names of the classes and, where neither the run (of before) nor the data set tells them,
    why."""
    if names := record.config["data"].get("class_names"):
        return tuple(names), ""
    try:
        return data_of(record).class_names, ""
    except (ValueError, OSError) as error:
        return tuple(map(str, range(record.n_classes))), " ".join(str(error).split())


@dataclass(frozen=True)
class Mistake:
    """An image that is taken for another class: ``index`` in its split, a PNG as a data address."""

    index: int
    predicted: int
    png: str


def mistakes(
    record: Record, chosen: Chosen, classes: list[int], studio: Studio | None
) -> dict[int, list[Mistake]]:
    """The first few images of each class that the chosen network gets wrong, of the split that its
    confusion counts are of. Without a studio only those that the search left labels of."""
    stored = _stored_labels(record, chosen)
    if stored is None and studio is None:
        return {}
    dataset = data_of(record)
    if chosen.test is not None:
        x, y = dataset.x_test, dataset.y_test
    else:
        _, _, x, y = dataset.split(record.split)
    where = np.flatnonzero(np.isin(y, classes))
    if stored is not None:
        found = stored[where]
    else:
        assert studio is not None
        found = studio.predict(chosen.genome, weights_of(record, chosen.genome), x[where])
    wrong = [(int(i), int(label)) for i, label in zip(where, found) if label != y[i]]
    return {
        each: [Mistake(i, label, _png(x[i])) for i, label in wrong if y[i] == each][:PER_CLASS]
        for each in classes
    }


def _stored_labels(record: Record, chosen: Chosen) -> np.ndarray[Any, Any] | None:
    """What the search's best network called the test images, written at the search's end."""
    of_test = chosen.test is not None or record.split == "test"
    best = (record.result or {}).get("best") or {}
    if not of_test or best.get("genome") != chosen.genome:
        return None
    try:
        return np.array(json.loads(read_text(record.directory.test_labels)))
    except (OSError, ValueError):
        return None


def _png(image: np.ndarray[Any, Any]) -> str:
    """An image, shape (height, width, channels), as a ``data:`` address."""
    from PIL import Image

    pixels = image if image.dtype == np.uint8 else np.round(image * 255).astype(np.uint8)
    pixels = pixels if pixels.shape[2] == 3 else pixels[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def baseline_of(record: Record) -> Evaluation | None:
    """The outcome of the user's baseline, as soon as the run has it."""
    text = record.settings["baseline"]
    return record.evaluation(canonical(text)) if text else None


def versus_table(record: Record, chosen: Chosen, baseline: Evaluation | None) -> pd.DataFrame:
    """The chosen network beside the baseline: one row each."""
    rows = [_scores(record, "chosen", chosen.genome, chosen.evaluation)]
    if baseline:
        genome = canonical(record.settings["baseline"])
        rows.append(_scores(record, "your baseline", genome, record.network(genome)[0] or baseline))
    return pd.DataFrame(rows)


def _scores(record: Record, who: str, genome: str, evaluation: Evaluation) -> dict[str, Any]:
    test, finalist = test_accuracy(record, genome), record.trained_again.get(genome)
    return {
        "network": who,
        "genome": genome,
        **(finalist.scores() if finalist else {}),
        "accuracy": evaluation.accuracy,
        "test_accuracy": float("nan") if test is None else test,
        "train_accuracy": evaluation.train_accuracy,
        "n_params": evaluation.n_params,
        "train_seconds": evaluation.train_seconds,
        "multiply_adds": evaluation.multiply_adds,
        "epochs": evaluation.epochs,
        "status": evaluation.status,
    }
