"""The command line's arguments: what they mean and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from penumbra.cli.arguments import parse
from penumbra.cli.requests import BakeRequest, Batch, CaptureRequest, DoctorRequest, ExportRequest, Onto
from penumbra.errors import ArgumentsError
from penumbra.inference.settings import CameraSettings, Moment, MotionSettings
from penumbra.inference.systems import LIFTERS, RECOMMENDED, REFINERS
from penumbra.scene.bake_settings import BakeSettings


def capture(*words: str) -> CaptureRequest:
    request = parse(["capture", *words])
    assert isinstance(request, CaptureRequest)
    return request


def test_plain_footage_takes_every_default() -> None:
    request = capture("walk.mp4")
    assert request.capture is not None
    assert request.capture.footage.path == Path("walk.mp4")
    assert request.results.blend == Path("walk.blend").resolve()
    assert request.capture.detector.model == "heavy"
    assert request.capture.detector.backend == "onnx"
    assert request.results.exports == ()
    assert (request.camera_object, request.take) == (None, None)
    assert request.onto == Onto(baking=BakeSettings("walk"))
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
            "--limbs", "ik", "--no-foot-contacts", "--hand-contacts", "--no-fingers", "--frame-start", "101",
        ]
    )  # fmt: skip
    assert isinstance(request, CaptureRequest)
    assert request.capture is not None
    footage, detector = request.capture.footage, request.capture.detector
    assert (footage.start, footage.end, footage.step) == (Moment(10, "frames"), Moment(2.5, "seconds"), 2)
    assert (detector.backend, detector.model, detector.provider, detector.threads) == ("mediapipe", "full", "cpu", 3)
    assert request.capture.subject.box == (0.1, 0.2, 0.5, 0.9)
    assert request.capture.camera == request.camera == CameraSettings(28.0, 12.5, 1.4)
    assert request.motion == MotionSettings(1.83, "fine", "grounding", 0.25)
    baking = BakeSettings(
        "walk", 101, "scene", root="in-place", limbs="ik", lock_feet=False, lock_hands=True, fingers=False
    )
    assert request.onto == Onto(Path("rig.blend"), "Rig", "mixamo", add_camera=False, baking=baking)
    assert request.capture.cache is None
    assert request.results.exports == ("bvh", "fbx", "usd", "glb")
    assert request.results.export_paths[0] == Path("out.bvh").resolve()
    assert request.take == Path("walk.take")
    assert (request.lift.lifter, request.lift.refine, request.lift.threads) == ("dtf-81", "graph", 3)


def test_a_camera_of_the_file_is_named() -> None:
    request = capture("walk.mp4", "--blend", "set.blend", "--camera", "Solved", "--root", "root")
    assert (request.camera_object, request.onto.baking.root) == ("Solved", "root")
    assert (request.onto.baking.in_world, request.onto.add_camera) == (True, False)


def test_a_take_alone_is_read() -> None:
    request = capture("--take", "walk.take")
    assert (request.capture, request.source, request.take) == (None, Path("walk.take"), None)
    assert request.results.blend.name == "walk.blend"


def test_a_take_may_go_on_with_another_lifter() -> None:
    request = capture("--take", "walk.take", "--lifter", "s3", "--refine", "ppt", "--threads", "1")
    assert (request.lift.lifter, request.lift.refine, request.lift.threads) == ("s3", "ppt", 1)


def test_a_take_is_baked_as_it_is() -> None:
    request = parse(
        ["bake", "walk.take", "--blend", "rig.blend", "--target", "Rig", "-o", "a/shot.blend", "--export", "fbx"]
    )
    assert isinstance(request, BakeRequest)
    assert (request.source, request.onto.target) == (Path("walk.take"), "Rig")
    assert request.results.export_paths == [Path("a/shot.fbx").resolve()]


@pytest.mark.parametrize(
    ("output", "paths"),
    [
        ([], ["shot.bvh", "shot.usd"]),
        (["-o", "out/"], ["out/shot.bvh", "out/shot.usd"]),
        (["-o", "a/b"], ["a/b.bvh", "a/b.usd"]),
    ],
)
def test_an_armature_of_a_file_is_exported(
    output: list[str], paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    request = parse(["export", "files/shot.blend", "bvh", "usd,bvh", "--armature", "Rig", "--end", "20", *output])
    assert isinstance(request, ExportRequest)
    assert (request.armature, request.action, request.start, request.end) == ("Rig", None, None, 20)
    assert list(request.paths) == [tmp_path / path for path in paths]


def test_the_doctor_needs_nothing() -> None:
    assert isinstance(parse(["doctor", "--json"]), DoctorRequest)


def batch(*words: str) -> Batch:
    request = parse([*words])
    assert isinstance(request, Batch)
    return request


def test_several_files_go_into_a_folder_under_their_own_names(tmp_path: Path) -> None:
    request = batch(
        "capture", "a/walk.mp4", "b/Walk.mov", "run.mp4", "-o", str(tmp_path / "out"), "--take", str(tmp_path)
    )
    assert [one.results.blend.name for one in request.requests] == ["a_walk.blend", "b_Walk.blend", "run.blend"]
    assert {one.results.blend.parent for one in request.requests} == {tmp_path / "out"}
    assert [one.take.name for one in request.requests if isinstance(one, CaptureRequest) and one.take] == [
        "a_walk.take", "b_Walk.take", "run.take",
    ]  # fmt: skip
    assert [one.onto.baking.name for one in request.requests] == ["walk", "Walk", "run"]


def test_no_two_results_have_one_name_and_none_that_of_the_rig() -> None:
    found = batch("capture", "a/walk.mp4", "a/walk.mov", "rig.mp4", "--blend", "rig.blend")
    assert [one.results.blend.name for one in found.requests] == ["a_walk.blend", "a_walk_2.blend", "rig_2.blend"]


def test_files_are_listed_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# shots\n a b.mp4 \n\nc.mp4\n", encoding="utf-8")
    found = batch("capture", "first.mp4", "--list", str(tmp_path / "list.txt"), "--skip-done")
    assert [str(one.source) for one in found.requests] == ["first.mp4", "a b.mp4", "c.mp4"]
    assert found.skip_done


def test_a_folder_of_takes_is_all_of_them(tmp_path: Path) -> None:
    for name in ("b.take", "a.take", "notes.txt"):
        (tmp_path / name).touch()
    found = batch("bake", str(tmp_path))
    assert [one.source.name for one in found.requests] == ["a.take", "b.take"]


@pytest.mark.parametrize(
    "words", [["capture", "a.mp4", "-o", "."], ["capture", "a.mp4", "--skip-done"], ["bake", "a.take", "-o", "./"]]
)
def test_one_file_may_be_worked_on_as_several_are(words: list[str]) -> None:
    found = batch(*words)
    assert [one.results.blend for one in found.requests] == [Path("a.blend").resolve()]


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
        (["capture", "walk.mp4", "run.mp4", "-o", "out.blend"], "need a folder"),
        (["capture", "walk.mp4", "run.mp4", "--take", "a.take"], "--take names a folder"),
        (["capture", "--list", "no such list"], "cannot be read"),
        (["bake"], "Name the file of a take"),
        (["bake", "tests"], "holds no takes"),
        (["bake", "walk.take", "--lifter", "s3"], "Unrecognized arguments"),
        (["export", "bvh"], "FORMATS"),
        (["export", "bvh", "fbx"], "no .blend file"),
        (["export", "a.blend", "mp3"], "'mp3' is not one of"),
        (["export", "a.blend", "fbx", "--start", "9", "--end", "3"], "ends before it starts"),
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
