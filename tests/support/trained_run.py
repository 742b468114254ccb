"""A run with real training that takes seconds, of networks that a microcontroller can run."""

from __future__ import annotations

from pathlib import Path

import drivers

SPACE = """
depth = 3
[heads.GP]
[layers.CR]
count = 1
filters = [4]
kernel = [3]
activation = ["hard_swish"]
[layers.SK]
count = 1
kernel = [3]
activation = ["swish"]
[layers.SB]
count = 1
filters = [6]
kernel = [3]
activation = ["relu"]
"""


def train_run(folder: Path) -> Path:
    """Search the small Fashion-MNIST; the folder of the run.

    Args:
        folder: gets the space's file and the run.
    """
    (folder / "space.toml").write_text(SPACE)
    small = ("--population", 2, "--generations", 0, "--epochs", 1, "--no-cache", "--no-report")
    space = ("--space", folder / "space.toml", "--dataset", "fashion_mnist_mini")
    done = drivers.cli("--out", folder / "run", *space, *small)
    assert done.returncode == 0, done.stderr
    return folder / "run"
