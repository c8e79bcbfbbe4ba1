"""How far a corrected pose reaches: which frames it tells of, and how much.

What a motion errs by is taken as a smooth random process, a Gaussian process with Matérn's kernel of order 3/2 (Rasmussen
and Williams, Gaussian Processes for Machine Learning, 2006, 4.2). It is known at the corrected frames, and it is none where the
hidden stretch ends, since what is seen there stays as it is. Its time is the way that the body goes: somebody who stands errs
alike for seconds, somebody who jumps for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..along_time import stretches

# Share of the process's variance that counts as noise, so that two corrections of neighboring frames may disagree a little.
_NUGGET = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """What corrections of one thing tell of the T frames.

    change: `[T, K]` by how much it changes. known: `[T]` 0 to 1, the share of what it may err by that they explain. told: `[T]`
    bool, the frames of which they tell.
    """

    change: np.ndarray
    known: np.ndarray
    told: np.ndarray


@dataclass(frozen=True, slots=True)
class Reach:
    """Corrected frames among all frames.

    frames: `[C]` numbers of the corrected ones, rising. times: `[T]` seconds. way: `[T]` metres that the body has gone, rising.
    present: `[T]` bool. around: seconds to both sides for which a correction of what was in sight goes along. alike: metres of the
    way over which errors are alike.
    """

    frames: np.ndarray
    times: np.ndarray
    way: np.ndarray
    present: np.ndarray
    around: float
    alike: float

    def spread(self, change: np.ndarray, hidden: np.ndarray, least: float) -> Spread:
        """Spread the corrections' changes `[C, K]` of one thing over time.

        hidden: `[T]` bool, where nobody saw it. A correction that changes more than `least` tells of all of the hidden stretch
        that it is in, or of the time around it where there was sight. One that changes less holds what it confirms.
        """
        result = Spread(
            np.zeros((len(self.times), change.shape[1])), np.zeros(len(self.times)), self._told(change, hidden, least)
        )
        for first, last in stretches(result.told):
            within = (self.frames >= first) & (self.frames < last)
            weights, known = self._weights(first, last, self.frames[within])
            result.change[first:last] = weights @ change[within]
            result.known[first:last] = known
        return result

    def _told(self, change: np.ndarray, hidden: np.ndarray, least: float) -> np.ndarray:
        told = np.zeros(len(self.times), bool)
        moved = self.frames[np.linalg.norm(change, axis=1) > least]
        for first, last in stretches(hidden & self.present):
            told[first:last] = bool(((moved >= first) & (moved < last)).any())
        for frame in moved[~hidden[moved]]:
            told |= self._beside(frame)
        return told

    def _beside(self, frame: int) -> np.ndarray:
        """`[T]` bool, the frames around one in which the subject is present all the way to it."""
        near = np.abs(self.times - self.times[frame]) < self.around
        first, last = next(span for span in stretches(near & self.present) if span[0] <= frame < span[1])
        return (np.arange(len(near)) >= first) & (np.arange(len(near)) < last)

    def _weights(self, first: int, last: int, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`[N, C]` what each of N frames takes of each correction's change, and `[N]` what they explain."""
        ends = [frame for frame in (first - 1, last) if 0 <= frame < len(self.times) and self.present[frame]]
        anchors = self.way[np.concatenate([frames, np.array(ends, int)])]
        between = self._correlation(anchors[:, None] - anchors) + _NUGGET * np.eye(len(anchors))
        toward = self._correlation(self.way[first:last, None] - anchors)
        weights = np.linalg.solve(between, toward.T).T
        return weights[:, : len(frames)], np.clip(np.sum(weights * toward, axis=1), 0.0, 1.0)

    def _correlation(self, apart: np.ndarray) -> np.ndarray:
        """Correlation of errors `apart` metres of the way from each other."""
        scaled = np.sqrt(3.0) * np.abs(apart) / self.alike
        return (1.0 + scaled) * np.exp(-scaled)
