"""Files of layers: what they register, and what is wrong with them in one line."""

from __future__ import annotations

import os
import pickle
import sys

import pytest

from deap_nas import LAYERS, LayerError, load_layers, parse_genome
from deap_nas.layers import files_of, own_layers, run_file
from deap_nas.layers.gene import Gene

GOOD = """from deap_nas import Layer, register_layer

def build(size, shape):
    return []

register_layer(Layer("XX", {"size": int}, build, shape=lambda size, shape: shape))
register_layer(Layer("YY", {}, lambda shape: []))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="mine.py"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def refused(path):
    before = dict(LAYERS)
    with pytest.raises(LayerError) as caught:
        load_layers(path)
    assert before == LAYERS, "a file that is refused leaves nothing behind"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_makes_its_layers_known(write):
    layers = load_layers(write(GOOD))
    assert [layer.name for layer in layers] == ["XX", "YY"]
    assert layers == own_layers() == [LAYERS["XX"], LAYERS["YY"]]
    (file,) = files_of(layers)
    assert (file.path, file.text, str(file)) == ("mine.py", GOOD, "mine.py")
    gene = parse_genome("XX 3;GP")[0]
    assert isinstance(gene, Gene)
    assert pickle.loads(pickle.dumps(gene)) == gene


def test_the_same_unchanged_file_twice(write):
    first = load_layers(write(GOOD))
    assert load_layers("mine.py") == first
    assert run_file(first[0].source) == first
    assert load_layers(write(GOOD, "copy.py")) == first, "a file is known by its text"


def test_a_changed_file(write):
    load_layers(write(GOOD))
    assert refused(write(GOOD.replace("[]", "list()"))) == (
        "layers mine.py, line 6: layer name 'XX' is taken by mine.py as it was before; start "
        "Python anew to read the changed file"
    )


def test_a_name_that_another_file_has(write):
    load_layers(write(GOOD))
    assert refused(write(GOOD.replace('"XX"', '"ZZ"'), "other.py")) == (
        "layers other.py, line 7: layer name 'YY' is taken by mine.py; choose another name"
    )


def test_a_name_that_a_built_in_layer_has(write):
    assert refused(write(GOOD.replace("YY", "SB"))) == (
        "layers mine.py, line 7: layer name 'SB' is taken by a built-in layer; choose another name"
    )


def test_a_missing_file_and_a_folder(write, tmp_path):
    assert refused("nowhere.py") == (
        "layers nowhere.py: No such file or directory; give a Python file"
    )
    assert refused(tmp_path) == f"layers {tmp_path}: Is a directory; give a Python file"


def test_a_file_that_is_no_utf8(write):
    assert refused(write(b"name = '\xff\xfe'")) == (
        "layers mine.py: it is no text in UTF-8; give a Python file"
    )


def test_a_file_with_a_byte_order_mark(write):
    assert len(load_layers(write(b"\xef\xbb\xbf" + GOOD.encode()))) == 2


@pytest.mark.parametrize("text", ["", "x = 1\n", "from deap_nas import register_layer\n"])
def test_a_file_that_registers_nothing(write, text):
    assert refused(write(text)) == (
        "layers mine.py registers none; call deap_nas.register_layer(Layer(...)) in it"
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("raise RuntimeError('no\\nluck')", "RuntimeError: no luck; mend the file"),
        ("1 / 0", "ZeroDivisionError: division by zero; mend the file"),
        ("raise SystemExit(0)", "SystemExit: 0; mend the file"),
        ("import nonesuch", "ModuleNotFoundError: No module named 'nonesuch'; mend the file"),
        ("Layer('no word', {}, build)", "layer name 'no word', allowed a word of letters and "
         "digits"),
        ("register_layer(5)", "register_layer(5): give a Layer"),
    ],
)  # fmt: skip
def test_a_file_that_raises_names_the_line(write, line, what):
    """What it registered before is forgotten, so that it is not half known the next time."""
    text = f"{GOOD}{line}\n"
    found = refused(write(text))
    assert found.startswith("layers mine.py, line 8: ")
    assert found.endswith(what)
    assert refused("mine.py") == found


def test_the_line_is_the_users_where_deeper_code_raises(write):
    text = "import json\n\njson.loads('{')\n"
    assert refused(write(text)).startswith("layers mine.py, line 3: JSONDecodeError: ")


def test_a_file_that_is_no_python(write):
    assert refused(write("x = 1\ny = = 2\n")).startswith("layers mine.py, line 2: SyntaxError: ")
    assert refused(write("x = '\0'\n")).endswith("; mend the file")


def test_what_lies_beside_the_file_can_be_imported(write, tmp_path, monkeypatch):
    write("SIZES = (2, 4)\n", "beside_the_layers.py")
    path = list(sys.path)
    text = GOOD.replace('"size": int', '"size": beside_the_layers.SIZES')
    load_layers(write(f"import beside_the_layers\n{text}"))
    assert LAYERS["XX"].fields == {"size": (2, 4)}
    assert sys.path == path
    del sys.modules["beside_the_layers"]


def test_what_is_installed_comes_before_what_lies_beside_the_file(write, monkeypatch):
    write("raise SystemExit('of the folder')\n", "deap.py")
    monkeypatch.delitem(sys.modules, "deap", raising=False)
    load_layers(write(f"import deap\n{GOOD}"))


def test_a_file_imports_keras_on_tensorflow_whatever_the_environment_says(write, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    seen = "import os\nassert os.environ['KERAS_BACKEND'] == 'tensorflow'\n"
    load_layers(write(seen + GOOD))
    assert os.environ["KERAS_BACKEND"] == "jax"
