"""Pages of things and lists, declared by `views/*.ttl`: what they show, on what evidence, and what they refuse."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from test_things import KINDS

from kg.endpoint.settings import Settings
from kg.errors import SourceError
from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.facts import Facts, Step
from kg.namespaces import BASE, ID, KB
from kg.queries.question import find_questions
from kg.web.address import Address
from kg.web.app import create_app
from kg.web.terms import number
from kg.web.views import Views, read_views

HTML = {"Accept": "text/html"}
LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@pytest.fixture(scope="module")
def views() -> Views:
    return read_views(project_folder() / "views")


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    settings = Settings(site="https://klimaatbanen.example", report="mailto:facts@klimaatbanen.example")
    return create_app(graph, find_questions(project_folder() / "queries"), settings).test_client()


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:400])
    return answer.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def section(html: str, slug: str) -> str:
    found = re.search(rf'<section aria-labelledby="{slug}".*?</section>', html, re.DOTALL)
    assert found, f"no section {slug}"
    return found.group()


# Views


def test_each_property_of_a_view_is_used_in_the_graph(graph: Graph, views: Views) -> None:
    steps = {step for view in views for one in view.fields for steps in one.path for step in steps}
    unused = {
        step.predicate
        for step in steps
        if next(graph.store.quads_for_pattern(None, ox.NamedNode(step.predicate), None, None), None) is None
    }
    revises = {"http://www.w3.org/ns/prov#wasRevisionOf"}  # No publication here is a newer edition yet.
    assert unused == revises, "mend the spelling in views/, or take the property out"


def test_each_view_is_of_a_class_with_things_and_speaks_both_languages(graph: Graph, views: Views) -> None:
    facts = Facts(graph.store)
    used = {quad.object.value for quad in graph.store.quads_for_pattern(None, ox.NamedNode(TYPE), None, None)}
    used |= {parent for one in used for parent in facts.superclasses.get(one, ())}
    for view in views:
        assert view is views.common or view.target in used
        assert view is views.common or set(view.label) == {"nl", "en"}, view.target
        assert set(view.comment) in ({"nl", "en"}, set()), view.target
        for one in view.fields:
            assert one.hidden or set(one.name) == {"nl", "en"}, one.slug
            assert one.hidden or set(one.group.label) == {"nl", "en"}, one.slug
        slugs = [one.slug for one in view.fields]
        assert len(set(slugs)) == len(slugs)


def test_every_class_of_ours_that_has_pages_is_shown_by_a_view_or_left_to_the_plain_table(client: FlaskClient) -> None:
    site = client.application.extensions["kg"]
    plain = {site.kinds.classes[kind].rpartition("#")[2] for kind in site.kinds.members if not site.kinds.view(kind)}
    left = {"Statement", "Definition", "Period", "DataSet", "Mapping", "ComponentSpecification", "Dataset"}
    assert not {one for one in plain if one in {"Occupation", "ClimateMeasure", "Cluster", "TrainingRoute"}}
    assert len(plain - left) < 12, "most kinds have a view"


def test_a_path_that_is_none_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<urn:v> a sh:NodeShape ; sh:targetClass <urn:c> ; sh:property [ sh:path [ sh:zeroOrMorePath <urn:p> ] ] .\n"
    )
    with pytest.raises(SourceError, match="path of a view"):
        read_views(tmp_path)
    (tmp_path / "x.ttl").write_text("no turtle")
    with pytest.raises(SourceError, match=r"x\.ttl"):
        read_views(tmp_path)


def test_paths_go_back_along_sequences_and_alternatives(graph: Graph) -> None:
    facts = Facts(graph.store)
    names, area = KB + "namesOccupation", KB + "inKnowledgeArea"
    found = facts.along(f"{ID}occupation/elektricien", ((Step(area),), (Step(names, inverse=True), Step(area))))
    assert [str(fact.value) for fact in found] == [f"<{ID}knowledge-area/elektro>"]
    assert all(len(fact.quads) >= 2 for fact in found)


# Things


def test_an_occupation_shows_what_the_text_says_of_it(client: FlaskClient) -> None:
    html = page(client, "/id/occupation/procesoperator?lang=nl")
    leading = text_of(section(html, "leading"))
    for said in ("Bijregelen van apparatuur", "Stressbestendig", "Een van procestechniek (mbo) , VAPRO C ; Allround"):
        assert said in leading
    assert "Procesoperator B" in leading
    assert "over deze koppeling" in text_of(section(html, "links"))
    assert 'class="chip chip-stated"' in section(html, "leading")
    assert "Ook genoemd procesoperators" in text_of(section(html, "names"))


def test_a_fact_shows_its_passage_as_a_person_finds_it(client: FlaskClient) -> None:
    html = page(client, "/id/measure/ccs?lang=nl")
    places = section(html, "leading")
    assert "<summary>bewijs (2)</summary>" in places
    way = r"<a href=\"/read/industrie-2023/[^\"]+#s[^\"]+\">alinea \d+"
    assert re.search(rf"Klimaatbanen in de industrie</a> \(2023\) · [^<]+ · {way}", places)


def test_candidates_stand_apart_with_the_rule_and_its_path(client: FlaskClient) -> None:
    html = page(client, "/id/measure/elektrificatie?lang=en")
    candidates, work = section(html, "candidates"), section(html, "leading")
    assert "works supervisor" in text_of(candidates)
    assert "works supervisor" not in text_of(work)
    assert "rule and path" in text_of(candidates)
    assert "Path:" in text_of(candidates)
    assert "chip-inferred" in candidates
    assert "chip-inferred" not in work


def open_points(html: str) -> str:
    """Return what a page says that publications leave open."""
    found = re.search(r'<p class="open">.*?</p>', html, re.DOTALL)
    return sentence(found.group()) if found else ""


def sentence(html: str) -> str:
    """Return text as a reader sees it, without spaces where tags stood."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def test_a_page_says_what_the_text_leaves_open(client: FlaskClient) -> None:
    html = page(client, "/id/measure/ccs?lang=en")
    said = (
        "Climate jobs in industry names no occupations for this measure; it names knowledge areas only for the climate"
    )
    assert said in open_points(html)
    assert "Named for the climate table as a whole" in text_of(section(html, "leading"))
    bare = open_points(page(client, "/id/occupation/pijpfitter?lang=nl"))
    assert "noemt bij dit beroep geen taken, vaardigheden, opleidingseisen" in bare
    assert "Welke maatregel dit beroep zelf nodig heeft, zegt geen publicatie" in bare
    assert "names no occupations" not in page(client, "/id/measure/elektrificatie?lang=en")


