"""What a person sees of a search: progress, tables, a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import TextColumn
from rich.table import Table

from deap_nas.bars import WIDTH, make_bar
from deap_nas.commands.output import Steady
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.own_fitness import OWN, Fitness
from deap_nas.genome import Genome
from deap_nas.layers.cost import summary
from deap_nas.runs.finalists import Finalist, seed_of
from deap_nas.runs.guess import Guess
from deap_nas.runs.result import Finding
from deap_nas.runs.settings import Settings
from deap_nas.runs.tables import top, tops_of
from deap_nas.runs.watcher import Watcher
from deap_nas.spaces import SearchSpace
from deap_nas.training.recipes import Recipe
from deap_nas.words import counted

SHOWN = {
    "genome": "{}",
    "accuracy": "{:.4f}",
    "train_accuracy": "{:.4f}",
    "n_params": "{}",
    "train_seconds": "{:.2f}",
    "fitness": "{:.4f}",
    "fitness_time": "{:.4f}",
    OWN: "{:.4f}",
}


def make_console() -> Console:
    out: Any = Steady(sys.stdout)
    return Console(file=out) if out.isatty() else Console(file=out, width=WIDTH)


STAGES = {
    "int8": "scoring finalists in int8",
    "test": "scoring the winner on the test set",
    "baseline": "training your baseline",
    "page": "making the page",
}


class Log:
    """A file with one dated line for each thing that happens."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")


