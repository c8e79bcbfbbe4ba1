"""The semi-supervised part of S0: a lifter and its refiner learn from several cameras' footage that nobody labelled.

    .venv/bin/python -P -m penumbra.training.semi_supervised --data data.npz --lifter ray --refiner graph

Each camera's own answer shall be what the weighted triangulation of all cameras says (Roy et al., arXiv 2203.15865 and
2402.11036), while labelled motion keeps what was learned before. Two of Pose2Sim's people teach, filmed by calibrated
cameras of which `--cameras` may choose two or more; a table tells what that did to the answers for a third person, in
another recording by the same cameras. `--weight 0` is the control: as many steps on labelled motion alone.

Tried on the lifter of the recipe `ray`, four cameras brought the third person's error down by two fifths and two by a
third, the control by a twentieth; hidden joints gained a tenth, the control as much nearly. Without the labelled motion the
person gained a little more, while the error on held-out motion rose by a sixth.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import TrainingDataError
from ..inference.cache import default_cache_folder
from ..inference.guidance import GuidanceSettings
from ..inference.guided import guided
from ..tools import fetch
from . import losses
from .calibrated_footage import SCENES, View, views
from .command import exit_code
from .exam import Exam, exams, score, table
from .motion.store import read_clips
from .motion_sampler import NATURAL, MotionSampler
from .occlusion_masks import MIXTURE
from .sampler import in_view
from .settings import TrainingSettings
from .splits import split
from .system import System, trained, write
from .triangulation import TriangulationSettings
from .unlabelled import Sight, Unlabelled, sight, unlabelled

_LONGEST_GRADIENT = 1.0
# Logarithm of the least spread in metres that a network may be taught.
_SUREST = -7.0
_TEACHING, _EXAMINED = "Demo_MultiPerson", "Demo_SinglePerson"


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How to go on from trained networks.

    steps, rate: of AdamW, to nothing along half a cosine. batch, frames: labelled windows of a step and their length.
    unlabelled: weight of the footage's loss beside the labelled one. spread: weight of the negative log-likelihood that
    keeps the spread true, beside the distance in metres.
    """

    steps: int = 150
    rate: float = 1e-4
    batch: int = 8
    frames: int = 81
    seed: int = 1
    unlabelled: float = 1.0
    spread: float = 0.02


Labelled = Callable[[System], Tensor]
"""The loss of a system on the next labelled batch."""


def told_by(system: System, given: Sight, goal: Tensor, weights: Tensor, settings: FineTuning) -> Tensor:
    """What lifter and refiner together are off from joints `goal` `[N, T, 30, 3]` in view axes, by `weights` `[..., 30]`."""
    total = torch.zeros(())
    for joints, spread in system(given):
        total = total + losses.pose(joints, goal, weights) + settings.spread * _surprise(joints - goal, spread, weights)
    return total


def agreement(system: System, footage: Unlabelled, settings: FineTuning) -> Tensor:
    """What each view's own answer is off from what all views say, by how far that may be trusted."""
    inside = footage.target @ footage.turn.transpose(-1, -2)
    return told_by(system, footage.sight, inside, footage.weights * losses.joint_weights(), settings)


def labelled_by(sampler: MotionSampler, rng: np.random.Generator, settings: FineTuning) -> Labelled:
    """The loss on recorded motion, partly hidden, as the networks were trained on it."""

    def loss(system: System) -> Tensor:
        windows = sampler.windows(rng, NATURAL, MIXTURE)
        given = guided(windows.points, windows.confidence, windows.seen, system.guidance)
        goal = torch.from_numpy(in_view(windows.joints, given.views))
        read = sight(given.values, windows.confidence, windows.seen)
        return told_by(system, read, goal, losses.joint_weights(), settings)

    return loss


