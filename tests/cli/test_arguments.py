"""The command line's arguments: what they mean and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from penumbra.cli.arguments import parse
from penumbra.errors import ArgumentsError
from penumbra.inference.settings import CameraSettings, Moment, MotionSettings
from penumbra.inference.systems import LIFTERS, RECOMMENDED, REFINERS


def test_plain_footage_takes_every_default() -> None:
    request = parse(["capture", "walk.mp4"])
    assert request.capture is not None
    assert request.capture.footage.path == Path("walk.mp4")
    assert request.output == Path("walk.blend").resolve()
    assert request.capture.detector.model == "heavy"
    assert request.capture.detector.backend == "onnx"
    assert request.exports == ()
    assert request.target is None
    assert not request.keep_frame_rate
    assert (request.camera_object, request.add_camera, request.root) == (None, True, "hips")
    assert (request.limbs, request.foot_contacts, request.hand_contacts, request.fingers) == ("fk", True, False, True)
    assert request.capture.camera == CameraSettings()
    assert request.motion == MotionSettings()
    assert (request.lift.lifter, request.lift.refine, request.lift.threads) == ("auto", "auto", None)


def test_every_option_arrives() -> None:
    request = parse(
        [
            "capture", "walk.mp4", "-o", "out.blend", "--export", "bvh,fbx", "usd", "--export", "glb", "--blend", "rig.blend",
            "--target", "Rig", "--rig-map", "mixamo", "--take", "walk.take", "--detector", "mediapipe-full", "--start", "10",
            "--end", "2.5s", "--step", "2", "--subject", "0.1,0.2,0.5,0.9", "--focal-length", "28", "--provider", "cpu",
            "--threads", "3", "--no-cache", "--json", "--keep-frame-rate",
            "--lifter", "dtf-81", "--refine", "graph", "--camera-tilt", "12.5", "--camera-height", "1.4", "--no-camera",
            "--height", "1.83", "--fit", "fine", "--foot-lock", "grounding", "--smoothing", "0.25", "--root", "in-place",
            "--limbs", "ik", "--no-foot-contacts", "--hand-contacts", "--no-fingers",
        ]
    )  # fmt: skip
    assert request.capture is not None
    footage, detector = request.capture.footage, request.capture.detector
    assert (footage.start, footage.end, footage.step) == (Moment(10, "frames"), Moment(2.5, "seconds"), 2)
    assert (detector.backend, detector.model, detector.provider, detector.threads) == ("mediapipe", "full", "cpu", 3)
    assert request.capture.subject.box == (0.1, 0.2, 0.5, 0.9)
    assert request.capture.camera == request.camera == CameraSettings(28.0, 12.5, 1.4)
    assert request.motion == MotionSettings(1.83, "fine", "grounding", 0.25)
    assert (request.root, request.add_camera) == ("in-place", False)
    assert (request.limbs, request.foot_contacts, request.hand_contacts, request.fingers) == ("ik", False, True, False)
    assert request.capture.cache is None
    assert request.exports == ("bvh", "fbx", "usd", "glb")
    assert (request.blend, request.target, request.rig_map) == (Path("rig.blend"), "Rig", "mixamo")
    assert request.json
    assert request.keep_frame_rate
    assert (request.lift.lifter, request.lift.refine, request.lift.threads) == ("dtf-81", "graph", 3)


def test_a_camera_of_the_file_is_named() -> None:
    request = parse(["capture", "walk.mp4", "--blend", "set.blend", "--camera", "Solved", "--root", "root"])
    assert (request.camera_object, request.root) == ("Solved", "root")


def test_a_take_alone_is_read() -> None:
    request = parse(["capture", "--take", "walk.take"])
    assert request.capture is None
    assert request.output.name == "walk.blend"


def test_a_take_may_go_on_with_another_lifter() -> None:
    request = parse(["capture", "--take", "walk.take", "--lifter", "s3", "--refine", "ppt", "--threads", "1"])
    assert (request.lift.lifter, request.lift.refine, request.lift.threads) == ("s3", "ppt", 1)


def test_the_help_says_when_to_use_which_system(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["capture", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, use in {**LIFTERS, **REFINERS}.items():
        assert f"{name}: {use}." in said
    assert f"default: auto, which is {RECOMMENDED.lifter}." in said
    assert "detector's" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["capture"], "Name a video file"),
        (["fly", "walk.mp4"], "invalid choice"),
        (["capture", "walk.mp4", "--detector", "yolo"], "invalid choice"),
        (["capture", "walk.mp4", "--lifter", "detector"], "invalid choice"),
        (["capture", "walk.mp4", "--refine", "twice"], "invalid choice"),
        (["capture", "walk.mp4", "--export", "bvh,mp3"], "'mp3' is not one of"),
        (["capture", "walk.mp4", "-o", "out.fbx"], "must end in .blend"),
        (["capture", "walk.mp4", "--start", "soon"], "--start"),
        (["capture", "walk.mp4", "--start", "-3"], "not negative"),
        (["capture", "walk.mp4", "--start", "nans"], "not negative"),
        (["capture", "walk.mp4", "--step", "0"], "1 or more"),
        (["capture", "walk.mp4", "--focal-length", "nan"], "above 0"),
        (["capture", "walk.mp4", "--subject", "1,2,3"], "X,Y"),
        (["capture", "walk.mp4", "--subject", "0.5,0.2,0.1,0.9"], "box is empty"),
        (["capture", "walk.mp4", "--target", "Rig"], "--blend"),
        (["capture", "walk.mp4", "--turbo"], "Unrecognized arguments"),
        (["capture", "walk.mp4", "--camera", "Solved"], "--blend"),
        (
            ["capture", "walk.mp4", "--blend", "a.blend", "--camera", "A", "--camera-tilt", "3"],
            "leave out --camera-tilt",
        ),
        (["capture", "walk.mp4", "--camera-tilt", "90"], "from -89 to 89"),
        (["capture", "walk.mp4", "--camera-height", "0"], "above 0"),
        (["capture", "walk.mp4", "--height", "183"], "from 0.5 to 2.5"),
        (["capture", "walk.mp4", "--smoothing", "nan"], "from 0 to 1"),
        (["capture", "walk.mp4", "--foot-lock", "maybe"], "invalid choice"),
        (["capture", "walk.mp4", "--root", "head"], "invalid choice"),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(arguments: list[str], words: str) -> None:
    with pytest.raises(ArgumentsError, match=words) as caught:
        parse(arguments)
    assert caught.value.exit_code == 2
    assert str(caught.value).endswith(".")
