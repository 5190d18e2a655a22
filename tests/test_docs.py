"""Documentation runs: README commands and code, figures, dependencies, limits, versions."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pyoxigraph as ox
import pytest
import yaml
from conftest import ROOT
from live import served

from kg.graph.build import Graph
from kg.namespaces import GRAPH, SKOS
from kg.queries.limits import Limits

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SHELL = [
    line.split("  #")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.strip()
]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "data/*.md")
    for path in ROOT.glob(pattern)
    if path.parent.name != "model"
)
SLOW = ("curl ", "kg export ")  # The one needs curl; the other makes what tests/test_export.py makes, in ten seconds.
MAKE = [line for line in SHELL if line.startswith("make ")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(line, marks=[pytest.mark.check] if line.startswith(SLOW) else [])
        for line in SHELL
        if not line.startswith("make ")
    ],
)
def test_readme_command_runs(command: str, server: str) -> None:
    words = shlex.split(command.replace("http://127.0.0.1:8000", server))
    words = [sys.executable, "-m", "kg", *words[1:]] if words[0] == "kg" else [*words, "--fail", "--silent", "--get"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


@pytest.mark.parametrize("code", PYTHON)
def test_readme_python_runs(code: str, server: str) -> None:
    names: dict[str, object] = {}
    exec(code.replace("http://127.0.0.1:8000", server), names)  # noqa: S102
    assert len(names["frame"]) > 10  # type: ignore[arg-type]


def test_readme_pandas_line_returns_no_total_beside_its_parts(graph: Graph) -> None:
    [query] = [found for code in PYTHON for found in re.findall(r'query = """(.*?)"""', code, re.DOTALL)]
    rows = list(graph.store.query(query, use_default_graph_as_union=True))
    wider = ox.NamedNode(SKOS + "broader")
    totals = {quad.object for row in rows for quad in graph.store.quads_for_pattern(row["group"], wider, None, None)}
    assert totals
    assert not totals & {row["group"] for row in rows}


def test_readme_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert MAKE == ["make serve", "make test"]
    assert {line.split()[1] for line in MAKE} <= targets


def test_readme_r_line_names_the_endpoint_as_it_is(server: str) -> None:
    assert "http://127.0.0.1:8000/sparql?format=csv&query=" in README


@pytest.mark.parametrize("path", re.findall(r"\]\(http://127\.0\.0\.1:8000(/\w*)\)", README))
def test_readme_pages_answer(path: str, server: str) -> None:
    with urlopen(Request(f"{server}{path}", headers={"Accept": "text/html"})) as response:
        assert "<h1" in response.read().decode()


def test_readme_lists_the_graphs_that_there_are(graph: Graph) -> None:
    listed = set(re.findall(r"^\| `graph/([^`]+)` \|", README, re.MULTILINE))
    graphs = {name.value.removeprefix(GRAPH) for name in graph.store.named_graphs()}
    assert listed == {
        re.sub(r"^mappings/.*", "mappings/<name>", re.sub(r"^inferred/(?!rdfs$).*", "inferred/<rule>", name))
        for name in graphs
    }


@pytest.mark.parametrize("page", PAGES)
def test_links_and_files_named_in_documentation_exist(page: str) -> None:
    folder = (ROOT / page).parent
    prose = re.sub(r"`[^`]*`", "", (ROOT / page).read_text("utf-8"))
    for link in re.findall(r"\]\(([^)#:]+)\)", prose):
        assert (folder / link).exists(), f"{page} links to {link}"


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    runtime = [re.split(r"[<>=]", name)[0] for name in project["project"]["dependencies"]]
    for name in runtime:
        assert f"| {name.lower()} |" in page, name
    for name in project["dependency-groups"]["dev"]:
        plain = re.split(r"[<>=]", name)[0].lower()
        assert plain in page or plain.startswith("types-") or plain.endswith("-stubs"), plain
    locked = (ROOT / "requirements.lock").read_text("utf-8")
    assert all(re.search(rf"^{name}(\[\w+\])?==", locked, re.MULTILINE | re.IGNORECASE) for name in runtime)


def test_limits_are_documented_as_they_are() -> None:
    page = (ROOT / "docs" / "limits.md").read_text("utf-8")
    for limit in Limits().listed:
        value = f"{limit.value:,g}" if isinstance(limit.value, float) else f"{limit.value:,}"
        setting = f"`{limit.setting}`" if limit.setting else ""
        unit = f" {limit.unit}" if limit.unit else ""
        assert f"| {limit.what} | {value}{unit} | {setting} | {limit.status} |" in page, limit


def test_one_version_everywhere(graph: Graph) -> None:
    import kg

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    ontology = (ROOT / "ontology" / "ontology.ttl").read_text("utf-8")
    assert kg.__version__ == graph.version == citation["version"]
    assert f"## {graph.version} ({citation['date-released']})" in changes
    assert f"owl:versionIRI <https://w3id.org/klimaatbanen/def/{graph.version}>" in ontology
    assert f'dct:modified "{citation["date-released"]}"^^xsd:date' in ontology
    assert f'dct:creator "{citation["authors"][0]["name"]}"' in ontology


def test_makefile_tells_what_to_install_where_venv_is_missing(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text('#!/bin/sh\ncase "$2" in venv) exit 1;; esac\nexit 0\n')
    fake.chmod(0o755)
    environment = os.environ | {"MAKEFLAGS": "", "MAKELEVEL": "0"}
    command = ["make", "serve", f"PYTHON={fake}", f"VENV={tmp_path / 'venv'}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert run.returncode == 2
    assert "apt install python3-venv" in run.stderr


@pytest.mark.parametrize("folder", ["src", "shapes", "ontology", "queries", "views", "docs", "tests", "bench"])
def test_nothing_points_at_a_document_that_is_not_here(folder: str) -> None:
    """Rules are said where they hold, or on a page of `docs/`; decisions by number stand in notes that nobody has."""
    suffixes = (".py", ".ttl", ".rq", ".md", ".toml", ".html", ".yaml", ".yml", ".ts", ".txt")
    pattern = re.compile(
        r"\(M\d{1,2}\b|\b(?:MODEL|DESIGN|SOURCE-NOTES)(?: M\d|, section|\.md| counts)|^\| M\d{1,2}\b", re.MULTILINE
    )
    pointing = {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and path.name != Path(__file__).name and "node_modules" not in path.parts
        if pattern.search(path.read_text("utf-8"))
    }
    assert not pointing, "say the rule there, or point at a page in docs/"
