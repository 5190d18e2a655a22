"""What differs between two sides: resources by kind, and first what breaks for who uses the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.labels import Labels
from kg.namespaces import CATALOGUE, DCT, ID, KB, OWL, RDF_TYPE, RDFS_LABEL, SH, SKOS, VOID_TRIPLES, XSD
from kg.rdf_terms import Term, language_of, term_key

REMOVED, DEPRECATED, MEANING, TYPE, DATATYPE = "removed", "deprecated", "meaning", "type", "datatype"
_MEANING: Final = (SKOS + "prefLabel", SKOS + "definition", RDFS_LABEL)
_MADE: Final = tuple(f"{ID}graph-kind/{kind}" for kind in ("entailed", "evidence", "inferred"))
_DEPRECATED: Final = OWL + "deprecated"
_REPLACED_BY: Final = DCT + "isReplacedBy"
_TRUE: Final = ("true", "1")

Key = tuple[str, str]
Facts = dict[str, Counter[tuple[str, str, Term]]]


@dataclass(frozen=True)
class Change:
    """What a resource lost and gained by one property in one graph; the graph is empty where sides have none."""

    property: str
    graph: str
    removed: tuple[Term, ...]
    added: tuple[Term, ...]


@dataclass(frozen=True)
class Changed:
    """A resource that both sides describe, differently."""

    iri: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Kind:
    """The resources of one class that differ; the class is empty for those without one."""

    iri: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True)
class Breaking:
    """One thing that consumers must react to.

    Attributes:
        what: `removed`, `deprecated`, `meaning`, `type` or `datatype`.
        iri: the resource, or for `datatype` the property.
        property: the property whose values changed, or by which a successor is named.
        before: the values that are no longer there.
        after: those that are there instead.

    """

    what: str
    iri: str
    property: str = ""
    before: tuple[Term, ...] = ()
    after: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Difference:
    """All that differs.

    Attributes:
        made: graph that the build makes to the statements it gained and lost; they are counted, not listed.
        labels: names of resources on either side.
        prefixes: prefix to namespace, as either side declares them.

    """

    breaking: tuple[Breaking, ...]
    kinds: tuple[Kind, ...]
    made: Mapping[str, tuple[int, int]]
    labels: Labels
    prefixes: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.kinds or self.breaking or self.made)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many resources were added, removed and changed."""
        return (
            sum(len(kind.added) for kind in self.kinds),
            sum(len(kind.removed) for kind in self.kinds),
            sum(len(kind.changed) for kind in self.kinds),
        )


class Side:
    """The statements of one side, as facts about resources.

    Arguments:
        quads: with blank nodes named after what is said of them.
        made: graphs that the build makes, which are only counted.
        graphs: whether the graph of a statement matters.

    """

    def __init__(self, quads: Sequence[ox.Quad], made: Iterable[str], *, graphs: bool) -> None:
        self._quads, self._made, self._graphs = quads, set(made), graphs

    @cached_property
    def facts(self) -> Facts:
        """Resource to its statements, with how often each is made; blank nodes hang from what names them."""
        named = {str(quad.object) for quad in self._quads if isinstance(quad.object, ox.BlankNode)}
        facts: Facts = {}
        for quad in self._quads:
            graph, subject = _graph(quad), term_key(quad.subject)
            counted = graph in self._made or (graph == CATALOGUE and quad.predicate.value == VOID_TRIPLES)
            if not counted and subject not in named:
                fact = (graph if self._graphs else "", quad.predicate.value, quad.object)
                facts.setdefault(subject, Counter())[fact] += 1
        return facts

    @cached_property
    def counted(self) -> dict[str, set[ox.Quad]]:
        """Graph that the build makes to its statements."""
        graphs: dict[str, set[ox.Quad]] = {}
        for quad in self._quads:
            if _graph(quad) in self._made:
                graphs.setdefault(_graph(quad), set()).add(quad)
        return graphs

    @cached_property
    def datatypes(self) -> dict[str, set[str]]:
        """Property to the datatypes of its values; the datatype of an IRI is empty."""
        datatypes: dict[str, set[str]] = {}
        for facts in self.facts.values():
            for _, predicate, value in facts:
                datatype = value.datatype.value if isinstance(value, ox.Literal) else ""
                datatypes.setdefault(predicate, set()).add(datatype)
        return datatypes

    def values(self, iri: str, predicate: str) -> set[Term]:
        """Return the values of a property, whatever the graph."""
        return {value for _, name, value in self.facts.get(iri, ()) if name == predicate}

    def deprecated(self, iri: str) -> bool:
        """Return whether a resource is deprecated."""
        return any(isinstance(value, ox.Literal) and value.value in _TRUE for value in self.values(iri, _DEPRECATED))


