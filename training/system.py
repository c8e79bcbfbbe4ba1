"""A lifter and its refiner as one network that can be trained on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import TrainingDataError
from ..inference.guidance import GuidanceSettings
from . import checkpoint
from .dtf import Dtf
from .export import export_graph, export_windowed
from .fusion_settings import DtfRun, GraphRun, RayRun
from .graph import GraphRefiner
from .loop import CHECKPOINT
from .ray import RayLifter
from .settings import recipe
from .unlabelled import Sight

# Frames of the windows in which a lifter that looks at frames alone is written.
_TRIED = 27


class System(nn.Module):
    """A lifter and, unless None, the refiner after it, for whole clips.

    lifter: values `[N, F, 128]` to joints and log spread `[N, F, 30, 3]`. refiner: joints, confidence, seen, near and
    active, as `graph.GraphRefiner` has them, to the same. frames: the lifter's window; None for one that reads any.
    guidance: how gaps are filled for the lifter.
    """

    def __init__(
        self, lifter: nn.Module, refiner: nn.Module | None, frames: int | None, guidance: GuidanceSettings
    ) -> None:
        super().__init__()
        self.lifter, self.refiner, self.frames, self.guidance = lifter, refiner, frames, guidance

    def forward(self, given: Sight) -> list[tuple[Tensor, Tensor]]:
        """What the lifter says, and what the refiner makes of it: joints and log spread `[N, T, 30, 3]` in view axes."""
        lifted = self._lift(given.values)
        if self.refiner is None:
            return [lifted]
        everything = torch.ones_like(given.seen)
        return [lifted, self.refiner(lifted[0], given.confidence, given.seen, given.near, everything)]

    def _lift(self, values: Tensor) -> tuple[Tensor, Tensor]:
        if self.frames is None:
            return self.lifter(values)
        clips, count = values.shape[:2]
        rows, own = _windows(count, self.frames)
        said = self.lifter(values[:, rows].flatten(0, 1))
        joints, spread = (part.unflatten(0, (clips, len(rows))).flatten(1, 2)[:, own] for part in said)
        return joints, spread


def trained(lifter: str, refiner: str | None, folder: Path) -> System:
    """The averaged networks of finished runs in `folder`, by their recipes' names.

    Raises TrainingDataError where a run is not there, has come to no numbers, or its recipe is of the wrong kind.
    """
    settings = recipe(lifter)
    if isinstance(settings, DtfRun):
        network, frames = Dtf(settings.network), settings.network.frames
    elif isinstance(settings, RayRun):
        network, frames = RayLifter(settings.network), None
    else:
        raise TrainingDataError(f"The recipe {lifter} is of no lifter that reads filled gaps. Choose dtf-… or ray.")
    _fill(network, lifter, folder)
    return System(network, None if refiner is None else _refiner(refiner, folder), frames, settings.guidance)


def write(system: System, lifter: str, refiner: str | None, folder: Path) -> list[Path]:
    """Write the networks to `folder` as the product reads them, named after the recipes with "-tuned"; gives the files."""
    if not isinstance(system.lifter, Dtf | RayLifter):
        raise TypeError("The lifter is none that reads filled gaps.")
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{lifter}-tuned.onnx"]
    export_windowed(system.lifter, system.guidance, system.frames or _TRIED, files[0])
    if refiner is not None and isinstance(system.refiner, GraphRefiner):
        settings = _graph_run(refiner)
        files.append(folder / f"{refiner}-tuned.onnx")
        export_graph(system.refiner, settings.masks, settings.seed, files[1])
    return files


def _refiner(name: str, folder: Path) -> GraphRefiner:
    network = GraphRefiner(_graph_run(name).network)
    _fill(network, name, folder)
    return network


def _graph_run(name: str) -> GraphRun:
    settings = recipe(name)
    if not isinstance(settings, GraphRun):
        raise TrainingDataError(f"The recipe {name} is of no graph refiner. Choose graph.")
    return settings


def _fill(network: nn.Module, name: str, folder: Path) -> None:
    path = folder / name / CHECKPOINT
    if not path.is_file():
        raise TrainingDataError(f"There is no finished run of {name} in {folder}. Train it first.")
    checkpoint.load_average(path, network)
    if not all(bool(part.isfinite().all()) for part in network.parameters()):
        raise TrainingDataError(
            f"The run of {name} in {folder} has come to weights that are no numbers. Train it again."
        )


def _windows(count: int, length: int) -> tuple[Tensor, Tensor]:
    """Rows `[W, length]` of windows, a third apart, and where among all their frames each frame is most in the middle."""
    step = max(1, length // 3)
    margin = (length - step) // 2
    starts = torch.arange(0, count, step) - margin
    frames = torch.arange(count)
    rows = (starts[:, None] + torch.arange(length)).clamp(0, count - 1)
    return rows, frames // step * length + margin + frames % step
