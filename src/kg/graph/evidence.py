"""Which passage backs which statement (MODEL M9): authored, or derived where subject and object share one alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.namespaces import CATALOGUE, DCT, GRAPH, ID, KB, QB, RDF, RDF_TYPE, SKOS

Triple = tuple[str, str, str]
AUTHORED, DERIVED, AMBIGUOUS, UNSHARED = "authored", "derived", "ambiguous", "unshared"
EVIDENCE: Final = "/evidence"

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_SOURCE: Final = ox.NamedNode(DCT + "source")
_PARTS: Final = tuple(ox.NamedNode(RDF + name) for name in ("subject", "predicate", "object"))
_DERIVED_CLASS: Final = ox.NamedNode(KB + "DerivedStatement")
_NO_RELATION: Final = (DCT + "source", SKOS + "inScheme")


@dataclass(frozen=True)
class StatementEvidence:
    """One statement about a node, with what backs it.

    Attributes:
        quad: the statement and its graph.
        kind: kind of the graph, such as `stated`.
        how: `authored`, `derived`, or `node` where only the passages of the node are known; empty when there are none.
        passages: IRIs of the passages, sorted.

    """

    quad: ox.Quad
    kind: str
    how: str
    passages: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """A triple between two things, in a graph of what a publication states, and what backs it.

    Attributes:
        triple: IRIs of subject, predicate and object.
        graph: IRI of the stated graph.
        how: `authored`, `derived`, `ambiguous` (another pair of the predicate shares the passages) or `unshared`.
        passages: IRIs of the passages that back it, sorted; empty unless authored or derived.

    """

    triple: Triple
    graph: str
    how: str
    passages: tuple[str, ...]


class Evidence:
    """The relations that a store states, each with what backs it.

    Arguments:
        store: the graph, with its catalogue: `kb:graphKind` says which graphs are stated.

    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self.kinds = dict(_pairs(store, KB + "graphKind", CATALOGUE))
        self.sources = _grouped(_pairs(store, DCT + "source"))

    def about(self, iri: str) -> list[StatementEvidence]:
        """Return the statements about a node, each with its graph, kind of graph and passages; sorted."""
        quads = self._store.quads_for_pattern(ox.NamedNode(iri), None, None, None)
        backing = {relation.triple: relation for relation in self.relations if relation.triple[0] == iri}
        return [self._backed(quad, backing) for quad in sorted(quads, key=str) if quad.predicate != _SOURCE]

    def _backed(self, quad: ox.Quad, backing: Mapping[Triple, Relation]) -> StatementEvidence:
        graph, subject = _iri(quad.graph_name), _iri(quad.subject)
        kind = self.kinds.get(graph, "").rpartition("/")[2]
        relation = backing.get((subject, quad.predicate.value, _iri(quad.object)))
        if relation and relation.graph == graph and relation.passages:
            return StatementEvidence(quad, kind, relation.how, relation.passages)
        passages = tuple(sorted(self.sources.get(subject, ()))) if kind == "stated" else ()
        return StatementEvidence(quad, kind, "node" if passages else "", passages)

    @cached_property
    def authored(self) -> dict[Triple, set[str]]:
        """Triple to the passages of the `kb:Statement` that is about it."""
        found: dict[Triple, set[str]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(KB + "Statement"), None):
            subject, predicate, obj = (self._part(quad.subject, part) for part in _PARTS)
            found.setdefault((subject, predicate, obj), set()).update(self.sources.get(_iri(quad.subject), ()))
        return found

    def _part(self, statement: ox.NamedNode | ox.BlankNode | ox.Triple, part: ox.NamedNode) -> str:
        quad = next(self._store.quads_for_pattern(statement, part, None, None), None)
        return _iri(quad.object) if quad else ""

    @cached_property
    def relations(self) -> list[Relation]:
        """Every stated relation; what says of a passage, section or publication where it stands is none."""
        shared = _shared(self.stated, self.sources)
        backed: dict[tuple[str, str], list[Triple]] = {}
        for triple, passages in shared.items():
            for passage in passages:
                backed.setdefault((triple[1], passage), []).append(triple)
        return [self._relation(triple, graph, shared, backed) for triple, graph in self.stated.items()]

    def _relation(
        self,
        triple: Triple,
        graph: str,
        shared: Mapping[Triple, set[str]],
        backed: Mapping[tuple[str, str], list[Triple]],
    ) -> Relation:
        if triple in self.authored:
            return Relation(triple, graph, AUTHORED, tuple(sorted(self.authored[triple])))
        alone = sorted(passage for passage in shared[triple] if len(backed[triple[1], passage]) == 1)
        how = DERIVED if alone else AMBIGUOUS if shared[triple] else UNSHARED
        return Relation(triple, graph, how, tuple(alone))

    @cached_property
    def stated(self) -> dict[Triple, str]:
        """Stated relation to its graph."""
        left_out = self._left_out
        structure = self.structure
        found: dict[Triple, str] = {}
        for graph in self._graphs("stated"):
            for quad in self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph)):
                obj = quad.object
                if not isinstance(obj, ox.NamedNode):
                    continue
                predicate, value = quad.predicate.value, obj.value
                if predicate in left_out or predicate.startswith((RDF, QB)) or value in self.codes:
                    continue
                subject = _iri(quad.subject)
                if subject not in structure and value not in self._places:
                    found[subject, predicate, value] = graph
        return found

    @cached_property
    def codes(self) -> set[str]:
        """What the vocabulary itself describes: classes and small code lists, no things that a text names."""
        graphs = self._graphs("vocabulary")
        return {_iri(quad.subject) for graph in graphs for quad in _in_graph(self._store, graph)}

    @cached_property
    def _left_out(self) -> set[str]:
        attributes = self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(QB + "AttributeProperty"), None)
        return {*_NO_RELATION, *(_iri(quad.subject) for quad in attributes)}

    @cached_property
    def _places(self) -> set[str]:
        return {node for node, _ in _pairs(self._store, KB + "firstLine")}

    @cached_property
    def structure(self) -> set[str]:
        """Publications, sections, passages and spans: where things are said, not what is said."""
        sections = {section for name in ("inSection", "partOfSection") for _, section in _pairs(self._store, KB + name)}
        return self._places | sections | {node for node, _ in _pairs(self._store, KB + "textSha256")}

    def _graphs(self, kind: str) -> list[str]:
        return sorted(graph for graph, one in self.kinds.items() if one == f"{ID}graph-kind/{kind}")


