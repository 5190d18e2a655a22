"""Imported graphs, all of ESCO: outside the default graph, loaded when a query names one, in processes of their own."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib
from live import Answer, lives, patient, request, running, until, with_load
from test_limits import family

from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.description import DESCRIPTION_GRAPHS, EXAMPLES_GRAPH, VOID_GRAPH
from kg.linking.imported import graph_of
from kg.namespaces import BASE, GRAPH, SH, VOID_TRIPLES
from kg.queries.dataset import Dataset, ImportedGraphs
from kg.queries.engine import answer, graphs_named
from kg.queries.question import find_questions
from kg.rdf_terms import objects

pytestmark = pytest.mark.slow

OLD, NEW = graph_of("esco", "1.1.1"), graph_of("esco", "1.2.0")
PREFIXES = "PREFIX esco: <http://data.europa.eu/esco/model#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
COUNT = "SELECT (COUNT(*) AS ?n) "
ALL = COUNT + "{ ?s ?p ?o }"
NAMED = COUNT + "{ GRAPH ?g { ?s ?p ?o } }"
SIZE = COUNT + "{ GRAPH %s { ?s ?p ?o } }"
JOIN = (
    f"{PREFIXES}{COUNT}{{ ?ours skos:exactMatch ?occupation . "
    f"GRAPH <{OLD}> {{ ?occupation esco:relatedEssentialSkill ?skill }} }}"
)
POOL = """
import pyoxigraph as ox
from kg.endpoint.protocol import QueryRequest
from kg.endpoint.workers import WorkerPool
from kg.errors import KgError
from kg.queries.dataset import Dataset, ImportedGraphs
from kg.queries.limits import Limits

def load(store):
    raise MemoryError

def load_said(store):
    store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(1), ox.NamedNode("urn:said")))

def ask(pool, text):
    try:
        return pool.query(QueryRequest(text, table="csv")).data.decode().split()
    except KgError as error:
        return type(error).__name__, error.what, error.retry

said = ImportedGraphs(frozenset({"urn:said"}), load_said)
store, imported = ox.Store(), ImportedGraphs(frozenset({"urn:more", "urn:said"}), load, (said,))
dataset = Dataset(store, imported=imported)
embedded = WorkerPool.over(dataset, Limits(), {})
elsewhere = WorkerPool(lambda: dataset, Limits(), {}, dataset, imported=imported.names)
for pool in (embedded, elsewhere):
    for query in ("ASK { GRAPH <urn:more> { ?s ?p ?o } }", "ASK { GRAPH <urn:none> { ?s ?p ?o } }") * 2:
        print(ask(pool, query))
    for named in ("urn:said> { ?s ?p ?o }", "urn:said> { ?s ?p ?o } GRAPH <urn:more> { ?s ?p ?o }"):
        print(ask(pool, "ASK { GRAPH <" + named + " }"))
    pool.close()
