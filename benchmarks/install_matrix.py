"""The matrix: every Blender goes a user's way with the zip, from installing it to its being gone without a trace."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .install_blenders import Blender, Desk, Outcome, desk

WAY = (
    ("install",),
    ("enable",),
    ("restart", "capture", "bake", "confidence", "script", "save", "damaged"),
    ("restart", "read_back", "disable", "uninstall", "nothing_left"),
    ("other_platform",),
)
"""The steps, in the processes that they are played in: a user's Blender is started more than once."""
COLUMNS = tuple(dict.fromkeys(step for part in WAY for step in part))
"""Every step once, in order."""
_STARTS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One Blender's way.

    outcomes: by step; a step that was not come to is missing. register: seconds that the add-on takes when Blender starts, the
    median of some; modules: what of Python's that loads. said: what a capture with damaged weights says; refused: what Blender
    says of a zip for another platform.
    """

    blender: str
    outcomes: dict[str, Outcome]
    register: float
    modules: tuple[str, ...]
    said: str
    refused: str

    @property
    def passed(self) -> int:
        """How many steps went well."""
        return sum(step in self.outcomes and not self.outcomes[step].problem for step in COLUMNS)

    def cells(self) -> list[str]:
        """The table's cells: seconds, or what went wrong."""
        return [self.blender, *(self._cell(step) for step in COLUMNS)]

    def _cell(self, step: str) -> str:
        outcome = self.outcomes.get(step)
        if outcome is None:
            return "not come to"
        return outcome.problem.replace("|", "/").replace("\n", " ") or f"{outcome.seconds:.1f}"


@dataclass(frozen=True, slots=True)
class Zips:
    """The zip for this machine, and one for another platform."""

    own: Path
    other: Path


def go(blender: Blender, zips: Zips, clip: Path, frames: int) -> Row:
    """Let a Blender go the whole way, with the first frames of the clip."""
    with desk(blender) as user:
        orders = {
            "archive": user.put(zips.own),
            "other": user.put(zips.other),
            "clip": user.put(clip),
            "frames": frames,
        }
        outcomes: dict[str, Outcome] = {}
        starts: list[Outcome] = []
        for part in WAY:
            for outcome in user.play(part, orders):
                earlier = outcomes.get(outcome.step)
                if earlier is None or not earlier.problem:
                    outcomes[outcome.step] = outcome
            if any(outcomes[step].problem for step in part if step in outcomes):
                break
            if part == ("install",):
                starts = _starts(user, orders)
        refused = next((line for line in user.output.splitlines() if "platform" in line.lower()), "")
        said = outcomes["damaged"].told.get("said", "") if "damaged" in outcomes else ""
    good = [outcome for outcome in starts if not outcome.problem]
    return Row(
        blender=blender.name,
        outcomes=outcomes,
        register=median(outcome.told["register"] for outcome in good) if good else float("nan"),
        modules=tuple(good[-1].told["modules"]) if good else (),
        said=said.replace(user.inside(user.folder), "~"),
        refused=refused.strip(),
    )


def from_blank(blender: Blender, archive: Path, clip: Path, frames: int | None) -> tuple[float, int]:
    """Seconds from the start of a Blender that knows nothing of the add-on to keys on a rig, and how many keys a curve has.

    frames: so many of the clip; None for all. Raises RuntimeError where it does not come to that.
    """
    with desk(blender) as user:
        orders = {"archive": user.put(archive), "clip": user.put(clip), "frames": frames}
        began = time.time()
        (outcome,) = user.play(["from_blank"], orders)
        if outcome.problem:
            raise RuntimeError(
                f"{blender.name} did not come from a blank start to keys: {outcome.problem}\n{user.output}"
            )
    return outcome.told["ended"] - began, outcome.told["frames"]


def _starts(user: Desk, orders: dict) -> list[Outcome]:
    """The add-on's import and registering, each time in a fresh process."""
    return [outcome for _ in range(_STARTS) for outcome in user.play(["register"], orders)]
