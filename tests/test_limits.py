"""Hard limits over a live server: hostile queries end, their neighbours notice nothing, no process is left behind."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import statistics
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from backends import ENGINES, KINDS, Engine, Shelf, started
from live import lives, patient, running, until, with_load

from kg.queries.limits import Limits

pytestmark = pytest.mark.slow

SECONDS = 0.6
OPTIONS = ("--timeout", str(SECONDS), "--memory", str(300 << 20), "--per-client", "3", "--max-bytes", str(2 << 20))
PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"  # Of three: what is joined fits into memory.
LIGHT = "SELECT ?p {{ ?p a <https://w3id.org/klimaatbanen/def#Pillar> FILTER(?p != <urn:x:{}>) }}"
SCORE = "<https://w3id.org/klimaatbanen/def#textScore>"
REGEX = "(a{1,900}){1,900}" * 20


def doubled(times: int) -> str:
    """Bind ?v0 and so on, each twice as long as the one before."""
    return "BIND('x' AS ?v0) " + " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(times))


DIGITS = "{1 2 3 4 5 6 7 8 9}"
TABLE = " ".join(f"VALUES ?v{n}{DIGITS}" for n in range(40))
LOOP = "(<urn:a>|!<urn:a>)*"

# Each is hostile in a way of its own; the statuses are those that it may get.
HOSTILE = {
    "product": (ENDLESS, {503}),
    "order": (f"SELECT * {{ {PRODUCT} }} ORDER BY ?a ?f ?l", {503}),
    "distinct": (f"SELECT DISTINCT ?a ?f ?l {{ {PRODUCT} }}", {503}),
    "rows": (f"SELECT * {{ {PRODUCT} }}", {503}),
    "construct": (f"CONSTRUCT {{ ?a ?e ?l }} {{ {PRODUCT} }}", {503}),
    "describe": (f"DESCRIBE ?a {{ {PRODUCT} FILTER(?c = ?l) }}", {503}),
    "ask": (f"ASK {{ {PRODUCT} FILTER(CONCAT(STR(?a), STR(?l)) = 'x') }}", {503}),
    "regex": (f'SELECT * {{ {PRODUCT} FILTER(REGEX(STR(?c), "(.*)(.*)(.*)(.*)(.*)~$")) }}', {503}),
    "large regex": (f'SELECT * {{ ?s ?p ?o FILTER(REGEX(STR(?o), "{REGEX}")) }}', {200, 400, 503}),
    "text score": (
        f'SELECT * {{ {PRODUCT} FILTER({SCORE}(?a, "lasser") < {SCORE}(?l, "monteur")) }}',
        {400, 503},
    ),  # 400: back ends lack it.
    "path": (f"SELECT (COUNT(*) AS ?n) {{ ?s {LOOP} ?o . ?o {LOOP} ?q }}", {503}),
    "nesting": ("SELECT * {" + "{" * 20_000 + "}" * 20_000 + "}", {413}),
    "nesting within": ("SELECT * {" + "{" * 499 + "}" * 499 + "}", {200, 503}),
    "exists": ("SELECT * { " + "?s ?p ?o FILTER EXISTS { " * 490 + "}" * 491, {200, 503}),
    "not": ("SELECT (" + "!" * 499 + "true AS ?x) {}", {200}),
    "union": ("SELECT * { " + "{}UNION" * 20_000 + "{} }", {413}),
    "union within": ("SELECT * { " + "{}UNION" * 9_000 + "{} }", {200, 503}),
    "optional": ("SELECT * { " + "OPTIONAL{?a ?b ?c}" * 3_500 + " }", {503}),
    "concat": (f"SELECT (GROUP_CONCAT(CONCAT(STR(?c), STR(?f))) AS ?n) {{ {PRODUCT} }}", {503}),
    "doubling": (f"SELECT * {{ {doubled(40)} }}", {503}),
    "values": (f"SELECT * {{ {TABLE} }}", {503}),
    "subselects": ("SELECT * { " + f"{{ SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }} }} UNION " * 50 + "{} }", {503}),
    "quotes": ('ASK { FILTER("' + '\\"' * 30_000 + ") }", {400}),
    "long result": ("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 6000", {413, 503}),
}


# What an engine elsewhere does with its own time is not ours to keep apart.
ours = pytest.mark.parametrize("kind", KINDS[:2], indirect=True, scope="module")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["Content-Type"] == "application/problem+json", self.body[:200]
        body: dict[str, object] = json.loads(self.body)
        return body


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def own_engine(kind: str, shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine | None]:
    """Run an engine of our own for hostile queries, which go on in it after their time."""
    if kind not in ENGINES:
        yield None
        return
    with started(kind, tmp_path_factory.mktemp(kind), seconds=30) as engine:
        yield engine


@pytest.fixture(scope="module")
def seconds(kind: str) -> float:
    """Return the limit on time: a store on disk is opened by each worker, and an engine has a life of its own."""
    return SECONDS if kind == "memory" else 2.0


@pytest.fixture
def room(kind: str) -> float:
    """Return the seconds beyond the limit in which an answer must be there: engines take both cores of a machine."""
    return with_load(1.0 if kind == "memory" else 4.0)


@pytest.fixture(scope="module")
def options(kind: str, shelf: Shelf, own_engine: Engine | None, seconds: float) -> tuple[str, ...]:
    backend = ("--backend", own_engine.url) if own_engine else shelf.options(kind)
    return (*OPTIONS, "--timeout", str(seconds), *backend)


@pytest.fixture(scope="module")
def started_server(options: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    with running(options=options) as server:
        yield server


@pytest.fixture
def server(started_server: tuple[str, int], own_engine: Engine | None) -> Iterator[tuple[str, int]]:
    yield started_server
    if own_engine:
        own_engine.rest()


def send(url: str, query: str, client: str = "127.0.0.1", **more: str) -> Answer:
    began = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300, source_address=(client, 0))
    body = urlencode({"query": query, **more}).encode()
    connection.request("POST", "/sparql", body, {"Content-Type": "application/x-www-form-urlencoded"})
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read(), time.monotonic() - began)
    connection.close()
    return answer


def family(pid: int) -> list[int]:
    """Return the processes that come from one, itself first."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    pids = [pid]
    for ancestor in pids:
        pids += [child for child, parent in parents.items() if parent == ancestor]
    return pids


