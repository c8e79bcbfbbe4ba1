"""The whole way from footage to a take, as one generator of progress, and from a take to motion.

footage ─► scout ─► track ─► swaps ─► reliability ─► lift ─► refine ─► animate ─► take ─► motion
"""

from __future__ import annotations

import platform
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TakeError
from ..models.open_model import open_pose_model
from ..models.skeletons import BONE_NAMES
from ..models.weights import weight_hashes
from ..version import version
from .animate import AnimateSettings, animate
from .cache import DetectionCache, cache_key
from .camera import Camera, View
from .fitting.fine import open_torch
from .flow import unknown_flow
from .footage import Footage, fingerprint, open_footage
from .hands import Hands, hands_of
from .lifting import UNCALIBRATED
from .motion import Motion, RestPose, rest_of
from .observing import ObservingSettings, Picture, observe
from .placing.focal import FocalEstimate
from .prefetch import prefetch
from .progress import SOLVING, Progress, Work
from .reliability import ReliabilitySettings
from .scout import ScoutSettings, scout
from .settings import CameraSettings, CaptureSettings, LiftSettings, MotionSettings
from .sight import believed, swapped, uncrossed
from .solve import bone_confidence
from .swaps import SwapSettings
from .systems import resolved, with_hashes
from .take import Take
from .track import Track, TrackSettings, track

