"""Putting other keys in place of a range of an f-curve's keys, so that outside of it the curve stays what it was."""

from __future__ import annotations

import numpy as np

from .key_points import NEAR, Keys, enum_number, joined

# Frames from the range to the next key outside, up to which there is no whole frame in between that could change.
_NEXT = 1.0 + NEAR
_STEPS = 60


def replaced(old: Keys, new: Keys, joins: tuple[bool, bool] = (True, True)) -> Keys:
    """`old` with all keys from the first frame of `new` to its last replaced by `new`.

    joins: whether the curve before and after stays as it is between its keys too. There `new` has to begin and end with the old
    curve's own values; where it is cut in two, so are its handles (de Casteljau), and automatic ones become free.
    """
    first, last = new.frames[0], new.frames[-1]
    before = old.taken(np.flatnonzero(old.frames < first - NEAR))
    after = old.taken(np.flatnonzero(old.frames > last + NEAR))
    new = new.taken(np.arange(len(new)))
    if joins[0] and len(before) and first - before.frames[-1] > _NEXT:
        _join_left(old, before, new)
    if joins[1] and len(after) and after.frames[0] - last > _NEXT:
        _join_right(old, new, after)
    return joined(before, new, after)


def _join_left(old: Keys, before: Keys, new: Keys) -> None:
    """Lead the old curve from the last key before into the first new one, in place."""
    at, cut = _cut(old, new.frames[0])
    _unalign(new, 0)
    _free(new, 0, "left", old.values["handle_left"][at] if cut is None else cut[1])
    if cut is not None:
        _freeze(before, -1)
        _free(before, -1, "right", cut[0])


def _join_right(old: Keys, new: Keys, after: Keys) -> None:
    """Lead the last new key into the old curve up to the first key after, in place."""
    at, cut = _cut(old, new.frames[-1])
    _unalign(new, -1)
    _free(new, -1, "right", old.values["handle_right"][at] if cut is None else cut[2])
    for name in ("interpolation", "easing", "back", "amplitude", "period"):
        new.values[name][-1] = old.values[name][at]
    if cut is not None:
        _freeze(after, 0)
        _free(after, 0, "left", cut[3])


def _cut(old: Keys, frame: float) -> tuple[int, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None]:
    """The old key at or before `frame`, and the four handles of the piece that `frame` cuts in two, None at a key.

    The handles are the right one of the key before, the left and right ones of a key at `frame`, and the left one of the key after.
    """
    frames = old.frames
    at = int(np.searchsorted(frames, frame + NEAR) - 1)
    if abs(frames[at] - frame) < NEAR:
        return at, None
    a, b, c, d = _piece(old, at)
    share = _share(a[0], b[0], c[0], d[0], frame)
    ab, bc, cd = a + share * (b - a), b + share * (c - b), c + share * (d - c)
    return at, (ab, ab + share * (bc - ab), bc + share * (cd - bc), cd)


def _share(a: float, b: float, c: float, d: float, goal: float) -> float:
    """Where on the curve its time is `goal`: it never goes back, so halving finds it."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        rest = 1.0 - middle
        time = rest**3 * a + 3 * rest**2 * middle * b + 3 * rest * middle**2 * c + middle**3 * d
        low, high = (middle, high) if time < goal else (low, middle)
    return (low + high) / 2


def _piece(old: Keys, at: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The four points of the curve from one key to the next; handles longer than the piece are drawn in, as Blender does."""
    a, d = (old.values["co"][key].astype(float) for key in (at, at + 1))
    b, c = old.values["handle_right"][at].astype(float), old.values["handle_left"][at + 1].astype(float)
    reach = abs(b[0] - a[0]) + abs(d[0] - c[0])
    if reach > d[0] - a[0]:
        shrink = (d[0] - a[0]) / reach
        b, c = a + shrink * (b - a), d + shrink * (c - d)
    return a, b, c, d


def _free(keys: Keys, number: int, side: str, place: np.ndarray) -> None:
    keys.values[f"handle_{side}"][number] = place
    keys.values[f"handle_{side}_type"][number] = enum_number(f"handle_{side}_type", "FREE")


def _freeze(keys: Keys, number: int) -> None:
    """Handles that another neighbor would move stay where they are."""
    for side in ("left", "right"):
        _free(keys, number, side, keys.values[f"handle_{side}"][number].copy())


def _unalign(keys: Keys, number: int) -> None:
    """Blender would bring an aligned handle in line with one that is laid elsewhere."""
    for side in ("left", "right"):
        kind = f"handle_{side}_type"
        if keys.values[kind][number] == enum_number(kind, "ALIGNED"):
            keys.values[kind][number] = enum_number(kind, "FREE")
