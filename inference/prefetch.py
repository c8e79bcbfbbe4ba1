"""Running an iterator ahead on a thread of its own, so that decoding overlaps with what is done to the frames."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(iterator: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """The items of `iterator`, made at most `depth` items ahead on one background thread.

    What `iterator` raises is raised here, after the items before it. Closing this generator stops the thread as soon as
    `iterator` gives its next item, closes `iterator` where it can be closed, and returns once the thread has ended. The
    thread starts with the first item asked for.
    """
    ahead = _Ahead(iterator, depth)
    ahead.start()
    try:
        yield from ahead.items()
    finally:
        ahead.stop()


class _Ahead(threading.Thread):
    def __init__(self, iterator: Iterator, depth: int) -> None:
        if depth < 1:
            raise ValueError(f"depth is {depth}, but at least one item must fit")
        super().__init__(name="prefetch", daemon=True)
        self._iterator = iterator
        self._depth = depth
        self._made: deque = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._stopped = False
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            for item in self._iterator:
                if not self._put(item):
                    break
        except BaseException as error:  # noqa: BLE001 - handed over to the consumer's thread, which raises it
            self._error = error
        finally:
            self._close_iterator()
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def _put(self, item: object) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._made) < self._depth)
            if not self._stopped:
                self._made.append(item)
                self._changed.notify_all()
            return not self._stopped

    def _close_iterator(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()

    def items(self) -> Generator:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._made or self._finished)
                if not self._made:
                    break
                item = self._made.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.join()
