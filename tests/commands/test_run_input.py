"""Bad input to the command line: one line, exit status 2, nothing written; and its help."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest
from command import GENOME, refused, run_main, snapshot

from deap_nas.__main__ import main as deap_nas
from deap_nas.runs.presets import PRESETS


def arrays(**changed: Any) -> dict[str, Any]:
    dataset = drivers.tiny_dataset()
    names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return {**{name: getattr(dataset, name) for name in names}, **changed}


BAD_FILES: dict[str, Any] = {
    "shape.npz": lambda: arrays(x_train=np.zeros((5, 4), np.uint8)),
    "labels.npz": lambda: arrays(y_train=np.full(40, -1)),
    "count.npz": lambda: arrays(y_train=np.arange(39) % 3),
    "sizes.npz": lambda: arrays(x_test=np.zeros((12, 9, 9, 1), np.uint8)),
    "small.npz": lambda: {
        name: array[:, :5, :5] if name.startswith("x") else array
        for name, array in arrays().items()
    },
    "nothing.npz": lambda: {},
    "text.npz": b"no archive",
    "initial.txt": f"{GENOME}\nNC 0 3 relu;FL relu\n",
    "illegal.txt": "NC 64 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh\n",
    "many.txt": f"{GENOME}\n" * 50,
    "key.toml": "populaton = 3\n",
    "value.toml": "population = 'many'\n",
    "preset.toml": "preset = 'huge'\n",
    "broken.toml": "population\n",
    "broken.json": "{",
    "list.json": "[]",
    "inside": "a file",
}

BAD = [
    (["--preset", "huge"], ["preset 'huge'", "fashion, search, quick, paper"]),
    (["--recipe", "slow"], ["recipe 'slow'", "paper, fast"]),
    (["--dataset", "imagenet"], ["'imagenet'", "fashion_mnist"]),
    (["--dataset", "."], ["folders in it", "class folders"]),
    (["--image-size", "32"], ["image_size '32'", "32x32"]),
    (["--image-size", "0x9"], ["image_size '0x9'"]),
    (["--grey"], ["grey with dataset 'fashion_mnist", "leave it out"]),
    (["--dataset", "none.npz"], ["none.npz"]),
    (["--dataset", "shape.npz"], ["x_train", "allowed"]),
    (["--dataset", "labels.npz"], ["y_train", "-1"]),
    (["--dataset", "count.npz"], ["y_train", "39"]),
    (["--dataset", "sizes.npz"], ["x_test"]),
    (["--dataset", "small.npz"], ["5", "--space full"]),
    (["--dataset", "nothing.npz"], ["x_train"]),
    (["--dataset", "text.npz"], ["text.npz"]),
    (["--dataset", "inside"], ["inside"]),
    (["--data-dir", "nowhere", "--dataset", "fashion_mnist"], ["nowhere"]),
    (["--config", "none.toml"], ["none.toml", "No such file"]),
    (["--config", "key.toml"], ["populaton", "population"]),
    (["--config", "value.toml"], ["population", "'many'", "a whole number"]),
    (["--config", "preset.toml"], ["preset 'huge'"]),
    (["--config", "broken.toml"], ["broken.toml"]),
    (["--config", "broken.json"], ["broken.json"]),
    (["--config", "list.json"], ["list.json"]),
    (["--population", "-3"], ["population -3", "2 or more"]),
    (["--population", "0"], ["population 0"]),
    (["--population", "many"], ["population", "many"]),
    (["--population"], ["population"]),
    (["--generations", "-1"], ["generations -1"]),
    (["--epochs", "-1"], ["epochs -1"]),
    (["--epochs", "1.5"], ["epochs", "1.5"]),
    (["--workers", "0"], ["workers 0", "1"]),
    (["--workers", "-1"], ["workers -1"]),
    (["--cxpb", "1.5"], ["cxpb 1.5", "0 to 1"]),
    (["--mutpb", "nan"], ["mutpb nan"]),
    (["--elitism", "10"], ["elitism 10", "population of 8"]),
    (
        ["--fitness", "luck"],
        ["fitness 'luck'", "log_params, time_penalised", "FILE.py:NAME"],
    ),
    (["--split", "train"], ["split 'train'", "validation, test"]),
    (["--space", "all"], ["space 'all'"]),
    (["--crossover", "two"], ["crossover 'two'"]),
    (["--mutation", "two"], ["mutation 'two'"]),
    (["--selection", "two"], ["selection 'two'"]),
    (["--seed", "-1"], ["seed -1"]),
    (["--max-evaluations", "0"], ["max_evaluations 0"]),
    (["--time-budget", "0"], ["time_budget 0"]),
    (["--max-seconds", "-1"], ["max_seconds -1"]),
    (["--max-memory", "0"], ["max_memory 0"]),
    (["--max-failures", "0"], ["max_failures 0"]),
    (["--target-fitness", "nan"], ["target_fitness nan"]),
    (["--baseline", "NC 2 3 relu"], ["baseline", "FL"]),
    (["--baseline", "NC 2 three relu;FL relu"], ["three"]),
    (["--baseline", "RC 2 29 relu;RC 2 3 relu;FL relu"], ["baseline", "29"]),
    (["--baseline", "RC 2 15 relu;RC 2 15 relu;FL relu"], ["baseline"]),
    (["--initial", "none.txt"], ["none.txt"]),
    (["--initial", "initial.txt"], ["initial.txt, line 2", "filters '0'"]),
    (["--initial", "illegal.txt"], ["illegal", "filters 64"]),
    (["--initial", "many.txt"], ["50 genomes", "--population"]),
    (["--resume", "nowhere"], ["nowhere", "no run is there"]),
    (["--out", "inside"], ["inside", "file"]),
    (["--out", "inside/run"], ["inside/run"]),
    (["--cache", "inside"], ["inside"]),
    (["--nonsense"], ["--nonsense"]),
    (["nonsense"], ["nonsense"]),
]


def write_bad_files(folder: Path, words: list[str]) -> None:
    for name in set(words) & set(BAD_FILES):
        content = BAD_FILES[name]
        if callable(content):
            np.savez(folder / name, **content())
        elif isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            (folder / name).write_text(content)


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_bad_input(home, stub, capsys, arguments, words):
    write_bad_files(home, [*arguments, "inside"] if "inside/run" in arguments else arguments)
    before = snapshot(home)
    refused(lambda: run_main(*arguments), capsys, *words)
    assert snapshot(home) == before
    assert not stub.counts()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["nonsense"]),
        (["NC 2 3 relu"], ["error: genome: ", "FL"]),
        ([GENOME, "--recipe", "slow"], ["recipe 'slow'"]),
        ([GENOME, "--save", "a.h5"], ["a.h5", ".keras"]),
        ([GENOME, "--save", "no/such/a.keras"], ["no/such"]),
        ([GENOME, "--epochs", "-1"], ["epochs -1"]),
        ([GENOME, "--dataset", "imagenet"], ["imagenet"]),
        (["RC 2 29 relu;FL relu"], ["error: genome 'RC 2 29 relu;FL relu' does not fit", "29"]),
        ([GENOME, "--nonsense"], ["--nonsense"]),
        ([], ["genome"]),
    ],
)
def test_bad_input_to_train(home, stub, capsys, arguments, words):
    refused(lambda: deap_nas(["train", *arguments]), capsys, *words)
    assert snapshot(home) == set()


def test_an_unknown_command(capsys):
    refused(lambda: deap_nas(["fly"]), capsys, "'fly'", "run")


def test_bad_input_in_a_process_of_its_own(home):
    """What the tests above say of ``main`` holds for the command."""
    result = drivers.cli("--population", "-3")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: population -3, allowed 2 or more\n"
    assert snapshot(home) == set()


# --- help


def test_help_is_fast_and_loads_nothing_heavy():
    code = """
import sys, time
from deap_nas import __main__
from deap_nas.commands import run
for call in (lambda: run.main(["--help"]), lambda: __main__.main(["train", "--help"])):
    try:
        call()
    except SystemExit as end:
        assert end.code == 0
heavy = ("tensorflow", "keras", "pandas", "numpy", "matplotlib", "joblib", "rich", "psutil")
print([name for name in heavy if name in sys.modules])
"""
    start = time.monotonic()
    result = drivers.python(code)
    assert time.monotonic() - start < 3
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
    assert "--max-evaluations" in result.stdout


def test_help_names_every_setting_and_preset(capsys):
    with pytest.raises(SystemExit):
        run_main("--help")
    out = capsys.readouterr().out
    assert all(name in out for name in (*PRESETS, "--baseline", "--initial", "--resume"))


def test_version_and_commands(capsys):
    assert deap_nas(["--version"]) == 0
    assert deap_nas([]) == 0
    assert "train" in capsys.readouterr().out


def test_the_console_script_is_the_same_command(home):
    script = Path(sys.executable).with_name("deap-nas")
    result = subprocess.run(
        [script, "run", "--population", "-3"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (2, "error: population -3, allowed 2 or more\n")
    assert os.listdir(home) == []
