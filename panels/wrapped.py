"""Sentences in the sidebar: labels do not wrap, so sentences are broken where the interface's own font says they must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import blf
import bpy

# Blender's own font, of which the interface is made.
_FONT = 0
# Size of the interface's letters where the style does not tell, as in Blender without a window.
_POINTS = 11.0
# What stands beside a line's text at scale 1: the sidebar's tabs, the panel's borders, the icon, and the label's own margin.
_AROUND = 80.0
# Narrower than this, sentences are cut off rather than broken after each word.
_NARROWEST = 60.0
# Han, kana, Hangul and full-width forms: text of these may be broken before any letter
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
# but these: full-width stops and closing brackets, the long vowel's sign, and small kana.
_CLOSING = (
    "\u3001\u3002\uff0c\uff0e\u30fb\uff1a\uff1b\uff1f\uff01\u30fc\uff09\u300d\u300f\u3011"
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7"
)
# Compiled, and kept by Python, when the first sentence is drawn: it takes longer than all else here when Blender starts.
_PIECE = rf"\s*(?:[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+[{_CLOSING}]*)"


def draw_sentence(
    layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str, icon: str = "NONE", beside: float = 0.0
) -> None:
    """Draw a sentence, already in the user's language, in as many lines as it takes; the icon stands before the first.

    beside: width at scale 1 of what else stands in the same row.
    """
    col = layout.column(align=True)
    col.scale_y = 0.8
    size = _letter_size(context)
    width = max(_NARROWEST, _sidebar_width(context) - _AROUND - beside) * context.preferences.system.ui_scale
    for number, line in enumerate(_broken(sentence, size, round(width))):
        col.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon, translate=False)


def wrapped(sentence: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The lines of a sentence of which none is wider than `width` as far as words and single letters allow.

    measure: width of a text, in the unit of `width`.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(sentence, width, measure):
        if line and measure(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(sentence: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """What a line may be broken between: words, letters of scripts without spaces, and parts of words that fit no line."""
    pieces = []
    for piece in re.findall(_PIECE, sentence):
        rest = piece
        while len(rest.strip()) > 1 and measure(rest.strip()) > width:
            end = next((end for end in range(len(rest), 1, -1) if measure(rest[:end].strip()) <= width), 1)
            pieces.append(rest[:end])
            rest = rest[end:]
        pieces.append(rest)
    return pieces


@lru_cache(maxsize=128)
def _broken(sentence: str, size: float, width: int) -> tuple[str, ...]:
    """`wrapped` in the interface's font; panels are drawn many times a second, so the last sentences are kept."""

    def measure(text: str) -> float:
        return blf.dimensions(_FONT, text)[0]

    blf.size(_FONT, size)
    return tuple(wrapped(sentence, width, measure))


def _letter_size(context: bpy.types.Context) -> float:
    styles = context.preferences.ui_styles
    points = styles[0].widget.points if styles else _POINTS
    return points * context.preferences.system.ui_scale


def _sidebar_width(context: bpy.types.Context) -> float:
    """The region's width at scale 1, as it is zoomed."""
    region = context.region
    view = region.view2d
    left, right = view.region_to_view(0, 0)[0], view.region_to_view(region.width, 0)[0]
    return (right - left or region.width) / context.preferences.system.ui_scale
