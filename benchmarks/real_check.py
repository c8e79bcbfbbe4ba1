"""The real check: one camera's answer against the triangulation of four, with limbs seen and with limbs painted over.

    .venv/bin/python -P -m penumbra.benchmarks.real_check [--quick] [--network FILE] [--cache FOLDER]
        [--default LIFTER+REFINER] [--networks FOLDER]

Every camera of Pose2Sim's two calibrated demos is lifted alone by BlazePose's own world landmarks, by the first lift, by
S3, by what the product takes by default, and by its fit of that to the footage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.cache import default_cache_folder
from ..inference.lifted import Lifter
from ..inference.systems import open_lifter_at
from ..inference.track import Track
from ..models.weights import network_path
from ..tools import fetch
from ..training.metrics.position import errors
from .blanking import LIMBS, Limb
from .joint_errors import aligned
from .real_methods import ASSUMED, DEFAULT, FIRST, FITTED, MEASURED, TRAINED, WORLD, answers, lenses
from .real_overlay import Panel, draw_overlay
from .real_views import (
    SCENES,
    SCORED,
    SCORED_INDEX,
    Truth,
    View,
    detect_doctored,
    in_camera,
    joint_confidence,
    truth,
    views,
)
from .report import Figure, publish
from .systems_methods import RECOMMENDED_PAIR, Shelf, method_of
from .tables import table

_ROOT = Path(__file__).parent.parent
_PICTURE = _ROOT / "docs" / "images" / "real-check.png"
_PICTURED = 1
_THREADS = 2
WINDOWS = ((15, 45), (60, 90))
"""First frame painted over and the first after it, in footage of 60 frames a second."""
CLEAN = "clean"
_UNSURE = 0.5
# Fewer known joints than this do not tell a similarity.
_LEAST_KNOWN = 6


_EVERY_LIMB = "every limb in turn"
_REMARKS = (
    (
        "Footage: Pose2Sim's Demo_SinglePerson and Demo_MultiPerson, four calibrated cameras, 100 frames each at 60 frames a "
        "second. Each camera is detected (BlazePose heavy) and lifted alone."
    ),
    (
        "Truth: BlazePose's 2D landmarks of all four clean views, triangulated. A joint counts in a frame where three views "
        "saw it (confidence 0.5) and lie within 30 pixels of it on average. So the truth shares BlazePose's idea of where "
        "joints are, and its own errors are part of every number."
    ),
    (
        f"Joints: {', '.join(SCORED)}; MPJPE about the pelvis, PA after the best similarity of each frame; millimetres; "
        "means over all known joints and frames."
    ),
    (
        "Painted over: a moving patch of the surroundings' color covers the limb in the picture before the detector sees it, "
        f"in frames {' and '.join(f'{first} to {last - 1}' for first, last in WINDOWS)}, half a second each; only these frames "
        "count. Hidden joints are the limb's; in the clean pictures those of which the detector is less than 0.5 sure."
    ),
    (
        "Measured camera: focal length, distortion and centre from the calibration. Assumed camera: what the product takes "
        "where nobody tells the focal length. Absent: frames in which the detector lost the subject; they do not count."
    ),
    "S3's body is always 1.70 m tall, which MPJPE punishes and PA does not.",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one method did in one camera under one condition; `[F, 15]` millimetres, NaN where the truth is not known.

    camera: the file's name. condition: "clean" or the limb that is painted over. lens: measured or assumed.
    rooted, aligned: errors about the pelvis and after the best similarity of each frame. hidden: `[F, 15]` bool,
    the joints painted over, or those that the detector is unsure of in the clean pictures. absent: frames left out,
    because the detector did not find the subject.
    """

    subject: str
    camera: str
    condition: str
    lens: str
    method: str
    rooted: np.ndarray
    aligned: np.ndarray
    hidden: np.ndarray
    absent: int


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="One camera against the triangulation of four.")
    parser.add_argument("--quick", action="store_true", help="one camera and one limb, under a minute, nothing kept")
    parser.add_argument("--network", type=Path, help="the trained lifter's weights, instead of the shipped ones")
    parser.add_argument("--cache", type=Path, default=default_cache_folder(), help="folder that keeps detections")
    parser.add_argument(
        "--default", default=RECOMMENDED_PAIR, metavar="LIFTER+REFINER", help="what is tried as the default"
    )
    parser.add_argument("--networks", type=Path, help="folder of the default's networks, before those that ship")
    options = parser.parse_args(argv)
    lifters = {
        TRAINED: open_lifter_at(options.network or network_path("s3"), threads=_THREADS),
        DEFAULT: Shelf(options.networks).system(method_of(options.default)),
    }
    footage = fetch.fetch("pose2sim")
    scenes, limbs = (SCENES[:1], LIMBS[:1]) if options.quick else (SCENES, LIMBS)
    samples: list[Sample] = []
    for scene in scenes:
        for subject in scene.subjects:
            found = views(footage, scene, subject, options.cache, _THREADS)
            tried = found[:1] if options.quick else found
            samples += check(tried, truth(found), limbs if scene.blanked else (), lifters, subject, options.cache)
            if scene.blanked and not options.quick:
                _draw(found[_PICTURED], truth(found), lifters, options.cache)
    publish(
        "real_check",
        "One camera against the triangulation of four",
        figures(samples),
        [*_REMARKS, f"Default: {options.default}."],
        keep=not options.quick,
        sections=sections(samples),
    )
    return 0


