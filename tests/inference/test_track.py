"""Following one subject on real footage with the real networks: whom, and never somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import NobodyFoundError
from penumbra.inference.appearance import body_colors, likeness
from penumbra.inference.footage import Frame, open_footage
from penumbra.inference.lookout import trunk_middle
from penumbra.inference.progress import finish
from penumbra.inference.scout import ScoutSettings, scout
from penumbra.inference.settings import FootageSettings, Moment, SubjectSettings
from penumbra.inference.track import Track, Tracker, TrackSettings, track
from penumbra.models.open_model import open_pose_model
from penumbra.models.pose import Candidate, PoseModel, Reading, Region

_BYSTANDER = (800.0, 640.0)
"""Where the bystander's trunk is in camera 2, in pixels; she stands still."""
_UNGATED = TrackSettings(slack=1e9, growth=1e9, alike=-1e9, unlike=1e9)


@pytest.fixture(scope="module")
def full(weights: Path) -> Iterator[PoseModel]:
    assert weights.is_dir()
    model = open_pose_model("onnx", "full", "cpu", 2)
    yield model
    model.close()


def _frames(path: Path, first: int, last: int, step: int = 1) -> list[Frame]:
    settings = FootageSettings(path, Moment(first), Moment(last), step)
    with open_footage(settings) as footage:
        return list(footage.frames())


def _follow(frames: list[Frame], model: PoseModel, subject: SubjectSettings, settings: TrackSettings) -> Track:
    return finish(track(frames, model, subject, None, len(frames), settings))


def _middles(tracked: Track) -> np.ndarray:
    return tracked.landmarks[:, [11, 12, 23, 24], :2].mean(axis=1)


@pytest.fixture(scope="module")
def camera_2(pose2sim: Path) -> list[Frame]:
    """Frames 45 to 75, in which detectors that only follow their last region have jumped to the bystander."""
    return _frames(pose2sim / "Demo_SinglePerson" / "videos" / "cam02.mp4", 45, 75)


class MisledModel:
    """The real model, led astray once: it is shown the bystander's region instead of the subject's."""

    def __init__(self, model: PoseModel, after: int) -> None:
        self._model = model
        self._reads_left = after
        self.name, self.network_seconds = model.name, 0.0

    def find(self, image: np.ndarray) -> list[Candidate]:
        return self._model.find(image)

    def read(self, image: np.ndarray, region: Region) -> Reading:
        self._reads_left -= 1
        if self._reads_left == 0:
            region = Region(*_BYSTANDER, 620.0, 0.0)
        return self._model.read(image, region)

    def close(self) -> None:
        self._model.close()


def test_the_full_model_stays_with_the_subject_beside_a_bystander(camera_2: list[Frame], full: PoseModel) -> None:
    subject = SubjectSettings(point=(560.0, 700.0))
    tracked = _follow(camera_2, full, subject, TrackSettings())
    assert tracked.present.all()
    assert np.linalg.norm(_middles(tracked) - _BYSTANDER, axis=1).min() > 150
    assert np.abs(np.diff(_middles(tracked), axis=0)).max() < 40


def test_a_look_at_the_bystander_is_refused(camera_2: list[Frame], full: PoseModel) -> None:
    subject = SubjectSettings(box=(300.0, 350.0, 720.0, 1100.0))
    misled = _follow(camera_2, MisledModel(full, 12), subject, _UNGATED)
    gated = _follow(camera_2, MisledModel(full, 12), subject, TrackSettings())
    assert np.linalg.norm(_middles(misled)[-1] - _BYSTANDER) < 60, "without the gate the track ends on the bystander"
    here = _middles(gated)[gated.present]
    assert np.linalg.norm(here - _BYSTANDER, axis=1).min() > 150
    assert gated.present.sum() >= len(camera_2) - 2


