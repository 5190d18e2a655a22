"""A validation report as values: one `Result` for each `sh:ValidationResult` (SHACL, section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import RDF, RDF_TYPE, SH
from kg.rdf_terms import Term, texts_by_language
from kg.validation.rule_texts import severity_name

_DETAIL: Final = ox.NamedNode(SH + "detail")  # Details of another result repeat it.
# With these, it is a value that is not there which breaks the rule.
_MISSING: Final = ("MinCount", "QualifiedMinCount", "HasValue")
_MARKS: Final = {"inversePath": "^{}", "zeroOrMorePath": "{}*", "oneOrMorePath": "{}+", "zeroOrOnePath": "{}?"}


@dataclass(frozen=True)
class Result:
    """One result: the node, the path as text, the value, and the shape that says so."""

    focus: Term
    path: str
    value: Term | None
    severity: str
    shape: Term | None
    component: str
    messages: Mapping[str, str]

    @property
    def missing(self) -> bool:
        """Whether a value is asked for that is not there."""
        return self.component.rpartition("#")[2].removesuffix("ConstraintComponent") in _MISSING


def read_results(report: Iterable[ox.Triple], shapes: Iterable[ox.Triple]) -> Iterator[Result]:
    """Yield the results of a report; shapes tell what a complex path means where the report does not."""
    by_subject = _by_subject(report)
    details = {triple.object for triples in by_subject.values() for triple in triples if triple.predicate == _DETAIL}
    paths = {**_by_subject(shapes), **by_subject}
    kind, wanted = ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "ValidationResult")
    for node, triples in by_subject.items():
        if node in details or not any(triple.predicate == kind and triple.object == wanted for triple in triples):
            continue
        values: dict[str, list[Term]] = {}
        for triple in triples:
            values.setdefault(triple.predicate.value.removeprefix(SH), []).append(triple.object)
        if "focusNode" in values:
            yield _result(values, paths)


def _by_subject(triples: Iterable[ox.Triple]) -> dict[Term, list[ox.Triple]]:
    groups: dict[Term, list[ox.Triple]] = {}
    for triple in triples:
        groups.setdefault(triple.subject, []).append(triple)
    return groups


def _result(values: Mapping[str, Sequence[Term]], paths: Mapping[Term, Sequence[ox.Triple]]) -> Result:
    def first(name: str) -> Term | None:
        return values[name][0] if name in values else None

    path = first("resultPath")
    return Result(
        focus=values["focusNode"][0],
        path=path_text(path, paths) if path is not None else "",
        value=first("value"),
        severity=severity_name(term_text(first("resultSeverity"))),
        shape=first("sourceShape"),
        component=term_text(first("sourceConstraintComponent")),
        messages=texts_by_language(values.get("resultMessage", ())),
    )


def term_text(term: Term | None) -> str:
    """Return a term as people read it: IRI, lexical form, or label of a blank node."""
    if term is None or isinstance(term, ox.Triple):
        return "" if term is None else str(term)
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value


def path_text(path: Term, triples: Mapping[Term, Sequence[ox.Triple]]) -> str:
    """Return a property path as SPARQL writes it (SHACL, section 2.3.1)."""
    if not isinstance(path, ox.BlankNode):
        return term_text(path)
    for triple in triples.get(path, ()):
        name = triple.predicate.value.removeprefix(SH)
        if name in _MARKS:
            return _MARKS[name].format(path_text(triple.object, triples))
        if name == "alternativePath":
            return "|".join(path_text(member, triples) for member in _members(triple.object, triples))
        if triple.predicate.value == RDF + "first":
            return "/".join(path_text(member, triples) for member in _members(path, triples))
    return term_text(path)


def _members(node: Term, triples: Mapping[Term, Sequence[ox.Triple]]) -> Iterator[Term]:
    seen: set[Term] = set()
    while node in triples and node not in seen:
        seen.add(node)
        values = {triple.predicate.value.removeprefix(RDF): triple.object for triple in triples[node]}
        if "first" in values:
            yield values["first"]
        node = values.get("rest", ox.NamedNode(RDF + "nil"))


def read_terms(texts: Sequence[str]) -> list[Term]:
    """Return terms that are written as N-Triples writes them."""
    lines = "".join(f"<urn:x> <urn:x> {text} .\n" for text in texts)
    return [quad.object for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
