"""A folder of images as a data set: ``FOLDER/cat/1.png``, or train, val and test with such folders
in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.data.dataset import DataError, Dataset, in_order, with_all_parts
from deap_nas.data.decode import Tell, decode
from deap_nas.data.labels import tidy
from deap_nas.data.layout import Classes, find_files
from deap_nas.data.pictures import Size
from deap_nas.words import counted


def load_folder(
    folder: Path, name: str, split_seed: int, size: Size | None, grey: bool, tell: Tell
) -> Dataset:
    """Read the images of a folder. Without a part for the test, a sixth of each class is drawn for
    it, and a sixth of the others for validation, unless they have a part.

    Args:
        folder: of class folders, or of parts with class folders.
        name: of the data set.
        split_seed: draws the parts that are missing.
        size: (height, width) to which each image is brought; None where all have one size.
        grey: colours become grey.
        tell: is told of the progress.

    Raises:
        DataError: for what cannot be read, or has too few images of a class.
    """
    try:
        found = find_files(folder)
    except OSError as error:
        raise DataError(
            f"{error.filename} cannot be read ({error.strerror}): allow it, or name another folder"
        ) from None
    _check_enough(found)
    classes = list(found["train"])
    files = {part: [f for each in of.values() for f in each] for part, of in found.items()}
    x = decode([file for part in files.values() for file in part], size, grey, tell)
    parts, start = dict[str, tuple[Any, ...]](), 0
    for part, of in found.items():
        labels = [classes.index(each) for each, members in of.items() for _ in members]
        names = [str(file.relative_to(folder)) for file in files[part]]
        end = start + len(labels)
        parts[part] = (x[start:end], np.array(labels, np.int64), np.array(names))
        start = end
    drawn = [part for part in ("test", "val") if part not in parts]
    parts = with_all_parts(parts, split_seed)
    said = f"; {' and '.join(drawn)} drawn with split_seed {split_seed}" if drawn else ""
    return Dataset(
        name,
        *in_order(parts),
        n_classes=len(classes),
        class_names=tuple(map(tidy, classes)),
        source=f"read from {folder}: {counted(len(x), 'image')} in {len(classes)} classes{said}",
        files={part: tuple(names.tolist()) for part, (_, _, names) in parts.items()},
    )


def _check_enough(found: dict[str, Classes]) -> None:
    """One to train on, and one for each part that is drawn."""
    needed = 1 + sum(part not in found for part in ("test", "val"))
    for name, files in found["train"].items():
        if len(files) < needed:
            raise DataError(
                f"class {name} has {len(files)} image{'s' if len(files) > 1 else ''} to train on "
                f"({files[0]}): allowed {needed} or more, since images are held out; add some, or "
                "delete its folder"
            )
