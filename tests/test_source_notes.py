"""What the notes on the factsheet promise, held against the graph, and the tables of docs/coverage.md against both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT
from rdflib.namespace import SH

from kg.graph.build import Graph
from kg.namespaces import GRAPH, ID, KB
from kg.queries.question import find_questions

COVERAGE = ROOT / "docs" / "coverage.md"
STATED, EDITORIAL = GRAPH + "industrie-2023", GRAPH + "industrie-2023/editorial"
NAMESPACES = {
    "dct": "http://purl.org/dc/terms/",
    "kb": KB,
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "stated": STATED,
    "editorial": EDITORIAL,
    **{
        kind: f"{ID}{kind}/"
        for kind in (
            *("branch", "cluster", "direction", "knowledge-area", "measure", "occupation", "organisation"),
            *("passage-kind", "period", "pillar", "place", "professional-group", "project", "qualification"),
            *("qualifier", "region", "scope", "site", "soft-skill", "technique", "unit", "vacancy-group"),
        )
    },
    **{kind: f"{ID}{kind}/industrie-2023/" for kind in ("dataset", "figure", "list", "passage", "signal", "work")},
}
PREFIXES = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in NAMESPACES.items())
MAPPINGS = "skos:exactMatch|skos:closeMatch|skos:broadMatch|skos:narrowMatch|skos:relatedMatch"

MISPRINTS = [
    ("klimaatafzets", "claim/industrie-2023/vijf-klimaattafels"),
    ("exportverdiensden", "claim/industrie-2023/export-toegevoegde-waarde"),
    ("Inkoopers", "professional-group/inkopers"),
    ("Predictable maintenance", "technique/predictive-maintenance"),
    ("processtechniek", "knowledge-area/procestechniek"),
    ("processtechniek", "field/procestechniek"),
    ("Vooral nog", "claim/industrie-2023/be-an-engineer-kosten-voor-werkgever"),
    ("krappere", "signal/industrie-2023/arbeidsmarkt-krapper-geworden"),
    ("Noordzee-kanaalgebied", "cluster/noordzeekanaalgebied"),
    ("Exxon Mobile", "company/exxonmobil"),
    ("Afgewonnen CO₂", "substance/afgevangen-co2"),
    ("Zeeuw-Vlaanderen", "region/zeeuws-vlaanderen"),
    ("bierpauzetjes", "substance/bermpaaltjes"),
    ("maaggoed", "substance/maalgoed"),
]

NEVER = {
    "finance is a pillar and no measure": "pillar:financiele-afspraken a kb:ClimateMeasure",
    "bouwploeg is no occupation": "professional-group:bouwploeg kb:namesOccupation ?any",
    "logistieke dienstverleners is no occupation": (
        "professional-group:logistieke-dienstverleners kb:namesOccupation ?any"
    ),
    "BIM-modelleur, energietechnicus and uitvoerder stand in no list": (
        "VALUES ?occupation { occupation:bim-modelleur occupation:energietechnicus occupation:uitvoerder } "
        "?item kb:listsGroup/kb:namesOccupation ?occupation"
    ),
    "an electrolyser is not a fuel cell": (
        f"technique:elektrolyser {MAPPINGS}|^skos:exactMatch|skos:broader|^skos:broader|skos:related|^skos:related "
        "technique:brandstofcel"
    ),
    "shares by age have no period": ("?share qb:dataSet dataset:aandeel-werknemers-naar-leeftijd ; kb:period ?period"),
    "momenteel and binnenkort have no period": (
        "?figure a kb:Figure ; dct:source ?passage ; kb:period ?period . ?passage kb:firstLine ?line "
        "FILTER(?line IN (285, 618))"
    ),
    "the text does not add 19,4 and 5,2 Mton": "?any kb:value|kb:emissionReduction ?value FILTER(?value = 24.6)",
    "2,5 x 15 is not what the text says of Porthos": "?any kb:value ?value FILTER(?value = 37.5)",
    "a reduction of 62 is not minus 62": (
        "?any kb:value|kb:emission|kb:emissionReduction|kb:emissionReductionShare|kb:share ?value FILTER(?value < 0)"
    ),
    "the sixth cluster is no region": "cluster:zesde-cluster a kb:Region",
    "glastuinbouw is none of the nine branches": ("cluster:zesde-cluster kb:hasBranch branch:glastuinbouw"),
    "no e-mail address enters the graph": '?any ?way ?text FILTER(isLiteral(?text) && CONTAINS(STR(?text), "@"))',
    "authors are creators of the publication only": (
        '?any ?way ?text FILTER(isLiteral(?text) && REGEX(STR(?text), "Beukel|IJzerman") && ?way != dct:creator)'
    ),
    "the heading of circularity is missing in the text": (
        "GRAPH stated: { measure:circulariteit skos:prefLabel|kb:underPillar ?any }"
    ),
    "charts without data in the text stay without data": ("?chart a schema:Dataset . ?observation qb:dataSet ?chart"),
    "cluster, region, site, municipality and place are kinds apart": (
        "VALUES ?one { kb:Cluster kb:Region kb:Site kb:Municipality kb:Place } "
        "VALUES ?two { kb:Cluster kb:Region kb:Site kb:Municipality kb:Place } "
        "?thing a ?one , ?two FILTER(?one != ?two)"
    ),
    "candidates are inferred, never stated or edited": (
        "VALUES ?graph { stated: editorial: } VALUES ?way { kb:candidateOccupation kb:candidateSkill } "
        "GRAPH ?graph { ?any ?way ?candidate }"
    ),
    "two works with one title have two publishers, or they are one work": (
        "?one a kb:CitedWork ; skos:prefLabel ?title . ?two a kb:CitedWork ; skos:prefLabel ?title "
        "FILTER(?one != ?two) FILTER NOT EXISTS { ?one dct:publisher ?here . ?two dct:publisher ?there "
        "FILTER(?here != ?there) }"
    ),
    "a decimal comma becomes a decimal": (
        "?any kb:asPrinted ?printed ; kb:value|kb:emission|kb:emissionReduction ?value "
        'FILTER(REGEX(?printed, "^[^0-9]*[0-9]+,[0-9]") && !CONTAINS(?printed, "miljoen")) '
        "FILTER(DATATYPE(?value) != xsd:decimal)"
    ),
}

ALWAYS = {
    "footnote 15 says 49": ("figure:beroepen-verfijnde-lijst kb:value 49 ; skos:editorialNote ?note"),
    "the Alliander route leads outside the lists": (
        "?route a kb:TrainingRoute ; kb:leadsToOccupation occupation:uitvoerder-werkverantwoordelijke-elektrotechniek"
    ),
    "the wrong synonym is kept and flagged": (
        'technique:brandstofcel kb:asPrinted "brandstofcel (elektrolyser)" ; skos:editorialNote ?note'
    ),
    "elektrolyzers is a variant": 'technique:elektrolyser skos:altLabel "elektrolyzers"@nl',
    "UWW is UWV": 'organisation:uwv skos:hiddenLabel "UWW"@nl ; skos:prefLabel "UWV"@nl',
    "Elektro is also Elektrotechniek": 'knowledge-area:elektro skos:altLabel "Elektrotechniek"@nl',
    "quality and safety in both orders": (
        'knowledge-area:kwaliteit-en-veiligheid skos:altLabel "Veiligheid en kwaliteit"@nl'
    ),
    "circularity has an editorial name, pillar and note": (
        "GRAPH editorial: { measure:circulariteit skos:prefLabel ?name ; kb:underPillar ?pillar ; "
        "skos:editorialNote ?note }"
    ),
    "Porthos: about 37, 2.5 a year, 15 years": (
        "project:porthos kb:hasFigure ?all , ?year , ?years . ?all kb:value 37.0 ; "
        "kb:qualifier qualifier:about ; skos:editorialNote ?note . ?year kb:value 2.5 . ?years kb:value 15.0"
    ),
    "Porthos stands under Rijnmond; Rotterdam/Moerdijk is ours": (
        "GRAPH stated: { project:porthos kb:exampleRegion region:rijnmond } "
        "GRAPH editorial: { project:porthos kb:inCluster cluster:rotterdam-moerdijk }"
    ),
    "residual heat in the title, process efficiency in the heading": (
        "project:usg-rookgasterugwinning kb:appliesMeasure measure:procesefficientie-en-innovatie "
        "FILTER NOT EXISTS { project:usg-rookgasterugwinning kb:appliesMeasure measure:restwarmte }"
    ),
    "residual heat and CO2 reuse in one example": (
        "project:yara-restwarmte-en-rest-co2 kb:appliesMeasure measure:restwarmte , measure:ccu"
    ),
    "plant in Noord-Nederland, pilot at Chemelot": (
        "GRAPH stated: { project:avantium-bioplastics kb:exampleRegion region:noord-nederland ; "
        "kb:locatedIn site:avantium-delfzijl , site:avantium-chemelot }"
    ),
    "in 2031 and about 2031 are two statements": (
        "?one a kb:Statement ; rdf:object period:2031 . ?two a kb:Statement ; rdf:object period:2031-rond"
    ),
    "jobs are not employees": "figure:banen-industrie kb:unit unit:banen",
    "a reduction of 62 has a direction": (
        '?target kb:asPrinted "-62%" ; kb:emissionReductionShare ?value ; kb:direction direction:decrease '
        "FILTER(?value = 62)"
    ),
    "line 343 contradicts itself, and both stay": (
        "signal:daling-studenten-hbo skos:editorialNote ?one . signal:toename-hbo-mechatronica skos:editorialNote ?two"
    ),
    "printed exactly and rounded: the figure restates": (
        "?figure a kb:Figure ; kb:value 10000 ; kb:restates ?exact . ?exact kb:openVacancies 9950"
    ),
    "printed twice with one precision: one observation": (
        "?observation kb:openVacancies 51000 ; dct:source passage:skort-p5-4 , passage:s5-p16-4"
    ),
    "operator B is an occupation, and another thing a qualification": (
        "occupation:procesoperator-b a kb:Occupation . qualification:procesoperator-b a kb:Qualification"
    ),
    "one title with two publishers is one work": (
        "work:extra-pakket-maatregelen-klimaatdoel-2030 "
        "dct:publisher organisation:rijksoverheid , organisation:ministerie-klimaat-en-energie"
    ),
}

COUNTS = {
    "list items": ("?x a kb:OccupationListItem", 44),
    "labels of lists": ("?x ^kb:listsGroup/kb:inList ?list . ?list a kb:OccupationList", 39),
    "labels in two lists": (
        "?x ^kb:listsGroup/kb:inList ?one , ?two . ?one a kb:OccupationList . ?two a kb:OccupationList "
        "FILTER(STR(?one) < STR(?two))",
        5,
    ),
    "labels with two knowledge areas": (
        "?x a kb:OccupationGroup ; kb:inKnowledgeArea ?one , ?two FILTER(STR(?one) < STR(?two))",
        5,
    ),
    "lists of other professionals": ("?x a kb:ProfessionalList", 6),
    "highlighted occupations": ("?x a kb:Occupation ; kb:highlightedIn ?section", 5),
    "vacancy rows of one quarter": (
        "?x qb:dataSet dataset:openstaande-vacatures ; kb:occupationGroup ?group ; "
        "kb:period period:2023-34 FILTER(?group != vacancy-group:alle-relevante-beroepen)",
        10,
    ),
    "vacancy totals": ("?x kb:occupationGroup vacancy-group:alle-relevante-beroepen", 3),
    "vacancy labels equal to a list label": (
        "GRAPH editorial: { ?x skos:exactMatch ?group } ?x a kb:VacancyGroup . ?item kb:listsGroup ?group",
        4,
    ),
    "vacancy labels close to list labels": (
        "?x skos:broader vacancy-group:alle-relevante-beroepen ; "
        "skos:closeMatch|skos:broadMatch|skos:narrowMatch ?group . ?item kb:listsGroup ?group",
        6,
    ),
    "branches of the sixth cluster": ("cluster:zesde-cluster kb:hasBranch ?x", 9),
    "entries of the legend": ("?x kb:passageKind passage-kind:legend-entry", 10),
    "requirements that ask for one stress-resistance": ("?x kb:asksSkill soft-skill:stressbestendig", 4),
    "skills in communication that are not merged": (
        "VALUES ?x { soft-skill:communicatief-vaardig soft-skill:communicatief-sterk "
        "soft-skill:communicatieve-vaardigheden } ?x a kb:SoftSkill",
        3,
    ),
    "mbo names of appendix 3": (
        '?x a kb:Qualification ; kb:asPrinted ?printed FILTER(REGEX(?printed, "\\\\(mbo[ -][34]\\\\)$"))',
        10,
    ),
    "regions whose share of 60+ is given": (
        "?share qb:dataSet dataset:aandeel-werknemers-naar-leeftijd ; kb:region ?x FILTER(?x != place:nederland)",
        5,
    ),
    "pairs of footnote 25, each with its statement": (
        "?x a kb:Statement ; rdf:predicate kb:inCluster ; dct:source ?passage . ?passage kb:firstLine 471",
        12,
    ),
    "the twelve, all named": (
        "scope:twaalf-grootste-energie-intensieve-bedrijven kb:completeFor kb:hasMember ; kb:hasMember ?x",
        12,
    ),
    "companies named of the sixth cluster": (
        "cluster:zesde-cluster kb:partialFor kb:inCluster . ?x a kb:Company ; kb:inCluster cluster:zesde-cluster",
        1,
    ),
    "units of emission": (
        "VALUES ?x { unit:mton-co2 unit:mton-co2-equivalent unit:mton-broeikasgas } ?any kb:unit ?x",
        3,
    ),
    "the four ICTs": (
        "VALUES (?x ?class) { (knowledge-area:ict kb:KnowledgeArea) (branch:ict-bedrijven kb:Branch) "
        "(list:professionals-ict kb:ProfessionalList) (qualification:ict kb:Qualification) } "
        "?x a ?class",
        4,
    ),
    "documents cited more than once": ("?one kb:citedWork ?x . ?two kb:citedWork ?x FILTER(STR(?one) < STR(?two))", 5),
}


def rows(graph: Graph, query: str) -> list[tuple[str, ...]]:
    found = graph.store.query(PREFIXES + query, use_default_graph_as_union=True)
    return [tuple(cell.value.removeprefix(ID) if cell is not None else "" for cell in row) for row in found]


def ask(graph: Graph, pattern: str) -> bool:
    return bool(graph.store.query(f"{PREFIXES} ASK {{ {pattern} }}", use_default_graph_as_union=True))


def table(path: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading of a Markdown file, without its head."""
    _, _, after = path.read_text("utf-8").partition(f"\n## {heading}\n")
    lines = [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("|")]
    assert lines, f"{path.name}: no table under '## {heading}'"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("rule", NEVER)
