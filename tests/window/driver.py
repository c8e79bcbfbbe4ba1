"""What the tests with a window do inside Blender, one function a scenario: `blender --python driver.py -- ORDERS.json`.

Every scenario is a generator that Blender's own timer moves on, so that the window stays as alive as it is for a user.
What it saw goes to a JSON file, which the test on the other side checks.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bpy

Steps = Generator[None, None, None]

TICK = 0.01
# Height of one row of the interface and the space after it, the header of a panel, and the border above the first
# panel, all in pixels at scale 1.
ROW, HEADER, BORDER = 24, 26, 4
# Parts of the editing panel that are shown together.
EDITED = tuple(f"PENUMBRA_PT_edit_{part}" for part in ("corrections", "spans", "display"))
# Rows above the button: footage, subject, target, quality.
ROWS_ABOVE = 4


class Desk:
    """The window, the 3D view's sidebar, and a hand on mouse and keyboard."""

    def __init__(self) -> None:
        self.window = bpy.context.window_manager.windows[0]
        self.area = next(area for area in self.window.screen.areas if area.type == "VIEW_3D")
        self.sidebar = next(region for region in self.area.regions if region.type == "UI")
        self.status = bpy.context.window_manager.penumbra
        self.choices = self.window.scene.penumbra

    def open_panel(self) -> Steps:
        """Show the sidebar with its tab Animation, and nothing in it but the add-on's panels.

        Blender has panels of its own there from 5.1 on, and how high they are depends on its version.
        """
        for panel in reversed(bpy.types.Panel.__subclasses__()):
            foreign = not panel.__name__.startswith("PENUMBRA") and getattr(panel, "bl_category", "") == "Animation"
            if foreign and panel.is_registered:
                bpy.utils.unregister_class(panel)
        self.area.spaces.active.show_region_ui = True
        yield from wait(lambda: self.sidebar.width > 1)
        yield from rest(0.5)  # the tabs are known once they were drawn
        self.sidebar.active_panel_category = "Animation"
        for region in self.area.regions:  # a click on a panel that was not drawn yet finds nothing
            region.tag_redraw()
        yield from rest(0.5)

    def press_button(self) -> Steps:
        """Move the mouse over the Capture button and click it."""
        scale = bpy.context.preferences.system.ui_scale
        depth = (BORDER + HEADER + (ROWS_ABOVE + 0.5) * ROW) * scale
        x = self.sidebar.x + self.sidebar.width // 2
        y = self.sidebar.y + self.sidebar.height - round(depth)
        # From outside: a button that the mouse already rests on stays as it was drawn then.
        yield from self.do("MOUSEMOVE", "NOTHING", *self.middle())
        yield from self.do("MOUSEMOVE", "NOTHING", x, y)
        yield from self.do("LEFTMOUSE", "PRESS", x, y)
        yield from self.do("LEFTMOUSE", "RELEASE", x, y)

    def press_escape(self) -> None:
        """Press Esc over the middle of the 3D view."""
        x, y = self.middle()
        self.window.event_simulate(type="ESC", value="PRESS", x=x, y=y)
        self.window.event_simulate(type="ESC", value="RELEASE", x=x, y=y)

    def do(self, kind: str, value: str, x: int, y: int) -> Steps:
        """One event of the mouse, and time for the window to answer it."""
        self.window.event_simulate(type=kind, value=value, x=x, y=y)
        yield from rest(0.1)

    def middle(self) -> tuple[int, int]:
        """A place in the 3D view that no panel covers, in the window's pixels."""
        return self.area.x + self.area.width // 3, self.area.y + self.area.height // 2

    def choose_clip(self, orders: dict) -> None:
        """Choose the clip of the orders, a part of it, and the quick network, and keep nothing from other captures."""
        choices = self.choices
        choices.footage, choices.quality = orders["clip"], "FAST"
        choices.range, choices.last_frame = "FRAMES", orders["last_frame"]
        addon = next(addon for addon in bpy.context.preferences.addons if addon.module.endswith(".penumbra"))
        addon.preferences.keep_detections = False

    def halfway(self) -> bool:
        """Whether the subject is being followed, and neither the start nor the end is near."""
        return self.status.text.startswith("Following") and self.status.fraction > 0.2

    def look_at_result(self) -> None:
        """Bring the new armature into view, in the middle of the motion."""
        scene = self.window.scene
        (armature,) = (thing for thing in scene.objects if thing.type == "ARMATURE")
        first, last = armature.animation_data.action.frame_range
        scene.frame_set(round((first + last) / 2))
        armature.select_set(state=True)
        with self.in_view():
            bpy.ops.view3d.view_selected()

    def undo(self) -> None:
        """Undo one step."""
        with self.in_view():
            bpy.ops.ed.undo()

    def in_view(self) -> contextlib.AbstractContextManager[object]:
        """The context of the 3D view, for operators."""
        region = next(region for region in self.area.regions if region.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, area=self.area, region=region)


