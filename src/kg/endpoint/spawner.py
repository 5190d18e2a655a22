"""The spawner: a process with one thread that holds the store and forks workers, for a server with many threads.

A process with threads cannot fork safely, so the spawner is forked before any thread starts. It forks a standby of
itself, which takes over when it dies, and on demand extended ones, which load imported graphs beside the store that
all share. Only the spawner ends workers: it has not reaped them, so their process ids cannot belong to others
yet.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from kg.endpoint.protocol import AsyncSearch, QueryRequest, QueryResult, exchange
from kg.endpoint.worker import WorkerTemplate, serve
from kg.errors import Unavailable

_COMMAND: Final = struct.Struct("!cq")
_REPLY: Final = struct.Struct("!q")
_WORKER: Final = b"W"
_STANDBY: Final = b"H"
_EXTENDED: Final = b"X"
_END: Final = b"E"
_KILL: Final = b"K"
_UNKNOWN: Final = -1
_READY: Final = 1
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_POLL: Final = 0.05  # Seconds between two checks of processes that were killed.
_CALM: Final = 1.0  # Seconds between two checks of others, which may end by themselves.
_HINT: Final = "try again in a moment"
_BUFFER: Final = 64 << 20  # Bytes of a result that are read without a pause.
_Returned = TypeVar("_Returned")


class Worker:
    """A running worker.

    Arguments:
        pid: its process.
        channel: the socket to it.
        spawner: what can end it.

    """

    def __init__(self, pid: int, channel: socket.socket, spawner: Spawner) -> None:
        self.pid, self._channel = pid, channel
        self._spawner = spawner
        self._ended = False
        self.reniced = False

    def renice(self, niceness: int) -> None:
        """Run at a lower priority from now on: there is no way back, so the worker cannot be kept."""
        if not self.reniced:
            self.reniced = True
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, niceness)

    def cpu_seconds(self) -> float | None:
        """Return the processor time of the worker in seconds, or None where the system does not say (macOS)."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("ascii")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    async def connect(self) -> Worker:
        """Let the event loop read and write its socket."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._channel, limit=_BUFFER)
        return self

    async def ask(self, request: QueryRequest, seconds: float, search: AsyncSearch) -> QueryResult | None:
        """Return the result of a query, as `exchange`; who does not wait for it ends the worker."""
        return await exchange(self._reader, self._writer, request, seconds, search)

    def kill(self) -> None:
        """Kill the worker, once, and do not wait until it is gone."""
        if not self._ended:
            self._ended = True
            self._writer.transport.abort()
            self._spawner.kill(self.pid)

    async def end(self) -> int:
        """Kill the worker, and return its wait status; -1 when it cannot be known."""
        self._ended = True
        self._writer.transport.abort()
        return await self._spawner.end(self.pid)


class Spawner:
    """The server's side of one spawner process; it is asked by one thread, in which all spawners have their turns.

    Arguments:
        channel: the socket to it.
        pid: its process.
        parent: the spawner that forked it, where it is not the first.

    """

    def __init__(self, channel: socket.socket, pid: int, parent: Spawner | None = None) -> None:
        self._channel, self.pid = channel, pid
        self._turns: ThreadPoolExecutor = parent._turns if parent else ThreadPoolExecutor(1, "spawner")

    @classmethod
    def start(cls, template: WorkerTemplate) -> Spawner:
        """Fork a spawner; to be called before any thread starts. It makes the dataset ready, and obeys then."""
        ours, theirs = socket.socketpair()
        gc.collect()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _become_spawner(theirs, template)
        theirs.close()
        return cls(ours, pid)

    async def spawn(self) -> Worker:
        """Return a new worker.

        Raises:
            Unavailable: the spawner is dead.

        """
        channel, pid = await self._in_turn(self._fork, _WORKER)
        return await Worker(pid, channel, self).connect()

    async def another(self, part: int | None = None) -> Spawner:
        """Return another spawner, forked from this one: a standby, or one that loads imported graphs.

        Arguments:
            part: of the imported graphs, as in `WorkerTemplate.extended`.

        Raises:
            Unavailable: the spawner is dead.

        """
        kind = (_STANDBY, 0) if part is None else (_EXTENDED, part)
        return Spawner(*await self._in_turn(self._fork, *kind), self)

    async def loaded(self) -> None:
        """Wait until an extended spawner has loaded its graphs.

        Raises:
            Unavailable: it is dead.

        """
        await self.stirs()
        if not self._channel.recv(_REPLY.size):
            self._channel.close()
            raise Unavailable("the process that loads graphs is gone", hint=_HINT, retry=1)

    async def stirs(self) -> None:
        """Wait until something comes from the spawner that nobody asked for: it has loaded its graphs, or is gone."""
        loop, stirred = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._channel, stirred.set)
        try:
            await stirred.wait()
        finally:
            loop.remove_reader(self._channel)

    async def end(self, pid: int) -> int:
        """Kill a worker, and return its wait status once it is gone."""
        return await self._in_turn(self._end, _END, pid)

    def kill(self, pid: int) -> None:
        """Kill a worker."""
        self._turns.submit(self._end, _KILL, pid)

    def close(self) -> None:
        """End the spawner; it ends its workers."""
        self._channel.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)

    async def _in_turn(self, function: Callable[..., _Returned], *arguments: Any) -> _Returned:
        return await asyncio.get_running_loop().run_in_executor(self._turns, function, *arguments)

    def _end(self, command: bytes, pid: int) -> int:
        """Have a worker ended; where the spawner is dead, kill it without its help."""
        try:
            return self._send(command, pid)
        except Unavailable:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            return _UNKNOWN

    def _fork(self, kind: bytes, part: int = 0) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair()
        try:
            pid = self._send(kind, part, theirs.fileno())
        except Unavailable:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours, pid

    def _send(self, command: bytes, number: int, *descriptors: int) -> int:
        try:
            self._channel.setblocking(True)  # `stirs` changes that.
            socket.send_fds(self._channel, [_COMMAND.pack(command, number)], list(descriptors))
            answered: int = _REPLY.unpack(self._channel.recv(_REPLY.size, socket.MSG_WAITALL))[0]
        except (OSError, struct.error) as error:
            raise Unavailable("the process that starts workers is gone", hint=_HINT, retry=1) from error
        return answered


def _become_spawner(channel: socket.socket, template: WorkerTemplate) -> None:
    """Obey commands until the server ends, in a process of its own; never return."""
    try:
        _detach(channel)
        if template.dataset:
            template.dataset.prepare()
        _obey(channel, template)
    finally:
        os._exit(0)


def _detach(channel: socket.socket) -> None:
    """Keep one descriptor beside the standard ones, which lead nowhere; end when the server ends, not before."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.closerange(3, channel.fileno())
    os.closerange(channel.fileno() + 1, 256)


