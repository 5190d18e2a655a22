"""Engines behind `kg serve --backend`: real ones, and a socket that does what no engine should."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent
START = 60.0


@dataclass(frozen=True)
class Engine:
    """A running engine that holds nothing of ours yet.

    Attributes:
        url: of its query endpoint.
        log: what it wrote.
        environment: what `kg` needs to write to it.

    """

    name: str
    url: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    def push(self, *options: str) -> str:
        """Load the graph into it by `kg push` and return what that says."""
        command = [sys.executable, "-m", "kg", "push", "--backend", self.url, *options]
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=os.environ | self.environment, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def oxigraph(folder: Path, *options: str) -> Iterator[Engine]:
    """Run the `oxigraph` server (PyPI) on disk."""
    port = free_port()
    command = [str(BIN / "oxigraph"), "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with _run([*command, *options], folder, f"http://127.0.0.1:{port}/query") as log:
        yield Engine("oxigraph", f"http://127.0.0.1:{port}/query", log)


ENGINES: dict[str, Callable[[Path], object]] = {"oxigraph": oxigraph}


@contextmanager
def _run(command: list[str], folder: Path, url: str) -> Iterator[Path]:
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=out) as process:
        try:
            _wait(url, process, log)
            yield log
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{command_of(process)} does not answer: {log.read_text()[-2000:]}")


def command_of(process: subprocess.Popen[bytes]) -> str:
    return str(process.args[0] if isinstance(process.args, list) else process.args)


class Behaviour:
    """What a socket does with each connection, until told otherwise.

    Attributes:
        act: gets the connection, of which the request was read.
        asked: the requests that came.

    """

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self.act, self.asked = act, []


@contextmanager
def misbehaving(act: Callable[[socket.socket], None]) -> Iterator[tuple[str, Behaviour]]:
    """Listen on a free port and act on each connection; yield the URL."""
    behaviour = Behaviour(act)
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
        behaviour.act(connection)


def executable(name: str) -> str:
    return shutil.which(name) or ""
