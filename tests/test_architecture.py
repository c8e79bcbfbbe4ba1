"""Every import follows docs/architecture.md: rooms import what lies before them, and Blender only where it belongs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "errors.py": set(),
    "version.py": set(),
    "models": set(),
    "inference": {"models"},
    "retarget": {"inference", "models"},
    "packages": {"models", "inference"},
    "scene": {"retarget", "inference", "models"},
    "translations": set(),
    "api.py": {"scene", "inference", "retarget", "packages"},
    "operators": {"scene", "inference", "retarget", "packages"},
    "operators/command.py": {"cli"},
    "panels": {"operators", "scene", "packages", "translations"},
    "cli": {"scene", "inference", "retarget", "packages", "api"},
    "__init__.py": {"operators", "panels", "scene", "translations", "api"},
    "__main__.py": {"cli"},
    "tools": {"models"},
    "tools/pictures.py": {"inference", "scene"},
    "tools/side_by_side.py": {"inference"},
    "training": {"models", "inference", "tools"},
    "training/motion/blender_worker.py": {"scene"},
    "benchmarks": {"models", "inference", "packages", "retarget", "scene", "operators", "cli", "tools", "training"},
    "benchmarks/redraws.py": {"tests"},
    "tests": {
        "api",
        "models",
        "inference",
        "packages",
        "translations",
        "retarget",
        "scene",
        "operators",
        "panels",
        "cli",
        "tools",
        "training",
        "benchmarks",
    },
}
"""A folder or file, and the rooms that it may import besides itself and `FOR_ALL`; a file's own line goes first."""
FOR_ALL = {"errors", "version"}
STAGES = {
    "pipeline",
    "scout",
    "track",
    "flow",
    "swaps",
    "reliability",
    "sight",
    "trained_lift",
    "windowed_lift",
    "refine_graph",
    "refine_ppt",
    "lift",
    "lifting",
    "observing",
    "placing",
    "fitting",
    "locking",
    "animate",
    "solve",
    "contacts",
    "smoothing",
    "hinges",
    "wrists",
}
"""Modules and folders of `inference` that do work; `retarget` and `scene` take its types only."""
TYPES_ONLY = {"retarget", "scene"}
SHARED_STAGES = {"retarget": {"contacts", "locking"}}
"""Stages that another room calls as well: feet are held on a target by what holds the subject's."""

BLENDER = {
    "bpy",
    "bpy_extras",
    "bpy_types",
    "bmesh",
    "mathutils",
    "addon_utils",
    "gpu",
    "gpu_extras",
    "blf",
    "bl_ui",
    "rna_prop_ui",
}
BLENDER_ALLOWED = (
    "operators/",
    "panels/",
    "scene/",
    "translations/",
    "cli/blender.py",
    "tools/pictures.py",
    "training/motion/blender_worker.py",
    "benchmarks/",
    "tests/blender/",
    "tests/window/",
)

IMPORT_CALLS = {"__import__", "import_module", "importlib.import_module"}

NOT_SHIPPED = {"tools", "training", "benchmarks", "tests"}
LIBRARIES = {"numpy", "onnxruntime", "av", "cv2", "mediapipe", "flatbuffers"} | BLENDER
"""What shipped code may import beside the standard library; flatbuffers comes with onnxruntime."""
OPTIONAL = {"inference/fitting/fine.py": {"torch"}, "packages/self_test.py": {"torch"}}
"""What one file may import where it is installed, and says what to do where it is not."""
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "socketserver", "asyncio"}


