"""More motion out of the motion there is: windows of clips, mirrored, retimed, recombined, perturbed and bent.

All works on whole batches. Rotations `[B, T, 18, 4]` are global, as `clips.Clip` has them; roots are `[B, T, 3]`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference import turns
from ..models.skeletons import BONE_NAMES, BONE_PARENTS, BONES, HINGES, JOINTS, partners
from .clips import Clip
from .noise import drifting
from .splits import action_weights

_PARTNERS = partners(BONE_NAMES)
_JOINT_PARTNERS = partners(JOINTS)
_LEGS = [name.split(".")[0] in {"thigh", "shin", "foot"} for name in BONE_NAMES]
_UPPER = [index for index, name in enumerate(BONE_NAMES) if name != "hips" and not _LEGS[index]]

# Degrees. How far a bone may be turned from its rest relative to its parent when poses are made up, and the spread of
# the turns that are added. Wider than the textbook's ranges of motion (Norkin and White, Measurement of Joint Motion,
# 2016), since they count from the T-pose, in which arms hang at 90°, and take swing and twist as one.
_REACH = {
    "hips": (180.0, 5.0), "spine": (60.0, 7.0), "neck": (50.0, 6.0), "head": (50.0, 8.0), "shoulder": (35.0, 4.0),
    "upper_arm": (140.0, 18.0), "hand": (90.0, 15.0), "thigh": (125.0, 9.0), "foot": (70.0, 8.0),
}  # fmt: skip
# Elbows and knees fold about their hinge alone: least and greatest fold, and the spread of what is added.
_FOLD = {"forearm": (0.0, 150.0, 18.0), "shin": (0.0, 150.0, 10.0)}

# Words by which a clip's action counts as everyday motion, what people are mostly filmed at. Idling is not among them:
# there is plenty of it, and little to learn from standing still.
_EVERYDAY = ("walk", "sit", "talk", "eat", "drink", "pick", "carry", "sweep", "wash", "chair", "phone", "converse",
             "gesture", "stretch", "bend", "kneel", "floor", "lie", "everyday")  # fmt: skip


@dataclass(frozen=True, slots=True)
class MotionVariety:
    """How motion differs from what was recorded.

    speed: slowest and fastest retiming. slow: share of windows that are slowed down further, as far as `slowest`.
    mirrored, exchanged, perturbed, bent: shares of windows that are. turns: least and greatest strength of a perturbed
    pose's turns, even in its logarithm. strength: how much of a bent pose is taken, least and greatest. strange: degrees
    between two pelvises beyond which upper and lower bodies are not exchanged. everyday: how often everyday actions are
    drawn for once that others are.
    """

    speed: tuple[float, float] = (0.6, 1.6)
    slow: float = 0.0
    slowest: float = 0.1
    mirrored: float = 0.5
    exchanged: float = 0.25
    perturbed: float = 0.85
    turns: tuple[float, float] = (0.3, 3.5)
    bent: float = 0.25
    strength: tuple[float, float] = (0.4, 1.0)
    strange: float = 35.0
    everyday: float = 2.0


@dataclass(frozen=True, slots=True)
class Windows:
    """B windows of T frames: rotations `[B, T, 18, 4]`, root `[B, T, 3]`, offsets `[B, 30, 3]`, clip `[B]` their index."""

    rotations: np.ndarray
    root: np.ndarray
    offsets: np.ndarray
    clip: np.ndarray


@dataclass(frozen=True, slots=True)
class Bank:
    """Clips end to end: rotations `[N, 18, 4]`, root `[N, 3]`, and for each of C clips its start, count, offsets, chance."""

    rotations: np.ndarray
    root: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    offsets: np.ndarray
    chances: np.ndarray


def bank(clips: list[Clip], variety: MotionVariety | None = None) -> Bank:
    """The clips, ready to draw windows from.

    An action is drawn by the root of how much there is of it, so that a rare one is not drowned by a common one, and
    everyday actions `everyday` times as often; within an action, clips are drawn by their length.
    """
    variety = variety or MotionVariety()
    counts = np.array([len(clip) for clip in clips])
    usual = np.array([any(word in clip.action.lower() for word in _EVERYDAY) for clip in clips])
    chances = np.array(action_weights(clips)) * np.where(usual, variety.everyday, 1.0)
    return Bank(
        rotations=np.concatenate([clip.rotations for clip in clips]).astype(np.float32),
        root=np.concatenate([clip.root for clip in clips]).astype(np.float32),
        starts=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        counts=counts,
        offsets=np.stack([clip.offsets for clip in clips]).astype(np.float32),
        chances=chances / chances.sum(),
    )


def window(
    motion: Bank, rng: np.random.Generator, length: int, count: int, variety: MotionVariety | None = None
) -> Windows:
    """`count` windows of `length` frames, each at its own speed; a clip that is too short runs forth and back.

    The logarithm of the speed is even over its range, so that slow is as common as fast.
    """
    variety = variety or MotionVariety()
    clip = rng.choice(len(motion.counts), count, p=motion.chances)
    slow, least = rng.random(count) < variety.slow, variety.speed[0]
    ranges = np.log(np.where(slow[:, None], (variety.slowest, least), variety.speed))
    speed = np.exp(rng.uniform(ranges[:, 0], ranges[:, 1]))
    frames = motion.counts[clip]
    slack = np.maximum(frames - 1 - speed * (length - 1), 0.0)
    steps = (rng.random(count) * slack)[:, None] + speed[:, None] * np.arange(length)
    last = np.maximum(frames - 1, 1)[:, None]
    steps = last - np.abs(last - np.mod(steps, 2 * last))
    before = np.minimum(steps.astype(int), last - 1)
    share = (steps - before).astype(np.float32)[..., None]
    first = motion.starts[clip][:, None] + before
    second = np.minimum(first + 1, (motion.starts + motion.counts)[clip][:, None] - 1)
    return Windows(
        rotations=turns.blend(motion.rotations[first], motion.rotations[second], share[..., None]),
        root=(1 - share) * motion.root[first] + share * motion.root[second],
        offsets=motion.offsets[clip],
        clip=clip,
    )


def vary_motion(windows: Windows, rng: np.random.Generator, variety: MotionVariety | None = None) -> Windows:
    """The windows with some exchanged, perturbed, bent and mirrored, as the settings say."""
    variety = variety or MotionVariety()
    count = len(windows.root)
    rotations, root, offsets = turns.components(windows.rotations), windows.root.copy(), windows.offsets.copy()
    chosen = np.nonzero(rng.random(count) < variety.exchanged)[0]
    others = windows.rotations[rng.integers(count, size=len(chosen))]
    rotations[chosen] = exchange(windows.rotations[chosen], others, variety.strange)
    least, most = np.log(variety.turns)
    strength = (rng.random(count) < variety.perturbed) * np.exp(rng.uniform(least, most, count))
    amount = (rng.random(count) < variety.bent) * rng.uniform(*variety.strength, count)
    chosen = np.nonzero(strength + amount)[0]
    if len(chosen):
        rotations[chosen], root[chosen] = reshape(
            turns.components(rotations[chosen]), root[chosen], offsets[chosen], rng, strength[chosen], amount[chosen]
        )
    chosen = np.nonzero(rng.random(count) < variety.mirrored)[0]
    rotations[chosen], root[chosen], offsets[chosen] = mirror(rotations[chosen], root[chosen], offsets[chosen])
    return Windows(rotations, root, offsets, windows.clip)


def mirror(rotations: np.ndarray, root: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations, root and offsets `[B, 30, 3]` as a mirror across the plane x = 0 shows them, left become right."""
    flip = np.array([-1.0, 1.0, 1.0], np.float32)
    swapped = np.take(rotations, _PARTNERS, axis=-2)
    swapped[..., 2:] *= -1
    return swapped, root * flip, offsets[..., _JOINT_PARTNERS, :] * flip


