"""How every benchmark tells its figures: a table for people, kept with machine, date and commit, and a line a figure."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. bound: the value that it may have at most (or at least); None where it is only told."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """`ok`, `short` of the bound, or `told` where there is none."""
        if self.bound is None:
            return "told"
        good = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "ok" if good else "short"

    @property
    def bound_text(self) -> str:
        """The bound with its direction, `-` for none."""
        return "-" if self.bound is None else f"{'>=' if self.at_least else '<='}{self.bound:g}"


def publish(
    name: str,
    title: str,
    figures: Sequence[Figure],
    remarks: Sequence[str],
    *,
    keep: bool,
    sections: Sequence[str] = (),
) -> None:
    """Print the figures as a table and as lines `NAME VALUE BOUND verdict`; `keep` also writes `results/NAME.md`.

    sections: Markdown that stands below the figures, such as tables with more detail.
    """
    rows = [f"| {f.name} | {f.value:.4g} {f.unit} | {f.bound_text} | {f.verdict} |" for f in figures]
    table = "\n".join(["| figure | value | bound | |", "|---|---|---|---|", *rows])
    text = "\n".join([f"# {title}", "", _origin(), "", *[f"- {remark}" for remark in remarks], "", table, ""])
    text += "".join(f"\n{section}\n" for section in sections)
    print(text)
    if keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    for figure in figures:
        print(f"{figure.name} {figure.value:.4g} {figure.bound_text} {figure.verdict}")


def _origin() -> str:
    """Machine, date and commit."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"{machine}; Python {platform.python_version()}; {date}; commit {commit or 'unknown'}."


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
