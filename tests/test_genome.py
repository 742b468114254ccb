"""Genes, genomes and their text."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy

import pytest
from deap import base
from hypothesis import given, strategies as st
from strategies import gene_lists

from deap_nas import (
    ACTIVATIONS,
    FITNESS_CLASSES,
    LAYERS,
    Conv,
    FitnessMax,
    FitnessMaxMin,
    Genome,
    GenomeError,
    Head,
    parse_genome,
)
from deap_nas.genome import format_genes

TEXT = "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish"
KINDS = (
    f"allowed {', '.join(LAYERS)}; a layer of your own is made known by "
    "--layers FILE or register_layer"
)
WHOLE = "allowed a whole number from 1 to 999999999"
NAMES = f"allowed {', '.join(ACTIVATIONS)}"
HEAD = "head (FL, GP, GD)"
ONCE = "allowed exactly once, as last gene"


class TestText:
    def test_genes_and_canonical_text(self):
        genome = parse_genome(TEXT)
        assert genome[0] == Conv("NC", 16, 3, "tanh")
        assert genome[3] == Conv("RC", 10, 3, "tanh")
        assert genome[4] == Head("swish")
        assert [gene.kind for gene in genome] == ["NC", "NC", "RC", "RC", "FL"]
        assert str(genome) == TEXT
        assert repr(genome) == f"<Genome {TEXT}>"

    @given(gene_lists())
    def test_round_trip(self, genes):
        genome = parse_genome(format_genes(genes))
        assert genome == genes
        assert [type(gene) for gene in genome] == [type(gene) for gene in genes]
        assert str(genome) == format_genes(genes)

    @pytest.mark.parametrize(
        "text",
        [
            "NC 4 3 relu; FL tanh",
            "NC 4 3 relu ;FL tanh;",
            "  NC 4 3 relu\t;\n FL tanh ; ",
            "NC  4   3 relu;FL\ttanh",
        ],
    )
    def test_blanks_and_a_trailing_semicolon_are_read_but_not_written(self, text):
        assert str(parse_genome(text)) == "NC 4 3 relu;FL tanh"

    def test_limits_and_counts_are_left_to_the_space(self):
        for text in ("FL relu", "NC 999999999 77 relu;FL relu", "RC 1 1 relu;" * 9 + "FL relu"):
            assert str(parse_genome(text)) == text

    @given(st.text() | st.lists(st.sampled_from(("NC", "FL", ";", "3", "relu"))).map(" ".join))
    def test_any_text_is_a_genome_or_a_genome_error(self, text):
        try:
            genome = parse_genome(text)
        except GenomeError:
            return
        assert parse_genome(str(genome)) == genome


class TestErrors:
    @pytest.mark.parametrize("thing", [None, 5, b"FL relu", ["FL relu"], Genome([Head("relu")])])
    def test_not_a_text(self, thing):
        with pytest.raises(GenomeError) as error:
            parse_genome(thing)
        assert str(error.value) == (f"a genome is a text such as 'CB 4 3 relu;GP', not {thing!r}")

    @pytest.mark.parametrize("text", ["", "  ", ";", " ;\n", ";;;"])
    def test_empty(self, text):
        with pytest.raises(GenomeError) as error:
            parse_genome(text)
        assert str(error.value) == (f"empty genome {text!r}: write genes such as 'CB 4 3 relu;GP'")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("XX 4 3 relu;FL tanh", f"gene 1 of 2, 'XX 4 3 relu': kind 'XX', {KINDS}"),
            ("NC 4 3 relu;fl tanh", f"gene 2 of 2, 'fl tanh': kind 'fl', {KINDS}"),
            ("NC 4 3 relu;;FL tanh", f"gene 2 of 3, '': kind '', {KINDS}"),
            ("FL tanh;;", f"gene 2 of 2, '': kind '', {KINDS}"),
            (
                "NC 4 relu;FL tanh",
                "gene 1 of 2, 'NC 4 relu': 2 fields after the kind, "
                "allowed 'NC filters kernel activation'",
            ),
            (
                "FL tanh;RC 4 3 relu 2",
                "gene 2 of 2, 'RC 4 3 relu 2': 4 fields after the kind, "
                "allowed 'RC filters kernel activation'",
            ),
            (
                "NC 4 3 relu;FL",
                "gene 2 of 2, 'FL': 0 fields after the kind, allowed 'FL activation'",
            ),
            (
                "FL tanh relu",
                "gene 1 of 1, 'FL tanh relu': 2 fields after the kind, allowed 'FL activation'",
            ),
            ("NC 4 3 elu;FL tanh", f"gene 1 of 2, 'NC 4 3 elu': activation 'elu', {NAMES}"),
            ("NC 4 3 relu; FL ReLU", f"gene 2 of 2, 'FL ReLU': activation 'ReLU', {NAMES}"),
            ("NC 4 3 relu", f"genome 'NC 4 3 relu': {HEAD} found nowhere, {ONCE}"),
            (
                "FL tanh;NC 4 3 relu",
                f"genome 'FL tanh;NC 4 3 relu': {HEAD} found at 1 of 2, {ONCE}",
            ),
            (
                "FL tanh;NC 4 3 relu;FL tanh",
                f"genome 'FL tanh;NC 4 3 relu;FL tanh': {HEAD} found at 1, 3 of 3, {ONCE}",
            ),
        ],
    )
    def test_gene_value_and_what_is_allowed(self, text, message):
        with pytest.raises(GenomeError) as error:
            parse_genome(text)
        assert str(error.value) == message

    @pytest.mark.parametrize(
        "number",
        [
            "0",
            "-3",
            "+3",
            "3.0",
            "1e1",
            "1_0",
            "03",
            "x",
            "٣",
            "1٣",
            "３",
            "²",
            "1000000000",
            pytest.param("9" * 5000, id="5000 digits"),
        ],
    )
    def test_numbers_are_whole_positive_and_ascii(self, number):
        for name, gene in (("filters", f"NC {number} 3 relu"), ("kernel", f"RC 3 {number} relu")):
            with pytest.raises(GenomeError) as error:
                parse_genome(f"FL tanh;{gene}")
            assert str(error.value) == f"gene 2 of 2, '{gene}': {name} '{number}', {WHOLE}"

    def test_is_a_value_error(self):
        assert issubclass(GenomeError, ValueError)


class TestIndividual:
    def test_equal_to_a_list_of_equal_genes_whatever_the_fitness(self):
        genome, scored = parse_genome(TEXT), parse_genome(TEXT)
        scored.fitness.values = (1.0,)
        assert genome == scored == list(genome)
        scored[0] = Conv("NC", 14, 3, "tanh")
        assert genome != scored
        with pytest.raises(TypeError, match="unhashable"):
            hash(genome)

    def test_starts_with_an_invalid_fitness_of_its_own(self):
        one, other = Genome(), Genome()
        assert not one.fitness.valid
        assert type(one.fitness) is FitnessMax
        assert one.fitness is not other.fitness
        assert type(Genome([], FitnessMaxMin).fitness) is FitnessMaxMin

    def test_deepcopy_keeps_everything_and_shares_no_fitness(self):
        genome = parse_genome(TEXT)
        genome.fitness.values = (9.5,)
        genome.history = ["born"]
        clone = deepcopy(genome)
        assert (clone, clone.fitness.values, clone.history) == (genome, (9.5,), ["born"])
        assert type(clone) is Genome
        del clone.fitness.values
        clone.history.append("changed")
        clone[0] = Conv("NC", 2, 3, "relu")
        assert str(genome) == TEXT
        assert genome.fitness.values == (9.5,)
        assert genome.history == ["born"]

    def test_deepcopy_keeps_a_subclass_and_repeated_references(self):
        class Named(Genome):
            pass

        genome = Named(parse_genome(TEXT))
        genome.itself = genome
        first, second = deepcopy([genome, genome])
        assert type(first) is Named
        assert first is second is first.itself
        assert first is not genome


class TestFitnessClasses:
    def test_are_listed_by_weights(self):
        assert FITNESS_CLASSES[(1.0,)] is FitnessMax
        assert {(1.0,) + (-1.0,) * n for n in range(4)} == set(FITNESS_CLASSES)
        for weights, cls in FITNESS_CLASSES.items():
            assert issubclass(cls, base.Fitness)
            assert cls.weights == weights

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize("cls", FITNESS_CLASSES.values())
    def test_pickle_with_their_genome(self, cls, protocol):
        genome = Genome(parse_genome(TEXT), cls)
        unscored = pickle.loads(pickle.dumps(genome, protocol))
        assert not unscored.fitness.valid
        genome.fitness.values = cls.weights
        clone = pickle.loads(pickle.dumps(genome, protocol))
        assert type(clone) is Genome
        assert type(clone.fitness) is cls
        assert clone == genome
        assert clone.fitness.values == genome.fitness.values
        assert all(type(gene) in (Conv, Head) for gene in clone)

    def test_pickle_into_and_out_of_a_spawned_process(self):
        scored = [Genome(parse_genome(TEXT), cls) for cls in FITNESS_CLASSES.values()]
        for genome in scored:
            genome.fitness.values = genome.fitness.weights
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert list(pool.map(str, scored)) == [TEXT] * len(scored)
            for genome, back in zip(scored, pool.map(deepcopy, scored)):
                assert back == genome
                assert type(back.fitness) is type(genome.fitness)
                assert back.fitness.values == genome.fitness.values
