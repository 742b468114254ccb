"""Networks that were trained, exported, and read by programs that know nothing of this package."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest
from trained_run import train_run

from deap_nas import load_dataset
from deap_nas.runs.record import read_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def exported(run: Path) -> Path:
    words = ("export", run, "--format", "keras", "tflite", "c", "--to", run / "mine")
    done = drivers.cli(*words, module="deap_nas")
    assert (done.returncode, done.stderr) == (0, "")
    return run / "mine"


@pytest.fixture(scope="module")
def images() -> tuple[Any, Any]:
    """1,000 of them, float32 in 0..1."""
    _, _, x, y = load_dataset("fashion_mnist_mini").split("validation")
    return x[:1000].astype(np.float32) / 255, y[:1000]


def run_tflite(content: bytes, x: Any) -> Any:
    """What an int8 model gives, one image after the other."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = tf.lite.experimental.OpResolverType.BUILTIN_REF
        interpreter = tf.lite.Interpreter(
            model_content=content, experimental_op_resolver_type=reference
        )
    interpreter.allocate_tensors()
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert given["dtype"] == found["dtype"] == np.int8
    scale, zero = given["quantization"]
    outputs = []
    for image in np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8):
        interpreter.set_tensor(given["index"], image[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(found["index"])[0])
    return np.array(outputs)


def array_of(text: str) -> bytes:
    """The array of bytes in a C file."""
    return bytes(int(each, 16) for each in re.findall(r"\b0x([0-9a-f]{2})\b", text))


def told(exported: Path) -> dict[str, Any]:
    files = json.loads((exported / "export.json").read_text())["files"]
    return {each["format"]: each for each in files}


def test_keras_gives_the_run_s_labels(run, exported, images):
    import keras

    x, y = images
    labels = keras.models.load_model(exported / "best.keras").predict(x, verbose=0).argmax(axis=1)
    own = keras.models.load_model(run / "best.keras").predict(x, verbose=0).argmax(axis=1)
    assert (labels == own).all()
    assert told(exported)["keras"]["accuracy"] == pytest.approx(np.mean(labels == y), abs=0.0005)


def test_tflite_and_c_give_the_same_labels(exported, images):
    x, y = images
    content = (exported / "best.tflite").read_bytes()
    labels = run_tflite(content, x).argmax(axis=1)
    array = array_of((exported / "best" / "model.c").read_text())
    assert (run_tflite(array, x).argmax(axis=1) == labels).all()
    files = told(exported)
    assert files["c"]["bytes"] == files["tflite"]["bytes"] == len(content) == len(array)
    accuracy = pytest.approx(np.mean(labels == y))
    assert files["c"]["int8_accuracy"] == files["tflite"]["int8_accuracy"] == accuracy


def test_int8_is_about_as_accurate(exported):
    files = told(exported)
    assert files["c"]["int8_accuracy"] == pytest.approx(files["keras"]["accuracy"], abs=0.03)
    assert files["c"]["accuracy"] == pytest.approx(files["keras"]["accuracy"], abs=0.0005)


def test_what_is_told_of_the_model_is_so(run, exported):
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(model_path=str(exported / "best.tflite"))
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    ran = {each["op_name"] for each in interpreter._get_ops_details()} - {"DELEGATE"}
    about = told(exported)["c"]
    assert set(about["operators"]) == ran
    assert (about["input"]["scale"], about["input"]["zero_point"]) == given["quantization"]
    assert (about["output"]["scale"], about["output"]["zero_point"]) == found["quantization"]
    assert about["genome"] == read_run(run).best()
    header = (exported / "best" / "model.h").read_text()
    assert re.findall(r"#define MODEL_(HEIGHT|WIDTH|CHANNELS|CLASSES) (\d+)", header) == [
        *(("HEIGHT", "28"), ("WIDTH", "28"), ("CHANNELS", "1"), ("CLASSES", "10")),
    ]
    assert f"#define MODEL_ARENA_BYTES {about['arena']['total']}\n" in header


def test_the_example_image_is_classified_as_it_says(exported, images):
    text = (exported / "best" / "image.h").read_text()
    pixels = np.frombuffer(array_of(text), np.uint8).reshape(1, 28, 28, 1)
    assert (pixels / np.float32(255) == images[0][:1]).all()
    names = json.loads((exported / "export.json").read_text())["class_names"]
    label = run_tflite((exported / "best.tflite").read_bytes(), pixels / np.float32(255)).argmax()
    assert f'image_expected = "{names[label]}"' in text


def test_equal_exports_have_equal_bytes(run, exported):
    words = ("export", run, "--format", "tflite", "--to", run / "again")
    assert drivers.cli(*words, module="deap_nas").returncode == 0
    again = (run / "again" / "best.tflite").read_bytes()
    assert again == (exported / "best.tflite").read_bytes()


def test_onnx_gives_the_run_s_accuracy(run):
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(package)
    done = drivers.cli("export", run, "--format", "onnx", "--to", run / "other", module="deap_nas")
    assert (done.returncode, done.stderr) == (0, "")
    (about,) = json.loads((run / "other" / "export.json").read_text())["files"]
    evaluation = read_run(run).evaluation(about["genome"])
    assert about["accuracy"] == pytest.approx(evaluation.accuracy, abs=0.002)
