"""A trained network as an ONNX file that the product reads, and the card that says what it is."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from ..inference.sight_features import FEATURES
from ..inference.trained_lift import INPUTS, OUTPUT
from ..models.skeletons import JOINTS, POINTS
from .networks import Gaps, Lifter

_OPSET = 17
# Largest difference in metres between PyTorch's answer and ONNX Runtime's; rounded weights take most of it.
_AGREE = 3e-3
# Arrays of fewer numbers stay as they are.
_LARGE = 1024


class _Flat(nn.Module):
    """The network with every input of its own, as ONNX has them."""

    def __init__(self, network: Lifter) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: Tensor, *gaps: Tensor) -> Tensor:
        joints, _ = self.network(values, Gaps(*gaps[:3]), Gaps(*gaps[3:]))
        return joints


def export(network: Lifter, goal: Path) -> str:
    """Write `network` to `goal` and give the file's SHA-256; atomic.

    Large weights are stored as 16-bit numbers, which halves the file, and worked with as 32-bit ones. Raises ValueError where ONNX Runtime answers otherwise than PyTorch.
    """
    flat = _Flat(network.cpu()).eval()
    frames = {name: {1: "frames"} for name in (*INPUTS, OUTPUT)}
    draft = goal.with_suffix(".new")
    with warnings.catch_warnings():
        # this exporter is the one that writes plain operators for every runtime from 1.16 on
        warnings.simplefilter("ignore")
        torch.onnx.export(
            flat, _example(32), str(draft), dynamo=False, opset_version=_OPSET, input_names=list(INPUTS),
            output_names=[OUTPUT], dynamic_axes=frames,
        )  # fmt: skip
    model = _halved(onnx.load(str(draft)))
    onnx.checker.check_model(model, full_check=True)
    draft.write_bytes(model.SerializeToString(deterministic=True))
    _compare(flat.eval(), draft)
    os.replace(draft, goal)
    return hashlib.sha256(goal.read_bytes()).hexdigest()


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its large weights as 16-bit numbers, each cast back where it is used."""
    graph = model.graph
    casts = []
    for weights in graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        name = weights.name
        weights.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _compare(flat: _Flat, path: Path) -> None:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    read = {entry.name for entry in session.get_inputs()}
    for frames in (1, 50, 200):
        example = _example(frames)
        feed = {name: array.numpy() for name, array in zip(INPUTS, example, strict=True) if name in read}
        answer = np.asarray(session.run([OUTPUT], feed)[0])
        with torch.no_grad():
            expected = flat(*example).numpy()
        if np.abs(answer - expected).max() > _AGREE:
            raise ValueError(
                f"The exported network differs from the trained one by {np.abs(answer - expected).max()} m."
            )


def _example(frames: int) -> tuple[Tensor, ...]:
    """Inputs of plausible shapes and values, the same every time."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(0.0, 0.3, (1, frames, FEATURES)).astype(np.float32)]
    for count in (len(POINTS), len(JOINTS)):
        ends = np.sort(rng.integers(0, frames, (2, 1, frames, count)), axis=0)
        arrays += [ends[0], ends[1], rng.random((1, frames, count)).astype(np.float32)]
    return tuple(torch.from_numpy(array) for array in arrays)
