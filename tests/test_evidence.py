"""Evidence: what is derived without the text, and what the text proves (marker text)."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.dutch import key, numbers, runs
from kg.endpoint.settings import Settings
from kg.errors import SourceError
from kg.graph.build import Graph, build
from kg.graph.evidence import PLAIN, Evidence, derive
from kg.graph.sources import read
from kg.publications.passages import normal_form, sha256
from kg.publications.text_check import Report, check
from kg.publications.texts import Text
from kg.release.csv_tables import Tables
from kg.web.app import create_app

PREFIXES = """
PREFIX kb: <https://w3id.org/klimaatbanen/def#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX kind: <https://w3id.org/klimaatbanen/id/graph-kind/>
PREFIX graph: <https://w3id.org/klimaatbanen/graph/>
PREFIX id: <https://w3id.org/klimaatbanen/id/>
PREFIX passage-kind: <https://w3id.org/klimaatbanen/id/passage-kind/>
PREFIX : <urn:x:>
"""
CATALOGUE = "GRAPH graph:catalogue { graph:p kb:graphKind kind:stated . graph:ontology kb:graphKind kind:vocabulary }"
BACKED = ":a kb:uses :b ; dct:source :s1 . :b dct:source :s1 , :s2 ."


def store_of(stated: str, more: str = "") -> ox.Store:
    store = ox.Store()
    store.update(f"{PREFIXES} INSERT DATA {{ {CATALOGUE} GRAPH graph:p {{ {stated} }} {more} }}")
    return store


def ways(store: ox.Store) -> dict[str, str]:
    return {" ".join(re.split("[:#]", iri)[-1] for iri in one.triple): one.how for one in Evidence(store).relations}


def kg(*arguments: str, code: int) -> str:
    run = subprocess.run([sys.executable, "-m", "kg", *arguments], capture_output=True, text=True, timeout=300)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


# Which passage backs which statement.


def test_one_pair_that_alone_shares_a_passage_is_derived() -> None:
    store = store_of(BACKED)
    quads = derive(store)
    assert {str(quad.graph_name) for quad in quads} == {"<https://w3id.org/klimaatbanen/graph/p/evidence>"}
    said = {quad.predicate.value.rpartition("/")[2]: quad.object.value for quad in quads}
    assert said["source"] == "urn:x:s1"
    assert said["22-rdf-syntax-ns#type"] == "https://w3id.org/klimaatbanen/def#DerivedStatement"
    assert said["22-rdf-syntax-ns#object"] == "urn:x:b"
    names = {quad.subject.value for quad in quads}
    assert len(names) == 1
    assert re.fullmatch(r"https://w3id.org/klimaatbanen/id/statement/p/derived-[0-9a-f]{12}", names.pop())


def test_pairs_with_one_end_in_common_are_derived() -> None:
    store = store_of(BACKED + ":a kb:uses :c . :c dct:source :s1 .")
    assert ways(store) == {"a uses b": "derived", "a uses c": "derived"}
    assert {one.rule for one in Evidence(store).relations} == {"one-end-in-common"}


def test_pairs_without_an_end_in_common_are_ambiguous() -> None:
    store = store_of(BACKED + ":c kb:uses :d ; dct:source :s1 . :d dct:source :s1 .")
    assert ways(store) == {"a uses b": "ambiguous", "c uses d": "ambiguous"}
    assert derive(store) == []


def test_another_predicate_does_not_make_a_pair_ambiguous() -> None:
    assert ways(store_of(BACKED + ":a kb:produces :b .")) == {"a uses b": "derived", "a produces b": "derived"}


def test_a_second_passage_that_a_pair_shares_alone_backs_it() -> None:
    store = store_of(BACKED + ":a dct:source :s2 . :c kb:uses :d ; dct:source :s1 . :d dct:source :s1 .")
    assert ways(store) == {"a uses b": "derived", "c uses d": "ambiguous"}
    assert [one.passages for one in Evidence(store).relations if one.how == "derived"] == [("urn:x:s2",)]


def test_no_shared_passage_is_unshared() -> None:
    assert ways(store_of(":a kb:uses :b ; dct:source :s1 . :b dct:source :s2 .")) == {"a uses b": "unshared"}


TEXT = """
:s1 kb:sha256 "1" ; kb:firstLine 1 ; kb:inSection :sec ; kb:passageKind passage-kind:heading .
:s2 kb:sha256 "2" ; kb:firstLine 3 ; kb:inSection :sec ; kb:passageKind passage-kind:sentence .
:s3 kb:sha256 "3" ; kb:firstLine 5 ; kb:inSection :sec ; kb:passageKind passage-kind:list-item .
:s4 kb:sha256 "4" ; kb:firstLine 6 ; kb:inSection :sec ; kb:passageKind passage-kind:list-item .
:sec dct:source :s1 ; kb:partOfSection :above ."""


@pytest.mark.parametrize(
    ("stated", "rule", "passages"),
    [
        ("id:claim\\/p\\/a kb:about :b ; dct:source :s2 , :s4 . :b dct:source :s2 .", "own-passage", "s2 s4"),
        (":a kb:uses :b ; dct:source :s1 , :s2 . :b dct:source :s1 .", "heading-and-below", "s1 s2"),
        (":a kb:uses :b ; dct:source :s4 . :b dct:source :s2 .", "read-with-above", "s2 s4"),
        (":a kb:uses :b ; dct:source :s2 , :s3 . :b dct:source :s1 .", "read-with-above", "s1 s2 s3"),
        (":a kb:period :y ; dct:source :s2 . :y a kb:Period .", "printed-period", "s2"),
        (":a kb:uses :b ; dct:source :s1 , :s3 . :b dct:source :s3 .", "one-end-in-common", "s1 s3"),
        (":a kb:uses :b ; dct:source :s2 . :b dct:source :s2 , :s4 .", "one-end-in-common", "s2 s4"),
        (":a kb:uses :b ; dct:source :s2 . :b dct:source :s2 , :s3 , :s4 .", "one-end-in-common", "s2"),
        (":a kb:uses :b ; dct:source :s2 , :s3 . :b dct:source :s2 , :s3 , :s4 .", "one-end-in-common", "s2 s3"),
    ],
)
def test_each_rule_finds_its_passages(stated: str, rule: str, passages: str) -> None:
    [one] = Evidence(store_of(stated + TEXT)).relations
    assert (one.how, one.rule) == ("derived", rule)
    assert " ".join(re.split("[:#]", iri)[-1] for iri in one.passages) == passages


def test_a_hedge_stands_with_the_statement_unless_the_publication_says_it_plainly_too() -> None:
    hedged = ":st a kb:Statement ; rdf:subject :a ; rdf:predicate kb:uses ; rdf:object :b ; kb:modality :possible ."
    plain = ":other a kb:Statement ; rdf:subject :a ; rdf:predicate kb:uses ; rdf:object :b ."
    triple = ("urn:x:a", "https://w3id.org/klimaatbanen/def#uses", "urn:x:b")
    graph = "https://w3id.org/klimaatbanen/graph/p"
    assert Evidence(store_of(BACKED + hedged)).modality(graph, triple).codes == ("urn:x:possible",)
    assert Evidence(store_of(BACKED + hedged + plain)).modality(graph, triple) == PLAIN


def test_an_authored_statement_wins() -> None:
    authored = ":st a kb:Statement ; rdf:subject :a ; rdf:predicate kb:uses ; rdf:object :b ; dct:source :s9 ."
    store = store_of(BACKED + authored)
    assert ways(store) == {"a uses b": "authored"}
    assert [one.passages for one in Evidence(store).relations] == [("urn:x:s9",)]
    assert derive(store) == []


def test_types_codes_attributes_and_places_are_no_relations() -> None:
    stated = "kb:unit a qb:AttributeProperty . :a a kb:Thing ; kb:unit :u ; kb:status :code ; kb:citedFor :place ."
    places = ":place kb:firstLine 3 ; kb:inSection :section . :section kb:partOfSection :other ."
    codes = "GRAPH graph:ontology { :code a kb:Status }"
    assert ways(store_of(stated + places, codes)) == {}


def test_only_stated_graphs_count() -> None:
    assert ways(store_of(":a dct:source :s1 . :b dct:source :s1 .", "GRAPH graph:q { :a kb:uses :b }")) == {}


def test_what_is_withdrawn_has_no_statements() -> None:
    withdrawn = BACKED + ":a <http://www.w3.org/2002/07/owl#deprecated> true . :b kb:uses :a ."
    assert ways(store_of(withdrawn)) == {"b uses a": "derived"}


def test_nearly_every_relation_of_a_publication_has_a_passage(graph: Graph) -> None:
    backed: dict[str, list[bool]] = {}
    for one in Evidence(graph.store).relations:
        backed.setdefault(one.graph, []).append(bool(one.passages))
    shares = {publication: sum(each) / len(each) for publication, each in backed.items()}
    assert len(shares) > 1
    assert {publication: share for publication, share in shares.items() if share < 0.95} == {}


def test_deriving_twice_gives_the_same() -> None:
    again = store_of(":b dct:source :s2 . :b dct:source :s1 . :a dct:source :s1 . :a kb:uses :b .")
    assert {str(quad) for quad in derive(store_of(BACKED))} == {str(quad) for quad in derive(again)}


def test_the_built_graph_holds_derived_statements_and_says_what_they_are(graph: Graph) -> None:
    query = """
    SELECT (COUNT(DISTINCT ?s) AS ?n) (SAMPLE(?kind) AS ?k) {
      GRAPH graph:catalogue { ?g kb:graphKind ?kind }
      GRAPH ?g { ?s a kb:DerivedStatement ; rdf:subject ?a ; rdf:predicate ?p ; rdf:object ?b ; dct:source ?source }
      ?a ?p ?b . ?source a kb:Passage . FILTER NOT EXISTS { ?s a kb:Statement }
    }"""
    row = next(iter(graph.store.query(PREFIXES + query, use_default_graph_as_union=True)))
    derived = sum(one.how == "derived" for one in Evidence(graph.store).relations)
    assert int(row["n"].value) == derived > 500
    assert row["k"].value.endswith("graph-kind/evidence")


# The words of a text.


def test_names_are_found_in_plural_and_contraction() -> None:
    text = runs("Meet- en regeltechniek voor elektrische installaties, in bedrijven met zonne- en windenergie")
    for name in ("meettechniek", "regeltechniek", "elektrische installatie", "bedrijf", "zonne-energie"):
        assert key(name) in text, name
    assert key("elektrische bedrijven") not in text


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("51.000", "51000"),
        ("2,5 Mton", "2.5"),
        ("twaalf", "12"),
        ("de helft", "50"),
        ("een kwart", "25"),
        ("-62%", "62"),
    ],
)
def test_numbers_as_printed(printed: str, number: str) -> None:
    assert number in {str(value) for value in numbers(printed)}


def test_normal_form_drops_markup() -> None:
    assert normal_form("- De **CO₂-prijs**, zie  [UWV](http://x.nl).¹²") == "De CO₂-prijs, zie UWV."


# A text of two lines.


ROW = "medewerkers-technische-dienst-elektrotechnisch"
TWO = ["Waterstof. Dat levert 5 euro op.", "En stroom."]


def small(lines: list[str] = TWO, value: str = "5", text: str = "") -> ox.Store:
    quotes = ["Waterstof.", "Dat levert 5 euro op.", "En stroom."]
    passages = f"""
    :pub kb:textSha256 "{text or sha256(chr(10).join(quotes))}" . :sec dct:isPartOf :pub .
    :p1 kb:sha256 "{sha256(quotes[0])}" ; kb:firstLine 1 ; kb:firstWords "Water" ; kb:lastWords "." .
    :p2 kb:sha256 "{sha256(quotes[1])}" ; kb:firstLine 1 ; kb:firstWords "Dat" ; kb:lastWords "op." .
    :p3 kb:sha256 "{sha256(quotes[2])}" ; kb:firstLine 2 .
    :p1 kb:inSection :sec . :p2 kb:inSection :sec . :p3 kb:inSection :sec .
    :figure kb:value {value} ; kb:asPrinted "5 euro" ; kb:about :hydrogen ; dct:source :p2 .
    :hydrogen <http://www.w3.org/2004/02/skos/core#prefLabel> "waterstof"@nl ; dct:source :p1 ."""
    return store_of(passages)