def memory(pid: int) -> int:
    """Return the memory of a process and all that come from it, shared pages counted once, in KiB."""
    return sum(map(pss, family(pid)))


def pss(pid: int) -> int:
    """Return the memory of one process in KiB, shared pages in parts among those who share them; 0 where it is gone."""
    try:
        match = re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:  # A worker may end in between: another takes its place.
        return 0
    return int(match.group(1)) if match else 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_ends_in_time_and_the_next_is_answered(
    server: tuple[str, int], own_engine: Engine | None, seconds: float, room: float, name: str
) -> None:
    url, _ = server
    query, statuses = HOSTILE[name]
    answer = send(url, query)
    if own_engine:  # It may die of the query, or be too busy to show that it lives.
        own_engine.rest()
        statuses = statuses if statuses <= {200, 400} else statuses | {413, 502, 503, 504}
    assert answer.status in statuses, answer.body[:300]
    assert answer.seconds < seconds + room
    if answer.status != 200:
        assert answer.problem["status"] == answer.status
        assert answer.status in (400, 502, 504) or answer.problem["limit"] in {limit.name for limit in Limits().listed}
    after = send(url, LIGHT.format(name.replace(" ", "-")))
    assert after.status == 200
    assert after.seconds < room / 2


def test_the_time_limit_names_itself_and_says_when_to_try_again(server: tuple[str, int]) -> None:
    answer = send(server[0], ENDLESS)
    assert (answer.problem["limit"], answer.problem["setting"]) == ("timeout", "--timeout")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_may_ask_for_less_time_and_never_for_more(
    server: tuple[str, int], seconds: float, room: float
) -> None:
    assert send(server[0], ENDLESS, timeout="0.2").seconds < 0.2 + room / 2
    assert send(server[0], ENDLESS, timeout="100").seconds < seconds + room
    for wrong in ("0", "-1", "nan", "inf", "x", ""):
        assert send(server[0], "ASK {}", timeout=wrong).status == 400


