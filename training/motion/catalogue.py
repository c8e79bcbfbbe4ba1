"""Who moves, doing what, under which licence: what `catalogue.toml` knows of a file from its path."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a file of motion.

    source, subject, action and licence as in `Clip`. trial: what tells the recording among its subject's, the same for
    copies of one recording in several collections; empty where it is not known.
    """

    source: str
    subject: str
    action: str
    licence: str
    trial: str


def facts_of(path: str) -> Facts:
    """What is known of the file at `path`, relative to the motion folder with forward slashes.

    A file of no known collection is a source of its own, by the name of its first folder; each file then counts as a
    subject of its own folder.
    """
    catalogue = _catalogue()
    for collection in catalogue["collections"]:
        found = re.search(collection["pattern"], path)
        if found:
            return _known(catalogue, collection, found.groupdict(default=""), path)
    folder, _, _ = path.rpartition("/")
    source = path.partition("/")[0] if folder else "folder"
    return Facts(source, f"{source}/{folder or 'folder'}", _word(catalogue, path, "motion"), "unknown", "")


def licences() -> dict[str, dict[str, str]]:
    """Text and credit line of each licence."""
    return _catalogue()["licences"]


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))


def _known(catalogue: dict[str, Any], collection: dict[str, Any], groups: dict[str, str], path: str) -> Facts:
    subject = _number(groups.get("subject") or collection["subject"])
    trial = collection.get("recording", "")
    if groups.get("trial"):
        trial = str(int(groups["trial"]) - collection.get("first", 1) + 1)
    actions = catalogue["cmu"].get(subject, {}) if collection["source"] == "cmu" else {}
    action = actions.get(trial) or actions.get("*") or _word(catalogue, path, collection.get("action", "motion"))
    return Facts(
        collection["source"], f"{collection['source']}/{_padded(subject)}", action, collection["licence"], trial
    )


def _word(catalogue: dict[str, Any], path: str, otherwise: str) -> str:
    """The action that the file's name tells by the first of its words that means one, whole names before words."""
    name = Path(path).stem.lower()
    name = re.sub(r"^animation-human-", "", name)
    whole = re.sub(r"_\d+$", "", name)
    words = [whole, *re.split(r"[-_ ]+", name)]
    return next((catalogue["words"][word] for word in words if word in catalogue["words"]), otherwise)


def _number(word: str) -> str:
    return str(int(word)) if word.isdecimal() else word


def _padded(subject: str) -> str:
    return f"{int(subject):02d}" if subject.isdecimal() else subject
