"""Our own networks as they are opened and asked: they have to be of this version's skeleton, and so have their answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import SetupError
from ..models.sessions import NetworkSession, open_session
from ..models.skeletons import JOINTS, POINTS

OUTPUT = "joints"
SPREAD = "spread"
"""Names of what a network gives, `[..., 30, 3]` each: metres about the pelvis, and the natural logarithm of the standard
deviations along the same axes, which not every network tells."""

_REMEDY = "Use the networks that came with this version of Penumbra, or train it again."
# What a file may say of the last two sizes of an answer; some say nothing of them.
_FITTING = {(joints, axes) for joints in (len(JOINTS), None) for axes in (3, None)}


def open_network(path: Path, threads: int | None = None) -> NetworkSession:
    """The network of the ONNX file `path`, on the processor. Raises SetupError where it cannot be used."""
    session = open_session(path, "cpu", threads)
    for key, names in (("joints", JOINTS), ("points", POINTS)):
        # the oldest networks do not say what their skeleton is
        if session.metadata.get(key, ",".join(names)) != ",".join(names):
            raise SetupError(f"{session.file} is a network for another skeleton: its {key} are others. {_REMEDY}")
    if OUTPUT not in session.shapes:
        raise SetupError(f"{session.file} is a network that gives no joints. {_REMEDY}")
    for name in (OUTPUT, SPREAD):
        if session.shapes.get(name, (len(JOINTS), 3))[-2:] not in _FITTING:
            raise SetupError(f"{session.file} is a network for another skeleton: it gives other joints. {_REMEDY}")
    return session


def ask(session: NetworkSession, feed: dict[str, np.ndarray], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Joints and their variances, `[*shape, 30, 3]` each, of a network that is fed with arrays by name.

    The variances are NaN from a network that tells no spread. Raises SetupError where the answers have another shape.
    """
    said = session.run_all(feed)
    joints = said[OUTPUT]
    variance = np.exp(2.0 * said[SPREAD]) if SPREAD in said else np.full_like(joints, np.nan)
    expected = (*shape, len(JOINTS), 3)
    if joints.shape != expected or variance.shape != expected:
        raise SetupError(
            f"{session.file} gives {joints.shape} joints and {variance.shape} spreads where {expected} belong. {_REMEDY}"
        )
    return joints, variance


def fact(session: NetworkSession, name: str) -> str:
    """What the network's file says of `name`. Raises SetupError where it says nothing."""
    if name not in session.metadata:
        raise SetupError(f"{session.file} does not say its {name}, which belongs to it. {_REMEDY}")
    return session.metadata[name]


def number(session: NetworkSession, name: str) -> float:
    """The number that the network's file says `name` is. Raises SetupError where it says none."""
    text = fact(session, name)
    try:
        return float(text)
    except ValueError:
        raise SetupError(f"{session.file} says that its {name} is {text!r}, which is no number. {_REMEDY}") from None
