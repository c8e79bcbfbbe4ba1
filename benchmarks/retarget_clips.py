"""Motion capture as the motion that a take would hold, with the places that it must come back to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.contacts import ContactSettings, contacts
from ..inference.hands import DIGITS, PHALANGES, Hands
from ..inference.motion import Motion, rest_of
from ..inference.pipeline import motion_of
from ..inference.poses import Poses, flat_soled
from ..inference.take import Take, load_take, save_take
from ..models.skeletons import BONE_NAMES, JOINTS
from ..training.clips import RATE, Clip
from ..training.hinge_rest import hinge_rest
from ..training.trials import choose

# Standard deviation in meters of motion capture's joints, which tells the contacts how far to trust heights and speeds.
_EXACT = 0.005


@dataclass(frozen=True, slots=True)
class Source:
    """One window of one recording; T frames at `training.clips.RATE`.

    name: the recording's. motion: as a take hands it over. joints: `[T, 30, 3]` meters, where the recording has them.
    """

    name: str
    motion: Motion
    joints: np.ndarray


def sources(clips: Sequence[Clip], count: int) -> list[Source]:
    """`count` windows of 2 to 10 s, evenly over the recordings, each through a take that was saved and loaded again."""
    return [_source(clip, window) for clip, window, _ in choose(clips, count, count)]


def joined(found: Sequence[Source], frames: int) -> Motion:
    """One motion of `frames` frames for what is timed: the windows one after the other, over and over, with the first's body.

    Recordings have no fingers; here they are there and at rest, because captures have them.
    """
    motions = [source.motion for source in found]
    times = -(-frames // sum(map(len, motions)))

    def along(name: str) -> np.ndarray:
        return np.concatenate([getattr(motion, name) for motion in motions] * times)[:frames]

    first = motions[0]
    return Motion(
        times=np.arange(frames) / RATE,
        present=along("present"),
        root=along("root"),
        rotations=along("rotations"),
        confidence=along("confidence"),
        rest=first.rest,
        fps=RATE,
        contacts=along("contacts"),
        hands=Hands(np.tile([1.0, 0.0, 0.0, 0.0], (frames, 2, len(DIGITS), PHALANGES, 1)), np.full((frames, 2), 0.5)),
    )


def _source(clip: Clip, window: slice) -> Source:
    # the whole clip tells how its rig is turned at rest
    poses = flat_soled(hinge_rest(Poses(clip.offsets, clip.root.astype(float), clip.rotations)))
    poses = Poses(poses.offsets, poses.root[window], poses.rotations[window])
    return Source(clip.name, _through_a_take(poses), poses.joints())


def _through_a_take(poses: Poses) -> Motion:
    """The motion as it comes out of a take's file."""
    count = len(poses.root)
    times, present, rest = np.arange(count) / RATE, np.ones(count, bool), rest_of(poses)
    sure = np.ones((count, len(JOINTS)))
    standing = contacts(poses.joints(), _EXACT * sure, sure, times, present, ContactSettings())
    take = (
        Take(timing={"frame_rate": RATE})
        .with_stage("track", times=times, present=present)
        .with_stage(
            "solve",
            root=poses.root,
            rotations=poses.rotations,
            confidence=np.ones((count, len(BONE_NAMES))),
            rest_heads=rest.heads,
            rest_tails=rest.tails,
        )
        .with_stage("contacts", probability=standing.probability)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.take"
        save_take(take, path)
        return motion_of(load_take(path))
