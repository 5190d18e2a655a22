"""Saved questions as `sh:SPARQLExecutable`, the form in which endpoints publish their example queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg.namespaces import BASE, ONTOLOGY, RDF_TYPE, SH
from kg.queries.question import Question
from kg.release.dumps import turtle
from kg.release.files import File

_SCHEMA: Final = "https://schema.org/"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_ENDPOINT: Final = ox.NamedNode(BASE + "sparql")
_FORMS: Final = ("select", "ask", "construct", "describe")


def examples(questions: Mapping[str, Question], prefixes: dict[str, str]) -> File:
    """Return all saved questions in one file, each with titles, text and theme (SHACL Advanced Features, section 5.1).

    Arguments:
        questions: by name.
        prefixes: for the Turtle.

    """
    triples = [triple for question in questions.values() for triple in _example(question)]
    title = {"en": "Example queries", "nl": "Voorbeeldvragen"}
    return File("examples.ttl", turtle(triples, prefixes), title, free=True)


def _example(question: Question) -> Iterator[ox.Triple]:
    node = ox.NamedNode(f"{BASE}questions/{question.name}")
    form = query_form(question.query)
    classes = ("SPARQLExecutable", f"SPARQL{form.capitalize()}Executable")
    pairs: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        *((RDF_TYPE, ox.NamedNode(SH + name)) for name in classes),
        *((_RDFS + "label", ox.Literal(text, language=tag)) for tag, text in sorted(question.title.items())),
        *((_RDFS + "comment", ox.Literal(text, language=tag)) for tag, text in sorted(question.description.items())),
        (SH + "prefixes", ox.NamedNode(ONTOLOGY)),
        (SH + form, ox.Literal(question.query)),
        (_SCHEMA + "keywords", ox.Literal(question.theme)),
        (_SCHEMA + "target", _ENDPOINT),
    ]
    for predicate, value in pairs:
        yield ox.Triple(node, ox.NamedNode(predicate), value)


def query_form(query: str) -> str:
    """Return the form of a query: `select`, `ask`, `construct` or `describe`.

    >>> query_form("PREFIX ask: <urn:a> CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
    'construct'
    """
    words = (word.strip("{(*").casefold() for word in query.split())
    return next((word for word in words if word in _FORMS), "select")
