"""The spawner: a process with one thread that holds the store and forks workers, for a server with many threads.

A process with threads cannot fork safely, so the spawner is forked before any thread starts. It forks an heir of
itself, which takes over when it dies. Only the spawner ends workers: it has not reaped them, so
their ids are still theirs.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg.endpoint import worker as child
from kg.errors import Unavailable
from kg.queries.limits import Limits

_ORDER: Final = struct.Struct("!cq")
_REPLY: Final = struct.Struct("!q")
_WORKER: Final = b"W"
_HEIR: Final = b"H"
_END: Final = b"E"
_KILL: Final = b"K"
_UNKNOWN: Final = -1
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SOON: Final = 0.05  # Seconds between two looks at processes that are about to be gone.
_HINT: Final = "try again in a moment"


@dataclass(frozen=True)
class Stock:
    """What each worker has: the store (opened by it), the limits, the prefixes."""

    open_store: Callable[[], child.Source]
    limits: Limits
    prefixes: Mapping[str, str]


class Worker:
    """A running worker.

    Arguments:
        pid: its process.
        channel: the socket to it.
        spawner: what can end it.

    """

    def __init__(self, pid: int, channel: socket.socket, spawner: Spawner) -> None:
        self.pid, self.channel = pid, channel
        self._spawner = spawner
        self._status: int | None = None
        self.yields = False

    def yield_to_others(self, nice: int) -> None:
        """Run at a lower priority from now on: there is no way back, so the worker cannot be kept."""
        if self.yields:
            return
        self.yields = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, nice)

    def used(self) -> float | None:
        """Return the processor time of the worker in seconds, or None where the system does not say (macOS)."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("ascii")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def kill(self) -> None:
        """Kill the worker and do not wait until it is gone."""
        if self._status is None:
            self.channel.close()
            self._status = self._spawner.end(self.pid, wait=False)

    def end(self) -> int:
        """Kill the worker, once, and return its wait status; -1 when it cannot be known."""
        if self._status is None:
            self.channel.close()
            self._status = self._spawner.end(self.pid)
        return self._status


class Spawner:
    """The server's side of one spawner process.

    Arguments:
        channel: the socket to it.
        pid: its process.

    """

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self._channel, self.pid = channel, pid
        self._lock = threading.Lock()

    @classmethod
    def start(cls, stock: Stock) -> Spawner:
        """Fork a spawner; to be called before any thread starts."""
        ours, theirs = socket.socketpair()
        gc.collect()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _become_spawner(theirs, stock)
        theirs.close()
        return cls(ours, pid)

    def spawn(self) -> Worker:
        """Return a new worker.

        Raises:
            Unavailable: the spawner is dead.

        """
        ours, pid = self._fork(_WORKER)
        return Worker(pid, ours, self)

    def heir(self) -> Spawner:
        """Return another spawner, forked from this one.

        Raises:
            Unavailable: the spawner is dead.

        """
        ours, pid = self._fork(_HEIR)
        return Spawner(ours, pid)

    def end(self, pid: int, *, wait: bool = True) -> int:
        """Kill a worker and return its wait status; where the spawner is dead, kill it without its help."""
        try:
            return self._order(_END if wait else _KILL, pid)
        except Unavailable:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            return _UNKNOWN

    def close(self) -> None:
        """End the spawner; it ends its workers."""
        self._channel.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)

    def _fork(self, kind: bytes) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair()
        try:
            pid = self._order(kind, 0, theirs.fileno())
        except Unavailable:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours, pid

    def _order(self, kind: bytes, pid: int, *descriptors: int) -> int:
        try:
            with self._lock:
                socket.send_fds(self._channel, [_ORDER.pack(kind, pid)], list(descriptors))
                told = _whole(self._channel, _REPLY.size)
        except OSError as error:
            raise Unavailable("the process that starts workers is gone", hint=_HINT, retry=1) from error
        if len(told) < _REPLY.size:
            raise Unavailable("the process that starts workers is gone", hint=_HINT, retry=1)
        found: int = _REPLY.unpack(told)[0]
        return found


def _whole(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = channel.recv(size - len(data))
        if not more:
            return data
        data += more
    return data


def _become_spawner(channel: socket.socket, stock: Stock) -> None:
    """Take orders until the server ends, in a process of its own; never return."""
    try:
        _settle(channel)
        _take_orders(channel, stock)
    finally:
        os._exit(0)


def _settle(channel: socket.socket) -> None:
    """Keep one descriptor beside the standard ones, which lead nowhere; end when the server ends, not before."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    for number in range(3, 256):
        if number != channel.fileno():
            with suppress(OSError):
                os.close(number)


def _take_orders(channel: socket.socket, stock: Stock) -> None:
    workers: set[int] = set()
    dying: set[int] = set()
    while True:
        dying = {one for one in dying if os.waitpid(one, os.WNOHANG)[0] == 0}
        if dying and not select.select([channel], [], [], _SOON)[0]:
            continue
        told, descriptors, _, _ = socket.recv_fds(channel, _ORDER.size, 1)
        if len(told) < _ORDER.size:
            break
        kind, pid = _ORDER.unpack(told)
        if kind == _END:
            reply = _end(pid, workers)
        elif kind == _KILL:
            reply = _UNKNOWN
            if pid in workers:
                os.kill(pid, signal.SIGKILL)
                workers.discard(pid)
                dying.add(pid)
        else:
            reply = _fork(kind, channel, socket.socket(fileno=descriptors[0]), stock)
            if kind == _WORKER:
                workers.add(reply)
        channel.sendall(_REPLY.pack(reply))
    for pid in list(workers):
        _end(pid, workers)


def _end(pid: int, workers: set[int]) -> int:
    if pid not in workers:
        return _UNKNOWN
    workers.discard(pid)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _fork(kind: bytes, channel: socket.socket, theirs: socket.socket, stock: Stock) -> int:
    pid = os.fork()
    if pid:
        theirs.close()
        return pid
    try:
        channel.close()
        if kind == _HEIR:
            _take_orders(theirs, stock)
        else:
            child.serve(theirs, stock.open_store, stock.limits, stock.prefixes)
    finally:
        os._exit(0)
