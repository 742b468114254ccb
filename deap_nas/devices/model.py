"""What an int8 model says of itself: its operators, its shapes, and what its numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from deap_nas.devices.compact import expand


class Quantisation(NamedTuple):
    """A whole number q of int8 stands for ``scale * (q - zero_point)``."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Int8Model:
    """An int8 model.

    Args:
        content: what goes into flash (``compact``).
        file: the same as the content of a ``.tflite`` file (``expand``).
        operators: that it needs, each once, by TensorFlow Lite's names.
        input_shape: (height, width, channels) of an image.
        n_classes: numbers that it gives.
        input: of the pixels, which are 0..1.
        output: of what it gives for a class.
        nodes: operators that run for an image, in order.
        tensors: of its graph, weights among them.
        channels: of its weights, each with a scale of its own.
    """

    content: bytes
    file: bytes
    operators: tuple[str, ...]
    input_shape: tuple[int, int, int]
    n_classes: int
    input: Quantisation
    output: Quantisation
    nodes: tuple[str, ...]
    tensors: int
    channels: int


def read_model(content: bytes) -> Int8Model:
    """Read an int8 model with one input and one output; needs TensorFlow.

    Args:
        content: of the model (``compact``).
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    codes = [_code(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength())]
    nodes = [graph.Operators(i) for i in range(graph.OperatorsLength())]
    ran = tuple(names[codes[node.OpcodeIndex()]] for node in nodes)
    given, found = (graph.Tensors(i) for i in (graph.Inputs(0), graph.Outputs(0)))
    _, height, width, channels = map(int, given.ShapeAsNumpy())
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    return Int8Model(
        content,
        expand(content),
        tuple(sorted(set(ran))),
        (height, width, channels),
        int(found.Shape(1)),
        _quantisation(given),
        _quantisation(found),
        ran,
        len(tensors),
        sum(_scales(each) for each in tensors if model.Buffers(each.Buffer()).DataLength()),
    )


def _code(operator: Any) -> int:
    """Of a file of any age: small ones were in a field of their own."""
    return int(max(operator.BuiltinCode(), operator.DeprecatedBuiltinCode()))


def _quantisation(tensor: Any) -> Quantisation:
    about = tensor.Quantization()
    return Quantisation(float(about.Scale(0)), int(about.ZeroPoint(0)))


def _scales(tensor: Any) -> int:
    about = tensor.Quantization()
    return int(about.ScaleLength()) if about else 0
