"""What answers queries: an engine, which is workers or, without a limit on time, the process itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.endpoint.worker import execute
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits
from kg.queries.text_score import Search

_ANYTHING: Final = QueryRequest("ASK { ?s ?p ?o }")
_Returned = TypeVar("_Returned")


def never() -> bool:
    """Return that a client has not left."""
    return False


class Engine(ABC):
    """What answers queries: workers, or the process itself."""

    @abstractmethod
    async def answer(
        self,
        request: QueryRequest,
        *,
        client: str = "",
        seconds: float | None = None,
        is_gone: Callable[[], bool] = never,
    ) -> QueryResult:
        """Return the result, whole; on the event loop."""

    @abstractmethod
    def wait(self, coroutine: Coroutine[Any, Any, _Returned]) -> _Returned:
        """Return what a coroutine returns that asks this engine; in a thread."""

    @abstractmethod
    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore` in queries over our own engine."""

    def query(self, request: QueryRequest, **asked: Any) -> QueryResult:
        """Return the result as `answer`; in a thread."""
        return self.wait(self.answer(request, **asked))

    def ready(self) -> None:
        """Ask something; raise where nothing, or not the graph, answers."""
        self.query(_ANYTHING, client="readyz")


class InProcess(Engine):
    """Answers in this process, without a limit on time: for tests and one's own use.

    Arguments:
        dataset: the graph.
        limits: of query and result.
        prefixes: of the graph.

    """

    def __init__(self, dataset: Dataset, limits: Limits, prefixes: Mapping[str, str]) -> None:
        self._dataset, self._limits, self._prefixes = dataset, limits, prefixes

    async def answer(self, request: QueryRequest, **client: object) -> QueryResult:
        """Return the result, whole; who asks and for how long does not matter."""
        del client
        return execute(self._dataset, request, self._limits, self._prefixes)

    def wait(self, coroutine: Coroutine[Any, Any, _Returned]) -> _Returned:
        """Return what a coroutine returns, which waits for nothing: so it needs no event loop."""
        try:
            coroutine.send(None)
        except StopIteration as end:
            returned: _Returned = end.value
            return returned
        raise RuntimeError("a coroutine waits where nothing is to wait for")

    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore`."""
        self._dataset.text_search = search
