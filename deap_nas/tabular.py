"""A table of every genome of a small space, each trained once, and an evaluator that looks it up.

A search on it takes milliseconds, has a known optimum and needs no TensorFlow.
"""

from __future__ import annotations

import csv
import gzip
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params
from deap_nas.genome import Gene, Genome, format_genes, parse_genome
from deap_nas.spaces import SearchSpace
from deap_nas.words import counted

TABLE_SPACE = SearchSpace(
    n_normal=(1, 2),
    filters=(4, 12),
    kernels=(3,),
    activations=("relu", "tanh"),
    head_activations=("relu", "swish"),
)
"""The part of PAPER_SPACE that the table holds whole: 3,456 genomes."""

FILE = "table.csv.gz"
CURVE = "val_accuracy_"  # columns val_accuracy_1, _2, _4, ...: scores after so many epochs
LOCK = threading.Lock()  # of all evaluators, which pools of processes can take along


class TableError(ValueError):
    """A table that is missing or damaged, or a genome that it does not hold."""


class Table:
    """Trainings of all genomes of ``space``, by genome and train seed.

    Args:
        rows: as ``csv.DictReader`` gives them: ``genome train_seed n_params multiply_adds
            train_accuracy val_accuracy_1 ... test_accuracy train_seconds train_cpu_seconds status
            measured_on``; accuracies in [0, 1], seconds.
        space: whose genomes these are, all of them.

    Raises:
        TableError: for rows that are malformed, doubled, or of a genome outside ``space``.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], space: SearchSpace = TABLE_SPACE) -> None:
        self.space = space
        self._seeds: dict[int, dict[tuple[Gene, ...], tuple[Evaluation, float]]] = {}
        for number, row in enumerate(rows, 1):
            try:
                genome, seed = parse_genome(row["genome"]), int(row["train_seed"])
                entry = _evaluation(row), float(row["test_accuracy"])
            except (KeyError, TypeError, ValueError) as error:
                raise TableError(f"row {number} of the table: {error}; fetch it anew") from None
            known, key = self._seeds.setdefault(seed, {}), tuple(genome)
            if key in known or genome not in space:
                what = (
                    "is there twice: fetch it anew"
                    if key in known
                    else "is outside the table's space: give the space that it is of"
                )
                raise TableError(f"row {number} of the table: '{genome}', seed {seed}, {what}")
            known[key] = entry

    def __len__(self) -> int:
        return len(self._of(0))

    def __iter__(self) -> Iterator[Genome]:
        return (Genome(genes) for genes in self._of(0))

    def __contains__(self, genome: object) -> bool:
        return isinstance(genome, Iterable) and tuple(genome) in self._of(0)

    def items(self, train_seed: int = 0) -> Iterator[tuple[Genome, Evaluation]]:
        """Every genome trained with a seed, with its Evaluation on the validation images."""
        return ((Genome(genes), entry[0]) for genes, entry in self._of(train_seed).items())

    @property
    def train_seeds(self) -> list[int]:
        """The train seeds there are: 0 for all genomes, more for a random tenth."""
        return sorted(self._seeds)

    def measure(self, genome: Iterable[Gene], train_seed: int = 0) -> Evaluation:
        """What training gave, scored on the validation images; ``curve`` has the scores before.

        Raises:
            TableError: for a genome, or a train seed, that the table does not hold.
        """
        return self._entry(genome, train_seed)[0]

    def test_accuracy(self, genome: Iterable[Gene], train_seed: int = 0) -> float:
        """Accuracy of the same training on the test images, in [0, 1]."""
        return self._entry(genome, train_seed)[1]

    def _of(self, train_seed: int) -> dict[tuple[Gene, ...], tuple[Evaluation, float]]:
        if train_seed not in self._seeds:
            allowed = ", ".join(map(str, self.train_seeds))
            raise TableError(f"train seed {train_seed}, allowed {allowed}")
        return self._seeds[train_seed]

    def _entry(self, genome: Iterable[Gene], train_seed: int) -> tuple[Evaluation, float]:
        known, genes = self._of(train_seed), tuple(genome)
        if genes not in known:
            broken = "; ".join(self.space.violations(genes)) or f"not trained with {train_seed=}"
            raise TableError(f"'{format_genes(genes)}' is not in the table: {broken}")
        return known[genes]


def load_table(path: str | Path | None = None, space: SearchSpace = TABLE_SPACE) -> Table:
    """The table that comes with the package, or another file of the same columns.

    Args:
        path: a gzipped CSV, as ``benchmarks/build_table.py`` writes it.
        space: what its genomes are of.

    Raises:
        TableError: for a file that is missing or damaged, or of another space.
    """
    source = Path(path) if path else resources.files("deap_nas") / "data" / "files" / FILE
    try:
        text = gzip.decompress(source.read_bytes()).decode()
    except (OSError, EOFError, ValueError) as error:
        raise TableError(f"table {source} cannot be read: {error}; fetch it anew") from None
    return Table(csv.DictReader(io.StringIO(text)), space)


class _Spent(RuntimeError):
    """The budget does not reach a genome."""


class TabularEvaluator:
    """Stands in for ``Evaluator`` in every loop and toolbox, with a table's answers.

    It is called alike, as are ``measure measure_all map stream failed spent close`` and ``with``.
    It has no networks, so no ``weights test predict save``, and no data, cache or journal: a run
    directory (``deap_nas.runs.search``) needs an ``Evaluator``.

    Args:
        table: where the answers are.
        fitness: a function of an Evaluation.
        train_seed: which of a genome's trainings is the answer.
        max_evaluations: distinct genomes after which no more are measured; the rest get None.
    """

    def __init__(
        self,
        table: Table,
        *,
        fitness: Callable[[Evaluation], tuple[float, ...]] = accuracy_per_log_params,
        train_seed: int = 0,
        max_evaluations: int | None = None,
    ) -> None:
        self.table, self.fitness = table, fitness
        self.train_seed, self.max_evaluations = train_seed, max_evaluations
        self.measured: dict[tuple[Gene, ...], Evaluation] = {}  # in the order of first asking

    def __enter__(self) -> TabularEvaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Does nothing: there are no processes to end."""

    def __call__(self, genome: Iterable[Gene]) -> tuple[float, ...]:
        """The fitness of a genome.

        Raises:
            TableError: for a genome that is not in the table.
            RuntimeError: when the budget is spent and the genome was not asked for before.
        """
        return self.fitness(self.measure(genome))

    def measure(self, genome: Iterable[Gene]) -> Evaluation:
        """The Evaluation of a genome; raises as calling does."""
        (evaluation,) = self.measure_all([genome])
        if evaluation is None:
            raise _Spent(f"the budget of {self.spent()} is spent")
        return evaluation

    def measure_all(self, genomes: Iterable[Iterable[Gene]]) -> list[Evaluation | None]:
        """Evaluations in order; None beyond the budget."""
        found: list[Evaluation | None] = []
        with LOCK:
            for genes in map(tuple, genomes):
                if genes not in self.measured and not self.spent():
                    self.measured[genes] = self.table.measure(genes, self.train_seed)
                found.append(self.measured.get(genes))
        return found

    def map(self, function: Callable[[Any], Any], genomes: Iterable[Iterable[Gene]]) -> list[Any]:
        """``toolbox.register("map", evaluator.map)``; None for what the budget did not reach."""
        return [self._value(function, genome) for genome in genomes]

    def stream(
        self, function: Callable[[Any], Any], genomes: Iterable[Iterable[Gene]]
    ) -> Iterator[tuple[Any, Any]]:
        """``toolbox.register("stream", evaluator.stream)``: (genome, ``function(genome)``), each
        before the next genome is taken; None beyond the budget."""
        for genome in genomes:
            yield genome, self._value(function, genome)

    def _value(self, function: Callable[[Any], Any], genome: Any) -> Any:
        """None where the function asks for more than the budget has."""
        try:
            return function(genome)
        except _Spent:
            return None

    def failed(self, genome: Iterable[Gene]) -> bool:
        """Whether a measured genome has no score."""
        evaluation = self.measured.get(tuple(genome))
        return evaluation is not None and not evaluation.ok

    def spent(self) -> str:
        """Why no further genome will be measured; empty while the budget lasts."""
        if self.max_evaluations is not None and len(self.measured) >= self.max_evaluations:
            return counted(self.max_evaluations, "evaluation")
        return ""


def _evaluation(row: Mapping[str, Any]) -> Evaluation:
    if None in row:  # where csv.DictReader puts them
        raise ValueError("more cells than columns")
    scores = {
        int(name.removeprefix(CURVE)): float(value)
        for name, value in row.items()
        if name.startswith(CURVE) and value
    }
    last = max(scores)
    ok = row["status"] == "ok"
    return Evaluation(
        scores[last] if ok else 0.0,
        float(row["train_accuracy"]),
        int(row["n_params"]),
        float(row["train_seconds"]),
        train_cpu_seconds=float(row["train_cpu_seconds"]),
        multiply_adds=int(row["multiply_adds"]),
        epochs=last,
        best_epoch=last,
        curve=tuple({"epoch": epoch, "val_accuracy": scores[epoch]} for epoch in sorted(scores)),
        status=row["status"],
        reason="" if ok else "see the status",
        measured_on=row["measured_on"],
    )
