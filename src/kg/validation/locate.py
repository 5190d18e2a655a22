"""Findings with their position: about a file as such, or about a node of the data, with its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.languages import in_language
from kg.namespaces import DCT, RDFS_LABEL, SKOS
from kg.rdf_terms import Term
from kg.validation.documents import Document, Problem
from kg.validation.findings import Finding
from kg.validation.positions import Positions, text_lines
from kg.validation.rule_texts import built_in_rules
from kg.validation.shacl_report import term_text

_LABELS: Final = (SKOS + "prefLabel", DCT + "title", RDFS_LABEL)
_EXCERPT: Final = 400


def file_findings(documents: Iterable[Document], lang: str) -> Iterator[Finding]:
    """Yield all problems of files."""
    for document in documents:
        lines = text_lines(document.data) if document.problems else []
        for problem in document.problems:
            yield file_finding(document.name, problem, lines, lang)


def file_finding(file: str, problem: Problem, lines: Sequence[str], lang: str) -> Finding:
    """Return a problem of a file as a finding, with its line."""
    rule = built_in_rules(lang)[problem.rule]
    excerpt = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    return Finding(
        file=file,
        line=problem.line,
        column=problem.column,
        severity=rule.severity,
        focus="",
        label="",
        path="",
        value=problem.detail,
        message=f"{rule.title} {problem.detail}".strip(),
        hint=rule.mend,
        shape=problem.rule,
        width=problem.width,
        excerpt=excerpt[:_EXCERPT],
    )


@dataclass(frozen=True)
class NodeFinding:
    """A finding about a node whose position is not known yet.

    Attributes:
        focus, path, value: the statement concerned.
        rule: name of the rule; `severity`, `message` and `hint` are those of the finding.
        missing: it is a value that is not there which breaks the rule.
        display_value: what stands for the value in the finding, where that is another term.

    """

    focus: Term
    path: str
    value: Term | None
    rule: str
    severity: str
    message: str
    hint: str
    missing: bool = False
    display_value: str = ""


def locate(documents: Sequence[Document], findings: Sequence[NodeFinding], lang: str) -> Iterator[Finding]:
    """Yield findings about nodes, each with its position in the documents."""
    nodes = {finding.focus for finding in findings}
    positions, labels = Positions(documents, nodes), _labels(documents, nodes, lang)
    for finding in findings:
        position = positions.find(finding.focus, finding.path, finding.value, missing=finding.missing)
        yield Finding(
            file=position.file,
            line=position.line,
            column=position.column,
            severity=finding.severity,
            focus=term_text(finding.focus),
            label=labels.get(finding.focus, ""),
            path=finding.path,
            value=finding.display_value or term_text(finding.value),
            message=finding.message,
            hint=finding.hint,
            shape=finding.rule,
            width=position.width,
            excerpt=position.excerpt[:_EXCERPT],
        )


def _labels(documents: Sequence[Document], nodes: set[Term], lang: str) -> Mapping[Term, str]:
    names: dict[Term, dict[str, dict[str, str]]] = {}
    for document in documents if nodes else ():
        for quad in document.quads:
            if quad.subject in nodes and isinstance(quad.object, ox.Literal) and quad.predicate.value in _LABELS:
                texts = names.setdefault(quad.subject, {}).setdefault(quad.predicate.value, {})
                texts[quad.object.language or ""] = quad.object.value
    best = {node: next(texts[label] for label in _LABELS if label in texts) for node, texts in names.items()}
    return {node: in_language(texts, lang) for node, texts in best.items()}
