"""Sum up test runs: `python3 tools/tally.py FOLDER NAME=EXIT_CODE...`, with pytest's results in FOLDER/NAME.xml.

The last line printed is "N passed, N failed". A run that failed without a failed test (a check of the source, a crash, a
time-out) counts as one failure. The exit code is 0 only when nothing failed.
"""

from __future__ import annotations

import argparse
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def tally(folder: Path, codes: dict[str, int]) -> tuple[int, int, int]:
    """Count of passed, failed and skipped tests of the named runs, whose exit codes are given."""
    passed = failed = skipped = 0
    for name, code in codes.items():
        run_passed, run_failed, run_skipped = _counts(folder / f"{name}.xml")
        run_failed = run_failed or int(code != 0)
        print(f"{name}: {run_passed} passed, {run_failed} failed, {run_skipped} skipped, exit code {code}")
        passed, failed, skipped = passed + run_passed, failed + run_failed, skipped + run_skipped
    return passed, failed, skipped


def _counts(path: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of one of pytest's results; none where pytest did not get to write them."""
    if not path.is_file():
        return 0, 0, 0
    suites = list(ET.parse(path).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it just now
    tests, failures, errors, skipped = (
        sum(int(suite.get(kind, "0")) for suite in suites) for kind in ("tests", "failures", "errors", "skipped")
    )
    return tests - failures - errors - skipped, failures + errors, skipped


def main() -> int:
    """Command line of this file."""
    parser = argparse.ArgumentParser(description="Sum up test runs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("runs", nargs="+", metavar="NAME=EXIT_CODE")
    arguments = parser.parse_args()
    codes = {name: int(code) for name, _, code in (run.partition("=") for run in arguments.runs)}
    passed, failed, _ = tally(arguments.folder, codes)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
