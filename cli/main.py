"""The one way in from a command line: `./capture`, `python -m penumbra` and `blender -b -c penumbra`."""

from __future__ import annotations

import sys
from typing import TextIO

from ..errors import CancelledError, PenumbraError
from ..packages.activate import activate
from ..scene.user_folder import packages_folder
from . import doctor
from .arguments import parse
from .batch import run_batch
from .events import JsonReporter, PlainReporter, Reporter, own_stdout
from .interrupts import Interrupts
from .one import run_one, unexpected
from .requests import Batch, DoctorRequest, Request


def main(argv: list[str]) -> int:
    """Run a command line and return its exit code, which `penumbra capture --help` lists."""
    as_json = "--json" in argv
    reporter: Reporter = JsonReporter(sys.stdout) if as_json else PlainReporter(sys.stderr)
    try:
        request = parse(argv)
        # Blender and its exporters talk on stdout: logs for a pipeline, noise for people
        with own_stdout(keep_chatter=as_json) as stdout:
            return _run(request, JsonReporter(stdout) if as_json else reporter, stdout)
    except PenumbraError as error:
        return _fail(reporter, error)
    except KeyboardInterrupt:
        return _fail(reporter, CancelledError("Cancelled; nothing was written."))
    except SystemExit as stop:  # argparse's way to end after --help
        return stop.code if isinstance(stop.code, int) else PenumbraError.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: pipelines need an exit code, we the traceback
        reporter.error(unexpected(error), PenumbraError.exit_code)
        return PenumbraError.exit_code


def _run(request: Request, reporter: Reporter, stdout: TextIO) -> int:
    with Interrupts() as interrupts:
        for note in activate(packages_folder()):
            reporter.note(note)
        if isinstance(request, DoctorRequest):
            return doctor.run(reporter, stdout, as_json=isinstance(reporter, JsonReporter))
        if isinstance(request, Batch):
            return run_batch(request, reporter, interrupts)
        run_one(request, reporter, interrupts)
    return 0


def _fail(reporter: Reporter, error: PenumbraError) -> int:
    reporter.error(str(error), error.exit_code)
    return error.exit_code
