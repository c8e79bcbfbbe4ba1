"""Turn a TFLite network into ONNX without TensorFlow: `python tools/tflite_to_onnx.py NETWORK.tflite NETWORK.onnx`.

Only float networks with the operators in `_WRITERS` are understood, which is what the BlazePose networks need. Pictures
stay `[N, H, W, C]` at the network's door and are `[N, C, H, W]` inside, so that the runtime's convolutions need no
transposes. The batch size, 1 in TFLite, becomes free. Half-precision weights stay half-precision on disk.

The file format is described by https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/schema/schema.fbs
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8

OUTPUT_NAMES: Mapping[tuple[int, ...], str | None] = {
    (1, 2254, 12): "boxes",
    (1, 2254, 1): "scores",
    (1, 195): "landmarks",
    (1, 1): "flag",
    (1, 64, 64, 39): "heatmaps",
    (1, 117): "world",
    (1, 256, 256, 1): None,
}
"""What an output is called in ONNX, by its TFLite shape. None drops it: nobody here reads the segmentation mask, which
costs a decoder of its own. An output that is not listed keeps its own name."""


class UnsupportedNetworkError(ValueError):
    """The network holds something that this converter does not understand."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One TFLite operator: its name, the numbers of its input and output tensors, and its options table."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


_ENUM_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_OPTIONS = {
    "ADD": tflite.AddOptions,
    "CONCATENATION": tflite.ConcatenationOptions,
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "DEPTH_TO_SPACE": tflite.DepthToSpaceOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "RESIZE_BILINEAR": tflite.ResizeBilinearOptions,
}
_DTYPES = {
    tflite.TensorType.FLOAT32: np.dtype("<f4"),
    tflite.TensorType.FLOAT16: np.dtype("<f2"),
    tflite.TensorType.INT32: np.dtype("<i4"),
}