def derive(store: ox.Store) -> list[ox.Quad]:
    """Return the statements that can be derived, as quads of the evidence graph of each stated graph (MODEL M5, M9).

    Arguments:
        store: the graph, with its catalogue.

    """
    return [quad for relation in Evidence(store).relations if relation.how == DERIVED for quad in _statement(relation)]


def _statement(relation: Relation) -> Iterator[ox.Quad]:
    node, graph = ox.NamedNode(_name(relation)), ox.NamedNode(relation.graph + EVIDENCE)
    yield ox.Quad(node, _TYPE, _DERIVED_CLASS, graph)
    for part, value in zip(_PARTS, relation.triple, strict=True):
        yield ox.Quad(node, part, ox.NamedNode(value), graph)
    for passage in relation.passages:
        yield ox.Quad(node, _SOURCE, ox.NamedNode(passage), graph)


def _name(relation: Relation) -> str:
    triple = " ".join(f"<{iri}>" for iri in relation.triple)
    digest = hashlib.sha256(triple.encode("utf-8")).hexdigest()[:12]
    return f"{ID}statement/{relation.graph.removeprefix(GRAPH)}/derived-{digest}"


def _shared(triples: Iterable[Triple], sources: Mapping[str, set[str]]) -> dict[Triple, set[str]]:
    none: set[str] = set()
    return {triple: sources.get(triple[0], none) & sources.get(triple[2], none) for triple in triples}


def _pairs(store: ox.Store, predicate: str, graph: str | None = None) -> Iterator[tuple[str, str]]:
    place = ox.NamedNode(graph) if graph else None
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, place):
        yield _iri(quad.subject), _iri(quad.object)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return found


def _in_graph(store: ox.Store, graph: str) -> Iterator[ox.Quad]:
    return iter(store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))


def _iri(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)
