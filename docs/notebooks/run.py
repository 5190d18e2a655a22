"""Run the notebooks anew and write them, without what differs from run to run: python docs/notebooks/run.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def run(name: str, endpoint: str) -> Any:
    """Return a notebook after a run.

    Arguments:
        name: file name of the notebook.
        endpoint: URL of a running `kg serve`, without the last slash.

    """
    os.environ["KG_ENDPOINT"] = endpoint
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    notebook = nbformat.read(FOLDER / name, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("text/html", None)
    return notebook


def texts(notebook: Any) -> list[str]:
    """Return what the cells print, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]


def main() -> None:
    """Run all notebooks beside a server of their own."""
    command = [sys.executable, "-m", "kg", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        endpoint = server.stdout.readline().split()[-1].rstrip("/") if server.stdout else ""
        try:
            for name in NAMES:
                nbformat.write(run(name, endpoint), FOLDER / name)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
