"""Stand-ins that run in worker processes: for the tests of everything but training itself.

Importable in workers because they get the parent's ``sys.path``.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import Evaluation, failed
from deap_nas.evaluation.halving import cut
from deap_nas.evaluation.trained import Trained
from deap_nas.genome import parse_genome
from deap_nas.layers.cost import count_params

LOG = "STUB_LOG"  # environment: a file that gets a line for each training begun
FAULTS = "STUB_FAULTS"  # environment: folder with a file for each genome that misbehaves
SECONDS = "STUB_SECONDS"  # environment: seconds that a training takes
KINDS = ("raise", "nan", "hang", "allocate", "exit", "kill")


class Unpicklable:
    def __reduce__(self) -> Any:
        raise TypeError("this does not pickle")


def explode() -> None:
    raise RuntimeError("this does not unpickle")


class Ununpicklable:
    def __reduce__(self) -> Any:
        return explode, ()


class BadText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text either")


class Servant:
    """Tasks that end in every way a task can."""

    def __init__(self, log: str = "") -> None:
        self._log, self._done = log, 0

    def echo(self, value: Any) -> Any:
        self._done += 1
        return value

    def pid(self) -> int:
        return os.getpid()

    def nth(self) -> int:
        self._done += 1
        return self._done

    def sleep(self, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    def note(self, text: str) -> None:
        write_line(self._log, text)

    def surroundings(self, module: str) -> Any:
        """What this process was started with, and where it finds a module."""
        found = importlib.import_module(module).__file__
        names = ("isolated", "no_user_site", "safe_path", "optimize", "utf8_mode")
        flags = [int(getattr(sys.flags, name)) for name in names]
        return dict(os.environ), flags, [action for action, *_ in warnings.filters], found

    def fail(self, text: str) -> None:
        raise ValueError(text)

    def fail_without_text(self) -> None:
        raise BadText

    def exit(self, code: int) -> None:
        os._exit(code)

    def leave(self) -> None:
        raise SystemExit(4)

    def kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """Kills who started this process: a Dask worker."""
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)

    def mark_and_sleep(self, text: str, seconds: float) -> int:
        """Writes its process's number, so that a test can kill it."""
        write_line(self._log, f"{text} {os.getpid()}")
        time.sleep(seconds)
        return os.getpid()

    def mark_and_wait(self, text: str, path: str) -> int:
        """Until there is a file."""
        write_line(self._log, f"{text} {os.getpid()}")
        while not Path(path).exists():
            time.sleep(0.02)
        return os.getpid()

    def die_the_first_time(self, mark: str) -> str:
        try:
            Path(mark).touch(exist_ok=False)
        except FileExistsError:
            return "second try"
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    def allocate(self, mib: int, pause: float = 0.0) -> int:
        blocks = []
        for _ in range(mib):
            blocks.append(np.ones(2**17))
            time.sleep(pause)
        return len(blocks)

    def hold(self, mib: int) -> int:
        self._held = np.ones(mib * 2**17)
        return os.getpid()

    def huge(self, mib: int) -> bytes:
        return bytes(mib * 2**20)

    def unpicklable(self) -> Any:
        return Unpicklable()

    def ununpicklable(self) -> Any:
        return Ununpicklable()

    def busy(self, seconds: float) -> float:
        """In C code that holds on to the interpreter in stretches."""
        end, total = time.monotonic() + seconds, 0.0
        array = np.ones((600, 600))
        while time.monotonic() < end:
            total += float((array @ array).sum())
        return total


class SlowStart(Servant):
    """Takes its time before its first task, or never gets there."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def start(self) -> None:
        if not self._seconds:
            raise ValueError("no time")
        time.sleep(self._seconds)
        self._done = 10


def refusing(*_: Any) -> Any:
    raise ImportError("no\nsuch library")


def dying(*_: Any) -> Any:
    os._exit(7)


class Squares:
    """A trainer that has nothing to do with networks: a whole number's square, times the budget."""

    def __init__(self, log: str = "") -> None:
        self._log, self._started = log, 0

    def key(self, genome: str, budget: int | str) -> str:
        return f"squares of {genome}, {budget} times"

    def start(self) -> None:
        self._started += 1

    def train(self, genome: str, budget: int | str) -> Any:
        write_line(self._log, f"{genome} {budget} {self._started}")
        if genome == "none":
            return None
        if genome == "weights":
            return Trained(Evaluation(metrics={"square": 0}), [np.ones(3)])
        return Evaluation(metrics={"square": int(budget) * int(genome) ** 2})


