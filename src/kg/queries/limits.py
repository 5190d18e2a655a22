"""What a client may ask of the endpoint: one table for commands, pages, service description and documentation."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

_MIB: Final = 1 << 20


def _limit(default: Any, what: str, unit: str, status: str, setting: str) -> Any:
    return field(default=default, metadata={"what": what, "unit": unit, "status": status, "setting": setting})


@dataclass(frozen=True)
class Limit:
    """One limit as it is shown.

    Attributes:
        name: its name in `Limits`, and in the `limit` member of an error.
        setting: the option of `kg serve` that sets it.
        status: the status of the answer when a request is over it.

    """

    name: str
    what: str
    value: float
    unit: str
    status: str
    setting: str


@dataclass(frozen=True)
class Limits:
    """The hard limits of the endpoint.

    Attributes:
        length: characters of a query.
        nesting: depth of brackets, and length of runs of unary operators.
        url: bytes of the query string of a URL.
        body: bytes of a request body.
        timeout: seconds from arrival to answer.
        max_rows, max_bytes: size of a result.
        memory: bytes that a worker may take beside the graph.
        per_client: queries of one address at once.
        concurrent: queries that run at once; `heavy` of them are places for long ones.
        queue: queries that wait for a place.

    """

    length: int = _limit(65_536, "query text", "characters", "413", "--max-length")
    nesting: int = _limit(500, "nesting of brackets, and runs of unary operators", "", "413", "--max-nesting")
    url: int = _limit(204_800, "query string of a URL", "bytes", "414", "--max-url")
    body: int = _limit(_MIB, "request body", "bytes", "413", "--max-body")
    timeout: float = _limit(10.0, "time of a query, waiting included", "seconds", "503", "--timeout")
    max_rows: int = _limit(1_000_000, "rows or triples of a result", "", "413", "--max-rows")
    max_bytes: int = _limit(64 * _MIB, "bytes of a result", "bytes", "413", "--max-bytes")
    memory: int = _limit(1024 * _MIB, "memory of a query beside the graph", "bytes", "503", "--memory")
    per_client: int = _limit(8, "queries of one client at once", "", "429", "--per-client")
    concurrent: int = _limit(8, "queries that run at once", "", "503", "--concurrent")
    heavy: int = _limit(2, "of these, places for queries longer than 0.3 s", "", "503", "--heavy")
    queue: int = _limit(64, "queries that wait for a place", "", "503", "--queue")

    @property
    def light(self) -> int:
        """Places in which a query begins."""
        return max(1, self.concurrent - self.heavy)

    @property
    def listed(self) -> tuple[Limit, ...]:
        """All limits, as they are shown."""
        return tuple(
            Limit(name=limit.name, value=getattr(self, limit.name), **limit.metadata) for limit in fields(self)
        )


def setting_of(name: str) -> str:
    """Return the option that sets a limit."""
    return next(str(limit.metadata["setting"]) for limit in fields(Limits) if limit.name == name)
