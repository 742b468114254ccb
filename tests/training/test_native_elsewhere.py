"""The kernels under other compilers: with sanitizers, and for aarch64. Each in a marked run.

``native_driver.cpp`` trains outside Python; whoever compiled it, it must answer with the bits of
the library that is loaded here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import native_driver
import native_networks
import numpy as np
import pytest
from hypothesis import given, settings
from native_digests import CASES
from native_networks import Drawn

from deap_nas import Recipe
from deap_nas.training.moves import draw_moves
from deap_nas.training.native import library

Ask = Callable[[bytes], bytes]  # a question for the driver, and its answer

CHECKED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
VARIANTS = {"baseline": "-march=x86-64", "avx2": "-march=x86-64-v3"}
ARM = ("aarch64-linux-gnu-g++", "qemu-aarch64")


def assert_same_bits(ask: Ask, cases) -> None:
    for case in cases:
        network, epochs = case.network(), list(case.epochs())
        question = native_driver.question(network, case.recipe, case.data(), epochs, 7)
        expected = native_driver.answer(network, case.data(), epochs)
        assert ask(question) == expected, case.genome


def drawn_training(
    drawn: Drawn, optimizer: str, batch_size: int, shifts: int
) -> tuple[bytes, bytes]:
    """Two epochs on what was drawn: the question and the answer."""
    of = {"shifts": shifts, "flips": True} if shifts else {}
    recipe = Recipe("drawn", 1, optimizer, 0.01, 2, batch_size, momentum=0.9, **of)
    network, data = drawn.native(recipe), (drawn.images, drawn.labels)
    rates = np.full(-(-drawn.n // batch_size), 0.01, np.float32)
    moves = draw_moves(recipe, 7, 1, drawn.n)
    epochs = [
        (order, rates) if moves is None else (order, rates, moves)
        for order in (drawn.order, drawn.order[::-1].copy())
    ]
    question = native_driver.question(network, recipe, data, epochs, 7)
    return question, native_driver.answer(network, data, epochs)


# Sanitizers


@pytest.fixture(scope="module", params=VARIANTS)
def sanitized(request, tmp_path_factory) -> Ask:
    """The driver with the kernels of a variant, in which any report ends it."""
    if request.param not in library.supported():
        pytest.skip(f"this CPU cannot run {request.param}")
    program = tmp_path_factory.mktemp("sanitized") / request.param
    native_driver.compile_driver(program, *CHECKED, VARIANTS[request.param])
    return lambda question: answered([str(program)], question)


def answered(command: list[str], question: bytes) -> bytes:
    done = native_driver.ask(
        command, question, env={**os.environ, "ASAN_OPTIONS": "halt_on_error=1"}
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:4000]
    assert not done.stderr, done.stderr.decode(errors="replace")[:4000]
    return done.stdout


@pytest.mark.sanitizer
def test_the_trainings_of_the_digests_break_no_rule(sanitized):
    assert_same_bits(sanitized, CASES)


@pytest.mark.sanitizer
def test_drawn_trainings_break_no_rule(sanitized):
    @settings(max_examples=100)
    @given(
        native_networks.networks(),
        native_networks.optimizers,
        native_networks.batch_sizes,
        native_networks.shifts,
    )
    def check(drawn, optimizer, batch_size, shifts):
        question, expected = drawn_training(drawn, optimizer, batch_size, shifts)
        found = sanitized(question)
        losses = np.frombuffer(expected[:24])
        assert found == expected or not np.isfinite(losses).all(), "NaN has many bits"

    check()


@pytest.mark.sanitizer
def test_a_sanitizer_does_report(tmp_path):
    """A kernel that writes behind its map is found: else the tests above would say nothing."""
    broken = tmp_path / "kernels"
    shutil.copytree(native_driver.KERNELS, broken)
    maps = broken / "maps.h"
    maps.write_text(maps.read_text().replace("(size_t)channels * plane;", "(size_t)plane;"))
    program = tmp_path / "broken"
    native_driver.compile_driver(program, *CHECKED, VARIANTS["baseline"], kernels=broken)
    with pytest.raises(AssertionError, match="AddressSanitizer: heap-buffer-overflow"):
        assert_same_bits(lambda question: answered([str(program)], question), CASES[:1])


# aarch64


@pytest.fixture(scope="module")
def arm(tmp_path_factory) -> Ask:
    missing = [tool for tool in ARM if not shutil.which(tool)]
    if missing:
        pytest.skip(
            f"{' and '.join(missing)} missing: apt-get install g++-aarch64-linux-gnu qemu-user"
        )
    program = tmp_path_factory.mktemp("arm") / "driver"
    native_driver.compile_driver(program, "-O2", "-static", compiler=ARM[0])
    return lambda question: answered([ARM[1], str(program)], question)


@pytest.mark.aarch64
def test_aarch64_gives_the_bits_of_x86(arm):
    assert_same_bits(arm, CASES)
