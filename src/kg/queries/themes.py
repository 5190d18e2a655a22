"""Themes: each folder below `queries/` is one, and `queries/themes.toml` gives their names and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kg.errors import SourceError
from kg.files import read_toml
from kg.queries.question import Question

FILE: Final = "themes.toml"


class Themes:
    """The names of themes, in their order.

    Arguments:
        names: of each folder its name by language tag.

    """

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        self._names = names

    @classmethod
    def from_folder(cls, folder: Path) -> Themes:
        """Return the themes of a folder of questions; without `themes.toml`, themes without names.

        Raises:
            SourceError: the file is no TOML, or holds something else than a table for each theme.

        """
        path = folder / FILE
        if not path.is_file():
            return cls({})
        names = read_toml(path)
        for theme, name in names.items():
            if not isinstance(name, dict):
                raise SourceError(f"{theme} is no table", where=str(path), hint=f"write [{theme}] with nl and en")
        return cls(names)

    def name(self, theme: str, lang: str) -> str:
        """Return the name of a theme; that of its folder where it has none in the language."""
        return self._names.get(theme, {}).get(lang, theme)

    def group(self, questions: Iterable[Question]) -> dict[str, list[Question]]:
        """Return questions by theme: the named themes in their order, then the others by folder."""
        groups: dict[str, list[Question]] = {theme: [] for theme in self._names}
        for question in sorted(questions, key=lambda question: question.name):
            groups.setdefault(question.theme, []).append(question)
        return {theme: group for theme, group in groups.items() if group}
