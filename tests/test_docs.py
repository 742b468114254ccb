"""README.md and the site: their commands and Python blocks run, and what they name is there."""

from __future__ import annotations

import configparser
import inspect
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import drivers
import pytest
from docs_blocks import FLAG, PAGES, README, ROOT, Block, blocks, code, spans
from PIL import Image

import deap_nas
from deap_nas import SearchSpace
from deap_nas.__main__ import USAGE, main
from deap_nas.layers import LAYERS
from deap_nas.layers.gene import MAKERS
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.presets import PRESETS, make_settings
from deap_nas.runs.tables import TOPS

COMMANDS = re.findall(r"^  (\w+)  ", USAGE, flags=re.MULTILINE)
OTHERS = {"--strict", "--nthreads", "--nworkers", "--scheduler-file", "--host"}  # of other programs
PATH = re.compile(r"(?:benchmarks|deap_nas|docs|examples|results|tests|\.ci)/[\w./*-]*")
USES_MODELS = re.compile(r"load_model\(|\.model\(|--export")
RUNNING = [page for page in PAGES if any(b.language in ("bash", "python") for b in blocks(page))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with the examples, some images, and no layers of one's own; finalists are
    trained for a moment."""
    for preset in ("fashion", "quick"):
        for name in ("final_epochs", "final_seeds"):
            monkeypatch.setitem(PRESETS[preset], name, 1)
    (home / "examples").symlink_to(ROOT / "examples")
    drivers.save_npz(home / "mine.npz", drivers.tiny_dataset(side=28))
    for name, colour in {"cat": "black", "dog": "white"}.items():
        (home / "photos" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (40, 30), colour).save(home / "photos" / name / f"{number}.png")
    tables: list[tuple[Any, Any]] = [(table, dict(table)) for table in (LAYERS, MAKERS)]
    yield home
    for table, before in tables:
        table.clear()
        table.update(before)


@pytest.mark.parametrize("page", RUNNING, ids=name_of)
def test_the_page_runs(place: Path, page: Path, request: pytest.FixtureRequest) -> None:
    """From top to bottom, as a reader would: later blocks see what earlier ones made."""
    if not USES_MODELS.search(page.read_text()):
        request.getfixturevalue("no_model")
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.note.startswith("file "):
            Path(block.note.removeprefix("file ")).write_text(block.text)
        elif block.language == "python":
            text = "\n" * block.line + block.text  # so that a traceback names the line
            made = compile(text, page, "exec")
            if not block.note.startswith("skip"):
                exec(made, names)
        elif block.language == "bash" and not block.note.startswith("skip"):
            for command in block.commands:
                status = run(shlex.split(command, comments=True), block)
                assert status == 0, f"{page}, line {block.line}: {command}"


def run(words: list[str], block: Block) -> int:
    """Run a command with what the page's comment adds; what installs or tests is looked at."""
    program, added = Path(words[0]).name, shlex.split(block.note)
    if program == "deap-nas":
        return main([*words[1:], *added])
    if program in ("python", "python3"):
        if words[1:3] == ["-m", "deap_nas.run"]:
            return main(["run", *words[3:], *(added or ["--dry-run"])])
        if words[1] == "-m":
            return {"venv": lambda _: 0, "pytest": names_tests}[words[2]](words[3:])
        command = [sys.executable, *words[1:], *added]
        return subprocess.run(command, env=drivers.environment(), timeout=120).returncode
    return {"pip": installs, "source": lambda _: 0, "mkdocs": lambda _: 0}.get(program, is_there)(
        words[1:] if program == "pip" else words
    )


def installs(words: list[str]) -> int:
    """Whether setup.cfg has the extras."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = re.fullmatch(r"\.(?:\[(.+)\])?", words[-1])
    assert extras, words
    named = set((extras[1] or "").split(",")) - {""}
    return 0 if named <= set(config["options.extras_require"]) else 1


def names_tests(words: list[str]) -> int:
    """Whether the marker is declared, and the folder there."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    markers = {marker.partition(":")[0] for marker in settings["markers"]}
    marked = [words[i + 1] for i, word in enumerate(words) if word == "-m"]
    folders = [word for word in words if word.startswith("tests")]
    return 0 if set(marked) <= markers and all((ROOT / each).exists() for each in folders) else 1


def is_there(words: list[str]) -> int:
    """Whether it is a program of the project, or one that its extras install."""
    return 0 if (ROOT / words[0]).is_file() or words[0] == "pre-commit" else 1


@pytest.mark.parametrize(
    "words",
    [["pip", "install", "-e", ".[gpu]"], ["python", "-m", "pytest", "-m", "fast"], [".ci/x"]],
)
def test_what_is_not_there_is_found_out(words: list[str]) -> None:
    assert run(words, Block(1, "bash", "", "")) == 1


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_and_spaces_in_toml_are_read(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            content = tomllib.loads(block.text)
            assert (
                SearchSpace.from_dict(content)
                if "heads" in content
                else make_settings(flags=content)
            )


@pytest.fixture(scope="module")
def known_flags() -> set[str]:
    """Of all commands, benchmarks and examples."""
    helps = [
        subprocess.run(
            [sys.executable, "-m", "deap_nas", command, "--help"],
            env=drivers.environment(), capture_output=True, text=True, check=True,
        ).stdout
        for command in COMMANDS
    ]  # fmt: skip
    scripts = [*ROOT.glob("benchmarks/**/*.py"), *ROOT.glob("examples/*.py")]
    texts = [*helps, *(script.read_text() for script in scripts)]
    return {"--help", *OTHERS}.union(*map(FLAG.findall, texts))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_flag_exists(page: Path, known_flags: set[str]) -> None:
    assert set(FLAG.findall("\n".join(code(page)))) <= known_flags


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_and_module_exists(page: Path) -> None:
    text = " ".join(spans(page))
    paths = {path for path in PATH.findall(text) if not path.startswith("results/runs/")}
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []
    modules = re.findall(r"python -m (benchmarks[\w.]+)", text)
    assert [each for each in modules if not (ROOT / f"{each.replace('.', '/')}.py").exists()] == []


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = README.read_text()
    assert len(text.encode()) <= 10_000
    assert len(text.partition("![")[0].split()) < 300  # a screen before the first figure
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_files_of_a_run_are_those_that_it_has() -> None:
    page = (ROOT / "docs" / "first-search.md").read_text()
    table = page.partition("## Look at the result")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", table, flags=re.MULTILINE)
    shown = [name.rstrip("/") for name in re.findall(r"`(.+?)`", " ".join(cells))]
    directory = RunDirectory(Path("run"))
    written = {path.name for path in vars(directory).values()}
    written |= {directory.top(name).name for name in TOPS}
    assert len(shown) > 10
    assert [name for name in shown if name not in written] == []


def names_in_the_reference() -> set[str]:
    """Of each ``::: module`` all it offers, of ``::: module.name`` the name."""
    found = set()
    for page in (ROOT / "docs" / "reference").glob("*.md"):
        for target in re.findall(r"^::: (\S+)$", page.read_text(), flags=re.M):
            whole = pkgutil.resolve_name(target)
            if isinstance(whole, ModuleType):
                # The site reads the source, and sees no list that is made as it runs.
                assert "\n__all__ = [" in inspect.getsource(whole), target
                found |= set(whole.__all__)
            else:
                found.add(target.rpartition(".")[2])
    return found


def test_the_reference_has_every_public_name() -> None:
    assert set(deap_nas.__all__) - {"__version__"} - names_in_the_reference() == set()
