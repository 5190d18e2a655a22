"""WSGI servers before the same application: throughput, and whether slow clients block service.

    python bench/servers.py            # makes an environment of its own for the peers, then a table
    python bench/servers.py --seconds 1 --rounds 2 waitress granian

Each server runs in one process, so that cache and limits are shared, with the threads that `kg serve` takes; `x2` is
two processes, each with a cache and limits of its own. All in one run, in rounds, so that the ratios hold on a busy
machine. Slow clients send half a request, or do not read their answer; each has an address of its own. A client that
leaves should free its place: how long that takes is the last column.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
PEERS = ("cheroot==11.1.2", "granian==2.8.7", "gunicorn==27.0.1", "waitress==3.0.2")
THREADS = 80
CONNECTIONS = 8
SLOW = 20
QUERY = "/sparql?query=" + quote("SELECT ?p ?o { <https://w3id.org/klimaatbanen/id/measure/ccs> ?p ?o }")
LARGE = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 20000")
ROWS = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 2000")
KINDS = {"query, cached": QUERY, "2,000 rows, cached": ROWS, "page": "/id/measure/ccs.html"}
GUNICORN = ("gunicorn", "--threads", str(THREADS), "-k", "gthread", "--limit-request-line", "0", "--log-level", "error")
GRANIAN = ("granian", "--interface", "wsgi", "--blocking-threads", str(THREADS), "--no-log", "--factory")
SERVERS: dict[str, tuple[str, ...]] = {
    "ours (uvicorn)": ("ours",),
    "waitress": ("waitress",),
    "cheroot": ("cheroot",),
    "gunicorn": (*GUNICORN, "--workers", "1", "-b", "127.0.0.1:{port}", "servers:make()"),
    "gunicorn x2": (*GUNICORN, "--workers", "2", "-b", "127.0.0.1:{port}", "servers:make()"),
    "granian": (*GRANIAN, "--workers", "1", "--port", "{port}", "servers:make"),
    "granian x2": (*GRANIAN, "--workers", "2", "--port", "{port}", "servers:make"),
}


def make() -> Any:
    """Return the application as `kg serve` makes it, for the servers that want to import it."""
    from kg.endpoint.workers import WorkerPool
    from kg.files import project_folder
    from kg.graph.build import build
    from kg.queries.limits import Limits
    from kg.queries.question import find_questions
    from kg.web.app import create_app

    graph, limits = build(project_folder()), Limits()
    pool = WorkerPool.over(graph.dataset, limits, graph.prefixes)
    return create_app(graph, find_questions(project_folder() / "queries"), engine=pool)


def run(name: str, port: int) -> None:
    """Serve with one of the servers that are called from Python."""
    from kg.queries.limits import Limits

    app = make()
    if name == "cheroot":
        from cheroot.wsgi import Server as Cheroot

        Cheroot(("127.0.0.1", port), app, numthreads=THREADS).start()
    elif name == "waitress":
        import waitress

        waitress.serve(tells_who_left(app), listen=f"127.0.0.1:{port}", threads=THREADS, channel_request_lookahead=1)
    else:
        from kg.endpoint.http.server import Server

        listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        server = Server(app.extensions["kg.application"], Limits())
        app.extensions["kg"].engine.loop.run(server.serve([listener]))


def tells_who_left(app: Any) -> Any:
    """Return an application that learns from waitress when a client has left; the others do not say."""

    def told(environ: dict[str, Any], start_response: Any) -> Any:
        environ["kg.client_gone"] = environ["waitress.client_disconnected"]
        return app(environ, start_response)

    return told


def environment(folder: Path) -> Path:
    """Return the Python of an environment that holds the peers, and after them what this one holds."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
    return python


