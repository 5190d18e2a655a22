"""Findings about nodes of the data: with the place of the statement, and the name of the node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import DCT, RDFS_LABEL, SKOS
from kg.validation.documents import Document
from kg.validation.findings import Finding, in_language
from kg.validation.positions import Places, Term
from kg.validation.shacl_report import text_of

_LABELS: Final = (SKOS + "prefLabel", DCT + "title", RDFS_LABEL)


@dataclass(frozen=True)
class Said:
    """What is said of a node before its place is known.

    Attributes:
        focus, path, value: the statement concerned.
        rule: name of the rule; `severity`, `message` and `hint` are those of the finding.
        missing: it is a value that is not there which breaks the rule.
        shown: what stands for the value in the finding, where that is another term.

    """

    focus: Term
    path: str
    value: Term | None
    rule: str
    severity: str
    message: str
    hint: str
    missing: bool = False
    shown: str = ""


def located(documents: Sequence[Document], said: Sequence[Said], lang: str) -> Iterable[Finding]:
    """Yield as findings what is said, each at its place in the documents."""
    nodes = {one.focus for one in said}
    places, labels = Places(documents, nodes), _labels(documents, nodes, lang)
    for one in said:
        place = places.find(one.focus, one.path, one.value, missing=one.missing)
        yield Finding(
            file=place.file,
            line=place.line,
            column=place.column,
            severity=one.severity,
            focus=text_of(one.focus),
            label=labels.get(one.focus, ""),
            path=one.path,
            value=one.shown or text_of(one.value),
            message=one.message,
            hint=one.hint,
            shape=one.rule,
            width=place.width,
            excerpt=place.excerpt[:400],
        )


def _labels(documents: Sequence[Document], nodes: set[Term], lang: str) -> Mapping[Term, str]:
    found: dict[Term, dict[str, dict[str | None, str]]] = {}
    for document in documents if nodes else ():
        for quad in document.quads:
            if quad.subject in nodes and isinstance(quad.object, ox.Literal) and quad.predicate.value in _LABELS:
                texts = found.setdefault(quad.subject, {}).setdefault(quad.predicate.value, {})
                texts[quad.object.language] = quad.object.value
    best = {node: next(texts[name] for name in _LABELS if name in texts) for node, texts in found.items()}
    return {node: in_language(texts, lang) for node, texts in best.items()}
