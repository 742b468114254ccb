"""deap_nas.data: one image file, in every mode, becomes what a viewer shows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deap_nas.data.pictures import read_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (4, 6), np.uint8)
COLOUR = RNG.integers(0, 256, (4, 6, 3), np.uint8)
ALPHA = RNG.integers(0, 256, (4, 6), np.uint8)
WIDE = GREY.astype(np.uint16) * 256 + 77  # 16 bits, of which the lower 8 are lost
TURNED = {  # what has the EXIF orientation 1 to 8 is turned back so
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: lambda x: np.rot90(x),
}


def on_white(x: np.ndarray) -> np.ndarray:
    alpha = (ALPHA if x.ndim == 2 else ALPHA[..., None]) / 255
    return x * alpha + 255 * (1 - alpha)


def palette(transparent: int | None = None, grey: bool = False) -> tuple[Any, np.ndarray]:
    """An image of 8 colours, and how it looks."""
    colours = np.repeat(GREY.reshape(-1)[:8, None], 3, 1) if grey else COLOUR.reshape(-1, 3)[:8]
    index = RNG.integers(0, 8, (4, 6), np.uint8)
    image = Image.fromarray(index, "L")
    image.putpalette(colours.tobytes())
    if transparent is not None:
        image.info["transparency"] = transparent
        colours = colours.copy()
        colours[transparent] = 255
    shown = colours[index]
    return image, shown[..., 0] if grey else shown


def png16(pixels: np.ndarray) -> bytes:
    """A PNG file of 16 bits, shape (height, width, channels), which Pillow writes of grey alone."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    head = struct.pack(">2I5B", width, height, 16, kind, 0, 0, 0)
    chunks = {b"IHDR": head, b"IDAT": zlib.compress(rows), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def deep(*channels: np.ndarray) -> bytes:
    return png16(np.dstack(channels).astype(np.uint16) * 256 + 77)


# What is stored, under what name, and what is shown.
MODES: dict[str, tuple[Any, str, np.ndarray]] = {
    "grey": (Image.fromarray(GREY), "a.png", GREY),
    "grey as colour": (Image.fromarray(np.dstack([GREY] * 3)), "a.png", GREY),
    "colour": (Image.fromarray(COLOUR), "a.png", COLOUR),
    "black and white": (Image.fromarray(GREY > 99), "a.png", (GREY > 99) * 255),
    "grey and alpha": (Image.fromarray(np.dstack([GREY, ALPHA]), "LA"), "a.png", on_white(GREY)),
    "colour and alpha": (Image.fromarray(np.dstack([COLOUR, ALPHA])), "a.png", on_white(COLOUR)),
    "16 bits": (Image.fromarray(WIDE), "a.png", GREY),
    "16 bits, colour": (deep(COLOUR), "a.png", COLOUR),
    "16 bits, grey and alpha": (deep(GREY, ALPHA), "a.png", on_white(GREY)),
    "16 bits, colour and alpha": (deep(COLOUR, ALPHA), "a.png", on_white(COLOUR)),
    "BMP": (Image.fromarray(COLOUR), "a.bmp", COLOUR),
    "BMP, grey": (Image.fromarray(GREY), "a.BMP", GREY),
    "WebP": (Image.fromarray(COLOUR), "a.webp", COLOUR),
    "a PNG that is called JPEG": (deep(COLOUR), "a.jpg", COLOUR),
}  # fmt: skip
for transparent in (None, 3):
    for grey in (False, True):
        stored, shown = palette(transparent, grey)
        said = f"palette{' of grey' * grey}{', transparent' * (transparent is not None)}"
        MODES[said] = (stored, "a.png", shown)
stored = np.dstack([COLOUR, ALPHA | 1])
MODES["WebP, alpha"] = (
    Image.fromarray(stored),
    "a.webp",
    COLOUR * (stored[..., 3:] / 255) + 255 - stored[..., 3:],
)


def write(path: Path, stored: Any, **options: Any) -> Path:
    if isinstance(stored, bytes):
        path.write_bytes(stored)
    else:
        stored.save(path, **({"lossless": True} if path.suffix == ".webp" else {}), **options)
    return path


@pytest.mark.parametrize("mode", MODES)
def test_what_is_shown(tmp_path: Path, mode: str) -> None:
    stored, name, shown = MODES[mode]
    found = read_picture(write(tmp_path / name, stored))
    assert found.dtype == np.uint8
    assert found.shape == shown.shape, "grey has no channels"
    assert np.abs(found - shown.astype(float)).max() <= 1, "rounded"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("orientation", TURNED)
def test_a_turned_camera(tmp_path: Path, name: str, orientation: int) -> None:
    image, exif = Image.fromarray(np.kron(GREY, np.ones((8, 8), np.uint8))), Image.Exif()
    exif[0x0112] = orientation
    plain = read_picture(write(tmp_path / f"plain_{name}", image))
    turned = read_picture(write(tmp_path / name, image, exif=exif))
    assert np.array_equal(turned, TURNED[orientation](plain))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_turns_nothing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jpg", Image.fromarray(COLOUR), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"
    )
    assert read_picture(path).shape == (4, 6, 3)


def test_ink(tmp_path: Path) -> None:
    """CMYK, of printers: full cyan, full yellow, half black, none."""
    ink = np.zeros((8, 32, 4), np.uint8)
    ink[:, :8, 0], ink[:, 8:16, 2], ink[:, 16:24, 3] = 255, 255, 128
    found = read_picture(write(tmp_path / "a.jpg", Image.fromarray(ink, "CMYK"), quality=100))
    colours = [found[4, x].tolist() for x in (4, 12, 20, 28)]
    for colour, meant in zip(colours, ([0, 255, 255], [255, 255, 0], [127] * 3, [255] * 3)):
        assert np.abs(np.subtract(colour, meant)).max() < 12


def test_the_first_of_several_frames(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((4, 6), value, np.uint8)) for value in (10, 200)]
    path = tmp_path / "a.png"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert np.array_equal(read_picture(path), np.full((4, 6), 10))


def test_grey_is_luma(tmp_path: Path) -> None:
    found = read_picture(write(tmp_path / "a.png", Image.fromarray(COLOUR)), grey=True)
    assert found.shape == (4, 6)
    assert np.abs(found - COLOUR @ [0.299, 0.587, 0.114]).max() <= 1


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / 40
    waves = [np.sin(y + i) * np.cos(x - i) for i in range(3)]
    return (127 + 120 * np.dstack(waves)).astype(np.uint8)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_size(tmp_path: Path, name: str, orientation: int) -> None:
    """Of a large JPEG, which is decoded at a fraction of its size, as of any other file."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = write(tmp_path / name, Image.fromarray(smooth(600, 400)), exif=exif)
    found = read_picture(path, (24, 16))
    whole = Image.fromarray(np.ascontiguousarray(TURNED[orientation](smooth(600, 400))))
    wanted = np.asarray(whole.resize((16, 24), Image.Resampling.BOX))
    assert found.shape == (24, 16, 3)
    assert np.abs(found - wanted.astype(float)).mean() < 3


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "text": lambda data: b"no image",
    "a GIF": lambda data: b"GIF89a" + data[6:],
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp"])
def test_what_is_no_image_raises(tmp_path: Path, name: str, how: str) -> None:
    path = write(tmp_path / name, Image.fromarray(smooth(64, 64)))
    path.write_bytes(BROKEN[how](path.read_bytes()))
    with pytest.raises(Exception, match=r"."):
        read_picture(path)
