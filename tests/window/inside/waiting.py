"""Time for Blender to work: what scenarios yield from."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

Steps = Generator[None, None, None]


def wait(condition: Callable[[], object], seconds: float = 10.0) -> Steps:
    """Let Blender work until `condition` is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain")
        yield


def rest(seconds: float) -> Steps:
    """Let Blender work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
