"""`kg fill`: what is mechanical in the Turtle of a publication need not be typed, and nothing else is touched."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

from kg.cli import main
from kg.errors import SourceError
from kg.publications.fill import fill

MECHANICAL = re.compile(r"@prefix |    a \S+ ;$|    skos:inScheme ")
MADE = ("passages.ttl", "catalogue.ttl")  # By kg new, whole.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "ontology").mkdir()
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


def by_hand(folder: Path) -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.ttl")) if path.name not in MADE}


def typed(text: str) -> str:
    """Return a file as a person types it."""
    return "\n".join(line for line in text.split("\n") if not MECHANICAL.match(line))


@pytest.mark.parametrize("name", ["gebouwde-omgeving-2022", "energiesysteem-2022-anp"])
def test_a_publication_typed_without_what_is_mechanical_becomes_what_it_is(project: Path, name: str) -> None:
    before = by_hand(project / "data" / name)
    for path, text in before.items():
        path.write_text(typed(text), "utf-8")
    filled = fill(project, name)
    assert by_hand(project / "data" / name) == before
    lines = [line for text in before.values() for line in text.splitlines()]
    mechanical = sum(bool(MECHANICAL.match(line)) for line in lines)
    assert mechanical > len([line for line in lines if line.strip() and not line.startswith("#")]) / 4
    assert sum(filled.added.values()) >= mechanical
    assert filled.left == ()


@pytest.mark.parametrize("name", ["gebouwde-omgeving-2022-biind", "klimaattafels"])
def test_what_is_whole_stays_as_it_is(project: Path, name: str) -> None:
    before = by_hand(project / "data" / name)
    assert fill(project, name).added == {}
    assert by_hand(project / "data" / name) == before


FACTS = '''# What the text says: occupation:none is a comment.

@prefix dct: <http://purl.org/dc/terms/> .
# Kept where it is.
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

occupation:buurtcoach
    skos:prefLabel "buurtcoach: unknown:thing"@nl ;
    skos:editorialNote """two
lines: other:thing"""@nl ;
    dct:source passage:s1-p1-1 .

occupation:elektricien
    a kb:Occupation ;
    dct:source passage:s1-p1-1 , <https://w3id.org/klimaatbanen/id/passage/proef-2026/s1-p1-2> .

dataset:proef
    dct:source passage:s1-p1-1 .
'''


def test_lines_are_added_in_their_place_and_none_is_changed(project: Path) -> None:
    folder = project / "data" / "proef-2026"
    folder.mkdir()
    path = folder / "occupations.ttl"
    path.write_text(FACTS, "utf-8")
    assert fill(project, folder.name).left == ()
    text = path.read_text("utf-8")
    remaining = iter(text.splitlines())
    assert all(line in remaining for line in FACTS.splitlines())
    added = [line for line in text.splitlines() if line not in FACTS.splitlines()]
    assert added == [
        "@prefix dataset: <https://w3id.org/klimaatbanen/id/dataset/proef-2026/> .",
        "@prefix kb: <https://w3id.org/klimaatbanen/def#> .",
        "@prefix occupation: <https://w3id.org/klimaatbanen/id/occupation/> .",
        "@prefix passage: <https://w3id.org/klimaatbanen/id/passage/proef-2026/> .",
        "@prefix scheme: <https://w3id.org/klimaatbanen/id/scheme/> .",
        "    skos:inScheme scheme:occupation ;",
        "    skos:inScheme scheme:occupation ;",
    ]
    assert "buurtcoach\n    a kb:Occupation ;\n    skos:inScheme scheme:occupation ;\n    skos:prefLabel" in text
    assert "elektricien\n    a kb:Occupation ;\n    skos:inScheme scheme:occupation ;\n    dct:source" in text
    assert fill(project, folder.name).added == {}


def test_the_command_says_what_it_added_and_what_it_does_not_know(project: Path) -> None:
    folder = project / "data" / "proef-2026"
    folder.mkdir()
    path = folder / "occupations.ttl"
    path.write_text("occuption:lasser\n    dct:source passage:s1-p1-1 .\n", "utf-8")
    run = CliRunner().invoke(main, ["fill", folder.name, "--project", str(project)])
    assert run.exit_code == 1
    assert "occuption: is not declared" in run.output
    assert "3 lines added to 1 files" in run.output


def test_another_file_that_is_broken_is_named(project: Path) -> None:
    (project / "data" / "klimaattafels" / "units.ttl").write_text("unit:x a", "utf-8")
    with pytest.raises(SourceError, match="declared"):
        fill(project, "gebouwde-omgeving-2022")
    with pytest.raises(SourceError, match="no such publication"):
        fill(project, "nergens")
