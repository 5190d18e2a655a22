"""Engines behind `kg serve --backend`: real ones, and a socket that does what no engine should."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

BIN = Path(sys.executable).parent
START = 180.0  # Seconds: a machine may be busy.
MEMORY = 6 << 30
_GLANCE = 0.2


class Engine:
    """A running engine that holds nothing of ours yet.

    Arguments:
        name: of the engine, as docs/backends.md has it.
        command: starts it; it keeps its data in the folder.
        folder: of its data and log.
        url: of its query endpoint.
        environment: what `kg` needs to write to it.

    """

    def __init__(
        self, name: str, command: list[str], folder: Path, url: str, environment: dict[str, str] | None = None
    ) -> None:
        self.name, self.url, self._command, self._folder = name, url, command, folder
        self.environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self._folder / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, stdout=out, stderr=out, preexec_fn=_bounded
            )
        until = time.monotonic() + START
        while time.monotonic() < until and self._process.poll() is None:
            if self.answers():
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} does not answer: {log.read_text()[-2000:]}")

    def answers(self) -> bool:
        """Return whether it answers next to nothing at once."""
        try:
            with urllib.request.urlopen(f"{self.url}?query=ASK%7B%7D", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self._process:
            self._process.send_signal(number)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def rest(self) -> bool:
        """Start it anew where a query goes on in it or has ended it, or where it waits for nothing and never answers.

        Returns:
            Whether it was the last, as happens with Virtuoso now and then.

        """
        assert self._process is not None
        busy = _processor_time(self._process.pid)
        time.sleep(_GLANCE)
        works = _processor_time(self._process.pid) - busy > _GLANCE / 4
        hangs = not works and self._process.poll() is None and not self.answers()
        if works or hangs or self._process.poll() is not None:
            self.stop(signal.SIGKILL)
            self.start()
        return hangs

    def push(self, *options: str) -> str:
        """Load the graph into it by `kg push` and return what that says."""
        command = [sys.executable, "-m", "kg", "push", "--backend", self.url, *options]
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=os.environ | self.environment, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


def _processor_time(pid: int) -> float:
    try:
        members = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(members[11]) + int(members[12])) / os.sysconf("SC_CLK_TCK")


def _bounded() -> None:
    """Take no more memory than a machine has: hostile queries go on in some engines until they have all of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def oxigraph(folder: Path, seconds: int, *, in_memory: bool = False) -> Engine:
    """Return the `oxigraph` server (PyPI); queries may go on after their seconds."""
    port = free_port()
    place = () if in_memory else ("--location", "data")
    command = [str(BIN / "oxigraph"), "serve", *place, "--bind", f"127.0.0.1:{port}"]
    return Engine("oxigraph", [*command, "--timeout-s", str(seconds)], folder, f"http://127.0.0.1:{port}/query")


def virtuoso(folder: Path, seconds: int) -> Engine:
    """Return Virtuoso 7 (Debian: virtuoso-opensource), in a folder of its own, with the password of its first start."""
    port = free_port()
    text = (Path(__file__).parent / "backends" / "virtuoso.ini").read_text("utf-8")
    (folder / "virtuoso.ini").write_text(text.format(port=port, sql=free_port(), seconds=seconds), "utf-8")
    access = {"KG_BACKEND_USER": "dba", "KG_BACKEND_PASSWORD": "dba"}
    return Engine("virtuoso", [need("virtuoso-t"), "-f"], folder, f"http://127.0.0.1:{port}/sparql", access)


def need(program: str) -> str:
    """Return the path of a program; without it the test is skipped, but not where all tests must run."""
    path = shutil.which(program)
    if path is None and os.environ.get("KG_SHARED"):
        pytest.fail(f"{program} is not installed")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


ENGINES: dict[str, Callable[[Path, int], Engine]] = {"oxigraph": oxigraph, "virtuoso": virtuoso}
# What stands behind an endpoint under test, for parameters of fixtures: the quick one runs in `make test`.
KINDS = ["memory", *(pytest.param(name, marks=pytest.mark.check) for name in ("store", *ENGINES))]


