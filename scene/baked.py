"""What an action remembers of the bake that made it, so that parts of it can be baked again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import bpy

from ..errors import RigError
from ..retarget.rig_map_files import parse_rig_map_text, rig_map_text
from .bake_settings import BakeSettings

_TAKE, _SETTINGS = "penumbra_take", "penumbra_settings"
# The setting that JSON cannot hold as it is.
_OWN_MAP = "own_map"


@dataclass(frozen=True, slots=True)
class Baked:
    """One bake: the action it made, the file of the take it was made of (None where that was never kept), its settings."""

    action: bpy.types.Action
    take: Path | None
    settings: BakeSettings


def remember(action: bpy.types.Action, take: Path | None, settings: BakeSettings) -> None:
    """Write on the action what made it, as custom properties, which are saved and copied with it."""
    action[_TAKE] = "" if take is None else str(take)
    table = asdict(replace(settings, own_map=None))
    if settings.own_map is not None:
        table[_OWN_MAP] = rig_map_text(settings.own_map)
    action[_SETTINGS] = json.dumps(table)


def baked_of(action: bpy.types.Action | None) -> Baked | None:
    """The bake that made the action; None where none did, or what it remembers is missing or damaged.

    Settings that another version wrote and this one does not know are left out, those that it lacks are the usual ones.
    """
    if action is None or not isinstance(text := action.get(_SETTINGS), str):
        return None
    try:
        settings = _settings(json.loads(text))
    except (ValueError, TypeError, RigError):
        return None
    take = action.get(_TAKE)
    return Baked(action, Path(take) if isinstance(take, str) and take else None, settings)


def _settings(table: Any) -> BakeSettings:
    """The settings in a table out of a file. Raises ValueError, TypeError or RigError where one is not what it must be."""
    if not isinstance(table, dict):
        raise TypeError("settings must be a table")
    hints = get_type_hints(BakeSettings)
    known = {field.name: table[field.name] for field in fields(BakeSettings) if table.get(field.name) is not None}
    own = known.pop(_OWN_MAP, None)
    for name, value in known.items():
        if not _is(value, hints[name]):
            raise TypeError(f"{name} cannot be {value!r}")
    return BakeSettings(**known, own_map=None if own is None else parse_rig_map_text(own))


def _is(value: Any, hint: Any) -> bool:
    """Whether a value from JSON fits a field: a plain type, one of several literals, or either or None."""
    if isinstance(hint, type):
        return type(value) is hint
    return any(value == choice if not isinstance(choice, type) else _is(value, choice) for choice in get_args(hint))
