"""Choose the reliability gate's numbers: `python -P -m penumbra.training.calibrate_gate --data data.npz [--footage FOLDER]`.

On the clips that are no test, with a detector's errors and points that are wrong but confident: the numbers that find
best which points are off by more than a tenth of the trunk (greatest F1), and then, since a point that is a little off
is worth more than none, the widths with which the shipped lifter errs least. `ReliabilitySettings` says which are its
defaults. With `--footage` (Pose2Sim's single-person demo) it also reports, without choosing anything by it, how the gate
does on the detections of four calibrated cameras.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from ..errors import PenumbraError
from ..inference.evidence import Evidence, body_size
from ..inference.lifted import Lifter
from ..inference.reliability import ReliabilitySettings, reliability
from ..inference.sight import frame_rate
from ..inference.sightings import Sightings
from ..inference.swaps import SwapSettings, uncross
from ..inference.systems import open_lifter
from ..models.skeletons import BLAZEPOSE, POINTS
from .clips import Clip
from .fit_landmarks import CAMERAS, LAGS, Arrays, detect
from .gate_scenes import LIMIT, Scene, scenes
from .multiview import read_calibration, triangulate
from .pack import read_clips, split

_THRESHOLDS = np.arange(0.05, 0.96, 0.05)
_SIGMAS = (0.006, 0.01, 0.014, 0.02)
_JITTERS = (2.0, 3.0, 4.0)
_PATIENCES = (3.0, 4.5)
_SURPRISES = (6.0, 8.0, 10.0)
_ALARMS = 0.02
_LIFTED_SIGMAS = (0.01, 0.02, 0.03)
_LIFTED_JITTERS = (3.0, 5.0, 7.0)
_SEED = 40_001


@dataclass(frozen=True, slots=True)
class Rates:
    """How well points are told apart.

    recall: share of the wrong ones that are refused. precision: share of the refused ones that are wrong. alarms: share
    of the right ones that are refused.
    """

    recall: float
    precision: float
    alarms: float

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision."""
        return 2 * self.recall * self.precision / max(self.recall + self.precision, 1e-9)


def rates(reliable: np.ndarray, wrong: np.ndarray) -> Rates:
    """The rates for points of which `reliable` are believed and `wrong` are wrong, both bool and of one shape."""
    refused = ~reliable
    hits = int((refused & wrong).sum())
    return Rates(
        hits / max(int(wrong.sum()), 1),
        hits / max(int(refused.sum()), 1),
        float((refused & ~wrong).sum() / max((~wrong).sum(), 1)),
    )


def calibrate(made: list[Scene], *, memory: bool) -> tuple[ReliabilitySettings, float]:
    """The settings of greatest F1 over all scenes together, and that F1.

    Of the settings that refuse at most `_ALARMS` of the right points of the first scene, which is the clean one; where
    none does, of all.
    """
    wrong = np.concatenate([scene.wrong for scene in made])
    clean = len(made[0].wrong)
    best, best_rank = ReliabilitySettings(memory=memory), (False, -1.0)
    for settings in _candidates(memory=memory):
        values = np.concatenate([reliability(scene.evidence, settings) for scene in made])
        for threshold in _THRESHOLDS:
            quiet = rates(values[:clean] >= threshold, wrong[:clean]).alarms <= _ALARMS
            rank = (quiet, rates(values >= threshold, wrong).f1)
            if rank > best_rank:
                best, best_rank = replace(settings, threshold=round(float(threshold), 2)), rank
    return best, best_rank[1]


def lifted_error(made: list[Scene], lifter: Lifter, settings: ReliabilitySettings) -> float:
    """Metres by which the lifted 17 joints are off in the mean (MPJPE), swaps undone and points gated by `settings`."""
    errors = []
    for scene in made:
        evidence = uncross(scene.evidence, SwapSettings())
        trust = reliability(evidence, settings)
        for clip, joints in enumerate(_known(scene)):
            seen = trust[clip] >= settings.threshold
            lifted = lifter(Sightings(evidence.points[clip], trust[clip], seen, evidence.rate))
            off = np.linalg.norm(lifted.joints - (joints - joints[:, :1]), axis=-1)
            errors.append(off[:, :17].mean())
    return float(np.mean(errors))


def _known(scene: Scene) -> np.ndarray:
    if scene.joints is None:
        raise ValueError(f"Nobody knows the joints of the scene {scene.name}.")
    return scene.joints


def by_lifting(made: list[Scene], lifter: Lifter, start: ReliabilitySettings) -> dict[tuple[float, float], float]:
    """The lifted error by sigma and jitter, the rest as in `start`."""
    return {
        (sigma, jitter): lifted_error(made, lifter, replace(start, sigma=sigma, jitter=jitter))
        for sigma, jitter in product(_LIFTED_SIGMAS, _LIFTED_JITTERS)
    }


