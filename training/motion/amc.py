"""Reads Acclaim skeletons (.asf) and motions (.amc)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import TrainingDataError
from .source import END, SourceMotion, pose, rest_places

_RATE = 120.0
"""Frames per second of CMU's files; the format itself does not tell."""
_TURNS = ("rx", "ry", "rz")
_MOVES = ("tx", "ty", "tz")


@dataclass(frozen=True, slots=True)
class _Bone:
    """A bone of the skeleton: its vector from head to tail, the turn of its own axes, and the channels that it has."""

    vector: np.ndarray
    axes: Rotation
    order: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Skeleton:
    bones: dict[str, _Bone]
    parents: dict[str, str]
    degrees: bool


def read_amc(path: Path) -> SourceMotion:
    """The motion of an AMC file; its skeleton is the ASF file beside it, named as the AMC is up to the last underscore.

    A bone's joint lies at its head, and a bone without children has another at its tail. Raises TrainingDataError where
    a file is damaged or the skeleton is missing.
    """
    skeleton_path = path.with_name(path.stem.rpartition("_")[0] + ".asf")
    if not skeleton_path.exists():
        raise TrainingDataError(f'"{path.name}" needs its skeleton "{skeleton_path.name}" in the same folder.')
    try:
        skeleton = _skeleton(skeleton_path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, IndexError, KeyError) as error:
        raise TrainingDataError(f'"{skeleton_path.name}" is no readable ASF file: {error}.') from error
    try:
        values = _values(path.read_text(encoding="utf-8", errors="replace"), skeleton)
    except (ValueError, IndexError, KeyError) as error:
        raise TrainingDataError(f'"{path.name}" is no readable AMC file: {error}.') from error
    return _motion(skeleton, values)


def _skeleton(text: str) -> _Skeleton:
    sections = _sections(text)
    units = dict(line.split()[:2] for line in sections["units"])
    degrees = units.get("angle", "deg").lower().startswith("deg")
    root = {line.split()[0]: line.split()[1:] for line in sections["root"]}
    bones = {
        "root": _Bone(
            np.zeros(3), *_axes(root["orientation"], root["axis"][0], degrees=degrees), _lowered(root["order"])
        )
    }
    facts: dict[str, list[str]] = {}
    for line in sections["bonedata"]:
        word, *rest = line.split()
        if word == "begin":
            facts = {}
        elif word == "end":
            vector = np.array(facts["direction"], dtype=float) * float(facts["length"][0])
            axes, order = _axes(facts["axis"][:3], facts["axis"][3], degrees=degrees)
            bones[facts["name"][0]] = _Bone(vector, axes, order, _lowered(facts.get("dof", [])))
        else:
            facts[word] = rest
    parents = {child: line.split()[0] for line in sections["hierarchy"] for child in line.split()[1:]}
    parents = {child: parent for child, parent in parents.items() if child in bones and parent in bones}
    if not parents:
        raise ValueError("it has no hierarchy")
    return _Skeleton(bones, parents, degrees)


def _sections(text: str) -> dict[str, list[str]]:
    """The lines of each part that starts with a colon."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith(":"):
            current = sections.setdefault(line[1:].split()[0].lower(), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


def _lowered(words: list[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _axes(angles: list[str], order: str, *, degrees: bool) -> tuple[Rotation, str]:
    # an order of lower-case letters is about fixed axes, the first letter first
    order = order.lower()
    return Rotation.from_euler(order, np.array(angles, dtype=float), degrees=degrees), order


def _values(text: str, skeleton: _Skeleton) -> dict[str, np.ndarray]:
    """Channel values `[T, C]` of each bone."""
    rows: dict[str, list[list[str]]] = {name: [] for name, bone in skeleton.bones.items() if bone.channels}
    frames = 0
    for line in text.splitlines():
        word, *rest = line.split() or ["#"]
        if word.isdecimal() and not rest:
            frames += 1
        elif word[0] not in "#:":
            rows[word].append(rest)
    if not frames:
        raise ValueError("it has no frames")
    values = {name: np.array(row, dtype=float) for name, row in rows.items() if row}
    for name, found in values.items():
        if found.shape != (frames, len(skeleton.bones[name].channels)):
            raise ValueError(f'bone "{name}" has not {len(skeleton.bones[name].channels)} values in each frame')
    if "root" not in values:
        raise ValueError("its root never moves")
    return values


def _local(bone: _Bone, values: np.ndarray, *, degrees: bool) -> Rotation:
    """The bone's rotation relative to its parent: its channels turn it about its own axes."""
    # values that are not finite are marked on the whole frame later
    angles = {name: np.nan_to_num(values[:, index]) for index, name in enumerate(bone.channels)}
    still = np.zeros(len(values))
    columns = [angles.get(f"r{letter}", still) for letter in bone.order]
    turn = Rotation.from_euler(bone.order, np.stack(columns, axis=1), degrees=degrees)
    return bone.axes * turn * bone.axes.inv()


def _motion(skeleton: _Skeleton, values: dict[str, np.ndarray]) -> SourceMotion:
    names = ["root"]
    for name in names:
        names.extend(child for child, parent in skeleton.parents.items() if parent == name)
    leaves = [name for name in names if name not in skeleton.parents.values()]
    parents = [-1, *(names.index(skeleton.parents[name]) for name in names[1:]), *map(names.index, leaves)]
    heads = [skeleton.bones[skeleton.parents[name]].vector for name in names[1:]]
    offsets = np.array([np.zeros(3), *heads, *(skeleton.bones[name].vector for name in leaves)])
    local: list[Rotation | None] = [
        _local(skeleton.bones[name], values[name], degrees=skeleton.degrees) if name in values else None
        for name in names
    ]
    root = skeleton.bones["root"]
    places = values["root"][:, [root.channels.index(move) for move in _MOVES]]
    order = tuple(parents)
    positions, turns = pose(order, offsets, [*local, *([None] * len(leaves))], places)
    whole = np.concatenate(list(values.values()), axis=1)
    positions[~np.isfinite(whole).all(axis=1)] = np.nan
    joints = (*names, *(name + END for name in leaves))
    return SourceMotion(joints, order, rest_places(order, offsets), positions, turns, _RATE)
