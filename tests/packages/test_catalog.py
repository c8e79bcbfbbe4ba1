from __future__ import annotations

import re
from dataclasses import replace

import pytest

from penumbra.packages.catalog import CATALOG, KINDS, Kind, Wheel, load_catalog, size
from penumbra.packages.choose import NVIDIA, Machine, fits, named, options, why_none
from penumbra.tools import build

PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64")
PYTHONS = ("cp311", "cp313", "cp314")


def names(kind: Kind, platform: str, vendor: str = "", python: str = "cp311") -> list[str]:
    return [package.name for package in options(kind, Machine(platform, python, vendor), load_catalog())]


def test_every_wheel_is_pinned_and_numpy_is_never_among_them():
    for package in load_catalog():
        assert package.kind in KINDS
        for wheel in package.wheels:
            assert re.fullmatch(r"[0-9a-f]{64}", wheel.sha256), wheel.file
            assert 0 < wheel.bytes < wheel.unpacked
            assert wheel.file.endswith(".whl")
            assert wheel.distribution != "numpy"


def test_no_file_says_where_from():
    for path in CATALOG.parent.iterdir():
        if path.suffix in {".py", ".toml"}:
            assert not re.search(r"https?:|\.org\b|\.com\b", path.read_text("utf-8")), path.name


@pytest.mark.parametrize("python", PYTHONS)
def test_every_machine_that_a_zip_is_made_for_is_served(python: str):
    assert names("gpu", "linux-x64", NVIDIA, python) == ["cuda"]
    assert names("gpu", "windows-x64", NVIDIA, python) == ["cuda", "directml"]
    assert names("gpu", "windows-x64", "", python) == ["directml"]
    assert names("gpu", "linux-x64", "", python) == []
    assert names("gpu", "macos-arm64", "", python) == []
    assert names("torch", "linux-x64", "", python) == ["torch", "torch-cuda"]
    assert names("torch", "windows-x64", "", python) == names("torch", "macos-arm64", "", python) == ["torch"]


def test_a_machine_gets_its_own_wheels_and_one_of_each():
    for platform in PLATFORMS:
        for python in PYTHONS:
            machine = Machine(platform, python, NVIDIA)
            for kind in KINDS:
                for package in options(kind, machine, load_catalog()):
                    distributions = [wheel.distribution for wheel in package.wheels]
                    assert len(set(distributions)) == len(distributions), (package.name, machine)
                    assert package.main in distributions
    (cuda,) = options("gpu", Machine("linux-x64", "cp313", NVIDIA), load_catalog())
    assert {"nvidia-cublas", "nvidia-cudnn-cu13", "nvidia-cuda-runtime"} <= {one.distribution for one in cuda.wheels}
    assert 1.4e9 < cuda.bytes < 1.6e9


def test_gpu_support_is_of_the_version_that_the_add_on_brings():
    (cuda,) = named("cuda", Machine("linux-x64", "cp311", ""), load_catalog())
    bundled = (build.ROOT / "tools" / "wheels.toml").read_text("utf-8")
    assert f'"onnxruntime-{cuda.version}-cp311' in bundled


@pytest.mark.parametrize(
    ("file", "platform", "python", "right"),
    [
        ("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "linux-x64", "cp311", True),
        ("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "linux-x64", "cp313", False),
        ("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "windows-x64", "cp311", False),
        ("a-1-cp37-abi3-win_amd64.whl", "windows-x64", "cp313", True),
        ("a-1-py3-none-any.whl", "macos-arm64", "cp314", True),
        ("a-1-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", "linux-x64", "cp314", True),
        ("a-1-py3-none-manylinux_2_27_aarch64.whl", "linux-x64", "cp311", False),
        ("a-1-cp311-cp311-macosx_14_0_arm64.whl", "plan9-mips", "cp311", False),
    ],
)
def test_a_wheel_says_by_its_name_what_it_is_for(file: str, platform: str, python: str, *, right: bool):
    assert fits(Wheel(file, 1, 1, ""), Machine(platform, python, "")) is right


def test_where_nothing_can_be_installed_it_is_said_why():
    assert why_none("gpu", Machine("macos-arm64", "cp311", "")) == "Nothing to install: Core ML is part of the add-on"
    assert "no GPU support for other graphics cards on Linux" in why_none("gpu", Machine("linux-x64", "cp311", ""))
    assert (
        why_none("torch", Machine("linux-arm64", "cp312", "")) == "There is no package for linux-arm64 with Python 3.12"
    )


def test_a_package_can_be_asked_for_by_name_whatever_the_graphics_card():
    linux = Machine("linux-x64", "cp311", "")
    assert [package.name for package in named("cuda", linux, load_catalog())] == ["cuda"]
    assert named("directml", linux, load_catalog()) == []
    assert named("cuda", replace(linux, python="cp312"), load_catalog()) == []


def test_sizes_are_said_in_few_digits():
    assert [size(count) for count in (0, 1, 255_560_985, 1_457_604_000)] == ["0 MB", "1 MB", "256 MB", "1.5 GB"]
