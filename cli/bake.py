"""The command `bake`: a take, as it was solved, becomes a .blend file with keys, and exports."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from ..inference.pipeline import motion_of
from ..inference.shot import is_in_world, shot_of
from ..inference.take import load_take
from .events import Reporter
from .inside import inside_blender
from .interrupts import Interrupts
from .requests import BakeRequest, Onto
from .results import check_blend, check_writable, figures


def run(request: BakeRequest, _reporter: Reporter, interrupts: Interrupts, *, again: bool = False) -> dict[str, Any]:
    """Do what the request asks and give what is told of it. Raises PenumbraError; nothing is half-written then.

    again: whether another file was worked on before, of which nothing may be left.
    """
    check_blend(request.onto.blend)
    check_writable({"-o": request.results.blend})
    take = load_take(request.source)
    motion, shot = motion_of(take), shot_of(take)
    onto = _in_world(request.onto) if is_in_world(take) else request.onto
    blender = inside_blender()
    blender.prepare(onto, again=again)
    with interrupts.held():
        written = blender.deliver(motion, shot, onto, request.results, request.source)
    result = figures("bake", take, motion) | asdict(written) | {"take": str(request.source)}
    result["notes"] = [*take.notes, *written.notes]
    return result


def _in_world(onto: Onto) -> Onto:
    """Motion that was captured through a camera of the user's own stays where that camera saw it."""
    return replace(onto, baking=replace(onto.baking, in_world=True))
