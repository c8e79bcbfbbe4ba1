"""Reads every clip of a folder of motion into canonical form, with a report of what was left out and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import PenumbraError, SetupError, TrainingDataError
from ...inference.progress import Progress, Work
from ..clips import Clip
from .amc import read_amc
from .blender import SUFFIXES, read_with_blender
from .bvh import read_bvh
from .canonical import Canonical, canonical
from .catalogue import Facts, facts_of
from .checks import CheckSettings, find_fault
from .expmap import is_expmap, read_expmap
from .source import SourceMotion

_READERS: dict[str, Callable[[Path], SourceMotion]] = {".bvh": read_bvh, ".amc": read_amc, ".txt": read_expmap}

Found = tuple[str, SourceMotion] | str
"""A motion with the name of its action (empty where a file holds one), or a sentence why there is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the report.

    name: the clip's path in the folder. fault: why it was left out; empty where it was kept. family: of its joint
    names. error: metres between the product's form and the source's own joints, mean. mended: turns interpolated.
    """

    name: str
    facts: Facts
    family: str
    frames: int
    error: float
    fault: str
    mended: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """The clips of a folder in the order of their names, and a line on each file that holds or should hold motion."""

    clips: list[Clip]
    entries: list[Entry]


def collect(folder: Path, settings: CheckSettings | None = None) -> Work[Collected]:
    """Read all motion under `folder`; yields progress by file.

    Raises TrainingDataError where the folder is none, holds no file that can be motion, or no clip of it can be used.
    """
    settings = settings or CheckSettings()
    if not folder.is_dir():
        raise TrainingDataError(f'"{folder}" is no folder. Choose the folder that holds the motion files.')
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and _is_motion(path))
    if not paths:
        kinds = "BVH, AMC with ASF, FBX, .blend or exponential map files"
        raise TrainingDataError(f'"{folder}" holds no motion that can be read. Choose a folder with {kinds}.')
    clips: list[Clip] = []
    entries: list[Entry] = []
    seen: dict[tuple[str, str], str] = {}
    for done, (path, found) in enumerate(_read(paths)):
        relative = path.relative_to(folder).as_posix()
        yield Progress("read", done, len(paths), relative)
        for one in found:
            clip, entry = _entry(relative, one, settings, seen)
            entries.append(entry)
            if clip is not None:
                clips.append(clip)
    if not clips:
        faults = "; ".join(sorted({entry.fault for entry in entries})[:3])
        raise TrainingDataError(f'No clip in "{folder}" can be used. {faults}')
    yield Progress("read", len(paths), len(paths), f"{len(clips)} clips")
    return Collected(clips, entries)


def _is_motion(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix in _READERS and (suffix != ".txt" or is_expmap(path)))


def _read(paths: list[Path]) -> Iterator[tuple[Path, list[Found]]]:
    """The motions of each file, in the order of `paths`; Blender's files are read at once, before the first of them."""
    for_blender = [path for path in paths if path.suffix.lower() in SUFFIXES]
    answers: dict[Path, list[tuple[str, SourceMotion]] | str] | None = None
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            yield path, [_read_one(path)]
            continue
        if answers is None:
            answers = _with_blender(for_blender)
        answer = answers[path]
        yield path, [answer] if isinstance(answer, str) else [*answer] or ["It holds no action that moves an armature."]


def _read_one(path: Path) -> Found:
    try:
        return "", _READERS[path.suffix.lower()](path)
    except (TrainingDataError, OSError) as error:
        return str(error)


def _with_blender(paths: list[Path]) -> dict[Path, list[tuple[str, SourceMotion]] | str]:
    """The answers of Blender's module; without it the files are left out, and the report says so."""
    try:
        return read_with_blender(paths)
    except SetupError as error:
        return dict.fromkeys(paths, str(error))


def _entry(
    relative: str, found: Found, settings: CheckSettings, seen: dict[tuple[str, str], str]
) -> tuple[Clip | None, Entry]:
    """The clip, or None where it is left out, and its line in the report."""
    facts = facts_of(relative)
    if isinstance(found, str):
        return None, Entry(relative, facts, "", 0, 0.0, found)
    action, motion = found
    name = f"{relative}:{action}" if action else relative
    try:
        form = canonical(motion)
    except PenumbraError as error:
        return None, Entry(name, facts, "", len(motion), 0.0, str(error))
    key = (facts.subject, facts.trial or name)
    fault = find_fault(form, settings) or (f"It is the same recording as {seen[key]}." if key in seen else "")
    entry = Entry(name, facts, form.family, len(form.root), form.error, fault, form.mended)
    if fault:
        return None, entry
    seen[key] = name
    return _clip(name, facts, form), entry


def _clip(name: str, facts: Facts, form: Canonical) -> Clip:
    return Clip(
        name,
        facts.source,
        facts.subject,
        facts.action,
        facts.licence,
        form.rotations.astype(np.float32),
        form.root.astype(np.float32),
        form.offsets.astype(np.float32),
    )
