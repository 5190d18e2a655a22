"""Tables: one CSV per kind of thing, for spreadsheets and data frames (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import ID, KB, RDF_TYPE, SKOS
from kg.rdf_terms import language_of, local_name, prefixed_name, texts_by_language
from kg.release.files import File
from kg.tables.csv import safe

_COLUMNS: Final = 20
_BETWEEN: Final = " | "
_NAMED: Final = (RDF_TYPE, SKOS + "prefLabel")

Terms = list[ox.NamedNode | ox.Literal]
Facts = dict[str, dict[str, Terms]]


@dataclass(frozen=True)
class Column:
    """One column of a table: the values of a property, of one kind.

    Attributes:
        head: what stands above it.
        predicate: IRI of the property.
        kind: `iri`, `label`, or the language tag of literals, empty for those without.

    """

    head: str
    predicate: str
    kind: str


def tables(graph: Graph) -> Iterator[File]:
    """Yield one CSV for each class of which things below `/id/` are instances, from the union of all graphs.

    Columns: `iri`, `label_nl`, `label_en`, then the most used properties; beside IRIs stands a column of their labels.
    Several values in a cell are parted by ` | `.
    """
    labels = Labels(graph.store)
    facts = _facts(graph.store)
    for kind, things in sorted(_kinds(facts).items()):
        name = _file_name(kind, graph.prefixes)
        title = {tag: f"{text}: {labels.get(kind, tag)[0]}" for tag, text in (("en", "Table"), ("nl", "Tabel"))}
        yield File(f"csv/{name}.csv", _table(things, facts, labels, graph.prefixes), title)


def _facts(store: ox.Store) -> Facts:
    facts: dict[str, dict[str, set[ox.NamedNode | ox.Literal]]] = {}
    for quad in store:
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            facts.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, set()).add(quad.object)
    return {iri: {name: sorted(terms, key=str) for name, terms in own.items()} for iri, own in facts.items()}


def _kinds(facts: Facts) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for iri, own in sorted(facts.items()):
        if iri.startswith(ID):
            for kind in own.get(RDF_TYPE, []):
                kinds.setdefault(kind.value, []).append(iri)
    return kinds


def _file_name(kind: str, prefixes: Mapping[str, str]) -> str:
    return local_name(kind) if kind.startswith(KB) else _head(kind, prefixes).replace(":", "-")


def _head(iri: str, prefixes: Mapping[str, str]) -> str:
    return prefixed_name(iri, prefixes) or local_name(iri)


def _table(things: Sequence[str], facts: Facts, labels: Labels, prefixes: Mapping[str, str]) -> bytes:
    columns = list(_columns(things, facts, prefixes))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["iri", "label_nl", "label_en", *(column.head for column in columns)])
    for iri in things:
        names = texts_by_language(facts[iri].get(SKOS + "prefLabel", []))
        cells = (_cell(facts[iri].get(column.predicate, []), column.kind, labels) for column in columns)
        writer.writerow([safe(cell) for cell in (iri, *(names.get(tag, "") for tag in LANGUAGES), *cells)])
    return buffer.getvalue().encode("utf-8")


def _columns(things: Iterable[str], facts: Facts, prefixes: Mapping[str, str]) -> Iterator[Column]:
    used = Counter(name for iri in things for name in facts[iri] if name not in _NAMED)
    for predicate, _ in sorted(used.items(), key=lambda item: (-item[1], item[0]))[:_COLUMNS]:
        head = _head(predicate, prefixes)
        terms = [term for iri in things for term in facts[iri].get(predicate, [])]
        kinds = {"iri" if isinstance(term, ox.NamedNode) else language_of(term) for term in terms}
        for kind in sorted(kinds):
            yield Column(f"{head}_{kind}" if kind not in ("iri", "") else head, predicate, kind)
            if kind == "iri":
                yield Column(f"{head}_label", predicate, "label")


def _cell(terms: Terms, kind: str, labels: Labels) -> str:
    if kind in ("iri", "label"):
        iris = [term.value for term in terms if isinstance(term, ox.NamedNode)]
        return _BETWEEN.join(iri if kind == "iri" else labels.get(iri, LANGUAGES[0])[0] for iri in iris)
    return _BETWEEN.join(term.value for term in terms if isinstance(term, ox.Literal) and language_of(term) == kind)