def fine_tune(
    system: System, footage: Sequence[Unlabelled], labelled: Labelled | None, settings: FineTuning
) -> Iterator[float]:
    """Teach the system by all of `footage` in turn, and by labelled batches if any; yields the loss of every step.

    Dropout rests, and so do the statistics of batch normalisation: this little footage would tell them wrong.
    """
    system.eval()
    optimizer = torch.optim.AdamW(system.parameters(), settings.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(settings.steps, 1))
    for step in range(settings.steps):
        loss = settings.unlabelled * agreement(system, footage[step % len(footage)], settings)
        if labelled is not None:
            loss = loss + labelled(system)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(system.parameters(), _LONGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        yield float(loss.detach())


def _surprise(off: Tensor, spread: Tensor, weights: Tensor) -> Tensor:
    """Mean negative log-likelihood of errors, which teaches the log spread alone; the pelvis has no error."""
    spread = spread.clamp_min(_SUREST)
    likely = (spread + 0.5 * (off.detach() * (-spread).exp()).square()).sum(-1)
    weights = weights.expand_as(likely)[..., 1:]
    return (weights * likely[..., 1:]).sum() / weights.sum().clamp_min(1e-6)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    options = _parser().parse_args(argv)
    torch.set_num_threads(options.threads)
    return exit_code(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    settings = replace(FineTuning(), steps=options.steps, rate=options.rate, unlabelled=options.weight)
    system = trained(options.lifter, options.refiner, options.networks)
    teaching = [
        part
        for found in _subjects(_TEACHING, options.cache, options.threads)
        for part in _taught(_chosen(found, options.cameras), system.guidance)
    ]
    papers: list[Exam] = []
    for found in _subjects(_EXAMINED, options.cache, options.threads):
        papers += exams(found, _taught(found, system.guidance))
    clips = split(read_clips(options.data), "train")
    drawing = TrainingSettings(batch=settings.batch, frames=settings.frames, seed=settings.seed)
    labelled = labelled_by(MotionSampler(clips, drawing), np.random.default_rng(settings.seed), settings)
    marks = {"before": score(system, papers)}
    for step, loss in enumerate(fine_tune(system, teaching, labelled, settings), 1):
        if step % 10 == 0:
            print(f"step {step}/{settings.steps}: loss {loss:.4f}", flush=True)
    marks["after"] = score(system, papers)
    print(table(marks))
    for file in write(system, options.lifter, options.refiner, options.out):
        print(f"{file} is written.")


def _subjects(folder: str, cache: Path, threads: int) -> Iterator[tuple[View, ...]]:
    """The views of everybody in the demo of that name. Raises TrainingDataError where it cannot be fetched."""
    try:
        footage = fetch.fetch("pose2sim")
    except fetch.FetchError as error:
        raise TrainingDataError(str(error)) from error
    for scene in SCENES:
        if scene.folder == folder:
            for subject in scene.subjects:
                yield views(footage, scene, subject, cache, threads)


def _chosen(found: Sequence[View], cameras: Sequence[str] | None) -> list[View]:
    """The views by the cameras of these names, or all. Raises TrainingDataError for other names, and for one camera alone."""
    known = [view.camera.name for view in found]
    if cameras is None:
        return list(found)
    if not set(cameras) <= set(known) or len(set(cameras)) < 2:
        raise TrainingDataError(f"Choose at least two of the cameras: {', '.join(known)}.")
    return [view for view in found if view.camera.name in cameras]


def _taught(found: Sequence[View], guidance: GuidanceSettings) -> tuple[Unlabelled, ...]:
    return unlabelled(found, guidance, TriangulationSettings())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="penumbra.training.semi_supervised", description="Fine-tune on several cameras' unlabelled footage."
    )
    start = FineTuning()
    parser.add_argument("--data", type=Path, required=True, help="packed motion, from penumbra.training.pack")
    parser.add_argument("--lifter", default="ray", help="recipe of the finished run to start from: ray or dtf-…")
    parser.add_argument("--refiner", help="recipe of the refiner after it: graph; none without this option")
    parser.add_argument("--networks", type=Path, default=Path("build/training"), help="folder of the finished runs")
    parser.add_argument("--out", type=Path, default=Path("build/training"), help="folder for the tuned networks")
    parser.add_argument("--cameras", nargs="+", help="names of the cameras that teach, two at least; all without it")
    parser.add_argument("--weight", type=float, default=start.unlabelled, help="of the footage; 0 leaves it out")
    parser.add_argument("--steps", type=int, default=start.steps, help="steps of fine-tuning")
    parser.add_argument("--rate", type=float, default=start.rate, help="learning rate")
    parser.add_argument("--cache", type=Path, default=default_cache_folder(), help="folder that keeps detections")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")
    return parser


if __name__ == "__main__":
    sys.exit(main())
