"""A folder of motion becomes one data file: canonical, checked, split by who moves, and read back as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import ArgumentsError, TrainingDataError
from penumbra.inference import rotations as rot
from penumbra.inference.body import joints_of
from penumbra.inference.progress import finish
from penumbra.models.skeletons import BONE_NAMES, JOINTS
from penumbra.training.clips import Clip
from penumbra.training.motion import store
from penumbra.training.motion.canonical import canonical
from penumbra.training.motion.catalogue import facts_of
from penumbra.training.motion.expmap import read_expmap
from penumbra.training.motion.folder import collect
from penumbra.training.motion.repair import RepairSettings, mend_flips
from penumbra.training.pack import action_weights, main, only_source, pack, read_clips, split, without_source

WALK = "cmu_expmap_8_actions/cmu_mocap/train/walking_extra/walking_1.txt"


def rows(frames: int = 240) -> np.ndarray:
    """Someone who walks towards +z, where that skeleton looks, at CMU's unit of 5.6 cm and 1.2 m/s, with legs that swing."""
    table = np.zeros((frames, 39, 3))
    table[:, 0] = [3.0, 17.0, 0.0]
    table[:, 0, 2] = np.arange(frames) / 120 * 1.2 / 0.0564
    swing = 0.4 * np.sin(2 * np.pi * np.arange(frames) / 130)
    table[:, 1 + 2, 0], table[:, 1 + 8, 0] = swing, -swing
    table[:, 1 + 21, 2], table[:, 1 + 30, 2] = 1.3, -1.3  # the arms hang
    return table.reshape(frames, -1)


def save(folder: Path, name: str, table: np.ndarray) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, table, delimiter=",", fmt="%.9f")
    return path


def test_a_walk_faces_where_it_goes(tmp_path: Path):
    form = canonical(read_expmap(save(tmp_path, WALK, rows())))
    joints = joints_of(form.rotations, form.offsets) + form.root[:, None]
    at = {name: joints[:, index] for index, name in enumerate(JOINTS)}
    travel = form.root[-1] - form.root[0]
    np.testing.assert_allclose(rot.normalize(travel), [0, -1, 0], atol=1e-6)
    assert (at["toe.L"][:, 1] < at["heel.L"][:, 1]).all()
    assert (at["nose"][:, 1] < at["ear.L"][:, 1]).all()
    # facing -y, the left is at +x
    assert all((at[f"{name}.L"][:, 0] > at[f"{name}.R"][:, 0]).all() for name in ("hip", "shoulder", "wrist", "ear"))
    assert (at["wrist.L"][:, 2] < at["shoulder.L"][:, 2] - 0.3).all()
    assert joints[..., 2].min() == pytest.approx(0.0, abs=1e-9)
    assert 1.55 < np.median(at["head"][:, 2]) < 1.75
    assert form.error < 0.02
    assert len(form.root) == 60


def test_the_first_frames_t_pose_goes(tmp_path: Path):
    table = rows()
    table[0, 3:] = 0.0
    without = canonical(read_expmap(save(tmp_path, WALK, table)))
    arms = joints_of(without.rotations, without.offsets)[:, JOINTS.index("wrist.L"), 2]
    shoulders = joints_of(without.rotations, without.offsets)[:, JOINTS.index("shoulder.L"), 2]
    assert (arms < shoulders - 0.3).all()


def test_directions_are_the_sources_own(tmp_path: Path):
    form = canonical(read_expmap(save(tmp_path, WALK, rows())))
    joints = joints_of(form.rotations, form.offsets)
    for low, high in (("knee.L", "hip.L"), ("ankle.R", "knee.R"), ("wrist.L", "elbow.L"), ("elbow.R", "shoulder.R")):
        child, parent = JOINTS.index(low), JOINTS.index(high)
        ours = rot.normalize(joints[:, child] - joints[:, parent])
        theirs = rot.normalize(form.joints[:, child] - form.joints[:, parent])
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_flips_are_mended_and_turns_are_not():
    still = np.zeros((12, len(BONE_NAMES), 4))
    still[..., 0] = 1.0
    flipped = still.copy()
    flipped[5:7, 3] = [0, 1, 0, 0]
    mended, count = mend_flips(flipped, RepairSettings())
    assert count == 2
    np.testing.assert_allclose(mended, still)
    turned = still.copy()
    turned[5:, 3] = [0, 1, 0, 0]
    assert mend_flips(turned, RepairSettings())[1] == 0


