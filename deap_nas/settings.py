"""What a search is told: one frozen dataclass, its presets, and where values come from.

Defaults, then the preset, then a file, then the command line; the later one wins.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deap_nas.fitness import SINGLE
from deap_nas.genome import Genome, GenomeError, parse_genome
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.recipes import RECIPES, Recipe, find_recipe
from deap_nas.space import SPACES
from deap_nas.stream import SLOTS

SPLITS = ("validation", "test")
# Each loop, with the settings that it looks at and not every loop does.
ALGORITHMS = {
    "preselected": (
        *("crossover", "mutation", "selection", "cxpb", "mutpb"),
        *("children", "candidates", "optimism"),
    ),
    "generational": ("crossover", "mutation", "selection", "cxpb", "mutpb", "elitism"),
    "mu_plus_lambda": ("crossover", "mutation", "selection", "cxpb", "mutpb", "children"),
    "regularized": ("mutation", "sample", "slots"),
    "local_search": ("mutation", "restart_after", "slots"),
    "steady_state": ("crossover", "mutation", "selection", "cxpb", "mutpb", "slots"),
    "nsga2": ("crossover", "mutation", "cxpb", "mutpb"),
}
# What may change between a run and its resumption, since no result depends on it.
FREE = ("workers", "cache", "data_dir")
# What a run did that does not name the setting, since it is older than that; others as by default.
EARLIER = {"algorithm": "generational"}


class SettingsError(ValueError):
    """A setting that is unknown or not allowed; the message names value, limit and remedy."""


def _option(default: Any, help: str, *, allowed: tuple[str, ...] = (), metavar: str = "") -> Any:
    return field(default=default, metadata={"help": help, "allowed": allowed, "metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """Everything that a search depends on."""

    dataset: str = _option(
        "fashion_mnist_mini",
        "fashion_mnist, fashion_mnist_mini (7,000 of its images, shipped with this package), or a "
        "path to a .npz with x_train, y_train, x_test, y_test (x_val, y_val)",
        metavar="NAME",
    )
    data_dir: str = _option("", "folder with the four IDX files of fashion_mnist", metavar="DIR")
    split: str = _option(
        "validation", "the images that a search scores on; see the README", allowed=SPLITS
    )
    split_seed: int = _option(0, "draws the validation images", metavar="N")
    recipe: str = _option("fast", "how networks are trained", allowed=tuple(RECIPES))
    epochs: int = _option(0, "passes over the training images; 0: as the recipe says", metavar="N")
    early_stopping: bool = _option(
        True, "recipe paper: stop early, and score the best epoch instead of the last"
    )
    train_seed: int = _option(0, "initial weights and batch order of every network", metavar="N")
    space: str = _option("paper", "which genomes are legal", allowed=tuple(SPACES))
    algorithm: str = _option(
        "preselected", "how genomes follow one another", allowed=tuple(ALGORITHMS)
    )
    population: int = _option(
        10, "genomes drawn at first, and that live on to each next generation", metavar="N"
    )
    generations: int = _option(
        10,
        "generations bred after the initial one; preselected, mu_plus_lambda: each trains at most "
        "--children, the others as many as the population",
        metavar="N",
    )
    crossover: str = _option("uniform", "how two genomes are mated", allowed=tuple(CROSSOVERS))
    mutation: str = _option("mixture", "how a genome is mutated", allowed=tuple(MUTATIONS))
    selection: str = _option("tournament", "how parents are chosen", allowed=tuple(SELECTIONS))
    cxpb: float = _option(0.5, "probability that a pair is mated", metavar="P")
    mutpb: float = _option(1.0, "probability that a child is mutated", metavar="P")
    elitism: int = _option(1, "generational: best genomes that live on unchanged", metavar="N")
    children: int = _option(
        4,
        "preselected, mu_plus_lambda: children to train a generation; 0: as many as the population",
        metavar="N",
    )
    candidates: int = _option(
        10,
        "preselected: children bred for each that is trained; a model of fitness, learned from all "
        "trainings so far, chooses; 1: no choice",
        metavar="N",
    )
    optimism: float = _option(
        2.0,
        "preselected: standard deviations added to a candidate's expected fitness; 0 trusts the "
        "model, more explores",
        metavar="F",
    )
    sample: int = _option(
        0, "regularized: a parent is the best of so many; 0: a quarter of the population",
        metavar="N",
    )  # fmt: skip
    restart_after: int = _option(
        30, "local_search: neighbours without an improvement before a new start", metavar="N"
    )
    slots: int = _option(
        SLOTS,
        "steady_state: genomes in training at once; regularized, local_search: bred together; at "
        "least as many as workers, or some stand idle",
        metavar="N",
    )
    fitness: str = _option(
        "accuracy_per_log_params",
        "what is maximised; nsga2 has accuracy and parameters, and this tells its best",
        allowed=SINGLE,
    )
    seed: int = _option(0, "of the search: initial genomes and every choice after", metavar="N")
    target_fitness: float | None = _option(None, "stop when the best reaches it", metavar="F")
    max_evaluations: int | None = _option(None, "stop after so many distinct genomes", metavar="N")
    time_budget: float | None = _option(
        None, "begin no training after so many seconds", metavar="S"
    )
    max_seconds: float | None = _option(None, "of one genome: more is a timeout", metavar="S")
    max_memory: int | None = _option(None, "MiB of one worker: more fails its genome", metavar="M")
    max_failures: int = _option(20, "failed genomes in a row that stop the search", metavar="N")
    workers: int | None = _option(None, "processes that train; default: all cores", metavar="N")
    cache: str | None = _option(
        "", "folder of trainings that runs share; default: the user's own", metavar="DIR"
    )
    initial: tuple[str, ...] = _option(
        (), "file of genomes to start from, one a line; the rest is drawn", metavar="FILE"
    )
    baseline: str = _option(
        "", "your network, trained the same way and shown beside the best", metavar="GENOME"
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            _check_type(each.name, getattr(self, each.name), each.type)
            allowed = each.metadata["allowed"]
            if allowed and getattr(self, each.name) not in allowed:
                raise SettingsError(
                    f"{each.name} {getattr(self, each.name)!r}, allowed {', '.join(allowed)}"
                )
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                limit = f"{low:g} to {high:g}" if high < 1e9 else f"{low:g} or more"
                raise SettingsError(f"{name} {value}, allowed {limit}")
        if self.elitism >= self.population:
            raise SettingsError(
                f"elitism {self.elitism}, allowed less than the population of {self.population}"
            )
        if len(self.initial) > self.population:
            raise SettingsError(
                f"initial has {len(self.initial)} genomes, allowed at most the population of "
                f"{self.population}; raise --population"
            )
        if self.mutation == "pool" and self.algorithm in ("regularized", "local_search"):
            raise SettingsError(
                f"mutation 'pool' with algorithm {self.algorithm}, allowed any other mutation: its "
                "pool is the genomes that parents are selected from, and here none are selected"
            )
        if self.baseline:
            _parse("baseline", self.baseline)

    @property
    def objectives(self) -> str:
        """The fitness that the algorithm breeds by."""
        return "accuracy_and_params" if self.algorithm == "nsga2" else self.fitness

    def births(self, generations: int) -> int:
        """Genomes that are asked for in so many generations and the initial one."""
        children = self.children if "children" in ALGORITHMS[self.algorithm] else 0
        return self.population + generations * (children or self.population)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def make_recipe(self) -> Recipe:
        """The recipe with the settings that change it."""
        recipe = find_recipe(self.recipe)
        if self.epochs:
            recipe = replace(recipe, epochs=self.epochs)
        if not self.early_stopping:
            recipe = replace(recipe, patience=0, min_delta=0.0, best_epoch=False, scored="last")
        return recipe

    def initial_genomes(self) -> list[Genome]:
        return [_parse(f"initial genome {i}", text) for i, text in enumerate(self.initial, 1)]


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("epochs", 0, 1e9),
    ("population", 2, 1e9),
    ("generations", 0, 1e9),
    ("cxpb", 0, 1),
    ("mutpb", 0, 1),
    ("elitism", 0, 1e9),
    ("children", 0, 1e9),
    ("candidates", 1, 1e9),
    ("optimism", 0, 1e9),
    ("sample", 0, 1e9),
    ("restart_after", 1, 1e9),
    ("slots", 1, 1e4),
    ("seed", 0, 1e18),
    ("train_seed", 0, 1e9),
    ("split_seed", 0, 1e9),
    ("target_fitness", 0, 1e18),
    ("max_evaluations", 1, 1e18),
    ("time_budget", 0.001, 1e18),
    ("max_seconds", 0.001, 1e18),
    ("max_memory", 1, 1e9),
    ("max_failures", 1, 1e9),
    ("workers", 1, 1e4),
)

PRESETS: dict[str, dict[str, Any]] = {
    # Epochs: benchmarks/quick_recipe.py; the fewest of those tried with which networks pass 75 %.
    "quick": {"epochs": 20, "population": 8, "generations": 3},
    "paper": {
        "dataset": "fashion_mnist",
        "split": "test",
        "recipe": "paper",
        "algorithm": "generational",
        "population": 25,
        "generations": 3,
        "crossover": "one_point_reject",
        "mutation": "pool",
        "selection": "roulette",
        "cxpb": 0.9,
        "mutpb": 0.05,
        "elitism": 0,
        "children": 0,
    },
}


def make_settings(
    preset: str | None = None,
    file: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from a preset, a TOML or JSON file over it, and values given by hand over both.

    Raises:
        SettingsError: for an unknown preset or key, or a value that is not allowed.
    """
    content = read_config(Path(file)) if file else {}
    preset = choose_preset(preset, content)
    content.pop("preset", None)
    values = {**PRESETS[preset], **content, **(flags or {})}
    known = {each.name for each in fields(Settings)}
    for name in values:
        if name not in known:
            raise SettingsError(f"setting {name!r}, allowed {', '.join(sorted(known))}")
    if isinstance(values.get("initial"), list):
        values["initial"] = tuple(values["initial"])
    return Settings(**values)