def test_what_may_not_be_in_the_graph_is_not(rule: str, graph: Graph) -> None:
    assert not ask(graph, NEVER[rule]), f"{rule}: find it with kg query -e 'SELECT * {{ {NEVER[rule]} }}'"


@pytest.mark.parametrize("rule", ALWAYS)
def test_what_must_be_in_the_graph_is(rule: str, graph: Graph) -> None:
    assert ask(graph, ALWAYS[rule]), f"{rule}: the graph no longer holds {ALWAYS[rule]}"


@pytest.mark.parametrize("what", COUNTS)
def test_what_is_counted_by_the_notes(what: str, graph: Graph) -> None:
    pattern, count = COUNTS[what]
    found = rows(graph, f"SELECT DISTINCT ?x {{ {pattern} }}")
    assert len(found) == count, f"{what}: {sorted(found)}"


@pytest.mark.parametrize("pattern", [*NEVER.values(), *ALWAYS.values(), *(pattern for pattern, _ in COUNTS.values())])
def test_a_rule_speaks_of_things_that_exist(pattern: str, graph: Graph) -> None:
    """A misspelt slug would make a rule about absence hold for ever."""
    for prefix, name in re.findall(r"(?<![\w:/-])([a-z-]+):([\w-]+)", re.sub(r'"[^"]*"', "", pattern)):
        node = ox.NamedNode(NAMESPACES[prefix] + name)
        spoken = [graph.store.quads_for_pattern(*place) for place in ((node, None, None), (None, None, node))]
        assert any(next(quads, None) for quads in spoken), f"{prefix}:{name} is nowhere in the graph"


