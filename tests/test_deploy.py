"""The examples of docs/operate, used as far as this machine allows: nginx before two servers, systemd, a container."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from click.testing import CliRunner
from conftest import ROOT
from live import Answer, request, until
from test_operate import ENDLESS, Running, operated

from kg.cli.serve import serve

FOLDER = ROOT / "docs" / "operate"
LIGHT = "/sparql?query=" + quote("SELECT ?p { ?p a <https://w3id.org/klimaatbanen/def#Pillar> }")


@dataclass
class Front:
    """nginx, and the servers behind it."""

    url: str
    folder: Path
    servers: list[Running]

    def get(self, path: str, **headers: str) -> Answer:
        return request(self.url, path, "GET", None, {name.replace("_", "-"): text for name, text in headers.items()})

    def post(self, query: str) -> int:
        body = urlencode({"query": query}).encode()
        return request(self.url, "/sparql", "POST", body, {"Content-Type": "application/x-www-form-urlencoded"}).status


def free_port() -> int:
    """Return a port that is free at all addresses, where nginx listens, beside the connections of other tests."""
    with socket.create_server(("", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The example as it stands, but for its ports, before two servers."""
    folder = tmp_path_factory.mktemp("nginx")
    options = ("--trusted-proxy", "127.0.0.1", "--timeout", "1", "--per-client", "2", "--site", "https://example.org")
    with ExitStack() as stack:
        servers = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(operated(folder / name, *options)))
        port = free_port()
        text = (FOLDER / "nginx.conf").read_text("utf-8")
        ports = [server.url.rpartition(":")[2] for server in servers] + [str(port)]
        for old, new in zip(("8001", "8002", "8080"), ports, strict=True):
            assert re.search(rf"(listen |:){old}\b", text)
            text = re.sub(rf"(listen |:){old}\b", rf"\g<1>{new}", text)
        yield Front(stack.enter_context(nginx(folder, text, port)), folder, servers)


@contextmanager
def nginx(folder: Path, text: str, port: int) -> Iterator[str]:
    """Run nginx with what stands in its block http, and yield its URL; what it says goes to the file `said`."""
    command = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if command is None:
        pytest.skip("nginx is not installed: apt install nginx-light")
    (folder / "klimaatbanen.conf").write_text(text)
    who = f"user {getuser()};\n" if os.geteuid() == 0 else ""  # Who may write into the folder.
    main = f"{who}pid {folder}/pid;\nevents {{}}\nhttp {{ include {folder}/klimaatbanen.conf; }}\n"
    (folder / "nginx.conf").write_text(main)
    options = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen([command, *options], stderr=said)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(url))
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(60)


def answers(url: str) -> bool:
    try:
        return request(url, "/healthz", "GET", None, {}).status == 200
    except OSError:
        return False


@pytest.mark.check
def test_nginx_spreads_requests_and_says_who_asks(front: Front) -> None:
    for number in range(20):
        assert front.get(f"{LIGHT}%20%23{number}", X_Forwarded_For="198.51.100.1").status == 200
    until(lambda: sum(len(queries_of(server)) for server in front.servers) >= 20)
    for server in front.servers:
        asked = queries_of(server)
        assert len(asked) >= 5
        assert {line["client"] for line in asked} == {"127.0.0.0/24"}  # What the client wrote itself is not believed.
    assert "(https://example.org/sparql)" in front.get("/llms.txt").text
    assert front.get("/metrics").status == 404


def queries_of(server: Running) -> list[dict[str, object]]:
    return [line for line in server.lines if line["kind"] == "query"]


