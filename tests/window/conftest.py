"""A real Blender with the add-on installed from its zip, as a user would have it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender
from penumbra.tools import blender_root, build


def python_of(root: Path) -> str:
    """Version of the Python that Debian's Blender runs on, which need not be one that official builds have."""
    (folder,) = {path.parent.name for path in root.glob("usr/lib/python3.*/os.py")}
    return folder.removeprefix("python")


@pytest.fixture(scope="session")
def blender(demo_clip: Path) -> Iterator[InstalledBlender]:
    if os.geteuid() != 0:
        pytest.skip("a Debian root with Blender can be entered by root only")
    root = Path(os.environ.get("PENUMBRA_BLENDER_ROOT") or blender_root.default_folder("trixie")).resolve()
    if not root.exists():
        blender_root.make("trixie", root)
    folder = root / "tmp" / f"penumbra-{os.getpid()}"
    folder.mkdir()
    try:
        installed = InstalledBlender(root, folder)
        shutil.copy(demo_clip, folder / "demo.mp4")
        archive = build.build(folder, "linux-x64", [python_of(root)])
        done = installed.run(
            ["blender", "--command", "extension", "install-file", "-r", "user_default", "-e", installed.inside(archive)]
        )
        assert done.returncode == 0, done.stdout + done.stderr
        calm = "import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()"
        done = installed.run(["blender", "--background", "--python-exit-code", "1", "--python-expr", calm])
        assert done.returncode == 0, done.stdout + done.stderr
        yield installed
    finally:
        shutil.rmtree(folder)
