"""The card of a trained network, in Markdown, out of its run's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .motion.catalogue import licences


@dataclass(frozen=True, slots=True)
class Subject:
    """What a card says of all networks of a kind."""

    title: str
    reads: str
    gives: str
    method: str
    limits: str


_BODY = "It takes every body to be 1.70 m tall. Fingers are not part of it."
_KNOWS = f"It knows people who stand, walk, dance, fight and idle; sitting and lying are rare in its data. {_BODY}"
_JOINTS = "the 30 joints of `JOINTS` in meters about the pelvis, and the logarithm of their standard deviations, both in the view's axes"
_WINDOWS = "windows of {frames} frames of the 25 points of `POINTS` with their gaps filled, as `inference/guided.py` prepares them"

_SUBJECTS = {
    "s3": Subject(
        "the lifter of S3",
        "the 25 points of `POINTS` in every frame, as `inference/sight_features.py` prepares them",
        _JOINTS,
        "Cheng et al., Occlusion-Aware Networks for 3D Human Pose Estimation in Video, ICCV 2019 (`training/networks.py`)",
        f"{_KNOWS} Where it is told that a point is reliable and it is not, it believes it.",
    ),
    "dtf": Subject(
        "the lifter of S4",
        _WINDOWS,
        _JOINTS,
        "Ghafoor et al., Dual Transformer Fusion, IEEE TMM 2024, arXiv 2410.04574 (`training/dtf.py`)",
        f"{_KNOWS} It sees no further than its window. It is smaller than the paper's and was trained for an hour of one "
        "processor core; the recipe `{name}-paper` is for a graphics card.",
    ),
    "graph": Subject(
        "the refiner of S0",
        "joints and which of them were seen, as `inference/refine_graph.py` prepares them",
        _JOINTS,
        "Roy et al., Occlusion Resilient 3D Human Pose Estimation, arXiv 2402.11036; masks after Durasov et al., Masksembles, "
        "CVPR 2021 (`training/graph.py`)",
        f"{_KNOWS} It was trained on what S3 and S0's own lifting network answer; after another lifter it may do less.",
    ),
    "ppt": Subject(
        "the pose transformer of S1",
        "the joints of one frame, which of them were seen, and which only guessed, as `inference/refine_ppt.py` prepares them",
        "the 30 joints of `JOINTS` in meters about the pelvis, in the view's axes",
        "Wan et al., RSB-Pose, arXiv 2311.14242 (`training/ppt.py`)",
        f"{_KNOWS} It looks at each frame alone. It is smaller than the paper's; the recipe `{{name}}-paper` is for a graphics card.",
    ),
}


def card(report: dict[str, Any], file: str, size: int, remark: str) -> str:
    """The card of the network `file` of `size` bytes with the `report` of its run; `remark` is a paragraph or nothing."""
    settings, last = report["settings"], report["checks"][-1]
    subject = _SUBJECTS[settings["name"].partition("-")[0]]
    words = {"name": settings["name"], "frames": settings["network"].get("frames", settings["frames"])}
    minutes = "\n".join(
        f"| {source} | {count} | {licence} | {licences()[licence]['credit']} |"
        for source, count in sorted(report["minutes"].items())
        for licence in [report["licences"][source]]
    )
    paragraph = f"\n{remark}\n" if remark else ""
    return f"""# {settings["name"]}: {subject.title}

| | |
|---|---|
| File | `{file}`, ONNX opset 17, {size / 1e6:.1f} MB |
| SHA-256 | `{report["sha256"]}` |
| License of the weights | GPL-3.0-or-later, as the program; commercial use is allowed |
| Reads | {subject.reads.format(**words)} |
| Gives | {subject.gives} |
| Method | {subject.method} |
| Trained with | `python -P -m penumbra.training.train --data data.npz --recipe {settings["name"]}`, seed {settings["seed"]} |
| Data file | content SHA-256 `{report["data"]}`, made by `python -P -m penumbra.training.pack` |
| Length | {_length(settings)} |

## Data

Motion of people only; no pictures, no body model, nothing under a non-commercial license. The clips are not part of the
project. Minutes of motion before augmentation:

| source | minutes | license | credit |
|---|---|---|---|
{minutes}

The proportions of the mean body are measured half from one person of the Pose2Sim demonstration footage
(`training/landmarks.toml`), which is also the footage of the real check.

## How well

On windows of held-out subjects, varied and detected as in training: MPJPE {1000 * last["clean"]:.1f} mm with
everything in sight and made-up poses among them; of recorded motion {1000 * last["masked"]:.1f} mm with points hidden, {1000 * last["hidden"]:.1f} mm over the hidden
joints alone. `benchmarks/results/systems.md`, `occlusion.md` and `real_check.md` there have the tables that count.

![Curves](curves.png)
{paragraph}
## What it is not good for

{subject.limits.format(**words)}
"""


def _length(settings: dict[str, Any]) -> str:
    """How long the run was."""
    if "lifting" in settings:
        parts = [f"{settings[part]} to {told}" for part, told in (
            ("lifting", "lift"), ("completing", "complete"), ("spreading", "tell the spread")
        ) if settings.get(part)]  # fmt: skip
        steps = sum(settings.get(part, 0) for part in ("lifting", "completing", "spreading"))
    else:
        parts, steps = [f"{settings['steps']}"], settings["steps"]
    frames = steps * settings["batch"] * settings["frames"]
    windows = f"{settings['batch']} windows of {settings['frames']} frames"
    return f"steps: {', '.join(parts)}; of {windows}: {frames / 1e6:.1f} million frames"
