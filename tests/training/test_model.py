"""training.model: the report's networks as plain Keras layers; TensorFlow runs in a subprocess."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import drivers
import pytest

from deap_nas import FULL_SPACE, PAPER_SPACE, GenomeError, build_model, count_params, parse_genome
from deap_nas.layers.cost import feature_maps
from deap_nas.training.trainer import ENVIRONMENT

PAPER = {
    "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish": 3264,
    "NC 16 4 gelu;RC 10 4 relu;NC 8 4 gelu;NC 16 4 tanh;RC 4 5 tanh;FL swish": 8768,
    "NC 10 4 relu;RC 14 4 tanh;RC 14 4 relu;FL tanh": 7184,
    "NC 14 3 relu;NC 8 3 gelu;RC 12 3 tanh;RC 12 4 gelu;FL gelu": 5830,
}
SHAPES = [((28, 28, 1), 10), ((32, 24, 3), 4)]
MANY = 20  # genomes of each space that are built; a thousand are compared in the slow test

DESCRIBE = """
import json, sys
import numpy as np
from deap_nas import build_model, parse_genome
answers = []
for text, shape, n_classes, full in json.load(sys.stdin):
    model = build_model(parse_genome(text), tuple(shape), n_classes, seed=1)
    answer = {"params": model.count_params()}
    if full:
        answer["layers"] = [
            (type(layer).__name__, layer.name, list(layer.output.shape[1:]),
             getattr(getattr(layer, "activation", None), "__name__", None),
             getattr(layer, "strides", None), getattr(layer, "padding", None))
            for layer in model.layers
        ]
        again = build_model(parse_genome(text), tuple(shape), n_classes, seed=1)
        other = build_model(parse_genome(text), tuple(shape), n_classes, seed=2)
        equal = [bool((a == b).all()) for a, b in zip(model.get_weights(), again.get_weights())]
        answer["same seed"] = all(equal)
        answer["other seed"] = any(
            (a != b).any() for a, b in zip(model.get_weights(), other.get_weights())
        )
        kernels = [w for w in model.get_weights() if w.ndim > 1]
        answer["limits"] = [
            float(np.abs(w).max() / np.sqrt(6 / (np.prod(w.shape[:-2]) * sum(w.shape[-2:]))))
            for w in kernels
        ]
        answer["output"] = list(model(np.zeros((2, *shape), np.float32)).shape)
    answers.append(answer)
print(json.dumps(answers))
"""


def ask(questions: list[tuple[str, Any, int, bool]]) -> list[dict[str, Any]]:
    result = subprocess.run(
        [sys.executable, "-c", DESCRIBE],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        env=drivers.environment(**ENVIRONMENT),
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def drawn(space: Any, n: int) -> list[str]:
    rng = random.Random(0)
    return [str(space.sample(rng)) for _ in range(n)]


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, Any], dict[str, Any]]:
    questions = [(text, *SHAPES[0], True) for text in PAPER]
    questions += [(text, *SHAPES[1], True) for text in PAPER]
    questions += [(text, *shape, False) for text in drawn(PAPER_SPACE, MANY) for shape in SHAPES]
    questions += [(text, *SHAPES[0], False) for text in drawn(FULL_SPACE, MANY)]
    return {(q[0], tuple(q[1])): a for q, a in zip(questions, ask(questions), strict=True)}


@pytest.mark.parametrize("text", PAPER)
def test_the_published_genomes_have_the_published_sizes(answers, text):
    assert answers[text, (28, 28, 1)]["params"] == PAPER[text] == count_params(parse_genome(text))


def test_parameters_are_those_of_the_formula(answers):
    n_classes = dict(SHAPES)
    assert len(answers) >= 3 * MANY
    for (text, shape), answer in answers.items():
        expected = count_params(parse_genome(text), shape, n_classes[shape])
        assert answer["params"] == expected, text


@pytest.mark.slow
def test_parameters_of_a_thousand_genomes():
    questions = [(text, *SHAPES[0], False) for text in drawn(FULL_SPACE, 1000)]
    for question, answer in zip(questions, ask(questions), strict=True):
        assert answer["params"] == count_params(parse_genome(question[0])), question


@pytest.mark.parametrize("shape", [shape for shape, _ in SHAPES])
@pytest.mark.parametrize("text", PAPER)
def test_layers_are_the_reports(answers, text, shape):
    genome = parse_genome(text)
    layers = answers[text, shape]["layers"]
    maps = feature_maps(genome, shape)
    for gene, layer, size in zip(genome[:-1], layers, maps):
        kind, name, output, activation, strides, padding = layer
        assert (kind, activation) == ("Conv2D", keras_name(gene.activation))
        assert name.startswith(gene.kind.lower())
        assert tuple(output) == size
        assert (strides[0], padding) == ((1, "same") if gene.kind == "NC" else (2, "valid"))
    pool, hidden, last = layers[len(genome) - 1 :]
    assert (pool[0], pool[2]) == ("GlobalAveragePooling2D", [maps[-1][2]])
    assert [layer[0] for layer in (hidden, last)] == ["Dense", "Dense"]
    assert [layer[2] for layer in (hidden, last)] == [[64], [dict(SHAPES)[shape]]]
    assert {layer[3] for layer in (hidden, last)} == {keras_name(genome[-1].activation)}


def keras_name(activation: str) -> str:
    return {"swish": "silu"}.get(activation, activation)


@pytest.mark.parametrize("text", PAPER)
def test_initial_weights_are_a_function_of_the_seed_and_glorots(answers, text):
    answer = answers[text, (28, 28, 1)]
    assert answer["same seed"]
    assert answer["other seed"]
    assert all(0.5 < limit <= 1.0001 for limit in answer["limits"])
    assert answer["output"] == [2, 10]


# Without TensorFlow: what does not fit is refused before it is imported.


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        (
            "RC 2 5 relu;FL relu",
            (4, 4, 1),
            "does not fit the feature map that reaches it, 4 x 4 x 1",
        ),
        ("RC 2 3 relu;RC 2 3 relu;FL relu", (28, 5, 1), "does not fit"),
    ],
)
def test_a_misfit_is_one_line(text, shape, words):
    with pytest.raises(GenomeError, match=words) as caught:
        build_model(parse_genome(text), shape, 10)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("genes", [[], parse_genome("NC 2 3 relu;FL relu")[:1]])
def test_a_genome_without_head_is_refused(genes):
    with pytest.raises(GenomeError, match="ends without a head"):
        build_model(genes, (28, 28, 1), 10)


def test_without_tensorflow_one_line_says_what_to_install():
    code = """
import sys
sys.modules["tensorflow"] = None
from deap_nas import build_model, parse_genome
try:
    build_model(parse_genome("NC 2 3 relu;FL relu"), (8, 8, 1), 2)
except ImportError as error:
    print(error)
"""
    result = drivers.python(code)
    assert "pip install -e '.[cpu]'" in result.stdout, result.stderr
    assert result.stdout.count("\n") == 1