def test_who_a_measure_needs_is_said_by_the_list_in_which_they_stand(client: FlaskClient) -> None:
    html = page(client, "/id/measure/waterstof?lang=nl")
    assert "financieel adviseur" in text_of(section(html, "leading"))
    assert "mogelijk" in text_of(section(html, "leading"))
    assert "staan in de lijst van andere professionals" in open_points(html)
    assert "maar niet bij deze maatregel" in open_points(html)


def test_a_project_that_was_given_up_says_so_and_stands_on_no_map(client: FlaskClient) -> None:
    html = page(client, "/id/measure/ccs?lang=nl")
    row = re.search(r"<tr><th[^>]*><a [^>]+>Athos.*?</tr>", html, re.DOTALL)
    assert row
    assert "opgegeven" in text_of(row.group())
    drawn = re.search(r'<svg[^>]+class="map".*?</svg>', html, re.DOTALL)
    assert drawn
    assert "Rotterdam" in drawn.group()
    assert "Noordzeekanaal" not in drawn.group()
    athos = page(client, "/id/project/athos?lang=nl")
    assert "is opgegeven" in sentence(athos.partition('class="lead opening"')[2].partition("</p>")[0])
    assert 'class="place-mark"' not in athos


def test_where_a_measure_has_no_occupation_that_of_which_it_is_a_part_is_named_with_its_own(
    client: FlaskClient,
) -> None:
    html = page(client, "/id/measure/groene-waterstof?lang=en")
    said = "With use of hydrogen, of which it is a part, occupations are named: financial adviser and grant adviser"
    assert f"{said} (each: possible)." in open_points(html)
    assert "of which it is a part, occupations" not in open_points(page(client, "/id/measure/ccs?lang=en"))


def test_a_route_says_what_its_exceptions_are(client: FlaskClient) -> None:
    html = page(client, "/id/training-route/be-an-engineer?lang=en")
    exceptions = "those who do not fully meet it: catching up on missing subjects, an admission test, or both"
    assert sentence(html).count(exceptions) == 2, text_of(html)


