"""What an operator sees of a live server: metrics, logs that tell nothing of who asked what, proxies."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from live import Answer, request, until, with_load

from kg.endpoint.http.logs import describe_error, network
from kg.endpoint.http.proxies import Hosts, Networks, Viewers
from kg.endpoint.settings import Settings
from kg.errors import SourceError
from kg.graph.build import Graph
from kg.queries.limits import Limits
from kg.web.app import create_app

MARK = "zwaluwenberg"  # Stands in every request of the tests of logs, and may stand in no log.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@dataclass
class Running:
    """A server with its logs."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    sent: int = 0

    @property
    def lines(self) -> list[dict[str, object]]:
        """The lines of the access log, also of one moved away, once every request sent here has its line."""
        end = time.monotonic() + 30
        while True:
            files = sorted(self.folder.glob("access.log*"), reverse=True)
            lines = [line for file in files for line in file.read_text().splitlines(keepends=True)]
            if len(lines) >= self.sent and all(line.endswith("\n") for line in lines):
                return [json.loads(line) for line in lines]
            assert time.monotonic() < end, f"{len(lines)} lines of {self.sent} requests"
            time.sleep(0.02)

    def send(self, path: str, method: str, body: bytes | None = None, **headers: str) -> Answer:
        self.sent += 1
        return request(self.url, path, method, body, {name.replace("_", "-"): text for name, text in headers.items()})

    def get(self, path: str, **headers: str) -> Answer:
        return self.send(path, "GET", **headers)

    def post(self, query: str) -> Answer:
        body = urlencode({"query": query}).encode()
        return self.send("/sparql", "POST", body, Content_Type="application/x-www-form-urlencoded")

    def metric(self, name: str) -> float:
        match = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics").text, re.MULTILINE)
        assert match, name
        return float(match.group(1))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def operated(folder: Path, *options: str) -> Iterator[Running]:
    """Run a server that logs to files in a folder, and what else it says too."""
    command = [sys.executable, "-m", "kg", "serve", "--port", "0", "--access-log", str(folder / "access.log"), *options]
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, text=True)
    try:
        for _ in range(1200):  # A machine may be busy.
            if said := re.search(r"kg serves (http://\S+)/", (folder / "out").read_text()):
                break
            assert process.poll() is None, (folder / "err").read_text()
            time.sleep(0.1)
        assert said
        yield Running(said.group(1), process, folder)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("operated")
    slow = ("--slow-log", str(folder / "slow.log"), "--slow-seconds", "0.3", "--timeout", "0.6")
    with operated(
        folder, *slow, "--max-rows", "50", "--trusted-proxy", "127.0.0.2", "--trusted-host", "example.org"
    ) as running:
        yield running


def test_metrics_tell_what_happened(server: Running) -> None:
    before = server.metric("kg_cache_hits_total")
    for _ in range(3):
        assert server.post("SELECT * { ?s ?p ?o } LIMIT 7").status == 200
    assert server.post(ENDLESS).status == 503
    assert server.post("SELECT * { ?s ?p ?o } LIMIT 70").status == 413
    assert server.get("/").status == server.get("/static/site.css").status == 200
    assert server.metric("kg_cache_hits_total") > before
    assert 0 < server.metric("kg_cache_bytes") < server.metric("kg_cache_bytes_limit") == 128 << 20
    for effort, least in (("cached", 2), ("light", 2), ("heavy", 1)):
        assert server.metric(f'kg_request_seconds_count{{effort="{effort}",kind="query"}}') >= least
    assert server.metric('kg_request_seconds_count{effort="",kind="static"}') >= 1
    assert server.metric('kg_answers_total{kind="query",status="503"}') >= 1
    for limit in Limits().listed:
        assert server.metric(f'kg_limit_hits_total{{limit="{limit.name}"}}') >= (limit.name in ("timeout", "max_rows"))
    assert server.metric("kg_workers_replaced_total") >= 1
    assert server.metric('kg_workers{state="idle"}') >= 1
    assert server.metric('kg_places{place="light"}') == Limits().light
    assert server.metric("kg_data_statements") > 10_000
    assert re.search(r'^kg_data_info\{data="[0-9a-f]{16}",version="[\d.]+"\} 1', server.get("/metrics").text, re.M)


