"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import TrainingDataError


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises TrainingDataError where that is not possible."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        raise TrainingDataError(f'"{path}" cannot be written: {error.strerror}. Choose another place.') from error
    finally:
        temporary.unlink(missing_ok=True)
