"""Whether a rig's structure alone tells its bones: every family with all its names made random, bones in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import PenumbraError
from ..retarget.rig_map import REQUIRED, choose_rig_map
from .report import Figure
from .retarget_round_trip import POSES
from .rigs.build import Pose, expected_bones, family_names, family_rest, random_names
from .tables import table

LEAST = 10
"""Families that must be mapped rightly."""
SEEDS = range(5)
"""Of the random names, orders and rolls; a family is mapped rightly where it is with all of them."""
# Bones between which families draw the line at different places: a bone of one may be told as the other's.
_TRUNK = ("spine", "neck")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One family in one rest pose: of the product bones that its own table has, how many were told rightly in the worst case.

    wrong: what was told wrongly with any of the seeds. required: whether all bones were found that a map needs.
    """

    family: str
    pose: Pose
    bones: int
    right: int
    wrong: tuple[str, ...]
    required: bool

    @property
    def good(self) -> bool:
        """Whether a motion would come onto the right bones: all that are needed are there, and none is wrong."""
        return self.required and not self.wrong


def mapped_by_structure(names: Sequence[str] | None = None, seeds: Sequence[int] = SEEDS) -> list[Mapped]:
    """Every family, or those of `names`, in every rest pose."""
    return [_mapped(name, pose, seeds) for name in names or family_names() for pose in POSES]


def _mapped(name: str, pose: Pose, seeds: Sequence[int]) -> Mapped:
    expected = expected_bones(name)
    counts, wrong, required = [], set(), True
    for seed in seeds:
        called = random_names(name, seed)
        truth = {bone: tuple(called[one] for one in chain) for bone, chain in expected.items()}
        try:
            target = family_rest(name, pose, roll_seed=seed, rename_seed=seed)
            fit = choose_rig_map(target)
        except PenumbraError as error:
            return Mapped(name, pose, len(expected), 0, (str(error),), required=False)
        told = {bone: tuple(target.bones[one] for one in chain) for bone, chain in fit.chains.items()}
        off = wrongly_told(told, truth)
        wrong |= off
        required = required and all(bone in told for bone in REQUIRED)
        counts.append(sum(bone in told and bone not in off for bone in truth))
    return Mapped(name, pose, len(expected), min(counts), tuple(sorted(wrong)), required)


def wrongly_told(told: Mapping[str, tuple[str, ...]], truth: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The product bones that were given bones which are not theirs, or that begin elsewhere.

    Where the spine ends and the neck begins is a matter of taste, and not told wrongly.
    """
    trunk = {one for bone in _TRUNK for one in truth.get(bone, ())}
    off = set()
    for bone, chain in told.items():
        own = truth.get(bone, ())
        begins = bone in _TRUNK or chain[:1] == own[:1]
        if not begins or not set(chain) <= (trunk if bone in _TRUNK else set(own)):
            off.add(bone)
    return off


def structure_figures(found: Sequence[Mapped]) -> list[Figure]:
    """How many families are mapped rightly in a T- and an A-pose, and in every pose that is tried."""
    families = {item.family for item in found}
    common = {
        name for name in families if all(item.good for item in found if item.family == name and item.pose != "odd")
    }
    every = {name for name in families if all(item.good for item in found if item.family == name)}
    return [
        Figure("structure_families", len(families), "families"),
        Figure("structure_right", len(common), "families", LEAST, at_least=True),
        Figure("structure_right_odd_too", len(every), "families"),
    ]


def structure_table(found: Sequence[Mapped]) -> str:
    """A row a family: how many bones are told rightly, and what is not."""
    rows = []
    for name in dict.fromkeys(item.family for item in found):
        own = [item for item in found if item.family == name]
        wrong = ", ".join(dict.fromkeys(bone for item in own for bone in item.wrong)) or "–"
        rows.append((name, *(f"{item.right} of {item.bones}" for item in own), wrong))
    return table(
        "By structure alone",
        ("family", *(f"{pose}-pose" for pose in POSES), "told wrongly"),
        rows,
        f"Product bones that are told rightly with random names, orders and rolls, the fewest of {len(SEEDS)} tries.",
    )
