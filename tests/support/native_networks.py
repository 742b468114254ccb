"""Networks for the kernels, drawn at random, and what tests ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import strategies  # noqa: F401  its settings of hypothesis
from hypothesis import strategies as st
from plain_network import PlainNetwork, cross_entropy

from deap_nas import ACTIVATIONS, Recipe, parse_genome
from deap_nas.layers import LAYERS, Layer, operations as made_of
from deap_nas.training.native.network import NativeNetwork
from deap_nas.training.native.plan import plan_of
from deap_nas.training.recipes import OPTIMIZERS


@dataclass(frozen=True)
class Drawn:
    """A genome, and the batch that it sees: ``n`` images and their labels, from a seed."""

    genome: str
    shape: tuple[int, int, int]
    n_classes: int
    n: int
    scale: float = 1.0  # of pixels
    seed: int = 0
    label_smoothing: float = 0.0
    balanced: bool = False

    @property
    def rng(self) -> Any:
        return np.random.default_rng(self.seed)

    @property
    def images(self) -> Any:
        return self.rng.random((self.n, *self.shape), np.float32) * np.float32(self.scale)

    @property
    def labels(self) -> Any:
        return self.rng.integers(0, self.n_classes, self.n).astype(np.int32)

    @property
    def weights(self) -> list[Any]:
        """As training begins with, but that none is 0 or 1: a kink is not met by design."""
        plan, rng = plan_of(parse_genome(self.genome), self.shape, self.n_classes), self.rng
        return [
            first if each.fans else first + rng.uniform(-0.3, 0.3, each.shape).astype(np.float32)
            for first, each in zip(plan.initial(self.seed), plan.weights)
        ]

    def native(self, recipe: Recipe | None = None) -> NativeNetwork:
        """A network of kernels."""
        recipe = recipe or self.recipe
        about = (parse_genome(self.genome), self.shape, self.n_classes, recipe)
        return NativeNetwork(*about, self.images, self.labels, seed=7, weights=self.weights)

    def plain(self, training: bool = True) -> PlainNetwork:
        genome = parse_genome(self.genome)
        return PlainNetwork(genome, self.shape, self.n_classes, self.weights, training)

    @property
    def recipe(self) -> Recipe:
        """Whose batch is all the images."""
        of = {"class_weights": "balanced"} if self.balanced else {}
        return Recipe("drawn", 1, "sgd", 0.1, 1, self.n, label_smoothing=self.label_smoothing, **of)

    @property
    def order(self) -> Any:
        return np.arange(self.n, dtype=np.int32)


def scored_loss(drawn: Drawn) -> float:
    """The plain network's, when it is scored and not trained."""
    logits, _ = drawn.plain(training=False).forward(drawn.images)
    return cross_entropy(logits, drawn.labels)[0]


def moving(network: NativeNetwork) -> list[Any]:
    """What batch normalisation keeps."""
    return [w for w, each in zip(network.weights, network.plan.weights) if each.moving]


def assert_close(found: Any, expected: Any, share: float = 1e-4) -> None:
    """Arrays differ by no more than a share of the largest entry of each, and what rounding leaves
    of numbers near 1 that cancel: of a probability less 1, and before a normalisation."""
    assert len(found) == len(expected)
    floor = 2e-6 * max([1, *(np.abs(b).max() for b in expected)])
    for i, (a, b) in enumerate(zip(found, expected)):
        assert a.shape == b.shape, i
        far = np.abs(a - b).max()
        assert far <= share * np.abs(b).max() + floor, f"array {i}, {b.shape}: {far}"


activations = st.sampled_from(ACTIVATIONS)
optimizers = st.sampled_from(OPTIMIZERS)
batch_sizes = st.integers(1, 40)
shifts = st.sampled_from((0, 3, 100))


@st.composite
def genes(draw: st.DrawFn, shape: tuple[int, ...]) -> str:
    """The text of a layer in a network's body, without dropout."""
    kind = draw(st.sampled_from(("NC", "RC", "CB", "CR", "SB", "SR", "SK", "MP", "AP")))
    if kind in ("MP", "AP"):
        return f"{kind} {draw(st.integers(1, 4))}"
    filters = "" if kind == "SK" else f" {draw(st.integers(1, 20))}"
    return f"{kind}{filters} {draw(st.integers(1, 7))} {draw(activations)}"