def test_no_step_of_the_way_to_a_page_has_its_name(client: FlaskClient) -> None:
    html = page(client, "/id/training-route/be-an-engineer?lang=en")
    steps = re.search(r'<nav class="breadcrumb".*?</nav>', html, re.DOTALL)
    assert steps
    assert text_of(steps.group()).count("Be an Engineer") == 1


def test_plans_are_of_a_year(client: FlaskClient) -> None:
    porthos = sentence(page(client, "/id/project/porthos?lang=nl").partition('class="page-head"')[2])
    assert (
        "De tekst uit 2023 noemt als planning: begin in 2023 tot en met 2024; in bedrijf in 2026. Of het zo" in porthos
    )
    assert "Zoals beschreven in Klimaatbanen in de industrie (UWV, 2023)" in porthos


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/id/project/porthos", ("Porthos liep vertraging op door de stikstofuitspraak", "Porthos mag doorgaan")),
        ("/id/measure/ccs", ("CO₂-opslag is nodig als tussenstap maar lost de verduurzaming niet op",)),
    ],
)
def test_what_texts_say_against_it_is_not_folded(client: FlaskClient, address: str, said: tuple[str, ...]) -> None:
    shown = re.sub(
        r"<details(?! open).*?</details>", "", section(page(client, f"{address}?lang=nl"), "leading"), flags=re.DOTALL
    )
    assert all(one in text_of(shown) for one in said)


def test_a_project_is_no_policy_and_the_advisers_stand_once(client: FlaskClient) -> None:
    html = page(client, "/id/measure/waterstof?lang=nl")
    assert "Vooruitgeholpen door" in text_of(html)
    assert "Gesteund door" not in text_of(html)
    lead = html.partition('class="page-head"')[2].partition("as-of")[0]
    assert text_of(lead).count("subsidie-adviseur") == 1
    assert "Gesteund door" in text_of(page(client, "/id/measure/ccs?lang=nl"))


def test_what_refers_to_a_thing_is_said_in_words(client: FlaskClient) -> None:
    html = page(client, "/id/unit/jaar?lang=en")
    assert "has this unit" in text_of(section(html, "mentions"))
    assert "SELECT%20%3Fgraph%20%3Fsubject" in html.replace("+", "%20")


def part(html: str, publication: str) -> str:
    """Return what the page of a climate table shows of one publication."""
    parts = section(html, "publications").split('<div class="part">')[1:]
    return next(each for each in parts if f"/id/publication/{publication}?" in each.partition("</h3>")[0])


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_climate_table_shows_what_each_publication_says(client: FlaskClient, lang: str) -> None:
    html = page(client, f"/id/climate-table/gebouwde-omgeving?lang={lang}")
    silent = {"nl": "Hierover zegt deze publicatie niets", "en": "This publication says nothing about this"}[lang]
    uwv, biind = (part(html, f"gebouwde-omgeving-2022{name}") for name in ("", "-biind"))
    assert [part.count("/id/measure/") for part in (uwv, biind)] == [5, 5]
    for slug, both in (("occupation/zonnepanelenmonteur", True), ("occupation/vloerenlegger", False)):
        assert [f"/id/{slug}?" in part for part in (uwv, biind)] == [True, both]
    assert [silent in part for part in (uwv, biind)] == [True, False]
    assert "energiesysteem-2022-anp" not in section(html, "publications")
    shared = text_of(biind.partition('<p class="shared">')[2].partition("</p>")[0])
    period, scope = {
        "nl": ("derde kwartaal van 2021 redactioneel", "Reikwijdte: alle vraag"),
        "en": ("third quarter of 2021 editorial", "Scope: all"),
    }[lang]
    assert period in text_of(biind), "of some rows the period is ours, so that it is a column"
    assert scope in shared
    assert "bijna 46.000" in text_of(biind) or lang == "en"


def test_the_list_of_climate_tables_names_their_publications(client: FlaskClient) -> None:
    listed = text_of(page(client, "/id/climate-table?lang=nl").partition("<main")[2].partition("<footer")[0])
    built = listed.partition("Gebouwde omgeving")[2].partition("Industrie")[0]
    assert "Publicaties" in built
    assert "Technische mensen nodig om klimaatdoelen te halen" in built
    assert "Publicaties" not in listed.partition("Mobiliteit")[2]


