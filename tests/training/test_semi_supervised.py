"""Unlabelled footage as a teacher: its targets, which way they are turned, what is learned from them and what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from penumbra.errors import TrainingDataError
from penumbra.inference.guidance import GuidanceSettings
from penumbra.inference.systems import open_lifter_at, open_refiner_at
from penumbra.inference.windowed_lift import WindowedLifter
from penumbra.models.skeletons import BLAZEPOSE, JOINTS
from penumbra.tests.synthetic import random_motion
from penumbra.tests.training.filmed import FRAMES, person, taught, views
from penumbra.tools import fetch
from penumbra.training import checkpoint, semi_supervised
from penumbra.training.bodies import mean_body
from penumbra.training.calibrated_footage import View, sighted
from penumbra.training.clips import Clip
from penumbra.training.exam import exams, score, table
from penumbra.training.graph import GraphRefiner
from penumbra.training.loop import CHECKPOINT
from penumbra.training.motion.folder import Collected
from penumbra.training.motion.store import write_clips
from penumbra.training.ray import RayLifter
from penumbra.training.semi_supervised import FineTuning, agreement, fine_tune
from penumbra.training.settings import recipe
from penumbra.training.system import System, trained, write
from penumbra.training.unlabelled import Unlabelled

WRIST = JOINTS.index("wrist.L")
SETTINGS = FineTuning(steps=40, rate=3e-3, spread=0.0)


class Guess(nn.Module):
    """A tiny lifter: one linear layer for every frame."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.layer = nn.Linear(128, 6 * len(JOINTS))
        nn.init.normal_(self.layer.weight, std=0.01)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        joints, spread = self.layer(values).unflatten(-1, (len(JOINTS), 6)).split(3, dim=-1)
        return joints - joints[..., :1, :], spread


class Nudge(nn.Module):
    """A tiny refiner: the same shift in every frame; remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(len(JOINTS), 3))
        self.given: tuple[Tensor, ...] = ()

    def forward(self, joints: Tensor, *facts: Tensor) -> tuple[Tensor, Tensor]:
        self.given = facts
        return joints + self.shift, torch.zeros_like(joints)


def _system() -> System:
    return System(Guess(), Nudge(), None, GuidanceSettings())


class Oracle(nn.Module):
    """A lifter that knows the answer in the axes of every view."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = nn.Parameter(answer)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        return self.answer[:, : values.shape[1]], torch.zeros_like(self.answer)


def _oracle(footage: Unlabelled, joints: np.ndarray, found: list[View]) -> Oracle:
    """What a perfect lifter would say: the subject in each camera's axes, turned to the axes of its view."""
    about = joints - joints[:, :1]
    inside = np.stack([about @ view.camera.rotation.T for view in found])
    rotation = torch.tensor(np.stack([view.camera.rotation for view in found]), dtype=torch.float32)
    views = footage.turn @ rotation.transpose(-1, -2)[:, None]
    return Oracle(torch.from_numpy(inside.astype(np.float32)) @ views.transpose(-1, -2))


def test_a_right_answer_in_the_axes_of_its_view_costs_nothing():
    joints = person()
    found = views(joints)
    footage = taught(found)[0]
    scale = footage.target[0, 1].norm().item() / float(np.linalg.norm(joints[0, 1] - joints[0, 0]))
    oracle = _oracle(footage, scale * joints[::2], found)
    right = agreement(System(oracle, None, None, GuidanceSettings()), footage, SETTINGS)
    assert right < 0.02
    oracle.answer.data[1] = oracle.answer.data[1] @ torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    assert agreement(System(oracle, None, None, GuidanceSettings()), footage, SETTINGS) > right + 0.05


def test_what_the_views_do_not_agree_on_teaches_nothing():
    found = views(person())
    for view in found[1:]:
        view.track.confidence[:, BLAZEPOSE.index("wrist.L")] = 0.1
    footage = taught(found)[0]
    assert (footage.weights[:, WRIST] == 0).all()
    assert (footage.sight.seen[1:, :, WRIST] == 0).all()
    assert (footage.sight.near[1:, :, WRIST] == 1).all()
    system = _system()
    agreement(system, footage, SETTINGS).backward()
    shift = system.get_parameter("refiner.shift").grad
    assert shift is not None
    assert (shift[WRIST] == 0).all()
    assert (shift[JOINTS.index("wrist.R")] != 0).any()


@pytest.mark.parametrize("count", [2, 4])
def test_views_come_to_agree_on_the_subject(count: int):
    found = views(person(), count)
    footage = taught(found)
    system = _system()
    before, papers = agreement(system, footage[0], SETTINGS), exams(views(person()), taught(views(person())))
    marks = score(system, papers)
    said = list(fine_tune(system, footage, None, SETTINGS))
    assert len(said) == SETTINGS.steps
    assert agreement(system, footage[0], SETTINGS) < 0.5 * before
    after = score(system, papers)
    assert after[1].rooted < 0.6 * marks[1].rooted
    assert table({"before": marks, "after": after}).count("\n") == 5


def test_labelled_batches_are_kept_too():
    footage = taught(views(person()))
    kept = _system()
    calls = []

    def labelled(system: System) -> Tensor:
        calls.append(system)
        return 100.0 * (system.get_parameter("refiner.shift") - 0.3).square().mean()

    list(fine_tune(kept, footage, labelled, SETTINGS))
    assert len(calls) == SETTINGS.steps
    free = _system()
    list(fine_tune(free, footage, None, SETTINGS))
    assert kept.get_parameter("refiner.shift").mean() > free.get_parameter("refiner.shift").mean() + 0.03


