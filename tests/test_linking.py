"""Labels to candidates: the index, its features, `match`, and `kg link` with its three formats."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph.sssom import read_sssom
from kg.linking.candidates import Wanted
from kg.linking.compounds import Splitter, folded
from kg.linking.entries import Entry, Label, entries_of_store
from kg.linking.index import Index
from kg.linking.unmapped import suggest_unmapped
from kg.namespaces import ID, KB

OCCUPATION = KB + "Occupation"


def entry(name: str, *others: str, isco: str = "", kind: str = OCCUPATION, lang: str = "nl") -> Entry:
    labels = [Label(name, lang, "prefLabel"), *(Label(other, lang, "altLabel") for other in others)]
    return Entry(f"urn:{name.replace(' ', '-')}", (kind,), tuple(labels), (isco,) if isco else ())


INDEX = Index.of(
    (
        entry("lasser", "machinaal lasser", isco="7212"),
        entry("monteur elektrotechniek", isco="7412"),
        entry("onderhoudsmonteur", isco="7233"),
        entry("onderhoud", kind=KB + "Field"),
        entry("calculator", isco="2149"),
        entry("Calculator", "berekenaar", kind=KB + "OccupationGroup"),
        entry("welder", lang="en"),
        Entry("urn:coded", (OCCUPATION,), (Label("met code", "nl", "prefLabel"), Label("7212.3", "", "notation"))),
    )
)


def test_an_exact_label_matches() -> None:
    best = INDEX.search("Lasser")[0]
    assert (best.entry.iri, best.score, best.match) == ("urn:lasser", 100.0, True)
    assert best.features["exact"] == 1.0


def test_a_code_matches() -> None:
    best = INDEX.search("7212.3", Wanted(lang="en"))[0]
    assert (best.entry.iri, best.match) == ("urn:coded", True)


def test_a_label_of_several_things_does_not_match_unless_the_class_decides() -> None:
    assert not any(one.match for one in INDEX.search("calculator"))
    best = INDEX.search("calculator", Wanted(frozenset({"occupation"})))[0]
    assert (best.entry.iri, best.match) == ("urn:calculator", True)


def test_another_name_matches_only_where_nothing_comes_near() -> None:
    best = INDEX.search("machinaal lasser")[0]
    assert (best.entry.iri, best.match, best.features["altLabel"]) == ("urn:lasser", True, 1.0)
    like = Index.of([entry("lasser", "machinaal lasser"), entry("machinale lasser")])
    assert not any(one.match for one in like.search("machinaal lasser"))
    shared = Index.of([entry("lasser", "smid"), entry("metaalbewerker", "smid")])
    assert not any(one.match for one in shared.search("smid"))


def test_a_compound_of_which_only_the_end_is_known_is_found_by_that_and_never_matches() -> None:
    jobs = [entry("monteur"), entry("laadpleinen", kind=KB + "Field"), entry("laadpleinmonteur", kind=KB + "Skill")]
    best = Index.of(jobs).search("laadpleinmonteur", Wanted(frozenset({"occupation"})))[0]
    assert (best.entry.iri, best.match, best.features["exact"]) == ("urn:monteur", False, 0.0)


def test_a_compound_is_found_by_its_parts() -> None:
    best = INDEX.search("monteur onderhoud")[0]
    assert best.entry.iri == "urn:onderhoudsmonteur"
    assert best.features["overlap"] == 1.0
    assert not best.match


@pytest.mark.parametrize(
    ("known", "word", "parts"),
    [
        (["onderhoud", "monteur"], "onderhoudsmonteur", ("onderhoud", "monteur")),
        (["proces", "operator"], "procesoperator", ("proces", "operator")),
        (
            ["elektriciteit", "net", "beheerder", "netbeheerder"],
            "elektriciteitsnetbeheerder",
            ("elektriciteit", "netbeheerder"),
        ),
        (["monteur"], "onderhoudsmonteur", ("onderhoudsmonteur",)),
    ],
)
def test_splitting(known: list[str], word: str, parts: tuple[str, ...]) -> None:
    assert Splitter(known).split(word) == parts


def test_isco_decides_between_like_ones() -> None:
    with_code = INDEX.search("monteur", Wanted(isco="7412"))[0]
    assert with_code.entry.iri == "urn:monteur-elektrotechniek"
    assert with_code.features["isco"] == 1.0
    assert INDEX.search("lasser", Wanted(isco="2149"))[0].match is False


def test_language_narrows_and_nothing_finds_nothing() -> None:
    assert INDEX.search("welder", Wanted(lang="en"))[0].entry.iri == "urn:welder"
    assert "urn:welder" not in [one.entry.iri for one in INDEX.search("welder", Wanted(lang="nl"))]
    assert INDEX.search(" - ") == []


def test_begins() -> None:
    found = [one.entry.iri for one in INDEX.begins("las")]
    assert found[0] == "urn:lasser"
    assert INDEX.begins("onderh")[0].entry.iri == "urn:onderhoud"


def test_folding() -> None:
    assert folded("  Café-medewerker (m/v)") == "cafe medewerker m v"


def test_the_graph_has_what_people_look_for(graph) -> None:
    index = Index.of(entries_of_store(graph.store))
    best = index.search("procesoperator", Wanted(frozenset({OCCUPATION}), "nl"))[0]
    assert (best.entry.iri, best.match) == (f"{ID}occupation/procesoperator", True)
    assert index.get(best.entry.iri).isco
    assert not [one.iri for one in entries_of_store(graph.store) if "/section/" in one.iri]


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    path = tmp_path / "my titles.csv"
    path.write_text('\ufeffn,title\n1,Procesoperator\n2,"lasser, gespecialiseerd"\n3,\n4,zzzzqqq\n', "utf-8")
    return path


def kg_link(*arguments: str, code: int = 0) -> str:
    run = subprocess.run([sys.executable, "-m", "kg", "link", *arguments], capture_output=True, text=True, timeout=300)
    assert run.returncode == code, run.stderr
    return run.stderr if code else run.stdout


def test_kg_link_csv(titles: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(kg_link(str(titles), "--column", "title", "--limit", "2"))))
    assert [(row["row"], row["rank"]) for row in rows] == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2"), ("4", "")]
    assert rows[0]["id"] == f"{ID}occupation/procesoperator"
    assert rows[0]["exact"] == "1.0"


def test_the_columns_of_kg_link_have_names_of_their_own(titles: Path) -> None:
    columns = kg_link(str(titles), "--column", "title", "--limit", "1").split("\n", 1)[0].split(",")
    assert len(columns) == len(set(columns))


def test_kg_link_json_and_sssom(titles: Path) -> None:
    found = json.loads(kg_link(str(titles), "--column", "title", "--kind", "occupation", "--format", "json"))
    assert found[0]["candidates"][0]["match"] is True
    mappings = read_sssom(kg_link(str(titles), "--column", "title", "--format", "sssom"))
    assert mappings.rows[0].cells["mapping_justification"] == "semapv:LexicalMatching"


@pytest.mark.check
def test_kg_link_errors(titles: Path, tmp_path: Path) -> None:
    assert "no column job\n  hint: columns: n, title" in kg_link(str(titles), "--column", "job", code=2)
    assert "--kind job: use one of" in kg_link(str(titles), "--kind", "job", code=2)
    (tmp_path / "empty.csv").write_text("")
    assert "the file is empty" in kg_link(str(tmp_path / "empty.csv"), code=2)
    assert "No such file" in kg_link(str(tmp_path / "none.csv"), code=2)


MAPPINGS = ROOT / "data" / "mappings"


@pytest.mark.parametrize("name", ["occupations-esco", "occupations-isco"])
def test_rows_for_what_is_not_mapped_can_be_appended(graph, tmp_path: Path, name: str) -> None:
    whole = (MAPPINGS / f"{name}.sssom.tsv").read_text("utf-8")
    mapped = [row for row in read_sssom(whole).rows if not row.value.value.endswith("NoTermFound")]
    removed = mapped[0].subject.value
    short = "\n" + mapped[0].cells["subject_id"] + "\t"
    lines = [line for line in whole.splitlines(keepends=True) if not f"\n{line}".startswith(short)]
    path = tmp_path / f"{name}.sssom.tsv"
    path.write_text("".join(lines), "utf-8")
    index = Index.of(entries_of_store(graph.store))
    assert suggest_unmapped(MAPPINGS / path.name, index, "nl", 3).rows == ()
    found = suggest_unmapped(path, index, "nl", 3)
    assert found.rows
    path.write_text("".join(lines) + "".join(f"{row}\n" for row in found.rows), "utf-8")
    mappings = read_sssom(path.read_text("utf-8"))
    assert mappings.problems == ()
    added = mappings.rows[-len(found.rows) :]
    assert len(mappings.rows) == len(read_sssom("".join(lines)).rows) + len(found.rows)
    assert {row.subject.value for row in added} == {removed}
    assert {row.justification.value.rpartition("/")[2] for row in added} == {"LexicalMatching"}
    assert all(row.cells["subject_id"] == mapped[0].cells["subject_id"] for row in added)


def test_what_has_no_candidate_is_named(graph, tmp_path: Path) -> None:
    path = tmp_path / "levels.sssom.tsv"
    header = (MAPPINGS / "qualifications-crebo.sssom.tsv").read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(header[:-1]), "utf-8")
    lost = header[-1].split("\t")[0]
    found = suggest_unmapped(path, Index.of(entries_of_store(graph.store)), "nl")
    assert (found.rows, lost in found.without) == ((), True)


def test_only_a_sound_mapping_file_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "broken.sssom.tsv"
    path.write_text("no header\n", "utf-8")
    with pytest.raises(SourceError, match="header"):
        suggest_unmapped(path, Index(), "nl")
