"""Armatures as plain arrays, made from a table of joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from penumbra.retarget.rig_map import RigFit, RigMap
from penumbra.retarget.target import TargetRest

# Name, parent and head in meters of a T-pose that faces -y; the right side mirrors the left. Chains are named by their product
# bone and a number where they have several bones.
JOINTS = (
    ("root", None, (0.0, 0.0, 0.0)),
    ("hips", "root", (0.0, 0.0, 1.0)),
    ("spine1", "hips", (0.0, 0.012, 1.1)),
    ("spine2", "spine1", (0.0, 0.02, 1.22)),
    ("spine3", "spine2", (0.0, 0.018, 1.35)),
    ("neck1", "spine3", (0.0, 0.02, 1.5)),
    ("neck2", "neck1", (0.0, 0.0, 1.55)),
    ("head", "neck2", (0.0, -0.01, 1.6)),
    ("crown", "head", (0.0, -0.02, 1.8)),
    ("shoulder.L", "spine3", (0.03, 0.0, 1.44)),
    ("upper_arm1.L", "shoulder.L", (0.18, 0.03, 1.44)),
    ("upper_arm2.L", "upper_arm1.L", (0.32, 0.03, 1.44)),
    ("forearm1.L", "upper_arm2.L", (0.46, 0.03, 1.44)),
    ("forearm2.L", "forearm1.L", (0.6, 0.03, 1.44)),
    ("hand.L", "forearm2.L", (0.74, 0.03, 1.44)),
    ("thumb1.L", "hand.L", (0.77, 0.0, 1.43)),
    ("thumb2.L", "thumb1.L", (0.8, -0.025, 1.42)),
    ("thumb3.L", "thumb2.L", (0.825, -0.04, 1.415)),
    ("index1.L", "hand.L", (0.84, 0.0, 1.44)),
    ("index2.L", "index1.L", (0.88, 0.0, 1.44)),
    ("index3.L", "index2.L", (0.905, 0.0, 1.44)),
    ("pinky1.L", "hand.L", (0.82, 0.06, 1.44)),
    ("pinky2.L", "pinky1.L", (0.85, 0.065, 1.44)),
    ("thigh.L", "hips", (0.09, 0.0, 0.94)),
    ("shin.L", "thigh.L", (0.09, -0.005, 0.52)),
    ("foot.L", "shin.L", (0.09, 0.02, 0.1)),
    ("toe.L", "foot.L", (0.11, -0.11, 0.02)),
    ("toe tip.L", "toe.L", (0.12, -0.17, 0.01)),
)
_CHAINS = {
    "hips": ("hips",), "spine": ("spine1", "spine2", "spine3"), "neck": ("neck1", "neck2"), "head": ("head",),
    "shoulder": ("shoulder",), "upper_arm": ("upper_arm1", "upper_arm2"), "forearm": ("forearm1", "forearm2"),
    "hand": ("hand",), "thigh": ("thigh",), "shin": ("shin",), "foot": ("foot",),
}  # fmt: skip
_ENDS = {"head": ("crown",), "hand": ("index1", "pinky1"), "foot": ("toe",)}
_FINGERS = {
    "thumb": ("thumb1", "thumb2", "thumb3"),
    "index": ("index1", "index2", "index3"),
    "pinky": ("pinky1", "pinky2"),
}
_MIDDLE = {"hips", "spine", "neck", "head"}

Places = dict[str, tuple[str | None, np.ndarray]]
"""By bone its parent and its head."""


def places(without: Sequence[str] = ()) -> Places:
    """The table's joints of both sides; bones whose names begin with one of `without` are passed over."""
    found: Places = {}
    parents = {name: parent for name, parent, _ in JOINTS}

    def kept(name: str | None) -> str | None:
        while name is not None and name.startswith(tuple(without)):
            name = parents[name]
        return name

    for name, parent, place in JOINTS:
        if kept(name) != name:
            continue
        above = kept(parent)
        found[name] = (above, np.array(place))
        if name.endswith(".L"):
            other = above[:-1] + "R" if above is not None and above.endswith(".L") else above
            found[name[:-1] + "R"] = (other, np.array(place) * [-1.0, 1.0, 1.0])
    return found


def turned(joints: Places, bone: str, axis: Sequence[float], degrees: float) -> Places:
    """The joints with all below `bone` turned about its head."""
    angle = np.radians(degrees)
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    origin = joints[bone][1]

    def below(name: str | None) -> bool:
        return name is not None and (name == bone or below(joints[name][0]))

    return {
        name: (parent, origin + turn @ (place - origin) if below(parent) else place)
        for name, (parent, place) in joints.items()
    }


def scaled_legs(joints: Places, thigh: float, shin: float) -> Places:
    """The joints on longer or shorter legs; all above stays and stands higher or lower."""
    lift = (1.0 - thigh) * 0.42 + (1.0 - shin) * 0.42
    result: Places = {}
    for name, (parent, place) in joints.items():
        kind = name.partition(".")[0]
        if kind in {"root", "foot", "toe", "toe tip"}:
            moved = place.copy()
        elif kind == "shin":
            moved = place - [0.0, 0.0, (1.0 - shin) * 0.42]
        else:
            moved = place - [0.0, 0.0, lift]
        result[name] = (parent, moved)
    return result


def target_of(joints: Places, seed: int | None = None, scale: float = 1.0) -> TargetRest:
    """The armature with these joints; with a seed every bone has a random roll."""
    names = list(joints)
    heads = scale * np.array([place for _, place in joints.values()])
    parents = np.array([names.index(parent) if parent is not None else -1 for parent, _ in joints.values()])
    random = np.random.default_rng(seed)
    matrices, lengths = np.tile(np.eye(4), (len(names), 1, 1)), np.zeros(len(names))
    for bone in range(len(names)):
        children = heads[parents == bone]
        above = heads[bone] - heads[parents[bone]] if parents[bone] >= 0 else np.array([0.0, 0.0, 0.1])
        way = children.mean(axis=0) - heads[bone] if len(children) else 0.3 * above
        lengths[bone] = np.linalg.norm(way)
        y = way / lengths[bone]
        x = np.cross(y, random.normal(size=3) if seed is not None else [0.1, 0.3, 0.9])
        x /= np.linalg.norm(x)
        matrices[bone, :3, :3] = np.stack([x, y, np.cross(x, y)], axis=1)
        matrices[bone, :3, 3] = heads[bone]
    everywhere = np.ones(len(names), bool)
    return TargetRest(
        name="Figure",
        bones=tuple(names),
        parents=parents,
        matrices=matrices,
        lengths=lengths,
        inherit_rotation=everywhere.copy(),
        local_location=everywhere.copy(),
        connected=~everywhere,
        rotation_modes=("QUATERNION",) * len(names),
    )


def fit_of(target: TargetRest) -> RigFit:
    """Which bones of a target from this table are which, told without a rig map's file."""

    def found(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
        both = {}
        for kind, names in table.items():
            for suffix in ("",) if kind in _MIDDLE else (".L", ".R"):
                there = tuple(target.bones.index(name + suffix) for name in names if name + suffix in target.bones)
                both |= {kind + suffix: there} if there else {}
        return both

    fit = RigFit(RigMap("table", "Table", {}, {}, ""), found(_CHAINS), found(_ENDS))
    return replace(fit, fingers=found(_FINGERS))
