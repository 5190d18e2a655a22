"""The graph that commands read: as it was built, from the cache; built anew where a file or the cache has changed."""

import os
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import SourceError
from kg.files import project_folder
from kg.graph.build import build
from kg.graph.cache import read_or_build


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "klimaatbanen-kg" / "graphs"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project: the ontology without rules, and one statement."""
    rules = shutil.ignore_patterns("*.rq")
    shutil.copytree(project_folder() / "ontology", tmp_path / "project" / "ontology", ignore=rules)
    (tmp_path / "project" / "data").mkdir()
    (tmp_path / "project" / "data" / "own.ttl").write_text('<http://example.org/a> <http://example.org/p> "a" .\n')
    return tmp_path / "project"


def _values(store: ox.Store) -> set[str]:
    """The object of each statement of `own.ttl`, which states one."""
    found = store.quads_for_pattern(None, ox.NamedNode("http://example.org/p"), None, None)
    return {str(quad.object) for quad in found}


def test_what_is_read_is_what_was_built(project: Path, cache: Path) -> None:
    first, again = read_or_build(project), read_or_build(project)
    assert [path.suffix for path in cache.iterdir()] == [".nq"]
    assert list(again.store) == list(first.store) == list(build(project).store)
    assert (again.sources, again.packed, again.project) == (first.sources, first.packed, first.project)
    assert (again.version, again.data_version) == (first.version, first.data_version)
    assert again.prefixes == first.prefixes


@pytest.mark.parametrize("name", ["data/own.ttl", "data/other.ttl", "ontology/own.ttl"])
def test_a_file_that_is_changed_or_new_is_seen(project: Path, cache: Path, name: str) -> None:
    read_or_build(project)
    with (project / name).open("a") as file:
        file.write('<http://example.org/a> <http://example.org/p> "b" .\n')
    assert _values(read_or_build(project).store) == {'"a"', '"b"'}


def test_a_draft_is_no_part_of_the_graph_and_changes_nothing(project: Path, cache: Path) -> None:
    read_or_build(project)
    before = set(cache.iterdir())
    (project / "data" / "_draft").mkdir()
    (project / "data" / "_draft" / "own.ttl").write_text('<http://example.org/a> <http://example.org/p> "b" .\n')
    assert _values(read_or_build(project).store) == {'"a"'}
    assert set(cache.iterdir()) == before


def test_a_file_that_is_broken_is_an_error_and_not_what_was_kept(project: Path, cache: Path) -> None:
    read_or_build(project)
    (project / "data" / "own.ttl").write_text("<http://example.org/a> .")
    with pytest.raises(SourceError, match=r"own\.ttl"):
        read_or_build(project)
    assert len(list(cache.iterdir())) == 1


def test_what_was_kept_and_broken_is_built_anew(project: Path, cache: Path) -> None:
    read_or_build(project)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    assert len(read_or_build(project).store) == len(build(project).store)
    assert len(kept.read_bytes()) == len(whole)


def test_what_another_process_removes_meanwhile_does_not_come_back_empty(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_or_build(project)
    note_use = os.utime

    def removed(path: Path, *times: object) -> None:
        Path(path).unlink()
        note_use(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", removed)
        assert _values(read_or_build(project).store) == {'"a"'}
    assert _values(read_or_build(project).store) == {'"a"'}


def test_without_a_folder_to_write_to_it_is_built(project: Path, cache: Path) -> None:
    cache.parents[1].write_text("a file")
    assert _values(read_or_build(project).store) == {'"a"'}


def test_three_are_kept_and_those_that_are_read_stay(project: Path, cache: Path) -> None:
    own = project / "data" / "own.ttl"
    texts = [f'<http://example.org/a> <http://example.org/p> "{number}" .\n' for number in range(4)]
    for text in texts[:3]:
        own.write_text(text)
        read_or_build(project)
    own.write_text(texts[0])
    before = set(cache.iterdir())
    read_or_build(project)  # Kept, and the newest now.
    own.write_text(texts[3])
    read_or_build(project)
    assert len(before) == len(list(cache.iterdir())) == 3
    own.write_text(texts[0])
    after = set(cache.iterdir())
    read_or_build(project)
    assert set(cache.iterdir()) == after
