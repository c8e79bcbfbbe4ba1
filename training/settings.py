"""What a training run is made of; every field is a switch or a size that a recipe may set."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..errors import TrainingDataError
from .fusion_settings import RUNS, FusionSettings
from .networks import NetworkSettings

RECIPES = Path(__file__).parent / "recipes.toml"


@dataclass(frozen=True, slots=True)
class LossSettings:
    """Weights of the losses; 0 takes a loss away.

    smoothing: of the 2D network, whose unit is the subject's size. projection and hiding are for unlabelled clips: that joints project to where
    they were seen, and that what was not seen lies behind something (the Cylinder Man's regulariser). adversarial: of
    the discriminator's verdict, in the first part, from the share `adversarial_from` of its steps on; it is off by
    default, because with it (0.002) held-out errors of the whole run stood still from where it set in.
    """

    velocity: float = 1.0
    smoothing: float = 0.2
    symmetry: float = 0.05
    steadiness: float = 0.2
    adversarial: float = 0.0
    adversarial_from: float = 0.6
    projection: float = 1.0
    hiding: float = 0.02


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One training run of S3: to lift what is seen; with that at rest, to complete what is hidden; last, to tell how far off it is.

    without: sources that are left out whole. lifting, completing, spreading: optimizer steps of the parts. batch, frames: how
    many windows of how many frames a step has. rate, fine_rate: peak learning rates of AdamW in the first two parts, half
    a cosine over each; what is to be added to a good answer is small, and drowns at the first rate.
    average: decay of the weights' running average, which is what is exported. cylinders: let the body hide its own
    points, by the Cylinder Man. labelled: share of the clips whose 3D is used; unlabelled: use the 2D of the rest.
    """

    name: str = "s3"
    without: tuple[str, ...] = ()
    seed: int = 1
    lifting: int = 8000
    completing: int = 5000
    spreading: int = 200
    batch: int = 32
    frames: int = 128
    rate: float = 2e-3
    fine_rate: float = 8e-4
    decay: float = 0.01
    warmup: int = 150
    average: float = 0.997
    cylinders: bool = True
    labelled: float = 1.0
    unlabelled: bool = False
    network: NetworkSettings = field(default_factory=NetworkSettings)
    losses: LossSettings = field(default_factory=LossSettings)

    @property
    def steps(self) -> int:
        """Optimizer steps of all parts."""
        return self.lifting + (self.completing + self.spreading if self.network.complete else 0)

    @property
    def answering(self) -> int:
        """Steps of the parts that find the joints, after which only their spread is learned."""
        return self.steps - (self.spreading if self.network.complete else 0)


Settings = TrainingSettings | FusionSettings
"""A run of S3, or of one of the other systems."""


def recipe(name: str, path: Path = RECIPES) -> Settings:
    """The settings that the recipe file calls `name`: the defaults with what the file changes.

    A recipe may build on another by `base = "name"`; one that does not is a run of S3 unless it says which by `kind`, a key
    of `fusion_settings.RUNS`. Raises TrainingDataError for a name, a kind or a field that is not there.
    """
    known = tomllib.loads(path.read_text("utf-8"))
    if name not in known:
        raise TrainingDataError(f"There is no recipe {name!r}. Choose one of: {', '.join(known)}.")
    changes = dict(known[name])
    base, kind = changes.pop("base", None), changes.pop("kind", None)
    if kind is not None and kind not in RUNS:
        raise TrainingDataError(f"The recipe {name!r} is of the kind {kind!r}. Choose one of: {', '.join(RUNS)}.")
    start = recipe(base, path) if base else RUNS[kind]() if kind else TrainingSettings()
    return _changed(start, changes | {"name": name})


def _changed(settings: Any, changes: dict[str, Any]) -> Any:
    """The settings with `changes` by field, in which a table changes the fields of a settings field."""
    names = {item.name for item in fields(settings)}
    for key in changes:
        if key not in names:
            raise TrainingDataError(f"A recipe sets {key!r}, which is none of: {', '.join(sorted(names))}.")
    values = {
        key: _changed(getattr(settings, key), value) if isinstance(value, dict) else _plain(value)
        for key, value in changes.items()
    }
    return replace(settings, **values)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
