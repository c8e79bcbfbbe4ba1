"""The sets of clips that occlusion is measured on, and where the networks for them lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..training.clips import Clip
from ..training.detector import DetectorModel
from ..training.trials import Body, Trial, choose, trials

TRAINED = Path(__file__).parent.parent / "build" / "training"
"""The folder that the trainer writes."""
UNMASKED = "{}-unmasked"
"""What the trainer calls the first half of a lifter of S3's."""
HELD_OUT = "held-out"
"""What the set of held-out subjects, of all sources, is called."""

WITHOUT = {"animated_drawings": "small", "cmu": "cmu", "mesh2motion": "small", "reactidle": "reactidle"}
"""What a recipe that never saw a source ends with, after "-without-"; the two small ones were left out together."""


@dataclass(frozen=True, slots=True)
class Size:
    """The least and most clips of a set."""

    least: int
    most: int


def a_set(clips: Sequence[Clip], size: Size, body: Body = "own", model: DetectorModel | None = None) -> list[Trial]:
    """Trials of windows of `clips`; by a perfect detector unless told otherwise."""
    return list(trials(choose(clips, size.least, size.most), body, model or DetectorModel()))


def remarks(size: Size) -> list[str]:
    """What every table over such sets has to say of them."""
    clips = size.least if size.least == size.most else f"{size.least} to {size.most}"
    return [
        (
            f"Sets of {clips} clips of 6 to 10 s at 30 frames a second (shorter recordings whole), each seen "
            "by one virtual camera, standing or moving, anywhere around the subject; where a source has too few recordings, by "
            "several. Cameras, occlusions and noise are the same for all methods."
        ),
        (
            "Errors: millimetres over the 17 joints of Human3.6M about the pelvis, means over clips; intervals: 95 % by bootstrap "
            "over recordings. Hidden joints: those of which a point is hidden. Excess: the error on hidden joints less the same "
            "networks' error at the same joints and frames where they see everything."
        ),
        (
            "Baselines: 2D held (last sight) or led in a line across the gap, the lifter told that all is seen; the line in 3D "
            "between the lifter's answers before and after the gap. All by S3's own first half, which is the same network "
            "trained without masks: where nothing is hidden the two are one."
        ),
    ]
