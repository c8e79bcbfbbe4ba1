"""Measures how a lifter's errors go together: `python -P -m penumbra.training.correlate_errors --data data.npz`.

What the fit (`inference/fitting/fit.py`) makes of one joint's error for the others: a trunk that leans wrongly takes the whole
upper body with it. In depth errors run along the body; across the picture each joint errs by itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import TrainingDataError
from ..inference.confidence import Calibration, open_calibration
from ..inference.fitting.errors_together import AXES, TOGETHER
from ..inference.systems import NONE, open_lifter, open_refiner
from ..models.skeletons import JOINTS, partners
from .command import exit_code
from .files import replace_file
from .pack import read_clips, split
from .spread_samples import Sample, SampleSettings, gather

_DIGITS = 3
# Errors are cut off at so many standard deviations, so that a few wild ones do not decide.
_CUT = 3.0


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="penumbra.training.correlate_errors", description="Measure how the lifter's errors go together."
    )
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument("--lifter", default="both", help="name of the lifter")
    parser.add_argument("--out", type=Path, default=TOGETHER, help="the file to write")
    options = parser.parse_args(argv)
    return exit_code(lambda: correlate(options.data, options.lifter, options.out))


def correlate(data: Path, lifter: str, out: Path) -> None:
    """Measure on the training clips and write the file `out`.

    Raises SetupError for networks that cannot be used and TrainingDataError where the data holds no clip to train on.
    """
    clips = split(read_clips(data), "train")
    if not clips:
        raise TrainingDataError(f"{data} holds nobody to train on (training/splits.toml). Pack the whole motion.")
    settings = SampleSettings(clips=60, occlusions=1)
    samples = gather(clips, open_lifter(lifter, 1), {NONE: open_refiner(NONE)}, settings)[NONE]
    found = correlations(samples, open_calibration(lifter, NONE))
    replace_file(out, written(found).encode())


def written(found: np.ndarray) -> str:
    """The data file's text for correlations `[3, 30, 30]`: one joint a line."""
    tables = []
    for axis, table in zip(AXES, np.round(found, _DIGITS).tolist(), strict=True):
        tables.append(f'  "{axis}": [\n   ' + ",\n   ".join(json.dumps(row) for row in table) + "]")
    return f'{{\n "joints": {json.dumps(JOINTS)},\n "correlations": {{\n' + ",\n".join(tables) + "\n}\n}\n"


def correlations(samples: Sequence[Sample], calibration: Calibration) -> np.ndarray:
    """`[3, 30, 30]` correlations of the joints' errors along x, y and z of the camera; both sides of the body alike.

    The pelvis, which never errs, has a row of zeros.
    """
    pairs, total = partners(JOINTS), np.zeros((3, len(JOINTS), len(JOINTS)))
    for sample in samples:
        sigma = calibration.sigma(sample.lifted)
        errors = np.divide(sample.errors, sigma, out=np.zeros_like(sigma), where=sigma > 0)
        errors = np.clip(errors, -_CUT, _CUT)
        for seen in (errors, errors[:, pairs] * (-1.0, 1.0, 1.0)):
            total += np.einsum("tja,tka->ajk", seen, seen)
    size = np.sqrt(np.diagonal(total, axis1=1, axis2=2))
    size = np.where(size > 0, size, 1.0)
    return total / (size[:, :, None] * size[:, None])


if __name__ == "__main__":
    raise SystemExit(main())
