"""Search spaces: which genomes are legal, as data."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property
from typing import Any

from deap_nas.genome import Genome
from deap_nas.layers import (
    REPORT_ACTIVATIONS,
    LayerError,
    Shape,
    report_rules,
)
from deap_nas.spaces.checks import check_short_form, check_size, tidied
from deap_nas.spaces.drawing import draw_gene, draw_kinds
from deap_nas.spaces.listing import Joined, Pairs, Without
from deap_nas.spaces.rules import Rule, SpaceError, pair, read_heads, read_layers
from deap_nas.spaces.violations import violations
from deap_nas.spaces.walks import Walks

MOST_GENES = 100  # walks are recursive
SHORT_FORM = {  # the report, section IV
    "n_normal": (1, 3),
    "n_reduction": 2,
    "filters": tuple(range(2, 17, 2)),
    "kernels": (3, 4, 5),
    "activations": REPORT_ACTIVATIONS,
    "head_activations": (),
}


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

    def __post_init__(self) -> None:
        self._set("input_shape", tidied("input_shape", self.input_shape))
        check_size(self.input_shape, self.n_classes)
        if self.layers is None:
            self._read_short_form()
        else:
            self._read_layers()
        if self.depth_range[1] > MOST_GENES:
            raise SpaceError(
                f"up to {self.depth_range[1]} genes before the head, allowed up to {MOST_GENES}; "
                "lower the depth, or the counts"
            )
        try:
            walks = self._walks
            for rule in self.rules:
                rule.layer.check(self.input_shape, self.n_classes)
            legal = any(walks.completes(n, walks.none, walks.start) for n in self._all_depths)
        except LayerError as error:
            raise SpaceError(str(error)) from None
        if not legal and not any(walks.arrangements(n, walks.none) for n in self._all_depths):
            raise SpaceError(
                f"no genome is legal: reductions {self.reductions} contradict the counts of layers "
                "that make the feature map smaller; change one of them"
            )
        if not legal:
            raise SpaceError(
                f"no genome is legal: even the smallest do not fit images of shape "
                f"{self.input_shape}; allow smaller kernels, or fewer genes that make the feature "
                "map smaller"
            )

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _read_short_form(self) -> None:
        for name in ("heads", "depth", "reductions"):
            if getattr(self, name) is not None:
                raise SpaceError(f"{name} without layers, allowed only with layers; give layers")
        for name, default in SHORT_FORM.items():
            value = getattr(self, name)
            self._set(name, tidied(name, default if value is None else value))
        check_short_form(self)

    def _read_layers(self) -> None:
        for name in SHORT_FORM:
            if getattr(self, name) is not None:
                raise SpaceError(f"{name} with layers, allowed only without; put it into layers")
        depth = None if self.depth is None else pair("depth", self.depth)
        rules = read_layers(self.layers, depth[1] if depth else None)
        heads = read_heads(self.heads)
        low, high = sum(rule.low for rule in rules), sum(rule.high for rule in rules)
        depth = depth or (low, high)
        if low > depth[1] or high < depth[0]:
            raise SpaceError(
                f"the counts allow {low} to {high} genes, depth {depth[0]} to {depth[1]}: they "
                "contradict each other; change a count or the depth"
            )
        self._set("layers", {r.name: {"count": (r.low, r.high), **r.values} for r in rules})
        self._set("heads", {rule.name: dict(rule.values) for rule in heads})
        self._set("depth", depth)
        if self.reductions is not None:
            self._set("reductions", pair("reductions", self.reductions))

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __hash__(self) -> int:
        # Equal spaces may list their layers in another order.
        return hash(json.dumps(self.to_dict(), sort_keys=True, default=str))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, texts and numbers, as in a space file; and the images' shape and classes."""
        names = (
            (*SHORT_FORM, "input_shape", "n_classes")
            if self.layers is None
            else ("depth", "reductions", "layers", "heads", "input_shape", "n_classes")
        )
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(state[name]) for name in state if name in names}

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
    def _walks(self) -> Walks:
        rules = self._general
        return Walks(
            read_layers(rules["layers"], rules["depth"][1]),
            read_heads(rules["heads"]),
            rules["depth"],
            self.reductions,
            self.input_shape,
            self.n_classes,
        )

    @property
    def _all_depths(self) -> range:
        low, high = self._general["depth"]
        return range(low, high + 1)

    @cached_property
    def _depths(self) -> list[int]:
        walks = self._walks
        return [n for n in self._all_depths if walks.completes(n, walks.none, walks.start)]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What is allowed of each layer, the heads last."""
        return *self._walks.layers.values(), *self._walks.heads.values()

    @property
    def depth_range(self) -> tuple[int, int]:
        """Fewest and most genes before the head."""
        low, high = self._general["depth"]
        return low, high

    @property
    def head_kinds(self) -> tuple[str, ...]:
        return tuple(self._walks.heads)

    def __contains__(self, genes: Any) -> bool:
        walks = self._walks
        try:
            *body, head = genes
            if head not in walks.heads[head.kind].genes.places:
                return False
            if not all(gene in walks.layers[gene.kind].genes.places for gene in body):
                return False
        except (TypeError, ValueError, AttributeError, KeyError):  # not a list of genes at all
            return False
        low, high = self._general["depth"]
        counts = walks.counted(gene.kind for gene in body)
        return (
            low <= len(body) <= high
            and counts is not None
            and walks.enough(counts)
            and walks.end_of((*body, head), walks.start) is not None
        )

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
        """
        walks = self._walks
        n = rng.choice(self._depths)
        kinds = draw_kinds(walks, n, rng, fixed_first=self.layers is None)
        genes, place = list[Any](), walks.start
        for i, kind in enumerate(kinds, 1):
            rule = walks.layers[kind]
            to = frozenset(p for p in walks.branches(rule, place) if walks.fits(kinds[i:], p))
            gene = draw_gene(rule, walks.leading(rule, place, to), rng)
            place = walks.behind(gene, place)  # type: ignore[assignment]
            genes.append(gene)
        heads = [head for head in walks.heads.values() if walks.branches(head, place)]
        head = rng.choice(heads) if len(heads) > 1 else heads[0]
        to = frozenset(walks.branches(head, place))
        return Genome([*genes, draw_gene(head, walks.leading(head, place, to), rng)])

    def size(self) -> int:
        """How many genomes are legal: exactly, by counting; else a bound (``size_is_bound``)."""
        return self._walks.size

    @property
    def size_is_bound(self) -> bool:
        """Whether ``size`` counts also what may not fit, since there are too many cases to tell."""
        return not self._walks.exact

    def said_size(self) -> str:
        """The size as a person says it: "1.25e+12", "at most 3e+20"."""
        size = self.size()
        text = f"{size:,}" if size < 1e6 else f"{size:.3g}" if size < 1e300 else "over 1e+300"
        return f"at most {text}" if self.size_is_bound else text

    def most_params(self) -> int:
        """Parameters that no genome of built-in layers exceeds; 0 where a layer has no formula."""
        known = all(r.layer.params and r.layer.shape for r in self.rules)
        return self._walks.most_params(self.input_shape) if known else 0

    # What an operator asks for: operators.Space

    def kind(self, gene: Any) -> str:
        """The kind of a gene: the name of its layer."""
        return str(gene.kind)

    def replacements(self, genes: Sequence[Any], i: int) -> Sequence[Any]:
        """Every other gene that is legal in place ``i`` of a legal genome, of any kind."""
        walks, place = self._walks, self._place_of(genes, i)
        others = [gene.kind for j, gene in enumerate(genes[:-1]) if j != i]
        rules = walks.heads if i == len(genes) - 1 else walks.layers
        return _one(
            Without(choices, genes[i]) if rule.name == genes[i].kind else choices
            for rule in rules.values()
            if rule.layer.head or self._counts_allow([*others, rule.name])
            for choices in (self._choices(rule, place, genes[i + 1 :]),)
        )

    def insertions(self, genes: Sequence[Any]) -> Sequence[tuple[int, Any]]:
        """Every (place, gene) a legal genome can take before its head, while depth allows it."""
        kinds = [gene.kind for gene in genes[:-1]]
        if len(genes) > self._general["depth"][1]:
            return []
        rules = [r for r in self._walks.layers.values() if self._counts_allow([*kinds, r.name])]
        return Joined(
            Pairs([i], choices)
            for i in range(len(genes))
            for rule in rules
            for choices in (self._choices(rule, self._place_of(genes, i), genes[i:]),)
        )

    def deletions(self, genes: Sequence[Any]) -> Sequence[int]:
        """The places of genes that a legal genome can do without, while depth allows one less."""
        kinds = [gene.kind for gene in genes[:-1]]
        if len(kinds) <= self._general["depth"][0]:
            return []
        return [
            i
            for i in range(len(kinds))
            if self._counts_allow(kinds[:i] + kinds[i + 1 :])
            and self._walks.end_of(genes[i + 1 :], self._place_of(genes, i)) is not None
        ]

    def _place_of(self, genes: Sequence[Any], i: int) -> Shape:
        return self._walks.end_of(genes[:i], self._walks.start)  # type: ignore[return-value]

    def _counts_allow(self, kinds: Sequence[str]) -> bool:
        counts = self._walks.counted(kinds)
        return counts is not None and self._walks.enough(counts)

    def _choices(self, rule: Rule, place: Shape, rest: Sequence[Any]) -> Any:
        """The genes of a rule with which the rest still fits."""
        walks = self._walks
        ahead = walks.branches(rule, place)
        to = frozenset(p for p in ahead if not rest or walks.end_of(rest, p) is not None)
        return walks.leading(rule, place, to)


def _one(parts: Iterator[Any]) -> Sequence[Any]:
    listings = list(parts)
    return listings[0] if len(listings) == 1 else Joined(listings)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
