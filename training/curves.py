"""A training run's curves as a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from .loop import Check


def draw(checks: list[Check], title: str, goal: Path) -> None:
    """Loss and errors on held-out clips over the steps, as a picture at `goal`."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    steps = [check.step for check in checks]
    left.plot(steps, [check.loss for check in checks], color="0.2")
    left.set(xlabel="step", ylabel="training loss", yscale="log", title=title)
    for name, color in (("clean", "tab:blue"), ("masked", "tab:orange"), ("hidden", "tab:red")):
        right.plot(steps, [1000 * getattr(check, name) for check in checks], color=color, label=name)
    right.set(xlabel="step", ylabel="MPJPE on held-out clips, mm", yscale="log", title="held-out clips")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both")
    figure.savefig(goal, dpi=110)
    plt.close(figure)
