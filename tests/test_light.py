"""The light install: what an extra brings is hidden from a process, which then works, or says."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from deap_nas.extras import lacking

ROOT = Path(__file__).parents[1]
SEARCH = ROOT / "tests" / "support" / "light_search.py"
MODULES = {
    "scikit-learn": "sklearn",
    "pillow": "PIL",
}  # packages that are not imported by their own name
OF_DEAP = {"moocore", "platformdirs"}  # which deap needs, too
HIDE = """
import runpy, sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hide())
sys.argv = {argv}
{run}
"""


def hidden() -> set[str]:
    """The modules of the extra ``search``, and what stands behind the other extras."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options.extras_require"]["search"].split("\n")
    packages = {line.split()[0] for line in lines if line.strip()}
    assert {"pandas", "scikit-learn"} | OF_DEAP <= packages
    return {MODULES.get(name, name) for name in packages} - OF_DEAP | {"tensorflow", "keras"}


def light(run: str, *argv: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = HIDE.format(hidden=hidden(), argv=["", *map(str, argv)], run=run)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_operators_space_loop_table_and_contract_need_no_extra() -> None:
    done = light(f"runpy.run_path({str(SEARCH)!r}, run_name='__main__')")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("20 trainings, best ")


def test_only_what_trains_needs_an_extra() -> None:
    done = light(
        "import deap_nas\n"
        "for name in deap_nas.__all__:\n"
        "    try: getattr(deap_nas, name)\n"
        "    except ImportError as error: print(name, error, sep=': ')"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        *("DaskBackend", "Evaluator", "EvolvedClassifier", "Result", "Workers", "evolve"),
    }
    for line in lines:
        assert " is not installed" in line
        assert "pip install -e '.[cpu]'" in line


def test_an_error_of_another_sort_is_left_as_it_is() -> None:
    ours = ModuleNotFoundError("No module named 'deap_nas.nonsense'", name="deap_nas.nonsense")
    said = ImportError("TensorFlow is needed to build and save Keras networks")
    assert lacking(ours) is ours
    assert lacking(said) is said


def test_help_needs_no_extra() -> None:
    for arguments in (["--help"], ["--version"], ["run", "--help"], ["benchmark", "--help"]):
        done = light("runpy.run_module('deap_nas', run_name='__main__')", *arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout
        assert done.stderr == ""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("deap_nas", ["run"]),
        ("deap_nas.run", ["--dry-run"]),
        ("deap_nas", ["run", "--repeat", "2"]),
        ("deap_nas", ["train", "NC 4 3 relu;FL relu"]),
        ("deap_nas", ["report", "there"]),
        ("deap_nas.report", ["there"]),
        ("deap_nas", ["compare", "there"]),
        ("deap_nas", ["benchmark", "--operators", "mine.py"]),
    ],
)
def test_a_command_says_in_one_line_what_to_install(
    tmp_path: Path, module: str, arguments: list[str]
) -> None:
    (tmp_path / "there").mkdir()
    done = light(f"runpy.run_module({module!r}, run_name='__main__')", *arguments, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "is not installed" in line
    assert "pip install -e '.[cpu]'" in line
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
