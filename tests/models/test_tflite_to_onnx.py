from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import flatbuffers
import numpy as np
import onnx
import onnxruntime
import pytest
import tflite
from flatbuffers.table import Table

from penumbra.tests.models.tflite_files import Recipe, Step, tflite_file
from penumbra.tools.tflite_to_onnx import Network, UnsupportedNetworkError, convert, densify, to_onnx

OPERATOR = tflite.BuiltinOperator
OPTIONS = tflite.BuiltinOptions
RELU6 = tflite.ActivationFunctionType.RELU6
SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID


def convolution(inputs: list[int], output: int, padding: int = SAME, stride: int = 1, activation: int = 0) -> Step:
    def options(builder: flatbuffers.Builder) -> int:
        tflite.Conv2DOptionsStart(builder)
        tflite.Conv2DOptionsAddPadding(builder, padding)
        tflite.Conv2DOptionsAddStrideH(builder, stride)
        tflite.Conv2DOptionsAddStrideW(builder, stride)
        tflite.Conv2DOptionsAddFusedActivationFunction(builder, activation)
        return tflite.Conv2DOptionsEnd(builder)

    return Step(OPERATOR.CONV_2D, inputs, output, OPTIONS.Conv2DOptions, options)


def depthwise(inputs: list[int], output: int, stride: int) -> Step:
    def options(builder: flatbuffers.Builder) -> int:
        tflite.DepthwiseConv2DOptionsStart(builder)
        tflite.DepthwiseConv2DOptionsAddPadding(builder, SAME)
        tflite.DepthwiseConv2DOptionsAddStrideH(builder, stride)
        tflite.DepthwiseConv2DOptionsAddStrideW(builder, stride)
        tflite.DepthwiseConv2DOptionsAddDepthMultiplier(builder, 1)
        return tflite.DepthwiseConv2DOptionsEnd(builder)

    return Step(OPERATOR.DEPTHWISE_CONV_2D, inputs, output, OPTIONS.DepthwiseConv2DOptions, options)


def addition(inputs: list[int], output: int, activation: int = 0) -> Step:
    def options(builder: flatbuffers.Builder) -> int:
        tflite.AddOptionsStart(builder)
        tflite.AddOptionsAddFusedActivationFunction(builder, activation)
        return tflite.AddOptionsEnd(builder)

    return Step(OPERATOR.ADD, inputs, output, OPTIONS.AddOptions, options)


def depth_to_space(inputs: list[int], output: int, block: int) -> Step:
    def options(builder: flatbuffers.Builder) -> int:
        tflite.DepthToSpaceOptionsStart(builder)
        tflite.DepthToSpaceOptionsAddBlockSize(builder, block)
        return tflite.DepthToSpaceOptionsEnd(builder)

    return Step(OPERATOR.DEPTH_TO_SPACE, inputs, output, OPTIONS.DepthToSpaceOptions, options)


def resize(inputs: list[int], output: int, *, half_pixel: bool) -> Step:
    def options(builder: flatbuffers.Builder) -> int:
        tflite.ResizeBilinearOptionsStart(builder)
        tflite.ResizeBilinearOptionsAddHalfPixelCenters(builder, half_pixel)
        return tflite.ResizeBilinearOptionsEnd(builder)

    return Step(OPERATOR.RESIZE_BILINEAR, inputs, output, OPTIONS.ResizeBilinearOptions, options)


def run(tmp_path: Path, recipe: Recipe, picture: np.ndarray) -> np.ndarray:
    source, target = tmp_path / "network.tflite", tmp_path / "network.onnx"
    source.write_bytes(tflite_file(recipe))
    convert(source, target)
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": picture})[0])


def windows(picture: np.ndarray, kernel: int, stride: int, before: int, size: int) -> np.ndarray:
    """`[N, size, size, kernel, kernel, C]` windows of a picture padded by `before` zeros at the top and left."""
    padded = np.pad(picture, ((0, 0), (before, kernel), (before, kernel), (0, 0)))
    places = np.arange(size)[:, None] * stride + np.arange(kernel)
    return padded[:, places[:, None, :, None], places[None, :, None, :]]


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(2, 6, 6, 4)).astype(np.float32)


@pytest.fixture
def weights3() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(5, 3, 3, 4)).astype(np.float32)


BIAS = np.arange(5, dtype=np.float32)


