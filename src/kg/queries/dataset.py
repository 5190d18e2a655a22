"""What queries see of a store: its named graphs, and their union as default graph, in which a triple stands once.

The engine's own union of graphs is a bag: a triple that two graphs hold counts twice. A graph is a set of triples (RDF
1.1 Concepts, section 3), so where graphs have a triple in common, they are merged into a default graph beside them.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from kg.queries.formats import Solutions
from kg.queries.text_score import Search

Functions: TypeAlias = dict[ox.NamedNode, Callable[..., Any]]
_IN_TWO: Final = "SELECT ?s ?p ?o ?g ?h { GRAPH ?g { ?s ?p ?o } GRAPH ?h { ?s ?p ?o } FILTER(STR(?g) < STR(?h)) }"
_MEET: Final = "ASK {{ GRAPH {} {{ ?s ?p ?o }} GRAPH {} {{ ?s ?p ?o }} }}"  # Fast where the first is the small one.
_KEPT: Final = 4  # Merged default graphs of queries with a dataset of their own.
_MOST_KEPT: Final = 200_000  # Triples of one that is kept.


@dataclass(frozen=True)
class ImportedGraphs:
    """Named graphs outside the default graph, which are loaded when a query names one.

    Attributes:
        names: their IRIs.
        load: loads all of them into a store.
        parts: some of them, for queries that name no others and need not wait until all are loaded.

    """

    names: frozenset[str]
    load: Callable[[ox.Store], object]
    parts: tuple[ImportedGraphs, ...] = ()

    def part_with(self, names: Iterable[str]) -> ImportedGraphs:
        """Return the first part that has all of some graphs, or the whole."""
        return next((part for part in self.parts if part.names.issuperset(names)), self)


NONE_IMPORTED: Final = ImportedGraphs(frozenset(), lambda _: None)


class Dataset:
    """A store as queries see it. What it merges is made when first needed, or by `prepare`.

    Arguments:
        store: the named graphs; they must not change any more.
        graphs: those that make up the default graph, where the store holds others too; all by default.
        imported: graphs that only `extended` holds.

    Attributes:
        text_search: what answers `kb:textScore`; without one, queries have no such function.

    """

    def __init__(self, store: ox.Store, graphs: Iterable[str] = (), imported: ImportedGraphs = NONE_IMPORTED) -> None:
        self.store, self.imported = store, imported
        self.text_search: Search | None = None
        self._graphs = tuple(ox.NamedNode(name) for name in graphs)
        self._extended: dict[frozenset[str], ExtendedDataset] = {}
        self._kept: OrderedDict[tuple[frozenset[ox.NamedNode], frozenset[ox.NamedNode]], ox.Store] = OrderedDict()

    @cached_property
    def overlaps(self) -> Counter[frozenset[str]]:
        """Graphs that hold triples in common, and how many triples each such set of graphs does."""
        found: dict[tuple[Any, ...], set[str]] = {}
        for row in self.store.query(_IN_TWO):  # type: ignore[union-attr]
            found.setdefault((row["s"], row["p"], row["o"]), set()).update((row["g"].value, row["h"].value))
        return Counter(map(frozenset, found.values()))

    @cached_property
    def triples(self) -> int:
        """How many triples the default graph holds."""
        if self._graphs:
            return len(self._merged or ())
        return len(self.store) - sum(count * (len(graphs) - 1) for graphs, count in self.overlaps.items())

    def prepare(self) -> None:
        """Make what queries need, in part in the store itself: for a process that has the store for queries alone.

        A second store beside the named graphs would take twice the time and memory.
        """
        if self._merged is not None and "whole" not in vars(self):
            self.triples = len(self._merged)
            _ = self.overlaps  # Once here, and not in the time of each query with several FROM.
            self.store.bulk_extend(self._merged)
            self.whole = self.store

    def extended_by(self, names: Iterable[str]) -> ExtendedDataset:
        """Return the same with the part of the imported graphs that has those named, in a copy of the store."""
        part = self.imported.part_with(names)
        if part.names not in self._extended:
            store = ox.Store()
            store.bulk_extend(self.store)
            self._extended[part.names] = self._extend(store, part)
        return self._extended[part.names]

    def extend(self, part: ImportedGraphs | None = None) -> ExtendedDataset:
        """Return the same with the imported graphs, or a part, in the store itself: for a process that asks no more."""
        return self._extend(self.store, part or self.imported)

    def _extend(self, store: ox.Store, imported: ImportedGraphs) -> ExtendedDataset:
        own = tuple(name for name in store.named_graphs() if isinstance(name, ox.NamedNode))
        merged = merge(self.store, self._graphs) if self._merged is None else self._merged
        if vars(self).get("whole") is not store:
            store.bulk_extend(merged)
        overlaps = self.overlaps  # Before others come into the store.
        imported.load(store)
        return ExtendedDataset(store, merged, own, overlaps, imported)

    def query(self, text: str, functions: Functions, *, sees_graphs: bool) -> Solutions:
        """Return the answer to a query without a dataset of its own.

        Arguments:
            text: a query that was inspected.
            functions: those that it may call beside those of SPARQL.
            sees_graphs: whether it has a GRAPH clause.

        """
        if self._merged is None:
            return self.store.query(text, use_default_graph_as_union=True, custom_functions=functions)
        return (self.whole if sees_graphs else self._merged).query(text, custom_functions=functions)

    def in_common(self, graphs: Iterable[ox.NamedNode]) -> bool:
        """Return whether two of these graphs hold a triple in common."""
        asked = {name.value for name in graphs}
        return len(asked) > 1 and any(len(overlap & asked) > 1 for overlap in self.overlaps)

    def merge_of(self, default: Iterable[ox.NamedNode], named: Iterable[ox.NamedNode] = ()) -> ox.Store:
        """Return a store with the merge of some graphs as default graph, and some named graphs.

        The last few are kept, unless they are large.
        """
        key = (frozenset(default), frozenset(named))
        store = self._kept.pop(key, None)
        if store is None:
            store = merge(self.store, tuple(key[0]))
            for name in key[1]:
                store.bulk_extend(self.store.quads_for_pattern(None, None, None, name))
        if len(store) <= _MOST_KEPT:
            self._kept[key] = store
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return store

    @cached_property
    def _merged(self) -> ox.Store | None:
        """The default graph alone: most queries see no other, and are answered faster without.

        Nothing where each triple stands in one graph: the engine's own union is a set then.
        """
        merged = merge(self.store, self._graphs)
        return merged if self._graphs or len(merged) < len(self.store) else None

    @cached_property
    def whole(self) -> ox.Store:
        """The default graph beside the named graphs."""
        store = ox.Store()
        store.bulk_extend(self._merged or ())
        store.bulk_extend(self.store)
        return store


class ExtendedDataset(Dataset):
    """A dataset with graphs outside its default graph; GRAPH with a variable sees those that the query names.

    Arguments:
        store: the named graphs, and the default graph.
        merged: the default graph alone.
        own: the graphs that GRAPH sees in any query.
        overlaps: those of `own` that hold triples in common, with how many.
        imported: the others.

    """

    def __init__(
        self,
        store: ox.Store,
        merged: ox.Store,
        own: Sequence[ox.NamedNode],
        overlaps: Counter[frozenset[str]],
        imported: ImportedGraphs,
    ) -> None:
        super().__init__(store, imported=imported)
        self._own = own
        self._merged, self.whole, self.triples = merged, store, len(merged)
        self.overlaps = overlaps

    def prepare(self) -> None:
        """Do nothing: all is there."""

    def extended_by(self, names: Iterable[str]) -> ExtendedDataset:
        """Return itself."""
        del names
        return self

    def query_naming(self, text: str, names: Iterable[str], functions: Functions) -> Solutions:
        """Return the answer to a query without a dataset of its own that names some of the imported graphs."""
        named: list[ox.NamedNode | ox.BlankNode] = [*self._own, *map(ox.NamedNode, names)]
        return self.store.query(text, default_graph=[ox.DefaultGraph()], named_graphs=named, custom_functions=functions)

    def in_common(self, graphs: Iterable[ox.NamedNode]) -> bool:
        """Return whether two of these graphs hold a triple in common; of imported ones that is looked up."""
        asked = set(graphs)
        imported = asked.difference(self._own)
        pairs = ((one, other) for other in imported for one in asked - {other})
        return super().in_common(asked) or any(self.store.query(_MEET.format(*pair)) for pair in pairs)


class StoredDataset(Dataset):
    """A dataset on disk, where the merged default graph stands beside the named graphs.

    Arguments:
        store: the named graphs.
        whole: the same beside the merged default graph.
        overlaps: graphs that hold triples in common, with how many.

    """

    def __init__(self, store: ox.Store, whole: ox.Store, overlaps: Mapping[frozenset[str], int]) -> None:
        super().__init__(store)
        self.whole = whole
        self.overlaps = Counter(overlaps)

    def prepare(self) -> None:
        """Do nothing: all is there."""

    def query(self, text: str, functions: Functions, *, sees_graphs: bool) -> Solutions:
        """Return the answer to a query without a dataset of its own, as `Dataset.query`."""
        del sees_graphs
        return self.whole.query(text, custom_functions=functions)


def merge(store: ox.Store, graphs: Sequence[ox.NamedNode] = ()) -> ox.Store:
    """Return a store whose default graph is the merge of some or all graphs of a store, each triple once."""
    merged = ox.Store()
    merged.bulk_extend(in_default_graph(store, graphs))
    return merged


def in_default_graph(store: ox.Store, graphs: Sequence[ox.NamedNode] = ()) -> Iterator[ox.Quad]:
    """Yield what some or all graphs of a store hold, as quads of the default graph."""
    for name in graphs or (None,):
        for quad in store.quads_for_pattern(None, None, None, name):
            yield ox.Quad(quad.subject, quad.predicate, quad.object)
