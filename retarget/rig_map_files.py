"""A user's rig maps as JSON files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import RigError, WriteError
from ..models.skeletons import BONE_NAMES
from .rig_map_table import FINGERS, LIMBS, IkLimb, RigMap, RigProperty
from .target import TargetRest

FORMAT = "penumbra rig map"
VERSION = 1
SUFFIX = ".json"


def rig_map_text(rig_map: RigMap) -> str:
    """The map as JSON."""
    table = {key: value for key, value in asdict(rig_map).items() if value or key in {"name", "label", "bones"}}
    return json.dumps({"format": FORMAT, "version": VERSION, **table}, indent=2, ensure_ascii=False) + "\n"


def parse_rig_map_text(text: str, origin: str = "The text") -> RigMap:
    """The map that JSON `text` holds; it need not be complete. Raises RigError, beginning with `origin`, when it is none."""
    try:
        table = json.loads(text)
    except ValueError as error:
        raise RigError(f"{origin} is not a rig map: it is not JSON. Choose a file that Save Rig Map wrote.") from error
    if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
        raise RigError(f"{origin} is not a rig map. Choose a file that Save Rig Map wrote.")
    version = table.pop("version", None)
    if version != VERSION:
        raise RigError(
            f"{origin} is a rig map of version {version}, and this Penumbra reads {VERSION}. Update Penumbra."
        )
    try:
        return RigMap(
            name=str(table["name"]),
            label=str(table["label"]),
            bones=_chains(table["bones"], BONE_NAMES),
            ends=_chains(table.get("ends", {}), BONE_NAMES),
            prefix="",
            fingers=_chains(table.get("fingers", {}), FINGERS),
            properties=tuple(RigProperty(**item) for item in table.get("properties", [])),
            ik={_known(limb, LIMBS): IkLimb(**names) for limb, names in table.get("ik", {}).items()},
            controls=bool(table.get("controls", False)),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RigError(
            f"{origin} is a damaged rig map ({error}). Save it again from the Rig Map panel, or mend it in a text editor."
        ) from error


def save_rig_map(rig_map: RigMap, path: Path) -> None:
    """Write the map to a file. Raises WriteError when that cannot be done."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        draft.write_text(rig_map_text(rig_map), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error


def load_rig_map(path: Path) -> RigMap:
    """The map that a file holds. Raises RigError when there is none in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RigError(f"{path} is not a rig map: it is not text. Choose a file that Save Rig Map wrote.") from error
    except OSError as error:
        raise RigError(f"{path} cannot be read: {error.strerror}. Choose another file.") from error
    return parse_rig_map_text(text, str(path))


def check_rig(rig_map: RigMap, target: TargetRest) -> None:
    """Raise RigError, naming the bones, when the map is for another rig: when it names bones that the armature lacks."""
    named = {
        bone for chains in (rig_map.bones, rig_map.ends, rig_map.fingers) for chain in chains.values() for bone in chain
    }
    lacking = sorted(named - set(target.bones))
    if lacking:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise RigError(
            f'The rig map "{rig_map.label}" is for another rig: "{target.name}" has no {shown}. Choose the map of this rig, '
            "or guess one."
        )


def _chains(table: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    for names in table.values():
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise TypeError("bones must be lists of names")
    return {_known(part, known): tuple(names) for part, names in table.items()}


def _known(part: str, known: tuple[str, ...]) -> str:
    if part not in known:
        raise ValueError(f"there is no {part}")
    return part