def test_same_padding_of_an_even_picture_goes_to_the_bottom_right(
    tmp_path: Path, picture: np.ndarray, weights3: np.ndarray
):
    recipe = Recipe(
        [(1, 6, 6, 4), (5, 3, 3, 4), (5,), (1, 3, 3, 5)],
        [convolution([0, 1, 2], 3, SAME, stride=2, activation=RELU6)],
        {1: weights3, 2: BIAS},
    )
    expected = np.einsum("nyxijc,oijc->nyxo", windows(picture, 3, 2, 0, 3), weights3) + BIAS
    np.testing.assert_allclose(run(tmp_path, recipe, picture), expected.clip(0, 6), atol=1e-4)


def test_padding_of_its_own_becomes_the_convolutions(tmp_path: Path, picture: np.ndarray, weights3: np.ndarray):
    recipe = Recipe(
        [(1, 6, 6, 4), (4, 2), (1, 8, 8, 4), (5, 3, 3, 4), (5,), (1, 3, 3, 5)],
        [Step(OPERATOR.PAD, [0, 1], 2), convolution([2, 3, 4], 5, VALID, stride=2)],
        {1: np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32), 3: weights3, 4: BIAS},
    )
    expected = np.einsum("nyxijc,oijc->nyxo", windows(picture, 3, 2, 1, 3), weights3) + BIAS
    np.testing.assert_allclose(run(tmp_path, recipe, picture), expected, atol=1e-4)
    kinds = [node.op_type for node in onnx.load(tmp_path / "network.onnx").graph.node]
    assert "Pad" not in kinds


def test_half_precision_weights_stay_half_precision_on_disk(tmp_path: Path, picture: np.ndarray, weights3: np.ndarray):
    half = weights3.astype(np.float16)
    recipe = Recipe(
        [(1, 6, 6, 4), (5, 3, 3, 4), (5, 3, 3, 4), (5,), (1, 6, 6, 5)],
        [Step(OPERATOR.DEQUANTIZE, [1], 2), convolution([0, 2, 3], 4)],
        {1: half, 3: BIAS},
    )
    expected = np.einsum("nyxijc,oijc->nyxo", windows(picture, 3, 1, 1, 6), half.astype(np.float32)) + BIAS
    np.testing.assert_allclose(run(tmp_path, recipe, picture), expected, atol=1e-4)
    stored = onnx.load(tmp_path / "network.onnx").graph.initializer
    assert onnx.TensorProto.FLOAT16 in [tensor.data_type for tensor in stored]


def test_depthwise_convolution(tmp_path: Path, picture: np.ndarray):
    kernels = np.random.default_rng(3).normal(size=(1, 5, 5, 4)).astype(np.float32)
    recipe = Recipe(
        [(1, 6, 6, 4), (1, 5, 5, 4), (4,), (1, 3, 3, 4)],
        [depthwise([0, 1, 2], 3, stride=2)],
        {1: kernels, 2: BIAS[:4]},
    )
    expected = np.einsum("nyxijc,ijc->nyxc", windows(picture, 5, 2, 1, 3), kernels[0]) + BIAS[:4]
    np.testing.assert_allclose(run(tmp_path, recipe, picture), expected, atol=1e-4)


def test_addition_with_an_activation(tmp_path: Path, picture: np.ndarray):
    recipe = Recipe([(1, 6, 6, 4), (1, 6, 6, 4)], [addition([0, 0], 1, RELU6)])
    np.testing.assert_allclose(run(tmp_path, recipe, picture * 4), (picture * 8).clip(0, 6), atol=1e-5)


def test_depth_becomes_space_in_tensorflows_order(tmp_path: Path, picture: np.ndarray):
    recipe = Recipe([(1, 6, 6, 4), (1, 12, 12, 1)], [depth_to_space([0], 1, 2)])
    expected = picture.reshape(2, 6, 6, 2, 2).transpose(0, 1, 3, 2, 4).reshape(2, 12, 12, 1)
    np.testing.assert_array_equal(run(tmp_path, recipe, picture), expected)


@pytest.mark.parametrize("grid", ["half pixel", "corner"])
def test_bilinear_resizing_samples_where_tensorflow_does(tmp_path: Path, grid: str):
    half_pixel = grid == "half pixel"
    ramp = np.broadcast_to(np.arange(4, dtype=np.float32)[:, None], (1, 4, 4, 1)).copy()
    recipe = Recipe(
        [(1, 4, 4, 1), (2,), (1, 8, 8, 1)], [resize([0, 1], 2, half_pixel=half_pixel)], {1: np.array([8, 8], np.int32)}
    )
    places = (np.arange(8) + 0.5) / 2 - 0.5 if half_pixel else np.arange(8) / 2
    np.testing.assert_allclose(run(tmp_path, recipe, ramp)[0, 5, :, 0], places.clip(0, 3), atol=1e-6)


