"""Videos of footage beside what was captured, of somebody made up before a camera that is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import bpy
import cv2
import numpy as np
import pytest

from penumbra.inference.motion import bone_heads_and_tails
from penumbra.inference.shot import shot_of
from penumbra.inference.take import Take
from penumbra.models.skeletons import BLAZEPOSE, BONE_NAMES
from penumbra.tests.blender.shots import HEIGHT, WIDTH, project, shot_before, write_video
from penumbra.tests.synthetic import standing
from penumbra.tools import pictures
from penumbra.tools.pictures import bone_colors, write_sheet
from penumbra.tools.side_by_side import Crop, draw, main, sheet_frames, shown_part
from penumbra.tools.side_by_side import write_video as write_pair

_COUNT = 12
_ABSENT = 5


def a_take(footage: Path) -> Take:
    """Somebody who stands before a camera, unseen in one frame; surer of some bones than of others."""
    motion = standing(_COUNT)
    shot = shot_before(motion, footage, moving=False)
    heads, tails = bone_heads_and_tails(motion)
    middle = np.stack([project(shot, row, heads[row]).mean(axis=0) for row in range(_COUNT)]) * (WIDTH, HEIGHT)
    ends = np.stack([project(shot, row, np.concatenate([heads[row], tails[row]])) for row in range(_COUNT)])
    landmarks = np.zeros((_COUNT, len(BLAZEPOSE), 3))
    landmarks[..., :2] = ends[:, np.arange(len(BLAZEPOSE)) % ends.shape[1]] * (WIDTH, HEIGHT)
    confidence = np.tile(np.linspace(0.0, 1.0, len(BONE_NAMES)), (_COUNT, 1))
    present = np.arange(_COUNT) != _ABSENT
    return (
        Take(
            source={"path": str(footage), "kind": "video", "width": WIDTH, "height": HEIGHT, "rotation": 0},
            timing={"frame_rate": 30.0},
            camera={"focal_length": 30.0},
        )
        .with_stage(
            "track",
            index=np.arange(_COUNT),
            times=shot.times,
            present=present,
            landmarks=landmarks,
            regions=np.concatenate([middle, np.full((_COUNT, 1), 60.0), np.zeros((_COUNT, 1))], axis=1),
        )
        .with_stage("view", rotations=shot.rotations, positions=shot.positions)
        .with_stage(
            "solve",
            root=motion.root,
            rotations=motion.rotations,
            confidence=confidence,
            rest_heads=motion.rest.heads,
            rest_tails=motion.rest.tails,
        )
    )


@pytest.fixture
def take(tmp_path: Path) -> Take:
    return a_take(write_video(tmp_path / "footage.mp4", _COUNT))


def test_bones_are_drawn_where_the_camera_sees_them(take: Take):
    motion, shot = replace(standing(_COUNT), confidence=take.stage("solve")["confidence"]), shot_of(take)
    heads, tails = bone_heads_and_tails(motion)
    crop = Crop(0, 0, WIDTH, HEIGHT, 8.0)
    picture = draw(motion, shot, 0, crop, np.stack([heads[0], tails[0]], axis=1))
    assert picture.shape == (8 * HEIGHT, 8 * WIDTH, 3)
    for name in ("forearm.L", "shin.L", "thigh.R", "spine"):
        bone = BONE_NAMES.index(name)
        x, y = np.round(project(shot, 0, (heads[0, bone] + tails[0, bone])[None] / 2)[0] * picture.shape[1::-1]).astype(
            int
        )
        color = np.round(255 * bone_colors(motion.confidence[0, bone]))
        np.testing.assert_allclose(picture[y, x], color, atol=2)
    unseen = replace(motion, present=np.zeros(_COUNT, bool))
    assert np.abs(draw(unseen, shot, 0, crop, np.stack([heads[0], tails[0]], axis=1)).astype(int) - picture).max() > 50


def test_doubt_is_red():
    sure, doubtful = bone_colors(np.array([1.0, 0.0]))
    assert sure[1] > sure[0]
    assert doubtful[0] > doubtful[1]


def test_the_subject_fills_what_is_shown(take: Take):
    crop = shown_part(take)
    assert 0 <= crop.left < crop.left + crop.width <= WIDTH
    assert 0 <= crop.top < crop.top + crop.height <= HEIGHT
    corner = np.array([[crop.left, crop.top], [crop.left + crop.width, crop.top + crop.height]])
    np.testing.assert_allclose(crop.place(corner.astype(float)), [[0, 0], crop.size])
    assert crop.cut(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).shape[1::-1] == crop.size


def test_frames_of_the_sheet_are_those_with_the_subject(take: Take):
    frames = sheet_frames(take, 20)
    assert _ABSENT not in frames
    assert len(sheet_frames(take, 3)) == 3


def test_a_video_has_every_frame_in_two_halves(take: Take, tmp_path: Path):
    path = tmp_path / "new" / "pair.mp4"
    write_pair(take, path)
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    width, height = shown_part(take).size
    assert len(pictures) == _COUNT
    assert pictures[0].shape == (height, 2 * width, 3)
    # the footage grows lighter by 4 a frame
    left = [picture[height // 2 :, :width].mean() for picture in pictures]
    np.testing.assert_allclose(left, 4.0 * np.arange(_COUNT), atol=4.0)
    np.testing.assert_allclose(left[-1] - left[0], 4.0 * (_COUNT - 1), atol=3.0)
    assert [file.name for file in path.parent.iterdir()] == ["pair.mp4"]


def test_a_sheet_has_the_baked_armature_of_each_frame_below_the_footage(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # what draws needs more of the machine than these tests ask for
    def rendered(armature: bpy.types.Object, *_: object) -> np.ndarray:
        scene = bpy.context.scene
        assert scene.camera is not None
        assert (scene.render.resolution_x, scene.render.resolution_y) == (WIDTH, HEIGHT)
        assert armature.pose is not None
        sure = armature.pose.bones["shin.R"]["confidence"]
        return np.full((HEIGHT, WIDTH, 3), [200, 10 * scene.frame_current, round(100 * sure)], np.uint8)

    monkeypatch.setattr(pictures, "_render", rendered)
    write_sheet(take, [2, 9], tmp_path / "sheet.png")
    picture = cv2.cvtColor(cv2.imread(str(tmp_path / "sheet.png")), cv2.COLOR_BGR2RGB).astype(float)
    side = picture.shape[0] // 2
    assert picture.shape == (2 * side, 2 * side, 3)
    for column, frame in ((side // 2, 2), (3 * side // 2, 9)):
        np.testing.assert_allclose(picture[side // 2, column], 4.0 * frame, atol=4.0)
        # Blender counts from 1
        np.testing.assert_allclose(picture[3 * side // 2, column], [200, 10 * (frame + 1), 94], atol=1.0)


def test_what_to_do_has_to_be_said():
    with pytest.raises(SystemExit) as error:
        main([])
    assert error.value.code == 2
