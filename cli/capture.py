"""The command `capture`: footage, or a take, becomes a .blend file with keys, and exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import WriteError
from ..inference.motion import Motion
from ..inference.pipeline import StageSettings, capture, continue_take, motion_of
from ..inference.progress import Progress, finish
from ..inference.settings import CameraSettings
from ..inference.shot import Timeline, shot_of, timeline_of
from ..inference.take import Take, load_take, save_take
from ..inference.timeline import read_timeline
from .events import Reporter
from .inside import inside_blender
from .interrupts import Interrupts
from .requests import CaptureRequest
from .results import check_blend, check_writable, figures

if TYPE_CHECKING:
    from .blender import Written

# Meters and parts of a rotation within which two motions are the same.
_ROUNDED = 1e-5
_OTHER = (
    "{} holds the motion as it was solved before, not as it is baked now, so that the panel cannot bake parts of it again. "
    "Capture the footage again with --take to keep this one."
)
_RESCUED = "{} The capture is not lost: its take is {}. The command bake puts it on an armature."


def run(request: CaptureRequest, reporter: Reporter, interrupts: Interrupts, *, again: bool = False) -> dict[str, Any]:
    """Do what the request asks and give what is told of it. Raises PenumbraError; nothing is half-written then.

    again: whether another file was worked on before, of which nothing may be left.
    """
    check_blend(request.onto.blend)
    check_writable({"-o": request.results.blend, "--take": request.take})
    blender = inside_blender()
    blender.prepare(request.onto, again=again)
    earlier = load_take(request.source) if request.capture is None else None
    if request.camera_object is not None:
        timeline = _timeline(request, earlier)
        track = blender.track_of_camera(request.camera_object, timeline, request.onto.baking)
        request = _with_camera(request, CameraSettings(track=track))
    take = _take(request, earlier, reporter.progress)
    motion = motion_of(take)
    anew = earlier is not None and not _same(motion_of(earlier), motion)
    with interrupts.held():
        written = _write(request, take, motion, anew=anew)
    result = figures("capture", take, motion) | asdict(written) | _made_by(take)
    result["take"] = None if request.take is None else str(request.take)
    result["notes"] = [*take.notes, *written.notes]
    if anew:
        result["notes"].append(_OTHER.format(request.source.name))
    return result


def _write(request: CaptureRequest, take: Take, motion: Motion, *, anew: bool) -> Written:
    """Everything that the request asks for. Raises WriteError, but keeps the take of a new capture among the user's then.

    anew: whether a take was read whose file does not hold this motion.
    """
    blender = inside_blender()
    if request.take is not None:
        save_take(take, request.take)
    kept = request.take
    if request.capture is None:
        kept = None if anew else request.source
    onto, camera = request.onto, request.camera_object
    try:
        return blender.deliver(motion, shot_of(take), onto, request.results, kept, camera=camera)
    except WriteError as error:
        rescued = request.take
        if request.capture is not None and rescued is None:
            rescued = blender.rescue(take, onto.baking.name)
        if rescued is None or request.capture is None:
            raise
        raise WriteError(_RESCUED.format(error, rescued)) from error


def _same(one: Motion, other: Motion) -> bool:
    """Whether two motions of one take are the same, but for what single precision leaves."""
    pairs = ((one.root, other.root), (one.rotations, other.rotations), (one.rest.heads, other.rest.heads))
    return all(np.allclose(*pair, atol=_ROUNDED) for pair in pairs)


def _timeline(request: CaptureRequest, earlier: Take | None) -> Timeline:
    """The clock of the footage, or of the take that was made of it. Raises FootageError or TakeError."""
    if request.capture is not None:
        return read_timeline(request.capture.footage)
    return timeline_of(_there(earlier))


def _with_camera(request: CaptureRequest, camera: CameraSettings) -> CaptureRequest:
    capture_settings = None if request.capture is None else replace(request.capture, camera=camera)
    return replace(request, capture=capture_settings, camera=camera)


def _take(request: CaptureRequest, earlier: Take | None, report: Callable[[Progress], None]) -> Take:
    stages = StageSettings(lift=request.lift, motion=request.motion)
    if request.capture is not None:
        return finish(capture(request.capture, stages), report)
    return finish(continue_take(_there(earlier), request.camera, stages), report)


def _there(earlier: Take | None) -> Take:
    if earlier is None:
        raise ValueError("A request without footage names a take.")
    return earlier


def _made_by(take: Take) -> dict[str, Any]:
    return {
        "detector": take.versions["detector"],
        "lifter": take.versions["lifter"],
        "refiner": take.versions["refiner"],
        "network_seconds": round(take.timing["network_seconds"], 3),
    }
