"""The matrix counts what went well, names what did not, and stops a way where it broke off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from penumbra.benchmarks import install, install_blenders, install_matrix
from penumbra.benchmarks.install_blenders import Blender, Outcome
from penumbra.benchmarks.install_matrix import COLUMNS, Row, Zips, from_blank, go

HERE = Blender("Here", python=Path("python"))
ZIPS = Zips(Path("own.zip"), Path("other.zip"))


class FakeDesk:
    """Plays steps without a Blender; `problems` by step, and what was played in which process."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        self.played: list[tuple[str, ...]] = []
        self.output = "noise\nERROR penumbra: This platform (linux-x64) isn't one of (windows-x64)\n"

    folder = Path("/desk")

    def inside(self, path: Path) -> str:
        return str(path)

    def put(self, path: Path) -> str:
        return path.name

    def play(self, steps: Sequence[str], _orders: dict) -> list[Outcome]:
        self.played.append(tuple(steps))
        outcomes = []
        for step in steps:
            told = {"register": 0.01 * len(self.played), "modules": ["json"]} if step == "register" else {}
            outcomes.append(Outcome(step, 1.25, self.problems.get(step, ""), told))
            if outcomes[-1].problem:
                break
        return outcomes


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Row, FakeDesk]]:
    def played(**problems: str) -> tuple[Row, FakeDesk]:
        user = FakeDesk(problems)

        @contextmanager
        def desk(_blender: Blender) -> Iterator[FakeDesk]:
            yield user

        monkeypatch.setattr(install_matrix, "desk", desk)
        return go(HERE, ZIPS, Path("clip.mp4"), 4), user

    return played


def test_a_whole_way_passes(way: Callable[..., tuple[Row, FakeDesk]]) -> None:
    row, user = way()
    assert row.passed == len(COLUMNS)
    assert row.cells() == ["Here", *["1.2"] * len(COLUMNS)]
    assert [steps for steps in user.played if steps != ("register",)] == list(install_matrix.WAY)
    starts = [0.01 * number for number, steps in enumerate(user.played, 1) if steps == ("register",)]
    assert row.register == pytest.approx(sorted(starts)[len(starts) // 2])
    assert row.refused.startswith("ERROR penumbra: This platform")


def test_the_first_problem_is_shown_and_ends_the_way(way: Callable[..., tuple[Row, FakeDesk]]) -> None:
    row, user = way(bake="no keys | at all")
    cells = dict(zip(("Blender", *COLUMNS), row.cells(), strict=True))
    assert cells["bake"] == "no keys / at all"
    assert cells["capture"] == "1.2"
    assert cells["confidence"] == cells["uninstall"] == "not come to"
    assert row.passed == COLUMNS.index("bake")
    assert ("other_platform",) not in user.played


def test_a_problem_that_comes_in_a_later_process_is_not_covered_by_an_earlier_success(
    way: Callable[..., tuple[Row, FakeDesk]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install_matrix, "WAY", (("install",), ("restart",), ("restart", "uninstall")))
    original = FakeDesk.play

    def second_restart_fails(self: FakeDesk, steps: Sequence[str], orders: dict) -> list[Outcome]:
        if len(steps) > 1:
            self.problems = {"restart": "gone"}
        return original(self, steps, orders)

    monkeypatch.setattr(FakeDesk, "play", second_restart_fails)
    row, _ = way()
    assert row.outcomes["restart"].problem == "gone"


def test_figures_fall_short_where_a_step_or_a_start_does() -> None:
    good = {step: Outcome(step, 1.0, "") for step in COLUMNS}
    rows = [Row("A", good, 0.03, (), "", ""), Row("B", {**good, "bake": Outcome("bake", 1.0, "no")}, 0.04, (), "", "")]
    passed, start = install.matrix_figures(rows)
    assert (passed.value, passed.bound, passed.verdict) == (2 * len(COLUMNS) - 1, 2 * len(COLUMNS), "short")
    assert (start.value, start.verdict) == (pytest.approx(40.0), "ok")
    passed, start = install.matrix_figures([rows[0], Row("C", {}, math.nan, (), "", "")])
    assert start.verdict == "short"
    assert [figure.verdict for figure in install.size_figures({"linux-x64": 149.9, "windows-x64": 150.1})] == [
        "ok",
        "short",
    ]


def test_a_blank_start_that_does_not_come_to_keys_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def desk(_blender: Blender) -> Iterator[FakeDesk]:
        yield FakeDesk({"from_blank": "the rig has no keys"})

    monkeypatch.setattr(install_matrix, "desk", desk)
    with pytest.raises(RuntimeError, match="the rig has no keys"):
        from_blank(HERE, Path("own.zip"), Path("clip.mp4"), None)


def test_a_blender_that_crashes_is_a_problem_of_its_step(tmp_path: Path) -> None:
    script = tmp_path / "crash.sh"
    script.write_text("#!/bin/sh\nexit 11\n")
    script.chmod(0o755)
    desk = install_blenders.Desk(Blender("Crashing", python=script), tmp_path / "desk")
    (outcome,) = desk.play(["install", "enable"], {})
    assert (outcome.step, outcome.problem) == ("install", "Blender ended (exit code 11)")


def test_blenders_that_are_not_here_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_blenders.environment, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found, missing = install_blenders.blenders()
    assert not found
    assert len(missing) == len(install_blenders.environment.BLENDERS) + 2
    assert "bpy 4.2.23 is not here; ./test --bpy 4.2.23 sets it up." in missing
