"""`/metrics`: what the server did and holds, in Prometheus' text format; no label is made of what a client sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kg.endpoint.engine import Engine
from kg.endpoint.http.cache import Cache
from kg.endpoint.supervisor import Handover
from kg.endpoint.workers import WorkerPool
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from kg.endpoint.http.request_record import RequestRecord

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SERIES: Final = 1000
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one server.

    Arguments:
        limits: each has a counter, and some a gauge.
        engine: its workers and places are shown, where it has any.
        cache: its bytes, hits and misses are shown.
        version, data_version: of the graph.
        statements: of the graph.
        reloads: how often new data came, and how often it could not be served.

    """

    def __init__(
        self,
        limits: Limits,
        engine: Engine,
        cache: Cache,
        version: str,
        data_version: str,
        statements: int,
        reloads: Handover | None = None,
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="kg", registry=self._registry)
        self._registry.register(_Gauges(limits, engine, cache, reloads))
        self._seconds = Histogram(
            "kg_request_seconds",
            "Time from a whole request to its whole answer.",
            ("kind", "effort"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._answers = self._counter("kg_answers", "Answers by kind of request and status.", "kind", "status")
        self._bytes = self._counter("kg_answer_bytes", "Bytes of answers, without their headers.", "kind")
        self._limits = self._counter("kg_limit_hits", "Requests that were over a limit.", "limit")
        for limit in limits.listed:
            self._limits.labels(limit.name)
        self._series = lru_cache(_SERIES)(self._find_series)
        info = Gauge("kg_data_info", "The data that is served.", ("version", "data"), registry=self._registry)
        info.labels(version, data_version).set(1)
        Gauge("kg_data_statements", "Statements of the graph.", registry=self._registry).set(statements)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self._registry)

    def count(self, record: RequestRecord, status: str, seconds: float, size: int) -> None:
        """Count an answer.

        Arguments:
            record: of the request.
            status: three digits.
            seconds: it took.
            size: bytes of its body.

        """
        times, answers, sizes = self._series(record.kind, record.effort, status)
        times.observe(seconds)
        answers.inc()
        sizes.inc(size)
        if record.limit:
            self._limits.labels(record.limit).inc()

    def _find_series(self, kind: str, effort: str, status: str) -> tuple[Histogram, Counter, Counter]:
        """Return where responses of one sort are counted; a look-up by labels takes as long as a cached response."""
        return self._seconds.labels(kind, effort), self._answers.labels(kind, status), self._bytes.labels(kind)

    def text(self) -> bytes:
        """Return all metrics as text."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    """What pool and cache hold at the moment of asking."""

    def __init__(self, limits: Limits, engine: Engine, cache: Cache, reloads: Handover | None) -> None:
        self._limits, self._engine, self._cache, self._reloads = limits, engine, cache, reloads

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of the cache, and of the pool where there is one."""
        yield CounterMetricFamily("kg_cache_hits", "Results found in the cache.", self._cache.hits)
        yield CounterMetricFamily("kg_cache_misses", "Results looked for in the cache in vain.", self._cache.misses)
        yield GaugeMetricFamily("kg_cache_bytes", "Bytes that the cache holds.", self._cache.size)
        yield GaugeMetricFamily("kg_cache_bytes_limit", "Bytes that the cache may hold.", self._cache.budget)
        if self._reloads:
            counts = {"served": self._reloads.reloads, "failed": self._reloads.failed}
            yield _labelled(CounterMetricFamily("kg_reloads", "How often new data came.", labels=["result"]), counts)
        if isinstance(self._engine, WorkerPool):
            yield from self._pool(self._engine)

    def _pool(self, pool: WorkerPool) -> Iterator[Metric]:
        light, heavy, waiting = pool.taken
        taken = {"light": light, "heavy": heavy, "queue": waiting}
        places = {"light": self._limits.light, "heavy": self._limits.heavy, "queue": self._limits.queue}
        workers = {"idle": pool.idle, "busy": light + heavy}
        for name, what, label, counts in (
            ("kg_places_taken", "Places that queries hold, and queries that wait.", "place", taken),
            ("kg_places", "Places that there are.", "place", places),
            ("kg_workers", "Processes that answer queries.", "state", workers),
        ):
            yield _labelled(GaugeMetricFamily(name, what, labels=[label]), counts)
        yield CounterMetricFamily("kg_workers_replaced", "Workers that were ended and replaced.", pool.replaced)


def _labelled(family: CounterMetricFamily | GaugeMetricFamily, counts: Mapping[str, int]) -> Metric:
    for label, count in counts.items():
        family.add_metric([label], count)
    return family
