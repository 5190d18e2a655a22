"""Two publications side by side that restate, contradict and share each other's things: each keeps its own truth.

`tests/publications` holds a Dutch and an English text, invented for these tests, and what each of them states.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from conftest import ROOT
from flask.testing import FlaskClient
from publication_cases import CASES, DUTCH, ENGLISH, TEXTS, project_with

from kg.cli import main
from kg.dutch import DUTCH as DUTCH_GRAMMAR
from kg.endpoint.settings import Settings
from kg.english import ENGLISH as ENGLISH_GRAMMAR
from kg.errors import SourceError
from kg.graph.build import Graph, build
from kg.graph.evidence import Evidence
from kg.graph.facts import Facts
from kg.graph.store import read_stored, write_store
from kg.namespaces import DCT, GRAPH, ID, KB, QB, SKOS
from kg.publications.passages import find_publications
from kg.publications.texts import Text, Texts
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.queries.question import read_question
from kg.queries.rows import Rows
from kg.release.files import Edition
from kg.release.void import void
from kg.validation.approved_answers import cell
from kg.web.app import create_app, make_site
from kg.web.assistant.tools import Assistant

pytestmark = pytest.mark.slow

OURS = [path.parents[1].name for path in (ROOT / "data").glob("*/editorial/publication.ttl")]
SHARED = "company/zonnegloed kb:uses substance/restwarmte"


@pytest.fixture
def changed(two: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies the project and replaces a text in one of its files."""

    def change(name: str, before: str, after: str) -> Path:
        shutil.copytree(two, tmp_path / "project")
        file = tmp_path / "project" / "data" / name
        text = file.read_text("utf-8")
        assert text.count(before) == 1
        file.write_text(text.replace(before, after), "utf-8")
        return tmp_path / "project"

    return change


def evidence(project: Path, *arguments: str, code: int = 0) -> str:
    run: Result = CliRunner().invoke(main, ["evidence", *arguments, "--project", str(project)])
    assert run.exit_code == code, run.output
    return run.output


def with_texts(*paths: Path) -> list[str]:
    return [part for path in paths or TEXTS for part in ("--text", str(path))]


def short(triple: tuple[str, ...]) -> str:
    return " ".join(part.removeprefix(ID).replace(KB, "kb:") for part in triple)


# Sections and passages belong to the publication that holds them.


def test_each_publication_has_its_own_sections_and_passages(both: Graph) -> None:
    found = {one.iri.removeprefix(f"{ID}publication/"): one for one in find_publications(both.store)}
    assert set(found) == {DUTCH, ENGLISH, *OURS}
    for name, publication in found.items():
        assert all(section.startswith(f"{ID}section/{name}/") for section in publication.sections)
        assert all(passage.startswith(f"{ID}passage/{name}/") for passage in publication.passages)
    assert len(found[DUTCH].sections) == len(found[ENGLISH].sections) == 2


def test_an_empty_publication_has_nothing_of_others(both: Graph) -> None:
    store = ox.Store()
    store.extend(both.store)
    graph, iri = ox.NamedNode(f"{GRAPH}empty"), ox.NamedNode(f"{ID}publication/empty")
    store.add(ox.Quad(iri, ox.NamedNode(f"{KB}textSha256"), ox.Literal("0"), graph))
    [empty] = [one for one in find_publications(store) if one.iri == iri.value]
    assert (dict(empty.sections), dict(empty.passages)) == ({}, {})


# Questions count and compare within one publication, and show which.

SERIES = """
GRAPH <https://w3id.org/klimaatbanen/graph/later> {
  climate-table:mobiliteit kb:hasPillar pillar:schoon ; kb:needsKnowledgeArea knowledge-area:ict .
  pillar:schoon kb:ordinal 1 .
  occupation:communicatieadviseur kb:asPrinted "adviseurs communicatie" .
  [] kb:about route-part:modulair-hbo-saxion-module ; kb:quantityKind quantity-kind:studiepunten ; kb:value 7 .
  dataset:later kb:scope scope:later .
  scope:later dct:subject climate-table:mobiliteit .
  [] qb:dataSet dataset:later ; kb:occupationGroup vacancy-group:monteurs ; kb:period period:2022-34 ;
    kb:openVacancies 90000 ; kb:asPrinted "90.000" .
  [] qb:dataSet dataset:later ; kb:occupationGroup vacancy-group:monteurs ; kb:period period:2023-34 ;
    kb:openVacancies 95000 ; kb:asPrinted "95.000" .
  vacancy-group:monteurs skos:broader vacancy-group:alle-relevante-beroepen .
}
"""