def test_reshaping_a_picture_keeps_the_order_of_its_values(tmp_path: Path, picture: np.ndarray):
    recipe = Recipe(
        [(1, 6, 6, 4), (3,), (1, 72, 2)],
        [Step(OPERATOR.RESHAPE, [0, 1], 2)],
        {1: np.array([1, 72, 2], np.int32)},
    )
    np.testing.assert_array_equal(run(tmp_path, recipe, picture), picture.reshape(2, 72, 2))


def test_an_operator_that_is_not_known_is_named():
    recipe = Recipe([(1, 6, 6, 4), (1, 6, 6, 4)], [Step(OPERATOR.TANH, [0], 1)])
    with pytest.raises(UnsupportedNetworkError, match="TANH"):
        to_onnx(Network(tflite_file(recipe)))


def test_another_file_is_refused():
    with pytest.raises(UnsupportedNetworkError, match="not a TFLite file"):
        Network(b"PK\x03\x04 something else altogether")


def level(
    size: int | None = None, segments: list[int] | None = None, indices: list[int] | None = None
) -> SimpleNamespace:
    """One level of a sparse tensor, with the accessors that the file format's reader has."""

    def union(values: list[int] | None) -> Table:
        builder = flatbuffers.Builder(64)
        vector = builder.CreateNumpyVector(np.array(values or [], np.int32))
        tflite.Int32VectorStart(builder)
        tflite.Int32VectorAddValues(builder, vector)
        builder.Finish(tflite.Int32VectorEnd(builder))
        return tflite.Int32Vector.GetRootAs(builder.Output(), 0)._tab

    kind = tflite.DimensionType.DENSE if segments is None else tflite.DimensionType.SPARSE_CSR
    return SimpleNamespace(
        Format=lambda: kind,
        DenseSize=lambda: size,
        ArraySegments=lambda: union(segments),
        ArraySegmentsType=lambda: tflite.SparseIndexVector.Int32Vector,
        ArrayIndices=lambda: union(indices),
        ArrayIndicesType=lambda: tflite.SparseIndexVector.Int32Vector,
    )


def sparsity(order: list[int], levels: list[SimpleNamespace], blocks: list[int]) -> SimpleNamespace:
    return SimpleNamespace(
        TraversalOrderAsNumpy=lambda: np.array(order),
        DimMetadata=lambda number: levels[number],
        BlockMapLength=lambda: len(blocks),
        BlockMap=lambda number: blocks[number],
    )


def test_sparse_weights_become_dense():
    rows = sparsity([0, 1], [level(3), level(segments=[0, 2, 2, 3], indices=[0, 3, 1])], [])
    dense = densify(np.array([1.0, 2.0, 3.0], np.float32), (3, 4), rows)
    np.testing.assert_array_equal(dense, [[1, 0, 0, 2], [0, 0, 0, 0], [0, 3, 0, 0]])


def test_sparse_blocks_become_dense():
    levels = [level(2), level(segments=[0, 1, 2], indices=[1, 0]), level(1), level(2)]
    dense = densify(np.array([1.0, 2.0, 3.0, 4.0], np.float32), (2, 4), sparsity([0, 1, 2, 3], levels, [0, 1]))
    np.testing.assert_array_equal(dense, [[0, 0, 1, 2], [3, 4, 0, 0]])


@pytest.mark.parametrize("name", ["person_detector", "landmarks_full", "landmarks_heavy"])
def test_the_real_networks_hold_no_needless_work(weights: Path, tmp_path: Path, name: str):
    convert(weights / f"{name}.tflite", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (weights / f"{name}.onnx").read_bytes(), "not the same every time"
    graph = onnx.load(weights / f"{name}.onnx").graph
    outputs = {
        output.name: [axis.dim_value for axis in output.type.tensor_type.shape.dim[1:]] for output in graph.output
    }
    if name == "person_detector":
        assert outputs == {"boxes": [2254, 12], "scores": [2254, 1]}
        pictures = 1 + 6  # the door, and three scales of boxes and of scores
    else:
        assert outputs == {"landmarks": [195], "flag": [1], "heatmaps": [64, 64, 39], "world": [117]}
        pictures = 1 + 1  # the door and the heatmaps
    assert sum(node.op_type == "Transpose" for node in graph.node) <= pictures
