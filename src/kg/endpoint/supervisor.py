"""The process that stays: it holds the listening socket, and lets one serving process take over from another.

New data, new settings and new code come with a new process (SIGHUP, or a change that is watched): it is made ready
beside the old one, and only then does the old one stop to accept, finish what it began, and end. Where the new one
cannot be made ready, the old one goes on. A serving process that dies is replaced; meanwhile connections wait.

Between the two goes a socket, with words of one byte. The server says READY, and CLOSED when it no longer accepts; the
supervisor says ACCEPT, FAILED (a reload did), and RETIRE (finish and end). Where it closes the socket, or dies, servers
end without waiting for the next request of a connection. That a server accepts only when the other has closed is for
clients: who has seen new data does not find the old again.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from kg.errors import Unavailable

_HANDOVER: Final = "KG_HANDOVER"
_GRACE: Final = 15.0  # Seconds beside the longest query, after which a server that should end is killed.
_CLOSING: Final = 5.0  # Seconds in which a server stops to accept.
_INTERVAL: Final = 1.0  # Seconds between two checks of what is due, and of what is watched.
_STEADY: Final = 60.0  # Seconds after which a server counts as one that runs.
_LONGEST: Final = 30.0  # Seconds between two starts, at most.
_SIGNALS: Final = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
READY, CLOSED, ACCEPT, FAILED, RETIRE = b"r", b"c", b"A", b"F", b"R"


@dataclass
class Handover:
    """What a serving process gets from the supervisor.

    Attributes:
        listener: the socket on which clients connect.
        supervisor: the socket to the supervisor.
        reloads: how often new data came.
        failed: how often it could not be served.

    """

    listener: socket.socket
    supervisor: socket.socket
    reloads: int = 0
    failed: int = 0

    def may_accept(self) -> bool:
        """Say that the server is ready, and return whether it should accept, once no other one does."""
        _tell(self.supervisor, READY)
        return _hear(self.supervisor) == ACCEPT

    @property
    def environment(self) -> str:
        """What the serving process reads these from."""
        return f"{self.listener.fileno()},{self.supervisor.fileno()},{self.reloads},{self.failed}"

    @classmethod
    def from_env(cls) -> Handover | None:
        """Return what this process was handed, where it is a serving process."""
        value = os.environ.pop(_HANDOVER, "")
        if not value:
            return None
        listener, supervisor, reloads, failed = map(int, value.split(","))
        return cls(socket.socket(fileno=listener), socket.socket(fileno=supervisor), reloads, failed)


@dataclass
class _Server:
    """A serving process, as the supervisor sees it; at `ends` it is killed."""

    pid: int
    channel: socket.socket
    began: float = field(default_factory=time.monotonic)
    ends: float = float("inf")


def _tell(channel: socket.socket, word: bytes) -> None:
    """Say a word; where the other side is gone, the next `_hear` says so."""
    with suppress(OSError):
        channel.sendall(word)


def _hear(channel: socket.socket) -> bytes:
    """Return the next word; none where the other side is gone."""
    with suppress(OSError):
        return channel.recv(1)
    return b""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        Unavailable: the port is taken, or the address is not ours.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        hint = "choose another with --port, or end the other server"
        raise Unavailable(f"cannot listen: {error.strerror}", where=f"{host}:{port}", hint=hint) from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # Inherited by connections; asyncio leaves it out.
    return listener


class Supervisor:
    """Keeps one serving process.

    Arguments:
        listener: the socket on which clients connect.
        on_ready: called once, when the first server accepts.
        timeout: seconds that a query may take.

    """

    def __init__(self, listener: socket.socket, on_ready: Callable[[], None], timeout: float) -> None:
        self._listener, self._on_ready = listener, on_ready
        self._grace = timeout + _GRACE
        self._current: _Server | None = None
        self._next: _Server | None = None
        self._retiring: list[_Server] = []
        self._reloads = self._failed = self._code = 0
        self._pause = self._restart_at = 0.0
        self._has_served = self._reload = self._stopping = False
        self._wake, self._woken = socket.socketpair()

    def run(self) -> int:
        """Supervise until told to stop, and return the exit code."""
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *_SIGNALS):
            signal.signal(number, lambda *_: None)  # Its number comes through the socket.
        while self._servers or not self._stopping:
            if self._is_due():
                self._start()
            self._wait()
            self._reap()
            self._kill_late()
        return self._code

    @property
    def _servers(self) -> list[_Server]:
        return [server for server in (self._current, self._next, *self._retiring) if server]

    def _is_due(self) -> bool:
        """Return whether a server should begin: in the place of a dead one, or because there is something new."""
        if self._stopping or self._next:
            return False
        return self._reload if self._current else time.monotonic() >= self._restart_at

    def _start(self) -> None:
        """Start a serving process, as this one was called; signals do not reach it."""
        if self._current:
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._reload = False
        ours, theirs = socket.socketpair()
        for channel in (self._listener, theirs):
            channel.set_inheritable(True)
        handover = Handover(self._listener, theirs, self._reloads + bool(self._current), self._failed)
        command = [sys.executable, *sys.orig_argv[1:]]
        environment = os.environ | {_HANDOVER: handover.environment}
        self._next = _Server(os.posix_spawn(sys.executable, command, environment, setsigmask=_SIGNALS), ours)
        theirs.close()

    def _wait(self) -> None:
        """Sleep until a signal or the word of a new server comes, or something may be due."""
        channels = [self._woken, *([self._next.channel] if self._next else [])]
        readable = select.select(channels, [], [], _INTERVAL)[0]
        for number in self._woken.recv(4096) if self._woken in readable else b"":
            if number == signal.SIGHUP:
                self._reload = True
            elif number != signal.SIGCHLD:
                self._stop()
        new = self._next
        if new and new.channel in readable and _hear(new.channel) == READY and not self._stopping:
            self._switch_to(new)

    def _stop(self) -> None:
        """Let all servers finish and end; told twice, kill them."""
        late = time.monotonic() + (0.0 if self._stopping else self._grace)
        self._stopping = True
        self._listener.close()
        notify("STOPPING=1")
        for server in self._servers:
            server.ends = late
            with suppress(OSError):
                server.channel.shutdown(socket.SHUT_WR)

    def _switch_to(self, new: _Server) -> None:
        """Let a server that is ready accept, once the old one no longer does."""
        old, self._current, self._next = self._current, new, None
        if old:
            old.ends = time.monotonic() + self._grace
            self._retiring.append(old)
            _tell(old.channel, RETIRE)
            select.select([old.channel], [], [], _CLOSING)  # Until it has closed, or is gone.
            self._reloads += 1
            log("new data is served", reloads=self._reloads)
        _tell(new.channel, ACCEPT)
        notify("READY=1")
        if not self._has_served:
            self._has_served = True
            self._on_ready()

    def _reap(self) -> None:
        """Collect processes that ended; in a container, orphans are ours too."""
        with suppress(ChildProcessError):
            while (child := os.waitpid(-1, os.WNOHANG))[0]:
                for server in self._servers:
                    if server.pid == child[0]:
                        server.channel.close()
                        self._handle_exit(server, os.waitstatus_to_exitcode(child[1]))

    def _handle_exit(self, server: _Server, code: int) -> None:
        """Act on an end: of an old server as it should be, of a new one that failed, of the one that serves."""
        if server in self._retiring:
            self._retiring.remove(server)
            return
        if server is self._current:
            self._current = None
        else:
            self._next = None
        if self._stopping or self._next:
            return
        if self._current:
            self._failed += 1
            _tell(self._current.channel, FAILED)
            notify("READY=1")
            log("new data cannot be served; the old is served on", level="error", code=code)
        elif self._has_served:
            self._restart(server, code)
        else:
            self._stopping, self._code = True, abs(code) or 2

    def _restart(self, dead: _Server, code: int) -> None:
        """Let another server begin after a pause, which grows where they die early."""
        now = time.monotonic()
        pause = self._pause if now - dead.began < _STEADY else 0.0
        self._pause = min(2 * pause + 1, _LONGEST)
        self._restart_at = now + pause
        log("the server ended; another one begins", level="error", code=code, pause=pause)

    def _kill_late(self) -> None:
        for server in self._servers:
            if time.monotonic() >= server.ends:
                with suppress(OSError):
                    os.kill(server.pid, signal.SIGKILL)


def watch(read_state: Callable[[], object]) -> None:
    """Send this process SIGHUP, from a thread, whenever data changed and then rested.

    Arguments:
        read_state: returns something that changes with the data.

    """

    def look(served: object) -> None:
        last = served
        while True:
            time.sleep(_INTERVAL)
            with suppress(OSError):  # A folder may go while it is read: the next look sees it.
                before, last = last, read_state()
                if last == before != served:
                    served = last
                    os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=look, args=(read_state(),), daemon=True).start()


def log(message: str, level: str = "info", **more: object) -> None:
    """Write a line of JSON to standard error."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": now, "level": level, "logger": "kg.endpoint.supervisor", "message": message, **more}
    print(json.dumps(line), file=sys.stderr, flush=True)


def notify(state: str) -> None:
    """Tell systemd, where it wants to know (sd_notify(3))."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        address = "\0" + path[1:] if path.startswith("@") else path
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), address)
