"""Which terms a query names that the graph does not have, or has and never uses, and what is nearest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Final

import pyoxigraph as ox

from kg.labels import most_like
from kg.namespaces import BASE, DCT, GRAPH, ID, KB, ONTOLOGY_GRAPH, RDF_TYPE, SD_FUNCTION, SKOS
from kg.queries.engine import iris_of, offsets_of
from kg.rdf_terms import asserted, object_key, prefixed_name

_SPACES: Final = (KB, ID, GRAPH)
_MEMBER: Final = (ox.NamedNode(RDF_TYPE), ox.NamedNode(SKOS + "inScheme"))
_ONTOLOGY: Final = ox.NamedNode(ONTOLOGY_GRAPH)
_FUNCTION: Final = ox.NamedNode(SD_FUNCTION)
_LISTED: Final = 500_000  # Statements that are read for what is in use; more would keep who asks for minutes.
_KEPT: Final = 10_000  # Judged terms: who asks with more different ones waits a little for them.


@dataclass(frozen=True)
class UnusedTerm:
    """A term that a query names in vain.

    Attributes:
        iri: its IRI.
        defined: whether the graph says what it is.
        nearest: IRI of what replaces it, or of the most similar term in use; empty without one.
        offset: where the query names it first.

    """

    iri: str
    defined: bool
    nearest: str
    offset: int = 0

    def texts(self, prefixes: Mapping[str, str]) -> tuple[str, str]:
        """Return the names of the term and of the nearest one, short where a prefix fits."""
        short, near = (prefixed_name(iri, prefixes) or f"<{iri}>" if iri else "" for iri in (self.iri, self.nearest))
        return short, near

    def sentence(self, prefixes: Mapping[str, str]) -> str:
        """Return what is wrong in English."""
        name, near = self.texts(prefixes)
        wrong = "is defined, and nothing uses it" if self.defined else "is not defined here"
        return f"{name} {wrong}{f'; nearest: {near}' if near else ''}"


class TermUse:
    """Says of the terms in a query whether the graph uses them, by look-ups; lists them when one is not used.

    Of other vocabularies, a term counts that is like a property or class in use: such a one is misspelt.

    Arguments:
        store: the graph.
        prefixes: those that a query need not declare, and the vocabularies.

    """

    def __init__(self, store: ox.Store, prefixes: Mapping[str, str]) -> None:
        self._store, self._prefixes = store, prefixes
        self._others = tuple(space for space in prefixes.values() if not space.startswith(BASE))
        self._judged: dict[str, UnusedTerm | None] = {}

    def unused(self, query: str) -> list[UnusedTerm]:
        """Return the terms that a query names and the graph does not use, in the order of the query."""
        judged = ((self._judge(iri), number) for iri, number in self._known(query))
        wrong = [(term, number) for term, number in judged if term]
        offsets = offsets_of(query) if wrong else []
        return [replace(term, offset=offsets[number]) for term, number in wrong]

    def may_have_unused(self, query: str) -> bool:
        """Return whether `unused` has something to say, or to look up; so much is known at once."""
        return any(self._judged.get(iri, self) for iri, _ in self._known(query))

    def knows(self, query: str) -> bool:
        """Return whether `unused` has nothing to look up."""
        return all(iri in self._judged for iri, _ in self._known(query))

    def _known(self, query: str) -> list[tuple[str, int]]:
        """Return the IRIs in a query that are judged, and the numbers of their first tokens."""
        named, spaces = iris_of(query, self._prefixes), _SPACES + self._others
        return [(iri, number) for iri, number in named.items() if iri.startswith(spaces) and iri[-1] not in "#/"]

    def _judge(self, iri: str) -> UnusedTerm | None:
        if iri not in self._judged:
            if len(self._judged) >= _KEPT:
                self._judged.clear()
            self._judged[iri] = self._look_up(iri)
        return self._judged[iri]

    def _look_up(self, iri: str) -> UnusedTerm | None:
        try:
            node = ox.NamedNode(iri)
        except ValueError:  # The engine says so.
            return None
        if not iri.startswith(_SPACES):
            return self._look_up_other(node)
        defined = any(True for _ in self._store.quads_for_pattern(node, None, None, None))
        used = self._is_used(node) if defined else self._store.contains_named_graph(node)
        return None if used else UnusedTerm(iri, defined, self._nearest(node))

    def _look_up_other(self, node: ox.NamedNode) -> UnusedTerm | None:
        """Return a term of another vocabulary that is like one in use: such a vocabulary has more than is used here."""
        quads = self._store.quads_for_pattern
        if any(
            True for found in (quads(node, None, None), quads(None, node, None), quads(None, None, node)) for _ in found
        ):
            return None
        space = max((space for space in self._others if node.value.startswith(space)), key=len)
        near = most_like(node.value.removeprefix(space), self._names.get(space, []))
        return UnusedTerm(node.value, False, space + near) if near else None

    def _is_used(self, node: ox.NamedNode) -> bool:
        """Whether something has the property, is of the class or in the scheme, names it in the data, or calls it."""
        if not any(True for _ in self._store.quads_for_pattern(node, None, None, _ONTOLOGY)):
            return True
        patterns = ((node, _MEMBER[0], _FUNCTION), (None, node, None), *((None, kind, node) for kind in _MEMBER))
        if any(True for pattern in patterns for _ in self._store.quads_for_pattern(*pattern, None)):
            return True
        quads = asserted(self._store.quads_for_pattern(None, None, node, None))
        return any(quad.graph_name != _ONTOLOGY for quad in quads)

    def _nearest(self, node: ox.NamedNode) -> str:
        if successor := object_key(self._store, node, DCT + "isReplacedBy"):
            return successor
        space = next(space for space in _SPACES if node.value.startswith(space))
        kind, slash, _ = node.value.removeprefix(space).partition("/")
        same = space + kind + slash
        names = self._names.get(same) or self._names.get(space, [])
        space = same if same in self._names else space
        near = most_like(node.value.removeprefix(space), [name for name in names if space + name != node.value])
        return space + near if near else ""

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Namespace, or namespace and kind, to the names in it that are used; in a large graph, by its ontology."""
        quads = list(islice(self._store, _LISTED + 1))
        if len(quads) > _LISTED:
            quads = list(self._store.quads_for_pattern(None, None, None, _ONTOLOGY))
        nodes = {quad.subject for quad in quads} | set(self._store.named_graphs())
        names: dict[str, list[str]] = {}
        for iri in sorted(node.value for node in nodes if isinstance(node, ox.NamedNode)):
            for space in self._groups(iri):
                names.setdefault(space, []).append(iri.removeprefix(space))
        for iri in _vocabulary(quads):
            if space := max((space for space in self._others if iri.startswith(space)), key=len, default=""):
                names.setdefault(space, []).append(iri.removeprefix(space))
        return names

    def _groups(self, iri: str) -> Iterator[str]:
        space = next((space for space in _SPACES if iri.startswith(space)), "")
        if space == KB and not self._is_used(ox.NamedNode(iri)):
            return
        if space:
            yield space
            kind, slash, _ = iri.removeprefix(space).partition("/")
            if slash:
                yield space + kind + slash


def _vocabulary(quads: Iterable[ox.Quad]) -> list[str]:
    """Return the properties and classes that are used."""
    nodes = {quad.predicate for quad in quads} | {quad.object for quad in quads if quad.predicate == _MEMBER[0]}
    return sorted(node.value for node in nodes if isinstance(node, ox.NamedNode))
