"""The event loop on which the server and all queries run, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

_Result = TypeVar("_Result")


class EventLoop:
    """A running loop; to be made after the last fork."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="event loop", daemon=True).start()

    def start(self, coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result]:
        """Begin a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Return the result of a coroutine, for which another thread waits here."""
        return self.start(coroutine).result()

    def close(self) -> None:
        """End the loop, whatever still runs on it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
