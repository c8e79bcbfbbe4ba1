"""One canonical human's joints in several rest poses and proportions."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

_TABLE = Path(__file__).with_name("human.toml")
# Degrees by pose: how far the arms hang, swing forward and fold, and the legs spread and fold.
_POSES = {"T": (0, 0, 0, 0, 0), "A": (45, 0, 8, 5, 0), "odd": (35, 40, 45, 12, 20)}
_ACROSS, _UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
_AHEAD = np.array([0.0, -1.0, 0.0])


def canonical_points(pose: str, legs: float = 1.0, arms: float = 1.0, head: float = 1.0) -> dict[str, np.ndarray]:
    """Positions `[3]` in meters by name; points beside the middle have the suffix .L or .R.

    pose: "T", "A", or "odd", which has every limb lifted and bent. Limbs are lengthened by `legs` and `arms`, hands and
    feet keep their size; `head` scales the head about the skull's base. The lower foot stands on z = 0. Raises KeyError for
    another pose.
    """
    groups = {group: {name: np.array(place) for name, place in points.items()} for group, points in _table().items()}
    skull = groups["head"]["skull"]
    groups["head"] = {name: skull + head * (place - skull) for name, place in groups["head"].items()}
    hang, swing, fold, spread, bend = np.radians(_POSES[pose])
    arm_turn = _turn(_UP, -swing) @ _turn(_AHEAD, -hang)
    shoulder, hip = groups["middle"]["shoulder"], groups["middle"]["hip"]
    forearm = arm_turn @ _turn(_UP, -fold)
    arm_points = _limb(groups["arm"], groups["hand"], ("elbow", "wrist"), shoulder, arms, (arm_turn, forearm))
    thigh = _turn(_AHEAD, spread) @ _turn(_ACROSS, -bend)
    shin = _turn(_AHEAD, spread) @ _turn(_ACROSS, bend / 2)
    leg_points = _limb(groups["leg"], groups["foot"], ("knee", "ankle"), hip, legs, (thigh, shin), level=True)
    rise = -leg_points["ball"][2] + groups["foot"]["ball"][2]
    lifted = {**groups["middle"], **groups["head"], **arm_points, **leg_points}
    left = {name: place + rise * _UP for name, place in lifted.items()} | groups["floor"]
    points: dict[str, np.ndarray] = {}
    for name, place in left.items():
        if abs(place[0]) < 1e-9:
            points[name] = place
        else:
            points[f"{name}.L"], points[f"{name}.R"] = place, place * [-1.0, 1.0, 1.0]
    return points


@cache
def _table() -> dict[str, dict[str, list[float]]]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def _limb(
    joints: dict[str, np.ndarray],
    tip: dict[str, np.ndarray],
    names: tuple[str, str],
    start: np.ndarray,
    length: float,
    turns: tuple[np.ndarray, np.ndarray],
    *,
    level: bool = False,
) -> dict[str, np.ndarray]:
    """A limb from `start` over its middle joint to its end, lengthened and turned; with `level` its tip keeps its attitude."""
    middle, end = names
    upper, lower = turns
    found = {middle: start + length * upper @ (joints[middle] - start)}
    found[end] = found[middle] + length * lower @ (joints[end] - joints[middle])
    for name, place in joints.items():
        if name not in found:
            found[name] = found[middle] + upper @ (place - joints[middle])
    attitude = np.eye(3) if level else lower
    return found | {name: found[end] + attitude @ (place - joints[end]) for name, place in tip.items()}


def _turn(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation `[3, 3]` about a unit axis (Rodrigues)."""
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
