"""The child process that makes the database of ESCO. Run by `kg.linking.background`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from kg import child_process
from kg.linking.database import Database

_NICENESS: Final = 5


def _make(request: list[str], _: object) -> None:
    os.nice(_NICENESS)  # Who asks the server goes first.
    project, imported = request
    Database.open(Path(project), Path(imported) if imported else None)


if __name__ == "__main__":
    child_process.main(_make)
