"""What the scores say: the bounds, the tables by stage, and the picture of a foot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from ..inference.contacts import CONTACTS
from ..models.skeletons import BONE_NAMES, JOINTS
from ..training.clips import RATE
from ..training.metrics.world import FEET, stands
from ..training.occlusion import Clean, Part, Windows
from .motion_run import FIT, LIFT, LIFTER, LOCK, STAGES, TRUTH, Outcome, Shown
from .motion_scores import MOVING, Score, damping, mean, own_damping, path_error, ratio
from .report import Figure
from .tables import table

CLEAN, GAPS, LEGS = PROTOCOLS = (Clean(), Windows(30, 3), Part("both legs", 45))
"""What is hidden: nothing, three joints with all that hangs on them for a second, both legs for a second and a half."""

ROWS = (LIFTER, *STAGES, TRUTH)
"""Of the tables by stage."""
_COLUMNS: dict[str, tuple[str, int]] = {
    "everything": ("MPJPE (mm)", 1),
    "visible": ("visible (mm)", 1),
    "hidden": ("hidden (mm)", 1),
    "wa": ("WA-MPJPE (mm)", 1),
    "w": ("W-MPJPE (mm)", 1),
    "acceleration": ("acceleration error (m/s²)", 2),
    "rooted": ("about the root (m/s²)", 2),
    "jitter": ("jitter (m/s³)", 0),
    "skating": ("skating (mm/frame)", 2),
    "penetration": ("1 cm in the floor (% of frames)", 2),
    "floating": ("float (mm)", 1),
    "aligned": ("root aligned (cm)", 2),
    "plain": ("root as it is (cm)", 2),
    "reprojection": ("reprojection (px)", 2),
    "spread": ("bones' spread (%)", 3),
    "swing": ("swing (°)", 1),
    "twist": ("twist (°)", 1),
    "pointing": ("swing in space (°)", 1),
    "rolling": ("twist in space (°)", 1),
    "turn": ("MPJAE (°)", 1),
}


def figures(outcome: Outcome) -> list[Figure]:
    """The bounds, and beside each what goes with it."""
    clean = {stage: outcome.scores[CLEAN.name, stage] for stage in ROWS}
    final, lift = clean[LOCK], clean[LIFT]
    gaps = {stage: outcome.scores[GAPS.name, stage] for stage in ROWS}
    names = outcome.recordings
    return [
        Figure("foot_skating", mean(final, "skating"), "mm/frame", 2.0),
        Figure("foot_skating_lift", mean(lift, "skating"), "mm/frame"),
        Figure("foot_skating_truth", mean(clean[TRUTH], "skating"), "mm/frame"),
        Figure("penetration_1cm", mean(final, "penetration"), "% of frames", 1.0),
        Figure("penetration_1cm_lift", mean(lift, "penetration"), "% of frames"),
        Figure("foot_float", mean(final, "floating"), "mm"),
        Figure("contact_f1", outcome.contact[CLEAN.name], ""),
        Figure("acceleration_ratio", ratio(final, lift, "acceleration", names).mean, "", 0.5),
        Figure("acceleration_ratio_about_root", ratio(final, lift, "rooted", names).mean, ""),
        Figure("hit_damping", own_damping(final, lift), "%", 10.0),
        Figure("hit_damping_against_truth", damping(final), "%"),
        Figure("hit_damping_against_truth_lift", damping(lift), "%"),
        Figure("root_error", path_error(final), "% of the path", 3.0),
        Figure("root_error_lift", path_error(lift), "% of the path"),
        Figure("root_error_aligned", mean(final, "aligned"), "cm"),
        Figure("root_error_as_it_is", mean(final, "plain"), "cm"),
        Figure("up_error", float(np.mean(outcome.lean[CLEAN.name])), "°"),
        Figure("swing_error", mean(final, "swing"), "°", 10.0),
        Figure("twist_error", mean(final, "twist"), "°", 20.0),
        Figure("swing_error_in_space", mean(final, "pointing"), "°"),
        Figure("twist_error_in_space", mean(final, "rolling"), "°"),
        Figure("fit_hidden_ratio", ratio(gaps[FIT], gaps[LIFTER], "hidden", names).mean, "", 0.9),
        Figure("final_hidden_ratio", ratio(gaps[LOCK], gaps[LIFTER], "hidden", names).mean, ""),
        Figure("fit_clean_ratio", ratio(clean[FIT], clean[LIFTER], "everything", names).mean, "", 1.02),
        Figure("final_clean_ratio", ratio(final, clean[LIFTER], "everything", names).mean, ""),
        Figure("solve_and_fit_speed", outcome.animating, "frames/s", 100.0, at_least=True),
        Figure("solve_and_fit_over_lifting", outcome.lifting / outcome.animating, "times"),
        # a bone of a metre, to the micrometre
        Figure("bone_spread", round(mean(final, "spread"), 4), "%", 0.0),
    ]


def stage_tables(outcome: Outcome) -> list[str]:
    """All metrics after every stage, a table an occlusion."""
    return [
        table(
            f"After each stage, {protocol.name}",
            ("stage", *(title for title, _ in _COLUMNS.values()), "RTE (%)", "hits damped (%)"),
            [_row(stage, outcome.scores[protocol.name, stage]) for stage in ROWS],
        )
        for protocol in PROTOCOLS
    ]


def ratio_table(outcome: Outcome) -> str:
    """What each stage makes of the lift's errors, with intervals over recordings."""
    rows = []
    for protocol in PROTOCOLS:
        before = {
            "visible": outcome.scores[protocol.name, LIFTER],
            "hidden": outcome.scores[protocol.name, LIFTER],
            "acceleration": outcome.scores[protocol.name, LIFT],
        }
        for stage in STAGES[1:]:
            after = outcome.scores[protocol.name, stage]
            found = [ratio(after, own, field, outcome.recordings) for field, own in before.items()]
            cells = [f"{item.mean:.3f} ({item.low:.3f} to {item.high:.3f})" for item in found]
            rows.append((protocol.name, stage, *(cell.replace("nan (nan to nan)", "–") for cell in cells)))
    return table(
        "Errors over the lifter's",
        ("occlusion", "stage", "visible joints", "hidden joints", "acceleration"),
        rows,
        "Ratios of means with their 95 % intervals by bootstrap over recordings; acceleration over the placed lift's.",
    )


