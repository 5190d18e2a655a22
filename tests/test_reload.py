"""One server takes over from another without a failed request; what dies is replaced; what began is finished."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
from live import lives, until, with_load
from test_limits import ENDLESS, family
from test_operate import Running, operated

from kg.endpoint import supervisor
from kg.endpoint.supervisor import bind
from kg.graph.build import Graph
from kg.graph.store import write_store

pytestmark = pytest.mark.slow

MARK = "SELECT ?o { <urn:mark> <urn:is> ?o }"
GRAPH = ox.NamedNode("urn:g")
LIGHT = "/sparql?format=csv&query=" + quote(MARK)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> Path:
    """A folder with stores that differ in one statement, `a` and `b`, and one that is not whole, `broken`."""
    folder = tmp_path_factory.mktemp("versions")
    held = write_store(graph, folder, "a")
    first = Path(held.path or os.path.realpath(folder / "current"))
    first.rename(folder / "a")
    shutil.copytree(folder / "a", folder / "b")
    for name in "ab":
        mark = ox.Triple(ox.NamedNode("urn:mark"), ox.NamedNode("urn:is"), ox.Literal(name))
        for path, graphs in ((folder / name, [GRAPH]), (folder / name / "whole", [GRAPH, ox.DefaultGraph()])):
            store = ox.Store(str(path))
            store.extend([ox.Quad(*mark, graph) for graph in graphs])
            store.flush()
            del store
        marker = folder / name / "kg-store.json"
        payload = json.loads(marker.read_text())
        marker.write_text(json.dumps(payload | {"data": name * 16}))
    (folder / "broken").mkdir()
    point(folder, "a")
    return folder


def point(folder: Path, name: str) -> None:
    """Let the store in a folder be another version, as `kg load` does."""
    link = folder / ".part-link"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(folder / "current")


@pytest.fixture
def server(versions: Path, tmp_path: Path) -> Iterator[Running]:
    point(versions, "a")
    with operated(tmp_path, "--store", str(versions), "--timeout", "3") as running:
        yield running


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Running]:
    with operated(tmp_path, "--timeout", "2") as running:
        yield running


def mark(server: Running) -> str:
    return server.get(LIGHT).text.split()[-1]


class Clients:
    """Clients that ask all the time, each on a connection that it keeps while the server does, and count what fails."""

    def __init__(self, url: str, count: int) -> None:
        self.seen: Counter[str] = Counter()
        self.failed: list[str] = []
        self._host, self._stop, self._lock = urlsplit(url).netloc, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int) -> None:
        source = f"127.0.8.{number + 1}"
        connection = http.client.HTTPConnection(self._host, timeout=300, source_address=(source, 0))
        serial = 0
        while not self._stop.is_set():
            serial += 1
            try:
                connection.request("GET", f"{LIGHT}%20%23{number}-{serial % 50}")
                response = connection.getresponse()
                outcome = f"{response.status} {response.read().decode().split()[-1]}"
                if response.getheader("Connection") == "close" or number % 2:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                outcome = repr(error)
                connection.close()
            with self._lock:
                self.seen[outcome] += 1
                if outcome not in ("200 a", "200 b"):
                    self.failed.append(outcome)
        connection.close()

    def end(self) -> int:
        """Stop, and return how many answers came."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return sum(self.seen.values())


@pytest.mark.check
def test_new_data_comes_without_a_failed_request(server: Running, versions: Path) -> None:
    clients = Clients(server.url, 4)
    for name in "ba":
        point(versions, name)
        server.process.send_signal(signal.SIGHUP)
        until(lambda name=name: mark(server) == name)
    clients.end()
    assert not clients.failed, clients.seen
    assert set(clients.seen) == {"200 a", "200 b"}
    assert server.metric('kg_reloads_total{result="served"}') == 2
    assert server.metric('kg_reloads_total{result="failed"}') == 0
    until(lambda: len(family(server.process.pid)) <= 5 + 6)
    assert '"new data is served", "reloads": 2' in (server.folder / "err").read_text()


@pytest.mark.check
def test_broken_data_leaves_the_old_in_its_place(server: Running, versions: Path) -> None:
    point(versions, "broken")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.metric('kg_reloads_total{result="failed"}') == 1)
    assert mark(server) == "a"
    said = (server.folder / "err").read_text()
    assert "the store is not whole" in said
    assert "the old is served on" in said
    point(versions, "b")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: mark(server) == "b")
    assert server.metric('kg_reloads_total{result="failed"}') == 1
    assert server.metric('kg_reloads_total{result="served"}') == 1


