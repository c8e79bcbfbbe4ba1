"""The occlusion suite: seeded ways of hiding points from a lifter, or of telling it wrong ones; and training's masks.

Sources of the kinds: random joints per frame after Ghafoor et al. (DTF, IEEE TMM), body parts and whole frames after
Ghafoor and Mahmood, self-occlusion after Cheng et al. (ICCV 2019); the windows of joints with all that hangs on them,
the screen bars and the confident errors are the project's own.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..models.skeletons import JOINTS, POINTS, mirrored, partners
from .clips import RATE
from .cylinders import visible
from .occlusion_units import LIMB_UNITS, PARTS, UNIT_OF, UNITS, WITH_DESCENDANTS, joint_hidden

__all__ = [
    "GAPS",
    "SUITE",
    "Bar",
    "Clean",
    "Frames",
    "Occlusion",
    "Part",
    "Protocol",
    "Random",
    "SelfOcclusion",
    "Windows",
    "Wrong",
    "joint_hidden",
    "stream",
]


@dataclass(frozen=True, slots=True)
class Occlusion:
    """What a protocol leaves of the points of B clips of T frames.

    hidden: `[B, T, 25]` bool, the points that are hidden or, where the protocol tells wrong ones, that are wrong.
    points: `[B, T, 25, 2]` slopes as the lifter gets them; zero where there is nothing to get.
    confidence: `[B, T, 25]`; zero where there is nothing to get, and high where a point is wrong: nobody tells the lifter.
    """

    hidden: np.ndarray
    points: np.ndarray
    confidence: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """`[B, T, 25]` bool: what the lifter is told of, right or wrong."""
        return self.confidence > 0


def stream(protocol: Protocol, clip: str, seed: int = 0) -> np.random.Generator:
    """The random numbers of one protocol on one clip: the same for every method, whatever else is tested beside."""
    return np.random.default_rng([seed, zlib.crc32(protocol.name.encode()), zlib.crc32(clip.encode())])


class Protocol(ABC):
    """One way of hiding points."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The short name in tables, such as "W(30,3)"."""

    @abstractmethod
    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """`[B, T, 25]` bool, the points that are hidden; arguments as in `apply`."""

    def apply(
        self, points: np.ndarray, confidence: np.ndarray, joints: np.ndarray, rng: np.random.Generator
    ) -> Occlusion:
        """Hide points of B clips of T frames at `RATE` frames per second.

        points: `[B, T, 25, 2]` slopes x/z and y/z. confidence: `[B, T, 25]`. joints: `[B, T, 30, 3]` metres in the camera
        frame (x right, y down, z forward). Raises ValueError for clips too short for the protocol's gap.
        """
        hidden = self.hide(points, joints, rng)
        return Occlusion(hidden, np.where(hidden[..., None], 0.0, points), np.where(hidden, 0.0, confidence))


