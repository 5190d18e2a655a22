"""ESCO as a whole in the background: nobody waits for it, and where it cannot be made our graph is searched alone."""

from __future__ import annotations

import lzma
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from live import with_load

from kg.linking.background import BackgroundDatabase
from kg.linking.database import Database
from kg.web.about import downloads
from kg.web.indexes import Indexes

BAKER = """@prefix esco: <http://data.europa.eu/esco/model#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://data.europa.eu/esco/occupation/b> a esco:Occupation ; skos:prefLabel "bakker"@nl ."""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    packed = tmp_path / "project" / "data" / "imported" / "esco-1.2.0.ttl.xz"
    packed.parent.mkdir(parents=True)
    packed.write_bytes(lzma.compress(BAKER.encode()))
    return tmp_path / "project"


def test_nobody_waits(small: Path, graph) -> None:
    indexes = Indexes(graph.store, {}, small)
    begin = time.monotonic()
    indexes.esco.begin()
    assert time.monotonic() - begin < with_load(0.2)
    assert indexes.labels.search("lasser")
    assert indexes.esco.get(60)
    assert indexes.labels.search("bakker")[0].entry.iri == "http://data.europa.eu/esco/occupation/b"
    assert Database.kept(small) is not None


def test_a_server_begins_its_downloads_some_time_after_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    app, begun = Flask("x"), threading.Event()
    app.extensions["kg"] = SimpleNamespace(release=SimpleNamespace(begin=begun.set))
    monkeypatch.setattr(downloads, "_LATER", 0.1)
    downloads.begin_later(app)
    assert not begun.is_set()
    assert begun.wait(30)


def test_what_is_kept_is_there_at_the_first_search(small: Path, graph) -> None:
    Database.open(small)
    assert len(Indexes(graph.store, {}, small).labels.tables) == 2


def test_without_esco_our_graph_is_searched(tmp_path: Path, graph, caplog: pytest.LogCaptureFixture) -> None:
    indexes = Indexes(graph.store, {}, tmp_path)
    assert indexes.esco.get(60) is None
    assert indexes.labels.search("lasser")
    assert "ESCO as a whole is not searched" in caplog.text


def test_a_cache_that_cannot_be_written_is_made_up_for(small: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    database = BackgroundDatabase(small).get(60)
    assert database
    assert database.name("http://data.europa.eu/esco/occupation/b", "nl") == ("bakker", "nl")
