"""The process that stays: it holds the listening socket, and lets one serving process take over from another.

New data, new settings and new code come with a new process (SIGHUP, or a change that is watched): it is made ready
beside the old one, and only then does the old one stop to accept, finish what it began, and end. Where the new one
cannot be made ready, the old one goes on. A serving process that dies is replaced; meanwhile connections wait.

The first serving process is a fork of the supervisor; later ones begin anew (exec). Between the two goes a socket: the
server sends `ready`, then `closed` when it no longer accepts; the supervisor sends `accept`, `retire` (finish and end),
`stop` (the same, without waiting for the next request of a connection), and `failed` (a reload did). Where the
supervisor dies, servers end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
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
_INTERVAL: Final = 1.0  # Seconds between two checks of what is watched.
_PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # Seconds before a server is started again, and again.
_STEADY: Final = 60.0  # Seconds after which a server counts as one that runs.
_NEVER: Final = float("inf")
READY, CLOSED, ACCEPT, RETIRE, STOP, FAILED = "ready", "closed", "accept", "retire", "stop", "failed"


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

    def send(self, word: str) -> None:
        """Tell the supervisor; where it is gone, the next `receive` says so."""
        _send(self.supervisor, word)

    def receive(self) -> str:
        """Return the next word of the supervisor; `stop` where it is gone."""
        line = ""
        with suppress(OSError), self.supervisor.makefile("rb", buffering=0) as words:
            line = words.readline().decode()
        return line.strip() or STOP

    @property
    def environment(self) -> str:
        """What a process that begins anew reads these from."""
        return f"{self.listener.fileno()},{self.supervisor.fileno()},{self.reloads},{self.failed}"

    @classmethod
    def from_env(cls) -> Handover | None:
        """Return what this process was handed, where it is a serving process that began anew."""
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
    ends: float = _NEVER

    def send(self, word: str) -> None:
        _send(self.channel, word)

    def receive(self) -> str:
        """Return the last word that the server sent."""
        with suppress(OSError):
            return self.channel.recv(64).decode().strip().rpartition("\n")[2]
        return ""


def _send(channel: socket.socket, word: str) -> None:
    with suppress(OSError):
        channel.sendall(f"{word}\n".encode())


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
        read_state: returns something that changes with the data; without it, only SIGHUP brings new data.

    """

    def __init__(
        self,
        listener: socket.socket,
        on_ready: Callable[[], None],
        timeout: float,
        read_state: Callable[[], object] | None = None,
    ) -> None:
        self._listener, self._on_ready = listener, on_ready
        self._grace = timeout + _GRACE
        self._watch = _Watch(read_state) if read_state else None
        self._current: _Server | None = None
        self._next: _Server | None = None
        self._retiring: list[_Server] = []
        self._started = self._reloads = self._failed = self._deaths = self._code = 0
        self._has_served = self._reload = self._stopping = False
        self._restart_at = _NEVER
        self._wake, self._woken = socket.socketpair()

    def run(self) -> Handover | int:
        """Supervise until told to stop, and return the exit code; in a serving process, return what it is handed."""
        self._handle_signals()
        handover = self._start()
        while not handover and not (self._stopping and not self._servers):
            self._wait()
            self._reap()
            self._kill_late()
            if not self._stopping and not self._next and self._is_due():
                handover = self._start()
        return handover or self._code

    @property
    def _servers(self) -> list[_Server]:
        return [server for server in (self._current, self._next, *self._retiring) if server]

    def _handle_signals(self) -> None:
        """Let signals end the sleep of the loop."""
        for channel in (self._wake, self._woken):
            channel.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, lambda *_: setattr(self, "_reload", True))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())

    def _stop(self) -> None:
        """Let all servers finish and end; told twice, kill them."""
        late = time.monotonic() + (0.0 if self._stopping else self._grace)
        self._stopping = True
        self._listener.close()
        notify("STOPPING=1")
        for server in self._servers:
            server.send(STOP)
            server.ends = late

    def _start(self) -> Handover | None:
        """Start a serving process; return what it is handed in that process, and nothing here."""
        ours, theirs = socket.socketpair()
        self._started += 1
        self._reload, self._restart_at = False, _NEVER
        pid = os.fork()
        if pid:
            theirs.close()
            self._next = _Server(pid, ours)
            return None
        self._detach(ours)
        handover = Handover(self._listener, theirs, self._reloads + bool(self._current), self._failed)
        if self._started == 1:
            return handover
        for channel in (self._listener, theirs):
            channel.set_inheritable(True)
        command = [sys.executable, "-m", "kg", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | {_HANDOVER: handover.environment})  # noqa: S606

    def _detach(self, ours: socket.socket) -> None:
        """Leave signals and descriptors to the supervisor, in a new process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for channel in (ours, self._wake, self._woken, *(server.channel for server in self._servers)):
            channel.close()

    def _wait(self) -> None:
        """Sleep until a signal, a word of a server, or what is due."""
        now = time.monotonic()
        due = min(self._restart_at, *(server.ends for server in self._servers), now + _INTERVAL)
        channels = [self._woken, *(server.channel for server in self._servers)]
        readable = select.select(channels, [], [], max(0.0, due - now))[0]
        if self._woken in readable:
            self._woken.recv(4096)
        for server in self._servers:
            if server.channel in readable and server.receive() == READY and server is self._next:
                self._switch_to(server)

    def _switch_to(self, new: _Server) -> None:
        """Let a server that is ready accept, once the old one no longer does."""
        old, self._current, self._next = self._current, new, None
        if old:
            old.send(RETIRE)
            old.ends = time.monotonic() + self._grace
            self._retiring.append(old)
            select.select([old.channel], [], [], _CLOSING)
            self._reloads += 1
            log("new data is served", reloads=self._reloads)
        new.send(ACCEPT)
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
        if self._current:
            self._failed += 1
            self._current.send(FAILED)
            notify("READY=1")
            log("new data cannot be served; the old is served on", level="error", code=code)
        elif not self._has_served:
            self._stopping, self._code = True, abs(code) or 2
        elif not self._stopping and not self._next:
            self._restart(server, code)

    def _restart(self, dead: _Server, code: int) -> None:
        """Let another server begin after a pause, which grows where they die early."""
        steady = time.monotonic() - dead.began > _STEADY
        pause = _PAUSES[0 if steady else min(self._deaths, len(_PAUSES) - 1)]
        self._deaths = 1 if steady else self._deaths + 1
        self._restart_at = time.monotonic() + pause
        log("the server ended; another one begins", level="error", code=code, pause=pause)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for server in self._servers:
            if now >= server.ends:
                server.ends = now + _INTERVAL
                with suppress(OSError):
                    os.kill(server.pid, signal.SIGKILL)

    def _is_due(self) -> bool:
        """Return whether a server should begin: in the place of a dead one, or because there is something new."""
        if self._current is None:
            return time.monotonic() >= self._restart_at
        self._reload = self._reload or bool(self._watch and self._watch.changed())
        if self._reload:
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        return self._reload


class _Watch:
    """Says when data changed, and then stayed the same for two checks.

    Arguments:
        read_state: returns something that changes with the data.

    """

    def __init__(self, read_state: Callable[[], object]) -> None:
        self._read_state = read_state
        self._served = self._last = read_state()
        self._at = time.monotonic()

    def changed(self) -> bool:
        """Return whether there is something new; checks at most once a second."""
        if time.monotonic() - self._at < _INTERVAL:
            return False
        self._at = time.monotonic()
        before, self._last = self._last, self._read_state()
        if self._last != before or self._last == self._served:
            return False
        self._served = self._last
        return True


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