@st.composite
def networks(draw: st.DrawFn) -> Drawn:
    """Any layers that fit, any parity of sizes; up to three groups of 16 images."""
    size = st.integers(1, 13)
    shape = first = (draw(size), draw(size), draw(st.integers(1, 4)))
    body = []
    for _ in range(draw(st.integers(0, 4))):
        text = draw(genes(shape))
        gene = parse_genome(f"{text};GP")[0]
        behind = LAYERS[gene.kind].shape_behind(gene, shape)
        if behind is not None:
            body.append(text)
            shape = behind
    units = draw(st.integers(1, 20))
    heads = ("GP", f"FL {draw(activations)}", f"GD {units} {draw(activations)}")
    return Drawn(
        ";".join([*body, draw(st.sampled_from(heads))]),
        first,
        n_classes=draw(st.integers(2, 12)),
        n=draw(st.integers(1, 40)),
        scale=draw(st.sampled_from((0.1, 1.0, 20.0))),
        seed=draw(st.integers(0, 999)),
        label_smoothing=draw(st.sampled_from((0.0, 0.0, 0.05, 0.9))),
        balanced=draw(st.booleans()),
    )


def through(operations: Sequence[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape behind operations that fit."""
    height, width, channels = shape
    for each in operations:
        if isinstance(each, made_of.Pooling):
            height, width = height // each.size, width // each.size
        elif isinstance(each, made_of.Convolution | made_of.Depthwise):
            same = getattr(each, "same", True)
            height, width = (
                -(-n // each.stride) if same else (n - each.kernel) // each.stride + 1
                for n in (height, width)
            )
            channels = getattr(each, "filters", channels)
    return height, width, channels


@st.composite
def operations(draw: st.DrawFn, shape: tuple[int, ...]) -> list[Any]:
    """What a layer of one's own may be made of, in any order that fits."""
    found: list[Any] = []
    size, few = st.integers(1, 4), st.integers(1, 3)
    for kind in draw(st.lists(st.sampled_from("cdnps"), min_size=1, max_size=5)):
        height, width, channels = through(found, shape)
        least = min(height, width)
        if kind == "c":
            kernel, same = draw(size), draw(st.booleans())
            about = {
                "stride": draw(few),
                "same": same or kernel > least,
                "bias": draw(st.booleans()),
            }
            found.append(made_of.Convolution(draw(size), kernel, **about))
        elif kind == "d":
            found.append(made_of.Depthwise(draw(size), draw(few)))
        elif kind == "n":
            found.append(made_of.Normalisation(0.9))
        elif kind == "p":
            found.append(made_of.Pooling(draw(st.integers(1, min(3, least))), draw(st.booleans())))
        else:
            first = made_of.Convolution(channels, draw(size), bias=False)
            more = draw(st.sampled_from(([], [made_of.Normalisation(0.9)])))
            found.append(made_of.Skip([first, *more]))
        if kind in "cdn" and draw(st.booleans()):
            found.append(made_of.Activation(draw(activations)))
    return found


@st.composite
def own_layers(draw: st.DrawFn) -> tuple[Layer, Drawn]:
    """A layer of one's own in the place of MP, and a network that has it, first or second."""
    size = st.integers(1, 9)
    shape = (draw(size), draw(size), draw(st.integers(1, 3)))
    before = draw(st.sampled_from(("", "NC 3 2 tanh;")))
    made = draw(operations((*shape[:2], 3) if before else shape))
    layer = replace(
        LAYERS["MP"],
        operations=lambda _, shape: made,
        shape=lambda _, shape: through(made, shape),
    )
    about = {"n": draw(st.integers(2, 40)), "seed": draw(st.integers(0, 999))}
    return layer, Drawn(f"{before}MP 2;GP", shape, draw(st.integers(2, 5)), **about)
