"""One small search, with real trainings, under hostile surroundings: what it finds is the same,
to the last digit and the last weight.

``python -m pytest -m surroundings tests/surroundings``: some minutes. Where Keras is set to
something, the search has a layer of the user's, whose shape and cost the parent finds by it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import drivers
import pytest

pytestmark = pytest.mark.surroundings

LAYER = """
import keras
from deap_nas import Layer, register_layer

register_layer(Layer("XX", {"filters": int}, lambda n, shape: [keras.layers.Conv2D(n, 2)]))
"""
SPACE = """
depth = [2, 3]
[heads.GP]
[layers.XX]
count = [1, 2]
filters = [2, 3]
[layers.CB]
count = [1, 2]
filters = [2, 3]
kernel = 3
activation = "tanh"
"""
SEARCH = (
    *("--population", "2", "--generations", "1", "--children", "1", "--epochs", "1"),
    *("--no-cache", "--no-report", "--seed", "4", "--workers", "1"),
)
OWN = ("--layers", "layer.py", "--space", "space.toml")
SHADOW = "raise SystemExit('of a folder of the user')\n"
SHADOWED = ("tensorflow", "keras", "numpy", "random", "typing", "json", "deap", "lazy_loader")
KERAS_JSON = {"floatx": "float64", "epsilon": 1e-2, "backend": "jax"}
KERAS_JSON["image_data_format"] = "channels_first"


@dataclass
class Surroundings:
    """What is different around a search.

    Args:
        variables: of its environment; None: unset.
        files: that lie in its current directory.
        shell: the command line, ``{command}`` in it.
        before: Python that the program around the search runs first; the search is then started by
            that program, in a thread, and not as a command.
        mounts: commands in a mount namespace of its own.
        own: whether the search has the user's layer.
    """

    variables: dict[str, str | None] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    shell: str = "{command}"
    before: str = ""
    mounts: tuple[str, ...] = ()
    own: bool = False


CASES = {
    "warnings are errors": Surroundings({"PYTHONWARNINGS": "error"}),
    "python is odd": Surroundings({"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2"}),
    "development mode": Surroundings({"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "error"}),
    "XLA": Surroundings(
        {
            "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
            "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
        }
    ),
    "oneDNN": Surroundings(
        {
            **{"TF_ENABLE_ONEDNN_OPTS": "0", "ONEDNN_MAX_CPU_ISA": "SSE41"},
            **{"TF_SET_ONEDNN_FPMATH_MODE": "BF16", "ONEDNN_DEFAULT_FPMATH_MODE": "BF16"},
        }
    ),
    "threads": Surroundings(
        {
            **{"OMP_NUM_THREADS": "7", "TF_NUM_INTRAOP_THREADS": "7", "MKL_NUM_THREADS": "7"},
            **{"OPENBLAS_NUM_THREADS": "7", "TF_NUM_INTEROP_THREADS": "7"},
        }
    ),
    "other kernels": Surroundings(
        {
            **{"OPENBLAS_CORETYPE": "Prescott", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2"},
            **{"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2 FMA3", "TF_USE_DEEP_CONV2D": "1"},
        }
    ),
    "Keras by variables": Surroundings(
        {
            **{"KERAS_BACKEND": "torch", "TF_USE_LEGACY_KERAS": "1"},
            **{"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"},
        },
        own=True,
    ),
    "keras.json at home": Surroundings(
        {"HOME": "."}, {".keras/keras.json": json.dumps(KERAS_JSON)}, own=True
    ),
    "keras.json elsewhere": Surroundings(
        {"KERAS_HOME": "conf"}, {"conf/keras.json": json.dumps(KERAS_JSON)}, own=True
    ),
    "libraries' names": Surroundings(files={f"{name}.py": SHADOW for name in SHADOWED}, own=True),
    "the current directory in PYTHONPATH": Surroundings(
        {"PYTHONPATH": f"{drivers.ROOT}:"}, {"tensorflow.py": SHADOW, "psutil.py": SHADOW}
    ),
    "sitecustomize": Surroundings(
        {"PYTHONPATH": f"{drivers.ROOT}:site"},
        {
            "site/sitecustomize.py": "import os, random, warnings\nrandom.seed(3)\n"
            "warnings.simplefilter('error')\nos.environ['TF_XLA_FLAGS'] = '--nonsense'\n",
        },
    ),
    "latin letters alone": Surroundings(
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    ),
    "matplotlib": Surroundings(
        {"MPLBACKEND": "nonsense", "MATPLOTLIBRC": "rc"}, {"rc": "font.size: 99\n"}
    ),
    "no home, no temporary folder": Surroundings({"HOME": None, "TMPDIR": "/nonesuch"}),
    "an empty environment": Surroundings({name: None for name in os.environ if name != "PATH"}),
    "a reader that leaves": Surroundings(shell="set -o pipefail; {command} | true"),
    "no streams": Surroundings(shell="{command} <&- >&- 2>&-"),
    "a full disk for output": Surroundings(shell="{command} > /dev/full 2>&1"),
    "few files, strict umask": Surroundings(shell="ulimit -n 64; umask 077; {command}"),
    "a read-only directory": Surroundings(
        mounts=("mount --bind . .", "mount -o remount,ro,bind .")
    ),
    "a container's quota": Surroundings(
        mounts=(
            "mount -t tmpfs tmpfs /sys/fs/cgroup",
            "mkdir -p /sys/fs/cgroup/cpu",
            "echo 50000 100000 > /sys/fs/cgroup/cpu.max",
            "echo 50000 > /sys/fs/cgroup/cpu/cpu.cfs_quota_us",
            "echo 100000 > /sys/fs/cgroup/cpu/cpu.cfs_period_us",
        )
    ),
    "a program's thread": Surroundings(
        before="""
