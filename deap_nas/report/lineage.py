"""Who descends from whom: the family of a genome, one step of the search, how genes moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from deap import tools

from deap_nas.genome import Genome, parse_genome
from deap_nas.layers import LAYERS, Gene
from deap_nas.runs.record import Record
from deap_nas.words import counted


@dataclass(frozen=True)
class Birth:
    """An individual as DEAP's History numbers it: two parents mated, a single one mutated."""

    number: int
    parents: tuple[int, ...]
    genome: str
    generation: int


@dataclass(frozen=True)
class Step:
    """One pair's way through a generation, as genome texts: parents, children, after mutation.

    ``mutated`` says which of the two children a mutation reached.
    """

    generation: int
    parents: tuple[str, str]
    children: tuple[str, str]
    after: tuple[str, str]
    mutated: tuple[bool, bool]


def births(record: Record) -> dict[int, Birth]:
    """Everyone who was born in a run, by number."""
    return {
        number: Birth(number, tuple(parents), genome, line["number"])
        for line in record.generations
        for number, parents, genome in line.get("births", [])
    }


def family(record: Record, genome: str, limit: int = 24) -> list[Birth]:
    """A genome's first appearance and its ancestors, the youngest first; at most ``limit``."""
    known = births(record)
    first = next(
        (
            number
            for line in record.generations
            for number, text in zip(line.get("members", []), line["population"])
            if text == genome and number in known
        ),
        None,
    )
    if first is None:
        return []
    history = tools.History()
    history.genealogy_tree = {birth.number: birth.parents for birth in known.values()}
    founder = Genome()
    founder.history_index = first  # type: ignore[attr-defined]
    numbers = sorted(history.getGenealogy(founder), reverse=True)
    return [known[number] for number in numbers if number in known][:limit]


def family_table(record: Record, members: list[Birth]) -> pd.DataFrame:
    """One row a member: ``number generation made from genome accuracy``; how in words."""
    known = births(record)
    accuracy = dict(zip(record.table["genome"], record.table["accuracy"]))
    rows = [
        {
            "number": birth.number,
            "generation": birth.generation,
            "made": how_made(birth, known),
            "genome": birth.genome,
            "accuracy": accuracy.get(birth.genome, float("nan")),
        }
        for birth in members
    ]
    return pd.DataFrame(rows, columns=["number", "generation", "made", "genome", "accuracy"])


def how_made(birth: Birth, known: dict[int, Birth]) -> str:
    """In words: drawn, mated, or what a mutation changed."""
    if not birth.parents:
        return "drawn anew" if birth.generation else "in the first generation"
    if len(birth.parents) > 1:
        return "mated: " + " with ".join(f"#{number}" for number in birth.parents)
    parent = known.get(birth.parents[0])
    changed = changes(parent.genome, birth.genome) if parent else []
    what = "; ".join(changed) or "nothing changed"
    return f"#{birth.parents[0]} mutated: {what}"


def changes(before: str, after: str) -> list[str]:
    """What a mutation did, gene by gene: "gene 2: NC 4 3 relu → NC 8 3 relu"."""
    old, new = before.split(";"), after.split(";")
    if len(old) == len(new):
        pairs = enumerate(zip(old, new), 1)
        return [f"gene {i}: {a} → {b}" for i, (a, b) in pairs if a != b]
    return [f"{counted(len(old), 'gene')} → {counted(len(new), 'gene')}"]


def steps(record: Record) -> list[Step]:
    """Every mating of the run that changed something and of which a child was measured."""
    known, measured = births(record), set(record.table["genome"])
    found = []
    for line in record.generations[1:]:
        new = [known[birth[0]] for birth in line.get("births", []) if birth[0] in known]
        mutants = {birth.parents[0]: birth for birth in new if len(birth.parents) == 1}
        mated = [birth for birth in new if len(birth.parents) == 2]
        for first, second in zip(mated[::2], mated[1::2]):
            if not all(number in known for number in first.parents):
                continue
            parents = [known[number].genome for number in first.parents]
            after = [_grown(child, mutants) for child in (first, second)]
            alive = not measured.isdisjoint(birth.genome for birth in after)
            if alive and {first.genome, second.genome} != set(parents):
                found.append(
                    Step(
                        line["number"],
                        (parents[0], parents[1]),
                        (first.genome, second.genome),
                        (after[0].genome, after[1].genome),
                        (after[0] is not first, after[1] is not second),
                    )
                )
    return found


def _grown(child: Birth, mutants: dict[int, Birth]) -> Birth:
    """A child after its mutations, of which ``ea_preselected`` may need several."""
    while child.number in mutants:
        child = mutants[child.number]
    return child


def telling_steps(record: Record, n: int = 2) -> list[Step]:
    """``n`` matings of one generation to show: the latest with a mutation, if one had any."""
    found = steps(record)
    if not found:
        return []
    told = max(found, key=lambda step: (sum(step.mutated) > 0, step.generation))
    others = [s for s in found if s.generation == told.generation and s is not told]
    others.sort(key=lambda step: sum(step.mutated), reverse=True)
    return [told, *others[: n - 1]]


def origins(child: str, first: str, second: str) -> list[int | None]:
    """For each gene of a child: which parent it came from, 0 or 1; None where it is new.

    Where some cut of the parents gives the child, that cut decides; else who has the gene.
    """
    genes, a, b = child.split(";"), first.split(";"), second.split(";")
    for head, tail, order in ((a, b, (0, 1)), (b, a, (1, 0))):
        for i in range(1, len(head)):
            rest = len(genes) - i
            if 0 < rest <= len(tail) and genes == head[:i] + tail[-rest:]:
                return [*[order[0]] * i, *[order[1]] * rest]
    return [0 if gene in a else 1 if gene in b else None for gene in genes]


def gene_shares(record: Record) -> pd.DataFrame:
    """How common each choice was: ``generation what choice share``, of the genes before the head
    (layer, and each field by its name), of the heads, and of the genomes (depth)."""
    rows: list[dict[str, Any]] = []
    for line in record.generations:
        genomes = [parse_genome(text) for text in line["population"]]
        body = [gene for genome in genomes for gene in genome[:-1]]
        counted = {
            "layer": [gene.kind for gene in body],
            **_by_field(body),
            "head": [genome[-1].kind for genome in genomes],
            **_by_field([genome[-1] for genome in genomes], "head "),
            "depth": [len(genome) - 1 for genome in genomes],
        }
        for what, values in counted.items():
            shares = pd.Series(values, dtype=object).value_counts(normalize=True)
            rows += [
                {"generation": line["number"], "what": what, "choice": choice, "share": share}
                for choice, share in shares.items()
            ]
    return pd.DataFrame(rows, columns=["generation", "what", "choice", "share"])


def _by_field(genes: Sequence[Gene], prefix: str = "") -> dict[str, list[Any]]:
    """The values of each field, of the genes that have it."""
    found: dict[str, list[Any]] = {}
    for gene in genes:
        for name, value in zip(LAYERS[gene.kind].fields, gene.values):
            found.setdefault(prefix + name, []).append(value)
    return found