def bone_table(outcome: Outcome) -> str:
    """Swing and twist of every bone of the final motion, left and right together."""
    rows = []
    for stem in dict.fromkeys(name.partition(".")[0] for name in BONE_NAMES):
        members = [index for index, name in enumerate(BONE_NAMES) if name.partition(".")[0] == stem]
        cells = []
        for protocol in PROTOCOLS:
            swing, twist, count = outcome.bones[protocol.name][:, members].sum(axis=1)
            cells += [_cell(value / count if count else np.nan, 1) for value in (swing, twist)]
        rows.append((stem, *cells))
    columns = [f"{protocol.name}, {kind} (°)" for protocol in PROTOCOLS for kind in ("swing", "twist")]
    note = "Local rotations of the final motion, bones in sight, means over all frames; those of the hips as the camera sees them."
    return table("Swing and twist by bone", ("bone", *columns), rows, note)


def remarks(outcome: Outcome, side: str) -> list[str]:
    """What has to be said of the figures."""
    moving = sum(item.path > MOVING for item in outcome.scores[CLEAN.name, TRUTH])
    return [
        (
            f"{len(outcome.recordings)} clips of 6 to 10 s at 30 frames a second (shorter recordings whole) of the {side} split, "
            "each seen by one still camera whose focal length is known, the performers' own bodies, 1.70 m tall and known to "
            "be. 2D as BlazePose errs. From the points in the picture on the way is the product's: gate, default lifter and "
            "refiner with calibrated spread, then all stages with their default settings (draft fit)."
        ),
        (
            "Figures without another word are of the final motion where nothing is hidden, means over clips. Ratios compare "
            "means over the same clips. `lifter` is what the default lifter and refiner say, as tall as the subject, about the "
            "pelvis; `lift` is the same at the root's place in the world."
        ),
        (
            "Positions: over 17 joints about the pelvis in the camera's axes; hidden: of which a point is hidden. `fit_hidden_"
            f"ratio` compares them under {GAPS.name} after the fit and as the lifter gives them; `fit_clean_ratio` compares all of them where nothing is hidden."
        ),
        (
            "Feet: heels and toes; they stand where those of the truth are slower than 0.15 m/s and near their lowest place. The "
            "truth slides a little itself. Penetration: any of them more than 1 cm below the floor that was estimated."
        ),
        (
            "Acceleration: error against the truth, in space. Hits: the truth's largest 5 % of accelerations of every joint; "
            "what a motion has of them is the part of its acceleration along theirs. `hit_damping` is what the stages lose of "
            "what the lift has of them; `against_truth` is what is missing of the whole, of which the lifter, which sees a noisy "
            "detector, lacks a large part by itself."
        ),
        (
            f"root_error: RTE over the {moving} clips whose root goes farther than {MOVING} m, aligned by a turn and a shift; the cm "
            "are of all clips, aligned and as the camera sees it without any alignment."
        ),
        (
            "Swing and twist: of rotations relative to the parents, as they are keyed, arms and legs (upper, lower, hand, foot), "
            "bones that are in sight; feet are compared by their soles, and limbs from a rest pose in which they fold about the "
            "product's hinges: rigs disagree on how arms are turned about their length in the T-pose, which is a convention and "
            "one turn a clip (`training/hinge_rest.py`). So a parent's wrong twist swings what hangs on it; `in_"
            "space` compares where bones point and how they are turned in the world."
        ),
        "Speed: frames per second of processor time on one core, all stages after the lift.",
    ]


