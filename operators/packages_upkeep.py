"""Keeping installed packages in order: repair, remove, cancel, and find out what works."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..inference.progress import Progress, Work
from ..packages.catalog import Kind
from .packages_run import Outcome, Packages, busy, folder_of_packages, offline

if TYPE_CHECKING:
    from ..packages.catalog import Package


class Keep:
    """An operator on what is installed of its kind."""

    kind: ClassVar[Kind]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it is installed, and nothing runs."""
        if busy(cls):
            return False
        if Packages.known().installed[cls.kind] is None:
            cls.poll_message_set(rpt_("It is not installed"))
            return False
        return True


class Repair(Keep):
    """Looks at every file, and installs anew what is damaged."""

    bl_label = "Repair"
    bl_description = "Check every installed file, and download again what is damaged"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it is installed, nothing runs, and the network may be used."""
        return super().poll(context) and not offline(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Repair, on a thread where there is a window."""
        from ..packages.catalog import load_catalog  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..packages.choose import named  # noqa: PLC0415 - as above

        known = Packages.known()
        there = known.installed[self.kind]
        same = [] if there is None else named(there.name, known.machine, load_catalog())
        choices = [*same, *known.choices[self.kind]]
        return Packages.start(self, rpt_("Repair"), _repair(folder_of_packages(), self.kind, choices))


class Remove(Keep):
    """Deletes all of it."""

    bl_label = "Remove"
    bl_description = "Delete this package again. The add-on works without it"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask, since it takes long to download again."""
        package = Packages.known().installed[self.kind]
        if bpy.app.background or package is None:
            return self.execute(context)
        title = rpt_("Remove {package}?").format(package=package.label)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=title,
            message=rpt_("It can be installed again"),
            confirm_text=rpt_("Remove"),
            icon="NONE",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove, on a thread where there is a window."""
        return Packages.start(self, rpt_("Remove"), _remove(folder_of_packages(), self.kind))


class PENUMBRA_OT_repair_gpu_support(Repair, bpy.types.Operator):
    """Repairs GPU support."""

    bl_idname = "penumbra.repair_gpu_support"
    kind = "gpu"


class PENUMBRA_OT_repair_pytorch(Repair, bpy.types.Operator):
    """Repairs PyTorch."""

    bl_idname = "penumbra.repair_pytorch"
    kind = "torch"


class PENUMBRA_OT_remove_gpu_support(Remove, bpy.types.Operator):
    """Removes GPU support."""

    bl_idname = "penumbra.remove_gpu_support"
    kind = "gpu"


class PENUMBRA_OT_remove_pytorch(Remove, bpy.types.Operator):
    """Removes PyTorch."""

    bl_idname = "penumbra.remove_pytorch"
    kind = "torch"


class PENUMBRA_OT_cancel_packages(bpy.types.Operator):
    """Stops what runs."""

    bl_idname = "penumbra.cancel_packages"
    bl_label = "Cancel"
    bl_description = "Stop what runs and leave everything as it was before"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether something runs."""
        if Packages.run is None or Packages.run.cancelled:
            cls.poll_message_set(rpt_("Nothing is running"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the thread to stop."""
        if Packages.run is not None:
            Packages.run.cancel()
        return {"FINISHED"}


class PENUMBRA_OT_test_packages(bpy.types.Operator):
    """Finds out what works."""

    bl_idname = "penumbra.test_packages"
    bl_label = "Test"
    bl_description = "Find out what the networks can run on here, and how long they take for a picture"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether nothing runs."""
        return not busy(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Test, on a thread where there is a window."""
        return Packages.start(self, rpt_("Test"), _test(folder_of_packages()))


CLASSES = (
    PENUMBRA_OT_repair_gpu_support,
    PENUMBRA_OT_repair_pytorch,
    PENUMBRA_OT_remove_gpu_support,
    PENUMBRA_OT_remove_pytorch,
    PENUMBRA_OT_cancel_packages,
    PENUMBRA_OT_test_packages,
)


def _repair(folder: Path, kind: Kind, choices: Sequence[Package]) -> Work[Outcome]:
    from ..packages.apart import examine_apart  # noqa: PLC0415 - loads on the work's thread, not when Blender starts
    from ..packages.install import repair  # noqa: PLC0415

    damaged = yield from repair(folder, kind, choices)
    test = yield from examine_apart(folder)
    if not damaged:
        return Outcome(rpt_("Every file is as it was installed"), test)
    return Outcome(rpt_("{count} damaged files were installed again").format(count=len(damaged)), test)


def _remove(folder: Path, kind: Kind) -> Work[Outcome]:
    from ..packages.apart import examine_apart  # noqa: PLC0415 - as above
    from ..packages.install import remove  # noqa: PLC0415

    yield Progress("remove", 0, None, "Removing")
    remove(folder, kind)
    test = yield from examine_apart(folder)
    return Outcome(rpt_("It was removed"), test)


def _test(folder: Path) -> Work[Outcome]:
    from ..packages.apart import examine_apart  # noqa: PLC0415 - as above

    test = yield from examine_apart(folder)
    if test.problem:
        return Outcome(test.problem, test, failed=True)
    used = test.used
    if used is None:
        return Outcome(rpt_("Nothing can run the networks. Reinstall the extension"), test, failed=True)
    words = rpt_("{provider} is used, {milliseconds} ms a picture")
    return Outcome(words.format(provider=used.label, milliseconds=f"{used.milliseconds:.0f}"), test, shown=False)
