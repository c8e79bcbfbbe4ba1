"""The steps of a user's way with the zip. Each takes the orders and raises StepError where it goes wrong."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

import bpy
from looking import ADDON, check, digest, home, interfaces, keys_of, leftovers, registered, rig

_DAMAGED = Path("models/weights/blazepose/landmarks_full.onnx")
# Limbs and trunk have at least so many bones.
_BONES = 10


def install(orders: dict) -> None:
    """Install the zip as dropping it into Blender does, without leave to use a network and, where told, without one."""
    check(not orders["offline"] or not interfaces(), "there is a network")
    if bpy.app.online_access:
        bpy.context.preferences.system.use_online_access = False
    bpy.ops.extensions.package_install_files(repo="user_default", filepath=orders["archive"], enable_on_install=False)
    check((home() / "__init__.py").is_file(), "nothing was installed")


def register(_orders: dict) -> dict:
    """Import and register the add-on where nothing of it was imported, and tell what that loads, of ours and of others."""
    before = set(sys.modules)
    check(ADDON not in before, "the add-on was imported already")
    start = time.perf_counter()
    module = importlib.import_module(ADDON)
    module.register()
    seconds = time.perf_counter() - start
    new = set(sys.modules) - before
    ours = sorted(name.removeprefix(f"{ADDON}.") for name in new if name.startswith(f"{ADDON}."))
    others = sorted({name.partition(".")[0] for name in new} - {"bl_ext"})
    module.unregister()
    return {"register": seconds, "modules": others, "ours": ours}


def enable(_orders: dict) -> None:
    """Enable the add-on and keep that."""
    bpy.ops.preferences.addon_enable(module=ADDON)
    check(ADDON in bpy.context.preferences.addons, "the add-on is not enabled")
    check(hasattr(bpy.types.Scene, "penumbra"), "the add-on did not register")
    bpy.ops.wm.save_userpref()


def restart(orders: dict) -> None:
    """The add-on is there after a restart; Blender as a module starts with nothing enabled."""
    if orders["module"]:
        bpy.ops.preferences.addon_enable(module=ADDON)
    check(hasattr(bpy.types.Scene, "penumbra"), "the add-on is not enabled after a restart")


def capture(orders: dict) -> None:
    """Capture footage onto a new armature."""
    bpy.ops.wm.read_homefile(use_empty=True)
    _choose(orders)
    check(bpy.ops.penumbra.capture() == {"FINISHED"}, "the capture did not finish")
    check(any(keys_of(thing) for thing in bpy.data.objects if thing.type == "ARMATURE"), "the new armature has no keys")


def bake(orders: dict) -> None:
    """Put the take that the capture kept onto a rig of Blender's own."""
    takes = sorted(Path(orders["data"]).rglob("*.take"))
    check(len(takes) == 1, f"{len(takes)} takes were kept, not one")
    _add_rig()
    check(bpy.ops.penumbra.apply_take(filepath=str(takes[0])) == {"FINISHED"}, "the take was not applied")
    keys = keys_of(rig())
    bones = {path.split('"')[1] for path, _ in keys if "rotation" in path}
    check({"spine", "thigh.L", "forearm.R"} <= bones, f"only {len(bones)} bones of the rig have keys")
    counts = {len(values) for (path, _), values in keys.items() if path.startswith('pose.bones["thigh.L"].rotation')}
    check(counts == {orders["frames"]}, f"{counts} keys on a bone, not {orders['frames']}")


def confidence(_orders: dict) -> None:
    """The rig's bones have a confidence that is one and changes."""
    curves = [values for (path, _), values in keys_of(rig()).items() if path.endswith('["confidence"]')]
    check(len(curves) >= _BONES, f"only {len(curves)} bones have a confidence")
    values = [value for curve in curves for value in curve]
    check(min(values) >= 0.0 and max(values) <= 1.0, f"confidence from {min(values):.2f} to {max(values):.2f}")
    check(min(values) < max(values), "confidence does not change")


def script(orders: dict) -> None:
    """A script bakes the take again by the add-on's own functions."""
    penumbra = importlib.import_module(ADDON)
    (path,) = sorted(Path(orders["data"]).rglob("*.take"))
    frames = len(penumbra.load_take(path).stage("track")["times"])
    made = penumbra.bake(path, rig(), name="Script")
    check(made.object == rig() and rig().animation_data.action == made.action, "the rig does not play what was baked")
    check(made.frame_end - made.frame_start + 1 == frames, "not every frame was baked")


