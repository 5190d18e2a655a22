"""How to cite one thing: as text, and as BibTeX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kg.namespaces import BASE
from kg.release.files import DATASET
from kg.web.layout import message
from kg.web.site import Site

_SPECIAL: Final = re.compile(r"([&%$#_{}])")


@dataclass(frozen=True)
class Citation:
    """A thing cited, ready to copy."""

    text: str
    bibtex: str


def citation(site: Site, iri: str, name: str, lang: str) -> Citation:
    """Return how to cite a thing: its name, this graph with its version and year, and its IRI."""
    edition = f"{message('title', lang)}, {message('version', lang).lower()} {site.graph.version}"
    text = f'"{name}", {edition}{_in_brackets(_year(site))}, {iri}'
    key = re.sub(r"[^a-z0-9]+", "-", iri.removeprefix(BASE).removeprefix("id/")).strip("-")
    return Citation(text, _bibtex(key, name, edition, iri, _year(site)))


def dataset_citation(site: Site, lang: str) -> Citation:
    """Return how to cite the graph as a whole."""
    authors, title = ", ".join(site.edition.authors), message("title", lang)
    edition = f"{message('version', lang)} {site.graph.version}"
    text = f"{authors + _in_brackets(_year(site)) + '. ' if authors else ''}{title}. {edition}. {DATASET}"
    return Citation(text, _bibtex("dataset", title, edition, DATASET, _year(site), authors))


def _bibtex(key: str, title: str, edition: str, url: str, year: str, authors: str = "") -> str:
    fields = {
        "author": "{" + _escaped(authors) + "}" if authors else "",
        "title": "{" + _escaped(title) + "}",
        "howpublished": _escaped(edition),
        "year": year,
        "url": url,
    }
    lines = "".join(f"  {field} = {{{value}}},\n" for field, value in fields.items() if value)
    return f"@misc{{klimaatbanen-{key},\n{lines}}}"


def _in_brackets(year: str) -> str:
    return f" ({year})" if year else ""


def _year(site: Site) -> str:
    return site.edition.date[:4]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
