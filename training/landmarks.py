"""What `fit_landmarks.py` measured on real footage, as data: `landmarks.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("landmarks.toml")


@cache
def fitted() -> dict[str, Any]:
    """The table's content; its own comments say what each number is."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
