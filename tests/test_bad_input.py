"""Bad input over a live server, beside the cases of test_protocol: headers, every route, and memory afterwards."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from live import request as send
from live import running
from test_limits import memory, warm_up
from test_protocol import BAD

ROUTES = (
    "/{}",
    "/id/{}",
    "/id/measure/{}",
    "/graph/{}",
    "/def/{}",
    "/store/{}",
    "/store?graph={}",
    "/questions/{}",
    "/questions/occupations/vacancies?occupation={}",
    "/api/{}",
    "/api/occupations/vacancies.csv?occupation={}",
    "/search?q={}",
    "/switch?from={}",
    "/reconcile/{}",
    "/shapes/{}/x",
    "/editor/{}",
    "/static/{}",
    "/shapes/{}",
    "/?lang={}",
    "/sparql?query={}",
    "/sparql?query=ASK%7B%7D&format={}",
    "/sparql?query=ASK%7B%7D&default-graph-uri={}",
    "/sparql?query=ASK%7B%7D&timeout={}",
)
EVIL = {
    "a line break": "%0d%0aX-Evil:%201%0d%0a%0d%0a<script>alert(1)</script>",
    "script": '"><script>alert(1)</script>',
    "dots": "../../../../etc/passwd",
    "encoded dots": "..%2f..%2f..%2fetc%2fpasswd",
    "NUL": "x%00y",
    "a lone surrogate": "%ED%A0%80",
    "no UTF-8": "%ff%fe",
    "bad percent": "%zz%",
    "much": "x" * 5000,
    "a template": "{{7*7}}${7*7}#{7*7}",
}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    with running(options=("--timeout", "3")) as found:
        yield found


@pytest.mark.check
@pytest.mark.parametrize("name", EVIL)
def test_no_route_breaks_or_gives_it_back_raw(server: tuple[str, int], name: str) -> None:
    url, _ = server
    for route in ROUTES:
        path = route.format(EVIL[name] if "%" in EVIL[name] else quote(EVIL[name], safe='/<>"{}$#*.')).replace(
            "#", "%23"
        )
        for accept in ("text/html", "*/*"):
            answer = send(url, path.replace(" ", "%20"), "GET", None, {"Accept": accept})
            text = answer.body.decode("utf-8", "replace")
            assert answer.status < 500, (path, text[:300])
            assert "X-Evil" not in answer.headers
            assert "<script>alert" not in text or "json" in answer.headers["Content-Type"], path
            assert "root:x:0" not in text
            assert "Traceback" not in text
            assert "/src/kg" not in text
            assert "49${49}" not in text


@pytest.mark.parametrize(
    "query",
    [
        'ASK { FILTER("\\uD800" = "x") }',
        'ASK { FILTER("\\U0011FFFF" = "x") }',
        "ASK { <urn:\\u0000> ?p ?o }",
        "ASK { <a b> ?p ?o }",
        "SELECT * { ?s ?p ?o",
        "SELECT (<urn:f>(1) AS ?x) {}",
        "BASE <x> ASK {}",
        "\ufeff ASK {}",
        "ASK {} ; ASK {}",
    ],
)
def test_what_is_no_query_is_told_shortly(server: tuple[str, int], query: str) -> None:
    answer = send(server[0], "/sparql", "POST", query.encode(), {"Content-Type": "application/sparql-query"})
    assert answer.status in (200, 400), answer.text
    assert answer.status == 200 or answer.problem["title"] == "Malformed query"
    assert len(answer.body) < 1500


@pytest.mark.check
def test_memory_is_back_after_all_bad_input(server: tuple[str, int]) -> None:
    url, pid = server

    def round_of_bad_input() -> None:
        for method, path, body, headers, status in BAD.values():
            try:
                assert send(url, path, method, body or None, headers).status == status
            except ConnectionError:
                assert len(body) > 1_000_000  # Told so, and closed, before all of it was sent.
        port = urlsplit(url).port
        for count in range(20):  # Some never end their request, some leave halfway, some do not read.
            with socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.6.{count + 1}", 0)) as one:
                one.sendall(
                    b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000
                )
            with socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.6.{count + 1}", 0)) as one:
                rows = quote(f"SELECT * {{ ?s ?p ?o }} LIMIT {2000 + count}").encode()
                one.sendall(b"GET /sparql?query=" + rows + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    warm_up(url)
    for _ in range(5):
        round_of_bad_input()
    time.sleep(1)
    before = memory(pid)
    for _ in range(5):
        round_of_bad_input()
    time.sleep(4)
    after = memory(pid)
    print(f"memory before and after (Pss, KiB): {before}, {after}")
    assert after < before * 1.1
    assert send(url, "/readyz", "GET", None, {}).status == 200
