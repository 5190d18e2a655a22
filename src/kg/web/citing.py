"""How to cite one thing: as text, and as BibTeX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import yaml

from kg.files import house, read_text
from kg.terms import BASE
from kg.web.pages import word
from kg.web.site import Site

_SPECIAL: Final = re.compile(r"([&%$#_{}])")


@dataclass(frozen=True)
class Citation:
    """A thing cited, ready to copy."""

    text: str
    bibtex: str


def citation(site: Site, iri: str, name: str, lang: str) -> Citation:
    """Return how to cite a thing: its name, this graph with its version and year, and its IRI."""
    year, title, version = _released(), word("title", lang), site.graph.version
    edition = f"{title}, {word('version', lang).lower()} {version}"
    text = f'"{name}", {edition}{f" ({year})" if year else ""}, {iri}'
    key = re.sub(r"[^a-z0-9]+", "-", iri.removeprefix(BASE).removeprefix("id/")).strip("-")
    told = {
        "title": "{" + _escaped(name) + "}",
        "howpublished": _escaped(edition),
        "year": year,
        "url": iri,
    }
    lines = "".join(f"  {field} = {{{value}}},\n" for field, value in told.items() if value)
    return Citation(text, f"@misc{{klimaatbanen-{key},\n{lines}}}")


def _released() -> str:
    """Return the year of the release, as `CITATION.cff` says it."""
    root = house()
    found = yaml.safe_load(read_text(root / "CITATION.cff")) if (root / "CITATION.cff").is_file() else {}
    return str(found.get("date-released", ""))[:4]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
