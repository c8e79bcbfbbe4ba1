"""Both refiners, by networks that can be told beforehand: masks, spread, views, rates, the body's ends, bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference.lifted import Lifted
from penumbra.inference.masks import MaskSettings, structured_masks
from penumbra.inference.refine_graph import GraphRefiner, GraphSettings, how_far
from penumbra.inference.refine_ppt import PptRefiner, PptSettings
from penumbra.models.skeletons import JOINTS
from tests.networks import SKELETON, doubting_graph, lifting_ppt
from tests.synthetic import lifted_as, people_in_camera

WRIST = JOINTS.index("wrist.L")
ENDS = [
    JOINTS.index(name)
    for name in ("head", "nose", "ear.L", "ear.R", *(
        f"{part}.{side}"
        for side in ("L", "R")
        for part in ("wrist", "index", "pinky", "thumb", "ankle", "heel", "toe")
    ))
]  # fmt: skip
# A view a quarter turn aside: its x is the camera's depth, its depth against the camera's x.
QUARTER = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])


def _lifted(count: int, rate: float = 30.0) -> Lifted:
    lifted = lifted_as(people_in_camera(count).astype(np.float32), rate)
    return replace(lifted, spread=np.full(lifted.joints.shape, 0.05), views=np.tile(QUARTER, (count, 1, 1)))


def _frames(lifted: Lifted, chosen: slice, rate: float) -> Lifted:
    arrays = (lifted.joints, lifted.spread, lifted.seen, lifted.confidence, lifted.views)
    return Lifted(*(array[chosen] for array in arrays), rate=rate)


def _masks() -> np.ndarray:
    return structured_masks(5, 128, MaskSettings(3, 1.5, 4))


def test_what_hides_nothing_moves_nothing_and_tells_its_own_spread(tmp_path: Path) -> None:
    refiner = GraphRefiner.open(
        doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03), GraphSettings(joints=1.0, spread=1.0), threads=1
    )
    lifted = _lifted(40)
    refined = refiner(lifted)
    np.testing.assert_allclose(refined.joints, lifted.joints, atol=1e-5)
    np.testing.assert_allclose(refined.spread, 0.03, rtol=1e-4)
    assert refined.seen is lifted.seen
    assert refined.joints.dtype == np.float32


def test_masked_answers_count_by_their_share_and_disagreement_is_spread(tmp_path: Path) -> None:
    """Every masked answer moves what it masks by 0.4 m along the view's x, which is the camera's depth."""
    refiner = GraphRefiner.open(
        doubting_graph(tmp_path / "graph.onnx", 0.4, 0.03), GraphSettings(joints=0.7, spread=0.7), threads=1
    )
    still = replace(_lifted(128), joints=np.tile(_lifted(1).joints, (128, 1, 1)))
    refined = refiner(still)
    moved = (refined.joints - still.joints)[40:64]
    np.testing.assert_allclose(moved[..., :2], 0.0, atol=1e-5)
    assert (moved[..., 2] >= -1e-5).all()
    assert moved[..., 2].max() <= 0.4 * 0.3 + 1e-5
    assert moved[..., 2].max() > 0.4 * 0.05
    # the answer of a mixture: the variance within, and the variance between
    share = moved[..., 2] / 0.4
    low, high = 0.03**2, 0.03**2 + 0.4**2 * share * (1 - share)
    variance = refined.spread[40:64, :, 2] ** 2
    assert (variance >= low * 0.999).all()
    assert (variance <= high * 1.001).all()
    np.testing.assert_allclose(refined.spread[40:64, :, :2], 0.03, rtol=1e-3)


def test_one_window_is_the_mixture_of_its_masks(tmp_path: Path) -> None:
    """In 64 frames of a still body the first window's and the second's masks alone have a say, half each in the middle."""
    refiner = GraphRefiner.open(
        doubting_graph(tmp_path / "graph.onnx", 0.4, 0.03), GraphSettings(joints=0.7, spread=0.7), threads=1
    )
    still = replace(_lifted(64), joints=np.tile(_lifted(1).joints, (64, 1, 1)))
    moved = (refiner(still).joints - still.joints)[..., 2]
    shares = np.minimum(np.arange(1, 129), np.arange(128, 0, -1)).astype(float)
    # windows begin at frames -64 and 0
    first, second = 0.4 * 0.1 * _masks()[:, 64:].sum(axis=0), 0.4 * 0.1 * _masks()[:, :64].sum(axis=0)
    weights = shares[64:, None], shares[:64, None]
    np.testing.assert_allclose(moved, (weights[0] * first + weights[1] * second) / (weights[0] + weights[1]), atol=1e-5)


def test_a_masked_joint_is_not_read_where_it_is_masked(tmp_path: Path) -> None:
    """With the mean of the masked answers alone, a jump that every mask hides does not come out."""
    refiner = GraphRefiner.open(
        doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03), GraphSettings(joints=0.0, spread=0.0), threads=1
    )
    still = replace(_lifted(64), joints=np.tile(_lifted(1).joints, (64, 1, 1)))
    hidden = (_masks()[:, 64:] & _masks()[:, :64]).sum(axis=0)
    frame, joint = np.unravel_index(hidden.argmax(), hidden.shape)
    assert hidden[frame, joint] >= 1
    jumped = still.joints.copy()
    jumped[frame, joint] += 3.0
    off = np.abs(refiner(replace(still, joints=jumped)).joints - still.joints)[frame, joint].max()
    assert off == pytest.approx(3.0 * (3 - hidden[frame, joint]) / 3, abs=0.3)


@pytest.mark.parametrize("count", [1, 2, 127, 129, 300])
def test_clips_of_every_length_are_refined(tmp_path: Path, count: int) -> None:
    refiner = GraphRefiner.open(doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03), threads=1)
    refined = refiner(_lifted(count, rate=60.0))
    assert refined.joints.shape == (count, 30, 3)
    assert np.isfinite(refined.joints).all()
    assert np.isfinite(refined.spread).all()


def test_fast_footage_is_refined_in_passes(tmp_path: Path) -> None:
    refiner = GraphRefiner.open(doubting_graph(tmp_path / "graph.onnx", 0.2, 0.03), threads=1)
    fast = _lifted(80, rate=60.0)
    every_other = _frames(fast, slice(1, None, 2), 30.0)
    np.testing.assert_allclose(refiner(fast).joints[1::2], refiner(every_other).joints, atol=1e-5)


def test_how_far_the_next_sight_is_by_hand() -> None:
    seen = np.zeros((6, 30), bool)
    seen[[1, 4], 3] = seen[0, 5] = True
    found = how_far(seen)
    np.testing.assert_allclose(found[:, 3], 1 - np.exp(-np.array([1, 0, 1, 1, 0, 1]) / 20), atol=1e-6)
    np.testing.assert_allclose(found[:, 5], 1 - np.exp(-np.arange(6) / 20), atol=1e-6)
    assert (found[:, 0] == 1).all()


@pytest.mark.parametrize(("masked", "moved"), [(False, 0.2), (True, 0.0)])
def test_the_pose_transformer_is_given_guesses_or_nothing(tmp_path: Path, *, masked: bool, moved: float) -> None:
    path = lifting_ppt(tmp_path / "ppt.onnx", seen=0.1, guessed=0.2)
    refiner = PptRefiner.open(path, PptSettings(ends="refined", masked=masked), threads=1)
    lifted = _lifted(600)
    lifted.seen[50:70, WRIST] = False
    refined = refiner(lifted)
    off = refined.joints - lifted.joints
    # along the view's x, which is the camera's depth
    np.testing.assert_allclose(off[..., :2], 0.0, atol=1e-5)
    np.testing.assert_allclose(off[50:70, WRIST, 2], moved, atol=1e-5)
    np.testing.assert_allclose(off[~np.isin(np.arange(600), range(50, 70))][..., 2], 0.1, atol=1e-5)
    assert refined.spread is lifted.spread


def test_the_ends_of_the_body_are_kept_where_the_setting_says_so(tmp_path: Path) -> None:
    refiner = PptRefiner.open(lifting_ppt(tmp_path / "ppt.onnx", seen=0.1, guessed=0.2), threads=1)
    lifted = _lifted(3)
    off = np.abs(refiner(lifted).joints - lifted.joints).max(axis=(0, 2))
    assert (off[ENDS] == 0).all()
    others = [index for index in range(30) if index not in ENDS]
    assert len(others) == 12
    np.testing.assert_allclose(off[others], 0.1, atol=1e-5)


@pytest.mark.parametrize("kind", ["graph", "ppt"])
def test_what_is_no_clip_of_joints_is_refused(tmp_path: Path, kind: str) -> None:
    refiner = (
        GraphRefiner.open(doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03), threads=1)
        if kind == "graph"
        else PptRefiner.open(lifting_ppt(tmp_path / "ppt.onnx", 0.0, 0.0), threads=1)
    )
    lifted = _lifted(4)
    spoiled = lifted.joints.copy()
    spoiled[2, 7, 1] = np.nan
    with pytest.raises(ValueError, match="no finite number"):
        refiner(replace(lifted, joints=spoiled))
    with pytest.raises(ValueError, match="without frames"):
        refiner(_frames(lifted, slice(0, 0), 30.0))
    for name in ("spread", "seen", "confidence", "views"):
        with pytest.raises(ValueError, match=f"The lifted {name} are"):
            refiner(replace(lifted, **{name: getattr(lifted, name)[:3]}))


def test_a_graph_that_does_not_say_its_masks_is_refused(tmp_path: Path) -> None:
    path = doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03, metadata=SKELETON)
    with pytest.raises(SetupError, match=r"does not say its masks.*Use the networks"):
        GraphRefiner.open(path, threads=1)
    path = doubting_graph(tmp_path / "graph.onnx", 0.0, 0.03, metadata=SKELETON | {"joints": "none"})
    with pytest.raises(SetupError, match="another skeleton"):
        GraphRefiner.open(path, threads=1)
