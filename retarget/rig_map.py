"""Rig maps: which bones of an armature follow which bones of the product's rig, one TOML file a rig family."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import RigError
from ..models.skeletons import BONE_NAMES, BONES
from .body import body_basis, body_joints
from .target import TargetRest

REQUIRED = (
    "hips", "spine", "head",
    "upper_arm.L", "forearm.L", "upper_arm.R", "forearm.R",
    "thigh.L", "shin.L", "thigh.R", "shin.R",
)  # fmt: skip
_FOLDER = Path(__file__).parent / "rig_maps"
_PARENT_OF = {bone.name: bone.parent for bone in BONES}


@dataclass(frozen=True, slots=True)
class RigMap:
    """One rig family.

    bones: for each product bone the target bones that share its bend, from the root outward; those of a chain that an
    armature lacks are passed over. ends: target bones whose heads lie, on average, where the product bone ends; a
    hand's run from the index finger to the little finger, so that they also tell how it is turned. prefix: a regular
    expression; what it matches at the beginning of a bone's name is ignored.
    """

    name: str
    label: str
    bones: Mapping[str, tuple[str, ...]]
    ends: Mapping[str, tuple[str, ...]]
    prefix: str


@dataclass(frozen=True, slots=True)
class RigFit:
    """A rig map on one armature: indices into `TargetRest.bones`; product bones that have none are left out."""

    rig_map: RigMap
    chains: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, tuple[int, ...]]

    def parent_of(self, bone: str) -> str | None:
        """The nearest product bone above `bone` that has target bones."""
        parent = _PARENT_OF[bone]
        while parent is not None and parent not in self.chains:
            parent = _PARENT_OF[parent]
        return parent


def load_rig_maps() -> tuple[RigMap, ...]:
    """The rig maps that there are, by name. Raises ValueError, naming the file, when one is not well-formed."""
    return tuple(parse_rig_map(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.toml")))


def parse_rig_map(name: str, text: str) -> RigMap:
    """The rig map that TOML `text` describes. Raises ValueError when it is not well-formed."""
    try:
        table = tomllib.loads(text)
        rig_map = RigMap(
            name=name,
            label=table.pop("label"),
            bones=_chains(table.pop("bones")),
            ends=_chains(table.pop("ends", {})),
            prefix=re.compile(table.pop("prefix", "")).pattern,
        )
    except (KeyError, TypeError, AttributeError, ValueError, re.error) as error:
        raise ValueError(f'The rig map "{name}" is not well-formed: {error!r}.') from error
    missing = [bone for bone in REQUIRED if bone not in rig_map.bones]
    if table or missing:
        raise ValueError(f'The rig map "{name}" has unknown keys {sorted(table)} or lacks the bones {missing}.')
    return rig_map


def choose_rig_map(target: TargetRest, name: str | None = None) -> RigFit:
    """The rig map called `name`, or the one that covers most of the armature's bones, fitted to the armature.

    Raises RigError when there is none of that name, none fits, or the armature's left and right are swapped.
    """
    rig_maps = load_rig_maps()
    if name is not None:
        rig_maps = tuple(rig_map for rig_map in rig_maps if rig_map.name == name)
        if not rig_maps:
            known = ", ".join(rig_map.name for rig_map in load_rig_maps())
            raise RigError(f'There is no rig map "{name}". Choose one of: {known}.')
    candidates = [_fit(rig_map, target) for rig_map in rig_maps]
    fits = [fit for fit in candidates if not _problems(fit, target)]
    if not fits:
        raise RigError(_why_none_fits(candidates, target))
    best = max(fits, key=_coverage)
    body_basis(target.name, body_joints(target, best.chains, best.ends))
    return best


def _chains(table: Any) -> dict[str, tuple[str, ...]]:
    for bone, names in table.items():
        if bone not in BONE_NAMES:
            raise ValueError(f"there is no product bone {bone}")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{bone} must be a list of names")
    return {bone: tuple(names) for bone, names in table.items()}


def _fit(rig_map: RigMap, target: TargetRest) -> RigFit:
    prefix = re.compile(rig_map.prefix)
    index = {prefix.sub("", name, count=1) if prefix.match(name) else name: i for i, name in enumerate(target.bones)}

    def found(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
        there = {bone: tuple(index[name] for name in names if name in index) for bone, names in table.items()}
        return {bone: indices for bone, indices in there.items() if indices}

    return RigFit(rig_map, found(rig_map.bones), found(rig_map.ends))


def _coverage(fit: RigFit) -> tuple[int, int]:
    """More mapped bones first, then fewer that the map names in vain."""
    mapped = sum(map(len, fit.chains.values()))
    return mapped, mapped - sum(map(len, fit.rig_map.bones.values()))


def _problems(fit: RigFit, target: TargetRest) -> list[str]:
    """Why the map does not fit, as sentence fragments; none when it fits."""
    missing = [" or ".join(fit.rig_map.bones[bone]) for bone in REQUIRED if bone not in fit.chains]
    if missing:
        return [f"it has no {', no '.join(missing)}"]
    problems = []
    for bone, chain in fit.chains.items():
        parent = fit.parent_of(bone)
        above = (*(fit.chains[parent][-1:] if parent is not None else ()), *chain)
        for upper, lower in pairwise(above):
            if upper not in target.ancestors(lower):
                problems.append(f"{target.bones[lower]} does not hang below {target.bones[upper]}")
    return problems


def _why_none_fits(candidates: list[RigFit], target: TargetRest) -> str:
    nearest = max(candidates, key=_coverage)
    if len(candidates) == 1:
        start = f'The rig map "{nearest.rig_map.name}" does not fit the armature "{target.name}"'
        nearest_start = ""
    else:
        start = f'No rig map fits the armature "{target.name}"'
        nearest_start = f'for "{nearest.rig_map.name}" '
    problem = _problems(nearest, target)[0]
    return f"{start}: {nearest_start}{problem}. Choose another armature, or let Penumbra make a new one."
