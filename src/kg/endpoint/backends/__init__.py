"""Any SPARQL 1.1 engine behind the same pages, API, limits and errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

import pyoxigraph as ox

from kg.endpoint.backends.graph_selection import Ways
from kg.endpoint.backends.remote import Remote
from kg.endpoint.backends.url import Access, shown
from kg.endpoint.backends.verify import Survey, survey
from kg.endpoint.protocol import Answered, Asked
from kg.endpoint.workers import Pool
from kg.errors import BadGateway, GatewayTimeout, KgError, OverTime
from kg.namespaces import ONTOLOGY
from kg.queries.limits import Limits

__all__ = ["Access", "Backed", "Survey", "find", "shown"]

_SIGN: Final = "ASK {{ <" + ONTOLOGY + "> <http://www.w3.org/2002/07/owl#versionInfo> {version} }}"
_ALIVE: Final = "ASK {}"
_PULSE: Final = 0.8  # Seconds in which a back end that lives answers next to nothing.
_TRUST: Final = 2.0  # Seconds for which one sign of life is enough.
_SPARE: Final = 1.0  # Seconds: the clock of the pool comes first.
_START: Final = Limits(timeout=60.0)


def find(url: str, access: Access, store: ox.Store, limits: Limits = _START) -> Survey:
    """Return what is to be known of the back end at a URL.

    Raises:
        SourceError: it does not hold the graph.
        KgError: it does not answer.

    """
    remote = Remote(url, access, Ways(()))
    try:
        return survey(remote, store, limits)
    finally:
        remote.close()


class Backed(Pool):
    """Workers that ask a back end, under the limits of the pool; to be made before any thread starts.

    Arguments:
        url: of the query endpoint.
        access: name and password.
        found: what is to be known of it.
        limits: what queries may take.
        prefixes: of the graph.
        version: of the graph.

    """

    def __init__(
        self, url: str, access: Access, found: Survey, limits: Limits, prefixes: Mapping[str, str], version: str
    ) -> None:
        super().__init__(lambda: Remote(url, access, found.ways, found.dialect, spare=_SPARE), limits, prefixes)
        self._url, self._access, self._version = url, access, version
        self._alive = 0.0

    def ask(
        self, asked: Asked, *, client: str = "", seconds: float | None = None, gone: Callable[[], bool] = lambda: False
    ) -> Answered:
        """Return the answer of the back end, whole.

        Raises:
            KgError: as `Pool.ask`; BadGateway for a back end that fails, GatewayTimeout for one that does not answer.

        """
        try:
            return super().ask(asked, client=client, seconds=seconds, gone=gone)
        except OverTime as error:
            self._feel_the_pulse(error)
            raise

    def ready(self) -> None:
        """Ask whether the back end holds the graph in its version."""
        version = ox.Literal(self._version)
        found = self.ask(Asked(_SIGN.format(version=version)), client="readyz")
        if b"true" not in found.data:
            raise BadGateway("the back end holds another version of the graph", hint="kg push --backend URL")

    def _feel_the_pulse(self, error: OverTime) -> None:
        """Tell a query that takes too long from a back end that does not answer at all."""
        if time.monotonic() - self._alive < _TRUST:
            return
        remote = Remote(self._url, self._access, Ways(()))
        try:
            remote.answer(_ALIVE, limits=Limits(timeout=_PULSE))
        except (BadGateway, GatewayTimeout):
            raise GatewayTimeout("the back end does not answer", hint="try again later", retry=10) from error
        except KgError:  # It is busy, and says so.
            return
        finally:
            remote.close()
        self._alive = time.monotonic()
