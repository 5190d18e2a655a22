"""Answers made readable: typed cells, labels by language, titles, CSV that no spreadsheet runs, XLSX opened again."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pyoxigraph as ox
import pytest

from kg.files import project_folder
from kg.labels import Labels
from kg.queries.question import find_questions
from kg.tables import csv as csvs
from kg.tables import json as jsons
from kg.tables import xlsx
from kg.tables.column_titles import read_titles, title_of
from kg.tables.csv import safe
from kg.tables.numbers import format_value
from kg.tables.provenance import Provenance
from kg.tables.sheet import LABEL, Sheet
from kg.validation.approved_answers import read_approved

QUERIES = project_folder() / "queries"
QUESTIONS = find_questions(QUERIES)
HOSTILE = ['=HYPERLINK("http://x")', "+31 6", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]
WORDS = {
    name: name
    for name in "data source question description parameter url version date terms query".split()  # noqa: SIM905
}
SOURCE = Provenance(
    "a/b", "Title?", "Text.", "SELECT 1", {"x": "urn:x"}, "http://h/api/a/b", "1.0", "2026-01-02", {"g": "t"}
)


def sheet_of(query: str, triples: str = "", lang: str = "nl") -> Sheet:
    store = ox.Store()
    store.load(f"@prefix skos: <http://www.w3.org/2004/02/skos/core#> . {triples}".encode(), format=ox.RdfFormat.TURTLE)
    return Sheet.from_solutions(store.query(query), Labels(store), str.upper, lang)


ALL = """SELECT ?i ?iLabel ?n ?d ?f ?b ?day ?at ?s ?bad ?none {
  BIND(<urn:a> AS ?i) BIND("eigen"@nl AS ?iLabel) BIND(3 AS ?n) BIND(5.20 AS ?d) BIND(1.5e0 AS ?f) BIND(true AS ?b)
  BIND("2023-04-01"^^<http://www.w3.org/2001/XMLSchema#date> AS ?day)
  BIND("2023-04-01T12:30:00"^^<http://www.w3.org/2001/XMLSchema#dateTime> AS ?at)
  BIND("=1+1" AS ?s) BIND("x"^^<http://www.w3.org/2001/XMLSchema#integer> AS ?bad)
}"""


def test_kinds_and_values() -> None:
    sheet = sheet_of(ALL, '<urn:a> skos:prefLabel "een a"@nl , "an a"@en .', "en")
    kinds = {column.name: column.kind for column in sheet.columns}
    assert kinds == {
        "i": "iri",
        "n": "integer",
        "d": "decimal",
        "f": "double",
        "b": "boolean",
        "day": "date",
        "at": "dateTime",
        "s": "string",
        "bad": "string",
        "none": "string",
    }
    values = dict(zip(kinds, (cell.value for cell in sheet.rows[0]), strict=True))
    assert values["d"] == Decimal("5.20")
    assert values["day"] == date(2023, 4, 1)
    assert values["at"] == datetime(2023, 4, 1, 12, 30)
    assert (sheet.rows[0][0].text, sheet.rows[0][0].lang) == ("an a", "en")


def test_a_label_of_the_answer_counts_where_there_is_no_other() -> None:
    cell = sheet_of(ALL, lang="en").rows[0][0]
    assert (cell.value, cell.text, cell.lang) == ("urn:a", "eigen", "nl")


def test_labels_are_translated_where_there_is_one_translation() -> None:
    names = '<urn:a> skos:prefLabel "een"@nl , "one"@en . <urn:b> skos:prefLabel "bank"@nl , "bank"@en . '
    names += '<urn:c> skos:prefLabel "bank"@nl , "couch"@en .'
    query = 'SELECT * { VALUES (?kindLabel ?said) { ("een"@nl "een"@nl) ("bank"@nl "bank"@nl) ("los"@nl "los"@nl) } }'
    rows = sheet_of(query, names, "en").rows
    assert [(cell.text, cell.lang) for cell, _ in rows] == [("one", "en"), ("bank", "nl"), ("los", "nl")]
    assert {(cell.text, cell.lang) for _, cell in rows} == {("een", "nl"), ("bank", "nl"), ("los", "nl")}


def test_an_ask_has_one_cell() -> None:
    sheet = sheet_of("ASK {}")
    assert [column.kind for column in sheet.columns] == ["boolean"]
    assert sheet.rows[0][0].value is True


@pytest.mark.parametrize(
    ("value", "nl", "en"),
    [
        (54000, "54.000", "54,000"),
        (Decimal("19.40"), "19,4", "19.4"),
        (-1234.5, "-1.234,5", "-1,234.5"),
        (Decimal("1E+3"), "1.000", "1,000"),
        (True, "ja", "yes"),
        (None, "", ""),
        (date(2023, 4, 1), "1-4-2023", "2023-04-01"),
    ],
)
def test_numbers_as_people_write_them(value: object, nl: str, en: str) -> None:
    assert (format_value(value, "nl"), format_value(value, "en")) == (nl, en)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_a_formula(text: str) -> None:
    sheet = sheet_of(f"SELECT ?text {{ BIND({json.dumps(text)} AS ?text) }}")
    assert safe(text) == "'" + text
    rows = list(csv.reader(io.StringIO(csvs.render(sheet).decode(), newline="")))
    assert rows == [["text"], ["'" + text]]
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(sheet, SOURCE, WORDS)))
    cell = book["data"]["A2"]
    assert cell.data_type == "s"
    assert cell.value is not None


def test_numbers_stay_numbers() -> None:
    sheet = sheet_of("""SELECT ?n ?d ?printed ?b {
        BIND(-3 AS ?n) BIND(-5.2 AS ?d) BIND("-62%" AS ?printed) BIND(false AS ?b) }""")
    assert csvs.render(sheet).decode() == "n,d,printed,b\r\n-3,-5.2,-62%,false\r\n"


def test_xlsx_is_typed_and_says_where_it_comes_from() -> None:
    sheet = sheet_of(ALL, '<urn:a> skos:prefLabel "een a"@nl . <urn:x> skos:prefLabel "x"@nl .')
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(sheet, SOURCE, WORDS)))
    page = book["data"]
    assert [cell.value for cell in page[1]] == ["I", "I (IRI)", "N", "D", "F", "B", "DAY", "AT", "S", "BAD", "NONE"]
    assert [cell.value for cell in page[2]] == [
        "een a",
        "urn:a",
        3,
        5.2,
        1.5,
        True,
        datetime(2023, 4, 1),
        datetime(2023, 4, 1, 12, 30),
        "=1+1",
        "x",
        None,
    ]
    assert [cell.data_type for cell in page[2]] == ["s", "s", "n", "n", "n", "b", "d", "d", "s", "s", "n"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:K2"
    facts = {row[0].value: row[1].value for row in book["source"].rows}
    assert facts == {
        "question": "Title?",
        "description": "Text.",
        "parameter: x": "urn:x",
        "url": "http://h/api/a/b",
        "version": "1.0",
        "date": "2026-01-02",
        "terms: g": "t",
        "query": "SELECT 1",
    }
    assert book.properties.created == datetime(2026, 1, 2)


def test_an_iri_of_the_web_is_a_link_in_xlsx() -> None:
    sheet = sheet_of("SELECT ?a { BIND(<http://h/a> AS ?a) }", '<http://h/a> skos:prefLabel "A"@nl .')
    page = openpyxl.load_workbook(io.BytesIO(xlsx.render(sheet, SOURCE, WORDS)))["data"]
    assert page["A2"].value == "A"
    assert page["A2"].hyperlink.target == "http://h/a"
    assert page["B2"].value == "http://h/a"


def test_what_excel_would_change_is_text_in_xlsx() -> None:
    query = """SELECT ?n ?f ?day { BIND(12345678901234567890 AS ?n)
        BIND("NaN"^^<http://www.w3.org/2001/XMLSchema#double> AS ?f)
        BIND("1850-01-01"^^<http://www.w3.org/2001/XMLSchema#date> AS ?day) }"""
    page = openpyxl.load_workbook(io.BytesIO(xlsx.render(sheet_of(query), SOURCE, WORDS)))["data"]
    assert [cell.value for cell in page[2]] == ["12345678901234567890", "nan", "1850-01-01"]


def test_xlsx_is_byte_identical_twice() -> None:
    sheet = sheet_of(ALL)
    assert xlsx.render(sheet, SOURCE, WORDS) == xlsx.render(sheet, SOURCE, WORDS)


def test_json_has_plain_typed_values() -> None:
    told = json.loads(jsons.render(sheet_of(ALL, '<urn:a> skos:prefLabel "een a"@nl .'), SOURCE, ["note"]))
    row = told["rows"][0]
    assert row == {
        "i": "urn:a",
        "iLabel": "een a",
        "n": 3,
        "d": 5.2,
        "f": 1.5,
        "b": True,
        "day": "2023-04-01",
        "at": "2023-04-01T12:30:00",
        "s": "=1+1",
        "bad": "x",
        "none": None,
    }
    assert [column["name"] for column in told["columns"]] == list(row)
    assert told["columns"][1] == {"name": "iLabel", "title": "I", "type": "string", "language": "nl"}
    assert (told["version"], told["date"], told["notes"]) == ("1.0", "2026-01-02", ["note"])


def test_json_holds_no_nan() -> None:
    sheet = sheet_of('SELECT ?f { BIND("INF"^^<http://www.w3.org/2001/XMLSchema#double> AS ?f) }')
    assert json.loads(jsons.render(sheet, SOURCE))["rows"] == [{"f": "inf"}]


def test_each_column_of_each_question_has_a_title() -> None:
    titles = read_titles(QUERIES)
    used = set()
    for name, question in QUESTIONS.items():
        columns, _ = read_approved(question.path.with_suffix(".csv"))
        for column in columns:
            base = next((one for one in (column, column.removesuffix(LABEL)) if one in titles), None)
            assert base, f"{name}: add [{column.removesuffix(LABEL)}] with nl and en to queries/columns.toml"
            used.add(base)
    assert set(titles) - used <= {"answer"}, "titles that no question uses"
    assert all(set(said) == {"nl", "en"} for said in titles.values())


def test_a_title_without_a_word_is_the_variable_in_words() -> None:
    assert title_of({"a": {"nl": "b", "en": "c"}}, "aLabel", "en") == "c"
    assert title_of({}, "paybackTime", "en") == "payback time"