@pytest.fixture(scope="module")
def later(graph: Graph) -> Dataset:
    """Our graph and a publication that gives pillars, areas and a series of another table, and speaks of our things."""
    store = ox.Store()
    store.extend(graph.store)
    kinds = set(re.findall(r"([a-z-]+):", SERIES)) - {"https", "route-part", "kb", "dct", "qb", "skos"}
    prefixes = {kind: f"{ID}{kind}/" for kind in kinds} | {
        "route-part": f"{ID}route-part/industrie-2023/",
        "kb": KB,
        "dct": DCT,
        "qb": QB,
        "skos": SKOS,
    }
    store.update(f"INSERT DATA {{ {SERIES} }}", prefixes=prefixes)
    return Dataset(store)


def rows_of(dataset: Dataset, name: str, **parameters: str) -> list[dict[str, str]]:
    question = read_question(ROOT / "queries" / f"{name}.rq", ROOT / "queries")
    rows = Rows.from_solutions(answer(dataset, question.fill({key: ID + slug for key, slug in parameters.items()})))
    return [{key: cell(row[key]) for key in rows.columns} for row in rows]


@pytest.mark.parametrize(
    ("name", "column"),
    [("climate/knowledge-areas", "table"), ("climate/pillars", "table"), ("labour-market/peak-quarter", "dataSet")],
)
def test_a_question_answers_for_a_publication_more_and_says_which(
    graph: Graph, later: Dataset, name: str, column: str
) -> None:
    before, after = rows_of(graph.dataset, name), rows_of(later, name)
    added = [row for row in after if row not in before]
    assert [row for row in before if row not in after] == []
    assert len(added) == 1
    assert added[0][column] not in {row[column] for row in before}
    assert rows_of(later, name, table="climate-table/industrie") == before


def test_a_difference_is_one_within_a_count(graph: Graph, later: Dataset) -> None:
    before, after = (rows_of(dataset, "labour-market/vacancy-growth") for dataset in (graph.dataset, later))
    added = [(row["vacancies"], row["difference"]) for row in after if row not in before]
    assert added == [("90000", "5000"), ("95000", "0")]
    assert len(after) == len(before) + 2


@pytest.mark.parametrize(
    "name", ["labour-market/vacancies-total", "occupations/public-support", "learning/credits-saxion"]
)
def test_a_question_about_one_publication_is_not_changed_by_another(graph: Graph, later: Dataset, name: str) -> None:
    assert rows_of(later, name) == rows_of(graph.dataset, name)


def test_lists_of_one_climate_table_say_nothing_of_the_measures_of_another(graph: Graph, later: Dataset) -> None:
    questions = ROOT / "queries"
    product = read_question(questions / "climate" / "occupations-by-knowledge-area.rq", questions).query
    before, after = (set(map(str, answer(dataset, product))) for dataset in (graph.dataset, later))
    assert before
    assert before == after


# Evidence belongs to a statement of a publication.


def relations(graph: Graph, triple: str) -> dict[str, tuple[str, list[str]]]:
    """Return publication to how it backs a triple, and the passages."""
    return {
        relation.graph.removeprefix(GRAPH): (relation.how, [iri.removeprefix(ID) for iri in relation.passages])
        for relation in Evidence(graph.store).relations
        if short(relation.triple) == triple
    }


def test_a_fact_that_two_state_has_the_passages_of_each(both: Graph) -> None:
    assert relations(both, SHARED) == {
        DUTCH: ("derived", [f"passage/{DUTCH}/s1-p2-2"]),
        ENGLISH: ("derived", [f"passage/{ENGLISH}/s1-p2-2"]),
    }


