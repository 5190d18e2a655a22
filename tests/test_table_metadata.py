"""What tables mean: CSV on the Web, Data Package and Parquet say the same, in a release and of an answer."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pandas
import pytest
from flask.testing import FlaskClient
from pyarrow import parquet

from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.release.csv_tables import Table, Tables
from kg.release.files import Edition, Owner
from kg.release.table_metadata import CSVW, table_metadata
from kg.tables import parquet as parquets
from kg.tables.column_titles import read_titles
from kg.web.app import create_app

QUESTION = "labour-market/vacancies-per-table"
NUMBERS = {"integer", "number", "year"}


@pytest.fixture(scope="module")
def tables(graph: Graph) -> dict[str, Table]:
    made = Tables(graph, read_titles(project_folder() / "queries"))
    return {table.file.name: table for table in made}


@pytest.fixture(scope="module")
def metadata(graph: Graph, tables: dict[str, Table]) -> dict[str, Any]:
    described = [table.description for table in tables.values()]
    sums = {table.file.name: table.file.sha256 for table in tables.values()}
    files = table_metadata(graph, described, sums, Owner("Example"), Edition.from_project(project_folder()))
    return {file.name: json.loads(file.data) for file in files}


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(project_folder() / "queries")).test_client()


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def columns(metadata: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Path of the CSV, column of CSVW and field of the Data Package, side by side."""
    for table, resource in zip(metadata[CSVW]["tables"], metadata["datapackage.json"]["resources"], strict=True):
        fields = resource["schema"]["fields"]
        for column, field in zip(table["tableSchema"]["columns"], fields, strict=True):
            yield resource["path"], column, field


def test_both_forms_describe_each_column_of_each_table(metadata: dict[str, Any], tables: dict[str, Table]) -> None:
    package, group = metadata["datapackage.json"], metadata[CSVW]
    assert [resource["path"] for resource in package["resources"]] == list(tables)
    assert [table["url"] for table in group["tables"]] == [PurePosixPath(name).name for name in tables]
    for resource in package["resources"]:
        header = rows_of(tables[resource["path"]].file.data)[0]
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert resource["licenses"], resource["path"]
        assert resource["sources"], resource["path"]
    for path, column, field in columns(metadata):
        assert column["titles"] == field["name"], path
        assert {text["@language"]: text["@value"] for text in column["dc:title"]} == {
            "en": field["title"],
            "nl": field["title@nl"],
        }
        assert column.get("separator", "") == field.get("delimiter", ""), (path, field["name"])
        assert (column["datatype"] in ("string", "anyURI")) == (
            field.get("itemType", field["type"]) == "string" or "rdfType" not in field
        ), (path, field["name"])


def test_croissant_names_each_column_of_each_file(metadata: dict[str, Any], tables: dict[str, Table]) -> None:
    described = metadata["croissant.json"]
    assert {file["contentUrl"]: file["sha256"] for file in described["distribution"]} == {
        name: table.file.sha256 for name, table in tables.items()
    }
    ids = {field["@id"] for records in described["recordSet"] for field in records["field"]}
    for records, (name, table) in zip(described["recordSet"], tables.items(), strict=True):
        columns = [field["source"]["extract"]["column"] for field in records["field"]]
        assert columns == rows_of(table.file.data)[0], name
        leads = {field["references"]["field"]["@id"] for field in records["field"] if "references" in field}
        assert leads <= ids


def test_codes_are_texts_and_keep_their_zeros(metadata: dict[str, Any], tables: dict[str, Table]) -> None:
    codes = {(path, field["name"]): field for path, _, field in columns(metadata) if field["name"] == "skos:notation"}
    assert codes
    assert {field["type"] for field in codes.values()} == {"string"}
    concepts = tables["csv/skos-Concept.csv"]
    frame = pandas.read_parquet(io.BytesIO(parquets.render(concepts.description, concepts.rows)))
    assert "0311" in set(frame["skos:notation"])


def test_what_a_foreign_key_names_is_a_row_of_that_table(metadata: dict[str, Any], tables: dict[str, Table]) -> None:
    keys = {name: {row[0] for row in table.rows} for name, table in tables.items()}
    checked = 0
    for name, table in tables.items():
        for place, field in enumerate(table.description.fields):
            if field.references:
                cells = (row[place] for row in table.rows if row[place])
                values = {value for cell in cells for value in (cell.split(field.separator or None))}
                assert values <= keys[field.references], (name, field.head)
                checked += 1
    assert checked > 100
    groups = metadata["datapackage.json"]["resources"]
    lists = {
        (resource["path"], f["name"]) for resource in groups for f in resource["schema"]["fields"] if "delimiter" in f
    }
    for resource in groups:
        for key in resource["schema"].get("foreignKeys", []):
            assert (resource["path"], key["fields"][0]) not in lists


def test_parquet_holds_what_the_csv_holds(metadata: dict[str, Any], tables: dict[str, Table]) -> None:
    for resource in metadata["datapackage.json"]["resources"]:
        table = tables[resource["path"]]
        data = parquets.render(table.description, table.rows)
        assert data == parquets.render(table.description, table.rows)
        read = parquet.read_table(io.BytesIO(data))
        for place, field in enumerate(resource["schema"]["fields"]):
            kind = field.get("itemType", field["type"])
            for cell, value in zip((row[place] for row in table.rows), read.column(place).to_pylist(), strict=True):
                items = value if isinstance(value, list) else [value]
                texts = [] if value is None else cell.split(field["delimiter"]) if "delimiter" in field else [cell]
                assert bool(cell) == (value is not None)
                for text, item in zip(texts, items, strict=False):
                    same = float(text) == item if kind in NUMBERS else text == _text(item)
                    assert same, (resource["path"], field["name"], text, item)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_an_answer_has_both_forms_and_parquet(client: FlaskClient) -> None:
    answer = client.get(f"/api/{QUESTION}.csv?lang=en")
    header, *rows = rows_of(answer.data)
    links = {
        link.partition(";")[0].strip("<>"): link for link in answer.headers.getlist("Link") if "describedby" in link
    }
    described = {path.partition("?")[0].partition(".")[2]: client.get(path) for path in links}
    csvw, package = described["csvm"].get_json(force=True), described["datapackage.json"].get_json(force=True)
    assert described["datapackage.json"].content_type == "application/vnd.datapackage+json"
    fields = package["resources"][0]["schema"]["fields"]
    assert [column["titles"] for column in csvw["tableSchema"]["columns"]] == header
    assert [field["name"] for field in fields] == header
    assert csvw["url"] == package["resources"][0]["path"]
    assert all(field["title"] and field["title@nl"] for field in fields)
    frame = pandas.read_parquet(io.BytesIO(client.get(f"/api/{QUESTION}.parquet?lang=en").data))
    assert list(frame.columns) == header
    assert len(frame) == len(rows)
    numbers = [field["name"] for field in fields if field["type"] in NUMBERS]
    assert numbers
    for name in numbers:
        assert list(frame[name].dropna()) == [float(row[header.index(name)]) for row in rows if row[header.index(name)]]


def test_without_pyarrow_an_answer_says_what_to_install(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = client.get(f"/api/{QUESTION}.parquet")
    assert answer.status_code == 406
    assert answer.get_json(force=True)["hint"].startswith("pip install 'pyarrow>=")
    assert ".parquet" not in client.get(f"/questions/{QUESTION}?lang=en", headers={"Accept": "text/html"}).text
