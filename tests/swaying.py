"""A body that sways, as a detector sees it and as the picture moves: for the tests of what to believe."""

from __future__ import annotations

import numpy as np

from penumbra.inference.evidence import Evidence

COUNT = 90
_RATE = 30.0


def swaying(seed: int = 3, noise: float = 0.4) -> Evidence:
    """A body 400 pixels tall that sways and swings about, seen with a little noise, and the true flow."""
    random = np.random.default_rng(seed)
    rest = random.uniform((-80, -200), (80, 200), (33, 2))
    rest[:2] = (0, -200), (0, 200)
    phase = 2 * np.pi * np.arange(COUNT)[:, None, None] / 40 + random.uniform(0, 6, (33, 2))
    true = rest + 300 + 40 * np.sin(phase)
    points = true + noise * random.standard_normal(true.shape)
    flow = np.zeros_like(true)
    flow[1:] = np.diff(true, axis=0) + noise * random.standard_normal(true[1:].shape)
    error = np.full(true.shape[:2], 0.1)
    error[0] = np.inf
    return Evidence(
        points, np.full(true.shape[:2], 0.9), flow, error, np.full(COUNT, 400.0), np.ones(COUNT, bool), _RATE
    )
