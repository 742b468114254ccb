"""The evaluator that trains networks: ``deap_nas.Evaluator``."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from deap_nas.data import Dataset, load_dataset
from deap_nas.evaluation.backend import Backend, Outcome, run
from deap_nas.evaluation.cache import default_cache
from deap_nas.evaluation.dask import DaskBackend
from deap_nas.evaluation.evaluator import Fitness, GeneralEvaluator
from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params, failed
from deap_nas.evaluation.protocol import Record
from deap_nas.evaluation.replay import SLOTS
from deap_nas.evaluation.trained import Trained, Weights
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.genome import format_genes, parse_genome
from deap_nas.layers import LAYERS, Layer, LayerError, files_of, own_layers, run_file
from deap_nas.layers.cost import arena_head, count_params, flash
from deap_nas.layers.from_keras import import_keras
from deap_nas.training.capacity import count_workers
from deap_nas.training.engines import (
    EngineWarning,
    check_engine,
    engine_of,
    other_engine,
    usual_engine,
    version_of,
)
from deap_nas.training.recipes import Recipe, find_recipe
from deap_nas.training.trainer import ENVIRONMENT, INHERITED, TRAINING_VERSION, Trainer

Budgets = Mapping[str, tuple[Recipe, int]]  # recipe and train seed, by a name


class RecipeTrainer:
    """Trains on all of a data set but the split that it scores. A budget is epochs, by the recipe
    and from the train seed given, or one of ``budgets``. See ``evaluation.protocol.Trainer``.

    Args:
        dataset: the images.
        recipe: how to train.
        split: what is scored.
        train_seed: initial weights and batch order are a function of it.
        engine: as of ``Evaluator``.
        budgets: other recipes and train seeds, by a name.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        split: str,
        train_seed: int,
        engine: str = "auto",
        budgets: Budgets = MappingProxyType({}),
    ) -> None:
        self.recipe, self.train_seed, self.engine = recipe, train_seed, engine
        self._budgets = dict(budgets)
        self.layers = files_of(own_layers())
        self.data = (*dataset.split(split), dataset.n_classes)
        self._size = (dataset.input_shape, dataset.n_classes)
        self._about = {"data": dataset.fingerprint, "split": split}

    def plan(self, budget: int | str) -> tuple[Recipe, int]:
        """The recipe and the train seed of a budget."""
        if isinstance(budget, str):
            return self._budgets[budget]
        return replace(self.recipe, epochs=budget), self.train_seed

    def key(self, genome: str, budget: int | str) -> str:
        recipe, train_seed = self.plan(budget)
        about = {
            "genome": genome,
            "recipe": recipe.to_dict(),
            "train_seed": train_seed,
            "training_version": TRAINING_VERSION,
            "engine": version_of(engine_of(genome, self.engine)),
            **self._about,
            **self._own(genome),
        }
        return json.dumps(about, sort_keys=True)

    def _own(self, genome: str) -> dict[str, Any]:
        """What a key has besides, where a genome has layers of the user's."""
        kinds = {gene.split()[0] for gene in genome.split(";")}
        own = {each.name: each.source.sha256 for each in own_layers() if each.name in kinds}
        return {"layers": own} if own else {}

    def complete(self, genome: str, evaluation: Evaluation) -> Evaluation:
        """With the bytes that the genome takes in int8, where its layers tell."""
        genes = parse_genome(genome)
        layers = [LAYERS[gene.kind] for gene in genes]
        if evaluation.flash or not all(layer.operations and layer.shape for layer in layers):
            return evaluation
        try:
            ram, size = arena_head(genes, *self._size), flash(genes, *self._size)
        except LayerError:
            return evaluation
        return replace(evaluation, ram=ram, flash=size)

    def start(self) -> None:
        for file in self.layers:
            run_file(file)
        self._trainer = Trainer(*self.data, engine=self.engine)
        del self.data

    def train(self, genome: str, budget: int | str) -> Trained:
        return self._trainer.train(genome, *self.plan(budget))

    def score(self, *network_and_data: Any) -> np.ndarray[Any, Any]:
        return self._trainer.score(*network_and_data)

    def predict(self, *network_and_images: Any) -> np.ndarray[Any, Any]:
        return self._trainer.predict(*network_and_images)


class Saver:
    """Writes trained networks, in a process that has TensorFlow.

    Args:
        size: the shape of an image, (height, width, channels), and the number of classes.
    """

    def __init__(self, *size: Any) -> None:
        self.layers, self.size = files_of(own_layers()), size

    def start(self) -> None:
        for file in self.layers:
            run_file(file)
        import_keras()

    def save(self, genome: str, weights: Weights, path: str) -> None:
        from deap_nas.training.keras_engine.inference import save_model, trained_model

        save_model(trained_model(parse_genome(genome), weights, *self.size), path)


