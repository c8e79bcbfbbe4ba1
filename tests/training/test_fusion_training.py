"""Runs of S4, S0 and the prior: they learn, go on where they stopped, refine what another run lifted, and are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from penumbra.errors import TrainingDataError
from penumbra.inference.lifted import Lifted
from penumbra.inference.masks import MaskSettings
from penumbra.inference.sightings import Sightings
from penumbra.inference.systems import open_lifter_at, open_refiner_at
from penumbra.models.skeletons import POINT_JOINTS
from penumbra.training import runs
from penumbra.training.dtf import DtfSettings
from penumbra.training.frozen import FrozenLifter
from penumbra.training.fusion_settings import DtfRun, FusionSettings, GraphRun, PptRun, RayRun
from penumbra.training.graph import GraphSettings
from penumbra.training.lifting_trainer import LiftingTrainer
from penumbra.training.loop import Loop
from penumbra.training.motion_sampler import ANY, MotionSampler
from penumbra.training.occlusion_masks import MIXTURE, Mixture
from penumbra.training.ppt import PptSettings
from penumbra.training.ray import RaySettings
from penumbra.training.refining_trainer import Asked, GraphTrainer, PptTrainer
from penumbra.training.runs import prepare
from penumbra.training.sampler import Windows
from penumbra.training.settings import recipe
from penumbra.training.variety import MotionVariety
from tests.synthetic import people_in_camera, training_clips

_Run = DtfRun | RayRun | GraphRun | PptRun
_SIZES: dict[str, Any] = {"steps": 4, "batch": 2, "frames": 54, "average": 0.5}
_DTF = DtfRun(name="dtf", network=DtfSettings(frames=27, width=32, depth=1, refinements=1), **_SIZES)
_RAY = RayRun(name="ray", network=RaySettings(width=32), **_SIZES)
_GRAPH = GraphRun(
    name="graph", lifters=("ray-paper",), masks=MaskSettings(count=4), warmup=1,
    network=GraphSettings(width=4, strides=(1, 3)), **_SIZES,
)  # fmt: skip
_PPT = PptRun(
    name="ppt",
    lifters=("ray-paper",),
    pretraining=2,
    warmup=1,
    network=PptSettings(width=16, depth=2, heads=2),
    **_SIZES,
)


class _Always:
    """The same windows again and again."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def windows(self, rng: np.random.Generator, variety: MotionVariety, masks: Mixture | None) -> Windows:  # noqa: ARG002 - the protocol names them
        return self._windows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trainer's folder in which a run that refiners can build on is finished."""
    out = tmp_path_factory.mktemp("training")
    settings = replace(recipe("ray-paper"), steps=2, batch=2, frames=27)
    prepare(settings, training_clips(3), training_clips(2), out).trainer.run(2, lambda _: None)
    return out


def _windows(settings: FusionSettings) -> Windows:
    return MotionSampler(training_clips(3), settings).windows(np.random.default_rng(3), ANY, MIXTURE)


def _trainer(settings: _Run, sampler: _Always, folder: Path) -> Loop:
    held_out = [sampler.windows(np.random.default_rng(0), ANY, None)]
    if isinstance(settings, DtfRun | RayRun):
        return LiftingTrainer(settings, sampler, held_out, folder)
    lifters = [Asked(FrozenLifter(name, folder.parent), sampler) for name in settings.lifters]
    if isinstance(settings, GraphRun):
        return GraphTrainer(settings, lifters, held_out, folder)
    return PptTrainer(settings, sampler, lifters, held_out, folder)


@pytest.mark.parametrize("settings", [_DTF, _RAY, _GRAPH, _PPT], ids=lambda item: item.name)
def test_the_loss_falls_on_what_is_seen_again_and_again(settings: _Run, folder: Path) -> None:
    more = replace(settings, name=f"{settings.name}-long", steps=60, rate=5e-3)
    if isinstance(more, PptRun):
        more = replace(more, pretraining=0)
    trainer = _trainer(more, _Always(_windows(more)), folder / more.name)
    trainer.run(15, lambda _: None)
    assert trainer.checks[-1].loss < 0.9 * trainer.checks[0].loss
    assert trainer.checks[-1].speed > 0


