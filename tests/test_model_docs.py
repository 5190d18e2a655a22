"""docs/model.md: made from the ontology, the data and docs/model/, complete, and true."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from types import ModuleType

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.graph.build import Graph
from kg.namespaces import BASE, CATALOGUE, GRAPH, ID, KB, RDF_TYPE
from kg.queries.engine import answer
from kg.queries.question import find_questions, pick

FOLDER = ROOT / "docs" / "model"
PAGE = (ROOT / "docs" / "model.md").read_text("utf-8")
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
PATTERNS = PAGE.partition("## Twelve patterns")[2].partition("\n## ")[0]
REFERENCE = PAGE.partition("## Code lists")[2].partition("\n## ")[2]
PREFIXES = PAGE.partition("## Prefixes")[2].partition("```sparql\n")[2].partition("```")[0]
AGAIN = "run `make docs` (or `python docs/model.py`), and read the diff"
BOXES = 14
SAID = {
    "no region in `place:nederland`": "ASK { FILTER NOT EXISTS { ?x a kb:Region ; kb:locatedIn+ place:nederland } }",
    "such as soft skills, are `skos:related`": "ASK { ?a a kb:SoftSkill ; skos:related ?b . ?b a kb:SoftSkill }",
    "makes green hydrogen of fossil fuel": """ASK {
        substance:groene-waterstof skos:broader+/kb:madeFrom substance:fossiele-brandstoffen
        FILTER NOT EXISTS { substance:groene-waterstof kb:madeFrom+ substance:fossiele-brandstoffen } }""",
    '"biomassa" has none': """ASK { FILTER NOT EXISTS {
        ?x skos:prefLabel|skos:altLabel|skos:hiddenLabel ?name ; a ?class
        FILTER(CONTAINS(LCASE(?name), "biomassa") && STRSTARTS(STR(?class), STR(kb:))) } }""",
    '"biobased" and "planten" have': """ASK {
        ?x a kb:Substance ; skos:prefLabel ?one FILTER(CONTAINS(?one, "biobased materialen"))
        ?y a kb:Substance ; skos:prefLabel ?two ; skos:broader ?x FILTER(CONTAINS(?two, "planten")) }""",
    "for a hedged triple need\nnot have a claim": """ASK {
        ?it rdf:subject measure:waterstof ; rdf:predicate kb:involves ; rdf:object occupation:subsidie-adviseur .
        ?it kb:modality ?how FILTER NOT EXISTS { ?claim kb:states ?it } }""",
    "on the statement that it `kb:states`, or on both": """ASK {
        ?one a kb:Claim ; kb:states/kb:modality ?a FILTER NOT EXISTS { ?one kb:modality ?b }
        ?two a kb:Claim ; kb:modality ?c FILTER NOT EXISTS { ?two kb:states/kb:modality ?d }
        ?three a kb:Claim ; kb:modality ?e ; kb:states/kb:modality ?f }""",
    "only what is printed under a heading of qualifications": """ASK {
        occupation:procesoperator kb:hasRequirement/(kb:asksQualification|kb:oneOf) ?q . ?q a kb:Qualification
        FILTER NOT EXISTS { ?any kb:hasQualification ?q } }""",
    "where that is known": "ASK { ?q a kb:Qualification FILTER NOT EXISTS { ?q kb:level ?level } }",
    "single ones of the same kind are figures": """ASK {
        kb:emission kb:quantityKind ?kind . ?row kb:emission ?one . ?figure kb:quantityKind ?kind ; kb:value ?two }""",
    "also in one\n  publication": """ASK { GRAPH ?publication {
        ?one a kb:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o .
        ?two a kb:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o FILTER(?one != ?two) } }""",
    "what replaces fossil fuels replaces natural gas": """ASK {
        ?x kb:replaces substance:fossiele-brandstoffen . substance:aardgas skos:broader+ substance:fossiele-brandstoffen
        FILTER NOT EXISTS { ?x kb:replaces substance:aardgas } }""",
    "may stand at its project or company": """ASK {
        ?x a kb:Project ; kb:uses/kb:madeFrom*/skos:broader* ?material ; kb:produces ?product
        FILTER NOT EXISTS { ?product kb:madeFrom+/skos:broader* ?material } }""",
    "A status, kind, unit or number": """ASK {
        FILTER NOT EXISTS { ?a rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?value FILTER(isLiteral(?value)) }
        FILTER NOT EXISTS { ?b rdf:subject ?t ; rdf:predicate ?code VALUES ?code {
            kb:projectStatus kb:signalKind kb:qualificationKind kb:entryStatus kb:tightness kb:direction kb:qualifier
            kb:unit kb:quantityKind kb:clusterKind kb:basePeriod } } }""",
    "all of the Inflation Reduction Act": """ASK {
        ?claim a kb:Claim ; kb:about instrument:inflation-reduction-act FILTER NOT EXISTS {
            instrument:inflation-reduction-act kb:supports|kb:addresses|kb:hinders|kb:requires|kb:counterbalances ?x }
        FILTER NOT EXISTS { ?effect kb:causedBy instrument:inflation-reduction-act } }""",
    "companies have\n`kb:partner`, `kb:uses` and `kb:produces` too": """ASK {
        ?a a kb:Company ; kb:partner ?x . ?b a kb:Company ; kb:uses ?y . ?c a kb:Company ; kb:produces ?z }""",
    "What the work of a table asks of everybody": """ASK {
        climate-table:industrie kb:needsSkill ?one ; kb:hasEntryRequirement/(kb:asksSkill|kb:oneOf) ?two
        FILTER NOT EXISTS { climate-table:industrie kb:needsSkill ?two } }""",
    "of policy targets only those of emission have it": """ASK {
        ?one a kb:PolicyTarget ; kb:gas ?gas . ?two a kb:PolicyTarget
        FILTER NOT EXISTS { ?two kb:gas ?none }
        FILTER NOT EXISTS { ?three a kb:PolicyTarget ; kb:gas ?any FILTER NOT EXISTS {
            ?three kb:hasFigure/(kb:emissionReduction|kb:emissionReductionShare) ?number } } }""",
    "of years, months, weeks: a, mo, wk": """ASK {
        unit:jaar skos:notation "a" . unit:maand skos:notation "mo" . unit:week skos:notation "wk" }""",
    "only by a site": """ASK { ?company a kb:Company ; kb:locatedIn+/kb:inCluster|^kb:operatedBy/kb:inCluster ?cluster
        FILTER NOT EXISTS { ?company kb:inCluster ?any } }""",
    "is seldom\nrepeated there": """ASK { { SELECT (COUNT(*) AS ?all) (SUM(?again) AS ?both) {
        ?claim a kb:Claim ; kb:place|kb:targetGroup|kb:claimedBy|kb:involves ?x
        BIND(IF(EXISTS { ?claim kb:about|kb:affects|kb:comparedWith ?x }, 1, 0) AS ?again) } }
        FILTER(?both * 20 < ?all) }""",
    "with target groups of its\nown": "ASK { ?solution kb:strategy/kb:targetGroup ?who }",
    "a candidate with two paths has two nodes": """ASK {
        ?one a kb:Inference ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; prov:wasGeneratedBy ?rule .
        ?two a kb:Inference ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; prov:wasGeneratedBy ?rule
        FILTER(?one != ?two) }""",
}
"""Words of the page to a question that holds them true."""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("model_docs", ROOT / "docs" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load()


@pytest.mark.check
def test_the_page_is_what_the_script_makes_now(script: ModuleType, graph: Graph) -> None:
    made = script.make(graph)
    assert made == PAGE, AGAIN
    assert made == script.make(graph)


@pytest.mark.slow
def test_every_class_and_property_in_use_has_a_row(script: ModuleType, graph: Graph) -> None:
    names = script.Names(graph.prefixes)
    graph = script.without_entailed(graph)
    reference = script.Reference(graph, names)
    described = {ox.NamedNode(GRAPH + "ontology"), ox.NamedNode(CATALOGUE)}
    outside = [quad for quad in graph.store if quad.graph_name not in described]
    wanted = {iri for iri in reference.members if iri.startswith(KB)}
    wanted |= {quad.predicate.value for quad in outside if str(quad.subject).startswith(f"<{ID}")} - {RDF_TYPE}
    rows = Counter(re.findall(r"^\| `([\w:-]+)` \|", REFERENCE, re.MULTILINE))
    shown = {names.short(iri).removeprefix("kb:") for iri in wanted}
    assert shown - set(rows) == set(), "declare it in a file that a theme of docs/model/ names"
    assert [name for name in shown if rows[name] > 1] == []


def test_every_row_says_what_it_means_and_has_an_example() -> None:
    for row in re.findall(r"^\| `.*\|$", REFERENCE, re.MULTILINE):
        cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
        assert all(cells), f"give it a label or definition in ontology/: {cells[0]}"
        assert len(cells) in (3, 6), row


def test_the_patterns_are_twelve_and_each_has_rows() -> None:
    answers = re.findall(r"```\n\n(\| .*?)\n\n(\d+) rows", PATTERNS, re.DOTALL)
    assert len(re.findall(r"^### \d+\. ", PATTERNS, re.MULTILINE)) == len(answers) == 12
    for table, count in answers:
        assert len(table.splitlines()) == 2 + min(int(count), 3)
        assert int(count) > 1


@pytest.mark.parametrize("query", re.findall(r"```sparql\n(.*?)```", PATTERNS, re.DOTALL))
def test_a_pattern_runs_as_it_is_with_the_prefixes_above_it(graph: Graph, query: str) -> None:
    assert next(iter(answer(graph.dataset, PREFIXES + query)), None) is not None


@pytest.mark.check
@pytest.mark.parametrize("words", SAID)
def test_what_the_page_says_of_the_data_holds(graph: Graph, words: str) -> None:
    assert words in PAGE
    assert answer(graph.dataset, PREFIXES + SAID[words])


def test_the_block_of_prefixes_is_that_of_the_graph(graph: Graph) -> None:
    pairs = re.findall(r"^PREFIX ([\w-]+): <(.+)>$", PREFIXES, re.MULTILINE)
    assert {prefix: iri if ":" in iri else BASE + iri for prefix, iri in pairs} == graph.prefixes
    assert len(pairs) == len(set(graph.prefixes.values()))


def test_each_prefix_in_use_is_declared() -> None:
    declared = set(re.findall(r"^PREFIX ([\w-]+):", PREFIXES, re.MULTILINE))
    assert set(re.findall(r"`([a-z][\w-]*):(?:[\w.-]+)?`", PAGE)) - declared == set()


def test_the_page_is_small_enough_to_read() -> None:
    assert len(PAGE.encode()) < 114_000


def test_every_theme_has_a_picture_a_question_with_rows_and_reasons(script: ModuleType, graph: Graph) -> None:
    questions = find_questions(ROOT / "queries")
    themes = script.read_themes()
    assert len(themes) == len(PICTURES)
    for theme in themes:
        question = pick(questions, theme.head["query"])
        assert f"[`{question.name}`]" in PAGE
        assert next(iter(answer(graph.dataset, question.query)), None) is not None, question.name
        assert theme.after.startswith("### Why so"), theme.path


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_small_and_every_box_is_joined(picture: str) -> None:
    boxes = re.findall(r"^    (\w+)\[", picture, re.MULTILINE)
    ends = re.findall(r"^    (\w+) -.*> (\w+)$", picture, re.MULTILINE)
    assert len(boxes) <= BOXES
    assert {end for pair in ends for end in pair} == set(boxes)


def test_no_dead_links() -> None:
    headings = {
        re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = link.partition("#")
        assert not path or (ROOT / "docs" / path).exists(), link
        assert not anchor or anchor in headings, link


def test_what_the_prose_names_exists(graph: Graph) -> None:
    known = {quad.predicate.value for quad in graph.store} | {
        quad.subject.value for quad in graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None, None)
    }
    questions = find_questions(ROOT / "queries")
    for path in sorted(FOLDER.glob("*.md")):
        prose = path.read_text("utf-8").rpartition("---\n")[2]
        for term in re.findall(r"`kb:(\w+)`", prose):
            assert KB + term in known, f"{path.name}: kb:{term}"
        for name in re.findall(r"`kg query ([\w/-]+)`", prose):
            assert name in questions, f"{path.name}: {name}"
