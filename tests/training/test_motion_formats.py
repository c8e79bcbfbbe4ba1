"""Each parser against positions worked out by hand, and against damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from penumbra.errors import TrainingDataError
from penumbra.inference import rotations as rot
from penumbra.training.motion.amc import read_amc
from penumbra.training.motion.bvh import read_bvh
from penumbra.training.motion.expmap import is_expmap, read_expmap
from penumbra.training.motion.source import resample

BVH = """HIERARCHY
ROOT Hips
{{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition {channels}
  JOINT Left Knee
  {{
    OFFSET 0 -2 0
    CHANNELS 3 {channels}
    End Site
    {{
      OFFSET 1 0 0
    }}
  }}
}}
MOTION
Frames: {frames}
Frame Time: 0.025
{rows}
"""
ASF = """:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name femur
     direction 0 -1 0
     length 2
     axis 0 0 90 XYZ
    dof rx
  end
  begin
     id 2
     name tibia
     direction 0 -1 0
     length 3
     axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root femur
    femur tibia
  end
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def bvh(path: Path, rows: list[str], channels: str = "Zrotation Xrotation Yrotation") -> Path:
    return write(path / "one.bvh", BVH.format(channels=channels, frames=len(rows), rows="\n".join(rows)))


def test_bvh_positions(tmp_path: Path):
    motion = read_bvh(bvh(tmp_path, ["5 6 7 0 0 0 0 0 0", "5 6 7 90 0 0 0 90 0"]))
    assert motion.names == ("Hips", "Left Knee", "Left Knee.end")
    assert motion.rate == pytest.approx(40.0)
    np.testing.assert_allclose(motion.rest, [[0, 0, 0], [0, -2, 0], [1, -2, 0]])
    np.testing.assert_allclose(motion.positions[0], [[5, 6, 7], [5, 4, 7], [6, 4, 7]], atol=1e-12)
    # a quarter turn about z takes the thigh from -y to +x and the end from +x to +y; the knee's own turn is about x
    np.testing.assert_allclose(motion.positions[1], [[5, 6, 7], [7, 6, 7], [7, 7, 7]], atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(order=st.permutations("XYZ"), angles=st.lists(st.floats(-170, 170), min_size=3, max_size=3))
def test_bvh_turns_in_the_order_of_its_channels(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], angles: list[float]
):
    channels = " ".join(f"{letter}rotation" for letter in order)
    row = " ".join(f"{angle:.6f}" for angle in angles)
    motion = read_bvh(bvh(tmp_path_factory.mktemp("bvh"), [f"0 0 0 {row} 0 0 0"], channels))
    expected = np.eye(3)
    for letter, angle in zip(order, angles, strict=True):
        axis = np.eye(3)["XYZ".index(letter)]
        expected = expected @ Rotation.from_rotvec(np.radians(angle) * axis).as_matrix()
    np.testing.assert_allclose(motion.positions[0, 1], expected @ [0, -2, 0], atol=1e-5)
    np.testing.assert_allclose(rot.to_matrix(motion.turns[0, 0]), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("Frames: 1", "Frames: 2", "breaks off"),
        ("OFFSET 0 -2 0", "OFFSET 0 two 0", "could not convert"),
        ("Zrotation", "Wrotation", "unknown channel"),
        ("MOTION\nFrames: 1", "MOTION\nFrames: 0", "no frames"),
        ("MOTION", "", "unknown word"),
        ("JOINT", "JIONT", "unknown word"),
        ("Frame Time: 0.025", "Frame Time: 0", "no frame time"),
    ],
)
def test_damaged_bvh_is_told(tmp_path: Path, old: str, new: str, word: str):
    path = bvh(tmp_path, ["0 0 0 0 0 0 0 0 0"])
    write(path, path.read_text().replace(old, new))
    with pytest.raises(TrainingDataError, match=word):
        read_bvh(path)


def test_bvh_marks_frames_that_are_not_finite(tmp_path: Path):
    motion = read_bvh(bvh(tmp_path, ["0 0 0 0 0 0 0 0 0", "0 0 0 0 nan 0 0 0 0"]))
    assert np.isfinite(motion.positions[0]).all()
    assert np.isnan(motion.positions[1]).all()


def amc(path: Path, body: str) -> Path:
    write(path / "01.asf", ASF)
    return write(path / "01_02.amc", ":FULLY-SPECIFIED\n:DEGREES\n" + body)


def test_amc_positions(tmp_path: Path):
    motion = read_amc(amc(tmp_path, "1\nroot 1 2 3 0 0 0\nfemur 0\n2\nroot 1 2 3 0 0 90\nfemur 90\n"))
    assert motion.names == ("root", "femur", "tibia", "tibia.end")
    np.testing.assert_allclose(motion.positions[0], [[1, 2, 3], [1, 2, 3], [1, 0, 3], [1, -3, 3]], atol=1e-12)
    # the femur's own x axis lies along y in the rest pose, the bone's own line: it twists and does not swing
    np.testing.assert_allclose(motion.positions[1], [[1, 2, 3], [1, 2, 3], [3, 2, 3], [6, 2, 3]], atol=1e-12)
    twist = rot.multiply(motion.turns[1, 1], rot.conjugate(motion.turns[1, 0]))
    np.testing.assert_allclose(np.abs(twist[0]), np.sqrt(0.5))


@pytest.mark.parametrize(
    ("body", "word"),
    [("", "no frames"), ("1\nroot 1 2 3\nfemur 0\n", "6 values"), ("1\nroot 0 0 0 0 0 0\nwing 0\n", "wing")],
)
def test_damaged_amc_is_told(tmp_path: Path, body: str, word: str):
    with pytest.raises(TrainingDataError, match=word):
        read_amc(amc(tmp_path, body))


def test_amc_needs_its_skeleton(tmp_path: Path):
    with pytest.raises(TrainingDataError, match=r"01\.asf"):
        read_amc(write(tmp_path / "01_02.amc", "1\n"))


def test_expmap_positions(tmp_path: Path):
    row = np.zeros((39, 3))
    row[0] = [1, 2, 3]
    row[1 + 2] = [0, 0, -np.pi / 2]  # a quarter turn of the left thigh, as row vectors have it
    path = tmp_path / "walking_1.txt"
    np.savetxt(path, row.reshape(1, -1), delimiter=",")
    assert is_expmap(path)
    motion = read_expmap(path)
    knee, hip = (motion.positions[0, motion.names.index(name)] for name in ("LeftLeg", "LeftUpLeg"))
    np.testing.assert_allclose(hip, [2.65674, 0.19718, 3.62477], atol=1e-9)
    np.testing.assert_allclose(knee - hip, [7.13576, 2.59720, 0.0], atol=1e-9)


def test_expmap_knows_its_own(tmp_path: Path):
    assert not is_expmap(write(tmp_path / "readme.txt", "walks, runs"))
    with pytest.raises(TrainingDataError, match="117"):
        read_expmap(write(tmp_path / "short.txt", "1,2,3\n"))


def test_resampling_keeps_places_and_turns(tmp_path: Path):
    motion = resample(read_bvh(bvh(tmp_path, ["0 0 0 0 0 0 0 0 0", "4 0 0 40 0 0 0 0 0", "8 0 0 80 0 0 0 0 0"])), 30.0)
    assert len(motion) == 2
    np.testing.assert_allclose(motion.positions[1, 0, 0], 4 * 40 / 30)
    turn = Rotation.from_euler("z", 40 * 40 / 30, degrees=True).as_quat()[[3, 0, 1, 2]]
    np.testing.assert_allclose(motion.turns[1, 0], turn, atol=1e-9)
