"""Stock ASGI servers in one process, and `kg serve`, before what strangers send: who holds out how long, at what cost.

    python bench/asgi_servers.py [--write docs/performance.md] [uvicorn ...]

The stock ones get an application that reads a whole body and answers 26 bytes, each with the limits that it has as
settings, and an environment of its own; `kg serve` answers a query that it keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import load
from pages import machine, write_between

PEERS = ("granian==2.8.7", "hypercorn==0.18.0", "uvicorn==0.54.0", "httptools==0.9.0", "uvloop==0.23.0")
SERVERS = {
    "kg serve": ("kg", "serve", "--port", "{port}"),
    "uvicorn": (
        "uvicorn",
        "--port",
        "{port}",
        "--log-level",
        "error",
        "--timeout-keep-alive",
        "60",
        "asgi_servers:app",
    ),
    "granian": ("granian", "--interface", "asgi", "--port", "{port}", "--no-log", "--http", "1", "asgi_servers:app"),
    "hypercorn": ("hypercorn", "-b", "127.0.0.1:{port}", "--keep-alive", "60", "asgi_servers:app"),
}
PATIENCE = 90.0  # Seconds after which a connection counts as one that is never closed.
GET = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"
BODY = b'{"head":{},"boolean":true}'
HALVES = {"half a head": GET, "half a body": POST + b"Content-Length: 6\r\n\r\nASK", "nothing": b""}
BROKEN = {
    "bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nASK {}\r\n0\r\n\r\n",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 6\r\n\r\nASK {}",
    "unknown coding": POST + b"Transfer-Encoding: nonsense\r\n\r\n",
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nASK {}\r\n0\r\n\r\n",
    "no host": b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\n\r\n",
    "no HTTP": b"\x00\x01\x02\r\n\r\n",
}
ENDLESS = b"/sparql?query=SELECT(COUNT(*)AS%20?n)%7B?a%20?b%20?c.?d%20?e%20?f.?g%20?h%20?i%7D"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer a request once it is whole; a query without end goes on until its client leaves, or for two seconds."""
    if scope["type"] != "http":
        raise RuntimeError("no life span")
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":  # Of a body that is no whole one.
            return
        more = message["more_body"]
    if b"COUNT" in scope["query_string"]:
        with suppress(TimeoutError):
            await asyncio.wait_for(receive(), 2)
            Path(os.environ["LEFT"]).write_text("left")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


