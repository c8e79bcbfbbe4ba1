"""Turns a source's motion into canonical motion: the product's bones, one stature, 30 frames per second, z up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import TrainingDataError
from ...inference import rotations as rot
from ...inference.body import joints_of
from ...models.skeletons import BONE_NAMES, BONES, JOINTS
from ..bodies import mean_body, to_stature
from ..clips import RATE
from .families import Family, family_of
from .repair import RepairSettings, mend_flips
from .source import SourceMotion, resample, select

_LEFT, _UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
_REST = {bone.name: rot.normalize(np.array(bone.rest)) for bone in BONES}
_MEASURED = ("neck", "shoulder.L", "elbow.L", "wrist.L", "shoulder.R", "elbow.R", "wrist.R")
_LEGS = ("knee.L", "ankle.L", "knee.R", "ankle.R")

# A T-pose that does not belong to the motion ends with a jump: leg lengths per second that no joint reaches about the
# pelvis, and how many frames of the file such a start may have.
_JUMP, _START = 18.0, 4


@dataclass(frozen=True, slots=True)
class Canonical:
    """A motion in the product's form.

    rotations `[T, 18, 4]`, root `[T, 3]` and offsets `[30, 3]` as in `Clip`, in double precision. family: the name of
    the source's family. joints: `[T, 17, 3]` where the source itself has the first 17 joints, scaled alike, NaN for
    those that it has not (the crown). error: mean metres from there to the joints that rotations and offsets give.
    mended: how many turns of a bone in a frame were interpolated, because the bone flipped.
    """

    family: str
    rotations: np.ndarray
    root: np.ndarray
    offsets: np.ndarray
    joints: np.ndarray
    error: float
    mended: int


def canonical(motion: SourceMotion, repair: RepairSettings | None = None) -> Canonical:
    """The motion in the product's form.

    Raises TrainingDataError where its joint names fit no family, a value is not finite, or fewer than two frames remain.
    """
    family = family_of(motion.names)
    if family is None:
        raise TrainingDataError("Its joint names are not known.")
    if not np.isfinite(motion.positions).all():
        raise TrainingDataError("It has values that are not finite.")
    motion = _without_start(motion, family)
    if len(motion) < 2:
        raise TrainingDataError("It has less than two frames.")
    motion = resample(_z_up(motion, motion.up or family.up), RATE)
    at = _joints(motion, family, motion.positions)
    rotations = _rotations(motion, family, at)
    pitch = _standing_pitch(at)
    for side in ("L", "R"):
        _point(rotations, f"foot.{side}", at[f"toe.{side}"] - at[f"ankle.{side}"], _foot_rest(pitch))
    offsets, scale = _body(at, pitch)
    ordered = rot.continuous(np.stack([rotations[name] for name in BONE_NAMES], axis=1))
    ordered, mended = mend_flips(ordered, repair or RepairSettings())
    return _placed(family, ordered, offsets, {name: place * scale for name, place in at.items()}, mended)


def _without_start(motion: SourceMotion, family: Family) -> SourceMotion:
    """The motion without the T-pose that some files begin with."""
    at = _joints(motion, family, motion.positions[: _START + 1])
    limbs = np.stack([at[name] - at["pelvis"] for name in (*_MEASURED, *_LEGS)], axis=1)
    leg = (
        np.linalg.norm(at["knee.L"] - at["hip.L"], axis=-1)[0]
        + np.linalg.norm(at["ankle.L"] - at["knee.L"], axis=-1)[0]
    )
    steps = np.linalg.norm(np.diff(limbs, axis=0), axis=-1).max(axis=-1)
    jumps = np.flatnonzero(steps * motion.rate > _JUMP * leg)
    return select(motion, slice(int(jumps[-1]) + 1 if len(jumps) else 0, None))


def _z_up(motion: SourceMotion, up: str) -> SourceMotion:
    """The same motion with z up; a skeleton with y up that faces +z then faces -y."""
    if up == "z":
        return motion
    turn = np.array([np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0])
    turns = rot.multiply(rot.multiply(turn, motion.turns), rot.conjugate(turn))
    rest, positions = rot.rotate(turn, motion.rest), rot.rotate(turn, motion.positions)
    return SourceMotion(motion.names, motion.parents, rest, positions, turns, motion.rate, "z")


def _joints(motion: SourceMotion, family: Family, positions: np.ndarray) -> dict[str, np.ndarray]:
    """The product's joints `[T, 3]` from the source's places `[T, J, 3]`, without those that it does not have."""
    index = {name: place for place, name in enumerate(motion.names)}
    at = {
        goal: positions[:, [index[name] for name in names]].mean(axis=1) for goal, names in family.joint_names().items()
    }
    at["pelvis"] = (at["hip.L"] + at["hip.R"]) / 2
    at["thorax"] = (at["shoulder.L"] + at["shoulder.R"]) / 2
    chain = [at["pelvis"], *(positions[:, index[name]] for name in family.spine), at["thorax"]]
    at["spine"] = _halfway(np.stack(chain, axis=1))
    return at


def _halfway(chain: np.ndarray) -> np.ndarray:
    """The point `[T, 3]` at half the length of each line through points `[T, N, 3]`, weighted as in the median frame."""
    lengths = np.median(np.linalg.norm(np.diff(chain, axis=1), axis=-1), axis=0)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    half = along[-1] / 2
    segment = int(np.clip(np.searchsorted(along, half) - 1, 0, len(lengths) - 1))
    share = (half - along[segment]) / lengths[segment] if lengths[segment] > 0 else 0.0
    return chain[:, segment] + share * (chain[:, segment + 1] - chain[:, segment])


def _aligned(primary: np.ndarray, secondary: np.ndarray, rest: np.ndarray, rest_secondary: np.ndarray) -> np.ndarray:
    """Rotations `[T, 4]` that take `rest` to `primary` exactly and `rest_secondary` as near as can be to `secondary`."""
    return rot.from_matrix(rot.frame(primary, secondary) @ np.swapaxes(rot.frame(rest, rest_secondary), -1, -2))


def _trunk(at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turns of the hips and the spine from the lines of the hips and the shoulders, as the product's solver has them."""
    return {
        "hips": _aligned(at["hip.L"] - at["hip.R"], at["spine"] - at["pelvis"], _LEFT, _UP),
        "spine": _aligned(at["thorax"] - at["spine"], at["shoulder.L"] - at["shoulder.R"], _UP, _LEFT),
    }


