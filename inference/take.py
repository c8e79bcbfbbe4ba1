"""The take: one file that holds a capture's every stage, so that a later stage can be run again without the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TakeError, WriteError
from .container import ContainerError, NewerContainerError, read_container, write_container

SUFFIX = ".take"
_KIND = "take"
_VERSION = 1
_FACTS = ("source", "timing", "settings", "versions", "camera")


@dataclass(frozen=True)
class Take:
    """Everything that one capture found out.

    source: what the footage says of itself. timing: the rate of its frames, and what the work took. settings: what the
    user chose. versions: what made it. camera: the lens and its place. All five hold only what JSON can (text, finite numbers, booleans, None, lists, and dicts with text for
    keys). notes: plain sentences for people. stages: the arrays of every stage, by its name and theirs.
    """

    source: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    camera: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stages: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    def stage(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of one stage. Raises TakeError where the take lacks it."""
        if name not in self.stages:
            raise TakeError(f'The take holds no result of the stage "{name}": capture the footage again.')
        return self.stages[name]

    def with_stage(self, name: str, **arrays: np.ndarray) -> Take:
        """A copy in which `arrays` are the result of stage `name`."""
        return replace(self, stages={**self.stages, name: arrays})


def save_take(take: Take, path: Path) -> None:
    """Write `take` to `path`, whole or not at all.

    Raises WriteError where the disk refuses, ValueError for contents that a take cannot hold.
    """
    facts: dict[str, Any] = {name: getattr(take, name) for name in _FACTS}
    facts["notes"] = list(take.notes)
    try:
        write_container(path, _KIND, _VERSION, facts, take.stages)
    except OSError as error:
        raise WriteError(
            f"The take cannot be written to {path} ({error.strerror or error}): check the folder, your permissions and the "
            "space on the disk."
        ) from error


def load_take(path: Path) -> Take:
    """Read a take. Nothing in the file is ever executed.

    Raises TakeError where there is no such file, it is no take, it is damaged, or a newer version made it.
    """
    try:
        facts, stages = read_container(path, _KIND, _VERSION)
    except FileNotFoundError:
        raise TakeError(f"There is no take {path}: check the path.") from None
    except OSError as error:
        raise TakeError(
            f"The take {path} cannot be read ({error.strerror or error}): check your permissions."
        ) from None
    except NewerContainerError:
        raise TakeError(f"{path.name} was made by a newer Penumbra: update the add-on.") from None
    except ContainerError as error:
        raise TakeError(f"{path.name} {error}: capture the footage again, or use a copy of the file.") from None
    if not _well_formed(facts):
        raise TakeError(f"{path.name} is damaged: its list of contents is not complete. Use a copy of the file.")
    return Take(**facts, stages=stages)


def _well_formed(facts: Mapping[str, Any]) -> bool:
    notes = facts.get("notes")
    return (
        set(facts) == {*_FACTS, "notes"}
        and all(isinstance(facts[name], dict) for name in _FACTS)
        and isinstance(notes, list)
        and all(isinstance(note, str) for note in notes)
    )
