"""What every test may ask for. What is missing is fetched; no test is skipped because something is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from penumbra.tools import fetch


@pytest.fixture(scope="session")
def weights() -> Path:
    """Folder of the networks' weights."""
    return fetch.fetch("weights")


@pytest.fixture(scope="session")
def demo_clip() -> Path:
    """The demo clip of Sports2D: one person walks through the picture."""
    return fetch.fetch("demo") / "demo.mp4"


@pytest.fixture(scope="session")
def pose2sim() -> Path:
    """Folder of Pose2Sim's demos: `Demo_SinglePerson` and `Demo_MultiPerson`, with `videos` and `calibration`."""
    return fetch.fetch("pose2sim")
