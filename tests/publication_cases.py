"""Two small publications beside ours, one in Dutch and one in English, with their texts."""

from __future__ import annotations

import shutil
from pathlib import Path

from kg.files import project_folder

CASES = Path(__file__).parent / "publications"
DUTCH, ENGLISH = "buurtwarmte-2024", "heat-jobs-2024"
TEXTS = [CASES / f"{name}.txt" for name in (DUTCH, ENGLISH)]
FOLDERS = ("ontology", "data", "shapes", "queries", "views")


def project_with(folder: Path, *names: str) -> Path:
    """Return a copy of our project with publications of the fixture beside ours."""
    for name in FOLDERS:
        shutil.copytree(project_folder() / name, folder / name)
    for name in names:
        shutil.copytree(CASES / name, folder / "data" / name)
    return folder
