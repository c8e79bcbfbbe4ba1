"""The calibration of uncertainty: on errors whose spread is known, and from the data file to the product's file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import ArgumentsError, TrainingDataError
from penumbra.inference.body import rest_joints
from penumbra.inference.confidence import (
    CALIBRATIONS,
    NEAR,
    SHARES,
    Calibration,
    SpreadFit,
    open_calibration,
    torso,
)
from penumbra.inference.lifted import Lifted
from penumbra.inference.sightings import Sightings
from penumbra.models.skeletons import BONE_NAMES, JOINTS, POINTS, partners
from penumbra.models.weights import network_hashes, network_path
from penumbra.training.bodies import mean_body
from penumbra.training.calibrate_spread import calibrate, entry, fit, main
from penumbra.training.clips import Clip
from penumbra.training.metrics.calibration import LEVELS, reliability
from penumbra.training.motion.folder import Collected
from penumbra.training.motion.store import write_clips
from penumbra.training.spread_samples import Sample, SampleSettings, gather

_COUNT = len(JOINTS)
_WRIST, _KNEE = JOINTS.index("wrist.L"), JOINTS.index("knee.R")


def samples(seed: int, scale: float, offset: float, tails: float | None = None, clips: int = 12) -> list[Sample]:
    """Errors whose true deviation is scale × spread + offset, twice that where hidden; with Student's tails if asked."""
    rng = np.random.default_rng(seed)
    truth = np.tile(rest_joints(mean_body()), (100, 1, 1))
    truth -= truth[:, :1]
    found = []
    for _ in range(clips):
        seen = rng.random((100, _COUNT)) < 0.7
        spread = rng.uniform(0.005, 0.06, (100, _COUNT, 1)) * [1.0, 1.0, 2.0]
        sigma = (scale * spread + offset) * np.where(seen, 1.0, 2.0)[..., None]
        errors = rng.standard_normal(sigma.shape) * sigma
        if tails is not None:
            errors /= np.sqrt(rng.chisquare(tails, seen.shape) / tails)[..., None]
        errors[:, 0] = 0.0
        views = np.tile(np.eye(3), (100, 1, 1))
        found.append(Sample(Lifted(truth + errors, spread, seen, np.ones(seen.shape), views, 30.0), truth))
    return found


def levels(calibration: Calibration, found: list[Sample], *, seen: bool) -> np.ndarray:
    told = np.concatenate([calibration.level(item.lifted, item.errors)[item.lifted.seen == seen] for item in found])
    return told[np.isfinite(told)]


def test_the_line_is_found_again():
    found = fit(samples(0, 1.5, 0.01))
    for kind, factor in ((found.seen, 1.0), (found.hidden, 2.0)):
        assert np.median(kind.scale[1:]) == pytest.approx(1.5 * factor, rel=0.1)
        assert np.median(kind.offset[1:]) == pytest.approx(0.01 * factor, rel=0.3)
        # normal errors need no map
        assert kind.levels == pytest.approx(SHARES, abs=0.02)
        assert kind.scale[0] == kind.offset[0] == 0.0
        assert kind.scale.tolist() == kind.scale[partners(JOINTS)].tolist()


@pytest.mark.parametrize("tails", [None, 2.5])
def test_other_errors_of_the_same_kind_are_foretold(tails: float | None):
    found, fresh = fit(samples(1, 0.7, 0.005, tails)), samples(2, 0.7, 0.005, tails)
    for seen in (True, False):
        told = levels(found, fresh, seen=seen)
        assert (told <= 0.9).mean() == pytest.approx(0.9, abs=0.015)
        assert np.abs([(told <= level).mean() - level for level in LEVELS]).mean() < 0.02
        chance, near = (
            np.concatenate([part(item)[item.lifted.seen == seen] for item in fresh])
            for part in (
                lambda item: found.confidence(item.lifted),
                lambda item: np.linalg.norm(item.errors, axis=-1) < NEAR * torso(item.lifted.joints),
            )
        )
        assert reliability(chance, near).error < 0.035


def test_long_tails_need_the_maps():
    found, fresh = fit(samples(3, 1.0, 0.0, tails=2.0)), samples(4, 1.0, 0.0, tails=2.0)
    bare = Calibration(
        SpreadFit(found.seen.scale, found.seen.offset), SpreadFit(found.hidden.scale, found.hidden.offset)
    )
    for calibration, least, most in ((found, 0.0, 0.02), (bare, 0.04, 1.0)):
        told = levels(calibration, fresh, seen=True)
        assert least < np.abs([(told <= level).mean() - level for level in LEVELS]).mean() < most
        # the interval of nine tenths holds them either way
        assert (told <= 0.9).mean() == pytest.approx(0.9, abs=0.02)


def test_a_network_without_spread_gets_every_joints_usual_one():
    found = samples(5, 1.0, 0.0)
    for item in found:
        wrist = item.truth[:, _WRIST] + 3.0 * item.errors[:, _WRIST]
        item.lifted.joints[:, _WRIST] = wrist
        item.lifted.spread[:] = np.nan
    calibration = fit(found)
    assert not calibration.seen.scale.any()
    # left and right are fitted together, so that half of the larger errors are the other side's
    assert calibration.seen.offset[_WRIST] > 1.5 * calibration.seen.offset[_KNEE] > 0.0
    assert (levels(calibration, found, seen=True) <= 0.9).mean() == pytest.approx(0.9, abs=0.03)


