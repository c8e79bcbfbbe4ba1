"""The one way in from a command line: `./capture`, `python -m penumbra` and `blender -b -c penumbra`."""

from __future__ import annotations

import sys
import traceback

from ..errors import CancelledError, PenumbraError
from .arguments import parse
from .capture import run
from .events import JsonReporter, PlainReporter, Reporter, own_stdout

_UNEXPECTED = 1


def main(argv: list[str]) -> int:
    """Run a command line and return its exit code, which `penumbra capture --help` lists."""
    as_json = "--json" in argv
    reporter: Reporter = JsonReporter(sys.stdout) if as_json else PlainReporter(sys.stderr)
    try:
        request = parse(argv)
        # Blender and its exporters talk on stdout: logs for a pipeline, noise for people
        with own_stdout(keep_chatter=as_json) as stdout:
            run(request, JsonReporter(stdout) if as_json else reporter)
    except PenumbraError as error:
        return _fail(reporter, error)
    except KeyboardInterrupt:
        return _fail(reporter, CancelledError("Cancelled; nothing was written."))
    except SystemExit as stop:  # argparse's way to end after --help
        return stop.code if isinstance(stop.code, int) else _UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the last resort: pipelines need an exit code, we the traceback
        traceback.print_exc()
        reporter.error(f"Unexpected error: {error}. The traceback above tells where; please report it.", _UNEXPECTED)
        return _UNEXPECTED
    return 0


def _fail(reporter: Reporter, error: PenumbraError) -> int:
    reporter.error(str(error), error.exit_code)
    return error.exit_code
