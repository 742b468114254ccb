"""What a search is told: one frozen dataclass, and what each of its values may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from deap_nas.algorithms import ALGORITHMS, Algorithm
from deap_nas.evaluation.fitness import SINGLE
from deap_nas.evaluation.replay import SLOTS
from deap_nas.genome import Genome, GenomeError, parse_genome
from deap_nas.layers import load_layers
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.spaces import COSTS, DEVICES, SPACES, SpaceError, budgets_of
from deap_nas.training.engines import ENGINES
from deap_nas.training.recipes import RECIPES, Recipe, find_recipe

SPLITS = ("validation", "test")


class SettingsError(ValueError):
    """A setting that is unknown or not allowed; the message names value, limit and remedy."""


class SettingsWarning(UserWarning):
    """A setting that changes nothing; the message is one line."""


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
    space: str = _option(
        "paper",
        f"which genomes are legal: {', '.join(SPACES)}, or a .toml file; deap-nas space shows one",
        metavar="NAME|FILE",
    )
    max_params: int | None = _option(None, "parameters of a genome at most", metavar="N")
    max_multiply_adds: int | None = _option(
        None, "multiply-adds that one image takes at most", metavar="N"
    )
    max_ram: int | None = _option(
        None, "bytes of RAM at most, for the network's tensors in int8", metavar="N"
    )
    max_flash: int | None = _option(None, "bytes of the int8 model at most", metavar="N")
    device: str = _option(
        "",
        "a board, all of whose RAM and flash are --max-ram and --max-flash unless these are given: "
        + ", ".join(DEVICES),
        metavar="NAME",
    )
    layers: str = _option("", "a Python file that registers layers of your own", metavar="FILE")
    engine: str = _option(
        "auto",
        "what trains a network: native (kernels of our own, the same bits on every machine), keras "
        "(TensorFlow, any layers), or auto, the first wherever it knows all layers of a genome",
        allowed=ENGINES,
    )
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
    workers: int | None = _option(None, "processes that train; default: one a core", metavar="N")
    cache: str | None = _option(
        "", "folder of trainings that runs share; default: the user's own", metavar="DIR"
    )
    initial: tuple[str, ...] = _option(
        (),
        "genomes to start from: a file, one a line, or an earlier run's directory (its best, as "
        "many as the population); the rest is drawn",
        metavar="FILE|DIR",
    )
    baseline: str = _option(
        "", "your network, trained the same way and shown beside the best", metavar="GENOME"
    )

    def __post_init__(self) -> None:
        if self.layers:
            load_layers(self.layers)  # genomes among the settings may have them
        for each in fields(self):
            _check_type(each.name, getattr(self, each.name), each.type)
            allowed = each.metadata["allowed"]
            if allowed and getattr(self, each.name) not in allowed:
                raise SettingsError(
                    f"{each.name} {getattr(self, each.name)!r}, allowed {', '.join(allowed)}"
                )
        if self.space not in SPACES and not self.space.endswith((".toml", ".json")):
            allowed = ", ".join(SPACES)
            raise SettingsError(
                f"space {self.space!r}, allowed {allowed}, or a .toml or .json file"
            )
        try:
            budgets_of(self.device, {})
        except SpaceError as error:
            raise SettingsError(str(error)) from None
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
        if self.mutation == "pool" and not self.loop.selects:
            raise SettingsError(
                f"mutation 'pool' with algorithm {self.algorithm}, allowed any other mutation: its "
                "pool is the genomes that parents are selected from, and here none are selected"
            )
        if self.baseline:
            parse_setting("baseline", self.baseline)

    @property
    def loop(self) -> Algorithm:
        """The algorithm, with what must be known to run it."""
        return ALGORITHMS[self.algorithm]

    @property
    def budgets(self) -> dict[str, int]:
        """What a genome may cost at most, besides what the space says."""
        return budgets_of(self.device, {name: getattr(self, name) for name in COSTS})

    @property
    def objectives(self) -> str:
        """The fitness that the algorithm breeds by."""
        return "accuracy_and_params" if self.loop.several_objectives else self.fitness

    def births(self, generations: int) -> int:
        """Genomes that are asked for in so many generations and the initial one."""
        return self.population + generations * self.loop.births(self.population, self.children)

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
        return [
            parse_setting(f"initial genome {i}", text) for i, text in enumerate(self.initial, 1)
        ]


_RANGES: tuple[tuple[str, float, float], ...] = (
    *((name, 1, 1e18) for name in COSTS),
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


def parse_setting(what: str, text: str) -> Genome:
    """A genome that a setting holds.

    Raises:
        SettingsError: that begins with ``what``.
    """
    try:
        return parse_genome(text)
    except GenomeError as error:
        raise SettingsError(f"{what}: {error}") from None


_KINDS: dict[str, Any] = {  # of an annotation: what it admits, and in words
    "str": (str, "a text"),
    "int": (int, "a whole number"),
    "float": ((int, float), "a number"),
    "bool": (bool, "true or false"),
    "None": (type(None), "none"),
}


def _check_type(name: str, value: Any, annotation: Any) -> None:
    parts = [part.strip() for part in str(annotation).split("|")]
    if parts == ["tuple[str, ...]"]:
        allowed = ["a list of genomes"]
        good = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    else:
        allowed = [_KINDS[part][1] for part in parts]
        good = any(isinstance(value, _KINDS[part][0]) for part in parts)
        good = good and (not isinstance(value, bool) or "bool" in parts)
    if not good:
        raise SettingsError(f"{name} {value!r}, allowed {' or '.join(allowed)}")