def _row(stage: str, scores: Sequence[Score]) -> list[str]:
    cells = [_cell(mean(scores, field), digits) for field, (_, digits) in _COLUMNS.items()]
    return [stage, *cells, _cell(path_error(scores), 2), _cell(damping(scores), 1)]


def _cell(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def most_steps(shown: Sequence[Shown]) -> Shown:
    """The scene in which feet of the truth begin to stand most often."""
    return max(shown, key=lambda item: int((np.diff(stands(item.scene.joints, RATE).astype(int), axis=0) > 0).sum()))


def draw_foot(shown: Shown, path: Path, point: str = "toe.L") -> None:
    """Write the PNG `path`: a foot's height and horizontal speed over time, as lifted, as it ends, and in truth."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what draws

    joint, standing = JOINTS.index(point), stands(shown.scene.joints, RATE)[:, FEET.index(JOINTS.index(point))]
    times = np.arange(len(standing)) / RATE
    lines = {
        "as lifted": (shown.animated.stages[LIFT], "0.6", 1.0),
        "final": (shown.animated.stages[LOCK], "C0", 2.0),
        "truth": (shown.scene.joints, "k", 1.0),
    }
    chance = shown.animated.contacts.probability[:, CONTACTS.index(point)]
    figure, panels = plt.subplots(2, 1, figsize=(12, 6), sharex=True, layout="constrained")
    for name, (joints, color, width) in lines.items():
        place = joints[:, joint]
        speed = np.linalg.norm(np.gradient(place[:, :2], axis=0), axis=-1) * RATE
        for panel, values in zip(panels, (100.0 * place[:, 2], speed), strict=True):
            panel.plot(times, values, color=color, lw=width, ls=":" if name == "truth" else "-", label=name)
    for panel in panels:
        low, high = panel.get_ylim()
        edges = np.append(times, times[-1] + 1.0 / RATE) - 0.5 / RATE
        panel.pcolorfast(edges, (low, high), chance[None], cmap="Greens", vmin=0.0, vmax=2.5, zorder=0)
        panel.fill_between(
            times, low, low + 0.03 * (high - low), where=list(standing), color="k", step="mid", label="the truth stands"
        )
        panel.set_ylim(low, high)
        panel.grid(alpha=0.3)
    panels[0].set(ylabel="height (cm)", title=f"{point}; green: how likely it is held to stand")
    panels[1].set(ylabel="speed over the floor (m/s)", xlabel="seconds")
    panels[0].legend(fontsize=8, loc="upper right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