@pytest.mark.parametrize(("printed", "iri"), MISPRINTS)
def test_a_misprint_is_kept_and_corrected(printed: str, iri: str, graph: Graph) -> None:
    node = f"<{ID}{iri}>"
    assert ask(graph, f'GRAPH stated: {{ {node} kb:asPrinted "{printed}" }}'), f"state kb:asPrinted of {iri}"
    assert ask(graph, f'GRAPH editorial: {{ {node} skos:hiddenLabel "{printed}"@nl }}'), f"hide it in editorial: {iri}"
    names = [name for (name,) in rows(graph, f"SELECT ?n {{ {node} skos:prefLabel ?n }}")]
    assert not [name for name in names if printed in name], f"correct the name of {iri}"


@pytest.mark.parametrize(
    ("measure", "pillars"),
    [
        ("ccu", {"schoon", "slim"}),
        ("groene-waterstof", {"schoon", "financiele-afspraken"}),
        ("circulaire-productie", {"slim", "financiele-afspraken"}),
    ],
)
def test_a_measure_under_more_pillars_has_a_passage_for_each(measure: str, pillars: set[str], graph: Graph) -> None:
    node = f"<{ID}measure/{measure}>"
    assert {row[0].rpartition("/")[2] for row in rows(graph, f"SELECT ?p {{ {node} kb:underPillar ?p }}")} == pillars
    backed = rows(
        graph,
        f"SELECT DISTINCT ?p {{ ?s a kb:Statement ; rdf:subject {node} ; rdf:predicate kb:underPillar ; "
        "rdf:object ?p ; dct:source ?passage }",
    )
    assert {row[0].rpartition("/")[2] for row in backed} == pillars


