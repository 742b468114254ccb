"""Space files: what they say, and one line for what is wrong with them."""

import json
from pathlib import Path

import pytest

from deap_nas import FULL_SPACE, PAPER_SPACE, WIDE_SPACE, SearchSpace, SpaceError
from deap_nas.spaces import find_space

EXAMPLE = """
depth = [3, 6]
[heads.GP]
[layers.CR]
count = 2
filters = [4, 8, 12]
kernel = [3]
activation = ["relu", "swish"]
[layers.SB]
count = [1, 4]
filters = [8, 16]
kernel = [3, 5]
activation = ["relu"]
"""
SPACE = SearchSpace(
    layers={
        "CR": {"count": 2, "filters": (4, 8, 12), "kernel": 3, "activation": ("relu", "swish")},
        "SB": {"count": (1, 4), "filters": (8, 16), "kernel": (3, 5), "activation": "relu"},
    },
    heads=("GP",),
    depth=(3, 6),
)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a space file; returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.toml", encoding="utf-8"):
        Path(name).write_text(text, encoding=encoding)
        return name

    return write


def test_names():
    found = {name: find_space(name) for name in ("paper", "full", "wide")}
    assert found == {"paper": PAPER_SPACE, "full": FULL_SPACE, "wide": WIDE_SPACE}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_the_space_that_it_says(write, encoding):
    assert find_space(write(EXAMPLE, encoding=encoding)) == SPACE


def test_a_file_of_what_to_dict_says_is_the_space_again(write):
    for space in (SPACE, WIDE_SPACE, PAPER_SPACE):
        assert find_space(write(json.dumps(space.to_dict()), "mine.json")) == space


def test_one_value_needs_no_list_and_what_is_left_out_is_all_there_is(write):
    text = 'depth = 2\nheads = "GP"\n[layers.CB]\nfilters = 4\nkernel = 3\nactivation = "relu"\n'
    text += "[layers.DO]\ncount = 1"
    values = {"filters": (4,), "kernel": (3,), "activation": ("relu",)}
    assert find_space(write(text)).layers == {
        "CB": {"count": (0, 2), **values},
        "DO": {"count": (1, 1), "percent": tuple(range(1, 100))},
    }


def test_the_short_form_in_a_file(write):
    assert find_space(write("n_normal = 2\nkernels = [3]")) == SearchSpace(2, kernels=(3,))


def test_it_is_checked_on_the_images_that_there_are(write):
    text = "depth = 1\n[heads.GP]\n[layers.MP]\nsize = 40"
    assert find_space(write(text), input_shape=(64, 64, 3)).input_shape == (64, 64, 3)
    with pytest.raises(SpaceError, match=r"^space paper: no genome is legal.*\(5, 5, 1\)"):
        find_space("paper", input_shape=(5, 5, 1))


