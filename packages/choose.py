"""Which of the optional packages serve this machine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .catalog import Kind, Package, Wheel

# The machine's names, as Python gives them, and Blender's.
_SYSTEMS = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}
# How a wheel's name ends for each of Blender's platforms.
_ENDINGS = {"linux-x64": "_x86_64", "windows-x64": "win_amd64", "macos-arm64": "_arm64", "linux-arm64": "_aarch64"}
NVIDIA = "nvidia"


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides what can be installed.

    platform: as Blender names it, "linux-x64". python: tag of the running Python, "cp311". vendor: whose driver for graphics
    cards was found: "nvidia", or "" for none that would make a difference.
    """

    platform: str
    python: str
    vendor: str


def this_machine() -> Machine:
    """The machine that this runs on. Looks for files only; no driver is loaded."""
    system, machine = platform.system(), platform.machine()
    name = f"{_SYSTEMS.get(system, system.lower())}-{_MACHINES.get(machine, machine.lower())}"
    return Machine(name, python_tag(), NVIDIA if has_nvidia_driver() else "")


def python_tag() -> str:
    """Tag of the running Python, as the names of wheels have it."""
    return f"cp{sys.version_info.major}{sys.version_info.minor}"


def has_nvidia_driver() -> bool:
    """Whether a driver by NVIDIA is installed."""
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").is_file()
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def options(kind: Kind, machine: Machine, catalog: Sequence[Package]) -> list[Package]:
    """The packages of a kind that serve the machine, with the wheels for it alone, the first choice first."""
    found = []
    for package in catalog:
        wheels = tuple(wheel for wheel in package.wheels if fits(wheel, machine))
        served = any(wheel.distribution == package.main for wheel in wheels)
        if package.kind == kind and package.vendor in {"any", machine.vendor} and served:
            found.append(replace(package, wheels=wheels))
    return found


def named(name: str, machine: Machine, catalog: Sequence[Package]) -> list[Package]:
    """The package of this name, where the machine's platform and Python are served, whatever its graphics card."""
    return [
        package
        for listed in catalog
        if listed.name == name
        for package in options(listed.kind, replace(machine, vendor=listed.vendor), [listed])
    ]


def fits(wheel: Wheel, machine: Machine) -> bool:
    """Whether a wheel is for the machine's Python and platform, by its name."""
    python, abi, platforms = wheel.file.removesuffix(".whl").split("-")[-3:]
    right_python = python == machine.python or abi in {"abi3", "none"}
    return right_python and (platforms == "any" or platforms.endswith(_ENDINGS.get(machine.platform, "?")))


def why_none(kind: Kind, machine: Machine) -> str:
    """Why there is nothing to install, as the words that a button shows."""
    if kind == "gpu" and machine.platform.startswith("macos"):
        return "Nothing to install: Core ML is part of the add-on"
    if kind == "gpu" and machine.platform == "linux-x64" and machine.vendor != NVIDIA:
        return "No driver by NVIDIA was found, and there is no GPU support for other graphics cards on Linux"
    return (
        f"There is no package for {machine.platform} with Python {machine.python.removeprefix('cp3').join(['3.', ''])}"
    )
