"""Installing what is too large for the extension: GPU support and PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import bpy
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import EnumProperty

from ..inference.progress import Work
from ..packages.catalog import Kind
from .packages_run import Outcome, Packages, busy, folder_of_packages, offline

if TYPE_CHECKING:
    from ..packages.catalog import Package

PACKAGES = (
    ("AUTO", "Automatic", "What serves the graphics card that was found best"),
    ("CUDA", "CUDA", "For graphics cards by NVIDIA"),
    ("DIRECTML", "DirectML", "For all graphics cards on Windows, and small"),
)
"""What can be installed as GPU support, as items of an enumeration."""


class Install:
    """An operator that installs the package of its kind."""

    kind: ClassVar[Kind]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is something to install, the network may be used, and nothing runs."""
        known = Packages.known()
        there = known.installed[cls.kind]
        if busy(cls):
            return False
        if there is not None and not there.broken:
            cls.poll_message_set(rpt_("It is already installed"))
            return False
        if not known.choices[cls.kind]:
            cls.poll_message_set(rpt_(known.why_none[cls.kind]))
            return False
        return not offline(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Say how large it is, and ask."""
        choices = self.choices()
        if bpy.app.background or not choices:
            return self.execute(context)
        return context.window_manager.invoke_confirm(
            self, event, title=self.bl_label, message=sizes(choices), confirm_text=rpt_("Install"), icon="NONE"
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Install, on a thread where there is a window."""
        return Packages.start(self, rpt_(self.bl_label), _install(folder_of_packages(), self.choices()))

    def choices(self) -> list[Package]:
        """What to install, the first choice first."""
        return Packages.known().choices[self.kind]


class PENUMBRA_OT_install_gpu_support(Install, bpy.types.Operator):
    """Installs the runtime for graphics cards."""

    bl_idname = "penumbra.install_gpu_support"
    bl_label = "Install GPU Support"
    bl_description = "Download the runtime for this machine's graphics card, next to the add-on. Captures become faster"

    kind = "gpu"
    package: EnumProperty(
        name="Package", description="What to install as GPU support", items=PACKAGES, options={"SKIP_SAVE"}
    )

    def choices(self) -> list[Package]:
        """The package that was named, or what serves this machine."""
        from ..packages.catalog import load_catalog  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..packages.choose import named  # noqa: PLC0415 - as above

        if self.package == "AUTO":
            return super().choices()
        return named(self.package.lower(), Packages.known().machine, load_catalog())


class PENUMBRA_OT_install_pytorch(Install, bpy.types.Operator):
    """Installs PyTorch."""

    bl_idname = "penumbra.install_pytorch"
    bl_label = "Install PyTorch"
    bl_description = "Download PyTorch, next to the add-on. Only the fit of quality Fine needs it"

    kind = "torch"


def sizes(choices: Sequence[Package]) -> str:
    """How much there is to download and to keep, in words; the last choice counts where it is larger."""
    from ..packages.catalog import size  # noqa: PLC0415 - as above

    words = rpt_("{download} to download, {disk} on disk")
    first, last = choices[0], choices[-1]
    text = words.format(download=size(first.bytes), disk=size(first.unpacked))
    if last.bytes <= 2 * first.bytes:
        return text
    larger = rpt_("{text}; where only the build for graphics cards is offered, {larger}")
    return larger.format(text=text, larger=words.format(download=size(last.bytes), disk=size(last.unpacked)))


def _install(folder: Path, choices: Sequence[Package]) -> Work[Outcome]:
    """Install, and find out what that changed. What Blender does not need to start loads here, on the work's thread."""
    from ..packages.activate import is_active  # noqa: PLC0415 - as above
    from ..packages.apart import examine_apart  # noqa: PLC0415
    from ..packages.install import install  # noqa: PLC0415

    package = yield from install(folder, choices)
    test = yield from examine_apart(folder)
    text = rpt_("{package} {version} is installed").format(package=package.label, version=package.version)
    if not is_active(package, folder):
        text = rpt_("{text}. Restart Blender to use it").format(text=text)
    return Outcome(text, test)
