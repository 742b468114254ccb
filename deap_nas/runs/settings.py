"""What a search is told: one frozen dataclass, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from deap_nas.algorithms import ALGORITHMS, Algorithm
from deap_nas.evaluation.fitness import LEARNED, SINGLE, breeds_front, telling
from deap_nas.evaluation.objectives import OBJECTIVES, Objectives
from deap_nas.evaluation.own_fitness import Fitness, find_fitness
from deap_nas.evaluation.replay import SLOTS
from deap_nas.genome import Genome
from deap_nas.layers import load_layers
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.runs.checks import check, parse_setting, parse_size
from deap_nas.spaces import COSTS, DEVICES, SPACES, budgets_of, is_for_device
from deap_nas.training.cards import ACCELERATORS
from deap_nas.training.engines import ENGINES
from deap_nas.training.recipes import CLASS_WEIGHTS, RECIPES, Recipe, find_recipe, rungs_of

SPLITS = ("validation", "test")
BACKENDS = ("local", "dask")
FRONT = ("accuracy", "n_params")


def _option(default: Any, help: str, *, allowed: tuple[str, ...] = (), metavar: str = "") -> Any:
    return field(default=default, metadata={"help": help, "allowed": allowed, "metavar": metavar})


@dataclass(frozen=True)
class Settings:
    """Everything that a search depends on."""

    dataset: str = _option(
        "fashion_mnist_mini",
        "fashion_mnist, fashion_mnist_mini (7,000 of its images, shipped with this package), "
        "digits, mnist, cifar10; or the path of a folder of images (FOLDER/cat/1.png, or with "
        "train/, val/, test/ in it), or of a .npz with x_train, y_train, x_test, y_test "
        "(x_val, y_val)",
        metavar="NAME",
    )
    image_size: str = _option(
        "", "height and width that the images of a folder are brought to, as 32x32", metavar="HxW"
    )
    grey: bool = _option(False, "read the images of a folder as grey")
    data_dir: str = _option("", "folder with the four IDX files of fashion_mnist", metavar="DIR")
    split: str = _option(
        "validation",
        "the images that a search scores on; test is optimistic, and there to repeat the report",
        allowed=SPLITS,
    )
    split_seed: int = _option(0, "draws the validation images", metavar="N")
    recipe: str = _option("fast", "how networks are trained", allowed=tuple(RECIPES))
    epochs: int = _option(0, "passes over the training images; 0: as the recipe says", metavar="N")
    early_stopping: bool = _option(
        True, "recipe paper: stop early, and score the best epoch instead of the last"
    )
    class_weights: str = _option(
        "none",
        "how much each image counts in training: none, all the same; balanced, so that rare "
        "classes count as much as others",
        allowed=CLASS_WEIGHTS,
    )
    flips: bool = _option(
        False, "train on mirrored images, too, left for right; for images that may be mirrored"
    )
    shifts: int = _option(
        0,
        "train on images moved by as many pixels at most, drawn anew in each epoch; 0: as the "
        "recipe says",
        metavar="N",
    )
    label_smoothing: float = _option(
        0.0,
        "share of each label that is spread over all classes in training; 0.05 or so may help "
        "networks of tens of thousands of parameters, and costs smaller ones",
        metavar="S",
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
    int8: bool | None = _option(
        None,
        "score finalists and the chosen network in int8 as well, and choose by that; unless given, "
        "where a device, or a budget of RAM or flash, is",
    )
    int8_sample: int = _option(
        200, "training images by which the ranges of int8 are chosen", metavar="N"
    )
    layers: str = _option("", "a Python file that registers layers of your own", metavar="FILE")
    engine: str = _option(
        "auto",
        "what trains a network: native (kernels of our own, the same bits on every machine), keras "
        "(TensorFlow, any layers), or auto, the first wherever it knows all layers of a genome",
        allowed=ENGINES,
    )
    accelerator: str = _option(
        "cpu",
        "where the engine keras trains: gpu, a graphics card (engine auto: of all networks), or "
        "auto, the card where there is one",
        allowed=ACCELERATORS,
    )
    algorithm: str = _option(
        "preselected", "how genomes follow one another", allowed=tuple(ALGORITHMS)
    )
    population: int = _option(
        10, "genomes drawn at first, and that live on to each next generation", metavar="N"
    )
    first: str = _option(
        "spread",
        "the first genomes: spread over sizes, each the middle one of four of its size by what it "
        "takes to train, or as they are drawn",
        allowed=("spread", "drawn"),
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
        "preselected: children bred for each that is trained; a model, learned from all trainings "
        "so far, chooses; 1: no choice",
        metavar="N",
    )
    optimism: float = _option(
        2.0,
        "preselected: standard deviations added to a candidate's expected fitness; 0 trusts the "
        "model, more explores",
        metavar="F",
    )
    per_cost: float = _option(
        0.0,
        "preselected: what a candidate promises beyond the best is divided by what it takes to "
        "train, to this power: 1 where time counts, 0 where trainings do",
        metavar="P",
    )
    learns: str = _option(
        "measurements",
        "preselected: what the model learns; measurements (accuracy, and seconds where the fitness "
        "looks at them; the fitness is computed from them and the size, which is known), or the "
        "fitness itself",
        allowed=("measurements", "fitness"),
    )
    halving: int = _option(
        0,
        "after 1/N of its epochs a training is stopped, unless it is among the best 1/N of all "
        "that came so far; 0: all are trained to the end",
        metavar="N",
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
        f"what is maximised, and tells the best: {', '.join(SINGLE)}; or FILE.py:NAME, a function "
        "of yours that gets an Evaluation and returns a number, 0 or more. accuracy_and_params "
        f"and nsga2 breed a front, whose best {SINGLE[0]} tells unless another is named",
        metavar="NAME",
    )
    objectives: str = _option(
        "",
        f"what a front is of: two or more of {','.join(OBJECTIVES)}; unless given "
        f"{','.join(FRONT)}",
        metavar="NAMES",
    )
    small_enough: int = _option(
        0,
        "parameters that are few enough: to have fewer is no better, for the fitness (unless it is "
        "a function of yours), the front, the first genomes and the finalists",
        metavar="N",
    )
    seed: int = _option(0, "of the search: initial genomes and every choice after", metavar="N")
    target_fitness: float | None = _option(None, "stop when the best reaches it", metavar="F")
    max_evaluations: int | None = _option(
        None, "stop after so many distinct genomes; finalists are not counted", metavar="N"
    )
    time_budget: float | None = _option(
        None,
        "begin no training after so many seconds; the search leaves time for its finalists, at "
        "most half of them",
        metavar="S",
    )
    max_seconds: float | None = _option(
        None, "of one training, a finalist's too: more is a timeout", metavar="S"
    )
    max_memory: int | None = _option(None, "MiB of one worker: more fails its genome", metavar="M")
    max_failures: int = _option(20, "failed genomes in a row that stop the search", metavar="N")
    workers: int | None = _option(None, "processes that train; default: one a core", metavar="N")
    backend: str = _option(
        "local",
        "where networks train: on this machine, or on a Dask cluster (one of this machine's own "
        "without --scheduler)",
        allowed=BACKENDS,
    )
    scheduler: str = _option(
        "",
        "of the Dask cluster: its address, such as tcp://HOST:8786, or the file it wrote",
        metavar="ADDRESS|FILE",
    )
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
    finalists: int = _option(
        0,
        "networks to train again after the search, the best and others of its front; the mean of "
        "their trainings chooses; 0: none",
        metavar="N",
    )
    final_seeds: int = _option(3, "trainings of each finalist, with other seeds", metavar="N")
    final_recipe: str = _option("final", "how finalists are trained", allowed=tuple(RECIPES))
    final_epochs: int = _option(0, "of a finalist; 0: as its recipe says", metavar="N")

    def __post_init__(self) -> None:
        if self.layers:
            load_layers(self.layers)  # genomes among the settings may have them
        check(self)

    @property
    def loop(self) -> Algorithm:
        """The algorithm, with what must be known to run it."""
        return ALGORITHMS[self.algorithm]

    @property
    def several(self) -> bool:
        """Whether it breeds by several objectives."""
        return not self.loop.one_objective or breeds_front(self.fitness)

    @property
    def front(self) -> Objectives:
        """The objectives, where it breeds by several."""
        names = self.objectives.split(",") if self.objectives else FRONT
        return Objectives(names, self.small_enough)

    @property
    def learned(self) -> tuple[str, ...]:
        """What only training tells of what it breeds by; empty where that is not known."""
        return self.front.learned if self.several else LEARNED.get(self.fitness, ())

    @property
    def telling(self) -> str:
        """The fitness that tells the best."""
        return telling(self.fitness)

    @property
    def judge(self) -> Fitness:
        """The fitness that tells the best, as a function."""
        return find_fitness(self.telling, self.small_enough)

    @property
    def budgets(self) -> dict[str, int]:
        """What a genome may cost at most, besides what the space says."""
        return budgets_of(self.device, {name: getattr(self, name) for name in COSTS})

    def quantises(self, space: Any) -> bool:
        """Whether what is deployed, an int8 model, is what chooses.

        Args:
            space: a ``SearchSpace``, with its own budgets and those of the settings.
        """
        return is_for_device(space) if self.int8 is None else self.int8

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
        if self.halving:
            recipe = replace(recipe, rungs=rungs_of(recipe.epochs, self.halving))
        if not self.early_stopping:
            recipe = replace(recipe, patience=0, min_delta=0.0, best_epoch=False, scored="last")
        return self._changed(recipe)

    def make_final_recipe(self) -> Recipe:
        """The recipe of the finalists with the settings that change it."""
        recipe = find_recipe(self.final_recipe)
        if self.final_epochs:
            recipe = replace(recipe, epochs=self.final_epochs)
        return self._changed(recipe)

    def _changed(self, recipe: Recipe) -> Recipe:
        """What holds for every training; a recipe may have its own."""
        changes: dict[str, Any] = {
            **({"class_weights": self.class_weights} if self.class_weights != "none" else {}),
            **({"flips": True} if self.flips else {}),
            **({"shifts": self.shifts} if self.shifts else {}),
            **({"label_smoothing": self.label_smoothing} if self.label_smoothing else {}),
        }
        return replace(recipe, **changes)

    def initial_genomes(self) -> list[Genome]:
        return [
            parse_setting(f"initial genome {i}", text) for i, text in enumerate(self.initial, 1)
        ]


def data_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What ``load_dataset`` is told besides the name.

    Args:
        settings: by name; those of an old run lack some.
    """
    return {
        "data_dir": settings["data_dir"] or None,
        "split_seed": settings["split_seed"],
        "image_size": parse_size(settings.get("image_size", "")),
        "grey": settings.get("grey", False),
    }
