"""The lifters and refiners that there are, when each is the right one, and how they are opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SetupError
from ..models.weights import network_hashes, network_path

if TYPE_CHECKING:
    from .lifted import Lifted, Lifter, Refiner

LIFTERS: Mapping[str, str] = {
    "both": "Asks S3 and DTF-81 and blends their answers; knows best where it may be wrong",
    "s3": "Reads the whole clip at once, and so across long gaps; a little nearer where all is seen",
    "dtf-27": "Reads a second at a time; for clips of a few seconds and short gaps",
    "dtf-81": "Reads three seconds at a time; to try where S3 misreads a motion",
}
"""When to choose a lifter, in a sentence without its full stop."""

NONE = "none"
REFINERS: Mapping[str, str] = {
    NONE: "Leaves the lifter's joints as they are",
    "graph": "Corrects every joint by its neighbors in the body and in time; for limbs that are hidden for long",
    "ppt": "Corrects every pose by itself toward those that people take; for poses that come out impossible",
}
"""When to choose a refiner, in a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Systems:
    """A lifter and the refiner after it, by name."""

    lifter: str
    refiner: str


DETECTOR = "detector"
"""The name of the detector's own landmarks in place of a lifter, with which the benchmarks compare."""
AUTO = "auto"
"""The name that stands for what is recommended."""
RECOMMENDED = Systems("both", NONE)
"""What the benchmarks' results recommend."""


def resolved(lifter: str, refiner: str) -> Systems:
    """The systems that the two names stand for, either of which may be `AUTO`; what the detector says is not refined."""
    if lifter == DETECTOR:
        return Systems(DETECTOR, NONE)
    return Systems(
        RECOMMENDED.lifter if lifter == AUTO else lifter, RECOMMENDED.refiner if refiner == AUTO else refiner
    )


def with_hashes(systems: Systems, versions: Mapping[str, str]) -> dict[str, str]:
    """What made a take, `versions`, with `systems` and their weights' SHA-256 in place of the ones before.

    Raises SetupError as `network_hashes` does.
    """
    ours = {f"{name}.onnx" for name in (*LIFTERS, *REFINERS)}
    kept = {name: value for name, value in versions.items() if name not in ours}
    return kept | {"lifter": systems.lifter, "refiner": systems.refiner} | hashes(systems)


def hashes(systems: Systems) -> dict[str, str]:
    """SHA-256 by file name of the weights that `systems` use. Raises SetupError as `network_hashes` does."""
    names = members(systems.lifter) if systems.lifter in LIFTERS else ()
    return network_hashes([*names, *([systems.refiner] if systems.refiner != NONE else [])])


def members(lifter: str) -> tuple[str, ...]:
    """The lifters that have networks of their own of which `lifter` is made."""
    return ("s3", "dtf-81") if lifter == "both" else (lifter,)


def blended(opened: Sequence[Lifter]) -> Lifter:
    """One lifter of what `members` names, opened in that order."""
    from .blend import BlendedLifter, BlendSettings  # noqa: PLC0415 - loads when it is used, not when Blender starts

    return opened[0] if len(opened) == 1 else BlendedLifter(opened[0], opened[1], BlendSettings())


def open_lifter(name: str, threads: int | None = None) -> Lifter:
    """The shipped lifter `name`, a key of LIFTERS or `AUTO`. Raises SetupError where its weights cannot be used."""
    opened = [open_lifter_at(network_path(member), threads) for member in members(resolved(name, NONE).lifter)]
    return blended(opened)


def open_refiner(name: str, threads: int | None = None) -> Refiner:
    """The shipped refiner `name`, a key of REFINERS or `AUTO`. Raises SetupError where its weights cannot be used."""
    chosen = resolved(RECOMMENDED.lifter, name).refiner
    return _unchanged if chosen == NONE else open_refiner_at(network_path(chosen), threads)


def open_lifter_at(path: Path, threads: int | None = None) -> Lifter:
    """The lifter whose network is the file `path`, of whichever kind that is.

    Raises SetupError where it cannot be loaded or is no lifter.
    """
    from .own_network import open_network  # noqa: PLC0415 - as above
    from .trained_lift import TrainedLifter, reads_clips  # noqa: PLC0415 - as above
    from .windowed_lift import WindowedLifter, reads_windows  # noqa: PLC0415 - as above

    session = open_network(path, threads)
    if reads_clips(session):
        return TrainedLifter(session)
    if reads_windows(session):
        return WindowedLifter(session)
    raise SetupError(f"{path} is no lifter of this version. Choose another file, or train it again.")


def open_refiner_at(path: Path, threads: int | None = None) -> Refiner:
    """The refiner whose network is the file `path`, of whichever kind that is.

    Raises SetupError where it cannot be loaded or is no refiner.
    """
    from .own_network import open_network  # noqa: PLC0415 - as above
    from .refine_graph import GraphRefiner, GraphSettings, is_graph  # noqa: PLC0415 - as above
    from .refine_ppt import PptRefiner, PptSettings, is_ppt  # noqa: PLC0415 - as above

    session = open_network(path, threads)
    if is_graph(session):
        return GraphRefiner(session, GraphSettings())
    if is_ppt(session):
        return PptRefiner(session, PptSettings())
    raise SetupError(f"{path} is no refiner of this version. Choose another file, or train it again.")


def _unchanged(lifted: Lifted) -> Lifted:
    return lifted