def test_a_fact_of_one_has_only_the_passages_of_that_one(both: Graph) -> None:
    assert relations(both, "company/zonnegloed kb:produces substance/stoom") == {
        DUTCH: ("derived", [f"passage/{DUTCH}/s1-p2-3"])
    }
    # The ends share a passage in the Dutch text, for another triple; here they share none that says so.
    assert relations(both, "company/aardvuur kb:uses substance/elektriciteit") == {
        ENGLISH: ("derived", [f"passage/{ENGLISH}/s1-p2-4"])
    }


def test_another_publication_changes_nothing_in_the_evidence_of_ours(graph: Graph, both: Graph) -> None:
    ours = Evidence(graph.store).relations
    again = [one for one in Evidence(both.store).relations if one.graph in {relation.graph for relation in ours}]
    assert again == ours
    mine = ox.NamedNode(f"{GRAPH}industrie-2023/evidence")
    quads = [set(one.store.quads_for_pattern(None, None, None, mine)) for one in (graph, both)]
    assert quads[0] == quads[1]


def test_derived_evidence_stands_in_the_graph_of_the_publication_that_states_the_triple(both: Graph) -> None:
    source = ox.NamedNode("http://purl.org/dc/terms/source")
    for name in (DUTCH, ENGLISH):
        quads = both.store.quads_for_pattern(None, source, None, ox.NamedNode(f"{GRAPH}{name}/evidence"))
        passages = [str(quad.object)[1:-1] for quad in quads]
        assert passages
        assert all(passage.startswith(f"{ID}passage/{name}/") for passage in passages)


def test_support_of_a_quad_is_that_of_its_own_graph(both: Graph) -> None:
    facts = Facts(both.store)
    node, uses = ox.NamedNode(f"{ID}company/zonnegloed"), ox.NamedNode(f"{KB}uses")
    supports = [facts.support(quad) for quad in both.store.quads_for_pattern(node, uses, None, None)]
    assert len(supports) == 2
    for support in supports:
        name = support.graph.removeprefix(GRAPH)
        assert (support.how, support.passages) == ("derived", (f"{ID}passage/{name}/s1-p2-2",))


def test_a_source_in_the_text_of_another_publication_backs_nothing(changed: Callable[..., Path]) -> None:
    own = "substance:restwarmte\n    dct:source passage:s1-p2-2"
    foreign = f"substance:restwarmte\n    dct:source <{ID}passage/{ENGLISH}/s1-p2-2>"
    project = changed(f"{DUTCH}/facts.ttl", own, foreign)
    assert relations(build(project), SHARED)[DUTCH] == ("unshared", [])


def test_the_command_shows_one_block_for_each_publication(two: Path) -> None:
    shown = evidence(two, "company/zonnegloed", *with_texts())
    [dutch, english] = [part for part in shown.split("kb:")[1:] if part.startswith("uses restwarmte")]
    assert f"graph/{DUTCH}, stated; derived for this statement:\n" in dutch
    assert '    s1-p2-2, line 3: "Het bedrijf Zonnegloed gebruikt restwarmte."\n' in dutch
    assert f"graph/{ENGLISH}, stated; derived for this statement:\n" in english
    assert '    s1-p2-2, line 3: "The company Zonnegloed uses residual heat."\n' in english


def test_an_assistant_is_told_what_each_publication_states(both: Graph) -> None:
    told = Assistant(make_site(both, {}, Settings(text=tuple(TEXTS)))).describe("company/zonnegloed", "en")
    groups = [one for one in told["statements"] if "residual heat <substance/restwarmte>" in one["values"]]
    assert [one["publication"] for one in groups] == [DUTCH, ENGLISH]
    for group, quote in zip(groups, ("gebruikt restwarmte.", "uses residual heat."), strict=True):
        assert all(name.startswith(group["publication"]) for name in group["passages"])
        assert any(quote in told["passages"][name] for name in group["passages"])
    heat = Assistant(make_site(both, {}, Settings())).describe("substance/restwarmte", "en")
    incoming = [one for one in heat["mentioned_by"] if "Zonnegloed <company/zonnegloed>" in one["values"]]
    assert [one["publication"] for one in incoming] == [DUTCH, ENGLISH]