@pytest.mark.check
def test_what_is_watched_is_served_when_it_changes(versions: Path, tmp_path: Path) -> None:
    point(versions, "a")
    with operated(tmp_path, "--store", str(versions), "--watch") as server:
        assert mark(server) == "a"
        point(versions, "b")
        until(lambda: mark(server) == "b")


def test_what_is_watched_is_told_once_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    states = [1, 2, 3, 0, 3, 3, 1, 1]

    def read() -> int:
        if not states:
            threading.Event().wait()  # The thread goes on as long as its process.
        state = states.pop(0)
        if not state:
            raise FileNotFoundError
        return state

    monkeypatch.setattr(supervisor, "_INTERVAL", 0.0)
    monkeypatch.setattr(os, "kill", lambda _, number: told.append(number))
    supervisor.watch(read)
    until(lambda: not states and len(told) == 2)
    assert told == [signal.SIGHUP, signal.SIGHUP]


@pytest.mark.check
def test_a_server_that_is_killed_is_replaced_and_the_others_wait(server: Running) -> None:
    for _ in range(2):
        serving = family(server.process.pid)[1]
        os.kill(serving, signal.SIGKILL)
        time.sleep(0.1)
        assert mark(server) == "a"
        assert serving not in family(server.process.pid)
    assert "another one begins" in (server.folder / "err").read_text()


def test_sigterm_lets_what_began_finish(plain: Running) -> None:
    server = plain
    idle = socket.create_connection(("127.0.0.1", urlsplit(server.url).port))
    statuses: list[int] = []
    asked = threading.Thread(target=lambda: statuses.append(server.post(ENDLESS).status))
    asked.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert server.stop() == 0
    asked.join()
    assert statuses == [503]  # Its own answer, after its own 2 seconds.
    assert 1 < time.monotonic() - began < 1 + with_load(5)
    assert idle.recv(10) == b""
    idle.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port))


def test_a_second_sigterm_ends_at_once(tmp_path: Path) -> None:
    with operated(tmp_path, "--timeout", "60") as server:
        asked = threading.Thread(target=lambda: ask_in_vain(server))
        asked.start()
        time.sleep(0.5)
        processes = family(server.process.pid)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert lives(processes[1]), "the first lets the query go on"
        assert server.stop() == 0
        asked.join()
        until(lambda: not any(map(lives, processes)))


def ask_in_vain(server: Running) -> None:
    """Ask something long of a server that does not wait for its answer."""
    with suppress(OSError, http.client.HTTPException):
        server.post(ENDLESS)


def test_sigterm_before_the_first_server_is_ready() -> None:
    kg = [sys.executable, "-m", "kg", "serve", "--port", "0"]
    with subprocess.Popen(kg, stdout=subprocess.PIPE, text=True) as process:
        until(lambda: len(family(process.pid)) > 1)
        process.terminate()
        assert process.communicate(timeout=300)[0] == ""
    assert process.returncode == 0


def test_a_taken_port_and_broken_data_stop_the_start(tmp_path: Path) -> None:
    kg = [sys.executable, "-m", "kg", "serve", "--port"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        taken = subprocess.run([*kg, port], capture_output=True, text=True, timeout=300)
    assert taken.returncode == 2
    assert "choose another with --port" in taken.stderr
    broken = subprocess.run([*kg, "0", "--store", str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert broken.returncode == 2
    assert "no store of kg" in broken.stderr


def soak(folder: Path, versions: Path, requests: int, reloads: int) -> str:
    """Reload again and again under load, until so many requests were sent; return a line that says what came."""
    point(versions, "a")
    with operated(folder, "--store", str(versions)) as server:
        clients = Clients(server.url, 8)
        done = 0
        while sum(clients.seen.values()) < requests or done < reloads:
            done += 1
            point(versions, "ba"[done % 2 == 0])
            server.process.send_signal(signal.SIGHUP)
            until(lambda: server.metric('kg_reloads_total{result="served"}') == done)  # noqa: B023
        total = clients.end()
        return f"{len(clients.failed)} of {total} requests failed in {done} reloads: {dict(clients.seen)}"


@pytest.mark.check
def test_ten_thousand_requests_during_reloads(versions: Path, tmp_path: Path) -> None:
    report = soak(tmp_path, versions, 10_000, 3)
    print(report)
    assert report.startswith("0 of "), report


def test_connections_do_not_wait_to_send_a_small_answer() -> None:
    with bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