def test_no_label_is_made_of_what_a_client_sends(server: Running) -> None:
    server.get("/warm"), server.post("ASK { <urn:warm> ?p ?o }"), server.get("/id/measure/ccs")
    names = {line.rpartition(" ")[0] for line in server.get("/metrics").text.splitlines()}
    for number in range(5):
        server.get(f"/{MARK}{number}")
        server.post(f"ASK {{ <urn:{MARK}{number}> ?p ?o }}")
        request(server.url, "/", f"X{number}", None, {})  # Refused before it is a request that has a line.
    after = {line.rpartition(" ")[0] for line in server.get("/metrics").text.splitlines()}
    assert len(after - names) < 40, after - names
    assert not [line for line in after if MARK in line or "X1" in line]


def test_metrics_are_for_those_who_may_see_them(server: Running) -> None:
    assert server.get("/metrics").status == 200
    assert server.get("/metrics", X_Forwarded_For="127.0.0.1").status == 404  # A proxy that nobody trusts.
    assert "metrics" not in server.get("/metrics", X_Forwarded_For="127.0.0.1").text.replace("--metrics", "")
    local = {"REMOTE_ADDR": "127.0.0.1"}
    far = {"REMOTE_ADDR": "192.0.2.7"}
    cases = (
        (local, {"local": True, "all": True, "off": False, "192.0.2.0/24": False}),
        (far, {"local": False, "all": True, "off": False, "::1, 192.0.2.0/24": True}),
    )
    for environ, allowed in cases:
        assert {setting: Viewers(setting).include(environ) for setting in allowed} == allowed
    with pytest.raises(SourceError, match="no address and no network: everyone"):
        Viewers("everyone")


def test_a_line_an_answer_says_what_and_how_long(server: Running) -> None:
    query = "SELECT ?s { ?s a <https://w3id.org/klimaatbanen/def#Pillar> }"
    answers = [server.post(query), server.post(query), server.post(query + " LIMIT 1"), server.get("/nowhere")]
    server.post(ENDLESS)
    first, again, other, none, over = server.lines[-5:]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(first["time"]))
    assert (first["client"], first["method"], first["route"]) == ("127.0.0.0/24", "POST", "/sparql")
    assert (first["kind"], first["status"], first["rows"]) == ("query", 200, 3)
    assert (first["effort"], again["effort"], over["effort"]) == ("light", "cached", "heavy")
    assert first["bytes"] == len(answers[0].body)
    assert first["query"] == again["query"] != other["query"]
    assert (none["status"], none["kind"], none.get("route"), none.get("query")) == (404, "other", None, None)
    assert (over["status"], over["limit"]) == (503, "timeout")
    assert 0.6 <= float(str(over["seconds"])) < 0.6 + with_load(1.4)


def test_a_client_that_wants_no_kept_answer_gets_a_new_one(server: Running) -> None:
    path = "/sparql?query=" + quote("ASK { <urn:fresh> ?p ?o }")
    for more in ({}, {}, {"Cache_Control": "no-cache"}, {"Cache_Control": "no-store"}, {"Pragma": "no-cache"}, {}):
        assert server.get(path, **more).status == 200
    assert [line["effort"] for line in server.lines[-6:]] == ["light", "cached", "light", "light", "light", "cached"]


def test_the_log_of_slow_queries_holds_them_and_says_so(server: Running) -> None:
    server.post(f"{ENDLESS} #slow")
    file = server.folder / "slow.log"
    until(lambda: "#slow" in file.read_text())
    first, *others = [json.loads(line) for line in file.read_text().splitlines()]
    assert "holds the text of queries" in first["note"]
    assert any(line["text"] == f"{ENDLESS} #slow" and line["limit"] == "timeout" for line in others)
    assert all(line["seconds"] >= 0.3 for line in others)
    assert file.stat().st_mode & 0o077 == 0
    assert "#slow" not in (server.folder / "access.log").read_text()


def test_a_log_that_was_moved_away_begins_anew(server: Running) -> None:
    file = server.folder / "access.log"
    file.rename(server.folder / "access.log.1")
    server.get("/healthz")
    assert server.lines[-1]["route"] == "/healthz"
    assert file.is_file()