# Texts.


def test_each_text_is_matched_to_its_publication(both: Graph) -> None:
    texts = Texts.read(reversed(TEXTS), both.store)
    assert [text.publication.iri.rpartition("/")[2] for text in texts.texts] == [ENGLISH, DUTCH]
    assert texts.quote(f"{ID}passage/{DUTCH}/s1-p2-3") == "Zonnegloed levert stoom."
    assert texts.quote(f"{ID}passage/industrie-2023/s2-p8-4") == ""


def test_two_files_for_one_publication_are_refused(both: Graph) -> None:
    with pytest.raises(SourceError, match=r"this is the text of .*heat-jobs-2024"):
        Texts.read([TEXTS[1], TEXTS[1]], both.store)


def test_an_edited_text_is_compared_with_the_publication_that_it_is_most_like(both: Graph, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(TEXTS[1].read_text("utf-8").replace("hot water", "cold water"), "utf-8")
    with pytest.raises(SourceError, match=r"text\.txt:3: passage s1-p2-3 is not there"):
        Text.read(file, both.store)


def hash_of(name: str, slug: str) -> str:
    block = (CASES / name / "passages.ttl").read_text("utf-8").partition(f"passage:{slug}\n")[2]
    return block.partition('kb:sha256 "')[2][:64]


def test_the_hash_of_another_passage_is_named_and_the_text_is_not_blamed(changed: Callable[..., Path]) -> None:
    project = changed(f"{DUTCH}/passages.ttl", hash_of(DUTCH, "s1-p4-1"), hash_of(DUTCH, "s1-p2-3"))
    with pytest.raises(SourceError) as caught:
        Text.read(TEXTS[0], build(project).store)
    assert str(caught.value.what) == "kb:sha256 of passage s1-p4-1 (line 7) is that of passage s1-p2-3 (line 3)"
    assert caught.value.hint.endswith("the text is right")


@pytest.mark.check
def test_every_fact_of_both_is_in_its_text(two: Path) -> None:
    shown = evidence(two, *with_texts())
    assert shown.count("literals that copy the text: 0") == 2
    assert [line for line in shown.splitlines() if line.startswith("number\t")] == ["number\t2\t2\t0\t0\t0\t0\t0"] * 2


PLANTED = [  # A triple that the other publication states; no passage of this one names both ends.
    (DUTCH, "substance:aardwarmte ;\n", "substance:elektriciteit ;\n", "company/aardvuur kb:uses", '"elektriciteit"'),
    (ENGLISH, "substance:elektriciteit ;\n", "substance:aardwarmte ;\n", "company/aardvuur kb:uses", '"geothermal'),
    (ENGLISH, "substance:heet-water ;\n", "substance:stoom ;\n", "company/zonnegloed kb:produces", '"steam"'),
]


@pytest.mark.check
@pytest.mark.parametrize(("name", "true", "false", "triple", "missing"), PLANTED)
def test_a_false_triple_is_found_although_another_publication_states_it(
    changed: Callable[..., Path], name: str, true: str, false: str, triple: str, missing: str
) -> None:
    shown = evidence(changed(f"{name}/facts.ttl", true, false), *with_texts(), code=1)
    [failure] = [line for line in shown.splitlines() if "relation: " in line and line.endswith(" not found")]
    assert f"data/{name}/facts.ttl: relation: {triple}" in failure
    assert missing in failure


# The union of graphs is a set.

TRIPLE = f"<{ID}company/zonnegloed> <{KB}uses> <{ID}substance/restwarmte>"
ONE = f"SELECT (COUNT(*) AS ?n) {{ {TRIPLE} }}"
ALL = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
WHO = f"SELECT ?g {{ GRAPH ?g {{ {TRIPLE} }} }}"
MIXED = f"SELECT (COUNT(*) AS ?n) {{ {TRIPLE} GRAPH <{GRAPH}catalogue> {{ <{GRAPH}{DUTCH}> a ?kind }} }}"
PAIR = [GRAPH + DUTCH, GRAPH + ENGLISH]


@pytest.fixture(scope="module")
def ways(both: Graph, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """Return the fixture as queries see it: in memory, in workers, and on disk."""
    folder = tmp_path_factory.mktemp("stores") / "store"
    write_store(both, folder, "1")
    prepared = Dataset(ox.Store())
    prepared.store.bulk_extend(both.store)
    prepared.prepare()
    return {"memory": both.dataset, "workers": prepared, "disk": read_stored(folder).open()}


def number(dataset: Dataset | ox.Store, text: str, **more: list[str]) -> int:
    [row] = answer(dataset, text, **more)  # type: ignore[arg-type]
    return int(row["n"].value)


@pytest.mark.parametrize("way", ["memory", "workers", "disk"])
def test_a_triple_of_two_graphs_counts_once(ways: dict[str, Dataset], way: str) -> None:
    dataset = ways[way]
    stated = "".join(f"FROM <{name}> " for name in PAIR)
    assert number(dataset, ONE) == 1
    assert number(dataset, MIXED) == 2  # One row for each class of the graph in the catalogue, not two.
    assert number(dataset, ONE.replace("{", f"{stated}{{", 1)) == 1
    assert number(dataset, ONE, default_graphs=PAIR) == 1
    assert number(dataset, ONE.replace("{", "FROM <urn:other> {", 1), default_graphs=PAIR) == 1
    assert {row["g"].value for row in answer(dataset, WHO)} == set(PAIR)  # type: ignore[union-attr]
    assert {row["g"].value for row in answer(dataset, WHO, default_graphs=PAIR, named_graphs=PAIR)} == set(PAIR)  # type: ignore[union-attr]


@pytest.mark.parametrize("way", ["memory", "workers", "disk"])
def test_a_dataset_of_its_own_sees_only_that(ways: dict[str, Dataset], way: str) -> None:
    dataset = ways[way]
    both_sizes = [number(dataset, ALL, default_graphs=[name]) for name in PAIR]
    assert number(dataset, ALL, default_graphs=PAIR) < sum(both_sizes)
    assert number(dataset, ALL.replace("{", f"FROM <{PAIR[0]}> {{", 1)) == both_sizes[0]
    assert not list(answer(dataset, WHO, default_graphs=PAIR))  # type: ignore[arg-type]
    assert [row["g"].value for row in answer(dataset, WHO, default_graphs=PAIR, named_graphs=PAIR[:1])] == PAIR[:1]  # type: ignore[union-attr]


def test_counts_are_the_same_everywhere(both: Graph, ways: dict[str, Dataset]) -> None:
    triples = len({quad.triple for quad in both.store})
    assert triples < len(both.store)
    assert {number(dataset, ALL) for dataset in ways.values()} == {triples} == {both.dataset.triples}
    client = create_app(both, {}).test_client()
    said = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    assert f'<http://rdfs.org/ns/void#triples> "{triples}"' in said
    described = void(both, Edition.from_project(ROOT)).data.decode("utf-8")
    assert f"void:triples {triples} " in described
    asked = client.get("/sparql", query_string={"query": ALL}, headers={"Accept": "text/csv"})
    assert asked.text.split() == ["n", str(triples)]


def test_merges_of_datasets_are_kept_and_bounded(both: Graph) -> None:
    dataset = Dataset(both.store)
    names = [ox.NamedNode(name) for name in PAIR]
    first = dataset.merge_of(names)
    assert dataset.merge_of(reversed(names)) is first
    for number in range(4):
        dataset.merge_of([*names, ox.NamedNode(f"urn:graph:{number}")])
    assert dataset.merge_of(names) is not first


def test_without_triples_in_common_nothing_is_merged() -> None:
    store = ox.Store()
    store.update("INSERT DATA { GRAPH <urn:a> { <urn:s> <urn:p> 1 } GRAPH <urn:b> { <urn:s> <urn:p> 2 } }")
    dataset = Dataset(store)
    dataset.prepare()
    assert not dataset.overlaps
    assert "whole" not in vars(dataset)
    assert number(dataset, ALL) == dataset.triples == 2


def test_some_graphs_may_make_up_the_default_graph() -> None:
    store = ox.Store()
    names = ("urn:a", "urn:b", "urn:c")
    store.update(f"INSERT DATA {{ {' '.join(f'GRAPH <{name}> {{ <urn:s> <urn:p> 1, <{name}> }}' for name in names)} }}")
    dataset = Dataset(store, names[:2])
    assert number(dataset, ALL) == dataset.triples == 3
    assert number(dataset, "SELECT (COUNT(*) AS ?n) { GRAPH <urn:c> { ?s ?p ?o } }") == 2


# Pages.


@pytest.fixture(scope="module")
def client(both: Graph) -> FlaskClient:
    return create_app(both, {}, Settings(text=tuple(TEXTS))).test_client()


def page(client: FlaskClient, path: str, lang: str = "en") -> str:
    return client.get(f"{path}.html", query_string={"lang": lang}).text


def blocks(text: str, value: str) -> list[tuple[str, str, str]]:
    """Return publication, language and words of each passage that a page shows for the first fact with a value."""
    shown = text.rpartition(f">{value}</a>")[2].partition("</details>")[0]  # The sentence above names it too.
    names = r'<div class="evidence">\s*<p><a href="[^"]+">([^<]+)</a>.*?<q(?: lang="(\w+)")?>([^<]+)</q>'
    return re.findall(names, shown, re.DOTALL)


def test_a_page_shows_one_block_for_each_publication(client: FlaskClient) -> None:
    text = page(client, "/id/company/zonnegloed")
    assert blocks(text, "residual heat") == [
        ("Jobs in neighbourhood heating", "nl", "Het bedrijf Zonnegloed gebruikt restwarmte."),
        ("Jobs in district heating", "en", "The company Zonnegloed uses residual heat."),
    ]
    shown = text.partition(">residual heat</a>")[2].partition("</details>")[0]
    assert re.findall(r'<p class="states"><a href="([^"?]+)', shown) == [
        f"/id/publication/{name}" for name in (DUTCH, ENGLISH)
    ]


def test_a_fact_of_one_publication_shows_only_that(client: FlaskClient) -> None:
    text = page(client, "/id/company/zonnegloed", "nl")
    assert [block[0] for block in blocks(text, "stoom")] == ["Banen in de buurtwarmte"]
    assert [block[0] for block in blocks(text, "heet water")] == ["Banen in de stadsverwarming"]


def test_a_passage_names_its_own_publication(client: FlaskClient) -> None:
    for name, title in ((DUTCH, "Banen in de buurtwarmte"), (ENGLISH, "Banen in de stadsverwarming")):
        assert re.search(
            rf'<p><a href="[^"]*{name}[^"]*">{title}</a> ·', page(client, f"/id/passage/{name}/s1-p2-2", "nl")
        )
    assert "Klimaatbanen in de industrie</a> (2023) ·" in page(client, "/id/passage/industrie-2023/s2-p8-4", "nl")


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Return the graph of both publications, of which the Dutch one states no terms of reuse and has an address."""
    project = project_with(tmp_path_factory.mktemp("silent"), DUTCH, ENGLISH)
    file = project / "data" / DUTCH / "editorial" / "publication.ttl"
    address = "<https://www.example.org/buurtwarmte>"
    text = file.read_text("utf-8").replace("attribution ;", f"none-stated ;\n    <https://schema.org/url> {address} ;")
    file.write_text(text, "utf-8")
    return build(project)


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_sentences_are_shown_only_where_the_terms_of_reuse_permit_it(silent: Graph, lang: str) -> None:
    client = create_app(silent, {}, Settings(text=tuple(TEXTS))).test_client()
    for path in ("/id/company/zonnegloed", f"/id/passage/{DUTCH}/s1-p2-2", f"/id/publication/{DUTCH}"):
        text = page(client, path, lang)
        assert "Zonnegloed gebruikt restwarmte" not in text
        assert 'href="https://www.example.org/buurtwarmte">example.org</a>' in text
    assert "uses residual heat" in page(client, "/id/company/zonnegloed", lang)


def test_an_assistant_gets_sentences_only_where_the_terms_of_reuse_permit_it(silent: Graph) -> None:
    told = Assistant(make_site(silent, {}, Settings(text=tuple(TEXTS)))).describe("company/zonnegloed", "en")
    words = {name.partition("/")[0]: [] for name in told["passages"]}
    for name, text in told["passages"].items():
        words[name.partition("/")[0]].append(text)
    assert "uses residual heat." in " ".join(words[ENGLISH])
    assert "Zonnegloed gebruikt restwarmte" not in " ".join(words[DUTCH])
    assert "https://www.example.org/buurtwarmte" in told["publications"][DUTCH]


def test_every_source_is_named_in_the_foot_and_on_the_page_of_the_dataset(client: FlaskClient) -> None:
    foot = page(client, "/id/company/zonnegloed").partition("<footer")[2]
    for title, who in (
        ("Climate jobs in industry", "Employee Insurance Agency (UWV), 2023"),
        ("Jobs in neighbourhood heating", "Example Foundation"),
        ("Jobs in district heating", "Example Foundation"),
    ):
        assert f"{title}</a>, {who}" in foot
    dataset = client.get("/dataset.html", query_string={"lang": "en"}).text
    assert dataset.count("Invented for tests: may be used freely.") == 2
    cards = map(json.loads, re.findall(r'<script type="application/ld\+json">(.*?)</script>', dataset, re.DOTALL))
    [based_on] = [card["isBasedOn"] for card in cards if "isBasedOn" in card]
    assert len(based_on) == 2 + len(OURS)


# English text.

SMALL = "# Wind jobs\n\nThe company Northwind employs 46,000 welders. It builds e.g. Wind farms for two million homes."


@pytest.mark.check
def test_an_english_text_passes_from_kg_new_to_kg_evidence(tmp_path: Path) -> None:
    project = project_with(tmp_path / "project")
    text = tmp_path / "text.txt"
    text.write_text(SMALL, "utf-8")
    made = ["new", "wind-test", "--lang", "en", "--title", "Wind jobs", "--title-nl", "Banen in de wind"]
    run = CliRunner().invoke(main, [*made, "--text", str(text), "--project", str(project)])
    assert run.exit_code == 0, run.output
    assert "Dutch names of 1 sections" in run.output
    folder = project / "data" / "wind-test"
    publication = (folder / "publication.ttl").read_text("utf-8")
    assert 'dct:language "en"' in publication
    assert 'skos:prefLabel "Wind jobs"@en' in publication
    assert '"Wind jobs"@en , "Banen in de wind"@nl' in (folder / "editorial" / "publication.ttl").read_text("utf-8")
    (folder / "facts.ttl").write_text(WIND, "utf-8")
    shown = evidence(project, "--text", str(text))
    assert [shown.partition(f"{name}\t")[2].split("\t")[0] for name in ("label", "number")] == ["1", "2"]
    (folder / "facts.ttl").write_text(WIND.replace("46000.0", "46.0"), "utf-8")
    assert "wind-test/facts.ttl: number: figure/wind-test/welders kb:value: number 46 not found" in evidence(
        project, "--text", str(text), code=1
    )


WIND = f"""@prefix company: <{ID}company/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix figure: <{ID}figure/wind-test/> .
@prefix kb: <{KB}> .
@prefix passage: <{ID}passage/wind-test/> .
@prefix qualifier: <{ID}qualifier/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

company:northwind a kb:Company ; skos:prefLabel "Northwind"@en ; dct:source passage:s1-p2-1 .
figure:welders a kb:Figure ; kb:about company:northwind ; kb:value 46000.0 ; dct:source passage:s1-p2-1 .
figure:homes a kb:Figure ; kb:value 2000000.0 ; kb:asPrinted "two million homes" ; dct:source passage:s1-p2-2 .
"""


def test_a_text_in_a_language_without_rules_is_refused(changed: Callable[..., Path]) -> None:
    project = changed(f"{ENGLISH}/publication.ttl", 'dct:language "en"', 'dct:language "de"')
    assert "texts in de cannot be checked" in evidence(project, "--text", str(TEXTS[1]), code=2)


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("zeven miljoen", "7000000"),
        ("7 miljoen", "7000000"),
        ("anderhalf miljoen", "1500000"),
        ("vijfentwintig", "25"),
        ("tweeënveertigduizend", "42000"),
        ("zevenhonderdvijftig", "750"),
        ("46.000", "46000"),
    ],
)
def test_dutch_numbers(printed: str, number: str) -> None:
    assert Decimal(number) in DUTCH_GRAMMAR.numbers(printed)


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("46,000", "46000"),
        ("2.5 years", "2.5"),
        ("seven million homes", "7000000"),
        ("1.5 billion euros", "1500000000"),
        ("Twenty-five towns", "25"),
        ("half of them", "50"),
    ],
)
def test_english_numbers(printed: str, number: str) -> None:
    assert Decimal(number) in ENGLISH_GRAMMAR.numbers(printed)


def test_a_number_is_read_in_one_language_only() -> None:
    assert Decimal(46000) not in DUTCH_GRAMMAR.numbers("46,000")
    assert Decimal(46000) not in ENGLISH_GRAMMAR.numbers("46.000")
    assert Decimal(1_000_000) not in DUTCH_GRAMMAR.numbers("zeven miljoen")


# Planted mistakes.


@pytest.mark.check
def test_planted_mistakes_are_found(two: Path, tmp_path: Path) -> None:
    """The hash of another line, a plural of a name, a source and an IRI of another publication."""
    project = tmp_path / "project"
    shutil.copytree(two, project)
    passages, facts = (project / "data" / DUTCH / name for name in ("passages.ttl", "facts.ttl"))
    passages.write_text(
        passages.read_text("utf-8").replace(hash_of(DUTCH, "s1-p4-1"), hash_of(DUTCH, "s1-p2-3")), "utf-8"
    )
    planted = f"""
substance:stikstofgassen
    a kb:Substance ;
    skos:inScheme scheme:substance ;
    skos:prefLabel "gassen met stikstof"@nl ;
    dct:source <{ID}passage/{ENGLISH}/s1-p2-2> .

<{ID}figure/{ENGLISH}/woningen>
    a kb:Figure ;
    dct:source passage:s1-p4-2 .
"""
    prefix = f"@prefix scheme: <{ID}scheme/> .\n"
    facts.write_text(prefix + facts.read_text("utf-8") + planted, "utf-8")
    store = build(project).store  # Checks read what people write, as validation does: not what the ontology entails.
    written = [name.value for name in store.named_graphs() if name.value != f"{GRAPH}inferred/rdfs"]
    dataset = Dataset(store, written)
    found = {
        name: sorted(
            {row["focus"].value.removeprefix(ID) for row in answer(dataset, read_question(file, file.parent).query)}
        )
        for name in CHECKS
        for file in [project / "shapes" / "checks" / f"{name}.rq"]
    }
    assert found == {
        "iri-of-another-publication": [f"figure/{ENGLISH}/woningen"],
        "other-language-in-stated-graph": [],
        "passage-hash-of-another": [f"passage/{DUTCH}/s1-p2-3", f"passage/{DUTCH}/s1-p4-1"],
        "plural-of-another": ["substance/stikstofgassen"],
        "qualifier-not-printed": [],
        "source-of-another-publication": ["substance/stikstofgassen"],
    }


CHECKS = (
    "iri-of-another-publication",
    "other-language-in-stated-graph",
    "passage-hash-of-another",
    "plural-of-another",
    "qualifier-not-printed",
    "source-of-another-publication",
)


@pytest.mark.parametrize(
    ("line", "files"), [('text = "a.txt"', ["a.txt"]), ('text = ["a.txt", "b.txt"]', ["a.txt", "b.txt"])]
)
def test_a_settings_file_names_one_text_or_several(tmp_path: Path, line: str, files: list[str]) -> None:
    file = tmp_path / "kg.toml"
    file.write_text(f"[serve]\n{line}\n", "utf-8")
    context = main.commands["serve"].make_context("serve", ["--config", str(file)])  # type: ignore[attr-defined]
    assert [str(path) for path in context.params["text"]] == files
