"""Trained weights of the kernels, bit by bit: in every variant, and as they were."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import native_digests
import pytest
from native_digests import CASES, FILE

from deap_nas import ACTIVATIONS
from deap_nas.layers import LAYERS, own_layers
from deap_nas.training.native import library
from deap_nas.training.recipes import LATER, OPTIMIZERS

KEPT = json.loads(FILE.read_text())
REMADE = (
    "A search would find other things than before. Either take the change back, or raise VERSION "
    "in deap_nas/training/native/library.py and run python tests/support/native_digests.py"
)


def test_the_file_is_of_the_version_of_the_kernels():
    assert KEPT["version"] == library.VERSION, REMADE
    assert list(KEPT["digests"]) == [case.genome for case in CASES], REMADE


@pytest.mark.parametrize("isa", library.supported())
def test_every_variant_gives_the_bits_that_are_kept(isa):
    """In a process of its own, as a worker chooses its variant: once."""
    shown = subprocess.run(
        [sys.executable, native_digests.__file__, "show"],
        env={**os.environ, library.VARIABLE: isa, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)["digests"]
    differ = [genome for genome, digest in KEPT["digests"].items() if found[genome] != digest]
    assert not differ, f"{isa}: {REMADE}"


# Rungs stop a training and change none; the others are settled before the engine is asked.
OF_THE_TRAINER = {"rungs", "least_steps", "normalised_rate", "shift_share"}


def test_the_cases_leave_nothing_out():
    genes = [gene.split() for case in CASES for gene in case.genome.split(";")]
    assert {gene[0] for gene in genes} == set(LAYERS) - {layer.name for layer in own_layers()}
    assert {word for gene in genes for word in gene} >= set(ACTIVATIONS)
    kernels = [gene for gene in genes if re.match(r"[NCS][BCR]|RC", gene[0])]
    assert {int(gene[2]) for gene in kernels} == set(range(1, 8))
    assert {case.optimizer for case in CASES} == set(OPTIMIZERS)
    assert {name for case in CASES for name in case.recipe_has} == set(LATER) - OF_THE_TRAINER
    assert {case.whole for case in CASES} == {False, True}
    assert {case.shape[2] for case in CASES} >= {1, 3}
    assert any(case.shape[0] != case.shape[1] for case in CASES)
    assert sum(case.n % case.batch_size > 0 for case in CASES) > len(CASES) / 2


def test_digests_are_made_anew_only_with_another_version(tmp_path, monkeypatch):
    path = tmp_path / "digests.json"
    monkeypatch.setattr(native_digests, "CASES", CASES[9:10])
    path.write_text(FILE.read_text())
    with pytest.raises(SystemExit, match=f"of version {library.VERSION}: raise VERSION"):
        native_digests.main([], path)
    assert path.read_text() == FILE.read_text()
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
    native_digests.main([], path)
    monkeypatch.setattr(native_digests, "CASES", CASES[9:11])
    native_digests.main([], path)
    assert len(json.loads(path.read_text())["digests"]) == 2, "a new case may be added"
    monkeypatch.setattr(native_digests, "CASES", CASES[9:10])
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
    native_digests.main([], path)
    digests = json.loads(path.read_text())
    assert digests == {"version": library.VERSION, "digests": {"GP": KEPT["digests"]["GP"]}}
