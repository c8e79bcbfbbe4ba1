"""Names of what a bake leaves in a file, light enough for what is there when Blender starts."""

from __future__ import annotations

CONFIDENCE = "confidence"
"""The custom property of a bone that says how likely it lies near its true place, 0 to 1."""
