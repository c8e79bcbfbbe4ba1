"""Tiny networks in the form of our own, whose answers can be told beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from penumbra.inference.guided import CHANNELS, VALUES
from penumbra.inference.refine_graph import INPUTS as GRAPH_INPUTS
from penumbra.inference.refine_ppt import INPUTS as PPT_INPUTS
from penumbra.inference.sight_features import FEATURES
from penumbra.inference.trained_lift import INPUTS as CLIP_INPUTS
from penumbra.models.skeletons import JOINTS, POINTS

SKELETON = {"joints": ",".join(JOINTS), "points": ",".join(POINTS)}
_FLOAT, _WHOLE = TensorProto.FLOAT, TensorProto.INT64

Shape = Sequence[int | str]


def write(
    path: Path,
    inputs: Mapping[str, tuple[int, Shape]],
    outputs: Mapping[str, Shape],
    nodes: Sequence[NodeProto],
    weights: Mapping[str, np.ndarray],
    metadata: Mapping[str, str],
) -> Path:
    """The network at `path`: inputs by name with their kind and shape, outputs by name with theirs."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(name, _FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata))
    path.write_bytes(model.SerializeToString())
    return path


def flat_lifter(
    path: Path,
    frames: int | str = 27,
    spread: tuple[float, float, float] | None = (0.1, 0.1, 0.1),
    metadata: Mapping[str, str] | None = None,
    joints: int = len(JOINTS),
    aside: float = 0.0,
) -> Path:
    """A windowed lifter whose joints lie at depth 0 where their points are in the view, those without a point at 0.

    spread: metres along the view's axes, the same for all joints and frames; None tells none. aside: by how much it
    errs to the right.
    """
    reading = np.zeros((VALUES, joints * 3), np.float32)
    for index, name in enumerate(JOINTS[:joints]):
        if name in POINTS:
            for axis in range(2):
                reading[CHANNELS * POINTS.index(name) + axis, 3 * index + axis] = 1.0
    said = {"fill": "line", "horizon": "10", **SKELETON} if metadata is None else metadata
    return _reader(
        path, {"values": (_FLOAT, ["N", frames, VALUES])}, ["N", frames, joints, 3], reading, spread, said, aside
    )


def clip_lifter(path: Path, spread: tuple[float, float, float]) -> Path:
    """A lifter of S3's kind that puts every joint on the pelvis, with a spread in metres along the view's axes."""
    inputs = {name: (_FLOAT if "share" in name else _WHOLE, [1, "T", 25 if "point" in name else 30])
              for name in CLIP_INPUTS[1:]}  # fmt: skip
    reading = np.zeros((FEATURES, 90), np.float32)
    return _reader(path, {"values": (_FLOAT, [1, "T", FEATURES]), **inputs}, [1, "T", 30, 3], reading, spread, SKELETON)


def doubting_graph(path: Path, off: float, spread: float, metadata: Mapping[str, str] | None = None) -> Path:
    """A graph refiner that moves inactive nodes by `off` metres to the right, and tells everywhere the same spread."""
    told = {"masks": "3", "scale": "1.5", "shortest": "4", "seed": "5", **SKELETON} if metadata is None else metadata
    inputs = {name: (_FLOAT, ["N", "T", 30, 3] if name == "lifted" else ["N", "T", 30]) for name in GRAPH_INPUTS}
    nodes = [
        helper.make_node("Sub", ["one", "active"], ["cut"]),
        helper.make_node("Unsqueeze", ["cut", "last"], ["column"]),
        helper.make_node("Mul", ["column", "off"], ["moved"]),
        helper.make_node("Add", ["lifted", "moved"], ["joints"]),
        helper.make_node("Mul", ["lifted", "nothing"], ["zeros"]),
        helper.make_node("Add", ["zeros", "log"], ["spread"]),
    ]
    weights = {
        "one": np.float32(1.0), "last": np.array([-1]), "off": np.array([off, 0.0, 0.0], np.float32),
        "nothing": np.float32(0.0), "log": np.log(np.float32(spread)),
    }  # fmt: skip
    shape = ["N", "T", 30, 3]
    return write(path, inputs, {"joints": shape, "spread": shape}, nodes, weights, told)


def lifting_ppt(path: Path, seen: float, guessed: float) -> Path:
    """A pose transformer that moves joints to the right: those seen and those guessed by so many metres, others not."""
    inputs = {name: (_FLOAT, ["N", 30, 3] if name == "lifted" else ["N", 30]) for name in PPT_INPUTS}
    nodes = [
        helper.make_node("Mul", ["seen", "by_seen"], ["first"]),
        helper.make_node("Mul", ["guessed", "by_guessed"], ["second"]),
        helper.make_node("Add", ["first", "second"], ["both"]),
        helper.make_node("Unsqueeze", ["both", "last"], ["column"]),
        helper.make_node("Mul", ["column", "right"], ["moved"]),
        helper.make_node("Add", ["lifted", "moved"], ["joints"]),
    ]
    weights = {
        "by_seen": np.float32(seen), "by_guessed": np.float32(guessed), "last": np.array([-1]),
        "right": np.array([1.0, 0.0, 0.0], np.float32),
    }  # fmt: skip
    return write(path, inputs, {"joints": ["N", 30, 3]}, nodes, weights, SKELETON)


def _reader(
    path: Path,
    inputs: Mapping[str, tuple[int, Shape]],
    shape: Shape,
    reading: np.ndarray,
    spread: tuple[float, float, float] | None,
    metadata: Mapping[str, str],
    aside: float = 0.0,
) -> Path:
    """A network whose joints are a linear reading of `values`, `aside` to the right, with the same spread everywhere."""
    nodes = [
        helper.make_node("MatMul", ["values", "reading"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["read"]),
        helper.make_node("Add", ["read", "aside"], ["joints"]),
    ]
    weights = {
        "reading": reading, "shape": np.array([0, 0, reading.shape[1] // 3, 3]),
        "aside": np.array([aside, 0.0, 0.0], np.float32),
    }  # fmt: skip
    outputs = {"joints": shape}
    if spread is not None:
        nodes += [
            helper.make_node("Mul", ["joints", "nothing"], ["zeros"]),
            helper.make_node("Add", ["zeros", "log"], ["spread"]),
        ]
        weights |= {"nothing": np.float32(0.0), "log": np.log(np.array(spread, np.float32))}
        outputs |= {"spread": shape}
    return write(path, inputs, outputs, nodes, weights, metadata)
