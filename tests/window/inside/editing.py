"""The scenario of editing what was captured."""

from __future__ import annotations

import bpy
from census import curve_values
from desk import Desk
from showing import fold, panels, photograph, unfold
from waiting import Steps, rest, wait

# Parts of the editing panel that are shown together.
EDITED = tuple(f"PENUMBRA_PT_edit_{part}" for part in ("corrections", "spans", "display"))


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