def test_pack_and_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "motion"
    save(folder, WALK, rows())
    save(folder, WALK.replace("_1.txt", "_2.txt"), np.where(np.arange(240)[:, None] == 9, np.nan, rows()))
    spiked = rows()
    spiked[100:, 2] += 40.0
    save(folder, WALK.replace("_1.txt", "_3.txt"), spiked)
    out, told = tmp_path / "data.npz", tmp_path / "report.md"
    assert main([str(folder), "-o", str(out), "--report", str(told)]) == 0
    assert "1 clips" in capsys.readouterr().out
    report = told.read_text()
    assert "walking_2.txt: left out: It has values that are not finite." in report
    assert "walking_3.txt: left out: The body jumps at" in report
    (clip,) = read_clips(out)
    (kept,) = finish(collect(folder)).clips
    assert (clip.name, clip.source, clip.subject, clip.action, clip.licence) == (
        WALK,
        "cmu",
        "cmu/expmap",
        "walk",
        "CMU",
    )
    np.testing.assert_allclose(clip.rotations, kept.rotations, atol=1e-4)
    np.testing.assert_array_equal(clip.root, kept.root)
    np.testing.assert_array_equal(clip.offsets, kept.offsets)
    assert "NSF EIA-0196217" in store.read_manifest(out)["licences"]["CMU"]["credit"]
    first = out.read_bytes()
    pack(folder, out)
    assert out.read_bytes() == first


def test_nothing_usable_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out" / "data.npz"
    (tmp_path / "empty").mkdir()
    for folder, word in (("missing", "no folder"), ("empty", "no motion")):
        assert main([str(tmp_path / folder), "-o", str(out)]) == TrainingDataError.exit_code
        assert word in capsys.readouterr().err
    save(tmp_path / "bad", WALK, np.full((240, 117), np.nan))
    assert main([str(tmp_path / "bad"), "-o", str(out)]) == TrainingDataError.exit_code
    assert "not finite" in capsys.readouterr().err
    assert not out.parent.exists()


def test_other_versions_and_damage_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save(tmp_path / "motion", WALK, rows())
    out = tmp_path / "data.npz"
    with pytest.raises(TrainingDataError, match="no data file"):
        read_clips(out)
    pack(tmp_path / "motion", out)
    whole = out.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"nonsense", whole[:300] + b"\0\1\2\3" + whole[304:]):
        out.write_bytes(damaged)
        with pytest.raises(TrainingDataError, match="damaged"):
            read_clips(out)
    out.write_bytes(whole)
    monkeypatch.setattr(store, "VERSION", 2)
    with pytest.raises(TrainingDataError, match="version 1"):
        read_clips(out)


def clip(subject: str, action: str = "walk", frames: int = 10) -> Clip:
    nothing = np.zeros((frames, 1))
    return Clip(subject, subject.partition("/")[0], subject, action, "CMU", nothing, nothing, nothing)


def test_splits_are_disjoint_and_by_subject():
    clips = [clip(subject) for subject in ("cmu/02", "cmu/07", "cmu/49", "reactidle/02", "mine/a", "cmu/expmap")]
    sides = {which: {one.subject for one in split(clips, which)} for which in ("train", "validation", "test")}
    assert sides["test"] == {"cmu/02", "reactidle/02"}
    assert sides["validation"] == {"cmu/49"}
    assert sides["train"] == {"cmu/07", "mine/a", "cmu/expmap"}
    assert [one.source for one in only_source(clips, "reactidle")] == ["reactidle"]
    assert {one.source for one in without_source(clips, "cmu")} == {"reactidle", "mine"}
    with pytest.raises(ArgumentsError, match="cmu, mine, reactidle"):
        without_source(clips, "mesh2motion")


def test_weights_keep_a_common_action_from_drowning_a_rare_one():
    clips = [clip("cmu/07", "idle", 900), clip("cmu/08", "run", 100)]
    assert action_weights(clips, 1.0) == pytest.approx([0.9, 0.1])
    assert action_weights(clips, 0.0) == pytest.approx([0.5, 0.5])
    assert action_weights(clips) == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize(
    ("path", "subject", "trial", "action"),
    [
        ("cmu_amc_subjects_1_3/01_01.amc", "cmu/01", "1", "jump"),
        ("cmu_bvh_subjects_1_7/All_BVH/subjects/001/001_01.bvh", "cmu/01", "1", "jump"),
        ("cmu_fbx/135_01.fbx", "cmu/135", "1", "fight"),
        ("cmu_bvh_dance_martial/salsa/15.bvh", "cmu/60", "15", "dance"),
        ("cmu_bvh_dance_martial/salsa/16.bvh", "cmu/61", "1", "dance"),
        ("cmu_expmap_8_actions/cmu_mocap/train/basketball/basketball_5.txt", "cmu/06", "6", "basketball"),
        ("cmu_expmap_8_actions/cmu_mocap/train/walking/walking_1.txt", "cmu/02", "1", "walk"),
        ("reactidle_bvh/acted/001_acted.bvh", "reactidle/01", "", "idle"),
        ("mesh2motion_blend/animation-human-dance-body-roll.blend", "mesh2motion/dance", "", "dance"),
        ("mine/jump.bvh", "mine/mine", "", "motion"),
    ],
)
def test_who_moves_is_told_by_the_path(path: str, subject: str, trial: str, action: str):
    facts = facts_of(path)
    assert (facts.subject, facts.trial, facts.action) == (subject, trial, action)
