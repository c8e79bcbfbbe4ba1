"""Corrective keys: how much of a hidden stretch one true pose in its middle mends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference import rotations as rot
from ..inference.along_time import stretches
from ..inference.animate import Animation, animate
from ..inference.camera import View
from ..inference.correcting.around import Corrected, solve_around
from ..inference.correcting.correction import Correction
from ..inference.observed import Observed
from ..inference.poses import Poses
from ..inference.progress import finish
from ..inference.settings import CameraSettings, MotionSettings
from ..training.clips import RATE, Clip
from ..training.metrics.position import errors
from ..training.occlusion import Clean, Part, Protocol, Windows
from .motion_scenes import Lifting, Scene, Sight, look, open_lifting, scenes
from .occlusion_scores import SCORED, ratio_interval
from .report import Figure
from .tables import table

CALM = 0.2
"""Speed in m/s below which a performer is calm."""
LENGTH = 60
"""Frames that are hidden, two seconds."""
PROTOCOLS: tuple[Protocol, ...] = (
    Part("left arm", LENGTH),
    Part("right arm", LENGTH),
    Part("left leg", LENGTH),
    Part("right leg", LENGTH),
    Windows(LENGTH, 3),
)


@dataclass(frozen=True, slots=True)
class Mended:
    """One hidden stretch. before, after: mean error in mm of its hidden joints about the pelvis, without and with a correction.

    thrice: with three corrections, evenly in the stretch. seen: the same where nothing is hidden. own_before, own_after: against the true rotations on the captured body, whose bones are
    not the performer's. speed: m/s of the performer's joints about the pelvis. elsewhere: whether anything else has changed.
    """

    protocol: str
    recording: str
    before: float
    after: float
    thrice: float
    seen: float
    own_before: float
    own_after: float
    speed: float
    elsewhere: bool


def mend(clips: Sequence[Clip], count: int, protocols: Sequence[Protocol] = PROTOCOLS) -> list[Mended]:
    """Every hidden stretch of `count` windows of clips, corrected by the true pose of its middle frame.

    Raises SetupError where the product's networks cannot be used.
    """
    lifting = open_lifting()
    return [one for scene in scenes(clips, count) for one in _scene(scene, lifting, protocols)]


def _scene(scene: Scene, lifting: Lifting, protocols: Sequence[Protocol]) -> Iterator[Mended]:
    seen = _seen(scene, lifting)
    for protocol in protocols:
        sight = look(scene, protocol, lifting)
        animation = _animated(sight.observed)
        for span in stretches(sight.hidden[:, 1:SCORED].any(axis=1)):
            yield _mended(scene, protocol, sight, animation, slice(*span), seen)


def correction_figures(mended: Sequence[Mended]) -> list[Figure]:
    """By how much the error of hidden joints goes down, and what goes with it."""
    before, after, thrice, seen = _columns(mended, "before", "after", "thrice", "seen")
    own_before, own_after, speed = _columns(mended, "own_before", "own_after", "speed")
    calm = speed < CALM
    return [
        Figure("corrected_over_hidden", float(after.mean() / before.mean()), "", 0.5),
        Figure("corrected_over_hidden_own_body", float(own_after.mean() / own_before.mean()), "", 0.5),
        Figure("corrected_over_hidden_calm", float(after[calm].sum() / max(before[calm].sum(), 1e-9)), ""),
        Figure(
            "corrected_over_hidden_calm_own_body", float(own_after[calm].sum() / max(own_before[calm].sum(), 1e-9)), ""
        ),
        Figure("calm_stretches", 100.0 * float(np.mean(calm)), "%"),
        Figure("corrected_over_hidden_median", float(np.median(after / before)), ""),
        Figure("corrected_thrice_over_hidden", float(thrice.mean() / before.mean()), ""),
        Figure("seen_over_hidden", float(seen.mean() / before.mean()), ""),
        Figure("stretches_halved", 100.0 * float(np.mean(after <= 0.5 * before)), "%"),
        Figure("stretches_worse", 100.0 * float(np.mean(after > before)), "%"),
        Figure("elsewhere_changed", float(sum(one.elsewhere for one in mended)), "stretches", 0.0),
    ]


def _columns(mended: Sequence[Mended], *names: str) -> list[np.ndarray]:
    return [np.array([getattr(one, name) for one in mended]) for name in names]


def _animated(observed: Observed) -> Animation:
    return finish(animate(observed, CameraSettings(), MotionSettings()))


def _mended(
    scene: Scene, protocol: Protocol, sight: Sight, animation: Animation, span: slice, seen: np.ndarray
) -> Mended:
    truth = _in_view(scene, animation.view)

    def solved(*shares: float) -> Corrected:
        frames = [span.start + int(share * (span.stop - span.start)) for share in shares]
        right = [Correction(frame, animation.poses.root[frame], truth[frame]) for frame in frames]
        return solve_around(animation.poses, sight.observed, animation.view, animation.contacts, right)

    result = solved(0.5)
    away = sight.hidden[span, 1:SCORED]
    goal = scene.trial.truth[:, :SCORED].astype(float)
    own = _about(replace(animation.poses, rotations=truth), animation.view)

    def mean(poses: Poses, goal: np.ndarray) -> float:
        return float(errors(_about(poses, animation.view), goal)[span, 1:][away].mean())

    kept = (result.poses.rotations == animation.poses.rotations).all(axis=-1) | result.changed
    stayed = (result.poses.root == animation.poses.root).all(axis=-1) | result.moved
    return Mended(
        protocol.name,
        scene.trial.recording,
        mean(animation.poses, goal),
        mean(result.poses, goal),
        mean(solved(0.2, 0.5, 0.8).poses, goal),
        float(seen[span][away].mean()),
        mean(animation.poses, own),
        mean(result.poses, own),
        RATE * float(np.linalg.norm(np.diff(goal[span], axis=0), axis=-1)[:, 1:].mean()),
        elsewhere=not (kept.all() and stayed.all()),
    )


def _in_view(scene: Scene, view: View) -> np.ndarray:
    """`[T, 18, 4]` the true rotations in the world that the motion is in: both see it by the same camera."""
    turn = rot.from_matrix(view.rotations @ np.swapaxes(scene.view.rotations, 1, 2))
    return rot.multiply(turn[:, None], scene.truth.rotations)


def _about(poses: Poses, view: View) -> np.ndarray:
    """`[T, 17, 3]` metres about the pelvis in the camera's axes."""
    joints = poses.joints()[:, :SCORED]
    return np.einsum("tba,tjb->tja", view.rotations, joints - joints[:, :1])