def small_report(store: ox.Store, tmp_path: Path) -> Report:
    (tmp_path / "text.txt").write_text("\n".join(TWO), encoding="utf-8")
    return check(store, [], Text.read(tmp_path / "text.txt", store))


def test_a_small_text_proves_its_facts(tmp_path: Path) -> None:
    report = small_report(small(), tmp_path)
    assert report.failures == []
    assert report.tallies["relation"].found == {"by earlier sentence": 1}
    assert [passage.slug for passage in report.uncovered] == ["urn:x:p3"]


def test_a_wrong_number_is_named_with_its_passage(tmp_path: Path) -> None:
    [(name, failure)] = small_report(small(value="6"), tmp_path).failures
    assert (name, failure.what, failure.lines) == ("number", "number 6", ("1",))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Waterstof! Dat levert 5 euro op.", "En stroom."], "text.txt:1: passage .*p1 differs from its hash"),
        (["Waterstof. Dat levert 5 euro op.", "En zon."], "text.txt:2: passage .*p3 differs from its hash"),
        (["Waterstof."], "text.txt:1: passage .*p2 is not there"),
    ],
)
def test_another_text_is_refused_with_line_and_passage(lines: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        Text.read(tmp_path / "text.txt", small())


def test_the_whole_text_has_a_hash_too(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n".join(TWO), encoding="utf-8")
    with pytest.raises(SourceError, match="together differ"):
        Text.read(tmp_path / "text.txt", small(text="0"))


def test_a_store_without_publications_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="no publication"):
        Text.read(tmp_path / "text.txt", ox.Store())


# The command and the pages, without the text.


@pytest.mark.check
def test_evidence_of_a_node_names_graph_kind_and_passages() -> None:
    shown = kg("evidence", "measure/ccs", code=0)
    assert "graph/industrie-2023, stated; the passages of the node:" in shown
    assert "graph/industrie-2023/editorial, editorial" in shown
    assert "; derived for this statement:" in shown
    assert re.search(r"^    s2-p8-4, line 47$", shown, re.MULTILINE)
    assert "authored for this statement:" in kg("evidence", "programme/koploperprogrammas", code=0)


def test_evidence_of_nothing_names_what_is_near() -> None:
    assert "nearest: " in kg("evidence", "measure/waterstoff", code=2)
    assert "--text FILE" in kg("evidence", code=2)


@pytest.mark.check
def test_pages_tables_and_the_command_show_a_hedge(graph: Graph) -> None:
    page = create_app(graph, {}).test_client().get("/id/substance/ijzer.html?lang=en").text
    assert re.search(r'class="chip chip-modality" href="/id/project/tata-steel-groen-staal[^>]*>in one project: ', page)
    table = next(one.file.data.decode() for one in Tables(graph, {}) if one.file.name == "csv/Substance.csv")
    iron = next(row for row in csv.DictReader(table.splitlines()) if row["iri"].endswith("/substance/ijzer"))
    assert iron["kb:madeFrom_label"] == "aardgas | waterstof"
    assert iron["kb:madeFrom_modality"] == "in één project | in één project"
    assert re.search(r"stated, in one project, .*; authored", kg("evidence", "substance/ijzer", code=0))


@pytest.mark.check
def test_pages_show_places_and_words_of_passages(graph: Graph) -> None:
    page = create_app(graph, {}).test_client().get("/id/passage/industrie-2023/s2-p8-4.html?lang=en").text
    assert re.search(r'paragraph 4, sentence 4</a></p>\s*<p><q lang="nl">Op [^<]+ … [^<]+</q>', page)
    assert "paragraph 4, sentence 4" in create_app(graph, {}).test_client().get("/id/measure/ccs.html?lang=en").text


# With the text.


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "source" / "klimaatbanen-industrie-2023.txt"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of ontology and data to break."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("ontology", "data"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.text
def test_everything_stated_is_in_the_text(graph: Graph, source: Path) -> None:
    text = Text.read(source, graph.store)
    assert len(text.quotes) == len(text.publication.passages)
    report = check(graph.store, read(graph.sources), text)
    assert report.failures == []
    assert report.copied == ()
    assert report.tallies["relation"].checked > 3000


@pytest.mark.text
def test_the_command_reports_each_class(source: Path) -> None:
    shown = kg("evidence", "--text", str(source), code=0)
    assert re.search(r"^relation\t\d+\t.*\t0$", shown, re.MULTILINE)
    assert "literals that copy the text: 0" in shown
    assert re.search(r"^relations: \d+ with a derived passage, \d+ with an authored one", shown, re.MULTILINE)


@pytest.mark.text
def test_a_changed_number_is_found_with_file_line_and_passage(copy: Path, source: Path) -> None:
    file = copy / "data" / "industrie-2023" / "observations.ttl"
    before = file.read_text("utf-8")
    file.write_text(before.replace("kb:openVacancies 9950 ;", "kb:openVacancies 9590 ;"), encoding="utf-8")
    try:
        shown = kg("evidence", "--text", str(source), "--project", str(copy), code=1)
    finally:
        file.write_text(before, encoding="utf-8")
    assert f"{file}: number: observation/industrie-2023/vacatures-monteurs" in shown
    assert "number 9590 not found\n" in shown
    assert "  line 269: passage s5-p5-1\n" in shown


@pytest.mark.text
def test_rows_of_a_table_cannot_be_exchanged(copy: Path, source: Path) -> None:
    file = copy / "data" / "industrie-2023" / "observations.ttl"
    before = file.read_text("utf-8")
    one, other = (f"kb:occupationGroup vacancy-group:{name} ;" for name in ("kwaliteitsmedewerkers", ROW))
    file.write_text(before.replace(one, "X").replace(other, one).replace("X", other), encoding="utf-8")
    try:
        graph = build(copy)
        report = check(graph.store, read(graph.sources), Text.read(source, graph.store))
    finally:
        file.write_text(before, encoding="utf-8")
    assert [name for name, _ in report.failures] == ["relation", "relation"]


@pytest.mark.text
def test_a_copied_sentence_is_found(copy: Path, source: Path) -> None:
    store = build(copy)
    text = Text.read(source, store.store)
    long = next(quote for quote in text.quotes.values() if len(quote.split()) > 20)
    file = copy / "data" / "industrie-2023" / "editorial" / "copied.ttl"
    file.write_text(f'<urn:x:a> <http://www.w3.org/2004/02/skos/core#note> "{long}"@nl .\n', encoding="utf-8")
    try:
        graph = build(copy)
        report = check(graph.store, read(graph.sources), text)
    finally:
        file.unlink()
    assert [(Path(name).name, subject) for name, subject, _ in report.copied] == [("copied.ttl", "urn:x:a")]


@pytest.mark.text
def test_a_wrong_text_is_refused(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(source.read_text("utf-8").replace("9.950", "9.590"), encoding="utf-8")
    shown = kg("evidence", "--text", str(other), code=2)
    assert "other.txt:269: passage s5-p5-1 differs from its hash" in shown
    assert "hint: " in shown


@pytest.mark.text
def test_pages_quote_passages(graph: Graph, source: Path) -> None:
    client = create_app(graph, {}, Settings(text=(source,))).test_client()
    quote = "Op korte termijn kan dit een vermindering van de CO₂-uitstoot opleveren"
    for path in ("passage/industrie-2023/s2-p8-4", "measure/ccs"):
        assert f'<q lang="nl">{quote}' in client.get(f"/id/{path}.html?lang=nl").text
