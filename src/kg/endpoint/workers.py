"""Queries in worker processes that can be killed: whatever a query does, it ends in time and harms no other."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from kg.endpoint.admission import Admission, Place
from kg.endpoint.protocol import QueryRequest, QueryResult, read_result, send_request
from kg.endpoint.spawner import Spawner, Worker
from kg.endpoint.worker import Source, WorkerTemplate, execute, over_memory
from kg.errors import ClientGone, KgError, OverTime, QueryError, Unavailable
from kg.queries.dataset import Dataset
from kg.queries.engine import graphs_named
from kg.queries.limits import Limits
from kg.queries.text_score import Search

_HEAVY_AFTER: Final = 0.3  # Seconds of the processor after which a query gives its light place up.
_HEAVY_AFTER_CLOCK: Final = 1.2  # Seconds of the clock after which it does so whatever it did.
_NICE_AFTER: Final = 0.1  # Seconds of the processor after which it runs at a lower priority.
_NICENESS: Final = 10
_POLL: Final = 0.05
_PAUSE: Final = 10.0  # Seconds after which imported graphs that could not be loaded are tried again.
_ROUND: Final = 1.0  # Seconds between two looks at whose standby it is.
_ANYTHING: Final = QueryRequest("ASK { ?s ?p ?o }")
_Forked = TypeVar("_Forked")
_Searched = Future[Mapping[str, float] | None]
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

    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore` in queries over our own engine."""


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

    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore`."""
        self._dataset.text_search = search


class _Deadline:
    """When one query ends: after its time, or when its client has left."""

    def __init__(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        self._seconds, self._is_gone = seconds, is_gone
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def postpone(self, seconds: float) -> None:
        self._end += seconds

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


class _Workers:
    """Workers over one dataset: those that wait for a query, and how another one is started.

    Arguments:
        spawn: starts a worker; it calls what it is given while it waits.
        ready: how many wait for a query when others were ended.

    """

    def __init__(self, spawn: Callable[[Callable[[], None]], Worker], ready: int) -> None:
        self._spawn, self._ready = spawn, ready
        self._lock = threading.Lock()
        self.idle: list[Worker] = []
        self.replaced = 0

    def take(self, wait: Callable[[], None], *, fresh: bool) -> Worker:
        """Return a worker, a new one where it should be fresh or none is idle."""
        with self._lock:
            if self.idle and not fresh:
                return self.idle.pop()
        return self._spawn(wait)

    def give_back(self, worker: Worker, *, reusable: bool) -> None:
        """Keep a worker, or end it and start another one where few wait."""
        with self._lock:
            if reusable:
                self.idle.append(worker)
                return
        worker.kill()
        with self._lock:
            self.replaced += 1
            wanted = len(self.idle) < self._ready
        if wanted:
            with suppress(Unavailable):
                fresh = self._spawn(_no_wait)
                with self._lock:
                    self.idle.append(fresh)


class _Extension:
    """Workers of another spawner, which loads imported graphs when a query first names one of them.

    Arguments:
        names: IRIs of the graphs.
        extend: has our spawner fork the other one.
        reap: ends it where it is dead.

    """

    def __init__(self, names: frozenset[str], extend: Callable[[], Spawner], reap: Callable[[Spawner], None]) -> None:
        self.names, self._extend, self._reap = names, extend, reap
        self.workers = _Workers(self._spawn, 1)
        self.spawner: Spawner | None = None
        self._lock = threading.Lock()
        self._after = 0.0

    def _spawn(self, wait: Callable[[], None]) -> Worker:
        spawner = self._loaded(wait)
        try:
            return spawner.spawn()
        except Unavailable:
            self._forget(spawner)
        return self._loaded(wait).spawn()

    def _loaded(self, wait: Callable[[], None]) -> Spawner:
        """Return the spawner once it has loaded its graphs.

        Raises:
            Unavailable: waiting is over, or they cannot be loaded.

        """
        while True:
            with self._lock:
                spawner = self.spawner or self._begin()
                try:
                    if spawner.is_ready():
                        return spawner
                except Unavailable as error:
                    self._after = time.monotonic() + _PAUSE
                    self.spawner = None
                    self._reap(spawner)
                    raise _not_loaded() from error
            try:
                wait()
            except OverTime as error:
                what = "the imported graphs are being loaded"
                raise Unavailable(what, hint="try again in some seconds", retry=5) from error
            time.sleep(_POLL)

    def _begin(self) -> Spawner:
        """Begin to load the graphs; where that failed, not again at once."""
        if time.monotonic() < self._after:
            raise _not_loaded()
        self.spawner = self._extend()
        return self.spawner

    def _forget(self, dead: Spawner) -> None:
        with self._lock:
            if self.spawner is dead:
                self.spawner = None
                self._reap(dead)


class WorkerPool:
    """Workers forked from a spawner; to be made before any thread starts.

    A query that names an imported graph goes to workers of another spawner, which loads these graphs at the first such
    query, and no more of them than the part that has all that it names; places, queue and limits are the same.

    `on_lost` is called when a worker is asked for, and no process is left that could start one.

    Arguments:
        open_source: returns the store, or an engine elsewhere; each worker calls it once, after the fork.
        limits: what queries may take.
        prefixes: of the graph.
        dataset: what all workers share. It is made ready beside the caller; the first worker waits for it.
        embedded: the graph in memory, beside which imported graphs are loaded.
        imported: IRIs of the imported graphs. Without `embedded`, a query that names one is refused.

    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        limits: Limits,
        prefixes: Mapping[str, str],
        dataset: Dataset | None = None,
        *,
        embedded: Dataset | None = None,
        imported: frozenset[str] = frozenset(),
    ) -> None:
        self._limits, self._prefixes = limits, prefixes
        self.on_lost: Callable[[], None] = lambda: None
        self._search: Search = lambda *_: None
        self._searches = ThreadPoolExecutor(1)  # One at a time, whatever queries ask; its thread begins with the first.
        self._admission = Admission(limits)
        self._lock = threading.Lock()
        self._workers = _Workers(lambda _: self._ask_spawner(Spawner.spawn), limits.light)
        self._spawner = Spawner.start(WorkerTemplate(open_source, limits, prefixes, dataset, embedded))
        self._standby: Spawner | None = None
        self._imported = imported
        parts = (*(part.names for part in embedded.imported.parts), imported) if embedded else ()
        self._extensions = [self._extension(part - len(parts), names) for part, names in enumerate(parts)]
        self._closed = threading.Event()
        threading.Thread(target=self._keep_standby, daemon=True).start()

    @classmethod
    def over(cls, dataset: Dataset, limits: Limits, prefixes: Mapping[str, str]) -> WorkerPool:
        """Return workers that share a dataset in memory."""
        names = dataset.imported.names
        return cls(lambda: dataset, limits, prefixes, dataset, embedded=dataset, imported=names)

    @property
    def taken(self) -> tuple[int, int, int]:
        """Light places and heavy places that are taken, and queries that wait."""
        return self._admission.taken

    @property
    def idle(self) -> int:
        """Workers that wait for a query."""
        return sum(len(workers.idle) for workers in self._all_workers())

    @property
    def replaced(self) -> int:
        """How many workers were ended, and replaced where one was needed."""
        return sum(workers.replaced for workers in self._all_workers())

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
        workers = self._workers_for(request)
        with self._admission.enter(client, deadline.check) as place:
            result = self._run(workers, request, place, deadline)
            result = result or self._run(workers, request, place, deadline, again=True)
            if result is None:
                raise _lost()
            return replace(result, heavy=place.heavy)

    def ready(self) -> None:
        """Ask something."""
        self.query(_ANYTHING, client="readyz")

    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore`: here, where one index serves all workers."""
        self._search = search

    def begin(self) -> None:
        """Wait for a first worker, so that no query waits in its own time until the dataset is ready."""
        self._workers.give_back(self._workers.take(_no_wait, fresh=True), reusable=True)

    def close(self) -> None:
        """End spawners and workers."""
        self._closed.set()
        self._searches.shutdown(wait=False, cancel_futures=True)
        for worker in (worker for workers in self._all_workers() for worker in workers.idle):
            worker.end()
        for spawner in (*(one.spawner for one in self._extensions), self._spawner, self._standby):
            if spawner:
                spawner.close()

    def _workers_for(self, request: QueryRequest) -> _Workers:
        """Return the workers that hold the graphs which a query names."""
        if len(request.text) > self._limits.length:  # The worker says so; reading it would take its time.
            return self._workers
        parameters = (*request.default_graphs, *request.named_graphs)
        prefixes = self._prefixes if request.prefixed else None
        named = graphs_named(request.text, parameters, self._imported, prefixes)
        if named and not self._extensions:
            hint = "ask a server without --store, or load its file of data/imported into an engine of your own"
            raise QueryError(f"this server does not hold the graph {min(named)}", hint=hint)
        return next(one.workers for one in self._extensions if named <= one.names) if named else self._workers

    def _all_workers(self) -> list[_Workers]:
        return [self._workers, *(one.workers for one in self._extensions)]

    def _extension(self, part: int, names: frozenset[str]) -> _Extension:
        def extend() -> Spawner:
            return self._ask_spawner(lambda spawner: spawner.extended(part))

        return _Extension(names, extend, lambda spawner: self._spawner.reap(spawner))

    def _run(
        self, workers: _Workers, request: QueryRequest, place: Place, deadline: _Deadline, *, again: bool = False
    ) -> QueryResult | None:
        """Return the result, or None where the worker was ended by someone else before the query grew long."""
        begin = time.monotonic()
        worker = workers.take(deadline.check, fresh=again)
        deadline.postpone(time.monotonic() - begin)
        reusable = False
        try:
            result = _exchange(worker, request, place, deadline, self._begin_search)
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
            workers.give_back(worker, reusable=reusable and not worker.reniced)

    def _begin_search(self, text: str, lang: str) -> _Searched:
        return self._searches.submit(self._search, text, lang)

    def _ask_spawner(self, fork: Callable[[Spawner], _Forked]) -> _Forked:
        """Return what the spawner forks, or its standby where it is dead."""
        try:
            return fork(self._spawner)
        except Unavailable:
            self._fail_over()
        try:
            return fork(self._spawner)
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


def _no_wait() -> None:
    raise OverTime("nobody waits for this")


def _not_loaded() -> Unavailable:
    hint = "try again later; kg query, with the same query, says why"
    return Unavailable("the imported graphs cannot be loaded", hint=hint, retry=int(_PAUSE))


def _lost() -> Unavailable:
    return Unavailable("the worker of this query was lost", hint="try again", retry=1)


def _exchange(
    worker: Worker,
    request: QueryRequest,
    place: Place,
    deadline: _Deadline,
    begin_search: Callable[[str, str], _Searched],
) -> QueryResult | None:
    """Send a query and wait for its result; a long one becomes heavy on the way."""
    usage = _Usage(worker)

    def wait() -> None:
        deadline.check()
        place.spent = max(place.spent, usage.seconds)
        if place.spent >= _NICE_AFTER:
            worker.renice(_NICENESS)
        if place.spent >= _HEAVY_AFTER and not place.heavy:
            place.become_heavy()

    def search(text: str, lang: str) -> Mapping[str, float] | None:
        searched = begin_search(text, lang)
        try:
            while not wait_for([searched], _POLL).done:
                wait()
        finally:
            searched.cancel()
        return searched.result()

    if worker.channel.gettimeout() != _POLL:
        worker.channel.settimeout(_POLL)
    try:
        send_request(worker.channel, request, max(deadline.left, 0.0), wait)
        return read_result(worker.channel, wait, search)
    except ConnectionError:
        return None