def check(
    tried: Sequence[View], real: Truth, limbs: Sequence[Limb], lifters: Mapping[str, Lifter], name: str, cache: Path
) -> list[Sample]:
    """Samples of one subject in each camera: as filmed, and with each limb painted over. name: of the subject."""
    samples: list[Sample] = []
    for view in tried:
        count = len(view.track.present)
        unsure = joint_confidence(view.track)[:, SCORED_INDEX] < _UNSURE
        samples += _compare(view, view.track, real, lifters, name, CLEAN, np.ones(count, bool), unsure)
        for limb in limbs:
            chosen = painted(count)
            doctored = detect_doctored(view, limb, chosen, cache, _THREADS)
            hidden = np.tile([joint in limb.joints for joint in SCORED], (count, 1))
            samples += _compare(view, doctored, real, lifters, name, limb.name, chosen, hidden)
    return samples


def painted(count: int) -> np.ndarray:
    """Which of `count` frames are painted over, `[T]` bool."""
    frames = np.arange(count)
    return np.any([(frames >= first) & (frames < last) for first, last in WINDOWS], axis=0)


def _compare(
    view: View,
    tracked: Track,
    real: Truth,
    lifters: Mapping[str, Lifter],
    name: str,
    condition: str,
    chosen: np.ndarray,
    hidden: np.ndarray,
) -> Iterator[Sample]:
    goal = in_camera(real.joints, view.camera)
    told = real.known[:, SCORED_INDEX] & real.known[:, [0]]
    chosen = chosen & (told.sum(axis=1) >= _LEAST_KNOWN)
    frames = chosen & tracked.present
    known = told[frames]
    for lens_name, lens in lenses(view).items():
        for method, joints in answers(tracked, lens, lifters).items():
            columns = [0, *SCORED_INDEX]
            apart = errors(joints[frames][:, columns], goal[frames][:, columns])[:, 1:]
            fitted = aligned(joints[frames][:, SCORED_INDEX], goal[frames][:, SCORED_INDEX], known)
            yield Sample(
                subject=name,
                camera=view.camera.name,
                condition=condition,
                lens=lens_name,
                method=method,
                rooted=np.where(known, apart, np.nan),
                aligned=np.where(known, fitted, np.nan),
                hidden=hidden[frames],
                absent=int((chosen & ~tracked.present).sum()),
            )


def figures(samples: Sequence[Sample]) -> list[Figure]:
    """The bounds, in every camera, clean and painted over.

    S3 is nearer to the truth than BlazePose's world landmarks, and the default errs no more than S3.
    """
    told = []
    for lens in (MEASURED, ASSUMED):
        for name, blank in (("clean", False), ("blanked", True)):
            for camera in cameras(samples):
                rows = _shown(samples, lens, camera, blank=blank)
                ours, theirs = (mean_aligned(_of(rows, method)) for method in (TRAINED, WORLD))
                told.append(Figure(f"pa_{name}_{camera}_{lens}", ours, "mm", theirs))
    return [*told, *_default_figures(samples), *_fit_figures(samples)]


def _fit_figures(samples: Sequence[Sample]) -> list[Figure]:
    """The errors after the fit over those of the default before it, over all cameras: of all joints, and of the hidden."""
    told = []
    for lens in (MEASURED, ASSUMED):
        for name, blank in (("clean", False), ("blanked", True)):
            rows = _shown(samples, lens, "all", blank=blank)
            before, after = (summary(_of(rows, method)) for method in (DEFAULT, FITTED))
            for column, metric in enumerate(("mpjpe", "pa", "hidden_mpjpe", "hidden_pa")):
                ratio = float(after[column]) / float(before[column])
                told.append(Figure(f"fit_over_default_{metric}_{name}_{lens}", ratio, ""))
    return told


