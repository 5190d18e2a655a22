"""Passages: the places of a publication to which facts point, and its text where a reader has it.

The text itself is no part of the project. Passages hold lines, first and last words and a hash (data/README.md, normal
form v1); whoever has the text can cut each passage out of it and prove that it is the same.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import read_text
from kg.namespaces import DCT, KB
from kg.rdf_terms import local_name, term_key

_LINK: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]\([^()\s]*\)")
_ESCAPED: Final = re.compile(r"\\([()\[\]*_\\])")
_BULLET: Final = re.compile(r"^\s*(?:-\s+|■\s+)")
_LEGEND_MARK: Final = re.compile(r"^\s*[🔴🟠🟡🟢🟣⚫]\s*")
_FOOTNOTE_MARK: Final = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SPACE: Final = re.compile(r"\s+")
_SOURCE: Final = ox.NamedNode(DCT + "source")


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


def find_passages(store: ox.Store) -> dict[str, Passage]:
    """Return all passages of a store by IRI, in the order of their lines.

    Arguments:
        store: the graph; a passage is what has a `kb:sha256`.

    """
    facts = {name: _objects(store, KB + name) for name in _FACTS}
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


def _objects(store: ox.Store, predicate: str) -> dict[str, list[str]]:
    """Return subject to objects of a predicate, both as text."""
    values: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
        if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
            values.setdefault(quad.subject.value, []).append(quad.object.value)
    return values


def normal_form(line: str) -> str:
    """Return one line in normal form v1: NFC, without markup, bullets and footnote marks, white space collapsed.

    >>> normal_form("- De **CO₂-prijs**, zie [UWV](http://x.nl).¹²")
    'De CO₂-prijs, zie UWV.'
    """
    text = _ESCAPED.sub(r"\1", _LINK.sub(r"\1", unicodedata.normalize("NFC", line)))
    text = _LEGEND_MARK.sub("", _BULLET.sub("", text)).replace("*", "")
    return _SPACE.sub(" ", _FOOTNOTE_MARK.sub("", text)).strip()


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Publication:
    """What a store says of the text of one publication: its hash, graph, passages, and the headings of its sections.

    Attributes:
        graph: IRI of the graph that states the publication.
        sections: section to the sections that hold it and the passages of its heading, deepest first.

    """

    iri: str
    graph: str
    sha256: str
    passages: Mapping[str, Passage]
    sections: Mapping[str, tuple[str, ...]]


def find_publications(store: ox.Store) -> list[Publication]:
    """Return the publications of a store whose text has a hash."""
    passages = find_passages(store)
    parents, parts, sources = (
        _objects(store, name) for name in (KB + "partOfSection", DCT + "isPartOf", _SOURCE.value)
    )
    sections = {section: tuple(_headings(section, parents, sources)) for section in parts}
    publications = []
    for quad in store.quads_for_pattern(None, ox.NamedNode(KB + "textSha256"), None, None):
        iri, graph, digest = term_key(quad.subject), term_key(quad.graph_name), quad.object
        own = {name: passage for name, passage in passages.items() if iri in parts.get(passage.section, [])}
        if isinstance(digest, ox.Literal):
            publications.append(Publication(iri, graph, digest.value, own, sections))
    return sorted(publications, key=lambda publication: publication.iri)


def _headings(section: str, parents: Mapping[str, list[str]], sources: Mapping[str, list[str]]) -> Iterator[str]:
    seen: set[str] = set()
    while section and section not in seen:
        seen.add(section)
        yield from sources.get(section, [])
        section = parents.get(section, [""])[0]


@dataclass(frozen=True)
class Text:
    """The source text of a publication, every passage of it proven by its hash.

    Attributes:
        path: the file that holds it.
        publication: what the graph says of it.
        quotes: IRI of a passage to its text in normal form, in the order of the text.

    """

    path: Path
    publication: Publication
    quotes: Mapping[str, str]

    @classmethod
    def read(cls, path: Path, store: ox.Store) -> Text:
        """Read the file and prove that it is the text of a publication in the store.

        Arguments:
            path: text in UTF-8, lines as in the source.
            store: the graph with the passages.

        Raises:
            SourceError: the file is not the text of any publication; says which line and passage differ first.

        """
        lines = read_text(path).split("\n")
        problems: list[SourceError] = []
        for publication in find_publications(store):
            try:
                return cls(path, publication, _cut_all(path, lines, publication))
            except SourceError as problem:
                problems.append(problem)
        if problems:
            raise max(problems, key=lambda problem: problem.line or 0)
        raise SourceError("no publication has a kb:textSha256", where=str(path), hint="state it in publication.ttl")

    def quote(self, iri: str) -> str:
        """Return the text of a passage, or nothing where the passage is of another publication."""
        return self.quotes.get(iri, "")

    @cached_property
    def words(self) -> str:
        """The whole text as its passages, joined by line feeds."""
        return "\n".join(self.quotes.values())


def _cut_all(path: Path, lines: list[str], publication: Publication) -> dict[str, str]:
    normal = [normal_form(line) for line in lines]
    cuts: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}
    for iri, passage in publication.passages.items():
        pieces = [_cut(path, normal, passage, span) for span in passage.spans]
        cuts[iri] = " ".join(text for _, text in pieces)
        places[iri] = (passage.spans[0].line, pieces[0][0])
        if sha256(cuts[iri]) != passage.sha256:
            raise _differs(path, passage, "differs from its hash")
    ordered = {iri: cuts[iri] for iri in sorted(cuts, key=lambda iri: places[iri])}
    if sha256("\n".join(ordered.values())) != publication.sha256:
        raise SourceError(f"the passages together differ from kb:textSha256 of {publication.iri}", where=str(path))
    return ordered


def _cut(path: Path, lines: list[str], passage: Passage, span: Span) -> tuple[int, str]:
    """Return where in its line a span begins, and its text."""
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    begin = line.find(span.first_words)
    end = line.find(span.last_words, begin) if begin >= 0 else -1
    while 0 <= end < begin + len(span.first_words) - len(span.last_words):
        end = line.find(span.last_words, end + 1)
    if not line or begin < 0 or end < 0:
        raise _differs(path, passage, "is not there")
    return begin, line[begin : end + len(span.last_words)] if span.last_words else line


def _differs(path: Path, passage: Passage, what: str) -> SourceError:
    return SourceError(
        f"passage {passage.slug} {what}",
        where=str(path),
        line=passage.spans[0].line,
        hint="this is not the text from which the passages were cut; give that file, unchanged",
    )
