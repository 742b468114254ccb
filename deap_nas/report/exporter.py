"""One network after the other written to a folder, and each file read back and scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.devices.arena import Arena, has_runtime, predict
from deap_nas.devices.c_source import MODEL, read_c, write_c
from deap_nas.devices.model import Int8Model
from deap_nas.devices.quantise import SAMPLE, draw_sample
from deap_nas.files import write_whole
from deap_nas.genome import parse_genome
from deap_nas.layers.cost import arena_head
from deap_nas.report.chosen import class_names, data_of, weights_of
from deap_nas.report.formats import INT8, TOLERANCE
from deap_nas.report.networks import Studio
from deap_nas.runs.record import Record

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Exported:
    """A network that was written in one format, and read back.

    Args:
        name: of its file, or with the C form of its folder.
        genome: the network, as text.
        format: one of ``report.formats``.
        size: bytes of the file; of the C form, of the model in it.
        trained: its accuracy in the run, in [0, 1].
        read_back: the accuracy of what was written, on the images that the run scored on; None
            where these are not at hand.
        why: why they are not.
        model: the int8 model, of the int8 forms.
        arena: the RAM that it needs, of the C form.
    """

    name: str
    genome: str
    format: str
    size: int
    trained: float
    read_back: float | None
    why: str = ""
    model: Int8Model | None = None
    arena: Arena | None = None

    @property
    def accuracy(self) -> float:
        """Of the network in float, in [0, 1]: read back, or as the run has it."""
        of_float = self.model is None and self.read_back is not None
        return self.read_back if of_float else self.trained  # type: ignore[return-value]

    @property
    def int8_accuracy(self) -> float | None:
        """Of the int8 model, read back, in [0, 1]; None of the other forms."""
        return self.read_back if self.model else None


class Exporter:
    """Writes networks of a run into a folder, and reads back what it wrote.

    Args:
        record: of the run.
        studio: open for it.
        folder: where to write; it is there.
    """

    def __init__(self, record: Record, studio: Studio, folder: Path) -> None:
        self._record, self._studio, self._folder = record, studio, folder
        self._quantised: dict[str, Int8Model] = {}

    def write(self, name: str, genome: str, form: str) -> Exported:
        """Write a network in one format.

        Args:
            name: of the file, without its ending.
            genome: the network, as text.
            form: one of ``report.formats``.

        Raises:
            RuntimeError: if it can't be written, or what was written gives another accuracy.
        """
        path = self._folder / (name if form == "c" else f"{name}.{form}")
        model = self._quantise(genome) if form in INT8 else None
        arena = None
        if model is None:
            self._studio.write(genome, weights_of(self._record, genome), path)
        elif form == "tflite":
            write_whole(path, model.file)
        else:
            arena = self._write_c(model, genome, path)
        evaluation, _ = self._record.network(genome)
        assert evaluation is not None
        accuracy, why = self._score(path, form)
        if accuracy is not None and form in TOLERANCE:
            _compare(path, self._record.split, accuracy, evaluation.accuracy, TOLERANCE[form])
        size = len(model.content) if model and form == "c" else path.stat().st_size
        found = (path.name, genome, form, size, evaluation.accuracy, accuracy, why, model, arena)
        return Exported(*found)

    @cached_property
    def _images(self) -> tuple[Array, Array, Array]:
        """Those to train on, those that the run scored on, and labels of the latter."""
        x_train, _, x, y = data_of(self._record).split(self._record.split)
        return x_train, x, y

    def _quantise(self, genome: str) -> Int8Model:
        if genome not in self._quantised:
            sample = draw_sample(self._images[0], sample_of(self._record))
            weights = weights_of(self._record, genome)
            self._quantised[genome] = self._studio.quantise(genome, weights, sample)
        return self._quantised[genome]

    def _write_c(self, model: Int8Model, genome: str, folder: Path) -> Arena:
        record, (_, x, y) = self._record, self._images
        size = (record.input_shape, record.n_classes)
        if has_runtime():
            arena: Arena = self._studio.measure_arena(model.content)
        else:
            arena = predict(model, arena_head(parse_genome(genome), *size))
        image = x[0] if x.dtype == np.uint8 else np.round(x[0] * 255).astype(np.uint8)
        expected = int(self._studio.predict_int8(model.content, image[None])[0])
        names, _ = class_names(record)
        folder.mkdir()
        texts = write_c(model, arena, genome, names, image, int(y[0]), expected)
        for name, text in texts.items():
            write_whole(folder / name, text)
        return arena

    def _score(self, path: Path, form: str) -> tuple[float | None, str]:
        """The accuracy of a file; None where there are no images, and why."""
        try:
            _, x, y = self._images
        except (ValueError, OSError) as error:
            return None, " ".join(str(error).split())
        if form == "c":
            found = self._studio.predict_int8(read_c((path / MODEL).read_text()), x)
        elif form == "tflite":
            found = self._studio.predict_int8(path.read_bytes(), x)
        else:
            found = self._studio.predict_with(path, x)
        return float(np.mean(found == y)), ""


def sample_of(record: Record) -> int:
    """How many training images the ranges of int8 are chosen by; runs of before had no int8.

    Args:
        record: of the run.
    """
    return int(record.settings.get("int8_sample", SAMPLE))


def _compare(path: Path, split: str, accuracy: float, trained: float, tolerance: float) -> None:
    if abs(accuracy - trained) > tolerance:
        raise RuntimeError(
            f"{path}: {split} accuracy {accuracy} when read again, {trained} in the run; was it "
            "trained with other versions?"
        )