@pytest.mark.check
def test_answers_come_through_nginx_as_they_are(front: Front) -> None:
    plain, packed = front.get(LIGHT), front.get(LIGHT, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip" or len(plain.body) < 512
    long = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 500")
    plain, packed = front.get(long), front.get(long, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)).keys() == json.loads(plain.body).keys()
    tag = plain.headers["ETag"]
    assert tag.startswith('W/"')
    for name in ("Cache-Control", "Vary", "Content-Security-Policy", "Access-Control-Allow-Origin"):
        assert plain.headers[name]
    for _ in range(4):  # Both servers give the same tag for the same data.
        again = front.get(long, If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")
    query = "SELECT * { ?s ?p ?o } #" + "x" * 50_000
    assert front.get("/sparql?query=" + quote(query + "\nLIMIT 1")).status == 200


@pytest.mark.check
def test_refusals_come_through_nginx_as_they_are(front: Front) -> None:
    over = front.get("/sparql?query=" + quote(ENDLESS))
    assert (over.status, over.problem["limit"], over.headers["Retry-After"]) == (503, "timeout", "10")
    url = f"{front.url}/sparql?query={quote(ENDLESS)}"
    curl = ["curl", "-s", "-w", "%{http_code} %header{retry-after}", "-o", "/dev/null", url]
    children = [subprocess.Popen(curl, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    statuses = Counter(child.communicate()[0] for child in children)
    assert statuses["429 1"] >= 3, statuses
    large = request(front.url, "/sparql", "POST", b"x" * (2 << 20), {"Content-Type": "application/sparql-query"})
    assert (large.status, large.problem["limit"]) == (413, "body")
    assert front.get("/sparql?query=%zz").status == 400
    assert front.get("/nowhere").problem["status"] == 404


@pytest.mark.check
def test_requests_go_on_where_one_server_is_killed(front: Front) -> None:
    statuses: Counter[int] = Counter()
    for number in range(60):
        if number == 20:
            os.kill(front.servers[0].process.pid, signal.SIGKILL)
        statuses[front.get(f"{LIGHT}%20%23k{number}").status] += 1
        statuses[front.post(f"ASK {{ <urn:{number}> ?p ?o }}")] += 1
    assert statuses == {200: 120}
    said = (front.folder / "said").read_text()
    assert "127.0.0.1" not in said
    assert "query=" not in said


SHARED_CACHE = """
proxy_cache_path {folder}/kept keys_zone=kept:1m;
server {{
    listen {port};
    location / {{
        proxy_pass {url};
        proxy_set_header Host $http_host;
        proxy_cache kept;
        proxy_cache_key $uri;
        proxy_cache_valid 200 1m;
        proxy_ignore_headers Vary Cache-Control;
        add_header X-Kept $upstream_cache_status;
    }}
}}
"""


@pytest.mark.check
@pytest.mark.parametrize("site", ["", "https://example.org"])
def test_who_lies_about_the_host_puts_nothing_into_a_shared_cache(tmp_path: Path, site: str) -> None:
    """A cache that others run, that knows a page by its path alone and keeps it for a minute."""
    port = free_port()
    with operated(tmp_path, *(["--site", site] if site else [])) as server:
        conf = SHARED_CACHE.format(folder=tmp_path, port=port, url=server.url)
        with nginx(tmp_path, conf, port) as url:
            for path in ("/llms.txt", "/sparql", "/id/measure/ccs"):
                evil, good, late = (
                    request(url, path, "GET", None, {"Host": host, "Accept": "text/turtle"})
                    for host in ("evil.example", "localhost", "evil.example")
                )
                assert (evil.status, good.status, late.status) == (400, 200, 200)
                assert late.headers["X-Kept"] == "HIT"
                assert late.body == good.body
                assert "evil" not in evil.text + good.text
                assert path != "/llms.txt" or f"({site or 'http://localhost'}/sparql)" in good.text


@pytest.mark.check
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (FOLDER / "klimaatbanen.service").read_text("utf-8")
    command = re.search(r"^ExecStart=(\S+) (.*)$", text, re.MULTILINE)
    assert command
    runs_here(command.group(2).replace("/etc/klimaatbanen/kg.toml", str(settings(tmp_path))))
    unit = tmp_path / "klimaatbanen.service"
    unit.write_text(text.replace(command.group(1), sys.executable))
    run = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, "")
    judge = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
    run = subprocess.run(judge, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout.splitlines()[-1]


def settings(folder: Path) -> Path:
    """Return the file of settings that docs/operate.md shows."""
    page = (ROOT / "docs" / "operate.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(# /etc/klimaatbanen/kg.toml\n.*?)```", page, re.DOTALL)
    file = folder / "kg.toml"
    file.write_text(text)
    return file


def runs_here(words: str) -> None:
    """Let the command read its options, as far as its help."""
    run = CliRunner().invoke(serve, [*words.split()[1:], "--help"], catch_exceptions=False)
    assert run.exit_code == 0, run.output


def test_the_container_is_made_of_what_there_is(tmp_path: Path) -> None:
    text = (FOLDER / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    for name, arguments in steps:
        if name == "COPY" and "--from" not in arguments:
            assert all((ROOT / path).exists() for path in arguments.split()[:-1])
    said = {line[0]: line[1] for line in steps}
    assert said["FROM"].endswith(":3.13-slim")
    assert int(said["USER"]) > 0  # Not root, and known by number where it runs.
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(said["ENTRYPOINT"])[0].startswith("/opt/klimaatbanen/bin/")
    runs_here(" ".join(json.loads(said["CMD"])))
    assert "/readyz" in said["HEALTHCHECK"]
    builds = re.findall(r"podman build .*", text + (ROOT / "docs" / "ci.md").read_text("utf-8"))
    assert len(builds) == 2
    assert all("--format docker " in one for one in builds), "images of the other format have no HEALTHCHECK"


@pytest.mark.check
def test_the_server_tells_systemd_how_it_is(tmp_path: Path) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(place))
        channel.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = str(place)
        try:
            with operated(tmp_path) as server:
                assert channel.recv(100) == b"READY=1"
                server.process.send_signal(signal.SIGHUP)
                assert channel.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
                assert channel.recv(100) == b"READY=1"
                server.stop()
                assert channel.recv(100) == b"STOPPING=1"
        finally:
            del os.environ["NOTIFY_SOCKET"]
