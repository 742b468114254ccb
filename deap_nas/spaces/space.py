"""Search spaces: which genomes are legal, as data."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from math import comb
from typing import Any

from deap_nas.genome import (
    ACTIVATIONS,
    CONV_KINDS,
    HEAD_KIND,
    Conv,
    Gene,
    Genome,
    Head,
)
from deap_nas.layers.cost import Shape, fits, reduced
from deap_nas.spaces.listing import Choices, Pairs, Without


class SpaceError(ValueError):
    """Settings that make no search space; the message names the setting and what is allowed."""


@dataclass(frozen=True)
class SearchSpace:
    """The rules of a genome (the report, sections II and IV), for any image shape and class count.

    A legal genome has ``n_normal[0]`` to ``n_normal[1]`` NC genes and exactly ``n_reduction`` RC
    genes in any order, then one FL gene; its attributes are among those listed; and no RC kernel
    exceeds the feature map that reaches it, since RC pads "valid".

    Args:
        n_normal: fewest and most NC genes, or one number for both.
        filters, kernels, activations: the values an attribute may take.
        input_shape: (height, width, channels) of an image.
        head_activations: those of FL; ``activations`` unless given.

    Raises:
        SpaceError: for settings that are malformed or that no genome can satisfy.
    """

    n_normal: tuple[int, int] = (1, 3)
    n_reduction: int = 2
    filters: tuple[int, ...] = tuple(range(2, 17, 2))
    kernels: tuple[int, ...] = (3, 4, 5)
    activations: tuple[str, ...] = ACTIVATIONS
    input_shape: Shape = (28, 28, 1)
    n_classes: int = 10
    head_activations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        low_high = (self.n_normal,) * 2 if isinstance(self.n_normal, int) else self.n_normal
        for name, value, tidy in (
            ("n_normal", low_high, tuple),
            ("filters", self.filters, lambda values: tuple(sorted(set(values)))),
            ("kernels", self.kernels, lambda values: tuple(sorted(set(values)))),
            ("activations", self.activations, lambda values: tuple(dict.fromkeys(values))),
            ("head_activations", self.head_activations, lambda v: tuple(dict.fromkeys(v))),
            ("input_shape", self.input_shape, tuple),
        ):
            try:
                object.__setattr__(self, name, tidy(value))
            except TypeError:
                raise SpaceError(
                    f"{name} {value!r}, allowed a list of values of one type"
                ) from None
        _check_settings(self)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __contains__(self, genes: Any) -> bool:
        try:
            *convs, head = genes
            if (
                type(head) is not Head
                or head not in self._legal_heads
                or not all(gene in self._legal_convs for gene in convs)
            ):
                return False
            reductions = tuple(gene.kernel for gene in convs if gene.kind == "RC")
        except (TypeError, ValueError, AttributeError):  # not a sequence of genes at all
            return False
        low, high = self.n_normal
        return (
            len(reductions) == self.n_reduction
            and low <= len(convs) - len(reductions) <= high
            and self._fits(reductions)
        )

    def violations(self, genes: Sequence[object]) -> list[str]:
        """Each broken rule as a sentence that names gene, value and limit; empty if legal."""
        total = len(genes)
        found: list[str] = []
        size = min(self.input_shape[:2])
        for i, gene in enumerate(genes, 1):
            where = f"gene {i} of {total}, '{gene}'"
            found += [f"{where}: {what}" for what in self._attribute_violations(gene)]
            if isinstance(gene, Head) and i != total:
                found.append(f"{where}: FL at place {i}, allowed only as the last gene")
            if size and isinstance(gene, Conv) and gene.kind == "RC" and type(gene.kernel) is int:
                if gene.kernel > size:
                    found.append(
                        f"{where}: kernel {gene.kernel} exceeds the feature map that reaches it, "
                        f"{size} wide (padding valid), allowed up to {size}"
                    )
                size = reduced(size, gene.kernel)
        return [*found, *self._count_violations(genes)]

    def _attribute_violations(self, gene: object) -> Iterator[str]:
        if isinstance(gene, Head):
            attributes: list[tuple[str, Any, Sequence[Any]]] = [
                ("activation", gene.activation, self._head_activations)
            ]
        elif isinstance(gene, Conv):
            attributes = [
                ("kind", gene.kind, CONV_KINDS),
                ("filters", gene.filters, self.filters),
                ("kernel", gene.kernel, self.kernels),
                ("activation", gene.activation, self.activations),
            ]
        else:
            yield f"not a gene but {type(gene).__name__}, allowed Conv and Head"
            return
        for name, value, allowed in attributes:
            if value not in allowed:
                yield f"{name} {value}, allowed {_listed(allowed)}"

    def _count_violations(self, genes: Sequence[object]) -> Iterator[str]:
        kinds = [getattr(gene, "kind", None) for gene in genes]
        limits = (
            ("NC", *self.n_normal),
            ("RC", self.n_reduction, self.n_reduction),
            (HEAD_KIND, 1, 1),
        )
        for kind, low, high in limits:
            if not low <= kinds.count(kind) <= high:
                allowed = f"{low} to {high}" if low < high else f"exactly {low}"
                yield f"{kinds.count(kind)} {kind} genes, allowed {allowed}"

    def sample(self, rng: random.Random | Any = random) -> Genome:
        """Draw a genome: its depth, its order of kinds, then each attribute from left to right.

        Each draw is uniform over the values that leave a legal completion, so that no draw is ever
        thrown away. Genomes are therefore not equally likely: a shallow one is likelier than a
        deep one.
        """
        n_normal = rng.randint(*self.n_normal)
        n_convs = n_normal + self.n_reduction
        reductions = set(rng.sample(range(n_convs), self.n_reduction))
        genes: list[Gene] = []
        prefix: tuple[int, ...] = ()
        for i in range(n_convs):
            kind, kernels = "NC", self.kernels
            if i in reductions:
                kind, kernels = "RC", self._kernels_after(prefix)
            conv = Conv(
                kind, rng.choice(self.filters), rng.choice(kernels), rng.choice(self.activations)
            )
            prefix += (conv.kernel,) if kind == "RC" else ()
            genes.append(conv)
        return Genome([*genes, Head(rng.choice(self._head_activations))])

    def size(self) -> int:
        """How many genomes are legal, exactly: by counting, not by listing."""
        attributes = len(self.filters) * len(self.activations)
        normal = attributes * len(self.kernels)
        depths: int = sum(
            comb(n + self.n_reduction, n) * normal**n
            for n in range(self.n_normal[0], self.n_normal[1] + 1)
        )
        reductions: int = attributes**self.n_reduction * self._count_kernels(
            min(self.input_shape[:2]), self.n_reduction
        )
        return depths * reductions * len(self._head_activations)

    # What operators need: deap_nas.operators.protocol.Space

    def kind(self, gene: Gene) -> str:
        """NC, RC or FL."""
        return gene.kind

    def replacements(self, genes: Sequence[Gene], i: int) -> Sequence[Gene]:
        """Every other gene that is legal in place ``i`` of a legal genome: always of one kind."""
        old = genes[i]
        if isinstance(old, Head):
            return Without(self._heads, old)
        if old.kind == "NC":
            return Without(self._normals, old)
        kernels = [gene.kernel for gene in genes if gene.kind == "RC"]  # type: ignore[union-attr]
        place = sum(gene.kind == "RC" for gene in genes[:i])
        fitting = tuple(
            k for k in self.kernels if self._fits((*kernels[:place], k, *kernels[place + 1 :]))
        )
        return Without(self._reductions(fitting), old)

    def insertions(self, genes: Sequence[Gene]) -> Sequence[tuple[int, Gene]]:
        """Every (place, NC gene) a legal genome can take before its head, while depth allows it."""
        n_normal = sum(gene.kind == "NC" for gene in genes)
        places = range(len(genes)) if n_normal < self.n_normal[1] else range(0)
        return Pairs(places, self._normals)

    def deletions(self, genes: Sequence[Gene]) -> Sequence[int]:
        """The places of the NC genes, while depth allows one less."""
        places = [i for i, gene in enumerate(genes) if gene.kind == "NC"]
        return places if len(places) > self.n_normal[0] else []

    @property
    def _head_activations(self) -> tuple[str, ...]:
        return self.head_activations or self.activations

    @cached_property
    def _normals(self) -> Choices[Gene]:
        return Choices(self._convs("NC", self.kernels))

    @cached_property
    def _heads(self) -> Choices[Gene]:
        return Choices(Head(activation) for activation in self._head_activations)

    @cached_property
    def _reduction_choices(self) -> dict[tuple[int, ...], Choices[Gene]]:
        return {}

    def _reductions(self, kernels: tuple[int, ...]) -> Choices[Gene]:
        if kernels not in self._reduction_choices:
            self._reduction_choices[kernels] = Choices(self._convs("RC", kernels))
        return self._reduction_choices[kernels]

    def _convs(self, kind: str, kernels: Iterable[int]) -> Iterator[Gene]:
        return (
            Conv(kind, f, k, a) for f in self.filters for k in kernels for a in self.activations
        )

    @cached_property
    def _legal_convs(self) -> frozenset[Gene]:
        return frozenset((*self._normals, *self._convs("RC", self.kernels)))

    @cached_property
    def _legal_heads(self) -> frozenset[Gene]:
        return frozenset(self._heads)

    # The feature-map rule. A smaller kernel leaves a larger map, so that a run of RC genes can be
    # completed if and only if the smallest kernels complete it.

    def _fits(self, kernels: tuple[int, ...]) -> bool:
        return fits(kernels, min(self.input_shape[:2]))

    def _kernels_after(self, prefix: tuple[int, ...]) -> tuple[int, ...]:
        rest = (self.kernels[0],) * (self.n_reduction - len(prefix) - 1)
        return tuple(k for k in self.kernels if self._fits((*prefix, k, *rest)))

    def _count_kernels(self, size: int, n: int) -> int:
        if n == 0:
            return 1
        return sum(self._count_kernels(reduced(size, k), n - 1) for k in self.kernels if k <= size)


def _check_settings(space: SearchSpace) -> None:
    def whole(value: object, low: int) -> bool:
        return type(value) is int and value >= low

    checks: list[tuple[str, bool, str]] = [
        (
            "n_normal",
            len(space.n_normal) == 2
            and all(whole(n, 0) for n in space.n_normal)
            and space.n_normal[0] <= space.n_normal[1],
            "two whole numbers, fewest and most, 0 or more",
        ),
        ("n_reduction", whole(space.n_reduction, 0), "a whole number, 0 or more"),
        ("filters", _all(space.filters, lambda f: whole(f, 1)), "whole numbers, 1 or more"),
        ("kernels", _all(space.kernels, lambda k: whole(k, 1)), "whole numbers, 1 or more"),
        ("activations", _all(space.activations, ACTIVATIONS.__contains__), _listed(ACTIVATIONS)),
        (
            "head_activations",
            all(map(ACTIVATIONS.__contains__, space.head_activations)),
            _listed(ACTIVATIONS),
        ),
        (
            "input_shape",
            len(space.input_shape) == 3 and all(whole(n, 1) for n in space.input_shape),
            "(height, width, channels), each 1 or more",
        ),
        ("n_classes", whole(space.n_classes, 2), "a whole number, 2 or more"),
    ]
    for name, good, allowed in checks:
        if not good:
            raise SpaceError(f"{name} {getattr(space, name)!r}, allowed {allowed}")
    smallest = (space.kernels[0],) * space.n_reduction
    if not fits(smallest, min(space.input_shape[:2])):
        raise SpaceError(
            f"no genome is legal: {space.n_reduction} RC genes of the smallest kernel, "
            f"{space.kernels[0]}, do not fit images of shape {space.input_shape}; "
            "allow smaller kernels or fewer RC genes"
        )


def _all(values: Sequence[Any], good: Any) -> bool:
    return bool(values) and all(map(good, values))


def _listed(values: Sequence[Any]) -> str:
    """Values as a person says them: "2 to 16 in steps of 2", "relu, tanh"."""
    if len(values) > 2 and all(type(v) is int for v in values):
        step = values[1] - values[0]
        if tuple(values) == tuple(range(values[0], values[-1] + 1, step)):
            return f"{values[0]} to {values[-1]}" + (f" in steps of {step}" if step > 1 else "")
    return ", ".join(map(str, values))


PAPER_SPACE = SearchSpace()
"""Section IV of the report: 1 to 3 NC, filters 2, 4, ..., 16, kernels 3 to 5."""

FULL_SPACE = SearchSpace(n_normal=(0, 6), filters=tuple(range(1, 65)), kernels=tuple(range(1, 8)))
"""Section II of the report made finite: 0 to 6 NC, filters 1 to 64, kernels 1 to 7."""

SPACES = {"paper": PAPER_SPACE, "full": FULL_SPACE}
