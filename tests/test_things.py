"""All pages of the kinds of things that people look for, read once: what they say first, and what they never say."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from html import unescape

import pyoxigraph as ox
import pytest

from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import BASE, ID, KB, SKOS
from kg.queries.question import find_questions
from kg.web.app import create_app
from kg.web.layout import TermView
from kg.web.things.page import Block, Row, Section, Value
from kg.web.things.support import SupportView

pytestmark = pytest.mark.check  # A thousand pages.
KINDS = ("occupation", "measure", "climate-table", "training-route", "qualification", "cluster", "company", "project")
KINDS += ("region", "skill", "soft-skill", "figure", "observation")
HTML = {"Accept": "text/html"}
SKILL = re.compile(r'href="(/id/(?:soft-)?skill/[^"?]+)')
CODES = re.compile(r"ManualMapping|MappingChaining|SHA-256|voetnoot-\d|\b(?:OEO|ENVO)_\d|\bskos:|altLabel")
NESTED = re.compile(r'<dl class="nested">.*?</dl>', re.DOTALL)


@pytest.fixture(scope="module")
def answers(graph: Graph) -> dict[str, str]:
    """Address to the page of each thing in both languages."""
    client = create_app(graph, find_questions(project_folder() / "queries"), Settings()).test_client()
    members = client.application.extensions["kg"].kinds.members
    paths = [iri.removeprefix(BASE[:-1]) for kind in KINDS for iri in members[kind]]
    addresses = [f"{path}?lang={lang}" for path in paths for lang in ("nl", "en")]
    return {address: client.get(address, headers=HTML).text for address in addresses}


@pytest.fixture(scope="module")
def pages(answers: dict[str, str]) -> dict[str, str]:
    """Address to what a page says from its name to what stands beside the facts."""
    return {
        path: html[html.index('<div class="page-head"') : html.index('<div class="aside"')]
        for path, html in answers.items()
    }


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html))).strip()


def unfolded(html: str) -> str:
    """Return a page without what is folded away."""
    while (shorter := re.sub(r"<details(?:(?!<details).)*?</details>", "", html, flags=re.DOTALL)) != html:
        html = shorter
    return html


def paragraph(html: str, name: str) -> str:
    return words(" ".join(inside(html, name)))


def inside(html: str, name: str) -> list[str]:
    """Return what stands in the paragraphs of a name; an opening of many sentences goes on in a second one."""
    more = "|opening further" if name == "lead opening" else ""
    return re.findall(rf'<p class="(?:{name}{more})">(.*?)</p>', html, re.DOTALL)


def links(html: str, name: str = "lead opening") -> set[str]:
    """Return the things to which a paragraph leads."""
    return set(re.findall(r'href="/id/([^"?]+)', " ".join(inside(html, name))))


def pairs(graph: Graph, name: str) -> list[tuple[str, str]]:
    """Return the things that a property ties, without the beginning of their IRIs."""
    predicate = ox.NamedNode(name if ":" in name else KB + name)
    quads = graph.store.quads_for_pattern(None, predicate, None, None)
    return sorted({(quad.subject.value.removeprefix(ID), quad.object.value.removeprefix(ID)) for quad in quads})


def bad(pages: dict[str, str], wrong: str, *names: str) -> dict[str, str]:
    """Return the paragraphs in which a pattern is found, by page."""
    texts = {(path, name): paragraph(html, name) for path, html in pages.items() for name in names}
    return {f"{path} {name}": text for (path, name), text in texts.items() if re.search(wrong, text)}


def test_every_page_opens_with_a_sentence_of_its_own(pages: dict[str, str]) -> None:
    openings = {path: paragraph(html, "lead opening") for path, html in pages.items()}
    assert [path for path, text in openings.items() if len(text) < 15] == []
    kinds = Counter(path.split("/")[2] for path in pages)
    assert all(kinds[kind] >= 6 for kind in KINDS if kind != "training-route"), "each kind has its pages"


def test_no_slot_stays_unfilled_and_no_word_is_said_twice(pages: dict[str, str]) -> None:
    assert bad(pages, r"[{}|#\[\]]| [,.;]|\.\.|,,|: ?[,.;]", "lead opening", "open") == {}
    assert bad(pages, r"\b(?:of|en|or|and|geen) (?:of|en|or|and|geen|no)\b", "open") == {}


def test_the_first_facts_are_five_at_most_and_the_rest_is_folded(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        leading, _, rest = html.partition('class="leading"')[2].partition("</section>")
        rows = NESTED.sub("", leading).count("<dt")
        assert (1 if leading else 0) <= rows <= 5, path
        sections = NESTED.sub("", unfolded(rest)).split("<section")[1:]
        assert all(section.count("<dt") <= 1 for section in sections if leading), path
    without = {path for path, html in pages.items() if 'class="leading"' not in html}
    assert len(without) < len(pages) / 10, "most pages have facts that matter"


def test_no_page_is_heavy_as_it_is_sent(answers: dict[str, str]) -> None:
    sizes = {path: len(gzip.compress(html.encode(), 1)) for path, html in answers.items()}
    assert {path: size for path, size in sizes.items() if size > 60_000} == {}


def test_plurals_agree(pages: dict[str, str]) -> None:
    wrong = re.compile(r"(?<![\d.,])1 (?:passages|afleidingen|derivations|facts)\b")
    assert (
        bad(pages, r"(?<![\d.,])1 (?:bedrijven|companies|projecten|projects|maatregelen|measures)", "lead opening")
        == {}
    )
    assert {path: found[0] for path, html in pages.items() if (found := wrong.search(words(html)))} == {}


def test_no_passage_is_denied_beside_what_is_stated(pages: dict[str, str]) -> None:
    denied = re.compile(
        r"geen enkele passage|no passage names|Niemand wees|Nobody pointed|andere paren|other pairs", re.I
    )
    assert [path for path, html in pages.items() if denied.search(html)] == []


def test_skills_stand_in_one_list(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        if path.startswith("/id/occupation/"):
            shown = re.sub(
                r'<section aria-labelledby="(?:candidates|links|said)".*?</section>', "", html, flags=re.DOTALL
            )
            shown = shown.partition('class="leading"')[2]
            counts = Counter(SKILL.findall(re.sub(r'<div class="evidence">.*?</div>', "", shown, flags=re.DOTALL)))
            assert [skill for skill, times in counts.items() if times > 1] == [], path
            assert shown.count("<summary>") < 30, path


def test_no_codes_stand_where_people_read(pages: dict[str, str]) -> None:
    assert {path: found[0] for path, html in pages.items() if (found := CODES.search(words(unfolded(html))))} == {}


def test_each_page_names_the_publications_it_rests_on_with_their_year(pages: dict[str, str]) -> None:
    dated = {path for path, html in pages.items() if re.search(r"\(.*20\d\d.*\)", paragraph(html, "note as-of"))}
    plans = {path for path, html in pages.items() if path.startswith("/id/project/")}
    assert plans <= dated
    assert len(dated) > len(pages) / 2


def test_a_cluster_compares_its_ageing_with_the_country(pages: dict[str, str]) -> None:
    for name, share in (("chemelot", 17), ("zeeland", 13), ("rotterdam-moerdijk", 12)):
        html = pages[f"/id/cluster/{name}?lang=nl"]
        assert f"in de regio in de industrie werken, is {share}% 60 jaar of ouder; in Nederland 13%" in words(html)
        assert html.count("/id/observation/industrie-2023/aandeel-60-plus-") >= 6


def test_a_cell_says_what_kind_of_statement_it_is_where_its_row_says_another(
    graph: Graph, answers: dict[str, str]
) -> None:
    found = set()
    for path, html in answers.items():
        for project, row in re.findall(r'<tr><th scope="row"><a href="/id/(project/[^"?]+).*?</th>(.*?)</tr>', html):
            for cell in re.findall(r'<td data-label="Cluster">(.*?)</td>', row):
                for cluster, said in re.findall(r'href="/id/(cluster/[^"?]+)[^;]*?</a>([^;]*)', cell):
                    terms = (ox.NamedNode(ID + project), ox.NamedNode(KB + "inCluster"), ox.NamedNode(ID + cluster))
                    graphs = {quad.graph_name.value for quad in graph.store.quads_for_pattern(*terms, None)}
                    ours = all(name.endswith("/editorial") for name in graphs)
                    assert ("chip-editorial" in said) == ours, (path, project, cluster)
                    found.add(ours)
    assert found == {True, False}, "clusters of projects are stated and editorial"


def test_a_list_of_parties_leaves_nobody_out_on_the_page_of_one_of_them(pages: dict[str, str]) -> None:
    for company in ("tata-steel", "shell"):
        html = pages[f"/id/company/{company}?lang=nl"]
        row = html.partition('<th scope="row"><a href="/id/programme/koploper')[2].partition("</tr>")[0]
        assert f"/id/company/{company}" in row


def test_who_is_named_only_is_not_described(pages: dict[str, str]) -> None:
    silent = [
        html
        for html in pages.values()
        if re.search("staat hier nog geen publicatie|no publication about it here yet", html)
    ]
    assert len(silent) >= 4
    assert [words(html)[:60] for html in silent if 'class="note as-of"' in html] == []


def test_an_occupation_leads_to_what_narrower_ones_have(graph: Graph, pages: dict[str, str]) -> None:
    above = [pair for pair in pairs(graph, SKOS + "broader") if pair[0].startswith("occupation/")]
    routes = {occupation for route, occupation in pairs(graph, "leadsToOccupation") if "route/" in route}
    named = pairs(graph, "namesOccupation")
    measures = {
        occupation
        for measure, group in pairs(graph, "involves")
        if measure.startswith("measure/")
        for occupation in [group, *(one for label, one in named if label == group)]
    }
    found = [pair for pair in above if pair[0] in routes | measures and f"/id/{pair[1]}?lang=nl" in pages]
    assert len(found) > 5
    for narrower, occupation in found:
        assert narrower in links(pages[f"/id/{occupation}?lang=nl"]), (narrower, occupation)


def test_a_route_shows_what_it_and_its_parts_ask(graph: Graph, pages: dict[str, str]) -> None:
    asked, parts = pairs(graph, "hasEntryRequirement"), pairs(graph, "routePart")
    routes = [route for route, _ in parts if route.startswith("training-route/")]
    assert len(routes) > 3
    for route in routes:
        owners = {route, *(part for whole, part in parts if whole == route)}
        for requirement in (one for owner, one in asked if owner in owners):
            assert f"/id/{requirement}?" in pages[f"/id/{route}?lang=en"], (route, requirement)
    assert (
        bad(pages, r"\b(?:kandidaten|candidates)\b(?:, | en | and )(?:kandidaten|candidates)\b", "lead opening") == {}
    )


def test_an_occupation_names_the_routes_to_narrower_ones(graph: Graph, pages: dict[str, str]) -> None:
    leads = pairs(graph, "leadsToOccupation")
    narrower = [
        (broader, route)
        for narrow, broader in pairs(graph, SKOS + "broader")
        for route, occupation in leads
        if narrow == occupation and route.startswith("training-route/")
    ]
    assert ("occupation/procesoperator", "training-route/chill-talent-office") in narrower
    assert not [pair for pair in narrower if pair[1] not in links(pages[f"/id/{pair[0]}?lang=nl"])]


def test_a_company_says_that_what_it_left_was_given_up(graph: Graph, pages: dict[str, str]) -> None:
    given_up = {project for project, status in pairs(graph, "projectStatus") if status == "project-status/given-up"}
    left = [pair for pair in pairs(graph, "withdrewFrom") if pair[1] in given_up]
    assert left
    for company, project in left:
        html = pages[f"/id/{company}?lang=nl"]
        assert project in links(html)
        assert "opgegeven" in paragraph(html, "lead opening")


def test_a_cluster_counts_companies_apart_from_who_has_a_project_there(graph: Graph, pages: dict[str, str]) -> None:
    owners = pairs(graph, "carriedOutBy")
    for project, cluster in pairs(graph, "inCluster"):
        who = {owner for one, owner in owners if one == project and project.startswith("project/")}
        said = paragraph(pages.get(f"/id/{cluster}?lang=en", ""), "lead opening")
        assert not who or "out one or more projects there" in said, (project, cluster)
    assert bad(pages, "publicaties noemen er .*bedrij|publications name .*compan", "lead opening") == {}


@pytest.mark.parametrize("kind", ["cluster", "region"])
def test_a_list_leads_to_the_question_that_compares_its_things(graph: Graph, kind: str) -> None:
    client = create_app(graph, find_questions(project_folder() / "queries"), Settings()).test_client()
    html = client.get(f"/id/{kind}?lang=nl", headers=HTML).text
    assert re.search(r'Vragen hierover: <a href="/questions/places/compare', html)


def test_the_year_of_a_publication_is_not_that_of_a_plan(pages: dict[str, str]) -> None:
    assert bad(pages, "[Vv]olgens het plan|[Aa]s planned in", "lead opening") == {}


def test_no_period_and_no_level_is_said_twice(graph: Graph, pages: dict[str, str]) -> None:
    for html in pages.values():
        for cell in re.findall(r'<td data-label="(?:In bedrijf in|Operational in)">(.*?)</td>', html):
            periods = words(cell).split(", ")  # "2031, rond 2031" are two: the text prints both.
            assert len(periods) == len(set(periods)), words(cell)
    assert bad(pages, r"\blevel [^.]*\blevel\b", "lead opening") == {}


def test_a_number_stands_first_on_its_page(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        if path.startswith(("/id/figure/", "/id/observation/")):
            first = re.search(r'class="leading".*?<dd>\s*<div class="said">(.*?)</ul>', html, re.DOTALL)
            assert first is not None, path
            assert re.search(r"\d", words(first[1])), path


def test_a_qualification_leads_to_the_occupations_and_routes_of_its_direction(pages: dict[str, str]) -> None:
    html = pages["/id/qualification/mbo-werktuigbouwkunde?lang=nl"]
    assert links(html) >= {
        "occupation/procesoperator",
        "occupation/werkvoorbereider-werktuigbouw",
        "occupation/programmeur-industriele-automatisering",
        "training-route/be-an-engineer",
        "training-route/modulair-hbo-saxion",
    }
    assert "zelf noemt geen publicatie een opleidingsroute" in paragraph(html, "open")


def test_restraint_stands_at_the_value_and_not_behind_the_paragraph(pages: dict[str, str]) -> None:
    assert bad(pages, r"\.\s+(?:mogelijk|als voorbeeld|in sommige gevallen)\b", "lead opening") == {}
    said = paragraph(pages["/id/measure/groene-waterstof?lang=nl"], "lead opening")
    assert re.search(r"financiële afspraken \([^)]*in sommige gevallen", said), said
    assert "(telkens: als voorbeeld)" in paragraph(pages["/id/training-route/be-an-engineer?lang=nl"], "lead opening")


def test_a_plan_is_no_deed_and_two_times_are_two(pages: dict[str, str]) -> None:
    planned = paragraph(pages["/id/company/tata-steel?lang=nl"], "lead opening")
    assert "beschreven als gepland" in planned
    assert "Het voert" not in planned
    times = paragraph(pages["/id/project/groene-waterstoffabriek-op-zee?lang=nl"], "lead opening")
    assert "2 tijden voor de ingebruikname: 2031 en rond 2031" in times
    assert "Tata Steel Nederland trok zich terug" in paragraph(pages["/id/project/athos?lang=nl"], "lead opening")


def test_what_is_not_stated_of_a_route_is_listed(pages: dict[str, str]) -> None:
    said = paragraph(pages["/id/training-route/modulair-hbo-saxion?lang=nl"], "open")
    assert "iets anders dan niet gevraagd): vooropleiding voor Modulair hbo Saxion" in said


def test_a_region_counts_the_projects_that_the_comparison_counts(pages: dict[str, str]) -> None:
    approved = (project_folder() / "queries" / "places" / "compare-regions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(approved.splitlines()):
        said = paragraph(pages[row["region"].replace(BASE[:-1], "") + "?lang=nl"], "lead opening")
        found = re.search(r"noemen er (één|\d+) project", said)
        assert (found[1] if found else "0").replace("één", "1") == row["projects"], said
        assert ("opgegeven" in said) is (row["givenUp"] != "0"), said


def test_a_project_that_was_meant_for_a_measure_with_restraint_was_given_up_without(pages: dict[str, str]) -> None:
    said = paragraph(pages["/id/measure/ccs?lang=nl"], "lead opening")
    assert "ook Athos (mogelijk) was ervoor bedoeld, maar is opgegeven" in said


def test_no_list_of_passages_hides_one_that_would_fit_in_the_place_of_saying_so(answers: dict[str, str]) -> None:
    assert [
        path for path, html in answers.items() if path.startswith("/id/project/athos") and "één passage" in html
    ] == []


def test_no_heading_is_repeated_by_what_stands_below_it(pages: dict[str, str]) -> None:
    below = re.compile(r"<h2[^>]*>([^<]+)</h2>(?:(?!<h2).)*?<dt[^>]*>([^<]+)</dt>", re.DOTALL)
    assert [path for path, html in pages.items() if any(head == name for head, name in below.findall(html))] == []


def test_an_address_to_cite_breaks_at_its_slashes(answers: dict[str, str]) -> None:
    for address, html in answers.items():
        card = html[html.index('aria-labelledby="cite"') :]
        shown = card[: card.index("<details>")].partition("<a ")
        path = address.partition("?")[0].strip("/").replace("/", "/<wbr>")
        assert all(path in part for part in (shown[0], shown[2])), address


def test_a_region_that_counts_projects_names_and_lists_them(pages: dict[str, str]) -> None:
    counted = 0
    for path, html in pages.items():
        told = words(paragraph(html, "lead opening"))
        found = re.search(r"(?:publicaties noemen er|publications name) (één|one|\d+) project", told)
        if not path.startswith("/id/region/") or not found:
            continue
        counted += 1
        listed = set(re.findall(r'<th scope="row"><a href="(/id/project/[^"?]+)', html))
        listed |= {f"/id/{one}" for one in links(html) if one.startswith("project/")}
        assert len(listed) >= int({"één": "1", "one": "1"}.get(found[1], found[1])), path
    assert counted > 4


def test_no_first_paragraph_has_more_than_two_sentences(pages: dict[str, str]) -> None:
    html = pages["/id/qualification/mbo-werktuigbouwkunde?lang=nl"]
    first, second = inside(html, "lead opening")
    assert words(first) == (
        "Werktuigbouwkunde is een kwalificatie (opleiding) op niveau mbo. Zij wordt gevraagd van Procesoperator."
    )
    assert words(second).startswith("In dezelfde richting vraagt Werkvoorbereider werktuigbouw")


def test_no_row_of_a_table_repeats_what_all_rows_begin_with(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        for body in re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL):
            begun = {words(name).rpartition(": ")[0] for name in re.findall(r'<th scope="row">(.*?)</th>', body)}
            assert len(begun) != 1 or begun == {""} or body.count("<tr>") == 1, path


def test_where_evidence_stands_is_said_once_a_section(pages: dict[str, str]) -> None:
    said = re.compile("staat het op de pagina van elk|it is on the page of each")
    often = {
        key
        for key, html in pages.items()
        for part in html.split("<section")
        if len(said.findall(part)) > 1 and "<h3" not in part
    }
    assert often == set()


def test_what_is_folded_says_how_many_values_it_holds() -> None:
    kinds, values = SupportView(()), tuple(Value(TermView(name)) for name in "abc")
    section = Section("s", "S", (Row("one", (Block(values, kinds),), more=2), Row("none")))
    assert (section.properties, section.size) == (2, 6)
