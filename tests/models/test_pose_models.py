"""Both backends with the real weights on real footage."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from penumbra.errors import ArgumentsError, SetupError
from penumbra.models.mediapipe_tasks import MediapipeTasks, TasksSettings
from penumbra.models.open_model import open_pose_model
from penumbra.models.pose import PoseModel, Reading, Region

DEMO_FRAMES = (0, 60, 90, 120, 150)
CAMERA_FRAMES = (0, 30, 60, 90)
Footage = dict[tuple[str, int], np.ndarray]
"""Pictures by the clip they are from and their number in it."""


def pictures(path: Path, wanted: Sequence[int]) -> dict[int, np.ndarray]:
    found = {}
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                found[number] = np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
            if number == max(wanted):
                return found
    raise AssertionError("the footage is shorter than it was")


@pytest.fixture(scope="session")
def footage(demo_clip: Path, pose2sim: Path) -> Footage:
    camera = pose2sim / "Demo_SinglePerson" / "videos" / "cam01.mp4"
    return {
        **{("demo", number): image for number, image in pictures(demo_clip, DEMO_FRAMES).items()},
        **{("camera", number): image for number, image in pictures(camera, CAMERA_FRAMES).items()},
    }


@pytest.fixture(scope="module")
def full(weights: Path) -> Iterator[PoseModel]:  # noqa: ARG001 - the model looks for them itself
    model = open_pose_model("onnx", "full", "cpu", 1)
    yield model
    model.close()


def side(reading: Reading) -> float:
    """Larger side of the box around a person's landmarks, in pixels."""
    return float(np.ptp(reading.landmarks[:, :2], axis=0).max())


def square_around(image: np.ndarray, region: Region) -> np.ndarray:
    """A square part of the picture, which either backend's detector sees as a whole, with the person in it."""
    height, width = image.shape[:2]
    extent = min(int(1.4 * region.size), width, height)
    left = int(np.clip(region.x - extent / 2, 0, width - extent))
    top = int(np.clip(region.y - extent / 2, 0, height - extent))
    return np.ascontiguousarray(image[top : top + extent, left : left + extent])


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("model", ["heavy", "full"])
def test_both_backends_agree(footage: Footage, model: str):
    """From a fresh detection in the same picture. The limits are the project's; what is measured is far below them."""
    onnx = open_pose_model("onnx", model, "cpu", 1)
    tasks = MediapipeTasks(model, TasksSettings(reach=10.0))  # read in the whole of a picture
    compared = 0
    try:
        for place, image in footage.items():
            cut = square_around(image, onnx.find(image)[0].region)
            ours = onnx.read(cut, onnx.find(cut)[0].region)
            theirs = tasks.read(cut, ours.region)
            assert theirs.score == 1.0, place
            assert ours.score > 0.5, place
            apart = np.linalg.norm(ours.landmarks[:, :2] - theirs.landmarks[:, :2], axis=1).mean()
            assert apart <= 0.01 * side(ours), place
            assert np.linalg.norm(ours.world - theirs.world, axis=1).mean() <= 0.005, place
            np.testing.assert_allclose(ours.visibility, theirs.visibility, atol=0.05, err_msg=str(place))
            np.testing.assert_allclose(ours.presence, theirs.presence, atol=0.05, err_msg=str(place))
            assert np.abs(ours.landmarks[:, 2] - theirs.landmarks[:, 2]).mean() <= 0.01 * side(ours), place
            compared += 1
    finally:
        tasks.close()
        onnx.close()
    assert compared == len(DEMO_FRAMES) + len(CAMERA_FRAMES)


