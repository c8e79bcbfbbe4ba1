"""The summary of the test runs counts what pytest wrote, and a run that failed without a failed test is a failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penumbra.tools.tally import tally

SUITE = """<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" tests="{}" failures="{}"
errors="{}" skipped="{}"></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("suites", "codes", "expected"),
    [
        ({"a": (10, 0, 0, 1), "b": (5, 2, 1, 0)}, {"a": 0, "b": 1}, (11, 3, 1)),
        ({"a": (10, 0, 0, 0)}, {"a": 1}, (10, 1, 0)),
        ({"a": (10, 0, 0, 0)}, {"a": 0, "crashed": 139}, (10, 1, 0)),
    ],
)
def test_results_are_summed(
    tmp_path: Path, suites: dict[str, tuple[int, ...]], codes: dict[str, int], expected: tuple[int, int, int]
):
    for name, counts in suites.items():
        (tmp_path / f"{name}.xml").write_text(SUITE.format(*counts), encoding="utf-8")
    assert tally(tmp_path, codes) == expected


def test_the_last_line_is_the_sum_of_a_real_run(tmp_path: Path):
    (tmp_path / "test_real.py").write_text("def test_a(): pass\ndef test_b(): assert False\n", encoding="utf-8")
    pytest_run = [sys.executable, "-m", "pytest", "-q", f"--junitxml={tmp_path / 'real.xml'}", str(tmp_path)]
    code = subprocess.run(pytest_run, cwd=tmp_path, capture_output=True, check=False).returncode
    command = [sys.executable, "-P", "-m", "penumbra.tools.tally", str(tmp_path), f"real={code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed"
    assert done.returncode == 1
