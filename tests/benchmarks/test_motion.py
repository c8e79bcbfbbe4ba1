"""The motion benchmark on a chain whose answers are known, good and bad ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.benchmarks.motion_run import FIT, LIFT, LIFTER, LOCK, SMOOTH, SOLVE, STAGES, TRUTH, Outcome, run
from penumbra.benchmarks.motion_scenes import Lifting, Scene, look, scenes
from penumbra.benchmarks.motion_tables import (
    CLEAN,
    GAPS,
    PROTOCOLS,
    bone_table,
    draw_foot,
    figures,
    most_steps,
    ratio_table,
    remarks,
    stage_tables,
)
from penumbra.benchmarks.report import Figure
from penumbra.inference import rotations as rot
from penumbra.inference.camera import View
from penumbra.inference.confidence import as_told
from penumbra.inference.contacts import CONTACTS, Contacts
from penumbra.inference.lifted import Lifted
from penumbra.inference.observed import Observed
from penumbra.inference.poses import Poses, flat_soled
from penumbra.inference.sightings import Sightings
from penumbra.models.skeletons import BONE_NAMES, JOINTS
from penumbra.tests.synthetic import lifted_as
from penumbra.training.bodies import mean_body
from penumbra.training.clips import RATE, Clip
from penumbra.training.detector import DetectorModel
from penumbra.training.metrics.world import stands
from penumbra.training.occlusion import joint_hidden

_FRAMES = 120
_FEET = [JOINTS.index(name) for name in ("heel.L", "toe.L", "heel.R", "toe.R")]
# A turn about z and a shift: the motion's world is never the clip's.
_YAW = np.array([np.cos(0.4), 0.0, 0.0, np.sin(0.4)])
_SHIFT = np.array([1.0, -2.0, 0.0])


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    turns = np.zeros((len(angle), 4))
    turns[:, 0], turns[:, 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return turns


def slider() -> Clip:
    """Somebody who stands for two seconds and then is drawn 2 m along a line, and swings both arms all the while."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (_FRAMES, len(BONE_NAMES), 1))
    swing = 0.8 * np.sin(np.arange(_FRAMES) / 6.0)
    for bone in ("upper_arm", "forearm", "hand"):
        for side in "LR":
            rotations[:, BONE_NAMES.index(f"{bone}.{side}")] = _about(1, swing)
    root = np.zeros((_FRAMES, 3))
    root[60:, 0] = 1.0 - np.cos(np.linspace(0.0, np.pi, _FRAMES - 60))
    poses = Poses(mean_body().astype(float), root, rotations)
    root[:, 2] = -poses.joints()[:, _FEET, 2].min()
    return Clip("slider", "made", "made", "slide", "CC0", rotations, root, mean_body())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return scenes([slider()], 1, DetectorModel())[0]


def noisy(scene: Scene, size: float = 0.004) -> Lifting:
    """A lifter that knows the truth but for noise, which is five times as large where joints are hidden."""
    rng = np.random.default_rng(0)

    def lift(given: Sightings) -> Lifted:
        scale = np.where(joint_hidden(~given.seen), 5 * size, size)[..., None]
        return lifted_as(scene.trial.truth + scale * rng.normal(0.0, 1.0, scene.trial.truth.shape))

    return Lifting(lift, as_told())


@dataclass
class Answer:
    poses: Poses
    view: View
    contacts: Contacts
    stages: Mapping[str, np.ndarray] = field(default_factory=dict)


def oracle(scene: Scene, spoil: Callable[[Poses], Poses] = lambda poses: poses) -> Callable[[Observed], Answer]:
    """A chain that knows the truth, in a world of its own, and may be spoiled after the lift."""

    def animate(observed: Observed) -> Answer:
        real = scene.truth
        known = Poses(real.offsets, rot.rotate(_YAW, real.root) + _SHIFT, rot.multiply(_YAW, real.rotations))
        turn = rot.to_matrix(_YAW)
        view = View(turn @ scene.view.rotations, scene.view.positions @ turn.T + _SHIFT)
        final = spoil(known)
        lift = view.to_world(observed.joints + scene.trial.joints[:, :1])
        chance = np.zeros((_FRAMES, len(CONTACTS)))
        chance[:, :4] = stands(scene.joints, RATE)
        stages = dict.fromkeys((SOLVE, FIT, SMOOTH, LOCK), final.joints())
        return Answer(final, view, Contacts(chance), {LIFT: lift, **stages})

    return animate


