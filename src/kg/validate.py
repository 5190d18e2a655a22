"""What must hold: SHACL over a plain rdflib graph, and check queries in which a row is a finding."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import BNode, Literal, Node, URIRef

from kg.errors import SourceError
from kg.graph import load
from kg.queries import Question, find_questions
from kg.sources import Parsed, Source, read
from kg.terms import DCT, RDF_TYPE

SEVERITIES: Final = ("violation", "warning", "info")
_ANY: Final = ("nl", "en", None)
_LABELS: Final = (SKOS.prefLabel, URIRef(DCT + "title"), RDFS.label)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that does not hold.

    Attributes:
        file: file that says something of the focus node; empty when no file does.
        severity: `violation`, `warning` or `info`.
        focus: IRI of the node concerned, and its `label`.
        path: property concerned, and `value` when one is wrong.
        message: what is wrong and what to do; `hint` says why.
        shape: IRI of the shape, or name of the check query.

    """

    file: str
    severity: str
    focus: str
    label: str
    path: str
    value: str
    message: str
    hint: str
    shape: str


def validate(sources: Sequence[Source], shapes: Path, *, lang: str = "en") -> list[Finding]:
    """Return what the shapes and check queries of a folder find in the sources, sorted (SHACL Core and SHACL-SPARQL).

    Arguments:
        sources: the files to check, read together as one graph.
        shapes: folder with `*.ttl` shapes and `*.rq` check queries (SELECT ?focus ?path ?value); cases are left out.
        lang: language of messages and labels, `nl` or `en`.

    Raises:
        SourceError: a file is not Turtle, a check query is broken, or there is nothing to check with.

    """
    parsed = read(sources)
    shape_files, checks = find_rules(shapes)
    data = to_rdflib(quad for _, quads in parsed for quad in quads)
    rules = to_rdflib(quad for _, quads in read(shape_files) for quad in quads)
    describe = _Describer(data, parsed, lang)
    return sorted(set(_shacl(data, rules, describe)) | set(_checks(parsed, checks, describe)))


def find_rules(folder: Path) -> tuple[list[Source], list[Question]]:
    """Return shape files and check queries directly in a folder; sub-folders hold their cases.

    Raises:
        SourceError: the folder holds neither.

    """
    shapes = [Source(path, "") for path in sorted(folder.glob("*.ttl"))]
    checks = [question for name, question in find_questions(folder).items() if name.startswith("checks/")]
    if not shapes and not checks:
        raise SourceError("no shapes and no check queries", where=str(folder), hint="name a folder with .ttl shapes")
    return shapes, checks


def to_rdflib(quads: Iterable[ox.Quad]) -> rdflib.Graph:
    """Return triples as a plain in-memory rdflib graph, literals as written.

    pyshacl over Oxigraph stores gives false findings, and rdflib rewrites ill-typed literals unless told not to.
    """
    graph = rdflib.Graph()
    for quad in quads:
        graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
    return graph


def _node(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.Literal):
        plain = term.language or term.datatype.value.endswith("#string")
        datatype = None if plain else URIRef(term.datatype.value)
        return Literal(term.value, lang=term.language, datatype=datatype, normalize=False)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    raise SourceError("triple terms are not supported", where=str(term), hint="use RDF 1.1")


class _Describer:
    """Says of a node which file, label and message belong to it."""

    def __init__(self, data: rdflib.Graph, parsed: Parsed, lang: str) -> None:
        self._data, self._lang = data, lang
        self._files: dict[str, str] = {}
        self._paths: dict[tuple[str, str], str] = {}
        for source, quads in parsed:
            for quad in quads:
                subject = quad.subject.value if not isinstance(quad.subject, ox.Triple) else ""
                if quad.predicate.value == RDF_TYPE:
                    self._files[subject] = str(source.path)
                self._files.setdefault(subject, str(source.path))
                self._paths.setdefault((subject, quad.predicate.value), str(source.path))

    def file(self, focus: str, path: str) -> str:
        return self._paths.get((focus, path)) or self._files.get(focus, "")

    def label(self, focus: Node) -> str:
        for predicate in _LABELS:
            labels = {
                label.language: str(label)
                for label in self._data.objects(focus, predicate)
                if isinstance(label, Literal)
            }
            if labels:
                return in_language(labels, self._lang)
        return ""

    def text(self, literals: Iterable[Node]) -> str:
        return in_language({one.language: str(one) for one in literals if isinstance(one, Literal)}, self._lang)


