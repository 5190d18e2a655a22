"""What an operator sets of `kg serve`: built once by the command, and passed on whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from kg.queries.limits import Limits

_LOG_KEY: Final = "KG_LOG_KEY"
_LIMITS: Final = frozenset(limit.name for limit in fields(Limits))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a server, each with the default of its option.

    Attributes:
        limits: what a query may be and take.
        host, port: address to listen on; port 0 takes a free one.
        text: file of the source text; pages then quote passages.
        store: folder of a graph on disk; without it the graph is built from the project.
        esco: file with the whole of ESCO as `kg import` wrote it; `/switch` reads it.
        backend: URL of a SPARQL 1.1 endpoint that answers queries.
        site: URL under which the site is known; empty takes the host of the request.
        report: `mailto:` address or URL where readers report a fact; empty leaves the link out.
        publisher, publisher_iri, contact: of the dataset, for the metadata.
        cache: bytes of results that are kept for the next request.
        access_log: file for a line per response; `-` for standard error, empty for none.
        slow_log: file for slow queries with their text; empty for none.
        slow_seconds: time after which a query is slow.
        log_key: key of the hash of queries in logs; the same key gives the same hash.
        metrics: who may see `/metrics`: `local`, `all`, `off`, or networks.
        trusted_proxy: addresses and networks whose X-Forwarded headers are believed.
        watch: whether new data is served as soon as it is there.

    """

    limits: Limits = field(default_factory=Limits)
    host: str = "127.0.0.1"
    port: int = 8000
    text: Path | None = None
    store: Path | None = None
    esco: Path | None = None
    backend: str | None = None
    site: str = ""
    report: str = ""
    publisher: str = ""
    publisher_iri: str = ""
    contact: str = ""
    cache: int = 128 << 20
    access_log: str = ""
    slow_log: str = ""
    slow_seconds: float = 1.0
    log_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    metrics: str = "local"
    trusted_proxy: tuple[str, ...] = ()
    watch: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Settings:
        """Return the settings that a command was given; a random key of logs is kept for the servers that follow.

        Arguments:
            options: by name, limits among them; the command has read flags, environment and file.

        """
        limits = Limits(**{name: value for name, value in options.items() if name in _LIMITS})
        others = {name: value for name, value in options.items() if name not in _LIMITS}
        others["log_key"] = others["log_key"] or os.environ.setdefault(_LOG_KEY, secrets.token_hex(16))
        return cls(limits=limits, **others)
