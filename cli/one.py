"""One file's work, told of as it goes."""

from __future__ import annotations

import traceback
from typing import Any

from .events import Reporter
from .interrupts import Interrupts
from .requests import BakeRequest, CaptureRequest, One


def run_one(request: One, reporter: Reporter, interrupts: Interrupts, *, again: bool = False) -> None:
    """Do what the request asks and report it. Raises PenumbraError; nothing is half-written then.

    again: whether another file was worked on before, of which nothing may be left.
    """
    result = _result(request, reporter, interrupts, again=again)
    for note in result["notes"]:
        reporter.note(note)
    reporter.result(result)


def _result(request: One, reporter: Reporter, interrupts: Interrupts, *, again: bool) -> dict[str, Any]:
    """Each command's parts load with it, so that the doctor works where one of them cannot be loaded."""
    if isinstance(request, CaptureRequest):
        from . import capture  # noqa: PLC0415

        return capture.run(request, reporter, interrupts, again=again)
    if isinstance(request, BakeRequest):
        from . import bake  # noqa: PLC0415

        return bake.run(request, reporter, interrupts, again=again)
    from . import export  # noqa: PLC0415

    return export.run(request, reporter, interrupts)


def unexpected(error: Exception) -> str:
    """Print where an error that nobody foresaw came from, and give the sentence for it."""
    traceback.print_exception(error)
    return f"Unexpected error: {error}. The traceback above tells where; please report it."
