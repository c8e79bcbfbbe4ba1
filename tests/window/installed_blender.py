"""A real Blender inside its root, as the tests with a window and the benchmark of redraws use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from penumbra.tools import blender_root, build

SCREEN = "-screen 0 1280x800x24"
SIZE = (1280, 800)


class InstalledBlender:
    """Blender inside its root, with a folder that both sides see and the add-on installed from its zip."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def inside(self, path: Path) -> str:
        """The name that a path in `folder` has inside the root."""
        return f"/{path.relative_to(self.root)}"

    def run(self, command: Sequence[str], timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a command inside, with user folders of its own."""
        home = self.inside(self.folder)
        environment = [
            *("env", f"HOME={home}", f"XDG_CACHE_HOME={home}/cache", f"BLENDER_USER_RESOURCES={home}/user"),
            "LIBGL_ALWAYS_SOFTWARE=1",
        ]
        line = blender_root.entering(self.root, [*environment, *command])
        return subprocess.run(line, check=False, capture_output=True, text=True, timeout=timeout)

    def play(self, scenario: str, last_frame: int, images: Path | None = None, size: tuple[int, int] = SIZE) -> dict:
        """Play a scenario of `inside/driver.py` in a window and give what it saw."""
        seen, orders = self.folder / f"{scenario}-seen.json", self.folder / f"{scenario}-orders.json"
        shown = self.folder / "images"
        shown.mkdir(exist_ok=True)
        order = {
            "scenario": scenario,
            "clip": self.inside(self.folder / "demo.mp4"),
            "last_frame": last_frame,
            "folder": self.inside(self.folder),
            "images": self.inside(shown) if images else None,
            "seen": self.inside(seen),
        }
        orders.write_text(json.dumps(order), "utf-8")
        scripts = self.folder / "inside"
        shutil.copytree(Path(__file__).with_name("inside"), scripts, dirs_exist_ok=True)
        driver = ["--python", self.inside(scripts / "driver.py"), "--", self.inside(orders)]
        window = ["--enable-event-simulate", "--window-geometry", "0", "0", *map(str, size)]
        done = self.run(["xvfb-run", "-a", "-s", SCREEN, "blender", *window, *driver])
        if images:
            for picture in shown.glob("*.png"):
                shutil.copy(picture, images)
        assert seen.exists(), done.stdout + done.stderr
        result = json.loads(seen.read_text("utf-8"))
        assert "error" not in result, result["error"] + done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return result


@contextmanager
def opened(root: Path, clip: Path) -> Iterator[InstalledBlender]:
    """Blender in the root with the add-on installed from a new zip, and the clip beside it; cleared away afterwards."""
    folder = root / "tmp" / f"penumbra-{os.getpid()}"
    folder.mkdir()
    try:
        installed = InstalledBlender(root, folder)
        shutil.copy(clip, folder / "demo.mp4")
        archive = build.build(folder, "linux-x64", [_python_of(root)])
        extension = ["--command", "extension", "install-file", "-r", "user_default", "-e", installed.inside(archive)]
        calm = "import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()"
        for rest in (extension, ["--background", "--python-exit-code", "1", "--python-expr", calm]):
            done = installed.run(["blender", *rest])
            assert done.returncode == 0, done.stdout + done.stderr
        yield installed
    finally:
        shutil.rmtree(folder)


def _python_of(root: Path) -> str:
    """Version of the Python that Debian's Blender runs on, which need not be one that official builds have."""
    (folder,) = {path.parent.name for path in root.glob("usr/lib/python3.*/os.py")}
    return folder.removeprefix("python")