def test_somebody_who_steps_in_front_is_not_taken_for_the_subject(pose2sim: Path, full: PoseModel) -> None:
    frames = _frames(pose2sim / "Demo_MultiPerson" / "videos" / "cam03.mp4", 70, 99)
    subject = SubjectSettings(box=(0.15, 0.2, 0.65, 0.65))

    def strangers(settings: TrackSettings) -> int:
        tracked = _follow(frames, full, subject, settings)
        own = body_colors(frames[0].image, tracked.landmarks[0])
        assert own is not None
        seen = [
            body_colors(frame.image, landmarks)
            for frame, landmarks, present in zip(frames, tracked.landmarks, tracked.present, strict=True)
            if present
        ]
        assert len(seen) >= 8
        return sum(colors is None or likeness(colors, own) < 0.5 for colors in seen)

    assert strangers(_UNGATED) > 0, "the footage must tempt the tracker"
    assert strangers(TrackSettings()) == 0


def test_a_point_names_another_person_than_the_automatic_choice(demo_clip: Path, full: PoseModel) -> None:
    frames = _frames(demo_clip, 110, 122)
    woman = _follow(frames, full, SubjectSettings(point=(0.53, 0.67)), TrackSettings())
    man = _follow(frames, full, SubjectSettings(point=(0.38, 0.22)), TrackSettings())
    assert (_middles(woman)[woman.present][:, 1] > 550).all()
    assert (_middles(man)[man.present][:, 1] < 350).all()
    assert woman.present.mean() > 0.8
    assert man.present.mean() > 0.8


def test_the_longest_seen_person_is_chosen_though_another_is_larger(demo_clip: Path, full: PoseModel) -> None:
    person = finish(scout(_frames(demo_clip, 0, 229, 20), full, ScoutSettings()))
    assert person is not None
    assert trunk_middle(person.first.reading)[1] < 400


def test_a_subject_who_leaves_is_marked_and_found_again(camera_2: list[Frame], full: PoseModel) -> None:
    empty = np.full_like(camera_2[0].image, 90)
    gone = {10, 11, 12, 13, 14, 15, 16, 17}
    frames = [replace(frame, image=empty) if row in gone else frame for row, frame in enumerate(camera_2)]
    tracked = _follow(frames, full, SubjectSettings(point=(560.0, 700.0)), TrackSettings())
    assert not tracked.present[sorted(gone)].any()
    assert tracked.present[21:].all()
    assert (tracked.confidence[sorted(gone)] == 0).all()
    assert (tracked.landmarks[sorted(gone)] == 0).all()


def test_another_person_is_not_taken_for_one_who_left(camera_2: list[Frame], full: PoseModel) -> None:
    tracker = Tracker(full, SubjectSettings(point=(560.0, 700.0)), None, TrackSettings())
    for frame in camera_2[:3]:
        assert tracker.step(frame) is not None
    for row, frame in enumerate(camera_2[3:20]):
        image = frame.image.copy()
        image[:, :740] = 90  # the subject is gone, the bystander stays
        assert tracker.step(Frame(row, frame.time + 5.0, image)) is None


def test_nobody_is_an_error_that_says_what_to_do(camera_2: list[Frame], full: PoseModel) -> None:
    empty = [replace(frame, image=np.full_like(frame.image, 90)) for frame in camera_2[:4]]
    with pytest.raises(NobodyFoundError, match="Choose footage"):
        _follow(empty, full, SubjectSettings(), TrackSettings())
    with pytest.raises(NobodyFoundError, match="Choose a point or box"):
        _follow(camera_2[:4], full, SubjectSettings(point=(0.02, 0.98)), TrackSettings())


def test_colors_tell_people_apart_and_know_them_again(camera_2: list[Frame], full: PoseModel) -> None:
    def colors(frame: Frame, region: Region) -> np.ndarray:
        found = body_colors(frame.image, full.read(frame.image, region).landmarks)
        assert found is not None
        return found

    subject = Region(560.0, 800.0, 1000.0, 0.6)
    early, late = colors(camera_2[0], subject), colors(camera_2[-1], Region(535.0, 800.0, 1040.0, 0.2))
    other = colors(camera_2[0], Region(*_BYSTANDER, 620.0, 0.0))
    assert early.sum() == pytest.approx(1.0)
    assert likeness(early, late) > likeness(early, other) + 0.3


def test_a_body_outside_the_picture_has_no_colors() -> None:
    assert body_colors(np.zeros((100, 100, 3), np.uint8), np.full((33, 3), -50.0)) is None
