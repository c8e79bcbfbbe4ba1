"""Which frames keep keys: keys are added where they help most until every error is in bounds, then taken where none is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from .bezier_fit import Ends, Fitted, fit, missed
from .key_errors import KeyErrors

# Errors are brought down step by step, each time below this share of the greatest: a key high up in a chain helps all below it.
_STEP = 0.8
# Rounds in which the keys that seem least missed are taken away, and their share of all keys.
_ROUNDS, _SHARE = 8, 0.15


@dataclass(slots=True)
class Thinned:
    """Numbers of one bone, its rotation's or its location's, with the keys that they keep.

    goal: `[T, C]` in every frame. price: `[T]` how far a difference of 1 moves what the bone carries, at most, as a share of the bound.
    held: frames that keep a key with the goal's own value. corners: those of them at which the curve may break. ends: slopes of first and last
    frame, where the search goes on beyond them. keys: frames that have keys now. exact: those that turned out to need the goal's value.
    """

    goal: np.ndarray
    price: np.ndarray
    held: frozenset[int]
    corners: frozenset[int] = frozenset()
    ends: Ends = (None, None)
    keys: set[int] = field(default_factory=set)
    exact: set[int] = field(default_factory=set)

    def fitted(self) -> Fitted:
        """The curves through the keys as they are now."""
        frames = sorted(self.keys)
        held = np.array([frame in self.held or frame in self.exact for frame in frames])
        corners = np.array([frame in self.corners for frame in frames])
        return fit(self.goal, np.array(frames), held, corners, self.ends)


class KeyChoice:
    """The search over one stretch of frames, for a figure's channels together."""

    def __init__(self, errors: KeyErrors, channels: Sequence[Thinned | None]) -> None:
        """Search for `channels`, in the order of those of `errors`; None for one whose keys are left alone."""
        self._errors = errors
        self._channels = {number: one for number, one in enumerate(channels) if one is not None}
        self._curves = [*errors.goals]

    def search(self) -> Iterator[float]:
        """Leave in `Thinned.keys` the frames that keep keys; yields how much of the search is done, 0 to 1."""
        for one in self._channels.values():
            one.keys = set(one.held)
        self._refit(self._channels)
        self._add()
        for turn in range(_ROUNDS):
            yield (turn + 1) / (_ROUNDS + 1)
            self._take(np.random.default_rng(turn))

    def _add(self) -> None:
        """Add keys until every error is in bounds."""
        while True:
            worst, needs = self._errors.of(self._curves)
            if worst <= 1.0:
                return
            most = max(1.0, _STEP * worst)
            changed = [
                number for number in self._channels if self._insert(number, np.flatnonzero(needs[number] > most))
            ]
            if not changed:
                return
            self._refit(changed)

    def _take(self, random: np.random.Generator) -> None:
        """Take away what seems least missed, see what is, and undo it where that needs as many keys.

        Chance shakes the order a little, so that not the same keys are tried in every round.
        """
        before = {number: (set(one.keys), set(one.exact)) for number, one in self._channels.items()}
        count = self._count()
        prices = []
        for number, one in self._channels.items():
            frames = np.array(sorted(one.keys))
            price = missed(one.fitted(), frames, one.goal) * one.price[frames] * random.uniform(0.7, 1.4, len(frames))
            prices += [(price[at], number, int(frame)) for at, frame in enumerate(frames) if frame not in one.held]
        for _, number, frame in sorted(prices)[: round(_SHARE * len(prices))]:
            self._channels[number].keys.discard(frame)
        self._refit(self._channels)
        self._add()
        if self._count() >= count:
            for number, one in self._channels.items():
                one.keys, one.exact = before[number]
            self._refit(self._channels)

    def _count(self) -> int:
        return sum(len(one.keys) * one.goal.shape[1] for one in self._channels.values())

    def _refit(self, numbers: Sequence[int] | dict[int, Thinned]) -> None:
        for number in numbers:
            self._curves[number] = self._channels[number].fitted().curve

    def _insert(self, number: int, asked: np.ndarray) -> bool:
        """One more key in every piece between two keys that is asked for, where its curves are farthest off.

        Where a piece has no frame left, the asked frames' keys get the goal's own values: so the search comes to an end.
        """
        one = self._channels[number]
        keys = sorted(one.keys)
        pieces = {*np.searchsorted(keys, asked, side="right").tolist(), *np.searchsorted(keys, asked).tolist()}
        off = np.linalg.norm(self._curves[number] - one.goal, axis=1)
        before = len(one.keys) + len(one.exact)
        for piece in pieces - {0, len(keys)}:
            first, last = keys[piece - 1] + 1, keys[piece]
            if first < last:
                one.keys.add(int(first + np.argmax(off[first:last])))
        if len(one.keys) + len(one.exact) == before:
            one.exact |= set(asked.tolist())
        return len(one.keys) + len(one.exact) > before
