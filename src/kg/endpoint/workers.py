"""Queries in worker processes that can be killed: whatever a query does, it ends in time and harms no other.

All of it runs on one event loop, so that nothing is locked and no query holds a thread; threads may ask, and wait.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from kg.endpoint.admission import Admission, Place
from kg.endpoint.engine import Engine, never
from kg.endpoint.event_loop import EventLoop
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.endpoint.spawner import Spawner, Worker
from kg.endpoint.worker import Source, WorkerTemplate, over_memory
from kg.errors import ClientGone, KgError, OverTime, QueryError, Unavailable
from kg.queries.dataset import Dataset
from kg.queries.engine import graphs_named
from kg.queries.limits import Limits
from kg.queries.text_score import Search

_HEAVY_AFTER: Final = 0.3  # Seconds of the processor after which a query gives its light place up.
_HEAVY_AFTER_CLOCK: Final = 1.2  # Seconds of the clock after which it does so whatever it did.
_NICE_AFTER: Final = 0.1  # Seconds of the processor after which it runs at a lower priority.
_NICENESS: Final = 10
_POLL: Final = 0.05  # Seconds between two looks at a query, and at the standby.
SHORT: Final = 8 << 10  # Characters of a query that the event loop reads; a longer one would hold it up.
_PAUSE: Final = 10.0  # Seconds after which imported graphs that could not be loaded are tried again.
_Returned = TypeVar("_Returned")
_WEARING: Final = ("max_bytes", "max_rows", "memory")  # Limits that leave a worker larger than it was.


class _Run:
    """One query on its way: a context that is looked at every 50 ms, and left with an error where it may not go on.

    Arguments:
        seconds: that it may take.
        is_gone: says whether its client has left.
        workers: that it needs.

    Attributes:
        place: that it holds, once it does.

    """

    place: Place

    def __init__(self, seconds: float, is_gone: Callable[[], bool], workers: _Workers) -> None:
        self._seconds, self._is_gone, self._workers = seconds, is_gone, workers
        self._end = time.monotonic() + seconds
        self._worker: Worker | None = None
        self._used_before: float | None = None
        self._error: KgError | None = None

    def __enter__(self) -> _Run:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._timer = self._loop.call_later(_POLL, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._error and self._task:
            self._task.uncancel()
            raise self._error

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(self._end - time.monotonic(), 0.0)

    async def take(self, *, fresh: bool) -> Worker:
        """Return a worker; that it had to be started does not count, but no wait is longer than the query may take."""
        asked = time.monotonic()
        self._worker = worker = await self._workers.take(fresh=fresh)
        self._began = time.monotonic()
        self._used_before = None
        self._end += self._began - asked
        return worker

    def give_back(self, worker: Worker, *, reusable: bool) -> None:
        """Give a worker back, for the next query or to its end; then the place is free when another one is there."""
        self._worker = None
        self.place.successor = self._workers.give_back(worker, reusable=reusable and not worker.reniced)

    def _look(self) -> None:
        try:
            self._check()
        except KgError as error:
            self._error = error
            if self._task:
                self._task.cancel()
        else:
            self._timer = self._loop.call_later(_POLL, self._look)

    def _check(self) -> None:
        if not self.left and not self._worker and self._workers.is_loading:
            raise Unavailable("the imported graphs are being loaded", hint="try again in some seconds", retry=5)
        if not self.left:
            what = f"the query took longer than {self._seconds:g} s"
            hint = "ask for less: bind more, aggregate less, add LIMIT to an inner query"
            raise OverTime(what, hint=hint, limit="timeout", retry=10)
        if self._is_gone():
            raise ClientGone("the client closed the connection")
        if self._worker:
            self.place.spent = max(self.place.spent, self._spent(self._worker))
            if self.place.spent >= _NICE_AFTER:
                self._worker.renice(_NICENESS)
            if self.place.spent >= _HEAVY_AFTER and not self.place.heavy:
                self.place.become_heavy()

    def _spent(self, worker: Worker) -> float:
        """Return seconds of the processor, so that a busy machine does not make light queries heavy.

        Where they are not known, or the query waits for long, those of the clock. What the worker used before the first
        look is another query's, or little.
        """
        passed, used = time.monotonic() - self._began, worker.cpu_seconds()
        if used is None or passed > _HEAVY_AFTER_CLOCK:
            return passed
        self._used_before = used if self._used_before is None else self._used_before
        return used - self._used_before


class _Workers:
    """Workers over one dataset: those that wait for a query, and how another one is started.

    Arguments:
        start: starts a worker.
        most: how many may wait.
        ready: how many there are at least when others were ended.

    """

    def __init__(self, start: Callable[[], Coroutine[Any, Any, Worker]], most: int, ready: int) -> None:
        self._start, self._most, self._ready = start, most, ready
        self._count = 0  # That wait, run a query or are being started.
        self.idle: list[Worker] = []
        self.replaced = 0

    @property
    def is_loading(self) -> bool:
        """Whether no worker can be had before graphs are loaded."""
        return False

    async def take(self, *, fresh: bool) -> Worker:
        """Return a worker, a new one where it should be fresh or none is idle."""
        return self.idle.pop() if self.idle and not fresh else await self._spawn()

    def give_back(self, worker: Worker, *, reusable: bool) -> asyncio.Task[None] | None:
        """Keep a worker, or end it and return what starts another one where few are left."""
        if reusable and len(self.idle) < self._most:
            self.idle.append(worker)
            return None
        worker.kill()
        self._count -= 1
        self.replaced += 1
        return asyncio.ensure_future(self._replace())

    async def _replace(self) -> None:
        if self._count < self._ready:
            with suppress(Unavailable):
                self.idle.append(await self._spawn())

    async def _spawn(self) -> Worker:
        self._count += 1
        try:
            return await self._start()
        except BaseException:  # Of a query that is cancelled meanwhile, too.
            self._count -= 1
            raise


class _Extension(_Workers):
    """Workers of another spawner, which loads imported graphs when a query first names one of them.

    Arguments:
        names: IRIs of the graphs.
        load: has our spawner fork the other one, and waits until it has loaded its graphs.
        most: how many may wait.

    """

    def __init__(self, names: frozenset[str], load: Callable[[], Coroutine[Any, Any, Spawner]], most: int) -> None:
        super().__init__(self._start_loaded, most, 1)
        self.names, self._load = names, load
        self._loading: asyncio.Task[Spawner] | None = None
        self._after = 0.0

    @property
    def is_loading(self) -> bool:
        """Whether no worker can be had before the graphs are loaded."""
        return self._loading is not None and not self._loading.done()

    async def _start_loaded(self) -> Worker:
        for _ in range(2):
            loading = self._loading = self._loading or self._begin()
            try:
                spawner = await asyncio.shield(loading)
            except Unavailable as error:
                self._after = time.monotonic() + _PAUSE
                self._forget(loading)
                raise _not_loaded() from error
            with suppress(Unavailable):
                return await spawner.spawn()
            spawner.close()
            self._forget(loading)
        raise _not_loaded()

    def _begin(self) -> asyncio.Task[Spawner]:
        """Begin to load the graphs; where that failed, not again at once."""
        if time.monotonic() < self._after:
            raise _not_loaded()
        return asyncio.ensure_future(self._load())

    def _forget(self, dead: asyncio.Task[Spawner]) -> None:
        if self._loading is dead:
            self._loading = None


class WorkerPool(Engine):
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

    Attributes:
        loop: on which all of it runs.

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
        self._workers = _Workers(lambda: self._ask_spawner(Spawner.spawn), limits.light, limits.light)
        self._spawner = Spawner.start(WorkerTemplate(open_source, limits, prefixes, dataset, embedded))
        self._standby: Spawner | None = None
        self._imported = imported
        parts = (*(part.names for part in embedded.imported.parts), imported) if embedded else ()
        self._extensions = [self._extension(part - len(parts), names) for part, names in enumerate(parts)]
        self.loop = EventLoop()
        self._standing_by = self.loop.start(self._keep_standby())

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

    async def answer(
        self,
        request: QueryRequest,
        *,
        client: str = "",
        seconds: float | None = None,
        is_gone: Callable[[], bool] = never,
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
        may_take = min(seconds or self._limits.timeout, self._limits.timeout)
        is_long = len(request.text) > SHORT
        workers = await asyncio.to_thread(self._workers_for, request) if is_long else self._workers_for(request)
        with _Run(may_take, is_gone, workers) as run, await self._admission.enter(client) as place:
            run.place = place
            result = await self._run(request, run) or await self._run(request, run, fresh=True)
            if result is None:
                raise _lost()
            return replace(result, heavy=True) if place.heavy else result

    def wait(self, coroutine: Coroutine[Any, Any, _Returned]) -> _Returned:
        """Return what a coroutine returns, on the event loop."""
        return self.loop.run(coroutine)

    def search_with(self, search: Search) -> None:
        """Let something answer `kb:textScore`: here, where one index serves all workers."""
        self._search = search

    def begin(self) -> None:
        """Wait for a first worker, so that no query waits in its own time until the dataset is ready."""
        self._workers.idle.append(self.wait(self._workers.take(fresh=True)))

    def close(self) -> None:
        """End spawners and, with them, workers."""
        self._searches.shutdown(wait=False, cancel_futures=True)
        self._standing_by.cancel()
        self.wait(self._end())
        self.loop.close()

    async def _end(self) -> None:
        for worker in (worker for workers in self._all_workers() for worker in workers.idle):
            worker.kill()
        for spawner in (self._spawner, self._standby):  # Extended ones are workers of theirs.
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
        return next(one for one in self._extensions if named <= one.names) if named else self._workers

    def _all_workers(self) -> list[_Workers]:
        return [self._workers, *self._extensions]

    def _extension(self, part: int, names: frozenset[str]) -> _Extension:
        async def load() -> Spawner:
            extended = await self._ask_spawner(lambda spawner: spawner.another(part))
            await extended.loaded()
            return extended

        return _Extension(names, load, self._limits.light)

    async def _run(self, request: QueryRequest, run: _Run, *, fresh: bool = False) -> QueryResult | None:
        """Return the result, or None where the worker was ended by someone else before the query grew long."""
        worker = await run.take(fresh=fresh)
        reusable = False
        try:
            result = await worker.ask(request, run.left, self._score)
            if result is None:
                await self._explain(worker, run.place)
            reusable = result is not None and not result.worn
        except KgError as error:
            reusable = error.limit not in _WEARING and not isinstance(error, Unavailable)
            raise
        else:
            return result
        finally:
            run.give_back(worker, reusable=reusable)

    async def _score(self, text: str, lang: str) -> Mapping[str, float] | None:
        return await asyncio.get_running_loop().run_in_executor(self._searches, self._search, text, lang)

    async def _ask_spawner(self, fork: Callable[[Spawner], Awaitable[_Returned]]) -> _Returned:
        """Return what the spawner forks, or its standby where it is dead."""
        try:
            return await fork(spawner := self._spawner)
        except Unavailable:
            self._fail_over(spawner)
        try:
            return await fork(self._spawner)
        except Unavailable:
            self.on_lost()
            raise

    async def _keep_standby(self) -> None:
        """Have the spawner fork a standby, and another one when that is gone."""
        while True:
            with suppress(Unavailable):
                self._standby = await self._spawner.another()
                await self._standby.stirs()
            await asyncio.sleep(_POLL)

    def _fail_over(self, dead: Spawner) -> None:
        """Put the standby in the place of a dead spawner; the workers of the dead one end with their query."""
        if dead is self._spawner and self._standby:
            self._spawner, self._standby = self._standby, None
            dead.close()
            self._standing_by.cancel()
            self._standing_by = self.loop.start(self._keep_standby())

    async def _explain(self, worker: Worker, place: Place) -> None:
        """Say why a worker died; nothing where it was killed from outside and the query may be tried again."""
        status = await worker.end()
        number = os.WTERMSIG(status) if status >= 0 and os.WIFSIGNALED(status) else 0
        if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP):
            raise over_memory(self._limits)
        if number == signal.SIGALRM or place.heavy:
            raise _lost()


def _not_loaded() -> Unavailable:
    hint = "try again later; kg query, with the same query, says why"
    return Unavailable("the imported graphs cannot be loaded", hint=hint, retry=int(_PAUSE))


def _lost() -> Unavailable:
    return Unavailable("the worker of this query was lost", hint="try again", retry=1)