def tried(scene: Scene, spoil: Callable[[Poses], Poses] = lambda poses: poses) -> Outcome:
    return run([scene], PROTOCOLS, noisy(scene), oracle(scene, spoil))


def verdicts(outcome: Outcome) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(outcome)}


def short(outcome: Outcome) -> set[str]:
    return {figure.name for figure in figures(outcome) if figure.verdict == "short"}


def test_the_camera_stands_and_sees_the_truth(scene: Scene):
    assert np.ptp(scene.view.positions, axis=0).max() == 0.0
    assert np.ptp(scene.view.rotations, axis=0).max() == 0.0
    np.testing.assert_allclose(scene.view.to_camera(scene.joints), scene.trial.joints, atol=1e-5)
    np.testing.assert_allclose(flat_soled(scene.truth).rotations, scene.truth.rotations, atol=1e-9)


def test_what_is_hidden_is_neither_seen_nor_believed(scene: Scene):
    sight = look(scene, GAPS, noisy(scene))
    assert sight.hidden.any()
    hidden = sight.observed.belief == 0.0
    assert (joint_hidden(hidden) == sight.hidden).all()
    assert look(scene, CLEAN, noisy(scene)).bones.all()
    assert not sight.bones[sight.hidden[:, JOINTS.index("elbow.L")], BONE_NAMES.index("forearm.L")].any()


def test_a_chain_that_knows_the_truth_is_within_all_bounds(scene: Scene):
    outcome = tried(scene)
    found = verdicts(outcome)
    assert short(outcome) == set()
    for name in ("foot_skating", "penetration_1cm", "root_error", "swing_error", "twist_error", "up_error"):
        assert found[name].value == pytest.approx(0.0, abs=0.05)
    assert found["contact_f1"].value == 1.0
    assert found["acceleration_ratio"].value < 0.01
    assert found["fit_hidden_ratio"].value < 0.01
    assert found["hit_damping_against_truth"].value == pytest.approx(0.0, abs=0.1)
    lift = outcome.scores[CLEAN.name, LIFT][0]
    # the joint and the pelvis err by 4 mm along each axis, together by √2 of that; a Gauss error's length is √(8/π) times
    # its deviation on average
    assert lift.everything == pytest.approx(4.0 * np.sqrt(2.0) * np.sqrt(8.0 / np.pi), rel=0.02)
    assert outcome.scores[CLEAN.name, LIFTER][0].everything == pytest.approx(lift.everything, rel=0.01)
    assert outcome.scores[GAPS.name, LIFTER][0].hidden > 2.0 * lift.everything


def _moved(poses: Poses, way: np.ndarray) -> Poses:
    return replace(poses, root=poses.root + way)


def _creeping(poses: Poses) -> Poses:
    """Slides by 3 mm a frame, to and fro."""
    return _moved(poses, 0.003 * np.abs(np.arange(_FRAMES) % 40 - 20)[:, None] * np.array([1.0, 0.0, 0.0]))


def _sunk(poses: Poses) -> Poses:
    return _moved(poses, np.array([0.0, 0.0, -0.02]))


def _stretched(poses: Poses) -> Poses:
    return replace(poses, root=poses.root * np.array([1.3, 1.3, 1.0]))


def _turned(axis: tuple[float, float, float], degrees: float) -> Callable[[Poses], Poses]:
    """Every bone of the limbs turns on its parent by `degrees` about an axis of the rest pose."""
    half = np.radians(degrees) / 2
    turn = np.array([np.cos(half), *(np.sin(half) * np.array(axis))])
    powers = {"upper_arm": 1, "forearm": 2, "hand": 3, "thigh": 1, "shin": 2, "foot": 3}

    def spoil(poses: Poses) -> Poses:
        rotations = poses.rotations.copy()
        for bone, power in powers.items():
            for side in "LR":
                index = BONE_NAMES.index(f"{bone}.{side}")
                for _ in range(power):
                    rotations[:, index] = rot.multiply(rotations[:, index], turn)
        return replace(poses, rotations=rotations)

    return spoil