@dataclass(frozen=True, slots=True)
class Clean(Protocol):
    """Nothing is hidden."""

    @property
    def name(self) -> str:
        """The short name in tables."""
        return "clean"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` all False."""
        return np.zeros(points.shape[:-1], bool)


@dataclass(frozen=True, slots=True)
class Random(Protocol):
    """`count` of the 17 units are hidden in every frame, each frame on its own."""

    count: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"R({self.count})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        order = rng.random((*points.shape[:-2], len(UNITS))).argsort(axis=-1).argsort(axis=-1)
        return (order < self.count)[..., UNIT_OF]


@dataclass(frozen=True, slots=True)
class Windows(Protocol):
    """`joints` random units, with all that hangs on them, are hidden for `length` frames, again and again.

    Each window draws its own units; at least `length` frames lie between two windows.
    """

    length: int
    joints: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"W({self.length},{self.joints})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        hidden = np.zeros(points.shape[:-1], bool)
        for clip in hidden:
            for window in _windows(len(clip), self.length, rng):
                units = rng.choice(len(UNITS), self.joints, replace=False)
                clip[window] = WITH_DESCENDANTS[units].any(axis=0)
        return hidden


@dataclass(frozen=True, slots=True)
class Part(Protocol):
    """One of `PARTS` is hidden for `length` frames, again and again, with at least as many frames between."""

    part: str
    length: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"P({self.part},{self.length})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        hidden = np.zeros(points.shape[:-1], bool)
        for clip in hidden:
            for window in _windows(len(clip), self.length, rng):
                clip[window] = PARTS[self.part]
        return hidden


@dataclass(frozen=True, slots=True)
class Frames(Protocol):
    """All points are hidden for `length` frames, again and again, with at least as many frames between."""

    length: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"F({self.length})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        hidden = np.zeros(points.shape[:-1], bool)
        for clip in hidden:
            for window in _windows(len(clip), self.length, rng):
                clip[window] = True
        return hidden


@dataclass(frozen=True, slots=True)
class Bar(Protocol):
    """A bar across the picture, in front of the person, `width` percent as wide as the person's box.

    Each clip draws whether the bar is upright or level, whether it stands or moves by half a box a second to either
    side, and a frame and a point that lies behind its middle then, so that it always hides something.
    """

    width: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"B({self.width})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        return bars(points, np.full(len(points), self.width / 100), rng)


def bars(points: np.ndarray, width: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The points `[B, T, 25]` bool behind one bar a clip, as `Bar` tells.

    points: `[B, T, 25, 2]` slopes. width: `[B]` of the bars, as a share of the person's box across them.
    """
    count, frames = points.shape[:2]
    clips = np.arange(count)
    axis = rng.integers(2, size=count)
    across = np.take_along_axis(points, axis[:, None, None, None], axis=-1)[..., 0]
    box = np.median(np.ptp(across, axis=-1), axis=1)
    met = rng.integers(frames, size=count)
    start = across[clips, met, rng.integers(points.shape[2], size=count)]
    speed = rng.choice([-0.5, 0.0, 0.0, 0.5], size=count) * box / RATE
    middle = start[:, None] + speed[:, None] * (np.arange(frames) - met[:, None])
    return np.abs(across - middle[..., None]) <= (0.5 * width * box)[:, None, None]


@dataclass(frozen=True, slots=True)
class SelfOcclusion(Protocol):
    """The body's own limbs hide points, by the Cylinder Man."""

    @property
    def name(self) -> str:
        """The short name in tables."""
        return "S"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        """`[B, T, 25]` bool."""
        return ~visible(joints)


WRONG_CONFIDENCE = 0.8
DRIFT = 0.15
"""Standard deviation of a drifted point's offset along each axis of the picture, in lengths of the trunk."""
EDGE_MARGIN = 0.25
"""How far an occluder reaches beyond the points that it hides, in lengths of the trunk."""


@dataclass(frozen=True, slots=True)
class Wrong(Protocol):
    """Points that are not missing but wrong, with high confidence, for `length` frames, again and again.

    kind: "swap" exchanges a limb, from a random unit downward, with its partner of the other side. "edge" leaves such a
    limb at the edge of something that moves with the body and hides it. "drift" lets its units slide from one random
    offset to another.
    """

    kind: Literal["swap", "edge", "drift"]
    length: int

    @property
    def name(self) -> str:
        """The short name in tables."""
        return f"D({self.kind},{self.length})"

    def hide(self, points: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """`[B, T, 25]` bool, the wrong points."""
        return self.apply(points, np.ones(points.shape[:-1]), joints, rng).hidden

    def apply(
        self, points: np.ndarray, confidence: np.ndarray, joints: np.ndarray, rng: np.random.Generator
    ) -> Occlusion:
        """Tell wrong points; arguments as in `Protocol.apply`."""
        wrong, told = np.zeros(points.shape[:-1], bool), points.copy()
        trunks = _trunks(joints)
        for clip in range(len(points)):
            for window in _windows(points.shape[1], self.length, rng):
                limb = LIMB_UNITS[rng.integers(len(LIMB_UNITS))]
                group = WITH_DESCENDANTS[tuple(UNITS).index(limb)]
                if self.kind == "swap":
                    group = group | WITH_DESCENDANTS[tuple(UNITS).index(mirrored(limb))]
                    told[clip, window] = _swapped(points[clip, window], group)
                elif self.kind == "edge":
                    told[clip, window] = _at_edge(points[clip, window], group, trunks[clip, window], rng)
                else:
                    told[clip, window] = _drifted(points[clip, window], group, trunks[clip, window], rng)
                wrong[clip, window] = group
        return Occlusion(wrong, told, np.where(wrong, WRONG_CONFIDENCE, confidence))


_MIRROR = partners(POINTS)
_TRUNK = [POINTS.index(name) for name in ("shoulder.L", "shoulder.R", "hip.L", "hip.R")]


def _swapped(points: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Points `[L, 25, 2]` with those of a group `[25]` at the places of their partners."""
    return np.where(group[:, None], points[:, _MIRROR], points)


def _at_edge(points: np.ndarray, group: np.ndarray, trunks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points `[L, 25, 2]` with those of a group at one edge of an upright or level bar that moves with the trunk.

    The bar just hides the group's way. The edge is the one nearer to where the group vanished: there it was seen last.
    """
    axis = rng.integers(2)
    middle = points[:, _TRUNK, axis].mean(axis=1)
    away = (points[:, group, axis] - middle[:, None]) / trunks[:, None]
    low, high = away.min() - EDGE_MARGIN, away.max() + EDGE_MARGIN
    edge = low if away[0].mean() - low < high - away[0].mean() else high
    told = points.copy()
    told[:, group, axis] = (middle + edge * trunks)[:, None]
    return told


def _drifted(points: np.ndarray, group: np.ndarray, trunks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points `[L, 25, 2]` with each unit of a group sliding from one random offset to another."""
    first, last = rng.normal(0.0, DRIFT, (2, len(UNITS), 2))[:, UNIT_OF]
    share = np.linspace(0.0, 1.0, len(points))[:, None, None]
    offsets = (first + share * (last - first)) * trunks[:, None, None]
    return np.where(group[:, None], points + offsets, points)


def _trunks(joints: np.ndarray) -> np.ndarray:
    """`[B, T]` how long a trunk across the view is, in slopes, at the pelvis's depth."""
    pelvis, thorax = joints[..., JOINTS.index("pelvis"), :], joints[..., JOINTS.index("thorax"), :]
    return np.linalg.norm(thorax - pelvis, axis=-1) / pelvis[..., 2]


def _windows(frames: int, length: int, rng: np.random.Generator) -> list[slice]:
    """Windows of `length` frames with at least as many frames between them, and a frame or more at either end."""
    if frames < length + 2:
        raise ValueError(f"A clip of {frames} frames cannot hold a gap of {length} with sights on both sides.")
    start = min(int(rng.integers(1, length + 1)), frames - length - 1)
    windows = []
    while start + length < frames:
        windows.append(slice(start, start + length))
        start += 2 * length + int(rng.integers(length // 2 + 1))
    return windows


GAPS = tuple(Windows(length, 1) for length in (5, 10, 15, 20, 30, 45, 60))
"""Windows of one joint for curves of error over the length of the gap."""
SUITE: tuple[Protocol, ...] = (
    Clean(),
    *(Random(count) for count in (4, 8, 12, 16)),
    *(Windows(length, joints) for joints in (1, 3) for length in (5, 15, 30, 60)),
    *(
        Part(part, length)
        for part in ("left arm", "right arm", "left leg", "both legs", "upper body")
        for length in (15, 45)
    ),
    *(Frames(length) for length in (3, 10, 25)),
    *(Bar(width) for width in (10, 20, 40)),
    SelfOcclusion(),
    *(Wrong(kind, length) for kind in ("swap", "edge", "drift") for length in (15, 45)),
)
"""The whole suite, the row without occlusion first."""
