"""The W3C suite of SHACL through our engines, beside bare pyshacl.

The suite is not in the project: it comes from a clone of w3c/data-shapes that KG_W3C_SHAPES names, else from the source
archive of pyshacl on PyPI, which carries it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError

from kg.errors import KgError
from kg.namespaces import RDF_TYPE, SH
from kg.validation.jobs import Job, run_here
from kg.validation.rules import read_rules
from kg.validation.shacl_report import Result, read_results, term_text

SHT, MF = "http://www.w3.org/ns/shacl-test#", "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
FAILURE = "failure"
# Tests passed of Core and SPARQL. pyshacl misses uniqueLang-002 and shapesGraph-001, shacl unsupported-sparql-004.
PASSED = {"pyshacl": (97, 22), "kg, pyshacl": (97, 22), "kg, shacl": (98, 22)}

pytestmark = pytest.mark.check
Answer = Counter[tuple[str, ...]] | str


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if clone := os.environ.get("KG_W3C_SHAPES"):
        return Path(clone) / "data-shapes-test-suite" / "tests"
    place = tmp_path_factory.mktemp("pyshacl")
    name = f"pyshacl-{version('pyshacl')}"
    asked = ["download", "-q", "--no-deps", "--no-binary", "pyshacl", name.replace("-", "=="), "-d", str(place)]
    subprocess.run([sys.executable, "-m", "pip", *asked], check=True)
    with tarfile.open(place / f"{name}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    return place / name / "test" / "resources" / "sht_tests"


def suite(folder: Path) -> Iterator[tuple[Path, Path, Path, Answer]]:
    """Yield test file, data file, shapes file and expected answer of each test."""
    for path in sorted(folder.rglob("*.ttl")):
        triples = [quad.triple for quad in ox.parse(path=str(path), base_iri=path.as_uri())]
        tests = [one.subject for one in triples if term_text(one.object) == SHT + "Validate"]
        for test in tests:
            action, result = one(triples, test, MF + "action"), one(triples, test, MF + "result")
            data, shapes = (file_of(one(triples, action, SHT + name)) for name in ("dataGraph", "shapesGraph"))
            yield path, data, shapes, FAILURE if term_text(result) == SHT + "Failure" else expected(triples, result)


def one(triples: Iterable[ox.Triple], subject: object, predicate: str) -> object:
    return next(item.object for item in triples if item.subject == subject and item.predicate.value == predicate)


def file_of(term: object) -> Path:
    return Path(term_text(term).removeprefix("file://"))


def expected(triples: list[ox.Triple], report: object) -> Answer:
    results = [item.object for item in triples if item.subject == report and item.predicate.value == SH + "result"]
    kept = [
        item
        for item in triples
        if item.predicate.value != RDF_TYPE or term_text(item.object) != SH + "ValidationResult"
    ]
    kind = [ox.Triple(node, ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "ValidationResult")) for node in results]
    return answer(read_results([*kept, *kind], triples))


def answer(found: Iterable[Result]) -> Answer:
    return Counter(
        (plain(one.focus), one.path, plain(one.value), one.severity, one.component.rpartition("#")[2]) for one in found
    )


def plain(term: object) -> str:
    return "_:" if isinstance(term, ox.BlankNode) else str(term)


def through_kg(engine: str) -> Callable[[Path, Path], Answer]:
    def run(data: Path, shapes: Path) -> Answer:
        rules = read_rules([shapes], "en")
        triples = [quad.triple for quad in ox.parse(path=str(data), base_iri=data.as_uri())]
        text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
        outcome = run_here(Job(text or b"", rules.shapes, engine))
        return answer(read_results(outcome.report, rules.triples))

    return run


def bare(data: Path, shapes: Path) -> Answer:
    rdflib.NORMALIZE_LITERALS = False
    graphs = [rdflib.Graph().parse(path, publicID=path.as_uri()) for path in (data, shapes)]
    try:
        _, report, _ = pyshacl.validate(graphs[0], shacl_graph=graphs[1])
    finally:
        rdflib.NORMALIZE_LITERALS = False
    if not isinstance(report, rdflib.Graph):
        return FAILURE
    triples = [quad.triple for quad in ox.parse(report.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)]
    return answer(read_results(triples, triples))


def passed(folder: Path, run: Callable[[Path, Path], Answer]) -> tuple[int, int]:
    count = total = 0
    for path, data, shapes, wanted in suite(folder):
        try:
            found: Answer = run(data, shapes)
        except (KgError, NotImplementedError, ReportableRuntimeError, ConstraintLoadError, ShapeLoadError):
            found = FAILURE
        count, total = count + (found == wanted), total + 1
        if found != wanted:
            print(f"{path.relative_to(folder.parent)} differs")
    return count, total


@pytest.mark.parametrize("name", PASSED)
@pytest.mark.filterwarnings("ignore")
def test_w3c_suite(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = bare if name == "pyshacl" else through_kg(name.rpartition(" ")[2])
    counts = passed(folder / "core", run), passed(folder / "sparql", run)
    with capsys.disabled():
        print(
            f"\nW3C SHACL, {name}: " + ", ".join(f"{passed} of {total}" for passed, total in counts) + " (Core, SPARQL)"
        )
    assert tuple(passed for passed, _ in counts) >= PASSED[name]
