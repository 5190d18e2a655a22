"""Which passage supports which statement: authored, or derived from those of its two ends by a named rule.

Evidence belongs to a statement of a publication: each publication that states a triple has passages of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.passage_rules import Ends, PassageRules
from kg.graph.reading_order import ReadingOrder
from kg.namespaces import CATALOGUE, DCT, GRAPH, ID, KB, OWL, PROV, QB, RDF, RDF_TYPE, SKOS
from kg.rdf_terms import asserted, local_name, object_key, objects, term_key

Triple = tuple[str, str, str]
AUTHORED, DERIVED, AMBIGUOUS, UNSHARED = "authored", "derived", "ambiguous", "unshared"
EVIDENCE: Final = "/evidence"

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_SOURCE: Final = ox.NamedNode(DCT + "source")
REIFICATION: Final = tuple(RDF + name for name in ("subject", "predicate", "object"))
_STATEMENT: Final = KB + "Statement"
_DERIVED_CLASS: Final = ox.NamedNode(KB + "DerivedStatement")
_GENERATED_BY: Final = ox.NamedNode(PROV + "wasGeneratedBy")
_DEPRECATED: Final = OWL + "deprecated"
_NO_RELATION: Final = (DCT + "source", SKOS + "inScheme", KB + "states")


@dataclass(frozen=True)
class Modality:
    """How firmly or generally a publication says a triple; all empty where it says it plainly.

    Attributes:
        codes: IRIs of `kb:Modality`, sorted.
        projects: IRIs of the projects of which alone it is said, sorted.

    """

    codes: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


PLAIN: Final = Modality()


@dataclass(frozen=True)
class StatementEvidence:
    """One statement about a node, with what supports it.

    Attributes:
        quad: the statement and its graph.
        kind: kind of the graph, such as `stated`.
        how: `authored`, `derived`, or `node` where only the passages of the node are known; empty when there are none.
        passages: IRIs of the passages, sorted.
        modality: how firmly they say it.

    """

    quad: ox.Quad
    kind: str
    how: str
    passages: tuple[str, ...]
    modality: Modality = PLAIN

    @property
    def graph(self) -> str:
        """IRI of the graph."""
        return term_key(self.quad.graph_name)


@dataclass(frozen=True)
class Relation:
    """A triple between two things, in a graph of what a publication states, and what supports it.

    Attributes:
        triple: IRIs of subject, predicate and object.
        graph: IRI of the stated graph.
        how: `authored`, `derived`, `ambiguous` (other pairs of the predicate share the passages) or `unshared`.
        passages: IRIs of the passages that support it, sorted; empty unless authored or derived.
        rule: slug of the rule that derived it.

    """

    triple: Triple
    graph: str
    how: str
    passages: tuple[str, ...]
    rule: str = ""


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
        quads = asserted(self._store.quads_for_pattern(ox.NamedNode(iri), None, None, None))
        own = {one: relation for one, relation in self.by_statement.items() if relation.triple[0] == iri}
        return [self._with_evidence(quad, own) for quad in sorted(quads, key=str) if quad.predicate != _SOURCE]

    def _with_evidence(self, quad: ox.Quad, own: Mapping[tuple[str, Triple], Relation]) -> StatementEvidence:
        graph, subject = term_key(quad.graph_name), term_key(quad.subject)
        kind = local_name(self.kinds.get(graph, ""))
        relation = own.get((graph, (subject, quad.predicate.value, term_key(quad.object))))
        if relation and relation.passages:
            modality = self.modality(graph, relation.triple)
            return StatementEvidence(quad, kind, relation.how, relation.passages, modality)
        passages = tuple(sorted(self.sources_of(graph, subject))) if kind == "stated" else ()
        return StatementEvidence(quad, kind, "node" if passages else "", passages)

    def sources_of(self, graph: str, node: str) -> set[str]:
        """Return the passages that a publication names as source of a node: its own, never those of another.

        Arguments:
            graph: IRI of the stated graph of the publication.
            node: IRI of a thing.

        """
        return self._sources_by_graph.get(graph, {}).get(node, set())

    @cached_property
    def _sources_by_graph(self) -> dict[str, dict[str, set[str]]]:
        """Stated graph, then node, to the passages of that publication; its editorial graph names sources too."""
        homes: dict[str, set[str]] = {}
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(KB + "sha256"), None, None):
            homes.setdefault(term_key(quad.subject), set()).add(term_key(quad.graph_name))
        sources: dict[str, dict[str, set[str]]] = {}
        for quad in self._store.quads_for_pattern(None, _SOURCE, None, None):
            graph, passage = self.publication_graph(term_key(quad.graph_name)), term_key(quad.object)
            if graph and graph in homes.get(passage, {graph}):
                sources.setdefault(graph, {}).setdefault(term_key(quad.subject), set()).add(passage)
        return sources

    def publication_graph(self, graph: str) -> str:
        """Return the stated graph to which a graph belongs by its IRI: itself, or that above it; empty without one."""
        return next((home for home in self._graphs("stated") if graph == home or graph.startswith(f"{home}/")), "")

    @cached_property
    def authored(self) -> dict[tuple[str, Triple], set[str]]:
        """Graph and triple to the passages of the `kb:Statement` of that publication about it."""
        authored: dict[tuple[str, Triple], set[str]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(_STATEMENT), None):
            subject, predicate, obj = (object_key(self._store, quad.subject, part) for part in REIFICATION)
            graph = self.publication_graph(term_key(quad.graph_name))
            passages = authored.setdefault((graph, (subject, predicate, obj)), set())
            passages.update(self.sources_of(graph, term_key(quad.subject)))
        return authored

    def modality(self, graph: str, triple: Triple) -> Modality:
        """Return how firmly a publication says a triple: plainly, unless each of its statements about it is hedged."""
        return self._modalities.get((graph, triple), PLAIN)

    @cached_property
    def _modalities(self) -> dict[tuple[str, Triple], Modality]:
        by_triple: dict[tuple[str, Triple], list[tuple[set[str], set[str]]]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(_STATEMENT), None):
            subject, predicate, obj = (object_key(self._store, quad.subject, part) for part in REIFICATION)
            graph = self.publication_graph(term_key(quad.graph_name))
            codes, projects = (
                set(map(term_key, objects(self._store, quad.subject, KB + name))) for name in ("modality", "inProject")
            )
            by_triple.setdefault((graph, (subject, predicate, obj)), []).append((codes, projects))
        return {
            key: Modality(*(tuple(sorted(set().union(*part))) for part in zip(*each, strict=True)))
            for key, each in by_triple.items()
            if all(codes for codes, _ in each)
        }

    @cached_property
    def by_statement(self) -> dict[tuple[str, Triple], Relation]:
        """Graph and triple to the relation, one for each publication that states it."""
        return {(relation.graph, relation.triple): relation for relation in self.relations}

    @cached_property
    def relations(self) -> list[Relation]:
        """Every stated relation; what says of a passage, section or publication where it stands is none."""
        return [relation for graph in self._graphs("stated") for relation in self._relations(graph)]

    def _relations(self, graph: str) -> Iterator[Relation]:
        triples = [triple for triple, graphs in self.stated.items() if graph in graphs]
        ends = {
            triple: Ends(triple, self.sources_of(graph, triple[0]), self.sources_of(graph, triple[2]))
            for triple in triples
        }
        rules = PassageRules(ends.values(), ReadingOrder(self._store, graph), self._own(graph), self._periods)
        for triple, pair in ends.items():
            if (graph, triple) in self.authored:
                yield Relation(triple, graph, AUTHORED, tuple(sorted(self.authored[graph, triple])))
                continue
            rule, passages = rules.derive(pair)
            how = DERIVED if passages else AMBIGUOUS if pair.shared else UNSHARED
            yield Relation(triple, graph, how, tuple(sorted(passages)), rule)

    def _own(self, graph: str) -> re.Pattern[str]:
        """Return the form of the IRIs of what belongs to one publication: claims, figures, list items."""
        return re.compile(f"{re.escape(ID)}[^/]+/{re.escape(graph.removeprefix(GRAPH))}/")

    @cached_property
    def _periods(self) -> set[str]:
        periods = self._store.quads_for_pattern(None, _TYPE, ox.NamedNode(KB + "Period"), None)
        return {term_key(quad.subject) for quad in periods}

    @cached_property
    def stated(self) -> dict[Triple, list[str]]:
        """Stated relation to the graphs that state it; of what is withdrawn nothing is stated any more."""
        left_out = self._left_out
        statements = {subject for subject, kind in _pairs(self._store, RDF_TYPE) if kind == _STATEMENT}
        no_things = self.structure | statements | {subject for subject, _ in _pairs(self._store, _DEPRECATED)}
        graphs: dict[Triple, list[str]] = {}
        for quad in self._in_graphs("stated"):
            if not isinstance(quad.object, ox.NamedNode):
                continue
            subject, predicate, value = term_key(quad.subject), quad.predicate.value, quad.object.value
            if predicate in left_out or predicate.startswith((RDF, QB)) or value in self.codes:
                continue
            if subject not in no_things and value not in self._spans:
                graphs.setdefault((subject, predicate, value), []).append(term_key(quad.graph_name))
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
        for graph in self._graphs(kind):
            yield from self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph))

    def _graphs(self, kind: str) -> list[str]:
        return self._graphs_by_kind.get(f"{ID}graph-kind/{kind}", [])

    @cached_property
    def _graphs_by_kind(self) -> dict[str, list[str]]:
        graphs: dict[str, list[str]] = {}
        for graph, kind in sorted(self.kinds.items()):
            graphs.setdefault(kind, []).append(graph)
        return graphs


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
    yield ox.Quad(node, _GENERATED_BY, ox.NamedNode(f"{ID}passage-rule/{relation.rule}"), graph)
    for passage in relation.passages:
        yield ox.Quad(node, _SOURCE, ox.NamedNode(passage), graph)


def _name(relation: Relation) -> str:
    triple = " ".join(f"<{iri}>" for iri in relation.triple)
    digest = hashlib.sha256(triple.encode("utf-8")).hexdigest()[:12]
    return f"{ID}statement/{relation.graph.removeprefix(GRAPH)}/derived-{digest}"


def _pairs(store: ox.Store, predicate: str, graph: str | None = None) -> Iterator[tuple[str, str]]:
    for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph) if graph else None):
        yield term_key(quad.subject), term_key(quad.object)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups
