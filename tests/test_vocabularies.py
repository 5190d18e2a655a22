"""Vocabularies of others: ESCO and lists of codes, imported whole or not at all, and the part around our links."""

from __future__ import annotations

import lzma
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT
from peak import run_kg

from kg.errors import SourceError
from kg.graph.build import Graph, fill_store
from kg.graph.mappings import find_mappings
from kg.graph.sources import find_packed, parse
from kg.linking.code_lists import CodeList
from kg.linking.csv_reader import Sheet
from kg.linking.esco import EscoFolder
from kg.linking.extract import Neighbourhood, whole
from kg.linking.imported import graph_of, write
from kg.namespaces import DCT, GRAPH, RDF_TYPE, SKOS
from kg.rdf_terms import objects

E = "http://data.europa.eu/esco/"
ATTRIBUTION = "This service uses the ESCO classification of the European Commission."
FILES = {
    "ISCOGroups_en": "conceptType,conceptUri,code,preferredLabel,altLabels,description\n"
    f"ISCOGroup,{E}isco/C75,75,Food workers,,\nISCOGroup,{E}isco/C7512,7512,Bakers,,\n",
    "occupations_en": "conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,description,code\n"
    f'{E}occupation/b,7512,baker,"bread baker\nbaker",,Bakes.,7512.1\n'
    f"{E}occupation/m,7512,master baker,,,,7512.1.1\n",
    "occupations_nl": "conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,description,code\n"
    f"{E}occupation/b,7512,bakker,,,,7512.1\n{E}occupation/m,7512,meesterbakker,,,,7512.1.1\n",
    "ISCOGroups_nl": f"conceptUri,code,preferredLabel,altLabels,description\n{E}isco/C7512,7512,Bakkers,,\n",
    "skillGroups_en": f"conceptUri,preferredLabel,altLabels,description,code\n{E}isced-f/07,engineering,,,07\n",
    "skillGroups_nl": f"conceptUri,preferredLabel,altLabels,description,code\n{E}isced-f/07,techniek,,,07\n",
    "skills_en": "conceptUri,skillType,reuseLevel,preferredLabel,altLabels,description\n"
    f"{E}skill/k,skill/competence,cross-sector,knead dough,,\n{E}skill/f,knowledge,,flour,,\n",
    "skills_nl": "conceptUri,skillType,reuseLevel,preferredLabel,altLabels,description\n"
    f"{E}skill/k,skill/competence,cross-sector,deeg kneden,,\n",
    "broaderRelationsOccPillar": f"conceptUri,broaderUri\n{E}occupation/b,{E}isco/C7512\n"
    f"{E}occupation/m,{E}occupation/b\n{E}isco/C7512,{E}isco/C75\n",
    "broaderRelationsSkillPillar": f"conceptUri,broaderUri\n{E}skill/k,{E}skill/f\n",
    "greenSkillsCollection_en": f"conceptUri\n{E}skill/f\n",
    "digitalSkillsCollection_en": "conceptUri\n",
    "occupationSkillRelations": "occupationUri,relationType,skillUri\n"
    f"{E}occupation/m,essential,{E}skill/k\n{E}occupation/m,optional,{E}skill/f\n",
    "skillSkillRelations": f"originalSkillUri,relationType,relatedSkillUri\n{E}skill/k,optional,{E}skill/f\n",
}
BAD = {
    "a file is missing": ("skills_en", None, "missing: skills_en.csv"),
    "a column is gone": ("skills_en", "conceptUri,label\n", "skills_en.csv:1: no column preferredLabel, altLabels"),
    "a row stands twice": (
        "occupationSkillRelations",
        FILES["occupationSkillRelations"] + f"{E}occupation/m,optional,{E}skill/f\n",
        "occupationSkillRelations.csv:4: row 3: .* stands already in row 2",
    ),
    "a bad IRI": (
        "occupations_en",
        FILES["occupations_en"] + "occupation 7,7512,x,,,,1\n",
        "occupations_en.csv:5: row 3: conceptUri is no IRI: occupation 7",
    ),
    "a bad code": (
        "occupations_en",
        FILES["occupations_en"] + f"{E}occupation/x,7 5<,x,,,,1\n",
        "row 3: iscoGroup is no code: 7 5<",
    ),
    "too few cells": ("skills_en", FILES["skills_en"] + "x,y\n", "skills_en.csv:4: row 3: 2 cells under 6 columns"),
    "another relation": (
        "skillSkillRelations",
        FILES["skillSkillRelations"].replace("optional", "perhaps"),
        "row 1: relationType is perhaps",
    ),
    "an open quotation mark": ("skills_en", FILES["skills_en"] + '"x,y\n', "skills_en.csv:.*: no CSV"),
}


