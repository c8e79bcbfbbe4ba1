"""Scenarios of what a user may do to Blender while a capture runs."""

from __future__ import annotations

import sys

import addon_utils
import bpy
from census import census, keys
from desk import Desk
from waiting import Steps, rest, wait

OPERATOR = "PENUMBRA_OT_capture"
# Frames of an animation that take longer to render than the capture's last stages.
RENDERED = 400


def undo(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Undo and redo while the thread works, and undo while the keys are made; the capture goes on."""
    made_in = sys.modules[f"{addon()}.operators.capture_run"]
    usual, made_in._SLICE = made_in._SLICE, 0.0  # one step at a time, so that an undo comes between two
    desk.choose_clip(orders)
    sys.modules[
        f"{addon()}.operators.capture_run"
    ]._SLICE = 0.0  # one step at a time, so that an undo comes between two
    yield from desk.open_panel()
    bpy.ops.ed.undo_push(message="Start")
    desk.window.scene.objects["Cube"].location.x = 5.0
    bpy.ops.ed.undo_push(message="Move")
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    desk.undo()
    seen["undone"] = desk.window.scene.objects["Cube"].location.x
    yield from rest(0.2)
    with desk.in_view():
        bpy.ops.ed.redo()
    seen["redone"] = desk.window.scene.objects["Cube"].location.x
    yield from wait(lambda: running() is None or not running().working, 60)
    seen["baking"] = running() is not None
    yield from rest(0.3)
    desk.undo()
    seen["kept_running"] = desk.status.running
    made_in._SLICE = usual
    yield from wait(lambda: not desk.status.running, 60)
    seen["result"] = desk.status.result
    seen["after"] = census()
    seen["keys"] = keys()


def render(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Render an animation from before the capture's end until after it: the keys wait."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    settings = desk.window.scene.render
    bpy.context.preferences.view.render_display_type = "NONE"
    settings.engine, settings.resolution_x, settings.resolution_y = "BLENDER_WORKBENCH", 64, 36
    settings.filepath = f"{orders['folder']}/render-"
    desk.window.scene.frame_end = RENDERED
    yield from desk.press_button()
    yield from wait(lambda: desk.status.text.startswith("Lifting"), 60)
    with desk.in_view():
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
    yield from wait(lambda: bpy.app.is_job_running("RENDER"), 5)
    yield from wait(lambda: desk.status.text.startswith("Waiting") or not desk.status.running, 90)
    seen["text"] = desk.status.text
    seen["running"] = desk.status.running
    seen["rendering"] = bpy.app.is_job_running("RENDER")
    seen["during"] = census()
    yield from wait(lambda: not bpy.app.is_job_running("RENDER"), 90)
    yield from wait(lambda: not desk.status.running, 20)
    seen["result"] = desk.status.result


def disable(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Disable the add-on while a capture runs, enable it again, and capture."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    module = addon()
    addon_utils.disable(module, default_set=True)
    seen["gone"] = not hasattr(bpy.types.WindowManager, "penumbra")
    yield from rest(1.0)
    seen["after"] = census()
    addon_utils.enable(module, default_set=True)
    yield from rest(0.5)
    desk = Desk()
    desk.choose_clip(orders)
    with desk.in_view():
        seen["again"] = sorted(bpy.ops.penumbra.capture("INVOKE_DEFAULT"))
    yield from wait(lambda: not desk.status.running, 60)
    seen["result"] = desk.status.result


def twice(desk: Desk, orders: dict, seen: dict) -> Steps:
    """A second capture is refused in words while the first runs, also from another window; a file can be saved meanwhile."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    seen["refused"] = refusal()
    with desk.in_view():
        bpy.ops.wm.window_new()
    other = bpy.context.window_manager.windows[-1]
    with bpy.context.temp_override(window=other):
        seen["refused_elsewhere"] = refusal()
        bpy.ops.wm.window_close()
    bpy.ops.wm.save_as_mainfile(filepath=f"{orders['folder']}/during.blend", copy=True)
    yield from wait(lambda: not desk.status.running, 60)
    seen["result"] = desk.status.result


def close_window(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Close the window that the capture was started in, while another stays open, and capture again there."""
    desk.choose_clip(orders)
    before = census()
    with desk.in_view():
        bpy.ops.wm.window_new()
    other = bpy.context.window_manager.windows[-1]
    yield from rest(0.5)
    with bpy.context.temp_override(window=other):
        bpy.ops.penumbra.capture("INVOKE_DEFAULT")
    yield from wait(desk.halfway, 60)
    with bpy.context.temp_override(window=other):
        bpy.ops.wm.window_close()
    yield from wait(lambda: not desk.status.running, 5)
    seen["changed"] = census() != before
    seen["left"] = running() is not None
    with desk.in_view():
        bpy.ops.penumbra.capture("INVOKE_DEFAULT")
    yield from wait(lambda: not desk.status.running, 60)
    seen["result"] = desk.status.result


def delete_target(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Delete the target while the capture runs: told in words, and nothing is made."""
    bpy.ops.preferences.addon_enable(module="rigify")
    with desk.in_view():
        bpy.ops.object.armature_human_metarig_add()
    desk.choose_clip(orders)
    desk.choices.target = desk.window.scene.objects["metarig"]
    with desk.in_view():
        bpy.ops.penumbra.capture("INVOKE_DEFAULT")
    yield from wait(desk.halfway, 60)
    bpy.data.objects.remove(desk.window.scene.objects["metarig"])
    seen["before"] = census()
    yield from wait(lambda: not desk.status.running, 60)
    seen["problem"] = desk.status.problem
    seen["after"] = census()


def running() -> object | None:
    """The capture that runs, as the add-on has it."""
    operators = {operator.__name__: operator for operator in bpy.types.Operator.__subclasses__()}
    return operators[OPERATOR].run


def refusal() -> str:
    """What Blender says to a capture that is started now."""
    try:
        bpy.ops.penumbra.capture("INVOKE_DEFAULT")
    except RuntimeError as error:
        return str(error)
    return ""


def addon() -> str:
    """The add-on's module."""
    return next(one.module for one in bpy.context.preferences.addons if one.module.endswith(".penumbra"))
