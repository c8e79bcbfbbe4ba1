"""A made-up adult in the rest pose, and how a camera sees it."""

from __future__ import annotations

import numpy as np

from penumbra.models.skeletons import JOINTS, POINTS

_MIDDLE = {
    "pelvis": (0.0, 0.0, 0.0), "spine": (0.0, 0.0, 0.25), "thorax": (0.0, 0.0, 0.5), "neck": (0.0, 0.0, 0.67),
    "head": (0.0, 0.0, 0.83), "nose": (0.0, -0.11, 0.68),
}  # fmt: skip
_LEFT = {
    "ear": (0.075, 0.0, 0.70), "shoulder": (0.18, 0.0, 0.5), "elbow": (0.46, 0.0, 0.5), "wrist": (0.71, 0.0, 0.5),
    "index": (0.80, -0.03, 0.5), "pinky": (0.79, 0.03, 0.5), "thumb": (0.76, -0.06, 0.5), "hip": (0.12, 0.0, 0.0),
    "knee": (0.12, 0.0, -0.43), "ankle": (0.12, 0.0, -0.84), "heel": (0.12, 0.05, -0.89), "toe": (0.12, -0.15, -0.90),
}  # fmt: skip


def t_pose() -> np.ndarray:
    """Joints `[30, 3]` of a T-pose that faces -y; the pelvis at the origin, z up, metres."""
    places = dict(_MIDDLE)
    for name, (x, y, z) in _LEFT.items():
        places |= {f"{name}.L": (x, y, z), f"{name}.R": (-x, y, z)}
    return np.array([places[name] for name in JOINTS])


def arms_down() -> np.ndarray:
    """The same with arms that hang a little off the body."""
    joints = t_pose()
    for side, sign in (("L", 1.0), ("R", -1.0)):
        shoulder = joints[JOINTS.index(f"shoulder.{side}")]
        for name in ("elbow", "wrist", "index", "pinky", "thumb"):
            out, forth, _ = (joints[JOINTS.index(f"{name}.{side}")] - shoulder) * (sign, 1.0, 1.0)
            joints[JOINTS.index(f"{name}.{side}")] = shoulder + np.array([sign * 0.2 * out, forth, -0.98 * out])
    return joints


def seen_from(joints: np.ndarray, turn: float, distance: float = 4.0) -> np.ndarray:
    """World joints `[..., 30, 3]` in the frame of a level camera `distance` before the pelvis.

    turn: degrees by which the subject turns to its own left; at 90 its right side is the camera's.
    """
    angle = np.radians(turn)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(joints, -1, 0)
    return np.stack([cos * x - sin * y, -z, sin * x + cos * y + distance], axis=-1)


def joint(joints: np.ndarray, name: str) -> np.ndarray:
    """One joint `[..., 3]`."""
    return joints[..., JOINTS.index(name), :]


def point_names(mask: np.ndarray) -> set[str]:
    """Names of the points that `[25]` bool picks."""
    return {name for name, picked in zip(POINTS, mask, strict=True) if picked}
