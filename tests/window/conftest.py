"""A real Blender with the add-on installed from its zip, as a user would have it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender, opened
from penumbra.tools import blender_root


@pytest.fixture(scope="session")
def blender(demo_clip: Path) -> Iterator[InstalledBlender]:
    if os.geteuid() != 0:
        pytest.skip("a Debian root with Blender can be entered by root only")
    root = Path(os.environ.get("PENUMBRA_BLENDER_ROOT") or blender_root.default_folder("trixie")).resolve()
    if not root.exists():
        blender_root.make("trixie", root)
    with opened(root, demo_clip) as installed:
        yield installed