class Trainer:
    """Stands in for a ``training.evaluator.RecipeTrainer`` in workers, without TensorFlow: scores
    are a function of genome, recipe and seed."""

    def __init__(self, trainer: Any) -> None:
        x_train, *_, self._n_classes = trainer.data
        self._shape = x_train.shape[1:]
        self._plan = trainer.plan

    def train(self, text: str, budget: int | str, floors: Any = ()) -> Trained:
        genome, (recipe, train_seed) = parse_genome(text), self._plan(budget)
        write_line(os.environ.get(LOG, ""), text)
        size = count_params(genome, self._shape, self._n_classes)
        time.sleep(float(os.environ.get(SECONDS, "0")))
        if fault := fault_of(text):
            misbehave(fault)
            return Trained(failed("diverged", "loss nan in epoch 1", size, train_seconds=0.1), [])
        rng = random.Random(f"{text} {recipe.to_dict()} {train_seed}")
        found = evaluation(rng, size, recipe.epochs, recipe.rungs)
        trained = Trained(found, weights(rng, len(genome) + 1))
        return (cut(trained, floors) if floors else trained) or trained

    def score(self, text: str, weights: Any, x: Any, y: Any) -> Any:
        right = random.Random(f"{text} {[w.tobytes() for w in weights]}")
        return np.diag([right.randrange(50, 100) for _ in range(self._n_classes)]) + 1

    def predict(self, text: str, weights: Any, x: Any) -> Any:
        return np.arange(len(x)) % self._n_classes


class Saver:
    """Stands in for a ``devices.int8.Quantiser``: writes what it was given, as a text; an int8
    model is that text, of which its scores are a function."""

    def quantise(self, text: str, weights: Any, sample: Any) -> bytes:
        write_line(os.environ.get(LOG, ""), f"int8 {text}")
        digest = hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()
        return f"{text} {digest} {len(sample)}".encode()

    def expand(self, content: bytes) -> bytes:
        return content

    def score_int8(self, content: bytes, x: Any, y: Any) -> Any:
        rng = random.Random(content + str(len(y)).encode())
        return np.diag([rng.randrange(50, 100) for _ in range(3)]) + rng.randrange(1, 30)

    def save(self, text: str, weights: Any, path: str) -> None:
        digest = hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()
        part = f"{path}.{os.getpid()}.keras"
        Path(part).write_text(f"{text} {digest}")
        os.replace(part, path)


def stand_in(target: Any) -> Any:
    """For what a worker is made of."""
    return Trainer(target) if hasattr(target, "train") else Saver()


def evaluation(
    rng: random.Random, size: int = 3264, epochs: int = 1, rungs: tuple[int, ...] = ()
) -> Evaluation:
    """Some plausible measurement."""
    accuracy = rng.uniform(0.5, 0.9)
    curve = tuple(
        {"epoch": i, "loss": rng.random(), "accuracy": rng.random()} for i in range(1, epochs + 1)
    )
    for rung in rungs:
        curve[rung - 1]["val_accuracy"] = accuracy * rng.uniform(0.6, 1)
    return Evaluation(
        accuracy,
        rng.uniform(0.5, 0.9),
        size,
        rng.uniform(1, 2),
        epochs=epochs,
        best_epoch=epochs,
        curve=curve,
        confusion=((3, 1), (0, 2)),
        measured_on="stub",
    )


def weights(rng: random.Random, layers: int = 2) -> list[Any]:
    """Kernel and bias of so many layers: one for each conv gene, two for the head."""
    kernels = [np.array([rng.random() for _ in range(4)], np.float32) for _ in range(layers)]
    return [array for kernel in kernels for array in (kernel.reshape(2, 2), np.ones(2))]


def fault_of(text: str) -> str:
    """How a genome misbehaves: what its file in the folder of faults says."""
    folder = os.environ.get(FAULTS)
    if not folder:
        return ""
    path = Path(folder, hashlib.sha256(text.encode()).hexdigest())
    default = Path(folder, "all")
    return next((p.read_text() for p in (path, default) if p.exists()), "")


def set_fault(folder: Path, text: str, kind: str) -> None:
    """Make a genome (or "all") misbehave in workers whose STUB_FAULTS is the folder."""
    name = text if text == "all" else hashlib.sha256(text.encode()).hexdigest()
    (folder / name).write_text(kind)


def misbehave(kind: str) -> None:
    if kind == "raise":
        raise ValueError("made to raise")
    if kind == "hang":
        time.sleep(1000)
    if kind == "allocate":
        blocks = []
        while True:
            blocks.append(np.ones(2**20))
    if kind == "exit":
        os._exit(3)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


def write_line(path: str, text: str) -> None:
    if path:
        with open(path, "a") as file:  # one short append: whole, whoever else writes
            file.write(text + "\n")