def test_evidence_of_a_part_is_of_its_publication_alone(client: FlaskClient) -> None:
    html = page(client, "/id/climate-table/gebouwde-omgeving?lang=nl")
    for name, other in (("", "gebouwde-omgeving-2022-biind"), ("-biind", "gebouwde-omgeving-2022")):
        own = part(html, f"gebouwde-omgeving-2022{name}")
        assert f"/read/gebouwde-omgeving-2022{name}?lang=nl#" in own
        assert f"/read/{other}?" not in own


def test_a_long_list_leaves_its_evidence_to_the_page_of_each(client: FlaskClient) -> None:
    own = part(page(client, "/id/climate-table/industrie?lang=nl"), "industrie-2023")
    listed = own.partition("Beroepen en andere professionals</dt>")[2].partition("</dd>")[0]
    assert listed.count("<li>") > 40
    assert own.partition("<dl")[0].count("Waar hier geen bewijs bij staat, staat het op de pagina van elk.") == 1
    assert "<details" not in listed
    group = page(client, "/id/occupation-group/monteurs-industriele-machines-en-installaties?lang=nl")
    link = '<a href="/id/climate-table/industrie?lang=nl">Industrie</a>'
    row = section(group, "climate").partition(link)[2].partition("</dd>")[0]
    assert "/read/industrie-2023/" in row


def test_a_number_with_a_scope_says_that_it_names_no_period(client: FlaskClient) -> None:
    own = part(page(client, "/id/climate-table/energiesysteem?lang=nl"), "energiesysteem-2022-anp")
    assert "48.000" in own
    assert "Periode: niet genoemd" in text_of(own)


@pytest.mark.parametrize("slug", ["mobiliteit", "landbouw-en-landgebruik"])
def test_a_table_without_a_publication_says_what_is_not_known(client: FlaskClient, slug: str) -> None:
    html = page(client, f"/id/climate-table/{slug}?lang=nl")
    said = text_of(section(html, "publications"))
    assert "Nog geen publicatie op deze site gaat hierover" in said
    assert "Nog niet bekend: maatregelen; beroepen" in said
    assert '<div class="part">' not in html


def test_breadcrumb_climbs_to_the_climate_table(client: FlaskClient) -> None:
    html = page(client, "/id/measure/ccs?lang=en")
    crumbs = text_of(re.search(r'<nav class="breadcrumb".*?</nav>', html, re.DOTALL).group())  # type: ignore[union-attr]
    assert crumbs.split()[:4] == ["Klimaatbanen", "Measures", "Industry", "clean"]


def test_a_series_is_a_table_with_numbers_in_the_way_of_the_language(client: FlaskClient) -> None:
    path = "/id/vacancy-group/monteurs-industriele-machines-en-installaties"
    dutch, english = (text_of(section(page(client, f"{path}?lang={tag}"), "figures")) for tag in ("nl", "en"))
    assert "Vacatures" in dutch
    assert re.search(r"\b\d\.\d{3}\b", dutch)
    assert re.search(r"\b\d,\d{3}\b", english)


def test_numbers_that_are_none_stay_as_they_are() -> None:
    assert [number(text, "nl") for text in ("1e6", "", "12.50", "-0.5")] == ["1e6", "", "12,50", "-0,5"]


def test_a_thing_of_a_class_without_a_view_gets_the_plain_list(client: FlaskClient) -> None:
    html = page(client, "/id/period/2022-34?lang=nl")
    assert "2022" in text_of(section(html, "facts"))


def test_a_concept_scheme_and_a_publication_are_trees(client: FlaskClient) -> None:
    scheme = page(client, "/id/scheme/occupation?lang=nl")
    tree = re.search(r'<ul class="tree">.*?</ul>\s*</dd>', scheme, re.DOTALL)
    assert tree
    assert re.search(r">engineer</a><details open><summary>.*?engineer elektronica", tree.group(), re.DOTALL)
    assert '<ul class="tree">' in page(client, "/id/publication/industrie-2023")


def test_a_passage_shows_what_rests_on_it(client: FlaskClient) -> None:
    html = page(client, "/id/passage/industrie-2023/sb3-p1-1?lang=nl")
    assert "Procesoperator" in text_of(section(html, "members"))
    assert "Bijlage 3: Aantal cruciale beroepen uitgelicht · kop" in text_of(html)


