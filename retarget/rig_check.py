"""What is wrong with a rig map on an armature, as sentences for whoever maps by hand."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import RigError
from .body import body_basis, body_joints
from .rig_map import RigFit, fit_rig_map, misfits
from .rig_map_table import REQUIRED, RigMap
from .target import TargetRest

_SIDES = {"L": "left ", "R": "right "}


def spoken(part: str) -> str:
    """A product bone or finger as people call it: "left upper arm"; digits are fingers."""
    kind, _, side = part.partition(".")
    digits = {digit: f"{digit} finger" for digit in ("index", "middle", "ring")} | {"pinky": "little finger"}
    return _SIDES.get(side, "") + digits.get(kind, kind.replace("_", " "))


def check_rig_map(rig_map: RigMap, target: TargetRest) -> tuple[str, ...]:
    """What is missing, names no bone, is used twice, hangs in the wrong order or has its sides swapped; nothing when all is well."""
    found = [f"No bone is chosen for the {spoken(part)}." for part in REQUIRED if not rig_map.bones.get(part)]
    found += _unknown(rig_map, target)
    found += _doubled(rig_map)
    if found:
        return tuple(found)
    fit = fit_rig_map(rig_map, target)
    found = [f"{problem[0].upper()}{problem[1:]}." for problem in misfits(fit, target)]
    found += _strange_fingers(fit, target)
    if not found:
        try:
            body_basis(target.name, body_joints(target, fit.chains, fit.ends))
        except RigError as error:
            found.append(str(error))
    return tuple(found)


def _parts(rig_map: RigMap) -> dict[str, tuple[str, ...]]:
    return {**rig_map.bones, **rig_map.fingers}


def _unknown(rig_map: RigMap, target: TargetRest) -> list[str]:
    def lacking(table: Mapping[str, tuple[str, ...]], words: str) -> list[str]:
        return [
            f'"{target.name}" has no bone "{bone}", which is chosen for {words}{spoken(part)}.'
            for part, chain in table.items()
            for bone in chain
            if bone not in target.bones
        ]

    return lacking(_parts(rig_map), "the ") + lacking(rig_map.ends, "the end of the ")


def _doubled(rig_map: RigMap) -> list[str]:
    used: dict[str, list[str]] = {}
    for part, chain in _parts(rig_map).items():
        for bone in chain:
            used.setdefault(bone, []).append(spoken(part))
    return [f'"{bone}" is used more than once: {", ".join(parts)}.' for bone, parts in used.items() if len(parts) > 1]


def _strange_fingers(fit: RigFit, target: TargetRest) -> list[str]:
    """Fingers that hang on another hand; those of controls may hang anywhere."""
    found = []
    for part, chain in fit.fingers.items():
        hand = fit.chains.get(f"hand.{part[-1]}")
        if hand is not None and not fit.rig_map.controls and hand[-1] not in target.ancestors(chain[0]):
            found.append(
                f"{target.bones[chain[0]]}, of the {spoken(part)}, does not hang below {target.bones[hand[-1]]}."
            )
    return found
