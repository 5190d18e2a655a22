"""Shapes and check queries of a project, read from their folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.namespaces import BASE, SH
from kg.queries.engine import with_prefixes
from kg.queries.question import Question, find_questions
from kg.validation.documents import RDF_FORMATS, Document, Input, read_document
from kg.validation.findings import Rule
from kg.validation.rule_texts import SKOLEM, ShapeTexts, built_in_rules, check_rules
from kg.validation.shacl_report import term_text

SHAPES_GRAPH: Final = BASE + "shapes"
_SPARQL: Final = (SH + "select", SH + "ask")


@dataclass(frozen=True)
class Rules:
    """Shapes and check queries as read.

    Attributes:
        documents: the shapes files.
        triples: the shapes, those that another shape or nobody names by an IRI of their own.
        texts: what the shapes say.
        checks: the check queries.
        listed: all rules, built-in ones first.

    """

    documents: Sequence[Document]
    triples: Sequence[ox.Triple]
    texts: ShapeTexts
    checks: Sequence[Question]
    listed: Sequence[Rule] = field(default=())

    @property
    def shapes(self) -> bytes:
        """The shapes as N-Triples."""
        return ox.serialize(self.triples, format=ox.RdfFormat.N_TRIPLES) or b""


def read_rules(folders: Sequence[Path], lang: str) -> Rules:
    """Read shapes and check queries directly in folders; sub-folders but `checks/` hold their cases.

    Raises:
        SourceError: a file is missing or broken, or a check query has no header.

    """
    paths = [path for folder in folders for path in _shape_files(folder)]
    documents = [must_be_readable(read_document(Input(path, SHAPES_GRAPH))) for path in paths]
    checks = [
        question
        for folder in folders
        if folder.is_dir()
        for name, question in find_questions(folder).items()
        if name.startswith("checks/")
    ]
    triples = _named_shapes([triple for document in documents for triple in _with_prefixes(document)])
    texts = ShapeTexts(triples, lang)
    files = {term_text(quad.subject): document.name for document in documents for quad in document.quads}
    listed = [*built_in_rules(lang).values(), *texts.rules(files), *check_rules(checks, lang)]
    return Rules(documents, triples, texts, checks, listed)


def _shape_files(folder: Path) -> list[Path]:
    if folder.is_dir():
        return sorted(path for path in folder.iterdir() if path.suffix in RDF_FORMATS)
    if not folder.is_file():
        raise SourceError("no shapes: no such file or folder", where=str(folder), hint="name a folder with .ttl shapes")
    return [folder]


def _with_prefixes(document: Document) -> list[ox.Triple]:
    """The triples of a file; a SPARQL text may use the prefixes of its file undeclared, as in pyshacl."""
    triples = [quad.triple for quad in document.quads]

    def filled(triple: ox.Triple) -> ox.Triple:
        text = triple.object
        if triple.predicate.value not in _SPARQL or not isinstance(text, ox.Literal):
            return triple
        return ox.Triple(triple.subject, triple.predicate, ox.Literal(with_prefixes(text.value, document.prefixes)))

    return [filled(triple) for triple in triples]


def _named_shapes(triples: Sequence[ox.Triple]) -> list[ox.Triple]:
    """Give blank shapes and SPARQL constraints an IRI, by which a report names them in every engine."""
    blank = {
        triple.object
        for triple in triples
        if triple.predicate.value in (SH + "property", SH + "sparql") and isinstance(triple.object, ox.BlankNode)
    }

    def name(term: Any) -> Any:
        return ox.NamedNode(SKOLEM + term.value) if term in blank else term

    return [ox.Triple(name(triple.subject), triple.predicate, name(triple.object)) for triple in triples]


def must_be_readable(document: Document) -> Document:
    """Return a document in which nothing is wrong but that it may be empty.

    Raises:
        SourceError: the first problem, with file, line and column.

    """
    for problem in document.problems:
        if problem.rule != "empty":
            rule = built_in_rules("en")[problem.rule]
            raise SourceError(
                problem.detail or rule.title,
                where=document.name,
                line=problem.line or None,
                column=problem.column or None,
                hint=rule.mend,
            )
    return document
