"""Career switches: the match by hand on a small graph, diplomas, the command, the page, the sheet; nothing is kept."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pyoxigraph as ox
import pytest
from conftest import ROOT
from flask.testing import FlaskClient
from live import request, served

from kg.graph.build import Graph
from kg.linking.advice import Advisor, Asked, words
from kg.linking.advice_sheet import FORMATS, grouped, render
from kg.linking.career_switch import Switches, level_of, skill_levels
from kg.linking.esco import ESSENTIAL
from kg.linking.imported import graph_of, write
from kg.linking.job_names import HEAD
from kg.namespaces import BASE, GRAPH, ID
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.queries.question import find_questions
from kg.web.app import create_app

E = "http://data.europa.eu/esco/"
INSPECTOR = f"{E}occupation/2b31f745-f04f-4d2c-9692-4715e1448f80"
QUESTIONS = find_questions(ROOT / "queries")


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(name if name.startswith("http") else f"urn:{name}")


def sets(**skills: str) -> dict[str, frozenset[str]]:
    return {occupation: frozenset(those.split()) for occupation, those in skills.items()}


@pytest.fixture
def small() -> Switches:
    """A baker, two cooks and a miller: the engineer is a cook of a higher level."""
    return Switches(
        sets(baker="knead clean", cook="taste clean", engineer="taste clean", miller="grind"),
        sets(cook="knead", engineer="knead"),
        {
            "green-cook": {"cook": True},
            "other-cook": {"cook": False},
            "boss": {"engineer": True},
            "mill": {"miller": True},
        },
        {"baker": 2, "cook": 2, "engineer": 4, "miller": 0}.__getitem__,
    )


def test_the_match_is_shared_and_missing_in_counts_and_a_word(small: Switches) -> None:
    near, boss = small.nearest(small.skills_of("baker"), 2, ["baker"])
    assert (near.occupation, near.also, near.exact) == ("green-cook", ("other-cook",), True)
    assert (near.essential, near.optional) == ((1, 2), (1, 1))
    assert set(near.shared) == {"knead", "clean"}
    assert (near.missing_essential, near.missing_optional) == (("taste",), ())
    assert (near.step, near.level, near.higher) == ("near", 2, 0)
    assert boss.occupation == "boss"


def test_a_higher_level_halves_what_counts_and_not_the_score(small: Switches) -> None:
    cook, boss = small.nearest(small.skills_of("baker"), 2)
    assert (cook.score, cook.higher, boss.score, boss.higher) == (boss.score, 0, cook.score, 2)
    assert boss.rank == cook.rank / 4
    assert (cook.step, boss.step) == ("near", "far")
    unknown = small.nearest(small.skills_of("baker"))  # From skills alone no level is known.
    assert {match.step for match in unknown} == {"near"}


def test_a_rare_skill_weighs_more_and_an_optional_one_less(small: Switches) -> None:
    scores = {
        skill: next(match.score for match in small.nearest(frozenset({skill})) if match.via == "cook")
        for skill in ("taste", "clean", "knead")
    }
    assert scores["taste"] > scores["clean"] > scores["knead"] > 0
    assert next(match.score for match in small.nearest(small.skills_of("cook"))) == 100


def test_only_some_and_without_some(small: Switches) -> None:
    had = small.skills_of("baker")
    assert [match.occupation for match in small.nearest(had, only=frozenset({"boss"}))] == ["boss"]
    assert small.nearest(had, only=frozenset()) == []
    assert "boss" not in {match.occupation for match in small.nearest(had, without=["boss"])}


def test_each_major_group_has_its_level_or_several(graph: Graph) -> None:
    levels = skill_levels(graph.store)
    assert {code for code in levels if len(code) == 1} == set("0123456789")
    assert [level_of(code, levels) for code in ("1412", "1120", "2310", "3122", "7212", "9312", "0210", "")] == [
        3,
        4,
        4,
        3,
        2,
        1,
        2,
        0,
    ]


@pytest.fixture(scope="module")
def advisor(graph: Graph) -> Advisor:
    return Advisor.open(graph, QUESTIONS)


def advise(advisor: Advisor, text: str = "", lang: str = "nl", **asked: Any) -> dict[str, Any]:
    return advisor.advise(Asked(text, **asked), lang)


def test_all_occupations_of_esco_with_skills_are_starts(advisor: Advisor) -> None:
    assert len(advisor.switches.origins) > 3000
    for job in ("bakker", "kapper", "automonteur", "boekhouder"):
        told = advise(advisor, job)
        assert [start["name"] for start in told["from"]] == [job]
        assert told["from"][0]["climate"] == []
        assert told["nearest"] or told["notes"][0] == words("none", "nl")
    assert advise(advisor, "automonteur")["nearest"]
    assert not advise(advisor, "kapper")["nearest"]


def test_a_climate_job_is_told_so_first_with_its_tables(advisor: Advisor) -> None:
    job = advise(advisor, "lasser")["from"][0]["climate"][0]
    assert (job["id"], job["exact"]) == (f"{ID}occupation/lasser", True)
    assert [table["name"] for table in job["tables"]] == ["Industrie"]


def test_a_higher_level_is_said_in_a_plain_line(advisor: Advisor) -> None:
    told = advisor.advise(Asked("lasser"), "nl", 50)
    assert any("lasser is niveau 2" in match["level"]["line"] for match in told["nearest"] if match["level"]["higher"])
    ranks = [("near", "within-reach", "far").index(match["step"]) for match in told["nearest"]]
    assert ranks == sorted(ranks)


def test_what_only_looks_alike_is_no_answer_and_never_a_climate_job(advisor: Advisor) -> None:
    told = advise(advisor, "veiligheidskundje")
    assert told["from"] == []
    for job in told["jobs"]:
        assert not job["named"]
        assert advisor.switches.ours_of(job["esco"]["id"]) == {}
    assert advise(advisor, "qwxz")["jobs"] == []


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("werkvoorbereider", "relatedMatch"),
        ("senior werkvoorbereider", "relatedMatch"),
        ("work planner", "relatedMatch"),
        ("uitvoerder", "narrowMatch"),
        ("monteur", "narrower"),
        ("werkvoorbereider elektrotechniek", "broader"),
        ("trainer", "namesake"),
    ],
)
def test_of_an_occupation_without_one_of_esco_nothing_is_chosen(advisor: Advisor, text: str, relation: str) -> None:
    told = advise(advisor, text)
    assert (told["from"], told["nearest"]) == ([], [])
    [unmatched] = told["unmatched"]
    assert "hoort geen beroep van ESCO" in unmatched["text"]
    assert relation in {job["relation"] for job in told["jobs"]}
    assert len({job["esco"]["id"] for job in told["jobs"]}) == len(told["jobs"])
    for form in FORMATS:
        sheet = render(told, form, "nl", date(2026, 11, 29), {})
        assert told["jobs"][0]["name"] in sheet
        assert unmatched["text"] in sheet
    chosen = advise(advisor, jobs=(told["jobs"][0]["id"],))
    assert chosen["from"] or chosen["unmatched"]


def test_a_word_in_the_longer_name_of_a_job_chooses_nothing(advisor: Advisor) -> None:
    told = advise(advisor, "docent Nederlands")
    assert told["from"] == []
    assert [job["name"] for job in told["jobs"]] == ["docent alfabetisering"]
    assert told["jobs"][0]["named"]


def test_an_occupation_like_none_of_esco_says_so(advisor: Advisor) -> None:
    told = advise(advisor, "energietechnicus")
    assert [job["name"] for job in told["unmatched"]] == ["energietechnicus"]
    assert told["jobs"] == []


def test_a_kind_of_a_job_is_read_as_that_job_and_says_so(advisor: Advisor) -> None:
    told = advise(advisor, "broodbakker")
    assert [start["name"] for start in told["from"]] == ["bakker"]
    assert any("broodbakker" in note for note in told["notes"]) == (
        advisor.starts.named("broodbakker", "nl")[0].how == HEAD
    )


def test_several_starts_have_the_skills_of_all_and_the_highest_level(advisor: Advisor) -> None:
    one, two = (advise(advisor, job)["from"][0] for job in ("bakker", "boekhouder"))
    both = advise(advisor, jobs=(one["id"], two["id"]))
    assert [start["name"] for start in both["from"]] == ["bakker", "boekhouder"]
    alone = {match["occupation"]["id"]: match["score"] for match in advise(advisor, "bakker")["nearest"]}
    assert all(match["score"] >= alone.get(match["occupation"]["id"], 0) for match in both["nearest"])
    added = advise(advisor, "boekhouder", jobs=(one["id"],))
    assert added["nearest"] == both["nearest"]


def test_a_place_narrows_and_says_what_that_rests_on(advisor: Advisor) -> None:
    told = advise(advisor, "controller", place="cluster/zeeland")
    assert told["nearest"]
    assert told["place"]["ties"]
    assert {match["occupation"]["id"] for match in told["nearest"]} <= set(told["place"]["ties"])
    assert any("Zeeland" in note for note in told["notes"])
    assert f"{ID}cluster/zeeland" in {one["id"] for one in told["place"]["elsewhere"]}
    none = advise(advisor, "bakker", place="cluster/rotterdam-moerdijk")
    assert (none["place"]["ties"], none["nearest"]) == ({}, [])


def test_a_diploma_leads_to_what_asks_it(advisor: Advisor) -> None:
    told = advise(advisor, "mbo-4 werktuigbouwkunde")["diploma"]
    assert told["level"]["id"] == f"{ID}level/mbo-4"
    stated = {one["occupation"]["id"] for one in told["occupations"] if one["asks"][0]["basis"] == "stated"}
    assert {f"{ID}occupation/{slug}" for slug in ("procesoperator", "werkvoorbereider-werktuigbouw")} <= stated
    assert all(one["about"]["requirements"] for one in told["occupations"])
    assert {ask["fits"] for one in told["occupations"] for ask in one["asks"]} == {"yes", "broader", "other"}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mbo 4 werktuigbouw", "mbo-4 werktuigbouwkunde"),
        ("mbo niveau 4 werktuigbouw", "mbo-4 werktuigbouwkunde"),
        ("hbo-bachelor werktuigbouw", "hbo werktuigbouwkunde"),
        ("mbo-4 elektro", "mbo-4 elektrotechniek"),
    ],
)
def test_two_ways_to_name_a_diploma_are_judged_alike(advisor: Advisor, text: str, same: str) -> None:
    one, other = (advise(advisor, each)["diploma"] for each in (text, same))
    assert (one["occupations"], one["level"], one["codes"]) == (other["occupations"], other["level"], other["codes"])


def test_a_level_that_no_text_names_is_not_said_to_be_asked(advisor: Advisor) -> None:
    told = advise(advisor, "mbo-4 werktuigbouwkunde")
    fits = {one["occupation"]["name"]: one["asks"][0]["fits"] for one in told["diploma"]["occupations"] if one["named"]}
    assert fits == {"Werkvoorbereider werktuigbouw": "yes", "Procesoperator": "broader"}
    for form in FORMATS:
        sheet = render(told, form, "nl", date(2026, 11, 29), {})
        assert words("fits_broader", "nl", level="mbo") in sheet
        assert "Welk van beide hangt af van taken" in sheet


def test_the_sheet_of_a_diploma_keeps_routes_and_tells_alternatives_from_the_rest(advisor: Advisor) -> None:
    told = advise(advisor, "mbo-4 werktuigbouwkunde")
    html = render(told, "html", "nl", date(2026, 11, 29), {})
    for one in told["diploma"]["occupations"]:
        asked = {(ask["requirement"] or ask["diploma"])["id"] for ask in one["asks"]}
        assert not asked & {each["id"] for each in (*one["education"], *one["needs"])}
        assert not any(need["education"] for need in one["needs"])
        for each in (*one["education"], *one["needs"], *one["about"]["routes"]):
            assert each["name"] in html
    assert any(one["about"]["routes"] for one in told["diploma"]["occupations"])
    assert words("vacancies", "nl") not in html
    named, related = html.split(words("sheet_related", "nl", diploma="mbo-4 werktuigbouwkunde"))
    assert "Procesoperator" in named
    assert "Programmeur" in related


def test_what_is_asked_for_a_part_of_a_route_is_not_asked_for_the_route(advisor: Advisor) -> None:
    routes = advisor.jobs.about(f"{ID}occupation/werkvoorbereider", "nl")["routes"]
    asks = [ask for route in routes for ask in route["asks"]]
    parts = {ask["what"]: ask["part"] for ask in asks}
    assert len(parts) == len(asks)
    assert any("instapeis" in ask["condition"] for ask in asks if ask["condition"])
    assert parts["succesvolle afronding van de oriëntatieperiode"] == "opleiding"
    assert parts["voordracht als kandidaat"] is None


def test_a_rule_stands_before_its_exceptions_and_each_requirement_once(advisor: Advisor) -> None:
    for route in advisor.jobs.about(f"{ID}occupation/werkvoorbereider", "nl")["routes"]:
        statuses = [ask["status"] for ask in route["asks"] if not ask["part"]]
        order = [
            ["asked-of-some", "not-stated"].index(one) if one in ("asked-of-some", "not-stated") else -1
            for one in statuses
        ]
        assert order == sorted(order), route["name"]
    for occupation in ("procesoperator", "werkvoorbereider", "uitvoerder-werkverantwoordelijke-elektrotechniek"):
        for route in advisor.jobs.about(f"{ID}occupation/{occupation}", "nl")["routes"]:
            asked = [ask["what"] for ask in route["asks"]]
            assert len(asked) == len(set(asked)), asked
    needs = advisor.jobs.about(f"{ID}occupation/procesoperator", "nl")["requirements"]
    assert needs[0]["name"].startswith("Mbo-opleiding procestechniek")
    assert "autonoom" in needs[-1]["condition"]


@pytest.mark.parametrize(
    ("occupation", "said"),
    [
        ("procesoperator", "CHILL Talent Office (voor het smallere beroep procesoperator B)"),
        ("werkvoorbereider-werktuigbouw", "Be an Engineer (als voorbeeld) (voor het bredere beroep werkvoorbereider)"),
    ],
)
def test_a_route_to_another_occupation_says_so_everywhere(advisor: Advisor, occupation: str, said: str) -> None:
    told = advise(advisor, "mbo-4 werktuigbouwkunde")
    one = next(
        one for one in told["diploma"]["occupations"] if one["occupation"]["id"] == f"{ID}occupation/{occupation}"
    )
    assert one["about"]["routes"]
    for form in FORMATS:
        sheet = render(told, form, "nl", date(2026, 11, 29), {})
        assert said in sheet.replace("\\", "")
    rows = [row for row in advisor.jobs.rows("switch/routes") if row["occupation"] == one["occupation"]["id"]]
    through = {(row["route"], row["entry"]) for row in rows}
    assert through == {
        (row["route"], row["entry"])
        for row in advisor.jobs.rows("learning/routes-to-occupation")
        if row["occupation"] == one["occupation"]["id"]
    }


@pytest.mark.parametrize("text", ["25310", "crebo 25310", "0715", "mechanica en metaal", "mechanics and metal trades"])
def test_a_number_or_a_field_leads_there_by_mapping(advisor: Advisor, text: str) -> None:
    told = advise(advisor, text)["diploma"]
    assert f"{ID}occupation/procesoperator" in {one["occupation"]["id"] for one in told["occupations"]}
    assert {ask["basis"] for one in told["occupations"] for ask in one["asks"]} == {"mapping"}
    assert all(ask["through"]["name"] for one in told["occupations"] for ask in one["asks"])


def test_a_diploma_by_iri(advisor: Advisor) -> None:
    told = advise(advisor, diploma="qualification/technicus-engineering")["diploma"]
    assert told["occupations"][0]["asks"][0]["basis"] == "stated"


def test_skills_stand_in_groups_and_english_names_are_marked(advisor: Advisor) -> None:
    told = advise(advisor, "bakker")
    skills = [skill for match in told["nearest"] for name in ("shared", "missing_optional") for skill in match[name]]
    assert all(skill["group"] for skill in skills)
    for match in told["nearest"]:
        regrouped = [skill for _, those in grouped(match["missing_optional"]) for skill in those]
        assert sorted(map(str, regrouped)) == sorted(map(str, match["missing_optional"]))
    assert sum("onze vertaling" in note for note in told["notes"]) == 1
    assert advise(advisor, "baker", "en")["notes"] == advise(advisor, "bakker", "en")["notes"]


def test_the_sheet_holds_three_and_takes_no_markup(advisor: Advisor) -> None:
    told = advise(advisor, "elektricien")
    hostile = json.loads(json.dumps(told).replace("elektricien", "<script>alert(1)</script> [x](y) \\u001b[31m"))
    for form in FORMATS:
        sheet = render(
            told,
            form,
            "nl",
            date(2026, 11, 29),
            dict.fromkeys(told["nearest"][0]["about"]["publications"], "Een rapport"),
        )
        assert told["nearest"][0]["occupation"]["name"] in sheet
        bad = render(hostile, form, "nl", date(2026, 11, 29), {})
        assert "\x1b" not in bad.replace("\x1b", "" if form == "html" else "\x1b")
        assert form == "text" or "<script>" not in bad
        assert form != "md" or "[x](y)" not in bad
    sources = dict.fromkeys(told["nearest"][0]["about"]["publications"], "Een rapport")
    html = render(told, "html", "nl", date(2026, 11, 29), sources | {"urn:none": "Een ander rapport"}, css="body {}")
    near = [match for match in told["nearest"] if match["step"] != "far"]
    way = next(match for match in near if match["about"]["routes"])
    assert re.findall("<h2>\\d. (.+?) <", html)[-1] == way["occupation"]["name"]
    assert all(match["occupation"]["name"] in html for match in near)
    assert all(match["counts"] < match["score"] for match in near if match["level"]["higher"])
    assert "Een ander rapport" not in html
    assert "29 november 2026" in html
    assert "Een rapport" in html


def kg(*arguments: str, code: int = 0) -> str:
    run = subprocess.run([sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, timeout=120)
    assert run.returncode == code, run.stderr
    return run.stderr if code else run.stdout


def test_kg_switch(advisor: Advisor) -> None:
    by_name, by_iri = kg("switch", "arbeidsinspecteur"), kg("switch", INSPECTOR)
    assert by_name == by_iri
    assert "Ontbreekt, essentieel" in by_name
    assert "no job or diploma is called qwxz" in kg("switch", "qwxz", code=2)
    assert "give FROM" in kg("switch", code=2)


@pytest.mark.check
def test_kg_switch_in_each_format() -> None:
    told = json.loads(kg("switch", "automonteur", "--format", "json", "--limit", "3"))
    assert len(told["nearest"]) == 3
    rows = list(csv.DictReader(io.StringIO(kg("switch", "automonteur", "--format", "csv", "--limit", "3"))))
    assert [row["occupation"] for row in rows] == [match["occupation"]["id"] for match in told["nearest"]]
    assert [int(row["score"]) for row in rows] == [match["score"] for match in told["nearest"]]
    asks = list(csv.DictReader(io.StringIO(kg("switch", "25310", "--format", "csv"))))
    assert {row["code"] for row in asks} == {"25310"}
    assert kg("switch", "mbo-4 werktuigbouwkunde", "--format", "md").startswith("# Naar een klimaatbaan")
    html = kg("switch", "nurse", "--lang", "en", "--skill", "read standard blueprints", "--format", "html")
    assert "<style>" in html
    assert "@page" in html
    assert "no occupation asks for the skill spreuken" in kg("switch", "--skill", "spreuken", code=2)


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, QUESTIONS).test_client()


def told(client: FlaskClient, **asked: Any) -> dict[str, Any]:
    answer = client.get("/switch", query_string={"lang": "en", "format": "json", **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def page(client: FlaskClient, path: str = "/switch", **asked: Any) -> str:
    answer = client.get(path, query_string={"lang": "en", **asked}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def test_from_a_job_of_esco(client: FlaskClient) -> None:
    found = told(client, **{"from": INSPECTOR})
    assert found["from"][0]["id"] == found["from"][0]["esco"]["id"] == INSPECTOR
    for one in found["nearest"]:
        assert one["essential"]["asked"] == one["essential"]["had"] + len(one["missing_essential"])
        assert one["optional"]["asked"] == one["optional"]["had"] + len(one["missing_optional"])
        assert one["word"] in page(client, **{"from": INSPECTOR})
    shown = page(client, **{"from": INSPECTOR})
    assert "Missing, essential" in shown
    assert found["nearest"][0]["reason"] in shown.replace("&#39;", "'")


def test_from_a_job_of_ours_which_is_not_its_own_neighbour(client: FlaskClient) -> None:
    found = told(client, **{"from": "occupation/lasser"})
    assert found["from"][0]["id"] == f"{ID}occupation/lasser"
    assert f"{ID}occupation/lasser" not in {one["occupation"]["id"] for one in found["nearest"]}
    assert found["from"][0]["esco"]["name"] == "welder"
    assert "This is a climate occupation already" in page(client, **{"from": "occupation/lasser"})


def test_an_occupation_without_one_of_esco_offers_where_to_begin(client: FlaskClient) -> None:
    for lang, said in (("nl", "hoort geen beroep van ESCO"), ("en", "No occupation of ESCO")):
        for asked in ({"q": "werkvoorbereider"}, {"from": "occupation/werkvoorbereider"}):
            shown = page(client, lang=lang, **asked)
            assert said in shown
            assert words("relatedMatch", lang) in shown
            assert 'class="card step"' not in shown
    shown = page(client, q="werkvoorbereider", lang="nl")
    assert all(route in shown for route in ("Be an Engineer", "Modulair hbo Saxion", "havo/vwo of mbo-4-diploma"))
    empty = page(client, q="energietechnicus", lang="nl")
    assert words("unmatched_none", "nl") in empty
    assert '<details class="by-skills" open>' in empty
    suggested = client.get("/switch/suggest?q=werkvoorb&lang=nl").json["suggestions"]
    assert f"{ID}occupation/werkvoorbereider" in {one["id"] for one in suggested}


@pytest.mark.check
def test_a_qualification_leads_to_what_asks_for_it_and_to_the_sheet(client: FlaskClient) -> None:
    qualifications = client.application.extensions["kg"].kinds.members["qualification"]
    leading = 0
    for qualification in map(str, qualifications):
        shown = page(client, qualification.removeprefix(BASE[:-1]))
        links = [unescape(link) for link in re.findall(r'class="onward"><a href="([^"]+)"', shown)]
        answer = client.get("/switch", query_string={"diploma": qualification, "format": "json"})
        assert bool(links) == (answer.status_code == 200), qualification
        if links:
            leading += 1
            assert answer.json["diploma"]["occupations"]
            assert [link.partition("?")[0] for link in links] == ["/switch", "/switch/sheet"]
            name = answer.json["diploma"]["occupations"][0]["occupation"]["name"]
            assert all(
                name in page(client, *link.split("?diploma=")[:1], diploma=qualification, lang="nl") for link in links
            )
    assert leading > len(qualifications) / 2


def test_what_was_asked_by_iri_stays_in_the_link_to_the_sheet(client: FlaskClient) -> None:
    shown = page(client, diploma="qualification/mbo-werktuigbouwkunde", lang="nl")
    assert "Klimaatberoepen die om deze opleiding vragen: mbo werktuigbouwkunde" in shown
    typed = told(client, q="mbo werktuigbouwkunde")["diploma"]["occupations"]
    assert told(client, diploma="qualification/mbo-werktuigbouwkunde")["diploma"]["occupations"] == typed
    [sheet] = re.findall(r'href="(/switch/sheet[^"]+)"', shown)
    assert "Procesoperator" in client.get(unescape(sheet)).text


def test_search_leads_to_the_advice_on_a_qualification(client: FlaskClient) -> None:
    """The level that somebody types is kept on the way: a qualification of that name may have another, or none."""
    by_iri = f"/switch?diploma={quote(f'{ID}qualification/mbo-werktuigbouwkunde', safe='')}"
    assert by_iri in page(client, "/search", q="werktuigbouwkunde", lang="nl")
    for text in ("mbo-4 werktuigbouwkunde", "mbo 4 werktuigbouw"):
        shown = page(client, "/search", q=text, lang="nl")
        typed = f"/switch?q={quote_plus(text)}&amp;lang=nl"
        assert f'{typed}">Zie welke klimaatberoepen vragen om “{text}”<' in shown
        assert f'{typed}">' in shown.partition('class="items hits"')[2]
        assert f"/switch?diploma={quote(f'{ID}qualification/bachelor-werktuigbouwkunde', safe='')}" in shown
        assert by_iri not in shown
    assert "Zie welke klimaatberoepen vragen om" not in page(client, "/search", q="mbo waterstof", lang="nl")


@pytest.mark.parametrize(
    "asked", [{"text": "mbo werktuigbouwkunde"}, {"diploma": "qualification/mbo-werktuigbouwkunde"}]
)
def test_a_level_that_somebody_does_not_name_is_said_to_be_asked(advisor: Advisor, asked: dict[str, str]) -> None:
    told = advise(advisor, **asked)["diploma"]
    fits = {one["occupation"]["name"]: one["asks"][0]["fits"] for one in told["occupations"] if one["named"]}
    assert fits == {"Procesoperator": "yes", "Werkvoorbereider werktuigbouw": "narrower"}
    assert words("fits_narrower", "nl", level="mbo-4") == "vraagt mbo-4; u noemt geen niveau van mbo"


@pytest.mark.check
def test_the_page_of_an_occupation_leads_on_where_there_is_something_to_begin_from(client: FlaskClient) -> None:
    occupations = client.application.extensions["kg"].kinds.members["occupation"]
    leading = 0
    for occupation in map(str, occupations):
        link = re.search(r'class="onward"><a href="([^"]+)"', page(client, occupation.removeprefix(BASE[:-1])))
        advice = told(client, **{"from": occupation})
        assert bool(link) == bool(advice["from"] or advice["jobs"]), occupation
        if link:
            leading += 1
            assert client.get(f"{unescape(link[1])}&format=json").json == advice
    assert len(occupations) > leading > 100


def test_an_exact_match_needs_no_second_click(client: FlaskClient) -> None:
    for text in ("welder", "baker", "hairdresser"):
        assert told(client, q=text)["from"][0]["esco"]["name"] == text
    assert 'class="card step"' in page(client, q="baker")


def test_from_skills_alone_or_beside_a_job(client: FlaskClient) -> None:
    blueprints = {"skill": "read standard blueprints"}
    alone = told(client, **blueprints)
    assert (alone["from"], len(alone["skills"])) == ([], 1)
    assert all(len(one["shared"]) == 1 for one in alone["nearest"])
    assert "Climate occupations for these skills" in page(client, **blueprints)
    wrong = client.get("/switch?skill=spreuken&format=json")
    assert wrong.status_code == 404
    shown = client.get("/switch?skill=spreuken&lang=nl", headers={"Accept": "text/html"})
    assert shown.status_code == 404
    assert "Geen klimaatberoep vraagt een vaardigheid met de naam “spreuken”" in shown.text


def test_routes_say_what_they_ask_and_never_that_nothing_is_required(client: FlaskClient) -> None:
    """A route asks something, asks it with exceptions, or the text does not say."""
    jobs = ("occupation/elektricien", "occupation/timmerman")
    steps = [step for job in jobs for step in told(client, **{"from": job, "limit": 50})["nearest"]]
    asked = {one["status"] for step in steps for route in step["about"]["routes"] for one in route["asks"]}
    assert {"asked", "not-stated"} <= asked <= {"asked", "asked-of-some", "asked-with-exceptions", "not-stated"}
    shown = page(client, **{"from": jobs[0], "limit": 50})
    assert "not stated" in shown
    assert "That is not the same as there being none." in shown
    assert any(count["period"] and count["scope"] for step in steps for count in step["about"]["vacancies"])


def test_suggestions_are_jobs_that_begin_so(client: FlaskClient) -> None:
    suggested = client.get("/switch/suggest?q=bakk&lang=nl").json["suggestions"]
    assert "bakker" in {one["name"] for one in suggested}
    for one in suggested:
        assert any(word.startswith("bakk") for word in f"{one['name']} {one['label']}".casefold().split())
    assert client.get("/switch/suggest?q=&lang=nl").json["suggestions"] == []


@pytest.mark.parametrize("diploma", ["mbo-4 werktuigbouwkunde", "werktuigbouwkunde", "25310"])
def test_a_diploma_that_leads_somewhere_is_suggested(client: FlaskClient, diploma: str) -> None:
    [suggested] = [
        one
        for one in client.get("/switch/suggest", query_string={"q": diploma, "lang": "nl"}).json["suggestions"]
        if one["kind"] == "kwalificatie"
    ]
    assert suggested["name"] == diploma
    shown = client.get(f"{suggested['page']}&lang=nl", headers={"Accept": "text/html"}).text
    heading = (
        words("sheet_related", "nl", diploma=diploma)
        if diploma.isdecimal()
        else f"Klimaatberoepen die om deze opleiding vragen: {diploma}"
    )
    assert heading in shown
    assert 'href="/id/occupation/' in shown


def test_someone_whose_job_is_not_there_begins_with_skills_in_dutch(client: FlaskClient) -> None:
    suggested = client.get("/switch/suggest?what=skill&q=veiligheid&lang=nl").json["suggestions"]
    assert suggested
    shown = page(client, skill=suggested[0]["id"])
    assert 'class="card step"' in shown
    assert f'name="skill" value="{suggested[0]["id"]}"' in shown


def test_the_sheet_of_the_site(client: FlaskClient) -> None:
    sheet = page(client, "/switch/sheet", q="electrician", **{"from": "occupation/elektricien"})
    assert "/static/sheet.css" in sheet
    assert "To a climate job" in sheet
    assert ", 2023" in sheet
    assert words("sheet_made", "en") in sheet
    assert '<a href="http://localhost/switch">http://localhost/switch</a>' in sheet
    answer = client.get("/switch/sheet?q=baker")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("asked", ["urn:none", "occupation/none", '"><script>alert(1)</script>', "http://[", "\x00"])
@pytest.mark.parametrize("name", ["from", "skill", "diploma", "place"])
def test_what_is_not_there(client: FlaskClient, name: str, asked: str) -> None:
    for path in ("/switch", "/switch/sheet"):
        for accept in ("text/html", "application/json"):
            answer = client.get(path, query_string={name: asked}, headers={"Accept": accept})
            assert answer.status_code == 404
            assert answer.mimetype == "application/problem+json" or "<script>alert" not in answer.text
        hostile = client.get(path, query_string={"q": asked}, headers={"Accept": "text/html"})
        assert hostile.status_code == 200
        assert "<script>alert" not in hostile.text


def test_nothing_is_kept_or_logged_and_no_referrer_is_sent(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    with served(options=("--access-log", str(log))) as url:
        for path in ("/switch", "/switch/sheet"):
            answer = request(url, f"{path}?q=geheimschrijver&lang=nl", "GET", None, {"Accept": "text/html"})
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
    apart = {name: one for name, one in QUESTIONS.items() if f"{GRAPH}imported/" not in one.query}
    for name, question in apart.items():
        there = answer(beside_esco, question.query).serialize(format=ox.QueryResultsFormat.TSV)
        alone = answer(graph.dataset, question.query).serialize(format=ox.QueryResultsFormat.TSV)
        assert sorted((there or b"").splitlines()) == sorted((alone or b"").splitlines()), name


@pytest.mark.parametrize(("lang", "said"), [("nl", "Vul eerst een beroep"), ("en", "Fill in a job")])
def test_a_form_sent_empty_says_so_and_opens_the_other_way_in(client: FlaskClient, lang: str, said: str) -> None:
    shown = page(client, q="", lang=lang)
    assert said in shown.split('role="status"')[1].split("</p>")[0]
    assert '<details class="by-skills" open>' in shown
    assert 'role="status"' not in page(client, lang=lang)


@pytest.mark.parametrize(("lang", "hedge"), [("nl", "als voorbeeld"), ("en", "as an example")])
def test_a_route_that_a_text_gives_as_an_example_is_one_on_page_and_sheet(
    client: FlaskClient, lang: str, hedge: str
) -> None:
    for path in ("/switch", "/switch/sheet"):
        shown = re.sub(r"<[^>]+>", "", page(client, path, q="mbo-4 werktuigbouwkunde", lang=lang))
        assert re.search(rf"Be an Engineer\s+\({hedge}\)", shown), path


def test_a_table_that_needs_only_a_narrower_occupation_is_said_to(client: FlaskClient, advisor: Advisor) -> None:
    """The page of the occupation, the advice and the sheets count alike."""
    plain = re.sub(r"<[^>]+>", "", page(client, q="werkvoorbereider", lang="nl"))
    assert "(voor klimaattafel Gebouwde omgeving; voor een smaller beroep ook Energiesysteem, Industrie)" in plain
    own = re.sub(r"<[^>]+>", "", page(client, "/id/occupation/werkvoorbereider", lang="nl"))
    assert "Voor de klimaattafels Energiesysteem, Gebouwde omgeving en Industrie zijn smallere beroepen nodig:" in own
    told = advise(advisor, "tekenaar")
    assert all(table["narrower"] for table in told["from"][0]["climate"][0]["tables"])
    for form in FORMATS:
        sheet = render(told, form, "nl", date(2026, 11, 29), {})
        assert "tekenaar (klimaattafel Industrie, voor een smaller beroep)" in re.sub(r"<(?!urn)[^>]+>|\\\\", "", sheet)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("region/zuid-limburg", "bij Zuid-Limburg leiden hier alleen naar: procesoperator B"),
        ("cluster/chemelot", "bij Chemelot leidt hier naar een beroep"),
    ],
)
def test_a_place_that_leaves_nothing_says_so_and_where_there_is_something(
    client: FlaskClient, place: str, said: str
) -> None:
    starts = told(client, q="controller")["from"][0]["id"], told(client, q="elektricien", lang="nl")["from"][0]["id"]
    for start, elsewhere in zip(starts, (True, False), strict=True):
        shown = page(client, **{"from": start}, place=place, lang="nl")
        notice = shown.partition('<div class="notice" role="status">')[2].partition("</div>")[0] if elsewhere else shown
        assert said in notice
        assert f'href="/switch?from={quote_plus(start)}&amp;lang=nl">Haal de regio weg' in notice
        assert (f"place={quote_plus(ID)}cluster%2Fzeeland" in notice) == elsewhere
        assert ("Ook in geen ander gebied" in notice) != elsewhere
    names = re.findall(r"<option[^>]*>([^<]+)</option>", shown)
    assert {"Chemelot (cluster): hier is daar geen beroep bekend", "zesde cluster", "Zuid-Limburg"} <= set(names)
    assert "Rotterdam/Moerdijk (cluster): hier is daar geen beroep bekend" in names


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_each_example_leads_somewhere_and_points_are_explained_where_they_are(client: FlaskClient, lang: str) -> None:
    empty = page(client, lang=lang)
    [(job, diploma)] = re.findall(r"(?:Bijvoorbeeld|For example) (.+?), (.+?), (?:of|or) ", empty)
    near = told(client, q=job, lang=lang)
    assert near["nearest"][0]["step"] == "near"
    asked = told(client, q=diploma, lang=lang)["diploma"]
    assert any(one["named"] for one in asked["occupations"])
    points = {"nl": "Van 100 punten", "en": "Of 100 points"}[lang]
    assert [points in page(client, lang=lang, q=text) for text in (job, diploma, "qwxz")] == [True, False, False]
    assert points not in empty


def test_several_climate_occupations_of_one_job_are_told_apart(client: FlaskClient) -> None:
    asked = {"from": told(client, q="elektricien", lang="nl")["from"][0]["id"]}
    notice = page(client, lang="nl", **asked).partition('<div class="notice" role="status">')[2].partition("</div>")[0]
    several = told(client, lang="nl", **asked)["from"][0]["climate"]
    assert "legt er verschillende klimaatberoepen naast" in notice
    assert len(re.findall("<li>", notice)) == len(several) > 1
    assert notice.count("zelfde beroep") == sum(job["exact"] for job in several)


def test_the_number_that_orders_stands_first_and_what_is_open_follows_the_word(client: FlaskClient) -> None:
    asked = {"from": told(client, q="elektricien", lang="nl")["from"][0]["id"]}
    shown = page(client, lang="nl", **asked)
    counts = [int(count) for count in re.findall(r'<span class="note">(?:telt als )?(\d+) van 100', shown)]
    near = [match["counts"] for match in told(client, lang="nl", **asked)["nearest"]]
    assert counts == near
    cards = shown.split('<li class="card step">')[1:]
    for card in cards:
        far = "word-far" in card
        assert ("<details open> <summary>Ontbreekt, essentieel" in card) != far
        assert ('<details class="ways" open>' in card) != far


def test_what_only_has_the_name_is_folded_where_something_is_nearer(client: FlaskClient) -> None:
    which = page(client, q="procesoperator", lang="nl").partition('id="which"')[2].partition("</section>")[0]
    open_, _, folded = which.partition("<details")
    assert "procestechnicus chemische industrie" in open_
    assert "cacaomolen" not in open_
    assert "procesoperator cacaomolen" in folded
    alone = page(client, q="docent Nederlands", lang="nl").partition('id="which"')[2].partition("</section>")[0]
    assert "docent alfabetisering" in alone
    assert "<details" not in alone
