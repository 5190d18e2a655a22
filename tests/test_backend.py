"""A back end that fails in every way: a right status, a whole answer or none, in time; and what is sent to it."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from urllib.parse import parse_qs

import pytest
from backends import misbehaving
from live import with_load

from kg.endpoint.backends.dialects import DIALECTS
from kg.endpoint.backends.graph_selection import MERGE, NOTHING, GraphSelection
from kg.endpoint.backends.remote import Remote
from kg.endpoint.backends.url import Credentials, read_url, without_query
from kg.endpoint.protocol import QueryRequest
from kg.endpoint.worker import execute
from kg.errors import (
    BadGateway,
    GatewayTimeout,
    KgError,
    OverTime,
    QueryError,
    Refused,
    SourceError,
    TooLarge,
    Unavailable,
)
from kg.queries.limits import Limits

ONE, TWO = "https://w3id.org/klimaatbanen/graph/ontology", "https://w3id.org/klimaatbanen/graph/klimaattafels"
SELECTION = GraphSelection((ONE, TWO))
TABLE = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"a b"}},{}]}}'
LINES = b'<urn:a> <urn:b> "c"@nl .\n<urn:a> <urn:b> <urn:d> .\n'
SELECT, CONSTRUCT = "SELECT ?x { ?x ?y ?z }", "CONSTRUCT WHERE { ?s ?p ?o }"


def reply(body: bytes, kind: str = "application/sparql-results+json", status: str = "200 OK", head: str = "") -> bytes:
    begin = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    return begin.encode() + body


def chunked(body: bytes, *, end: bool) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + f"{len(body):x}\r\n".encode() + body + b"\r\n" + (b"0\r\n\r\n" if end else b"")


def drip(head: bytes, connection: socket.socket) -> None:
    connection.sendall(head)
    while True:
        time.sleep(0.05)
        connection.sendall(b" ")


def ask(act: object, query: str = SELECT, limits: Limits | None = None, **more: object):
    """Ask a back end that answers with bytes, or does what it is told; return the answer and the last request."""
    does = act if callable(act) else (lambda connection: connection.sendall(act))
    with misbehaving(does) as (url, behaviour):
        remote = Remote(url, Credentials(), SELECTION)
        try:
            return execute(remote, QueryRequest(query, **more), limits or Limits(), {}), behaviour.asked
        finally:
            remote.close()


FAILURES = {
    "500 with HTML": (reply(b"<h1>secret</h1>", "text/html", "500 Oops"), BadGateway),
    "200 with HTML": (reply(b"<h1>hello</h1>", "text/html"), BadGateway),
    "no kind": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", BadGateway),
    "404": (reply(b"", status="404 Not Found"), BadGateway),
    "400": (reply(b"no", status="400 Bad Request"), BadGateway),
    "401 without a password": (reply(b"", status="401 No", head="WWW-Authenticate: Basic realm=x\r\n"), BadGateway),
    "403": (reply(b"", status="403 Forbidden"), BadGateway),
    "busy": (reply(b"", status="503 Busy", head="Retry-After: 7\r\n"), Unavailable),
    "too many": (reply(b"", status="429 Too Many"), Unavailable),
    "its own time-out": (reply(b"The query timed out", status="500 Oops"), OverTime),
    "its gateway": (reply(b"", status="504 Gateway Timeout"), GatewayTimeout),
    "broken JSON": (reply(TABLE[:-10]), BadGateway),
    "no JSON": (reply(b"hello"), BadGateway),
    "empty": (reply(b""), BadGateway),
    "other columns": (reply(TABLE.replace(b'"vars":["x"]', b'"vars":["y"]')), BadGateway),
    "a boolean": (reply(b'{"head":{},"boolean":true}'), BadGateway),
    "bad UTF-8": (reply(TABLE.replace(b"a b", b"a\xffb")), BadGateway),
    "closed halfway": (reply(TABLE)[:-20], BadGateway),
    "closed after the head": (reply(TABLE)[: -len(TABLE)], BadGateway),
    "closed at once": (b"", BadGateway),
    "no HTTP": (b"SSH-2.0-OpenSSH_9\r\n\r\n", BadGateway),
    "a long head": (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n", BadGateway),
    "many heads": (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n", BadGateway),
    "packed though not asked": (reply(b"\x1f\x8b\x08\x00", head="Content-Encoding: gzip\r\n"), BadGateway),
}
ENDLESS = {
    "hangs": lambda connection: connection.recv(1),  # Until the other side leaves.
    "drips its head": lambda connection: drip(b"HTTP/1.1 200 OK\r\nX: ", connection),
    "drips its body": lambda connection: drip(reply(TABLE)[:-20], connection),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_back_end_gives_its_own_error(name: str) -> None:
    act, kind = FAILURES[name]
    with pytest.raises(KgError) as caught:
        ask(act)
    assert type(caught.value) is kind, caught.value
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ENDLESS)
def test_a_back_end_that_never_ends_its_answer_is_left_in_time(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(GatewayTimeout):
        ask(ENDLESS[name], limits=Limits(timeout=0.5))
    assert 0.5 <= time.monotonic() - began < 0.5 + with_load(1)


@pytest.mark.parametrize(("head", "kind"), [("X-SPARQL-MaxRows: 1", TooLarge), ("X-SQL-State: S1TAT", OverTime)])
def test_what_virtuoso_cuts_is_refused(head: str, kind: type[KgError]) -> None:
    virtuoso = next(dialect for dialect in DIALECTS if dialect.name == "Virtuoso")
    with (
        misbehaving(lambda connection: connection.sendall(reply(TABLE, head=head + "\r\n"))) as (url, _),
        closing(Remote(url, Credentials(), SELECTION, virtuoso)) as remote,
        pytest.raises(kind),
    ):
        execute(remote, QueryRequest(SELECT), Limits(), {})


def test_waiting_as_long_as_the_back_end_says() -> None:
    with pytest.raises(Unavailable) as caught:
        ask(FAILURES["busy"][0])
    assert caught.value.retry == 7


def test_a_dead_back_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/"
    with pytest.raises(BadGateway, match="cannot be reached"):
        execute(Remote(url, Credentials(), SELECTION), QueryRequest("ASK {}"), Limits(), {})


def test_no_part_of_an_answer_looks_whole() -> None:
    for end in range(len(TABLE)):
        with pytest.raises(BadGateway):
            ask(reply(TABLE[:end]))
    whole = reply(LINES, "application/n-triples")
    for end in range(1, len(LINES)):
        for act in (chunked(LINES[:end], end=False), whole[:-end]):
            with pytest.raises(BadGateway):
                ask(act, CONSTRUCT)


def test_triples_without_an_end_are_not_trusted() -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: application/n-triples\r\n\r\n"
    with pytest.raises(BadGateway, match="where its answer ends"):
        ask(head + LINES, CONSTRUCT)


def test_redirects_are_not_followed() -> None:
    with misbehaving(lambda connection: connection.sendall(reply(TABLE))) as (other, reached):
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
            with pytest.raises(BadGateway, match="not followed"):
                ask(reply(b"", status=status, head=f"Location: {other}\r\n"))
        assert reached.asked == []


@pytest.mark.parametrize(
    ("form", "begin"), [("json", b'{"head"'), ("xml", b"<?xml"), ("csv", b"x\r\na b"), ("tsv", b"?x\n")]
)
def test_every_table_is_made_of_json(form: str, begin: bytes) -> None:
    found, (asked,) = ask(reply(TABLE), table=form)
    assert (found.format, found.data[: len(begin)]) == (form, begin)
    assert b"Accept: application/sparql-results+json\r\n" in asked


@pytest.mark.parametrize("form", ["ttl", "jsonld", "nt", "rdf", "trig", "nq"])
def test_every_graph_is_made_of_n_triples(form: str) -> None:
    found, (asked,) = ask(chunked(LINES, end=True), CONSTRUCT, graph=form)
    assert (found.format, found.rows) == (form, 2)
    assert b"Accept: application/n-triples\r\n" in asked


def test_limits_hold_while_the_answer_is_read() -> None:
    endless = lambda connection: [connection.sendall(b"x" * 65_536) for _ in range(10_000)]  # noqa: E731
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n\r\n"
    with pytest.raises(TooLarge) as caught:
        ask(lambda connection: (connection.sendall(head), endless(connection)), limits=Limits(max_bytes=1 << 20))
    assert caught.value.limit == "max_bytes"
    for query, act in ((SELECT, reply(TABLE)), (CONSTRUCT, chunked(LINES, end=True))):
        with pytest.raises(TooLarge) as caught:
            ask(act, query, Limits(max_rows=1))
        assert caught.value.limit == "max_rows"
    with pytest.raises(TooLarge) as caught:
        ask(reply(TABLE), limits=Limits(max_bytes=60))
    assert caught.value.limit == "max_bytes"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT * {", QueryError),
        ("", QueryError),
        ("CLEAR ALL", Refused),
        ("SELECT * { SERVICE <urn:x> {} }", Refused),
        ("SELECT (<urn:f>(1) AS ?x) {}", QueryError),
        ('ASK { FILTER(<https://w3id.org/klimaatbanen/def#textScore>(<urn:x>, "a")) }', QueryError),
        ("ASK {} #" + "x" * 70_000, TooLarge),
        ("ASK " + "{" * 600 + "}" * 600, TooLarge),
        ("SELECT * FROM <\\u0075rn:x> {}", QueryError),
        ("PREFIX u: <\\u0075rn:> SELECT * FROM u:x {}", QueryError),
    ],
)
def test_what_is_refused_is_never_sent(query: str, kind: type[KgError]) -> None:
    with misbehaving(lambda connection: None) as (url, behaviour):
        with pytest.raises(kind):
            execute(Remote(url, Credentials(), SELECTION), QueryRequest(query), Limits(), {})
        assert behaviour.asked == []


PREFIX = "PREFIX g: <https://w3id.org/klimaatbanen/graph/> "
SEEN = "{ GRAPH ?g {} }"


@pytest.mark.parametrize(
    ("query", "more", "default", "named"),
    [
        (f"ASK {SEEN}", {}, [MERGE], [ONE, TWO]),
        ("ASK {}", {}, [MERGE], []),
        (f"ASK FROM <{ONE}> {SEEN}", {}, [ONE], [NOTHING]),
        (PREFIX + f"ASK FROM g:ontology FROM NAMED g:klimaattafels {SEEN}", {}, [ONE], [TWO]),
        (f"BASE <https://w3id.org/klimaatbanen/> ASK FROM <graph/ontology> {SEEN}", {}, [ONE], [NOTHING]),
        (f"ASK FROM <urn:private> FROM NAMED <urn:private> {SEEN}", {}, [NOTHING], [NOTHING]),
        ("ASK FROM <urn:private> {}", {}, [NOTHING], []),
        (f"ASK FROM <{ONE}> {SEEN}", {"default_graphs": (TWO,)}, [TWO], [NOTHING]),
        (f"ASK {SEEN}", {"named_graphs": (TWO, "urn:private")}, [NOTHING], [TWO]),
    ],
)
def test_a_query_sees_our_graphs_alone(
    query: str, more: dict[str, object], default: list[str], named: list[str]
) -> None:
    _, (asked,) = ask(reply(b'{"head":{},"boolean":true}'), query, **more)
    sent = parse_qs(asked.partition(b"\r\n\r\n")[2].decode())
    assert (sent["default-graph-uri"], sent.get("named-graph-uri", [])) == (default, named)
    assert "FROM" not in sent["query"][0]
    assert sent["query"][0].rstrip().endswith("}")


def test_words_in_strings_and_comments_are_no_clauses() -> None:
    query = "# FROM <urn:a>\nASK { BIND('FROM <urn:b>' AS ?from) }"
    _, (asked,) = ask(reply(b'{"head":{},"boolean":true}'), query)
    assert parse_qs(asked.partition(b"\r\n\r\n")[2].decode())["query"] == [query]


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a/", "http://", "http://a:x/", "http://a/ b", "http://user:secret@a/", "file:///etc/passwd"]
)
def test_urls_that_are_not_used(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_url(url, "--backend")
    assert "secret" not in str(caught.value)


def test_nothing_secret_is_shown() -> None:
    assert without_query("http://a:1/q?token=secret") == "http://a:1/q"
    assert "secret" not in repr(Credentials("user", "secret"))


def test_a_password_is_sent_when_it_is_asked_for() -> None:
    def act(connection: socket.socket) -> None:
        let_in = b"Authorization: Basic bWU6aHVudGVyMg==" in behaviour.asked[-1]
        challenge = reply(b"", status="401 No", head='WWW-Authenticate: Basic realm="x"\r\n')
        connection.sendall(reply(TABLE) if let_in else challenge)

    with misbehaving(act) as (url, behaviour):
        for password, answers in (("hunter2", True), ("wrong", False)):
            with closing(Remote(url, Credentials("me", password), SELECTION)) as remote:
                for _ in range(2 if answers else 0):
                    execute(remote, QueryRequest(SELECT), Limits(), {})
                assert [b"Authorization" in request for request in behaviour.asked] == [False, True, True]
                if not answers:
                    with pytest.raises(BadGateway) as caught:
                        execute(remote, QueryRequest(SELECT), Limits(), {})
                    assert "wrong" not in str(caught.value)
