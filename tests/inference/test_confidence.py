"""Confidence: the formula against sampling, the calibration by hand, and what happens where nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference.body import rest_joints
from penumbra.inference.confidence import (
    SHARES,
    Calibration,
    LogitLine,
    SpreadFit,
    as_told,
    chance_within,
    open_calibration,
    torso,
)
from penumbra.inference.lifted import Lifted
from penumbra.models.skeletons import JOINTS
from penumbra.training.bodies import mean_body

_WRIST, _ANKLE, _PELVIS = JOINTS.index("wrist.L"), JOINTS.index("ankle.R"), JOINTS.index("pelvis")
_COUNT = len(JOINTS)
PLAIN = LogitLine()
WIDE = tuple(share**0.5 for share in SHARES)


def lifted(frames: int = 3, spread: float = 0.02, belief: float = 0.7) -> Lifted:
    """The T-pose as often as asked, all in sight, with the same spread along every axis."""
    joints = np.tile(rest_joints(mean_body()), (frames, 1, 1))
    return Lifted(
        joints=joints - joints[:, :1],
        spread=np.full((frames, _COUNT, 3), spread),
        seen=np.ones((frames, _COUNT), bool),
        confidence=np.full((frames, _COUNT), belief),
        views=np.tile(np.eye(3), (frames, 1, 1)),
        rate=30.0,
    )


def fit(scale: float, offset: float, near: LogitLine = PLAIN, levels: tuple[float, ...] = SHARES) -> SpreadFit:
    return SpreadFit(np.full(_COUNT, scale), np.full(_COUNT, offset), near, levels)


def write(path: Path, **changes: object) -> Path:
    entry = {"scale": [2.0] * _COUNT, "offset": [0.01] * _COUNT, "near": [1.5, -0.5], "levels": WIDE}
    told = {"joints": JOINTS, "pairs": {"s3+none": {"seen": entry, "hidden": entry | changes}}}
    path.write_text(json.dumps(told), "utf-8")
    return path


@pytest.mark.parametrize("axes", [(1, 1, 1), (1, 1, 2), (1, 1, 4), (1, 2, 4), (2, 3, 10), (1, 3, 3), (1, 0, 0)])
def test_the_formula_agrees_with_sampling(axes: tuple[float, ...]):
    sigma = 0.02 * np.array(axes)
    drawn = np.linalg.norm(np.random.default_rng(0).standard_normal((200_000, 3)) * sigma, axis=-1)
    for share, off in ((0.05, 0.08), (0.2, 0.06), (0.35, 0.04), (0.5, 0.03), (0.7, 0.015), (0.9, 0.01), (0.98, 0.01)):
        assert float(chance_within(sigma, np.quantile(drawn, share))) == pytest.approx(share, abs=off)


def test_the_formula_by_tables():
    # half of a round normal distribution lies within 1.538 deviations and nine tenths within 2.500 (chi-square)
    for radius, share in ((1.538, 0.5), (2.5, 0.9)):
        assert float(chance_within(np.full(3, 0.03), 0.03 * radius)) == pytest.approx(share, abs=5e-3)
        # whatever the unit
        assert float(chance_within(np.full(3, 3e-5), 3e-5 * radius)) == pytest.approx(share, abs=5e-3)


def test_the_formula_at_its_ends():
    assert chance_within(np.zeros((2, 3)), 0.05) == pytest.approx(1.0)
    assert chance_within(np.full(3, 1e6), 0.05) < 1e-3
    assert np.isnan(chance_within(np.array([np.nan, 0.1, 0.1]), 0.05))
    rising = [float(chance_within(np.full(3, 0.05), radius)) for radius in np.linspace(0.0, 0.3, 50)]
    assert rising == sorted(rising)


def test_sigma_is_scaled_and_moved_by_what_was_seen():
    given = lifted()
    given.seen[1, _WRIST] = False
    found = Calibration(fit(2.0, 0.01), fit(3.0, 0.02)).sigma(given)
    assert found[0, _WRIST] == pytest.approx([0.05] * 3)
    assert found[1, _WRIST] == pytest.approx([0.08] * 3)
    assert found[:, _PELVIS] == pytest.approx(0.0)


def test_confidence_is_the_share_within_a_tenth_of_the_torso():
    given = lifted()
    length = torso(given.joints)
    assert 0.4 < length < 0.6
    # nine tenths lie within 2.5 deviations
    given = replace(given, spread=np.full_like(given.spread, 0.1 * length / 2.5))
    assert as_told().confidence(given)[:, 1:] == pytest.approx(0.9, abs=5e-3)
    # a body of twice the size may err twice as far
    twice = replace(given, joints=2.0 * given.joints, spread=2.0 * given.spread)
    assert as_told().confidence(twice) == pytest.approx(as_told().confidence(given))


def test_the_map_moves_the_logit():
    given = lifted()
    given = replace(given, spread=np.full_like(given.spread, 0.1 * torso(given.joints) / 2.5))
    given.seen[:, _WRIST] = False
    plain = as_told().confidence(given)
    found = Calibration(fit(1.0, 0.0), fit(1.0, 0.0, near=LogitLine(0.5, -1.0))).confidence(given)
    assert found[:, _ANKLE] == pytest.approx(plain[:, _ANKLE])
    odds = plain[:, _WRIST] / (1.0 - plain[:, _WRIST])
    assert found[:, _WRIST] == pytest.approx(1.0 / (1.0 + np.e / np.sqrt(odds)))


def test_more_spread_is_less_confidence_and_always_a_probability():
    given = lifted(frames=200)
    given.spread[:] = np.geomspace(1e-5, 50.0, 200)[:, None, None]
    for calibration in (as_told(), Calibration(fit(1.5, 0.005, LogitLine(2.0, -1.0)), fit(1.0, 0.0))):
        found = calibration.confidence(given)
        assert ((found >= 0.0) & (found <= 1.0)).all()
        assert (np.diff(found, axis=0) <= 1e-9).all()


def test_a_network_that_tells_no_spread_gets_its_joints_usual_one():
    given = lifted(spread=np.nan, belief=0.3)
    known = Calibration(fit(0.0, 0.02), fit(0.0, 0.05))
    assert known.sigma(given)[:, 1:] == pytest.approx(0.02)
    told = as_told().confidence(lifted(spread=0.02))
    assert known.confidence(given) == pytest.approx(told)


def test_without_any_spread_confidence_is_belief():
    given = lifted(spread=np.nan, belief=0.3)
    assert np.isnan(as_told().sigma(given)[:, _WRIST]).all()
    found = as_told().confidence(given)
    assert found[:, 1:] == pytest.approx(0.3)
    given.confidence[0, _WRIST], given.confidence[1, _WRIST] = np.nan, 3.0
    assert as_told().confidence(given)[:2, _WRIST].tolist() == [0.0, 1.0]
    # one joint without a spread leaves the others alone
    given = lifted(spread=0.02, belief=0.3)
    given.spread[0, _WRIST, 2] = np.nan
    found = as_told().confidence(given)
    assert found[0, _WRIST] == pytest.approx(0.3)
    assert found[1, _WRIST] == found[0, _ANKLE] != pytest.approx(0.3)


def test_levels_of_honest_errors_are_even():
    given = lifted(frames=500)
    given.spread[:] = [0.01, 0.02, 0.06]
    errors = np.random.default_rng(0).normal(0.0, given.spread)
    found = as_told().level(given, errors)
    assert np.isnan(found[:, _PELVIS]).all()
    for share in (0.1, 0.5, 0.9):
        assert (found[:, 1:] <= share).mean() == pytest.approx(share, abs=0.01)
    # nine tenths lie within 2.500 deviations (chi-square)
    errors[:] = [0.0, 2.5 * 0.02, 0.0]
    assert as_told().level(given, errors)[:, 1:] == pytest.approx(0.9, abs=1e-3)
    # a map of its own for what is hidden
    given.seen[:, _WRIST] = False
    found = Calibration(fit(1.0, 0.0), fit(1.0, 0.0, levels=WIDE)).level(given, errors)
    assert found[:, _ANKLE] == pytest.approx(0.9, abs=1e-3)
    assert found[:, _WRIST] == pytest.approx(0.9**2, abs=5e-3)
    with pytest.raises(ValueError, match="should be"):
        as_told().level(given, errors[1:])


def test_a_clip_without_frames_is_refused():
    with pytest.raises(ValueError, match="without frames"):
        as_told().confidence(lifted(frames=0))


@pytest.mark.parametrize("name", ["joints", "spread", "seen", "confidence"])
def test_arrays_that_do_not_fit_are_refused(name: str):
    given = lifted()
    cut = getattr(given, name)[:, 1:]
    for ask in (as_told().sigma, as_told().confidence):
        with pytest.raises(ValueError, match="belong"):
            ask(replace(given, **{name: cut}))
    with pytest.raises(ValueError, match="belong"):
        as_told().sigma(replace(given, spread=given.spread[:2]))


def test_a_known_pair_is_read(tmp_path: Path):
    found = open_calibration("s3", "none", write(tmp_path / "calibration.json"))
    assert found.calibrated
    assert found.sigma(lifted())[:, _WRIST] == pytest.approx(0.05)
    assert (found.hidden.near, found.hidden.levels) == (LogitLine(1.5, -0.5), WIDE)


def test_an_unknown_pair_is_taken_as_it_tells(tmp_path: Path):
    path = write(tmp_path / "calibration.json")
    for found in (open_calibration("dtf-81", "graph", path), open_calibration("s3", "none", tmp_path / "none.json")):
        assert not found.calibrated
        assert found.sigma(lifted())[:, _WRIST] == pytest.approx(0.02)


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": [1.0] * 29},
        {"scale": [-1.0] * 30},
        {"offset": [float("nan")] * 30},
        {"offset": "far"},
        {"near": [0.0, 0.0]},
        {"near": [1.0]},
        {"near": [1.0, None]},
        {"levels": WIDE[1:]},
        {"levels": WIDE[::-1]},
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, changes: dict[str, object]):
    path = write(tmp_path / "calibration.json", **changes)
    with pytest.raises(SetupError, match="damaged"):
        open_calibration("s3", "none", path)


def test_a_calibration_of_other_joints_is_told(tmp_path: Path):
    path = write(tmp_path / "calibration.json")
    path.write_text(path.read_text("utf-8").replace("toe.L", "tail"), "utf-8")
    with pytest.raises(SetupError, match="another skeleton"):
        open_calibration("s3", "none", path)


@pytest.mark.parametrize("text", ["", "[]", '{"pairs": []}', "{}"])
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str):
    path = tmp_path / "calibration.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SetupError, match="Reinstall"):
        open_calibration("s3", "none", path)
