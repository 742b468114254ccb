"""Workers know nothing of what surrounds the program that started them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import drivers
import pytest
import stubs

import deap_nas
from deap_nas.commands import start
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.training.trainer import ENVIRONMENT, INHERITED

HOSTILE = "raise SystemExit('of the current directory')\n"


def surroundings(module: str = "psutil", **settings: Any) -> Any:
    with Workers(stubs.Servant(), **settings) as workers:
        ((_, outcome),) = workers.run([Task(0, "surroundings", (module,))])
    assert outcome.status == "ok", outcome.reason
    return outcome.value


def test_python_is_isolated(tmp_path, monkeypatch):
    """Its own variables, the user's folder of packages and usercustomize.py have no say."""
    (tmp_path / "sitecustomize.py").write_text("import warnings\nwarnings.simplefilter('error')")
    (tmp_path / "usercustomize.py").write_text("import warnings\nwarnings.simplefilter('error')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONUTF8", "0")
    _, (isolated, no_user_site, safe_path, optimize, utf8), filters, _ = surroundings()
    assert (isolated, no_user_site, safe_path, optimize, utf8) == (1, 1, 1, 0, 1)
    assert "error" not in filters


@pytest.mark.parametrize("module", ["psutil", "random", "numpy"])
def test_what_is_installed_comes_before_the_users_folders(tmp_path, monkeypatch, module):
    (tmp_path / f"{module}.py").write_text(HOSTILE)
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), "", *sys.path])
    assert surroundings(module)[-1] == sys.modules[module].__file__
    assert surroundings("mine")[-1] == str(tmp_path / "mine.py")


def test_the_package_is_the_parents(monkeypatch):
    """Also where another is installed, or none."""
    package = Path(deap_nas.__file__).parent
    monkeypatch.setattr(sys, "path", [p for p in sys.path if Path(p).resolve() != package.parent])
    assert surroundings("deap_nas.evaluation.workers")[-1] == f"{package}/evaluation/workers.py"


def test_a_training_has_a_fixed_environment(monkeypatch):
    """Any other variable may be one that a library reads."""
    for name in ("TF_XLA_FLAGS", "XLA_FLAGS", "ONEDNN_MAX_CPU_ISA", "GLIBC_TUNABLES", "ANYTHING"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("LC_ALL", "tr_TR.ISO-8859-9")
    environment, *_ = surroundings(environment=ENVIRONMENT, inherit=INHERITED)
    assert environment.keys() <= {*ENVIRONMENT, *INHERITED}
    assert {name: environment[name] for name in ENVIRONMENT} == ENVIRONMENT


def test_trainers_of_others_have_the_users_environment(monkeypatch):
    monkeypatch.setenv("ANYTHING", "1")
    environment, *_ = surroundings(environment={"MORE": "2"})
    assert (environment["ANYTHING"], environment["MORE"]) == ("1", "2")


def test_evaluators_and_reports_start_such_workers(stub, monkeypatch):
    """A stub has all variables, so that the settings are looked at."""
    from deap_nas.report import networks
    from deap_nas.training import evaluator

    asked: list[dict[str, Any]] = []
    spy = lambda *_, **settings: asked.append(settings) or drivers.InlineWorkers(_[0])  # noqa: E731
    monkeypatch.setattr(evaluator, "Workers", spy)
    evaluator.Evaluator(drivers.tiny_dataset(), workers=1, cache=False).close()
    assert (asked[0]["environment"], asked[0]["inherit"]) == (ENVIRONMENT, INHERITED)
    assert "inherit=INHERITED" in Path(networks.__file__).read_text()


def test_a_program_may_have_closed_its_streams(tmp_path):
    """Their numbers are then those of the next files, and of a worker's pipe."""
    code = """
import os, sys
from deap_nas.evaluation.workers import Task, Workers
for number in range(3):
    os.close(number)
with Workers("stubs:Servant") as workers:
    ((_, outcome),) = workers.run([Task(0, "echo", ("heard",))])
with open(sys.argv[1], "w") as file:
    file.write(f"{outcome.value}{outcome.reason}")
"""
    drivers.python(code, tmp_path / "found")
    assert (tmp_path / "found").read_text() == "heard"


# --- the parent, started as a command


@pytest.mark.parametrize("command", [["-m", "deap_nas"], ["-m", "deap_nas.run"]])
def test_a_command_imports_nothing_from_the_current_directory(tmp_path, monkeypatch, command):
    for name in ("typing", "random", "numpy", "argparse", "lazy_loader", "deap", "signal"):
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    monkeypatch.chdir(tmp_path)
    for path in (str(drivers.ROOT), f"{drivers.ROOT}:", f":{drivers.ROOT}"):
        result = drivers._run([*command, "--help"], {"PYTHONPATH": path})
        assert result.returncode == 0, result.stderr
        assert "usage" in result.stdout


def test_a_command_in_a_folder_that_is_gone(tmp_path):
    code = """
import os, sys
os.chdir(sys.argv[1])
os.rmdir(sys.argv[1])
os.execv(sys.executable, [sys.executable, "-m", "deap_nas.run", "--dry-run"])
"""
    (tmp_path / "gone").mkdir()
    result = drivers.python(code, tmp_path / "gone", PYTHONPATH=str(drivers.ROOT))
    assert (result.returncode, result.stderr) == (0, "")


def test_a_command_forgets_what_libraries_were_told(monkeypatch):
    for name in ("TF_XLA_FLAGS", "OPENBLAS_CORETYPE", "MPLBACKEND", "KERAS_BACKEND"):
        monkeypatch.setenv(name, "nonsense")
    monkeypatch.setenv("KERAS_HOME", "where data sets are")
    code = """
import os, warnings
from deap_nas.commands import start
before = dict(os.environ)
start.clear()
print({name: before[name] for name in before if name not in os.environ})
print([action for action, *_ in warnings.filters])
"""
    out = drivers.python(code, PYTHONWARNINGS="error").stdout.splitlines()
    expected = {"TF_XLA_FLAGS", "OPENBLAS_CORETYPE", "MPLBACKEND", "KERAS_BACKEND"}
    forgotten = set(eval(out[0]))
    assert expected <= forgotten
    assert all(name.startswith(start.LIBRARIES) for name in forgotten)
    assert "KERAS_HOME" not in forgotten
    assert out[1] == "['ignore']"
