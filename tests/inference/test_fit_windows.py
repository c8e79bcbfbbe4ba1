"""Long clips are fitted in windows: one body, no seams, and about what a single fit gives."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.camera import View
from penumbra.inference.contacts import Contacts
from penumbra.inference.fitting.fit import FitSettings, Fitted, fit
from penumbra.inference.fitting.windows import WindowSettings, fit_in_windows
from penumbra.inference.observed import Observed
from penumbra.inference.poses import Poses
from tests.inference.test_animate import camera, filmed
from tests.walking import shaken, walk

FRAMES = 130
SMALL = WindowSettings(longest=60, overlap=20)
Case = tuple[Poses, np.ndarray, Observed, View, Contacts, FitSettings]


@pytest.fixture(scope="module")
def case() -> Case:
    """A shaken walk, and what a camera saw of it."""
    walked = walk(FRAMES)
    view = camera(FRAMES)
    start = shaken(walked.poses, turn=0.05, way=0.01)
    return start, np.full((FRAMES, 3), 0.1), filmed(walked, view), view, walked.contacts, FitSettings()


def test_a_clip_within_a_window_is_fitted_as_it_is(case: Case) -> None:
    one, two = fit(*case), fit_in_windows(fit, *case)
    np.testing.assert_allclose(two.poses.joints(), one.poses.joints(), atol=1e-6)


def test_windows_give_about_what_one_fit_gives_without_seams(case: Case) -> None:
    whole, parts = fit(*case), fit_in_windows(fit, *case, SMALL)
    apart = np.linalg.norm(parts.poses.joints() - whole.poses.joints(), axis=-1)
    assert apart.mean() < 0.02
    jumps = [np.linalg.norm(np.diff(found.poses.joints(), n=2, axis=0), axis=-1).max() for found in (whole, parts)]
    assert jumps[1] < 1.5 * jumps[0]
    assert parts.energy < parts.start_energy
    np.testing.assert_allclose(np.linalg.norm(parts.poses.rotations, axis=-1), 1.0, atol=1e-6)


def test_every_frame_is_fitted_in_windows_of_one_length_and_one_body(case: Case) -> None:
    asked: list[tuple[int, np.ndarray]] = []

    def spy(start: Poses, *_rest: object) -> Fitted:
        asked.append((len(start.root), start.offsets))
        return Fitted(start, np.zeros((len(start.root), 25)), 1.0, 2.0, mirrored=False)

    found = fit_in_windows(spy, *case, SMALL)  # type: ignore[arg-type]
    assert [count for count, _ in asked] == [60] * len(asked)
    assert all(np.array_equal(offsets, asked[1][1]) for _, offsets in asked[1:])
    assert (found.clutter == 0.0).all()
    np.testing.assert_allclose(found.poses.joints(), case[0].joints(), atol=1e-6)


def test_a_window_without_the_subject_keeps_its_start(case: Case) -> None:
    start, sigma, observed, view, contacts, settings = case
    present = observed.present.copy()
    present[:70] = False
    gone = Observed(**{name: getattr(observed, name) for name in Observed.__slots__} | {"present": present})
    found = fit_in_windows(fit, start, sigma, gone, view, contacts, settings, SMALL)
    assert np.isfinite(found.poses.joints()).all()
    assert (found.clutter[:40] == 1.0).all()