@contextmanager
def served(python: Path, name: str) -> Iterator[int]:
    """Run a server and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in SERVERS[name]]
    own = [str(python), str(Path(__file__)), "--run", name, "--port", str(port)]
    command = own if len(words) == 1 else [str(python), "-m", *words]
    paths = [str(Path(__file__).parent), str(ROOT / "src"), sysconfig.get_paths()["purelib"]]
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait(port: int) -> None:
    """Wait until a server answers."""
    for _ in range(300):
        try:
            if fetch(port, "/readyz") == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("a server does not answer")


def fetch(port: int, path: str) -> int:
    """Return the status of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def client(port: int, path: str, seconds: float) -> None:
    """Ask on one connection, again and again; print how many answers came. A process of its own."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    until, count = time.monotonic() + seconds, 0
    channel = socket.create_connection(("127.0.0.1", port), timeout=20)
    while time.monotonic() < until:
        channel.sendall(request)
        data = channel.recv(1 << 20)
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"not 200: {head[:200]!r}")
        names = (line.lower().partition(b":") for line in head.split(b"\r\n"))
        length = next(int(value) for name, _, value in names if name == b"content-length")
        have = len(body)
        while have < length:
            have += len(channel.recv(1 << 20))
        count += 1
    print(count)


def throughput(port: int, path: str, seconds: float) -> float:
    """Return answers a second over several connections, each of a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--client", path, "--port", str(port), "--seconds", str(seconds)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(CONNECTIONS)]
    counts = [int(child.communicate()[0] or 0) for child in running]
    return sum(counts) / seconds


def slow_clients(port: int) -> tuple[int, float]:
    """Return how many of 40 light requests were answered beside slow clients, and the longest time of one."""
    held = []
    for count in range(SLOW):
        client = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(f"127.0.4.{count + 1}", 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nquery="
        client.sendall(head if count % 2 else f"GET {LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        held.append(client)
    time.sleep(0.5)
    times: list[float] = []

    def light(number: int) -> None:
        began = time.monotonic()
        try:
            own = (f"127.0.7.{number + 1}", 0)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=own)
            connection.request("GET", f"{QUERY}%20%23{number}")
            if connection.getresponse().status == 200:
                times.append(time.monotonic() - began)
        except OSError:
            return

    threads = [threading.Thread(target=light, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    for client in held:
        client.close()
    return len(times), max(times, default=0.0)


def leaver(port: int) -> str:
    """Return how long a query goes on whose client has left, by the places that are taken in /metrics."""
    query = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    with socket.create_connection(("127.0.0.1", port), source_address=("127.0.5.1", 0)) as client:
        client.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(0.7)
    began = time.monotonic()
    while time.monotonic() - began < 12:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        if 'kg_places_taken{place="heavy"} 0.0' in text and 'kg_places_taken{place="light"} 0.0' in text:
            return f"{time.monotonic() - began:.1f} s"
        time.sleep(0.1)
    return "over 12 s"


def measure(python: Path, names: list[str], seconds: float, rounds: int) -> None:
    """Print a table: each server by the throughput of the first, and what slow clients do to it."""
    rates: dict[tuple[str, str], list[float]] = {}
    slow: dict[str, tuple[int, float]] = {}
    left: dict[str, str] = {}
    for number in range(rounds):
        for name in names:
            with served(python, name) as port:
                for kind, path in KINDS.items():
                    for _ in range(30):
                        fetch(port, path)
                    rates.setdefault((name, kind), []).append(throughput(port, path, seconds))
                if number == 0:
                    slow[name] = slow_clients(port)
                    left[name] = leaver(port)
    print(f"{machine()}, Python {platform.python_version()}, {CONNECTIONS} connections")
    print(f"| server | {' | '.join(KINDS)} | answered of 40 beside {SLOW} slow clients | longest | a client leaves |")
    print("| --- |" + " --- |" * (len(KINDS) + 3))
    for name in names:
        cells = []
        for kind in KINDS:
            ratios = [rate / base for rate, base in zip(rates[name, kind], rates[names[0], kind], strict=True)]
            cells.append(f"{statistics.median(ratios):.2f} ({statistics.median(rates[name, kind]):,.0f}/s)")
        print(f"| {name} | {' | '.join(cells)} | {slow[name][0]} | {slow[name][1]:.2f} s | {left[name]} |")


def machine() -> str:
    """Return what the bench runs on."""
    cpuinfo = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def main() -> None:
    """Measure, or be one of the processes of a measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SERVERS), metavar="SERVER")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    for hidden in ("--run", "--client"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.port)
    elif options.client:
        client(options.port, options.client, options.seconds)
    else:
        folder = Path(tempfile.mkdtemp())
        try:
            measure(environment(folder), options.names, options.seconds, options.rounds)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
