"""Titles of columns: `queries/columns.toml` says for each variable what stands above it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kg.files import read_toml
from kg.tables.sheet import LABEL

FILE: Final = "columns.toml"
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Words = Mapping[str, Mapping[str, str]]


def read_titles(folder: Path) -> Words:
    """Return the titles below a folder of questions, by variable and language; none where it has no file of them.

    Raises:
        SourceError: the file is no TOML.

    """
    return read_toml(folder / FILE) if (folder / FILE).is_file() else {}


def title_of(words: Words, name: str, lang: str) -> str:
    """Return the title of a column; without one, the name of the variable in words.

    >>> title_of({"unit": {"nl": "eenheid"}}, "unitLabel", "nl"), title_of({}, "payBack", "nl")
    ('eenheid', 'pay back')
    """
    for variable in (name, name.removesuffix(LABEL)):
        if variable in words:
            return words[variable][lang]
    return _HUMP.sub(" ", name).lower()
