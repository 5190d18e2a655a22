"""The child process that builds the release of a served graph. Run by `kg.release.background`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from kg import child_process
from kg.release.background import build_files
from kg.release.files import Owner

_NICENESS: Final = 5


def _build(request: dict[str, Any], _: object) -> None:
    os.nice(_NICENESS)  # Who asks the server goes first.
    part, folder, project = (Path(request[name]) for name in ("part", "folder", "project"))
    build_files(part, folder, project, Owner(**request["owner"]))


if __name__ == "__main__":
    child_process.main(_build)
