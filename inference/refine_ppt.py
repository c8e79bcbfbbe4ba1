"""The pose transformer of S1 as a refiner (`training/ppt.py`): every pose by itself, toward those that people take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from ..models.sessions import NetworkSession
from ..models.skeletons import JOINT_PARENTS, JOINTS
from .lifted import Lifted, check_lifted
from .own_network import ask, open_network

INPUTS = ("lifted", "seen", "guessed")
"""Names of what the network reads: joints `[N, 30, 3]` in metres about the pelvis, view axes, and `[N, 30]` 0 or 1 twice.

The first is not called `joints`, because an ONNX file cannot give something else by the name of what it reads.
"""

# Frames given to the network at once.
_AT_ONCE = 512
# The ends of the body: the paper's, and what hangs on them; the face hangs on the neck, but moves with the head's top.
_ENDS = np.array(
    [
        name.partition(".")[0] in {"wrist", "ankle", "head", "nose", "ear"}
        or JOINTS[parent].partition(".")[0] in {"wrist", "ankle"}
        for name, parent in zip(JOINTS, JOINT_PARENTS, strict=True)
    ]
)


@dataclass(frozen=True, slots=True)
class PptSettings:
    """What is refined, and from what.

    ends: whether wrists, ankles and the head's top, with all beyond them, are kept from the lifter, as the paper's code
    does, or refined too. masked: whether joints out of sight are hidden from the network, instead of the lifter's guess
    being given.
    """

    ends: Literal["kept", "refined"] = "kept"
    masked: bool = False


class PptRefiner:
    """Corrects the pose of each frame; how far the joints may be off stays as the lifter tells it."""

    def __init__(self, session: NetworkSession, settings: PptSettings) -> None:
        self._session = session
        self._settings = settings

    @classmethod
    def open(cls, path: Path, settings: PptSettings | None = None, threads: int | None = None) -> PptRefiner:
        """The refiner whose weights are the ONNX file `path`. Raises SetupError where it cannot be used."""
        return cls(open_network(path, threads), settings or PptSettings())

    def __call__(self, lifted: Lifted) -> Lifted:
        """Better joints. Raises ValueError for arrays that do not fit each other."""
        check_lifted(lifted)
        views = lifted.views
        turned = (lifted.joints @ np.swapaxes(views, -1, -2)).astype(np.float32)
        seen = lifted.seen.astype(np.float32)
        guessed = np.zeros_like(seen) if self._settings.masked else 1.0 - seen
        parts = []
        for start in range(0, len(turned), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            arrays = (turned[part], seen[part], guessed[part])
            feed: dict[str, np.ndarray] = dict(zip(INPUTS, arrays, strict=True))
            parts.append(ask(self._session, feed, arrays[0].shape[:1])[0])
        joints = np.concatenate(parts) @ views
        if self._settings.ends == "kept":
            joints = np.where(_ENDS[:, None], lifted.joints, joints)
        return replace(lifted, joints=joints.astype(lifted.joints.dtype))


def is_ppt(session: NetworkSession) -> bool:
    """Whether the network is such a refiner's."""
    return set(session.inputs) == set(INPUTS)
