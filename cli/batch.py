"""Many files, one after the other: what goes wrong with one does not stop the rest."""

from __future__ import annotations

from pathlib import Path

from ..errors import CancelledError, PenumbraError, SomeFailedError
from .events import Reporter
from .interrupts import Interrupts
from .one import run_one, unexpected
from .outcomes import Outcome, sentence
from .requests import BakeRequest, Batch, CaptureRequest
from .results import check_blend, make_folders


def run_batch(batch: Batch, reporter: Reporter, interrupts: Interrupts) -> int:
    """Work through all files, tell what became of each, and give the exit code.

    Raises ArgumentsError or WriteError where none of them could be worked on.
    """
    _check(batch)
    with interrupts.held():
        outcomes = [_outcome(batch, number, reporter, interrupts) for number in range(len(batch.requests))]
        code, said = _exit_code(outcomes, interrupts), sentence(outcomes)
        if code == CancelledError.exit_code:
            said = f"Cancelled: {said} What was written is kept; --skip-done goes on from there."
        reporter.summary(outcomes, code, said)
    return code


def _exit_code(outcomes: list[Outcome], interrupts: Interrupts) -> int:
    codes = {outcome.exit_code for outcome in outcomes} - {0}
    if interrupts.pressed or CancelledError.exit_code in codes:
        return CancelledError.exit_code
    return SomeFailedError.exit_code if codes else 0


def _outcome(batch: Batch, number: int, reporter: Reporter, interrupts: Interrupts) -> Outcome:
    """Work on one of the files, and tell of it."""
    request = batch.requests[number]
    file = str(request.source)
    if interrupts.pressed:
        return Outcome(file, "not begun")
    try:
        if batch.skip_done and is_done(request):
            return Outcome(file, "skipped", str(request.results.blend))
        reporter.begin(file, number + 1, len(batch.requests))
        with interrupts.heard():
            run_one(request, reporter, interrupts, again=number > 0)
    except PenumbraError as error:
        reporter.error(str(error), error.exit_code)
        return Outcome(file, "failed", error=str(error), exit_code=error.exit_code)
    except Exception as error:  # noqa: BLE001 - the other files may do better
        message = unexpected(error)
        reporter.error(message, PenumbraError.exit_code)
        return Outcome(file, "failed", error=message, exit_code=PenumbraError.exit_code)
    return Outcome(file, "done", str(request.results.blend))


def is_done(request: CaptureRequest | BakeRequest) -> bool:
    """Whether everything that the request writes is there and newer than all that it reads."""
    written = [request.results.blend, *request.results.export_paths]
    if isinstance(request, CaptureRequest) and request.take is not None:
        written.append(request.take)
    read = [request.source, *([] if request.onto.blend is None else [request.onto.blend])]
    try:
        return min(path.stat().st_mtime_ns for path in written) > max(_changed(path) for path in read)
    except OSError:
        return False


def _changed(path: Path) -> int:
    """When the file was changed, or a folder or what lies in it, in nanoseconds."""
    times = [path.stat().st_mtime_ns]
    if path.is_dir():
        times += [inside.stat().st_mtime_ns for inside in path.iterdir()]
    return max(times)


def _check(batch: Batch) -> None:
    """Refuse what is wrong with all of the files before the first one. Raises ArgumentsError or WriteError."""
    for request in batch.requests:
        check_blend(request.onto.blend)
        folders = [request.results.blend.parent]
        if isinstance(request, CaptureRequest) and request.take is not None:
            folders.append(request.take.parent)
        make_folders(folders)
