"""What a typed job names, in all of ESCO: by its name, in another form, as a compound; never because it looks alike."""

from __future__ import annotations

import pytest
from conftest import ROOT

from kg.linking.candidates import Wanted
from kg.linking.database import Database
from kg.linking.entries import Entry, Label
from kg.linking.index import Index

JOBS = {lang: Wanted(frozenset({"occupation"}), lang) for lang in ("nl", "en")}


@pytest.fixture(scope="module")
def index() -> Index:
    return Database.open(ROOT).index


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("bakker", "exact", "bakker"),
        ("Bakkers", "form", "bakker"),
        ("broodbakker", "exact", "bakker"),
        ("taartbakker", "head", "bakker"),
        ("allround bakker", "head", "bakker"),
        ("bakkerij medewerker", "compound", "bakkerijmedewerker"),
        ("verpleegkundige", "general", "algemeen verpleegkundige"),
        ("verpleegkundigen", "general", "algemeen verpleegkundige"),
        ("verpleger", "general", "algemeen verpleegkundige"),
        ("verpleegster", "general", "algemeen verpleegkundige"),
        ("automonteur", "exact", "automonteur"),
        ("kapper (m/v)", "exact", "kapper"),
        ("kapster", "form", "kapper"),
        ("chauffeur vrachtwagen", "exact", "vrachtwagenchauffeur"),
        ("vrachtwagen chauffeur", "compound", "vrachtwagenchauffeur"),
        ("lassers", "form", "lasser"),
        ("boekhouder", "exact", "boekhouder"),
        ("boekhoudster", "form", "boekhouder"),
        ("schoonheidsspecialiste", "form", "schoonheidsspecialist"),
        ("nurse", "general", "algemeen verpleegkundige"),
        ("senior nurse", "head", "algemeen verpleegkundige"),
        ("car mechanic", "exact", "automonteur"),
        ("hairdressers", "form", "kapper"),
    ],
)
def test_a_job_is_named(index: Index, text: str, kind: str, name: str) -> None:
    for lang in ("nl", "en"):
        found = index.named(text, JOBS[lang])
        assert [(one.entry.name("nl"), dict(one.features)) for one in found] == [(name, {kind: 1.0})]


def test_one_name_of_several_jobs_gives_all(index: Index) -> None:
    found = index.named("elektricien", JOBS["nl"])
    assert {one.entry.name("nl") for one in found} == {
        "monteur elektrische installaties",
        "monteur elektrische installaties gebouwen",
    }


def test_a_broad_word_gives_its_kinds(index: Index) -> None:
    for text in ("manager", "monteur", "verkoopster"):
        found = index.named(text, JOBS["nl"])
        assert len(found) > 5
        assert all(one.features == {"narrower": 1.0} for one in found)


@pytest.mark.parametrize(
    "text", ["", " ", "(m/v)", "xyzzy", "bkaker", "kappr", "elektricein", "verpleegkunde", "van der"]
)
def test_what_names_nothing_has_no_answer(index: Index, text: str) -> None:
    assert index.named(text, JOBS["nl"]) == []


def test_near_meanings_share_a_word(index: Index) -> None:
    near = index.near("constructiewerker hal 3", JOBS["nl"])
    assert near[0].entry.name("nl") == "Constructiewerkers"
    assert index.near("xyzzy", JOBS["nl"]) == []


def test_without_esco_our_own_jobs_are_named() -> None:
    label = Label("dakdekker", "nl", "prefLabel")
    own = Index.of([Entry("urn:d", ("https://w3id.org/klimaatbanen/def#Occupation",), (label,))])
    assert [one.entry.iri for one in own.named("dakdekkers", JOBS["en"])] == ["urn:d"]
