"""Rig maps on an armature: which of its bones follow which bones of the product's rig."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ..errors import RigError
from ..models.skeletons import BONES
from .body import body_basis, body_joints
from .by_structure.mapping import map_by_structure
from .rig_map_table import REQUIRED, STRUCTURE, IkLimb, RigMap, RigProperty, load_rig_maps
from .target import TargetRest

_PARENT_OF = {bone.name: bone.parent for bone in BONES}


@dataclass(frozen=True, slots=True)
class RigFit:
    """A rig map on one armature: indices into `TargetRest.bones`; what the armature has no bones for is left out.

    chains and ends are by product bone, fingers by the names of `rig_map_table.FINGERS`, phalanges from the knuckle
    outward. ik: by `rig_map_table.LIMBS` the goal and the pole, None for one that is missing. properties: those whose bone
    is there; whether the bone has the property is not known here.
    """

    rig_map: RigMap
    chains: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, tuple[int, ...]]
    fingers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ik: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    properties: tuple[RigProperty, ...] = ()

    def parent_of(self, bone: str) -> str | None:
        """The nearest product bone above `bone` that has target bones."""
        parent = _PARENT_OF[bone]
        while parent is not None and parent not in self.chains:
            parent = _PARENT_OF[parent]
        return parent


def choose_rig_map(target: TargetRest, name: str | None = None, own: RigMap | None = None) -> RigFit:
    """The rig map to use on the armature, fitted to it.

    That is the user's `own`; or the one called `name`, where "structure" is a map found by structure alone; or that of the
    tables which covers most of the armature's bones, controls before the bones that they carry; or, when none fits, the
    one found by structure. Raises RigError when there is none of that name, none fits, or the armature's left and right are
    swapped.
    """
    fits = [own] if own is not None else _named(name)
    candidates = [fit_rig_map(rig_map, target) for rig_map in fits]
    if own is None and name == STRUCTURE:
        candidates = [fit_rig_map(map_by_structure(target), target)]
    fitting = [fit for fit in candidates if not misfits(fit, target)]
    if not fitting and own is None and name is None:
        fitting = [_by_structure(candidates, target)]
    if not fitting:
        raise RigError(
            f'The rig map "{candidates[0].rig_map.name}" does not fit the armature "{target.name}": '
            f"{misfits(candidates[0], target)[0]}. Choose another armature or rig map, or let Penumbra find the rig map."
        )
    best = max(fitting, key=_coverage)
    body_basis(target.name, body_joints(target, best.chains, best.ends))
    return best


def fit_rig_map(rig_map: RigMap, target: TargetRest) -> RigFit:
    """The map with the bones of the armature that it names, whether or not they suffice."""
    prefix = re.compile(rig_map.prefix)
    index = {prefix.sub("", name, count=1) if prefix.match(name) else name: i for i, name in enumerate(target.bones)}

    def found(table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
        there = {bone: tuple(index[name] for name in names if name in index) for bone, names in table.items()}
        return {bone: indices for bone, indices in there.items() if indices}

    return RigFit(
        rig_map=rig_map,
        chains=found(rig_map.bones),
        ends=found(rig_map.ends),
        fingers=found(rig_map.fingers),
        ik={limb: _controls(controls, index) for limb, controls in rig_map.ik.items() if controls.goal in index},
        properties=tuple(item for item in rig_map.properties if item.bone in index),
    )


def written_out(fit: RigFit, target: TargetRest) -> RigMap:
    """The fit's map with the names that its bones have on the armature, and nothing that the armature lacks."""

    def named(table: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
        return {part: tuple(target.bones[bone] for bone in chain) for part, chain in table.items()}

    return replace(
        fit.rig_map,
        bones=named(fit.chains),
        ends=named(fit.ends),
        fingers=named(fit.fingers),
        properties=fit.properties,
        ik={limb: controls for limb, controls in fit.rig_map.ik.items() if limb in fit.ik},
        prefix="",
    )


def misfits(fit: RigFit, target: TargetRest) -> list[str]:
    """Why the map does not fit, as fragments of sentences; none when it fits."""
    missing = [bone for bone in REQUIRED if bone not in fit.chains]
    if missing:
        wanted = [" or ".join(fit.rig_map.bones.get(bone, (f"bone for {bone}",))) for bone in missing]
        return [f"it has no {', no '.join(wanted)}"]
    problems = []
    for bone, chain in fit.chains.items():
        parent = fit.parent_of(bone)
        above = (*(fit.chains[parent][-1:] if parent is not None else ()), *chain)
        problems += [problem for upper, lower in pairwise(above) if (problem := _misplaced(upper, lower, fit, target))]
        problems += _strays(bone, fit, target)
    for chain in fit.fingers.values():
        problems += [problem for upper, lower in pairwise(chain) if (problem := _misplaced(upper, lower, fit, target))]
    return problems


def _strays(bone: str, fit: RigFit, target: TargetRest) -> list[str]:
    """What is wrong with the bones between a product bone and the one above it: none may belong to another."""
    parent = fit.parent_of(bone)
    if parent is None or fit.rig_map.controls:
        return []
    owners = {index: name for name, chain in fit.chains.items() for index in chain}
    between = target.ancestors(fit.chains[bone][0])
    if fit.chains[parent][-1] in between:
        between = between[: between.index(fit.chains[parent][-1])]
    start = target.bones[fit.chains[bone][0]]
    return [f"{start} hangs on {target.bones[one]}, which is the {owners[one]}" for one in between if one in owners]


def _named(name: str | None) -> list[RigMap]:
    rig_maps = load_rig_maps()
    if name is None:
        return list(rig_maps)
    chosen = [rig_map for rig_map in rig_maps if rig_map.name == name]
    if not chosen and name != STRUCTURE:
        known = ", ".join(rig_map.name for rig_map in rig_maps)
        raise RigError(f'There is no rig map "{name}". Choose one of: {known}, {STRUCTURE}.')
    return chosen


def _by_structure(candidates: list[RigFit], target: TargetRest) -> RigFit:
    try:
        fit = fit_rig_map(map_by_structure(target), target)
    except RigError as error:
        nearest = max(candidates, key=lambda fit: len(fit.chains))
        if len(nearest.chains) < len(REQUIRED) // 2:
            raise
        raise RigError(
            f'{error} The rig map "{nearest.rig_map.name}" comes nearest, but {misfits(nearest, target)[0]}.'
        ) from error
    problems = misfits(fit, target)
    if problems:
        raise RigError(
            f'No rig map fits the armature "{target.name}", and its structure is not clear: {problems[0]}. Choose another '
            "armature, map its bones by hand in the Rig Map panel, or let Penumbra make a new one."
        )
    return fit


def _controls(limb: IkLimb, index: Mapping[str, int]) -> tuple[int, int | None]:
    return index[limb.goal], index.get(limb.pole) if limb.pole is not None else None


def _coverage(fit: RigFit) -> tuple[bool, int, int, int]:
    """Controls first, then more mapped bones, then fewer that the map names in vain, then more fingers."""
    mapped = sum(map(len, fit.chains.values()))
    named = sum(map(len, fit.rig_map.bones.values()))
    return fit.rig_map.controls, mapped, mapped - named, sum(map(len, fit.fingers.values()))


def _misplaced(upper: int, lower: int, fit: RigFit, target: TargetRest) -> str | None:
    """What is wrong with the order of two bones; controls, which constraints carry, may hang anywhere but above."""
    if fit.rig_map.controls:
        wrong = lower == upper or lower in target.ancestors(upper)
    else:
        wrong = upper not in target.ancestors(lower)
    return f"{target.bones[lower]} does not hang below {target.bones[upper]}" if wrong else None
