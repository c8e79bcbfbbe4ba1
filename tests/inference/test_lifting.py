"""From a track to joints with confidence: which systems are asked, where confidence comes from, and what a take says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from penumbra.inference import lifting as lifting_module
from penumbra.inference.camera import guess_camera
from penumbra.inference.confidence import Calibration, SpreadFit, as_told
from penumbra.inference.flow import unknown_flow
from penumbra.inference.lift import joint_belief
from penumbra.inference.lifted import Lifted
from penumbra.inference.lifting import UNCALIBRATED, Told, lifting
from penumbra.inference.pipeline import StageSettings, continue_take
from penumbra.inference.progress import SOLVING, Progress, finish
from penumbra.inference.settings import CameraSettings, LifterName, LiftSettings, RefinerName
from penumbra.inference.sight import sightings
from penumbra.inference.sightings import Sightings
from penumbra.inference.systems import AUTO, DETECTOR, LIFTERS, NONE, REFINERS, Systems
from penumbra.inference.take import Take, load_take, save_take
from penumbra.inference.track import Track
from penumbra.models.skeletons import BLAZEPOSE, BONE_NAMES, JOINTS
from tests.synthetic import lifted_as, people_in_camera

FRAMES = 40
ABSENT = slice(10, 15)
WIDE = JOINTS.index("wrist.L")
LENS = guess_camera(1280, 720, None)


@pytest.fixture
def tracked() -> Track:
    """Somebody whose landmarks a camera saw, absent for five frames."""
    joints = people_in_camera(FRAMES)
    world = joints[:, [JOINTS.index(name if name in JOINTS else "nose") for name in BLAZEPOSE]]
    pixels = LENS.project(world)
    present = np.ones(FRAMES, bool)
    present[ABSENT] = False
    flow, error = unknown_flow((FRAMES, len(BLAZEPOSE)))
    regions = np.concatenate([pixels.mean(axis=1), np.full((FRAMES, 1), 400.0), np.zeros((FRAMES, 1))], axis=1)
    return Track(
        index=np.arange(FRAMES), times=np.arange(FRAMES) / 30.0, present=present, landmarks=np.concatenate([pixels, world[..., 2:]], axis=-1),
        world=world - joints[:, :1], confidence=np.full((FRAMES, 33), 0.9) * present[:, None], regions=regions,
        flow=flow, flow_error=error,
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """What was opened. The lifter finds the true joints with a spread of 2 cm, 30 at one wrist; refiners halve it.

    Nothing is calibrated.
    """
    opened: list[tuple[str, int | None]] = []

    def open_lifter(name: str, threads: int | None):  # noqa: ANN202
        opened.append((name, threads))

        def lift(given: Sightings) -> Lifted:
            joints = people_in_camera(len(given.points))
            spread = np.full(joints.shape, 0.02)
            spread[:, WIDE] = 0.3
            return replace(lifted_as(joints), spread=spread)

        return lift

    def open_refiner(name: str, threads: int | None):  # noqa: ANN202
        opened.append((name, threads))
        return lambda lifted: replace(lifted, spread=lifted.spread / 2)

    monkeypatch.setattr(lifting_module, "open_lifter", open_lifter)
    monkeypatch.setattr(lifting_module, "open_refiner", open_refiner)
    monkeypatch.setattr(lifting_module, "open_calibration", lambda *_: as_told())
    return opened


def _told(tracked: Track, systems: Systems, progress: list[Progress] | None = None) -> Told:
    seen = sightings(tracked, tracked.confidence, LENS, 0.1)
    work = lifting(tracked, seen, tracked.confidence, LENS, systems, LiftSettings(threads=3))
    return finish(work, None if progress is None else progress.append)


def test_the_chosen_systems_are_asked_with_the_chosen_threads(tracked: Track, asked: list[tuple[str, int | None]]):
    progress: list[Progress] = []
    told = _told(tracked, Systems("dtf-81", "graph"), progress)
    assert asked == [("dtf-81", 3), ("graph", 3)]
    assert [(step.done, step.total, step.message) for step in progress] == [(1, SOLVING, "Refining the joints")]
    assert told.spread[0, JOINTS.index("head")] == pytest.approx(0.01)
    asked.clear()
    assert _told(tracked, Systems("s3", NONE)).spread[0, JOINTS.index("head")] == pytest.approx(0.02)
    assert asked == [("s3", 3)]


@pytest.mark.usefixtures("asked")
def test_confidence_says_how_far_off_a_joint_may_be(tracked: Track):
    told = _told(tracked, Systems("s3", NONE))
    assert (told.confidence[ABSENT] == 0).all()
    seen = told.confidence[tracked.present]
    assert (seen[:, WIDE] < 0.1).all()
    assert (np.delete(seen, WIDE, axis=1) > 0.7).all()
    assert told.notes == (f"{UNCALIBRATED} for s3: it is what the detector and the networks say of themselves.",)
    assert "s3 with ppt" in _told(tracked, Systems("s3", "ppt")).notes[0]


@pytest.mark.usefixtures("asked")
def test_a_calibration_takes_the_networks_own_words_place(tracked: Track, monkeypatch: pytest.MonkeyPatch):
    wider = SpreadFit(np.full(30, 10.0), np.zeros(30))
    pairs = []

    def known(*pair: str) -> Calibration:
        pairs.append(pair)
        return Calibration(wider, wider)

    monkeypatch.setattr(lifting_module, "open_calibration", known)
    told = _told(tracked, Systems("s3", "graph"))
    assert pairs == [("s3", "graph")]
    assert told.notes == ()
    assert told.spread[0, JOINTS.index("head")] == pytest.approx(0.1)
    assert told.confidence[0, JOINTS.index("head")] < 0.4


def test_the_detectors_own_joints_are_as_sure_as_they_are_believed(tracked: Track, asked: list[tuple[str, int | None]]):
    told = _told(tracked, Systems(DETECTOR, NONE))
    assert asked == []
    np.testing.assert_array_equal(told.confidence, joint_belief(tracked.confidence))
    assert np.isnan(told.spread).all()
    assert told.notes == ()


def _take(tracked: Track, *notes: str) -> Take:
    arrays = {name: getattr(tracked, name) for name in Track.__slots__}
    return Take(
        source={"width": 1280, "height": 720, "focal_length": None}, timing={"frame_rate": 30.0}, notes=list(notes),
        versions={"detector": "made up", "dtf-81.onnx": "old", "penumbra": "1"}, stages={"track": arrays},
    )  # fmt: skip


@pytest.mark.usefixtures("asked")
def test_a_take_keeps_belief_and_confidence_apart(tracked: Track, tmp_path: Path):
    take = finish(continue_take(_take(tracked, "Look."), CameraSettings()))
    save_take(take, tmp_path / "one.take")
    lifted = load_take(tmp_path / "one.take").stage("lift")
    assert set(lifted) == {"joints", "belief", "spread", "confidence"}
    assert lifted["spread"].shape == (FRAMES, 30, 3)
    assert lifted["belief"].shape == (FRAMES, len(BLAZEPOSE))
    assert lifted["belief"][tracked.present, BLAZEPOSE.index("wrist.L")] == pytest.approx(0.9, abs=1e-4)
    assert (lifted["confidence"][tracked.present, WIDE] < 0.1).all()
    bones = take.stage("solve")["confidence"]
    assert bones.shape == (FRAMES, len(BONE_NAMES))
    assert (bones[tracked.present][:, BONE_NAMES.index("forearm.L")] < 0.1).all()
    assert (bones[tracked.present][:, BONE_NAMES.index("forearm.R")] > 0.7).all()
    assert (bones[ABSENT] == 0).all()


@pytest.mark.usefixtures("asked")
def test_what_is_reported_changes_no_joint(tracked: Track, monkeypatch: pytest.MonkeyPatch):
    first = finish(continue_take(_take(tracked), CameraSettings()))

    class Doubtful:
        calibrated = True

        def sigma(self, lifted: Lifted) -> np.ndarray:
            return lifted.spread

        def confidence(self, lifted: Lifted) -> np.ndarray:
            return np.zeros_like(lifted.confidence)

    monkeypatch.setattr(lifting_module, "open_calibration", lambda *_: Doubtful())
    second = finish(continue_take(_take(tracked), CameraSettings()))
    for stage, name in (("lift", "joints"), ("lift", "belief"), ("place", "joints")):
        np.testing.assert_allclose(first.stage(stage)[name], second.stage(stage)[name], atol=1e-6)
    assert (second.stage("solve")["confidence"] == 0).all()


@pytest.mark.usefixtures("asked")
def test_a_take_that_goes_on_with_others_tells_of_these_alone(tracked: Track, monkeypatch: pytest.MonkeyPatch):
    old = _take(tracked, "Look.", f"{UNCALIBRATED} for dtf-81: whatever.")
    stages, lens = StageSettings(lift=LiftSettings("s3", "none")), CameraSettings(focal_length=28.0)
    take = finish(continue_take(old, lens, stages))
    assert take.notes == [
        "Look.",
        f"{UNCALIBRATED} for s3: it is what the detector and the networks say of themselves.",
    ]
    assert (take.versions["lifter"], take.versions["refiner"]) == ("s3", "none")
    assert set(take.versions) == {"detector", "penumbra", "lifter", "refiner", "s3.onnx"}
    assert take.settings["lift"]["lifter"] == "s3"
    monkeypatch.setattr(lifting_module, "open_calibration", lambda *_: replace(as_told(), calibrated=True))
    assert finish(continue_take(take, lens, stages)).notes == ["Look."]


def test_the_names_in_the_settings_are_those_of_the_table():
    assert set(get_args(LifterName)) == {AUTO, DETECTOR, *LIFTERS}
    assert set(get_args(RefinerName)) == {AUTO, *REFINERS}
