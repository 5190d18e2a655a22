"""`kg mcp`, asked by the client of the official SDK over standard input and output, as an assistant would."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

Call = tuple[str, dict[str, Any]]
ID = "https://w3id.org/klimaatbanen/id/"
CALLS: dict[str, Call] = {
    "search": ("search", {"text": "procesoprator", "lang": "nl", "kind": "occupation"}),
    "describe": ("describe", {"iri": "measure/ccs", "lang": "en"}),
    "described": ("describe", {"iri": "occupation/procesoperator"}),
    "switch": ("career_switch", {"job": "baker"}),
    "diploma": ("career_switch", {"job": "mbo-4 werktuigbouwkunde", "lang": "nl"}),
    "unknown": ("describe", {"iri": "measure/waterstofff"}),
    "hostile": ("describe", {"iri": "http://x/<script>"}),
    "schema": ("schema", {"lang": "nl"}),
    "questions": ("list_questions", {"theme": "climate"}),
    "no theme": ("list_questions", {"theme": "cheese"}),
    "answer": ("answer_question", {"name": "climate/pillars"}),
    "no question": ("answer_question", {"name": "climate/nothing"}),
    "no parameter": ("answer_question", {"name": "climate/abbreviations", "parameters": {"x": "y"}}),
    "query": ("query", {"sparql": "SELECT ?measure { ?measure a kb:ClimateMeasure } ORDER BY ?measure LIMIT 3"}),
    "literals": ("query", {"sparql": "SELECT (COUNT(*) AS ?count) { ?s a kb:ClimateTable }"}),
    "graph": ("query", {"sparql": "CONSTRUCT WHERE { ?s a kb:ClimateTable }"}),
    "many": ("query", {"sparql": "SELECT ?s { ?s ?p ?o } LIMIT 1000"}),
    "broken": ("query", {"sparql": "SELECT ?s { ?s ?p }"}),
    "update": ("query", {"sparql": "DELETE WHERE { ?s ?p ?o }"}),
    "service": ("query", {"sparql": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}),
    "endless": ("query", {"sparql": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}),
}


async def _ask(calls: dict[str, Call], *options: str) -> dict[str, tuple[bool, str]]:
    command = StdioServerParameters(command=sys.executable, args=["-m", "kg", "mcp", *options], env=dict(os.environ))
    async with Client(command) as client:
        tools = (await client.list_tools()).tools
        results = {"tools": (False, json.dumps([[tool.name, tool.annotations.read_only_hint] for tool in tools]))}
        for key, (name, arguments) in calls.items():
            result = await client.call_tool(name, arguments)
            results[key] = (bool(result.is_error), "".join(part.text for part in result.content))
        return results


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[bool, str]]:
    return asyncio.run(_ask(CALLS, "--timeout", "2"))


def said(answers: dict[str, tuple[bool, str]], key: str) -> Any:
    wrong, text = answers[key]
    assert not wrong, text
    return json.loads(text)


def problem(answers: dict[str, tuple[bool, str]], key: str) -> Any:
    wrong, text = answers[key]
    assert wrong, text
    return json.loads(text[text.index("{") :])


def test_all_tools_only_read(answers: dict[str, tuple[bool, str]]) -> None:
    names = dict(said(answers, "tools"))
    assert set(names) == {
        "career_switch",
        *["search", "describe", "schema", "list_questions", "answer_question", "query"],
    }
    assert all(names.values())


def test_a_career_switch_is_advised(answers: dict[str, tuple[bool, str]]) -> None:
    told = said(answers, "switch")
    assert told["from"][0]["name"] == "baker"
    assert told["nearest"][0]["reason"]
    assert said(answers, "diploma")["diploma"]["occupations"]


def test_a_search_with_a_typing_error_names_its_evidence(answers: dict[str, tuple[bool, str]]) -> None:
    first = said(answers, "search")["results"][0]
    assert first["iri"] == ID + "occupation/procesoperator"
    assert {"stated", "editorial"} <= set(first["evidence"]["kinds"])
    assert first["evidence"]["passages"][0]["lines"]


def test_each_statement_has_its_kind_and_passages(answers: dict[str, tuple[bool, str]]) -> None:
    payload = said(answers, "describe")
    kinds = {statement["kind"] for statement in payload["statements"]}
    assert {"stated", "editorial"} <= kinds
    stated = [statement for statement in payload["statements"] if statement["kind"] == "stated"]
    assert all(statement["passages"] for statement in stated)
    assert not any(statement["passages"] for statement in payload["statements"] if statement["kind"] != "stated")
    assert payload["incoming_in_all"] >= len(payload["incoming"]) > 0
    mapped = {statement["kind"] for statement in said(answers, "described")["statements"]}
    assert "mapping" in mapped


def test_the_schema_is_in_the_language_asked_for(answers: dict[str, tuple[bool, str]]) -> None:
    payload = said(answers, "schema")
    labels = {row["term"].rpartition("#")[2]: row["label"] for row in payload["terms"]}
    assert labels["ClimateMeasure"] == "klimaatmaatregel"
    assert payload["prefixes"]["kb"] == "https://w3id.org/klimaatbanen/def#"
    assert {row["kind"].rpartition("/")[2] for row in payload["graphs"]} >= {"stated", "editorial", "inferred"}


def test_saved_questions_and_their_answers(answers: dict[str, tuple[bool, str]]) -> None:
    listed = [question["name"] for question in said(answers, "questions")["questions"]]
    assert "climate/pillars" in listed
    payload = said(answers, "answer")
    assert payload["rows"]
    assert "PREFIX" in payload["query"]


def test_each_thing_in_an_answer_has_evidence(answers: dict[str, tuple[bool, str]]) -> None:
    payload = said(answers, "query")
    assert set(payload["evidence"]) == {row["measure"] for row in payload["rows"]}
    assert all(evidence["passages"] for evidence in payload["evidence"].values())
    assert "select IRIs too" in said(answers, "literals")["evidence_note"]
    assert "kb:ClimateTable" in said(answers, "graph")["turtle"]


def test_a_cut_answer_says_so(answers: dict[str, tuple[bool, str]]) -> None:
    payload = said(answers, "many")
    assert (len(payload["rows"]), payload["rows_in_all"]) == (200, 1000)
    assert "the first 200 of 1000" in payload["cut"]


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("unknown", "waterstof"),
        ("hostile", "nothing is said"),
        ("no theme", "themes: "),
        ("no question", "climate/pillars"),
        ("no parameter", "parameters: none"),
        ("broken", '"line": 1'),
        ("update", "update"),
        ("service", "SERVICE"),
        ("endless", "longer than 2 s"),
    ],
)
def test_errors_say_what_to_do(answers: dict[str, tuple[bool, str]], key: str, part: str) -> None:
    payload = problem(answers, key)
    assert part in json.dumps(payload, ensure_ascii=False)
    assert payload["hint"]


@pytest.mark.text
def test_passages_are_quoted_where_the_text_is_given() -> None:
    text = Path(os.environ["KG_SHARED"]) / "source" / "klimaatbanen-industrie-2023.txt"
    results = asyncio.run(_ask({"describe": CALLS["describe"]}, "--text", str(text)))
    quoted = [statement for statement in said(results, "describe")["statements"] if statement["kind"] == "stated"]
    assert all("quote" in passage for statement in quoted for passage in statement["passages"])


def test_without_the_package_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from kg.cli import main; main(['mcp'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 2
    assert "pip install 'mcp<3,>=2.3'" in run.stderr
