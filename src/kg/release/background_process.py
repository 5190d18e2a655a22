"""The child process that makes a release for a server. Run by `kg.release.background`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kg.errors import KgError
from kg.release.background import fill

_NICE = 5

if __name__ == "__main__":
    os.nice(_NICE)  # Who asks the server goes first.
    try:
        fill(Path(sys.argv[1]), Path(sys.argv[2]))
    except KgError as error:
        sys.exit(str(error).replace("\n", " "))
