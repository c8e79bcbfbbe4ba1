"""What the systems cost: parameters, bytes and time, and the picture of what is bought by them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import onnx

from ..inference.lifted import Lifted
from .lifter_speed import noise_clip, seconds
from .occlusion_methods import Method, Networks

_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """What a method's networks cost together. size: bytes of their files. rate: frames a second on one thread."""

    method: Method
    parameters: int
    size: int
    rate: float


def cost(method: Method, networks: Networks, files: Sequence[Path], frames: int) -> Cost:
    """The cost of a method, whose networks are `files`, on a clip of `frames`."""
    given = noise_clip(frames)

    def answer() -> Lifted:
        return networks.refined(networks.lifters[method.lifter](given), method.refiner)

    return Cost(
        method,
        sum(parameters(file) for file in files),
        sum(file.stat().st_size for file in files),
        frames / seconds(answer, _ROUNDS),
    )


def parameters(path: Path) -> int:
    """How many learned numbers the ONNX file `path` has."""
    return sum(math.prod(weights.dims) for weights in onnx.load(str(path)).graph.initializer)


def draw_costs(costs: Sequence[Cost], errors: Sequence[tuple[float, float]], path: Path) -> None:
    """Write the PNG `path`: clean and hidden `errors` of every system in mm over its parameters and over its speed."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what draws
    from matplotlib.ticker import LogFormatter  # noqa: PLC0415

    figure, panels = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
    places = [cost.parameters / 1e6 for cost in costs], [cost.rate for cost in costs]
    for panel, across, label in zip(panels, places, ("million parameters", "frames a second, one thread"), strict=True):
        for number, (cost, at, (clean, hidden)) in enumerate(zip(costs, across, errors, strict=True)):
            color = f"C{number}"
            panel.plot([at, at], [clean, hidden], color=color, lw=1, alpha=0.6)
            panel.plot(at, clean, "o", color=color, label=cost.method.name)
            panel.plot(at, hidden, "s", color=color, mfc="none")
        panel.set(xscale="log", xlabel=label)
        for ticks in (panel.xaxis.set_major_formatter, panel.xaxis.set_minor_formatter):
            ticks(LogFormatter(labelOnlyBase=False, minor_thresholds=(3, 1)))
        panel.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("MPJPE (mm): disc clean, square hidden joints")
    figure.legend(*panels[1].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
