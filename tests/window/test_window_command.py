"""The command line inside a real Blender, with the add-on installed from its zip."""

from __future__ import annotations

import json
import subprocess

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender

pytestmark = pytest.mark.window


def capture(blender: InstalledBlender, *arguments: str) -> subprocess.CompletedProcess[str]:
    return blender.run(["blender", "--background", "--command", "penumbra", "capture", *arguments])


def test_capture_writes_a_file(blender: InstalledBlender) -> None:
    clip, goal = blender.folder / "demo.mp4", blender.folder / "captured.blend"
    done = capture(blender, blender.inside(clip), "--end", "20", "--detector", "full", "-o", blender.inside(goal))
    assert done.returncode == 0, done.stdout + done.stderr
    assert goal.stat().st_size > 10_000


def test_bad_arguments_exit_with_2(blender: InstalledBlender) -> None:
    done = capture(blender, "--no-such-option")
    assert done.returncode == 2
    assert "no-such-option" in done.stdout + done.stderr


def test_missing_footage_exits_with_3(blender: InstalledBlender) -> None:
    done = capture(blender, "/no/such/footage.mp4")
    assert done.returncode == 3
    assert "/no/such/footage.mp4" in done.stdout + done.stderr


def test_the_opened_file_is_the_one_whose_armature_gets_the_keys(blender: InstalledBlender) -> None:
    clip = blender.inside(blender.folder / "demo.mp4")
    first, second = blender.folder / "rig.blend", blender.folder / "shot.blend"
    assert capture(blender, clip, "--end", "5", "--detector", "full", "-o", blender.inside(first)).returncode == 0
    before = first.read_bytes()
    arguments = [
        "capture",
        clip,
        "--end",
        "12",
        "--detector",
        "full",
        "--target",
        "demo",
        "--export",
        "bvh,fbx,glb",
        "--json",
    ]
    done = blender.run(
        [
            "blender",
            "--background",
            blender.inside(first),
            "--command",
            "penumbra",
            *arguments,
            "-o",
            blender.inside(second),
        ]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(next(line for line in done.stdout.splitlines() if '"event": "result"' in line))
    assert (result["armature"], result["frame_end"], result["rig_map"]) == ("demo", 13, "penumbra")
    assert all((blender.folder / f"shot.{suffix}").stat().st_size > 1000 for suffix in ("bvh", "fbx", "glb"))
    assert first.read_bytes() == before, "the opened file itself is not written to"
    assert second.stat().st_size > 10_000
