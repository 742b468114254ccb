"""Two classes at 97 to 3: the default fitness warns, macro F1 finds a network that knows both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import result_of, run_main

from deap_nas import load_dataset

SHIRT, TROUSER = 6, 1  # of Fashion-MNIST
SHORT = (
    *("--space", "wide", "--epochs", 30, "--population", 6, "--workers", 1),
    *("--no-report", "--cache", "cache", "--first", "drawn"),
)


def rare(folder: Path) -> Path:
    """Shirts and, of 3 %, trousers, of half the size."""
    mini = load_dataset("fashion_mnist_mini")
    made: dict[str, Any] = {"class_names": np.array(["shirt", "trouser"])}
    for part, n in (("train", 500), ("val", 100), ("test", 100)):
        x, y = getattr(mini, f"x_{part}"), getattr(mini, f"y_{part}")
        counts = ((SHIRT, n * 97 // 100), (TROUSER, n * 3 // 100))
        kept = np.concatenate([np.flatnonzero(y == label)[:count] for label, count in counts])
        made |= {f"x_{part}": x[kept, ::2, ::2], f"y_{part}": y[kept] == TROUSER}
    np.savez(folder / "rare.npz", **made)
    return folder / "rare.npz"


@pytest.mark.filterwarnings("ignore:.*read as whole numbers")
def test_macro_f1_finds_a_network_that_predicts_both(home, no_model, capsys):
    data = rare(home)
    by_f1 = ("--fitness", "macro_f1_per_log_params", "--generations", 0)
    assert run_main("--dataset", data, *by_f1, "--out", "f1", *SHORT) == 0
    assert "a class so rare" not in capsys.readouterr().err
    assert run_main("--dataset", data, "--generations", 2, "--out", "default", *SHORT) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "97.0% are 'shirt'" in line]
    (line,) = lines
    assert "3.0% are 'trouser'" in line
    assert "use --fitness macro_f1_per_log_params, perhaps with --class-weights balanced" in line
    predicted = {
        name: np.sum(result_of(home / name)["best"]["test_confusion"], axis=0).tolist()
        for name in ("f1", "default")
    }
    print(predicted)
    assert predicted["default"][1] < 3 <= predicted["f1"][1]