@pytest.mark.check
@pytest.mark.parametrize("slow", [False, True])
def test_no_log_holds_a_query_or_a_whole_address(tmp_path: Path, slow: bool) -> None:
    options = ("--slow-log", str(tmp_path / "slow.log"), "--slow-seconds", "60") if slow else ()
    with operated(tmp_path, *options, "--timeout", "0.5", "--trusted-proxy", "127.0.0.2") as server:
        port = urlsplit(server.url).port
        for path in (
            f"/{MARK}",
            f"/id/measure/{MARK}",
            f"/?{MARK}",
            f"/search?q={MARK}",
            f"/sparql%3Fquery={MARK}",
            f"/sparql?query={MARK}",
            f"/sparql?query={quote(ENDLESS)}%23{MARK}",
            f"/sparql?{MARK}=%zz",
            f"/api/{MARK}?{MARK}",
            f"/sparql?query=ASK%7B%7D%23{'x' * 300_000}{MARK}",
        ):
            for accept in ("text/html", "*/*"):
                assert MARK not in str(server.get(path, Accept=accept, User_Agent=MARK, Referer=MARK).headers)
        for raw in (
            f"BROKEN {MARK}\r\n\r\n",
            f"{MARK} / HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET /?{MARK} HTTP/1.1\r\nHost: {MARK}<>\r\nContent-Length: x\r\n\r\n",
            f"POST /sparql?{MARK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {MARK}\r\n\r\n",
            f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nquery={MARK}",  # and leaves
        ):
            with socket.create_connection(("127.0.0.1", port), source_address=("127.0.91.17", 0)) as channel:
                channel.sendall(raw.encode())
                channel.settimeout(0.3)
                try:
                    channel.recv(65536)
                except TimeoutError:
                    continue
        server.stop()
    said = "".join(path.read_text() for path in tmp_path.iterdir())
    assert len(said.splitlines()) > 20
    assert "127.0.91.0/24" in said
    for secret in (MARK, "127.0.91.17", '127.0.0.1"', ENDLESS[:20], quote(ENDLESS[:20]), "Traceback"):
        assert secret not in said, secret


def test_an_error_is_told_by_type_and_place_alone() -> None:
    try:
        int(MARK)
    except ValueError as error:
        members = describe_error(error)
    assert members["error"] == "ValueError"
    assert "test_operate.py" in members["at"][-1]
    assert MARK not in str(members)


def test_addresses_are_cut_to_their_network() -> None:
    cases = {
        "192.0.2.77": "192.0.2.0/24",
        "2001:db8:1:2::3": "2001:db8:1::/48",
        "::ffff:192.0.2.77": "192.0.2.0/24",
        "fe80::1%eth0": "fe80::/48",
        "secret": "",
        "": "",
    }
    assert {address: network(address) for address in cases} == cases


FORWARDED = {
    "one": ("203.0.113.9", "203.0.113.0/24"),
    "the last that is no proxy": ("198.51.100.1, 203.0.113.9", "203.0.113.0/24"),
    "two proxies": ("203.0.113.9, 127.0.0.2", "203.0.113.0/24"),
    "with a port": ("203.0.113.9:5050", "203.0.113.0/24"),
    "IPv6": ("[2001:db8:1:2::3]:80", "2001:db8:1::/48"),
    "nonsense": ("<script>", "127.0.0.0/24"),
    "nonsense before": ("<script>, 203.0.113.9", "203.0.113.0/24"),
}


def through(server: Running, source: str, path: str, **headers: str) -> tuple[int, str]:
    """Send a request from an address, as a proxy does."""
    server.sent += 1
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port), source_address=(source, 0)) as channel:
        channel.sendall(f"GET {path} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n".encode())
        data = b""
        while more := channel.recv(1 << 20):
            data += more
    return int(data.split()[1]), data.decode(errors="replace")


@pytest.mark.parametrize("name", FORWARDED)
def test_a_trusted_proxy_says_who_asks(server: Running, name: str) -> None:
    forwarded, seen = FORWARDED[name]
    for source, client in (("127.0.0.2", seen), ("127.0.0.3", "127.0.0.0/24")):
        through(server, source, "/healthz", Host="localhost", X_Forwarded_For=forwarded)
        assert server.lines[-1]["client"] == client