def choose_preset(given: str | None, content: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The preset given by hand, else the one that a file's content names, else quick."""
    named = content.get("preset", "quick")
    for preset in (named, given or named):
        if not isinstance(preset, str) or preset not in PRESETS:
            raise SettingsError(f"preset {preset!r}, allowed {', '.join(PRESETS)}")
    return given or str(named)


def read_config(path: Path) -> dict[str, Any]:
    """Settings from a .toml or .json file, or from a run's ``config.json``, an old one too."""
    try:
        text = path.read_text()
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SettingsError(
            f"config {path}: {error.strerror}; give a .toml or .json file"
        ) from None
    except ValueError as error:
        raise SettingsError(f"config {path} is neither TOML nor JSON: {error}") from None
    if not isinstance(content, dict):
        raise SettingsError(f"config {path} holds {type(content).__name__}, allowed a table")
    if "settings" not in content:
        return content
    settings = content["settings"]
    if not isinstance(settings, dict):
        raise SettingsError(f"config {path}: settings {settings!r}, allowed a table")
    return {**EARLIER, **settings}


def read_genomes(path: Path) -> tuple[str, ...]:
    """Genomes from a text file, one a line; blank lines and lines that start with # are skipped.

    Raises:
        SettingsError: naming the line of a text that is no genome.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"initial {path} cannot be read: {error}; give a text file") from None
    return tuple(
        str(_parse(f"{path}, line {number}", line))
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def _parse(what: str, text: str) -> Genome:
    try:
        return parse_genome(text)
    except GenomeError as error:
        raise SettingsError(f"{what}: {error}") from None


_KINDS: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "None": type(None),
}


def _check_type(name: str, value: Any, annotation: Any) -> None:
    allowed = [part.strip() for part in str(annotation).split("|")]
    if allowed == ["tuple[str, ...]"]:
        good = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    else:
        good = any(isinstance(value, _KINDS[part]) for part in allowed)
        good = good and (not isinstance(value, bool) or "bool" in allowed)
    if not good:
        raise SettingsError(f"{name} {value!r}, allowed {' or '.join(allowed)}")