def _seen(scene: Scene, lifting: Lifting) -> np.ndarray:
    """`[T, 16]` mm by which joints err where nothing is hidden."""
    animation = _animated(look(scene, Clean(), lifting).observed)
    return errors(_about(animation.poses, animation.view), scene.trial.truth[:, :SCORED].astype(float))[:, 1:]


def correction_table(mended: Sequence[Mended]) -> str:
    """A row for each protocol that was tried."""
    rows = []
    for name in dict.fromkeys(one.protocol for one in mended):
        own = [one for one in mended if one.protocol == name]
        before, after, thrice, seen = _columns(own, "before", "after", "thrice", "seen")
        ratio = ratio_interval(after, before, [one.recording for one in own])
        rows.append(
            [
                f"{name}, {len(own)} stretches",
                before.mean(),
                after.mean(),
                f"{ratio.mean:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
                f"{np.median(after / before):.2f}",
                thrice.mean(),
                seen.mean(),
            ]
        )
    return table(
        "Corrections by what is hidden",
        (
            "hidden",
            "before, mm",
            "after, mm",
            "ratio of means (95 %)",
            "median ratio",
            "three poses, mm",
            "in plain sight, mm",
        ),
        rows,
    )


def correction_remarks() -> list[str]:
    """What the figures and the table are of."""
    return [
        (
            f"Corrections: clips seen by one still camera and a detector with its usual noise, lifted and animated as the product does. A "
            f"limb, or three joints drawn at random with all that hangs on them, is hidden for {LENGTH} frames (2 s), again and again. "
            "Each stretch is corrected by the true rotations of its middle frame alone (`thrice`: of three, at a fifth, a half and four fifths); "
            "errors are of its hidden joints about the pelvis, "
            "over all its frames. `own_body`: against the true rotations on the body that was captured, whose bones are not as long as "
            "the performer's: that is what an animator poses; to the other errors those lengths add what no pose can mend. `seen`: what "
            "the same joints err by in the same frames where nothing is hidden. `calm`: stretches in which the performer's joints go slower than "
            f"{CALM:g} m/s in the mean. `elsewhere`: stretches with any bone or frame changed "
            "that the correction does not tell of, to the last bit."
        ),
    ]
