"""The part of the preferences on what is installed beside the add-on, and what was found to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..operators.packages_install import sizes
from ..operators.packages_run import Packages
from .wrapped import draw_sentence

if TYPE_CHECKING:
    from ..packages.catalog import Kind
    from ..packages.self_test import SelfTest

_NAMES: dict[Kind, str] = {"gpu": "gpu_support", "torch": "pytorch"}


def draw_packages(
    layout: bpy.types.UILayout, context: bpy.types.Context, preferences: bpy.types.AddonPreferences
) -> None:
    """A box for each package, and what runs."""
    box = layout.box()
    box.label(text="GPU Support")
    draw_package(box, context, "gpu", preferences)
    box = layout.box()
    box.label(text="PyTorch")
    draw_package(box, context, "torch", preferences)
    draw_run(layout, context)


def draw_package(
    layout: bpy.types.UILayout, context: bpy.types.Context, kind: Kind, preferences: bpy.types.AddonPreferences
) -> None:
    """What is installed of a kind, or how large it is, and its buttons."""
    from ..packages.catalog import size  # noqa: PLC0415 - loads when it is used, not when Blender starts

    known = Packages.known()
    package, choices = known.installed[kind], known.choices[kind]
    if package is not None:
        row = layout.row()
        text = f"{package.label} {package.version}, {size(package.bytes)}"
        row.label(text=text, translate=False, icon="ERROR" if package.broken else "CHECKMARK")
        buttons = row.row(align=True)
        buttons.operator(f"penumbra.repair_{_NAMES[kind]}", text="Repair")
        buttons.operator(f"penumbra.remove_{_NAMES[kind]}", text="Remove")
        if package.broken:
            words = iface_("It is not used: {reason}").format(reason=package.broken)
            draw_sentence(layout, context, words, "BLANK1")
        return
    if kind == "gpu" and len(choices) > 1:
        layout.prop(preferences, "gpu_package")
    draw_sentence(layout, context, sizes(choices) if choices else iface_(known.why_none[kind]))
    row = layout.row()
    if kind == "gpu":
        row.operator("penumbra.install_gpu_support").package = preferences.gpu_package if len(choices) > 1 else "AUTO"
    else:
        row.operator("penumbra.install_pytorch")


def draw_run(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The progress of what runs, or what it came to."""
    run, outcome = Packages.run, Packages.outcome
    if run is not None:
        row = layout.row()
        row.progress(text=run.text, factor=run.fraction, translate=False)
        row.operator("penumbra.cancel_packages", text="", icon="CANCEL")
    elif outcome is not None and outcome.shown:
        draw_sentence(layout, context, outcome.text, "ERROR" if outcome.failed else "INFO")


def draw_test(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The button that finds out what works, and what it found."""
    box = layout.box()
    row = box.row()
    row.label(text="What Is Used")
    row.operator("penumbra.test_packages")
    test = Packages.test
    if test is None:
        box.label(text="Test to see what the networks run on here")
        return
    column = box.column(align=True)
    runtime = test.library("onnxruntime")
    if runtime is not None and not runtime.error:
        column.label(text=f"ONNX Runtime {runtime.version}", translate=False, icon="BLANK1")
    for provider in test.providers:
        if provider.loads:
            words = iface_("{provider}: {milliseconds} ms a picture").format(
                provider=provider.label, milliseconds=f"{provider.milliseconds:.0f}"
            )
            if provider is test.used:
                words = iface_("{text}, in use").format(text=words)
            column.label(text=words, translate=False, icon="CHECKMARK")
        elif provider.built_in:
            words = iface_("{provider} does not load: {reason}")
            draw_sentence(column, context, words.format(provider=provider.label, reason=provider.reason), "X")
    if test.torch is not None:
        torch = test.torch
        icon = "X" if torch.error else "CHECKMARK"
        draw_sentence(column, context, f"PyTorch {torch.version or torch.error}", icon)


def does_not_load(test: SelfTest | None, provider: str) -> str:
    """Why the chosen provider does not load, by the last test; "" where it does or nothing is known."""
    if test is None:
        return ""
    return next((one.reason for one in test.providers if one.name == provider.lower() and not one.loads), "")
