"""Rig maps as data: one TOML table for each rig family in `rig_maps/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..models.skeletons import BONE_NAMES

REQUIRED = (
    "hips", "spine", "head",
    "upper_arm.L", "forearm.L", "upper_arm.R", "forearm.R",
    "thigh.L", "shin.L", "thigh.R", "shin.R",
)  # fmt: skip
DIGITS = ("thumb", "index", "middle", "ring", "pinky")
SIDES = ("L", "R")
FINGERS = tuple(f"{digit}.{side}" for side in SIDES for digit in DIGITS)
"""The fingers that a rig map may name."""
LIMBS = tuple(f"{limb}.{side}" for limb in ("arm", "leg") for side in SIDES)
"""The limbs that a rig map may name inverse kinematics of."""
STRUCTURE = "structure"
"""The name of a rig map found by structure, which no table has."""
_FOLDER = Path(__file__).parent / "rig_maps"
_LABEL = re.compile(r'^label = "([^"\\]+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RigProperty:
    """A custom property of a control rig's bone: its value while limbs are keyed in FK, and in IK (None: the same)."""

    bone: str
    name: str
    fk: float
    ik: float | None = None


@dataclass(frozen=True, slots=True)
class IkLimb:
    """The control bones that a limb's end and its pole are keyed on; a pole may be missing."""

    goal: str
    pole: str | None = None


@dataclass(frozen=True, slots=True)
class RigMap:
    """One rig family.

    bones: for each product bone the target bones that share its bend, from the root outward; those of a chain that an
    armature lacks are passed over, so that a chain may also name what several versions of a family call one bone. ends:
    target bones whose heads lie, on average, where the product bone ends; a hand's run from the index finger to the
    little finger, so that they also tell how it is turned. prefix: a regular expression; what it matches at the beginning
    of a bone's name is ignored. fingers: phalanges of `FINGERS` from the knuckle outward, without metacarpals. properties:
    what a control rig's switches need. ik: the controls of `LIMBS` that have some. controls: the bones are controls that
    constraints carry, so that their parents do not tell what they hang on.
    """

    name: str
    label: str
    bones: Mapping[str, tuple[str, ...]]
    ends: Mapping[str, tuple[str, ...]]
    prefix: str
    fingers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    properties: tuple[RigProperty, ...] = ()
    ik: Mapping[str, IkLimb] = field(default_factory=dict)
    controls: bool = False


def rig_map_labels() -> dict[str, str]:
    """Label of each rig map by its name, in the order of `load_rig_maps`, of which this is the part that takes no time."""
    found = ((path.stem, _LABEL.search(path.read_text(encoding="utf-8"))) for path in sorted(_FOLDER.glob("*.toml")))
    return {name: label[1] for name, label in found if label}


@cache
def load_rig_maps() -> tuple[RigMap, ...]:
    """The rig maps that there are, by name. Raises ValueError, naming the file, when one is not well-formed."""
    return tuple(parse_rig_map(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.toml")))


def parse_rig_map(name: str, text: str) -> RigMap:
    """The rig map that TOML `text` describes. Raises ValueError when it is not well-formed.

    A key without a side, such as `upper_arm` or `index`, stands for both sides; {side} in its names is replaced by the
    two words of `sides`.
    """
    import tomllib  # noqa: PLC0415 - not needed for the maps' labels, which are all that Blender needs when it starts

    try:
        table = tomllib.loads(text)
        sides = _sides(table.pop("sides", []))
        rig_map = RigMap(
            name=name,
            label=table.pop("label"),
            bones=_chains(table.pop("bones"), BONE_NAMES, "product bone", sides),
            ends=_chains(table.pop("ends", {}), BONE_NAMES, "product bone", sides),
            prefix=re.compile(table.pop("prefix", "")).pattern,
            fingers=_chains(table.pop("fingers", {}), FINGERS, "finger", sides),
            properties=tuple(_properties(table.pop("properties", []), sides)),
            ik=_limbs(table.pop("ik", {}), sides),
            controls=table.pop("controls", False),
        )
    except (KeyError, TypeError, AttributeError, ValueError, re.error) as error:
        raise ValueError(f'The rig map "{name}" is not well-formed: {error!r}.') from error
    missing = [bone for bone in REQUIRED if bone not in rig_map.bones]
    if table or missing:
        raise ValueError(f'The rig map "{name}" has unknown keys {sorted(table)} or lacks the bones {missing}.')
    named = [bone for chains in (rig_map.bones, rig_map.fingers) for chain in chains.values() for bone in chain]
    twice = sorted({bone for bone in named if named.count(bone) > 1})
    if twice:
        raise ValueError(f'The rig map "{name}" names bones twice: {", ".join(twice)}.')
    return rig_map


def _sides(words: Any) -> tuple[str, ...]:
    if not isinstance(words, list) or len(words) not in {0, len(SIDES)}:
        raise TypeError("sides must be two words")
    return tuple(words)


def _chains(table: Any, known: Iterable[str], kind: str, sides: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The table with every key that stands for both sides written out."""
    found: dict[str, tuple[str, ...]] = {}
    for bone, names in table.items():
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{bone} must be a list of names")
        if bone in known:
            found[bone] = tuple(names)
        elif sides and f"{bone}.L" in known:
            for side, word in zip(SIDES, sides, strict=True):
                found[f"{bone}.{side}"] = tuple(name.replace("{side}", word) for name in names)
        else:
            raise ValueError(f"there is no {kind} {bone}")
    return found


def _properties(items: list[dict[str, Any]], sides: tuple[str, ...]) -> Iterable[RigProperty]:
    for item in items:
        for word in sides if "{side}" in item["bone"] + item["name"] else ("",):
            names = {key: item[key].replace("{side}", word) for key in ("bone", "name")}
            yield RigProperty(**{**item, **names})


def _limbs(table: dict[str, dict[str, str]], sides: tuple[str, ...]) -> dict[str, IkLimb]:
    found: dict[str, IkLimb] = {}
    for limb, names in table.items():
        for side, word in zip(SIDES, sides, strict=True):
            if f"{limb}.{side}" not in LIMBS:
                raise ValueError(f"there is no limb {limb}")
            found[f"{limb}.{side}"] = IkLimb(**{key: bone.replace("{side}", word) for key, bone in names.items()})
    return found