def test_a_joint_that_is_hardly_ever_hidden_is_fitted_with_the_others():
    found = samples(6, 1.0, 0.0, clips=3)
    for item in found:
        item.lifted.seen[:, _KNEE] = item.lifted.seen[:, partners(JOINTS)[_KNEE]] = True
    calibration = fit(found)
    assert calibration.hidden.scale[_KNEE] == pytest.approx(2.0, rel=0.15)
    for item in found:
        item.lifted.seen[:] = True
    with pytest.raises(ValueError, match="no sample"):
        fit(found)


class Recorder:
    """A lifter that keeps what it was asked and answers with the T-pose."""

    def __init__(self) -> None:
        self.asked: list[Sightings] = []

    def __call__(self, sightings: Sightings) -> Lifted:
        self.asked.append(sightings)
        count = len(sightings.points)
        joints = np.tile(rest_joints(mean_body()), (count, 1, 1))
        seen = np.tile(sightings.seen.any(axis=1, keepdims=True), (1, _COUNT))
        return Lifted(joints, np.ones_like(joints), seen, np.ones(seen.shape), np.zeros((count, 3, 3)), 30.0)


def a_clip(subject: str, frames: int = 70, name: str = "") -> Clip:
    rotations = np.zeros((frames, len(BONE_NAMES), 4), np.float32)
    rotations[..., 0] = 1.0
    root = np.tile(np.array([0.0, 0.0, 0.9], np.float32), (frames, 1))
    name = name or f"{subject}/walk"
    return Clip(
        name, subject.partition("/")[0], subject, "walk", "CMU", rotations, root, mean_body().astype(np.float32)
    )


def test_clips_are_asked_whole_and_hidden_with_and_without_errors():
    clips = [a_clip("cmu/49"), a_clip("cmu/49", name="again"), a_clip("cmu/55")]
    lifter = Recorder()
    settings = SampleSettings(clips=4, occlusions=3, step=5)
    found = gather(clips, lifter, {"none": lambda lifted: lifted, "twice": lambda lifted: lifted}, settings)
    assert list(found) == ["none", "twice"]
    # two detectors, three windows and one of them by another camera, and whole beside three occlusions
    assert len(lifter.asked) == len(found["none"]) == len(found["twice"]) == 2 * 4 * 4
    assert {len(item.truth) for item in found["none"]} == {14}
    assert sum(bool(sightings.seen.all()) for sightings in lifter.asked[: len(lifter.asked) // 2]) == 4
    assert found["none"][0].errors.shape == (14, _COUNT, 3)


def packed(path: Path, clips: list[Clip]) -> Path:
    write_clips(path, Collected(clips, []))
    return path


def test_from_the_data_to_the_products_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "calibration.json"
    own = network_path("s3")
    data = packed(tmp_path / "data.npz", [a_clip("cmu/49"), a_clip("cmu/07"), a_clip("cmu/02")])
    assert main(["--data", str(data), "--pairs", "s3+none", "--out", str(out)]) == 0
    assert "s3+none: seen" in capsys.readouterr().out
    found = open_calibration("s3", "none", out)
    assert found.calibrated
    told = json.loads(out.read_text("utf-8"))["pairs"]["s3+none"]
    assert list(told["networks"]) == [own.name]
    # who is trained or tested on changes nothing, and other pairs stay
    only = packed(tmp_path / "only.npz", [a_clip("cmu/49")])
    told["networks"] = {}
    out.write_text(json.dumps({"joints": JOINTS, "pairs": {"s3+none": told, "dtf-27+none": told}}), "utf-8")
    calibrate(only, own.parent, ["s3+none"], out)
    again = json.loads(out.read_text("utf-8"))["pairs"]
    assert again["dtf-27+none"] == told
    assert again["s3+none"] == told | {"networks": entry(found, [own])["networks"]}


def test_what_cannot_be_calibrated_is_told(tmp_path: Path):
    data = packed(tmp_path / "data.npz", [a_clip("cmu/49")])
    out = tmp_path / "calibration.json"
    with pytest.raises(ArgumentsError, match="no pair"):
        calibrate(data, None, ["s3"], out)
    with pytest.raises(ArgumentsError, match="no lifter"):
        calibrate(data, tmp_path, None, out)
    with pytest.raises(TrainingDataError, match="nobody to validate on"):
        calibrate(packed(tmp_path / "test.npz", [a_clip("cmu/02")]), None, ["s3+none"], out)
    assert not out.exists()
    out.write_text("[]", "utf-8")
    with pytest.raises(TrainingDataError, match="Delete it"):
        calibrate(data, None, ["s3+none"], out)


def test_what_ships_was_fitted_on_the_networks_that_ship():
    pairs = json.loads(CALIBRATIONS.read_text("utf-8"))["pairs"]
    for name, told in pairs.items():
        assert told["networks"] == network_hashes(Path(file).stem for file in told["networks"]), name
        assert open_calibration(*name.split("+")).calibrated


def test_points_are_all_there():
    # what the recorder is asked has the product's points, so that a changed skeleton fails here and not in a table
    lifter = Recorder()
    gather([a_clip("cmu/49")], lifter, {}, SampleSettings(clips=1, occlusions=1))
    assert {sightings.points.shape for sightings in lifter.asked} == {(70, len(POINTS), 2)}
