"""One subject through the footage: where it is in every frame, and never somebody else."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import NobodyFoundError
from ..models.blazepose_geometry import overlap
from ..models.pose import PoseModel, Reading, Region
from ..models.skeletons import BLAZEPOSE
from .appearance import likeness
from .flow import FlowMeter, unknown_flow
from .footage import Frame
from .lookout import Sighting, people_in, sight, trunk_middle
from .progress import Progress, Work
from .scout import Person
from .settings import SubjectSettings

# Intersection over union from which a person counts as the one in the user's box.
_MATCHING_BOX = 0.3
# Side of the square around the user's point that is looked at closely, as a share of the picture's shorter side.
_POINT_VIEW = 0.4
_NO_FLOW = unknown_flow((len(BLAZEPOSE),))


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """The identity gate and how a lost subject is looked for.

    slack and stride: how far the trunk may be off its expected place, in sides of the region: at once, and for every
    second since the last sighting. growth: ratio by which the region's side may change from one frame to the next.
    alike: likeness of colors below which a person is somebody else. unlike: how much less alike than usual the subject
    may look. far: what every side of the region between a person and the subject's last place takes off that likeness.
    patience: frames for which a subject out of sight is still looked for at its last place. look: every how many frames
    it is looked for in the whole picture. forget: seconds after which it may come back anywhere. learn: share of each
    sighting in the colors remembered.
    """

    slack: float = 0.04
    stride: float = 2.5
    growth: float = 1.35
    alike: float = 0.35
    unlike: float = 0.3
    far: float = 0.15
    patience: int = 5
    look: int = 3
    forget: float = 2.0
    learn: float = 0.05


@dataclass(frozen=True, slots=True)
class Track:
    """The detector's answer for one subject, frame by frame; T frames.

    index: `[T]` frame numbers in the source. times: `[T]` seconds. present: `[T]` bool. landmarks: `[T, 33, 3]` pixels.
    world: `[T, 33, 3]` metres about the hips' middle, camera axes. confidence: `[T, 33]` 0 to 1, 0 where absent.
    regions: `[T, 4]` x, y, side in pixels and angle in radians of the square that was looked at.
    flow: `[T, 33, 2]` pixels: how the picture moved since the last present frame at the landmarks' places there.
    flow_error: `[T, 33]` pixels by which the flow misses its start when it is followed back; infinite where it is unknown.
    Absent frames hold zeros, and infinite flow errors.
    """

    index: np.ndarray
    times: np.ndarray
    present: np.ndarray
    landmarks: np.ndarray
    world: np.ndarray
    confidence: np.ndarray
    regions: np.ndarray
    flow: np.ndarray
    flow_error: np.ndarray


def track(
    frames: Iterable[Frame],
    model: PoseModel,
    subject: SubjectSettings,
    person: Person | None,
    total: int | None,
    settings: TrackSettings,
) -> Work[Track]:
    """Follow one subject through `frames`.

    person: whom the scouting chose, None where it did not or need not. total: count of frames for the progress.
    Raises NobodyFoundError where no frame shows the subject.
    """
    tracker = Tracker(model, subject, person, settings)
    places: list[tuple[int, float]] = []
    readings: list[Reading | None] = []
    meter, flows = FlowMeter(), []
    for frame in frames:
        reading = tracker.step(frame)
        readings.append(reading)
        flows.append(meter.step(frame.image, frame.time, reading.landmarks[:, :2]) if reading else _NO_FLOW)
        places.append((frame.index, frame.time))
        yield Progress("track", len(places), total, "Following the subject")
    if not any(readings):
        raise NobodyFoundError(_nobody(subject))
    return _gather(places, readings, flows)


class Tracker:
    """Follows one subject picture by picture; `step` gives its reading, or None where it is not to be seen."""

    def __init__(
        self, model: PoseModel, subject: SubjectSettings, person: Person | None, settings: TrackSettings
    ) -> None:
        self._model = model
        self._subject = subject
        self._person = person
        self._settings = settings
        self._colors = person.colors if person else None
        self._last: Reading | None = None
        self._usual = 0.0
        self._velocity = np.zeros(2)
        self._time = 0.0
        self._lost = 0

    def step(self, frame: Frame) -> Reading | None:
        """The subject's reading in the next picture."""
        found = self._follow(frame) or self._search(frame)
        if found is None:
            self._lost += 1
            return None
        self._remember(frame, found)
        return found.reading

    def _follow(self, frame: Frame) -> Sighting | None:
        """The subject where it was last."""
        if self._last is None or self._lost > self._settings.patience:
            return None
        here = sight(frame.image, self._model, self._last.region)
        if here is None or self._resemblance(here) < self._least:
            return None
        return here if self._in_reach(here.reading, self._last, self._elapsed(frame)) else None

    def _search(self, frame: Frame) -> Sighting | None:
        """The subject in the whole picture."""
        if self._lost % self._settings.look:
            return None
        found = self._meet(frame.image) if self._last is None else self._find_again(frame, self._last)
        if found is None:
            return None
        # the person detector's region is rough, and what the networks read in it too; the landmarks' own is not
        closer = sight(frame.image, self._model, found.reading.region)
        return closer if closer and self._resemblance(closer) >= self._least else found

    def _meet(self, image: np.ndarray) -> Sighting | None:
        """The subject's first sighting."""
        if self._subject.box:
            return self._meet_in_box(image, _in_pixels(self._subject.box, image))
        if self._subject.point:
            return self._meet_at(image, *_in_pixels(self._subject.point, image))
        people = people_in(image, self._model)
        if self._person is None:
            return max(people, key=lambda other: other.reading.region.size, default=None)
        return self._likest(people, self._person.first.reading)

    def _meet_at(self, image: np.ndarray, x: float, y: float) -> Sighting | None:
        """The person around a point."""
        people = people_in(image, self._model, Region(x, y, _POINT_VIEW * min(image.shape[:2]), 0.0))
        around = [other for other in people if _holds(other.box, x, y)]
        return min(around, key=lambda other: math.dist(trunk_middle(other.reading), (x, y)), default=None)

    def _meet_in_box(self, image: np.ndarray, box: tuple[float, ...]) -> Sighting | None:
        """The person who fills the box, looked for in the box itself too."""
        left, top, right, bottom = box
        around = Region((left + right) / 2, (top + bottom) / 2, 1.25 * max(right - left, bottom - top), 0.0)
        people = people_in(image, self._model, around)
        boxes = np.array([other.box for other in people]).reshape(-1, 2, 2)
        shares = overlap(np.array(box).reshape(2, 2), boxes)
        if shares.max(initial=0.0) > _MATCHING_BOX:
            return people[int(shares.argmax())]
        return sight(image, self._model, around)

    def _find_again(self, frame: Frame, last: Reading) -> Sighting | None:
        """The lost subject, near its last place at first and anywhere later."""
        elapsed = self._elapsed(frame)
        if elapsed > self._settings.forget:
            return self._likest(people_in(frame.image, self._model), last)
        people = people_in(frame.image, self._model, last.region)
        return self._likest([other for other in people if self._in_reach(other.reading, last, elapsed)], last)

    def _likest(self, people: list[Sighting], last: Reading) -> Sighting | None:
        """The person most like the subject, or None where nobody is like it."""
        best, best_score = None, self._least
        for other in people:
            moved = float(np.linalg.norm(trunk_middle(other.reading) - trunk_middle(last))) / last.region.size
            score = self._resemblance(other) - self._settings.far * moved
            if score > best_score:
                best, best_score = other, score
        return best

    def _in_reach(self, reading: Reading, last: Reading, elapsed: float) -> bool:
        """Whether the subject can have come from its last place to this one."""
        expected = trunk_middle(last) + (self._velocity * elapsed if self._lost == 0 else 0.0)
        slip = float(np.linalg.norm(trunk_middle(reading) - expected)) / last.region.size
        growth = max(reading.region.size / last.region.size, last.region.size / reading.region.size)
        near = slip <= self._settings.slack + self._settings.stride * elapsed
        return near and growth <= self._settings.growth ** (1 + self._lost)

    @property
    def _least(self) -> float:
        """The likeness below which a person is somebody else."""
        return max(self._settings.alike, self._usual - self._settings.unlike)

    def _elapsed(self, frame: Frame) -> float:
        """Seconds since the last sighting; time stamps that stand still count as a millisecond."""
        return max(frame.time - self._time, 1e-3)

    def _resemblance(self, other: Sighting) -> float:
        if other.colors is None:
            return 0.0
        return 1.0 if self._colors is None else likeness(other.colors, self._colors)

    def _remember(self, frame: Frame, found: Sighting) -> None:
        self._velocity = np.zeros(2)
        if self._last is not None and self._lost == 0:
            self._velocity = (trunk_middle(found.reading) - trunk_middle(self._last)) / self._elapsed(frame)
        if found.colors is not None:
            known = found.colors if self._colors is None else self._colors
            learn = self._settings.learn
            self._usual += (likeness(found.colors, known) - self._usual) * (learn if self._last else 1.0)
            self._colors = (1.0 - learn) * known + learn * found.colors
        self._last, self._time, self._lost = found.reading, frame.time, 0


