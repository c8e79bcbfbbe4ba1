"""A trained network as an ONNX file that the product reads."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from ..inference import refine_graph, refine_ppt, trained_lift, windowed_lift
from ..inference.guidance import GuidanceSettings
from ..inference.guided import VALUES
from ..inference.masks import MaskSettings
from ..inference.own_network import OUTPUT, SPREAD
from ..inference.sight_features import FEATURES
from ..models.skeletons import JOINTS, POINTS
from .dtf import Dtf
from .graph import GraphRefiner
from .networks import Gaps, Lifter
from .ppt import PoseTransformer, placed_usually
from .ray import RayLifter

_OPSET = 17
# Largest difference in metres between PyTorch's answer and ONNX Runtime's; rounded weights take most of it.
_AGREE = 3e-3
# Arrays of fewer numbers stay as they are.
_LARGE = 1024


@dataclass(frozen=True, slots=True)
class Form:
    """What a network reads and gives as a file.

    inputs, outputs: their names. free: which axes of the inputs and outputs may have any length. examples: inputs of several
    lengths. facts: what the file tells of itself beside its skeleton.
    """

    inputs: Sequence[str]
    outputs: Sequence[str]
    free: Sequence[int]
    examples: Sequence[tuple[Tensor, ...]]
    facts: Mapping[str, str]


class _Flat(nn.Module):
    """S3's network with every input of its own, as ONNX has them."""

    def __init__(self, network: Lifter) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: Tensor, *gaps: Tensor) -> tuple[Tensor, ...]:
        joints, _, spread = self.network(values, Gaps(*gaps[:3]), Gaps(*gaps[3:]))
        return (joints,) if spread is None else (joints, spread)


class _AboutPelvis(nn.Module):
    """The pose transformer with joints about the pelvis going in and out, whichever its form is."""

    def __init__(self, network: PoseTransformer) -> None:
        super().__init__()
        self.network = network

    def forward(self, joints: Tensor, seen: Tensor, guessed: Tensor) -> Tensor:
        found = self.network(placed_usually(joints, self.network.settings), seen, guessed)
        return found - found[:, :1]


def export_lifter(network: Lifter, goal: Path) -> str:
    """Write S3's `network` to `goal`; see `export`."""
    outputs = (OUTPUT, SPREAD) if network.settings.complete else (OUTPUT,)
    form = Form(trained_lift.INPUTS, outputs, (1,), [_sighted(frames) for frames in (32, 1, 50, 200)], {})
    return export(_Flat(network), form, goal)


def export_windowed(network: Dtf | RayLifter, guidance: GuidanceSettings, frames: int, goal: Path) -> str:
    """Write a network that reads windows of `frames` with their gaps filled by `guidance`; see `export`."""
    rng = np.random.default_rng(0)
    examples = [(_normal(rng, count, frames, VALUES),) for count in (2, 1, 5)]
    facts = {"fill": guidance.fill, "horizon": str(guidance.horizon)}
    return export(network, Form((windowed_lift.INPUT,), (OUTPUT, SPREAD), (0,), examples, facts), goal)


def export_graph(network: GraphRefiner, masks: MaskSettings, seed: int, goal: Path) -> str:
    """Write S0's refiner, which is asked with the masks that it was trained with; see `export`."""
    rng = np.random.default_rng(0)
    examples = []
    for count, frames in ((2, 40), (1, 1), (3, 64)):
        shape = (count, frames, len(JOINTS))
        flags = [torch.from_numpy((rng.random(shape) < 0.8).astype(np.float32)) for _ in range(4)]
        examples.append((_normal(rng, *shape, 3), *flags))
    facts = {"masks": masks.count, "scale": masks.scale, "shortest": masks.shortest, "seed": seed}
    form = Form(
        refine_graph.INPUTS, (OUTPUT, SPREAD), (0, 1), examples, {key: str(value) for key, value in facts.items()}
    )
    return export(network, form, goal)


def export_ppt(network: PoseTransformer, goal: Path) -> str:
    """Write S1's pose transformer; see `export`."""
    rng = np.random.default_rng(0)
    examples = []
    for count in (4, 1, 30):
        seen = (rng.random((count, len(JOINTS))) < 0.7).astype(np.float32)
        guessed = (rng.random(seen.shape) < 0.5).astype(np.float32) * (1.0 - seen)
        examples.append((_normal(rng, *seen.shape, 3), torch.from_numpy(seen), torch.from_numpy(guessed)))
    return export(_AboutPelvis(network), Form(refine_ppt.INPUTS, (OUTPUT,), (0,), examples, {}), goal)


def export(network: nn.Module, form: Form, goal: Path) -> str:
    """Write `network` to `goal` and give the file's SHA-256; atomic.

    Large weights are stored as 16-bit numbers, which halves the file, and worked with as 32-bit ones. Raises ValueError
    where ONNX Runtime answers otherwise than PyTorch.
    """
    network = network.cpu().eval()
    free = {name: {axis: f"axis{axis}" for axis in form.free} for name in (*form.inputs, *form.outputs)}
    draft = goal.with_suffix(".new")
    with warnings.catch_warnings():
        # this exporter is the one that writes plain operators for every runtime from 1.16 on
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, form.examples[0], str(draft), dynamo=False, opset_version=_OPSET, input_names=list(form.inputs),
            output_names=list(form.outputs), dynamic_axes=free,
        )  # fmt: skip
    model = _halved(onnx.load(str(draft)))
    facts = {"joints": ",".join(JOINTS), "points": ",".join(POINTS)} | dict(form.facts)
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    draft.write_bytes(model.SerializeToString(deterministic=True))
    _compare(network, form, draft)
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


def _compare(network: nn.Module, form: Form, path: Path) -> None:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    read = {entry.name for entry in session.get_inputs()}
    for example in form.examples:
        feed = {name: array.numpy() for name, array in zip(form.inputs, example, strict=True) if name in read}
        answer = np.asarray(session.run([OUTPUT], feed)[0])
        with torch.no_grad():
            said = network(*example)
        expected = (said if isinstance(said, Tensor) else said[0]).numpy()
        if np.abs(answer - expected).max() > _AGREE:
            raise ValueError(
                f"The exported network differs from the trained one by {np.abs(answer - expected).max()} m."
            )


def _normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(0.0, 0.3, shape).astype(np.float32))


def _sighted(frames: int) -> tuple[Tensor, ...]:
    """Inputs of S3 of plausible shapes and values, the same every time."""
    rng = np.random.default_rng(0)
    arrays = [_normal(rng, 1, frames, FEATURES)]
    for count in (len(POINTS), len(JOINTS)):
        ends = np.sort(rng.integers(0, frames, (2, 1, frames, count)), axis=0)
        shares = rng.random((1, frames, count)).astype(np.float32)
        arrays += [torch.from_numpy(array) for array in (ends[0], ends[1], shares)]
    return tuple(arrays)
