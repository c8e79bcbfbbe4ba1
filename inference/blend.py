"""Two lifters asked and their answers blended: what one errs on and the other does not is halved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .lifted import Lifted, Lifter
from .sightings import Sightings


@dataclass(frozen=True, slots=True)
class BlendSettings:
    """Share of the second lifter's answer in joints that were seen, and in joints that were not.

    These were best on validation clips.
    """

    seen: float = 0.2
    hidden: float = 0.5


class BlendedLifter:
    """The mean of what two lifters answer, weighted by whether a joint was seen."""

    def __init__(self, first: Lifter, second: Lifter, settings: BlendSettings) -> None:
        self._first, self._second, self._settings = first, second, settings

    def __call__(self, sightings: Sightings) -> Lifted:
        """The joints of every frame. The spread is that of a mixture of both: what each tells, and how far they are apart.

        Raises ValueError for sightings that fit no clip.
        """
        one, two = self._first(sightings), self._second(sightings)
        share = np.where(one.seen, self._settings.seen, self._settings.hidden)[..., None].astype(np.float32)
        apart = share * (1.0 - share) * np.square(two.joints - one.joints)
        told = (1.0 - share) * np.square(one.spread) + share * np.square(two.spread)
        return replace(one, joints=(1.0 - share) * one.joints + share * two.joints, spread=np.sqrt(told + apart))
