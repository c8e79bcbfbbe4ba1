"""What kind of run settings ask for: its trainer, and how its network is written to files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from ..errors import TrainingDataError
from .clips import Clip
from .dtf import Dtf
from .export import export_graph, export_lifter, export_ppt, export_windowed
from .frozen import FrozenLifter
from .fusion_settings import DtfRun, GraphRun, PptRun, RayRun
from .graph import GraphRefiner
from .lifting_trainer import LiftingTrainer, held_out_windows
from .loop import Loop
from .motion_sampler import MotionSampler
from .networks import Lifter, without_completion
from .ppt import PoseTransformer
from .ray import RayLifter
from .refining_trainer import Asked, GraphTrainer, PptTrainer
from .settings import Settings, TrainingSettings, recipe
from .trainer import Trainer

_HELD_OUT_SEED = 20_001
_HELD_OUT_BATCHES = 4
# Frames of the windows in which a network that looks at frames alone is tried when it is exported.
_TRIED = 27


@dataclass(frozen=True, slots=True)
class Run:
    """A trainer, and what writes its averaged network to `NAME.onnx` in a folder and gives the file's SHA-256."""

    trainer: Loop[Any]
    write: Callable[[nn.Module, Path], str]


def prepare(settings: Settings, learned: list[Clip], held_out: list[Clip], out: Path) -> Run:
    """The run of `settings` on clips `learned`, checked on `held_out`, with its state in the folder of its name in `out`."""
    sampler = MotionSampler(learned, settings)
    checks = MotionSampler(held_out, replace(settings, labelled=1.0, unlabelled=False))
    rng, folder = np.random.default_rng(_HELD_OUT_SEED), out / settings.name
    if isinstance(settings, TrainingSettings):
        batches = [checks.batch(rng, masked=masked) for masked in (False, True) for _ in range(_HELD_OUT_BATCHES)]
        return Run(Trainer(settings, sampler, batches, folder), _write_s3)
    windows = held_out_windows(checks, rng, _HELD_OUT_BATCHES)
    if isinstance(settings, DtfRun | RayRun):
        trainer = LiftingTrainer(settings, sampler, windows, folder)
        return Run(trainer, lambda network, goal: _write_windowed(settings, network, goal))
    if isinstance(settings, GraphRun):
        trainer = GraphTrainer(settings, asked(settings, learned, out), windows, folder)
        return Run(trainer, lambda network, goal: _write_graph(settings, network, goal))
    if isinstance(settings, PptRun):
        return Run(PptTrainer(settings, sampler, asked(settings, learned, out), windows, folder), _write_ppt)
    raise TypeError(f"There is no trainer for {type(settings).__name__}.")


def asked(settings: GraphRun | PptRun, clips: list[Clip], out: Path) -> list[Asked]:
    """The lifters of a run with the motion that each is asked of."""
    found = []
    for name in settings.lifters:
        chosen = clips
        if settings.unseen:
            without = recipe(name).without
            chosen = [clip for clip in clips if clip.source in without]
        if not chosen:
            raise TrainingDataError(f"{name} was trained on every source. Leave `unseen` away, or take other lifters.")
        found.append(Asked(FrozenLifter(name, out), MotionSampler(chosen, settings)))
    return found


def _write_s3(network: nn.Module, goal: Path) -> str:
    """S3, and its first half alone beside it, which never met a gap in training."""
    if not isinstance(network, Lifter):
        raise TypeError("The averaged network is none of S3.")
    if network.settings.complete:
        export_lifter(without_completion(network), goal.with_name(f"{goal.stem}-unmasked.onnx"))
    return export_lifter(network, goal)


def _write_windowed(settings: DtfRun | RayRun, network: nn.Module, goal: Path) -> str:
    if not isinstance(network, Dtf | RayLifter):
        raise TypeError("The averaged network lifts no windows.")
    frames = settings.network.frames if isinstance(settings, DtfRun) else _TRIED
    return export_windowed(network, settings.guidance, frames, goal)


def _write_graph(settings: GraphRun, network: nn.Module, goal: Path) -> str:
    if not isinstance(network, GraphRefiner):
        raise TypeError("The averaged network is no graph.")
    return export_graph(network, settings.masks, settings.seed, goal)


def _write_ppt(network: nn.Module, goal: Path) -> str:
    if not isinstance(network, PoseTransformer):
        raise TypeError("The averaged network is no pose transformer.")
    return export_ppt(network, goal)
