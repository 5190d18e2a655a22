"""Good and hostile clients at once for ten minutes: every answer is compared, memory is watched.

python bench/soak.py [--minutes N] [--write FILE]. Exit code 1 where a good client gets no right answer, a hostile
one an error of the server, or where the serving process has grown by more than 10 %. What all processes take together
is told only: it depends on how many of the workers that are left have answered queries.
"""

from __future__ import annotations

import argparse
import http.client
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import cases
import pyoxigraph as ox
from asking import GRAPHS, TABLES, Client, Wrong, same_answer
from pages import machine, write_between
from peers import Peer, kg_serve
from prometheus_client.parser import text_string_to_metric_families

from kg.files import project_folder
from kg.graph.build import build

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from live import patient
from test_limits import HOSTILE, family, memory, pss

TIMEOUT = 3.0
CACHE = 16 << 20  # Bytes: small, so that it is full before memory is looked at.
SETTINGS = ("--timeout", str(TIMEOUT), "--cache", str(CACHE))
WARM = 60.0
GOOD, BAD, RUDE = 6, 8, 4
REST = 15.0
_TRIES = 20
ALLOWED = {200, 400, 403, 413, 414, 415, 429, 431, 503}
QUERIES = (cases.SELECT, cases.ASK_YES, cases.ASK_NO, cases.CONSTRUCT, cases.PLAIN, cases.IN_GRAPH, cases.AWKWARD)
PAGES = ("/", "/?lang=en", "/id/measure/ccs", "/questions", "/search?q=lasser", "/readyz", "/store/klimaattafels")


@dataclass
class Seen:
    """What came of one kind of client."""

    statuses: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, ask: Callable[[], str]) -> None:
        """Ask, and note the time and what came."""
        began = time.monotonic()
        try:
            outcome = ask()
        except Wrong as error:
            outcome = f"wrong: {error}"
            self.wrong.append(outcome)
        except (OSError, http.client.HTTPException) as error:
            outcome = f"no answer: {type(error).__name__}"
            self.wrong.append(outcome)
        self.times.append(time.monotonic() - began)
        self.statuses[outcome] += 1

    def late(self) -> float:
        """Return the 99th percentile of the times."""
        return statistics.quantiles(self.times, n=100)[98] if len(self.times) > 1 else 0.0


