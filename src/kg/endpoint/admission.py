"""Admission of queries: each begins in a light place, and goes on in one of a few heavy places when it takes long.

A free place goes to the waiting client that has used least in the last seconds, and half of the light places are kept
for clients that are known to ask little: they do not wait for those who ask much, however many these are. All of it
runs on one event loop, so that nothing is locked.
"""

from __future__ import annotations

import asyncio
import time
from bisect import insort
from collections import Counter, OrderedDict
from itertools import count
from typing import Final

from kg.errors import NoPlace, TooMany
from kg.queries.limits import Limits

_HALF_LIFE: Final = 10.0  # Seconds after which half of what a client used is forgiven.
_UNKNOWN: Final = 0.3  # Seconds that an unknown client is taken to have used.
_MODEST: Final = 0.25  # Seconds used, up to which a client may take any light place.
_REMEMBERED: Final = 10_000


class Place:
    """A place that one query holds; a context, at whose end it is free, or when its successor is done.

    Attributes:
        heavy: whether it is one for long queries.
        spent: seconds of the processor that the query has taken so far; of the shortest, nobody counts them.
        successor: what starts a worker for who gets the light place next, which is not free before.

    """

    def __init__(self, admission: Admission, client: str) -> None:
        self._admission, self._client = admission, client
        self.heavy = False
        self.spent = 0.0
        self.successor: asyncio.Task[None] | None = None

    def become_heavy(self) -> None:
        """Give the light place up for a heavy one.

        Raises:
            NoPlace: none is free.

        """
        self._admission.move(self._client)
        self.heavy = True

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self._admission.leave(self._client, heavy=self.heavy, seconds=self.spent)
        if self.successor and not self.heavy:
            self.successor.add_done_callback(lambda _: self._admission.free(heavy=False))
        else:
            self._admission.free(heavy=self.heavy)


class Admission:
    """All places, and the queue before them.

    Arguments:
        limits: `concurrent`, `heavy`, `queue` and `per_client`.

    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tickets = count()
        self._light = self._heavy = 0
        self._running: Counter[str] = Counter()
        self._running_heavy: Counter[str] = Counter()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def taken(self) -> tuple[int, int, int]:
        """Light places and heavy places that are taken, and queries that wait."""
        return self._light, self._heavy, len(self._waiting)

    async def enter(self, client: str) -> Place:
        """Return a place; wait for it in the queue.

        Raises:
            TooMany: the client asks too much at once.
            NoPlace: the queue is full.

        """
        if self._running[client] >= self._limits.per_client:
            what = f"{self._limits.per_client} queries of yours are running or waiting"
            raise TooMany(what, hint="send the next one when an answer has come", limit="per_client", retry=1)
        used = self._spent(client)
        if not self._may_begin(used) and len(self._waiting) >= self._limits.queue:
            raise _no_place("too many queries are waiting", "queue", 1)
        self._running[client] += 1
        try:
            if self._waiting or not self._may_begin(used):
                await self._queue(used)
            else:
                self._light += 1
        except BaseException:
            self._release(client)
            raise
        return Place(self, client)

    def move(self, client: str) -> None:
        """Exchange a light place for a heavy one; one client gets at most half of those, rounded up."""
        if self._heavy >= self._limits.heavy or self._running_heavy[client] >= (self._limits.heavy + 1) // 2:
            whose = "" if self._heavy >= self._limits.heavy else " that one client may take"
            raise _no_place(f"the query takes long, and all places{whose} for long queries are taken", "heavy", 5)
        self._light -= 1
        self._heavy += 1
        self._running_heavy[client] += 1
        self._admit()

    def leave(self, client: str, *, heavy: bool, seconds: float) -> None:
        """Note that a query of a client has ended, which took so many seconds."""
        if heavy:
            self._running_heavy[client] -= 1
        before = self._spent(client) if client in self._used else 0.0
        self._used[client] = (before + seconds, time.monotonic())
        self._used.move_to_end(client)
        while len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        self._release(client)

    def free(self, *, heavy: bool) -> None:
        """Give a place to who waits for it."""
        if heavy:
            self._heavy -= 1
        else:
            self._light -= 1
        self._admit()

    async def _queue(self, used: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        mine = (used, next(self._tickets), turn)
        insort(self._waiting, mine)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not turn.cancelled():  # It was given a place, and is gone.
                self._light -= 1
            self._admit()
            raise

    def _admit(self) -> None:
        """Give free light places to those that wait; nobody overtakes who used less."""
        while self._waiting and self._may_begin(self._waiting[0][0]):
            *_, turn = self._waiting.pop(0)
            if not turn.cancelled():
                self._light += 1
                turn.set_result(None)

    def _may_begin(self, used: float) -> bool:
        kept = self._limits.light // 2 if used > _MODEST else 0
        return self._light < self._limits.light - kept

    def _release(self, client: str) -> None:
        self._running[client] -= 1
        for counter in (self._running, self._running_heavy):
            if counter[client] <= 0:
                del counter[client]

    def _spent(self, client: str) -> float:
        if client not in self._used:
            return _UNKNOWN
        amount, at = self._used[client]
        return amount * float(2.0 ** ((at - time.monotonic()) / _HALF_LIFE))


def _no_place(what: str, limit: str, retry: int) -> NoPlace:
    return NoPlace(what, hint="try again later", limit=limit, retry=retry)