class ProgressWatcher(Watcher):
    """A bar with the time left and the best so far; a line for each generation; a log.

    Args:
        fitness: the one that is shown.
        generations: how many are bred.
        births: how many genomes are asked for in so many generations and the initial one.
        console: where it is shown.
        log: gets a line for each outcome and generation.
        finals: whether finalists are trained after the search.
    """

    def __init__(
        self,
        fitness: Fitness,
        generations: int,
        births: Callable[[int], int],
        console: Console,
        log: Log,
        finals: bool = False,
    ) -> None:
        self._fitness, self._generations, self._births = fitness, generations, births
        self._log = log
        self._total = births(generations)
        self._trained = self._known = self._stopped = self._failed = 0
        self._started = time.monotonic()
        self._expected = 0.0  # seconds, before anything has ended
        self._then = ", then finalists" if finals else ""
        self._best: tuple[float, str] = (0.0, "")
        self._within = 0
        self._done = 0
        self._over = False  # the generations are
        self._bar = make_bar(console, TextColumn("{task.fields[left]}"))
        self._task = self._bar.add_task("generation 0", total=self._total, left="")

    def __enter__(self) -> ProgressWatcher:
        self._bar.start()
        return self

    def __exit__(self, stopped: type[BaseException] | None, *_: object) -> None:
        best = f"best {self._best[0]:.3f}" if self._best[1] else "no best"
        self._bar.update(self._task, description="stopped" if stopped else "done", left=best)
        self._bar.stop()

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        self._note("", genome, evaluation, cached)

    def final(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        self._note("finalist ", genome, evaluation, cached)

    def _note(self, what: str, genome: str, evaluation: Evaluation, cached: bool) -> None:
        self._trained += not cached
        self._known += cached
        self._within += 1
        if evaluation.ok:
            fitness = self._fitness(evaluation)[0]
            self._best = max(self._best, (fitness, genome))
            came = f"accuracy {evaluation.accuracy:.4f}, {evaluation.n_params} parameters"
            came += f", {evaluation.train_seconds:.1f} s, fitness {fitness:.4f}"
        else:
            self._stopped += evaluation.stopped
            self._failed += not evaluation.stopped
            came = f"{evaluation.status}: {evaluation.reason}"
        self._log(f"{what}{'known  ' if cached else 'trained'} {genome}: {came}")
        if not self._over:
            self._show(self._done + self._within)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        self._done, self._within = self._births(number), 0
        line = (
            f"generation {number} of {self._generations}: best "
            f"{record.get('max', 0):.4f}, median {record.get('median', 0):.4f}; "
            f"{self._trained} trained, {self._known} known, {self._failed} failed"
        )
        if self._stopped:
            line += f", {self._stopped} stopped early"
        self._log(line)
        self._bar.print(line, highlight=False)
        if number < self._generations:
            self._bar.update(self._task, description=f"generation {number + 1}")
        self._show(self._done)

    def stage(self, name: str) -> None:
        self._over = True
        self._log(STAGES[name])
        self._bar.update(self._task, description=STAGES[name], left="")

    def finalists(self, genomes: list[str], trainings: int, seconds: float) -> None:
        line = (
            f"{counted(len(genomes), 'finalist')}: {counted(trainings, 'training')}, about "
            f"{duration(seconds)}"
        )
        self._log(line)
        self._bar.print(line, highlight=False)
        self._started, self._expected, self._total = time.monotonic(), seconds, trainings
        self._trained = self._done = self._within = 0
        self._best, self._then = (0.0, ""), ""
        self._bar.update(self._task, description="finalists", total=trainings)
        self._show(0)

    def _show(self, done: int) -> None:
        seconds = time.monotonic() - self._started
        left = seconds / done * max(0, self._total - done) if done else self._expected
        rate = 60 * self._trained / max(1e-9, seconds)
        best = f"best {self._best[0]:.3f}" if self._best[1] else "no best yet"
        text = f"{duration(left)} left{self._then} · {rate:.1f} trainings/min · {best}"
        self._bar.update(self._task, completed=min(done, self._total), left=text)


def duration(seconds: float) -> str:
    """As a person says it: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def finals_in_words(settings: Settings) -> str:
    """As "3 finalists, each trained 3 times by recipe final, 10 epochs"."""
    recipe, times = settings.make_final_recipe(), settings.final_seeds
    each = "each " if settings.finalists > 1 else ""
    return (
        f"{counted(settings.finalists, 'finalist')}, {each}trained "
        f"{f'{times} times' if times > 1 else 'once'} by recipe {recipe.name}, "
        f"{counted(recipe.epochs, 'epoch')}"
    )


def print_network(genome: Genome, space: SearchSpace, console: Console) -> None:
    """Layer by layer: shape behind it and parameters."""
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("layer", "shape behind it", "parameters"):
        shown.add_column(column, justify="left" if column == "layer" else "right")
    for layer, shape, n_params in summary(genome, space.input_shape, space.n_classes):
        shown.add_row(layer, " x ".join(map(str, shape)), f"{n_params:,}")
    console.print(shown)


def print_tops(table: pd.DataFrame, console: Console) -> None:
    """The top-five tables; an empty one says why."""
    columns = [name for name in SHOWN if name in table]
    if OWN in columns:  # it needs the room
        columns.remove("train_accuracy")
    for name, title in tops_of(table).items():
        rows, why = top(table, name)
        console.print(f"\n[bold]{title}[/bold]", highlight=False)
        if rows.empty:
            console.print(f"  (empty: {why})", highlight=False)
            continue
        shown = Table(box=None, pad_edge=False, header_style="dim")
        for column in columns:
            shown.add_column(column, justify="left" if column == "genome" else "right")
        for row in rows.to_dict("records"):
            row["genome"] = fold(row["genome"])
            shown.add_row(*(SHOWN[column].format(row[column]) for column in columns))
        console.print(shown)


def fold(genome: str, width: int = 34) -> str:
    """A genome on lines of at most ``width``, broken between genes."""
    lines = [""]
    for gene in genome.split(";"):
        if len(lines[-1]) + len(gene) > width:
            lines.append("")
        lines[-1] += f"{gene};"
    return "\n".join(lines).removesuffix(";")


def print_result(
    best: Finding,
    baseline: Finding | None,
    fitness: str,
    split: str,
    class_names: Sequence[str],
    console: Console,
) -> None:
    """The winner by a fitness, beside what needs no network, and the baseline if there is one."""
    title = "fitness" if fitness == "accuracy_per_log_params" else f"fitness {fitness}"
    who = "Chosen: the finalist with the best mean" if best.budget else "Best by"
    how = " in int8" if best.budget and best.int8 else ""
    console.print(f"\n[bold]{who} {title}{how}[/bold]", highlight=False)
    console.print(_sentence(best, split), highlight=False, soft_wrap=True)
    print_guesses(best.guesses(split), class_names, console)
    if baseline:
        console.print("[bold]Your baseline[/bold]", highlight=False)
        console.print(_sentence(baseline, split), highlight=False, soft_wrap=True)


def print_finalists(finalists: Sequence[Finalist], recipe: Recipe, console: Console) -> None:
    """A row each: the mean of its trainings, and one standard deviation."""
    int8 = any(each.int8 for each in finalists)
    how = f"{recipe.name}, {counted(recipe.epochs, 'epoch')}"
    title = f"Finalists by mean fitness{' in int8' * int8}, trained again with recipe {how}"
    console.print(f"\n[bold]{title}[/bold]", highlight=False)
    shown = Table(box=None, pad_edge=False, header_style="dim")
    scores, numbers = ["accuracy", "test_accuracy"], ["n_params"]
    if int8:  # the test accuracy of what is not deployed would need more room than there is
        scores, numbers = ["accuracy", "int8_accuracy", "int8_test_accuracy"], ["flash", "ram"]
    columns = ("genome", *scores, *numbers, "fitness", "seeds", "")
    for column in columns:
        name = column if column in numbers else column.replace("_", " ")
        shown.add_column(name, justify="left" if column in ("genome", "") else "right")
    for row in (each.row() for each in sorted(finalists, key=lambda each: -each.fitness)):
        means = (mean_and_spread(row, name) for name in scores)
        known = (*(str(row[name]) for name in numbers), f"{row['fitness']:.4f}", str(row["seeds"]))
        genome = fold(row["genome"], 24 if int8 else 34)
        shown.add_row(genome, *means, *known, "chosen" if row["chosen"] else "")
    console.print(shown)


def mean_and_spread(scores: Mapping[str, Any], name: str) -> str:
    """As "0.8933 ± 0.0021"; one number alone of a single training, a dash where there is none."""
    mean, spread = (scores[f"{name}_{each}"] for each in ("mean", "std"))
    if pd.isna(mean):
        return "-"
    return f"{mean:.4f}" if pd.isna(spread) else f"{mean:.4f} ± {spread:.4f}"


def print_guesses(
    guesses: Mapping[str, Guess], class_names: Sequence[str], console: Console
) -> None:
    """What needs no network, and whether the network beats it on the images that did not choose it.

    Args:
        guesses: by split; the last one decides.
        class_names: of the data.
        console: where it is shown.
    """
    if not guesses:
        return
    shares = ", ".join(
        f"always '{class_names[each.label]}' {split} accuracy {each.accuracy:.4f}"
        for split, each in guesses.items()
    )
    split, last = list(guesses.items())[-1]
    lines = [f"without a network: {shares}, chance {last.chance:.4f}"]
    if not last.beaten:
        lines.append(
            f"no better than always answering '{class_names[last.label]}': with 95 % confidence, "
            f"on {counted(last.images, f'{split} image')}, its accuracy is {last.bound:.4f} or "
            "more (Wilson's bound)"
        )
    for line in lines:
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)


def _sentence(finding: Finding, split: str) -> str:
    evaluation = finding.evaluation
    if not evaluation.ok:
        return f"  {finding.genome}\n  {evaluation.status}: {evaluation.reason}"
    scores = f"{split} accuracy {evaluation.accuracy:.4f}"
    if split != "test" and finding.test_accuracy is not None:
        scores += f", test accuracy {finding.test_accuracy:.4f} (measured once, now)"
    cost = f"{evaluation.n_params} parameters, {evaluation.train_seconds:.1f} s of training"
    cost += _in_int8(finding, split)
    if not finding.finalist or not finding.budget:
        return f"  {finding.genome}\n  {scores}, {cost}"
    found, means = finding.finalist, finding.finalist.scores()
    mean = f"{split} accuracy {mean_and_spread(means, 'accuracy')}"
    if found.test_accuracies:
        mean += f", test accuracy {mean_and_spread(means, 'test_accuracy')}"
    if found.int8:
        mean += f"; in int8 {split} accuracy {mean_and_spread(means, 'int8_accuracy')}"
        if split != "test":
            mean += f", test accuracy {mean_and_spread(means, 'int8_test_accuracy')}"
    which = (
        f"the best of them on {split} images, train seed {seed_of(finding.budget)}: {scores}, "
        if len(found.trainings) > 1
        else ""
    )
    return (
        f"  {finding.genome}\n  {counted(len(found.trainings), 'training')}: {mean}\n"
        f"  {which}{cost}"
    )


def _in_int8(finding: Finding, split: str) -> str:
    int8, ram = finding.int8, finding.evaluation.ram
    if int8 is None:
        return ""
    if int8.reason:
        return f"\n  no int8 model: {int8.reason}"
    test = f", test accuracy {int8.test_accuracy:.4f}" if split != "test" else ""
    arena = f", {ram} bytes of RAM (by formula)" if ram else ""
    scores = f"{split} accuracy {int8.accuracy:.4f}{test}"
    return f"\n  in int8: {scores}, {int8.flash} bytes of flash{arena}"
