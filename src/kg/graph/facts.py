"""What is said of a thing along a path, and what each statement rests on: passages, a rule, a mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

import pyoxigraph as ox

from kg.graph.evidence import PLAIN, REIFICATION, Evidence, Modality, Relation, Triple
from kg.namespaces import DCT, KB, PROV, RDF_TYPE, SSSOM
from kg.rdf_terms import Term, asserted, object_key, objects, term_key

NODE, RULE, MAPPING = "node", "rule", "mapping"

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_SUBCLASS: Final = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
_SOURCE: Final = ox.NamedNode(DCT + "source")
_INFERENCE: Final = ox.NamedNode(KB + "Inference")
_ENDS: Final = tuple(SSSOM + name for name in ("subject_id", "predicate_id", "object_id"))
_STATED: Final = tuple(SSSOM + name for name in ("mapping_justification", "confidence", "comment"))


@dataclass(frozen=True)
class Step:
    """One step of a path: a predicate, followed forwards or backwards."""

    predicate: str
    inverse: bool = False


Statement = tuple[str, Triple]  # Graph and triple.
Path = tuple[tuple[Step, ...], ...]  # Alternatives, each a sequence of steps (SPARQL 1.1, section 9.1).


@dataclass(frozen=True)
class Fact:
    """A value at the end of a path, with the statements that lead to it.

    Attributes:
        value: the term.
        quads: the statements on all paths that lead there.

    """

    value: Term
    quads: tuple[ox.Quad, ...]


@dataclass(frozen=True, order=True)
class Derivation:
    """How a rule came to a statement: the rule and what lies on the path, as IRIs."""

    rule: str
    via: tuple[str, ...]


@dataclass(frozen=True)
class Support:
    """What one statement rests on.

    Attributes:
        kind: IRI of the kind of its graph, or empty.
        graph: IRI of its graph.
        how: as `Relation.how` says, or `node`, `rule`, `mapping`, or empty.
        passages: IRIs of passages; those that name both ends, or else those of the subject.
        derivations: for what rules derived.
        properties: property and value pairs that a mapping states of itself.
        modality: how firmly a publication says it.

    """

    kind: str
    graph: str
    how: str = ""
    passages: tuple[str, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    properties: tuple[tuple[str, Term], ...] = ()
    modality: Modality = PLAIN


class Facts:
    """The statements of a store by paths; indexes are made when first needed.

    Arguments:
        store: the graph with its catalogue.

    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._evidence = Evidence(store)

    @cached_property
    def superclasses(self) -> Mapping[str, tuple[str, ...]]:
        """Class to the classes above it, nearest first."""
        parents: dict[str, list[str]] = {}
        for quad in self._store.quads_for_pattern(None, _SUBCLASS, None, None):
            parents.setdefault(term_key(quad.subject), []).append(term_key(quad.object))
        return {kind: tuple(_above(kind, parents)) for kind in parents}

    def classes(self, iri: str) -> list[str]:
        """Return the classes of a thing, then those above them."""
        quads = asserted(self._store.quads_for_pattern(ox.NamedNode(iri), _TYPE, None, None))
        types = sorted({term_key(quad.object) for quad in quads})
        above = sorted({parent for kind in types for parent in self.superclasses.get(kind, ())})
        return list(dict.fromkeys([*types, *above]))

    def along(
        self,
        iri: str,
        path: Path,
        of_class: str = "",
        having: Collection[Step] = (),
        lacking: Collection[Step] = (),
        through: str = "",
    ) -> list[Fact]:
        """Return the distinct values of a path from a thing, in the order of the store's terms.

        Arguments:
            iri: where the path begins.
            path: alternatives.
            of_class: leave out ways whose end is not of this class.
            having: follow only ways on which something has one of these as property or value, or is the value of one.
            lacking: leave out ways on which something has one of these.
            through: the values are not the ends of ways, but the last thing of this class on each.

        """
        quads_of: dict[Term, dict[ox.Quad, None]] = {}
        for steps in path:
            for end, quads in self._walk(ox.NamedNode(iri), steps, ()):
                if self._on_way(iri, quads, lacking) or (having and not self._on_way(iri, quads, having)):
                    continue
                if not of_class or self._is_a(end, of_class):
                    value = self._last(quads, steps, through) if through else end
                    quads_of.setdefault(value, {}).update(dict.fromkeys(quads))
        return [Fact(value, tuple(quads_of[value])) for value in sorted(quads_of, key=str)]

    def _last(self, quads: Sequence[ox.Quad], steps: Sequence[Step], kind: str) -> Term:
        ends = [quad.subject if step.inverse else quad.object for quad, step in zip(quads, steps, strict=True)]
        return next((end for end in reversed(ends) if self._is_a(end, kind)), ends[-1])

    def _walk(
        self, node: Term, steps: tuple[Step, ...], before: tuple[ox.Quad, ...]
    ) -> Iterator[tuple[Term, tuple[ox.Quad, ...]]]:
        if not steps:
            yield node, before
            return
        for quad in self._step(node, steps[0]):
            yield from self._walk(quad.subject if steps[0].inverse else quad.object, steps[1:], (*before, quad))

    def _step(self, node: Term, step: Step) -> Iterable[ox.Quad]:
        predicate = ox.NamedNode(step.predicate)
        if step.inverse:
            return asserted(self._store.quads_for_pattern(None, predicate, node, None))
        if not isinstance(node, ox.NamedNode):
            return ()
        return asserted(self._store.quads_for_pattern(node, predicate, None, None))

    def _on_way(self, start: str, quads: Iterable[ox.Quad], terms: Collection[Step]) -> bool:
        """Whether something on a way, or its start, has one of some terms as property or value, or backwards."""
        nodes = {ox.NamedNode(start), *(end for quad in quads for end in (quad.subject, quad.object))} if terms else ()
        return any(self._has(node, step) for node in nodes if isinstance(node, ox.NamedNode) for step in terms)

    def _has(self, node: ox.NamedNode, step: Step) -> bool:
        term = ox.NamedNode(step.predicate)
        backwards = self._store.quads_for_pattern(None, term, node)
        forwards = chain(
            self._store.quads_for_pattern(node, term, None), self._store.quads_for_pattern(node, None, term)
        )
        return next(backwards if step.inverse else forwards, None) is not None

    def _is_a(self, value: Term, of_class: str) -> bool:
        return isinstance(value, ox.NamedNode) and of_class in self.classes(value.value)

    def support(self, quad: ox.Quad) -> Support:
        """Return what a statement rests on."""
        graph = term_key(quad.graph_name)
        kind = self._evidence.kinds.get(graph, "")
        triple = (term_key(quad.subject), quad.predicate.value, term_key(quad.object))
        if (graph, triple) in self._inferences:
            return Support(kind, graph, RULE, derivations=self._inferences[graph, triple])
        if (graph, triple) in self._mappings:
            return Support(kind, graph, MAPPING, properties=self._mappings[graph, triple])
        own, other = (self._evidence.sources_of(graph, end) for end in (triple[0], triple[2]))
        if relation := self._evidence.by_statement.get((graph, triple)):
            passages = relation.passages or tuple(sorted(own & other)) or tuple(sorted(own))
            return Support(kind, graph, relation.how, passages, modality=self._evidence.modality(graph, triple))
        stated = kind.endswith("/stated") and quad.predicate != _SOURCE
        passages = tuple(sorted(own)) if stated else ()
        return Support(kind, graph, NODE if passages else "", passages)

    @property
    def kinds(self) -> Mapping[str, str]:
        """Named graph to its kind, both as IRIs."""
        return self._evidence.kinds

    @property
    def sources(self) -> Mapping[str, set[str]]:
        """Thing to its passages."""
        return self._evidence.sources

    def drawn_from(self, passage: str) -> list[Relation]:
        """Return the stated relations that rest on a passage."""
        return self._relations_by_passage.get(passage, [])

    @cached_property
    def _relations_by_passage(self) -> Mapping[str, list[Relation]]:
        relations: dict[str, list[Relation]] = {}
        for relation in self._evidence.relations:
            for passage in relation.passages:
                relations.setdefault(passage, []).append(relation)
        return relations

    def things_at(self, passage: str) -> list[str]:
        """Return the things of which a passage is a source; sections and statements are none."""
        return self._things_by_passage.get(passage, [])

    @cached_property
    def _things_by_passage(self) -> Mapping[str, list[str]]:
        things: dict[str, list[str]] = {}
        for thing, passages in sorted(self.sources.items()):
            if thing not in self._evidence.structure and not self._is_statement(thing):
                for passage in passages:
                    things.setdefault(passage, []).append(thing)
        return things

    def _is_statement(self, thing: str) -> bool:
        subject = ox.NamedNode(REIFICATION[0])
        return next(self._store.quads_for_pattern(ox.NamedNode(thing), subject, None, None), None) is not None

    def modality(self, relation: Relation) -> Modality:
        """Return how firmly a publication says a relation."""
        return self._evidence.modality(relation.graph, relation.triple)

    @cached_property
    def _inferences(self) -> Mapping[Statement, tuple[Derivation, ...]]:
        derivations: dict[Statement, list[Derivation]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, _INFERENCE, None):
            via = tuple(sorted(map(term_key, objects(self._store, quad.subject, KB + "via"))))
            rule = object_key(self._store, quad.subject, PROV + "wasGeneratedBy")
            statement = (term_key(quad.graph_name), self._triple(quad.subject, REIFICATION))
            derivations.setdefault(statement, []).append(Derivation(rule, via))
        return {statement: tuple(sorted(each)) for statement, each in derivations.items()}

    @cached_property
    def _mappings(self) -> Mapping[Statement, tuple[tuple[str, Term], ...]]:
        """Graph and mapped triple to what the mapping states of itself."""
        mappings: dict[Statement, tuple[tuple[str, Term], ...]] = {}
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(_ENDS[0]), None, None):
            stated = tuple((name, value) for name in _STATED for value in objects(self._store, quad.subject, name))
            mappings[term_key(quad.graph_name), self._triple(quad.subject, _ENDS)] = stated
        return mappings

    def _triple(self, node: Term, parts: tuple[str, ...]) -> Triple:
        subject, predicate, value = (object_key(self._store, node, part) for part in parts)
        return subject, predicate, value


def _above(kind: str, parents: Mapping[str, list[str]]) -> Iterator[str]:
    seen, row = {kind}, [kind]
    while row:
        row = [parent for child in row for parent in sorted(parents.get(child, ())) if parent not in seen]
        seen.update(row)
        yield from dict.fromkeys(row)
