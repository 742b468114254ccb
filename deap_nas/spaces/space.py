"""Search spaces: which genomes are legal, as data."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property
from typing import Any

from deap_nas.genome import Genome
from deap_nas.layers import (
    LayerError,
    report_rules,
)
from deap_nas.spaces.budgets import Budget, check_known, read_budgets
from deap_nas.spaces.checks import check_size, tidied
from deap_nas.spaces.counting import Counting, most_params
from deap_nas.spaces.drawing import draw
from deap_nas.spaces.estimating import size_within
from deap_nas.spaces.forms import SHORT_FORM, read_layers_form, read_short_form
from deap_nas.spaces.legality import check_affordable, check_legal
from deap_nas.spaces.neighbours import deletions, insertions, replacements
from deap_nas.spaces.rules import Rule, SpaceError, read_heads, read_layers
from deap_nas.spaces.thrift import ThriftyWalks
from deap_nas.spaces.violations import violations
from deap_nas.spaces.walks import Walks


@dataclass(frozen=True)
class SearchSpace:
    """The rules of a genome, for any image shape and class count.

    A legal genome has, in any order, so many genes of each layer as the layer's ``count`` says, in
    all as many as ``depth``, then one head; each field has one of the values listed; and each layer
    fits the feature map that reaches it. ::

        SearchSpace(
            layers={
                "CR": {"count": 2, "filters": (4, 8), "kernel": 3, "activation": "relu"},
                "SB": {"count": (1, 4), "filters": (8, 16), "kernel": (3, 5), "activation": "relu"},
            },
            heads=("GP",),
        )

    ``SearchSpace(n_normal=..., n_reduction=...)``, without ``layers``, is short for the report's
    rules (sections II and IV): NC and RC genes, then FL.

    Budgets are rules like the others: ``max_params`` and its siblings say what a genome may cost.

    Args:
        n_normal: short form: fewest and most NC genes, or one number for both; (1, 3).
        n_reduction: short form: RC genes; 2.
        filters: short form: the values that this field of NC and RC may take.
        kernels: short form: the same for this field.
        activations: short form: the same for this field.
        input_shape: (height, width, channels) of an image.
        n_classes: classes of the data.
        head_activations: short form: those of FL; ``activations`` unless given.
        layers: name -> ``count`` (fewest and most, or one number; 0 to the greatest depth unless
            given) and the values of each field, a list or one value. A field whose layer lists its
            values has all of them unless given.
        heads: names of heads, or name -> values of each field.
        depth: fewest and most genes before the head; what the counts allow unless given.
        reductions: fewest and most genes that make the feature map smaller; any number unless
            given.
        max_params: trainable parameters at most; as many as may be unless given.
        max_multiply_adds: multiply-adds of one image at most.
        max_ram: bytes of RAM at most, as ``peak_ram`` counts them; ``arena_head`` may be more.
        max_flash: bytes of the int8 model at most, as ``flash`` counts them, but with each operator
            as the first of its kind, and 2 % or 100 bytes to spare, so that the model is within it.

    Raises:
        SpaceError: for settings that are malformed or that no genome can satisfy.
    """

    n_normal: Any = None
    n_reduction: Any = None
    filters: Any = None
    kernels: Any = None
    activations: Any = None
    input_shape: Any = (28, 28, 1)
    n_classes: int = 10
    head_activations: Any = None
    _: KW_ONLY
    layers: Any = None
    heads: Any = None
    depth: Any = None
    reductions: Any = None
    max_params: int | None = None
    max_multiply_adds: int | None = None
    max_ram: int | None = None
    max_flash: int | None = None

    def __post_init__(self) -> None:
        self._set("input_shape", tidied("input_shape", self.input_shape))
        check_size(self.input_shape, self.n_classes)
        read = read_short_form if self.layers is None else read_layers_form
        for name, value in read(self).items():
            self._set(name, value)
        try:
            for rule in self.rules:
                rule.layer.check(self.input_shape, self.n_classes)
            check_legal(self._plain, self.reductions, self.input_shape)
            if self.budgets:
                check_known(self.budgets, self.rules)
                check_affordable(self._walks, self.budgets, self._parts)
        except LayerError as error:
            raise SpaceError(str(error)) from None

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __hash__(self) -> int:
        # Equal spaces may list their layers in another order.
        return hash(json.dumps(self.to_dict(), sort_keys=True, default=str))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, texts and numbers, as in a space file; and the images' shape and classes."""
        names = [
            *(SHORT_FORM if self.layers is None else ("depth", "reductions", "layers", "heads")),
            *("input_shape", "n_classes"),
            *(budget.cost.limit for budget in self.budgets),
        ]
        return {
            name: _listed(value) for name, value in self.__getstate__().items() if name in names
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SearchSpace:
        """The inverse of ``to_dict``; also of what a space file holds.

        Raises:
            SpaceError: for unknown names, and as the class does.
        """
        known = [field.name for field in fields(cls)]
        for name in content:
            if name not in known:
                raise SpaceError(f"space setting {name!r}, allowed {', '.join(known)}")
        return cls(**content)

    # Rules

    @cached_property
    def _general(self) -> dict[str, Any]:
        """Layers, heads and depth, of the short form too."""
        if self.layers is not None:
            return {"layers": self.layers, "heads": self.heads, "depth": self.depth}
        return report_rules(*(getattr(self, name) for name in SHORT_FORM))

    @cached_property
    def _parts(self) -> tuple[Any, ...]:
        """What walks are made of."""
        rules = self._general
        return (
            read_layers(rules["layers"], rules["depth"][1]),
            read_heads(rules["heads"]),
            rules["depth"],
            self.reductions,
            self.input_shape,
            self.n_classes,
        )

    @cached_property
    def _plain(self) -> Walks:
        """The walks without budgets."""
        return Walks(*self._parts)

    @cached_property
    def _walks(self) -> Walks:
        return ThriftyWalks(self.budgets, *self._parts) if self.budgets else self._plain

    @cached_property
    def budgets(self) -> tuple[Budget, ...]:
        """What a genome may cost, where that is limited."""
        return read_budgets(self)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What is allowed of each layer, the heads last."""
        return *self._plain.layers.values(), *self._plain.heads.values()

    @property
    def depth_range(self) -> tuple[int, int]:
        """Fewest and most genes before the head."""
        low, high = self._general["depth"]
        return low, high

    @property
    def head_kinds(self) -> tuple[str, ...]:
        return tuple(self._walks.heads)

    def __contains__(self, genes: Any) -> bool:
        walks, (low, high) = self._walks, self._general["depth"]
        try:
            *body, head = genes
            if not low <= len(body) <= high or not walks.allow([gene.kind for gene in body]):
                return False
            if head not in walks.heads[head.kind].genes.places:
                return False
            for gene in body:
                if gene not in walks.layers[gene.kind].genes.places:
                    return False
        except (TypeError, ValueError, AttributeError, KeyError):  # not a list of genes at all
            return False
        return walks.end_of((*body, head), walks.start) is not None

    def violations(self, genes: Sequence[object]) -> list[str]:
        """Each broken rule as a sentence that names gene, value and limit; empty if legal."""
        return violations(genes, self)

    @property
    def limits(self) -> list[tuple[frozenset[str], int, int]]:
        """(kinds, fewest, most) of genes that are counted."""
        layers = self._walks.layers.values()
        found = [(frozenset({rule.name}), rule.low, rule.high) for rule in layers]
        if self.reductions:
            found.append(self._walks.reducing)
        return [*found, (frozenset(self.head_kinds), 1, 1)]

    # Drawing and counting

    def sample(self, rng: random.Random | Any = random) -> Genome:
        """Draw a genome: its depth, its order of kinds, each field from left to right, and the kind
        of head before that head's fields.

        Each is uniform over what leaves a legal completion, so that no draw is ever thrown away.
        Genomes are therefore not equally likely: a shallow one is likelier than a deep one.

        With budgets a completion must be within them; kinds are then drawn one after the other,
        each as likely as without budgets, among those that leave one. A budget that everything
        meets changes no chance. One that is tight is mostly spent on the genes that come first.

        Args:
            rng: draws; ``random.Random`` or the module.
        """
        fixed_first = self.layers is None and not self.budgets
        return Genome(draw(self._walks, rng, fixed_first=fixed_first))

    def size(self) -> int:
        """How many genomes are legal: exactly, by counting; else a bound (``size_is_bound``), or
        with budgets an estimate (``size_error``)."""
        return int(self._size[0])

    @property
    def size_is_bound(self) -> bool:
        """Whether ``size`` counts also what may not fit, since there are too many cases to tell."""
        return not self.budgets and not self._size[1]

    @property
    def size_error(self) -> float:
        """The standard error of ``size`` where it is an estimate, which draws of a fixed seed give;
        0 elsewhere. It is itself an estimate, rather too low than too high."""
        return self._size[1] if self.budgets else 0.0

    @cached_property
    def _size(self) -> tuple[float, float]:
        if isinstance(self._walks, ThriftyWalks):
            return size_within(self._walks)
        return Counting(self._plain).size()

    def said_size(self) -> str:
        """The size as a person says it: "1.25e+12", "at most 3e+20", "about 2.1e+09 (± 8 %)"."""
        size, error = self.size(), self.size_error
        text = f"{size:,}" if size < 1e6 else f"{size:.3g}" if size < 1e300 else "over 1e+300"
        if error:
            return f"about {size:.2g} (± {100 * error / size:.0f} %)"
        return f"at most {text}" if self.size_is_bound else text

    def most_params(self) -> int:
        """Parameters that no genome of built-in layers exceeds; 0 where a layer has no formula."""
        known = all(r.layer.params and r.layer.shape for r in self.rules)
        most = most_params(self._plain, self.input_shape, self.n_classes) if known else 0
        return most if self.max_params is None else min(most, self.max_params)

    # What an operator asks for: operators.Space

    def kind(self, gene: Any) -> str:
        """The kind of a gene: the name of its layer."""
        return str(gene.kind)

    def replacements(self, genes: Sequence[Any], i: int) -> Sequence[Any]:
        """Every other gene that is legal in place ``i`` of a legal genome, of any kind."""
        return replacements(self._walks, genes, i)

    def insertions(self, genes: Sequence[Any]) -> Sequence[tuple[int, Any]]:
        """Every (place, gene) a legal genome can take before its head, while depth allows it."""
        return insertions(self._walks, genes)

    def deletions(self, genes: Sequence[Any]) -> Sequence[int]:
        """The places of genes that a legal genome can do without, while depth allows one less."""
        return deletions(self._walks, genes)


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _listed(each) for name, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, tuple) else value