@contextmanager
def started(name: str, folder: Path, seconds: int = 60) -> Iterator[Engine]:
    """Run an engine that holds our graph; the workers of one run of the tests push it once for all."""
    engine = ENGINES[name](folder, seconds)
    worker = next((parent for parent in folder.parents if parent.name.startswith("popen-")), None)
    kept = worker and worker.parent / f"engine-{name}"
    own = shutil.ignore_patterns("virtuoso.ini", "virtuoso.l*", "log")
    if kept and kept.is_dir():
        shutil.copytree(kept, folder, dirs_exist_ok=True, ignore=own)
        engine.start()
    else:
        engine.start()
        engine.push()
        if kept:
            engine.stop()
            _keep(folder, kept)
            engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def _keep(folder: Path, kept: Path) -> None:
    """Copy the data of an engine at rest, unless another worker was first."""
    part = Path(tempfile.mkdtemp(dir=kept.parent))
    shutil.copytree(folder, part, dirs_exist_ok=True)
    with suppress(OSError):
        part.rename(kept)
    shutil.rmtree(part, ignore_errors=True)


@contextmanager
def filled_in_memory(folder: Path) -> Iterator[Engine]:
    """Run an `oxigraph` server without a disk, where a push takes a tenth of the time, and push our graph to it."""
    engine = oxigraph(folder, 60, in_memory=True)
    engine.start()
    try:
        engine.push()
        yield engine
    finally:
        engine.stop()


class Shelf:
    """Stores and engines that hold our graph, each made when it is first wanted.

    Arguments:
        stack: ends them.
        make_folder: returns a new folder.

    """

    def __init__(self, stack: ExitStack, make_folder: Callable[[str], Path]) -> None:
        self._stack, self._make_folder = stack, make_folder
        self._options: dict[str, tuple[str, ...]] = {}
        self.engines: dict[str, Engine] = {}

    def options(self, kind: str) -> tuple[str, ...]:
        """Return the options of `kg serve` for one of `KINDS`; behind them is an engine at rest."""
        if kind not in self._options:
            self._options[kind] = self._make(kind)
        elif kind in self.engines:
            self.engines[kind].rest()
        return self._options[kind]

    def _make(self, kind: str) -> tuple[str, ...]:
        if kind == "memory":
            return ()
        folder = self._make_folder(kind)
        if kind == "store":
            run = subprocess.run([sys.executable, "-m", "kg", "load", str(folder)], capture_output=True, timeout=300)
            assert run.returncode == 0, run.stderr
            return ("--store", str(folder))
        self.engines[kind] = self._stack.enter_context(started(kind, folder))
        return ("--backend", self.engines[kind].url)


class Behaviour:
    """What a socket does with each connection, until told otherwise.

    Attributes:
        act: gets the connection, of which the request was read; None passes the request on.
        upstream: the URL of an engine to which requests are passed on.
        asked: the requests that came.

    """

    def __init__(self, act: Callable[[socket.socket], None] | None, upstream: str = "") -> None:
        self.act, self.upstream = act, upstream
        self.asked: list[bytes] = []

    def pass_on(self, asked: bytes, connection: socket.socket) -> None:
        """Send a request to the engine, and its answer back."""
        engine = urlsplit(self.upstream)
        head, _, body = asked.partition(b"\r\n\r\n")
        with socket.create_connection((engine.hostname, engine.port)) as other:
            other.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
            while data := other.recv(65_536):
                connection.sendall(data)


@contextmanager
def misbehaving(act: Callable[[socket.socket], None] | None, upstream: str = "") -> Iterator[tuple[str, Behaviour]]:
    """Listen on a free port and act on each connection; yield the URL."""
    behaviour = Behaviour(act, upstream)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, behaviour), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/query", behaviour
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, behaviour: Behaviour) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(connection, behaviour), daemon=True).start()


def _one(connection: socket.socket, behaviour: Behaviour) -> None:
    with connection, suppress(OSError):
        connection.settimeout(30)
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = connection.recv(65_536)
            if not more:
                return
            asked += more
        head, _, body = asked.partition(b"\r\n\r\n")
        length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if b"content-length" in line.lower()))
        while len(body) < length:
            body += connection.recv(65_536)
        behaviour.asked.append(head + b"\r\n\r\n" + body)
        if behaviour.act is None:
            behaviour.pass_on(behaviour.asked[-1], connection)
        else:
            behaviour.act(connection)