def sources(root: Path) -> Iterator[Path]:
    """All Python files of the tree at `root`, without hidden and built folders."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in {"build", "__pycache__"}
        )
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))


def imports(tree: ast.AST, path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported; the project's own modules start with "penumbra." or "."

    A relative import is given as "." and the path from the root. Imports by name through importlib count.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, str(node.module)
        elif isinstance(node, ast.ImportFrom):
            inside = _from_root(path, "." * node.level + (node.module or ""))
            # `from .. import models` and `from ..inference import lift` name what they mean after the word import.
            names = [f".{alias.name}" for alias in node.names] if inside.count(".") == 1 else [""]
            yield from ((node.lineno, (inside + name).replace("..", ".")) for name in names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORT_CALLS:
            name = ast.unparse(node.args[0]).strip("'\"")
            yield node.lineno, _from_root(path, name) if name.startswith(".") else name


def _from_root(path: Path, relative: str) -> str:
    """What a relative module name in the file at `path` means, as "." and the path from the root."""
    name = relative.lstrip(".")
    package = path.parts[: len(path.parts) - (len(relative) - len(name))]
    return "." + ".".join([*package, *([name] if name else [])])


def complaint(path: Path, name: str) -> str | None:
    """Why the file at `path` (relative to the root) must not import `name`, or None when it may."""
    place = path.as_posix()
    room = path.parts[0]
    rules = MAY_IMPORT.get(room)
    if rules is None:
        return f"{room} is not in the table of rooms"
    top = name.partition(".")[0]
    if top in BLENDER and not place.startswith(BLENDER_ALLOWED):
        return f"{top} belongs to Blender's rooms"
    if top == "penumbra" and room not in {"tests", "benchmarks", "training"}:
        return "modules import each other relatively, because the package's name differs inside Blender"
    if top not in {"", "penumbra"}:
        if room in NOT_SHIPPED:
            return None
        if top in NETWORK:
            return f"{top} touches the network"
        if top not in sys.stdlib_module_names | LIBRARIES | OPTIONAL.get(place, set()):
            return f"{top} is not among the libraries that ship"
        return None
    target = name.split(".")[1:]
    other = target[0] if target else "__init__"
    if other not in {room, *FOR_ALL, *rules, *MAY_IMPORT.get(place, set())} and target:
        return f"{room} must not import {other}"
    stages = STAGES - SHARED_STAGES.get(room, set())
    if room in TYPES_ONLY and other == "inference" and len(target) > 1 and target[1] in stages:
        return f"{room} takes types from inference, not the stage {target[1]}"
    return None


def violations(root: Path) -> list[str]:
    """A sentence for each import in the tree at `root` that breaks the rules."""
    found = []
    for file in sources(root):
        path = file.relative_to(root)
        for line, name in imports(ast.parse(file.read_text(encoding="utf-8")), path):
            reason = complaint(path, name)
            if reason:
                found.append(f"{path.as_posix()}:{line} imports {name}: {reason}")
    return found


def test_every_import_points_down_the_datas_way():
    assert violations(ROOT) == []


def test_the_table_names_the_rooms_of_the_document():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    documented = {name.rstrip("/") for name in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)}
    assert documented - {"docs"} == {room for room in MAY_IMPORT if "/" not in room}


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("models/a.py", "from ..inference.take import Take", "models must not import inference"),
        ("models/a.py", "from .. import inference", "models must not import inference"),
        ("inference/a.py", "from ..retarget import rig_map", "inference must not import retarget"),
        ("inference/a.py", "def f():\n    from ..scene.bake import bake", "inference must not import scene"),
        ("retarget/rig_maps/a.py", "from ...scene.bake import bake", "retarget must not import scene"),
        ("retarget/a.py", "from ..inference.pipeline import capture", "not the stage pipeline"),
        ("scene/a.py", "from ..inference import lift", "not the stage lift"),
        ("scene/a.py", "from ..operators.capture import X", "scene must not import operators"),
        ("operators/a.py", "from ..cli.main import main", "operators must not import cli"),
        ("operators/a.py", "from ..panels import capture", "operators must not import panels"),
        ("cli/a.py", "from ..tools import fetch", "cli must not import tools"),
        ("__init__.py", "from .tools import fetch", "__init__.py must not import tools"),
        ("benchmarks/a.py", "from penumbra.panels import capture", "benchmarks must not import panels"),
        ("inference/a.py", "import bpy", "bpy belongs to Blender's rooms"),
        ("cli/main.py", "def f():\n    import bpy", "bpy belongs to Blender's rooms"),
        ("retarget/a.py", "from mathutils import Vector", "mathutils belongs to Blender's rooms"),
        ("tests/a.py", "import importlib\nimportlib.import_module('bpy')", "bpy belongs to Blender's rooms"),
        ("cli/a.py", "import bpy.types", "bpy belongs to Blender's rooms"),
        ("inference/a.py", "from penumbra.models import pose", "import each other relatively"),
        (
            "cli/a.py",
            "from importlib import import_module\nimport_module('..panels', __package__)",
            "must not import panels",
        ),
        ("inference/a.py", "import scipy.signal", "scipy is not among the libraries that ship"),
        ("inference/a.py", "import torch", "torch is not among the libraries that ship"),
        ("models/a.py", "from urllib.request import urlopen", "urllib touches the network"),
        ("utils/a.py", "import math", "utils is not in the table of rooms"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, path: str, source: str, reason: str):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    found = violations(tmp_path)
    assert len(found) == 1
    assert reason in found[0]
    assert found[0].startswith(f"{path}:{source.count(chr(10)) + 1} ")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("inference/a.py", "from ..models.pose import Region\nfrom . import rotations\nfrom ..errors import TakeError"),
        ("inference/a.py", "import json\nimport numpy as np\nimport cv2"),
        ("inference/fitting/fine.py", "def f():\n    import torch"),
        ("scene/a.py", "import bpy\nfrom ..inference.motion import Motion"),
        ("operators/command.py", "def f():\n    from ..cli.main import main"),
        ("cli/blender.py", "import bpy"),
        ("cli/a.py", "from importlib import import_module\nimport_module('.blender', __package__)"),
        ("cli/a.py", "from . import events"),
        ("tests/blender/a.py", "import bpy\nfrom penumbra.scene.bake import bake"),
        ("tests/a.py", "import scipy\nfrom penumbra.tools import fetch"),
        ("tools/a.py", "import onnx\nfrom . import environment"),
        (".venv/a.py", "from nowhere import anything"),
    ],
)
def test_a_right_import_is_let_through(tmp_path: Path, path: str, source: str):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []


def test_the_package_imports_without_blender_and_brings_nothing_heavy():
    code = (
        "import sys\n"
        "sys.modules['bpy'] = None\n"  # an import of bpy raises ImportError from here on
        "import penumbra\n"
        "heavy = {'numpy', 'cv2', 'av', 'onnxruntime', 'mediapipe'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert callable(penumbra.register) and callable(penumbra.unregister)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