def test_base_years_stand_only_where_stated(graph: Graph) -> None:
    found = rows(graph, "SELECT DISTINCT ?printed ?year { ?x kb:basePeriod ?year ; kb:asPrinted ?printed }")
    assert sorted(found) == [
        ("49%", "period/1990"),
        ("49% reductie", "period/1990"),
        ("7 Mton CO₂ minder", "period/1990"),
        ("met 31.000 gestegen", "period/2016"),
        ("ruim 8%", "period/2021"),
        ("zo'n 44%", "period/2005"),
    ]


def test_each_emission_has_the_unit_of_its_sentence(graph: Graph) -> None:
    amount = "?x kb:emission|kb:emissionReduction ?value"
    found = dict(rows(graph, f"SELECT ?printed ?unit {{ {amount} ; kb:unit ?unit ; kb:asPrinted ?printed }}"))
    assert {printed: unit.removeprefix("unit/") for printed, unit in found.items() if "Mton" in printed} == {
        "168 Mton CO₂-equivalent": "mton-co2-equivalent",
        "54 Mton": "mton-co2-equivalent",
        "7 Mton CO₂ minder": "mton-co2",
        "19,4 Mton": "mton-co2",
        "5,2 Mton extra": "mton-broeikasgas",
    }


def test_every_source_leads_to_a_work_and_every_work_is_cited(graph: Graph) -> None:
    assert not rows(graph, "SELECT ?x { ?x a kb:Citation FILTER NOT EXISTS { ?x kb:citedWork ?work } }")
    in_use = "FILTER NOT EXISTS { ?x <http://www.w3.org/2002/07/owl#deprecated> true }"
    assert not rows(graph, f"SELECT ?x {{ ?x a kb:CitedWork {in_use} FILTER NOT EXISTS {{ ?by kb:citedWork ?x }} }}")


