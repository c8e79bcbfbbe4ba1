"""Runs the stages after the lift over scenes and occlusions, and scores the motion before and after each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol as Shape

import numpy as np

from ..inference.camera import View
from ..inference.contacts import FEET, Contacts
from ..inference.observed import Observed
from ..inference.poses import Poses
from ..training.clips import RATE
from ..training.metrics.world import stands
from ..training.occlusion import Protocol
from .motion_scenes import Lifting, Scene, Sight, look
from .motion_scores import Score, by_bone, positions, score
from .occlusion_scores import SCORED

LIFT, SOLVE, FIT, SMOOTH, LOCK = STAGES = ("lift", "solve", "fit", "smooth", "lock")
"""After what the motion is scored: as it was lifted and placed, and after each stage that follows."""
LIFTER = "lifter"
"""What the default lifter and refiner say, before anything is placed; it has positions alone."""
TRUTH = "truth"
"""What the truth itself is called among the stages."""


class Animated(Shape):
    """What the stages after the lift give, as `inference.animate` does: joints `[T, 30, 3]` in the world by stage, and more."""

    @property
    def poses(self) -> Poses:
        """The final motion."""
        ...

    @property
    def view(self) -> View:
        """The camera in the motion's world."""
        ...

    @property
    def contacts(self) -> Contacts:
        """What stands on the floor."""
        ...

    @property
    def stages(self) -> Mapping[str, np.ndarray]:
        """Joints in the world after each of `STAGES`."""
        ...


Animate = Callable[[Observed], Animated]
"""All stages after the lift."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One scene with all that became of it, for pictures."""

    scene: Scene
    sight: Sight
    animated: Animated


@dataclass(frozen=True, slots=True)
class Outcome:
    """All scores. recordings: of the scenes. scores: by protocol and stage, one a scene; `LIFTER` and `TRUTH` are stages as well.

    lifting, animating: frames a second of processor time. contact: F1 of feet that stand, over all frames of a protocol,
    by its name. lean: degrees by which up is off, by protocol, one a scene. bones: `[3, 18]` as `by_bone` gives, by protocol,
    of all scenes. shown: scenes of the first protocol.
    """

    recordings: tuple[str, ...]
    scores: Mapping[tuple[str, str], Sequence[Score]]
    lifting: float
    animating: float
    contact: Mapping[str, float]
    lean: Mapping[str, Sequence[float]]
    bones: Mapping[str, np.ndarray]
    shown: Sequence[Shown]


def run(found: Sequence[Scene], protocols: Sequence[Protocol], lifting: Lifting, animate: Animate) -> Outcome:
    """Every scene under every protocol through the whole chain from points in the picture on."""
    scores: dict[tuple[str, str], list[Score]] = {}
    hits: dict[str, list[np.ndarray]] = {}
    lean: dict[str, list[float]] = {}
    bones: dict[str, np.ndarray] = {}
    shown: list[Shown] = []
    lifted = animated = frames = 0.0
    for scene in found:
        for protocol in protocols:
            sight = look(scene, protocol, lifting)
            start = time.process_time()
            answer = animate(sight.observed)
            animated += time.process_time() - start
            lifted += sight.seconds
            frames += len(scene.joints)
            for stage, item in _scores(answer, scene, sight).items():
                scores.setdefault((protocol.name, stage), []).append(item)
            hits.setdefault(protocol.name, []).append(_counted(answer.contacts, scene))
            lean.setdefault(protocol.name, []).append(_lean(answer.view, scene.view))
            bones[protocol.name] = bones.get(protocol.name, 0.0) + by_bone(answer.poses, answer.view, scene, sight)
            if protocol is protocols[0]:
                shown.append(Shown(scene, sight, answer))
    return Outcome(
        recordings=tuple(scene.trial.recording for scene in found),
        scores=scores,
        lifting=frames / lifted,
        animating=frames / animated,
        contact={name: _f1(np.sum(counts, axis=0)) for name, counts in hits.items()},
        lean=lean,
        bones=bones,
        shown=shown,
    )


def _scores(answer: Animated, scene: Scene, sight: Sight) -> dict[str, Score]:
    """The scores after every stage; the rotations are those of the last."""
    found = {
        stage: score(answer.stages[stage], answer.view, scene, sight, answer.poses if stage == STAGES[-1] else None)
        for stage in STAGES
    }
    everything, visible, hidden = positions(
        sight.observed.joints[:, :SCORED], scene.trial.truth[:, :SCORED].astype(float), sight.hidden
    )
    return {
        LIFTER: Score(everything=everything, visible=visible, hidden=hidden),
        **found,
        TRUTH: score(scene.joints, scene.view, scene, sight, scene.truth),
    }


def _counted(contacts: Contacts, scene: Scene) -> np.ndarray:
    """`[3]` how many feet's points are rightly, wrongly and not said to stand."""
    told, real = contacts.probability[:, FEET] > 0.5, stands(scene.joints, RATE)
    return np.array([(told & real).sum(), (told & ~real).sum(), (~told & real).sum()], float)


def _f1(counts: np.ndarray) -> float:
    right, wrong, missed = counts
    return float(2.0 * right / max(2.0 * right + wrong + missed, 1.0))


def _lean(view: View, truth: View) -> float:
    """Degrees between what is up in the two worlds, as the camera sees it."""
    ours, theirs = view.rotations[:, 2], truth.rotations[:, 2]
    sine = np.linalg.norm(np.cross(ours, theirs), axis=-1)
    return float(np.degrees(np.arctan2(sine, np.sum(ours * theirs, axis=-1))).mean())