def turn(rotations: np.ndarray, root: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Everything turned about the world's z axis by `angle` `[B]` in radians."""
    yaw = turns.about(2, angle.astype(rotations.dtype))
    matrix = turns.to_matrix(yaw)
    return turns.multiply(yaw[:, None, None], rotations), root @ np.swapaxes(matrix, -1, -2)


def exchange(lower: np.ndarray, upper: np.ndarray, strange: float = 35.0) -> np.ndarray:
    """Rotations with the pelvis and legs of `lower` and all above them of `upper`, both `[B, T, 18, 4]`.

    The upper body keeps its lean and its turn relative to its pelvis's heading. Where the two pelvises ever lean
    differently by more than `strange` degrees (one lies, one stands), the lower motion keeps its own upper body.
    """
    leans = [
        turns.to_matrix(turns.multiply(_unheading(part[:, :, 0]), part[:, :, 0]))[..., :, 2] for part in (lower, upper)
    ]
    alike = np.sum(leans[0] * leans[1], axis=-1).min(axis=1) > np.cos(np.radians(strange))
    yaw = turns.multiply(turns.conjugate(_unheading(lower[:, :, 0])), _unheading(upper[:, :, 0]))
    result = lower.copy()
    result[:, :, _UPPER] = np.where(
        alike[:, None, None, None], turns.multiply(yaw[:, :, None], upper[:, :, _UPPER]), lower[:, :, _UPPER]
    )
    return result


def reshape(
    rotations: np.ndarray,
    root: np.ndarray,
    offsets: np.ndarray,
    rng: np.random.Generator,
    strength: np.ndarray,
    bend: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Rotations and root with every joint turned a little and slowly, and the legs bent towards sitting or kneeling.

    strength: `[B]` of the turns, 1 for those of the table. bend: `[B]` 0 to 1, how much of a seated, crouching or kneeling
    pose is taken; in half of the windows it comes or goes. No joint is turned beyond its limits, or beyond where the
    recorded motion has it already; the root sinks as far as the lower foot would rise.
    """
    count, length = root.shape[:2]
    local = [_local(rotations, bone) for bone in range(len(BONES))]
    _bend(local, rng, bend, length)
    noise = _turns(rng, count, length)
    posed: list[np.ndarray] = []
    for bone, parent in enumerate(BONE_PARENTS):
        added = strength[:, None, None].astype(np.float32) * noise[:, :, bone]
        turned = _limited(local[bone], added, bone)
        posed.append(turned if parent < 0 else turns.multiply(posed[parent], turned))
    result = turns.room(posed[0][..., 0], len(BONES), 4)
    for bone, pose in enumerate(posed):
        result[:, :, bone] = pose / turns.length(pose)[..., None]
    root = root.copy()
    root[..., 2] += (_lowest(rotations, offsets) - _lowest(result, offsets)).astype(root.dtype)
    return result, root


def fold_of(local: np.ndarray, bone: int) -> np.ndarray:
    """Degrees `[...]` by which a forearm or shin, turned by `local` `[..., 4]` from its parent, is folded on its hinge."""
    hinge, rest = _hinge(bone), np.array(BONES[bone].rest, np.float32)
    direction = turns.rotate(turns.to_matrix(local), rest)
    return np.degrees(np.arctan2(direction @ np.cross(hinge, rest), direction @ rest))


def _unheading(hips: np.ndarray) -> np.ndarray:
    """Turns `[..., 4]` about z that bring pelvises `[..., 4]` to the heading of the rest pose: the twist's inverse."""
    w, z = hips[..., 0], hips[..., 3]
    norm = np.sqrt(w * w + z * z)
    upside_down = norm < 1e-4
    norm = np.where(upside_down, 1.0, norm)
    result = np.zeros_like(hips)
    result[..., 0], result[..., 3] = np.where(upside_down, 1.0, w / norm), np.where(upside_down, 0.0, -z / norm)
    return result


def _local(rotations: np.ndarray, bone: int) -> np.ndarray:
    parent = BONE_PARENTS[bone]
    if parent < 0:
        return rotations[:, :, bone]
    return turns.multiply(turns.conjugate(rotations[:, :, parent]), rotations[:, :, bone])


def _hinge(bone: int) -> np.ndarray:
    return np.array(HINGES[BONE_NAMES[BONE_PARENTS[bone]]], np.float32)


def _turns(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """`[B, T, 18, 3]` rotation vectors in radians, slow and quicker ones and a constant one in equal parts."""
    spread = np.array([_spread(name) for name in BONE_NAMES], np.float32)[:, None]
    channels = len(BONES) * 3
    noise = (
        drifting(rng, count, length, channels, 15.0 * 2 ** rng.uniform(0.0, 1.0))
        + drifting(rng, count, length, channels, 60.0)
        + rng.standard_normal((count, 1, channels), dtype=np.float32)
    ) * np.float32(3.0**-0.5)
    return turns.components(np.radians(spread) * noise.reshape(count, length, -1, 3))


def _spread(name: str) -> float:
    kind = name.split(".", maxsplit=1)[0]
    return _FOLD[kind][2] if kind in _FOLD else _REACH[kind][1]


def _limited(local: np.ndarray, added: np.ndarray, bone: int) -> np.ndarray:
    """Local rotations `[B, T, 4]` turned by the rotation vectors `added` as far as the joint's limits let them."""
    kind = BONE_NAMES[bone].split(".", maxsplit=1)[0]
    if kind in _FOLD:
        least, greatest, _ = _FOLD[kind]
        hinge = _hinge(bone)
        fold = fold_of(local, bone)
        goal = np.clip(fold + np.degrees(added @ hinge), np.minimum(fold, least), np.maximum(fold, greatest))
        return turns.multiply(turns.from_vector(np.radians(goal - fold)[..., None].astype(np.float32) * hinge), local)
    reach = np.radians(_REACH[kind][0])
    before = turns.angle(local)
    turned = turns.multiply(turns.from_vector(added), local)
    over = np.maximum(turns.angle(turned) - np.maximum(before, reach), 0.0)
    # a turn by an angle changes the whole angle by no more than itself, so taking back as much keeps the limit
    size = np.maximum(turns.length(added), 1e-6)
    kept = np.where(over > 0, np.clip((np.maximum(before, reach) - before) / size, 0.0, 1.0), 1.0)
    return turns.multiply(turns.from_vector(added * kept[..., None].astype(np.float32)), local)


def _bend(local: list[np.ndarray], rng: np.random.Generator, amount: np.ndarray, length: int) -> None:
    """Blend the legs and the spine towards a seated, crouching or kneeling pose, in place."""
    count = len(amount)
    if not amount.any():
        return
    comes = np.clip((np.linspace(0.0, 1.0, length) - rng.uniform(0.2, 0.6, (count, 1))) / 0.25, 0.0, 1.0)
    comes = comes * comes * (3.0 - 2.0 * comes)
    comes = np.where(rng.random((count, 1)) < 0.5, comes, 1.0 - comes)
    share = amount[:, None] * np.where(rng.random((count, 1)) < 0.5, 1.0, comes)
    share = share[..., None].astype(np.float32)
    for name, target in _low_pose(rng, count).items():
        bone = BONE_NAMES.index(name)
        local[bone] = turns.blend(local[bone], target[:, None], share)


def _low_pose(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Local rotations `[B, 4]` of legs and spine of people who sit, crouch, kneel on one knee or on both, as it comes."""

    def about(axis: int, mean: np.ndarray | float, spread: float) -> np.ndarray:
        degrees = mean + spread * rng.standard_normal(count)
        return turns.about(axis, np.radians(degrees).astype(np.float32))

    # degrees of hip flexion and knee fold of the left and of the right leg, of plantar flexion, and of the trunk's lean
    kinds = np.array([
        [85.0, 85.0, 85.0, 85.0, -20.0, 5.0],
        [105.0, 125.0, 105.0, 125.0, -5.0, 30.0],
        [90.0, 90.0, 5.0, 95.0, -10.0, 10.0],
        [5.0, 90.0, 90.0, 90.0, -10.0, 10.0],
        [10.0, 100.0, 10.0, 100.0, 20.0, 5.0],
    ])  # fmt: skip
    left_hip, left_knee, right_hip, right_knee, foot, lean = kinds[
        rng.choice(len(kinds), count, p=(0.5, 0.2, 0.1, 0.1, 0.1))
    ].T
    apart = 10.0 + 10.0 * rng.standard_normal(count)
    return {
        "spine": about(0, lean, 10.0),
        "thigh.L": turns.multiply(about(2, apart, 6.0), about(0, -left_hip, 10.0)),
        "thigh.R": turns.multiply(about(2, -apart, 6.0), about(0, -right_hip, 10.0)),
        "shin.L": about(0, np.abs(left_knee), 10.0),
        "shin.R": about(0, np.abs(right_knee), 10.0),
        "foot.L": about(0, foot, 8.0),
        "foot.R": about(0, foot, 8.0),
    }


def _lowest(rotations: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Height `[B, T]` of the lowest of pelvis, knees, ankles, heels and toes over the pelvis."""
    heights = [np.zeros(rotations.shape[:2], np.float32)]
    for side in ("L", "R"):
        hip = _rise(rotations, offsets, "hips", f"hip.{side}")
        knee = hip + _rise(rotations, offsets, f"thigh.{side}", f"knee.{side}")
        ankle = knee + _rise(rotations, offsets, f"shin.{side}", f"ankle.{side}")
        ends = [ankle + _rise(rotations, offsets, f"foot.{side}", f"{end}.{side}") for end in ("heel", "toe")]
        heights += [knee, ankle, *ends]
    return np.min(heights, axis=0)


def _rise(rotations: np.ndarray, offsets: np.ndarray, bone: str, joint: str) -> np.ndarray:
    """Height `[B, T]` of a joint over its parent."""
    w, x, y, z = np.moveaxis(rotations[:, :, BONE_NAMES.index(bone)], -1, 0)
    a, b, c = np.moveaxis(offsets[:, None, JOINTS.index(joint)], -1, 0)
    return 2 * (x * z - w * y) * a + 2 * (y * z + w * x) * b + (1 - 2 * (x * x + y * y)) * c
