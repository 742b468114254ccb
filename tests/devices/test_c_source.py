"""An int8 model as C: the array compiles, strictly, and has the model's bytes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from deap_nas.devices.arena import Arena
from deap_nas.devices.c_source import FILES, add_method, c_string, read_c, write_c
from deap_nas.devices.model import Int8Model, Quantisation

CONTENT = np.random.default_rng(0).integers(0, 256, 1001, np.uint8).tobytes()
NODES = ("CONV_2D", "LOGISTIC", "MUL", "MEAN", "FULLY_CONNECTED")
MODEL = Int8Model(
    CONTENT,
    b"a file",
    tuple(sorted(NODES)),
    (4, 3, 2),
    3,
    Quantisation(0.003921568859368563, -128),
    Quantisation(1.5e-05, 7),
    NODES,
    20,
    30,
)
NAMES = ("T-shirt/top", 'say "??/" \\', "Stiefel über\nKnöchel")
IMAGE = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")

# Writes what the compiled files have: the array, then numbers and names, each closed by a zero.
PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "image.h"

int main(void) {
  fwrite(model_data, 1, MODEL_BYTES, stdout);
  fwrite(image, 1, MODEL_INPUTS, stdout);
  printf("%d %.9g %d %.9g %d %d %d", (int)((size_t)model_data % 16), (double)MODEL_INPUT_SCALE,
         MODEL_INPUT_ZERO_POINT, (double)MODEL_OUTPUT_SCALE, MODEL_OUTPUT_ZERO_POINT,
         MODEL_ARENA_BYTES, MODEL_OPERATORS);
  for (int i = 0; i < MODEL_CLASSES; ++i) printf("%c%s", 0, model_class_names[i]);
  printf("%c%s", 0, image_expected);
  return 0;
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = write_c(MODEL, Arena(96, 801, "made up"), "NC 4 3 relu;GP", NAMES, IMAGE, 1, 2)
    assert tuple(texts) == FILES
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def compile_in(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_compiler
def test_the_array_compiles_and_has_the_bytes(folder):
    (folder / "show.c").write_text(PROGRAM)
    compile_in(folder, "cc", "-std=c11", *STRICT, "model.c", "show.c", "-o", "show")
    said = subprocess.run([folder / "show"], capture_output=True, check=True).stdout
    assert said[: len(CONTENT)] == CONTENT
    assert said[len(CONTENT) :][: IMAGE.size] == IMAGE.tobytes()
    numbers, *names = said[len(CONTENT) + IMAGE.size :].decode().split("\0")
    assert numbers == "0 0.00392156886 -128 1.49999996e-05 7 912 5"
    assert names == [*NAMES, NAMES[2]]


@needs_compiler
@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")
def test_the_headers_are_c_plus_plus_as_well(folder):
    compile_in(folder, "c++", "-std=c++17", *STRICT, "-fsyntax-only", "-x", "c++", "image.h")


def test_the_array_is_read_back(folder):
    assert read_c((folder / "model.c").read_text()) == CONTENT
    assert read_c("") == b""


def test_the_program_adds_each_operator_once(folder):
    text = (folder / "main.cc").read_text()
    for operator in NODES:
        assert text.count(f"resolver.{add_method(operator)}() == kTfLiteOk") == 1
    assert text.count(" &&\n         resolver.Add") == len(NODES) - 1


@pytest.mark.parametrize(
    ("operator", "method"),
    [
        ("ADD", "AddAdd"),
        ("AVERAGE_POOL_2D", "AddAveragePool2D"),
        ("CONV_2D", "AddConv2D"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("FULLY_CONNECTED", "AddFullyConnected"),
        ("HARD_SWISH", "AddHardSwish"),
        ("LOGISTIC", "AddLogistic"),
        ("MAX_POOL_2D", "AddMaxPool2D"),
        ("MEAN", "AddMean"),
        ("MUL", "AddMul"),
        ("PADV2", "AddPadV2"),
        ("TANH", "AddTanh"),
    ],
)
def test_methods_are_named_as_in_micro_mutable_op_resolver_h(operator, method):
    assert add_method(operator) == method


def test_a_string_has_nothing_that_c_would_read_otherwise():
    assert c_string('a"b\\?\n') == r'"a\042b\134\077\012"'
    assert c_string("ü9") == r'"\303\2749"'


def test_the_readme_tells_what_is_needed(folder):
    text = (folder / "README.md").read_text()
    assert "1,001 bytes" in text
    assert "912 bytes: 96 for tensors, 801 for the runtime's tables (made up)" in text
    assert "class: Stiefel über Knöchel" in text
    assert "calls the image say" in text
