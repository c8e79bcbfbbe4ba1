"""What every importer gives: a motion of the source's own skeleton, before it is mapped to the product's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from ...inference import rotations as rot

END = ".end"
"""Suffix of the joint at the far end of a bone that has no children."""


@dataclass(frozen=True, slots=True)
class SourceMotion:
    """A motion as its file has it: the source's own axes, unit and rate.

    names: `[J]` joint names; a joint lies at the head of the source's bone of that name. parents: `[J]` index of each
    joint's parent, which comes before it; -1 for a root. rest: `[J, 3]` joints in the skeleton's rest pose.
    positions: `[T, J, 3]`. turns: `[T, J, 4]` unit quaternions wxyz in the source's axes, each the turn that takes the
    bone from the rest pose to its pose. rate: frames per second. up: the axis that points up, "y" or "z", where the
    format tells it; empty where each family of files has its own.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: np.ndarray
    positions: np.ndarray
    turns: np.ndarray
    rate: float
    up: str = ""

    def __len__(self) -> int:
        """Count of frames."""
        return len(self.positions)


def pose(
    parents: tuple[int, ...], offsets: np.ndarray, local: list[Rotation | None], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions `[T, J, 3]` and global turns `[T, J, 4]` by forward kinematics.

    offsets: `[J, 3]` from each joint's parent in the rest pose, or `[T, J, 3]` where joints also slide. local: each
    joint's rotation relative to its parent, or None for a joint that does not turn. places: `[T, 3]` of the root.
    """
    frames = len(places)
    turns: list[Rotation] = []
    positions = np.zeros((frames, len(parents), 3))
    for joint, parent in enumerate(parents):
        own = local[joint]
        if parent < 0:
            positions[:, joint] = places + offsets[..., joint, :]
            turns.append(Rotation.identity(frames) if own is None else own)
            continue
        positions[:, joint] = positions[:, parent] + turns[parent].apply(offsets[..., joint, :])
        turns.append(turns[parent] if own is None else turns[parent] * own)
    return positions, np.stack([turn.as_quat()[:, [3, 0, 1, 2]] for turn in turns], axis=1)


def rest_places(parents: tuple[int, ...], offsets: np.ndarray) -> np.ndarray:
    """Joints `[J, 3]` of the rest pose from offsets `[J, 3]`."""
    places = np.array(offsets, dtype=float)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            places[joint] += places[parent]
    return places


def select(motion: SourceMotion, frames: slice) -> SourceMotion:
    """The motion's frames in `frames`."""
    return replace(motion, positions=motion.positions[frames], turns=motion.turns[frames])


def resample(motion: SourceMotion, rate: float) -> SourceMotion:
    """The motion at `rate` frames per second: positions by straight lines, turns by slerp between the nearest frames.

    Nothing is averaged, so a fast punch stays as fast as it was filmed.
    """
    count = int(np.floor((len(motion) - 1) / motion.rate * rate + 1e-6)) + 1
    at = np.minimum(np.arange(count) * motion.rate / rate, len(motion) - 1)
    before = np.floor(at + 1e-6).astype(int)
    after = np.minimum(before + 1, len(motion) - 1)
    share = np.clip(at - before, 0.0, 1.0)
    positions = motion.positions[before] + share[:, None, None] * (motion.positions[after] - motion.positions[before])
    turns = rot.slerp(
        motion.turns[before], motion.turns[after], np.broadcast_to(share[:, None], motion.turns[before].shape[:2])
    )
    return replace(motion, positions=positions, turns=turns, rate=rate)
