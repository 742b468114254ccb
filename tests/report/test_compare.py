"""Runs side by side: each number against the runs' own files."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import pandas as pd
import pytest
from report_runs import make_run

from deap_nas.commands.compare import main
from deap_nas.report.compare import find_runs, group, make_comparison
from deap_nas.report.compare_charts import volumes_figure
from deap_nas.runs.record import ReportError, read_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three repeats of one search in ``many``, and another search in ``other``."""
    folder = tmp_path_factory.mktemp("runs")
    for i in range(3):
        make_run(folder / "many" / f"repeat-{i + 1}", 6, 2, seed=i, train_seed=i)
    make_run(folder / "other", 8, 3, seed=9, mutpb=0.5)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    return make_comparison([folder / "many", folder / "other"], folder / "compare.html")


def rows(page: Path, name: str) -> list[dict[str, str]]:
    with (page.with_suffix("") / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_repeats_are_pooled(folder: Path, page: Path) -> None:
    pooled = {(row["search"], row["quantity"]): row for row in rows(page, "pooled")}
    results = [
        json.loads((folder / "many" / f"repeat-{i}" / "result.json").read_text()) for i in (1, 2, 3)
    ]
    values = [result["best"]["test_accuracy"] for result in results]
    row = pooled["many (×3)", "test_accuracy"]
    assert int(row["runs"]) == 3
    assert float(row["mean"]) == pytest.approx(statistics.mean(values))
    assert float(row["sd"]) == pytest.approx(statistics.stdev(values))
    ahead = [100 * (r["best"]["test_accuracy"] - r["baseline"]["test_accuracy"]) for r in results]
    assert float(pooled["many (×3)", "test_ahead"]["mean"]) == pytest.approx(statistics.mean(ahead))
    assert pooled["other", "test_accuracy"]["sd"] == ""


def test_each_run_has_its_row(folder: Path, page: Path) -> None:
    found = {row["run"]: row for row in rows(page, "runs")}
    assert sorted(found) == ["other", "repeat-1", "repeat-2", "repeat-3"]
    for name, row in found.items():
        record = read_run(folder / name if name == "other" else folder / "many" / name)
        assert int(row["genomes"]) == len(record.table)
        assert row["genome"] == record.best()
        assert float(row["fitness"]) == pytest.approx(record.good["fitness"].max())
        assert float(row["hours"]) == pytest.approx(record.elapsed / 3600)


def test_settings_that_differ_are_shown(page: Path) -> None:
    differing = {row["setting"] for row in rows(page, "settings")}
    assert differing == {"population", "generations", "mutpb"}


def test_hypervolume_never_shrinks(page: Path) -> None:
    by_run: dict[str, list[float]] = {}
    for row in rows(page, "volumes"):
        by_run.setdefault(row["run"], []).append(float(row["hypervolume"]))
    assert len(by_run) == 4
    for values in by_run.values():
        assert values == sorted(values)
    final = {row["run"]: float(row["hypervolume"]) for row in rows(page, "runs")}
    assert final == {run: pytest.approx(values[-1]) for run, values in by_run.items()}


def test_the_page_is_one_file_without_a_network(page: Path) -> None:
    text = page.read_text()
    assert "default-src 'none'" in text
    assert 'src="http' not in text
    assert 'href="http' not in text
    assert text.count('class="dot"') > 8


def test_what_cannot_be_compared_is_said(folder: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "tested", 4, 1, split="test")
    make_run(tmp_path / "running", 4, 1, finished=False)
    runs = [tmp_path / "tested", tmp_path / "running", folder / "other"]
    text = make_comparison(runs, tmp_path / "c.html").read_text()
    assert "split differs (test, validation)" in text
    assert "not finished: running" in text


def test_only_failures(tmp_path: Path) -> None:
    make_run(tmp_path / "failed", 4, 1, fail=1.0, baseline="")
    text = make_comparison([tmp_path / "failed"], tmp_path / "c.html").read_text()
    assert "No genome was trained with success." in text


def test_runs_are_found_once_and_named_apart(folder: Path, tmp_path: Path) -> None:
    found = find_runs([folder / "many", folder / "many" / "repeat-1"])
    assert list(found) == ["repeat-1", "repeat-2", "repeat-3"]
    make_run(tmp_path / "a" / "run", 2, 0)
    make_run(tmp_path / "b" / "run", 2, 0)
    assert list(find_runs([tmp_path / "a", tmp_path / "b"])) == ["a/run", "b/run"]
    with pytest.raises(ReportError, match="no run is there"):
        find_runs([tmp_path / "c"])


def test_two_searches_in_one_folder_keep_their_own_names(tmp_path: Path) -> None:
    for i in range(4):
        make_run(tmp_path / f"{i}", 4, 1, seed=i, mutpb=0.1 + 0.1 * (i % 2))
    runs = {name: read_run(path) for name, path in find_runs([tmp_path]).items()}
    names = [each.name for each in group(runs)]
    assert names == [f"{tmp_path.name} (×2), 1", f"{tmp_path.name} (×2), 2"]


def test_command_line(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(folder / "many")]) == 0
    assert (folder / "many" / "compare.html").exists(), "beside the runs that it compares"
    assert main([str(folder / "other"), str(folder / "many")]) == 0
    assert (tmp_path / "compare.html").exists()
    assert main(["nowhere"]) == 2
    assert main([str(folder / "other"), "--out", "page.txt"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 2
    assert "nowhere: no run is there" in error
    assert "give a name that ends in .html" in error


def test_other_images_of_the_same_name_are_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_run(tmp_path / name, 4, 1)
    config = json.loads((tmp_path / "b" / "config.json").read_text())
    config["data"]["fingerprint"] = "0" * 64
    (tmp_path / "b" / "config.json").write_text(json.dumps(config))
    path = tmp_path / "c.html"
    assert "data differs (" in make_comparison([tmp_path / "a", tmp_path / "b"], path).read_text()
    assert {row["setting"] for row in rows(path, "settings")} == {"data"}


def test_the_mean_of_repeats_ends_with_the_shortest() -> None:
    volumes = pd.DataFrame(
        [("s", "long", 0, 1.0), ("s", "long", 1, 2.0), ("s", "short", 0, 0.5)],
        columns=["search", "run", "generation", "hypervolume"],
    )
    canvas = volumes_figure(volumes, 10_000).canvas
    (mean,) = [line for line in canvas.axes[0].lines if line.get_label() == "s"]
    assert mean.get_xydata().tolist() == [[0.0, 0.75]]
