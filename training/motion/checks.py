"""What a clip must hold to be trained on: no spikes, no jumps, a body like a person's, and some length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...inference import rotations as rot
from ...inference.body import joints_of
from ...models.skeletons import BONE_NAMES, BONES, JOINTS
from ..bodies import mean_body
from ..clips import RATE
from .canonical import Canonical


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Limits of human motion at `RATE` frames per second.

    seconds: shortest clip. speed: metres per second of any joint about the pelvis; the fastest kicks and throws stay
    below. spike: metres that one frame may lie off the middle of its neighbours. foot: the same for a foot in the
    world. travel: metres per second of the pelvis; sprinters reach 12. ratio: how many times longer or shorter than
    the mean body's a limb may be. head: share of the frames in which the head may be bent more than 100 degrees away
    from the spine. error: metres that the product's form may be off the source's own joints on average.
    """

    seconds: float = 0.3
    speed: float = 22.0
    spike: float = 0.3
    foot: float = 0.3
    travel: float = 12.0
    ratio: float = 1.8
    head: float = 0.05
    error: float = 0.05


_LIMBS = tuple(
    JOINTS.index(bone.tail) for bone in BONES if bone.name.startswith(("upper_arm", "forearm", "thigh", "shin", "foot"))
)
_UP = np.array([0.0, 0.0, 1.0])
_FEET = tuple(JOINTS.index(name) for name in ("ankle.L", "ankle.R"))


def find_fault(clip: Canonical, settings: CheckSettings) -> str | None:
    """Why the clip cannot be trained on, as a sentence for the report, or None."""
    if len(clip.root) < settings.seconds * RATE:
        return f"It is shorter than {settings.seconds:g} s."
    ratios = np.abs(np.log(_lengths(clip.offsets) / _lengths(mean_body())))
    if not np.isfinite(ratios).all() or ratios.max() > np.log(settings.ratio):
        worst = JOINTS[_LIMBS[int(np.nanargmax(ratios))]]
        return (
            f"Its scale or skeleton is wrong: the bone to {worst} is {np.exp(ratios.max()):.1f} times off a person's."
        )
    if clip.error > settings.error:
        return f"Its joints are {clip.error * 1000:.0f} mm off the product's form."
    bend = [rot.rotate(clip.rotations[:, BONE_NAMES.index(name)], _UP) for name in ("head", "spine")]
    if np.mean(np.sum(bend[0] * bend[1], axis=-1) < np.cos(np.radians(100.0))) > settings.head:
        return "The head is bent further than a neck can."
    return _motion_fault(clip, settings)


def _motion_fault(clip: Canonical, settings: CheckSettings) -> str | None:
    """Why a clip moves as no person can, or None."""
    body = joints_of(clip.rotations, clip.offsets)
    world = body + clip.root[:, None]
    travel = np.linalg.norm(np.diff(clip.root, axis=0), axis=-1) * RATE
    if travel.max() > settings.travel:
        return f"The body jumps at {travel.argmax() / RATE:.1f} s: {travel.max():.0f} m/s."
    speed = np.linalg.norm(np.diff(body, axis=0), axis=-1) * RATE
    if speed.max() > settings.speed:
        frame, joint = np.unravel_index(speed.argmax(), speed.shape)
        return f"The {JOINTS[joint]} spikes at {frame / RATE:.1f} s: {speed.max():.0f} m/s."
    for places, limit, joints, word in (
        (body, settings.spike, tuple(range(len(JOINTS))), "spikes"),
        (world, settings.foot, _FEET, "jumps"),
    ):
        off = np.linalg.norm(places[1:-1] - (places[2:] + places[:-2]) / 2, axis=-1)[:, joints]
        if off.max() > limit:
            frame, joint = np.unravel_index(off.argmax(), off.shape)
            return f"The {JOINTS[joints[joint]]} {word} at {(frame + 1) / RATE:.1f} s by {off.max():.2f} m in a frame."
    return None


def _lengths(offsets: np.ndarray) -> np.ndarray:
    return np.linalg.norm(offsets[_LIMBS, :], axis=-1)