@pytest.mark.parametrize("settings", [_DTF, _GRAPH, _PPT], ids=lambda item: item.name)
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(settings: _Run, folder: Path) -> None:
    sampler = _Always(_windows(settings))
    whole = _trainer(settings, sampler, folder / f"{settings.name}-whole")
    whole.run(2, lambda _: None)

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _trainer(settings, sampler, folder / f"{settings.name}-parts").run(2, stop)
    again = _trainer(settings, sampler, folder / f"{settings.name}-parts")
    assert again.step == 2
    again.run(2, lambda _: None)
    for one, two in zip(whole.average.parameters(), again.average.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("settings", [_DTF, _RAY], ids=lambda item: item.name)
def test_what_lifts_is_written_as_the_product_reads_it(settings: _Run, folder: Path) -> None:
    run = prepare(settings, training_clips(3), training_clips(2), folder)
    run.write(run.trainer.average.module, folder / "lifts.onnx")
    joints = people_in_camera(40)[:, list(POINT_JOINTS)]
    seen = np.ones(joints.shape[:2], bool)
    lifted = open_lifter_at(folder / "lifts.onnx", 1)(
        Sightings(joints[..., :2] / joints[..., 2:], seen * 1.0, seen, 30.0)
    )
    assert lifted.joints.shape == (40, 30, 3)
    assert (lifted.spread > 0).all()


@pytest.mark.parametrize("settings", [_GRAPH, _PPT, replace(_PPT, network=replace(_PPT.network, form="absolute"))])
def test_what_refines_is_written_as_the_product_reads_it(settings: _Run, folder: Path) -> None:
    run = prepare(settings, training_clips(3), training_clips(2), folder)
    run.write(run.trainer.average.module, folder / "refines.onnx")
    joints = people_in_camera(40).astype(np.float32)
    seen = np.random.default_rng(1).random(joints.shape[:2]) < 0.8
    views = np.broadcast_to(np.eye(3, dtype=np.float32), (40, 3, 3))
    given = Lifted(joints - joints[:, :1], np.full(joints.shape, 0.05, np.float32), seen, seen * 1.0, views, 30.0)
    refined = open_refiner_at(folder / "refines.onnx", 1)(given)
    assert refined.joints.shape == joints.shape
    assert np.isfinite(refined.joints).all()
    assert not np.array_equal(refined.joints, given.joints)


def test_a_lifter_is_asked_only_of_what_it_never_saw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, other = training_clips(3), [replace(clip, source="cmu") for clip in training_clips(2)]
    opened = []
    monkeypatch.setattr(runs, "FrozenLifter", lambda name, _: opened.append(name))
    settings = replace(_GRAPH, lifters=("s3-without-cmu",), unseen=True)
    seen = []
    monkeypatch.setattr(runs, "MotionSampler", lambda clips, _: seen.append(len(clips)))
    runs.asked(settings, made + other, tmp_path)
    assert opened == ["s3-without-cmu"]
    runs.asked(replace(settings, unseen=False), made + other, tmp_path)
    assert seen == [2, 5]
    with pytest.raises(TrainingDataError, match="trained on every source"):
        runs.asked(replace(settings, lifters=("s3",)), made + other, tmp_path)


def test_a_refiner_needs_the_lifters_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no finished run of dtf-81"):
        FrozenLifter("dtf-81", tmp_path)
    with pytest.raises(TrainingDataError, match="is of no lifter"):
        FrozenLifter("graph", tmp_path)


def test_recipes_say_of_which_kind_they_are() -> None:
    assert isinstance(recipe("dtf-27-paper"), DtfRun)
    assert isinstance(recipe("graph"), GraphRun)
    assert recipe("dtf-81").name == "dtf-81"


def test_a_recipe_of_no_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipes.toml"
    path.write_text('[odd]\nkind = "gan"\n')
    with pytest.raises(TrainingDataError, match="of the kind 'gan'"):
        recipe("odd", path)
