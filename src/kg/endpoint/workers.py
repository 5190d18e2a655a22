"""Queries in worker processes that can be killed: whatever a query does, it ends in time and harms no other."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from kg.endpoint.admission import Admission, Place
from kg.endpoint.protocol import QueryRequest, QueryResult, read_result, send_request
from kg.endpoint.spawner import Spawner, Worker
from kg.endpoint.worker import Source, WorkerTemplate, execute, over_memory
from kg.errors import ClientGone, KgError, OverTime, Unavailable
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits

_HEAVY_AFTER: Final = 0.3  # Seconds of the processor after which a query gives its light place up.
_HEAVY_AFTER_CLOCK: Final = 1.2  # Seconds of the clock after which it does so whatever it did.
_NICE_AFTER: Final = 0.1  # Seconds of the processor after which it runs at a lower priority.
_NICENESS: Final = 10
_POLL: Final = 0.05
_ROUND: Final = 1.0  # Seconds between two looks at whose standby it is.
_ANYTHING: Final = QueryRequest("ASK { ?s ?p ?o }")
_WEARING: Final = ("max_bytes", "max_rows", "memory")  # Limits that leave a worker larger than it was.


def _never() -> bool:
    return False


class Engine(Protocol):
    """What answers queries: workers, or the process itself."""

    def query(
        self,
        request: QueryRequest,
        *,
        client: str = "",
        seconds: float | None = None,
        is_gone: Callable[[], bool] = _never,
    ) -> QueryResult:
        """Return the result, whole."""

    def ready(self) -> None:
        """Ask something; raise where nothing, or not the graph, answers."""


class InProcess:
    """Answers in this process, without a limit on time: for tests and one's own use.

    Arguments:
        dataset: the graph.
        limits: of query and result.
        prefixes: of the graph.

    """

    def __init__(self, dataset: Dataset, limits: Limits, prefixes: Mapping[str, str]) -> None:
        self._dataset, self._limits, self._prefixes = dataset, limits, prefixes

    def query(self, request: QueryRequest, **client: object) -> QueryResult:
        """Return the result, whole; who asks and for how long does not matter."""
        del client
        return execute(self._dataset, request, self._limits, self._prefixes)

    def ready(self) -> None:
        """Ask something."""
        self.query(_ANYTHING)


class _Deadline:
    """When one query ends: after its time, or when its client has left."""

    def __init__(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        self._seconds, self._is_gone = seconds, is_gone
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def check(self) -> None:
        if self.left <= 0:
            what = f"the query took longer than {self._seconds:g} s"
            hint = "ask for less: bind more, aggregate less, add LIMIT to an inner query"
            raise OverTime(what, hint=hint, limit="timeout", retry=10)
        if self._is_gone():
            raise ClientGone("the client closed the connection")


class _Usage:
    """What a query has taken so far: processor time, so that a busy machine does not make light queries heavy.

    Arguments:
        worker: runs the query; what it used before the first check is another query's, or little.

    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._began = time.monotonic()
        self._before: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds of the processor; where they are not known, or the query waits for long, those of the clock."""
        passed = time.monotonic() - self._began
        used = self._worker.cpu_seconds()
        if used is None or passed > _HEAVY_AFTER_CLOCK:
            return passed
        self._before = used if self._before is None else self._before
        return used - self._before


class WorkerPool:
    """Workers forked from a spawner; to be made before any thread starts.

    `on_lost` is called when a worker is asked for, and no process is left that could start one.

    Arguments:
        open_source: returns the store, or an engine elsewhere; each worker calls it once, after the fork.
        limits: what queries may take.
        prefixes: of the graph.
        dataset: what all workers share. It is made ready beside the caller; the first worker waits for it.

    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        limits: Limits,
        prefixes: Mapping[str, str],
        dataset: Dataset | None = None,
    ) -> None:
        self._limits = limits
        self.on_lost: Callable[[], None] = lambda: None
        self._admission = Admission(limits)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self.replaced = 0
        self._spawner = Spawner.start(WorkerTemplate(open_source, limits, prefixes, dataset))
        self._standby: Spawner | None = None
        self._closed = threading.Event()
        threading.Thread(target=self._keep_standby, daemon=True).start()

    @classmethod
    def over(cls, dataset: Dataset, limits: Limits, prefixes: Mapping[str, str]) -> WorkerPool:
        """Return workers that share a dataset in memory."""
        return cls(lambda: dataset, limits, prefixes, dataset)

    @property
    def taken(self) -> tuple[int, int, int]:
        """Light places and heavy places that are taken, and queries that wait."""
        return self._admission.taken

    @property
    def idle(self) -> int:
        """Workers that wait for a query."""
        return len(self._idle)

    def query(
        self,
        request: QueryRequest,
        *,
        client: str = "",
        seconds: float | None = None,
        is_gone: Callable[[], bool] = _never,
    ) -> QueryResult:
        """Return the result of a worker, whole.

        Arguments:
            request: the query.
            client: whose query it is; `per_client` counts by it.
            seconds: less time than the limit.
            is_gone: says whether the client has left.

        Raises:
            KgError: what the query is refused for, or the limit that it is over: TooMany, NoPlace, OverTime,
                OverMemory, TooLarge; Unavailable where no worker can be had.

        """
        deadline = _Deadline(min(seconds or self._limits.timeout, self._limits.timeout), is_gone)
        with self._admission.enter(client, deadline.check) as place:
            result = self._run(request, place, deadline)
            result = result or self._run(request, place, deadline, again=True)
            if result is None:
                raise _lost()
            return replace(result, heavy=place.heavy)

    def ready(self) -> None:
        """Ask something."""
        self.query(_ANYTHING, client="readyz")

    def begin(self) -> None:
        """Wait for a first worker, so that no query waits in its own time until the dataset is ready."""
        self._give_back(self._take(fresh=True), reusable=True)

    def close(self) -> None:
        """End spawner and workers."""
        self._closed.set()
        for worker in self._idle:
            worker.end()
        for spawner in (self._spawner, self._standby):
            if spawner:
                spawner.close()

    def _run(
        self, request: QueryRequest, place: Place, deadline: _Deadline, *, again: bool = False
    ) -> QueryResult | None:
        """Return the result, or None where the worker was ended by someone else before the query grew long."""
        worker = self._take(fresh=again)
        reusable = False
        try:
            result = _exchange(worker, request, place, deadline)
            reusable = result is not None and not result.worn
        except TimeoutError:
            deadline.check()
            raise
        except KgError as error:
            reusable = error.limit not in _WEARING and not isinstance(error, (Unavailable, ClientGone))
            raise
        else:
            if result is None:
                self._explain(worker, place)
            return result
        finally:
            self._give_back(worker, reusable=reusable and not worker.reniced)

    def _take(self, *, fresh: bool) -> Worker:
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        return self._spawn()

    def _give_back(self, worker: Worker, *, reusable: bool) -> None:
        with self._lock:
            if reusable:
                self._idle.append(worker)
                return
        worker.kill()
        with self._lock:
            self.replaced += 1
            wanted = len(self._idle) < self._limits.light
        if wanted:
            with suppress(Unavailable):
                fresh = self._spawn()
                with self._lock:
                    self._idle.append(fresh)

    def _spawn(self) -> Worker:
        try:
            return self._spawner.spawn()
        except Unavailable:
            self._fail_over()
        try:
            return self._spawner.spawn()
        except Unavailable:
            self.on_lost()
            raise

    def _keep_standby(self) -> None:
        """Have the spawner fork a standby, and another one when that is gone."""
        while not self._closed.wait(_POLL):
            standby = self._standby
            if standby is None or (standby.ends_within(_ROUND) and standby is self._standby):
                self._add_standby()

    def _add_standby(self) -> None:
        with suppress(Unavailable):
            self._standby = self._spawner.standby()

    def _fail_over(self) -> None:
        """Put the standby in the place of a dead spawner; the workers of the dead one end with their query."""
        with self._lock:
            if self._standby is None:
                return
            dead, self._spawner = self._spawner, self._standby
            dead.close()
            self._standby = None
        self._add_standby()

    def _explain(self, worker: Worker, place: Place) -> None:
        """Say why a worker died; nothing where it was killed from outside and the query may be tried again."""
        status = worker.end()
        number = os.WTERMSIG(status) if status >= 0 and os.WIFSIGNALED(status) else 0
        if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP):
            raise over_memory(self._limits)
        if number == signal.SIGALRM or place.heavy:
            raise _lost()


def _lost() -> Unavailable:
    return Unavailable("the worker of this query was lost", hint="try again", retry=1)


def _exchange(worker: Worker, request: QueryRequest, place: Place, deadline: _Deadline) -> QueryResult | None:
    """Send a query and wait for its result; a long one becomes heavy on the way."""
    usage = _Usage(worker)

    def wait() -> None:
        deadline.check()
        place.spent = max(place.spent, usage.seconds)
        if place.spent >= _NICE_AFTER:
            worker.renice(_NICENESS)
        if place.spent >= _HEAVY_AFTER and not place.heavy:
            place.become_heavy()

    if worker.channel.gettimeout() != _POLL:
        worker.channel.settimeout(_POLL)
    try:
        send_request(worker.channel, request, max(deadline.left, 0.0), wait)
    except ConnectionError:
        return None
    return read_result(worker.channel, wait)
