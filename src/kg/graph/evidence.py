"""Which passage supports which statement: authored, or derived where subject and object share one alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.namespaces import CATALOGUE, DCT, GRAPH, ID, KB, QB, RDF, RDF_TYPE, SKOS
from kg.rdf_terms import local_name, object_key, term_key

Triple = tuple[str, str, str]
AUTHORED, DERIVED, AMBIGUOUS, UNSHARED = "authored", "derived", "ambiguous", "unshared"
EVIDENCE: Final = "/evidence"

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_SOURCE: Final = ox.NamedNode(DCT + "source")
REIFICATION: Final = tuple(RDF + name for name in ("subject", "predicate", "object"))
_DERIVED_CLASS: Final = ox.NamedNode(KB + "DerivedStatement")
_NO_RELATION: Final = (DCT + "source", SKOS + "inScheme")


@dataclass(frozen=True)
class StatementEvidence:
    """One statement about a node, with what supports it.

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
    """A triple between two things, in a graph of what a publication states, and what supports it.

    Attributes:
        triple: IRIs of subject, predicate and object.
        graph: IRI of the stated graph.
        how: `authored`, `derived`, `ambiguous` (another pair of the predicate shares the passages) or `unshared`.
        passages: IRIs of the passages that support it, sorted; empty unless authored or derived.

    """

    triple: Triple
    graph: str
    how: str
    passages: tuple[str, ...]


class Evidence:
    """The relations that a store states, each with what supports it.

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
        by_triple = {relation.triple: relation for relation in self.relations if relation.triple[0] == iri}
        return [self._with_evidence(quad, by_triple) for quad in sorted(quads, key=str) if quad.predicate != _SOURCE]

    def _with_evidence(self, quad: ox.Quad, by_triple: Mapping[Triple, Relation]) -> StatementEvidence:
        graph, subject = term_key(quad.graph_name), term_key(quad.subject)
        kind = local_name(self.kinds.get(graph, ""))
        relation = by_triple.get((subject, quad.predicate.value, term_key(quad.object)))
        if relation and relation.graph == graph and relation.passages:
            return StatementEvidence(quad, kind, relation.how, relation.passages)
        passages = tuple(sorted(self.sources.get(subject, ()))) if kind == "stated" else ()
        return StatementEvidence(quad, kind, "node" if passages else "", passages)

    @cached_property
    def authored(self) -> dict[Triple, set[str]]:
        """Triple to the passages of the `kb:Statement` that is about it."""
        passages: dict[Triple, set[str]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(KB + "Statement"), None):
            subject, predicate, obj = (object_key(self._store, quad.subject, part) for part in REIFICATION)
            passages.setdefault((subject, predicate, obj), set()).update(self.sources.get(term_key(quad.subject), ()))
        return passages

    @cached_property
    def relations(self) -> list[Relation]:
        """Every stated relation; what says of a passage, section or publication where it stands is none."""
        shared = _shared(self.stated, self.sources)
        sharing: dict[tuple[str, str], list[Triple]] = {}
        for triple, passages in shared.items():
            for passage in passages:
                sharing.setdefault((triple[1], passage), []).append(triple)
        return [self._relation(triple, graph, shared, sharing) for triple, graph in self.stated.items()]

    def _relation(
        self,
        triple: Triple,
        graph: str,
        shared: Mapping[Triple, set[str]],
        sharing: Mapping[tuple[str, str], list[Triple]],
    ) -> Relation:
        if triple in self.authored:
            return Relation(triple, graph, AUTHORED, tuple(sorted(self.authored[triple])))
        alone = sorted(passage for passage in shared[triple] if len(sharing[triple[1], passage]) == 1)
        how = DERIVED if alone else AMBIGUOUS if shared[triple] else UNSHARED
        return Relation(triple, graph, how, tuple(alone))

    @cached_property
    def stated(self) -> dict[Triple, str]:
        """Stated relation to its graph."""
        left_out = self._left_out
        structure = self.structure
        graphs: dict[Triple, str] = {}
        for quad in self._in_graphs("stated"):
            if not isinstance(quad.object, ox.NamedNode):
                continue
            subject, predicate, value = term_key(quad.subject), quad.predicate.value, quad.object.value
            if predicate in left_out or predicate.startswith((RDF, QB)) or value in self.codes:
                continue
            if subject not in structure and value not in self._spans:
                graphs[subject, predicate, value] = term_key(quad.graph_name)
        return graphs

    @cached_property
    def codes(self) -> set[str]:
        """What the vocabulary itself describes: classes and small code lists, no things that a text names."""
        return {term_key(quad.subject) for quad in self._in_graphs("vocabulary")}

    @cached_property
    def _left_out(self) -> set[str]:
        attributes = self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(QB + "AttributeProperty"), None)
        return {*_NO_RELATION, *(term_key(quad.subject) for quad in attributes)}

    @cached_property
    def _spans(self) -> set[str]:
        return {node for node, _ in _pairs(self._store, KB + "firstLine")}

    @cached_property
    def structure(self) -> set[str]:
        """Publications, sections, passages and spans: where things are said, not what is said."""
        sections = {section for name in ("inSection", "partOfSection") for _, section in _pairs(self._store, KB + name)}
        return self._spans | sections | {node for node, _ in _pairs(self._store, KB + "textSha256")}

    def _in_graphs(self, kind: str) -> Iterator[ox.Quad]:
        for graph in sorted(graph for graph, iri in self.kinds.items() if iri == f"{ID}graph-kind/{kind}"):
            yield from self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph))


def derive(store: ox.Store) -> list[ox.Quad]:
    """Return the statements that can be derived, as quads of the evidence graph of each stated graph.

    Arguments:
        store: the graph, with its catalogue.

    """
    return [quad for relation in Evidence(store).relations if relation.how == DERIVED for quad in _statement(relation)]


def _statement(relation: Relation) -> Iterator[ox.Quad]:
    node, graph = ox.NamedNode(_name(relation)), ox.NamedNode(relation.graph + EVIDENCE)
    yield ox.Quad(node, _TYPE, _DERIVED_CLASS, graph)
    for part, value in zip(REIFICATION, relation.triple, strict=True):
        yield ox.Quad(node, ox.NamedNode(part), ox.NamedNode(value), graph)
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
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph) if graph else None):
        yield term_key(quad.subject), term_key(quad.object)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups
