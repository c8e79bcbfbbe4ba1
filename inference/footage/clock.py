"""Times that always advance, out of time stamps that may be missing, repeated or broken."""

from __future__ import annotations

# A stamp that falls back by more than this many seconds is a new count (a joined or wrapped recording), not disorder.
_RESTART = 1.0


class Clock:
    """Turns the time stamps of frames, in the order they are shown, into strictly increasing seconds from 0.

    A missing stamp is one `step` (seconds) after the frame before. A stamp that does not advance is put half a step after
    it, so that a few repeated stamps do not push the later, good ones away. A stamp that falls back far starts a new
    count, which goes on where the old one ended.
    """

    def __init__(self, step: float) -> None:
        self.repairs = 0
        """Frames whose stamp could not be taken as it was."""
        self._step = step
        self._last: float | None = None
        self._offset: float | None = None

    def read(self, stamp: float | None) -> float:
        """Seconds of the next frame, whose own stamp is `stamp` seconds on the source's clock, or None."""
        time = self._place(stamp)
        self._last = time
        return time

    def _place(self, stamp: float | None) -> float:
        if self._last is None:
            self._offset = None if stamp is None else -stamp
            self.repairs += stamp is None
            return 0.0
        expected = self._last + self._step
        if stamp is None:
            self.repairs += 1
            return expected
        if self._offset is None:
            self._offset = expected - stamp
        time = stamp + self._offset
        if time > self._last:
            return time
        self.repairs += 1
        if time < self._last - _RESTART:
            self._offset = expected - stamp
            return expected
        return self._last + self._step / 2
