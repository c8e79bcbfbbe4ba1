"""The fine fit with PyTorch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference.camera import View
from penumbra.inference.contacts import Contacts
from penumbra.inference.fitting.fine import FineSettings, fit_fine
from penumbra.inference.fitting.fit import FitSettings, fit
from penumbra.inference.observed import Observed
from penumbra.inference.poses import Poses
from tests.fitting import Told, errors, told
from tests.walking import shaken

_DRAFT = FitSettings(steps=1)
_FINE = FineSettings(steps=40)


def _arguments(made: Told, seed: int = 0) -> tuple[Poses, np.ndarray, Observed, View, Contacts]:
    noise = 0.003 * np.random.default_rng(seed).standard_normal(made.observed.slopes.shape)
    observed = replace(made.observed, slopes=made.observed.slopes + noise)
    return shaken(made.truth, seed, turn=0.1), made.path_sigma, observed, made.view, made.contacts


def test_it_goes_further_down_than_the_draft() -> None:
    made = told(12)
    draft, fine = fit(*_arguments(made), _DRAFT), fit_fine(*_arguments(made), _DRAFT, _FINE)
    assert fine.energy < draft.energy < fine.start_energy
    assert draft.start_energy == pytest.approx(fine.start_energy)
    start = _arguments(made)[0]
    assert errors(fine.poses, made.truth).mean() < 0.5 * errors(start, made.truth).mean()


def test_where_the_draft_has_arrived_it_stays() -> None:
    made = told(8)
    draft = fit(*_arguments(made), FitSettings(steps=30, enough=0.0))
    fine = fit_fine(*_arguments(made), FitSettings(steps=30, enough=0.0), _FINE)
    assert fine.energy <= draft.energy
    assert draft.energy - fine.energy < 0.02 * (draft.start_energy - draft.energy)
    assert np.abs(fine.poses.joints() - draft.poses.joints()).max() < 0.01


def test_a_start_that_cannot_be_bettered_is_given_back() -> None:
    made = told(6)
    arguments = (made.truth, made.path_sigma, made.observed, made.view, made.contacts)
    best = fit_fine(*arguments, FitSettings(steps=20), _FINE)
    again = fit_fine(best.poses, *arguments[1:], FitSettings(steps=0), FineSettings(steps=1, round_steps=1))
    assert again.energy <= again.start_energy


def test_absent_frames_keep_their_start() -> None:
    made = told(8)
    start, sigma, observed, view, contacts = _arguments(made)
    present = np.ones(8, bool)
    present[3] = False
    fine = fit_fine(start, sigma, replace(observed, present=present), view, contacts, _DRAFT, _FINE)
    np.testing.assert_array_equal(fine.poses.root[3], start.root[3])
    assert (fine.clutter[3] == 1.0).all()
    nobody = replace(observed, present=np.zeros(8, bool))
    np.testing.assert_array_equal(fit_fine(start, sigma, nobody, view, contacts, _DRAFT, _FINE).poses.root, start.root)


def test_one_frame_works() -> None:
    made = told(1)
    fine = fit_fine(*_arguments(made), _DRAFT, _FINE)
    assert np.isfinite(fine.poses.joints()).all()
    assert fine.energy <= fine.start_energy


def test_without_pytorch_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SetupError, match="choose Draft"):
        fit_fine(*_arguments(told(2)), _DRAFT)


def test_pytorch_is_imported_only_when_it_is_asked_for() -> None:
    code = "import sys, penumbra.inference.fitting.fine; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
