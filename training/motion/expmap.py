"""Reads CMU motion stored as exponential maps: text files of one frame a row, 39 triples of numbers a frame.

The first triple is the root's place, the second its turn, and the others are the turns of the other joints of CMU's
skeleton of 38 joints; a turn is its axis times its angle in radians, for row vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import TrainingDataError
from .source import END, SourceMotion, pose, rest_places

_RATE = 120.0
"""CMU's rate. The files do not tell it; at this rate the walks' gait period is 1.1 s at 1.3 m/s, as people walk."""

_SKELETON: tuple[tuple[str, int, tuple[float, float, float]], ...] = (
    ("Hips", -1, (0.0, 0.0, 0.0)),
    ("LHipJoint", 0, (0.0, 0.0, 0.0)),
    ("LeftUpLeg", 1, (1.65674, -1.80282, 0.62477)),
    ("LeftLeg", 2, (2.59720, -7.13576, 0.0)),
    ("LeftFoot", 3, (2.49236, -6.84770, 0.0)),
    ("LeftToeBase", 4, (0.19704, -0.54136, 2.14581)),
    ("LeftToeBase" + END, 5, (0.0, 0.0, 1.11249)),
    ("RHipJoint", 0, (0.0, 0.0, 0.0)),
    ("RightUpLeg", 7, (-1.61070, -1.80282, 0.62476)),
    ("RightLeg", 8, (-2.59502, -7.12977, 0.0)),
    ("RightFoot", 9, (-2.46780, -6.78024, 0.0)),
    ("RightToeBase", 10, (-0.23024, -0.63258, 2.13368)),
    ("RightToeBase" + END, 11, (0.0, 0.0, 1.11569)),
    ("LowerBack", 0, (0.0, 0.0, 0.0)),
    ("Spine", 13, (0.01961, 2.05450, -0.14112)),
    ("Spine1", 14, (0.01021, 2.06436, -0.05921)),
    ("Neck", 15, (0.0, 0.0, 0.0)),
    ("Neck1", 16, (0.00713, 1.56711, 0.14968)),
    ("Head", 17, (0.03429, 1.56041, -0.10006)),
    ("Head" + END, 18, (0.01305, 1.62560, -0.05265)),
    ("LeftShoulder", 15, (0.0, 0.0, 0.0)),
    ("LeftArm", 20, (3.54205, 0.90436, -0.17364)),
    ("LeftForeArm", 21, (4.86513, 0.0, 0.0)),
    ("LeftHand", 22, (3.35554, 0.0, 0.0)),
    ("LeftFingerBase", 23, (0.0, 0.0, 0.0)),
    ("LeftHandIndex1", 24, (0.66117, 0.0, 0.0)),
    ("LeftHandIndex1" + END, 25, (0.53306, 0.0, 0.0)),
    ("LThumb", 23, (0.0, 0.0, 0.0)),
    ("LThumb" + END, 27, (0.54120, 0.0, 0.54120)),
    ("RightShoulder", 15, (0.0, 0.0, 0.0)),
    ("RightArm", 29, (-3.49802, 0.75994, -0.32616)),
    ("RightForeArm", 30, (-5.02649, 0.0, 0.0)),
    ("RightHand", 31, (-3.36431, 0.0, 0.0)),
    ("RightFingerBase", 32, (0.0, 0.0, 0.0)),
    ("RightHandIndex1", 33, (-0.73041, 0.0, 0.0)),
    ("RightHandIndex1" + END, 34, (-0.58887, 0.0, 0.0)),
    ("RThumb", 32, (0.0, 0.0, 0.0)),
    ("RThumb" + END, 36, (-0.59786, 0.0, 0.59786)),
)
"""Name, parent and offset of each joint: the skeleton that the rows were made with. CMU's unit, y up, facing +z."""


def is_expmap(path: Path) -> bool:
    """Whether a text file's first line is a row of 117 numbers."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = lines.readline().split(",")
    return len(first) == 3 * (len(_SKELETON) + 1) and all(_is_number(word) for word in first)


def read_expmap(path: Path) -> SourceMotion:
    """The motion of a file of exponential maps. Raises TrainingDataError where the file is damaged."""
    try:
        rows = np.loadtxt(path, delimiter=",", ndmin=2)
    except ValueError as error:
        raise TrainingDataError(f'"{path.name}" is no readable table of exponential maps: {error}.') from error
    if rows.size == 0 or rows.shape[1] != 3 * (len(_SKELETON) + 1):
        raise TrainingDataError(f'"{path.name}" has not {3 * (len(_SKELETON) + 1)} numbers in each row.')
    triples = rows.reshape(len(rows), -1, 3)
    names, parents, offsets = zip(*_SKELETON, strict=True)
    # row vectors turn by the transposed matrix, so the axis changes its sign
    local: list[Rotation | None] = [Rotation.from_rotvec(-np.nan_to_num(triples[:, 1 + j])) for j in range(len(names))]
    positions, turns = pose(parents, np.array(offsets), local, triples[:, 0])
    positions[~np.isfinite(rows).all(axis=1)] = np.nan
    return SourceMotion(names, parents, rest_places(parents, np.array(offsets)), positions, turns, _RATE)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
