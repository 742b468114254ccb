"""A layer as data: its fields, what it does to a feature map, what it costs, its Keras layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, lru_cache
from keyword import iskeyword
from typing import Any

from deap_nas.layers import from_keras
from deap_nas.layers.errors import LayerError
from deap_nas.layers.gene import Gene, gene_class
from deap_nas.layers.tflite import Graph, Unknown

Shape = tuple[int, ...]  # height, width, channels; of what a head gives, (classes,)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WHOLE_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")
MOST = 999_999_999


@dataclass(frozen=True, eq=False)
class Layer:
    """One kind of layer.

    Args:
        name: the word that a gene begins with.
        fields: name -> ``int`` (any whole number from 1) or a sequence of the values there are, in
            the order of the gene's text. A space may narrow both.
        build: ``build(*values, shape)`` -> a list of Keras layers, or of functions from tensor to
            tensor where they do not follow one another (a skip). ``shape`` is (height, width,
            channels) of what reaches the layer. Import keras inside.
        shape: ``shape(*values, shape)`` -> the shape behind it; ValueError where it does not fit.
        params: ``params(*values, shape)`` -> trainable parameters.
        multiply_adds: ``multiply_adds(*values, shape)`` -> multiplications of one image.
        head: a genome ends with one head. Its functions take the number of classes as well, last,
            and its layers end with that many numbers an image, the logits.
        channel_free: height and width behind it, and whether it fits, never depend on channels.
            Spaces of such layers are counted exactly.
        operations: ``operations(*values, shape)`` -> what its Keras layers compute, as data (see
            ``layers.operations``); an engine of our own needs it, and so do RAM and flash.
        monotone: fields, whole numbers, in which it is monotone: a smaller value, and fewer
            channels of what reaches it, leave the same height and width, no more channels, and no
            higher cost; an activation costs nothing but its operators. Where all layers of a space
            say so, if only by (), what its genomes cost at least is found fast.
        gene: a class for its genes; one is made unless given.

    What is left out of ``shape``, ``params`` and ``multiply_adds`` is found from Keras, and kept.

    Raises:
        LayerError: for a name or fields that no text can have.
    """

    name: str
    fields: Mapping[str, Any]
    build: Callable[..., Sequence[Any]]
    _: KW_ONLY
    shape: Callable[..., Shape] | None = None
    params: Callable[..., int] | None = None
    multiply_adds: Callable[..., int] | None = None
    head: bool = False
    channel_free: bool = False
    operations: Callable[..., Sequence[Any]] | None = None
    monotone: Sequence[str] | None = None
    gene: Callable[..., Any] = None  # type: ignore[assignment]
    source: Any = None  # the user's file it comes from; see ``files``
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, init=False)

    def __post_init__(self) -> None:
        if not _is_word(self.name) or not _NAME.fullmatch(self.name):
            raise LayerError(f"layer name {self.name!r}, allowed a word of letters and digits")
        if not callable(self.build):
            raise LayerError(f"layer {self.name!r}: build {self.build!r}, allowed a function")
        fields = {name: self._tidy(name, allowed) for name, allowed in dict(self.fields).items()}
        object.__setattr__(self, "fields", fields)
        if self.gene is None:
            made = gene_class(self.name, tuple(fields))
            object.__setattr__(self, "gene", lambda *values: made(self.name, *values))

    def _tidy(self, name: str, allowed: Any) -> Any:
        if not _is_word(name) or name in ("kind", "values", "count"):
            raise LayerError(f"layer {self.name!r}: field {name!r}, allowed another name")
        if allowed is int:
            return int
        several = isinstance(allowed, Sequence) and not isinstance(allowed, str)
        values = tuple(allowed) if several else ()
        texts = {str(value) for value in values}
        if len(texts) < max(1, len(values)) or any(re.search(r"[\s;]|^$", t) for t in texts):
            raise LayerError(
                f"layer {self.name!r}: field {name!r} is {allowed!r}, allowed int, or a list of "
                "distinct values without blanks and semicolons"
            )
        return values

    @property
    def form(self) -> str:
        """How its text looks: ``CB filters kernel activation``."""
        return " ".join((self.name, *self.fields))

    def __call__(self, *values: Any) -> Any:
        """A gene of this layer.

        Raises:
            LayerError: for values that its fields do not have.
        """
        if len(values) != len(self.fields):
            raise LayerError(f"{len(values)} fields after the kind, allowed '{self.form}'")
        for name, value in zip(self.fields, values):
            if wrong := self.refuses(name, value):
                raise LayerError(wrong)
        return self.gene(*values)

    def refuses(self, name: str, value: Any) -> str:
        """What is wrong with a field's value, as a sentence; empty if nothing is."""
        allowed = self.fields[name]
        if allowed is int:
            good = type(value) is int and 1 <= value <= MOST
            return "" if good else f"{name} {value!r}, allowed a whole number from 1 to {MOST}"
        good = any(type(value) is type(each) and value == each for each in allowed)
        return "" if good else f"{name} {value!r}, allowed {listed(allowed)}"

    def read(self, texts: Sequence[str]) -> Any:
        """A gene from the texts of its fields.

        Raises:
            LayerError: naming the field, the value, and what is allowed.
        """
        if len(texts) != len(self.fields):
            raise LayerError(f"{len(texts)} fields after the kind, allowed '{self.form}'")
        return self(*(self._value(name, text) for name, text in zip(self.fields, texts)))

    def _value(self, name: str, text: str) -> Any:
        allowed = self.fields[name]
        if allowed is int:
            return int(text) if _WHOLE_POSITIVE.fullmatch(text) else text
        return next((value for value in allowed if str(value) == text), text)

    # What it does and costs. ``about`` is the shape that reaches it and, for a head, the classes.

    def shape_behind(self, gene: Gene, *about: Any) -> Shape | None:
        """The shape behind a gene; None where it does not fit."""
        shape = self.map_behind(gene, *about)
        return None if shape is None or min(shape) < 1 else shape

    def check(self, input_shape: Shape, n_classes: int) -> None:
        """Whether the ``build`` of a user's layer works at all: on images of that shape, or on a
        feature map of so many pixels and 16 channels. Only asked where a shape is found from it.

        Raises:
            LayerError: naming the file, the layer, and what is wrong.
        """
        if self.source is None or self.shape is not None:
            return
        gene = self.gene(*(4 if allowed is int else allowed[0] for allowed in self.fields.values()))
        abouts = [
            (shape, n_classes) if self.head else (shape,)
            for shape in (input_shape, (*input_shape[:2], 16))
        ]
        if all(self.map_behind(gene, *about) is None for about in abouts):
            from_keras.find("params", self, gene, abouts[1])

    def map_behind(self, gene: Gene, *about: Any) -> Shape | None:
        """The same as a formula has it: with zeros where nothing is left of the feature map."""
        return self._found("shape", gene, about)  # type: ignore[no-any-return]

    @cached_property
    def reduces(self) -> bool:
        """Whether it makes feature maps smaller, told by its smallest gene on a large one."""
        probe = (64, 64, 4)
        least = (2 if allowed is int else allowed[0] for allowed in self.fields.values())
        behind = (not self.head and self.map_behind(self.gene(*least), probe)) or probe
        return behind[0] < probe[0] or behind[1] < probe[1]

    def count_params(self, gene: Gene, *about: Any) -> int:
        return int(self._found("params", gene, about))

    def count_multiply_adds(self, gene: Gene, *about: Any) -> int:
        return int(self._found("multiply_adds", gene, about))

    def count_ram(self, gene: Gene, *about: Any) -> int:
        """Bytes of its tensors in int8 that live at once, at most."""
        return self.graph(gene, *about).ram

    def graph(self, gene: Gene, *about: Any) -> Graph:
        """Its operators in int8.

        Raises:
            LayerError: where its operations are not given, or what they become is not known.
        """
        return _graph(self, gene, about)

    def ask(self, what: str, gene: Gene, *about: Any) -> Any:
        """``shape`` (None where it does not fit), ``params``, ``multiply_adds``, ``ram`` or
        ``flash``; not kept, unless Keras was asked, for those who ask thousands of times."""
        if what in ("ram", "flash"):
            return getattr(self.graph(gene, *about), what)
        if getattr(self, what) is None:
            return self._found(what, gene, about)
        return self._find(what, gene, about)

    def _found(self, what: str, gene: Gene, about: tuple[Any, ...]) -> Any:
        key = (what, gene, about)
        if key not in self._kept:
            self._kept[key] = self._find(what, gene, about)
        return self._kept[key]

    def _find(self, what: str, gene: Gene, about: tuple[Any, ...]) -> Any:
        formula = getattr(self, what)
        if formula is None:
            return from_keras.find(what, self, gene, about)
        if what != "shape":
            return formula(*gene.values, *about)
        try:
            return tuple(formula(*gene.values, *about))
        except ValueError:
            return None


@lru_cache(maxsize=1000)
def _graph(layer: Layer, gene: Gene, about: tuple[Any, ...]) -> Graph:
    """Kept while RAM and flash are asked for."""
    if layer.operations is None:
        raise LayerError(
            f"layer {layer.name}, '{gene}': RAM and flash are unknown without its operations; give "
            "the layer operations"
        )
    try:
        return Graph(layer.operations(*gene.values, *about), about[0])
    except Unknown as error:
        raise LayerError(f"layer {layer.name}, '{gene}': {error}") from None


def _is_word(name: Any) -> bool:
    """Whether a named tuple can have a field of that name."""
    return isinstance(name, str) and name.isidentifier() and not iskeyword(name) and name[0] != "_"


def listed(values: Sequence[Any]) -> str:
    """Values as a person says them: "2 to 16 in steps of 2", "relu, tanh"."""
    if len(values) > 2 and all(type(value) is int for value in values):
        step = values[1] - values[0]
        if step and tuple(values) == tuple(range(values[0], values[-1] + 1, step)):
            return f"{values[0]} to {values[-1]}" + (f" in steps of {step}" if step > 1 else "")
    return ", ".join(map(str, values))