def test_the_refiner_is_told_what_was_seen_and_that_nothing_is_masked():
    footage = taught(views(person()))[0]
    nudge = Nudge()
    lifted, refined = System(Guess(), nudge, None, GuidanceSettings())(footage.sight)
    assert torch.equal(lifted[0], refined[0])
    confidence, seen, near, active = nudge.given
    assert torch.equal(seen, footage.sight.seen)
    assert torch.equal(confidence, footage.sight.confidence)
    assert (near[seen > 0] == 0).all()
    assert (active == 1).all()


@pytest.mark.parametrize("frames", [1, 3, 9, 27])
def test_windowed_lifters_read_whole_clips(frames: int):
    """A frame's answer is that of the window in which it is nearest the middle."""

    class Place(nn.Module):
        """Says for every frame what was read in it, and how far from the window's middle that was."""

        def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
            assert values.shape[1:] == (frames, 128)
            aside = (torch.arange(frames) - (frames - 1) / 2).abs().expand(len(values), -1)
            both = torch.stack([values[..., 0], aside, aside], dim=-1)
            return both[:, :, None].expand(-1, -1, len(JOINTS), -1), torch.zeros(len(values), frames, len(JOINTS), 3)

    footage = taught(views(person()))[0]
    said = System(Place(), None, frames, GuidanceSettings())(footage.sight)[0][0]
    assert torch.equal(said[..., 0, 0], footage.sight.values[..., 0])
    assert said[..., 1].max() <= frames / 6 + 0.5


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with finished runs of `ray` and `graph`, that have learned nothing."""
    for name, network in (("ray", RayLifter), ("graph", GraphRefiner)):
        torch.manual_seed(2)
        made = network(recipe(name).network)  # type: ignore[attr-defined]
        checkpoint.save(
            tmp_path / name / CHECKPOINT, {"average": AveragedModel(made)}, {}, np.random.default_rng(0), {"step": 1}
        )
    return tmp_path


def test_finished_runs_become_a_system_and_files_that_the_product_reads(runs: Path):
    system = trained("ray", "graph", runs).eval()
    system.get_parameter("lifter.head.bias").data.normal_(std=0.1)
    files = write(system, "ray", "graph", runs / "tuned")
    assert [file.name for file in files] == ["ray-tuned.onnx", "graph-tuned.onnx"]
    found = views(person())
    lifter, refiner = open_lifter_at(files[0], 1), open_refiner_at(files[1], 1)
    assert isinstance(lifter, WindowedLifter)
    seen = sighted(found[1])
    answer = lifter._lift(*(part[::2] for part in (seen.points, seen.confidence, seen.seen)))
    with torch.no_grad():
        said = system(taught(found)[0].sight)[0][0][1]
    np.testing.assert_allclose(said, answer.joints, atol=3e-3)
    assert np.abs(answer.joints).mean() > 0.1
    lifted = lifter(seen)
    assert refiner(lifted).joints.shape == lifted.joints.shape == (FRAMES, 30, 3)


@pytest.mark.parametrize(
    ("lifter", "refiner", "message"),
    [
        ("s3", None, "no lifter that reads filled gaps"),
        ("ray", "ppt", "no graph refiner"),
        ("dtf-27", None, "no finished run of dtf-27"),
        ("nothing", None, "no recipe"),
    ],
)
def test_what_cannot_be_tuned_is_said_in_a_sentence(runs: Path, lifter: str, refiner: str | None, message: str):
    with pytest.raises(TrainingDataError, match=message):
        trained(lifter, refiner, runs)


def test_a_run_that_broke_down_is_said_to_have(runs: Path):
    broken = RayLifter(recipe("ray").network)  # type: ignore[attr-defined]
    torch.nn.init.constant_(broken.head.bias, torch.nan)
    path = runs / "ray" / CHECKPOINT
    checkpoint.save(path, {"average": AveragedModel(broken)}, {}, np.random.default_rng(0), {"step": 1})
    with pytest.raises(TrainingDataError, match="no numbers"):
        trained("ray", None, runs)


def test_footage_that_cannot_be_fetched_is_a_plain_sentence(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def nothing(_: str) -> Path:
        raise fetch.FetchError("There is no network. Connect and try again.")

    monkeypatch.setattr(fetch, "fetch", nothing)
    assert semi_supervised.main(["--data", "none.npz", "--networks", str(runs)]) != 0
    assert "Connect and try again" in capsys.readouterr().err


def test_the_command_tells_before_and_after(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    moving = random_motion(120)
    arrays = (part.astype(np.float32) for part in (moving.rotations, moving.root, mean_body()))
    clip = Clip("made/1", "made", "made/1", "walk", "CC0", *arrays)
    write_clips(runs / "data.npz", Collected([clip], []))
    monkeypatch.setattr(semi_supervised, "_subjects", lambda *_: [views(person())])
    command = ["--data", str(runs / "data.npz"), "--networks", str(runs), "--out", str(runs / "tuned"), "--steps", "2"]
    assert semi_supervised.main([*command, "--refiner", "graph", "--cameras", "cam0", "cam2"]) == 0
    said = capsys.readouterr().out
    assert said.count("| before |") == said.count("| after |") == 2
    assert (runs / "tuned" / "ray-tuned.onnx").is_file()
    assert semi_supervised.main([*command, "--cameras", "cam0"]) != 0
    assert "Choose at least two of the cameras: cam0, cam1, cam2, cam3" in capsys.readouterr().err
