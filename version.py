"""The add-on's version, as its manifest says it."""

from __future__ import annotations

import tomllib
from pathlib import Path


def version() -> str:
    """Version like "0.1.0" from `blender_manifest.toml`, the one place that states it."""
    with Path(__file__).with_name("blender_manifest.toml").open("rb") as manifest:
        return str(tomllib.load(manifest)["version"])
