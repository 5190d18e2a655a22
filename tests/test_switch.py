"""Career switches: scores by hand on a small graph, the command, the page, and M5: what is imported changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from conftest import ROOT
from live import served

from kg.graph import Graph
from kg.queries import find_questions
from kg.sparql import answer
from kg.switch import SKILLS, Switches
from kg.terms import ID
from kg.vocab.esco import ESSENTIAL, IN_SCHEME, OPTIONAL, SCHEME
from kg.vocab.write import graph_of, write

E = "http://data.europa.eu/esco/"
INSPECTOR = f"{E}occupation/2b31f745-f04f-4d2c-9692-4715e1448f80"


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(name if name.startswith("http") else f"urn:{name}")


@pytest.fixture
def small() -> Switches:
    store, graph = ox.Store(), node(SKILLS)
    match = ox.NamedNode("http://www.w3.org/2004/02/skos/core#closeMatch")
    for origin, predicate, skills in (
        ("baker", ESSENTIAL, "knead clean"),
        ("cook", ESSENTIAL, "taste clean"),
        ("cook", OPTIONAL, "knead"),
        ("miller", ESSENTIAL, "grind"),
    ):
        store.extend(ox.Quad(node(origin), predicate, node(skill), graph) for skill in skills.split())
    store.add(ox.Quad(node("taste"), IN_SCHEME, ox.NamedNode(SCHEME + "green"), graph))
    store.add(ox.Quad(node("miller"), ESSENTIAL, node("knead"), node("urn:other")))
    for ours, there in (("green-cook", "cook"), ("green-miller", "miller")):
        store.add(ox.Quad(node(f"{ID}occupation/{ours}"), match, node(there), node("urn:mappings")))
    return Switches(store)


def test_the_gap_is_shared_and_missing(small: Switches) -> None:
    near, far = small.nearest(small.skills_of("urn:baker"), without="urn:baker")
    assert near.occupation == f"{ID}occupation/green-cook"
    assert set(near.shared) == {"urn:knead", "urn:clean"}
    assert near.missing_essential == ("urn:taste",)
    assert near.missing_optional == ()
    assert near.green == round(1 / 3, 3)
    assert far.score == 0.0  # What another graph says of skills does not count.


def test_a_rare_skill_weighs_more_and_an_optional_one_less(small: Switches) -> None:
    cook = f"{ID}occupation/green-cook"
    scores = {
        name: small.gap(frozenset({f"urn:{name}"}), cook, "urn:cook").score for name in ("taste", "clean", "knead")
    }
    assert scores["taste"] > scores["clean"] > scores["knead"] > 0
    assert small.gap(small.skills_of("urn:cook"), cook, "urn:cook").score == 100.0


def kg(*arguments: str, code: int = 0) -> str:
    run = subprocess.run([sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode == code, run.stderr
    return run.stderr if code else run.stdout


def test_kg_switch() -> None:
    by_name, by_iri = kg("switch", "arbeidsinspecteur"), kg("switch", INSPECTOR)
    assert by_name == by_iri
    assert "missing essential" in by_name
    found = json.loads(kg("switch", INSPECTOR, "--format", "json", "--limit", "3"))
    assert len(found) == 3
    assert found[0]["score"] >= found[1]["score"]
    assert "no skills are known of toverdokter" in kg("switch", "toverdokter", code=2)


def test_the_page_and_its_json() -> None:
    with served() as url:

        def get(path: str, accept: str) -> str:
            request = urllib.request.Request(url + path, headers={"Accept": accept})
            with urllib.request.urlopen(request) as response:
                return response.read().decode()

        asked = f"/switch?lang=en&from={quote(INSPECTOR, safe='')}"
        assert "Missing, essential" in get(asked, "text/html")
        assert f'<option value="{INSPECTOR}">' in get("/switch?lang=nl", "text/html")
        told = json.loads(get(asked, "application/json"))
        assert told["from"]["id"] == INSPECTOR
        assert {"occupation", "via", "score", "shared", "missing_essential", "green"} <= set(told["nearest"][0])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get("/switch?from=urn%3Anone", "application/json")


def test_what_is_imported_changes_no_answer(tmp_path: Path) -> None:
    """MODEL M5, with more labels and skills for occupations that are linked."""
    skill, label = node(f"{E}skill/more"), ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    said = [
        (node(INSPECTOR), ESSENTIAL, skill),
        (skill, label, ox.Literal("more", language="en")),
        (node(f"{ID}occupation/lasser"), label, ox.Literal("anders", language="nl")),
    ]
    write(said, graph_of("esco", "9"), tmp_path / "more.nq")
    for name in ("switch/nearest", "occupations/vacancies", "mappings/of-occupation"):
        beside = kg("query", name, "--with", str(tmp_path / "more.nq"), "--format", "csv")
        assert beside == kg("query", name, "--format", "csv")
    asked = f"SELECT ?s {{ GRAPH <{graph_of('esco', '9')}> {{ ?s ?p ?o }} }}"
    assert kg("query", "-e", asked, "--with", str(tmp_path / "more.nq"), "--format", "csv").count("\n") == 4
    assert "nowhere.nq" in kg("query", "-e", asked, "--with", str(tmp_path / "nowhere.nq"), code=2)


@pytest.mark.text
def test_every_question_has_the_same_answer_with_all_of_esco(graph: Graph, shared: Path, tmp_path: Path) -> None:
    kg("import", "esco", str(shared / "vocab" / "esco-1.1.1-en"), "--into", str(tmp_path / "esco.nq"))
    store = ox.Store()
    store.bulk_extend(graph.store)
    shipped = [str(name)[1:-1] for name in graph.store.named_graphs()]
    store.bulk_load(path=str(tmp_path / "esco.nq"), format=ox.RdfFormat.N_QUADS)
    for name, question in find_questions(ROOT / "queries").items():
        there = answer(store, question.query, union=shipped).serialize(format=ox.QueryResultsFormat.TSV)
        alone = answer(graph.store, question.query).serialize(format=ox.QueryResultsFormat.TSV)
        assert sorted((there or b"").splitlines()) == sorted((alone or b"").splitlines()), name