def _shaking(poses: Poses) -> Poses:
    rng = np.random.default_rng(1)
    offsets = rng.normal(0.0, 0.05, (_FRAMES, len(BONE_NAMES), 3)) / 2
    turns = rot.normalize(np.concatenate([np.ones((*offsets.shape[:2], 1)), offsets], axis=-1))
    rotations = rot.multiply(turns, poses.rotations)
    return Poses(poses.offsets, poses.root + rng.normal(0.0, 0.02, (_FRAMES, 3)), rotations)


def _frozen(poses: Poses) -> Poses:
    return replace(poses, rotations=np.repeat(poses.rotations[:1], _FRAMES, axis=0))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_creeping, {"foot_skating"}),
        (_sunk, {"penetration_1cm"}),
        (_stretched, {"root_error"}),
        # arms lie along x and legs along z: about y all of them swing
        (_turned((0.0, 1.0, 0.0), 25.0), {"swing_error"}),
        (_shaking, {"acceleration_ratio", "foot_skating"}),
        (_frozen, {"hit_damping"}),
    ],
)
def test_every_fault_falls_short_of_its_bound(scene: Scene, spoil: Callable[[Poses], Poses], expected: set[str]):
    assert expected <= short(tried(scene, spoil))


def test_a_twist_is_no_swing(scene: Scene):
    # about x arms twist and legs swing: of twelve bones six each, the feet swing as well
    outcome = tried(scene, _turned((1.0, 0.0, 0.0), 40.0))
    found = verdicts(outcome)
    assert found["twist_error"].value == pytest.approx(20.0, abs=0.5)
    assert found["swing_error"].value == pytest.approx(20.0, abs=0.5)
    table = bone_table(outcome)
    assert "| hips | 0.0 | 0.0 | 0.0 | 0.0 |" in table
    assert "| forearm | 0.0 | 40.0 | 0.0 | 40.0 |" in table
    assert "| foot | 40.0 | 0.0 | 40.0 | 0.0 |" in table


def test_the_fit_is_compared_with_the_lifter(scene: Scene):
    outcome = tried(scene)
    # a fit that is no better than what the lifter says of hidden joints
    scores = dict(outcome.scores)
    for protocol in (CLEAN, GAPS):
        worse = [replace(item, everything=1.1 * item.everything) for item in scores[protocol.name, LIFTER]]
        scores[protocol.name, FIT] = worse
    found = verdicts(replace(outcome, scores=scores))
    assert found["fit_hidden_ratio"].value == pytest.approx(1.0)
    assert found["fit_clean_ratio"].value == pytest.approx(1.1)
    assert {"fit_hidden_ratio", "fit_clean_ratio"} <= short(replace(outcome, scores=scores))
    # too slow, and bones that stretch
    slow = replace(outcome, animating=99.0, scores=outcome.scores)
    assert short(slow) == {"solve_and_fit_speed"}
    assert verdicts(slow)["solve_and_fit_over_lifting"].value == pytest.approx(outcome.lifting / 99.0)


def test_tables_and_the_picture_tell_all_stages(scene: Scene, tmp_path: Path):
    outcome = tried(scene)
    tables = stage_tables(outcome)
    assert len(tables) == len(PROTOCOLS)
    for stage in (LIFTER, *STAGES, TRUTH):
        assert f"\n| {stage} |" in tables[1]
    assert "| clean | lock | 0.0" in ratio_table(outcome)
    assert "over the 1 clips" in " ".join(remarks(outcome, "test"))
    draw_foot(most_steps(outcome.shown), tmp_path / "foot.png")
    assert (tmp_path / "foot.png").read_bytes()[:4] == b"\x89PNG"
