"""The table of systems: every name is told of, opens what it says, and files are opened by their own kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference import systems
from penumbra.inference.blend import BlendedLifter
from penumbra.inference.refine_graph import GraphRefiner
from penumbra.inference.refine_ppt import PptRefiner
from penumbra.inference.sightings import Sightings
from penumbra.inference.systems import (
    AUTO,
    LIFTERS,
    NONE,
    RECOMMENDED,
    REFINERS,
    Systems,
    hashes,
    members,
    open_lifter,
    open_lifter_at,
    open_refiner,
    open_refiner_at,
    resolved,
)
from penumbra.inference.trained_lift import TrainedLifter
from penumbra.inference.windowed_lift import WindowedLifter
from tests.networks import clip_lifter, doubting_graph, flat_lifter, lifting_ppt
from tests.synthetic import lifted_as, people_in_camera


def test_every_system_says_when_to_use_it_in_one_plain_sentence() -> None:
    for table in (LIFTERS, REFINERS):
        for name, use in table.items():
            assert name == name.lower()
            assert use[0].isupper()
            assert not use.endswith(".")
            assert 30 < len(use) < 110


def test_auto_is_what_is_recommended() -> None:
    assert RECOMMENDED.lifter in LIFTERS
    assert RECOMMENDED.refiner in REFINERS
    assert resolved(AUTO, AUTO) == RECOMMENDED
    assert resolved("dtf-27", AUTO) == Systems("dtf-27", RECOMMENDED.refiner)
    assert resolved(AUTO, "ppt") == Systems(RECOMMENDED.lifter, "ppt")


def test_the_recommended_systems_are_there_and_known_by_their_hashes() -> None:
    assert type(open_lifter(AUTO, threads=1)) is type(open_lifter(RECOMMENDED.lifter, threads=1))
    assert isinstance(open_lifter("s3", threads=1), TrainedLifter)
    assert isinstance(open_lifter("both", threads=1), BlendedLifter)
    lifted = lifted_as(people_in_camera(3))
    assert open_refiner(NONE)(lifted) is lifted
    known = hashes(RECOMMENDED)
    assert set(known) >= {f"{name}.onnx" for name in members(RECOMMENDED.lifter)}
    assert set(hashes(Systems("both", NONE))) == {"s3.onnx", "dtf-81.onnx"}
    assert all(len(value) == 64 for value in known.values())
    assert hashes(Systems("detector", NONE)) == {}


def test_systems_that_are_not_there_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def away(name: str) -> Path:
        return real(name, tmp_path)

    real = systems.network_path
    monkeypatch.setattr(systems, "network_path", away)
    for open_it, name in (
        (open_lifter, "dtf-27"),
        (open_lifter, "dtf-81"),
        (open_refiner, "graph"),
        (open_refiner, "ppt"),
    ):
        with pytest.raises(SetupError, match=r"missing.*Choose another lifter or refiner"):
            open_it(name)


def test_files_are_opened_by_their_own_kind(tmp_path: Path) -> None:
    clips = clip_lifter(tmp_path / "clips.onnx", (0.1, 0.2, 0.3))
    windows = flat_lifter(tmp_path / "windows.onnx")
    graph, ppt = doubting_graph(tmp_path / "graph.onnx", 0.1, 0.1), lifting_ppt(tmp_path / "ppt.onnx", 0.0, 0.0)
    assert isinstance(open_lifter_at(clips, 1), TrainedLifter)
    assert isinstance(open_lifter_at(windows, 1), WindowedLifter)
    assert isinstance(open_refiner_at(graph, 1), GraphRefiner)
    assert isinstance(open_refiner_at(ppt, 1), PptRefiner)
    for path in (graph, ppt):
        with pytest.raises(SetupError, match="no lifter of this version"):
            open_lifter_at(path, 1)
    for path in (clips, windows):
        with pytest.raises(SetupError, match="no refiner of this version"):
            open_refiner_at(path, 1)


def test_a_clips_lifter_tells_its_spread_along_the_cameras_axes(tmp_path: Path) -> None:
    lifter = open_lifter_at(clip_lifter(tmp_path / "clips.onnx", (0.1, 0.2, 0.4)), 1)
    points = np.tile(np.linspace(0.3, 0.5, 25)[:, None], (40, 1, 2))
    seen = np.ones((40, 25), bool)
    lifted = lifter(Sightings(points, seen * 1.0, seen, 60.0))
    assert (lifted.joints == 0).all()
    turn = lifted.views[7].astype(float)
    expected = np.sqrt(np.diag(turn.T @ np.diag([0.01, 0.04, 0.16]) @ turn))
    np.testing.assert_allclose(lifted.spread[7], np.tile(expected, (30, 1)), rtol=1e-4)