def save(orders: dict) -> None:
    """Save the file, and beside it what is in it."""
    bpy.ops.wm.save_as_mainfile(filepath=orders["blend"])
    Path(orders["blend"]).with_suffix(".digest").write_text(digest(rig()), "utf-8")


def damaged(orders: dict) -> dict:
    """With one byte of a network's weights changed, a capture says which file that is and what to do."""
    weights = home() / _DAMAGED
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    bpy.ops.wm.read_homefile(use_empty=True)
    _choose(orders)
    try:
        bpy.ops.penumbra.capture()
        said = ""
    except RuntimeError as error:  # what the operator reported
        said = str(error).strip()
    finally:
        weights.write_bytes(whole)
    check(_DAMAGED.name in said and "damaged" in said and "Install" in said, f"it says: {said or 'nothing'}")
    return {"said": said}


def read_back(orders: dict) -> None:
    """The saved file has the same keys."""
    bpy.ops.wm.open_mainfile(filepath=orders["blend"])
    check(digest(rig()) == Path(orders["blend"]).with_suffix(".digest").read_text("utf-8"), "the keys are others")


def disable(_orders: dict) -> None:
    """Disable the add-on, after which Blender knows nothing of it."""
    bpy.ops.preferences.addon_disable(module=ADDON)
    check(ADDON not in bpy.context.preferences.addons, "the add-on is still enabled")
    check(not registered(), f"still registered: {', '.join(registered())}")


def uninstall(_orders: dict) -> None:
    """Uninstall it."""
    repos = [repo.module for repo in bpy.context.preferences.extensions.repos]
    bpy.ops.extensions.package_uninstall(repo_index=repos.index("user_default"), pkg_id="penumbra")
    check(not home().exists(), "its folder is still there")
    bpy.ops.wm.save_userpref()


def nothing_left(orders: dict) -> dict:
    """Neither it nor its packages are left; what the user made is."""
    check(not leftovers(), f"still there: {', '.join(leftovers()[:5])}")
    check(not registered(), f"still registered: {', '.join(registered())}")
    takes = sorted(Path(orders["data"]).rglob("*.take"))
    check(takes, "the user's take is gone")
    return {"kept": [path.relative_to(orders["data"]).as_posix() for path in takes]}


def other_platform(orders: dict) -> None:
    """A zip for another platform is not taken, and nothing of it stays."""
    bpy.ops.extensions.package_install_files(repo="user_default", filepath=orders["other"], enable_on_install=True)
    check(ADDON not in bpy.context.preferences.addons, "a zip for another platform was enabled")
    check(not leftovers(), f"of a zip for another platform is there: {', '.join(leftovers()[:5])}")


def from_blank(orders: dict) -> dict:
    """All at once: from a Blender that knows nothing of the add-on to keys on a rig."""
    install(orders)
    enable(orders)
    target = _add_rig()
    scene = bpy.context.scene
    scene.penumbra.footage, scene.penumbra.target = orders["clip"], target
    if orders["frames"]:
        scene.penumbra.range, scene.penumbra.last_frame = "FRAMES", orders["frames"] - 1
    bpy.context.preferences.addons[ADDON].preferences.keep_detections = False
    check(bpy.ops.penumbra.capture() == {"FINISHED"}, "the capture did not finish")
    keys = keys_of(target)
    check(keys, "the rig has no keys")
    return {"ended": time.time(), "frames": max(len(values) for values in keys.values())}


def _choose(orders: dict) -> None:
    """Choose the first frames of the footage, the quick networks, and to keep no detections."""
    choices = bpy.context.scene.penumbra
    choices.footage, choices.quality = orders["clip"], "FAST"
    choices.range, choices.last_frame = "FRAMES", orders["frames"] - 1
    bpy.context.preferences.addons[ADDON].preferences.keep_detections = False


def _add_rig() -> bpy.types.Object:
    """Rigify's human, the active object."""
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    return bpy.context.view_layer.objects.active


STEPS = {
    step.__name__: step
    for step in (
        *(install, register, enable, restart, capture, bake, confidence, script, save, damaged),
        *(read_back, disable, uninstall, nothing_left, other_platform, from_blank),
    )
}
"""Every step by its name."""
