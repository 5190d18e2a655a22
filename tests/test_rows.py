"""The Python interface: rows, data frames, saved questions."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pandas
import pyoxigraph as ox
import pytest
import rdflib

import kg
from kg.errors import NotFound, QueryError, Refused
from kg.queries.rows import Rows, python_value

XSD = "http://www.w3.org/2001/XMLSchema#"


def literal(text: str, kind: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (literal("9950", "integer"), 9950),
        (literal("19.4", "decimal"), Decimal("19.4")),
        (literal("1e3", "double"), 1000.0),
        (literal("true", "boolean"), True),
        (literal("2021-01-01", "date"), datetime.date(2021, 1, 1)),
        (literal("2023", "gYear"), "2023"),
        (literal("no number", "integer"), "no number"),
        (ox.Literal("procesoperator", language="nl"), "procesoperator"),
        (ox.NamedNode("urn:a"), "urn:a"),
        (None, None),
    ],
)
def test_terms_become_python_values(term: object, value: object) -> None:
    found = python_value(term)  # type: ignore[arg-type]
    assert found == value
    assert type(found) is type(value)


def test_query_gives_rows() -> None:
    rows = kg.query(
        "SELECT ?n ?v { ?x kb:openVacancies ?v ; kb:occupationGroup/skos:prefLabel ?n "
        "FILTER(?v = 9950 && LANG(?n) = 'nl') }"
    )
    assert list(rows) == [{"n": "Monteurs industriële machines en installaties", "v": 9950}]
    assert rows[0]["v"] == 9950
    assert rows[0:1] == (rows[0],)
    assert repr(rows) == "<1 rows: n, v>"


def test_ask_gives_one_row_and_a_graph_is_refused() -> None:
    assert list(kg.query("ASK { ?x a kb:Pillar }")) == [{"answer": True}]
    with pytest.raises(Refused):
        kg.query("CONSTRUCT WHERE { ?s a kb:Pillar }")
    with pytest.raises(QueryError):
        kg.query("SELECT {")


def test_data_frame_is_typed() -> None:
    frame = kg.query(
        "SELECT ?v ?d ?b ?t ?i { ?x kb:openVacancies ?v BIND(1.5 AS ?d) BIND(true AS ?b) "
        "BIND(xsd:date('2021-01-01') AS ?t) BIND(?x AS ?i) }"
    ).to_pandas()
    assert {name: str(frame[name].dtype) for name in frame} == {
        "v": "Int64", "d": "Float64", "b": "boolean", "t": "datetime64[s]", "i": "string",
    }  # fmt: skip
    assert frame["v"].sum() > 0


def test_data_frame_of_no_rows_keeps_its_columns() -> None:
    frame = Rows(["a", "b"], []).to_pandas()
    assert list(frame.columns) == ["a", "b"]
    mixed = Rows(["a"], [{"a": 1}, {"a": "x"}, {"a": None}]).to_pandas()
    assert mixed["a"].tolist()[:2] == ["1", "x"]
    assert pandas.isna(mixed["a"][2])


def test_saved_questions_by_name_with_parameters() -> None:
    assert "occupations/tasks" in kg.questions()
    everything = kg.question("occupations/tasks")
    one = kg.question("occupations/tasks", occupation="occupation/kwaliteitscontroleur")
    assert 0 < len(one) < len(everything)
    with pytest.raises(NotFound, match="no question called"):
        kg.question("occupations/nothing")
    with pytest.raises(QueryError, match="unknown parameter"):
        kg.question("occupations/tasks", nothing="x")


def test_texts_are_searched_without_a_server() -> None:
    query = "SELECT ?x { ?x a kb:Occupation FILTER(kb:textScore(?x, 'lassen') > 0.3) } ORDER BY ?x"
    names = [row["x"].rpartition("/")[2] for row in kg.query(query)]
    assert names == ["gespecialiseerd-lasser", "lasser"]


@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # rdflib's own query calls what it deprecates.
def test_dataset_is_an_rdflib_dataset_over_the_whole_graph() -> None:
    dataset = kg.dataset()
    assert isinstance(dataset, rdflib.Dataset)
    table = rdflib.URIRef("https://w3id.org/klimaatbanen/def#ClimateTable")
    tables = [row["x"] for row in kg.query("SELECT ?x { ?x a kb:ClimateTable }")]
    rows = dataset.query(f"SELECT ?x {{ ?x a <{table}> }}")
    assert sorted(str(row.x) for row in rows) == sorted(tables)
    assert len(tables) == len(set(tables)) == 5
    graphs = f"SELECT DISTINCT ?g {{ GRAPH ?g {{ ?x a <{table}> }} }}"
    assert len(list(dataset.query(graphs))) > 1
