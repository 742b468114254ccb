"""int8 models as small as TensorFlow Lite Micro reads them: the form that goes into flash.

A ``.tflite`` file says much that this runtime does not ask for: names, shapes of batches, a zero
point of each channel of weights (0, each), the scales of biases (those of the input times those of
the weights), and the same lists again and again. Without it a small network takes about half of the
bytes, and computes the same.

Source: FlatBuffers' format; what the runtime reads, tensorflow/lite/micro/micro_allocator.cc.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np

from deap_nas.layers.tflite import ALIGNMENT

MARK = b"TFL3"  # of a .tflite file


def compact(content: bytes) -> bytes:
    """A model in as few bytes as TensorFlow Lite Micro needs.

    Args:
        content: of a ``.tflite`` file in int8, with one graph.
    """
    schema, model = _schema(), _read(content)
    model.description = model.metadata = model.metadataBuffer = model.signatureDefs = None
    for code in model.operatorCodes:
        if code.builtinCode == code.deprecatedBuiltinCode:
            code.builtinCode = 0  # readers take the larger one
    (graph,) = model.subgraphs
    graph.name, buffers = None, [schema.BufferT()]
    convolved = _biases_of_convolutions(model, graph, schema)
    for i, tensor in enumerate(graph.tensors):
        tensor.name = tensor.shapeSignature = None
        tensor.hasRank = False
        if _scales(tensor) == 0:
            tensor.quantization = None
        buffer = model.buffers[tensor.buffer]
        if buffer.data is None or len(buffer.data) == 0:
            tensor.buffer = 0
            continue
        tensor.buffer = len(buffers)
        buffers.append(buffer)
        if i in convolved or (_scales(tensor) > 1 and tensor.type == schema.TensorType.INT32):
            tensor.quantization = None
        elif _scales(tensor) > 1:
            tensor.quantization.zeroPoint = np.zeros(1, np.int64)
    model.buffers = buffers
    return _write(model)


def expand(content: bytes) -> bytes:
    """The same model as TensorFlow Lite on other machines reads it: with a zero point of each
    channel of weights, 0 as in all models of int8.

    Args:
        content: of a model, ``compact`` or not.
    """
    model = _read(content)
    for tensor in model.subgraphs[0].tensors:
        if _scales(tensor) > 1:
            tensor.quantization.zeroPoint = np.zeros(_scales(tensor), np.int64)
    return _write(model)


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError:
        from tensorflow.lite.python import schema_py_generated as schema
    return schema


def _read(content: bytes) -> Any:
    schema = _schema()
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))


def _biases_of_convolutions(model: Any, graph: Any, schema: Any) -> set[int]:
    """The numbers of these tensors. Their scales are never read; that of a dense layer's bias is,
    if there is only one.
    """
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    convolutions = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
    return {
        int(each.inputs[2]) for each in graph.operators if codes[each.opcodeIndex] in convolutions
    }


def _scales(tensor: Any) -> int:
    about = tensor.quantization
    return 0 if about is None or about.scale is None else len(about.scale)


def _write(model: Any) -> bytes:
    builder = _Builder()
    builder.Finish(model.Pack(builder), file_identifier=MARK)
    return bytes(builder.Output())


class _Builder(flatbuffers.Builder):  # type: ignore[misc]
    """Writes equal lists of numbers once, and weights where the schema wants them."""

    def __init__(self) -> None:
        super().__init__(1024)
        self._written: dict[tuple[int, int, bytes], int] = {}

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:
        self._before, self._form, self._numbers = self.Offset(), (elemSize, alignment), True
        of_weights = elemSize == 1
        found: int = super().StartVector(elemSize, numElems, ALIGNMENT if of_weights else alignment)
        return found

    def PrependUOffsetTRelative(self, off: int) -> None:
        self._numbers = False  # a place, counted from where it is written
        super().PrependUOffsetTRelative(off)

    def EndVector(self) -> int:
        n, place = self.vectorNumElems, super().EndVector()
        start = len(self.Bytes) - int(place)
        size = 4 + n * self._form[0]
        key = (*self._form, bytes(self.Bytes[start : start + size]))
        if not self._numbers:
            return int(place)
        if key in self._written:
            self.head = len(self.Bytes) - self._before
        return self._written.setdefault(key, int(place))