def _holds(box: tuple[float, ...], x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _in_pixels(values: tuple[float, ...], image: np.ndarray) -> tuple[float, ...]:
    """Alternating x and y as pixels; values of which none is above 1 are shares of the picture's width and height."""
    if max(values) > 1.0:
        return values
    height, width = image.shape[:2]
    return tuple(value * (width, height)[place % 2] for place, value in enumerate(values))


def _nobody(subject: SubjectSettings) -> str:
    if subject.point or subject.box:
        return (
            "Nobody was found at the place given for the subject. Choose a point or box on a person in the first frame."
        )
    return "Nobody was found in the footage. Choose footage that shows a whole person, or name the subject by a box."


def _gather(
    places: list[tuple[int, float]], readings: list[Reading | None], flows: list[tuple[np.ndarray, np.ndarray]]
) -> Track:
    count, points = len(readings), len(BLAZEPOSE)
    landmarks, world = np.zeros((count, points, 3), np.float32), np.zeros((count, points, 3), np.float32)
    confidence, regions = np.zeros((count, points), np.float32), np.zeros((count, 4), np.float32)
    for row, reading in enumerate(readings):
        if reading is None:
            continue
        landmarks[row], world[row] = reading.landmarks, reading.world
        confidence[row] = reading.visibility * reading.presence * reading.score
        region = reading.region
        regions[row] = region.x, region.y, region.size, region.angle
    return Track(
        index=np.array([index for index, _ in places], np.int64),
        times=np.array([time for _, time in places], float),
        present=np.array([reading is not None for reading in readings]),
        landmarks=landmarks,
        world=world,
        confidence=confidence,
        regions=regions,
        flow=np.stack([flow for flow, _ in flows]),
        flow_error=np.stack([error for _, error in flows]),
    )
