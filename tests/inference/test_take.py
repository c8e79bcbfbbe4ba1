"""Take files: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penumbra.errors import TakeError, WriteError
from penumbra.inference.take import Take, load_take, save_take

FACTS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)
NAMES = st.from_regex(r"[a-z_][a-zA-Z0-9_.-]{0,8}", fullmatch=True)
ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_, np.dtype("U4")]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
TAKES = st.builds(
    Take,
    source=FACTS,
    settings=FACTS,
    versions=FACTS,
    camera=FACTS,
    notes=st.lists(st.text(max_size=9), max_size=3),
    stages=st.dictionaries(NAMES, st.dictionaries(NAMES, ARRAYS, max_size=3), max_size=3),
)


def sample() -> Take:
    return Take(
        source={"path": "clip.mp4", "times": [0.0, 0.04]},
        settings={"detector": {"model": "heavy", "threads": None}},
        versions={"penumbra": "0.1.0"},
        camera={"focal": 1200.5},
        notes=["clip.mp4 breaks off after 3.2 s (96 frames)."],
        stages={
            "track": {"points": np.arange(24, dtype=np.float32).reshape(2, 4, 3), "seen": np.array([True, False])},
            "solve": {"root": np.ones((2, 3))},
        },
    )


def assert_equal(one: Take, other: Take) -> None:
    for name in ("source", "settings", "versions", "camera", "notes"):
        assert getattr(one, name) == getattr(other, name)
    assert set(one.stages) == set(other.stages)
    for stage, arrays in one.stages.items():
        assert set(arrays) == set(other.stages[stage])
        for name, array in arrays.items():
            read = other.stages[stage][name]
            assert (read.dtype, read.shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(read, array)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@given(take=TAKES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_in_comes_out(tmp_path: Path, take: Take):
    path = tmp_path / "a.take"
    save_take(take, path)
    assert_equal(load_take(path), take)
    assert names_in(tmp_path) == ["a.take"]


def test_arrays_that_do_not_lie_in_order_come_out_the_same(tmp_path: Path):
    cube = np.arange(24.0).reshape(2, 3, 4)
    take = Take(stages={"s": {"turned": cube.T, "strided": cube[:, ::2], "swapped": cube.astype(">f4")}})
    save_take(take, tmp_path / "a.take")
    read = load_take(tmp_path / "a.take")
    assert_equal(read, take)
    read.stage("s")["turned"][0] = 5  # arrays of a take can be worked on


def test_equal_takes_make_equal_files(tmp_path: Path):
    save_take(sample(), tmp_path / "a.take")
    save_take(sample(), tmp_path / "b.take")
    assert (tmp_path / "a.take").read_bytes() == (tmp_path / "b.take").read_bytes()


def test_stages():
    take = sample()
    more = take.with_stage("lift", world=np.zeros(3))
    assert set(more.stages) == {"track", "solve", "lift"}
    assert set(take.stages) == {"track", "solve"}
    assert more.stage("lift")["world"].shape == (3,)
    with pytest.raises(TakeError, match='no result of the stage "lift"'):
        take.stage("lift")


@pytest.mark.parametrize(
    "wrong",
    [
        Take(source={"rate": float("nan")}),
        Take(camera={"deep": [{"x": float("inf")}]}),
        Take(settings={"path": Path("a")}),
        Take(versions={1: "one"}),  # type: ignore[dict-item]
        Take(stages={"s": {"objects": np.array([{}], object)}}),
        Take(stages={"../s": {"a": np.zeros(1)}}),
        Take(stages={"s": {"a/b": np.zeros(1)}}),
    ],
    ids=["nan", "infinite", "object", "key", "pickle", "stage name", "array name"],
)
def test_what_a_take_cannot_hold_is_refused_and_the_old_file_stays(tmp_path: Path, wrong: Take):
    path = tmp_path / "a.take"
    save_take(sample(), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"cannot be kept|is no name"):
        save_take(wrong, path)
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["a.take"]


def test_no_folder_to_write_to(tmp_path: Path):
    with pytest.raises(WriteError, match="check the folder"):
        save_take(sample(), tmp_path / "nowhere" / "a.take")


def test_a_folder_in_the_way(tmp_path: Path):
    (tmp_path / "a.take").mkdir()
    with pytest.raises(WriteError):
        save_take(sample(), tmp_path / "a.take")
    assert names_in(tmp_path) == ["a.take"]


def test_a_full_disk_leaves_the_old_take_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.take"
    save_take(sample(), path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left on device"):
        save_take(Take(), path)
    assert names_in(tmp_path) == ["a.take"]
    assert_equal(load_take(path), sample())


def message_of(path: Path) -> str:
    with pytest.raises(TakeError) as caught:
        load_take(path)
    return str(caught.value)


def write_zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def listing(**changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"source": {}, "settings": {}, "versions": {}, "camera": {}, "notes": []}
    return {"kind": "take", "version": 1, "facts": facts, "arrays": {}} | changes


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def test_every_way_to_be_no_take_has_its_sentence(tmp_path: Path):
    path = tmp_path / "a.take"
    assert message_of(path).startswith("There is no take")
    assert "cannot be read" in message_of(tmp_path)
    path.write_bytes(b"only words")
    assert message_of(path).startswith("a.take is not a take")
    write_zip(path, {"letter.txt": b"hello"})
    assert message_of(path).startswith("a.take is not a take")
    write_zip(path, {"take.json": json.dumps(listing(kind="detections")).encode()})
    assert message_of(path).startswith("a.take is not a take")
    write_zip(path, {"take.json": json.dumps(listing(version=2, facts=None)).encode()})
    assert message_of(path) == "a.take was made by a newer Penumbra: update the add-on."
    path.write_bytes(b"")
    assert message_of(path).startswith("a.take is damaged")


ONE = {"s": {"a": {"dtype": "<f8", "shape": [2]}}}


@pytest.mark.parametrize(
    "members",
    [
        {"take.json": b"{"},
        {"take.json": b"[]"},
        {"take.json": b"[" * 100_000},
        {"take.json": b"\xff\xfe"},
        {"take.json": json.dumps(listing()).replace('"camera": {}', '"camera": {"f": NaN}').encode()},
        {"take.json": json.dumps(listing(facts={})).encode()},
        {"take.json": json.dumps(listing(facts=listing()["facts"] | {"notes": [1]})).encode()},
        {"take.json": json.dumps(listing(version="1")).encode()},
        {"take.json": json.dumps(listing(arrays=ONE)).encode()},
        {"take.json": json.dumps(listing(arrays=ONE)).encode(), "s/a.npy": npy(np.zeros(3))},
        {"take.json": json.dumps(listing(arrays=ONE)).encode(), "s/a.npy": npy(np.zeros(2, np.float32))},
        {"take.json": json.dumps(listing(arrays=ONE)).encode(), "s/a.npy": npy(np.zeros(2))[:-1]},
        {"take.json": json.dumps(listing(arrays=ONE)).encode(), "s/a.npy": npy(np.zeros(2)) + b"x"},
        {"take.json": json.dumps(listing(arrays=ONE)).encode(), "s/a.npy": b"no array"},
        {"take.json": json.dumps(listing(arrays={"s": {"../a": {}}})).encode()},
    ],
)
def test_contents_that_do_not_fit_are_damage(tmp_path: Path, members: dict[str, bytes]):
    assert "is damaged" in message_of(write_zip(tmp_path / "a.take", members))


def test_nothing_is_inflated(tmp_path: Path):
    """Compressed members could grow to any size."""
    members = {"take.json": json.dumps(listing()).encode() + b" " * 10**6}
    assert "is damaged" in message_of(write_zip(tmp_path / "a.take", members, zipfile.ZIP_DEFLATED))


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self._folder),)


def test_nothing_is_executed(tmp_path: Path):
    trap = np.array([Trap(tmp_path / "sprung")], object)
    arrays = {"s": {"a": {"dtype": "|O", "shape": [1]}}}
    members = {"take.json": json.dumps(listing(arrays=arrays)).encode(), "s/a.npy": npy(trap, allow_pickle=True)}
    assert "is damaged" in message_of(write_zip(tmp_path / "a.take", members))
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(trap))
    assert (tmp_path / "sprung").exists()


def test_any_broken_byte_gives_an_error_or_the_very_same_take(tmp_path: Path):
    whole, broken = tmp_path / "whole.take", tmp_path / "broken.take"
    save_take(sample(), whole)
    data = whole.read_bytes()
    dice = random.Random(0)
    refused = 0
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << dice.randrange(8)
        refused += is_refused(broken, bytes(changed))
    assert refused > len(data) // 2
    for length in range(0, len(data), 7):
        assert is_refused(broken, data[:length])
    for _ in range(300):
        start, end = sorted(dice.sample(range(len(data)), 2))
        is_refused(broken, data[:start] + dice.randbytes(dice.randrange(40)) + data[end:])


def is_refused(path: Path, data: bytes) -> bool:
    """Whether a file with `data` gives a TakeError; else it must give the sample."""
    path.write_bytes(data)
    try:
        take = load_take(path)
    except TakeError:
        return True
    assert_equal(take, sample())
    return False
