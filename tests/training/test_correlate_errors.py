"""How errors go together is found where it is known, and written as the fit reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penumbra.inference.body import rest_joints
from penumbra.inference.confidence import as_told
from penumbra.inference.fitting.errors_together import open_correlations
from penumbra.inference.lifted import Lifted
from penumbra.models.skeletons import JOINTS, partners
from penumbra.training.bodies import mean_body
from penumbra.training.correlate_errors import correlations, main, written
from penumbra.training.spread_samples import Sample

_NECK, _THORAX, _WRIST = (JOINTS.index(name) for name in ("neck", "thorax", "wrist.L"))


def samples(clips: int = 8) -> list[Sample]:
    """Errors of two centimetres; in depth the neck's is the thorax's, and the left wrist's half that."""
    random = np.random.default_rng(4)
    truth = np.tile(rest_joints(mean_body()), (200, 1, 1))
    truth -= truth[:, :1]
    found = []
    for _ in range(clips):
        errors = 0.02 * random.standard_normal(truth.shape)
        errors[:, _NECK, 2] = errors[:, _THORAX, 2]
        errors[:, _WRIST, 2] = 0.5 * errors[:, _THORAX, 2] + 0.75**0.5 * errors[:, _WRIST, 2]
        errors[:, 0] = 0.0
        seen = np.ones(truth.shape[:2], bool)
        views = np.tile(np.eye(3), (200, 1, 1))
        lifted = Lifted(truth + errors, np.full(truth.shape, 0.02), seen, np.ones(seen.shape), views, 30.0)
        found.append(Sample(lifted, truth))
    return found


def test_known_correlations_are_found() -> None:
    found = correlations(samples(), as_told())
    assert found[2, _NECK, _THORAX] == pytest.approx(1.0, abs=0.01)
    # both sides of the body are taken as one
    assert found[2, _WRIST, _THORAX] == pytest.approx(0.25, abs=0.05)
    assert np.abs(found[0] - np.diag(np.diag(found[0]))).max() < 0.1
    pairs = partners(JOINTS)
    np.testing.assert_allclose(found[:, pairs][:, :, pairs], found, atol=1e-9)
    assert np.abs(found[:, 0]).max() == 0.0


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    path, found = tmp_path / "errors_together.json", correlations(samples(2), as_told())
    path.write_text(written(found), "utf-8")
    np.testing.assert_allclose(open_correlations(path), found[:, 1:, 1:], atol=6e-4)


def test_data_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "none.npz"), "--out", str(tmp_path / "out.json")]) != 0
    assert "Error:" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
