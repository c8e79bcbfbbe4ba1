"""The packed data file: every clip of a motion folder in one compressed file, with a manifest of where it is from.

The file is a numpy archive: `manifest` (JSON as bytes), `rotations` `[N, 18, 4]` int16 (a component times 32767), `root`
`[N, 3]` float32 and `offsets` `[C, 30, 3]` float32, N frames of C clips one after the other. The same clips always give
the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import TrainingDataError
from ...inference import rotations as rot
from ...models.skeletons import BONE_NAMES, JOINTS
from ..clips import RATE, Clip
from ..files import replace_file
from .catalogue import licences
from .folder import Collected

VERSION = 1
_SCALE = 32767.0
_FACTS = ("name", "source", "subject", "action", "licence")


def write_clips(path: Path, collected: Collected) -> dict[str, Any]:
    """Write the clips to `path` and return the manifest. Raises TrainingDataError where the file cannot be written."""
    clips = collected.clips
    rotations = np.concatenate([np.round(clip.rotations * _SCALE).astype(np.int16) for clip in clips])
    root = np.concatenate([clip.root for clip in clips]).astype(np.float32)
    offsets = np.stack([clip.offsets for clip in clips]).astype(np.float32)
    manifest = {
        "version": VERSION,
        "rate": RATE,
        "bones": BONE_NAMES,
        "joints": JOINTS,
        "licences": {name: licences()[name] for name in sorted({clip.licence for clip in clips})},
        "sources": _sources(clips),
        "clips": [{**{fact: getattr(clip, fact) for fact in _FACTS}, "frames": len(clip)} for clip in clips],
        "rejected": [{"name": entry.name, "why": entry.fault} for entry in collected.entries if entry.fault],
        "sha256": _digest(rotations, root, offsets),
    }
    text = np.frombuffer(json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode(), dtype=np.uint8)
    memory = io.BytesIO()
    np.savez_compressed(memory, manifest=text, rotations=rotations, root=root, offsets=offsets)
    replace_file(path, memory.getvalue())
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a packed data file. Raises TrainingDataError as `read_clips` does."""
    return _load(path)[0]


def read_clips(path: Path) -> list[Clip]:
    """The clips of a packed data file.

    Raises TrainingDataError where the file is missing, damaged, or was written by another version.
    """
    manifest, arrays = _load(path)
    if _digest(arrays["rotations"], arrays["root"], arrays["offsets"]) != manifest["sha256"]:
        raise _damaged(path)
    rows = manifest["clips"]
    ends = np.cumsum([row["frames"] for row in rows])
    if len(rows) != len(arrays["offsets"]) or ends[-1] != len(arrays["root"]):
        raise _damaged(path)
    clips = []
    for row, end, offsets in zip(rows, ends, arrays["offsets"], strict=True):
        part = slice(int(end) - row["frames"], int(end))
        turns = rot.normalize(arrays["rotations"][part] / _SCALE).astype(np.float32)
        clips.append(
            Clip(**{fact: row[fact] for fact in _FACTS}, rotations=turns, root=arrays["root"][part], offsets=offsets)
        )
    return clips


def _load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not path.is_file():
        raise TrainingDataError(f'There is no data file "{path}". Pack a motion folder into one first.')
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        manifest = json.loads(arrays["manifest"].tobytes())
        version = manifest["version"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path) from error
    if version != VERSION:
        raise TrainingDataError(
            f'"{path}" is a data file of version {version}; this Penumbra reads version {VERSION}. Pack the motion again.'
        )
    if {"rotations", "root", "offsets"} - arrays.keys():
        raise _damaged(path)
    return manifest, arrays


def _damaged(path: Path) -> TrainingDataError:
    return TrainingDataError(f'"{path}" is damaged or no data file. Pack the motion again.')


def _digest(*arrays: np.ndarray) -> str:
    """SHA-256 over the arrays' shapes and little-endian content."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _sources(clips: list[Clip]) -> dict[str, dict[str, Any]]:
    """Per source: its licence, and how many clips, subjects and seconds it has."""
    table: dict[str, dict[str, Any]] = {}
    for source in sorted({clip.source for clip in clips}):
        own = [clip for clip in clips if clip.source == source]
        table[source] = {
            "licences": sorted({clip.licence for clip in own}),
            "clips": len(own),
            "subjects": len({clip.subject for clip in own}),
            "seconds": round(sum(map(len, own)) / RATE, 1),
        }
    return table
