"""The forms of a report: one table of formats, one module each, each a function from a report to text."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from kg.errors import SourceError
from kg.validation import github, json, junit, markdown, sarif, text
from kg.validation.findings import Report

FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "github": github.render,
    "markdown": markdown.render,
}


def write_whole(path: Path, content: str) -> None:
    """Write a file whole or not at all: beside it first, then moved over it.

    Raises:
        SourceError: the folder is missing, full or not writable.

    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(content)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise SourceError(
            f"the report cannot be written: {error.strerror}", where=str(path), hint="check folder, rights and space"
        ) from error
