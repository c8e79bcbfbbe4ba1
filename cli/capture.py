"""The command `capture`: footage, or a take, becomes a .blend file with keys, and exports."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..errors import CancelledError, SetupError, WriteError
from ..inference.motion import Motion
from ..inference.pipeline import StageSettings, capture, continue_take, motion_of
from ..inference.progress import Progress, finish
from ..inference.settings import CameraSettings
from ..inference.shot import Timeline, shot_of, timeline_of
from ..inference.take import Take, load_take, save_take
from ..inference.timeline import read_timeline
from .arguments import Request
from .events import Reporter

if TYPE_CHECKING:
    from .blender import Delivery

# Meters and parts of a rotation within which two motions are the same.
_ROUNDED = 1e-5
_OTHER = (
    "{} holds the motion as it was solved before, not as it is baked now, so that the panel cannot bake parts of it again. "
    "Capture the footage again with --take to keep this one."
)


def run(request: Request, reporter: Reporter) -> None:
    """Do what the request asks and report it. Raises PenumbraError; nothing is half-written then."""
    _check_writable(request)
    blender = _blender()
    blender.prepare(request)
    with _interrupts(_cancel):
        earlier = _earlier(request)
        if request.camera_object is not None:
            camera = CameraSettings(track=blender.track_of_camera(_timeline(request, earlier), request))
            request = _with_camera(request, camera)
        take = _take(request, earlier, reporter.progress)
    motion = motion_of(take)
    # the results are written to the end, so that a cancelled run never leaves some of them
    with _interrupts(signal.SIG_IGN):
        if request.take and request.capture:
            save_take(take, request.take)
        kept = request.take if earlier is None or _same(motion_of(earlier), motion) else None
        delivery = blender.deliver(motion, shot_of(take), request, kept)
    result = _result(take, motion, delivery, request)
    if kept is None and request.take is not None:
        result["notes"].append(_OTHER.format(request.take.name))
    for note in result["notes"]:
        reporter.note(note)
    reporter.result(result)


def _same(one: Motion, other: Motion) -> bool:
    """Whether two motions of one take are the same, but for what single precision leaves."""
    pairs = ((one.root, other.root), (one.rotations, other.rotations), (one.rest.heads, other.rest.heads))
    return all(np.allclose(*pair, atol=_ROUNDED) for pair in pairs)


def _earlier(request: Request) -> Take | None:
    """The take that is read where there is no footage. Raises TakeError."""
    return load_take(request.take) if request.capture is None and request.take is not None else None


def _timeline(request: Request, earlier: Take | None) -> Timeline:
    """The clock of the footage, or of the take that was made of it. Raises FootageError or TakeError."""
    if request.capture is not None:
        return read_timeline(request.capture.footage)
    return timeline_of(_there(earlier))


def _with_camera(request: Request, camera: CameraSettings) -> Request:
    capture_settings = None if request.capture is None else replace(request.capture, camera=camera)
    return replace(request, capture=capture_settings, camera=camera)


def _take(request: Request, earlier: Take | None, report: Callable[[Progress], None]) -> Take:
    stages = StageSettings(lift=request.lift, motion=request.motion)
    if request.capture is not None:
        return finish(capture(request.capture, stages), report)
    return finish(continue_take(_there(earlier), request.camera, stages), report)


def _there(earlier: Take | None) -> Take:
    if earlier is None:
        raise ValueError("A request without footage names a take.")
    return earlier


def _result(take: Take, motion: Motion, delivery: Delivery, request: Request) -> dict[str, Any]:
    return asdict(delivery) | {
        "take": str(request.take) if request.take and request.capture else None,
        "frames": len(motion),
        "frames_with_subject": int(motion.present.sum()),
        "mean_confidence": round(float(motion.confidence[motion.present].mean()), 4),
        "detector": take.versions["detector"],
        "lifter": take.versions["lifter"],
        "refiner": take.versions["refiner"],
        "network_seconds": round(take.timing["network_seconds"], 3),
        "notes": [*take.notes, *delivery.notes],
    }


def _check_writable(request: Request) -> None:
    """Refuse before the long work what could not be written after it."""
    written = {"-o": request.output, "--take": request.take if request.capture else None}
    for option, path in written.items():
        if path is None:
            continue
        folder = path.resolve().parent
        if not folder.is_dir():
            raise WriteError(
                f"There is no folder {folder} to write {path.name} to: make it, or choose another with {option}."
            )
        if not os.access(folder, os.W_OK):
            raise WriteError(f"The folder {folder} cannot be written to: choose another with {option}.")


def _blender() -> ModuleType:
    try:
        return import_module(".blender", __package__)
    except ImportError as error:
        if error.name and not error.name.startswith(("bpy", "mathutils")):
            raise
        raise SetupError(
            f"Blender's module cannot be loaded ({error}). Run this with ./capture, or inside Blender with -c penumbra."
        ) from error


def _cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise CancelledError("Cancelled; nothing was written.")


@contextmanager
def _interrupts(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    """Ctrl-C and a polite kill go to `handler` meanwhile. Only the main thread may choose that; others leave it be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            # None is a handler that Python did not set, such as Blender's own, and cannot set again
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