"""
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")


@pytest.fixture(scope="module")
def sizes(graph: Graph) -> dict[str, int]:
    """What the catalogue says of their number of triples."""
    names = graph.imported.names - DESCRIPTION_GRAPHS
    sizes = {name: [*objects(graph.store, ox.NamedNode(name), VOID_TRIPLES)] for name in names}
    return {name: int(value.value) for name, (value,) in sizes.items()}


@pytest.fixture(scope="module")
def dataset(graph: Graph) -> Dataset:
    return Dataset(graph.store, imported=graph.imported)


def counted(dataset: Dataset, query: str, **more: list[str]) -> int:
    return int(next(iter(answer(dataset, query, **more)))[0].value)


def test_the_description_is_there_for_who_names_it(dataset: Dataset) -> None:
    before = [counted(dataset, query) for query in (ALL, NAMED)]
    forms = "|".join(f"<{SH}{form}>" for form in ("select", "ask", "construct"))
    examples = f"{COUNT}{{ GRAPH <{EXAMPLES_GRAPH}> {{ ?s a <{SH}SPARQLExecutable> ; {forms} ?q }} }}"
    assert counted(dataset, examples) == len(find_questions(project_folder() / "queries"))
    said = f"{COUNT.replace('COUNT(*)', 'SAMPLE(?n)')}FROM <{VOID_GRAPH}> {{ <{BASE}dataset> <{VOID_TRIPLES}> ?n }}"
    assert counted(dataset, said) == before[0]
    assert [counted(dataset, query) for query in (ALL, NAMED)] == before


def test_what_a_query_sees_of_them(graph: Graph, sizes: dict[str, int]) -> None:
    dataset, size = Dataset(graph.store, imported=graph.imported), len(graph.store)
    before = [counted(Dataset(graph.store), query) for query in (ALL, NAMED)]
    assert [counted(dataset, query) for query in (ALL, NAMED)] == before
    assert counted(dataset, SIZE % f"<{NEW}>") == sizes[NEW]
    assert counted(dataset, JOIN) > 100
    assert counted(dataset, f"PREFIX graph: <{GRAPH}> " + SIZE % r"graph:imported\/esco-1\.1\.1") == sizes[OLD]
    assert counted(dataset, f"BASE <{GRAPH}> " + SIZE % "<imported/esco-1.1.1>") == sizes[OLD]
    assert counted(dataset, f"{COUNT}FROM NAMED <{NEW}> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == sizes[NEW]
    assert counted(dataset, f"{COUNT}FROM <{OLD}> {{ ?s ?p ?o }}") == sizes[OLD]
    assert counted(dataset, NAMED, named_graphs=[OLD]) == sizes[OLD]
    assert counted(dataset, ALL, default_graphs=[NEW]) == sizes[NEW]
    assert [counted(dataset, query) for query in (ALL, NAMED)] == before
    assert len(graph.store) == size, "they are loaded into a copy"


def test_a_variable_sees_only_those_that_the_query_names(dataset: Dataset, sizes: dict[str, int]) -> None:
    query = f"{COUNT}{{ GRAPH ?g {{ ?s ?p ?o }} FILTER EXISTS {{ GRAPH <{NEW}> {{ ?x ?y ?z }} }} }}"
    assert counted(dataset, query) == counted(dataset, NAMED) + sizes[NEW]


@pytest.mark.check
def test_a_triple_of_several_graphs_counts_once(dataset: Dataset, sizes: dict[str, int]) -> None:
    ours = f"{GRAPH}esco-1.1.1"
    query = f"{COUNT}FROM <{ours}> FROM <{OLD}> {{ ?s ?p ?o }}"
    apart = counted(dataset, SIZE % f"<{ours}>") + sizes[OLD]
    both = counted(dataset, f"{COUNT}{{ GRAPH <{ours}> {{ ?s ?p ?o }} GRAPH <{OLD}> {{ ?s ?p ?o }} }}")
    assert both > 0
    assert counted(dataset, query) == counted(dataset, ALL, default_graphs=[ours, OLD]) == apart - both
    apart = counted(dataset, SIZE % f"<{GRAPH}mappings/occupations-esco>") + sizes[OLD]
    assert counted(dataset, ALL, default_graphs=[f"{GRAPH}mappings/occupations-esco", OLD]) == apart


def test_small_graphs_without_overlap_keep_their_default_graph() -> None:
    def load(store: ox.Store) -> None:
        store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(2), ox.NamedNode("urn:more")))

    def small() -> Dataset:
        store = ox.Store()
        store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(1), ox.NamedNode("urn:g")))
        return Dataset(store, imported=ImportedGraphs(frozenset({"urn:more"}), load))

    prepared, alone = small(), small()
    prepared.prepare()
    for dataset in (small(), prepared):
        assert [counted(dataset, query) for query in (SIZE % "<urn:more>", ALL, NAMED)] == [1, 1, 1]
    for dataset in (small(), prepared, alone.extend()):
        assert counted(dataset, f"{COUNT}{{ ?s ?p ?o GRAPH <urn:more> {{ ?s ?p ?more }} }}") == 1
        assert counted(dataset, ALL, default_graphs=["urn:g", "urn:more"]) == 2


def test_only_the_part_that_a_query_names_is_loaded_and_once() -> None:
    loaded: list[str] = []

    def loads(*names: str) -> Callable[[ox.Store], None]:
        def load(store: ox.Store) -> None:
            loaded.append(" ".join(names))
            store.extend(ox.Quad(*map(ox.NamedNode, ("urn:s", "urn:p", "urn:o", name))) for name in names)

        return load

    parts = tuple(ImportedGraphs(frozenset({name}), loads(name)) for name in ("urn:one", "urn:two"))
    imported = ImportedGraphs(frozenset({"urn:one", "urn:two"}), loads("urn:one", "urn:two"), parts)
    dataset = Dataset(ox.Store(), imported=imported)
    assert counted(dataset, ALL) == 0
    assert loaded == []
    for _ in range(2):
        assert counted(dataset, SIZE % "<urn:two>") == 1
    assert loaded == ["urn:two"]
    assert counted(dataset, f"{COUNT}FROM <urn:one> FROM <urn:two> {{ ?s ?p ?o }}") == 1
    assert loaded == ["urn:two", "urn:one urn:two"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (SIZE % f"<{OLD}>", True),
        (f"ASK FROM NAMED <{OLD}> {{ ?s ?p ?o }}", True),
        (f"PREFIX : <{GRAPH}imp> " + SIZE % r":orted\/esco-1\.1\.1", True),
        (f"SELECT * {{ VALUES ?g {{ <{OLD}> }} graph ?g {{ ?s ?p ?o }} }}", True),
        (SIZE % "graph:imported\\/esco-1\\.1\\.1", True),
        (f"SELECT * {{ <{OLD}> ?p ?o }}", False),
        (f"SELECT * {{ GRAPH ?g {{ ?s ?p '<{OLD}>' }} }}", False),
        (f"SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} }} # <{OLD}>", False),
        (SIZE % f"<{OLD}0>", False),
        (f"BASE <http://[> GRAPH <{OLD}>", False),
        ("GRAPH " + r"'''\'''" * 16_000, False),
        ("GRAPH " + "'''x'" + r"\'''y'" * 8_000, False),
        ("GRAPH " + "<" * 60_000, False),
        ("GRAPH " + "1" * 60_000, False),
        ("GRAPH " + "a.1-" * 15_000, False),
    ],
)
def test_what_names_a_graph(query: str, named: bool) -> None:
    begin = time.process_time()
    assert graphs_named(query, (), frozenset({OLD}), {"graph": GRAPH}) == (frozenset({OLD}) if named else frozenset())
    assert time.process_time() - begin < 1


@pytest.mark.check
def test_the_command_loads_them_when_they_are_named(sizes: dict[str, int], tmp_path: Path) -> None:
    def kg(*arguments: str) -> tuple[list[str], float]:
        begin = time.monotonic()
        run = subprocess.run([sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, check=True)
        return next(iter([*csv.reader(run.stdout.splitlines())][1:])), time.monotonic() - begin

    assert kg("query", "-e", SIZE % f"<{NEW}>", "--format", "csv")[0] == [str(sizes[NEW])]
    mine = tmp_path / "mine.nq"
    mine.write_text(f"<urn:s> <urn:p> <urn:o> <{NEW}> .\n")
    asked = ("query", "-e", SIZE % f"<{NEW}>", "--format", "csv", "--with", str(mine))
    assert kg(*asked)[0] == ["1"], "what kg import wrote wins over ours"
    asked = ("query", "-e", SIZE % f"<{OLD}>", "--format", "csv", "--with", str(mine))
    assert kg(*asked)[0] == [str(sizes[OLD])]


def test_graphs_that_cannot_be_loaded_harm_no_other_query_nor_one_for_other_graphs() -> None:
    run = subprocess.run([sys.executable, "-c", POOL], capture_output=True, text=True, check=True, timeout=300)
    broken, none = "('Unavailable', 'the imported graphs cannot be loaded', 10)", "['false']"
    elsewhere = "('QueryError', 'this server does not hold the graph urn:more', None)"
    said = elsewhere.replace("urn:more", "urn:said")
    assert run.stdout.splitlines() == [*[broken, none] * 2, "['true']", broken, *[elsewhere, none] * 2, said, elsewhere]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    with running(options=("--timeout", "60")) as served:  # A machine may be busy.
        yield served


@pytest.fixture
def fresh() -> Iterator[tuple[str, int]]:
    """A server of its own, for what counts or kills processes."""
    with running(options=("--timeout", "60")) as served:
        yield served


def ask(url: str, query: str, **more: str) -> Answer:
    path = f"/sparql?{urlencode({'query': query, **more})}"
    return request(url, path, "GET", None, {"Accept": "text/csv"}, 90)


@pytest.mark.check
def test_the_first_query_that_names_one_loads_them_beside_the_server(
    fresh: tuple[str, int], sizes: dict[str, int]
) -> None:
    url, pid = fresh
    before = ask(url, NAMED).count
    patient(f"{url}/download/SHA256SUMS")  # They make the server larger, whenever they are prepared.
    until(lambda: len(family(pid)) > 4)
    _, front, *behind = family(pid)
    size = memory_of(front)
    with ThreadPoolExecutor(2) as two:
        first = [*two.map(lambda number: ask(url, f"{JOIN} # {number}"), range(2))]
    assert [one.status for one in first] == [200, 200], first[0].text
    assert first[0].count == first[1].count > 100
    new = set(family(pid)) - {front, *behind}
    assert new, "the graphs are in processes of their own"
    assert memory_of(front) < size + (20 << 10), "the server itself does not grow"
    begin = time.monotonic()
    assert ask(url, SIZE % f"<{NEW}>").count == sizes[NEW]
    assert time.monotonic() - begin < with_load(1)
    assert ask(url, ALL, **{"default-graph-uri": NEW}).count == sizes[NEW]
    assert ask(url, NAMED + " # again").count == before
    assert ask(url, SIZE % f"<{GRAPH}imported/esco-9.9>").count == 0


def memory_of(pid: int) -> int:
    """Return the memory of one process in KiB, shared pages among it; 0 of one that has ended."""
    lines: list[str] = []
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmRSS")), 0))


def test_an_unknown_imported_graph_is_told_as_any_other(server: tuple[str, int]) -> None:
    for name in ("imported/esco-9.9", "no-such-graph"):
        unknown = ask(server[0], SIZE % f"<{GRAPH}{name}>")
        assert (unknown.status, unknown.count) == (200, 0)
        assert "is not defined here" in unknown.headers["Link"]
        assert request(server[0], f"/store?graph={quote(GRAPH + name)}", "GET", None, {}).status == 404
    assert not ask(server[0], SIZE % f"<{OLD}>").headers["Link"]


def test_the_service_description_names_them_outside_the_default_dataset(
    server: tuple[str, int], sizes: dict[str, int], graph: Graph
) -> None:
    described = rdflib.Graph()
    described.parse(data=request(server[0], "/sparql", "GET", None, {"Accept": "text/turtle"}).body, format="turtle")
    (service,) = described.subjects(rdflib.RDF.type, SD.Service)

    def graphs(collection: rdflib.term.Node) -> dict[str, int]:
        return {
            str(described.value(named, SD.name)): int(
                described.value(described.value(named, SD.graph), rdflib.VOID.triples) or 0
            )
            for named in described.objects(collection, SD.namedGraph)
        }

    default = graphs(described.value(service, SD.defaultDataset))
    assert set(default) == {name.value for name in graph.store.named_graphs()}
    assert graphs(described.value(service, SD.availableGraphs)) == default | sizes | dict.fromkeys(
        DESCRIPTION_GRAPHS, 0
    )


def test_an_imported_graph_by_graph_store_protocol(server: tuple[str, int], sizes: dict[str, int]) -> None:
    for path in (f"/store?graph={quote(NEW)}", "/store/imported/esco-1.2.0"):
        sent = request(server[0], path, "GET", None, {"Accept": "application/n-triples"}, 60)
        assert (sent.status, sent.body.count(b"\n")) == (200, sizes[NEW])
    page = request(server[0], "/graph/imported/esco-1.2.0", "GET", None, {"Accept": "text/turtle"})
    assert "ESCO classification of the European Commission" in page.text


@pytest.mark.check
def test_killed_processes_come_back(fresh: tuple[str, int]) -> None:
    url, pid = fresh
    assert ask(url, JOIN).status == 200
    for round_ in range(2):
        for victim in extended(pid):
            os.kill(victim, signal.SIGKILL)
        # On a busy machine, the first may be over before it is known that its worker is dead.
        tried = (ask(url, f"{JOIN} # late {round_}-{number}", timeout="0.1") for number in range(20))
        late = next(answer for answer in tried if "being loaded" in answer.text)
        assert (late.status, late.headers["Retry-After"]) == (503, "5"), late.text
        again = ask(url, f"{JOIN} # killed {round_}")
        assert again.status == 200, again.text
    until(lambda: not [process for process in family(pid) if state_of(process) == "Z"], with_load(5))  # Reaped.
    until(lambda: len(family(pid)) > 4)
    os.kill(family(pid)[2], signal.SIGKILL)  # The spawner of all: its standby takes over.
    assert [ask(url, f"{JOIN} # {number}").status for number in range(3)][1:] == [200, 200]
    for victim in extended(pid):
        os.kill(victim, signal.SIGKILL)
    assert [ask(url, f"{JOIN} # standby {number}").status for number in range(3)][1:] == [200, 200]


@pytest.mark.check
def test_no_process_with_imported_graphs_outlives_the_server(fresh: tuple[str, int]) -> None:
    url, pid = fresh
    assert ask(url, JOIN).status == 200
    left = family(pid)
    assert extended(pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not any(lives(process) for process in left[1:]))


def extended(pid: int) -> list[int]:
    """Return the processes that hold the imported graphs: they are larger than the others by these."""
    sizes = {process: size for process in family(pid)[2:] if (size := memory_of(process))}
    return [process for process, size in sizes.items() if size > min(sizes.values()) + (100 << 10)]


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