def press(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Press the button, wait for the keys, look at them, undo."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    bpy.ops.ed.undo_push(message="Before the capture")
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(lambda: desk.status.running, 5)
    # Blender draws what is to be drawn, the panel for one, between two calls of a timer: while these come, it is alive.
    last = time.monotonic()
    gaps, texts = [], set()
    while desk.status.running:
        texts.add(desk.status.text)
        yield
        now = time.monotonic()
        gaps.append((now - last, desk.status.text))
        last = now
    seen["longest_gap"] = max(gaps)
    seen["texts"] = sorted(texts)
    yield from wait(lambda: desk.status.result, 5)
    yield from rest(0.5)
    seen["result"] = desk.status.result
    seen["after"] = census()
    seen["keys"] = keys()
    desk.undo()
    yield from rest(0.5)
    seen["undone"] = census()


def pose_for_pictures(desk: Desk, orders: dict, seen: dict) -> Steps:
    """The panel before, during and after a capture, as pictures for the user guide."""
    desk.choose_clip(orders)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    yield from desk.open_panel()
    photograph(orders, "panel-ready")
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    yield from rest(0.2)
    photograph(orders, "panel-running")
    yield from wait(lambda: desk.status.result, 60)
    desk.look_at_result()
    yield from rest(1.0)
    photograph(orders, "panel-done")
    seen["result"] = desk.status.result


def edit(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Capture, then edit from the sidebar: doubtful spans, a correction, fewer keys; each is undone as one step."""
    desk.choose_clip(orders)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    everything = panels("PENUMBRA_PT")
    # a panel that was drawn folded once stays folded
    fold([panel for panel in everything if not panel.__name__.startswith("PENUMBRA_PT_capture")])
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(lambda: desk.status.result, 60)
    desk.look_at_result()
    fold(panels("PENUMBRA_PT"))
    unfold(("PENUMBRA_PT_edit", *EDITED), everything)
    scene = desk.window.scene
    (target,) = (thing for thing in scene.objects if thing.type == "ARMATURE")
    scene.view_layers[0].objects.active = target
    scene.penumbra_edit.show_confidence = True
    with desk.in_view():
        bpy.ops.ed.undo_push(message="Captured")
        bpy.ops.object.mode_set(mode="POSE")
        scene.frame_set(1)
        seen["jumped"] = sorted(bpy.ops.penumbra.jump_to_span())
    yield from rest(0.5)
    with desk.in_view():
        frame = scene.frame_current + 3
        scene.frame_set(frame)
        before = curve_values()
        target.pose.bones["forearm.L"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
        seen["marked"] = sorted(bpy.ops.penumbra.mark_correction())
        bpy.ops.ed.undo_push(message="Marked")
        marked = curve_values()
        seen["solved"] = sorted(bpy.ops.penumbra.solve_corrections())
        bpy.ops.ed.undo_push(message="Solved")
        solved = curve_values()
    yield from rest(1.0)
    photograph(orders, "panel-edit")
    seen["changed"] = [sum(solved[name] != before[name] for name in before), len(before)]
    with desk.in_view():
        bpy.ops.ed.undo()
        seen["undone"] = curve_values() == marked
        seen["reduced"] = sorted(bpy.ops.penumbra.reduce_keys())
    fold(panels("PENUMBRA_PT"))
    unfold(
        ("PENUMBRA_PT_edit", "PENUMBRA_PT_edit_takes", "PENUMBRA_PT_edit_rebake", "PENUMBRA_PT_edit_keys"), everything
    )
    yield from rest(0.5)
    photograph(orders, "panel-keys")
    fold(panels("PENUMBRA_PT"))
    unfold(("PENUMBRA_PT_rig_map",), everything)
    seen["guessed"] = sorted(bpy.ops.penumbra.guess_rig_map())
    yield from rest(0.5)
    photograph(orders, "panel-rig-map")
    fold(panels("PENUMBRA_PT"))
    for panel in everything:
        bpy.utils.register_class(panel)


def escape(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Press the button, press Esc in the middle of the work, and see what is left."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    seen["text"] = desk.status.text
    pressed = time.monotonic()
    desk.press_escape()
    yield from wait(lambda: not desk.status.running, 10)
    seen["seconds"] = time.monotonic() - pressed
    yield from rest(0.5)
    seen["after"] = census()
    seen["result"] = desk.status.result


def load_file(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Load another file while a capture runs, and capture again in the new one."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    bpy.ops.wm.read_homefile(load_ui=False)
    yield from rest(0.5)
    seen["after"] = census()
    seen["running"] = bpy.context.window_manager.penumbra.running
    desk = Desk()
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(lambda: desk.status.running, 5)
    yield from wait(lambda: desk.status.result, 60)
    seen["result"] = desk.status.result


def leave(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Quit while a capture runs."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    seen["running"] = desk.status.running


def census() -> dict:
    """What the file holds, in names, and what a capture could change of its scene."""
    scene = bpy.context.window_manager.windows[0].scene
    return {
        "objects": sorted(bpy.data.objects.keys()),
        "armatures": sorted(bpy.data.armatures.keys()),
        "cameras": sorted(bpy.data.cameras.keys()),
        "actions": sorted(bpy.data.actions.keys()),
        "frame_rate": [scene.render.fps, scene.render.fps_base],
        "camera": scene.camera.name if scene.camera else None,
        "frames": [scene.frame_start, scene.frame_end, scene.frame_current],
    }


def keys() -> dict:
    """How many keys each f-curve of the only action has, and the range of the confidences."""
    action = keyed_action()
    curves = {f"{curve.data_path}[{curve.array_index}]": len(curve.keyframe_points) for curve in fcurves(action)}
    values = [
        point.co.y
        for curve in fcurves(action)
        if '["confidence"]' in curve.data_path
        for point in curve.keyframe_points
    ]
    return {"curves": curves, "confidence": [min(values), max(values)] if values else []}


def keyed_action() -> Any:
    """The action that the only armature plays; the raw copy beside it is on a muted track."""
    (armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    return armature.animation_data.action


def curve_values() -> dict[str, list[float]]:
    """The values of every f-curve's keys."""
    return {
        f"{curve.data_path}[{curve.array_index}]": [point.co.y for point in curve.keyframe_points]
        for curve in fcurves(keyed_action())
    }


def fcurves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """The action's f-curves, where this version of Blender keeps them."""
    if hasattr(action, "layers"):
        return [
            curve
            for layer in action.layers
            for strip in layer.strips
            for bag in strip.channelbags
            for curve in bag.fcurves
        ]
    return list(action.fcurves)


def photograph(orders: dict, name: str) -> None:
    """Write a picture of the whole screen, where pictures were asked for."""
    if orders["images"]:
        path = Path(orders["images"]) / f"{name}.png"
        subprocess.run(f"xwd -root -silent | convert xwd:- +dither -colors 255 'PNG8:{path}'", shell=True, check=True)


def panels(start: str) -> list[type]:
    """The add-on's registered panels whose names begin with `start`, in the order in which they were registered."""
    found = [panel for panel in bpy.types.Panel.__subclasses__() if panel.__name__.startswith(start)]
    return sorted((panel for panel in found if panel.is_registered), key=lambda panel: hasattr(panel, "bl_parent_id"))


def fold(shown: list[type]) -> None:
    """Take panels away."""
    for panel in reversed(shown):
        bpy.utils.unregister_class(panel)


def unfold(names: tuple[str, ...], among: list[type]) -> None:
    """Show the panels of these names among those that were taken away, open, the first one on its own."""
    for panel in sorted(
        (panel for panel in among if panel.__name__ in names), key=lambda one: names.index(one.__name__)
    ):
        kept = {name: panel.__dict__[name] for name in ("bl_options", "bl_parent_id") if name in panel.__dict__}
        panel.bl_options = set()
        if panel.__name__ == names[0]:
            panel.bl_parent_id = ""
        bpy.utils.register_class(panel)
        for name in ("bl_options", "bl_parent_id"):
            if name in kept:
                setattr(panel, name, kept[name])
            elif name in panel.__dict__:
                delattr(panel, name)


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


def run(orders: dict) -> None:
    """Start the scenario of the orders; its end, good or bad, writes what was seen and quits Blender."""
    seen: dict = {}
    steps = SCENARIOS[orders["scenario"]](Desk(), orders, seen)

    def tick() -> float | None:
        try:
            next(steps)
        except StopIteration:
            pass
        except Exception:  # noqa: BLE001 - the test on the other side shows it
            seen["error"] = traceback.format_exc()
            photograph(orders, "error")
        else:
            return TICK
        Path(orders["seen"]).write_text(json.dumps(seen), "utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


SCENARIOS = {scenario.__name__: scenario for scenario in (press, pose_for_pictures, edit, escape, load_file, leave)}
run(json.loads(Path(sys.argv[-1]).read_text("utf-8")))
