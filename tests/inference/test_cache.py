"""The detection cache: hits, misses, limits, and folders that do not work."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from penumbra.inference import cache as cache_module
from penumbra.inference.cache import DetectionCache, cache_key, default_cache_folder


def detections(value: float = 0.0, count: int = 100) -> dict[str, np.ndarray]:
    return {"landmarks": np.full((count, 33, 3), value, np.float32), "seen": np.ones(count, bool)}


def test_what_was_put_is_found_again(tmp_path: Path):
    folder = tmp_path / "deep" / "cache"
    key = cache_key(footage="abc", step=1)
    assert DetectionCache(folder).get(key) is None
    DetectionCache(folder).put(key, detections(3.0))
    found = DetectionCache(folder).get(key)
    assert found is not None
    assert set(found) == {"landmarks", "seen"}
    np.testing.assert_array_equal(found["landmarks"], detections(3.0)["landmarks"])
    assert DetectionCache(folder).get(cache_key(footage="abc", step=2)) is None


def test_keys():
    key = cache_key(footage="abc", detector={"model": "heavy", "threads": None}, weights=["1", "2"])
    assert cache_key(weights=["1", "2"], detector={"threads": None, "model": "heavy"}, footage="abc") == key
    assert len(key) == 64
    assert cache_key(footage="abd", detector={"model": "heavy", "threads": None}, weights=["1", "2"]) != key
    assert cache_key(footage="abc", detector={"model": "heavy", "threads": None}, weights=["2", "1"]) != key
    assert cache_key(a=1) != cache_key(a="1")
    with pytest.raises(ValueError, match="not JSON compliant"):
        cache_key(a=float("nan"))


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other kind"])
def test_a_damaged_entry_is_a_miss_and_is_removed(tmp_path: Path, damage: str):
    cache = DetectionCache(tmp_path)
    cache.put("key", detections())
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    flipped = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
    path.write_bytes({"cut": data[:-10], "flipped": flipped, "empty": b"", "other kind": b"words"}[damage])
    assert cache.get("key") is None
    assert list(tmp_path.iterdir()) == []
    assert cache.notes == []


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path):
    cache = DetectionCache(tmp_path)
    for age, key in enumerate(("new", "middle", "old")):
        cache.put(key, detections())
        os.utime(tmp_path / f"{key}.detections", (1e9 - age, 1e9 - age))
    size = (tmp_path / "old.detections").stat().st_size
    assert cache.get("old") is not None
    DetectionCache(tmp_path, limit_bytes=3 * size).put("newest", detections())
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["new", "newest", "old"]


def test_an_entry_above_the_limit_is_not_kept(tmp_path: Path):
    cache = DetectionCache(tmp_path, limit_bytes=1000)
    cache.put("key", detections())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_and_nothing_stops(tmp_path: Path):
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    cache = DetectionCache(in_the_way / "cache")
    assert cache.get("key") is None
    cache.put("key", detections())
    assert len(cache.notes) == 2
    assert "cannot be written" in cache.notes[-1]
    assert "will detect again" in cache.notes[-1]


def test_a_broken_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    cache = DetectionCache(tmp_path)
    cache.put("key", detections())
    assert list(tmp_path.iterdir()) == []
    assert "No space left on device" in cache.notes[0]


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "given/penumbra/detections"),
        ("linux", None, "home/.cache/penumbra/detections"),
        ("darwin", None, "home/Library/Caches/penumbra/detections"),
        ("win32", "LOCALAPPDATA", "given/penumbra/detections"),
        ("win32", None, "home/AppData/Local/penumbra/detections"),
    ],
)
def test_every_platform_has_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, variable: str | None, expected: str
):
    monkeypatch.setattr(cache_module.sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "given"))
    assert default_cache_folder() == tmp_path / expected