def _default_figures(samples: Sequence[Sample]) -> list[Figure]:
    """The default's errors over S3's in every camera, and over all of them."""
    told = []
    for lens in (MEASURED, ASSUMED):
        for name, blank in (("clean", False), ("blanked", True)):
            for camera in (*cameras(samples), "all"):
                rows = _shown(samples, lens, camera, blank=blank)
                for metric, mean in (("mpjpe", mean_rooted), ("pa", mean_aligned)):
                    ratio = mean(_of(rows, DEFAULT)) / mean(_of(rows, TRAINED))
                    bound = None if camera == "all" else 1.0
                    told.append(Figure(f"default_over_s3_{metric}_{name}_{camera}_{lens}", ratio, "", bound))
    return told


def _shown(samples: Sequence[Sample], lens: str, camera: str, *, blank: bool) -> list[Sample]:
    """The first subject's samples with a lens in a camera, or in "all", as filmed or painted over."""
    return [
        sample
        for sample in samples
        if sample.subject == samples[0].subject
        and sample.lens == lens
        and camera in {sample.camera, "all"}
        and (sample.condition != CLEAN) == blank
    ]


def sections(samples: Sequence[Sample]) -> list[str]:
    """One table for every subject and lens: clean, each limb painted over, and the detector's own doubts."""
    told = []
    for subject in dict.fromkeys(sample.subject for sample in samples):
        for lens in (MEASURED, ASSUMED):
            rows = [sample for sample in samples if (sample.subject, sample.lens) == (subject, lens)]
            told.append(
                table(
                    f"{subject.capitalize()}, {lens} camera",
                    ("camera", "pictures", "method", "MPJPE", "PA", "hidden MPJPE", "hidden PA", "hidden", "absent"),
                    _rows(rows),
                )
            )
    return told


def _rows(samples: Sequence[Sample]) -> Iterator[tuple[str | float, ...]]:
    for camera in (*cameras(samples), "all"):
        inside = [sample for sample in samples if camera in {sample.camera, "all"}]
        conditions = list(dict.fromkeys(sample.condition for sample in inside))
        for condition in (*conditions, *([_EVERY_LIMB] if len(conditions) > 1 else [])):
            these = [
                s for s in inside if condition == s.condition or (condition == _EVERY_LIMB and s.condition != CLEAN)
            ]
            if camera == "all" or condition in {CLEAN, _EVERY_LIMB}:
                for method in (WORLD, FIRST, TRAINED, DEFAULT, FITTED):
                    yield camera, condition, method, *summary(_of(these, method))


def summary(samples: Sequence[Sample]) -> tuple[float | str, ...]:
    """MPJPE and PA-MPJPE over all joints, both over the hidden ones, the count of these, and of frames left out."""
    hidden = [(sample.hidden & np.isfinite(sample.rooted)) for sample in samples]
    return (
        mean_rooted(samples),
        mean_aligned(samples),
        _mean(sample.rooted[chosen] for sample, chosen in zip(samples, hidden, strict=True)),
        _mean(sample.aligned[chosen] for sample, chosen in zip(samples, hidden, strict=True)),
        str(sum(int(chosen.sum()) for chosen in hidden)),
        str(sum(sample.absent for sample in samples)),
    )


def mean_rooted(samples: Iterable[Sample]) -> float:
    """MPJPE over all known joints and frames of `samples`."""
    return _mean(sample.rooted for sample in samples)


def mean_aligned(samples: Iterable[Sample]) -> float:
    """PA-MPJPE over all known joints and frames of `samples`."""
    return _mean(sample.aligned for sample in samples)


def cameras(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Names of the cameras, in order."""
    return tuple(dict.fromkeys(sample.camera for sample in samples))


def _of(samples: Iterable[Sample], method: str) -> list[Sample]:
    return [sample for sample in samples if sample.method == method]


def _mean(parts: Iterable[np.ndarray]) -> float:
    values = np.concatenate([part.ravel() for part in parts] or [np.zeros(0)])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _draw(view: View, real: Truth, lifters: Mapping[str, Lifter], cache: Path) -> None:
    """One frame of one view, as filmed and with both legs painted over, with the truth and two answers over it."""
    frame = sum(WINDOWS[0]) // 2
    limb = LIMBS[-1]
    doctored = detect_doctored(view, limb, painted(len(view.track.present)), cache, _THREADS)
    goal = view.camera.to_camera(real.joints[frame])
    lens = lenses(view)[MEASURED]
    panels = []
    for name, tracked, paint in (("as filmed", view.track, None), (f"{limb.name} painted over", doctored, limb)):
        given = answers(tracked, lens, lifters)
        bodies = {method: given[method][frame] + goal[0] for method in (WORLD, TRAINED)}
        panels.append(Panel(name, paint, bodies))
    draw_overlay(view, frame, goal, panels, _PICTURE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
