"""docs/troubleshooting.md tells of every sentence with which the code can meet a user."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "troubleshooting.md"
SHIPPED = ("api.py", "cli", "inference", "models", "operators", "packages", "panels", "retarget", "scene")
SET_UP = ("tools/build.py", "tools/environment.py", "tools/fetch.py")

# What is said by these is not for users: errors of programming, and words that `--help` and tooltips show.
_INTERNAL = {"ValueError", "TypeError", "KeyError", "RuntimeError", "AssertionError", "NotImplementedError"}
_HELP = {"description", "help", "epilog", "bl_description", "_command"}
# What is said by these is for users, whether or not it is a whole sentence.
_SAYS = {"poll_message_set", "report", "iface_", "rpt_", "label"}
# Words of a message that have to be on the page, and how many a piece between two gaps needs to stand for the message.
_START, _TELLING = 5, 3


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence of the code. text: with … where a value stands. where: file and line."""

    text: str
    where: str

    @property
    def start(self) -> str:
        """The first words that do not depend on a value, enough to find the message on the page."""
        pieces = [piece.strip(" .,:;()\"'") for piece in self.text.split("…")]
        telling = next((piece for piece in pieces if len(piece.split()) >= _TELLING), max(pieces, key=len))
        return " ".join(telling.split()[:_START])


def messages_of(source: str, where: str = "") -> list[Message]:
    """The messages in Python source: literals that end as sentences do, and whatever errors, reports and disabled buttons say."""
    return [Message(text, f"{where}:{line}") for line, text in _texts(ast.parse(source), said=False)]


def _texts(node: ast.AST, *, said: bool) -> Iterator[tuple[int, str]]:
    """Line and text of each message below `node`; said: whether every text there is one."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Raise) and _name(node.exc) in _INTERNAL:
        return
    if (isinstance(node, ast.keyword) and node.arg in _HELP) or (isinstance(node, ast.Call) and _name(node) in _HELP):
        return
    if isinstance(node, ast.Assign) and any(isinstance(goal, ast.Name) and goal.id in _HELP for goal in node.targets):
        return
    text = _text(node)
    if text is None:
        said = said or isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _name(node) in _SAYS)
        for child in ast.iter_child_nodes(node):
            yield from _texts(child, said=said)
    elif len(text.split()) >= _TELLING and (said or text.rstrip().endswith(".")):
        yield getattr(node, "lineno", 0), text


def _text(node: ast.AST) -> str | None:
    """The text of a literal with … for what is put into it; None for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w*\}", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


def _name(node: ast.AST | None) -> str:
    """The last name of what is called or raised."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _files() -> list[Path]:
    folders = [ROOT / name for name in SHIPPED]
    found = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [*(folder for folder in folders if folder.is_file()), *found, *(ROOT / name for name in SET_UP)]


def _plain(text: str) -> str:
    """Text without Markdown's marks and line breaks."""
    return " ".join(re.sub(r"[*`\"\\]", "", text).split())


@pytest.fixture(scope="module")
def page() -> str:
    """The page's words."""
    return _plain(PAGE.read_text("utf-8"))


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_page_has_every_message(path: Path, page: str) -> None:
    found = messages_of(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    missing = [f"{message.where}: {message.text}" for message in found if _plain(message.start) not in page]
    assert not missing, "docs/troubleshooting.md has no row for:\n" + "\n".join(missing)


def test_messages_are_found_where_users_meet_them() -> None:
    source = '''
"""A docstring is no message."""
_REMEDY = "Run it again, then look here."
def f(self, name, cls):
    """Nor is this one."""
    cls.poll_message_set("Choose the footage first")
    self.report({"INFO"}, f"Captured {name} of many frames")
    notes = [f"The file {name} breaks off."]
    if name:
        raise ValueError("This is for programmers alone.")
    raise RigError(f"{name} has no bones. Choose another.")
'''
    texts = [message.text for message in messages_of(source)]
    assert texts == [
        "Run it again, then look here.",
        "Choose the footage first",
        "Captured … of many frames",
        "The file … breaks off.",
        "… has no bones. Choose another.",
    ]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("… has no bones. Choose another.", "has no bones. Choose another"),
        ("The file … breaks off after … s.", "breaks off after"),
        ("There is no take …: check the path.", "There is no take"),
        ("… …: capture the footage again, or use a copy of the file.", "capture the footage again, or"),
    ],
)
def test_a_message_is_looked_for_by_its_first_telling_words(text: str, start: str) -> None:
    assert Message(text, "").start == start