def test_a_term_of_another_vocabulary_has_its_code(client: FlaskClient) -> None:
    links = text_of(section(page(client, "/id/occupation/procesoperator?lang=nl"), "links"))
    assert "operator controlekamer chemische installatie ESCO 3133.1.3" in links
    assert "Bedieningspersoneel chemische installaties ISCO-08 3133" in links
    assert "Procesoperators BRC 2014 0723" in links


def test_a_figure_is_called_and_cited_in_words(client: FlaskClient) -> None:
    shown = page(client, "/id/figure/industrie-2023/aandeel-banen-industrie?lang=nl")
    assert "<h1>Aandeel van de industrie in alle banen: 8 procent, 2022</h1>" in shown
    words = "1.300 openstaande vacatures voor Kwaliteitsmedewerkers, tweede kwartaal van 2023"
    shown = page(client, "/id/observation/industrie-2023/vacatures-kwaliteitsmedewerkers?lang=nl")
    assert f"<h1>{words}</h1>" in shown
    assert f'"{words}"' in unescape(shown.partition('id="cite"')[2])
    assert "2 jaar" in page(client, "/id/figure?q=duur+van+de+Associate&lang=nl")


@pytest.mark.parametrize("path", ["/id/cluster/chemelot", "/id/project/avantium-bioplastics", "/id/measure/ccs"])
def test_clusters_stand_on_a_map(client: FlaskClient, path: str) -> None:
    html = page(client, f"{path}?lang=nl")
    places = section(html, "places")
    assert "Kaart van Nederland met" in places
    assert 'class="place-mark"' in places
    assert "Breedtegraad" not in html


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("passage/industrie-2023/sb3-p1-1", "Bijlage 3: Aantal cruciale beroepen uitgelicht · kop"),
        ("mapping/measures-oeo/fea0e17523c3", "&#39;laagwaardige&#39; recycling → breder elders → recycling"),
        (
            "statement/industrie-2023/porthos-2023-2024",
            "Porthos in Rijnmond (opslag van CO₂) → begint in → 2023 tot en met 2024",
        ),
    ],
)
def test_no_slug_stands_for_a_name(client: FlaskClient, path: str, name: str) -> None:
    heading = re.search("<h1[^>]*>(.*?)</h1>", page(client, f"/id/{path}?lang=nl")).group(1)  # type: ignore[union-attr]
    assert heading == name


def test_cite_permanent_address_report_and_formats(client: FlaskClient) -> None:
    html = page(client, "/id/occupation/procesoperator?lang=en")
    assert "@misc{klimaatbanen-occupation-procesoperator," in html
    assert f'<a href="{ID}occupation/procesoperator">' in html
    assert 'href="mailto:facts@klimaatbanen.example?subject=process%20operator&amp;body=' in html
    assert all(f'href="/id/occupation/procesoperator.{suffix}"' in html for suffix in ("ttl", "jsonld", "nt", "rdf"))


def test_no_report_link_without_the_setting(graph: Graph) -> None:
    without = create_app(graph, {}).test_client()
    assert "Report it" not in page(without, "/id/occupation/procesoperator?lang=en")


@pytest.mark.parametrize(
    ("settings", "where"), [({"site": "example.org"}, "KG_SITE"), ({"report": "javascript:x"}, "KG_REPORT")]
)
def test_addresses_that_are_none_are_refused(graph: Graph, settings: dict[str, str], where: str) -> None:
    with pytest.raises(SourceError, match=where):
        create_app(graph, {}, Settings(**settings))


def test_reports_go_to_an_issue_tracker_too() -> None:
    link = Address("", "https://tracker.example/new?labels=fact").report_link("urn:x", "a & b", "what")
    assert link == "https://tracker.example/new?labels=fact&title=a%20%26%20b&body=what%0A%0Aurn%3Ax%0A"