class Server:
    """A running server that is asked by bytes.

    Arguments:
        port: where it listens.
        process: to stop it.
        left: the file that says that a client's leaving was noticed.

    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], left: Path) -> None:
        self.port, self.process, self.left = port, process, left

    def connect(self, data: bytes = b"", seconds: float = 5.0) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        with suppress(OSError):
            connection.sendall(data)
        return connection

    def ask(self, data: bytes, seconds: float = 5.0) -> bytes:
        """Return all that comes back until the connection is closed or silent."""
        received = b""
        with self.connect(data, seconds) as connection, suppress(OSError):
            while part := connection.recv(1 << 16):
                received += part
                if received.count(BODY) > data.count(b"GET /") - 1 or b"problem+json" in received:
                    connection.settimeout(0.3)
        return received

    def status(self, data: bytes, seconds: float = 5.0) -> str:
        """Return the status of the first answer, or that there is none."""
        answer = self.ask(data, seconds)
        return answer.split()[1].decode() if answer.startswith(b"HTTP/") else "closed" if not answer else "no HTTP"


def halves(server: Server) -> Iterator[tuple[str, str]]:
    """Yield how long connections live that send a part and then nothing."""
    lives: dict[str, str] = {}

    def wait(name: str) -> None:
        began = time.monotonic()
        with server.connect(HALVES[name], PATIENCE) as connection, suppress(OSError):
            while connection.recv(1 << 16):
                pass
        lived = time.monotonic() - began
        lives[name] = f"{lived:.0f} s" if lived < PATIENCE - 1 else f"over {PATIENCE:.0f} s"

    threads = [threading.Thread(target=wait, args=(name,)) for name in HALVES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield from ((f"closes after {name}, then silence", lives[name]) for name in HALVES)


def idle(server: Server) -> Iterator[tuple[str, str]]:
    """Yield whether another is answered beside 890 connections that do nothing."""
    others = [server.connect() for _ in range(890)]
    began = time.monotonic()
    status = server.status(GET + b"\r\n")
    yield "answers beside 890 idle connections", f"{status}, {1000 * (time.monotonic() - began - 0.3):.0f} ms"
    for each in others:
        each.close()


def messages(server: Server) -> Iterator[tuple[str, str]]:
    """Yield what comes of messages that are right and seldom, and of broken ones."""
    head = server.ask(GET.replace(b"GET", b"HEAD", 1) + b"\r\n", 1)
    yield "HEAD: bytes of the body", str(len(head.partition(b"\r\n\r\n")[2]))
    asks = POST + b"Content-Length: 6\r\nExpect: %s\r\n\r\n"
    yield "Expect: 100-continue", server.status(asks % b"100-continue", 1)
    yield "Expect: nonsense", server.status(asks % b"nonsense" + b"ASK {}", 2)
    both = server.ask((GET + b"\r\n") * 2)
    yield "two requests in one packet", f"{both.count(BODY)} answers"
    for name, data in BROKEN.items():
        yield name, server.status(data, 2)
    yield "query string of 200 kB", server.status(GET.replace(b"%7D", b"%7D%23" + b"x" * 200_000) + b"\r\n")
    yield "head of 1 MB", server.status(GET + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n")


def leaves(server: Server) -> Iterator[tuple[str, str]]:
    """Yield whether the application learns that its client left, and what became of what was asked before SIGTERM."""
    asked = b"GET " + ENDLESS + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    server.left.unlink(missing_ok=True)
    with server.connect(asked):
        time.sleep(0.5)
    time.sleep(0.5)
    seen = server.ask(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    free = all(f'kg_places_taken{{place="{place}"}} 0.0'.encode() in seen for place in ("light", "heavy"))
    yield "learns that a client left", "yes" if server.left.exists() or free else "no"
    with server.connect(asked, 15) as connection:
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        with suppress(OSError):
            yield "SIGTERM: what was asked is answered", connection.recv(12).decode()[9:] or "closed"


CHECKS: tuple[Callable[[Server], Iterator[tuple[str, str]]], ...] = (messages, idle, halves, leaves)


@contextmanager
def served(python: Path, name: str) -> Iterator[Server]:
    """Run a server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    left = Path(tempfile.mkdtemp()) / "left"
    words = [word.format(port=port) for word in SERVERS[name]]
    command = [sys.executable if name == "kg serve" else str(python), "-m", *words]
    environment = os.environ | {"LEFT": str(left), "PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(port, process, left)
    try:
        for _ in range(1200):
            with suppress(OSError):
                if server.status(GET + b"\r\n") == "200":
                    break
            time.sleep(0.1)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def costs(python: Path, names: list[str], rounds: int = 3) -> Mapping[str, str]:
    """Return the processor time of a server for a small answer, on 8 connections: it holds on a busy machine."""
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _, name in itertools.product(range(rounds), names):
        with served(python, name) as server:
            url, asked = f"http://127.0.0.1:{server.port}", itertools.repeat(GET + b"\r\n")
            load.run(url, asked, 8, 0.5)
            before = processor_time(server.process.pid)
            answers = load.run(url, asked, 8, 2.0).statuses[200]
            taken[name].append((processor_time(server.process.pid) - before) / answers)
    return {name: f"{1e6 * statistics.median(seen):.0f} µs" for name, seen in taken.items()}


def processor_time(pid: int) -> float:
    """Return the seconds that a process and those that it started have taken, but for what makes the release."""
    parents: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    family = [pid]
    for one in family:
        family += [child for child, rest in parents.items() if int(rest[1]) == one and rest[16] == "0"]
    return sum(int(parents[one][11]) + int(parents[one][12]) for one in family) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Ask all servers, and print the table or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SERVERS), metavar="server")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--python", type=Path, help="of an environment that holds the peers already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = options.python or environment(Path(folder))
        found = {}
        for name in options.names:
            with served(python, name) as server:
                found[name] = dict(itertools.chain.from_iterable(check(server) for check in CHECKS))
            print(name, found[name], file=sys.stderr)
        costly = costs(python, options.names)
    lines = [f"{machine()}", "", f"| what | {' | '.join(found)} |", "| --- " * (1 + len(found)) + "|"]
    for what in next(iter(found.values())):
        lines.append(f"| {what} | {' | '.join(found[name].get(what, '') for name in found)} |")
    lines.append(f"| processor time of a small answer | {' | '.join(costly[name] for name in found)} |")
    table = "\n".join(lines)
    if options.write:
        write_between(options.write, "asgi", table)
    print(table)


def environment(folder: Path) -> Path:
    """Return the Python of an environment that holds the peers."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
    return python


if __name__ == "__main__":
    main()
