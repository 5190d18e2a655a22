"""A graph on disk: the same answers, and whatever stops its writing, the old one or the new one."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from live import running

from kg.errors import SourceError
from kg.graph.store import read_stored
from kg.queries.engine import answer

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
LOAD = [sys.executable, "-m", "kg", "load"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("disk") / "store"
    run = subprocess.run([*LOAD, str(made)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "statements" in run.stdout
    return made


def fetch(url: str, query: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", "/sparql?" + urlencode({"query": query, "format": "csv"}))
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def test_answers_are_those_of_the_graph_in_memory(folder: Path, graph) -> None:
    with running(options=("--store", str(folder), "--timeout", "1")) as (url, _):
        for query in (COUNT, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"):
            status, text = fetch(url, query)
            expected = answer(graph.dataset, query)
            assert status == 200, text
            assert text.splitlines()[1:] == [",".join(cell.value for cell in row) for row in expected]
        assert fetch(url, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i")[0] == 503
        assert fetch(url, COUNT + " #again")[0] == 200


@pytest.mark.check
def test_a_load_beside_a_server_disturbs_nothing(folder: Path) -> None:
    with running(options=("--store", str(folder))) as (url, _):
        before = fetch(url, COUNT)
        for count in range(2):
            assert subprocess.run([*LOAD, str(folder)], capture_output=True, timeout=300).returncode == 0
            assert fetch(url, f"{COUNT} #{count}") == before


@pytest.mark.check
def test_a_load_that_is_killed_leaves_what_was_there(folder: Path) -> None:
    before = read_stored(folder)
    for delay in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        process = subprocess.Popen([*LOAD, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(read_stored(folder).open().store) == before.statements
    assert subprocess.run([*LOAD, str(folder)], capture_output=True, timeout=300).returncode == 0
    assert not list(folder.glob(".part-*"))
    assert len(list(folder.iterdir())) <= 3


def test_a_full_disk_leaves_what_was_there(folder: Path) -> None:
    before = read_stored(folder)
    script = f"ulimit -f 200; exec {' '.join(LOAD)} {folder}"
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=300)
    assert run.returncode != 0
    assert read_stored(folder) == before
    assert len(read_stored(folder).open().store) == before.statements


def test_what_is_no_store_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SourceError, match="no store of kg"):
        read_stored(tmp_path)
    (tmp_path / ".part-x").mkdir()
    with pytest.raises(SourceError, match="half written"):
        read_stored(tmp_path)
    (tmp_path / "current").mkdir()
    with pytest.raises(SourceError, match="not whole"):
        read_stored(tmp_path)
    (tmp_path / "current" / "kg-store.json").write_text("{}")
    with pytest.raises(SourceError, match="not whole"):
        read_stored(tmp_path)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    for command, words in ((LOAD, "something else"), ([*LOAD[:3], "serve", "--store"], "no store of kg")):
        run = subprocess.run([*command, str(foreign)], capture_output=True, text=True, timeout=300)
        assert run.returncode == 2
        assert words in run.stderr
    assert os.listdir(foreign) == ["letter.txt"]
