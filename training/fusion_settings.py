"""What the runs of the other systems are made of: those that lift (S4, S0's first network) and those that refine (S0, S1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..inference.guidance import GuidanceSettings
from ..inference.masks import MaskSettings
from .dtf import DtfSettings
from .graph import GraphSettings
from .ppt import PptSettings
from .ray import RaySettings


@dataclass(frozen=True, slots=True)
class FusionLossSettings:
    """Weights of the losses beside the joints' distance; 0 takes a loss away.

    velocity: of steps from frame to frame. symmetry, steadiness: of bones' lengths. spread: of how unlikely the errors are
    by the spread that the network tells; the joints are not moved by it.
    """

    velocity: float = 1.0
    symmetry: float = 0.05
    steadiness: float = 0.2
    spread: float = 0.02


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """What all these runs have.

    without: sources that are left out whole. batch, frames: windows a step, and frames of one, which the network's own
    windows are cut from, so that a gap may be longer than they are. rate: peak learning rate. average: decay of the
    weights' running average, which is exported. cylinders: let the body hide its own points. labelled, unlabelled: as in
    `settings.TrainingSettings`.
    """

    name: str = ""
    without: tuple[str, ...] = ()
    seed: int = 1
    steps: int = 4000
    batch: int = 16
    frames: int = 162
    rate: float = 1e-3
    average: float = 0.995
    cylinders: bool = True
    labelled: float = 1.0
    unlabelled: bool = False
    losses: FusionLossSettings = field(default_factory=FusionLossSettings)


@dataclass(frozen=True, slots=True)
class DtfRun(FusionSettings):
    """A run of S4. guidance: how gaps are filled. epochs: into which the steps are divided for the paper's schedule."""

    guidance: GuidanceSettings = field(default_factory=GuidanceSettings)
    epochs: int = 19
    network: DtfSettings = field(default_factory=DtfSettings)


@dataclass(frozen=True, slots=True)
class RayRun(FusionSettings):
    """A run of S0's lifting network. clip: frames that its windows have; it looks at each alone."""

    guidance: GuidanceSettings = field(default_factory=GuidanceSettings)
    epochs: int = 19
    network: RaySettings = field(default_factory=RaySettings)


@dataclass(frozen=True, slots=True)
class GraphRun(FusionSettings):
    """A run of S0's refiner. lifters: names of finished runs whose answers it refines, drawn in turn.

    unseen: ask each lifter only of the sources that it was trained without, because to those that it knows its answers are
    better than any that there will be to refine.
    masks: the fixed set of which one is drawn for a window, or none. structured: masks last for a while and take what hangs
    on a joint; else every frame has its own. decay: weight decay.
    """

    rate: float = 1e-3
    decay: float = 0.01
    warmup: int = 100
    lifters: tuple[str, ...] = ("s3",)
    unseen: bool = False
    masks: MaskSettings = field(default_factory=MaskSettings)
    structured: bool = True
    network: GraphSettings = field(default_factory=GraphSettings)


@dataclass(frozen=True, slots=True)
class PptRun(FusionSettings):
    """A run of S1's prior. pretraining: of the steps, those on recorded poses alone; the rest refine `lifters`' answers.

    unseen: as for the graph.
    """

    rate: float = 1e-3
    decay: float = 0.1
    warmup: int = 100
    pretraining: int = 3000
    lifters: tuple[str, ...] = ("s3",)
    unseen: bool = False
    network: PptSettings = field(default_factory=PptSettings)


Kind = Literal["dtf", "ray", "graph", "ppt"]
RUNS: dict[Kind, type[FusionSettings]] = {"dtf": DtfRun, "ray": RayRun, "graph": GraphRun, "ppt": PptRun}
"""What a recipe's `kind` makes it a run of."""
