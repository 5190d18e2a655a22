"""Load generators: requests on kept connections, as fast as answers come.

One is a thread that waits for nobody: bytes are made before and hardly looked at after, so that most of what is
measured is the server. The other is what Python programs do: a thread for each connection, and `http.client`.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

_EACH = 4  # Connections of one client address.
_PATIENCE = 2.0  # Seconds in which the last answers may come.
_END = b"\r\n0\r\n\r\n"


@dataclass
class Load:
    """What came of a run.

    Attributes:
        seconds: how long it took.
        times: of each answer, in seconds.
        statuses: how many answers had which status; 0 for a connection that broke.
        bytes: of all answers.

    """

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bytes: int = 0

    @property
    def rate(self) -> float:
        """Good answers in a second."""
        return self.statuses[200] / self.seconds

    def at(self, part: float) -> float:
        """Return the time within which a part of the answers came, in milliseconds."""
        if not self.times:
            return float("inf")
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    @property
    def median(self) -> float:
        """The median time in milliseconds."""
        return 1000 * statistics.median(self.times) if self.times else float("inf")


def get(url: str, query: str, accept: str) -> bytes:
    """Return the bytes of a GET (SPARQL 1.1 Protocol, section 2.1.1)."""
    parts = urlsplit(url)
    path = f"{parts.path}?{urlencode({'query': query})}"
    return f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: {accept}\r\n\r\n".encode()


def run(url: str, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Return what came of requests, sent on so many connections for so many seconds.

    Arguments:
        url: says host and port.
        requests: never end.
        connections: open at once, each with one request on its way; four share a client address.
        seconds: after which no more requests begin.

    """
    load = Load()
    with selectors.DefaultSelector() as selector:
        lines = [_Line(url, number // _EACH, selector) for number in range(connections)]
        began = time.perf_counter()
        for line in lines:
            line.ask(next(requests))
        busy = len(lines)
        while busy and time.perf_counter() < began + seconds + _PATIENCE:
            for key, _ in selector.select(1.0):
                line = key.data
                if not line.read(load):
                    continue
                if time.perf_counter() < began + seconds:
                    line.ask(next(requests))
                else:
                    busy -= 1
                    load.seconds = time.perf_counter() - began
        load.statuses[0] += busy
        load.seconds = load.seconds or time.perf_counter() - began
        for line in lines:
            line.close()
    return load


def run_in_threads(url: str, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Return what came of requests that `http.client` sends; arguments as of `run`."""
    load, lock = Load(), threading.Lock()
    until = time.perf_counter() + seconds

    def ask() -> None:
        line = http.client.HTTPConnection(urlsplit(url).netloc)
        while time.perf_counter() < until:
            with lock:
                path, accept = _path_and_accept(next(requests))
            began = time.perf_counter()
            line.request("GET", path, headers={"Accept": accept})
            answer = line.getresponse()
            size = len(answer.read())
            with lock:
                load.times.append(time.perf_counter() - began)
                load.statuses[answer.status] += 1
                load.bytes += size
        line.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - began
    return load


def _path_and_accept(request: bytes) -> tuple[str, str]:
    first, *headers = request.decode().split("\r\n")
    return first.split(" ")[1], dict(header.split(": ", 1) for header in headers if header)["Accept"]


class _Line:
    """One connection."""

    def __init__(self, url: str, client: int, selector: selectors.BaseSelector) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._from = (f"127.0.9.{client + 1}", 0)
        self._selector = selector
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=20, source_address=self._from)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(self._socket, selectors.EVENT_READ, self)

    def close(self) -> None:
        self._selector.unregister(self._socket)
        self._socket.close()

    def ask(self, request: bytes) -> None:
        self._parts: list[bytes] = []
        self._have = self._want = 0
        self._began = time.perf_counter()
        self._socket.sendall(request)

    def read(self, load: Load) -> bool:
        """Take what came; return whether the answer is whole, or never will be."""
        data = self._socket.recv(1 << 20)
        if not data:
            self.close()
            self._open()
            load.statuses[0] += 1
            return True
        self._parts.append(data)
        self._have += len(data)
        if not self._want:
            self._look()
        if not self._whole():
            return False
        load.times.append(time.perf_counter() - self._began)
        load.statuses[int(self._parts[0][9:12])] += 1
        load.bytes += self._have
        return True

    def _look(self) -> None:
        """Find out how long the answer is: bytes in all, or -1 where it comes in chunks."""
        if len(self._parts) > 1:
            self._parts = [b"".join(self._parts)]
        head, end, _ = self._parts[0].partition(b"\r\n\r\n")
        if not end:
            return
        _, separator, rest = head.lower().partition(b"\r\ncontent-length:")
        self._want = len(head) + 4 + int(rest.split(b"\r\n", 1)[0]) if separator else -1

    def _whole(self) -> bool:
        if self._want > 0:
            return self._have >= self._want
        last = self._parts[-1] if len(self._parts[-1]) >= len(_END) else b"".join(self._parts[-2:])
        return self._want < 0 and last.endswith(_END)
