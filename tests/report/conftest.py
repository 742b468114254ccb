"""Fixtures of the page's tests: a run and its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_page import Reader
from report_runs import make_run

from deap_nas.report.page import make_report


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as the module's ``RUN`` says, with its page."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", **request.module.RUN)
    make_report(folder, tensorflow=False)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Reader:
    return Reader((folder / "report.html").read_text())
