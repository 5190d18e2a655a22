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

import pyoxigraph as ox

from kg.endpoint.admission import Place, Places
from kg.endpoint.protocol import Answered, Asked, pack_asked, read_answered
from kg.endpoint.spawner import Spawner, Stock, Worker
from kg.endpoint.worker import Source, execute, over_memory
from kg.errors import ClientGone, KgError, OverTime, Unavailable
from kg.queries.limits import Limits

_GRACE: Final = 0.3  # Seconds of the processor after which a query is a long one and gives its place up.
_BRISK: Final = 0.1  # Seconds after which it runs at a lower priority.
_PATIENCE: Final = 1.2  # Seconds of the clock after which it is a long one, whatever it did.
_POLL: Final = 0.05
_NICE: Final = 10
_ANYTHING: Final = Asked("ASK { ?s ?p ?o }")
_LEAVES_A_MARK: Final = ("max_bytes", "max_rows", "memory")


def _never() -> bool:
    return False


class Engine(Protocol):
    """What answers queries: workers, or the process itself."""

    def ask(
        self, asked: Asked, *, client: str = "", seconds: float | None = None, gone: Callable[[], bool] = _never
    ) -> Answered:
        """Return the answer, whole."""

    def ready(self) -> None:
        """Ask something; raise where nothing, or not the graph, answers."""


class Direct:
    """Answers in this process, without a limit on time: for tests and one's own use.

    Arguments:
        store: the graph.
        limits: of query and result.
        prefixes: of the graph.

    """

    def __init__(self, store: ox.Store, limits: Limits, prefixes: Mapping[str, str]) -> None:
        self._store, self._limits, self._prefixes = store, limits, prefixes

    def ask(
        self, asked: Asked, *, client: str = "", seconds: float | None = None, gone: Callable[[], bool] = _never
    ) -> Answered:
        """Return the answer, whole; who asks and for how long does not matter."""
        del client, seconds, gone
        return execute(self._store, asked, self._limits, self._prefixes)

    def ready(self) -> None:
        """Ask something."""
        self.ask(_ANYTHING)


class _Clock:
    """The time of one query: raises when it is over, or when the client has left."""

    def __init__(self, seconds: float, gone: Callable[[], bool]) -> None:
        self._seconds, self._gone = seconds, gone
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def check(self) -> None:
        if self.left <= 0:
            what = f"the query took longer than {self._seconds:g} s"
            hint = "ask for less: bind more, aggregate less, add LIMIT to an inner query"
            raise OverTime(what, hint=hint, limit="timeout", retry=10)
        if self._gone():
            raise ClientGone("the client closed the connection")


class _Effort:
    """What a query has taken so far: processor time, so that a busy machine does not make light queries heavy.

    Arguments:
        worker: runs the query; what it used before the first look is another query's, or little.

    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._began = time.monotonic()
        self._before: float | None = None

    @property
    def spent(self) -> float:
        """Seconds of the processor; where they are not known, or the query waits for long, those of the clock."""
        passed = time.monotonic() - self._began
        used = self._worker.used()
        if used is None or passed > _PATIENCE:
            return passed
        self._before = used if self._before is None else self._before
        return used - self._before


class Pool:
    """Workers forked from a spawner; to be made before any thread starts.

    Arguments:
        open_store: returns the store, or an engine elsewhere; each worker calls it once, after the fork.
        limits: what queries may take.
        prefixes: of the graph.

    """

    def __init__(self, open_store: Callable[[], Source], limits: Limits, prefixes: Mapping[str, str]) -> None:
        self._limits = limits
        self._places = Places(limits)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self.replaced = 0
        self._spawner = Spawner.start(Stock(open_store, limits, prefixes))
        self._heir: Spawner | None = self._spawner.heir()

    @property
    def taken(self) -> tuple[int, int, int]:
        """Light places and heavy places that are taken, and queries that wait."""
        return self._places.taken

    @property
    def idle(self) -> int:
        """Workers that wait for a query."""
        return len(self._idle)

    def ask(
        self, asked: Asked, *, client: str = "", seconds: float | None = None, gone: Callable[[], bool] = _never
    ) -> Answered:
        """Return the answer of a worker, whole.

        Arguments:
            asked: the query.
            client: whose query it is; `per_client` counts by it.
            seconds: less time than the limit.
            gone: says whether the client has left.

        Raises:
            KgError: what the query is refused for, or the limit that it is over: TooMany, NoPlace, OverTime,
                OverMemory, TooLarge; Unavailable where no worker can be had.

        """
        clock = _Clock(min(seconds or self._limits.timeout, self._limits.timeout), gone)
        with self._places.enter(client, clock.check) as place:
            found = self._run(asked, place, clock)
            found = found or self._run(asked, place, clock, again=True) or self._lost()
            return replace(found, heavy=place.heavy)

    def ready(self) -> None:
        """Ask something."""
        self.ask(_ANYTHING, client="readyz")

    def close(self) -> None:
        """End spawner and workers."""
        for worker in self._idle:
            worker.end()
        for one in (self._spawner, self._heir):
            if one:
                one.close()

    def _run(self, asked: Asked, place: Place, clock: _Clock, *, again: bool = False) -> Answered | None:
        """Return the answer, or None where the worker was ended by someone else before the query grew long."""
        worker = self._take(fresh=again)
        kept = False
        try:
            found = _exchange(worker, asked, place, clock)
            kept = found is not None and not (worker.yields or found.tired)
        except TimeoutError:
            clock.check()
            raise
        except KgError as error:
            kept = not (worker.yields or error.limit in _LEAVES_A_MARK or isinstance(error, (Unavailable, ClientGone)))
            raise
        else:
            if found is None:
                self._explain(worker, place)
            return found
        finally:
            self._give_back(worker, kept=kept)

    def _take(self, *, fresh: bool) -> Worker:
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        return self._spawn()

    def _give_back(self, worker: Worker, *, kept: bool) -> None:
        if kept:
            with self._lock:
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
            self._inherit()
            return self._spawner.spawn()

    def _inherit(self) -> None:
        """Put the heir in the place of a dead spawner; the workers of the dead one end with it."""
        with self._lock:
            if self._heir is None:
                return
            dead, self._spawner = self._spawner, self._heir
            dead.close()
            self._heir = None
        with suppress(Unavailable):
            self._heir = self._spawner.heir()

    def _explain(self, worker: Worker, place: Place) -> None:
        """Say why a worker died; nothing where it was killed from outside and the query may be tried again."""
        status = worker.end()
        number = os.WTERMSIG(status) if status >= 0 and os.WIFSIGNALED(status) else 0
        if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP):
            raise over_memory(self._limits)
        if number == signal.SIGALRM or place.heavy:
            self._lost()

    def _lost(self) -> Answered:
        raise Unavailable("the worker of this query was lost", hint="try again", retry=1)


def _exchange(worker: Worker, asked: Asked, place: Place, clock: _Clock) -> Answered | None:
    """Send a query and wait for its answer; a long one becomes heavy on the way."""
    effort = _Effort(worker)

    def wait() -> None:
        clock.check()
        place.spent = spent = max(place.spent, effort.spent)
        if spent >= _BRISK:
            worker.yield_to_others(_NICE)
        if spent >= _GRACE and not place.heavy:
            place.become_heavy()

    if worker.channel.gettimeout() != _POLL:
        worker.channel.settimeout(_POLL)
    try:
        worker.channel.sendall(pack_asked(asked, max(clock.left, 0.0)))
    except ConnectionError:
        return None
    return read_answered(worker.channel, wait)