def test_a_trusted_proxy_says_under_which_address_the_site_is_known(server: Running) -> None:
    headers = {"Host": "localhost", "X_Forwarded_Host": "example.org", "X_Forwarded_Proto": "https"}
    cases = (("127.0.0.2", "https://example.org/", "localhost"), ("127.0.0.3", "http://localhost/", "example.org"))
    for source, url, other in cases:
        _, page = through(server, source, "/llms.txt", **headers)
        assert f"({url}sparql)" in page
        assert other not in page
    inside = headers | {"Host": "inside"}
    assert [through(server, source, "/healthz", **inside)[0] for source, _, _ in cases] == [200, 400]
    status, page = through(server, "127.0.0.2", "/llms.txt", **headers | {"X_Forwarded_Host": "evil.example"})
    assert (status, "evil" in page) == (400, False)


def test_links_are_made_of_the_address_that_is_set(graph: Graph) -> None:
    client = create_app(graph, {}, Settings(site="https://example.org")).test_client()
    for host in ("example.org", "localhost:8000"):
        page = client.get("/llms.txt", headers={"Host": host, "X-Forwarded-Host": "evil.example"}).text
        assert "(https://example.org/sparql)" in page
        assert "evil" not in page


KNOWN = (
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:8000",
    "[::1]:65535",
    "[fd00::1]",
    "example.org:443",
    "xn--bcher-kva.example",
)
UNKNOWN = (
    "evil.example",
    "example.org.evil.example",
    "evil@localhost",
    "localhost:65536",
    "localhost:x",
    "::1",
    "[::1",
    "",
)


def test_hosts_by_which_the_server_is_known() -> None:
    hosts = Hosts(Settings(host="fd00::1", site="https://example.org", trusted_host=("Bücher.example",)))
    assert [host for host in (*KNOWN, *UNKNOWN) if host in hosts] == list(KNOWN)
    assert "[fd00::2]:80" in Hosts(Settings(site="http://[FD00::2]:8000"))
    for wrong in ("https://example.org", "example.org:80", "*", "", "é" * 80):
        with pytest.raises(SourceError, match="no host: "):
            Hosts(Settings(trusted_host=(wrong,)))


@pytest.mark.parametrize(
    "path", ["/sparql?query=ASK%7B%7D", "/sparql", "/", "/llms.txt", "/id/measure/ccs", "/mcp", "/nowhere"]
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "*/*"])
def test_an_unknown_host_is_refused_and_repeated_nowhere(server: Running, path: str, accept: str) -> None:
    known = server.get(path, Accept=accept)  # What is kept now is not given to the other either.
    answer = server.get(path, Accept=accept, Host="evil.example", X_Forwarded_Host="evil.example")
    assert (answer.status, answer.headers["Cache-Control"]) == (400, "no-store")
    assert "evil" not in answer.text + str(answer.headers)
    assert server.get(path, Accept=accept).status == known.status


EVIL = 'x"><script>alert(1)</script>'
HOSTS = (EVIL, "x/../../y", "a b", "evil.example@x", "x:99999", "x:y", "[::1", "x" * 5000, "é", "")


@pytest.mark.parametrize("host", HOSTS)
def test_a_hostile_host_harms_nobody(server: Running, host: str) -> None:
    for path in ("/llms.txt", "/id/measure/ccs"):
        status, text = through(server, "127.0.0.3", path, Host=host, Accept="text/html")
        assert status in (200, 400, 404), text[:200]
        assert "<script>alert" not in text
        assert "Traceback" not in text
    assert through(server, "127.0.0.3", "/healthz", Host="localhost")[0] == 200


def test_networks_are_read_strictly() -> None:
    held = Networks(("10.0.0.0/8", "2001:db8::/32", "192.0.2.1"), "--trusted-proxy")
    assert [address in held for address in ("10.1.2.3", "11.0.0.1", "2001:db8::1", "192.0.2.1", "x", "")] == [
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(SourceError, match=r"no address and no network: proxy\.example"):
        Networks(("proxy.example",), "--trusted-proxy")


def test_a_log_that_cannot_be_written_stops_the_start() -> None:
    command = [sys.executable, "-m", "kg", "serve", "--port", "0", "--access-log", "/nowhere/x.log"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 2
    assert "cannot write the log" in run.stderr
    assert os.sep in run.stderr
