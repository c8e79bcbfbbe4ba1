"""How a lifter's errors go together: along the body in depth, each joint nearly by itself across the picture."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from ...errors import SetupError
from ...models.skeletons import JOINTS

TOGETHER = Path(__file__).parent.parent.parent / "models" / "weights" / "errors_together.json"
"""Correlations of the lifter's errors as `training/correlate_errors.py` measures them."""
AXES = ("x", "y", "z")


@cache
def open_correlations(path: Path = TOGETHER) -> np.ndarray:
    """`[3, 29, 29]` correlations of the errors of all joints but the pelvis along x, y and z of the camera.

    Raises SetupError where the file is missing or damaged.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        found = np.array([told["correlations"][axis] for axis in AXES], float)
        same = tuple(told["joints"]) == JOINTS and found.shape == (len(AXES), len(JOINTS), len(JOINTS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"The fit's data {path} cannot be read ({error}). Reinstall the extension.") from error
    if not same:
        raise SetupError(f"The fit's data {path} is of another skeleton. Reinstall the extension.")
    return found[:, 1:, 1:]


def pulled_apart(correlations: np.ndarray, share: float) -> np.ndarray:
    """`[3, 29, 30]` for each axis what turns the joints' errors, in standard deviations, into independent ones of size 1.

    correlations: `[3, 29, 29]`, of which `share` counts and the rest is taken as independent, so that nothing is
    believed too exactly.
    """
    mixed = share * correlations + (1.0 - share) * np.eye(correlations.shape[-1])
    apart = np.linalg.inv(np.linalg.cholesky(mixed))
    return np.concatenate([np.zeros((*apart.shape[:2], 1)), apart], axis=2)
