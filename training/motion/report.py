"""The report of a packed folder: what was kept, what was left out and why, how faithful the product's form is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..clips import RATE
from ..splits import side_of
from .folder import Collected


def report(collected: Collected, manifest: dict[str, Any]) -> str:
    """Markdown: tables by source, action, split and family of joint names, then a line on each clip."""
    kept = [entry for entry in collected.entries if not entry.fault]
    lines = ["# Motion packed for training", "", f"Content SHA-256: `{manifest['sha256']}`", ""]
    lines += ["| source | licence | clips | subjects | minutes |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {', '.join(row['licences'])} | {row['clips']} | {row['subjects']} | {row['seconds'] / 60:.1f} |"
        for name, row in manifest["sources"].items()
    ]
    lines += ["", "| split | clips | minutes |", "|---|---|---|"]
    for which in ("train", "validation", "test"):
        own = [clip for clip in collected.clips if side_of(clip.subject) == which]
        lines.append(f"| {which} | {len(own)} | {_minutes(sum(map(len, own)))} |")
    lines += ["", "| action | clips | minutes |", "|---|---|---|"]
    for action in sorted({clip.action for clip in collected.clips}):
        own = [clip for clip in collected.clips if clip.action == action]
        lines.append(f"| {action} | {len(own)} | {_minutes(sum(map(len, own)))} |")
    lines += ["", "Millimetres between the product's form and the source's own joints:", ""]
    lines += ["| joint names | clips | mean | worst clip |", "|---|---|---|---|"]
    for family in sorted({entry.family for entry in kept}):
        errors = 1000 * np.array([entry.error for entry in kept if entry.family == family])
        lines.append(f"| {family} | {len(errors)} | {errors.mean():.1f} | {errors.max():.1f} |")
    lines += ["", "Licences:", ""]
    lines += [f"- {name}: {row['text']} {row['credit']}".rstrip() for name, row in manifest["licences"].items()]
    lines += ["", "Clips:", ""]
    for entry in collected.entries:
        facts = f"{entry.facts.subject}, {entry.facts.action}, {side_of(entry.facts.subject)}, {entry.frames} frames"
        facts += f", {entry.mended} turns mended" if entry.mended else ""
        lines.append(f"- {entry.name}: left out: {entry.fault}" if entry.fault else f"- {entry.name}: {facts}")
    return "\n".join(lines) + "\n"


def _minutes(frames: int) -> str:
    return f"{frames / RATE / 60:.1f}"
