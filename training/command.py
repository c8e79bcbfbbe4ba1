"""How the commands of the training tell a user's errors."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..errors import PenumbraError


def exit_code(work: Callable[[], object]) -> int:
    """Do the work and give 0, or say what went wrong and give the error's own code."""
    try:
        work()
    except PenumbraError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0
