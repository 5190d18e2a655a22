"""The formats in which answers are given: one table for commands, library and web."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import NotAcceptable


@dataclass(frozen=True, eq=False)
class Format:
    """One serialisation.

    Attributes:
        name: what `--format` and `format=` call it, and the suffix of linked-data URLs.
        names: what clients call it in `format=` as well.
        media_type: the registered type; `aliases` are accepted as well.
        engine: Oxigraph's name for it.
        charset: whether the type takes a charset parameter.

    """

    name: str
    media_type: str
    engine: ox.QueryResultsFormat | ox.RdfFormat
    aliases: tuple[str, ...] = ()
    charset: bool = False
    names: tuple[str, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """All by which a client may call it."""
        return (self.name, self.media_type, *self.aliases, *self.names)

    @property
    def content_type(self) -> str:
        """The Content-Type header; TSV, CSV and Turtle name their charset, UTF-8."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


# SPARQL 1.1 Query Results JSON, XML, CSV and TSV Formats.
TABLES: Final = (
    Format("json", "application/sparql-results+json", ox.QueryResultsFormat.JSON, ("application/json",)),
    Format("xml", "application/sparql-results+xml", ox.QueryResultsFormat.XML, ("application/xml", "text/xml")),
    Format("csv", "text/csv", ox.QueryResultsFormat.CSV, charset=True),
    Format("tsv", "text/tab-separated-values", ox.QueryResultsFormat.TSV, charset=True),
)
# RDF 1.1 syntaxes.
GRAPHS: Final = (
    Format(
        "ttl",
        "text/turtle",
        ox.RdfFormat.TURTLE,
        ("application/x-turtle", "text/n3", "text/rdf+n3"),  # Turtle is N3.
        charset=True,
        names=("turtle", "n3"),
    ),
    Format("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD, ("application/json",), names=("json-ld",)),
    Format("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES, ("text/plain",), names=("ntriples", "n-triples")),
    Format(
        "rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML, ("application/xml", "text/xml"), names=("rdf+xml", "xml")
    ),
    Format("trig", "application/trig", ox.RdfFormat.TRIG),
    Format("nq", "application/n-quads", ox.RdfFormat.N_QUADS, names=("nquads", "n-quads")),
)

_IRI: Final = re.compile(rb"<([^<>\s]*)>")
_PLAIN_LOCAL: Final = re.compile(rb"(?:[\w\x80-\xff](?:[\w\x80-\xff.-]*[\w\x80-\xff-])?)?")
_AFTER: Final = b"\xff"  # Greater than any byte of UTF-8.
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
Solutions = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples


def formats_for(answer: Solutions) -> tuple[Format, ...]:
    """Return the formats that fit an answer: tables for SELECT and ASK, graphs for CONSTRUCT and DESCRIBE."""
    return GRAPHS if isinstance(answer, ox.QueryTriples) else TABLES


def named(name: str, formats: tuple[Format, ...]) -> Format | None:
    """Return the format called `name` (a short name or a media type), or None."""
    return next((form for form in formats if name.lower() in form.all_names), None)


def not_acceptable(asked: str, offered: tuple[Format, ...]) -> NotAcceptable:
    """Return the error for a client that accepts none of the formats; its hint names them."""
    names = ", ".join(f"{form.media_type} ({form.name})" for form in offered)
    return NotAcceptable(f"{asked[:200]} is not offered for this answer", hint=f"ask for one of: {names}")


def serialise(answer: Solutions, form: Format, prefixes: Mapping[str, str]) -> bytes:
    """Return an answer as bytes in one format; prefixes shorten Turtle, TriG and RDF/XML."""
    if isinstance(answer, ox.QueryTriples):
        return serialise_triples(list(answer), form, prefixes)
    data = answer.serialize(format=form.engine)  # type: ignore[arg-type]
    return data or b""


def serialise_triples(triples: list[ox.Triple], form: Format, prefixes: Mapping[str, str]) -> bytes:
    """Return triples as bytes in one RDF format, with those prefixes whose namespace is in them."""
    plain = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    if form.engine in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS):
        return plain
    used = plain_prefixes(plain, prefixes)
    return ox.serialize(triples, format=form.engine, prefixes=used) or b""  # type: ignore[arg-type]


def plain_prefixes(statements: bytes, prefixes: Mapping[str, str]) -> dict[str, str]:
    r"""Return the prefixes that shorten an IRI of the statements and leave none with an escape in its local name.

    Turtle allows `id\/kind\/slug` (section 6.3, PN_LOCAL_ESC), which older parsers misread without a word.

    Arguments:
        statements: N-Triples or N-Quads.
        prefixes: prefix to namespace; under the longest that fits, an IRI is written.

    """
    words = b" ".join(set(statements.split()))  # Most IRIs stand there more than once.
    iris = left = [*sorted(set(_IRI.findall(words))), _AFTER]
    begins = ((space.encode(), prefix) for prefix, space in prefixes.items())
    fitting = [(begin, prefix) for begin, prefix in begins if iris[bisect_left(iris, begin)].startswith(begin)]
    kept = set()
    for begin, prefix in sorted(fitting, reverse=True):  # A longer one takes its IRIs first.
        first, end = bisect_left(left, begin), bisect_left(left, begin + _AFTER)
        if all(_PLAIN_LOCAL.fullmatch(iri, len(begin)) for iri in left[first:end]):
            kept.add(prefix)
            left = left[:first] + left[end:]
    return {prefix: space for prefix, space in prefixes.items() if prefix in kept}


def rows_of(data: bytes, form: str) -> int:
    """Return the rows of a table that the engine serialised, counted outside its strings.

    Arguments:
        data: the table.
        form: the name of its format.

    """
    if form == "xml":
        return data.count(b"<result>")
    if form == "json":
        return _json_rows(data)
    text = b"".join(data.split(b'"')[::2]) if form == "csv" else data
    return text.count(b"\n") - 1


def _json_rows(data: bytes) -> int:
    """Return the rows of a JSON result (SPARQL 1.1 Query Results JSON Format, section 3.2.2).

    Between two rows stands `}},{"` before a name. A string may end so as well, and then `}` or `,` follows.
    """
    if b"{}" in data:  # Perhaps a row without a value: look outside of strings, which takes longer.
        return _STRING.sub(b"", data).count(b"},{") + 1
    if b'"bindings":[]' in data:
        return 0
    return data.count(b'}},{"') - data.count(b'}},{"}') - data.count(b'}},{",') + 1