def test_people_are_found_where_they_stand(full: PoseModel, footage: Footage):
    for place, image in footage.items():
        height, width = image.shape[:2]
        candidates = full.find(image)
        assert candidates, place
        assert [one.score for one in candidates] == sorted((one.score for one in candidates), reverse=True)
        best = candidates[0]
        reading = full.read(image, best.region)
        assert reading.score > 0.9, place
        left, top, right, bottom = best.box
        assert 0 <= left < right <= width, place
        assert 0 <= top < bottom <= height, place
        inside = (reading.landmarks[:, :2] >= (left, top)) & (reading.landmarks[:, :2] <= (right, bottom))
        assert inside.all(axis=1).mean() > 0.9, place


def test_a_reading_says_where_to_look_next(full: PoseModel, footage: Footage):
    image = footage["camera", 0]
    reading = full.read(image, full.find(image)[0].region)
    again = full.read(image, reading.region)
    assert (reading.landmarks.shape, reading.world.shape) == ((33, 3), (33, 3))
    assert (reading.visibility.shape, reading.presence.shape) == ((33,), (33,))
    assert again.score > 0.9
    assert np.linalg.norm(again.landmarks[:, :2] - reading.landmarks[:, :2], axis=1).mean() < 0.02 * side(reading)


def test_a_turned_picture_gives_turned_landmarks(full: PoseModel, footage: Footage):
    """The region's angle reaches the picture and the world landmarks."""
    image = footage["camera", 0]
    reading = full.read(image, full.find(image)[0].region)
    region = reading.region
    turned = np.ascontiguousarray(np.rot90(image, -1))  # clockwise: pixel (x, y) goes to (H - 1 - y, x)
    last = image.shape[0] - 1
    other = full.read(turned, Region(last - region.y, region.x, region.size, region.angle + np.pi / 2))
    straight = full.read(image, region)
    back = np.stack([other.landmarks[:, 1], last - other.landmarks[:, 0]], axis=1)
    assert np.linalg.norm(back - straight.landmarks[:, :2], axis=1).mean() < 0.002 * side(straight)
    world_back = np.stack([other.world[:, 1], -other.world[:, 0], other.world[:, 2]], axis=1)
    assert np.linalg.norm(world_back - straight.world, axis=1).mean() < 0.005


def test_an_empty_picture_holds_nobody(full: PoseModel):
    image = np.full((480, 640, 3), 128, np.uint8)
    assert full.find(image) == []
    assert full.read(image, Region(320, 240, 300, 0.0)).score < 0.5


def test_network_time_is_counted(full: PoseModel, footage: Footage):
    before = full.network_seconds
    full.find(footage["camera", 0])
    assert full.network_seconds > before


@pytest.mark.usefixtures("weights")
def test_mediapipe_says_when_nobody_is_there():
    tasks = open_pose_model("mediapipe", "full")
    try:
        region = Region(320, 240, 300, 0.2)
        for place in (region, Region(-900, 240, 300, 0.2)):
            reading = tasks.read(np.full((480, 640, 3), 128, np.uint8), place)
            assert reading.score == 0.0
            assert reading.region == place
            assert not reading.landmarks.any()
    finally:
        tasks.close()


@pytest.mark.usefixtures("weights")
def test_mediapipe_reads_the_person_it_is_sent_to(footage: Footage):
    tasks = open_pose_model("mediapipe", "full")
    try:
        image = footage["demo", 90]
        for candidate in tasks.find(image)[:2]:
            reading = tasks.read(image, candidate.region)
            assert reading.score == 1.0
            apart = np.hypot(reading.region.x - candidate.region.x, reading.region.y - candidate.region.y)
            assert apart < 0.1 * candidate.region.size
    finally:
        tasks.close()


@pytest.mark.usefixtures("weights")
def test_a_missing_mediapipe_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(SetupError, match="pip install mediapipe"):
        open_pose_model("mediapipe", "full")


@pytest.mark.parametrize("names", [("torch", "heavy"), ("onnx", "huge")])
def test_names_that_do_not_exist_list_those_that_do(names: tuple[str, str]):
    with pytest.raises(ArgumentsError, match="Choose one of"):
        open_pose_model(*names)
