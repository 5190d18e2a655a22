"""Endpoints side by side: ours and other SPARQL servers, each started on a free port with the same data, and ended."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

BIN = Path(sys.executable).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "klimaatbanen-kg" / "bench"
RDFLIB_ENDPOINT = ("rdflib-endpoint==0.6.3", "uvicorn==0.54.0")
ASK = "?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"
WAIT = 60


class Missing(Exception):
    """A peer cannot be started here; says why."""


@dataclass(frozen=True)
class Peer:
    """A running endpoint.

    Attributes:
        name: as tables show it.
        query: URL of its SPARQL endpoint.
        store: URL of its Graph Store Protocol, or empty.
        pid: its process.

    """

    name: str
    query: str
    store: str
    pid: int

    @property
    def netloc(self) -> str:
        """Host and port."""
        return urlsplit(self.query).netloc


Start = Callable[[Path, Path], AbstractContextManager[Peer]]


@contextmanager
def ours(data: Path, folder: Path) -> Iterator[Peer]:
    """`kg serve` as it is, of the package that this Python has; the data was dumped from its graph."""
    del data, folder
    with kg_serve() as peer:
        yield peer


def kg_over_data(*options: str, name: str = "ours") -> Start:
    """Return what starts `kg serve` over other data, with options of `bench/serving.py`."""

    @contextmanager
    def start(data: Path, folder: Path) -> Iterator[Peer]:
        del folder
        script = Path(__file__).with_name("serving.py")
        with _kg([sys.executable, script, data, *options], name) as peer:
            yield peer

    return start


@contextmanager
def kg_serve(*options: str, errors: IO[bytes] | None = None) -> Iterator[Peer]:
    """`kg serve` over its own graph with options; what it says on standard error may be kept."""
    with _kg([BIN / "kg", "serve", *options], "ours", errors) as peer:
        yield peer


@contextmanager
def _kg(command: Sequence[str | Path], name: str, errors: IO[bytes] | None = None) -> Iterator[Peer]:
    with subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1].rstrip("/")
        try:
            yield Peer(name, f"{url}/sparql", f"{url}/store", process.pid)
        finally:
            process.terminate()


@contextmanager
def oxigraph(data: Path, folder: Path) -> Iterator[Peer]:
    """The `oxigraph` server, read-only; every graph is part of its default graph, as with ours."""
    store = folder / "oxigraph"
    command = BIN / "oxigraph"
    if not command.exists():
        raise Missing("not installed: pip install oxigraph")
    if not store.exists():
        subprocess.run([command, "load", "--location", store, "--file", data], check=True, capture_output=True)
    with _started(command, "serve-read-only", "--location", store, "--union-default-graph", "--cors", "--bind") as run:
        yield run.ready("oxigraph", "/query", "/store")


@contextmanager
def oxigraph_in_memory(data: Path, folder: Path) -> Iterator[Peer]:
    """The `oxigraph` server with its data in memory, as ours has it."""
    del folder
    with _started(BIN / "oxigraph", "serve", "--union-default-graph", "--cors", "--bind") as run:
        peer = run.ready("oxigraph", "/query", "/store")
        body, kind = data.read_bytes(), {"Content-Type": "application/n-quads"}
        urllib.request.urlopen(urllib.request.Request(peer.store, body, kind, method="POST"), timeout=WAIT).close()
        yield peer


@contextmanager
def rdflib_endpoint(data: Path, folder: Path) -> Iterator[Peer]:
    """`rdflib-endpoint` from PyPI over an Oxigraph store, in an environment of its own: its versions are not ours."""
    del folder
    home = CACHE / "rdflib-endpoint"
    command = home / "bin" / "rdflib-endpoint"
    if not command.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", *RDFLIB_ENDPOINT, "oxrdflib"], check=True)
    with _started(command, "serve", "--store", "Oxigraph", data, "--host", "127.0.0.1", "--port") as run:
        yield run.ready("rdflib-endpoint", "/", "")


@contextmanager
def virtuoso(data: Path, folder: Path) -> Iterator[Peer]:
    """Virtuoso 7 (Debian package virtuoso-opensource-7-bin) with a database of its own."""
    command, isql = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if not command or not isql:
        raise Missing("not installed: apt install virtuoso-opensource")
    home = folder / "virtuoso"
    home.mkdir()
    port, sql = free_port(), free_port()
    (home / "virtuoso.ini").write_text(_VIRTUOSO.format(home=home, data=data.parent, port=port, sql=sql))
    with _Run([command, "+foreground", "+configfile", str(home / "virtuoso.ini")], port) as run:
        run.wait("/sparql" + ASK)
        load = f"ld_dir('{data.parent}', '{data.name}', 'urn:none'); rdf_loader_run(); checkpoint;"
        subprocess.run([isql, f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}"], check=True, capture_output=True)
        yield run.ready("Virtuoso 7", "/sparql", "/sparql-graph-crud")


_VIRTUOSO = """
[Database]
DatabaseFile = {home}/v.db
ErrorLogFile = {home}/v.log
LockFile = {home}/v.lck
TransactionFile = {home}/v.trx
xa_persistent_file = {home}/v.pxa
FileExtend = 200
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {home}/t.db
TransactionFile = {home}/t.trx
[Parameters]
ServerPort = {sql}
DirsAllowed = {data}
NumberOfBuffers = 85000
MaxDirtyBuffers = 65000
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = {port}
ServerThreads = 40
MaxClientConnections = 40
[SPARQL]
ResultSetMaxRows = 1000000
"""

PEERS: Mapping[str, Start] = {
    "ours": ours,
    "oxigraph": oxigraph,
    "rdflib-endpoint": rdflib_endpoint,
    "Virtuoso 7": virtuoso,
}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _started(command: Path, *options: object) -> Iterator[_Run]:
    """Run a server whose last option is the address, or the port, that it listens on."""
    port = free_port()
    address = f"127.0.0.1:{port}" if options[-1] == "--bind" else str(port)
    with _Run([str(command), *map(str, options), address], port) as run:
        yield run


class _Run:
    """A server process in a group of its own, all of which ends with it."""

    def __init__(self, command: list[str], port: int) -> None:
        self._command, self.port = command, port

    def __enter__(self) -> _Run:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, start_new_session=True, **quiet)
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self, path: str) -> None:
        """Return once the server answers a path."""
        until = time.monotonic() + WAIT
        while self._process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=WAIT).close()
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                time.sleep(0.05)
            else:
                return
        raise Missing(f"{Path(self._command[0]).name} did not start")

    def ready(self, name: str, query: str, store: str) -> Peer:
        """Return the endpoint once it answers."""
        self.wait(query + ASK)
        base = f"http://127.0.0.1:{self.port}"
        return Peer(name, base + query, base + store if store else "", self._process.pid)
