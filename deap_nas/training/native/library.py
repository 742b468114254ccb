"""Loading the kernels: the variant of the library for this CPU."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import POINTER, c_double, c_float, c_int, c_int32, c_int64, c_uint32, c_void_p
from pathlib import Path
from typing import Any

VERSION = 1  # of the bits: a change in what the kernels give needs another
ISAS = ("baseline", "avx2", "avx512")  # of x86-64, each with what those before it have
VARIABLE = "DEAP_NAS_ISA"
FOLDER = Path(__file__).parent


class Step(ctypes.Structure):
    """What ``kernels/network.h`` calls so."""

    _fields_ = (
        *((name, c_int32) for name in ("what", "filters", "kernel", "stride", "same")),
        *((name, c_int32) for name in ("bias", "activation")),
        ("number", c_float),
    )


class Training(ctypes.Structure):
    """What ``kernels/network.h`` calls so."""

    _fields_ = (
        ("optimizer", c_int32),
        *((name, c_float) for name in ("momentum", "label_smoothing", "weight_decay")),
    )


class NativeError(RuntimeError):
    """The kernels cannot be used; the message says why."""


def unavailable() -> str:
    """Why the kernels cannot be used here, as half a sentence; empty where they can."""
    try:
        load()
    except NativeError as error:
        return str(error)
    return ""


def load() -> Any:
    """The library, in the variant that ``DEAP_NAS_ISA`` names, or else the best of this CPU.

    Raises:
        NativeError: where there is none, or the variable names none that can run.
    """
    return _load(os.environ.get(VARIABLE, ""))


def supported() -> tuple[str, ...]:
    """The variants that this CPU can run.

    Raises:
        NativeError: where there is no library.
    """
    return ISAS[: _open("baseline").deap_nas_level() + 1]


def isa() -> str:
    """The variant that ``load`` takes."""
    return os.environ.get(VARIABLE, "") or supported()[-1]


@functools.cache
def _load(wanted: str) -> Any:
    can = supported()
    if wanted and wanted not in can:
        known = "this CPU cannot run it" if wanted in ISAS else "there is no such variant"
        raise NativeError(f"{VARIABLE}={wanted}: {known}, allowed {', '.join(can)}")
    return _open(wanted or can[-1])


@functools.cache
def _open(variant: str) -> Any:
    path = FOLDER / f"kernels_{variant}.so"
    if not path.exists():
        raise NativeError(
            f"its kernels are not built ({path.name} is missing): install a C++ compiler "
            "(apt-get install g++) and run pip install anew, or take the wheel"
        )
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise NativeError(f"its kernels cannot be loaded ({error})") from None
    for name, result, arguments in FUNCTIONS:
        function = getattr(library, f"deap_nas_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_ADDRESS = c_void_p
FUNCTIONS: tuple[tuple[str, Any, list[Any]], ...] = (
    ("level", c_int, []),
    (
        "make",
        c_void_p,
        [POINTER(Step), *[c_int] * 6, POINTER(Training), c_uint32, POINTER(c_double)],
    ),
    ("allocate", c_int, [c_void_p]),
    ("free", None, [c_void_p]),
    ("sizes", None, [c_void_p, POINTER(c_int), POINTER(c_int)]),
    ("numbers", POINTER(c_float), [c_void_p, c_int]),
    ("images", None, [c_void_p, _ADDRESS, c_int, _ADDRESS, _ADDRESS]),
    ("train", c_double, [c_void_p, _ADDRESS, c_int, _ADDRESS, _ADDRESS, POINTER(c_int64)]),
    ("gradient", c_double, [c_void_p, _ADDRESS, c_int]),
    ("score", c_double, [c_void_p, _ADDRESS, c_int, _ADDRESS, c_int, POINTER(c_int32)]),
    ("function", None, [c_int, _ADDRESS, _ADDRESS, c_int]),
    ("peak", c_double, [c_int]),
)
