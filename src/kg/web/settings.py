"""What an owner sets of the web server, beside the limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyoxigraph as ox

from kg.endpoint.http.logs import Logs
from kg.endpoint.http.proxies import Networks, Seen
from kg.endpoint.supervisor import Handed
from kg.release.build import Owner


@dataclass(frozen=True)
class Options:
    """The settings of a server, each with a default.

    Attributes:
        owner: publisher and contact point; by default those of the environment.
        cache: bytes of results that are kept for the next who asks.
        logs: which there are.
        metrics: who may see `/metrics`.
        proxies: whose X-Forwarded headers are believed.
        beside: a store with our graph and ESCO whole, and ESCO's graph: `/switch` reads it.
        reloads: what the keeper handed on; counts how often new data came.

    """

    owner: Owner = field(default_factory=Owner.of)
    cache: int = 128 << 20
    logs: Logs = field(default_factory=Logs)
    metrics: Seen = field(default_factory=Seen)
    proxies: Networks = field(default_factory=lambda: Networks((), "--trusted-proxy"))
    reloads: Handed | None = None
    beside: tuple[ox.Store, str] | None = None