class Network:
    """A TFLite file, read: its operators, tensor shapes and constants (half-precision ones as they are stored)."""

    def __init__(self, data: bytes) -> None:
        if not tflite.Model.ModelBufferHasIdentifier(data, 0):
            raise UnsupportedNetworkError("This is not a TFLite file.")
        # the generated reader is typed as if every field could be missing
        self._model: Any = tflite.Model.GetRootAs(data, 0)
        if self._model.SubgraphsLength() != 1:
            raise UnsupportedNetworkError("Only networks with one subgraph can be converted.")
        self._graph = self._model.Subgraphs(0)
        self.inputs = tuple(int(index) for index in self._graph.InputsAsNumpy())
        self.outputs = tuple(int(index) for index in self._graph.OutputsAsNumpy())
        self.constants: dict[int, np.ndarray] = {}
        for index in range(self._graph.TensorsLength()):
            self._read_constant(index)
        self.operators = self._fold([self._read_operator(i) for i in range(self._graph.OperatorsLength())])

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape of a tensor as TFLite has it, batch size 1 included."""
        table = self._graph.Tensors(tensor)
        return tuple(int(size) for size in table.ShapeAsNumpy()) if table.ShapeLength() else ()

    def tensor_name(self, tensor: int) -> str:
        """Name of a tensor as TFLite has it."""
        return self._graph.Tensors(tensor).Name().decode()

    def _read_constant(self, tensor: int) -> None:
        table = self._graph.Tensors(tensor)
        buffer = self._model.Buffers(table.Buffer())
        if buffer.DataLength() == 0:
            return
        dtype = _DTYPES.get(table.Type())
        if dtype is None:
            raise UnsupportedNetworkError(f"Tensor {self.tensor_name(tensor)} has a type that cannot be converted.")
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype)
        sparsity = table.Sparsity()
        shape = self.shape(tensor)
        self.constants[tensor] = values.reshape(shape) if sparsity is None else densify(values, shape, sparsity)

    def _read_operator(self, index: int) -> Operator:
        table = self._graph.Operators(index)
        code = self._model.OperatorCodes(table.OpcodeIndex())
        name = _ENUM_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        options = None
        if name in _OPTIONS and (union := table.BuiltinOptions()) is not None:
            options = _OPTIONS[name]()
            options.Init(union.Bytes, union.Pos)
        inputs = tuple(int(tensor) for tensor in table.InputsAsNumpy() if tensor >= 0)
        return Operator(name, inputs, tuple(int(tensor) for tensor in table.OutputsAsNumpy()), options)

    def _fold(self, operators: list[Operator]) -> list[Operator]:
        """Take out the operators that only unpack weights: what they give is a constant already."""
        kept = []
        for operator in operators:
            if operator.name in ("DENSIFY", "DEQUANTIZE") and operator.inputs[0] in self.constants:
                constant = self.constants[operator.inputs[0]]
                if constant.dtype.kind != "f":
                    raise UnsupportedNetworkError("Networks with integer weights cannot be converted.")
                self.constants[operator.outputs[0]] = constant
            else:
                kept.append(operator)
        return kept


def densify(values: np.ndarray, shape: tuple[int, ...], sparsity: Any) -> np.ndarray:
    """The dense array `shape` of a sparse TFLite tensor's non-zero `values`; `sparsity` is its SparsityParameters.

    The levels of the storage tree are walked from the root; every stored value's coordinates grow by one a level. A
    blocked dimension has two levels, the number of the block and the place within it (schema.fbs, SparsityParameters).
    """
    order = sparsity.TraversalOrderAsNumpy()
    positions = np.zeros(1, np.int64)
    coordinates = np.zeros((len(order), 1), np.int64)
    sizes = np.ones(len(order), np.int64)
    for level, dimension in enumerate(order):
        metadata = sparsity.DimMetadata(level)
        if metadata.Format() == tflite.DimensionType.DENSE:
            size = metadata.DenseSize()
            sizes[dimension] = size
            parents = np.repeat(np.arange(len(positions)), size)
            indices = np.tile(np.arange(size), len(positions))
            positions = positions[parents] * size + indices
        else:
            segments = _index_vector(metadata.ArraySegments(), metadata.ArraySegmentsType())
            stored = _index_vector(metadata.ArrayIndices(), metadata.ArrayIndicesType())
            counts = segments[positions + 1] - segments[positions]
            parents = np.repeat(np.arange(len(positions)), counts)
            firsts = np.cumsum(counts) - counts
            positions = segments[positions][parents] + np.arange(len(parents)) - firsts[parents]
            indices = stored[positions]
        coordinates = coordinates[:, parents]
        coordinates[dimension] = indices
    rank = len(shape)
    for block in range(sparsity.BlockMapLength()):
        blocked = sparsity.BlockMap(block)
        coordinates[blocked] = coordinates[blocked] * sizes[rank + block] + coordinates[rank + block]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(coordinates[:rank])] = values[positions]
    return dense


def _index_vector(union: Any, kind: int) -> np.ndarray:
    vectors = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }
    vector = vectors[kind]()
    vector.Init(union.Bytes, union.Pos)
    return vector.ValuesAsNumpy().astype(np.int64)


class Writer:
    """Grows an ONNX graph; tensors with four axes are kept `[N, C, H, W]`."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.pads: dict[int, tuple[int, tuple[int, int, int, int]]] = {}
        """Zero padding that its convolutions take over: padded tensor → plain tensor, (top, left, bottom, right)."""

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant once, half precision with a cast that the runtime folds when it loads the file."""
        if values.dtype != np.float16:
            self.initializers.setdefault(name, numpy_helper.from_array(values, name))
            return name
        packed = f"{name}_half"
        if packed not in self.initializers:
            self.initializers[packed] = numpy_helper.from_array(values, packed)
            self.node("Cast", [packed], name, to=TensorProto.FLOAT)
        return name

    def activation(self, kind: int, inputs: str, tensor: int) -> None:
        """Add the activation that is part of a TFLite operator, from `inputs` to the operator's output."""
        if kind == tflite.ActivationFunctionType.RELU:
            self.node("Relu", [inputs], name_of(tensor))
        elif kind == tflite.ActivationFunctionType.RELU6:
            bounds = [self.constant("zero", np.array(0.0, np.float32)), self.constant("six", np.array(6.0, np.float32))]
            self.node("Clip", [inputs, *bounds], name_of(tensor))
        else:
            raise UnsupportedNetworkError(f"Activation {kind} cannot be converted.")

    def with_activation(self, kind: str, inputs: list[str], operator: Operator, **attributes: Any) -> None:
        """Add a node and, where the TFLite operator has one, its activation."""
        output, activation = operator.outputs[0], operator.options.FusedActivationFunction()
        if activation == tflite.ActivationFunctionType.NONE:
            self.node(kind, inputs, name_of(output), **attributes)
        else:
            plain = self.node(kind, inputs, f"{name_of(output)}_plain", **attributes)
            self.activation(activation, plain, output)


def name_of(tensor: int) -> str:
    """Name of a tensor inside the ONNX graph."""
    return f"t{tensor}"


