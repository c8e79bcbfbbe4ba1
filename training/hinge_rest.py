"""The same motion told from the product's rest pose, in which elbows and knees fold about `HINGES`.

Recordings disagree on how an arm is turned about its own length in the T-pose: a rig's elbows may fold forwards in it,
or half downwards. That is a convention and no motion, but it shifts every rotation of the limb by the same turn, up to 50
degrees in the recordings used here. Rotations can only be compared once both are told from one rest pose.
"""

from __future__ import annotations

import numpy as np

from ..inference import rotations as rot
from ..inference.poses import Poses
from ..models.skeletons import BONE_NAMES, BONES, CARRIERS, HINGED, HINGES, JOINTS

# Sines of the bend from which a limb begins to tell its hinge, and tells it best.
_STRAIGHT, _BENT = 0.2, 0.5
# Frames' worth of bent limb without which nothing is told, and radians beyond which it is no convention.
_FEWEST, _MOST = 5.0, 1.2
# Radians from the usual at which a frame counts half.
_SPREAD = 0.2
_ROUNDS = 5


def hinge_rest(poses: Poses) -> Poses:
    """The motion `poses` with every joint where it was, told from a rest pose in which limbs fold about `HINGES`.

    Each bone of a limb is turned about its own length by one angle for the whole motion, that by which its fold is usually
    off. Limbs that never bend, and all other bones, stay.
    """
    offsets, rotations = poses.offsets.astype(float), poses.rotations.astype(float)
    for upper_name, axis in HINGES.items():
        bones = [BONE_NAMES.index(name) for name in (upper_name, HINGED[upper_name])]
        along, hinge = np.array(BONES[bones[0]].rest), np.array(axis)
        above, below = (rot.rotate(poses.rotations[:, bone], along) for bone in bones)
        fold = np.cross(above, below)
        for bone in bones:
            seen = rot.rotate(rot.conjugate(poses.rotations[:, bone]), fold)
            angle = _usual(seen @ hinge, seen @ np.cross(along, hinge))
            turn = np.concatenate([[np.cos(angle / 2)], -np.sin(angle / 2) * along])
            rotations[:, bone] = rot.multiply(rotations[:, bone], rot.conjugate(turn))
            carried = [index for index, name in enumerate(JOINTS) if CARRIERS.get(name) == BONE_NAMES[bone]]
            offsets[carried] = rot.rotate(turn, offsets[carried])
    return Poses(offsets, poses.root, rotations)


def _usual(forward: np.ndarray, sideward: np.ndarray) -> float:
    """Radians by which folds, `[T]` along the hinge and across it, are usually off; 0 where nothing tells."""
    weight = np.clip((np.hypot(forward, sideward) - _STRAIGHT) / (_BENT - _STRAIGHT), 0.0, 1.0)
    if weight.sum() < _FEWEST:
        return 0.0
    turns = np.exp(1j * np.arctan2(sideward, forward))
    usual = np.angle(weight @ turns)
    for _ in range(_ROUNDS):
        away = np.angle(turns * np.exp(-1j * usual))
        usual = np.angle((weight / (1.0 + (away / _SPREAD) ** 2)) @ turns)
    return float(usual) if abs(usual) < _MOST else 0.0
