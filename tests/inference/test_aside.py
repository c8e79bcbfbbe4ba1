"""Calculations beside the work, and work in slices of time."""

from __future__ import annotations

import threading
import time

import pytest

from penumbra.inference.aside import aside, work_aside
from penumbra.inference.progress import Progress, Work, advance, finish

PROGRESS = Progress("retarget", 0, None, "Calculating")


def test_it_runs_elsewhere_and_its_result_comes_back() -> None:
    assert finish(aside(threading.get_ident, PROGRESS)) != threading.get_ident()


def test_its_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        finish(aside(lambda: 1 // 0, PROGRESS))


def test_whoever_waits_is_free_meanwhile() -> None:
    go_on = threading.Event()
    work = aside(lambda: go_on.wait(10.0), PROGRESS)
    looks = []
    for _ in range(20):
        began = time.monotonic()
        assert next(work) is PROGRESS
        looks.append(time.monotonic() - began)
    go_on.set()
    assert finish(work)
    assert sorted(looks)[10] < 0.05


def test_closing_it_does_not_wait() -> None:
    go_on = threading.Event()
    work = aside(lambda: go_on.wait(10.0), PROGRESS)
    next(work)
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 5.0
    go_on.set()


def test_work_is_taken_in_slices_and_ends_with_its_result() -> None:
    def count() -> Work[str]:
        for number in range(1000):
            time.sleep(0.001)
            yield Progress("count", number, 1000)
        return "done"

    work = count()
    first = advance(work, 0.02)
    second = advance(work, 0.0)
    assert 0 < first.done < 100
    assert second.done == first.done + 1
    with pytest.raises(StopIteration) as end:
        advance(work, 60.0)
    assert end.value.value == "done"


def test_work_that_waits_is_not_waited_for() -> None:
    go_on = threading.Event()
    work = aside(lambda: go_on.wait(10.0), PROGRESS)
    began = time.monotonic()
    assert advance(work, 60.0) is PROGRESS
    assert time.monotonic() - began < 5.0
    go_on.set()


def test_work_runs_elsewhere_with_its_progress_and_ends_when_closed() -> None:
    threads, closed = set(), threading.Event()

    def work() -> Work[str]:
        try:
            for number in range(100):
                threads.add(threading.get_ident())
                time.sleep(0.01)
                yield Progress("count", number, 100)
        finally:
            closed.set()
        return "done"

    seen = []
    stopped = work_aside(work(), PROGRESS)
    while len(set(seen)) < 4:
        seen.append(next(stopped).done)
    stopped.close()
    assert closed.wait(5.0)
    assert threading.get_ident() not in threads
    assert finish(work_aside(work(), PROGRESS)) == "done"
