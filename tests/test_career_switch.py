"""Career switches: scores by hand on a small graph, the command, the page, and what is imported changes nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from conftest import ROOT
from flask.testing import FlaskClient
from live import request, served

from kg.endpoint.settings import Settings
from kg.errors import SourceError
from kg.graph.build import Graph
from kg.linking.career_switch import Switches, skills_graph, store_with_esco
from kg.linking.esco import ESSENTIAL, IN_SCHEME, OPTIONAL, PREF, SCHEME
from kg.linking.imported import graph_of, write
from kg.namespaces import GRAPH, ID, KB, RDF_TYPE
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.queries.question import find_questions
from kg.web.app import create_app

E = "http://data.europa.eu/esco/"
INSPECTOR = f"{E}occupation/2b31f745-f04f-4d2c-9692-4715e1448f80"


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(name if name.startswith("http") else f"urn:{name}")


@pytest.fixture
def small() -> Switches:
    store, graph = ox.Store(), node("skills")
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
        occupation = node(f"{ID}occupation/{ours}")
        store.add(ox.Quad(occupation, ox.NamedNode(RDF_TYPE), ox.NamedNode(KB + "Occupation"), node("ours")))
        store.add(ox.Quad(occupation, match, node(there), node("urn:mappings")))
    return Switches(store, "urn:skills")


@pytest.fixture
def imported(graph: Graph, tmp_path: Path) -> Path:
    """ESCO as kg import writes it, with a baker who has the skills of the inspector."""
    baker, known = node(f"{E}occupation/baker"), ox.NamedNode(skills_graph(graph.store))
    skills = [
        ox.Quad(baker, quad.predicate, quad.object, node("urn:esco"))
        for quad in graph.store.quads_for_pattern(ox.NamedNode(INSPECTOR), None, None, known)
        if quad.predicate in (ESSENTIAL, OPTIONAL)
    ]
    all_others = [
        ox.Quad(quad.subject, quad.predicate, quad.object, node("urn:esco"))
        for quad in graph.store.quads_for_pattern(None, None, None, known)
        if quad.predicate in (ESSENTIAL, OPTIONAL)
    ]
    kind = ox.Quad(baker, ox.NamedNode(RDF_TYPE), node("http://data.europa.eu/esco/model#Occupation"), node("urn:esco"))
    name = ox.Quad(baker, PREF, ox.Literal("baker", language="en"), node("urn:esco"))
    path = tmp_path / "esco.nq"
    path.write_bytes(ox.serialize([*skills, *all_others, kind, name], format=ox.RdfFormat.N_QUADS) or b"")
    return path


def test_esco_beside_the_graph_knows_more_jobs(graph: Graph, imported: Path) -> None:
    before = len(graph.store)
    questions = find_questions(ROOT / "queries")
    bare = create_app(graph, questions).test_client()
    whole = create_app(graph, questions, Settings(esco=imported)).test_client()
    assert bare.get("/switch?q=baker&lang=en&format=json").json["from"] is None
    told = whole.get("/switch?q=baker&lang=en&format=json").json
    assert told["from"]["name"] == "baker"
    assert told["nearest"][0]["shared"]
    assert "baker" in whole.get("/switch?q=baker&lang=en", headers={"Accept": "text/html"}).text.split("<h2")[1]
    assert whole.get("/switch/suggest?q=bake&lang=en").json["suggestions"][0]["name"] == "baker"
    assert len(graph.store) == before
    asked = [one.get("/search?q=baker&lang=en&format=json").data for one in (bare, whole)]
    assert asked[0] == asked[1]


def test_the_graph_with_skills_is_found_by_what_it_holds(graph: Graph) -> None:
    name = skills_graph(graph.store)
    assert name.startswith(f"{GRAPH}esco-")
    other = ox.Quad(node("a"), ESSENTIAL, node("b"), ox.NamedNode(f"{name}9"))
    store = ox.Store()
    assert skills_graph(store) == ""
    store.bulk_extend([*graph.store.quads_for_pattern(None, ESSENTIAL, None, None), other])
    assert skills_graph(store) == f"{name}9"


def test_what_holds_no_skills_cannot_stand_beside(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "esco.nq"
    path.write_text("<urn:a> <urn:b> <urn:c> <urn:g> .\n", "utf-8")
    with pytest.raises(SourceError, match="no occupation has skills"):
        store_with_esco(graph.store, path)


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


@pytest.mark.check
def test_kg_switch_from_skills_with_routes() -> None:
    asked = ("--skill", "read standard blueprints", "--skill", "ensure equipment availability")
    found = json.loads(kg("switch", *asked, "--format", "json"))
    assert found[0]["score"] >= found[-1]["score"] > 0
    assert all(1 <= len(one["shared"]) <= 2 for one in found)
    assert any(route["asks"] for one in found for route in one["routes"])
    wide = (*asked, "--lang", "en", "--limit", "100")
    shown, told = kg("switch", *wide), json.loads(kg("switch", *wide, "--format", "json"))
    technician = next(one for one in told if one["occupation"].endswith("/monteur-meet-en-regeltechniek"))
    first = technician["qualifications"][0]
    assert first["id"].startswith(f"{ID}qualification/")
    assert f"qualification: {first['name']}; mbo level 3" in shown
    assert "route: " in shown
    assert "no occupation asks for the skill spreuken" in kg("switch", "--skill", "spreuken", code=2)
    assert "give FROM" in kg("switch", code=2)


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(ROOT / "queries")).test_client()


def told(client: FlaskClient, **asked: str) -> dict[str, Any]:
    answer = client.get("/switch", query_string={"lang": "en", "format": "json", **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def page(client: FlaskClient, **asked: str) -> str:
    answer = client.get("/switch", query_string={"lang": "en", **asked}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def test_from_a_job_of_esco(client: FlaskClient) -> None:
    found = told(client, **{"from": INSPECTOR})
    assert found["from"]["id"] == found["from"]["esco"]["id"] == INSPECTOR
    scores = [one["score"] for one in found["nearest"]]
    assert scores == sorted(scores, reverse=True)
    for one in found["nearest"]:
        points = one["points"]
        assert points["essential"]["given"] + points["optional"]["given"] == pytest.approx(one["score"], abs=0.11)
        assert points["essential"]["most"] + points["optional"]["most"] == pytest.approx(100, abs=0.11)
        assert not {skill["id"] for skill in one["shared"]} & {skill["id"] for skill in one["missing_essential"]}
    shown = page(client, **{"from": INSPECTOR})
    assert "Missing, essential" in shown
    assert found["nearest"][0]["occupation"]["name"] in shown


def test_from_a_job_of_ours_which_is_not_its_own_neighbour(client: FlaskClient) -> None:
    found = told(client, **{"from": "occupation/lasser"})
    assert found["from"]["id"] == f"{ID}occupation/lasser"
    assert f"{ID}occupation/lasser" not in {one["occupation"]["id"] for one in found["nearest"]}
    assert found["from"]["esco"]["name"] == "welder"


def test_a_job_is_typed(client: FlaskClient) -> None:
    assert told(client, q="welder")["from"]["esco"]["name"] == "welder"
    many = told(client, q="electrician")
    assert many["from"] is None
    assert len(many["jobs"]) > 1
    assert "Which job do you mean?" in page(client, q="electrician")
    assert told(client, q="weldr")["jobs"][0]["name"] == "welder"
    nothing = told(client, q="bakker")
    assert (nothing["from"], nothing["jobs"], nothing["nearest"]) == (None, [], [])
    assert "ESCO occupations are known here" in page(client, q="bakker")


def test_from_skills_alone_or_beside_a_job(client: FlaskClient) -> None:
    blueprints = {"skill": "read standard blueprints"}
    alone = told(client, **blueprints)
    assert (alone["from"], len(alone["skills"])) == (None, 1)
    assert all(len(one["shared"]) == 1 for one in alone["nearest"])
    assert "Climate occupations for these skills" in page(client, **blueprints)
    plain = {
        one["occupation"]["id"]: one["score"] for one in told(client, **{"from": INSPECTOR, "limit": "50"})["nearest"]
    }
    beside = told(client, **{"from": INSPECTOR, "limit": "50"}, **blueprints)["nearest"]
    assert any(one["score"] > plain.get(one["occupation"]["id"], 0) for one in beside)
    wrong = client.get("/switch?skill=spreuken&format=json")
    assert wrong.status_code == 404


def asked_after(client: FlaskClient, job: str) -> set[str]:
    steps = told(client, **{"from": job})["nearest"]
    return {one["status"] for step in steps for route in step["routes"] for one in route["asks"]}


def test_routes_say_what_they_ask_and_never_that_nothing_is_required(client: FlaskClient) -> None:
    """A route asks something, asks it with exceptions, or the text does not say."""
    jobs = ("occupation/elektricien", "occupation/lasser", "occupation/timmerman")
    steps = [step for job in jobs for step in told(client, **{"from": job})["nearest"]]
    asked = {status for job in jobs for status in asked_after(client, job)}
    assert {"asked", "not-stated"} <= asked <= {"asked", "asked-of-some", "asked-with-exceptions", "not-stated"}
    shown = next(page(client, **{"from": job}) for job in jobs if "not-stated" in asked_after(client, job))
    assert "not stated" in shown
    assert "That is not the same as there being none." in shown
    assert any(step["qualifications"] for step in steps)


def test_suggestions_are_jobs_whose_skills_are_known(client: FlaskClient) -> None:
    suggested = client.get("/switch/suggest?q=elek&lang=nl").json["suggestions"]
    assert len(suggested) > 1
    for one in suggested:
        assert client.get("/switch", query_string={"from": one["id"], "format": "json"}).json["nearest"] is not None


def test_someone_whose_job_is_not_there_begins_with_skills(client: FlaskClient) -> None:
    suggested = client.get("/switch/suggest?what=skill&q=quality&lang=en").json["suggestions"]
    assert suggested
    assert all("quality" in one["name"] for one in suggested)
    shown = page(client, skill=suggested[0]["name"])
    assert 'class="card step"' in shown
    assert f'name="skill" value="{suggested[0]["id"]}"' in shown
    assert told(client, skill=suggested[0]["id"])["skills"] == [{name: suggested[0][name] for name in ("id", "name")}]


@pytest.mark.parametrize("asked", ["urn:none", "occupation/none", '"><script>alert(1)</script>', "http://[", "\x00"])
def test_a_job_that_is_not_there(client: FlaskClient, asked: str) -> None:
    for accept in ("text/html", "application/json"):
        answer = client.get("/switch", query_string={"from": asked}, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json" or "<script>alert" not in answer.text
    hostile = client.get("/switch", query_string={"q": asked}, headers={"Accept": "text/html"})
    assert hostile.status_code == 200
    assert "<script>alert" not in hostile.text


def test_nothing_is_kept_or_logged_and_no_referrer_is_sent(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with served(options=("--access-log", str(log))) as url:
        answer = request(url, "/switch?q=geheimschrijver&lang=nl", "GET", None, {"Accept": "text/html"})
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Set-Cookie"] is None
        request(url, "/switch/suggest?q=geheimschrijver", "GET", None, {})
    assert "/switch" in log.read_text("utf-8")
    assert "geheimschrijver" not in log.read_text("utf-8")


@pytest.mark.check
def test_what_is_imported_changes_no_answer(tmp_path: Path) -> None:
    """Every answer stays the same with more labels and skills for occupations that are linked."""
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
    beside_esco = Dataset(store, shipped)
    for name, question in find_questions(ROOT / "queries").items():
        there = answer(beside_esco, question.query).serialize(format=ox.QueryResultsFormat.TSV)
        alone = answer(graph.dataset, question.query).serialize(format=ox.QueryResultsFormat.TSV)
        assert sorted((there or b"").splitlines()) == sorted((alone or b"").splitlines()), name