@pytest.fixture
def esco(tmp_path: Path) -> Path:
    folder = tmp_path / "ESCO dataset - v1.2.0"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text("\ufeff" + text, "utf-8")
    return folder


def kg(*arguments: str, code: int = 0) -> str:
    run = subprocess.run([sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, timeout=120)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stderr if code else run.stdout


def test_esco_becomes_a_named_graph(esco: Path, tmp_path: Path) -> None:
    into = tmp_path / "out.nq"
    said = kg("import", "esco", str(esco), "--into", str(into))
    store = ox.Store()
    store.load(path=str(into), format=ox.RdfFormat.N_QUADS)
    assert said == f"{len(store)} triples in {into}, graph <{graph_of('esco', '1.2.0')}>\n"
    assert [name.value for name in store.named_graphs()] == [graph_of("esco", "1.2.0")]
    text = into.read_text("utf-8")
    baker = f"<{E}occupation/b> <{SKOS}"
    assert f'{baker}prefLabel> "bakker"@nl' in text
    assert f'{baker}altLabel> "bread baker"@en' in text
    assert f'{baker}altLabel> "baker"@en' not in text
    assert f"<{E}occupation/m> <{E}model#relatedEssentialSkill> <{E}skill/k>" in text
    assert f"<{E}skill/f> <{E}model#optionalForSkill> <{E}skill/k>" in text
    assert f"<{E}skill/f> <{SKOS}inScheme> <{E}concept-scheme/green>" in text


@pytest.mark.parametrize(("name", "text", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_says_file_and_row_and_leaves_nothing(
    name: str, text: str | None, sentence: str, esco: Path, tmp_path: Path
) -> None:
    path, into = esco / f"{name}.csv", tmp_path / "kept.nq"
    into.write_text("# what was there\n")
    path.unlink() if text is None else path.write_text(text, "utf-8")
    with pytest.raises(SourceError, match=sentence):
        write(EscoFolder(esco).statements(), "urn:g", into)
    assert into.read_text() == "# what was there\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [esco.name, "kept.nq"]


def test_a_file_that_is_not_utf_8_says_so(esco: Path) -> None:
    (esco / "skills_en.csv").write_bytes(FILES["skills_en"].encode() + b"\xff\n")
    with pytest.raises(SourceError, match=r"skills_en\.csv: not UTF-8"):
        list(EscoFolder(esco).statements())


def test_a_folder_without_esco_and_a_version_that_nobody_says(tmp_path: Path, esco: Path) -> None:
    assert "no occupations_<language>.csv" in kg("import", "esco", str(tmp_path), "--version", "1", code=2)
    plain = shutil.move(esco, tmp_path / "plain")
    assert "give --version" in kg("import", "esco", str(plain), code=2)


def test_into_a_store_replaces_the_graph_and_keeps_the_others(esco: Path, tmp_path: Path) -> None:
    into = tmp_path / "store"
    first = write(EscoFolder(esco).statements(), "urn:esco", into)
    write(list(EscoFolder(esco).broader("broaderRelationsOccPillar")), "urn:other", into)
    write(EscoFolder(esco).statements(), "urn:esco", into)
    store = ox.Store.read_only(str(into))
    assert len(store) == first.triples + 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [esco.name, "store"]


def test_a_folder_that_is_no_store_is_not_touched(esco: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(SourceError, match="it is no Oxigraph store"):
        write(EscoFolder(esco).statements(), "urn:esco", tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{number}\n" for number in range(2500)))
    told: list[tuple[str, int]] = []
    assert sum(1 for _ in Sheet(tmp_path / "a.csv", ["x"]).rows(lambda *one: told.append(one))) == 2500
    assert told == [("a.csv", 1000), ("a.csv", 2000)]


def test_what_is_around_the_links(esco: Path) -> None:
    linked = frozenset({f"{E}occupation/m", f"{E}isced-f/07"})
    files = Neighbourhood(EscoFolder(esco), "1.2.0", linked).files(("concepts", "skills"))
    assert set(files) == {"occupations.ttl", "isco.ttl", "isced-f.ttl", "skills.ttl", "occupation-skills.ttl"}
    assert 'skos:prefLabel "master baker"@en , "meesterbakker"@nl ;' in files["occupations.ttl"]
    assert "esco-occupation:b\n" in files["occupations.ttl"]
    assert "skos:broader isco:C75" in files["isco.ttl"]
    assert "Bakes" not in "".join(files.values())
    assert "skos:inScheme esco-scheme:green" in files["skills.ttl"]
    assert files == Neighbourhood(EscoFolder(esco), "1.2.0", linked).files(("concepts", "skills"))


def test_all_of_esco_in_one_packed_file(esco: Path, tmp_path: Path) -> None:
    arguments = ("extract", "esco", str(esco), "--part", "whole", "--into")
    said = kg(*arguments, str(tmp_path / "one"))
    kg(*arguments, str(tmp_path / "two"))
    file, again = (tmp_path / folder / "esco-1.2.0.ttl.xz" for folder in ("one", "two"))
    assert said == f"{file}: {file.stat().st_size:,} bytes\n"
    assert file.read_bytes() == again.read_bytes()
    triples = [quad.triple for quad in parse(file)]
    title = lzma.decompress(file.read_bytes()).decode().partition("\n")[0]
    assert title == f"# All of ESCO 1.2.0: {len(triples)} triples. {ATTRIBUTION}"
    stated = {(str(triple.subject), triple.predicate.value, str(triple.object)) for triple in triples}
    assert (f"<{E}occupation/m>", f"{E}model#relatedEssentialSkill", f"<{E}skill/k>") in stated
    assert (f"<{E}skill/f>", f"{SKOS}inScheme", f"<{E}concept-scheme/green>") in stated
    assert (f"<{E}occupation/b>", f"{SKOS}prefLabel", '"bakker"@nl') in stated
    assert not [triple for triple in triples if triple.predicate.value.endswith("description")]
    assert "--part whole goes alone" in kg(*arguments, str(tmp_path), "--part", "skills", code=2)


def test_a_download_without_skills_gives_what_it_has(esco: Path, tmp_path: Path) -> None:
    for name in ("skills_en", "skills_nl", "greenSkillsCollection_en", "occupationSkillRelations"):
        (esco / f"{name}.csv").unlink()
    kg("extract", "esco", str(esco), "--part", "whole", "--into", str(tmp_path))
    types = {quad.object.value for quad in parse(tmp_path / "esco-1.2.0.ttl.xz") if quad.predicate.value == RDF_TYPE}
    assert types == {f"{SKOS}Concept", f"{E}model#Occupation", f"{E}model#ISCOGroup", f"{E}model#SkillGroup"}


def test_what_the_catalogue_says_of_esco_as_a_whole_is_so(graph: Graph) -> None:
    store = fill_store(find_packed(ROOT))
    old, new = (set(_instances(store, version, "Occupation")) for version in ("1.1.1", "1.2.0"))
    with_skills = {
        quad.subject
        for name in ("Essential", "Optional")
        for quad in store.quads_for_pattern(None, ox.NamedNode(f"{E}model#related{name}Skill"), None, None)
    }
    assert old < with_skills
    assert len(with_skills - old) == 1, "docs/linking.md speaks of one IRI that no file describes"
    said = {
        version: {value.language: value.value for value in _said(graph.store, version, "description")}
        for version in ("1.1.1", "1.2.0")
    }
    assert len(old - new) == 3
    assert " Three of its occupations are not in ESCO 1.2.0, and so have no Dutch name" in said["1.1.1"]["en"]
    assert f" {len(new - old)} of its occupations are not in ESCO 1.1.1, and so have no skills" in said["1.2.0"]["en"]
    assert f" {len(new - old)} van de beroepen staan niet in ESCO 1.1.1" in said["1.2.0"]["nl"]
    assert "Drie van de beroepen staan niet in ESCO 1.2.0" in said["1.1.1"]["nl"]
    for version in ("1.1.1", "1.2.0"):
        rights = {value.language: value.value for value in _said(graph.store, version, "rights")}
        assert rights["en"] == ATTRIBUTION
        assert rights.keys() == {"nl", "en"}, "the conditions of an answer are in the language of its page"


def _instances(store: ox.Store, version: str, kind: str) -> list[ox.NamedNode]:
    name = ox.NamedNode(graph_of("esco", version))
    return [
        quad.subject
        for quad in store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(f"{E}model#{kind}"), name)
    ]


def _said(store: ox.Store, version: str, name: str) -> list[ox.Literal]:
    return list(objects(store, ox.NamedNode(graph_of("esco", version)), DCT + name))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"abc", "no whole xz file: Input format not supported"),
        (lzma.compress(b"<urn:a> <urn:b> 1 ." * 9)[:-20], "no whole xz file: Compressed file ended"),
        (lzma.compress(b"<urn:a> <urn:b>\nc ."), r"x\.ttl\.xz:2:1: "),
    ],
)
def test_a_broken_packed_file_says_so(data: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "imported" / "x.ttl.xz"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=sentence):
        fill_store(find_packed(tmp_path))
    with pytest.raises(SourceError, match=sentence):
        list(parse(path))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("sbi", "SBI,Omschrijving\n01,a\n01,b\n", "row 2: 01 stands already in row 1"),
        ("sbi", "SBI,Omschrijving\n0 1,a\n", "SBI is no code: 0 1"),
        ("crebo", "a,b\n", "no column dossier_crebo"),
        ("isced-f", "uri,code,nl,en\nx,01,a,b\n", "uri is no IRI: x"),
        ("isco-brc", "isco08_unit,isco08_unit_label,brc_group,brc_group_label,brc_class\n1,,2,b,3\n", "label is empty"),
    ],
)
def test_bad_lists(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8")
    assert sentence in kg("import", name, str(tmp_path / "list.csv"), "--into", str(tmp_path / "o.nq"), code=2)
    assert not (tmp_path / "o.nq").exists()


@pytest.mark.parametrize("version", ["1.1.1", "1.2.0"])
def test_linked_occupations_stand_in_both_graphs(version: str, graph: Graph) -> None:
    name = ox.NamedNode(f"{GRAPH}esco-{version}")
    here = {quad.subject for quad in graph.store.quads_for_pattern(None, None, None, name)}
    links = {row.value for file in find_mappings(ROOT) for row in file.mappings.rows}
    missing = {link for link in links if link.value.startswith(f"{E}occupation/")} - here
    assert not missing, "run kg extract esco"


@pytest.mark.text
@pytest.mark.parametrize(("folder", "part"), [("esco-1.2.0-nl-en", "concepts"), ("esco-1.1.1-en", "skills")])
def test_the_neighbourhood_is_what_the_command_makes_now(folder: str, part: str, shared: Path, tmp_path: Path) -> None:
    kg("extract", "esco", str(shared / "vocab" / folder), "--part", part, "--into", str(tmp_path))
    for path in tmp_path.iterdir():
        kept = ROOT / "data" / folder.removesuffix("-en").removesuffix("-nl") / path.name
        assert path.read_bytes() == kept.read_bytes(), f"{path.name}: run kg extract esco"


@pytest.mark.text
@pytest.mark.parametrize("folder", ["esco-1.1.1-en", "esco-1.2.0-nl-en"])
def test_all_of_esco_is_what_the_command_makes_now(folder: str, shared: Path) -> None:
    download = EscoFolder(shared / "vocab" / folder)
    kept = ROOT / "data" / "imported" / f"esco-{download.version()}.ttl.xz"
    made = whole(download, download.version())
    assert lzma.decompress(made) == lzma.decompress(kept.read_bytes()), "run kg extract esco --part whole"


@pytest.mark.text
def test_whole_esco_in_a_minute_and_a_gigabyte(shared: Path, tmp_path: Path) -> None:
    begin = time.perf_counter()
    folder, into = str(shared / "vocab" / "esco-1.1.1-en"), str(tmp_path / "store")
    done, peak = run_kg("import", "esco", folder, "--into", into)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - begin < 60
    assert peak < 1 << 20


def in_foreground() -> None:
    """Let an interrupt end the process, as a shell does; what runs in the background would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.text
def test_an_interrupt_leaves_what_was_there(shared: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.nq"
    kept.write_text("# what was there\n")
    command = [sys.executable, "-m", "kg", "import", "esco", shared / "vocab" / "esco-1.1.1-en", "--into", kept]
    until = time.monotonic() + 60
    while time.monotonic() < until:  # On a busy machine an import may end before the test gets its turn.
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=in_foreground) as run:
            while not list(tmp_path.glob(".kept.nq-*")) and run.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            run.send_signal(signal.SIGINT)
            said = run.communicate(timeout=300)[1]
        if run.returncode != 0:
            break
        kept.write_text("# what was there\n")
    assert "interrupted" in said
    assert run.returncode == 2
    assert kept.read_text() == "# what was there\n"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.nq"]


@pytest.mark.text
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("isco-brc", "isco-brc/isco_brc_crosswalk.csv"),
        ("crebo", "crebo/crebo_kwalificaties_2015.csv"),
        ("isced-f", "other/isced-f_2013_nl_en.csv"),
        ("sbi", "other/sbi2008_leaf_codes_nl_utf8.csv"),
    ],
)
def test_links_have_the_labels_of_their_list(name: str, file: str, shared: Path) -> None:
    labels: dict[str, set[str]] = {}
    for subject, predicate, value in CodeList.from_name(name).read(shared / "vocab" / file):
        if predicate.value == SKOS + "prefLabel":
            labels.setdefault(subject.value, set()).add(value.value)
    rows = [row for one in find_mappings(ROOT) for row in one.mappings.rows if row.value.value in labels]
    if name == "isco-brc":
        rows = [row for row in rows if "brc-2014" in row.value.value]
    assert rows
    assert [row for row in rows if row.cells["object_label"] not in labels[row.value.value]] == []
