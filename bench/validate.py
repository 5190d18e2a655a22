"""Time and memory of `kg validate`, with both engines, beside `pyshacl` on the same data; whether all find the same.

python bench/validate.py [TRIPLES ...] prints a table; the default is 10,000, 100,000 and 1,000,000 triples. A second
table is of the data of this project, whole: the first run, an unchanged one, and one after an edit of one file.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg.files import project_folder
from kg.validation.shacl_report import read_results, term_text

SIZES = (10_000, 100_000, 1_000_000)
PER_ITEM = 10
BIN = Path(sys.executable).parent
PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
SHAPES = (
    PREFIXES
    + """x:Item a sh:NodeShape ; sh:targetClass x:T ; sh:nodeKind sh:IRI ; sh:pattern "^https://example.org/i" ;
  sh:property x:name , x:names , x:code , x:count , x:next , x:kind , x:day , x:note , x:share .
x:name a sh:PropertyShape ; sh:path skos:prefLabel ; sh:minCount 1 ; sh:uniqueLang true ; sh:languageIn ( "nl" "en" ) .
x:names a sh:PropertyShape ; sh:path skos:altLabel ; sh:maxCount 2 ; sh:minLength 2 .
x:code a sh:PropertyShape ; sh:path x:code ; sh:minCount 1 ; sh:maxCount 1 ; sh:pattern "^[A-Z]{2}[0-9]+$" .
x:count a sh:PropertyShape ; sh:path x:count ; sh:datatype xsd:integer ; sh:minInclusive 0 .
x:next a sh:PropertyShape ; sh:path x:next ; sh:class x:T ; sh:nodeKind sh:IRI .
x:kind a sh:PropertyShape ; sh:path x:kind ; sh:in ( x:one x:two x:three ) .
x:day a sh:PropertyShape ; sh:path x:day ; sh:datatype xsd:date .
x:note a sh:PropertyShape ; sh:path x:note ; sh:maxLength 40 .
x:share a sh:PropertyShape ; sh:path x:share ; sh:or ( [ sh:datatype xsd:decimal ] [ sh:datatype xsd:integer ] ) .
"""
)
WHOLE = """import sys
from pathlib import Path
from kg.validation.run import make_plan, run
from kg.validation.settings import Settings
run(make_plan(Settings(engine=sys.argv[2]), [], Path(sys.argv[1])))
"""
FAULTS = (
    ('"item {0}"@en', '"item {0}"@de'),
    ("x:code 'AB{0}'", "x:code 'ab{0}'"),
    ("x:count {0}", "x:count -{0}"),
    ("x:kind x:two", "x:kind x:four"),
    ('"2023-06-01"', '"yesterday"'),
)


@dataclass(frozen=True)
class Run:
    """What one command took, and what it found."""

    seconds: float
    megabytes: float
    found: frozenset[tuple[str, str, str]]


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"{platform.node()}: {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(
        "| triples | command | seconds | ratio | MB | findings | equal |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "shapes.ttl").write_text(SHAPES, "utf-8")
            (folder / "data.ttl").write_text(data(size), "utf-8")
            runs = {"pyshacl": pyshacl(folder), "kg validate --engine pyshacl": kg(folder, "pyshacl")}
            runs["kg validate"] = kg(folder, "auto")
            runs["kg validate, again"] = kg(folder, "auto")
        reference = runs["pyshacl"]
        for command, run in runs.items():
            ratio = reference.seconds / run.seconds
            equal = "yes" if run.found == reference.found else "no"
            print(
                f"| {size:,} | `{command}` | {run.seconds:.1f} | {ratio:.1f} | {run.megabytes:.0f} | {len(run.found)} "
                f"| {equal} |",
                flush=True,
            )
    own()


def own() -> None:
    """Print what checking this project takes, all rules and questions, by engine."""
    print("\n| engine | first run | unchanged | after an edit of one file |\n| --- | --- | --- | --- |")
    for engine in ("auto", "pyshacl"):
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name)
            for folder in ("ontology", "data", "shapes", "queries", "views"):
                shutil.copytree(project_folder() / folder, copy / folder, ignore=shutil.ignore_patterns("cases"))
            command = [sys.executable, "-c", WHOLE, str(copy), engine]
            seconds = []
            for edit in ("", "", "\n# edited\n"):
                with (copy / "data" / "industrie-2023" / "projects.ttl").open("a", encoding="utf-8") as file:
                    file.write(edit)
                seconds.append(measured(command, copy, XDG_CACHE_HOME=str(copy / "cache"))[0])
            print(f"| {engine} | {' | '.join(f'{one:.1f} s' for one in seconds)} |", flush=True)


def data(size: int) -> str:
    chance = random.Random(size)  # noqa: S311
    items = [item(number, chance) for number in range(size // PER_ITEM)]
    return PREFIXES + "\n".join(items)


def item(number: int, chance: random.Random) -> str:
    text = """x:i{0} a x:T ; skos:prefLabel "item {0}"@en , "ding {0}"@nl ;
  skos:altLabel "alt" ; x:code 'AB{0}' ; x:count {0} ; x:next x:i{1} ; x:kind x:two ;
  x:day "2023-06-01"^^xsd:date ; x:note "a note on item {0}" ."""
    if chance.random() < 0.01:
        text = text.replace(*chance.choice(FAULTS))
    return text.format(number, max(0, number - 1))


def measured(command: list[str], folder: Path, **variables: str) -> tuple[float, float]:
    """Run a command; return seconds, and the most megabytes that it and its children held at a time."""
    begin, most = time.perf_counter(), 0.0
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | variables
    ) as run:
        while run.poll() is None:
            most = max(most, sum(map(resident, family(run.pid))))
            time.sleep(0.02)
    return time.perf_counter() - begin, most


def family(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(one for child in children for one in family(int(child)))]


def resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def pyshacl(folder: Path) -> Run:
    command = [str(BIN / "pyshacl"), "-s", "shapes.ttl", "-f", "nt", "-o", "report.nt", "data.ttl"]
    taken = measured(command, folder)
    triples = [quad.triple for quad in ox.parse(path=str(folder / "report.nt"), format=ox.RdfFormat.N_TRIPLES)]
    return Run(
        *taken, frozenset((term_text(one.focus), one.path, term_text(one.value)) for one in read_results(triples, ()))
    )


def kg(folder: Path, engine: str) -> Run:
    command = [str(BIN / "kg"), "validate", "data.ttl", "--shapes", "shapes.ttl", "--engine", engine]
    taken = measured([*command, "--format", "json=out.json"], folder, XDG_CACHE_HOME=str(folder / "cache"))
    held = json.loads((folder / "out.json").read_text("utf-8"))
    return Run(*taken, frozenset((one["focus"], one["path"], one["value"]) for one in held["findings"]))


if __name__ == "__main__":
    main()