TOP = 'depth = [1, 3]\nheads = ["GP"]\n'
CB = "[layers.CB]\nfilters = [4]\nkernel = 3\n"
WHOLE = "allowed a whole number, or two: fewest and most, 0 or more"
BAD = {
    "unknown layer": (
        f"{TOP}[layers.XX]\nfilters = [4]",
        "layer 'XX', allowed NC, RC, CB, CR, DO, MP, AP, SB, SR, SK; one of your own is made known "
        "by --layers FILE or register_layer",
    ),
    "a head among layers": (
        f"{TOP}{CB}[layers.GP]",
        "layer 'GP', allowed NC, RC, CB, CR, DO, MP, ",
    ),
    "says where a head goes": (f"{TOP}{CB}[layers.GD]", "GD belongs under heads"),
    "a layer among heads": (
        f'depth = 2\nheads = ["MP"]\n{CB}',
        "head 'MP', allowed FL, GP, GD; MP belongs under layers",
    ),
    "unknown head": (
        f"depth = 2\n{CB}[heads.XX]",
        "head 'XX', allowed FL, GP, GD; one of your own",
    ),
    "a head that is no name": (f'depth = 2\nheads = [["GP"]]\n{CB}', "head ['GP'], allowed FL"),
    "no head": (f"depth = 2\nheads = []\n{CB}", "heads [], allowed one or more of FL, GP, GD"),
    "heads forgotten": (f"depth = 2\n{CB}", "heads None, allowed one or more of FL, GP, GD"),
    "unknown field": (
        f"{TOP}{CB}stride = 2",
        "layer CB: field 'stride', allowed count, filters, kernel, activation",
    ),
    "unknown field of a head": (
        f"depth = 2\n{CB}[heads.GD]\ncount = 1\nunits = 4",
        "head GD: field 'count', allowed units, activation",
    ),
    "a head without fields": (f"depth = 2\n{CB}[heads.GP]\nunits = 4", "head GP: field 'units', a"),
    "field forgotten": (
        f"{TOP}[layers.CB]\nfilters = 4",
        "layer CB: kernel is missing; list its values",
    ),
    "unknown setting": (f"dpth = 3\n{TOP}{CB}", "space setting 'dpth', allowed n_normal, n_red"),
    "counts below depth": (
        f'depth = [5, 6]\nheads = "GP"\n{CB}count = 2',
        "the counts allow 2 to 2 genes, depth 5 to 6: they contradict each other; change a count "
        "or the depth",
    ),
    "counts above depth": (
        f'depth = 1\nheads = "GP"\n{CB}count = [2, 3]',
        "the counts allow 2 to 3 genes, depth 1 to 1: they contradict each other",
    ),
    "neither count nor depth": (
        f'heads = "GP"\n{CB}',
        "layer CB: no count, and no depth; give one",
    ),
    "most below fewest": (f"{TOP}{CB}count = [3, 1]", f"layer CB: count [3, 1], {WHOLE}"),
    "a count that is no number": (f'{TOP}{CB}count = "2"', f"layer CB: count '2', {WHOLE}"),
    "depth that is no number": (f'depth = "x"\nheads = "GP"\n{CB}', f"depth 'x', {WHOLE}"),
    "too deep": (
        f'depth = 101\nheads = "GP"\n{CB}',
        "up to 101 genes before the head, allowed up to 100; lower the depth, or the counts",
    ),
    "out of range": (
        f"{TOP}[layers.CB]\nfilters = [0, 4]\nkernel = 3",
        "layer CB: filters 0, allowed a whole number from 1 to ",
    ),
    "out of a list": (f"{TOP}[layers.DO]\npercent = 100", "layer DO: percent 100, allowed 1 to 99"),
    "unknown activation": (
        f'{TOP}{CB}activation = ["elu"]',
        "layer CB: activation 'elu', allowed relu, sigmoid, tanh, swish, gelu, relu6, hard_swish",
    ),
    "of a head": (f"depth = 2\n{CB}[heads.GD]\nunits = -1", "head GD: units -1, allowed a whole n"),
    "no whole number": (f"{TOP}[layers.MP]\nsize = 2.5", "layer MP: size 2.5, allowed a whole num"),
    "a list in a list": (f"{TOP}[layers.MP]\nsize = [[2]]", "layer MP: size [2], allowed a whole"),
    "a table for values": (f"{TOP}[layers.MP]\nsize = {{a = 1}}", "layer MP: size {'a': 1}, allow"),
    "empty list": (f"{TOP}[layers.MP]\nsize = []", "layer MP: size [], allowed one value or more"),
    "nothing fits": (
        f"{TOP}[layers.MP]\nsize = 40",
        "no genome is legal: even the smallest do not fit images of shape (28, 28, 1); allow "
        "smaller kernels, or fewer genes",
    ),
    "reductions of nothing": (
        f"reductions = 1\n{TOP}{CB}",
        "no genome is legal: reductions (1, 1) contradict the counts of layers that make the "
        "feature map smaller; change one of them",
    ),
    "reductions beyond depth": (
        f"reductions = [4, 5]\n{TOP}{CB}[layers.MP]\nsize = 2",
        "no genome is legal: reductions (4, 5) contradict",
    ),
    "malformed reductions": (f"reductions = [2, 1]\n{TOP}{CB}", f"reductions [2, 1], {WHOLE}"),
    "layers that are no table": (
        f'{TOP}layers = ["CB"]',
        "layers ['CB'], allowed a table of layers",
    ),
    "a layer that is no table": (
        f"{TOP}[layers]\nCB = 3",
        "layer CB: 3, allowed a table of its fi",
    ),
    "both forms": (f"n_normal = 2\n{TOP}{CB}", "n_normal with layers, allowed only without; put"),
    "no layers": (TOP, "heads without layers, allowed only with layers; give layers"),
    "no TOML": ("depth", "neither TOML nor JSON: "),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_one_line(write, text, message):
    with pytest.raises(SpaceError) as error:
        find_space(write(text))
    said = str(error.value)
    assert said.startswith("space mine.toml: ")
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.toml", "space none.toml: No such file or directory; give a .toml or .json file"),
        ("folder.toml", "space folder.toml: Is a directory; give a .toml or .json file"),
        ("wider", "space 'wider', allowed paper, full, wide, or a .toml or .json file"),
        ("mine.yaml", "space 'mine.yaml', allowed paper, full, wide, or a .toml or .json file"),
        ("list.json", "space list.json: holds list, allowed a table"),
        ("bytes.toml", "space bytes.toml: neither TOML nor JSON: 'utf-8' codec can't decode"),
    ],
)
def test_files_that_are_none(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    Path("folder.toml").mkdir()
    Path("list.json").write_text("[]")
    Path("bytes.toml").write_bytes(b"\x80")
    with pytest.raises(SpaceError) as error:
        find_space(name)
    assert str(error.value).startswith(message)
