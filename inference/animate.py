"""From a lifted subject to motion on the floor: every stage between the lift and the take's end.

place ─► world ─► solve ─► contacts ─► fit ─► wrists ─► smooth ─► lock
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..models.skeletons import STATURE
from .camera import View
from .contacts import Contacts, ContactSettings, contacts
from .fitting.fine import fit_fine
from .fitting.fit import FitSettings, Fitted, fit
from .fitting.windows import fit_in_windows
from .hinges import hinged
from .lift import Lift, one_body
from .locking.foot_lock import lock_feet
from .locking.settings import FootLockSettings
from .observed import Observed, joint_belief
from .placing.path_settings import PathSettings
from .placing.place import RootPath, root_path
from .placing.world import World, world_view
from .placing.world_settings import WorldSettings
from .poses import Poses
from .progress import SOLVING, Progress, Work
from .settings import CameraSettings, LiftSettings, MotionSettings
from .smoothing import SmoothingSettings, smooth
from .solve import SolveSettings, bone_confidence, solve
from .wrists import WristSettings, likely_wrists


@dataclass(frozen=True, slots=True)
class AnimateSettings:
    """The stages' own settings, for those who tune them."""

    lift: LiftSettings = field(default_factory=LiftSettings)
    path: PathSettings = field(default_factory=PathSettings)
    world: WorldSettings = field(default_factory=WorldSettings)
    solve: SolveSettings = field(default_factory=SolveSettings)
    contacts: ContactSettings = field(default_factory=ContactSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    wrists: WristSettings = field(default_factory=WristSettings)
    smoothing: SmoothingSettings = field(default_factory=SmoothingSettings)
    lock: FootLockSettings = field(default_factory=FootLockSettings)


@dataclass(frozen=True, slots=True)
class Animation:
    """One subject's motion in Blender's world; T frames.

    poses: the final motion; absent frames hold the last pose before them. view: where the camera was. contacts: what
    stands on the floor. clutter: `[T, 25]` probability that a point of the picture is hidden or wrong. stages: joints
    `[T, 30, 3]` in metres in the world after each stage: "lift", "solve", "fit", "smooth" and "lock". notes: plain sentences.
    """

    poses: Poses
    view: View
    contacts: Contacts
    clutter: np.ndarray
    stages: Mapping[str, np.ndarray]
    notes: tuple[str, ...]


def animate(
    observed: Observed, camera: CameraSettings, motion: MotionSettings, settings: AnimateSettings | None = None
) -> Work[Animation]:
    """Bring a lifted subject to motion on the floor.

    Yields `Progress` of the stage "solve". Raises ValueError where the subject is present in no frame, SetupError where a
    part that the settings ask for is missing.
    """
    if not observed.present.any():
        raise ValueError("No frame holds the subject.")
    settings = settings or AnimateSettings()
    observed = _sized(observed, motion.height)
    yield Progress("solve", 2, SOLVING, "Placing the subject")
    body = one_body(observed.joints, joint_belief(observed.belief), settings.lift)
    placed, world = _placed(body, observed, camera, settings)
    lifted = world.view.to_world(body.joints + placed.root[:, None])
    yield Progress("solve", 3, SOLVING, "Solving the rotations")
    solved = solve(lifted, body.belief, observed.present, settings.solve)
    standing = _contacts(solved, observed, settings)
    yield Progress("solve", 4, SOLVING, "Fitting the body to the footage")
    fitted = _fitted(solved, placed, observed, world.view, standing, motion, settings)
    # knees that are bent backwards are put right before feet are set down, which would move them again
    able = likely_wrists(hinged(fitted.poses), _sigma(observed), settings.wrists)
    standing = _contacts(able, observed, settings)
    yield Progress("solve", 5, SOLVING, "Setting the feet down")
    confidence = bone_confidence(observed.confidence)
    strength = replace(settings.smoothing, strength=motion.smoothing)
    smoothed = smooth(able, confidence, standing, observed.times, observed.present, strength)
    locked = lock_feet(smoothed, standing, observed.times, observed.present, motion.foot_lock, settings.lock)
    final = _held(hinged(locked), observed.present)
    stages = {"lift": lifted, "solve": solved, "fit": able, "smooth": smoothed, "lock": final}
    joints = {name: stage.joints() if isinstance(stage, Poses) else stage for name, stage in stages.items()}
    return Animation(final, world.view, standing, fitted.clutter, joints, world.notes)


def last_present(present: np.ndarray) -> np.ndarray:
    """`[T]` indices: each present frame's own, and for others that of the last present one before (else the first)."""
    known = np.flatnonzero(present)
    return known[np.maximum(np.searchsorted(known, np.arange(len(present)), side="right") - 1, 0)]


def _sized(observed: Observed, height: float) -> Observed:
    """The subject in its own size; absent frames hold the joints of the last present one before."""
    size = height / STATURE
    last = last_present(observed.present)
    return replace(observed, joints=size * observed.joints[last], spread=size * observed.spread[last])


def _placed(
    body: Lift, observed: Observed, camera: CameraSettings, settings: AnimateSettings
) -> tuple[RootPath, World]:
    """The path of the pelvis and the world that it is in: the path tells the floor, and the floor then tells the path."""
    seen = (body.joints, observed.belief, observed.slopes, observed.present, observed.times)
    path = root_path(*seen, settings.path, observed.spread)
    world = world_view(body.joints, path.root, *seen[1:], camera, settings.world)
    return root_path(*seen, settings.path, observed.spread, world.view if world.floored else None), world


def _contacts(poses: Poses, observed: Observed, settings: AnimateSettings) -> Contacts:
    return contacts(
        poses.joints(), _sigma(observed), observed.confidence, observed.times, observed.present, settings.contacts
    )


def _sigma(observed: Observed) -> np.ndarray:
    """`[T, 30]` metres, one standard deviation for each joint."""
    return np.sqrt((observed.spread**2).mean(axis=-1))


def _fitted(
    solved: Poses,
    placed: RootPath,
    observed: Observed,
    view: View,
    standing: Contacts,
    motion: MotionSettings,
    settings: AnimateSettings,
) -> Fitted:
    if motion.fit == "none":
        return Fitted(solved, 1.0 - observed.belief, 0.0, 0.0, mirrored=False)
    chosen = fit_fine if motion.fit == "fine" else fit
    return fit_in_windows(chosen, solved, placed.sigma, observed, view, standing, settings.fit)


def _held(poses: Poses, present: np.ndarray) -> Poses:
    """The motion whose absent frames hold the last pose before them."""
    last = last_present(present)
    return Poses(poses.offsets, poses.root[last], poses.rotations[last])
