"""`kg draft`: proposals for texts that were written for these tests, and the way from a draft to a publication."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from conftest import ROOT

from kg.cli import main
from kg.files import read_toml
from kg.graph.build import build
from kg.graph.sources import find_sources
from kg.namespaces import DCT, GRAPH, ID, KB, RDF_TYPE, SKOS
from kg.publications.draft.turtle import MARK, confirmed
from kg.publications.draft.words import Words, expanded
from kg.validation.documents import find_inputs

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "drafting"
FOLDERS = ("ontology", "data", "shapes", "queries", "views")
# What only a person knows: of the publication what its text does not say, names in the other language, of a figure what
# it is about and what it covers, of a signal what it is about where the sentence does not name that.
LEFT_TO_PEOPLE = {
    "Publication-publisher",
    "Publication-rights",
    "Publication-reuseTerms",
    "Publication-subjectGiven",
    "checks/graph-undescribed",
    "nameEnglish",
    "nameDutch",
    "Figure-about",
    "checks/vacancies-without-scope",
    "checks/claim-about-nothing",
}


def project_in(folder: Path) -> Path:
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name)
    return folder


def draft(project: Path, name: str, lang: str, *more: str, code: int = 0) -> str:
    given = ["--lang", lang] if lang in ("nl", "en") else []
    arguments = ["draft", name, "--text", str(CASES / f"{lang}.txt"), *given, "--project", str(project), *more]
    run: Result = CliRunner().invoke(main, arguments)
    assert run.exit_code == code, run.output
    return run.output


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = project_in(tmp_path_factory.mktemp("project"))
    for lang in ("nl", "en"):
        draft(project, f"haven-{lang}", lang, "--report", str(project / f"{lang}.html"))
    draft(project, "mobiliteit", "mobiliteit")
    return project


def proposals(project: Path, name: str) -> ox.Store:
    """Return a store with all proposals of a draft confirmed."""
    store = ox.Store()
    for path in sorted((project / "data" / f"_{name}").rglob("*.ttl")):
        store.load(confirmed(path.read_text("utf-8")), ox.RdfFormat.TURTLE)
    return store


def said(store: ox.Store, subject: str) -> set[tuple[str, str]]:
    """Return property and value of what is proposed of a thing, shortened."""
    quads = store.quads_for_pattern(ox.NamedNode(ID + subject), None, None, None)
    shorter = ((KB, "kb:"), (SKOS, "skos:"), (DCT, "dct:"), (ID, ""), (RDF_TYPE, "a"))
    pairs = set()
    for quad in quads:
        predicate, value = quad.predicate.value, quad.object.value
        for space, prefix in shorter:
            predicate, value = predicate.replace(space, prefix), value.replace(space, prefix)
        pairs.add((predicate, value))
    return pairs


def of_kind(store: ox.Store, kind: str) -> set[str]:
    subjects = (quad.subject.value for quad in store.quads_for_pattern(None, None, None, None))
    return {subject.removeprefix(f"{ID}{kind}/") for subject in subjects if subject.startswith(f"{ID}{kind}/")}


def test_what_the_graph_knows_is_found_in_plural_and_contracted(project: Path) -> None:
    store = proposals(project, "haven-nl")
    assert of_kind(store, "occupation") >= {"elektricien", "werkvoorbereider", "procesoperator", "loodgieter"}
    assert said(store, "occupation/elektricien") == {
        ("a", "kb:Occupation"),
        ("skos:inScheme", "scheme/occupation"),
        ("kb:asPrinted", "elektriciens"),
        ("dct:source", "passage/haven-nl/sopening-p2-4"),
        ("dct:source", "passage/haven-nl/sopening-p4-2"),
    }
    assert of_kind(store, "substance") >= {"zonne-energie", "windenergie", "aardgas", "groene-waterstof"}


def test_a_figure_has_value_unit_qualifier_and_period(project: Path) -> None:
    store = proposals(project, "haven-nl")
    vacancies = said(store, "figure/haven-nl/ruim-1-200-vacatures-sopening-p2-3")
    assert vacancies >= {
        ("kb:value", "1200"),
        ("kb:unit", "unit/vacatures"),
        ("kb:quantityKind", "quantity-kind/vacatures"),
        ("kb:qualifier", "qualifier/just-over"),
        ("kb:period", "period/2024"),
        ("kb:about", "occupation/procesoperator"),
        ("kb:asPrinted", "ruim 1.200 vacatures"),
    }
    fall = said(store, "figure/haven-nl/40-kton-co2-sopening-p6-1")
    assert fall >= {
        ("kb:basePeriod", "period/2016"),
        ("kb:direction", "direction/decrease"),
        ("kb:unit", "unit/kton-co2"),
    }
    share = said(store, "figure/haven-nl/zo-n-15-sopening-p4-3")
    assert share >= {("kb:value", "15"), ("kb:unit", "unit/procent"), ("kb:period", "period/2037")}
    assert ("kb:value", "75") in said(store, "figure/haven-nl/drie-kwart-sopening-p4-4")
    assert len(of_kind(store, "figure")) == 5, "years are no figures"


def test_a_year_that_is_no_period_yet_is_proposed_as_ours(project: Path) -> None:
    period = said(proposals(project, "haven-nl"), "period/2037")
    assert period >= {("a", "kb:Period"), ("skos:prefLabel", "2037"), ("skos:notation", "2037")}
    assert (project / "data" / "_haven-nl" / "editorial" / "periods.ttl").is_file()


def test_patterns_propose_signals_and_relations(project: Path) -> None:
    store = proposals(project, "haven-nl")
    shortage = said(store, "signal/haven-nl/tekort-aan-elektriciens-en-werkvoorbereiders-sopening-p2-4")
    assert shortage >= {
        ("kb:signalKind", "signal-kind/shortage"),
        ("kb:affects", "occupation/elektricien"),
        ("kb:affects", "occupation/werkvoorbereider"),
    }
    assert ("kb:involves", "occupation/elektricien") in said(store, "climate-table/industrie")
    assert ("kb:replaces", "substance/aardgas") in said(store, "substance/windenergie")
    assert said(store, "statement/haven-nl/windenergie-replaces-aardgas") >= {
        ("dct:source", "passage/haven-nl/sopening-p5-1")
    }


def test_names_of_their_own_are_proposed_and_sentence_beginnings_are_not(project: Path) -> None:
    assert of_kind(proposals(project, "haven-nl"), "organisation") == {"havenbedrijf-duinmond", "stichting-zandplaat"}
    assert of_kind(proposals(project, "haven-en"), "organisation") == {"sandbank-foundation"}


def test_an_english_text_is_read_by_its_own_language(project: Path) -> None:
    store = proposals(project, "haven-en")
    assert of_kind(store, "occupation") == {"elektricien", "loodgieter"}
    assert ("kb:asPrinted", "plumbers") in said(store, "occupation/loodgieter")
    homes = said(store, "figure/haven-en/seven-million-homes-sopening-p3-1")
    assert homes >= {("kb:value", "7000000"), ("kb:unit", "unit/huizen"), ("skos:prefLabel", "seven million homes")}
    shortage = said(store, "signal/haven-en/shortage-of-plumbers-and-electricians-sopening-p2-4")
    assert ("kb:affects", "occupation/loodgieter") in shortage


def test_a_text_that_was_written_after_the_code_is_drafted_without_esco_too(project: Path) -> None:
    store = proposals(project, "mobiliteit")
    occupations = {"elektricien", "laadpaalmonteur", "werkvoorbereider", "calculator"}
    assert of_kind(store, "occupation") >= occupations
    assert "demonteur" not in of_kind(store, "occupation"), '"de monteurs" are two words'
    assert of_kind(store, "organisation") >= {"vervoersbedrijf-kruisland", "wielwerk"}
    vacancies = said(store, "figure/mobiliteit/ruim-3-400-vacatures-sopening-p3-2")
    assert vacancies >= {("kb:value", "3400"), ("kb:qualifier", "qualifier/just-over")}
    assert not [pair for pair in vacancies if pair[0] == "kb:period"], "the first quarter of 2024 is not 2024"
    (found,) = [iri for iri in of_kind(store, "signal") if "moeilijk" in iri]
    assert ("kb:claimedBy", "organisation/wielwerk") in said(store, f"signal/{found}")


def test_each_line_says_its_passage_and_the_line_of_the_text(project: Path) -> None:
    lines = [
        line
        for path in (project / "data" / "_haven-nl").glob("*.ttl")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(f"{MARK}    ")
        and not re.search(r" (a kb:\w+|skos:inScheme \S+|rdf:\w+ \S+) ;$|    \.$", line)
    ]
    assert len(lines) > 60
    assert [line for line in lines if not re.search(r";  # (sopening-p\d+-\d+ line \d+(, )?)+$", line)] == []


def test_nothing_of_a_draft_is_loaded(project: Path, tmp_path: Path) -> None:
    folder = project / "data" / "_haven-nl"
    assert [source for source in find_sources(project) if folder in source.path.parents] == []
    assert [one for one in find_inputs([project / "data"]) if "_haven-nl" in str(one.path)] == [], "nor checked"
    graph = build(project)
    assert not list(graph.store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH + "haven-nl")))
    assert len(graph.store) == len(build(ROOT).store)
    marked = [path for path in folder.rglob("*.ttl") if MARK in path.read_text("utf-8")]
    loaded = [quad for path in marked for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]
    assert marked, "a draft has proposals"
    assert loaded == [], "not even where the folder is renamed as it is"


def test_a_draft_never_overwrites(project: Path) -> None:
    folder = project / "data" / "_haven-nl"
    before = {path: path.read_bytes() for path in folder.rglob("*.ttl")}
    assert "it exists" in draft(project, "haven-nl", "nl", code=2)
    assert "industrie-2023: it exists" in draft(project, "industrie-2023", "nl", code=2)
    assert {path: path.read_bytes() for path in folder.rglob("*.ttl")} == before
    assert not (project / "data" / "_industrie-2023").exists()


def test_two_drafts_are_the_same_bytes_whatever_the_hashes(project: Path, tmp_path: Path) -> None:
    project_in(tmp_path / "again")
    command = [sys.executable, "-m", "kg", "draft", "haven-nl", "--text", str(CASES / "nl.txt"), "--report", "nl.html"]
    run = subprocess.run(command, cwd=tmp_path / "again", capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stderr == "", "progress is for a terminal"
    first, again = (folder / "data" / "_haven-nl" for folder in (project, tmp_path / "again"))
    contents = [{path.relative_to(top): path.read_bytes() for path in top.rglob("*.ttl")} for top in (first, again)]
    assert contents[0] == contents[1]
    assert (project / "nl.html").read_bytes() == (tmp_path / "again" / "nl.html").read_bytes()


@pytest.mark.parametrize("lang", ["nl", pytest.param("en", marks=pytest.mark.check)])
def test_a_draft_with_all_marks_taken_away_is_valid_save_for_what_people_add(
    project: Path, tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirming = project_in(tmp_path / "project")
    folder = confirming / "data" / f"haven-{lang}"
    shutil.copytree(project / "data" / f"_haven-{lang}", folder)
    for path in folder.rglob("*.ttl"):
        path.write_text(confirmed(path.read_text("utf-8")), "utf-8")
    monkeypatch.chdir(confirming)
    context = [word for name in ("data", "ontology") for word in ("--context", str(confirming / name))]
    run = CliRunner().invoke(main, ["validate", str(folder), *context, "--no-cache", "--format", "json"])
    findings = json.loads(run.stdout)["findings"]
    serious = [one for one in findings if one["severity"] != "info" and f"haven-{lang}" in one["file"]]
    rules = {one["shape"].rpartition("#")[2] for one in serious}
    assert rules <= LEFT_TO_PEOPLE, [one for one in serious if one["shape"].rpartition("#")[2] not in LEFT_TO_PEOPLE]
    assert {"Publication-publisher", "nameEnglish" if lang == "nl" else "nameDutch"} <= rules
    named = {one["shape"].rpartition("#")[2] for one in findings if "/occupation/" in str(one.get("focus", ""))}
    assert named & {"nameDutch", "nameEnglish"} == set(), "what is known has its names"


def test_no_sentence_of_the_text_stands_in_the_draft(project: Path) -> None:
    words = re.findall(r"\w+", (CASES / "nl.txt").read_text("utf-8"))
    runs = {" ".join(words[at : at + 9]) for at in range(len(words) - 8)}
    for path in (project / "data" / "_haven-nl").rglob("*.ttl"):
        written = " ".join(re.findall(r"\w+", path.read_text("utf-8")))
        assert [run for run in runs if run in written] == [], path


@pytest.mark.parametrize(("lang", "title"), [("nl", "Vakmensen voor waterstof in de haven"), ("en", "Skilled people")])
def test_the_report_shows_text_and_proposals_without_scripts(project: Path, lang: str, title: str) -> None:
    page = (project / f"{lang}.html").read_text("utf-8")
    assert f'<html lang="{lang}">' in page
    assert f"<h1>{title}" in page
    assert not re.search(r"<script|\bsrc=|\bhref=|\bon\w+=|url\(|@import", page)
    rows = re.findall(r'<tr id="([^"]+)"><td>(\d+)</td><td>(.*?)</td><td>(.*?)</td></tr>', page)
    cells = {slug: (line, text, found) for slug, line, text, found in rows}
    assert len(cells) == page.count("<tr ") > 5
    line, text, found = cells["sopening-p2-4"]
    assert line == "3"
    kind, name, ties = {
        "nl": ("beroep (bekend)", "elektricien", "raakt"),
        "en": ("occupation (known)", "electrician", "affects"),
    }[lang]
    assert name in text
    assert f"{name}s: {name}, {kind}" in found
    assert f" - {ties} - {name}" in found


def test_what_is_confirmed_of_a_draft_is_found_in_the_text(project: Path, tmp_path: Path) -> None:
    confirming = project_in(tmp_path / "project")
    folder = confirming / "data" / "haven-nl"
    shutil.copytree(project / "data" / "_haven-nl", folder)
    for path in folder.rglob("*.ttl"):
        path.write_text(confirmed(path.read_text("utf-8")), "utf-8")
    run = CliRunner().invoke(main, ["evidence", "--text", str(CASES / "nl.txt"), "--project", str(confirming)])
    assert run.exit_code == 0, run.output
    assert run.output.count("not found") == 1, "that no passage was not found"


def test_two_equal_numbers_of_one_passage_are_two_figures(project: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Vacatures\n\nEr zijn vacatures voor lassers (4.400) en elektriciens (4.400).\n", "utf-8")
    run = CliRunner().invoke(main, ["draft", "gelijk", "--text", str(text), "--project", str(project)])
    store = proposals(project, "gelijk")
    shutil.rmtree(project / "data" / "_gelijk")
    assert run.exit_code == 0, run.output
    about = {
        value for iri in of_kind(store, "figure") for name, value in said(store, f"figure/{iri}") if name == "kb:about"
    }
    assert about == {"occupation/lasser", "occupation/elektricien"}
    assert len(of_kind(store, "figure")) == 2


def test_what_a_text_says_is_escaped_in_the_report(project: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Titel\n\nVolgens <script>alert(1)</script> & Zonen is 15% <b>nodig</b>.\n", "utf-8")
    arguments = [
        "draft",
        "vreemd",
        "--text",
        str(text),
        "--project",
        str(project),
        "--report",
        str(tmp_path / "r.html"),
    ]
    run = CliRunner().invoke(main, arguments)
    shutil.rmtree(project / "data" / "_vreemd")
    assert run.exit_code == 0, run.output
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_every_term_of_the_patterns_exists() -> None:
    table = read_toml(ROOT / "data" / "_template" / "drafting.toml")
    named = {name for words in (table["proper"], table["unnamed"], table["counted"]) for name in words}
    named |= {*table["vocabularies"].values(), *table["symbols"].values()}
    for pattern in table["pattern"]:
        named |= {pattern["predicate"], *pattern.get("with", {}), *pattern.get("with", {}).values()}
        named |= {name for name in (pattern.get("class", ""), pattern.get("subject", "")) if ":" in name}
    store = build(ROOT).store
    terms = {name: ox.NamedNode(expanded(name)) for name in named}
    missing = [name for name, term in terms.items() if not any(store.quads_for_pattern(term, None, None, None))]
    assert missing == []
    assert all(Words.read(ROOT / "data" / "_template", lang).patterns for lang in ("nl", "en"))
    assert {name: set(table["nl"]) - set(table["en"]) for name in ("lists",)} == {"lists": set()}


@pytest.mark.parametrize(
    ("content", "what"), [("[nl]\n", "missing or malformed"), ("[nl", "not TOML"), (None, "No such file")]
)
def test_broken_patterns_are_an_error_that_names_the_file(tmp_path: Path, content: str | None, what: str) -> None:
    project = project_in(tmp_path)
    file = project / "data" / "_template" / "drafting.toml"
    file.unlink() if content is None else file.write_text(content, "utf-8")
    output = draft(project, "haven-nl", "nl", code=2)
    assert str(file) in output
    assert what in output
    assert not (project / "data" / "_haven-nl").exists()


@pytest.mark.text
def test_the_numbers_of_the_page_are_those_that_the_bench_prints() -> None:
    command = [sys.executable, "bench/draft.py", "--print", "energiesysteem-2022-anp"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    rows = [line for line in run.stdout.splitlines() if line.startswith("| energiesysteem")]
    written = (ROOT / "docs" / "draft.md").read_text("utf-8").splitlines()
    assert len(rows) > 20
    assert [row for row in rows if row not in written] == [], "run bench/draft.py, which writes the page"
