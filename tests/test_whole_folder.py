"""Folders that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deap_nas.files import whole_folder


def make_folder(path: Path, name: str) -> None:
    with whole_folder(path) as part:
        (part / name).touch()


def names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))]


def test_it_takes_its_place_whole(tmp_path):
    make_folder(tmp_path / "out", "a")
    make_folder(tmp_path / "out", "b")
    assert names(tmp_path) == ["out", "out/b"]


def test_one_that_fails_leaves_the_old_one(tmp_path):
    make_folder(tmp_path / "out", "a")
    with pytest.raises(FileNotFoundError):
        make_folder(tmp_path / "out", "none/b")
    assert names(tmp_path) == ["out", "out/a"]


def test_one_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    make_folder(tmp_path / "out", "a")
    replace = os.replace

    def fail(old: Path, new: Path) -> None:
        if old.suffix == ".part":
            raise OSError("no disk")
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no disk"), whole_folder(tmp_path / "out") as part:
        (part / "b").touch()
    assert names(tmp_path) == ["out", "out/a"]


def test_there_is_none_in_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="No such file"), whole_folder(tmp_path / "a" / "b"):
        pass
    assert names(tmp_path) == []