@ours
def test_one_client_gets_429_and_others_are_served(server: tuple[str, int]) -> None:
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(send, server[0], ENDLESS, "127.0.0.9") for _ in range(6)]
        time.sleep(0.2)
        assert send(server[0], LIGHT.format("429")).status == 200
        answers = [future.result() for future in asked]
    statuses = Counter(answer.status for answer in answers)
    assert statuses[429] == 3, statuses
    assert statuses[503] == 3, statuses
    for answer in answers:
        if answer.status == 429:
            assert (answer.problem["limit"], answer.problem["setting"]) == ("per_client", "--per-client")
            assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.check
def test_rows_are_limited_in_every_format() -> None:
    with running(options=("--max-rows", "100")) as (url, _):
        for form in ("json", "xml", "csv", "tsv"):
            assert send(url, "SELECT * { ?s ?p ?o } LIMIT 100", format=form).status == 200
            answer = send(url, "SELECT * { ?s ?p ?o } LIMIT 101", format=form)
            assert (answer.status, answer.problem["setting"]) == (413, "--max-rows")
        awkward = "SELECT ('},{\"\\n\\r\\n<result>' AS ?x) ?s { ?s ?p ?o } LIMIT 100"
        for form in ("json", "xml", "csv", "tsv"):
            assert send(url, awkward, format=form).status == 200
        assert send(url, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 101").status == 413


def test_bytes_are_limited() -> None:
    with running(options=("--max-bytes", str(1 << 20))) as (url, _):
        answer = send(url, HOSTILE["long result"][0])
        assert (answer.status, answer.problem["setting"]) == (413, "--max-bytes")


@pytest.mark.check
def test_a_worker_that_has_grown_is_not_kept() -> None:
    with running() as (url, _):
        for doublings, replaced in ((20, 0), (26, 1)):
            answer = send(url, f"SELECT (STRLEN(?v{doublings}) AS ?n) {{ {doubled(doublings)} }}")
            assert answer.status == 200
            with urllib.request.urlopen(f"{url}/metrics") as metrics:
                assert f"kg_workers_replaced_total {replaced}.0" in metrics.read().decode()


def test_a_killed_worker_and_a_killed_spawner_are_replaced() -> None:
    with running(options=OPTIONS) as (url, pid):
        for victims in (2, 1):  # The standby that then takes over is no child of the server's.
            until(lambda: len(family(pid)) >= 4 + workers(url, "idle"))  # Supervisor, server, spawner and its standby.
            assert send(url, LIGHT.format(0)).status == 200
            tree = family(pid)[2:]  # Behind supervisor and server.
            spawner = tree[0]
            for victim in tree[1:] if victims == 2 else [spawner]:
                os.kill(victim, signal.SIGKILL)
            statuses = [light(url) for _ in range(5)]
            assert statuses.count(200) >= 4, statuses
            assert set(statuses) <= {200, 503}


def test_queries_that_end_at_once_leave_no_more_workers_than_places() -> None:
    with running(options=("--timeout", "1", "--concurrent", "4", "--heavy", "2")) as (url, _):
        assert [send(url, LIGHT.format(f"known{n}"), f"127.0.3.{n + 1}").status for n in range(4)] == [200] * 4
        with ThreadPoolExecutor(4) as threads:
            sent = [threads.submit(send, url, f"{ENDLESS} #{n}", f"127.0.3.{n + 1}") for n in range(4)]
            assert {future.result().status for future in sent} == {503}
        until(lambda: workers(url, "busy") == 0)
        assert workers(url, "idle") <= 2


def test_a_query_that_ends_does_not_wait_until_the_next_worker_is_there() -> None:
    with running(options=OPTIONS) as (url, pid), ThreadPoolExecutor(1) as thread:
        until(lambda: len(family(pid)) > 4 and light(url) == 200)
        spawner = family(pid)[2]
        os.kill(spawner, signal.SIGSTOP)
        try:
            answer = thread.submit(send, url, ENDLESS).result(SECONDS + with_load(5))
        finally:
            os.kill(spawner, signal.SIGCONT)
        assert (answer.status, answer.problem["limit"]) == (503, "timeout")
        assert light(url) == 200


def workers(url: str, state: str) -> int:
    with urllib.request.urlopen(f"{url}/metrics") as metrics:
        (number,) = re.findall(rf'^kg_workers\{{state="{state}"\}} (\d+)', metrics.read().decode(), re.MULTILINE)
    return int(number)


@pytest.mark.check
def test_a_server_that_can_start_no_worker_is_replaced() -> None:
    with running(options=OPTIONS) as (url, pid):
        until(lambda: len(family(pid)) > 4)  # Supervisor, server, spawner, a worker and the standby.
        for victim in reversed(family(pid)[2:]):
            os.kill(victim, signal.SIGKILL)
        until(lambda: light(url) == 200)
        assert [light(url) for _ in range(5)] == [200] * 5


def light(url: str) -> int:
    """Ask something that no cache holds, and return the status; 0 where the server is away."""
    try:
        return send(url, LIGHT.format(time.monotonic())).status
    except (OSError, http.client.HTTPException):
        return 0


@pytest.mark.check
def test_no_process_outlives_the_server() -> None:
    with running(options=OPTIONS) as (url, pid):
        send(url, ENDLESS)
        left = family(pid)
        assert len(left) > 2
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS + 3
        while any(lives(process) for process in left[1:]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [process for process in left[1:] if lives(process)]


@pytest.mark.check
@ours
def test_a_client_that_leaves_gives_its_place_back(server: tuple[str, int]) -> None:
    url, _ = server
    client = "127.0.0.77"
    for _ in range(6):
        with socket.create_connection(("127.0.0.1", urlsplit(url).port), source_address=(client, 0)) as gone:
            gone.sendall(
                b"GET /sparql?" + urlencode({"query": ENDLESS}).encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
            time.sleep(0.05)
        time.sleep(0.2)
    until(lambda: send(url, LIGHT.format("left"), client).status == 200, with_load(2))


@pytest.mark.parametrize("kind", ["memory"], indirect=True, scope="module")
def test_slow_clients_hold_no_place_and_do_not_block_service(server: tuple[str, int]) -> None:
    url, _ = server
    port = urlsplit(url).port
    with ExitStack() as slow:
        for count in range(200):
            client = f"127.0.1.{count // 4 + 1}"
            connection = slow.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(client, 0)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if count % 2:  # a request that never ends
                connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nquery=")
            else:  # an answer that nobody reads
                query = urlencode({"query": "SELECT * { ?s ?p ?o } LIMIT 5000"}).encode()
                connection.sendall(b"GET /sparql?" + query + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: workers(url, "busy") == 0)  # A hundred queries at once are more than the queue holds.
        times = [send(url, LIGHT.format(f"slow{count}")) for count in range(30)]
        assert {answer.status for answer in times} == {200}
        assert max(answer.seconds for answer in times) < with_load(1)


@ours
def test_limits_stand_on_the_pages_and_in_the_service_description(server: tuple[str, int]) -> None:
    for path, accept in (("/sparql", "text/html"), ("/sparql", "text/turtle")):
        connection = http.client.HTTPConnection(urlsplit(server[0]).netloc)
        connection.request("GET", path, headers={"Accept": accept, "Accept-Language": "en"})
        text = connection.getresponse().read().decode()
        connection.close()
        for limit in Limits().listed:
            assert limit.what in text, (path, limit.what)
            assert accept != "text/html" or limit.setting in text


def warm_up(url: str) -> None:
    """Have a server do what makes it larger once: answer in several workers at a time, and prepare its downloads."""
    for number in range(200):
        send(url, LIGHT.format(f"warm{number}"), f"127.0.3.{number % 4 + 1}")
    with ThreadPoolExecutor(12) as threads:
        sent = [
            threads.submit(send, url, f"SELECT * {{ ?s ?p ?o }} LIMIT {3000 + n}", f"127.0.3.{n % 4 + 1}")
            for n in range(12)
        ]
        assert {future.result().status for future in sent} == {200}
    patient(f"{url}/download/SHA256SUMS")


def hammer(seconds: float) -> tuple[list[Answer], list[Answer], tuple[int, int], tuple[int, int]]:
    """Send never-ending queries from twenty clients at once, light ones from four, for some seconds."""
    hostile: list[Answer] = []
    light: list[Answer] = []
    with running(options=("--timeout", "3", "--memory", str(300 << 20))) as (url, pid):
        warm_up(url)
        before, processes = memory(pid), len(family(pid))
        end = time.monotonic() + seconds

        def attack(count: int) -> None:
            kinds = [name for name, (_, statuses) in HOSTILE.items() if statuses == {503}]
            while time.monotonic() < end:
                query = HOSTILE[kinds[count % len(kinds)]][0] + f" #{time.monotonic()}"
                hostile.append(send(url, query, f"127.0.2.{count + 1}"))

        def ask(count: int) -> None:
            serial = 0
            while time.monotonic() < end:
                serial += 1
                light.append(send(url, LIGHT.format(f"{count}-{serial}"), f"127.0.3.{count + 1}"))
                time.sleep(0.02)

        threads = [threading.Thread(target=attack, args=(count,)) for count in range(20)]
        threads += [threading.Thread(target=ask, args=(count,)) for count in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(1)
        until(lambda: len(family(pid)) <= 4 + Limits().light)  # On a busy machine, what was killed takes time to end.
        return hostile, light, (before, memory(pid)), (processes, len(family(pid)))


def verdict(seconds: float) -> None:
    hostile, light, memories, processes = hammer(seconds)
    times = sorted(answer.seconds for answer in light)
    p99 = times[int(len(times) * 0.99)]
    limits = Counter(str(answer.problem["limit"]) for answer in hostile if answer.status == 503)
    print(f"\nlight: {len(light)} answers, {Counter(a.status for a in light)}")
    print(f"light: median {statistics.median(times):.3f} s, p99 {p99:.3f} s, longest {times[-1]:.3f} s")
    print(f"hostile: {len(hostile)} answers, {Counter(a.status for a in hostile)}, limits {limits}")
    print(f"hostile: longest {max(answer.seconds for answer in hostile):.3f} s (deadline 3 s)")
    print(f"memory (Pss, KiB) before and after: {memories}; processes: {processes}")
    assert {answer.status for answer in light} == {200}
    assert p99 < 0.5
    assert {answer.status for answer in hostile} == {503}
    assert max(answer.seconds for answer in hostile) < 3 + with_load(1)
    assert processes[1] <= 4 + Limits().light  # Supervisor, server, spawner and its standby; the workers.
    assert memories[1] < memories[0] * 1.1


@pytest.mark.check
def test_twenty_hostile_clients_beside_light_ones() -> None:
    verdict(5)


@pytest.mark.check
def test_twenty_hostile_clients_beside_light_ones_for_a_minute() -> None:
    verdict(60)
