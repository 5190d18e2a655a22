"""Tables: Data Package 2, CSV on the Web, Apache Parquet."""

import csv
import json
import sys
from importlib.metadata import version
from pathlib import Path
from urllib.request import urlopen

import duckdb
from csvw import CSVW
from frictionless import validate

release, address = Path(sys.argv[1]), sys.argv[2]
LAX = (
    "read with `strict=False`: strict takes no empty cell where a column leads to a table, and not each row leads there"
)
FRICTIONLESS, READER, DUCKDB = (f"{name} {version(name)}" for name in ("frictionless", "csvw", "duckdb"))


def questions():
    """Return the first question of each theme."""
    with urlopen(f"{address}/api/") as answer:
        names = [question["name"] for question in json.load(answer)["questions"]]
    return list({name.partition("/")[0]: name for name in reversed(names)}.values())


def package(source):
    """Return what frictionless finds wrong."""
    return validate(source, type="package").flatten(["name", "type", "message"])


def tables(source):
    """Return what csvw finds wrong."""
    found = CSVW(source, validate=True, strict=False)
    return [] if found.is_valid else [str(warning.message) for warning in found.warnings]


def said(wrong):
    """Return what was found in a few words."""
    return "valid" if not wrong else f"{len(wrong)} findings: {wrong[:3]}".replace("\n", " ")


asked = questions()
parquet = sorted((release / "parquet").glob("*.parquet"))
differ = []
for path in parquet:
    with (release / "csv" / f"{path.stem}.csv").open(newline="", encoding="utf-8") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    if duckdb.execute("SELECT COUNT(*) FROM read_parquet(?)", [str(path)]).fetchone()[0] != rows:
        differ.append(path.name)
answers = "an answer of each theme"
print(FRICTIONLESS, "`datapackage.json`: all tables", said(package(str(release / "datapackage.json"))), sep="\t")
found = [line for name in asked for line in package(f"{address}/api/{name}.datapackage.json?lang=en")]
print(FRICTIONLESS, f"`/api/....datapackage.json`: {answers}", said(found), sep="\t")
found = tables(str(release / "csv" / "csv-metadata.json"))
print(READER, "`csv/csv-metadata.json`: all tables", said(found), LAX, sep="\t")
found = [line for name in asked for line in tables(f"{address}/api/{name}.csvm?lang=en")]
print(READER, f"`/api/....csvm`: {answers}", said(found), LAX, sep="\t")
found = differ if parquet else ["no Parquet"]
print(DUCKDB, "`parquet/`: as many rows as the CSV", said(found), sep="\t")
