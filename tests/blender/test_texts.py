"""What every registered class of the add-on says to its user: labels, tooltips, and why a button is disabled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import bpy
import pytest

import penumbra
from penumbra.tests.blender.messages import ROOT, classes, properties

# Words that a title keeps small unless it begins or ends with them.
SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to"}


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    penumbra.register()
    yield
    penumbra.unregister()


def is_title(label: str) -> bool:
    """Whether a label is in title case, as Blender writes its own; names of products have letters of their own."""
    words = label.removesuffix("...").replace("(", " ").split()
    return all(word[0].isupper() or not word[0].isalpha() or word in SMALL for word in words) and words[0] not in SMALL


def faults(label: str, description: str) -> list[str]:
    """What is wrong with a label and its tooltip."""
    found = []
    if not label or not is_title(label):
        found.append(f"{label!r} is not in title case")
    if not description:
        found.append(f"{label} has no tooltip")
    elif description.endswith(".") or not description[0].isupper():
        found.append(f"the tooltip of {label} is no sentence without its full stop: {description!r}")
    return found


def test_every_operator_and_panel_says_what_it_is() -> None:
    found = []
    for one in classes():
        if issubclass(one, bpy.types.Operator):
            found += faults(one.bl_label, one.bl_description)
        elif issubclass(one, bpy.types.Panel):
            found += faults(one.bl_label, "Panels have no tooltip")
    assert found == []


def test_every_property_and_each_of_its_choices_has_a_tooltip() -> None:
    found, count = [], 0
    for one in classes():
        for prop in properties(one):
            count += 1
            found += [f"{one.__name__}: {fault}" for fault in faults(prop.name, prop.description)]
            for item in prop.enum_items if prop.type == "ENUM" else ():
                found += [f"{one.__name__}.{prop.identifier}: {fault}" for fault in faults(item.name, item.description)]
    assert found == []
    assert count > 60


def test_what_is_not_in_title_case_or_lacks_a_tooltip_is_found() -> None:
    assert faults("Jump to Doubtful Span", "Go to where the capture is in doubt next") == []
    assert faults("jump to span", "Go there") == ["'jump to span' is not in title case"]
    assert len(faults("Jump to span", "")) == 2
    assert len(faults("Jump", "Go there.")) == 1


def functions(room: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function in a room, with where it is."""
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def tells(node: ast.AST, telling: AbstractSet[str]) -> bool:
    """Whether a message is set somewhere in it, be it by one of the functions of these names."""
    called = {ast.unparse(part.func).rpartition(".")[2] for part in ast.walk(node) if isinstance(part, ast.Call)}
    return not called.isdisjoint({"poll_message_set", *telling})


def silent_refusals(body: list[ast.stmt], telling: AbstractSet[str], *, told: bool = False) -> Iterator[int]:
    """Lines that refuse without a word: `return False` where neither what is before it nor what was asked sets a message."""
    for node in body:
        told = told or (isinstance(node, ast.Expr) and tells(node, telling))
        asked = isinstance(node, ast.If) and tells(node.test, telling)
        for inner in ("body", "orelse", "finalbody"):
            yield from silent_refusals(getattr(node, inner, []), telling, told=told or asked)
        for handler in getattr(node, "handlers", []):
            yield from silent_refusals(handler.body, telling, told=told)
        if isinstance(node, ast.Return) and ast.unparse(node) == "return False" and not told:
            yield node.lineno


def test_every_disabled_button_says_why() -> None:
    found = list(functions("operators"))
    telling = {node.name for _, node in found if tells(node, set())}
    polls = [(where, node) for where, node in found if node.name == "poll"]
    assert len(polls) >= 5
    silent = [(where, line) for where, poll in polls for line in silent_refusals(poll.body, telling)]
    assert silent == []


def test_a_silent_refusal_is_found() -> None:
    def lines(body: str) -> list[int]:
        (poll,) = ast.parse(f"def poll(cls, context):\n{body}").body
        assert isinstance(poll, ast.FunctionDef)
        return list(silent_refusals(poll.body, {"busy"}))

    assert lines("    if cls.run:\n        return False\n    return True") == [3]
    assert lines("    if cls.run:\n        cls.poll_message_set('x')\n        return False\n    return True") == []
    assert lines("    if busy(cls):\n        return False\n    if cls.run:\n        return False") == [5]


def refusal(operator: Any, **context: Any) -> str:
    """What Blender answers to a call of an operator that cannot be called now."""
    with bpy.context.temp_override(**context), pytest.raises(RuntimeError) as raised:
        operator()
    return str(raised.value)


def test_blender_passes_the_reason_on() -> None:
    scene = bpy.context.scene
    assert "Choose the footage first" in refusal(bpy.ops.penumbra.capture, penumbra_choices=scene.penumbra)
    assert "No capture is running" in refusal(bpy.ops.penumbra.cancel_capture)
    assert "Select one armature" in refusal(bpy.ops.penumbra.jump_to_span)
    assert "Select an armature, or choose one" in refusal(bpy.ops.penumbra.guess_rig_map)


def test_a_second_capture_is_refused_in_words_from_any_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    from penumbra.operators.capture import PENUMBRA_OT_capture

    monkeypatch.setattr(PENUMBRA_OT_capture, "run", object())
    other = bpy.data.scenes.new("Other")
    other.penumbra.footage = "walk.mp4"
    assert "A capture is already running" in refusal(bpy.ops.penumbra.capture)
    assert "A capture is already running" in refusal(bpy.ops.penumbra.capture, scene=other)
    monkeypatch.setattr(PENUMBRA_OT_capture, "run", None)
