"""The benches run: each command that a page of docs names, short."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from conftest import ROOT
from live import request

from kg.graph.build import Graph


@pytest.mark.check
def test_ours_fails_no_case_of_the_protocols() -> None:
    command = [sys.executable, "bench/protocol.py", "--only", "ours"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "ours: 0 failed" in run.stderr
    assert run.stdout.count("| pass |") > 190


@pytest.mark.check
def test_the_bench_of_the_endpoint_measures_ours_beside_a_peer() -> None:
    command = [sys.executable, "bench/endpoint.py", "--quick"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("| 32,000 | 8 |") == 16


@pytest.mark.check
def test_the_bench_of_graphs_on_disk_measures_both_servers() -> None:
    command = [sys.executable, "bench/disk.py", "--triples", "30000", "--rounds", "1", "--seconds", "0.1"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "| nan |" not in run.stdout
    assert "| inf |" not in run.stdout
    assert run.stdout.count("| 30,000 |") == 2


@pytest.mark.check
@pytest.mark.parametrize("options", [[], ["--direct"]])
def test_the_bench_serves_the_data_that_it_is_given(graph: Graph, tmp_path: Path, options: list[str]) -> None:
    mark = ox.Quad(ox.NamedNode("urn:mark"), ox.NamedNode("urn:is"), ox.Literal("here"), ox.NamedNode("urn:g"))
    data = tmp_path / "data.nq"
    data.write_bytes(ox.serialize([*graph.store, mark], format=ox.RdfFormat.N_QUADS) or b"")
    command = [sys.executable, "bench/serving.py", str(data), *options, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = re.findall(r"http://\S+", server.stdout.readline())[0]
        try:
            path = "/sparql?format=csv&query=" + quote("SELECT ?o { <urn:mark> ?p ?o }")
            answered = request(url.rstrip("/"), path, "GET", None, {})
        finally:
            server.terminate()
    assert answered.text.split() == ["o", "here"]


@pytest.mark.check
def test_a_short_soak_finds_no_wrong_answer() -> None:
    command = [sys.executable, "bench/soak.py", "--minutes", "0.1"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "another answer" not in run.stdout, run.stdout
    assert "| errors in the log of the server | 0 |" in run.stdout, run.stdout + run.stderr


@pytest.mark.check
def test_the_numbers_of_switches_are_those_that_the_bench_prints() -> None:
    run = subprocess.run([sys.executable, "bench/switch.py"], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr
    written = (ROOT / "docs" / "switch.md").read_text("utf-8").splitlines()
    printed = [line for line in run.stdout.splitlines() if line]
    assert len(printed) > 12
    assert [line for line in printed if line not in written] == [], "write what bench/switch.py prints"