def compare(old: Sequence[ox.Quad], new: Sequence[ox.Quad]) -> Difference:
    """Return what differs between two sides.

    The graph of a statement matters where both sides have graphs. What inference and evidence graphs hold is counted.
    """
    both = [*old, *new]
    graphs = all(any(_graph(quad) for quad in quads) for quads in (old, new))
    made = {
        term_key(quad.subject)
        for quad in both
        if quad.predicate.value == KB + "graphKind" and term_key(quad.object) in _MADE
    }
    before, after = (Side(quads, made, graphs=graphs) for quads in (old, new))
    store = ox.Store()
    store.bulk_extend(both)
    return Difference(
        breaking=tuple(_breaking(before, after)),
        kinds=tuple(_kinds(before, after)),
        made=_counted(before, after),
        labels=Labels(store),
        prefixes=_prefixes(both),
    )


def _graph(quad: ox.Quad) -> str:
    """Return the IRI of the graph of a quad, or an empty text."""
    return quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""


def _prefixes(quads: Iterable[ox.Quad]) -> dict[str, str]:
    parts: dict[str, dict[str, str]] = {}
    for quad in quads:
        if quad.predicate.value in (SH + "prefix", SH + "namespace") and isinstance(quad.object, ox.Literal):
            parts.setdefault(term_key(quad.subject), {})[quad.predicate.value] = quad.object.value
    pairs = [part for part in parts.values() if len(part) > 1]
    return {part[SH + "prefix"]: part[SH + "namespace"] for part in pairs}


def _kinds(before: Side, after: Side) -> Iterator[Kind]:
    groups: dict[str, tuple[list[str], list[str], list[Changed]]] = {}
    for iri in sorted(before.facts.keys() | after.facts.keys()):
        added, removed, changed = groups.setdefault(_kind(iri, before, after), ([], [], []))
        if iri not in before.facts:
            added.append(iri)
        elif iri not in after.facts:
            removed.append(iri)
        elif changes := _changes(before.facts[iri], after.facts[iri]):
            changed.append(Changed(iri, changes))
    for kind, parts in sorted(groups.items()):
        if any(parts):
            yield Kind(kind, *(tuple(part) for part in parts))  # type: ignore[arg-type]


def _kind(iri: str, before: Side, after: Side) -> str:
    types = after.values(iri, RDF_TYPE) or before.values(iri, RDF_TYPE)
    names = sorted((not term_key(kind).startswith(KB), term_key(kind)) for kind in types)
    return names[0][1] if names else ""


def _changes(old: Counter[tuple[str, str, Term]], new: Counter[tuple[str, str, Term]]) -> tuple[Change, ...]:
    lost, gained = old - new, new - old
    keys = sorted({(predicate, graph) for graph, predicate, _ in (*lost, *gained)})
    return tuple(Change(name, graph, _values(lost, name, graph), _values(gained, name, graph)) for name, graph in keys)


def _values(facts: Counter[tuple[str, str, Term]], predicate: str, graph: str) -> tuple[Term, ...]:
    values = (value for in_graph, name, value in facts.elements() if (name, in_graph) == (predicate, graph))
    return tuple(sorted(values, key=str))


def _breaking(before: Side, after: Side) -> Iterator[Breaking]:
    for iri in sorted(before.facts.keys() - after.facts.keys()):
        if not iri.startswith("_:"):
            yield Breaking(REMOVED, iri)
    both = sorted(before.facts.keys() & after.facts.keys())
    for iri in both:
        if after.deprecated(iri) and not before.deprecated(iri):
            successors = tuple(sorted(after.values(iri, _REPLACED_BY), key=str))
            yield Breaking(DEPRECATED, iri, _REPLACED_BY, after=successors)
    for what, predicates in ((MEANING, _MEANING), (TYPE, (RDF_TYPE,))):
        for iri in (iri for iri in both if not after.deprecated(iri)):
            yield from _lost(what, iri, predicates, before, after)
    yield from _datatypes(before, after)


def _lost(what: str, iri: str, predicates: Iterable[str], before: Side, after: Side) -> Iterator[Breaking]:
    for predicate in predicates:
        old, new = before.values(iri, predicate), after.values(iri, predicate)
        lost = tuple(sorted(old - new, key=str))
        if lost:
            tags = {language_of(value) for value in lost}
            yield Breaking(
                what,
                iri,
                predicate,
                lost,
                tuple(sorted((value for value in new - old if language_of(value) in tags), key=str)),
            )


def _datatypes(before: Side, after: Side) -> Iterator[Breaking]:
    for predicate in sorted(before.datatypes.keys() & after.datatypes.keys()):
        old, new = before.datatypes[predicate], after.datatypes[predicate]
        if old != new:
            yield Breaking(DATATYPE, predicate, "", _named(old), _named(new))


def _named(datatypes: Iterable[str]) -> tuple[Term, ...]:
    return tuple(ox.NamedNode(name or XSD + "anyURI") for name in sorted(datatypes))


def _counted(before: Side, after: Side) -> dict[str, tuple[int, int]]:
    none: set[ox.Quad] = set()
    counts = {}
    for graph in sorted(before.counted.keys() | after.counted.keys()):
        old, new = before.counted.get(graph, none), after.counted.get(graph, none)
        if old != new:
            counts[graph] = (len(new - old), len(old - new))
    return counts
