"""`/reconcile` and `/search` on a live server, by the rules of the Reconciliation Service API 0.2."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from elsewhere import environment
from live import served

from kg.namespaces import ID, KB

OCCUPATION = KB + "Occupation"
PROCESS = f"{ID}occupation/procesoperator"
RECONCILER = Path(__file__).with_name("reconciler.txt")
MATCHED = {
    "nl": {
        "Lasser": "lasser",
        "procesoperator": "procesoperator",
        "monteur elektrische installaties": "monteur-elektrische-installaties",
        "data scientist": "data-scientist",
        "werkvoorbereider": "werkvoorbereider",
        "pijpfitter": "pijpfitter",
        "calculator": "calculator",
        "inkoper": "inkoper",
        "chemisch analist": "chemisch-analist",
        "veiligheidskundige": "veiligheidskundige",
        "inspecteur brandveiligheid": "inspecteur-brandveiligheid",
        "tekenaar elektrotechniek": "tekenaar-elektrotechniek",
        "kraanmachinist": "kraanmachinist",
        "onderzoeker chemie": "onderzoeker-chemie",
        "PLC programmeur": "programmeur-industriele-automatisering",
    },
    "en": {
        "welder": "lasser",
        "process operator": "procesoperator",
        "electrician": "elektricien",
        "data scientist": "data-scientist",
        "work planner": "werkvoorbereider",
        "pipe fitter": "pijpfitter",
        "cost estimator": "calculator",
        "chemical analyst": "chemisch-analist",
        "fire safety inspector": "inspecteur-brandveiligheid",
        "crane operator": "kraanmachinist",
        "PLC programmer": "programmeur-industriele-automatisering",
    },
}
UNMATCHED = {
    "nl": """elektromonteur; onderhoudsmonteur werktuigbouw; projectleider installatietechniek; hoofdoperator;
        laborant chemie; software ontwikkelaar; constructeur werktuigbouw; engineer elektrotechniek;
        milieuadviseur; servicemonteur; bakker; isoleerder; steigerbouwer; energieadviseur; jurist omgevingsrecht""",
    "en": """electrical fitter; maintenance mechanic; project manager installation technology; chief operator; buyer;
        laboratory technician; software developer; mechanical design engineer; electrical engineer;
        safety officer; electrical drafter; service engineer; baker; insulation worker; scaffolder; energy consultant;
        environmental adviser; environmental lawyer; research chemist""",
}
UNMATCHED = {lang: [" ".join(title.split()) for title in titles.split(";")] for lang, titles in UNMATCHED.items()}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture
def get(base: str):
    def send(path: str, form: dict[str, str] | None = None, code: int = 200, accept: str = "*/*") -> Any:
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=300)
        headers = {"Accept": accept} | ({"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        assert response.status == code, body
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        send.headers = response.headers  # type: ignore[attr-defined]
        return json.loads(body) if "json" in response.headers["Content-Type"] else body

    return send


def queries(**asked: Any) -> dict[str, str]:
    return {"queries": json.dumps(asked)}


def test_the_manifest_has_what_it_must_and_its_urls_work(get, base: str) -> None:
    for path, name in (("/reconcile/nl", "Klimaatbanen"), ("/reconcile/en", "Klimaatbanen (climate jobs)")):
        manifest = get(path)
        assert {"versions", "name", "identifierSpace", "schemaSpace", "view", "preview", "suggest", "extend"} <= set(
            manifest
        )
        assert "0.2" in manifest["versions"]
        assert manifest["name"] == name
        assert manifest["defaultTypes"]
        assert all(url["url"].count("{{id}}") == 1 for url in (manifest["view"], manifest["preview"]))
        assert manifest["preview"]["width"] > 0
        for what in ("entity", "type", "property"):
            one = manifest["suggest"][what]
            found = get(one["service_url"].removeprefix(base) + one["service_path"] + "?prefix=o")["result"]
            assert found
            shown = one["flyout_service_path"].replace("${id}", quote(found[0]["id"], safe=""))
            flyout = get(one["service_url"].removeprefix(base) + shown)
            assert flyout["id"] == found[0]["id"]
            assert found[0]["name"] in flyout["html"]
    assert get("/reconcile?lang=en")["name"] == "Klimaatbanen (climate jobs)"


def test_a_batch_by_post_and_by_get_gives_the_same(get) -> None:
    asked = queries(
        q0={"query": "procesoperator", "type": OCCUPATION, "limit": 3},
        q1={"query": "lasser", "type": [OCCUPATION]},
        q2={"query": "zzzzqqq"},
    )
    found = get("/reconcile/nl", asked)
    assert found == get("/reconcile/nl?" + urlencode(asked))
    assert list(found) == ["q0", "q1", "q2"]
    best = found["q0"]["result"][0]
    assert (best["id"], best["match"], best["score"]) == (PROCESS, True, 100.0)
    assert best["type"][0]["id"] == OCCUPATION
    assert {one["id"] for one in best["features"]} >= {"exact", "overlap", "support", "letters"}
    assert len(found["q0"]["result"]) == 3
    assert all(sum(one["match"] for one in answer["result"]) <= 1 for answer in found.values())
    scores = [one["score"] for one in found["q1"]["result"]]
    assert scores == sorted(scores, reverse=True)
    assert found["q2"]["result"] == []


def test_names_come_in_the_language_of_the_path(get) -> None:
    asked = queries(q0={"query": "process operator", "type": OCCUPATION})
    assert get("/reconcile/en", asked)["q0"]["result"][0]["id"] == PROCESS
    assert get("/reconcile/en", asked)["q0"]["result"][0]["name"] == "process operator"


def test_isco_narrows(get) -> None:
    asked = {"query": "monteur installaties", "type": OCCUPATION, "limit": 5}
    plain = get("/reconcile/nl", queries(q0=asked))["q0"]["result"]
    for value in ("7411", 7411, ["7411"], {"id": "http://data.europa.eu/esco/isco/C7411"}):
        with_code = get("/reconcile/nl", queries(q0=asked | {"properties": [{"pid": "isco", "v": value}]}))["q0"][
            "result"
        ]
        assert with_code[0]["id"] != plain[0]["id"] or with_code[0]["score"] != plain[0]["score"]
        assert {"id": "isco", "value": 1.0} in with_code[0]["features"]


def test_any_property_narrows(get) -> None:
    scheme = "http://www.w3.org/2004/02/skos/core#inScheme"
    asked = {"query": "lasser", "properties": [{"pid": scheme, "v": {"id": f"{ID}scheme/occupation"}}]}
    best = get("/reconcile/nl", queries(q0=asked))["q0"]["result"][0]
    assert best["id"] == f"{ID}occupation/lasser"
    assert {"id": scheme, "value": 1.0} in best["features"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"queries": "{"}, "queries is not JSON"),
        ({"queries": "[]"}, "queries is no JSON object"),
        ({"queries": '{"q0": "lasser"}'}, "a query is an object"),
        ({"queries": '{"q0": {"query": "a", "limit": 0}}'}, "limit is 0"),
        ({"queries": '{"q0": {"query": "a", "properties": {}}}'}, "properties are a list"),
        ({"queries": json.dumps({f"q{n}": {"query": "a"} for n in range(101)})}, "101 queries in a batch"),
        ({"extend": "{}"}, "extend wants ids and properties"),
        ({"other": "x"}, "neither queries nor extend"),
    ],
)
def test_what_is_wrong_is_a_400_with_a_sentence(form: dict[str, str], sentence: str, get) -> None:
    assert sentence in get("/reconcile/en", form, code=400)["detail"]


def test_extend(get) -> None:
    proposed = get(f"/reconcile/en/extend/propose?type={quote(OCCUPATION, safe='')}&limit=50")
    assert proposed["type"] == OCCUPATION
    assert proposed["properties"][0] == {"id": "isco", "name": "ISCO-08 code"}
    label = "http://www.w3.org/2004/02/skos/core#prefLabel"
    broader = "http://www.w3.org/2004/02/skos/core#broadMatch"
    asked = {"ids": [PROCESS, "urn:none"], "properties": [{"id": "isco"}, {"id": label}, {"id": broader}]}
    found = get("/reconcile/en", {"extend": json.dumps(asked)})
    assert [one["id"] for one in found["meta"]] == ["isco", label, broader]
    assert set(found["rows"]) == {PROCESS, "urn:none"}
    assert {"str": "3133"} in found["rows"][PROCESS]["isco"]
    assert all(set(cell) == {"id", "name"} for cell in found["rows"][PROCESS][broader])
    assert found["rows"]["urn:none"] == {"isco": [], label: [], broader: []}


def test_suggest_pages_by_cursor_and_wants_a_prefix(get) -> None:
    first = get("/reconcile/nl/suggest/entity?prefix=oper")["result"]
    rest = get("/reconcile/nl/suggest/entity?prefix=oper&cursor=5")["result"]
    assert first[5:] == rest[: len(first) - 5]
    assert {"id", "name", "description", "notable"} <= set(first[0])
    assert "prefix is missing" in get("/reconcile/nl/suggest/entity", code=400)["detail"]
    assert get("/reconcile/nl/suggest/property?prefix=isco")["result"][0]["id"] == "isco"
    assert OCCUPATION in [one["id"] for one in get("/reconcile/en/suggest/type?prefix=occup")["result"]]


def test_the_preview_may_be_framed_and_view_leads_on(get) -> None:
    page = get(f"/reconcile/nl/preview?id={quote(PROCESS, safe='')}")
    assert PROCESS in page
    assert "frame-ancestors *" in get.headers["Content-Security-Policy"]
    assert "<script" not in page
    assert "style=" not in page
    get(f"/reconcile/nl/view?id={quote(PROCESS, safe='')}", code=303)
    assert get.headers["Location"].endswith("/id/occupation/procesoperator?lang=nl")
    get("/reconcile/nl/view?id=https%3A%2F%2Fexample.org", code=404)


def test_search_is_a_page_and_json(get) -> None:
    found = get("/search?q=lasser&lang=nl&type=occupation")
    assert found["results"][0]["name"] == "lasser"
    page = get("/search?q=lasser&lang=en", accept="text/html")
    assert 'href="/id/occupation/lasser?lang=en"' in page
    assert "Nothing found" in get("/search?q=zzzzqqq&lang=en", accept="text/html")
    assert "Nothing found" not in get("/search?lang=en", accept="text/html")
    get("/search?q=%3Cb%3E&limit=9999")
    assert "<b>" not in get("/search?q=%3Cb%3E", accept="text/html").split("<main")[1]


@pytest.mark.check
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_client_reconciler_matches_what_is_there_and_nothing_else(lang: str, base: str) -> None:
    """Thirty job titles: those that the graph has by that name match it; for the others there are candidates alone."""
    code = (
        "import json, sys, pandas; from reconciler import reconcile\n"
        "titles = pandas.Series(json.loads(sys.argv[1]), name='title')\n"
        "found = reconcile(titles, type_id=sys.argv[2], reconciliation_endpoint=sys.argv[3])\n"
        "print(found.to_json(orient='records'))"
    )
    titles = [*MATCHED[lang], *UNMATCHED[lang]]
    assert len(titles) == 30
    python = environment(RECONCILER) / "python"
    command = [python, "-c", code, json.dumps(titles), OCCUPATION, f"{base}/reconcile/{lang}"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout[run.stdout.index("[{") :])
    assert {row["input_value"]: row["id"] for row in rows if row["match"]} == {
        title: f"{ID}occupation/{slug}" for title, slug in MATCHED[lang].items()
    }
