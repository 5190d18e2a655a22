"""Passages: the places of a publication to which facts point.

The text itself is no part of the project. Passages hold lines, first and last words and a hash (data/README.md, normal
form v1); whoever has the text can cut each passage out of it and prove that it is the same.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import DCT, KB, SCHEMA
from kg.rdf_terms import local_name, objects, term_key

_LINK: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]\([^()\s]*\)")
_ESCAPED: Final = re.compile(r"\\([()\[\]*_\\])")
_BULLET: Final = re.compile(r"^\s*(?:-\s+|■\s+)")
_LEGEND_MARK: Final = re.compile(r"^\s*[🔴🟠🟡🟢🟣⚫]\s*")
_FOOTNOTE_MARK: Final = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SPACE: Final = re.compile(r"\s+")
DUTCH: Final = "nl"
_SOURCE: Final = ox.NamedNode(DCT + "source")
_YES: Final = ox.Literal(True)


@dataclass(frozen=True, order=True)
class Span:
    """A continuous part of one line; without first and last words it is the whole line."""

    line: int
    first_words: str = ""
    last_words: str = ""


@dataclass(frozen=True)
class Passage:
    """A sentence, list item, row, heading, footnote or legend entry.

    Attributes:
        iri: the IRI; its last part is the slug.
        spans: one or more, in the order of the text.
        sha256: hash over the normal form of the passage, in hexadecimal.
        kind: IRI of the kind of passage.
        section: IRI of the deepest section that holds it.

    """

    iri: str
    spans: tuple[Span, ...]
    sha256: str
    kind: str
    section: str

    @property
    def slug(self) -> str:
        """The last part of the IRI."""
        return local_name(self.iri)

    @property
    def lines(self) -> str:
        """The lines on which it stands, such as `51, 63`."""
        return ", ".join(dict.fromkeys(str(span.line) for span in self.spans))

    @property
    def ends(self) -> tuple[str, str]:
        """Its first and last words, empty where it fills its line."""
        return self.spans[0].first_words, self.spans[-1].last_words


def find_passages(store: ox.Store, graph: str = "") -> dict[str, Passage]:
    """Return all passages of a store by IRI, in the order of their lines.

    Arguments:
        store: the graph; a passage is what has a `kb:sha256`.
        graph: IRI of the one named graph to look in; all by default.

    """
    facts = {name: _objects(store, KB + name, graph) for name in _FACTS}
    passages = [_passage(iri, facts) for iri in facts["sha256"]]
    return {passage.iri: passage for passage in sorted(passages, key=lambda passage: (passage.spans, passage.iri))}


_FACTS: Final = ("sha256", "firstLine", "firstWords", "lastWords", "hasSpan", "passageKind", "inSection")


def _passage(iri: str, facts: Mapping[str, Mapping[str, list[str]]]) -> Passage:
    def first(name: str, node: str) -> str:
        return facts[name].get(node, [""])[0]

    nodes = facts["hasSpan"].get(iri, [iri])
    spans = [
        Span(int(first("firstLine", node) or 0), first("firstWords", node), first("lastWords", node)) for node in nodes
    ]
    return Passage(iri, tuple(sorted(spans)), first("sha256", iri), first("passageKind", iri), first("inSection", iri))


def _objects(store: ox.Store, predicate: str, graph: str = "") -> dict[str, list[str]]:
    """Return subject to objects of a predicate, both as text, in one named graph or in all."""
    values: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph) if graph else None):
        if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
            values.setdefault(quad.subject.value, []).append(quad.object.value)
    return values


def normal_form(line: str) -> str:
    """Return one line in normal form v1: NFC, without markup, bullets and footnote marks, white space collapsed.

    >>> normal_form("- De **CO₂-prijs**, zie [UWV](http://x.nl).¹²")
    'De CO₂-prijs, zie UWV.'
    """
    text = _ESCAPED.sub(r"\1", without_links(unicodedata.normalize("NFC", line)))
    text = _LEGEND_MARK.sub("", _BULLET.sub("", text)).replace("*", "")
    return _SPACE.sub(" ", _FOOTNOTE_MARK.sub("", text)).strip()


def without_links(text: str) -> str:
    """Return a text in which `[label](url)` is the label, also where it runs over lines."""
    return _LINK.sub(r"\1", text)


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Publication:
    """What a store says of the text of one publication: its hash, graph, passages, and the headings of its sections.

    Attributes:
        graph: IRI of the graph that states the publication.
        language: of its text, as `dct:language` says; Dutch where nothing is said.
        address: where the text can be read, as `schema:url` says; empty where nothing is said.
        quotable: whether its terms of reuse permit that its sentences are shown; not where nothing is said.
        sections: section to the sections that hold it and the passages of its heading, deepest first.

    """

    iri: str
    graph: str
    language: str
    address: str
    quotable: bool
    sha256: str
    passages: Mapping[str, Passage]
    sections: Mapping[str, tuple[str, ...]]


def find_publications(store: ox.Store) -> list[Publication]:
    """Return the publications of a store whose text has a hash, each with its own sections and passages."""
    digests = store.quads_for_pattern(None, ox.NamedNode(KB + "textSha256"), None, None)
    found = [
        _publication(store, term_key(quad.subject), term_key(quad.graph_name), quad.object.value)
        for quad in digests
        if isinstance(quad.object, ox.Literal)
    ]
    return sorted(found, key=lambda publication: publication.iri)


def _publication(store: ox.Store, iri: str, graph: str, digest: str) -> Publication:
    parents, parts, sources = (
        _objects(store, name, graph) for name in (KB + "partOfSection", DCT + "isPartOf", _SOURCE.value)
    )
    own = [section for section, publications in parts.items() if iri in publications]
    sections = {section: tuple(_headings(section, parents, sources)) for section in own}
    passages = {name: one for name, one in find_passages(store, graph).items() if one.section in sections}
    language = _objects(store, DCT + "language", graph).get(iri, [DUTCH])[0]
    address = next(map(term_key, objects(store, ox.NamedNode(iri), SCHEMA + "url")), "")
    return Publication(iri, graph, language, address, _quotable(store, iri), digest, passages, sections)


def _quotable(store: ox.Store, iri: str) -> bool:
    terms = objects(store, ox.NamedNode(iri), KB + "reuseTerms")
    permits = [value for each in terms for value in objects(store, each, KB + "permitsQuotation")]
    return bool(permits) and all(value == _YES for value in permits)


def _headings(section: str, parents: Mapping[str, list[str]], sources: Mapping[str, list[str]]) -> Iterator[str]:
    seen: set[str] = set()
    while section and section not in seen:
        seen.add(section)
        yield from sources.get(section, [])
        section = parents.get(section, [""])[0]
