"""The refiner of S0 (`training/graph.py`): a graph of all joints in windows of time, asked with few fixed masks.

What the masked answers disagree about is part of the spread, as in Masksembles (Durasov et al., CVPR 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..models.sessions import NetworkSession
from .lifted import Lifted, check_lifted
from .masks import MaskSettings, structured_masks
from .own_network import ask, number, open_network
from .passes import Answer, passes, to_camera
from .sightings import bridge, neighbors
from .windows import in_windows

INPUTS = ("lifted", "confidence", "seen", "near", "active")
"""Names of what the network reads; joints `[N, T, 30, 3]` in metres about the pelvis, view axes, then `[N, T, 30]` each.

lifted: with nodes that are not active on the straight line in time between those of their joint that are. confidence:
0 to 1. seen: 1 where the lifter saw the joint, else 0. near: `how_far`. active: 0 where a node is cut off, else 1. The
first is not called `joints`, because an ONNX file cannot give something else by the name of what it reads.
"""

# Frames of a window, which its masks span, and from one to the next; windows asked at once, so that memory stays small.
_WINDOW, _STEP, _AT_ONCE = 128, 64, 8
# Frames after which the distance to the nearest sight hardly grows any more for the network.
_REACH = 20.0


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """How the answer to everything and the masked ones are put together, each of which has as much of the rest.

    joints: share of the first in the joints. All of it was best on validation clips: 57 mm became 59 instead of 66 with
    half of it, because a masked answer knows less. spread: share of the first in the spread.
    """

    joints: float = 1.0
    spread: float = 0.5


class GraphRefiner:
    """Corrects joints by their neighbors in the body and in time."""

    def __init__(self, session: NetworkSession, settings: GraphSettings) -> None:
        self._session = session
        self._settings = settings
        masks = MaskSettings(
            round(number(session, "masks")), number(session, "scale"), round(number(session, "shortest"))
        )
        self._masks = structured_masks(round(number(session, "seed")), _WINDOW, masks)

    @classmethod
    def open(cls, path: Path, settings: GraphSettings | None = None, threads: int | None = None) -> GraphRefiner:
        """The refiner whose weights are the ONNX file `path`. Raises SetupError where it cannot be used."""
        return cls(open_network(path, threads), settings or GraphSettings())

    def __call__(self, lifted: Lifted) -> Lifted:
        """Better joints, with the network's own spread. Raises ValueError for arrays that do not fit each other."""
        check_lifted(lifted)
        joints, spread = np.zeros_like(lifted.joints), np.zeros_like(lifted.joints)
        for chosen in passes(len(lifted.joints), lifted.rate):
            found, variance = to_camera(self._refined(lifted, chosen))
            joints[chosen], spread[chosen] = found, np.sqrt(variance)
        return replace(lifted, joints=joints, spread=spread)

    def _refined(self, lifted: Lifted, chosen: slice) -> Answer:
        views, seen = lifted.views[chosen], lifted.seen[chosen]
        values = np.concatenate(
            [
                lifted.joints[chosen] @ np.swapaxes(views, -1, -2),
                np.stack([lifted.confidence[chosen], seen, how_far(seen)], axis=-1),
            ],
            axis=-1,
        )
        said = in_windows(values.astype(np.float32), _WINDOW, _STEP, self._answer, _AT_ONCE)
        return Answer(said[..., :3], said[..., 3:], views)

    def _answer(self, windows: np.ndarray) -> np.ndarray:
        """Joints and variances `[N, F, 30, 6]` for windows `[N, F, 30, 6]`, over all masks.

        The variance is the mean of the answers' own and how far their joints lie apart, as of a mixture.
        """
        answers = [self._ask(windows, np.ones(windows.shape[1:3], bool))]
        answers += [self._ask(windows, ~mask) for mask in self._masks]
        joints, variances = (np.stack(part) for part in zip(*answers, strict=True))
        mean = np.tensordot(self._shares(self._settings.joints), joints, axes=1)
        variances = variances + np.square(joints - mean)
        return np.concatenate([mean, np.tensordot(self._shares(self._settings.spread), variances, axes=1)], axis=-1)

    def _shares(self, whole: float) -> np.ndarray:
        """Shares of all answers, of which the first has `whole`."""
        others = (1.0 - whole) / len(self._masks)
        return np.array([whole, *[others] * len(self._masks)], np.float32)

    def _ask(self, windows: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        active = np.broadcast_to(active, windows.shape[:3])
        # a joint that is cut off in all frames has no line of its own to lie on
        ever = active.any(axis=1, keepdims=True)[..., None]
        joints = np.where(ever, bridge(windows[..., :3], neighbors(active)), 0.0)
        arrays = (joints, *(windows[..., channel] for channel in (3, 4, 5)), active)
        feed = {name: np.ascontiguousarray(part, np.float32) for name, part in zip(INPUTS, arrays, strict=True)}
        return ask(self._session, feed, windows.shape[:2])


def how_far(seen: np.ndarray) -> np.ndarray:
    """`[..., T, 30]` 0 in sight to 1 far from any sight in time, for `seen` `[..., T, 30]` bool; 1 where there is none."""
    near = neighbors(seen)
    frames = np.arange(seen.shape[-2])[:, None]
    # where a joint is seen on one side only, both neighbors are that side's
    away = np.minimum(np.abs(frames - near.before), np.abs(near.after - frames))
    ever = seen.any(axis=-2, keepdims=True)
    return np.where(ever, 1.0 - np.exp(-away / _REACH), 1.0).astype(np.float32)


def is_graph(session: NetworkSession) -> bool:
    """Whether the network is such a refiner's."""
    return set(session.inputs) == set(INPUTS)
