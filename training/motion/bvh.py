"""Reads Biovision hierarchy files (.bvh)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import TrainingDataError
from .source import END, SourceMotion, pose, rest_places

_POSITIONS = {"xposition": 0, "yposition": 1, "zposition": 2}
_ROTATIONS = {"xrotation": "X", "yrotation": "Y", "zrotation": "Z"}


@dataclass(slots=True)
class _Hierarchy:
    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[list[str]] = field(default_factory=list)


def read_bvh(path: Path) -> SourceMotion:
    """The motion of a BVH file. Raises TrainingDataError where the file is damaged."""
    head, _, body = path.read_text(encoding="utf-8", errors="replace").partition("MOTION")
    try:
        hierarchy = _hierarchy(head.split())
        values, rate = _frames(body, sum(map(len, hierarchy.channels)))
    except (ValueError, IndexError) as error:
        raise TrainingDataError(f'"{path.name}" is no readable BVH file: {error}.') from error
    return _motion(hierarchy, values, rate)


def _hierarchy(words: list[str]) -> _Hierarchy:
    """The skeleton that stands before the word MOTION."""
    found = _Hierarchy()
    open_joints: list[int] = []
    current = -1
    at = 0
    while at < len(words):
        word = words[at].upper()
        if word in ("ROOT", "JOINT", "END"):
            # a name may hold blanks: it goes on to the brace
            brace = words.index("{", at)
            name = found.names[open_joints[-1]] + END if word == "END" else " ".join(words[at + 1 : brace])
            found.names.append(name)
            found.parents.append(open_joints[-1] if open_joints else -1)
            found.offsets.append([0.0, 0.0, 0.0])
            found.channels.append([])
            current = len(found.names) - 1
            at = brace
        elif word == "{":
            open_joints.append(current)
            at += 1
        elif word == "}":
            current = open_joints.pop()
            at += 1
        elif word == "OFFSET":
            found.offsets[current] = [float(number) for number in words[at + 1 : at + 4]]
            at += 4
        elif word == "CHANNELS":
            count = int(words[at + 1])
            found.channels[current] = [channel.lower() for channel in words[at + 2 : at + 2 + count]]
            at += 2 + count
        elif word == "HIERARCHY":
            at += 1
        else:
            raise ValueError(f'it has the unknown word "{words[at]}"')
    unknown = {channel for row in found.channels for channel in row} - _POSITIONS.keys() - _ROTATIONS.keys()
    if unknown:
        raise ValueError(f'it has the unknown channel "{min(unknown)}"')
    if not found.names:
        raise ValueError("it has no joints")
    return found


def _frames(body: str, width: int) -> tuple[np.ndarray, float]:
    """Channel values `[T, width]` and the rate from what stands behind the word MOTION."""
    lines = body.strip().splitlines()
    counts = {line.partition(":")[0].strip().lower(): line.partition(":")[2] for line in lines[:2]}
    frames, seconds = int(counts.get("frames", "0")), float(counts.get("frame time", "0"))
    if frames < 1 or not seconds > 0:
        raise ValueError("it names no frames or no frame time")
    values = np.array(" ".join(lines[2:]).split(), dtype=float)
    if values.size < frames * width:
        raise ValueError(f"it breaks off after {values.size // max(width, 1)} of {frames} frames")
    return values[: frames * width].reshape(frames, width), 1.0 / seconds


def _motion(hierarchy: _Hierarchy, values: np.ndarray, rate: float) -> SourceMotion:
    parents, names = tuple(hierarchy.parents), tuple(hierarchy.names)
    offsets = np.array(hierarchy.offsets)
    moved = np.tile(offsets, (len(values), 1, 1))
    local: list[Rotation | None] = []
    column = 0
    for joint, channels in enumerate(hierarchy.channels):
        own = values[:, column : column + len(channels)]
        column += len(channels)
        turning = [index for index, channel in enumerate(channels) if channel in _ROTATIONS]
        for index, channel in enumerate(channels):
            if channel in _POSITIONS:
                # position channels replace the offset, as every program that writes them does
                moved[:, joint, _POSITIONS[channel]] = own[:, index]
        order = "".join(_ROTATIONS[channels[index]] for index in turning)
        angles = np.nan_to_num(own[:, turning])
        local.append(Rotation.from_euler(order, angles, degrees=True) if order else None)
    positions, turns = pose(parents, moved, local, np.zeros((len(values), 3)))
    positions[~np.isfinite(values).all(axis=1)] = np.nan
    return SourceMotion(names, parents, rest_places(parents, offsets), positions, turns, rate)
