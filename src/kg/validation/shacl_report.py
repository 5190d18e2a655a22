"""A validation report as values: one verdict a `sh:ValidationResult` (SHACL, section 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import RDF, RDF_TYPE, SH
from kg.validation.rule_texts import severity_name

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
# With these, it is a value that is not there which breaks the rule.
_MISSING: Final = ("MinCount", "QualifiedMinCount", "HasValue")
_MARKS: Final = {"inversePath": "^{}", "zeroOrMorePath": "{}*", "oneOrMorePath": "{}+", "zeroOrOnePath": "{}?"}


@dataclass(frozen=True)
class Verdict:
    """One result: the node, the path as text, the value, and the shape that says so."""

    focus: Term
    path: str
    value: Term | None
    severity: str
    shape: Term | None
    component: str
    messages: Mapping[str | None, str]

    @property
    def missing(self) -> bool:
        """Whether a value is asked for that is not there."""
        return self.component.rpartition("#")[2].removesuffix("ConstraintComponent") in _MISSING


def verdicts(report: Iterable[ox.Triple], shapes: Iterable[ox.Triple]) -> Iterator[Verdict]:
    """Yield the results of a report; shapes tell what a complex path means where the report does not."""
    by_subject = _by_subject(report)
    paths = {**_by_subject(shapes), **by_subject}
    kind, wanted = ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "ValidationResult")
    for node, triples in by_subject.items():
        if not any(one.predicate == kind and one.object == wanted for one in triples):
            continue
        said: dict[str, list[Term]] = {}
        for one in triples:
            said.setdefault(one.predicate.value.removeprefix(SH), []).append(one.object)
        if "focusNode" in said and _is_top(node, by_subject):
            yield _verdict(said, paths)


def _by_subject(triples: Iterable[ox.Triple]) -> dict[Term, list[ox.Triple]]:
    found: dict[Term, list[ox.Triple]] = {}
    for one in triples:
        found.setdefault(one.subject, []).append(one)
    return found


def _is_top(node: Term, by_subject: Mapping[Term, Sequence[ox.Triple]]) -> bool:
    """Whether a result belongs to the report itself; details of another result repeat it."""
    detail = SH + "detail"
    return not any(one.predicate.value == detail and one.object == node for one in _details(by_subject))


def _details(by_subject: Mapping[Term, Sequence[ox.Triple]]) -> Iterator[ox.Triple]:
    for triples in by_subject.values():
        yield from (one for one in triples if one.predicate.value == SH + "detail")


def _verdict(said: Mapping[str, Sequence[Term]], paths: Mapping[Term, Sequence[ox.Triple]]) -> Verdict:
    def one(name: str) -> Term | None:
        return said[name][0] if name in said else None

    path = one("resultPath")
    return Verdict(
        focus=said["focusNode"][0],
        path=path_text(path, paths) if path is not None else "",
        value=one("value"),
        severity=severity_name(text_of(one("resultSeverity"))),
        shape=one("sourceShape"),
        component=text_of(one("sourceConstraintComponent")),
        messages={text.language: text.value for text in said.get("resultMessage", ()) if isinstance(text, ox.Literal)},
    )


def text_of(term: Term | None) -> str:
    """Return a term as people read it: IRI, lexical form, or label of a blank node."""
    if term is None or isinstance(term, ox.Triple):
        return "" if term is None else str(term)
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value


def path_text(path: Term, triples: Mapping[Term, Sequence[ox.Triple]]) -> str:
    """Return a property path as SPARQL writes it (SHACL, section 2.3.1)."""
    if not isinstance(path, ox.BlankNode):
        return text_of(path)
    for one in triples.get(path, ()):
        name = one.predicate.value.removeprefix(SH)
        if name in _MARKS:
            return _MARKS[name].format(path_text(one.object, triples))
        if name == "alternativePath":
            return "|".join(path_text(member, triples) for member in _members(one.object, triples))
        if one.predicate.value == RDF + "first":
            return "/".join(path_text(member, triples) for member in _members(path, triples))
    return text_of(path)


def _members(node: Term, triples: Mapping[Term, Sequence[ox.Triple]]) -> Iterator[Term]:
    seen: set[Term] = set()
    while node in triples and node not in seen:
        seen.add(node)
        said = {one.predicate.value.removeprefix(RDF): one.object for one in triples[node]}
        if "first" in said:
            yield said["first"]
        node = said.get("rest", ox.NamedNode(RDF + "nil"))


def read_terms(texts: Sequence[str]) -> list[Term]:
    """Return terms that are written as N-Triples writes them."""
    lines = "".join(f"<urn:x> <urn:x> {text} .\n" for text in texts)
    return [quad.object for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
