"""What assistants are told, asked by the client of the official SDK over standard input and output and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from live import Answer, request, running
from mcp import Client, StdioServerParameters

from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.web.app import make_site
from kg.web.assistant.citations import NO_THING, size_of
from kg.web.assistant.tools import USUAL, WHOLE, Assistant

pytestmark = pytest.mark.slow

Call = tuple[str, dict[str, Any]]
Said = dict[str, tuple[bool, str, Any]]
MOST = 8000  # Characters of an answer that nobody asked to be longer.
TOOLS = {"ask", "search", "describe", "answer_question", "list_questions", "career_switch", "schema", "query"}
CALLS: dict[str, Call] = {
    "ask": ("ask", {"question": "Welke kennisgebieden zijn cruciaal voor de industrie?", "lang": "nl"}),
    "ask of nothing": ("ask", {"question": "cheese fondue"}),
    "search": ("search", {"text": "procesoprator", "lang": "nl", "kind": "occupation"}),
    "search a claim": ("search", {"text": "CCS op korte termijn", "lang": "nl", "kind": "claim"}),
    "search a figure": ("search", {"text": "emissierechten prijs", "lang": "nl", "kind": "figure"}),
    "search a question": ("search", {"text": "pijlers van een tafel", "lang": "nl", "kind": "question"}),
    "search nothing": ("search", {"text": "cheesemonger"}),
    "search in esco": ("search", {"text": "kaasmaker", "lang": "nl", "esco": True}),
    "describe": ("describe", {"thing": "CCS"}),
    "describe a slug": ("describe", {"thing": "measure/waterstof-en-elektrificatie", "size": 9000}),
    "switch": ("career_switch", {"job": "baker"}),
    "diploma": ("career_switch", {"job": "mbo-4 werktuigbouwkunde", "lang": "nl"}),
    "unknown": ("describe", {"thing": "measure/waterstofff"}),
    "hostile": ("describe", {"thing": "http://x/<script>"}),
    "schema": ("schema", {"lang": "nl"}),
    "class": ("schema", {"kind": "ClimateMeasure", "lang": "nl"}),
    "no class": ("schema", {"kind": "Cheese"}),
    "questions": ("list_questions", {}),
    "theme": ("list_questions", {"theme": "climate"}),
    "no theme": ("list_questions", {"theme": "cheese"}),
    "answer": ("answer_question", {"name": "climate/pillars", "show_query": True}),
    "words": ("answer_question", {"name": "climate/parts-of-measure", "parameters": {"measure": "CCS"}}),
    "inferred": ("answer_question", {"name": "climate/candidate-occupations"}),
    "printed": ("answer_question", {"name": "evidence/printed-claims", "parameters": {"about": "CO₂-opslag"}}),
    "empty": ("answer_question", {"name": "climate/pillars", "parameters": {"table": "Mobiliteit"}}),
    "no question": ("answer_question", {"name": "climate/nothing"}),
    "no parameter": ("answer_question", {"name": "climate/abbreviations", "parameters": {"x": "y"}}),
    "no value": ("answer_question", {"name": "climate/pillars", "parameters": {"table": "cheese"}}),
    "query": ("query", {"sparql": "SELECT ?measure { ?measure a kb:ClimateMeasure } ORDER BY ?measure LIMIT 3"}),
    "counted": ("query", {"sparql": "SELECT (COUNT(*) AS ?count) { ?s a kb:ClimateTable }"}),
    "graph": ("query", {"sparql": "CONSTRUCT { ?s a kb:ClimateTable } { ?s a kb:ClimateTable } ORDER BY ?s"}),
    "many": ("query", {"sparql": "SELECT ?s { ?s a kb:Passage } ORDER BY ?s LIMIT 1000"}),
    "further": ("query", {"sparql": "SELECT ?s { ?s a kb:Passage } ORDER BY ?s LIMIT 1000", "start": 990}),
    "broken": ("query", {"sparql": "SELECT ?s { ?s ?p }"}),
    "update": ("query", {"sparql": "DELETE WHERE { ?s ?p ?o }"}),
    "service": ("query", {"sparql": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}),
    "endless": ("query", {"sparql": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}),
}
MESSAGE = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def command(*options: str) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=["-m", "kg", "mcp", *options], env=dict(os.environ))


async def ask(server: StdioServerParameters | str, calls: dict[str, Call]) -> tuple[Said, dict[str, Any]]:
    """Return what each call gives (whether an error, text, structured content), and what the server offers."""
    async with Client(server) as client:
        offered = {
            "tools": (await client.list_tools()).tools,
            "resources": (await client.list_resources()).resources,
            "templates": (await client.list_resource_templates()).resource_templates,
            "prompts": (await client.list_prompts()).prompts,
            "measure": await client.read_resource("https://w3id.org/klimaatbanen/id/measure/ccs"),
            "question": await client.read_resource("klimaatbanen://questions/climate/pillars"),
            "prompt": await client.get_prompt("evidence", {"subject": "CCS"}),
        }
        said: Said = {}
        for key, (name, arguments) in calls.items():
            result = await client.call_tool(name, arguments)
            said[key] = bool(result.is_error), result.content[0].text, result.structured_content  # type: ignore[union-attr]
        return said, offered


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(options=("--timeout", "2", "--max-body", "20000", "--per-client", "2")) as (url, _):
        yield url


@pytest.fixture(scope="module")
def both(url: str) -> list[tuple[Said, dict[str, Any]]]:
    """Return what is said over standard input and output, and over HTTP."""
    return [asyncio.run(ask(server, CALLS)) for server in (command("--timeout", "2"), f"{url}/mcp")]


@pytest.fixture(scope="module")
def answers(both: list[tuple[Said, dict[str, Any]]]) -> Said:
    return both[0][0]


@pytest.fixture(scope="module")
def assistant(graph: Graph) -> Assistant:
    return Assistant(make_site(graph, find_questions(project_folder() / "queries"), Settings()))


def told(answers: Said, key: str) -> Any:
    wrong, text, payload = answers[key]
    assert not wrong, text
    assert json.loads(text) == payload
    return payload


def problem(answers: Said, key: str) -> Any:
    wrong, text, _ = answers[key]
    assert wrong, text
    return json.loads(text[text.index("{") :])


def test_both_ways_say_the_same(both: list[tuple[Said, dict[str, Any]]]) -> None:
    (over_stdio, offered), (over_http, also) = both
    assert over_stdio == over_http
    assert offered["tools"] == also["tools"]
    assert offered["measure"].contents == also["measure"].contents


def test_tools_describe_what_they_take_and_give(both: list[tuple[Said, dict[str, Any]]]) -> None:
    offered = both[0][1]
    assert {tool.name for tool in offered["tools"]} == TOOLS
    for tool in offered["tools"]:
        assert tool.annotations.read_only_hint
        assert tool.output_schema["properties"], tool.name
        assert all(value.get("description") for value in tool.input_schema["properties"].values()), tool.name


def test_what_is_announced_is_there(both: list[tuple[Said, dict[str, Any]]]) -> None:
    offered = both[0][1]
    assert [resource.name for resource in offered["resources"]] == ["questions"]
    assert {template.name for template in offered["templates"]} == {"question", "thing"}
    assert json.loads(offered["measure"].contents[0].text)["id"] == "measure/ccs"
    assert json.loads(offered["question"].contents[0].text)["rows"]
    assert {prompt.name for prompt in offered["prompts"]} == {"career_advice", "evidence"}
    assert "CCS" in offered["prompt"].messages[0].content.text


def test_one_call_answers_a_question(answers: Said) -> None:
    payload = told(answers, "ask")
    [answer] = payload["answers"]
    assert answer["question"] == "climate/knowledge-areas"
    assert {row[-3] for row in answer["rows"]} == {"stated"}
    assert all(row[-2] and row[-1] for row in answer["rows"])
    assert payload["sayings"]
    assert payload["passages"]
    nothing = told(answers, "ask of nothing")
    assert nothing["nothing"].startswith("nothing on cheese, fondue, searched as cheese fondue;")
    assert "never means that it is not so" in nothing["nothing"]


def test_what_nothing_holds_is_said_first_and_what_is_near_is_no_answer(assistant: Assistant) -> None:
    payload = assistant.ask("Is nuclear energy needed for a climate neutral industry?", "en")
    assert next(iter(payload)) == "nothing"
    assert payload["nothing"].startswith("nothing on nuclear, searched as Is nuclear")
    assert "is not stated by the publications" in payload["nothing"]
    assert payload["near"]
    assert not {"answers", "things"} & payload.keys()


def test_figures_and_observations_are_told_with_value_and_period(assistant: Assistant) -> None:
    figure = assistant.ask("Hoeveel banen zijn er in de industrie?", "nl")["sayings"][0]
    assert (figure["printed"], figure["value"]) == (["934.000"], "934000 banen")
    assert "2022" in figure["of"]
    observation = assistant.search("employees aged 60 or over in industry in December 2022", "en")["results"][0]
    assert (observation["printed"], observation["value"]) == (["111.300"], "employees: 111300")


def test_a_word_that_nothing_holds_hides_no_saying(assistant: Assistant) -> None:
    payload = assistant.ask("Why does Tata Steel hesitate about the switch to hydrogen?", "en")
    assert payload["nothing"].startswith("nothing on hesitate,")
    assert "what the following does not say in other words" in payload["nothing"], "a reader would stop there"
    assert "claim/industrie-2023/twijfel-bij-tata" in {one["id"] for one in payload["sayings"]}


def test_what_stands_beside_a_saying_is_named(assistant: Assistant) -> None:
    beside = assistant.ask("Hoe lang houdt iemand bij Modulair hbo Saxion zijn uitkering?", "nl")["beside"]
    assert any("6 maanden <figure/" in line for line in beside)


def test_statements_of_what_is_asked_stand_first(assistant: Assistant) -> None:
    things = assistant.ask("Welke kennis vraagt mechatronica en robotica?", "nl")["things"]
    [field] = [thing for thing in things if thing["id"] == "field/robotica"]
    assert "kennis van fysica <skill/kennis-van-fysica>" in field["statements"][0]["values"]


def test_who_claims_it_counts(assistant: Assistant) -> None:
    sayings = assistant.ask("What does PBL say about change and the circular economy?", "en")["sayings"]
    assert all("PBL" in " ".join(saying["said_by"]) for saying in sayings[:2])


def test_a_search_of_several_words_falls_back_on_most_of_them(assistant: Assistant) -> None:
    payload = assistant.search("more mbo students in electrical engineering zymurgy", "en")
    assert payload["nothing"].startswith("nothing on zymurgy,")
    assert payload["results"][0]["id"] == "signal/industrie-2023/toename-mbo-elektro"
    fallen = assistant.search("aantal vacatures daalde", "nl")["results"]
    assert fallen[0]["id"] == "signal/industrie-2023/daling-vacatures-corona"


def test_a_passage_leads_to_what_is_drawn_from_it(assistant: Assistant) -> None:
    drawn = assistant.describe("passage/industrie-2023/s2-p2-2", "en")["drawn_from_it"]
    assert "figure/industrie-2023/banen-industrie" in {one["id"] for one in drawn}
    hindered = assistant.describe("passage/industrie-2023/sb2-p23-5", "en")["drawn_from_it"]
    assert any("hinders" in one.get("says", "") for one in hindered)


def test_statements_that_tell_most_stand_first(assistant: Assistant) -> None:
    names = [group["property"] for group in assistant.describe("instrument/co2-heffing", "en")["statements"]]
    assert names.index("starts in") < names.index("other name") < len(names)


def test_many_values_of_one_property_leave_room_for_others(assistant: Assistant) -> None:
    payload = assistant.describe("occupation/kwaliteitscontroleur", "en")
    groups = {group["property"]: group for group in payload["statements"]}
    assert groups["has task"]["values"]
    assert any("<qualification/vakexpert-voeding-en-kwaliteit>" in value for value in _values(payload))
    assert not any("publication" in group for group in payload["statements"]), "one publication states all"
    assert size_of(payload) <= WHOLE + USUAL // 4


def _values(payload: dict[str, Any]) -> list[str]:
    return [value for group in payload["statements"] for value in group["values"]]


def test_rows_have_the_kind_of_the_statement_that_names_their_things(assistant: Assistant) -> None:
    rows = assistant.answer("labour-market/students-by-field", {}, "en")["rows"]
    assert all("stated" in row[-3].split("+") and row[-2] for row in rows)


def test_where_there_are_no_rows_sayings_stand_instead(assistant: Assistant) -> None:
    payload = assistant.answer("climate/pillars", {"table": "Mobiliteit"}, "en")
    assert payload["rows"] == []
    assert payload["sayings"]


def test_an_answer_in_words_is_short(assistant: Assistant) -> None:
    questions = list(find_questions(project_folder() / "queries").values())[::9]
    sizes = {one.name: size_of(assistant.ask(one.title[lang], lang)) for one in questions for lang in ("nl", "en")}
    assert {name: size for name, size in sizes.items() if size > USUAL} == {}


def test_a_search_finds_things_sayings_and_questions(answers: Said) -> None:
    assert told(answers, "search")["results"][0]["id"] == "occupation/procesoperator"
    claim = told(answers, "search a claim")["results"][0]
    assert (claim["id"], claim["kind"]) == ("claim/industrie-2023/ccs-op-korte-termijn", "stated")
    assert claim["passages"][0] in told(answers, "search a claim")["passages"]
    figure = told(answers, "search a figure")["results"][0]
    assert figure["printed"]
    assert figure["value"]
    assert "climate/pillars" in {hit["id"] for hit in told(answers, "search a question")["results"]}
    assert "searched as cheesemonger" in told(answers, "search nothing")["nothing"]
    assert told(answers, "search in esco")["results"][0]["id"].startswith("esco-occupation:")


def test_each_statement_has_its_kind_and_passages(answers: Said) -> None:
    payload = told(answers, "describe")
    kinds = {group["kind"] for group in payload["statements"]}
    assert {"stated", "editorial", "mapping"} <= kinds
    for group in payload["statements"]:
        assert bool(group.get("passages")) == group["kind"].startswith("stated"), group
    assert any(group["kind"] == "stated (possible)" for group in payload["statements"]), "a hedge is not lost"
    assert payload["mentioned_by_in_all"] >= len(payload["mentioned_by"]) > 0
    whole = told(answers, "describe a slug")
    assert whole["statements_in_all"] == len(whole["statements"])
    assert "inferred" in {group["kind"] for group in (*whole["statements"], *whole["mentioned_by"])}


def test_what_is_inferred_is_never_called_stated(answers: Said, assistant: Assistant) -> None:
    payload = told(answers, "inferred")
    assert {row[-3] for row in payload["rows"]} == {"inferred"}
    assert not any(row[-2] for row in payload["rows"])
    through = "SELECT ?area { ?measure kb:candidateOccupation/kb:inKnowledgeArea ?area }"
    assert all("inferred" in row[-3] for row in assistant.query(through, "en")["rows"])
    [counted] = told(answers, "counted")["rows"]
    assert counted[-3:] == [NO_THING, [], ""]
    share = assistant.answer("policy/share-of-emissions", {}, "en")["columns"]
    assert "share (percent) (computed)" in share, "the text does not print it"
    assert "as printed" in share


def test_a_career_switch_is_advised(answers: Said) -> None:
    payload = told(answers, "switch")
    assert payload["from"][0]["job"] == "baker"
    assert payload["nearest"][0]["reason"]
    assert payload["kind_of_nearness"] == "mapping"
    asked = told(answers, "diploma")["diploma"]["occupations"]
    assert any(one.endswith("stated") for occupation in asked for one in occupation["asks"])


def test_the_schema_says_what_the_data_uses(answers: Said) -> None:
    payload = told(answers, "schema")
    assert payload["classes"]["kb:ClimateMeasure"].startswith("klimaatmaatregel (")
    assert {"stated", "editorial", "inferred"} <= set(payload["graphs"].values())
    one = told(answers, "class")
    assert one["properties"]["kb:underPillar"].startswith("onder pijler (")
    assert one["example"].startswith("measure/")


def test_saved_questions_are_listed_short_and_answered(answers: Said) -> None:
    assert "pillars" in told(answers, "questions")["themes"]["climate"]["names"]
    assert "climate/pillars" in {question["name"] for question in told(answers, "theme")["questions"]}
    payload = told(answers, "answer")
    assert payload["columns"][-3:] == ["kind of statement", "passages", "id"]
    assert "PREFIX" in payload["query"]
    assert "query" not in told(answers, "inferred")


def test_parameters_take_words(answers: Said) -> None:
    payload = told(answers, "words")
    assert payload["parameters"]["measure"].endswith("<measure/ccs>")
    claims = told(answers, "printed")
    assert "<measure/ccs>" in claims["parameters"]["about"]
    printed = {bool(row[claims["columns"].index("as printed")]) for row in claims["rows"]}
    assert printed == {True, False}, "claims whose words are recorded, and others"
    assert "searched as table=Mobility <climate-table/mobiliteit>" in told(answers, "empty")["nothing"]


def test_rows_of_a_query_have_kind_passages_and_iri(answers: Said) -> None:
    payload = told(answers, "query")
    assert all(row[-3] == "stated" and row[-2] and row[-1].startswith("measure/") for row in payload["rows"])
    assert "kb:ClimateTable" in told(answers, "graph")["turtle"]


def test_a_cut_answer_says_so(answers: Said) -> None:
    payload = told(answers, "many")
    assert payload["rows_in_all"] == 1000
    assert payload["next_row"] == len(payload["rows"]) < 1000
    assert len(told(answers, "further")["rows"]) == 10
    assert "next_row" not in told(answers, "further")


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("unknown", "waterstof"),
        ("hostile", "nothing is called"),
        ("no class", "no class Cheese"),
        ("no theme", "themes: "),
        ("no question", "climate/pillars"),
        ("no parameter", "parameters: none"),
        ("no value", "nothing is called cheese"),
        ("broken", '"line": 1'),
        ("update", "update"),
        ("service", "SERVICE"),
        ("endless", "longer than 2 s"),
    ],
)
def test_errors_say_what_to_do(answers: Said, key: str, part: str) -> None:
    payload = problem(answers, key)
    assert part in json.dumps(payload, ensure_ascii=False)
    assert payload["hint"]


def test_no_usual_answer_is_long(answers: Said, assistant: Assistant, graph: Graph) -> None:
    site = make_site(graph, find_questions(project_folder() / "queries"), Settings())
    sizes = {name: size_of(assistant.answer(name, {}, "nl")) for name in site.questions}
    sizes |= {
        theme: size_of(assistant.list_questions("en", theme)) for theme in {q.theme for q in site.questions.values()}
    }
    for kind, members in site.kinds.members.items():
        most = max(members, key=lambda iri: len(iri))
        sizes |= {f"/{kind}": size_of(assistant.describe(most, "en"))}
    sizes |= {f"?{key}": len(text) for key, (_, text, _) in answers.items()}
    assert {name: size for name, size in sizes.items() if size > MOST} == {}


def post(url: str, body: bytes, **headers: str) -> Answer:
    return request(
        url, "/mcp", "POST", body, {**HEADERS, **{key.replace("_", "-"): value for key, value in headers.items()}}
    )


def test_other_sites_and_names_are_refused(url: str) -> None:
    body, port = json.dumps(MESSAGE).encode(), urlsplit(url).port
    assert post(url, body).status == 200
    assert post(url, body, Origin=url).status == 200
    assert post(url, body, Origin="http://evil.example").status == 403
    assert post(url, body, Origin="null").status == 403
    assert post(url, body, Host="evil.example").status == 400
    assert post(url, body, Host=f"evil.example:{port}").status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"", 400), (b"\xff\xfe", 400), (b"[]", 400), (b'"x"', 400), (b"[" * 9000, 400), (b" " * 30000, 413)],
)
def test_a_bad_body_is_refused_and_nothing_breaks(url: str, body: bytes, status: int) -> None:
    assert post(url, body).status == status
    assert post(url, json.dumps(MESSAGE).encode()).status == 200


def test_there_are_no_sessions_to_fill_up(url: str) -> None:
    initialize = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    body = json.dumps(MESSAGE | {"method": "initialize", "params": initialize}).encode()
    answers = [post(url, body) for _ in range(50)]
    assert {answer.status for answer in answers} == {200}
    assert not any("Mcp-Session-Id" in answer.headers for answer in answers)
    assert answers[0].headers["Cache-Control"] == "no-store"
    for method in ("GET", "DELETE"):
        assert request(url, "/mcp", method, None, HEADERS).status == 405


def test_slow_clients_hold_nobody_up(url: str) -> None:
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    head = f"POST /mcp HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Length: 500\r\n\r\n{{"
    slow = [socket.create_connection(address) for _ in range(60)]
    try:
        for one in slow:
            one.sendall(head.encode())
        assert post(url, json.dumps(MESSAGE).encode()).status == 200
    finally:
        for one in slow:
            one.close()


def test_one_client_asks_no_more_at_once_than_elsewhere(url: str) -> None:
    name, arguments = CALLS["endless"]
    call = json.dumps(MESSAGE | {"method": "tools/call", "params": {"name": name, "arguments": arguments}}).encode()
    with ThreadPoolExecutor(6) as threads:
        texts = [answer.text for answer in threads.map(lambda _: post(url, call), range(6))]
    refused = [text for text in texts if "Too many" in text]
    assert len(refused) >= 3, texts
    assert all("isError" in text for text in texts)


def test_calls_are_counted_as_other_requests_are(url: str) -> None:
    post(url, json.dumps(MESSAGE).encode())
    metrics = request(url, "/metrics", "GET", None, {}).text
    assert 'kind="assistant"' in metrics


@pytest.mark.text
def test_passages_are_quoted_where_the_text_is_given(graph: Graph) -> None:
    text = Path(os.environ["KG_SHARED"]) / "source" / "klimaatbanen-industrie-2023.txt"
    said, _ = asyncio.run(ask(command("--text", str(text)), {"describe": CALLS["describe"]}))
    passages = told(said, "describe")["passages"]
    without = Assistant(make_site(graph, {}, Settings())).describe("CCS", "en")["passages"]
    assert all(" … " not in words for words in passages.values())
    assert any(" … " in words for words in without.values())


def test_without_the_package_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from kg.cli import main; main(['mcp'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 2
    assert "pip install 'mcp<3,>=2.3'" in run.stderr
