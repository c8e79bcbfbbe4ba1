"""A training run learns, stops, and goes on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from penumbra.errors import TrainingDataError
from penumbra.inference.sightings import Sightings
from penumbra.inference.trained_lift import TrainedLifter
from penumbra.models.skeletons import POINT_JOINTS
from penumbra.models.weights import weight_path
from penumbra.training.export import export_lifter
from penumbra.training.loop import Check
from penumbra.training.motion_sampler import MotionSampler
from penumbra.training.networks import Lifter, NetworkSettings
from penumbra.training.sampler import Batch
from penumbra.training.settings import TrainingSettings, recipe
from penumbra.training.ship import ship
from penumbra.training.train import train
from penumbra.training.trainer import Trainer
from tests.synthetic import people_in_camera, training_clips

SMALL = TrainingSettings(
    lifting=3,
    completing=3,
    spreading=0,
    batch=4,
    frames=40,
    warmup=2,
    average=0.5,
    network=NetworkSettings(width=32, smoothing_width=16),
)


def _trainer(folder: Path, settings: TrainingSettings = SMALL) -> Trainer:
    sampler = MotionSampler(training_clips(), settings)
    return Trainer(settings, sampler, [sampler.batch(np.random.default_rng(9), masked=True)], folder)


def _weights(trainer: Trainer) -> list[torch.Tensor]:
    return [value.clone() for value in trainer.average.state_dict().values()]


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path):
    whole = _trainer(tmp_path / "whole")
    whole.run(3, lambda _: None)
    first = _trainer(tmp_path / "parts")

    def stop(_: Check) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.run(3, stop)
    second = _trainer(tmp_path / "parts")
    assert second.step == 3
    second.run(3, lambda _: None)
    assert [check.step for check in second.checks] == [3, 6]
    assert all(torch.equal(a, b) for a, b in zip(_weights(whole), _weights(second), strict=True))


@pytest.mark.parametrize(("lifting", "completing"), [(60, 0), (1, 60)])
def test_the_loss_falls_on_what_is_seen_again_and_again(tmp_path: Path, lifting: int, completing: int) -> None:
    trainer = _trainer(tmp_path, replace(SMALL, lifting=lifting, completing=completing, rate=5e-3, fine_rate=5e-3))
    trainer._sampler = _Always(trainer._sampler.batch(np.random.default_rng(4), masked=lifting == 1))
    trainer.run(15, lambda _: None)
    assert trainer.checks[-1].loss < 0.85 * trainer.checks[0].loss


@pytest.mark.parametrize(
    "changes",
    [
        {"cylinders": False},
        {"labelled": 0.5, "unlabelled": True},
        {"labelled": 0.5},
        {"losses": replace(SMALL.losses, adversarial=0.1, adversarial_from=0.0)},
        {"network": replace(SMALL.network, smooth=False)},
        {"network": replace(SMALL.network, complete=False)},
    ],
)
def test_every_part_can_be_switched(tmp_path: Path, changes: dict):
    settings = replace(SMALL, lifting=2, completing=2, **changes)
    trainer = _trainer(tmp_path, settings)
    before = _weights(trainer)
    trainer.run(4, lambda _: None)
    assert np.isfinite(trainer.checks[-1].loss)
    assert any(not torch.equal(a, b) for a, b in zip(before, _weights(trainer), strict=True))


def test_unlabelled_clips_teach_without_their_truth(tmp_path: Path):
    settings = replace(SMALL, lifting=1, completing=1, labelled=0.25, unlabelled=True)
    results = []
    for shift in (0.0, 1.0):
        trainer = _trainer(tmp_path / str(shift), settings)
        given = trainer._sampler.batch(np.random.default_rng(4), masked=True)
        assert 0 < float(given.labelled.sum()) < len(given.labelled)
        unknown = (1.0 - given.labelled)[:, None, None, None]
        spoiled = replace(given, joints=given.joints + shift * unknown, points=given.points + shift * unknown)
        trainer._sampler = _Always(spoiled)
        trainer.run(2, lambda _: None)
        results.append(_weights(trainer))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


class _Always:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def batch(self, rng: np.random.Generator, *, masked: bool) -> Batch:  # noqa: ARG002 - the protocol names it
        return self._batch


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path):
    _trainer(tmp_path).run(6, lambda _: None)
    with pytest.raises(TrainingDataError, match="does not fit this training run"):
        _trainer(tmp_path, replace(SMALL, network=NetworkSettings(width=48)))
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nonsense")
    with pytest.raises(TrainingDataError, match="Delete it"):
        _trainer(tmp_path)


def test_recipes_build_on_each_other():
    few = recipe("ablation-unlabelled-no-hiding")
    assert isinstance(few, TrainingSettings)
    assert (few.labelled, few.unlabelled, few.losses.hiding, few.network.width) == (0.1, True, 0.0, 192)
    assert recipe("s3-without-cmu").without == ("cmu",)
    with pytest.raises(TrainingDataError, match="no recipe 'nothing'"):
        recipe("nothing")


def test_a_recipe_cannot_set_what_there_is_not(tmp_path: Path):
    path = tmp_path / "recipes.toml"
    path.write_text("[odd]\nstep = 3\n")
    with pytest.raises(TrainingDataError, match="sets 'step'"):
        recipe("odd", path)


def test_one_command_trains_exports_and_ships(tmp_path: Path):
    clips = training_clips(8)
    held = [replace(clip, subject="cmu/49", name=f"held/{index}") for index, clip in enumerate(clips[:2])]
    goal = train(replace(SMALL, name="tiny"), clips[2:] + held, tmp_path, check_every=3, data="abc")
    assert (tmp_path / "tiny" / "curves.png").stat().st_size > 1000
    report = json.loads((tmp_path / "tiny" / "report.json").read_text())
    assert report["settings"]["lifting"] == 3
    assert len(report["checks"]) == 2
    assert (tmp_path / "tiny-unmasked.onnx").is_file()
    joints = people_in_camera(20)[:, list(POINT_JOINTS)]
    seen = np.ones(joints.shape[:2], bool)
    lifted = TrainedLifter.open(goal, threads=1)(Sightings(joints[..., :2] / joints[..., 2:], seen * 1.0, seen, 30.0))
    assert lifted.joints.shape == (20, 30, 3)


def test_shipping_needs_the_runs_own_report(tmp_path: Path):
    network = tmp_path / "s3.onnx"
    network.write_bytes(b"weights")
    with pytest.raises(TrainingDataError, match="no report of its training"):
        ship(network, tmp_path / "weights")
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "report.json").write_text(json.dumps({"sha256": "other"}))
    with pytest.raises(TrainingDataError, match="is not the network"):
        ship(network, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_what_is_shipped_can_be_opened_and_damage_is_told(tmp_path: Path):
    run = tmp_path / "s3"
    run.mkdir()
    (run / "curves.png").write_bytes(b"picture")
    digest = export_lifter(Lifter(SMALL.network), tmp_path / "s3.onnx")
    check = {"clean": 0.05, "masked": 0.06, "hidden": 0.07}
    settings = {"name": "s3", "seed": 1, "lifting": 3, "completing": 3, "batch": 4, "frames": 40, "network": {}}
    report = {"sha256": digest, "data": "abc", "settings": settings, "checks": [check], "minutes": {"cmu": 1.0},
              "licences": {"cmu": "CMU"}}  # fmt: skip
    (run / "report.json").write_text(json.dumps(report))
    ship(tmp_path / "s3.onnx", tmp_path / "weights")
    assert digest in (tmp_path / "weights" / "CARD.md").read_text()
    path = weight_path("s3.onnx", tmp_path / "weights")
    TrainedLifter.open(path, threads=1)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Exception, match="are damaged"):
        weight_path("s3.onnx", tmp_path / "weights")


def test_completing_leaves_the_lifting_as_it_is(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, replace(SMALL, lifting=4, completing=4))
    states = []

    def keep(_: Check) -> None:
        states.append({key: value.clone() for key, value in trainer.network.state_dict().items()})

    trainer.run(5, keep)
    changed = {key.split(".")[0] for key, value in states[1].items() if not torch.equal(value, states[0][key])}
    assert changed == {"completer", "beside", "correct"}
