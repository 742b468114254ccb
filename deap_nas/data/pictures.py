"""An image file as a viewer shows it, as bytes of grey or colour."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FORMATS = ("PNG", "JPEG", "BMP", "WEBP")  # by what is in a file, whatever it is called
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")

Size = tuple[int, int]  # (height, width), in pixels


def read_picture(path: Path, size: Size | None = None, grey: bool = False) -> npt.NDArray[np.uint8]:
    """Read one image: turned as its camera was held, on white where it is transparent, with the
    upper 8 of 16 bits.

    Args:
        path: of a PNG, JPEG, BMP or WebP file; of several frames the first is read.
        size: to which it is stretched or shrunk; None leaves it as it is.
        grey: colours become grey (their luma, ITU-R 601).

    Returns:
        uint8, shape (height, width) where every pixel is grey, else (height, width, 3).

    Raises:
        Exception: of many classes, for what is no image, or a damaged one.
    """
    from PIL import Image

    with Image.open(path, formats=FORMATS) as image:
        if size:  # a JPEG of a camera can be decoded at a fraction of its size, and much faster
            image.draft("", (2 * max(size), 2 * max(size)))
        image.load()
        picture = _shown(_upright(image))
    if grey:
        picture = picture.convert("L")
    if size and picture.size != (size[1], size[0]):
        picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    with contextlib.suppress(Exception):  # what cannot be read of EXIF turns nothing
        return ImageOps.exif_transpose(image)
    return image


def _shown(image: Any) -> Any:
    """In the mode "L" where every pixel is grey, however it is stored, else "RGB"."""
    from PIL import Image

    if image.mode.startswith("I"):
        upper = np.asarray(image).astype(np.int64) >> 8
        return Image.fromarray(upper.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    red, green, blue = (picture := image.convert("RGB")).split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else picture
