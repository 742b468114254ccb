"""Networks of a run to take home: which they are, whether they can be written, and the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from deap_nas.devices.arena import has_runtime
from deap_nas.files import write_whole
from deap_nas.genome import parse_genome
from deap_nas.layers.cost import arena_head
from deap_nas.layers.runtime import unsupported
from deap_nas.report.chosen import choose, class_names, weights_of
from deap_nas.report.exporter import Exported, Exporter
from deap_nas.report.formats import PACKAGES
from deap_nas.report.front import pareto_front
from deap_nas.report.networks import open_studio
from deap_nas.runs.record import Record, ReportError, read_run


def pick(record: Record, what: str) -> dict[str, str]:
    """Genomes of a run, by the names that their files get.

    Args:
        record: of the run.
        what: "best", "front" (the Pareto front), or a genome.

    Raises:
        ReportError: if the run has no trained network, or not that genome.
    """
    if what == "front":
        front = pareto_front(record.table)
        found = {f"{row.n_params}-params": str(row.genome) for row in front.itertuples()}
    else:
        chosen = choose(record, None if what == "best" else what)
        params = chosen and chosen.evaluation.n_params
        found = {"best" if what == "best" else f"{params}-params": chosen.genome} if chosen else {}
    if not found:
        raise ReportError(f"{record.folder}: no genome was trained with success; nothing to export")
    return found


def check(record: Record, networks: Mapping[str, str], formats: Sequence[str]) -> None:
    """Whether networks can be written so, before anything is.

    Args:
        record: of the run.
        networks: genomes by name.
        formats: of ``report.formats``.

    Raises:
        ReportError: naming the package, the weights or the gene that is missing.
        LayerError: for a layer whose operations are not given, where only these tell the RAM.
    """
    for form in formats:
        for package in PACKAGES.get(form, ()):
            if find_spec(package) is None:
                raise ReportError(
                    f"format {form} needs the package {package}: in your clone of deap_nas, pip "
                    f"install -e '.[{form}]'"
                )
    for genome in networks.values():
        weights_of(record, genome)
        if "c" in formats:
            _check_operators(record, genome)


def _check_operators(record: Record, genome: str) -> None:
    """Whether TensorFlow Lite Micro has them."""
    genes, size = parse_genome(genome), (record.input_shape, record.n_classes)
    for wrong in unsupported(genes, *size):
        raise ReportError(f"genome '{genome}', format c: {wrong}")
    if not has_runtime():  # which tells what a layer without operations needs
        arena_head(genes, *size)


def export(
    folder: Path, which: str, genome: str | None = None, formats: Sequence[str] = ("keras",)
) -> list[str]:
    """Write networks of a run to its ``export/``, with the names of the classes; a line for each
    file.

    Args:
        folder: of the run.
        which: "best" (as ``best.*``), or "front" (each as ``N-params.*``).
        genome: the network to write instead of the best by fitness.
        formats: "keras", "onnx", or both.

    Raises:
        ReportError: if the run has no trained network, or not that genome.
        RuntimeError: if a file can't be written, or gives another accuracy.
    """
    record = read_run(folder)
    if which == "front":
        networks = pick(record, "front")
    else:
        networks = {"best": next(iter(pick(record, genome or "best").values()))}
    check(record, networks, formats)
    target = record.directory.export
    target.mkdir(exist_ok=True)
    write_class_names(record, record.directory.class_names)
    with open_studio(record) as studio:
        exporter = Exporter(record, studio, target)
        lines = [
            _line(exporter.write(name, text, form), record)
            for name, text in networks.items()
            for form in formats
        ]
    return [*lines, f"{record.directory.class_names}: what their outputs stand for, in order"]


def write_class_names(record: Record, path: Path) -> None:
    """Write what the networks' outputs stand for, in order, a line each.

    Args:
        record: of the run.
        path: of the file.
    """
    names, _ = class_names(record)
    write_whole(path, "".join(f"{name}\n" for name in names))


def _line(each: Exported, record: Record) -> str:
    path = record.directory.export / each.name
    if each.read_back is None:
        return f"{path}: {each.genome} (not checked: {each.why})"
    said = "as" if each.read_back == each.trained else f"{each.trained:.4f}"
    score = f"{record.split} accuracy {each.read_back:.4f}, {said} in the run"
    return f"{path}: {each.genome} (read again: {score})"
