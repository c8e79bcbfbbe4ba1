"""The window as a user has it: the 3D view, its sidebar, mouse and keyboard."""

from __future__ import annotations

import contextlib

import bpy
from waiting import Steps, rest, wait

# Height of one row of the interface and the space after it, the header of a panel, and the border above the first
# panel, all in pixels at scale 1.
ROW, HEADER, BORDER = 24, 26, 4
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
        yield from self.hover_button(0.1)
        yield from self.do("LEFTMOUSE", "PRESS", *self.button())
        yield from self.do("LEFTMOUSE", "RELEASE", *self.button())

    def hover_button(self, seconds: float) -> Steps:
        """Move the mouse over the Capture button and let it rest there."""
        # From outside: a button that the mouse already rests on stays as it was drawn then.
        yield from self.leave_button()
        yield from self.do("MOUSEMOVE", "NOTHING", *self.button())
        yield from rest(seconds)

    def leave_button(self) -> Steps:
        """Move the mouse into the 3D view."""
        yield from self.do("MOUSEMOVE", "NOTHING", *self.middle())

    def button(self) -> tuple[int, int]:
        """The middle of the Capture button, in the window's pixels."""
        scale = bpy.context.preferences.system.ui_scale
        depth = (BORDER + HEADER + (ROWS_ABOVE + 0.5) * ROW) * scale
        return self.sidebar.x + self.sidebar.width // 2, self.sidebar.y + self.sidebar.height - round(depth)

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
