"""Any SPARQL 1.1 engine behind the same pages, API, limits and errors."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.backends.graph_selection import GraphSelection
from kg.endpoint.backends.remote import Remote
from kg.endpoint.backends.url import Credentials, without_query
from kg.endpoint.backends.verify import VerifiedBackend, verify
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.endpoint.workers import WorkerPool
from kg.errors import BadGateway, GatewayTimeout, KgError, OverTime
from kg.graph.build import Graph
from kg.graph.description import DESCRIPTION_GRAPHS
from kg.namespaces import ONTOLOGY
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits

__all__ = ["BackendPool", "Credentials", "VerifiedBackend", "find_backend", "without_query"]

_VERSION: Final = "ASK {{ <" + ONTOLOGY + "> <http://www.w3.org/2002/07/owl#versionInfo> {version} }}"
_ALIVE: Final = "ASK {}"
_ALIVE_WITHIN: Final = 0.8  # Seconds in which a back end that lives answers next to nothing.
_ALIVE_FOR: Final = 2.0  # Seconds for which one answer is enough.
_SPARE: Final = 1.0  # Seconds: the deadline of the pool comes first.
_AT_START: Final = Limits(timeout=60.0)


def find_backend(url: str, dataset: Dataset, limits: Limits = _AT_START) -> VerifiedBackend:
    """Return what is to be known of the back end at a URL; name and password come from the environment.

    Raises:
        SourceError: it does not hold the graph.
        KgError: it does not answer.

    """
    with closing(Remote(url, Credentials.from_env(), GraphSelection(()))) as remote:
        return verify(remote, dataset, limits)


class BackendPool(WorkerPool):
    """Workers that ask a back end, under the limits of the pool; to be made before any thread starts.

    Arguments:
        url: of the query endpoint.
        backend: what is to be known of it.
        limits: what queries may take.
        graph: that it holds.

    """

    def __init__(self, url: str, backend: VerifiedBackend, limits: Limits, graph: Graph) -> None:
        self._url, self._credentials, self._version = url, Credentials.from_env(), graph.version
        selection, dialect = backend.selection, backend.dialect
        open_remote = lambda: Remote(url, self._credentials, selection, dialect, spare=_SPARE)  # noqa: E731
        embedded = None if graph.stored else graph.dataset
        imported = DESCRIPTION_GRAPHS.union(source.graph for source in graph.packed)
        super().__init__(open_remote, limits, graph.prefixes, embedded=embedded, imported=imported)
        self._answered = 0.0

    async def answer(self, request: QueryRequest, **client: Any) -> QueryResult:
        """Return the result of the back end, whole.

        Raises:
            KgError: as `WorkerPool.answer`; BadGateway for a back end that fails, GatewayTimeout for one that does not
                answer.

        """
        try:
            return await super().answer(request, **client)
        except OverTime as error:
            await asyncio.to_thread(self._check_liveness, error)
            raise

    def ready(self) -> None:
        """Ask whether the back end holds the graph in its version."""
        version = ox.Literal(self._version)
        result = self.query(QueryRequest(_VERSION.format(version=version)), client="readyz")
        if b"true" not in result.data:
            raise BadGateway("the back end holds another version of the graph", hint="kg push --backend URL")

    def _check_liveness(self, error: OverTime) -> None:
        """Tell a query that takes too long from a back end that does not answer at all."""
        if time.monotonic() - self._answered < _ALIVE_FOR:
            return
        with closing(Remote(self._url, self._credentials, GraphSelection(()))) as remote:
            try:
                remote.answer(_ALIVE, limits=Limits(timeout=_ALIVE_WITHIN))
            except (BadGateway, GatewayTimeout):
                raise GatewayTimeout("the back end does not answer", hint="try again later", retry=10) from error
            except KgError:  # It is busy, and says so.
                return
        self._answered = time.monotonic()
