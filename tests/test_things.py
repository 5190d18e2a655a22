"""All pages of the kinds of things that people look for, read once: what they say first, and what they never say."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from html import unescape

import pyoxigraph as ox
import pytest

from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import BASE, ID, KB
from kg.queries.question import find_questions
from kg.web.app import create_app

pytestmark = pytest.mark.check  # A thousand pages.
KINDS = ("occupation", "measure", "climate-table", "training-route", "qualification", "cluster", "company", "project")
KINDS += ("skill", "soft-skill", "figure", "observation")
HTML = {"Accept": "text/html"}
SKILL = re.compile(r'href="(/id/(?:soft-)?skill/[^"?]+)')
CODES = re.compile(r"ManualMapping|MappingChaining|SHA-256|voetnoot-\d|\b(?:OEO|ENVO)_\d|\bskos:|altLabel")


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
    found = re.search(rf'<p class="{name}">(.*?)</p>', html, re.DOTALL)
    return words(found[1]) if found else ""


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
        rows = re.sub(r'<dl class="nested">.*?</dl>', "", leading, flags=re.DOTALL).count("<dt")
        assert (1 if leading else 0) <= rows <= 5, path
        assert not leading or "<dl" not in unfolded(rest), path
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


def test_an_occupation_leads_on_to_others(pages: dict[str, str]) -> None:
    occupations = {path: html for path, html in pages.items() if path.startswith("/id/occupation/")}
    assert [path for path, html in occupations.items() if 'href="/switch?q=' not in html] == []


def test_a_cluster_compares_its_ageing_with_the_country(pages: dict[str, str]) -> None:
    for name, share in (("chemelot", 17), ("zeeland", 13), ("rotterdam-moerdijk", 12)):
        html = pages[f"/id/cluster/{name}?lang=nl"]
        assert f"is {share}% van wie in de industrie werkt 60 jaar of ouder; in Nederland 13%" in words(html)
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
