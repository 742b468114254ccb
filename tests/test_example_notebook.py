"""examples/notebook.ipynb runs from its first cell to its last, and shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "notebook.ipynb"


@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_and_shows_what_it_found(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    cells = {cell["id"]: cell for cell in notebook.cells if cell["cell_type"] == "code"}
    (progress,) = cells["cell-3"]["outputs"]
    assert "generation 2 of 2: best" in progress["data"]["text/plain"]
    assert progress["data"]["text/plain"].splitlines()[-1].startswith("done")
    assert "<pre" in progress["data"]["text/html"]
    (shown,) = cells["cell-5"]["outputs"]
    assert "data:image/png;base64," in shown["data"]["text/html"]
    (scores,) = cells["cell-10"]["outputs"][-1:]
    assert scores["data"]["text/plain"].startswith("array([")
    assert list((tmp_path / "results" / "runs").glob("*/report.html"))
