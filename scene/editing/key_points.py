"""The keys of one f-curve as arrays: read whole, changed in numpy, and written back without touching the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...inference.progress import Progress, Work

# Every property of a key that can be set, with the count of its numbers and what it is stored as.
_PROPERTIES: Mapping[str, tuple[int, type]] = {
    "co": (2, np.float32),
    "handle_left": (2, np.float32),
    "handle_right": (2, np.float32),
    "handle_left_type": (1, np.int32),
    "handle_right_type": (1, np.int32),
    "interpolation": (1, np.int32),
    "easing": (1, np.int32),
    "type": (1, np.int32),
    "back": (1, np.float32),
    "amplitude": (1, np.float32),
    "period": (1, np.float32),
    "select_control_point": (1, np.bool_),
    "select_left_handle": (1, np.bool_),
    "select_right_handle": (1, np.bool_),
}
# Keys this near in frames are at the same frame.
NEAR = 1e-3


@dataclass(frozen=True, slots=True)
class Keys:
    """K keys in the order of their frames: every property of Blender's keyframes, `[K]` or `[K, 2]`, by its name."""

    values: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Count of keys."""
        return len(self.values["co"])

    @property
    def frames(self) -> np.ndarray:
        """`[K]` frames, which need not be whole."""
        return self.values["co"][:, 0].astype(float)

    def taken(self, which: np.ndarray) -> Keys:
        """The keys at `which`, indices or a mask."""
        return Keys({name: array[which] for name, array in self.values.items()})


def enum_number(name: str, item: str) -> int:
    """The number behind an item of a key's enumeration, which arrays of keys hold."""
    return bpy.types.Keyframe.bl_rna.properties[name].enum_items[item].value


def read_keys(fcurve: bpy.types.FCurve) -> Keys:
    """All keys of the f-curve."""
    points = fcurve.keyframe_points
    values = {}
    for name, (size, kind) in _PROPERTIES.items():
        flat = np.empty(size * len(points), dtype=kind)
        points.foreach_get(name, flat)
        values[name] = flat.reshape(-1, size) if size > 1 else flat
    return Keys(values)


def write_keys(fcurve: bpy.types.FCurve, keys: Keys) -> None:
    """Make `keys` all the keys of the f-curve. Automatic handles are laid anew, all others stay to the bit."""
    points = fcurve.keyframe_points
    points.clear()
    points.add(len(keys))
    for name in _PROPERTIES:
        points.foreach_set(name, np.ascontiguousarray(keys.values[name]).ravel())
    fcurve.update()
    _keep_free_handles(points, keys)


def write_all(there: Sequence[tuple[bpy.types.FCurve, Keys]]) -> Work[None]:
    """`write_keys` for many f-curves, one a step. Closing the work gives back the keys of those that were written."""
    earlier = []
    try:
        for number, (fcurve, keys) in enumerate(there):
            yield Progress("write", number, len(there), "Writing the keys")
            earlier.append((fcurve, read_keys(fcurve)))
            write_keys(fcurve, keys)
    except BaseException:
        for fcurve, keys in reversed(earlier):
            write_keys(fcurve, keys)
        raise


def new_keys(frames: np.ndarray, values: np.ndarray, interpolation: str = "BEZIER") -> Keys:
    """Keys `[K]` with automatic clamped handles and everything else as Blender makes it."""
    count = len(frames)
    places = np.stack([frames, values], axis=1).astype(np.float32)
    made = {name: np.zeros((count, size) if size > 1 else count, kind) for name, (size, kind) in _PROPERTIES.items()}
    made |= {"co": places, "handle_left": places.copy(), "handle_right": places.copy()}
    for side in ("left", "right"):
        made[f"handle_{side}_type"][:] = enum_number(f"handle_{side}_type", "AUTO_CLAMPED")
    made["interpolation"][:] = enum_number("interpolation", interpolation)
    made["back"][:], made["amplitude"][:], made["period"][:] = 1.70158, 0.8, 4.1
    return Keys(made)


def joined(*parts: Keys) -> Keys:
    """All keys of `parts`, in the order of their frames."""
    together = Keys({name: np.concatenate([part.values[name] for part in parts]) for name in _PROPERTIES})
    return together.taken(np.argsort(together.frames, kind="stable"))


def sampled(fcurve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    """`[T]` values at `frames`, as Blender evaluates the f-curve; quick where there are keys."""
    points = fcurve.keyframe_points
    flat = np.empty(2 * len(points), dtype=np.float32)
    points.foreach_get("co", flat)
    keys = flat.reshape(-1, 2).astype(float)
    values = np.empty(len(frames))
    at = np.searchsorted(keys[:, 0], frames - NEAR)
    inside = at < len(keys)
    hit = np.zeros(len(frames), dtype=bool)
    hit[inside] = np.abs(keys[at[inside], 0] - frames[inside]) < NEAR
    values[hit] = keys[at[hit], 1]
    values[~hit] = [fcurve.evaluate(frame) for frame in frames[~hit].tolist()]
    return values


def _keep_free_handles(points: bpy.types.FCurveKeyframePoints, keys: Keys) -> None:
    """Blender lays aligned handles anew, which rounds them: put back what was asked for."""
    automatic = [enum_number("handle_left_type", kind) for kind in ("AUTO", "AUTO_CLAMPED", "VECTOR")]
    for side in ("left", "right"):
        placed = ~np.isin(keys.values[f"handle_{side}_type"], automatic)
        if placed.any():
            flat = np.empty(2 * len(keys), dtype=np.float32)
            points.foreach_get(f"handle_{side}", flat)
            handles = np.where(placed[:, None], keys.values[f"handle_{side}"], flat.reshape(-1, 2))
            points.foreach_set(f"handle_{side}", np.ascontiguousarray(handles).ravel())
