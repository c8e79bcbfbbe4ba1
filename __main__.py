"""`python -m penumbra`: the same command line as `./capture` and `blender -c penumbra`."""

from __future__ import annotations

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