def test_hostile_labels_are_escaped_everywhere(graph: Graph) -> None:
    hostile = "\"><script>alert(1)</script>'</title>{{7*7}}"
    store = ox.Store()
    store.bulk_extend(graph.store)
    node, place = ox.NamedNode(f"{ID}occupation/kwaad"), ox.NamedNode(f"{BASE}graph/industrie-2023")
    for predicate, value in (
        (TYPE, ox.NamedNode(KB + "Occupation")),
        (LABEL, ox.Literal(hostile, language="nl")),
        (KB + "asPrinted", ox.Literal(hostile)),
        (KB + "hasTask", ox.NamedNode("javascript:alert(1)")),
    ):
        store.add(ox.Quad(node, ox.NamedNode(predicate), value, place))
    client = create_app(Graph(store, graph.sources), find_questions(project_folder() / "queries")).test_client()
    for path in ("/id/occupation/kwaad", "/id/occupation?q=script", "/id/scheme/occupation", "/id/occupation/kwaadd"):
        html = client.get(path, headers=HTML).text
        assert "<script>alert" not in html
        assert 'href="javascript:' not in html
    assert "{{7*7}}" in page(client, "/id/occupation/kwaad")


# Lists


def test_a_list_counts_its_facets_as_a_query_does(client: FlaskClient, graph: Graph) -> None:
    html = page(client, "/id/occupation?lang=nl")
    query = f"""SELECT ?area (COUNT(DISTINCT ?o) AS ?n) {{
      ?o a <{KB}Occupation> . {{ ?o <{KB}inKnowledgeArea> ?area }} UNION {{ ?g <{KB}namesOccupation> ?o ; <{KB}inKnowledgeArea> ?area }}
    }} GROUP BY ?area"""  # noqa: E501
    rows = graph.store.query(query, use_default_graph_as_union=True)
    expected = {row["area"].value.removeprefix(ID): row["n"].value for row in rows}  # type: ignore[union-attr]
    shown = re.findall(r'href="/id/occupation\?knowledgeArea=([^&]+)&amp;lang=nl">.*?class="n">(\d+)<', html)
    assert {value.replace("%2F", "/"): count for value, count in shown} == expected
    assert "1 t/m 50 van 157" in text_of(html)


def test_a_chosen_facet_narrows_and_can_be_taken_away(client: FlaskClient) -> None:
    html = page(client, "/id/occupation?lang=en&knowledgeArea=knowledge-area/ict")
    assert "BI consultant" in html
    assert "electrician" not in html
    assert 'class="chip chip-stated" href="/id/occupation?lang=en"' in html


def test_words_narrow_a_list_and_pages_turn(client: FlaskClient) -> None:
    assert "adviseur bouw" in page(client, "/id/occupation?q=ADVISEUR+bouw&lang=nl")
    assert "Niets voldoet" in page(client, "/id/occupation?q=zzz&lang=nl")
    second = page(client, "/id/occupation?page=2&lang=nl")
    assert "51 t/m 100 van 157" in text_of(second)
    assert "151 t/m 157 van 157" in text_of(page(client, "/id/occupation?page=99&lang=nl"))


