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
from kg.graph.evidence import Evidence, Triple
from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import ID, KB, RDF_TYPE, SKOS
from kg.rdf_terms import asserted, language_of, local_name, prefixed_name, texts_by_language
from kg.release.files import File
from kg.tables.csv import safe

_BETWEEN: Final = " | "
_NAMED: Final = (RDF_TYPE, SKOS + "prefLabel")

Terms = list[ox.NamedNode | ox.Literal]
Facts = dict[str, dict[str, Terms]]
Hedged = dict[Triple, tuple[str, ...]]


@dataclass(frozen=True)
class Column:
    """One column of a table: the values of a property, of one kind.

    Attributes:
        head: what stands above it.
        predicate: IRI of the property.
        kind: `iri`, `label`, `modality`, or the language tag of literals, empty for those without.

    """

    head: str
    predicate: str
    kind: str


def tables(graph: Graph) -> Iterator[File]:
    """Yield one CSV for each class of which things below `/id/` are instances, from the union of all graphs.

    Columns: `iri`, `label_nl`, `label_en`, then each property, the most used first; beside IRIs stands a column of
    their labels, and where a publication hedges one of them a column of modalities. Several values in a cell are parted
    by ` | `.
    """
    labels = Labels(graph.store)
    hedged = _hedged(graph.store)
    facts = _facts(graph.store)
    for kind, things in sorted(_kinds(facts).items()):
        name = _file_name(kind, graph.prefixes)
        title = {tag: f"{text}: {labels.get(kind, tag)[0]}" for tag, text in (("en", "Table"), ("nl", "Tabel"))}
        yield File(f"csv/{name}.csv", _table(things, facts, labels, hedged, graph.prefixes), title)


def _facts(store: ox.Store) -> Facts:
    facts: dict[str, dict[str, set[ox.NamedNode | ox.Literal]]] = {}
    for quad in asserted(store):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            facts.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, set()).add(quad.object)
    return {iri: {name: sorted(terms, key=str) for name, terms in own.items()} for iri, own in facts.items()}


def _hedged(store: ox.Store) -> Hedged:
    """Return the triples that no publication says plainly, each with its modalities."""
    evidence = Evidence(store)
    hedged = {}
    for triple, graphs in evidence.stated.items():
        modalities = [evidence.modality(graph, triple).codes for graph in graphs]
        if all(modalities):
            hedged[triple] = tuple(sorted({code for codes in modalities for code in codes}))
    return hedged


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


def _table(things: Sequence[str], facts: Facts, labels: Labels, hedged: Hedged, prefixes: Mapping[str, str]) -> bytes:
    columns = list(_columns(things, facts, hedged, prefixes))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["iri", "label_nl", "label_en", *(column.head for column in columns)])
    for iri in things:
        names = texts_by_language(facts[iri].get(SKOS + "prefLabel", []))
        cells = (_cell(iri, facts[iri].get(column.predicate, []), column, labels, hedged) for column in columns)
        writer.writerow([safe(cell) for cell in (iri, *(names.get(tag, "") for tag in LANGUAGES), *cells)])
    return buffer.getvalue().encode("utf-8")


def _columns(things: Iterable[str], facts: Facts, hedged: Hedged, prefixes: Mapping[str, str]) -> Iterator[Column]:
    used = Counter(name for iri in things for name in facts[iri] if name not in _NAMED)
    own = set(things)
    hedging = {predicate for subject, predicate, _ in hedged if subject in own}
    for predicate, _ in sorted(used.items(), key=lambda item: (-item[1], item[0])):
        head = _head(predicate, prefixes)
        terms = [term for iri in things for term in facts[iri].get(predicate, [])]
        kinds = {"iri" if isinstance(term, ox.NamedNode) else language_of(term) for term in terms}
        for kind in sorted(kinds):
            yield Column(f"{head}_{kind}" if kind not in ("iri", "") else head, predicate, kind)
            if kind == "iri":
                yield Column(f"{head}_label", predicate, "label")
                if predicate in hedging:
                    yield Column(f"{head}_modality", predicate, "modality")


def _cell(iri: str, terms: Terms, column: Column, labels: Labels, hedged: Hedged) -> str:
    values = [term.value for term in terms if isinstance(term, ox.NamedNode)]
    if column.kind == "iri":
        return _BETWEEN.join(values)
    if column.kind == "label":
        return _BETWEEN.join(labels.get(value, LANGUAGES[0])[0] for value in values)
    if column.kind == "modality":
        return _BETWEEN.join(_modality(hedged.get((iri, column.predicate, value), ()), labels) for value in values)
    return _BETWEEN.join(
        term.value for term in terms if isinstance(term, ox.Literal) and language_of(term) == column.kind
    )


def _modality(codes: Iterable[str], labels: Labels) -> str:
    return ", ".join(labels.get(code, LANGUAGES[0])[0] for code in codes)