def _obey(channel: socket.socket, template: WorkerTemplate) -> None:
    children: set[int] = set()  # Not reaped, so that their process ids are theirs.
    killed: set[int] = set()
    statuses: dict[int, int] = {}  # Of children that ended by themselves.
    while True:
        killed = {pid for pid in killed if os.waitpid(pid, os.WNOHANG)[0] == 0}
        ended = [os.waitpid(pid, os.WNOHANG) for pid in children]
        statuses.update((pid, status) for pid, status in ended if pid)
        children -= statuses.keys()
        if not select.select([channel], [], [], _POLL if killed else _CALM)[0]:
            continue
        message, descriptors, _, _ = socket.recv_fds(channel, _COMMAND.size, 1)
        if len(message) < _COMMAND.size:
            break
        command, number = _COMMAND.unpack(message)
        reply = statuses.pop(number, _UNKNOWN)
        if command in (_END, _KILL):
            if number in children:
                os.kill(number, signal.SIGKILL)
                children.discard(number)
                if command == _END:
                    reply = os.waitpid(number, 0)[1]
                else:
                    killed.add(number)
        else:
            reply = _fork(command, number, channel, socket.socket(fileno=descriptors[0]), template)
            children.add(reply)
            statuses.pop(reply, None)
        channel.sendall(_REPLY.pack(reply))
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _fork(command: bytes, part: int, channel: socket.socket, theirs: socket.socket, template: WorkerTemplate) -> int:
    pid = os.fork()
    if pid:
        theirs.close()
        return pid
    try:
        channel.close()
        if command == _STANDBY:
            _obey(theirs, template)
        elif command == _EXTENDED:
            extended = template.extended(part)
            theirs.sendall(_REPLY.pack(_READY))
            _obey(theirs, extended)
        else:
            serve(theirs, template)
    finally:
        os._exit(0)
