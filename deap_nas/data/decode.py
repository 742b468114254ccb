"""Many image files as one array: decoded once, then kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from deap_nas.data.dataset import DataError, Images, message_of
from deap_nas.data.kept import kept
from deap_nas.data.layout import KINDS
from deap_nas.data.pictures import Size, read_picture

VERSION = 1  # of how files are read; with another one, what is kept is not looked at
GIB = 2**30
USUAL = 64  # pixels of a side that small networks are trained on

Tell = Callable[[int, int], None]  # is told how many of how many images are decoded


def untold(done: int, of: int) -> None:
    """For who does not want to know."""


def decode(files: Sequence[Path], size: Size | None, grey: bool, tell: Tell) -> Images:
    """The images of files, uint8, shape (n, height, width, channels): 1 channel where all are
    grey, else 3.

    Args:
        files: one or more.
        size: (height, width) of each; None where all have one size.
        grey: colours become grey.
        tell: is called after each image, unless all were decoded before.

    Raises:
        DataError: for a file that is broken, images of several sizes, or too many for the memory.
    """
    key = json.dumps([VERSION, size, grey, list(map(_digest, files))])
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    images: Images = kept(name, lambda: {"x": _decoded(files, size, grey, tell)})["x"]
    return images


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise _broken(file, error) from None


def _decoded(files: Sequence[Path], size: Size | None, grey: bool, tell: Tell) -> Images:
    first = _read(files[0], size, grey)
    _check_room(len(files), first.shape, size)
    shape = first.shape[:2]
    images = np.empty((len(files), *shape, 1), np.uint8)
    for i, file in enumerate(files):
        image = _read(file, size, grey)
        if image.shape[:2] != shape:
            raise DataError(
                f"{file} has {_said(image.shape)} pixels (height x width), {files[0]} "
                f"{_said(shape)}: allowed one size; give one to which all are brought, such as "
                f"--image-size {_said([min(side, USUAL) for side in shape])}"
            )
        if image.ndim == 3 and images.shape[3] == 1:  # the first that is in colour
            images = np.repeat(images, 3, axis=3)
        images[i] = image if image.ndim == 3 else image[..., np.newaxis]
        tell(i + 1, len(files))
    return images


def _read(file: Path, size: Size | None, grey: bool) -> Images:
    try:
        return read_picture(file, size, grey)
    except ImportError:
        raise
    except Exception as error:  # a damaged file raises a dozen classes
        raise _broken(file, error) from None


def _broken(file: Path, error: BaseException) -> DataError:
    why = message_of(error).replace(repr(str(file)), "the file")
    return DataError(f"{file} cannot be read ({why}): allowed {KINDS}; replace it, or delete it")


def _said(shape: Sequence[int]) -> str:
    return f"{shape[0]}x{shape[1]}"


def _check_room(n: int, shape: Sequence[int], size: Size | None) -> None:
    """Workers and parent have a copy each: half of the memory is the most that helps anybody."""
    from deap_nas.evaluation.machine import MIB, memory

    needed, most = n * shape[0] * shape[1] * 3, memory() * MIB // 2
    if needed > most:
        smaller = "smaller than that" if size else f"such as {USUAL}x{USUAL}"
        raise DataError(
            f"{n} images of {_said(shape)} pixels take {needed / GIB:.1f} GiB: allowed "
            f"{most / GIB:.1f}, half of the memory here; give an --image-size {smaller}"
        )
