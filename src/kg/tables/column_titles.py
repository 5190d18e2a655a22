"""Titles of columns: `queries/columns.toml` says for each variable what stands above it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kg.errors import SourceError
from kg.files import read_text
from kg.tables.sheet import LABEL

FILE: Final = "columns.toml"
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Words = Mapping[str, Mapping[str, str]]


def read_titles(folder: Path) -> Words:
    """Return the titles below a folder of questions, by variable and language.

    Raises:
        SourceError: the file is no TOML.

    """
    path = folder / FILE
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(str(error), where=str(path), hint="mend the TOML") from error


def title_of(words: Words, name: str, lang: str) -> str:
    """Return the title of a column; without one, the name of the variable in words.

    >>> title_of({"unit": {"nl": "eenheid"}}, "unitLabel", "nl"), title_of({}, "payBack", "nl")
    ('eenheid', 'pay back')
    """
    for one in (name, name.removesuffix(LABEL)):
        if one in words:
            return words[one][lang]
    return _HUMP.sub(" ", name).lower()
