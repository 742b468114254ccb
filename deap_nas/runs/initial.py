"""Genomes to start from: a text file, or what an earlier run found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from deap_nas.evaluation.own_fitness import OWN
from deap_nas.files import read_text
from deap_nas.runs.checks import SettingsError, parse_setting
from deap_nas.runs.directory import RunDirectory

TABLE = RunDirectory(Path()).evaluations.name
REMEDY = f"give a text file of genomes, one a line, a run's directory, or its {TABLE}"


class BestFirst(tuple[str, ...]):
    """Genomes by falling fitness; a search takes as many as its population has room for."""


def read_genomes(path: Path) -> tuple[str, ...]:
    """Genomes from a text file, one a line; blank lines and lines that start with # are skipped. Of
    a run's directory, or of a table such as its evaluations.csv, the best come first.

    Raises:
        SettingsError: naming the line of a text that is no genome.
    """
    table = RunDirectory(path).evaluations if path.is_dir() else path
    try:
        text = read_text(table)
    except OSError as error:
        raise SettingsError(f"initial {table}: {error.strerror}; {REMEDY}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"initial {table} is no text in UTF-8; {REMEDY}") from None
    if table.suffix.lower() == ".csv":
        return _from_table(table, text)
    return tuple(
        str(parse_setting(f"{path}, line {number}", line))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def _from_table(path: Path, text: str) -> BestFirst:
    """Those that were trained with success; spreadsheets write other separators."""
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    if not {"genome", "fitness"} <= set(rows.fieldnames or ()):
        raise SettingsError(f"initial {path} has no columns genome and fitness; {REMEDY}")
    by = next(name for name in (OWN, "fitness") if name in (rows.fieldnames or ()))
    return BestFirst(str(genome) for _, genome in sorted(_good(path, rows, by), key=_falling))


def _good(path: Path, rows: Iterable[dict[str, str]], by: str) -> Iterable[tuple[float, str]]:
    for number, row in enumerate(rows, 2):
        if row.get("status", "ok") != "ok":
            continue
        genome = parse_setting(f"{path}, line {number}", row["genome"])
        try:
            yield float(row[by].replace(",", ".")), str(genome)
        except ValueError:
            raise SettingsError(
                f"{path}, line {number}: fitness {row[by]!r}, allowed a number; correct it"
            ) from None


def _falling(row: tuple[float, str]) -> float:
    return -row[0]
