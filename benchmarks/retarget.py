"""Retargeting and what comes after it: directions on every rig family, feet, speed, maps by structure, fewer keys, corrections.

    .venv/bin/python -P -m penumbra.benchmarks.retarget --data FILE --demo TAKE [--people FOLDER] [--side validation] [--quick]

Set OMP_NUM_THREADS=1 for speeds on one core.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..inference.take import load_take
from ..training.pack import read_clips, split
from .report import Figure, publish
from .retarget_bake import LONG, bake_figures
from .retarget_blender import agreement
from .retarget_clips import joined, sources
from .retarget_corrections import PROTOCOLS, correction_figures, correction_remarks, correction_table, mend
from .retarget_feet import skating, skating_figures, skating_table, subject_skating
from .retarget_keys import reduction
from .retarget_real import real_figures, real_table, real_trips
from .retarget_round_trip import by_direction_table, round_trip_figures, round_trip_table, round_trips
from .retarget_structure import mapped_by_structure, structure_figures, structure_table

FULL, QUICK, REAL = 24, 4, 6
"""Clips that are tried, and those of them that Blender evaluates on rigs for work."""
_QUICK_BAKE, _QUICK_SAMPLE, _QUICK_SEEDS, _QUICK_SCENES = 1000, 20, range(2), 2


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick` or of another split, keep."""
    parser = argparse.ArgumentParser(description="Retargeting onto every rig family.")
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument("--demo", type=Path, required=True, help="the take that `./capture --demo --take FILE` writes")
    parser.add_argument("--people", type=Path, help="a folder of rigged people, .blend and .glb, to be tried as well")
    parser.add_argument(
        "--side", choices=("test", "validation"), default="test", help="whose clips; only those of the test are kept"
    )
    parser.add_argument("--quick", action="store_true", help="few clips, under a minute, nothing kept")
    options = parser.parse_args(argv)
    clips = split(read_clips(options.data), options.side)
    found = sources(clips, QUICK if options.quick else FULL)
    trips = round_trips(found)
    real = real_trips(found[: QUICK - 2 if options.quick else REAL], options.people)
    slid = skating(found)
    mapped = mapped_by_structure(seeds=_QUICK_SEEDS) if options.quick else mapped_by_structure()
    long = joined(found, _QUICK_BAKE if options.quick else LONG)
    baked, said = bake_figures(long, _QUICK_SAMPLE) if options.quick else bake_figures(long)
    reduced, told = reduction(load_take(options.demo))
    mended = mend(clips, *((_QUICK_SCENES, PROTOCOLS[:1]) if options.quick else (FULL, PROTOCOLS)))
    figures: list[Figure] = [
        *round_trip_figures(trips),
        *agreement(found, frames=5 if options.quick else 20),
        *real_figures(real),
        *skating_figures(slid, subject_skating(found)),
        *baked,
        *reduced,
        *structure_figures(mapped),
        *correction_figures(mended),
    ]
    publish(
        "retarget",
        "Retargeting onto every rig family",
        figures,
        [*_remarks(len(found), options.side), *said, *told, *correction_remarks()],
        keep=options.side == "test" and not options.quick,
        sections=[
            round_trip_table(trips),
            by_direction_table(trips),
            real_table(real),
            skating_table(slid),
            structure_table(mapped),
            correction_table(mended),
        ],
    )
    return 0


def _remarks(clips: int, side: str) -> list[str]:
    return [
        (
            f"{clips} clips of 2 to 10 s at 30 frames a second of motion capture of the {side} split, each saved as a take and "
            "loaded again, so that the performers' own bodies and motion are known exactly. Rigs are of the families' published "
            "names and hierarchies (`benchmarks/rigs`) on one human, with other proportions (legs, arms, head, size) and bones rolled at "
            "random for every clip."
        ),
        (
            "Round trip: where limbs, hands, soles, head, neck, trunk, hip line and shoulder line point on the subject and on the rig, "
            "by the map that is found for it, in a T- and an A-pose and in one with every limb lifted and bent (odd). Feet are not "
            "held here: holding them on other legs turns legs on purpose."
        ),
        (
            "`blender_apart`: how far Blender puts any bone's head or tail from where the numbers do that the other figures are made "
            "of; one clip a family, with feet held."
        ),
        (
            "`round_trip_real`: the same of rigs as they are made for work, evaluated by Blender with all their constraints. Rigify's "
            "own inverse kinematics stretch the bones of a limb a little, which its keys cannot help: knees and elbows lie elsewhere by "
            "some degrees, hands and feet where they belong."
        ),
        (
            "Feet: of a Mixamo rig on an A-posed human whose legs are 0.6 to 1.6 times as long as the subject's, the worst length; they "
            "stand where those of the subject do (`benchmarks/motion.py` counts alike). `in_world`: the way over the floor is the "
            "subject's own and does not grow with the legs. `loose`: without the lock. The subject slides a little itself."
        ),
        (
            "By structure: names, order and rolls are random; right is a family with no bone told wrongly and all there that are "
            "needed, with every seed. Where the spine ends and the neck begins is left open. Controls that constraints carry hang on "
            "whatever their makers liked, which structure cannot tell."
        ),
    ]


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Blender 4.5 can hang at Python's own ending
    sys.stdout.flush()
    os._exit(code)
