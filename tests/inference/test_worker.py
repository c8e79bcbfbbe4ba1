from __future__ import annotations

import threading
import time

import pytest

from penumbra.errors import CancelledError, FootageError
from penumbra.inference.progress import Progress, Work
from penumbra.inference.worker import Worker


def counting(steps: int, threads: list[int], closed: list[bool], pause: float = 0.0) -> Work[str]:
    """Work that notes on which thread it ran, and that it was closed before its end."""
    try:
        for step in range(steps):
            threads.append(threading.get_ident())
            time.sleep(pause)
            yield Progress("count", step, steps)
    except GeneratorExit:
        threads.append(threading.get_ident())
        closed.append(True)
        raise
    return "done"


def test_the_work_runs_on_a_thread_of_its_own() -> None:
    threads: list[int] = []
    worker = Worker(counting(3, threads, []))
    worker.start()
    assert worker.result() == "done"
    assert not worker.running
    assert threading.get_ident() not in threads
    assert [progress.done for progress in worker.progress(1.0)] == [0, 1, 2]


def test_progress_keeps_to_its_budget() -> None:
    worker = Worker(counting(1000, [], []))
    worker.start()
    worker.join()
    assert list(worker.progress(0.0)) == []
    seen = 0
    for _ in worker.progress(0.05):
        seen += 1
        time.sleep(0.02)
    assert 1 <= seen <= 4


def test_cancelling_closes_the_work_on_its_own_thread() -> None:
    threads: list[int] = []
    closed: list[bool] = []
    worker = Worker(counting(1000, threads, closed, pause=0.01))
    worker.start()
    while not any(worker.progress(1.0)):
        time.sleep(0.001)
    began = time.monotonic()
    worker.cancel()
    worker.join()
    with pytest.raises(CancelledError):
        worker.result()
    assert time.monotonic() - began < 0.5
    assert closed == [True]
    assert len(set(threads)) == 1


def test_cancelling_at_the_last_moment_still_cancels() -> None:
    worker = Worker(counting(1, [], []))
    worker.start()
    worker.join()
    worker.cancel()
    with pytest.raises(CancelledError):
        worker.result()


def test_an_error_of_the_work_comes_out_of_the_result() -> None:
    def broken() -> Work[str]:
        yield Progress("open", 0, None)
        raise FootageError("There is no such file.")

    worker = Worker(broken())
    worker.start()
    with pytest.raises(FootageError, match="no such file"):
        worker.result()


def test_a_step_that_takes_long_is_not_waited_for_once_cancelled() -> None:
    gone_on = threading.Event()

    def slow() -> Work[str]:
        yield Progress("slow", 0, 1)
        gone_on.wait(10)
        return "done"

    worker = Worker(slow())
    worker.start()
    worker.cancel()
    began = time.monotonic()
    worker.join(0.05)
    with pytest.raises(CancelledError):
        worker.result()
    assert time.monotonic() - began < 1.0
    gone_on.set()
    worker.join()
    assert not worker.running