# Raised whenever detection or tracking changes, so that detections cached by an older version are not used.
_TRACK_VERSION = 3
# Where a take's settings keep what the stages after the tracking told, which is told anew when they run again.
_STAGES_NOTES = "notes"
_HANDS = [BONE_NAMES.index(f"hand.{side}") for side in "LR"]
# Frames decoded ahead of the networks: enough that they never wait, few enough to stay small in memory.
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class StageSettings:
    """The stages' own settings, for those who tune them."""

    scout: ScoutSettings = field(default_factory=ScoutSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    swaps: SwapSettings = field(default_factory=SwapSettings)
    reliability: ReliabilitySettings = field(default_factory=ReliabilitySettings)
    lift: LiftSettings = field(default_factory=LiftSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    animate: AnimateSettings = field(default_factory=AnimateSettings)

    def observing(self) -> ObservingSettings:
        """What decides how a subject is observed."""
        return ObservingSettings(self.reliability.threshold, self.motion.height, self.lift)


def capture(settings: CaptureSettings, stages: StageSettings | None = None) -> Work[Take]:
    """Convert footage to a take.

    Yields `Progress` of the stages "open", "scout", "track" and "solve". Raises FootageError, NobodyFoundError or
    SetupError. Close the generator to cancel.
    """
    stages = stages or StageSettings()
    yield Progress("open", 0, None, "Opening the footage")
    if stages.motion.fit == "fine":
        # before the long work, not after it
        open_torch()
    with open_footage(settings.footage) as footage:
        found = yield from _detections(footage, settings, stages)
        take = Take(
            source=_plain(asdict(replace(footage.info, path=footage.info.path.resolve()))),
            timing={"frame_rate": footage.info.frame_rate, "network_seconds": found.network_seconds},
            settings=_plain(asdict(settings)),
            versions=_versions(settings, found.detector),
            notes=[*found.notes, *_absences(found.track)],
            stages={"track": asdict(found.track)},
        )
    return (yield from continue_take(take, settings.camera, stages))


def continue_take(take: Take, camera: CameraSettings, stages: StageSettings | None = None) -> Work[Take]:
    """Run every stage after the tracking again on a take's own detections, with a camera and networks that may differ.

    Raises TakeError where the take holds no detections, SetupError where a network cannot be used, ArgumentsError where
    the camera is none.
    """
    stages = stages or StageSettings()
    yield Progress("solve", 0, SOLVING, "Lifting to three dimensions")
    tracked = _track_of(take)
    across = swapped(tracked, stages.swaps)
    tracked = uncrossed(tracked, across)
    belief = believed(tracked, stages.reliability)
    systems = resolved(stages.lift.lifter, stages.lift.refine)
    source = take.source
    picture = Picture(source["width"], source["height"], source["focal_length"])
    seen = yield from observe(tracked, belief, picture, camera, systems, stages.observing())
    animation = yield from animate(seen.observed, camera, stages.motion, replace(stages.animate, lift=stages.lift))
    rest = rest_of(animation.poses)
    sure = bone_confidence(seen.told.confidence)
    hands = hands_of(tracked.world, tracked.confidence, tracked.times, tracked.present, sure[:, _HANDS])
    notes = [*_swaps(across), *seen.told.notes, *_told_by(seen.focal), *animation.notes]
    return (
        replace(
            take,
            notes=list(dict.fromkeys([*_kept_notes(take), *notes])),
            settings=take.settings
            | {"camera": _plain(asdict(camera)), "lift": _plain(asdict(stages.lift))}
            | {"motion": _plain(asdict(stages.motion)), _STAGES_NOTES: notes},
            camera=_camera(seen.lens, seen.focal, animation.view),
            versions=with_hashes(systems, take.versions),
        )
        .with_stage(
            "lift", joints=seen.told.joints, spread=seen.told.spread, confidence=seen.told.confidence, belief=belief
        )
        .with_stage("seen", slopes=seen.observed.slopes, belief=seen.observed.belief)
        .with_stage("view", rotations=animation.view.rotations, positions=animation.view.positions)
        .with_stage("place", joints=animation.stages["lift"])
        .with_stage("fit", joints=animation.stages["fit"], clutter=animation.clutter)
        .with_stage("contacts", probability=animation.contacts.probability)
        .with_stage(
            "solve",
            root=animation.poses.root,
            rotations=animation.poses.rotations,
            confidence=sure,
            offsets=animation.poses.offsets,
            rest_heads=rest.heads,
            rest_tails=rest.tails,
        )
        .with_stage("hands", turns=hands.turns, confidence=hands.confidence)
    )


def motion_of(take: Take) -> Motion:
    """The motion that a take holds. Raises TakeError where it was never solved."""
    tracked, solved = take.stage("track"), take.stage("solve")
    return Motion(
        times=tracked["times"],
        present=tracked["present"],
        root=solved["root"],
        rotations=solved["rotations"],
        confidence=solved["confidence"],
        rest=RestPose(solved["rest_heads"], solved["rest_tails"]),
        fps=float(take.timing["frame_rate"]),
        contacts=_contacts(take),
        hands=Hands(**take.stages["hands"]) if "hands" in take.stages else None,
    )


def _contacts(take: Take) -> np.ndarray | None:
    """What stands; nothing is told where the user did not want feet to be held."""
    if take.settings.get("motion", {}).get("foot_lock") == "never":
        return None
    return take.stages.get("contacts", {}).get("probability")


@dataclass(frozen=True, slots=True)
class _Detections:
    """What was seen of the subject, by what, and the seconds spent inside the networks (0 for kept detections)."""

    track: Track
    detector: str
    notes: list[str]
    network_seconds: float


def _detections(footage: Footage, settings: CaptureSettings, stages: StageSettings) -> Work[_Detections]:
    """The subject's track, from the cache where the same footage was tracked before with the same settings."""
    if settings.cache is None:
        return (yield from _detect(footage, settings, stages))
    cache, key = DetectionCache(settings.cache), _key(settings, stages)
    kept = cache.get(key)
    if kept is not None:
        detector, *notes = (str(text) for text in kept.pop("texts"))
        count = len(kept["times"])
        yield Progress("track", count, count, "Using the detections kept from before")
        return _Detections(Track(**kept), detector, notes, 0.0)
    found = yield from _detect(footage, settings, stages)
    cache.put(key, asdict(found.track) | {"texts": np.array([found.detector, *found.notes])})
    return replace(found, notes=[*found.notes, *cache.notes])


def _key(settings: CaptureSettings, stages: StageSettings) -> str:
    """What the detections depend on, as the cache's key."""
    return cache_key(
        version=_TRACK_VERSION,
        footage=fingerprint(settings.footage),
        range=_plain(asdict(replace(settings.footage, path=Path()))),
        subject=asdict(settings.subject),
        backend=settings.detector.backend,
        weights=weight_hashes(settings.detector.model),
        scout=asdict(stages.scout),
        track=asdict(stages.track),
    )


def _detect(footage: Footage, settings: CaptureSettings, stages: StageSettings) -> Work[_Detections]:
    """The subject's track by the networks."""
    yield Progress("open", 0, None, "Loading the networks")
    chosen = settings.detector
    with closing(open_pose_model(chosen.backend, chosen.model, chosen.provider, chosen.threads)) as model:
        yield Progress("open", 1, 1, model.name)
        person = None
        if not (settings.subject.point or settings.subject.box):
            person = yield from scout(footage.samples(stages.scout.pictures), model, stages.scout)
        with closing(prefetch(footage.frames(), _AHEAD)) as frames:
            tracked = yield from track(frames, model, settings.subject, person, footage.info.frame_count, stages.track)
        return _Detections(tracked, model.name, list(footage.notes), model.network_seconds)


def _track_of(take: Take) -> Track:
    arrays = take.stage("track")
    if "landmarks" in arrays and "flow" not in arrays:  # a take from before flow was measured
        flow, error = unknown_flow(arrays["landmarks"].shape[:2])
        arrays = {**arrays, "flow": flow, "flow_error": error}
    try:
        return Track(**arrays)
    except TypeError as error:
        raise TakeError("The take's detections are not complete: capture the footage again.") from error


def _versions(settings: CaptureSettings, detector: str) -> dict[str, str]:
    made_by = {"penumbra": version(), "python": platform.python_version(), "numpy": np.__version__}
    return made_by | weight_hashes(settings.detector.model) | {"detector": detector}


def _camera(camera: Camera, focal: FocalEstimate, view: View) -> dict[str, Any]:
    """The camera for the take: focal length in pixels and in mm on a 36 mm sensor, and its place in the first frame.

    focal_sigma: standard deviation of the focal length's logarithm. focal_source: who tells it.
    """
    return {
        "focal_pixels": camera.focal,
        "focal_length": camera.focal_length,
        "center": list(camera.center),
        "focal_sigma": focal.sigma,
        "focal_source": focal.source,
        "world_from_camera": view.rotations[0].tolist(),
        "position": view.positions[0].tolist(),
    }


def _told_by(focal: FocalEstimate) -> list[str]:
    return [] if focal.note is None else [focal.note]


def _absences(tracked: Track) -> list[str]:
    absent = int((~tracked.present).sum())
    if not absent:
        return []
    return [
        f"The subject is not seen in {absent} of {len(tracked.present)} frames; these have no keys and confidence 0."
    ]


def _kept_notes(take: Take) -> list[str]:
    """The notes of a take that do not come from the stages that run again, which may be of another lifter or lens."""
    again = set(take.settings.get(_STAGES_NOTES, ()))
    return [note for note in take.notes if note not in again and not note.startswith(UNCALIBRATED)]


def _swaps(across: np.ndarray) -> list[str]:
    count = int(across.any(axis=1).sum())
    if not count:
        return []
    return [f"The detector took left for right in {count} frames; they were put right by the motion of the picture."]


def _plain(value: Any) -> Any:
    """The same structure with paths as text, fit for JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value) if isinstance(value, Path) else value