def _candidates(*, memory: bool) -> Iterator[ReliabilitySettings]:
    start = ReliabilitySettings(memory=memory)
    if not memory:
        return (replace(start, sigma=sigma) for sigma in _SIGMAS)
    grid = product(_SIGMAS, _JITTERS, _PATIENCES, _SURPRISES)
    return (
        replace(start, sigma=sigma, jitter=jitter, patience=patience, surprise=surprise)
        for sigma, jitter, patience, surprise in grid
    )


def real_scenes(tracks: dict[str, Arrays], folder: Path) -> list[Scene]:
    """Each camera's own detections; a point is wrong where it is far from what the other cameras say, in the picture."""
    (calibration,) = folder.glob("calibration/*.qca.txt")
    cameras = read_calibration(calibration)
    count = min(len(tracks[name]["times"]) - lag for name, lag in zip(CAMERAS, LAGS, strict=True))
    rows = [slice(lag, lag + count) for lag in LAGS]
    views = list(zip(CAMERAS, rows, strict=True))
    points = np.stack([tracks[name]["landmarks"][row, :, :2] for name, row in views]).astype(float)
    confidence = np.stack([tracks[name]["confidence"][row] for name, row in views])
    chosen = [BLAZEPOSE.index(name) for name in POINTS]
    made = []
    for view, (name, row) in enumerate(views):
        others = [other for other in range(len(views)) if other != view]
        places = triangulate(points[others], confidence[others], [cameras[other] for other in others])
        off = np.linalg.norm(points[view] - cameras[view].project(places), axis=-1)
        trunk = np.linalg.norm(_middle(points[view], "shoulder") - _middle(points[view], "hip"), axis=-1)
        track = {key: value[row] for key, value in tracks[name].items()}
        evidence = Evidence(
            points[view][:, chosen],
            track["confidence"][:, chosen],
            track["flow"][:, chosen],
            track["flow_error"][:, chosen],
            body_size(points[view]),
            track["present"],
            frame_rate(track["times"]),
            POINTS,
        )
        made.append(Scene(name, evidence, (off > LIMIT * trunk[:, None])[:, chosen]))
    return made


def _middle(points: np.ndarray, part: str) -> np.ndarray:
    return (points[:, BLAZEPOSE.index(f"{part}.L")] + points[:, BLAZEPOSE.index(f"{part}.R")]) / 2


def table(made: list[Scene], settings: dict[str, ReliabilitySettings]) -> Iterator[str]:
    """Lines of a table in Markdown: for every scene and gate recall, precision and false alarms."""
    yield "| scene | wrong | " + " | ".join(f"{name}: recall, precision, false alarms" for name in settings) + " |"
    yield "|---" * (len(settings) + 2) + "|"
    for scene in made:
        cells = []
        for chosen in settings.values():
            found = rates(reliability(scene.evidence, chosen) >= chosen.threshold, scene.wrong)
            cells.append(f"{found.recall:.2f}, {found.precision:.2f}, {found.alarms:.4f}")
        yield f"| {scene.name} | {scene.wrong.mean():.3f} | " + " | ".join(cells) + " |"


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(prog="calibrate_gate", description="Choose the reliability gate's numbers.")
    parser.add_argument("--data", type=Path, required=True, help="the packed motion data; its test clips are not used")
    parser.add_argument("--footage", type=Path, help="folder of Pose2Sim's single-person demo, to report on too")
    options = parser.parse_args(argv)
    try:
        clips = read_clips(options.data)
        report([*split(clips, "train"), *split(clips, "validation")], options.footage)
    except PenumbraError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def report(clips: list[Clip], footage: Path | None) -> None:
    """Calibrate on `clips` and print what was found."""
    made = scenes(clips, np.random.default_rng(_SEED))
    found: dict[str, ReliabilitySettings] = {"confidence alone": ReliabilitySettings(gated=False)}
    for name, memory in (("the paper's gate", False), ("with memory", True)):
        found[name], f1 = calibrate(made, memory=memory)
        print(f"{name}: F1 {f1:.3f} with {found[name]}", flush=True)
    found["default"] = ReliabilitySettings()
    _say(table(made, found))
    print("Lifted error by sigma and jitter, the rest as the default has it:")
    lifter = open_lifter("s3")
    for (sigma, jitter), error in by_lifting(made, lifter, ReliabilitySettings()).items():
        print(f"sigma {sigma}, jitter {jitter}: {1000 * error:.1f} mm", flush=True)
    if footage is not None:
        _say(table(real_scenes(detect(footage), footage), found))


def _say(lines: Iterable[str]) -> None:
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
