"""Who is the subject? A few pictures from all over the footage are looked at before the tracking starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..models.pose import PoseModel
from .appearance import likeness
from .footage import Frame
from .lookout import Sighting, people_in, sight, trunk_middle
from .progress import Progress, Work


@dataclass(frozen=True, slots=True)
class ScoutSettings:
    """How a few pictures are looked at.

    pictures: how many. same: score from which two sightings are one person: the likeness of their colors less `far`
    for every side of the region between them. center: share of its worth that a sighting at the picture's left or right
    edge loses.
    """

    pictures: int = 12
    same: float = 0.3
    far: float = 0.3
    center: float = 0.5


@dataclass(slots=True, eq=False)
class Person:
    """One person's sightings so far. colors: `[192]` mean histogram."""

    first: Sighting
    colors: np.ndarray
    last: Sighting
    worth: float
    sightings: int = 1

    def seen(self, sighting: Sighting, colors: np.ndarray, worth: float) -> None:
        """Add a sighting."""
        self.colors = (self.colors * self.sightings + colors) / (self.sightings + 1)
        self.last = sighting
        self.worth += worth
        self.sightings += 1


def scout(samples: Iterable[Frame], model: PoseModel, settings: ScoutSettings) -> Work[Person | None]:
    """The longest seen, largest, most central person of a few pictures, or None where the pictures show nobody.

    A sighting is worth the square root of its height as a share of the picture's, less the further it is from the
    middle. The person whose sightings add up to most is the subject, so somebody who only walks past in front of the
    camera is not.
    """
    people: list[Person] = []
    for done, frame in enumerate(samples):
        yield Progress("scout", done, settings.pictures, "Looking for the subject")
        known = list(people)
        for sighting in people_in(frame.image, model):
            if sighting.colors is None:
                continue
            worth = _worth(sighting, frame.image.shape, settings)
            same = _recognize(known, sighting, settings)
            if same is None:
                people.append(Person(sighting, sighting.colors, sighting, worth))
            else:
                known.remove(same)
                same.seen(sighting, sighting.colors, worth)
        for person in known:
            # small or bent people escape the detector, but not a look at where they were
            sighting = sight(frame.image, model, person.last.reading.region)
            if sighting and sighting.colors is not None and _resemblance(person, sighting, settings) > settings.same:
                person.seen(sighting, sighting.colors, _worth(sighting, frame.image.shape, settings))
    return max(people, key=lambda person: person.worth, default=None)


def _worth(sighting: Sighting, shape: tuple[int, ...], settings: ScoutSettings) -> float:
    height, width = shape[:2]
    _, top, _, bottom = sighting.box
    size = min(1.0, max(0.0, bottom - top) / height)
    off = min(1.0, 2.0 * abs(float(trunk_middle(sighting.reading)[0]) / width - 0.5))
    return sighting.reading.score * size**0.5 * (1.0 - settings.center * off)


def _recognize(people: list[Person], sighting: Sighting, settings: ScoutSettings) -> Person | None:
    """The known person whom a sighting most likely shows, or None."""
    best = max(people, key=lambda person: _resemblance(person, sighting, settings), default=None)
    return best if best and _resemblance(best, sighting, settings) > settings.same else None


def _resemblance(person: Person, sighting: Sighting, settings: ScoutSettings) -> float:
    """Likeness of the colors less the distance from the person's last place."""
    if sighting.colors is None:
        return -np.inf
    size = max(sighting.reading.region.size, person.last.reading.region.size)
    moved = float(np.linalg.norm(trunk_middle(sighting.reading) - trunk_middle(person.last.reading))) / size
    return likeness(sighting.colors, person.colors) - settings.far * moved
