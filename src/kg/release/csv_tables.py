"""Tables: one CSV per kind of thing, for spreadsheets and data frames (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.build import Graph
from kg.graph.evidence import Evidence, Triple
from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import ID, KB, RDF_TYPE, SKOS, XSD
from kg.rdf_terms import asserted, language_of, local_name, objects, prefixed_name, texts_by_language
from kg.release.files import File
from kg.release.metadata import licence_of
from kg.tables.column_titles import Words, title_of
from kg.tables.csv import safe
from kg.tables.description import Description, Field, Origin

_BETWEEN: Final = " | "
_NAMED: Final = (RDF_TYPE, SKOS + "prefLabel")

Terms = list[ox.NamedNode | ox.Literal]
Facts = dict[str, dict[str, Terms]]
Hedged = dict[Triple, tuple[str, ...]]


@dataclass(frozen=True)
class Table:
    """The things of one class: their CSV, what its columns mean, and its rows as texts, several values parted."""

    file: File
    description: Description
    rows: list[list[str]]


@dataclass(frozen=True)
class Column:
    """One column of a table: the values of a property, of one kind.

    Attributes:
        predicate: IRI of the property.
        kind: `iri`, `label`, `modality`, or the language tag of literals, empty for those without.
        field: what it means.

    """

    predicate: str
    kind: str
    field: Field


@dataclass(frozen=True)
class Tables:
    """The tables of a graph: one for each class of which things below `/id/` are instances, from all graphs.

    Columns: `iri`, `label_nl`, `label_en`, then each property, the most used first; beside IRIs stands a column of
    their labels, and where a publication hedges one of them a column of modalities. Several values in a cell are parted
    by ` | `.

    Attributes:
        graph: the built graph.
        words: titles of the columns that are no property.

    """

    graph: Graph
    words: Words

    def __iter__(self) -> Iterator[Table]:
        """Yield them by name."""
        for kind, things in self._kinds.items():
            yield self._table(kind, things)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.graph.store)

    @cached_property
    def _hedged(self) -> Hedged:
        return _hedged(self.graph.store)

    @cached_property
    def _facts(self) -> Facts:
        return _facts(self.graph.store)

    @cached_property
    def _kinds(self) -> dict[str, list[str]]:
        return dict(sorted(_kinds(self._facts).items()))

    @cached_property
    def _graphs(self) -> dict[str, set[str]]:
        """The graphs that describe each thing."""
        graphs: dict[str, set[str]] = defaultdict(set)
        for quad in asserted(self.graph.store):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.graph_name, ox.NamedNode):
                graphs[quad.subject.value].add(quad.graph_name.value)
        return graphs

    def _path(self, kind: str) -> str:
        name = local_name(kind) if kind.startswith(KB) else self._head(kind).replace(":", "-")
        return f"csv/{name}.csv"

    def _head(self, iri: str) -> str:
        return prefixed_name(iri, self.graph.prefixes) or local_name(iri)

    def _title(self, iri: str) -> dict[str, str]:
        """Return what a class or property is called in each language; its prefixed name where nothing names it."""
        known = self._labels.known(iri)
        return {tag: self._labels.get(iri, tag)[0] if known else self._head(iri) for tag in LANGUAGES}

    def _definition(self, iri: str) -> dict[str, str]:
        texts = texts_by_language(objects(self.graph.store, ox.NamedNode(iri), SKOS + "definition"))
        return {tag: texts[tag] for tag in LANGUAGES if tag in texts}

    def _table(self, kind: str, things: Sequence[str]) -> Table:
        columns = list(self._columns(things))
        rows = [[*self._names(iri), *(self._cell(iri, column) for column in columns)] for iri in things]
        names = [Field("iri", dict.fromkeys(LANGUAGES, "IRI"), "anyURI", required=True)]
        for place, tag in enumerate(LANGUAGES, 1):
            full = all(row[place] for row in rows)
            title = {other: f"{text} ({tag})" for other, text in self._title(SKOS + "prefLabel").items()}
            names.append(Field(f"label_{tag}", title, lang=tag, predicate=SKOS + "prefLabel", required=full))
        name = self._title(kind)
        graphs = sorted({name for iri in things for name in self._graphs[iri]})
        description = Description(
            path=self._path(kind),
            title={"en": f"Table: {name['en']}", "nl": f"Tabel: {name['nl']}"},
            fields=(*names, *(column.field for column in columns)),
            definition=self._definition(kind),
            key="iri",
            origins=tuple(Origin(graph, self._title(graph), licence_of(self.graph, graph)) for graph in graphs),
        )
        return Table(File(description.path, _csv(description, rows), description.title), description, rows)

    def _names(self, iri: str) -> list[str]:
        names = texts_by_language(self._facts[iri].get(SKOS + "prefLabel", []))
        return [iri, *(names.get(tag, "") for tag in LANGUAGES)]

    def _columns(self, things: Sequence[str]) -> Iterator[Column]:
        used = Counter(name for iri in things for name in self._facts[iri] if name not in _NAMED)
        own = set(things)
        hedging = {predicate for subject, predicate, _ in self._hedged if subject in own}
        for predicate, _ in sorted(used.items(), key=lambda item: (-item[1], item[0])):
            held = [self._facts[iri].get(predicate, []) for iri in things]
            kinds = {"iri" if isinstance(term, ox.NamedNode) else language_of(term) for terms in held for term in terms}
            for kind in sorted(kinds):
                yield self._column(predicate, kind, held)
                if kind == "iri":
                    yield self._beside(predicate, "label", held)
                    if predicate in hedging:
                        yield self._beside(predicate, "modality", held)

    def _column(self, predicate: str, kind: str, held: Sequence[Terms]) -> Column:
        cells = [[term for term in terms if _is_of(term, kind)] for terms in held]
        title, tagged = self._title(predicate), kind not in ("iri", "")
        return Column(
            predicate,
            kind,
            Field(
                f"{self._head(predicate)}_{kind}" if tagged else self._head(predicate),
                {tag: f"{text} ({kind})" for tag, text in title.items()} if tagged else title,
                "anyURI" if kind == "iri" else _datatype(term for terms in cells for term in terms),
                self._definition(predicate),
                _separator(cells),
                kind if tagged else "",
                predicate,
                self._references(cells) if kind == "iri" else "",
                all(cells),
            ),
        )

    def _beside(self, predicate: str, kind: str, held: Sequence[Terms]) -> Column:
        """Return a column that says something of the IRIs beside it."""
        cells = [[term for term in terms if _is_of(term, "iri")] for terms in held]
        title = {tag: f"{text}: {title_of(self.words, kind, tag)}" for tag, text in self._title(predicate).items()}
        field = Field(f"{self._head(predicate)}_{kind}", title, separator=_separator(cells))
        return Column(predicate, kind, field)

    def _references(self, cells: Iterable[Terms]) -> str:
        """Return the path of the smallest table that holds all values, or nothing."""
        values = {term.value for terms in cells for term in terms}
        sizes = {kind: len(things) for kind, things in self._kinds.items() if values <= self._members[kind]}
        return self._path(min(sizes, key=lambda kind: (sizes[kind], kind))) if sizes else ""

    @cached_property
    def _members(self) -> dict[str, set[str]]:
        return {kind: set(things) for kind, things in self._kinds.items()}

    def _cell(self, iri: str, column: Column) -> str:
        terms = [term for term in self._facts[iri].get(column.predicate, []) if not isinstance(term, ox.Literal)]
        if column.kind == "label":
            return _BETWEEN.join(self._labels.get(term.value, LANGUAGES[0])[0] for term in terms)
        if column.kind == "modality":
            hedges = (self._hedged.get((iri, column.predicate, term.value), ()) for term in terms)
            return _BETWEEN.join(_modality(codes, self._labels) for codes in hedges)
        own = self._facts[iri].get(column.predicate, [])
        return _BETWEEN.join(term.value for term in own if _is_of(term, column.kind))


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


def _is_of(term: ox.NamedNode | ox.Literal, kind: str) -> bool:
    return kind == "iri" if isinstance(term, ox.NamedNode) else language_of(term) == kind


def _separator(cells: Iterable[Terms]) -> str:
    return _BETWEEN if any(len(terms) > 1 for terms in cells) else ""


def _datatype(terms: Iterable[ox.NamedNode | ox.Literal]) -> str:
    """Return the local name of the datatype that all literals have; integers are decimals among decimals."""
    names = {term.datatype.value for term in terms if isinstance(term, ox.Literal)}
    if names == {XSD + "integer", XSD + "decimal"}:
        return "decimal"
    name = names.pop()
    return local_name(name) if not names and name.startswith(XSD) else "string"


def _csv(description: Description, rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([field.head for field in description.fields])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8")


def _modality(codes: Iterable[str], labels: Labels) -> str:
    return ", ".join(labels.get(code, LANGUAGES[0])[0] for code in codes)
