"""Running ahead on a thread: order, errors, and a prompt end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from penumbra.inference.prefetch import prefetch


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


class Counting:
    """Counts how far it was read, and notes that it was closed."""

    def __init__(self, count: int, *, fail: bool = False) -> None:
        self.made = 0
        self.closed = False
        self._count = count
        self._fail = fail

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.made == self._count:
            if self._fail:
                raise KeyError("broken")
            raise StopIteration
        self.made += 1
        return self.made - 1

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("depth", [1, 3, 100])
def test_everything_arrives_in_order(depth: int):
    source = Counting(50)
    assert list(prefetch(source, depth)) == list(range(50))
    assert source.closed
    assert running() == []


def test_an_error_comes_after_the_items_before_it():
    received = []
    with pytest.raises(KeyError, match="broken"):
        received.extend(prefetch(Counting(5, fail=True), 2))
    ahead = prefetch(Counting(5, fail=True), 2)
    assert [next(ahead) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError):
        next(ahead)
    assert running() == []


def test_it_runs_ahead_but_no_further_than_its_depth():
    source = Counting(100)
    ahead = prefetch(source, 4)
    next(ahead)
    deadline = time.monotonic() + 5
    # One item was taken, four wait, and one more is in the hand of the thread.
    while source.made < 6 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert source.made == 6
    ahead.close()


def test_closing_ends_a_thread_that_waits_for_room():
    source = Counting(10**9)
    ahead = prefetch(source, 2)
    assert next(ahead) == 0
    start = time.monotonic()
    ahead.close()
    assert time.monotonic() - start < 1
    assert running() == []
    assert source.closed


def test_closing_before_the_first_item_starts_nothing():
    source = Counting(3)
    prefetch(source, 2).close()
    assert source.made == 0
    assert running() == []


def test_a_generator_is_closed_on_the_thread_that_ran_it():
    closed_on: list[str] = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed_on.append(threading.current_thread().name)

    ahead = prefetch(numbers(), 1)
    next(ahead)
    ahead.close()
    assert closed_on == ["prefetch"]


def test_work_overlaps():
    def slow() -> Iterator[int]:
        for number in range(10):
            time.sleep(0.02)
            yield number

    start = time.monotonic()
    for _ in prefetch(slow(), 2):
        time.sleep(0.02)
    assert time.monotonic() - start < 0.35


def test_a_depth_of_nothing_is_refused():
    with pytest.raises(ValueError, match="depth is 0"):
        next(prefetch(iter([1]), 0))
