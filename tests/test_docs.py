"""The documents hold together: links lead somewhere, options are those of the command line, figures those of the tables."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part in {"build", "node_modules"} for part in path.relative_to(ROOT).parts)
)
GUIDE = [
    ROOT / "README.md",
    *(path for path in PAGES if path.parent == ROOT / "docs" and path.name != "architecture.md"),
]
# Options of other programs that the guide's commands use: Blender's, and those of ./capture, ./test and tools/build.py.
_OTHERS = {"--background", "--command", "--demo", "--demos", "--output", "--platform", "--python", "--sheet"}

_CODE = re.compile(r"^```.*?^```|^(?: {4}|\t).*?$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_FIGURE = re.compile(r"(?<![\w.-])\d+\.\d+(?![\w.])")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    broken = [link for link in links_of(page.read_text("utf-8")) if not _leads_somewhere(page, link)]
    assert not broken, f"{page.relative_to(ROOT)} points at what is not there: {broken}"


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == {link.split("#")[0] for link in links_of(index) if "/" not in link and link.endswith(".md")}


def test_every_picture_is_shown_somewhere() -> None:
    shown = {Path(unquote(link)).name for page in PAGES for link in links_of(page.read_text("utf-8"))}
    unused = {path.name for path in (ROOT / "docs" / "images").iterdir()} - shown
    assert not unused, f"no page shows {sorted(unused)}"


@pytest.mark.parametrize("page", GUIDE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_options_in_the_guide_are_of_the_command_line(page: Path) -> None:
    unknown = set(_OPTION.findall(page.read_text("utf-8"))) - options_of_the_command_line() - _OTHERS
    assert not unknown, f"{page.relative_to(ROOT)} tells of options that no command has: {sorted(unknown)}"


def test_every_option_of_the_command_line_is_in_the_guide() -> None:
    told = set(_OPTION.findall("\n".join(page.read_text("utf-8") for page in GUIDE)))
    missing = options_of_the_command_line() - told - {"--help"}
    assert not missing, f"no page tells of {sorted(missing)}"


def test_every_operator_is_in_the_table() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "operators").glob("*.py"))
    operators = set(re.findall(r'bl_idname = "penumbra\.(\w+)"', sources))
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "scripting.md").read_text("utf-8"), re.MULTILINE)
    told = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert operators <= told, f"docs/scripting.md has no row for {sorted(operators - told)}"


def test_figures_of_the_systems_are_those_of_the_tables() -> None:
    results = "\n".join(path.read_text("utf-8") for path in (ROOT / "benchmarks" / "results").glob("*.md"))
    measured = set(_FIGURE.findall(results))
    rows = [line for line in (ROOT / "docs" / "how-it-works.md").read_text("utf-8").splitlines() if line[:1] == "|"]
    strange = {figure for row in rows for figure in _FIGURE.findall(row)} - measured
    assert not strange, f"docs/how-it-works.md has figures that no table in benchmarks/results has: {sorted(strange)}"


def test_links_are_found_outside_of_code() -> None:
    text = "See [one](a.md#b) and ![two](c.png).\n\n    [no](link.md)\n\n```\n[nor](this.md)\n```\n[web](https://x.y)"
    assert links_of(text) == ["a.md#b", "c.png"]


def links_of(text: str) -> list[str]:
    """The relative links and pictures of a page."""
    return [link for link in _LINK.findall(_CODE.sub("", text)) if not re.match(r"[a-z]+:", link)]


@cache
def options_of_the_command_line() -> frozenset[str]:
    """Every option that `--help` of the command line and of its commands tells of."""
    commands = re.findall(r"^ {4}([a-z]+)\b", _help(), re.MULTILINE)
    assert "capture" in commands
    return frozenset(_OPTION.findall("\n".join([_help(), *(_help(command) for command in commands)])))


@cache
def _help(*command: str) -> str:
    words = [sys.executable, "-P", "-m", "penumbra", *command, "--help"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in _anchors(target)


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The names of a page's headings, as they are linked to."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL))
    plain = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in headings)
    return frozenset(heading.replace(" ", "-") for heading in plain)
