"""The capture panel in each of its states, in a real Blender: `./test --window tests/window/test_states.py`.

With PENUMBRA_IMAGES=DIR the documents' pictures are written there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from penumbra.tests.window.installed_blender import InstalledBlender

pytestmark = pytest.mark.window

# Frames of the demo clip that are read, and those of the clips that are made of it.
LAST_FRAME, FRAMES = 60, 24
# Share of guesses where only the head and the shoulders are to be seen.
MOST = 0.6
PICTURES = (
    *("disabled-tooltip", "empty", "ready", "running", "done", "failed", "no-subject", "low-confidence"),
    *("large-interface", "german", "japanese"),
)
# Parts of the demo clip's picture that hide the one on the box below the chest: left, right, top, bottom.
HIDDEN = (0.2, 0.6, 0.2, 0.46)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return Path(os.environ.get("PENUMBRA_IMAGES") or tmp_path).resolve()


def test_every_state_of_the_panel(blender: InstalledBlender, images: Path) -> None:
    (blender.folder / "no-video.mp4").write_text("This is no video.\n")
    repaint(blender.folder / "demo.mp4", blender.folder / "nobody.mp4", everything_painted)
    repaint(blender.folder / "demo.mp4", blender.folder / "hidden.mp4", body_painted)
    seen = blender.play("states", LAST_FRAME, images)
    assert "A capture is already running" in seen["second"]
    assert seen["result"].startswith(f"Captured {LAST_FRAME + 1} of {LAST_FRAME + 1} frames onto ")
    assert seen["cancelled"] == ["CANCELLED", "", ""]
    outcome, problem, _ = seen["failed"]
    assert (outcome, "no-video.mp4 is not a video" in problem) == ("FAILED", True)
    outcome, problem, _ = seen["no-subject"]
    assert (outcome, problem.startswith("Nobody was found in the footage.")) == ("NOBODY", True)
    outcome, problem, guessed = seen["low-confidence"]
    assert (outcome, problem) == ("DONE", "")
    assert guessed > MOST
    assert seen["german"] == ["21 von 21 Bildern auf demo erfasst", "Animation"]
    assert seen["japanese"][0].startswith("24\u30d5\u30ec\u30fc\u30e0\u4e2d")
    for name in PICTURES:
        assert (images / f"panel-{name}.png").stat().st_size > 15_000, f"{name} shows nothing"


def repaint(source: Path, goal: Path, change: Callable[[np.ndarray], None]) -> None:
    """Write the first frames of a video again, changed as pictures `[H, W, 3]` in place."""
    with av.open(str(source)) as footage, av.open(str(goal), "w") as made:
        pictures = footage.streams.video[0]
        out = made.add_stream("mpeg4", rate=pictures.average_rate)
        out.width, out.height, out.pix_fmt, out.bit_rate = pictures.width, pictures.height, "yuv420p", 4_000_000
        for _, frame in zip(range(FRAMES), footage.decode(pictures), strict=False):
            image = frame.to_ndarray(format="rgb24")
            change(image)
            made.mux(out.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        made.mux(out.encode(None))


def everything_painted(image: np.ndarray) -> None:
    image[:] = np.linspace(40, 200, image.shape[1], dtype=np.uint8)[None, :, None]


def body_painted(image: np.ndarray) -> None:
    height, width = image.shape[:2]
    left, right, top, bottom = HIDDEN
    image[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = 96


def test_a_small_window(blender: InstalledBlender, images: Path) -> None:
    seen = blender.play("small_window", LAST_FRAME, images, (900, 600))
    assert seen["outcome"] == "FAILED"
    assert seen["size"] == [900, 600]
    assert (images / "panel-small-window.png").stat().st_size > 15_000
