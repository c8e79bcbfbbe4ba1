"""The interface in other languages: catalogs that hold all that is shown, and their way into Blender."""

from __future__ import annotations

import string
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import penumbra
from penumbra.tests.blender.messages import messages
from penumbra.translations.catalog import FOLDER, catalogs, read_catalog, written

LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    penumbra.register()
    yield
    penumbra.unregister()


def fields(text: str) -> list[str]:
    """Names of what is filled into a text."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_german_and_japanese_ship() -> None:
    assert {"de", "ja"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_holds_what_is_shown_and_nothing_else(language: str) -> None:
    shown, known = messages(), set(read_catalog(FOLDER / f"{language}.po"))
    assert len(shown) > 350
    again = f"write it again: .venv/bin/python -P -m penumbra.tests.blender.messages {language}"
    assert sorted(shown - known) == [], f"{language}.po lacks these; {again}"
    assert sorted(known - shown) == [], f"{language}.po has these, which nothing shows any more; {again}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_what_is_filled_in_and_how_they_end(language: str) -> None:
    for (_, text), translation in catalogs()[language].items():
        assert fields(translation) == fields(text), text
        assert translation == translation.strip(), text
        assert not translation.endswith((".", "\u3002")) or text.endswith("."), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_is_written_as_it_is_read(language: str) -> None:
    path = FOLDER / f"{language}.po"
    assert written(read_catalog(path)) == path.read_text("utf-8")


def test_entries_that_are_not_translated_yet_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "xx.po"
    path.write_text(written({("*", 'A "word"'): 'Ein "Wort"', ("Operator", "A\nline"): "", ("*", ""): "x"}), "utf-8")
    assert read_catalog(path) == {("*", 'A "word"'): 'Ein "Wort"'}


def test_what_is_found_comes_from_classes_layouts_and_progress() -> None:
    found = messages()
    for message in (
        ("Operator", "Capture from Video"),
        ("Penumbra", "Fast"),
        ("*", "Video Capture"),
        ("*", "Following the subject"),
        ("*", "A capture is already running"),
        ("*", "Mean Confidence"),
        ("*", "Left Upper Arm"),
        ("Operator", "Remove Marks"),
    ):
        assert message in found


def test_registering_takes_no_time_that_is_felt() -> None:
    penumbra.translations.unregister()
    took = []
    for _ in range(3):
        began = time.perf_counter()
        penumbra.translations.register()
        took.append(time.perf_counter() - began)
        penumbra.translations.unregister()
    penumbra.translations.register()
    assert min(took) < 0.02


def test_blender_without_languages_shows_english() -> None:
    assert bpy.app.translations.pgettext_iface("Capture from Video", "Operator") == "Capture from Video"
