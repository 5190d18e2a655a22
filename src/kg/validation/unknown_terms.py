"""What is named and not known: links inside the namespaces that lead nowhere, and terms that no vocabulary has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyoxigraph as ox

from kg.graph.sssom import SUFFIX as SSSOM
from kg.namespaces import RDF_TYPE
from kg.rdf_terms import prefixed_name
from kg.validation.approved_answers import prefixes_of, terms_of
from kg.validation.documents import QUERY, Document, Problem, quads_of
from kg.validation.findings import Finding
from kg.validation.known_vocabularies import Vocabulary, defined, shipped, split
from kg.validation.locate import NodeFinding, file_finding, locate
from kg.validation.nearest import NEAREST
from kg.validation.positions import find_token, text_lines
from kg.validation.rule_texts import built_in_rules

_RULE: Final = "vocabulary-term"


def links(documents: Sequence[Document], namespaces: Sequence[str], lang: str) -> Iterable[Finding]:
    """Yield the objects inside the namespaces of which nothing is said."""
    spaces = tuple(namespaces)
    if not spaces:
        return ()
    described = {quad.subject for document in documents for quad in document.quads if _describes(quad, document)}
    rule = built_in_rules(lang)["link"]
    findings = [
        NodeFinding(quad.subject, quad.predicate.value, quad.object, "link", rule.severity, rule.title, rule.mend)
        for document in documents
        if document.input.checked
        for quad in document.quads
        if isinstance(quad.object, ox.NamedNode)
        and quad.object not in described
        and quad.object.value.startswith(spaces)
    ]
    return locate(documents, findings, lang)


def _describes(quad: ox.Quad, document: Document) -> bool:
    """A mapping says nothing of the thing that it maps: a mapping file describes mappings alone."""
    return document.input.suffix != SSSOM or quad.predicate.value == RDF_TYPE


class _Vocabularies:
    """The vocabularies that the documents and rdflib list."""

    def __init__(self, documents: Sequence[Document]) -> None:
        quads = list(quads_of(documents))
        self._described = {quad.subject for quad in quads}
        self._own = defined(quads)
        self._answers: dict[tuple[str, bool], str | None] = {}

    def nearest(self, term: ox.NamedNode, *, names: bool) -> str | None:
        """Return the IRI nearest to a term that its vocabulary lacks, empty without one; None for a term that is right.

        Arguments:
            term: a term.
            names: it is a property or a class, not a value.

        """
        key = (term.value, names)
        if key not in self._answers:
            self._answers[key] = self._nearest(term, names)
        return self._answers[key]

    def _nearest(self, term: ox.NamedNode, names: bool) -> str | None:
        space, local = split(term.value)
        listed: Vocabulary | None = shipped().get(space) or (self._own.get(space) if names else None)
        if listed is None or local in listed.names or term in self._described:
            return None
        if near := listed.nearest(local):
            return space + near
        return None if listed.growing else ""


def terms(documents: Sequence[Document], shapes: Sequence[Document], lang: str) -> Iterator[Finding]:
    """Yield the terms that their vocabulary does not have: one finding for a term and file, at its first use.

    Arguments:
        documents: data, context and questions; a term that they describe is known.
        shapes: the shapes, of which terms are looked at as well.
        lang: language of messages.

    """
    vocabularies = _Vocabularies([*documents, *shapes])
    for document in (*(document for document in documents if document.input.checked), *shapes):
        if document.input.suffix == QUERY:
            yield from _findings_in_query(document, vocabularies, lang)
        else:
            yield from locate([document], list(_findings_in_file(document, vocabularies, lang)), lang)


def _findings_in_file(document: Document, vocabularies: _Vocabularies, lang: str) -> Iterator[NodeFinding]:
    nearest = _nearest_terms(document, vocabularies)
    if not nearest:
        return
    first: dict[ox.NamedNode, ox.Quad] = {}
    uses: Counter[ox.NamedNode] = Counter()
    for quad in document.quads:
        for term in _terms_of(quad):
            if term in nearest:
                uses[term] += 1
                first.setdefault(term, quad)
    severity = built_in_rules(lang)[_RULE].severity
    for term, quad in first.items():
        message, hint = _message_and_hint(term.value, nearest[term], uses[term], document.prefixes, lang)
        value = quad.predicate if term == quad.predicate else quad.object
        finding = NodeFinding(quad.subject, quad.predicate.value, value, _RULE, severity, message, hint)
        yield replace(finding, display_value=term.value)


def _nearest_terms(document: Document, vocabularies: _Vocabularies) -> Mapping[ox.NamedNode, str]:
    """The unknown terms of a file, with what is nearest."""
    objects = {quad.object for quad in document.quads}
    names = {quad.predicate for quad in document.quads} | set(_classes(document.quads))
    values = {term for term in objects if isinstance(term, ox.NamedNode)} - names
    values |= {term.datatype for term in objects if isinstance(term, ox.Literal)}
    nearest = {term: vocabularies.nearest(term, names=True) for term in names}
    nearest |= {term: vocabularies.nearest(term, names=False) for term in values}
    return {term: near for term, near in nearest.items() if near is not None}


def _classes(quads: Iterable[ox.Quad]) -> Iterator[ox.NamedNode]:
    for quad in quads:
        if isinstance(quad.object, ox.NamedNode) and quad.predicate.value == RDF_TYPE:
            yield quad.object


def _terms_of(quad: ox.Quad) -> Collection[ox.NamedNode]:
    if isinstance(quad.object, ox.NamedNode):
        return (quad.predicate, quad.object)
    return (quad.predicate, quad.object.datatype) if isinstance(quad.object, ox.Literal) else (quad.predicate,)


def _findings_in_query(document: Document, vocabularies: _Vocabularies, lang: str) -> Iterator[Finding]:
    text = document.data.decode("utf-8", "replace")
    document.prefixes.update(prefixes_of(text))
    for iri in sorted(terms_of(text)):
        term = ox.NamedNode(iri)
        nearest, position = vocabularies.nearest(term, names=False), find_token(document, term)
        if nearest is not None and position is not None:
            problem = Problem(_RULE, iri, position.line, position.column, position.width)
            finding = file_finding(document.name, problem, text_lines(document.data), lang)
            message, hint = _message_and_hint(iri, nearest, 1, document.prefixes, lang)
            yield replace(finding, message=message, hint=hint)


def _message_and_hint(iri: str, nearest: str, uses: int, prefixes: Mapping[str, str], lang: str) -> tuple[str, str]:
    """The term with how often it is used, and the nearest one."""
    rule = built_in_rules(lang)[_RULE]
    count = f" ({uses}x)" if uses > 1 else ""
    message = f"{rule.title} {_short(iri, prefixes)}{count}"
    return message, f"{NEAREST[lang]}: {_short(nearest, prefixes)}" if nearest else rule.mend


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    return prefixed_name(iri, prefixes) or iri