import random, signal, warnings
import numpy as np
random.seed(5)
np.random.seed(5)
np.seterr(all="raise")
sys.setrecursionlimit(100_000)
signal.signal(signal.SIGINT, signal.SIG_IGN)
threading.Thread(target=lambda: [random.random() for _ in iter(int, 1)], daemon=True).start()
bare = {"write": lambda self, text: len(text), "flush": lambda self: None}  # and no isatty
sys.stdout = type("Bare", (), bare)()
"""
    ),
    "a program with Keras of its own": Surroundings(
        before="""
import keras
keras.config.set_image_data_format("channels_first")
keras.config.set_dtype_policy("float64")
keras.config.set_floatx("float64")
keras.utils.set_random_seed(9)
""",
        own=True,
    ),
}
PROGRAM = """
import sys, threading
{before}
from deap_nas.commands import run
statuses = []
thread = threading.Thread(target=lambda: statuses.append(run.main(sys.argv[1:])))
thread.start()
thread.join()
sys.exit(statuses[0])
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drivers.save_npz(tmp_path_factory.mktemp("data") / "tiny.npz", drivers.tiny_dataset())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Any:
    """What the search comes to with nothing around it, without and with the user's layer."""
    folders = [tmp_path_factory.mktemp(name) for name in ("plain", "own")]
    return [found(folder, data, Surroundings(own=i == 1)) for i, folder in enumerate(folders)]


def found(folder: Path, data: Path, around: Surroundings) -> Any:
    """What the search comes to."""
    here, run = folder / "here", folder / "run"
    for name, text in {"layer.py": LAYER, "space.toml": SPACE, **around.files}.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    words = [*SEARCH, *(OWN if around.own else ()), "--dataset", str(data), "--out", str(run)]
    start = ["-m", "deap_nas.run"]
    if around.before:
        start = ["-c", PROGRAM.replace("{before}", around.before)]
    script = " && ".join([*around.mounts, "cd .", around.shell.format(command='"$@"')])
    shell = ["unshare", "-m", "bash"] if around.mounts else ["bash"]
    done = subprocess.run(
        [*shell, "-c", script, "bash", sys.executable, *start, *words],
        cwd=here,
        env=environment(around),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return drivers.outcome(run)


def environment(around: Surroundings) -> dict[str, str]:
    base: dict[str, str | None] = {**os.environ, "PYTHONPATH": str(drivers.ROOT)}
    changed = {**base, **around.variables, "PYTHONPATH": base["PYTHONPATH"]}
    if around.variables.get("PYTHONPATH"):
        changed["PYTHONPATH"] = around.variables["PYTHONPATH"]
    return {name: value for name, value in changed.items() if value is not None}


def can_mount() -> bool:
    tried = ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return not Path("/proc/mounts").exists() or subprocess.run(tried, check=False).returncode == 0


@pytest.mark.parametrize("name", CASES)
def test_the_search_finds_the_same(tmp_path: Path, data: Path, plain: Any, name: str) -> None:
    if CASES[name].mounts and not can_mount():
        pytest.skip("needs a mount namespace")
    expected = plain[CASES[name].own]
    assert drivers.differences(expected, found(tmp_path, data, CASES[name])) == []


def test_the_plain_ones_find_something(plain: Any) -> None:
    """Else the others prove nothing: three networks trained, none failed."""
    for each in plain:
        assert len(each["measured"]) == 3
        assert all(evaluation["status"] == "ok" for evaluation in each["measured"].values())
        assert each["model"]
    assert any("XX" in genome for genome in plain[1]["measured"])
