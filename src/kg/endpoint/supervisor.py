"""The process that stays: it holds the listening socket, and lets one serving process take over from another.

New data, new settings and new code come with a new process (SIGHUP, or a change that is watched): it is made ready
beside the old one, and only then does the old one stop to accept, finish what it began, and end. Where the new one
cannot be made ready, the old one goes on. A serving process that dies is replaced; meanwhile connections wait.

The first serving process is a fork of the keeper; later ones begin anew (exec). Between the two goes a socket: the
server says `ready`, then `closed` when it no longer accepts; the keeper says `accept`, `leave` (finish and end), `stop`
(the same, without waiting for the next request of a connection), and `failed` (a reload did). Where the keeper dies,
servers end.
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

_HANDED: Final = "KG_HANDED"
_GRACE: Final = 15.0  # Seconds beside the longest query, after which a server that should end is killed.
_CLOSING: Final = 5.0  # Seconds in which a server stops to accept.
_LOOK: Final = 1.0  # Seconds between two looks at what is watched.
_PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # Seconds before a server is started again, and again.
_STEADY: Final = 60.0  # Seconds after which a server counts as one that runs.
_NEVER: Final = float("inf")
READY, CLOSED, ACCEPT, LEAVE, STOP, FAILED = "ready", "closed", "accept", "leave", "stop", "failed"


@dataclass
class Handed:
    """What a serving process gets from the keeper.

    Attributes:
        listener: the socket on which clients connect.
        keeper: the socket to the keeper.
        reloads: how often new data came.
        failed: how often it could not be served.

    """

    listener: socket.socket
    keeper: socket.socket
    reloads: int = 0
    failed: int = 0

    def say(self, word: str) -> None:
        """Tell the keeper; where it is gone, the next `hear` says so."""
        with suppress(OSError):
            self.keeper.sendall(f"{word}\n".encode())

    def hear(self) -> str:
        """Return the next word of the keeper; `stop` where it is gone."""
        word = b""
        while not word.endswith(b"\n"):
            try:
                more = self.keeper.recv(1)
            except OSError:
                more = b""
            if not more:
                return STOP
            word += more
        return word.decode().strip()

    @property
    def environment(self) -> str:
        """What a process that begins anew reads these from."""
        return f"{self.listener.fileno()},{self.keeper.fileno()},{self.reloads},{self.failed}"

    @classmethod
    def of(cls, told: str) -> Handed:
        """Return what a process was handed."""
        listener, keeper, reloads, failed = map(int, told.split(","))
        return cls(socket.socket(fileno=listener), socket.socket(fileno=keeper), reloads, failed)


@dataclass
class _Server:
    """A serving process, as the keeper sees it; at `ends` it is killed."""

    pid: int
    channel: socket.socket
    began: float = field(default_factory=time.monotonic)
    ends: float = _NEVER

    def say(self, word: str) -> None:
        with suppress(OSError):
            self.channel.sendall(f"{word}\n".encode())

    def hears(self) -> str:
        """Return the last word that the server said."""
        with suppress(OSError):
            return self.channel.recv(64).decode().strip().rpartition("\n")[2]
        return ""


def handed() -> Handed | None:
    """Return what this process was handed, where it is a serving process that began anew."""
    told = os.environ.pop(_HANDED, "")
    return Handed.of(told) if told else None


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


class Keeper:
    """Keeps one serving process.

    Arguments:
        listener: the socket on which clients connect.
        ready: called once, when the first server accepts.
        patience: seconds that a query may take.
        watched: returns something that changes with the data; without it, only SIGHUP brings new data.

    """

    def __init__(
        self,
        listener: socket.socket,
        ready: Callable[[], None],
        patience: float,
        watched: Callable[[], object] | None = None,
    ) -> None:
        self._listener, self._ready = listener, ready
        self._grace = patience + _GRACE
        self._watch = _Watch(watched) if watched else None
        self._now: _Server | None = None
        self._next: _Server | None = None
        self._leaving: list[_Server] = []
        self._begun = self._reloads = self._failed = self._deaths = self._code = 0
        self._wanted = self._stopping = False
        self._due = _NEVER
        self._wake, self._woken = socket.socketpair()

    def run(self) -> Handed | int:
        """Keep until told to stop, and return the exit code; in a serving process, return what it is handed."""
        self._heed()
        mine = self._begin()
        while not mine and not (self._stopping and not self._all):
            self._wait()
            self._reap()
            self._kill_late()
            if not self._stopping and not self._next and self._is_due():
                mine = self._begin()
        return mine or self._code

    @property
    def _all(self) -> list[_Server]:
        return [one for one in (self._now, self._next, *self._leaving) if one]

    def _heed(self) -> None:
        """Let signals end the sleep of the loop."""
        for channel in (self._wake, self._woken):
            channel.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, lambda *_: setattr(self, "_wanted", True))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())

    def _stop(self) -> None:
        """Let all servers finish and end; told twice, kill them."""
        late = time.monotonic() + (0.0 if self._stopping else self._grace)
        self._stopping = True
        self._listener.close()
        notify("STOPPING=1")
        for one in self._all:
            one.say(STOP)
            one.ends = late

    def _begin(self) -> Handed | None:
        """Start a serving process; return what it is handed in that process, and nothing here."""
        ours, theirs = socket.socketpair()
        self._begun += 1
        self._wanted, self._due = False, _NEVER
        pid = os.fork()
        if pid:
            theirs.close()
            self._next = _Server(pid, ours)
            return None
        self._forget(ours)
        told = Handed(self._listener, theirs, self._reloads + bool(self._now), self._failed)
        if self._begun == 1:
            return told
        for channel in (self._listener, theirs):
            channel.set_inheritable(True)
        command = [sys.executable, "-m", "kg", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | {_HANDED: told.environment})  # noqa: S606

    def _forget(self, ours: socket.socket) -> None:
        """Leave signals and descriptors to the keeper, in a new process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for channel in (ours, self._wake, self._woken, *(one.channel for one in self._all)):
            channel.close()

    def _wait(self) -> None:
        """Sleep until a signal, a word of a server, or what is due; heed the word."""
        due = min(self._due, *(one.ends for one in self._all), time.monotonic() + _LOOK) - time.monotonic()
        channels = [self._woken, *(one.channel for one in self._all)]
        heard = select.select(channels, [], [], max(0.0, due))[0]
        if self._woken in heard:
            self._woken.recv(4096)
        for one in self._all:
            if one.channel in heard and one.hears() == READY and one is self._next:
                self._hand_over(one)

    def _hand_over(self, new: _Server) -> None:
        """Let a server that is ready accept, once the old one no longer does."""
        old, self._now, self._next = self._now, new, None
        if old:
            old.say(LEAVE)
            old.ends = time.monotonic() + self._grace
            self._leaving.append(old)
            select.select([old.channel], [], [], _CLOSING)
            self._reloads += 1
            log("new data is served", reloads=self._reloads)
        new.say(ACCEPT)
        notify("READY=1")
        self._ready()
        self._ready = _nothing

    def _reap(self) -> None:
        """Take note of processes that ended; in a container, orphans are ours too."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                for one in self._all:
                    if one.pid == found[0]:
                        one.channel.close()
                        self._bury(one, os.waitstatus_to_exitcode(found[1]))

    def _bury(self, one: _Server, code: int) -> None:
        """Take note of an end: of an old server as it should be, of a new one that failed, of the one that serves."""
        if one in self._leaving:
            self._leaving.remove(one)
            return
        if one is self._now:
            self._now = None
        else:
            self._next = None
        if self._now:
            self._failed += 1
            self._now.say(FAILED)
            notify("READY=1")
            log("new data cannot be served; the old is served on", level="error", code=code)
        elif self._begun == 1 and self._ready is not _nothing:
            self._stopping, self._code = True, abs(code) or 2
        elif not self._stopping and not self._next:
            self._again(one, code)

    def _again(self, dead: _Server, code: int) -> None:
        """Let another server begin after a pause, which grows where they die early."""
        steady = time.monotonic() - dead.began > _STEADY
        pause = _PAUSES[0 if steady else min(self._deaths, len(_PAUSES) - 1)]
        self._deaths = 1 if steady else self._deaths + 1
        self._due = time.monotonic() + pause
        log("the server ended; another one begins", level="error", code=code, pause=pause)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for one in self._all:
            if now >= one.ends:
                one.ends = now + _LOOK
                with suppress(OSError):
                    os.kill(one.pid, signal.SIGKILL)

    def _is_due(self) -> bool:
        """Return whether a server should begin: in the place of a dead one, or because there is something new."""
        if self._now is None:
            return time.monotonic() >= self._due
        self._wanted = self._wanted or bool(self._watch and self._watch.changed())
        if self._wanted:
            notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        return self._wanted


class _Watch:
    """Says when data changed, and then rested for two looks.

    Arguments:
        look: returns something that changes with the data.

    """

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._served = self._seen = look()
        self._at = time.monotonic()

    def changed(self) -> bool:
        """Return whether there is something new; looks at most once a second."""
        if time.monotonic() - self._at < _LOOK:
            return False
        self._at = time.monotonic()
        before, self._seen = self._seen, self._look()
        if self._seen != before or self._seen == self._served:
            return False
        self._served = self._seen
        return True


def _nothing() -> None:
    """Stand for the call that was made."""


def log(message: str, level: str = "info", **more: object) -> None:
    """Write a line of JSON to standard error."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": now, "level": level, "logger": "kg.endpoint.supervisor", "message": message, **more}
    print(json.dumps(line), file=sys.stderr, flush=True)


def notify(state: str) -> None:
    """Tell systemd, where it wants to know (sd_notify(3))."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if place:
        address = "\0" + place[1:] if place.startswith("@") else place
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), address)