class Clients:
    """All clients, each a thread with an address of its own.

    Arguments:
        peer: the server.
        truth: the graph that it serves.
        until: when they stop.

    """

    def __init__(self, peer: Peer, truth: ox.Store, until: float) -> None:
        self._peer, self._truth, self._until = peer, truth, until
        self.seen = {"queries": Seen(), "pages": Seen(), "hostile queries": Seen(), "rude connections": Seen()}

    def run(self) -> None:
        """Let all of them ask until it is time."""
        kinds = [self._good] * GOOD + [self._hostile] * BAD + [self._rude] * RUDE
        threads = [threading.Thread(target=kind, args=(number,)) for number, kind in enumerate(kinds, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _good(self, number: int) -> None:
        client = Client(self._peer, self._truth, f"127.0.6.{number}")
        chance = random.Random(number)  # noqa: S311
        while time.monotonic() < self._until:
            if chance.random() < 0.2:
                self.seen["pages"].take(lambda: self._page(client, chance.choice(PAGES)))
            else:
                self.seen["queries"].take(lambda: self._query(client, chance))
            time.sleep(0.02)

    def _query(self, client: Client, chance: random.Random) -> str:
        query = chance.choice(QUERIES)
        media = chance.choice(list(GRAPHS if query.startswith("CONSTRUCT") else TABLES))
        fresh = f"{query}\n# {chance.random()}" if chance.random() < 0.5 else query
        send = chance.choice([client.get, client.form, client.direct])
        same_answer(send({"query": fresh}, Accept=media), self._truth, query, media)
        return "200, right"

    def _page(self, client: Client, path: str) -> str:
        answer = client.send(f"http://{self._peer.netloc}{path}", Accept="text/html, */*;q=0.1")
        if answer.status != 200:
            raise Wrong(f"status {answer.status} of {path}")
        return "200"

    def _hostile(self, number: int) -> None:
        client = Client(self._peer, self._truth, f"127.0.6.{number}")
        chance = random.Random(number)  # noqa: S311
        while time.monotonic() < self._until:
            query, statuses = HOSTILE[chance.choice(list(HOSTILE))]
            text = f"{query} #{chance.random()}"
            self.seen["hostile queries"].take(lambda q=text, s=statuses: self._attack(client, q, s))

    @staticmethod
    def _attack(client: Client, query: str, statuses: set[int]) -> str:
        answer = client.form({"query": query})
        if answer.status not in ALLOWED or (answer.status >= 400 and answer.media != "application/problem+json"):
            raise Wrong(f"status {answer.status}, {answer.media}")
        return f"{answer.status}" + ("" if answer.status in statuses else ", for another reason")

    def _rude(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        while time.monotonic() < self._until:
            self.seen["rude connections"].take(lambda: self._connect(chance, f"127.0.6.{number}"))

    def _connect(self, chance: random.Random, source: str) -> str:
        """Send half a request, or read half an answer, and leave."""
        address = (urlsplit(self._peer.query).hostname or "", urlsplit(self._peer.query).port or 0)
        query = quote("SELECT * { ?s ?p ?o } LIMIT 20000")
        host = "Host: localhost\r\n"
        data = chance.choice(
            [
                f"POST /sparql HTTP/1.1\r\n{host}Content-Length: {chance.randrange(1, 10**7)}\r\n\r\nquery=",
                f"GET /sparql?query={query} HTTP/1.1\r\n{host}\r\n",
                f"GET /sparql HTTP/1.1\r\n{host}X: " + "y" * chance.randrange(10**5),
                "".join(chr(chance.randrange(256)) for _ in range(200)),
            ]
        )
        with socket.create_connection(address, timeout=10, source_address=(source, 0)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(data.encode("latin-1"))
            time.sleep(chance.random() * 3)
        return "left"


class Watch(threading.Thread):
    """Looks at the memory of a server every few seconds."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self.stopped = pid, threading.Event()
        self.most = 0

    def run(self) -> None:
        while not self.stopped.wait(2):
            for _ in range(_TRIES):
                with suppress(OSError):  # A worker was replaced meanwhile.
                    self.most = max(self.most, memory(self._pid))
                    break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into this page")
    options = parser.parse_args()
    truth = build(project_folder()).store
    with tempfile.TemporaryFile() as errors, kg_serve(*SETTINGS, errors=errors) as peer:
        patient(f"http://{peer.netloc}/download/SHA256SUMS")  # A server that has prepared its downloads is larger.
        Clients(peer, truth, time.monotonic() + min(WARM, options.minutes * 12)).run()
        time.sleep(REST)
        before, kept_before = memory(peer.pid), kept(peer)
        processes, serving = len(family(peer.pid)), family(peer.pid)[1]
        own_before = pss(serving)
        watch = Watch(peer.pid)
        watch.start()
        clients = Clients(peer, truth, time.monotonic() + options.minutes * 60)
        clients.run()
        watch.stopped.set()
        time.sleep(REST)
        after, kept_after, left = memory(peer.pid), kept(peer), len(family(peer.pid))
        same, own_after = serving in family(peer.pid), pss(serving)
        errors.seek(0)
        troubles = [text for text in errors.read().decode().splitlines() if '"level": "error"' in text]
    measures = [
        ("memory before, most, after (Pss, MiB)", f"{before >> 10}, {watch.most >> 10}, {after >> 10}"),
        ("of these, the serving process before, after (MiB)", f"{own_before >> 10}, {own_after >> 10}"),
        ("of these, kept results before, after (MiB)", f"{kept_before >> 10}, {kept_after >> 10}"),
        ("processes before, after", f"{processes}, {left}"),
        ("the serving process is the same", "yes" if same else "no"),
        ("errors in the log of the server", len(troubles)),
    ]
    page = table(clients, options.minutes, measures)
    if options.write:
        write_between(options.write, "soak", page)
    print(page)
    wrong = [wrong_answer for seen in clients.seen.values() for wrong_answer in seen.wrong]
    grown = own_after > own_before * 1.1
    bad = [*wrong[:20], *troubles[:5], *["the serving process grew"] * grown, *["another process serves"] * (not same)]
    print("\n".join(bad), file=sys.stderr)
    sys.exit(1 if bad else 0)


def kept(peer: Peer) -> int:
    """Return how much the results take that the server keeps, in KiB."""
    with urllib.request.urlopen(f"http://{peer.netloc}/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return int(next(family.samples[0].value for family in families if family.name == "kg_cache_bytes")) >> 10


def table(clients: Clients, minutes: float, measures: list[tuple[str, object]]) -> str:
    """Return what came, in Markdown."""
    lines = [
        f"{machine()}. {minutes:g} minutes; {GOOD} good clients, {BAD} hostile, {RUDE} rude; time limit {TIMEOUT:g} s."
    ]
    lines += ["", "| clients | requests | wrong | median s | p99 s | longest s | answers |", "| --- " * 7 + "|"]
    for name, seen in clients.seen.items():
        answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(seen.statuses.items()))
        times = f"{statistics.median(seen.times):.3f} | {seen.late():.3f} | {max(seen.times):.3f}"
        lines.append(f"| {name} | {len(seen.times):,} | {len(seen.wrong)} | {times} | {answers} |")
    lines += ["", "| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in measures)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
