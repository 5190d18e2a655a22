"""What is named and not known: links inside the namespaces that lead nowhere, and terms that no vocabulary has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyoxigraph as ox

from kg.graph.sssom import SUFFIX as SSSOM
from kg.namespaces import RDF_TYPE
from kg.validation.approved_answers import prefixes_of, terms_of
from kg.validation.documents import QUERY, Document, Problem, quads_of
from kg.validation.file_findings import as_finding
from kg.validation.findings import Finding, in_language
from kg.validation.known_vocabularies import Vocabulary, defined, shipped, split
from kg.validation.locate import Said, located
from kg.validation.positions import find_token, text_lines
from kg.validation.rule_texts import BUILT_IN

_TERM: Final = "vocabulary-term"
_NEAREST: Final = {"en": "nearest", "nl": "het dichtst erbij"}


def links(documents: Sequence[Document], namespaces: Sequence[str], lang: str) -> Iterable[Finding]:
    """Yield the objects inside the namespaces of which nothing is said."""
    spaces = tuple(namespaces)
    if not spaces:
        return ()
    described = {quad.subject for document in documents for quad in document.quads if _describes(quad, document)}
    rule = BUILT_IN["link"]
    what, mend = in_language(rule.what, lang), in_language(rule.mend, lang)
    said = [
        Said(quad.subject, quad.predicate.value, quad.object, "link", rule.severity, what, mend)
        for document in documents
        if document.input.checked
        for quad in document.quads
        if isinstance(quad.object, ox.NamedNode)
        and quad.object not in described
        and quad.object.value.startswith(spaces)
    ]
    return located(documents, said, lang)


def _describes(quad: ox.Quad, document: Document) -> bool:
    """A mapping says nothing of the thing that it maps: a mapping file describes mappings alone."""
    return document.input.suffix != SSSOM or quad.predicate.value == RDF_TYPE


class _Known:
    """The vocabularies that the documents and rdflib list."""

    def __init__(self, documents: Sequence[Document]) -> None:
        quads = list(quads_of(documents))
        self._described = {quad.subject for quad in quads}
        self._own = defined(quads)
        self._found: dict[tuple[str, bool], str | None] = {}

    def advice(self, term: ox.NamedNode, *, names: bool) -> str | None:
        """Return the IRI nearest to a term that its vocabulary lacks, empty without one; None for a term that is right.

        Arguments:
            term: a term.
            names: it is a property or a class, not a value.

        """
        key = (term.value, names)
        if key not in self._found:
            self._found[key] = self._advice(term, names)
        return self._found[key]

    def _advice(self, term: ox.NamedNode, names: bool) -> str | None:
        space, local = split(term.value)
        listed: Vocabulary | None = shipped().get(space) or (self._own.get(space) if names else None)
        if listed is None or local in listed.names or term in self._described:
            return None
        near = listed.nearest(local)
        if near:
            return space + near
        return None if listed.growing else ""


def terms(documents: Sequence[Document], shapes: Sequence[Document], lang: str) -> Iterator[Finding]:
    """Yield the terms that their vocabulary does not have: one finding for a term and file, at its first use.

    Arguments:
        documents: data, context and questions; a term that they describe is known.
        shapes: the shapes, of which terms are looked at as well.
        lang: language of messages.

    """
    known = _Known([*documents, *shapes])
    for document in (*(one for one in documents if one.input.checked), *shapes):
        if document.input.suffix == QUERY:
            yield from _of_query(document, known, lang)
        else:
            yield from located([document], list(_of_file(document, known, lang)), lang)


def _of_file(document: Document, known: _Known, lang: str) -> Iterator[Said]:
    advice = _unknown_of(document, known)
    if not advice:
        return
    first: dict[ox.NamedNode, ox.Quad] = {}
    uses: Counter[ox.NamedNode] = Counter()
    for quad in document.quads:
        for term in _names_of(quad):
            if term in advice:
                uses[term] += 1
                first.setdefault(term, quad)
    for term, quad in first.items():
        words = _words(term.value, advice[term], uses[term], document.prefixes, lang)
        value = quad.predicate if term == quad.predicate else quad.object
        yield Said(quad.subject, quad.predicate.value, value, _TERM, BUILT_IN[_TERM].severity, *words, shown=term.value)


def _unknown_of(document: Document, known: _Known) -> Mapping[ox.NamedNode, str]:
    """The unknown terms of a file, with what is nearest."""
    objects = {quad.object for quad in document.quads}
    names = {quad.predicate for quad in document.quads} | set(_classes(document.quads))
    values = {one for one in objects if isinstance(one, ox.NamedNode)} - names
    values |= {one.datatype for one in objects if isinstance(one, ox.Literal)}
    found = {term: known.advice(term, names=True) for term in names}
    found |= {term: known.advice(term, names=False) for term in values}
    return {term: near for term, near in found.items() if near is not None}


def _classes(quads: Iterable[ox.Quad]) -> Iterator[ox.NamedNode]:
    for quad in quads:
        if isinstance(quad.object, ox.NamedNode) and quad.predicate.value == RDF_TYPE:
            yield quad.object


def _names_of(quad: ox.Quad) -> Collection[ox.NamedNode]:
    if isinstance(quad.object, ox.NamedNode):
        return (quad.predicate, quad.object)
    return (quad.predicate, quad.object.datatype) if isinstance(quad.object, ox.Literal) else (quad.predicate,)


def _of_query(document: Document, known: _Known, lang: str) -> Iterator[Finding]:
    text = document.data.decode("utf-8", "replace")
    document.prefixes.update(prefixes_of(text))
    for iri in sorted(one for one in terms_of(text) if ":" in one):
        term = ox.NamedNode(iri)
        near, place = known.advice(term, names=False), find_token(document, term)
        if near is not None and place is not None:
            problem = Problem(_TERM, iri, place.line, place.column, place.width)
            message, hint = _words(iri, near, 1, document.prefixes, lang)
            yield replace(
                as_finding(document.name, problem, text_lines(document.data), lang), message=message, hint=hint
            )


def _words(iri: str, near: str, uses: int, prefixes: Mapping[str, str], lang: str) -> tuple[str, str]:
    """Message and hint: the term and how often it is used, and the nearest one."""
    rule = BUILT_IN[_TERM]
    often = f" ({uses}x)" if uses > 1 else ""
    message = f"{in_language(rule.what, lang)} {_short(iri, prefixes)}{often}"
    return message, f"{_NEAREST[lang]}: {_short(near, prefixes)}" if near else in_language(rule.mend, lang)


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    space, local = split(iri)
    return next((f"{prefix}:{local}" for prefix, known in prefixes.items() if known == space), iri)
