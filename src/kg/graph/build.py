"""The graph in memory: every source in its named graph, what is derived from them, and the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.description import DESCRIPTION_GRAPHS, description
from kg.graph.evidence import derive
from kg.graph.inference import infer
from kg.graph.mappings import find_mappings
from kg.graph.sources import Source, find_packed, find_sources, load
from kg.namespaces import CATALOGUE, DCAT, ENTAILED_GRAPH, ONTOLOGY, OWL, RDF_TYPE, SD_NAMED_GRAPH, SH, VOID_TRIPLES
from kg.queries.dataset import NONE_IMPORTED, Dataset, ImportedGraphs, StoredDataset
from kg.rdf_terms import first_object

_PER_GRAPH: Final = 3
_COUNTS: Final = "SELECT ?graph (COUNT(*) AS ?count) { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph"
_VERSION_INFO: Final = OWL + "versionInfo"


@dataclass(frozen=True)
class Graph:
    """A built graph.

    Attributes:
        store: its statements.
        sources: what it was made from.
        stored: where it stands on disk.
        packed: the imported graphs, which are outside the default graph and loaded when a query names one.
        project: the folder that it was built from; its description is likewise outside the default graph.

    """

    store: ox.Store
    sources: tuple[Source, ...]
    stored: StoredDataset | None = None
    packed: tuple[Source, ...] = ()
    project: Path | None = None

    @cached_property
    def dataset(self) -> Dataset:
        """The store as queries see it."""
        return self.stored or Dataset(self.store, imported=self.imported)

    @cached_property
    def imported(self) -> ImportedGraphs:
        """The packed graphs and the description, for queries that name one; none beside a store on disk."""
        if self.stored:
            return NONE_IMPORTED
        packed, project = imported_graphs(self.packed), self.project
        if project is None:
            return packed

        def describe(store: ox.Store) -> None:
            store.bulk_extend(list(description(self.store, project)))  # First made: it may be the store itself.

        def load_all(store: ox.Store) -> None:
            described = list(description(self.store, project))  # Of the graph alone, before others come into it.
            packed.load(store)
            store.bulk_extend(described)

        alone = ImportedGraphs(DESCRIPTION_GRAPHS, describe)
        return ImportedGraphs(packed.names | DESCRIPTION_GRAPHS, load_all, (alone, packed))

    @cached_property
    def version(self) -> str:
        """The version that the ontology states; wheel, data and `owl:versionIRI` share it."""
        version = first_object(self.store, ox.NamedNode(ONTOLOGY), _VERSION_INFO)
        if not isinstance(version, ox.Literal):
            raise SourceError("owl:versionInfo is missing", where=ONTOLOGY, hint="state it in ontology/ontology.ttl")
        return version.value

    @cached_property
    def entailed(self) -> int:
        """How many of the statements only the ontology entails."""
        return sum(1 for _ in self.store.quads_for_pattern(None, None, None, ox.NamedNode(ENTAILED_GRAPH)))

    @cached_property
    def data_version(self) -> str:
        """A hash that changes with the data: of version, sources, count of statements, and engine."""
        digest = blake2b(f"{self.version} {len(self.store)} {ox.__version__}".encode(), digest_size=8)
        for source in (*self.sources, *self.packed):
            digest.update(source.path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """Prefix to namespace, as declared by `sh:declare` in the ontology (SHACL, section 5.2.1)."""
        declared = self.store.quads_for_pattern(None, ox.NamedNode(SH + "prefix"), None, None)
        pairs = ((quad.object, first_object(self.store, quad.subject, SH + "namespace")) for quad in declared)
        return {
            prefix.value: space.value
            for prefix, space in sorted(pairs, key=lambda pair: str(pair[0]))
            if isinstance(prefix, ox.Literal) and isinstance(space, ox.Literal)
        }


def build(project: Path) -> Graph:
    """Build the graph of a project in memory.

    Raises:
        SourceError: a folder is missing, a file is not Turtle, a rule derives nothing; nothing half built is returned.

    """
    sources = find_sources(project)
    store = fill_store(sources)
    store.bulk_extend([*derive(store), *infer(store, project / "ontology" / "rules")])
    for file in find_mappings(project):
        store.bulk_extend(file.quads())
    store.bulk_extend(infer(store, project / "ontology" / "closure", "entailed"))
    store.bulk_extend(count_graphs(store))
    return Graph(store, tuple(sources), packed=tuple(find_packed(project)), project=project)


def fill_store(sources: Iterable[Source]) -> ox.Store:
    """Return a store with the triples of each source in its graph.

    Raises:
        SourceError: with file, line and column of the first thing that is not Turtle.

    """
    store = ox.Store()
    for source in sources:
        load(source, store)
    return store


def imported_graphs(packed: Iterable[Source]) -> ImportedGraphs:
    """Return packed sources as graphs that a query may name."""
    sources = tuple(packed)

    def load_all(store: ox.Store) -> None:
        for source in sources:
            load(source, store)

    return ImportedGraphs(frozenset(source.graph for source in sources), load_all)


def count_graphs(store: ox.Store) -> list[ox.Quad]:
    """Return what the catalogue says of the number of triples of each graph (VoID, section 4.6)."""
    catalogue = ox.NamedNode(CATALOGUE)
    counts: Counter[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = Counter()
    for row in store.query(_COUNTS):  # type: ignore[union-attr]
        counts[row["graph"]] = int(row["count"].value)
    counts[catalogue] += 0
    counts[catalogue] += _PER_GRAPH * len(counts)
    return [quad for graph, count in counts.items() if isinstance(graph, ox.NamedNode) for quad in _entry(graph, count)]


def _entry(graph: ox.NamedNode, count: int) -> list[ox.Quad]:
    catalogue, kind = ox.NamedNode(CATALOGUE), ox.NamedNode(RDF_TYPE)
    return [
        ox.Quad(graph, kind, ox.NamedNode(DCAT + "Dataset"), catalogue),
        ox.Quad(graph, kind, ox.NamedNode(SD_NAMED_GRAPH), catalogue),
        ox.Quad(graph, ox.NamedNode(VOID_TRIPLES), ox.Literal(count), catalogue),
    ]
