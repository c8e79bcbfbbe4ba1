"""What a run says: plain lines for people, JSON lines for programs, and nothing else on stdout."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from penumbra.cli.events import JsonReporter, PlainReporter
from penumbra.cli.outcomes import Outcome, sentence
from penumbra.inference.progress import Progress

_RESULT = {
    "command": "capture",
    "frames": 10, "frames_with_subject": 8, "mean_confidence": 0.7, "blend": "a.blend", "exports": ["a.bvh"], "take": None,
}  # fmt: skip


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_people_read_each_message_once_and_what_was_written() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    for done in range(1, 4):
        reporter.progress(Progress("track", done, 3, "Following the subject"))
    reporter.note("Look here.")
    reporter.result(_RESULT)
    assert stream.getvalue().splitlines() == [
        "Following the subject",
        "Note: Look here.",
        "Captured 8 of 10 frames, mean confidence 0.70.",
        "Wrote a.blend",
        "Wrote a.bvh",
    ]


def test_each_of_several_files_is_named_and_all_are_in_a_table() -> None:
    outcomes = [
        Outcome("a.mp4", "done", "out/a.blend"),
        Outcome("long.mp4", "failed", error="No.", exit_code=3),
        Outcome("b.mp4", "skipped", "out/b.blend"),
        Outcome("c.mp4", "not begun"),
    ]
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    reporter.begin("a.mp4", 1, 4)
    reporter.summary(outcomes, 11, sentence(outcomes))
    assert stream.getvalue().splitlines() == [
        "[1/4] a.mp4",
        "",
        "a.mp4     out/a.blend",
        "long.mp4  No. (exit code 3)",
        "b.mp4     out/b.blend (done before)",
        "c.mp4     not begun",
        "penumbra: 1 of 4 files done, 1 done before, 1 failed. (exit code 11)",
    ]


def test_programs_read_which_file_each_line_is_about() -> None:
    stream = io.StringIO()
    reporter = JsonReporter(stream)
    for number, name in enumerate(("a.mp4", "b.mp4"), 1):
        reporter.begin(name, number, 2)
        reporter.progress(Progress("track", 1, None, "Following the subject"))
        reporter.error("No.", 4)
    reporter.summary([Outcome("a.mp4", "failed", error="No.", exit_code=4)], 11, "All failed.")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("file") for line in lines] == [*["a.mp4"] * 3, *["b.mp4"] * 3, None]
    assert lines[-1]["files"] == [
        {"file": "a.mp4", "state": "failed", "blend": None, "error": "No.", "exit_code": 4},
    ]
    assert (lines[-1]["event"], lines[-1]["ok"], lines[-1]["exit_code"]) == ("summary", False, 11)


def test_a_terminal_shows_the_count_of_frames() -> None:
    stream = Terminal()
    PlainReporter(stream).progress(Progress("track", 3, 3, "Following the subject"))
    assert "3/3 frames" in stream.getvalue()


def test_programs_read_one_object_a_line() -> None:
    stream = io.StringIO()
    reporter = JsonReporter(stream)
    reporter.progress(Progress("track", 1, None, "Following the subject"))
    reporter.result(_RESULT)
    reporter.error("No.", 4)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0] == {
        "event": "progress", "stage": "track", "done": 1, "total": None, "message": "Following the subject",
    }  # fmt: skip
    assert lines[1]["ok"] is True
    assert lines[2] == {"event": "result", "ok": False, "exit_code": 4, "error": "No."}


@pytest.mark.parametrize("keep", [True, False])
def test_nothing_but_our_own_lines_reaches_stdout(*, keep: bool) -> None:
    script = (
        "import os, sys\n"
        "from penumbra.cli.events import own_stdout\n"
        f"with own_stdout(keep_chatter={keep}) as stream:\n"
        "    print('noise'); os.write(1, b'native noise\\n'); stream.write('ours\\n')\n"
        "print('after')\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ours", "after"]
    assert ("native noise" in done.stderr) == keep


@pytest.mark.parametrize("total", [None, 0, 5])
def test_progress_knows_its_share(total: int | None) -> None:
    assert Progress("track", 5, total).fraction == (1.0 if total else None)
