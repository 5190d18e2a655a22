"""The parts of the pool: results as bytes, messages, admission, the cache, and what a worker cannot do."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import threading
import time
from unittest.mock import Mock

import pyoxigraph as ox
import pytest

from kg.endpoint.admission import Admission
from kg.endpoint.engine import InProcess
from kg.endpoint.http.cache import Cache
from kg.endpoint.protocol import QueryRequest, QueryResult, exchange, pack_request, read_request
from kg.endpoint.worker import _confine, answer_one, execute
from kg.errors import KgError, NoPlace, NotAcceptable, TooLarge, TooMany, Unavailable
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits


@pytest.fixture(scope="module")
def store() -> ox.Store:
    made = ox.Store()
    for number in range(5):
        made.add(ox.Quad(ox.NamedNode(f"urn:s{number}"), ox.NamedNode("urn:p"), ox.Literal('"},{"\r\n<result>')))
    return made


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize(("most", "fits"), [(5, True), (4, False)])
def test_rows_are_counted_outside_strings(store: ox.Store, form: str, most: int, fits: bool) -> None:
    asked = QueryRequest("SELECT * { ?s ?p ?o OPTIONAL { ?s <urn:q> ?q } }", table=form)
    if fits:
        assert execute(Dataset(store), asked, Limits(max_rows=most), {}).rows == most
        return
    with pytest.raises(TooLarge) as caught:
        execute(Dataset(store), asked, Limits(max_rows=most), {})
    assert caught.value.limit == "max_rows"


def test_empty_rows_count_too() -> None:
    asked = QueryRequest("SELECT ?x { VALUES ?y { 1 2 3 4 } }")
    assert execute(Dataset(ox.Store()), asked, Limits(max_rows=4), {}).rows == 4
    with pytest.raises(TooLarge):
        execute(Dataset(ox.Store()), asked, Limits(max_rows=3), {})


def test_the_beginning_of_an_answer(store: ox.Store) -> None:
    engine = InProcess(Dataset(store), Limits(), {"u": "urn:"})
    for query, form, rows in (
        ("SELECT * { ?s ?p ?o }", "json", 5),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "ttl", 5),
        ("ASK {}", "json", 1),
    ):
        preview = engine.query(QueryRequest(query, preview_rows=2))
        assert (preview.format, preview.rows) == (form, rows)
    query = "SELECT * { BIND('a'@en AS ?a) BIND(1 AS ?b) BIND(BNODE() AS ?c) }"
    result = engine.query(QueryRequest(query, preview_rows=2))
    (row,) = ox.parse_query_results(result.data, format=ox.QueryResultsFormat.JSON)
    assert (row["a"], row["b"]) == (ox.Literal("a", language="en"), ox.Literal(1))


def test_a_format_that_does_not_fit(store: ox.Store) -> None:
    for query, asked in (("ASK {}", {"table": ""}), ("CONSTRUCT WHERE { ?s ?p ?o }", {"graph": ""})):
        with pytest.raises(NotAcceptable):
            execute(Dataset(store), QueryRequest(query, accept="image/png", **asked), Limits(), {})


async def ours(channel: socket.socket, request: QueryRequest, seconds: float = 1.0) -> QueryResult | None:
    """Ask as the server does; no text is looked for."""
    reader, writer = await asyncio.open_unix_connection(sock=channel)
    try:
        return await exchange(reader, writer, request, seconds, lambda *_: asyncio.sleep(0))
    finally:
        writer.close()


def test_answers_and_errors_cross_a_socket(store: ox.Store) -> None:
    def ask(request: QueryRequest, most: float = math.inf) -> QueryResult | None:
        mine, theirs = socket.socketpair()

        def work() -> None:
            with theirs:
                asked, seconds = read_request(theirs) or (None, 0)
                assert (asked, seconds) == (request, 1.5)
                if request.text:
                    answer_one(theirs, Dataset(store), request, Limits(), {}, most)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            return asyncio.run(ours(mine, request, 1.5))
        finally:
            worker.join()

    with pytest.raises(KgError) as caught:
        ask(QueryRequest("ASK {", ("urn:a",), ("urn:b",)))
    assert (caught.value.line, caught.value.title) == (1, "Malformed query")
    answered = ask(QueryRequest("ASK {}"))
    assert answered is not None
    assert (answered.format, answered.worn) == ("json", False)
    assert getattr(ask(QueryRequest("ASK {}"), most=1), "worn", False)
    assert ask(QueryRequest("")) is None, "the worker ended"


def test_a_worker_cannot_connect_even_if_service_were_not_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.5)
        query = f"SELECT * {{ SERVICE SILENT <http://127.0.0.1:{trap.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        pid = os.fork()
        if pid == 0:
            try:
                _confine(Limits())
                list(ox.Store().query(query))
            finally:
                os._exit(0)
        with pytest.raises(TimeoutError):
            trap.accept()
        os.waitpid(pid, 0)


def test_a_client_has_its_share() -> None:
    async def share() -> None:
        places = Admission(Limits(per_client=1, concurrent=3, heavy=1))
        with await places.enter("a") as place:
            with pytest.raises(TooMany):
                await places.enter("a")
            place.become_heavy()
            with await places.enter("b") as other:
                with pytest.raises(NoPlace):
                    other.become_heavy()
                assert places.taken == (1, 1, 0)
        assert places.taken == (0, 0, 0)

    asyncio.run(share())


def test_who_used_little_goes_first() -> None:
    order: list[str] = []

    async def crowd() -> None:
        places = Admission(Limits(concurrent=2, heavy=1))
        for client, spent in (("much", 9.0), ("little", 0.0)):
            with await places.enter(client) as place:
                place.spent = spent

        async def run(client: str) -> None:
            with await places.enter(client):
                order.append(client)
                await asyncio.sleep(0)

        with await places.enter("first"):
            waiting = [asyncio.create_task(run(client)) for client in ("much", "new", "little")]
            await asyncio.sleep(0)
            assert places.taken == (1, 0, 3)
        await asyncio.gather(*waiting)
        assert places.taken == (0, 0, 0)

    asyncio.run(crowd())
    assert order == ["little", "new", "much"]


@pytest.mark.parametrize("given", [False, True])
def test_who_leaves_the_queue_takes_no_place(given: bool) -> None:
    """Also where its turn came in the moment in which it left."""

    async def leave() -> None:
        places = Admission(Limits(concurrent=2, heavy=1))
        with await places.enter("first"):
            waiting = asyncio.create_task(places.enter("second"))
            await asyncio.sleep(0)
            if not given:
                waiting.cancel()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert places.taken == (0, 0, 0)
        with await places.enter("third"):
            assert places.taken == (1, 0, 0)

    asyncio.run(leave())


def test_a_long_query_reaches_a_worker_that_is_slow_to_read() -> None:
    request, received = QueryRequest(f"ASK {{}} #{'x' * 2_000_000}"), []
    mine, theirs = socket.socketpair()

    def read_late() -> None:
        with theirs:
            time.sleep(0.2)
            received.append(read_request(theirs))

    reader = threading.Thread(target=read_late)
    reader.start()
    assert asyncio.run(ours(mine, request)) is None
    reader.join()
    assert received == [(request, 1.0)]


def test_a_short_query_is_read_with_one_call() -> None:
    request = QueryRequest("ASK { ?s ?p 'é' }", ("urn:a",), accept="*/*", preview_rows=3)
    channel = Mock(recv=Mock(return_value=pack_request(request, 2.5)))
    assert read_request(channel) == (request, 2.5)
    channel.recv.assert_called_once()


def test_the_cache_keeps_to_its_budget_and_goes_on_filling() -> None:
    cache = Cache(100_000)
    for number in range(1000):
        cache.put(str(number).encode(), number, 5_000)
        assert cache.get(str(number).encode()) == number
        assert cache.size <= 100_000
    cache.put(b"giant", 1, 50_000)
    assert cache.get(b"giant") is None
    assert cache.get(b"999") == 999
    for _ in range(100):
        cache.put(b"same", 1, 5_000)
    assert cache.get(b"990") == 990


def test_a_dead_spawner_is_told_clearly() -> None:
    from kg.endpoint.spawner import Spawner

    ours, theirs = socket.socketpair()
    theirs.close()
    with pytest.raises(Unavailable, match="gone"):
        asyncio.run(Spawner(ours, 0).spawn())
    ours.close()
