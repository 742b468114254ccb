"""An int8 model as C: its bytes as an array, and a program for TensorFlow Lite Micro."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jinja2
import numpy as np

from deap_nas.devices.arena import Arena
from deap_nas.devices.model import Int8Model

MODEL = "model.c"  # the file that has the bytes
FILES = ("model.h", MODEL, "image.h", "main.cc", "README.md")
LINE = 12  # bytes on a line
ODD_METHODS = {"PADV2": "AddPadV2", "CUMSUM": "AddCumSum"}


def write_c(
    model: Int8Model,
    arena: Arena,
    genome: str,
    class_names: Sequence[str],
    image: np.ndarray[Any, Any],
    label: int,
    expected: int,
) -> dict[str, str]:
    """The text of each of ``FILES``.

    Args:
        model: the network.
        arena: RAM that it needs.
        genome: its text.
        class_names: of what it gives, in order.
        image: one to try, uint8, shape (height, width, channels).
        label: its class.
        expected: the class that the network takes it for.
    """
    content = {
        "model": model,
        "arena": arena,
        "genome": genome,
        "class_names": class_names,
        "image": image.tobytes(),
        "image_label": class_names[label],
        "image_expected": class_names[expected],
    }
    environment = _environment()
    return {name: environment.get_template(f"{name}.j2").render(content) for name in FILES}


def read_c(text: str) -> bytes:
    """The model's bytes, from the text of its ``MODEL``.

    Args:
        text: of the file.
    """
    array = text.partition("model_data[MODEL_BYTES] = {")[2].partition("}")[0]
    return bytes(int(each, 16) for each in re.findall(r"0x[0-9a-f]{2}", array))


def add_method(operator: str) -> str:
    """The method of a MicroMutableOpResolver that adds an operator.

    Args:
        operator: by TensorFlow Lite's name, as "CONV_2D".

    Source: tensorflow/lite/micro/micro_mutable_op_resolver.h.
    """
    return ODD_METHODS.get(operator, "Add" + operator.title().replace("_", ""))


def c_string(text: str) -> str:
    """A C string of UTF-8; what is not plain ASCII is written as octal numbers."""
    plain = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode()) + '"'


def _c_bytes(content: bytes) -> str:
    lines = (content[start : start + LINE] for start in range(0, len(content), LINE))
    return "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines)


def _c_float(value: float) -> str:
    return f"{np.float32(value)!s}f"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("deap_nas.devices", "c"),
        autoescape=False,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "add_method": add_method,
        "c_bytes": _c_bytes,
        "c_float": _c_float,
        "c_string": c_string,
        "one_line": lambda text: " ".join(text.split()),
    }
    return environment