def test_lines_without_a_fact_are_those_of_the_table(graph: Graph) -> None:
    """A line is covered when a stated thing that is no part of the publication has a passage on it as source."""
    every = lines_of(graph, "GRAPH stated: { ?passage a kb:Passage }")
    covered = lines_of(
        graph,
        "GRAPH stated: { ?thing dct:source ?passage } FILTER NOT EXISTS { "
        "VALUES ?kind { kb:Publication kb:Section kb:Passage kb:Span } ?thing a ?kind }",
    )
    told = [line for row in table(COVERAGE, "Lines on which no fact rests") for line in re.findall(r"\d+", row[0])]
    assert [int(line) for line in told] == sorted(every - covered)


def lines_of(graph: Graph, pattern: str) -> set[int]:
    """Return the lines of passages; one that runs on across a page covers those of its spans only."""
    found = rows(
        graph,
        f"SELECT DISTINCT ?first ?last {{ {pattern} . ?passage kb:hasSpan? ?part . "
        "?part kb:firstLine ?first ; kb:lastLine ?last "
        "FILTER(?part != ?passage || NOT EXISTS { ?passage kb:hasSpan ?span }) }",
    )
    return {line for first, last in found for line in range(int(first), int(last) + 1)}


def test_counts_of_classes_are_those_of_the_table(graph: Graph) -> None:
    told = {row[0].strip("`"): int(row[1]) for row in table(COVERAGE, "Counts beside those of the notes")}
    shared = "<https://w3id.org/klimaatbanen/graph/klimaattafels>"
    typed = f"GRAPH ?graph {{ ?x a ?class }} FILTER(?graph IN (stated:, editorial:, {shared}))"
    now = dict(rows(graph, f"SELECT ?class (COUNT(DISTINCT ?x) AS ?n) {{ {typed} }} GROUP BY ?class"))
    now = {name.replace(KB, "kb:").replace("http://purl.org/linked-data/cube#", "qb:"): n for name, n in now.items()}
    assert told == {name: int(now[name]) for name in told}, "count again with kg info and explain the difference"


def test_rules_name_what_checks_them() -> None:
    shapes = rdflib.Graph()
    for path in (ROOT / "shapes").glob("*.ttl"):
        shapes.parse(path)
    known = {f"kbsh:{str(shape).rpartition('#')[2]}" for shape in {*shapes.subjects(SH.message), *nodes(shapes)}}
    known |= set(find_questions(ROOT / "shapes")) | {"kg evidence --text"}
    known |= set(re.findall(r"def (test_\w+)", "".join(path.read_text("utf-8") for path in ROOT.glob("tests/*.py"))))
    named = {
        name
        for row in table(COVERAGE, "Modelling rules and where they are checked")
        for name in re.findall("`([^`]+)`", row[-1])
    }
    assert not named - known, "these are no shape, check query, test or command"


def nodes(shapes: rdflib.Graph) -> Iterable[rdflib.term.Node]:
    return shapes.subjects(rdflib.RDF.type, SH.NodeShape)


def test_no_fact_is_aligned_as_the_same_thing(graph: Graph) -> None:
    same = ox.NamedNode("http://www.w3.org/2002/07/owl#sameAs")
    assert not list(graph.store.quads_for_pattern(None, same, None, None))
