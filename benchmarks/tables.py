"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str | float]], note: str = "") -> str:
    """A section with a table; numbers are shown with one decimal, NaN as a dash."""
    body = "\n".join([_line(header), "|" + "---|" * len(header), *(_line(row) for row in rows)])
    return "\n\n".join(part for part in (f"## {title}", note, body) if part)


def _line(cells: Sequence[str | float]) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _text(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return "–" if cell != cell else f"{cell:.1f}"  # noqa: PLR0124 - only NaN is not itself