def _same_pads(size: tuple[int, int], kernel: tuple[int, int], strides: tuple[int, int]) -> tuple[int, int, int, int]:
    """TFLite's SAME padding as (top, left, bottom, right); what is odd goes to the bottom and right."""
    totals = [
        max((-(-length // stride) - 1) * stride + extent - length, 0)
        for length, extent, stride in zip(size, kernel, strides, strict=True)
    ]
    before = [total // 2 for total in totals]
    return before[0], before[1], totals[0] - before[0], totals[1] - before[1]


def _window(
    writer: Writer, operator: Operator, kernel: tuple[int, int], dilations: tuple[int, int]
) -> tuple[str, dict[str, Any]]:
    """Input name and the attributes that convolution and pooling share."""
    source, options = operator.inputs[0], operator.options
    strides = (options.StrideH(), options.StrideW())
    source, pads = writer.pads.get(source, (source, (0, 0, 0, 0)))
    if options.Padding() == tflite.Padding.SAME:
        height, width = writer.network.shape(source)[1:3]
        extents = ((kernel[0] - 1) * dilations[0] + 1, (kernel[1] - 1) * dilations[1] + 1)
        pads = _same_pads((height, width), extents, strides)
    return name_of(source), {"kernel_shape": kernel, "strides": strides, "pads": pads}


def _write_convolution(writer: Writer, operator: Operator) -> None:
    depthwise = operator.name == "DEPTHWISE_CONV_2D"
    _, weights, bias = operator.inputs
    if weights not in writer.network.constants or bias not in writer.network.constants:
        raise UnsupportedNetworkError("A convolution whose weights are not constant cannot be converted.")
    values = writer.network.constants[weights]
    dilations = (operator.options.DilationHFactor(), operator.options.DilationWFactor())
    source, attributes = _window(writer, operator, (values.shape[1], values.shape[2]), dilations)
    # TFLite keeps [out, kh, kw, in], and [1, kh, kw, out] where each input channel has its own kernels
    values = values.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
    group = writer.network.shape(operator.inputs[0])[3] if depthwise else 1
    inputs = [
        source,
        writer.constant(name_of(weights), values),
        writer.constant(name_of(bias), writer.network.constants[bias]),
    ]
    writer.with_activation("Conv", inputs, operator, **attributes, dilations=dilations, group=group)


def _write_max_pool(writer: Writer, operator: Operator) -> None:
    kernel = (operator.options.FilterHeight(), operator.options.FilterWidth())
    source, attributes = _window(writer, operator, kernel, (1, 1))
    writer.with_activation("MaxPool", [source], operator, **attributes)


def _write_add(writer: Writer, operator: Operator) -> None:
    if any(tensor in writer.network.constants for tensor in operator.inputs):
        raise UnsupportedNetworkError("An addition of a constant cannot be converted.")
    writer.with_activation("Add", [name_of(tensor) for tensor in operator.inputs], operator)


def _write_pad(writer: Writer, operator: Operator) -> None:
    (source, amounts), output = operator.inputs, operator.outputs[0]
    batch, rows, columns, channels = writer.network.constants[amounts].tolist()
    users = [user for user in writer.network.operators if output in user.inputs]
    convolutions = all(
        user.name in ("CONV_2D", "DEPTHWISE_CONV_2D") and user.options.Padding() == tflite.Padding.VALID
        for user in users
    )
    if convolutions and not any(batch + channels) and output not in writer.network.outputs:
        writer.pads[output] = (source, (rows[0], columns[0], rows[1], columns[1]))
        return
    onnx_order = [pair[side] for side in (0, 1) for pair in (batch, channels, rows, columns)]
    pads = writer.constant(f"{name_of(output)}_pads", np.array(onnx_order, np.int64))
    writer.node("Pad", [name_of(source), pads], name_of(output))


def _write_resize(writer: Writer, operator: Operator) -> None:
    source, output = operator.inputs[0], operator.outputs[0]
    _, height, width, _ = writer.network.shape(source)
    _, new_height, new_width, _ = writer.network.shape(output)
    if operator.options.AlignCorners():
        grid = "align_corners"
    else:
        grid = "half_pixel" if operator.options.HalfPixelCenters() else "asymmetric"
    factors = np.array([1.0, 1.0, new_height / height, new_width / width], np.float32)
    scales = writer.constant(f"{name_of(output)}_scales", factors)
    writer.node(
        "Resize",
        [name_of(source), "", scales],
        name_of(output),
        mode="linear",
        coordinate_transformation_mode=grid,
    )


def _write_depth_to_space(writer: Writer, operator: Operator) -> None:
    writer.node(
        "DepthToSpace",
        [name_of(operator.inputs[0])],
        name_of(operator.outputs[0]),
        blocksize=operator.options.BlockSize(),
        mode="DCR",
    )


def _write_logistic(writer: Writer, operator: Operator) -> None:
    writer.node("Sigmoid", [name_of(operator.inputs[0])], name_of(operator.outputs[0]))


def _write_reshape(writer: Writer, operator: Operator) -> None:
    source, output = operator.inputs[0], operator.outputs[0]
    shape, new_shape = writer.network.shape(source), writer.network.shape(output)
    if len(new_shape) == 4:
        raise UnsupportedNetworkError("A reshape to a picture cannot be converted.")
    name = name_of(source)
    if len(shape) == 4 and shape[1:3] != (1, 1):
        name = writer.node("Transpose", [name], f"{name_of(output)}_rows", perm=(0, 2, 3, 1))
    target = writer.constant(f"{name_of(output)}_shape", np.array([-1, *new_shape[1:]], np.int64))
    writer.node("Reshape", [name, target], name_of(output))


def _write_concatenation(writer: Writer, operator: Operator) -> None:
    rank = len(writer.network.shape(operator.outputs[0]))
    axis = operator.options.Axis() % rank
    if rank == 4:
        axis = (0, 2, 3, 1)[axis]
    writer.with_activation("Concat", [name_of(tensor) for tensor in operator.inputs], operator, axis=axis)


_WRITERS: Mapping[str, Callable[[Writer, Operator], None]] = {
    "ADD": _write_add,
    "CONCATENATION": _write_concatenation,
    "CONV_2D": _write_convolution,
    "DEPTHWISE_CONV_2D": _write_convolution,
    "DEPTH_TO_SPACE": _write_depth_to_space,
    "LOGISTIC": _write_logistic,
    "MAX_POOL_2D": _write_max_pool,
    "PAD": _write_pad,
    "RESHAPE": _write_reshape,
    "RESIZE_BILINEAR": _write_resize,
}


def _needed(network: Network, outputs: list[int]) -> list[Operator]:
    """The operators that `outputs` depend on, in the order of the file."""
    wanted, needed = set(outputs), []
    for operator in reversed(network.operators):
        if wanted.intersection(operator.outputs):
            wanted.update(operator.inputs)
            needed.append(operator)
    return needed[::-1]


def to_onnx(network: Network) -> onnx.ModelProto:
    """The ONNX network of a TFLite network.

    Raises `UnsupportedNetworkError` for an operator or an option that is not understood.
    """
    names = {tensor: OUTPUT_NAMES.get(network.shape(tensor), network.tensor_name(tensor)) for tensor in network.outputs}
    outputs = {tensor: name for tensor, name in names.items() if name is not None}
    network.operators = _needed(network, list(outputs))
    writer = Writer(network)
    for tensor in network.inputs:
        writer.node("Transpose", [_input_name(network, tensor)], name_of(tensor), perm=(0, 3, 1, 2))
    for operator in network.operators:
        if operator.name not in _WRITERS:
            raise UnsupportedNetworkError(f"The operator {operator.name} cannot be converted.")
        _WRITERS[operator.name](writer, operator)
    for tensor, name in outputs.items():
        if len(network.shape(tensor)) == 4:
            writer.node("Transpose", [name_of(tensor)], name, perm=(0, 2, 3, 1))
        else:
            writer.node("Identity", [name_of(tensor)], name)
    graph = helper.make_graph(
        writer.nodes,
        "network",
        [_value(_input_name(network, tensor), network.shape(tensor)) for tensor in network.inputs],
        [_value(name, network.shape(tensor)) for tensor, name in outputs.items()],
        list(writer.initializers.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="penumbra"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _input_name(network: Network, tensor: int) -> str:
    return "image" if len(network.inputs) == 1 else network.tensor_name(tensor)


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ("N", *shape[1:]))


def convert(source: Path, target: Path) -> None:
    """Write the ONNX network of the TFLite file `source` to `target`; the same input gives the same bytes.

    Raises `UnsupportedNetworkError` for something that is not understood, and OSError.
    """
    model = to_onnx(Network(source.read_bytes()))
    partial = target.with_name(f".{target.name}.partial")
    partial.write_bytes(model.SerializeToString(deterministic=True))
    os.replace(partial, target)


def main() -> int:
    """Convert the file that the command line names."""
    parser = argparse.ArgumentParser(description="Turn a TFLite network into ONNX.")
    parser.add_argument("tflite", type=Path)
    parser.add_argument("onnx", type=Path)
    arguments = parser.parse_args()
    try:
        convert(arguments.tflite, arguments.onnx)
    except (UnsupportedNetworkError, OSError) as error:
        print(f"{arguments.tflite}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
