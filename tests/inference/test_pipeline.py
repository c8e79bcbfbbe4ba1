"""The whole way from real footage to a take: progress, the cache, going on from a take, cancelling."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import FootageError, NobodyFoundError, SetupError, TakeError
from penumbra.inference.lift import LiftSettings
from penumbra.inference.motion import bone_heads_and_tails
from penumbra.inference.pipeline import StageSettings, capture, continue_take, motion_of
from penumbra.inference.progress import Progress, finish
from penumbra.inference.settings import (
    CameraSettings,
    CaptureSettings,
    DetectorSettings,
    FootageSettings,
    Moment,
    MotionSettings,
    SubjectSettings,
)
from penumbra.inference.take import Take, load_take, save_take
from penumbra.models.skeletons import BONE_NAMES
from penumbra.tests.correcting import hidden_take


@pytest.fixture
def settings(demo_clip: Path, weights: Path, tmp_path: Path) -> CaptureSettings:
    """Twenty frames of the man on the roof, by the fast model."""
    assert weights.is_dir()
    return CaptureSettings(
        FootageSettings(demo_clip, Moment(20), Moment(39)),
        SubjectSettings(point=(0.37, 0.22)),
        DetectorSettings(model="full", provider="cpu", threads=2),
        cache=tmp_path / "cache",
    )


def _run(settings: CaptureSettings) -> tuple[Take, list[Progress]]:
    seen, work = [], capture(settings)
    while True:
        try:
            seen.append(next(work))
        except StopIteration as stop:
            return stop.value, seen


def test_footage_becomes_motion_with_progress(settings: CaptureSettings) -> None:
    take, progress = _run(settings)
    motion = motion_of(take)
    assert [step.done for step in progress if step.stage == "track"] == list(range(1, 21))
    assert list(dict.fromkeys(step.stage for step in progress)) == ["open", "track", "solve"]
    assert len(motion) == 20
    assert motion.present.all()
    assert motion.fps == pytest.approx(30)
    np.testing.assert_allclose(motion.times, np.arange(20, 40) / 30, atol=1e-3)
    heads, _ = bone_heads_and_tails(motion)
    height = heads[:, BONE_NAMES.index("head"), 2] - heads[:, BONE_NAMES.index("foot.L"), 2]
    assert 1.0 < np.median(height) < 1.8
    # he faces the camera: his left hand is on the picture's right
    assert (heads[:, BONE_NAMES.index("hand.L"), 0] > heads[:, BONE_NAMES.index("hand.R"), 0]).all()
    assert 0.2 < motion.confidence.mean() <= 1.0


def test_a_second_run_skips_detection_and_another_setting_does_not(settings: CaptureSettings) -> None:
    first, _ = _run(settings)
    second, progress = _run(settings)
    assert [step.message for step in progress if step.stage == "track"] == ["Using the detections kept from before"]
    assert first.timing["network_seconds"] > 0
    assert second.timing["network_seconds"] == 0
    np.testing.assert_allclose(first.stage("solve")["rotations"], second.stage("solve")["rotations"], atol=1e-6)
    shorter = CaptureSettings(
        FootageSettings(settings.footage.path, Moment(20), Moment(24)),
        settings.subject,
        settings.detector,
        cache=settings.cache,
    )
    take, _ = _run(shorter)
    assert take.timing["network_seconds"] > 0


def test_later_stages_run_again_from_a_saved_take(settings: CaptureSettings, tmp_path: Path) -> None:
    take, _ = _run(settings)
    save_take(take, tmp_path / "man.take")
    again = load_take(tmp_path / "man.take")
    same = finish(continue_take(again, CameraSettings()))
    np.testing.assert_allclose(same.stage("solve")["root"], take.stage("solve")["root"], atol=1e-6)
    longer = finish(continue_take(again, CameraSettings(focal_length=80.0)))
    assert longer.camera["focal_length"] == pytest.approx(80.0)
    assert (longer.camera["focal_source"], take.camera["focal_source"]) == ("user", "estimate")
    assert longer.camera["focal_sigma"] < 0.1 < take.camera["focal_sigma"]
    assert any("focal length" in note for note in take.notes)
    assert not any("focal length" in note for note in longer.notes)
    distance = [np.linalg.norm(made.camera["position"]) for made in (take, longer)]
    assert distance[1] > 1.5 * distance[0]


def test_motion_tells_what_stands_unless_feet_were_to_be_left_alone() -> None:
    take = hidden_take()
    contacts = motion_of(take).contacts
    assert contacts is not None
    assert contacts.max() > 0.5
    alone = replace(take, settings={"motion": {"height": 1.7, "foot_lock": "never"}})
    assert motion_of(alone).contacts is None


def test_the_track_holds_the_flow_and_an_old_take_without_it_goes_on(settings: CaptureSettings) -> None:
    stages = StageSettings(lift=LiftSettings(lifter="detector"))
    take = finish(capture(settings, stages))
    arrays = take.stage("track")
    assert arrays["flow"].shape == (20, 33, 2)
    assert np.isinf(arrays["flow_error"][0]).all()
    known = np.isfinite(arrays["flow_error"][1:])
    assert known.mean() > 0.8
    moved = np.linalg.norm(np.diff(arrays["landmarks"][..., :2], axis=0) - arrays["flow"][1:], axis=-1)
    height = np.ptp(arrays["landmarks"][..., 1], axis=1).mean()
    assert np.median(moved[known]) < 0.02 * height
    old = take.with_stage("track", **{name: array for name, array in arrays.items() if not name.startswith("flow")})
    assert np.isfinite(finish(continue_take(old, CameraSettings(), stages)).stage("solve")["root"]).all()


def test_a_take_without_detections_says_so() -> None:
    with pytest.raises(TakeError, match="capture the footage again"):
        finish(continue_take(Take(), CameraSettings()))
    with pytest.raises(TakeError, match="not complete"):
        finish(continue_take(Take().with_stage("track", times=np.zeros(3)), CameraSettings()))


def test_closing_stops_the_decoder_too(settings: CaptureSettings) -> None:
    before = threading.active_count()
    work = capture(settings)
    while next(work).stage != "track":
        pass
    work.close()
    assert threading.active_count() == before
    assert settings.cache is not None
    assert not settings.cache.exists() or not list(settings.cache.iterdir())


def test_errors_are_sentences(settings: CaptureSettings, tmp_path: Path) -> None:
    def with_footage(footage: FootageSettings) -> CaptureSettings:
        return CaptureSettings(footage, settings.subject, settings.detector)

    with pytest.raises(FootageError, match="check the path"):
        finish(capture(with_footage(FootageSettings(tmp_path / "none.mp4"))))
    nobody = CaptureSettings(settings.footage, SubjectSettings(point=(0.01, 0.99)), settings.detector)
    with pytest.raises(NobodyFoundError, match="Choose a point or box"):
        finish(capture(nobody))
    cuda = CaptureSettings(settings.footage, settings.subject, DetectorSettings(model="full", provider="coreml"))
    with pytest.raises(SetupError, match=r"[.]$"):
        finish(capture(cuda))


def test_a_fine_fit_without_pytorch_is_refused_before_the_footage_is_read(
    settings: CaptureSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    work = capture(settings, StageSettings(motion=MotionSettings(fit="fine")))
    assert next(work).stage == "open"
    with pytest.raises(SetupError, match="PyTorch"):
        next(work)
