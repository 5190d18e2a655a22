"""What a back end holds, compared with our graph, by queries: whoever loaded it, and however."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.backends.dialects import Dialect
from kg.endpoint.backends.graph_selection import MERGE, GraphSelection
from kg.endpoint.backends.remote import Remote
from kg.errors import BadGateway, SourceError
from kg.namespaces import XSD
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits

# Virtuoso keeps a boolean as a number: here it counts as a number everywhere.
_FINGERPRINTS: Final = f"""
SELECT ?g (COUNT(*) AS ?n) (SUM(STRLEN(STR(?s)) + STRLEN(STR(?p)) + IF(?counts, 0, STRLEN(STR(?o)))) AS ?length)
  (SUM(IF(isNumeric(?o), ?o, IF(?counts && STR(?o) IN ("true", "1"), 1, 0))) AS ?sum)
{{ GRAPH ?g {{ ?s ?p ?o }} BIND(isNumeric(?o) || COALESCE(DATATYPE(?o) = <{XSD}boolean>, false) AS ?counts) }}
GROUP BY ?g"""
_COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_NEAR: Final = Decimal("1e-9")
_SOME: Final = 5


@dataclass(frozen=True)
class GraphFingerprint:
    """What tells the content of a graph from another: statements, characters of their terms, sum of their numbers."""

    statements: int
    length: int
    total: Decimal

    def is_like(self, other: GraphFingerprint) -> bool:
        """Return whether both are of the same content; sums of doubles may differ in their last digits."""
        near = abs(self.total - other.total) <= _NEAR * max(abs(self.total), abs(other.total), Decimal(1))
        return near and (self.statements, self.length) == (other.statements, other.length)


@dataclass(frozen=True)
class VerifiedBackend:
    """A back end that holds our graph.

    Attributes:
        dialect: of the engine.
        selection: which of its graphs a query sees.

    """

    dialect: Dialect
    selection: GraphSelection


def graphs_of(store: ox.Store) -> tuple[str, ...]:
    """Return the IRIs of the graphs of a store, sorted."""
    return tuple(sorted(name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode)))


def verify(remote: Remote, dataset: Dataset, limits: Limits) -> VerifiedBackend:
    """Find out how to ask a back end.

    Arguments:
        remote: the back end.
        dataset: our graph.
        limits: of each query that is asked.

    Raises:
        SourceError: it does not hold our graph.
        KgError: it does not answer.

    """
    dialect = remote.dialect(limits)
    missing = differences(remote, dataset, limits)
    if missing:
        more = f" and {len(missing) - _SOME} more" if len(missing) > _SOME else ""
        what = f"the back end does not hold this graph: {'; '.join(missing[:_SOME])}{more}"
        raise SourceError(what, hint="load it: kg push --backend URL")
    return VerifiedBackend(dialect, GraphSelection(graphs_of(dataset.store)))


def differences(remote: Remote, dataset: Dataset, limits: Limits) -> list[str]:
    """Return a sentence for each of our graphs that a back end lacks or has otherwise; without one, for their merge."""
    graphs = GraphSelection(graphs_of(dataset.store))
    ours = _fingerprints(dataset.store.query(_FINGERPRINTS))
    theirs = _fingerprints(remote.rows(_FINGERPRINTS, graphs.parameters(), limits))
    sentences = []
    for name in graphs.graphs:
        have, want = theirs.get(name), ours[name]
        if have is None:
            sentences.append(f"{name} is missing")
        elif have.statements != want.statements:
            sentences.append(f"{name} has {have.statements:,} statements instead of {want.statements:,}")
        elif not have.is_like(want):
            sentences.append(f"{name} has other content")
    if sentences:
        return sentences
    merged = int(next(iter(remote.rows(_COUNT, graphs.parameters(graph=False), limits)))["n"].value)
    if merged != dataset.triples:
        sentences.append(f"{MERGE} has {merged:,} statements instead of {dataset.triples:,}")
    return sentences


def _fingerprints(rows: Any) -> Mapping[str, GraphFingerprint]:
    try:
        return {
            row["g"].value: GraphFingerprint(
                int(Decimal(row["n"].value)), int(Decimal(row["length"].value)), Decimal(row["sum"].value)
            )
            for row in rows
            if row["g"] is not None
        }
    except (AttributeError, InvalidOperation) as error:
        raise BadGateway("the back end does not count as SPARQL 1.1 does", hint="see docs/backends.md") from error