@pytest.mark.parametrize(
    ("query", "choice"), [("colour=red", "knowledgeArea"), ("knowledgeArea=knowledge-area/x", "knowledge-area/ict")]
)
def test_a_facet_or_value_that_is_not_there_is_400_with_the_choices(
    client: FlaskClient, query: str, choice: str
) -> None:
    answer = client.get(f"/id/occupation?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert choice in json.loads(answer.data)["hint"]
    assert choice in page(client, f"/id/occupation?{query}", 400)


def test_a_list_is_data_too(client: FlaskClient) -> None:
    answer = client.get("/id/pillar?format=ttl", headers=HTML)
    assert answer.content_type.startswith("text/turtle")
    parsed = ox.parse(answer.data, format=ox.RdfFormat.TURTLE)
    assert ox.NamedNode(f"{ID}pillar/schoon") in {quad.subject for quad in parsed}
    answer = client.get("/id/pillar?format=jsonld", headers=HTML)
    assert answer.content_type == "application/ld+json"
    assert "pillar/schoon" in {pillar["id"] for pillar in answer.get_json(force=True)["@graph"]}
    triples = list(
        ox.parse(client.get("/id/pillar", headers={"Accept": "text/turtle"}).data, format=ox.RdfFormat.TURTLE)
    )
    assert {quad.subject.value for quad in triples if isinstance(quad.subject, ox.NamedNode)} == {
        f"{ID}pillar/{one}" for one in ("schoon", "slim", "financiele-afspraken")
    }


def test_an_unknown_kind_is_404_with_the_kinds(client: FlaskClient) -> None:
    assert "occupation" in client.get("/id/nope").get_json(force=True)["hint"]


def all_paths(client: FlaskClient) -> list[str]:
    members: Any = client.application.extensions["kg"].kinds.members
    return [f"/id/{kind}" for kind in members] + [
        path.removeprefix(BASE[:-1]) for kind in members for path in members[kind][:1]
    ]


def test_one_of_each_kind_and_each_list_in_both_languages(client: FlaskClient) -> None:
    paths = all_paths(client)
    assert len(paths) > 120
    heavy = {path: len(page(client, f"{path}?lang={tag}")) for path in paths for tag in ("nl", "en")}
    assert {path: size for path, size in heavy.items() if size > 100_000} == {}


@pytest.mark.check
def test_every_page_of_a_thing_of_other_kinds_is_light_as_it_is_sent(client: FlaskClient) -> None:
    """Those of the kinds that people look for are read in tests/test_things.py."""
    members: Any = client.application.extensions["kg"].kinds.members
    left = ("mapping", "statement", "passage", *KINDS)
    things = [iri for kind in members for iri in members[kind] if kind not in left]
    pages = {iri: page(client, iri.removeprefix(BASE[:-1]) + "?lang=nl").encode() for iri in things}
    sizes = {iri: len(gzip.compress(html, 1)) for iri, html in pages.items()}
    assert len(sizes) > 300
    assert {iri: size for iri, size in sizes.items() if size > 60_000} == {}


@pytest.mark.parametrize(
    ("lang", "levels"), [("nl", ("hbo-bachelor", "hbo of wo")), ("en", ("hbo bachelor", "hbo or"))]
)
def test_things_of_one_name_have_their_level_beside_it(client: FlaskClient, lang: str, levels: tuple[str, str]) -> None:
    html = page(client, f"/id/qualification/mbo-werktuigbouwkunde?lang={lang}")
    named = re.findall(r'href="/id/qualification/(?:bachelor-)?werktuigbouwkunde\?[^>]*>([^<]*)<', html)
    assert named
    assert all(
        re.fullmatch(rf".*(?: \((?:{'|'.join(levels)})[^()]*\)|, (?:{'|'.join(levels)}).*\))", text) for text in named
    ), named
    for name in ("switch/diplomas", "switch/places", "places/measures"):
        form = page(client, f"/questions/{name}?lang={lang}").partition("<select")[2].partition("</select>")[0]
        options = [text.casefold() for text in re.findall(r"<option[^>]*>([^<]*)<", form)]
        assert len(options) == len(set(options)) > 1, name


def test_the_search_for_a_diploma_says_its_levels(client: FlaskClient) -> None:
    told = client.get("/switch/suggest?q=werktuigbouwkunde&lang=nl").json["suggestions"]
    assert [one["level"] for one in told if one["kind"] == "kwalificatie"] == ["hbo of wo, hbo-bachelor, mbo"]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_each_kind_of_thing_has_a_name_of_its_own_and_says_what_it_is(graph: Graph, lang: str) -> None:
    site = create_app(graph, {}).extensions["kg"]
    names = [site.kind_name(kind, lang) for kind in site.kinds.members]
    assert {name for name in names if names.count(name) > 1} == set()
    silent = {kind for kind in site.kinds.members if not site.kind_comment(kind, lang)}
    assert silent <= {"cube"}, "a view, a class or a scheme says what they are"


def test_a_level_behind_a_name_says_no_name_twice(client: FlaskClient) -> None:
    for lang in ("nl", "en"):
        assert "hbo-bachelor (hbo-bachelor)" not in text_of(
            page(client, f"/id/training-route/be-an-engineer?lang={lang}")
        )
        assert not re.search(r">([^<>(]+) \(\1\)<", page(client, f"/questions/switch/diplomas?lang={lang}"))


def test_the_chart_of_routes_draws_where_a_route_leads(client: FlaskClient) -> None:
    html = page(client, "/questions/learning/routes-to-occupation?occupation=occupation/procesoperator&lang=nl")
    assert "route leidt naar" in text_of(html)
    chart = html.partition("<figure")[2].partition("</figure>")[0]
    assert "CHILL Talent Office: procesoperator B" in chart