def in_language(texts: Mapping[str | None, str], lang: str) -> str:
    """Return the text in a language, or else in nl, en, or any."""
    for tag in (lang, *_ANY, *texts):
        if tag in texts:
            return texts[tag]
    return ""


def _shacl(data: rdflib.Graph, rules: rdflib.Graph, describe: _Describer) -> list[Finding]:
    if not len(rules):
        return []
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    try:
        _, report, _ = pyshacl.validate(data, shacl_graph=rules, inference="none", inplace=True)
    except (ReportableRuntimeError, ShapeLoadError, ConstraintLoadError) as error:
        raise SourceError(str(error), where="shapes", hint="mend the shapes") from error
    if not isinstance(report, rdflib.Graph):
        raise SourceError(str(report), where="shapes", hint="mend the shapes")
    rdflib.NORMALIZE_LITERALS = False
    return [_finding(result, report, rules, describe) for result in report.subjects(RDF.type, SH.ValidationResult)]


def _finding(result: Node, report: rdflib.Graph, rules: rdflib.Graph, describe: _Describer) -> Finding:
    def one(predicate: URIRef) -> Node | None:
        return report.value(result, predicate)

    focus, path, shape = one(SH.focusNode), one(SH.resultPath), one(SH.sourceShape)
    severity = str(one(SH.resultSeverity) or SH.Violation).rpartition("#")[2].lower()
    return Finding(
        file=describe.file(str(focus), str(path or "")),
        severity=severity,
        focus=str(focus),
        label=describe.label(focus) if focus is not None else "",
        path=str(path or ""),
        value=str(one(SH.value) or ""),
        message=describe.text(report.objects(result, SH.resultMessage)),
        hint=describe.text(rules.objects(shape, SH.description)),
        shape=_shape_name(shape, rules),
    )


def _shape_name(shape: Node | None, rules: rdflib.Graph) -> str:
    if isinstance(shape, BNode):
        shape = next(rules.subjects(SH.property, shape), shape)
    return str(shape or "")


def _checks(parsed: Parsed, checks: Sequence[Question], describe: _Describer) -> list[Finding]:
    if not checks:
        return []
    store = load(parsed)
    return [finding for check in checks for finding in _check(store, check, describe)]


def _check(store: ox.Store, check: Question, describe: _Describer) -> list[Finding]:
    try:
        rows = store.query(check.query, use_default_graph_as_union=True)
    except SyntaxError as error:
        raise SourceError(str(error), where=str(check.path), hint="mend the check query") from error
    if not isinstance(rows, ox.QuerySolutions):
        raise SourceError("a check query is a SELECT", where=str(check.path), hint="select ?focus, ?path and ?value")
    names = {variable.value for variable in rows.variables}
    if "focus" not in names:
        raise SourceError("a check query selects ?focus", where=str(check.path), hint="add ?focus")
    findings = []
    for row in rows:
        cells = {name: row[name].value if row[name] is not None else "" for name in names}
        focus, path = cells["focus"], cells.get("path", "")
        findings.append(
            Finding(
                file=describe.file(focus, path),
                severity=check.severity,
                focus=focus,
                label=describe.label(URIRef(focus)),
                path=path,
                value=cells.get("value", ""),
                message=describe.text(Literal(text, lang=tag) for tag, text in check.message.items()),
                hint=describe.text(Literal(text, lang=tag) for tag, text in check.description.items()),
                shape=check.name,
            )
        )
    return findings
