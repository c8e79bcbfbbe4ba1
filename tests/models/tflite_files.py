"""Small TFLite files for tests, with one operator after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import flatbuffers
import numpy as np
import tflite


@dataclass(frozen=True)
class Step:
    """One operator: its number in `tflite.BuiltinOperator`, its tensors by place, and what writes its options."""

    operator: int
    inputs: Sequence[int]
    output: int
    options_type: int = 0
    options: Callable[[flatbuffers.Builder], int] | None = None


@dataclass
class Recipe:
    """A network: `shapes` of its tensors, the constant ones' values, and the steps from tensor 0 to the last step's."""

    shapes: list[tuple[int, ...]]
    steps: list[Step]
    constants: dict[int, np.ndarray] = field(default_factory=dict)


_TYPES = {"float32": tflite.TensorType.FLOAT32, "float16": tflite.TensorType.FLOAT16, "int32": tflite.TensorType.INT32}


def _numbers(builder: flatbuffers.Builder, values: Sequence[int]) -> int:
    return builder.CreateNumpyVector(np.array(values, np.int32))


def _offsets(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def tflite_file(recipe: Recipe) -> bytes:
    """The bytes of the TFLite file; tensor 0 is the input, the last step's output is the output."""
    builder = flatbuffers.Builder(4096)
    buffers, tensors = [], []
    for number, shape in enumerate(recipe.shapes):
        values = recipe.constants.get(number)
        data = None if values is None else builder.CreateByteVector(np.ascontiguousarray(values).tobytes())
        tflite.BufferStart(builder)
        if data is not None:
            tflite.BufferAddData(builder, data)
        buffers.append(tflite.BufferEnd(builder))
        name, shape_vector = builder.CreateString(f"tensor {number}"), _numbers(builder, shape)
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, shape_vector)
        tflite.TensorAddType(builder, _TYPES["float32" if values is None else str(values.dtype)])
        tflite.TensorAddBuffer(builder, number)
        tflite.TensorAddName(builder, name)
        tensors.append(tflite.TensorEnd(builder))
    codes, operators = [], []
    for number, step in enumerate(recipe.steps):
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(step.operator, 127))
        tflite.OperatorCodeAddBuiltinCode(builder, step.operator)
        codes.append(tflite.OperatorCodeEnd(builder))
        options = step.options(builder) if step.options else None
        inputs, outputs = _numbers(builder, step.inputs), _numbers(builder, [step.output])
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, number)
        tflite.OperatorAddInputs(builder, inputs)
        tflite.OperatorAddOutputs(builder, outputs)
        if options is not None:
            tflite.OperatorAddBuiltinOptionsType(builder, step.options_type)
            tflite.OperatorAddBuiltinOptions(builder, options)
        operators.append(tflite.OperatorEnd(builder))
    vectors = [_offsets(builder, tensors), _offsets(builder, operators)]
    ends = [_numbers(builder, [0]), _numbers(builder, [recipe.steps[-1].output])]
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, vectors[0])
    tflite.SubGraphAddInputs(builder, ends[0])
    tflite.SubGraphAddOutputs(builder, ends[1])
    tflite.SubGraphAddOperators(builder, vectors[1])
    graphs = _offsets(builder, [tflite.SubGraphEnd(builder)])
    vectors = [_offsets(builder, codes), _offsets(builder, buffers)]
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, vectors[0])
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, vectors[1])
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())
