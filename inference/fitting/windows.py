"""Long clips are fitted a window at a time, so that memory does not grow with the footage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from .. import rotations as rot
from ..camera import View
from ..contacts import Contacts
from ..observed import Observed
from ..poses import Poses
from .fit import FitSettings, Fitted

FitOne = Callable[[Poses, np.ndarray, Observed, View, Contacts, FitSettings], Fitted]
"""`fit`, or `fit_fine`."""

# Spread of the logarithm of sizes that leaves none.
_FIXED = 1e-4


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """longest: frames that are fitted at once. overlap: frames over which a window goes over into the next."""

    longest: int = 320
    overlap: int = 40


def fit_in_windows(
    fit_one: FitOne,
    start: Poses,
    path_sigma: np.ndarray,
    observed: Observed,
    view: View,
    contacts: Contacts,
    settings: FitSettings,
    windows: WindowSettings | None = None,
) -> Fitted:
    """What `fit_one` makes of a clip of any length; the other arguments are its own.

    A clip that is longer than a window has the body of the window in which most is believed, and fades from each window to the
    next. Raises as `fit_one` does.
    """
    spans = _spans(len(observed.times), windows or WindowSettings())

    def one(span: slice, begin: Poses, chosen: FitSettings) -> Fitted:
        return fit_one(
            Poses(begin.offsets, begin.root[span], begin.rotations[span]),
            path_sigma[span],
            Observed(**{field.name: getattr(observed, field.name)[span] for field in fields(observed)}),
            View(view.rotations[span], view.positions[span]),
            Contacts(contacts.probability[span]),
            chosen,
        )

    if len(spans) == 1:
        return one(spans[0], start, settings)
    told = max(spans, key=lambda span: float(observed.belief[span].sum()))
    start = replace(start, offsets=one(told, start, settings).poses.offsets)
    parts = [one(span, start, replace(settings, size=_FIXED)) for span in spans]
    root, rotations, clutter = start.root.copy(), start.rotations.astype(float), np.ones(observed.belief.shape)
    done = 0
    for span, part in zip(spans, parts, strict=True):
        count = span.stop - span.start
        share = np.clip((np.arange(count) + 1.0) / (done - span.start + 1.0), 0.0, 1.0)
        root[span] += share[:, None] * (part.poses.root - root[span])
        rotations[span] = rot.slerp(rotations[span], part.poses.rotations, share[:, None])
        clutter[span] += share[:, None] * (part.clutter - clutter[span])
        done = span.stop
    return Fitted(
        Poses(start.offsets, root, rot.continuous(rotations)),
        clutter,
        sum(part.energy for part in parts),
        sum(part.start_energy for part in parts),
        mirrored=any(part.mirrored for part in parts),
    )


def _spans(count: int, settings: WindowSettings) -> list[slice]:
    """Windows of about the same length that overlap each other and together are all frames."""
    if count <= settings.longest:
        return [slice(0, count)]
    step = settings.longest - settings.overlap
    number = -(-(count - settings.overlap) // step)
    starts = np.linspace(0, count - settings.longest, number).round().astype(int)
    return [slice(int(first), int(first) + settings.longest) for first in starts]
