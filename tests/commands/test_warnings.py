"""What reaches the terminal as a warning: this package's words, and the user's own file's."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import numpy
import pytest

from deap_nas.commands import options
from deap_nas.commands.options import quiet
from deap_nas.data import DataWarning
from deap_nas.runs.checks import SettingsWarning
from deap_nas.training.capacity import WorkersWarning
from deap_nas.training.engines import EngineWarning


def said(capsys: pytest.CaptureFixture[str], category: type[Warning], file: str) -> str:
    with quiet():
        warnings.warn_explicit("one\nline", category, file, 1)
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.mark.parametrize("category", [DataWarning, EngineWarning, SettingsWarning, WorkersWarning])
def test_our_own_are_one_line(capsys, category):
    assert said(capsys, category, options.__file__) == "warning: one line\n"


def test_a_users_file_may_warn(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("layers.py").touch()
    for file in ("layers.py", str(tmp_path / "layers.py")):
        assert said(capsys, UserWarning, file) == "warning: one line\n"


@pytest.mark.parametrize("category", [UserWarning, DeprecationWarning, RuntimeWarning])
@pytest.mark.parametrize(
    "file", [numpy.__file__, logging.__file__, options.__file__, "<string>", sys.executable]
)
def test_libraries_are_not_heard(capsys, category, file):
    """Matplotlib blames its caller, which is a file of ours."""
    assert said(capsys, category, file) == ""


def test_what_matplotlib_logs_is_not_heard(capsys):
    import deap_nas.report.figure

    logger = logging.getLogger("matplotlib.font_manager")
    found = []
    here = logger
    while here:
        found += here.handlers
        here = here.parent if here.propagate else None
    assert found, "else logging's last resort prints it"
    logger.warning("findfont: Font family 'none' not found.")
    assert capsys.readouterr().err == ""
    assert Path(deap_nas.report.figure.__file__).exists()
