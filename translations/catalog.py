"""Catalogs of the interface's texts, one file a language, in the format of gettext's PO files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

Message = tuple[str, str]
"""The context in which Blender looks a text up ("*", or "Operator" for buttons), and the English text."""

FOLDER = Path(__file__).parent
"""Where the catalogs lie, each named by its language, as `de.po`."""

# PO quotes as JSON does. An entry without a context is one of Blender's usual context.
_QUOTED = r'("(?:[^"\\]|\\.)*")'
_ENTRY = re.compile(rf"^(?:msgctxt {_QUOTED}\n)?msgid {_QUOTED}\nmsgstr {_QUOTED}$", re.MULTILINE)
_USUAL = "*"


def read_catalog(path: Path) -> dict[Message, str]:
    """What a catalog translates; entries that are left empty are not in it."""
    return {
        (_plain(context) if context else _USUAL, _plain(text)): _plain(translation)
        for context, text, translation in _ENTRY.findall(path.read_text("utf-8"))
        if text != '""' and translation != '""'
    }


def catalogs() -> dict[str, dict[Message, str]]:
    """All catalogs, by language."""
    return {path.stem: read_catalog(path) for path in sorted(FOLDER.glob("*.po"))}


def written(catalog: Mapping[Message, str]) -> str:
    """The text of a catalog's file, in the order of the English."""
    head = ('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"',)
    entries = (
        ("" if context == _USUAL else f"msgctxt {_quoted(context)}\n")
        + f"msgid {_quoted(text)}\nmsgstr {_quoted(translation)}"
        for (context, text), translation in sorted(
            catalog.items(), key=lambda entry: (entry[0][1].lower(), entry[0][1], entry[0][0])
        )
    )
    return "\n\n".join((*head, *entries)) + "\n"


def _plain(quoted: str) -> str:
    """What stands between the quotes; few have anything to undo, and Blender's start waits for this."""
    return json.loads(quoted) if "\\" in quoted else quoted[1:-1]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
