"""Genes of every built-in kind: classes, text, copies, and what their fields refuse."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from itertools import combinations

import pytest

from deap_nas import (
    ACTIVATIONS,
    LAYERS,
    Conv,
    Gene,
    GenomeError,
    Head,
    Layer,
    LayerError,
    parse_genome,
    register_layer,
)

REPORT = {"NC": Conv, "RC": Conv, "FL": Head}
KINDS = ["NC", "RC", "FL", "CB", "CR", "SB", "SR", "SK", "MP", "AP", "DO", "GP", "GD"]
GENES = [
    "NC 4 3 relu6", "RC 4 3 tanh", "CB 4 3 relu", "CR 4 3 relu", "SB 4 3 relu", "SR 4 3 relu",
    "SK 3 hard_swish", "MP 2", "AP 2", "DO 2", "GP", "GD 4 relu", "FL relu",
]  # fmt: skip
LARGEST = 999_999_999
WHOLE = f"allowed a whole number from 1 to {LARGEST}"


def gene_of(text):
    kind, *values = text.split()
    return LAYERS[kind].read(values)


def whole_genome(text):
    return text if LAYERS[text.split()[0]].head else f"{text};GP"


def test_these_are_the_built_in_kinds():
    assert {name for name, layer in LAYERS.items() if layer.source is None} == set(KINDS)
    assert {text.split()[0] for text in GENES} == set(KINDS)


def test_each_kind_has_a_class_of_its_own_but_the_reports_convolutions():
    classes = {kind: type(gene_of(text)) for kind, text in ((t.split()[0], t) for t in GENES)}
    assert {kind: classes[kind] for kind in REPORT} == REPORT
    own = [cls for kind, cls in classes.items() if kind not in REPORT]
    assert len(set(own)) == len(own)
    assert all(issubclass(cls, Gene) for cls in classes.values())
    assert all(cls.__name__ == kind for kind, cls in classes.items() if kind not in REPORT)


def test_no_gene_equals_one_of_another_kind():
    alike = [["NC", "RC", "CB", "CR", "SB", "SR"], ["MP", "AP", "DO"], ["GP", "FL", "GD"]]
    values = {"filters": 4, "kernel": 3, "activation": "relu", "size": 2, "percent": 2, "units": 4}
    for kinds in alike:
        genes = [LAYERS[kind](*(values[name] for name in LAYERS[kind].fields)) for kind in kinds]
        assert all(a != b for a, b in combinations(genes, 2))
        assert len(set(genes)) == len(genes)


@pytest.mark.parametrize("text", GENES)
def test_text_there_and_back(text):
    gene = gene_of(text)
    assert str(gene) == text
    assert (gene.kind, *map(str, gene.values)) == tuple(text.split())
    genome = parse_genome(whole_genome(text))
    assert genome[0] == gene
    assert type(genome[0]) is type(gene)
    assert str(genome) == whole_genome(text)


@pytest.mark.parametrize("text", GENES)
def test_copies_equal_in_value_and_class(text):
    gene = gene_of(text)
    copies = [pickle.loads(pickle.dumps(gene, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)]
    for copy in [*copies, deepcopy(gene)]:
        assert copy == gene
        assert type(copy) is type(gene)
        assert str(copy) == text


def test_into_and_out_of_a_spawned_process():
    genes = [gene_of(text) for text in GENES]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(str, genes)) == GENES
        for gene, back in zip(genes, pool.map(deepcopy, genes), strict=True):
            assert back == gene
            assert type(back) is type(gene)


def test_a_layer_that_is_refused_does_not_change_genes_of_its_name():
    gene = gene_of("CB 4 3 relu")
    with pytest.raises(LayerError, match="taken"):
        register_layer(Layer("CB", {"size": int}, lambda size, shape: []))
    assert type(pickle.loads(pickle.dumps(gene))) is type(gene)


def test_a_gene_has_its_fields_by_name_and_cannot_change():
    gene = gene_of("SB 4 3 relu")
    assert (gene.kind, gene.filters, gene.kernel, gene.activation) == ("SB", 4, 3, "relu")
    assert gene._replace(filters=8) == gene_of("SB 8 3 relu")
    with pytest.raises(AttributeError):
        gene.filters = 8


# What fields refuse


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "2", None, LARGEST + 1])
@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in KINDS for name, allowed in LAYERS[kind].fields.items()
     if allowed is int],
)  # fmt: skip
def test_whole_numbers_alone(kind, name, value):
    assert message(kind, name, value) == f"{name} {value!r}, {WHOLE}"


@pytest.mark.parametrize("value", ["elu", "ReLU", "", None, 1])
@pytest.mark.parametrize("kind", [k for k in KINDS if "activation" in LAYERS[k].fields])
def test_known_activations_alone(kind, value):
    found = message(kind, "activation", value)
    assert found == f"activation {value!r}, allowed {', '.join(ACTIVATIONS)}"


@pytest.mark.parametrize("value", [0, 100, 10.0, "10", True])
def test_percents_alone(value):
    assert message("DO", "percent", value) == f"percent {value!r}, allowed 1 to 99"


def message(kind, wrong, value):
    layer = LAYERS[kind]
    values = [2 if allowed is int else allowed[0] for allowed in layer.fields.values()]
    values[list(layer.fields).index(wrong)] = value
    with pytest.raises(LayerError) as caught:
        layer(*values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("DO 100", "percent '100', allowed 1 to 99"),
        ("DO 05", "percent '05', allowed 1 to 99"),
        ("MP 0", f"size '0', {WHOLE}"),
        ("SK 3 elu", f"activation 'elu', allowed {', '.join(ACTIVATIONS)}"),
        ("GD relu 4", f"units 'relu', {WHOLE}"),
        ("SK 3", "1 fields after the kind, allowed 'SK kernel activation'"),
        ("GP 3", "1 fields after the kind, allowed 'GP'"),
    ],
)
def test_a_text_that_is_no_gene(text, what):
    with pytest.raises(GenomeError) as caught:
        parse_genome(whole_genome(text))
    n = len(whole_genome(text).split(";"))
    assert str(caught.value) == f"gene 1 of {n}, '{text}': {what}"


def test_two_activations_besides_the_reports_everywhere():
    assert ACTIVATIONS == ("relu", "sigmoid", "tanh", "swish", "gelu", "relu6", "hard_swish")
    fields = [layer.fields["activation"] for layer in LAYERS.values() if "activation" in
              layer.fields]  # fmt: skip
    assert len(fields) == 9
    assert set(fields) == {ACTIVATIONS}


# The report's


def test_conv_and_head_are_made_and_shown_as_ever():
    conv, head = Conv("NC", 4, 3, "relu"), Head("tanh")
    assert gene_of("NC 4 3 relu") == conv == Conv(kind="NC", filters=4, kernel=3, activation="relu")
    assert gene_of("FL tanh") == head == Head(activation="tanh")
    assert repr(conv) == "Conv(kind='NC', filters=4, kernel=3, activation='relu')"
    assert repr(head) == "Head(activation='tanh')"
    assert conv == ("NC", 4, 3, "relu")
    assert (tuple(head), head.kind, head.values) == (("tanh",), "FL", ("tanh",))
    assert conv._replace(kind="RC") == Conv("RC", 4, 3, "relu") != conv
    assert len({conv, head, Conv("NC", 4, 3, "relu"), Head("tanh")}) == 2
