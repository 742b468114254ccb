"""Genomes to start from, in every form that people have them in."""

from __future__ import annotations

import codecs
from pathlib import Path

import drivers
import pytest
from command import GENOME, SMALL, refused, run_main, table_of

from deap_nas.runs.checks import SettingsError
from deap_nas.runs.initial import read_genomes
from deap_nas.runs.presets import make_settings

OTHER = "NC 4 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"
TABLE = f"genome,fitness,status\n{GENOME},2.5,ok\n{OTHER},11.0,ok\nFL tanh,0.0,oom\n"
MARKS = {
    "utf-8": (b"", "utf-8"),
    "utf-8, marked": (codecs.BOM_UTF8, "utf-8"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16-be"),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", MARKS)
def test_a_text_file(tmp_path: Path, mark: str, ending: str) -> None:
    path, (prefix, encoding) = tmp_path / "genomes.txt", MARKS[mark]
    lines = (GENOME, "# größer", "", OTHER)
    path.write_bytes(prefix + ending.join(lines).encode(encoding))
    assert read_genomes(path) == (GENOME, OTHER)


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "\ufeff" + TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", "\t"),
        f'genome;fitness;status\n"{GENOME}";2,5;ok\n"{OTHER}";11,0;ok\n"FL tanh";0,0;oom\n',
        f'genome,fitness\n"{GENOME}",2.5\n"{OTHER}",11.0\n',
    ],
)
def test_a_table_as_spreadsheets_save_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "evaluations.CSV"
    path.write_bytes(text.encode())
    assert read_genomes(path) == (OTHER, GENOME)


def test_of_a_table_the_best_are_taken_that_there_is_room_for(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    genomes = [f"NC {n} 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh" for n in range(2, 17, 2)]
    rows = [f"{genome},{fitness}\n" for fitness, genome in enumerate(genomes)]
    path.write_text("genome,fitness\n" + "".join(rows))
    settings = make_settings(flags={"initial": read_genomes(path), "population": 3})
    assert settings.initial == tuple(genomes[:-4:-1])
    assert len(make_settings(flags={"initial": read_genomes(path)}).initial) == 8


@pytest.mark.parametrize("name", ["", "evaluations.csv", "top_fitness.csv"])
def test_a_run_begins_with_the_best_of_another(home, stub, data, no_page, name) -> None:
    assert run_main("--dataset", data, "--out", "run", *SMALL, "--generations", 2) == 0
    found = sorted(table_of(home / "run"), key=lambda row: -float(row["fitness"]))
    initial = home / "run" / name
    assert run_main("--dataset", data, "--out", "next", *SMALL, "--initial", initial) == 0
    first = next(line for line in drivers.lines_of(home / "next") if line["kind"] == "generation")
    assert first["population"] == [row["genome"] for row in found][:3]


def test_the_best_are_by_what_the_run_maximised(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    others = ("NC 4 3 relu;RC 4 3 relu;RC 4 3 relu;FL relu", GENOME)
    rows = (f"{genome},{i},{9 - i}\n" for i, genome in enumerate(others))
    path.write_text("genome,fitness,own_fitness\n" + "".join(rows))
    assert tuple(read_genomes(path)) == others


BAD = {
    "no csv in it": ("run", None, ("evaluations.csv: No such file", "give a text file of genomes")),
    "no file": ("none.txt", None, ("none.txt: No such file", "a run's directory")),
    "no columns": ("table.csv", b"a,b\n1,2\n", ("no columns genome and fitness",)),
    "empty": ("table.csv", b"", ("no columns genome and fitness",)),
    "no genome": ("table.csv", b"genome,fitness\nNC,1\n", ("table.csv, line 2: gene 1 of 1",)),
    "no number": (
        "table.csv",
        f"genome,fitness\n{GENOME},high\n".encode(),
        ("table.csv, line 2: fitness 'high', allowed a number; correct it",),
    ),
    "no text": ("genomes.txt", b"\x80\x81", ("no text in UTF-8", "give a text file")),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_none_is_refused(home, stub, capsys, case) -> None:
    name, content, words = BAD[case]
    (home / "run").mkdir()
    if content is not None:
        (home / name).write_bytes(content)
    refused(lambda: run_main("--initial", name), capsys, *words)


def test_a_population_that_is_none_is_said_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    for population, words in ((-3, "population -3, allowed 2 or more"), ("x", "population 'x'")):
        with pytest.raises(SettingsError, match=words):
            make_settings(flags={"initial": read_genomes(path), "population": population})
