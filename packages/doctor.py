"""Whether this machine can capture, and with what: everything that a question about an installation begins with.

`lines(examine(packages_folder(), other_folders()))` is what a command line prints, and `exit_code` what it ends with.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import SetupError
from ..inference.progress import Progress, Work, finish
from ..version import version
from .activate import is_active
from .apart import examine_apart
from .catalog import KINDS, size
from .install import verify
from .place import Installed, examined
from .self_test import SelfTest
from .weight_files import WeightFile, check_weights

# What a capture cannot do without, by module.
_NEEDED = ("numpy", "cv2", "av", "onnxruntime")
# Bytes on a disk below which a user should know.
_LITTLE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files go. name: what for. free: bytes on its disk. problem: why it cannot be written to, "" where it can."""

    name: str
    path: str
    free: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OptionalPackage:
    """A package that was installed by choice. whole: whether every file is as it was. active: whether this process uses it."""

    installed: Installed
    whole: bool
    active: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found, fit for JSON by `as_json`.

    addon, blender, python: versions; blender is "" outside of it. place: the add-on's folder. threads: of the processor, for this process.
    problems: sentences, each with what to do. can_capture: whether the button works.
    """

    addon: str
    place: str
    blender: str
    python: str
    platform: str
    threads: int
    test: SelfTest
    packages: tuple[OptionalPackage, ...]
    weights: tuple[WeightFile, ...]
    folders: tuple[Folder, ...]
    problems: tuple[str, ...]
    can_capture: bool

    @property
    def exit_code(self) -> int:
        """For a command line: 0 where a capture can be made, else that of a SetupError."""
        return 0 if self.can_capture else SetupError.exit_code

    def as_json(self) -> dict[str, Any]:
        """Everything in plain types, with the verdict."""
        used = self.test.used
        return {**asdict(self), "provider": None if used is None else used.name}


def examine(
    folder: Path,
    others: Mapping[str, Path] | None = None,
    *,
    blender: str = "",
    report: Callable[[Progress], None] | None = None,
) -> Diagnosis:
    """Look at everything, as `examining` does, and wait for it."""
    return finish(examining(folder, others, blender=blender), report)


def examining(folder: Path, others: Mapping[str, Path] | None = None, *, blender: str = "") -> Work[Diagnosis]:
    """Look at everything; takes some seconds. Nothing heavy is imported into this process, and no bpy.

    folder: that of the optional packages. others: further folders that are written to, by what they are for ("takes", "detections").
    blender: its version, "" outside of it.
    """
    test = yield from examine_apart(folder)
    packages = []
    for kind in KINDS:
        package = examined(folder, kind)
        if package is not None:
            whole = not (yield from verify(folder, kind))
            packages.append(OptionalPackage(package, whole, is_active(package, folder)))
    weights = yield from check_weights()
    folders = tuple(_folder(name, path) for name, path in {**(others or {}), "packages": folder}.items())
    can = _can_capture(test, weights)
    return Diagnosis(
        addon=version(),
        place=str(Path(__file__).resolve().parent.parent),
        blender=blender,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()}, {platform.machine()}",
        threads=_threads(),
        test=test,
        packages=tuple(packages),
        weights=weights,
        folders=folders,
        problems=tuple(_problems(test, packages, weights, folders)),
        can_capture=can,
    )


def lines(diagnosis: Diagnosis) -> list[str]:
    """The diagnosis for people, a line for each thing, the verdict last."""
    test = diagnosis.test
    said = [
        f"Penumbra {diagnosis.addon} in {diagnosis.place}",
        f"Blender {diagnosis.blender}" if diagnosis.blender else "Outside of Blender",
        f"Python {diagnosis.python} on {diagnosis.platform}, {diagnosis.threads} threads, {sys.executable}",
    ]
    for library in test.libraries:
        there = f"{library.version} in {library.place}" if not library.error else f"cannot be loaded: {library.error}"
        said.append(f"{library.label} {there}")
    said += [_package_line(package) for package in diagnosis.packages]
    said += provider_lines(test)
    if test.torch is not None:
        torch = test.torch
        said.append(
            f"PyTorch {torch.version} on the {test.device} in {torch.place}"
            if not torch.error
            else f"PyTorch: {torch.error}"
        )
    said += [
        f"Weights {weight.name}: {weight.state}, {weight.sha256[:12] or 'no hash'}" for weight in diagnosis.weights
    ]
    for folder in diagnosis.folders:
        state = folder.problem or f"writable, {size(folder.free)} free"
        said.append(f"Folder for {folder.name} {folder.path}: {state}")
    said += [f"Problem: {problem}" for problem in diagnosis.problems]
    said.append("Verdict: a capture can be made." if diagnosis.can_capture else "Verdict: no capture can be made yet.")
    return said


def provider_lines(test: SelfTest) -> list[str]:
    """What ONNX Runtime computes on, a line for each provider that is of interest here, and which one automatic choice takes."""
    said = []
    for provider in test.providers:
        if provider.loads:
            chosen = ", used by automatic choice as the first that loads" if provider is test.used else ""
            said.append(f"{provider.label} loads, {provider.milliseconds:.1f} ms a picture with {test.network}{chosen}")
        else:
            said.append(f"{provider.label} does not load: {provider.reason}")
    return said


def _package_line(package: OptionalPackage) -> str:
    one = package.installed
    state = "whole" if package.whole else "damaged"
    use = f"not used: {one.broken}" if one.broken else ("used" if package.active else "used after a restart")
    return f"{one.label} {one.version} is installed, {size(one.bytes)}, {state}, {use}"


def _can_capture(test: SelfTest, weights: tuple[WeightFile, ...]) -> bool:
    usable = all((found := test.library(module)) is not None and not found.error for module in _NEEDED)
    return usable and test.used is not None and all(weight.state == "ok" for weight in weights if weight.needed)


def _problems(
    test: SelfTest, packages: list[OptionalPackage], weights: tuple[WeightFile, ...], folders: tuple[Folder, ...]
) -> list[str]:
    said = [
        f"{library.label} cannot be loaded ({library.error}). Reinstall the extension from the zip for this platform."
        for library in test.libraries
        if library.error
    ]
    said += [f"{test.problem} Update the graphics driver, or remove GPU support."] if test.problem else []
    if test.used is None and not said:
        said.append("No provider of ONNX Runtime loads. Reinstall the extension.")
    if test.torch is not None and test.torch.error:
        said.append(f"PyTorch cannot be used ({test.torch.error}). Repair or remove it, or choose Draft for the fit.")
    for package in packages:
        if not package.whole:
            said.append(f"Files of {package.installed.label} are damaged. Press Repair in the preferences.")
        elif package.installed.broken:
            said.append(
                f"{package.installed.label} is not used ({package.installed.broken}). Remove it in the preferences."
            )
    said += [
        _gpu_problem(test, one.installed)
        for one in packages
        if one.installed.kind == "gpu" and not one.installed.broken
    ]
    bad = [weight for weight in weights if weight.state != "ok"]
    said += [f"The network weights {weight.name} are {weight.state}. Reinstall the extension." for weight in bad]
    for folder in folders:
        if folder.problem:
            said.append(f"The folder for {folder.name} {folder.path} {folder.problem}. Check your permissions.")
        elif folder.free < _LITTLE:
            said.append(f"The disk with {folder.path} has {size(folder.free)} left. Free some space.")
    return [sentence for sentence in said if sentence]


def _gpu_problem(test: SelfTest, package: Installed) -> str:
    """What is wrong where GPU support is there and nothing but the processor loads."""
    if any(provider.loads and provider.name != "cpu" for provider in test.providers):
        return ""
    label = package.label.rpartition(" ")[2]
    reason = next((one.reason for one in test.providers if one.label == label), "it was not tested")
    return f"{package.label} is installed, but {label} does not load ({reason}), so captures run on the processor. Update the graphics driver, or press Repair in the preferences."


def _folder(name: str, path: Path) -> Folder:
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Folder(name, str(path), free, f"cannot be written to ({error.strerror or error})")
    return Folder(name, str(path), free)


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