def _point(turns: dict[str, np.ndarray], bone: str, direction: np.ndarray, rest: np.ndarray) -> None:
    """Swing the bone's turn the shortest way, so that it points along `direction` exactly."""
    turned = rot.rotate(turns[bone], rest)
    turns[bone] = rot.multiply(rot.between(turned, direction), turns[bone])


def _posture(at: dict[str, np.ndarray], *, upright: bool) -> dict[str, np.ndarray]:
    """Turns of the limbs and the head as far as places alone tell them.

    upright: the pose is one at attention: the head looks ahead and the feet stand level, whatever the spine's bend.
    """
    turns = _trunk(at)
    ahead = _aligned(np.broadcast_to(_UP, at["pelvis"].shape), at["hip.L"] - at["hip.R"], _UP, _LEFT)
    turns["head"] = ahead if upright else turns["spine"]
    for side in ("L", "R"):
        upper = at[f"elbow.{side}"] - at[f"shoulder.{side}"]
        lower = at[f"wrist.{side}"] - at[f"elbow.{side}"]
        turns |= {f"upper_arm.{side}": turns["spine"]}
        _point(turns, f"upper_arm.{side}", upper, _REST[f"upper_arm.{side}"])
        turns |= {f"forearm.{side}": turns[f"upper_arm.{side}"]}
        _point(turns, f"forearm.{side}", lower, _REST[f"forearm.{side}"])
        turns |= {f"hand.{side}": turns[f"forearm.{side}"], f"thigh.{side}": turns["hips"]}
        _point(turns, f"thigh.{side}", at[f"knee.{side}"] - at[f"hip.{side}"], _REST[f"thigh.{side}"])
        turns |= {f"shin.{side}": turns[f"thigh.{side}"]}
        _point(turns, f"shin.{side}", at[f"ankle.{side}"] - at[f"knee.{side}"], _REST[f"shin.{side}"])
        turns |= {f"foot.{side}": ahead if upright else turns[f"shin.{side}"]}
    return turns


