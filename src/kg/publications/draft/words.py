"""What a draft looks for in a text, as `data/_template/drafting.toml` says: patterns, words around names and numbers.

That is a file of people beside the template, in TOML and in no graph: a pattern says how to read a language, which is
no fact about climate jobs and needs neither shape nor page; as a term of the ontology each release would publish it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import read_toml
from kg.namespaces import ID, KB, SKOS

FILE: Final = "drafting.toml"
_SPACES: Final = {"kb": KB, "skos": SKOS, "esco": "http://data.europa.eu/esco/model#"}
_NEVER: Final = re.compile(r"(?!)")


@dataclass(frozen=True)
class Pattern:
    """Words that tie things together.

    Attributes:
        words: how they are printed.
        predicate: IRI of the property that they propose.
        subject: `before`, `after`, `signal` or `new`, or the IRI of a class.
        objects: `after`, `sentence` or `nearest`.
        new_class: IRI of the class of a new subject.
        fixed: IRIs of property and value that a new subject has.
        needs_object: whether a new subject is proposed only with an object.

    """

    words: re.Pattern[str]
    predicate: str
    subject: str = "before"
    objects: str = "after"
    new_class: str = ""
    fixed: tuple[tuple[str, str], ...] = ()
    needs_object: bool = False


@dataclass(frozen=True)
class Words:
    """The patterns and words of one language.

    Attributes:
        language: its tag.
        proper, unnamed: IRIs of classes of proper names, and of things that are never looked for by name.
        vocabularies: IRI of a class or scheme to the class that its concepts would have here.
        lists: name of a list of words to the words.
        symbols: sign to the IRI of a unit.
        counted: IRIs of unit and kind of quantity of what has no unit of its own.

    """

    language: str
    patterns: tuple[Pattern, ...]
    proper: frozenset[str]
    unnamed: frozenset[str]
    vocabularies: Mapping[str, str]
    lists: Mapping[str, frozenset[str]]
    symbols: Mapping[str, str]
    counted: tuple[str, str]

    @classmethod
    def read(cls, template: Path, language: str) -> Words:
        """Read the file beside the template.

        Raises:
            SourceError: it is missing, or lacks something.

        """
        path = template / FILE
        table = read_toml(path)
        try:
            return cls(
                language,
                tuple(_pattern(entry, language) for entry in table["pattern"]),
                frozenset(map(expanded, table["proper"])),
                frozenset(map(expanded, table["unnamed"])),
                {expanded(name): expanded(own) for name, own in table["vocabularies"].items()},
                {name: frozenset(words) for name, words in table[language].items()},
                {sign: expanded(unit) for sign, unit in table["symbols"].items()},
                (expanded(table["counted"][0]), expanded(table["counted"][1])),
            )
        except (KeyError, IndexError, re.error) as error:
            hint = "see the comment at its top, and the file of the project as it came"
            raise SourceError(f"missing or malformed: {error}", where=str(path), hint=hint) from error


def _pattern(entry: Mapping[str, Any], language: str) -> Pattern:
    subject = entry.get("subject", "before")
    return Pattern(
        _any_of(entry.get(language, ())),
        expanded(entry["predicate"]),
        expanded(subject) if ":" in subject else subject,
        entry.get("objects", "after"),
        expanded(entry["class"]) if "class" in entry else "",
        tuple((expanded(name), expanded(value)) for name, value in entry.get("with", {}).items()),
        entry.get("needs_object", False),
    )


def _any_of(alternatives: Iterable[str]) -> re.Pattern[str]:
    joined = "|".join(alternatives)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else _NEVER


def expanded(name: str) -> str:
    """Return the IRI of a prefixed name; a prefix of none of our vocabularies is a kind of thing.

    >>> expanded("kb:uses"), expanded("signal-kind:demand")
    ('https://w3id.org/klimaatbanen/def#uses', 'https://w3id.org/klimaatbanen/id/signal-kind/demand')
    """
    prefix, _, local = name.partition(":")
    return _SPACES.get(prefix, f"{ID}{prefix}/") + local