class Evaluator(GeneralEvaluator):
    """Measures genomes, each once: a callable for ``toolbox.register("evaluate", ...)``.

    Args:
        dataset: a name, a path to a .npz, or a ``Dataset``.
        recipe: how to train, by name or as a ``Recipe``.
        fitness: a function of an Evaluation, or its name.
        split: "validation", or "test" to score on the test set (and train on all else).
        train_seed: initial weights and batch order are a function of it.
        engine: "native" for kernels of our own, "keras" for TensorFlow's gradients of any Keras
            layers, "auto" for the first wherever it knows all layers of a genome.
        cache: a folder; True for the user's own; None or False for none.
        client: a ``dask.distributed.Client``; its cluster trains, not this machine.
        workers: processes that train; one a core, or as many as the memory holds, unless given.
        max_seconds: limit of one genome's training.
        max_memory: limit of a worker, in MiB; more fails its genome.
        max_evaluations: distinct genomes after which no more are measured; the rest get None.
        time_budget: seconds after which no training is begun; the rest get None.
        max_failures: failures in a row that stop the search.
        slots: genomes that ``stream`` has in training at once; unlike ``workers``, of which there
            should be no more, it changes the course of a search.
        record: writes and recalls outcomes; a run's journal.
        budgets: other ways to train, for ``measure_each``: recipe and train seed, by a name.
        saver: makes what works with networks in a process that has TensorFlow, from the shape of an
            image and the number of classes: a ``Saver``, which it is unless given, or more.

    Use it as a context manager, or call ``close()``: it owns processes.

    Raises:
        DataError, RecipeError, ValueError: for arguments that name nothing.
    """

    def __init__(
        self,
        dataset: str | Path | Dataset,
        *,
        recipe: str | Recipe = "fast",
        fitness: str | Fitness = accuracy_per_log_params,
        split: str = "validation",
        train_seed: int = 0,
        engine: str = "auto",
        cache: str | Path | bool | None = True,
        client: Any = None,
        workers: int | None = None,
        max_seconds: float | None = None,
        max_memory: int | None = None,
        max_evaluations: int | None = None,
        time_budget: float | None = None,
        max_failures: int = 20,
        slots: int = SLOTS,
        record: Record | None = None,
        budgets: Budgets = MappingProxyType({}),
        saver: Callable[..., Any] | None = None,
    ) -> None:
        self.dataset = load_dataset(dataset) if isinstance(dataset, str | Path) else dataset
        self.recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
        self.split, self.train_seed = split, train_seed
        if lacking := check_engine(engine):
            warnings.warn(lacking, EngineWarning, stacklevel=2)
        _check_files(own_layers())
        trainer = RecipeTrainer(self.dataset, self.recipe, split, train_seed, engine, budgets)
        how: dict[str, Any] = {"max_seconds": max_seconds, "max_memory": max_memory}
        how |= {"environment": ENVIRONMENT, "inherit": INHERITED}
        backend: Backend
        if client is None:
            how["count"] = count_workers(workers, self.dataset, max_memory, engine)
            backend = Workers(trainer, **how)
        else:
            check = partial(other_engine, engine, usual_engine(engine))
            backend = DaskBackend(client, trainer, check=check, **how)
        self._make_saver = saver or Saver
        self._saver: Workers | None = None
        self._saving = threading.Lock()
        super().__init__(
            trainer,
            backend,
            fitness=fitness,
            budget=self.recipe.epochs,
            text=format_genes,
            cache=default_cache() if cache is True else cache or None,
            max_evaluations=max_evaluations,
            time_budget=time_budget,
            max_failures=max_failures,
            slots=slots,
            record=record,
        )

    def test(self, genome: Iterable[Any], weights: Weights) -> np.ndarray[Any, Any]:
        """Counts ``[true class][predicted class]`` of a trained network on the test set."""
        images, labels = self.dataset.x_test, self.dataset.y_test
        confusion: np.ndarray[Any, Any] = self._ask(
            "score", format_genes(genome), weights, images, labels
        )
        return confusion

    def predict(self, genome: Iterable[Any], weights: Weights) -> np.ndarray[Any, Any]:
        """Labels, shape (n,), that a trained network gives the images of the test set."""
        images = self.dataset.x_test
        found: np.ndarray[Any, Any] = self._ask("predict", format_genes(genome), weights, images)
        return found

    def save(self, genome: Iterable[Any], weights: Weights, path: str | Path) -> None:
        """Write a trained network as a plain Keras model (``.keras``), whole or not at all."""
        self.ask_saver("save", format_genes(genome), weights, str(path))

    def ask_saver(self, method: str, *args: Any) -> Any:
        """Have the process that has TensorFlow do something; it starts when it is first asked.

        Args:
            method: of what ``saver`` made.
            args: for it.

        Raises:
            RuntimeError: with the reason, where that fails.
        """
        task = Task(None, method, args, limited=False)
        with self._saving:
            if self._saver is None:
                saver = self._make_saver(self.dataset.input_shape, self.dataset.n_classes)
                self._saver = Workers(saver, environment=ENVIRONMENT, inherit=INHERITED)
            ((_, outcome),) = run(self._saver, [task])
        if outcome.status != "ok":
            raise RuntimeError(f"{method}: {outcome.status}, {outcome.reason}")
        return outcome.value

    def close(self) -> None:
        """End the worker processes; measuring again starts new ones."""
        if self._saver is not None:
            self._saver.close()
        super().close()

    def _failure(self, text: str, outcome: Outcome) -> Evaluation:
        genome = parse_genome(text)
        try:
            size = count_params(genome, self.dataset.input_shape, self.dataset.n_classes)
        except Exception:  # the size may be what it failed for
            size = 0
        return failed(outcome.status, outcome.reason, size, train_seconds=outcome.seconds)


def _check_files(layers: Iterable[Layer]) -> None:
    for layer in layers:
        if not layer.source.text:
            raise LayerError(
                f"layer {layer.name} is in no file that workers can run ({layer.source}); put it "
                "into a .py file, start Python anew, and load the file with load_layers"
            )