def _rotations(motion: SourceMotion, family: Family, at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Global turns `[T, 4]` of every product bone: the source's own, led to the exact directions."""
    index = {name: place for place, name in enumerate(motion.names)}
    carriers = family.turn_names()
    if family.reference == "rest":
        known = _posture(_joints(motion, family, motion.rest[None]), upright=True)
        lie = {bone: known[bone] for bone in carriers}
    else:
        known = _posture(at, upright=False)
        lie = {bone: _mean(motion.turns[:, index[name]], known[bone]) for bone, name in carriers.items()}
    turns = {bone: rot.multiply(motion.turns[:, index[name]], lie[bone]) for bone, name in carriers.items()}
    turns |= _trunk(at)
    shoulders = rot.normalize(at["shoulder.L"] - at["shoulder.R"])
    ears = rot.rotate(turns["head"], _LEFT)
    turns["neck"] = _aligned(at["neck"] - at["thorax"], shoulders + ears, _UP, _LEFT)
    for side in ("L", "R"):
        turns[f"shoulder.{side}"] = turns["spine"]
        for bone in BONES:
            if bone.name in (f"{part}.{side}" for part in ("shoulder", "upper_arm", "forearm", "thigh", "shin")):
                _point(turns, bone.name, at[bone.tail] - at[bone.head], _REST[bone.name])
    return turns


def _mean(turns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How a product bone lies in the source's bone, `[4]`: the mean over the frames of what the places tell."""
    relative = rot.multiply(rot.conjugate(turns), known)
    return Rotation.from_quat(relative[:, [1, 2, 3, 0]]).mean().as_quat()[[3, 0, 1, 2]]


def _standing_pitch(at: dict[str, np.ndarray]) -> float:
    """Angle in radians by which the line from ankle to toe points below the floor's plane while the foot stands."""
    found = []
    for side in ("L", "R"):
        ankle, toe = at[f"ankle.{side}"][:, 2], at[f"toe.{side}"][:, 2]
        length = np.median(np.linalg.norm(at[f"toe.{side}"] - at[f"ankle.{side}"], axis=-1))
        # the ankle of a foot that stands is as low as it gets and a walk's heel is down as often as it is up
        standing = ankle <= np.quantile(ankle, 0.25)
        found.append(np.arcsin(np.clip((ankle - toe)[standing] / length, -1.0, 1.0)))
    return float(np.clip(np.median(np.concatenate(found)), 0.15, 0.75))


def _foot_rest(pitch: float) -> np.ndarray:
    return np.array([0.0, -np.cos(pitch), -np.sin(pitch)])


def _body(at: dict[str, np.ndarray], pitch: float) -> tuple[np.ndarray, float]:
    """The performer's own body, scaled to stature, and the scale from the source's unit to metres.

    Lengths are medians over the frames. Head, hands and heels are the mean body's, in proportion to the performer.
    """
    mean = mean_body()

    def length(child: str, parent: str) -> float:
        return float(np.median(np.linalg.norm(at[child] - at[parent], axis=-1)))

    own = mean.copy()
    tails = {bone.tail: (bone.head, _REST[bone.name]) for bone in BONES}
    for joint in ("spine", "thorax", *_MEASURED, *_LEGS):
        parent, direction = tails[joint]
        own[JOINTS.index(joint)] = length(joint, parent) * direction
    for side, sign in (("L", 1.0), ("R", -1.0)):
        own[JOINTS.index(f"hip.{side}")] = sign * length(f"hip.{side}", "pelvis") * _LEFT
    heights = [JOINTS.index(name) for name in ("spine", "thorax", "neck", "knee.L", "ankle.L")]
    unit = np.abs(own[heights, 2]).sum() / np.abs(mean[heights, 2]).sum()
    for joint in range(len(JOINTS)):
        name = JOINTS[joint]
        if name not in ("pelvis", "spine", "thorax", "hip.L", "hip.R", *_MEASURED, *_LEGS):
            own[joint] = unit * mean[joint]
    for side in ("L", "R"):
        toe, heel = JOINTS.index(f"toe.{side}"), JOINTS.index(f"heel.{side}")
        own[toe] = length(f"toe.{side}", f"ankle.{side}") * _foot_rest(pitch)
        # as the foot stands, the heel's landmark is as high as the toe's
        level = np.arctan2(-mean[toe, 2], -mean[toe, 1])
        flat = rot.rotate(_pitched(pitch - level), own[heel])
        own[heel] = [flat[0], flat[1], own[toe, 2]]
    scaled = to_stature(own)
    return scaled, float(scaled[heights, 2] @ own[heights, 2] / (own[heights, 2] @ own[heights, 2]))


def _pitched(angle: float) -> np.ndarray:
    """The turn about the body's left that lowers what points ahead by `angle`."""
    return np.array([np.cos(angle / 2), np.sin(angle / 2), 0.0, 0.0])


def _placed(
    family: Family, rotations: np.ndarray, offsets: np.ndarray, at: dict[str, np.ndarray], mended: int
) -> Canonical:
    """Set the motion on the floor, about the middle of its path, and compare it with where the source's joints are."""
    body = joints_of(rotations, offsets)
    feet = [JOINTS.index(f"{name}.{side}") for name in ("ankle", "heel", "toe") for side in ("L", "R")]
    floor = float((at["pelvis"][:, None, 2] + body[:, feet, 2]).min())
    middle = at["pelvis"].mean(axis=0)
    origin = np.array([middle[0], middle[1], floor])
    root = at["pelvis"] - origin
    missing = np.full_like(root, np.nan)
    source = np.stack([at[name] - origin if name in at else missing for name in JOINTS[:17]], axis=1)
    distance = np.linalg.norm(source - (root[:, None] + body[:, :17]), axis=-1)
    return Canonical(family.name, rotations, root, offsets, source, float(np.nanmean(distance)), mended)
