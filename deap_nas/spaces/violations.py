"""The rules that a genome breaks, as sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from deap_nas.layers import LAYERS, Gene, LayerError, Shape, listed
from deap_nas.words import counted


def violations(genes: Sequence[object], space: Any) -> list[str]:
    """Each broken rule of a ``SearchSpace``; empty if there is none."""
    total, found = len(genes), list[str]()
    for i, gene in enumerate(genes, 1):
        where = f"gene {i} of {total}, '{gene}'"
        found += [f"{where}: {what}" for what in _of_fields(gene, space)]
        kind = getattr(gene, "kind", None)
        if kind in space.head_kinds and i != total:
            found.append(f"{where}: {kind} at place {i}, allowed only as the last gene")
    found += [*misfits(genes, space), *_of_counts(genes, space)]
    return found or list(_of_budgets(genes, space))  # only what is legal otherwise has a cost


def _of_fields(gene: object, space: Any) -> Iterator[str]:
    if not isinstance(gene, Gene):
        yield f"not a gene but {type(gene).__name__}, allowed the genes of layers"
        return
    rules = {rule.name: rule for rule in space.rules}
    if gene.kind not in rules:
        yield f"kind {gene.kind}, allowed {', '.join(rules)}"
        return
    rule = rules[gene.kind]
    if len(gene.values) != len(rule.values):
        yield f"{len(gene.values)} fields after the kind, allowed '{rule.layer.form}'"
    for (name, allowed), value in zip(rule.values.items(), gene.values):
        if value not in allowed:
            yield f"{name} {value}, allowed {listed(allowed)}"


def _of_counts(genes: Sequence[object], space: Any) -> Iterator[str]:
    kinds = [getattr(gene, "kind", None) for gene in genes]
    for group, low, high in space.limits:
        n = sum(kind in group for kind in kinds)
        if not low <= n <= high:
            kind = " or ".join(sorted(group))
            yield f"{counted(n, f'{kind} gene')}, allowed {_range(low, high)}"
    low, high = space.depth_range
    body = sum(kind not in space.head_kinds for kind in kinds)
    if space.layers is not None and not low <= body <= high:
        yield f"{counted(body, 'gene')} before the head, allowed {low} to {high}"


def _of_budgets(genes: Sequence[Any], space: Any) -> Iterator[str]:
    for budget in space.budgets:
        found = budget.cost.total(genes, space.input_shape, space.n_classes)
        if found > budget.room:
            about = f"about {found:,}" if budget.cost.estimated else f"{found:,}"
            yield f"{about} {budget.cost.unit}, allowed at most {budget.room:,}{_limit(budget)}"


def _limit(budget: Any) -> str:
    """Where genomes may not come to the whole of it."""
    less = budget.most - budget.room
    return f" ({budget.cost.limit} {budget.most:,} less {less:,} to spare)" if less else ""


def _range(low: int, high: int) -> str:
    return f"{low} to {high}" if low < high else f"exactly {low}"


def misfits(genes: Sequence[Any], space: Any) -> Iterator[str]:
    """A sentence for the first gene that does not fit the feature map that reaches it, whatever
    else the space allows."""
    place: Shape = space.input_shape
    for i, gene in enumerate(genes, 1):
        layer = LAYERS.get(getattr(gene, "kind", ""))
        if layer is None or (layer.head and i < len(genes)) or not _is_whole(layer, gene):
            return
        about = (place, space.n_classes) if layer.head else (place,)
        behind = layer.shape_behind(gene, *about)
        if behind is None:
            yield (
                f"gene {i} of {len(genes)}, '{gene}': does not fit the feature map that reaches "
                f"it, {' x '.join(map(str, place))}; allowed {_fitting(layer, gene, about)}"
            )
            return
        place = behind


def _is_whole(layer: Any, gene: Gene) -> bool:
    """Whether a gene has the fields of its layer, with values that it can be built from."""
    with contextlib.suppress(LayerError):
        layer(*gene.values)
        return True
    return False


def _fitting(layer: Any, gene: Any, about: tuple[Any, ...]) -> str:
    """The whole numbers below a gene's own with which it would fit, field by field."""
    found = []
    for i, (name, value) in enumerate(zip(layer.fields, gene.values)):
        if type(value) is not int:
            continue
        tried = (
            (n, layer.gene(*gene.values[:i], n, *gene.values[i + 1 :]))
            for n in range(min(value, 100) - 1, 0, -1)
        )
        most = next((n for n, other in tried if layer.shape_behind(other, *about)), None)
        if most:
            found.append(f"{name} up to {most}")
    return " or ".join(found) or "another layer"
