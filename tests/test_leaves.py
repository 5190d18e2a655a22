"""The small shared pieces below the rooms: names of terms, texts in a language, files and the project they stand in."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import files, fingerprint
from kg.errors import SourceError
from kg.files import own_project, parse_yaml, read_toml, replacing, write_whole
from kg.languages import format_number, in_language, lang_attribute
from kg.namespaces import RDF
from kg.rdf_terms import (
    first_object,
    is_iri,
    language_of,
    list_members,
    local_name,
    prefixed_name,
    term_key,
    texts_by_language,
)

EX = "http://example.org/"


def store(turtle: str) -> ox.Store:
    made = ox.Store()
    made.load(f"@prefix : <{EX}> . {turtle}".encode(), format=ox.RdfFormat.TURTLE)
    return made


@pytest.mark.parametrize(
    ("iri", "name"),
    [(f"{EX}a#b", "b"), (f"{EX}a/b/", "b"), (f"{EX}a#", "a"), ("urn:x", "urn:x")],
)
def test_local_name(iri: str, name: str) -> None:
    assert local_name(iri) == name


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        (f"{EX}a/b", "a:b"),
        (f"{EX}a", "ex:a"),
        (f"{EX}a/b/c", ""),
        (f"{EX}a/b.c", ""),
        (EX, ""),
        ("http://elsewhere.org/a", ""),
    ],
)
def test_prefixed_name_needs_no_escape(iri: str, name: str) -> None:
    prefixes = {"ex": EX, "a": f"{EX}a/"}
    assert prefixed_name(iri, prefixes) == name
    if name:
        head = "".join(f"PREFIX {prefix}: <{space}> " for prefix, space in prefixes.items())
        assert bool(ox.Store().query(f"{head} ASK {{ FILTER ({name} = <{iri}>) }}"))


def test_is_iri() -> None:
    assert is_iri("urn:x")
    assert not any(is_iri(text) for text in ("", "a", "http://a b", "http://a/{b}"))


def test_term_key_keeps_terms_apart() -> None:
    terms = [ox.NamedNode(EX), ox.Literal(EX), ox.Literal(EX, language="nl"), ox.BlankNode("b"), ox.DefaultGraph()]
    assert term_key(terms[0]) == EX
    assert len({term_key(term) for term in terms}) == len(terms)


def test_list_members_in_order_and_not_for_ever() -> None:
    made = store(f":a :p (1 2 3) . :b <{RDF}first> 1 ; <{RDF}rest> :b .")
    members = list_members(made, first_object(made, ox.NamedNode(EX + "a"), EX + "p"))
    assert [term.value for term in members if isinstance(term, ox.Literal)] == ["1", "2", "3"]
    assert len(list(list_members(made, ox.NamedNode(EX + "b")))) == 1
    assert list(list_members(made, ox.NamedNode(EX + "nowhere"))) == []
    assert list(list_members(made, None)) == []


def test_texts_in_a_language() -> None:
    terms = [ox.NamedNode(EX), ox.Literal("een", language="nl"), ox.Literal("twee", language="nl"), ox.Literal("x")]
    assert texts_by_language(terms) == {"nl": "een", "": "x"}
    assert [language_of(term) for term in terms] == ["", "nl", "nl", ""]
    assert in_language(texts_by_language(terms), "en") == "een"
    assert in_language({"fr": "un"}, "en") == "un"
    assert in_language({}, "en") == ""
    assert (lang_attribute("nl", "en"), lang_attribute("en", "en")) == ("nl", "")


@pytest.mark.parametrize(
    ("number", "dutch", "english"),
    [
        (54000, "54.000", "54,000"),
        (3.0, "3", "3"),
        (1e16, "10.000.000.000.000.000", "10,000,000,000,000,000"),
        (-0.5, "-0,5", "-0.5"),
        (Decimal("5.20"), "5,20", "5.20"),
    ],
)
def test_numbers(number: float | Decimal, dutch: str, english: str) -> None:
    assert (format_number(number, "nl"), format_number(number, "en")) == (dutch, english)


def test_yaml_and_toml_name_file_line_and_column(tmp_path: Path) -> None:
    assert parse_yaml("a: [1]", "x") == {"a": [1]}
    with pytest.raises(SourceError, match="not YAML") as caught:
        parse_yaml("a: 1\nb: ]", "x.rq", first_line=3)
    assert (caught.value.where, caught.value.line, caught.value.column) == ("x.rq", 4, 4)
    broken = tmp_path / "x.toml"
    broken.write_text("a = 1\nb = ]")
    with pytest.raises(SourceError, match=r"x\.toml: not TOML: .*line 2"):
        read_toml(broken)


def write_half(path: Path, error: BaseException) -> None:
    with replacing(path) as fresh:
        fresh.write_text("half")
        raise error


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "één\r\n")
    assert path.read_bytes() == "één\r\n".encode()
    with pytest.raises(SourceError, match=r"a\.txt: cannot be written: No space"):
        write_half(path, OSError(28, "No space left on device"))
    with pytest.raises(KeyboardInterrupt):
        write_half(path, KeyboardInterrupt())
    assert path.read_bytes() == "één\r\n".encode()
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(SourceError, match="cannot be written"):
        write_whole(tmp_path / "nowhere" / "a.txt", b"")


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for text in ("old", "new"):
        with replacing(folder) as fresh:
            fresh.mkdir()
            (fresh / text).touch()
    assert [one.name for one in folder.iterdir()] == ["new"]
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_key_changes_with_the_program_and_what_stands_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "__file__", str(tmp_path / "kg" / "fingerprint.py"))
    (tmp_path / "kg" / "project").mkdir(parents=True)
    keys = [fingerprint.key_of([], [])]
    for name in ("code.py", "void.rq", "dataset.ttl", "texts.toml", "project/data.ttl"):
        (tmp_path / "kg" / name).write_text("x")
        keys.append(fingerprint.key_of([], []))
    assert len(set(keys)) == len(keys) - 1
    assert keys[-1] == keys[-2], "what a project holds is no part of the program"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("ontology", "data/deep", "queries"):
        (tmp_path / "project" / name).mkdir(parents=True)
    return tmp_path / "project"


def test_own_project_is_the_nearest_upwards(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "data" / "deep")
    assert own_project() == project
    monkeypatch.chdir(project.parent)
    with pytest.raises(SourceError, match="no folder from here upwards"):
        own_project()
    assert own_project(Path("project")) == project
    with pytest.raises(SourceError, match="no ontology/ and data/ in it"):
        own_project(project / "data")


def test_own_project_refuses_the_installed_package(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_INSTALLED", project)
    monkeypatch.chdir(project / "data")
    for named in (None, project, Path(os.path.relpath(project))):
        with pytest.raises(SourceError, match="installed package"):
            own_project(named)
