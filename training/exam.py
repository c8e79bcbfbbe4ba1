"""How well a lifter and its refiner do on calibrated footage, each camera alone against what all cameras agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .calibrated_footage import SCORED_INDEX, View, truth
from .metrics.partial import aligned
from .metrics.position import errors, masked_mean
from .system import System
from .unlabelled import Unlabelled, taller

# Fewer known joints than this do not tell a similarity.
_LEAST_KNOWN = 6


@dataclass(frozen=True, slots=True)
class Exam:
    """Footage with the truth: joints `[T, 30, 3]` as `Unlabelled.target`, known `[T, 30]` bool where they are that."""

    footage: Unlabelled
    joints: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, slots=True)
class Score:
    """Millimetres over the joints of `SCORED`, of a subject as tall as the networks take everybody to be.

    rooted: about the pelvis. aligned: after the best similarity of each frame. hidden: about the pelvis, over joints
    that the network was told are out of sight. count: how many these are.
    """

    rooted: float
    aligned: float
    hidden: float
    count: int


def exams(found: Sequence[View], footage: Sequence[Unlabelled]) -> list[Exam]:
    """The parts of one subject's `footage` with the truth that all of its views agree on (`calibrated_footage.truth`)."""
    real = truth(found)
    about = (real.joints - real.joints[:, :1]) / taller(np.where(real.known[..., None], real.joints, np.nan))
    known = real.known & real.known[:, :1]
    parts = [slice(phase, None, len(footage)) for phase in range(len(footage))]
    return [Exam(one, np.nan_to_num(about[part]), known[part]) for one, part in zip(footage, parts, strict=True)]


@torch.no_grad()
def score(system: System, papers: Sequence[Exam]) -> list[Score]:
    """How well the lifter does, and then the refiner, over all views."""
    system.eval()
    found = [system(paper.footage.sight) for paper in papers]
    return [_score([said[stage][0] for said in found], papers) for stage in range(len(found[0]))]


def table(marks: Mapping[str, Sequence[Score]]) -> str:
    """Scores of several moments by name, in Markdown."""
    lines = ["| | | MPJPE | PA-MPJPE | MPJPE of hidden joints | hidden |", "|---|---|---|---|---|---|"]
    for when, scores in marks.items():
        for name, one in zip(("lifter", "lifter and refiner"), scores, strict=False):
            lines.append(f"| {when} | {name} | {one.rooted:.1f} | {one.aligned:.1f} | {one.hidden:.1f} | {one.count} |")
    return "\n".join(lines)


def _score(said: Sequence[Tensor], papers: Sequence[Exam]) -> Score:
    rooted, fitted, hidden = [], [], []
    for joints, paper in zip(said, papers, strict=True):
        answer = (joints @ paper.footage.turn).numpy()
        goal = np.broadcast_to(paper.joints, answer.shape)
        known = np.tile(paper.known[:, SCORED_INDEX], (len(answer), 1, 1))
        known &= known.sum(axis=-1, keepdims=True) >= _LEAST_KNOWN
        off = errors(answer, goal)[..., SCORED_INDEX]
        rooted.append(off[known])
        fitted.append(aligned(answer[..., SCORED_INDEX, :], goal[..., SCORED_INDEX, :], known)[known])
        hidden.append(off[known & (paper.footage.sight.seen[..., SCORED_INDEX] < 0.5).numpy()])
    means = [masked_mean(np.concatenate(part)) for part in (rooted, fitted, hidden)]
    return Score(*means, count=sum(map(len, hidden)))
