"""The SPARQL editor in a real browser: every feature by clicks and keys, without a request to another host."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote
from xml.etree import ElementTree

import openpyxl
import pandas
import pyoxigraph as ox
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ROOT
from live import served
from playwright.sync_api import Browser, Page, expect

from kg.graph.build import Graph
from kg.graph.term_use import TermUse
from kg.namespaces import ID, KB, RDF_TYPE
from kg.queries.engine import answer

pytestmark = pytest.mark.check
PILLARS = "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT ?p { ?p a kb:Pillar }"
BROKEN = "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT ?p {\n  ?p a kb:Pillar ..\n}"
GRAPH = "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nCONSTRUCT WHERE { ?p a kb:Pillar }"
COUNTS = (
    "SELECT ?class (COUNT(?s) AS ?n) (AVG(STRLEN(STR(?s))) AS ?m) { ?s a ?class } "
    "GROUP BY ?class ORDER BY DESC(?n) LIMIT 6"
)
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
CODE = ".cm-content"
expect.set_options(timeout=20_000)  # A busy machine: a server that draws, a browser that starts.


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(options=("--timeout", "3")) as url:
        yield url


@dataclass
class Seen:
    """What a browser said and asked for while a test ran."""

    errors: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda sent: self.urls.append(sent.url))


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, base: str) -> Iterator[Open]:
    """Open the editor in a browser of its own; in the end the console is empty, and nothing went elsewhere."""
    seen, contexts = Seen(), []

    def visit(where: str = "?lang=en", width: int = 1280, scheme: str = "light", **told: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **told
        )  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        seen.watch(page)
        page.goto(f"{base}/sparql{where}")
        page.wait_for_selector(CODE)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in seen.urls if not url.startswith((f"{base}/", "data:", "blob:"))] == []
    refused = "Failed to load resource: the server responded with a status of"  # Errors that the endpoint answered.
    assert [text for text in seen.errors if not text.startswith(refused)] == []


def write(page: Page, query: str) -> None:
    """Put a query in the place of what stands in the editor."""
    page.click(CODE)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)


def text_of(page: Page) -> str:
    return page.evaluate("[...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')")


def run(page: Page, query: str = "", name: str = "Run") -> None:
    if query:
        write(page, query)
    page.click(CODE)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".actions button").first).to_have_text(name)
    page.wait_for_selector("#answer, .problem")


def test_it_takes_the_place_of_the_form_and_begins_with_a_query_that_runs(visit: Open, graph: Graph) -> None:
    page = visit()
    kind, measure = ox.NamedNode(RDF_TYPE), ox.NamedNode(f"{KB}ClimateMeasure")
    rows = len({quad.subject for quad in graph.store.quads_for_pattern(None, kind, measure, None)})
    assert page.locator("textarea").count() == 0
    assert page.locator(CODE).get_attribute("aria-label") == "Query"
    run(page)
    expect(page.locator("#answer")).to_contain_text(f"{rows} rows")
    expect(page.locator(".editor-status")).to_contain_text(f"{rows} rows")


def test_rows_have_labels_in_the_language_of_the_page_and_lead_to_its_pages(visit: Open, base: str) -> None:
    page = visit("?lang=nl")
    write(page, PILLARS)
    page.click("text=Voer uit")
    link = page.locator("tbody a").first
    assert link.get_attribute("title").startswith("https://w3id.org/klimaatbanen/id/pillar/")  # type: ignore[union-attr]
    assert "https://" not in link.inner_text()
    page.check("text=IRI's in plaats van namen")
    expect(page.locator("tbody a").first).to_contain_text("https://w3id.org/klimaatbanen/id/pillar/")
    page.locator("tbody a").first.click()
    assert page.url.startswith(f"{base}/id/pillar/")
    assert page.url.endswith("?lang=nl")


def test_a_table_is_sorted_filtered_and_turned_over(visit: Open, graph: Graph) -> None:
    page = visit()
    query = "SELECT ?o ?l { ?o a kb:Occupation ; skos:prefLabel ?l FILTER(LANG(?l) = 'nl') }"
    prefixes = "".join(f"PREFIX {name}: <{graph.prefixes[name]}>\n" for name in ("kb", "skos"))
    rows = len(list(answer(graph.dataset, prefixes + query)))
    assert 100 < rows <= 200
    run(page, query)
    expect(page.locator("tbody tr")).to_have_count(100)
    page.click("button:text('Next')")
    expect(page.locator(".pages")).to_contain_text(f"101 to {rows} of {rows}")
    expect(page.locator("tbody tr")).to_have_count(rows - 100)
    page.click("th[data-column=l] button")
    expect(page.locator("th[data-column=l]")).to_have_attribute("aria-sort", "ascending")
    first = page.locator("tbody tr:first-child td:last-child")
    ascending = first.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("th[data-column=l]")).to_have_attribute("aria-sort", "descending")
    assert first.inner_text() > ascending
    page.fill("#filter", "operator")
    expect(page.locator(".table-bar")).to_contain_text(f"of {rows} rows")
    assert all("operator" in text for text in page.locator("tbody tr").all_inner_texts())


def test_completion_knows_the_terms_of_this_graph_and_declares_prefixes(visit: Open) -> None:
    page = visit()
    write(page, "SELECT * { ?x a ")
    page.keyboard.type("kb:Trai")
    option = page.locator(".cm-tooltip-autocomplete li[aria-selected]")
    expect(option).to_contain_text("kb:TrainingRoute")
    expect(option).to_contain_text("training route")
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
    assert text_of(page).startswith("PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT * { ?x a kb:TrainingRoute")


def test_completion_offers_first_what_the_class_of_the_subject_has(visit: Open) -> None:
    page = visit()
    write(page, "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT * { ?x a kb:Occupation ; ")
    page.keyboard.type("kb:has")
    offered = page.locator(".cm-tooltip-autocomplete li .cm-completionLabel")
    expect(offered.first).to_be_visible()
    names = offered.all_inner_texts()
    assert names.index("kb:hasTask") < 8
    assert not [name for name in names if name[:1].isupper()], "classes are no properties"


FIRST = [
    ("?x a kb:Occupation ; ", "heeft vaardigheid", "kb:needsSkill "),
    ("?x a kb:Occupation ; ", "vraagt vaardigh", "kb:needsSkill "),
    ("?x a kb:Occupation ; ", "needs sk", "kb:needsSkill "),
    ("?x a kb:Occupation ; skos:prefLabel 'a'@nl ; ", "taak", "kb:hasTask "),
    ("?x kb:needsSkill ", "plc", "skill:kennis-van-programmeertaal-voor-plcs"),
    ("?x a kb:Occupation ; ", "skil", "kb:needsSkill "),
    ("?x a kb:Occupation ; ", "sk", "kb:needsSkill "),
    ("?x ?p ", "plc", "technique:plc"),
    ("?x skos:prefLabel ", "plc", '"PLC"@nl'),
    ("?x kb:underPillar ", "", "?pijler"),
    ("?x kb:underPillar ?y, ", "sch", "pillar:schoon"),
    ("?x kb:needsSkill ?s . ?s a ", "", "kb:Skill"),
    ("?x kb:inKnowledgeArea/skos:broader* ?s ; kb:hasTask ?t . ?t a ", "", "kb:Task"),
    ("?x kb:hasRequirement [ ", "vraagt vaardigh", "kb:asksSkill "),
    ("?x kb:usesTechnique ?t . FILTER(?t = ", "technique:plc", "technique:plc"),
    ("?x ?p <", "ccs", "measure:ccs"),
    ("", "klimaatmaat", "?klimaatmaatregel a kb:ClimateMeasure ; "),
    ("", "opt", "OPTIONAL"),
    ("?x ?p ", "gelezen met wat", f"<{ID}passage-rule/read-with-above>"),
    ("?x ?p ", "gelezen met wat", f"<{ID}passage-rule/read-with-above> # gelezen met wat erboven staat"),
]


def test_the_first_completion_follows_domain_range_and_words(visit: Open) -> None:
    page, written = visit("?lang=nl"), []
    head = "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT * { "
    for before, typed, chosen in FIRST:
        rest = "" if "> #" in chosen else " }"  # A comment is for the end of a line.
        write(page, head + before + rest)
        for _ in rest:
            page.keyboard.press("ArrowLeft")
        if typed:
            page.keyboard.type(typed)
        else:
            page.wait_for_timeout(150)  # What was put in asks first.
            page.keyboard.press("Control+Space")
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_be_visible()
        page.wait_for_timeout(120)  # A list that has just appeared does not take Enter.
        page.keyboard.press("Enter")
        written.append(text_of(page).split("SELECT * { ")[1].removesuffix(rest))
        page.keyboard.press("Escape")
    assert written == [before.removesuffix("<") + chosen for before, _, chosen in FIRST]


def test_an_empty_editor_and_a_select_say_what_can_come(visit: Open) -> None:
    page = visit()
    for before, first in (("", "SELECT"), ("SELECT ", "DISTINCT")):
        page.click(CODE)
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(before)
        page.wait_for_timeout(400)  # What was taken away or put in asks first.
        page.keyboard.press("Escape")
        page.keyboard.press("Control+Space")
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_have_text(first)
        page.keyboard.press("Escape")


def test_completion_alone_finds_who_needs_a_skill(visit: Open) -> None:
    page = visit()
    page.click("button[aria-label='New tab']")
    for typed in ("occup", "needs sk", "plc"):
        page.keyboard.type(typed)
        expect(page.locator(".cm-tooltip-autocomplete li[aria-selected]")).to_contain_text(typed, ignore_case=True)
        page.wait_for_timeout(200)
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator("tbody")).to_contain_text("industrial automation programmer")
    assert "<https://w3id.org/klimaatbanen/id/" not in re.sub("PREFIX .*", "", text_of(page))


def test_a_term_that_is_not_there_is_marked_and_mended(visit: Open) -> None:
    page = visit("?lang=nl")
    write(page, "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT ?x { ?x a kb:Organization }")
    expect(page.locator(".cm-lintRange-warning")).to_have_text("kb:Organization")
    page.hover(".cm-lintRange-warning")
    page.click(".cm-diagnosticAction")
    assert "?x a kb:Organisation }" in text_of(page)
    run(page, "PREFIX kb: <https://w3id.org/klimaatbanen/def#>\nSELECT ?x { ?x a kb:Organization }", "Voer uit")
    expect(page.locator(".view")).to_have_text("Geen rijen: de vraag noemt een term die deze graaf niet gebruikt.")
    page.click("text=Maak er kb:Organisation van")
    expect(page.locator("tbody tr").first).to_be_visible()
    run(page, BROKEN, "Voer uit")
    english = page.locator(".problem [lang=en]").all_inner_texts()
    assert english == ["syntax error at '.'"]
    assert "Kijk op de plaats die genoemd is" in page.inner_text(".problem")


def test_an_example_of_each_class_has_an_answer(visit: Open, graph: Graph) -> None:
    """The queries are written by the script, from the terms, and run here."""
    use = TermUse(graph.store, graph.prefixes)
    for lang in ("nl", "en"):
        page = visit(f"?lang={lang}")
        made: dict[str, str] = page.evaluate(
            """async () => {
              const { exampleOf, vocabulary } = await import(document.querySelector("script[type=module]").src);
              const terms = await vocabulary();
              return Object.fromEntries(terms.classes.map((kind) => [kind.name, exampleOf(kind, terms)]));
            }"""
        )
        assert len(made) > 100
        assert [name for name, query in made.items() if not list(answer(graph.dataset, query))] == []
        assert [term.iri for query in made.values() for term in use.unused(query) if not term.defined] == []


@pytest.mark.parametrize("choice", ["contains the text", "is", "example"])
def test_a_first_query_is_made_by_clicking(visit: Open, choice: str) -> None:
    page = visit()
    page.click("text=Begin with a class")
    expect(page.locator("#class-filter")).to_be_focused()
    page.keyboard.type("occup")
    page.click("dialog[open] button:text-is('occupation')")
    if choice == "example":
        page.click("text=Show an example")
        expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Example: occupation")
        expect(page.locator("tbody tr").first).to_be_visible()
        return
    page.check("dialog[open] label:text-is('needs skill')")
    page.locator("dialog[open] .begin-narrow:visible select").select_option(label=choice)
    page.keyboard.type("PLC")
    if choice == "is":
        page.keyboard.press("Enter")
        assert page.locator("dialog[open] input:invalid").count() == 1, "no thing is called so"
        page.keyboard.press("Control+a")
        page.keyboard.type("knowledge of a programming language for PLCs")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("industrial automation programmer")
    said = text_of(page)
    assert "?occupation kb:needsSkill ?needsSkill ." in said
    assert "OPTIONAL" not in said


def test_a_first_query_begins_with_the_name_of_a_thing_and_has_one_row_for_each_answer(visit: Open) -> None:
    page = visit("?lang=nl")
    page.click("text=Begin met een klasse")
    expect(page.locator("#class-filter")).to_be_focused()
    page.keyboard.type("PLC")
    page.get_by_role("button", name="kennis van een programmeertaal voor PLC's").click()
    pairs = page.locator("dialog[open] button.example")
    expect(pairs.first).to_be_visible()
    offered = pairs.all_inner_texts()
    assert "beroep: vraagt vaardigheid" in offered
    assert "klimaattafel: vraagt vaardigheid" not in offered, "no climate table asks for this"
    page.click("dialog[open] button:text-is('beroep: vraagt vaardigheid')")
    page.check("dialog[open] label:text-is('heeft taak')")
    page.check("dialog[open] label:text-is('heeft functie-eis')")
    page.click("dialog[open] button[type=submit]")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Programmeur industriële automatisering")
    expect(page.locator("tbody")).to_contain_text("kennis van een programmeertaal voor PLC's")


@pytest.mark.parametrize("dialog", ["Begin met een klasse", "Voorbeelden"])
def test_a_dialog_says_that_nothing_has_this_name(visit: Open, dialog: str) -> None:
    page = visit("?lang=nl")
    page.click(f"button:text('{dialog}')")
    page.wait_for_selector("dialog[open] li")
    told = page.locator("dialog[open] [role=status]")
    expect(told).to_have_text("")
    page.keyboard.type("qqzzy")
    expect(told).to_be_visible()
    expect(told).not_to_have_text("")


@pytest.mark.parametrize(("lang", "word"), [("nl", "waterstof"), ("en", "hydrogen")])
def test_completion_finds_things_by_label_in_both_languages(visit: Open, lang: str, word: str) -> None:
    page = visit(f"?lang={lang}")
    write(page, "SELECT * { ?x ?p ")
    page.keyboard.type(word)
    exact = page.locator(".cm-tooltip-autocomplete li").filter(has_text=word)
    expect(exact.first).to_be_visible()
    page.wait_for_timeout(150)  # A list that has just appeared does not take Enter.
    page.keyboard.press("Enter")
    assert text_of(page).endswith("SELECT * { ?x ?p substance:waterstof")


def test_a_prefix_is_declared_as_it_is_typed_and_all_of_them_by_a_button(visit: Open, base: str, graph: Graph) -> None:
    page = visit()
    write(page, "ASK { ?s ")
    page.keyboard.type("skos:notation ?o }")
    expect(page.locator(CODE)).to_contain_text("PREFIX skos: <http://www.w3.org/2004/02/skos/core#>")
    page.click("text=All prefixes")
    expect(page.locator(CODE)).to_contain_text("PREFIX age-group:")
    with page.expect_request(f"{base}/sparql") as sent:  # The page shows no lines out of sight.
        run(page)
    query = parse_qs(sent.value.post_data or "")["query"][0]
    assert sorted(re.findall(r"^PREFIX ([\w-]+):", query, re.MULTILINE)) == sorted(graph.prefixes)
    expect(page.locator("tbody")).to_have_text("true")


def test_an_error_is_marked_at_its_line_and_led_to(visit: Open) -> None:
    page = visit()
    run(page, BROKEN)
    problem = page.locator(".problem[role=alert]")
    expect(problem).to_contain_text("line 3, column 19")
    marked = page.evaluate(
        """() => {
          const top = document.querySelector('.cm-lint-marker-error').getBoundingClientRect().top;
          const lines = [...document.querySelectorAll('.cm-line')];
          return lines.findIndex((line) => line.getBoundingClientRect().bottom > top + 4) + 1;
        }"""
    )
    assert marked == 3
    assert page.locator(".cm-lintRange-error").inner_text().startswith(".")
    page.keyboard.press("Control+Home")
    page.click(".problem button")
    page.keyboard.insert_text("HERE")
    assert "kb:Pillar .HERE." in text_of(page)
    run(page, PILLARS)
    expect(page.locator(".cm-lint-marker-error")).to_have_count(0)
    expect(page.locator("#answer")).to_contain_text("3 rows")


def test_an_error_is_marked_while_one_types_and_goes_when_it_is_mended(visit: Open) -> None:
    page = visit()
    write(page, PILLARS)
    page.keyboard.type(" LIMIT ten")
    expect(page.locator(".cm-lint-marker-error")).to_be_visible()
    assert page.locator(".cm-lintRange-error").inner_text() == "ten"
    assert page.locator(".problem").count() == 0
    page.hover(".cm-lint-marker-error")
    expect(page.locator(".cm-tooltip-lint")).to_contain_text("syntax error at 'ten'")
    for _ in "ten":
        page.keyboard.press("Backspace")
    page.keyboard.type("10")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(0)


def test_a_column_counts_characters_not_units(visit: Open) -> None:
    page = visit()
    run(page, "SELECT ?x { ?x ?y '😀😀😀' . ?x ?y ?z ?w }")
    assert page.locator(".cm-lintRange-error").inner_text() in "?w }"


def test_a_query_that_takes_too_long_is_an_error_and_can_be_stopped(visit: Open) -> None:
    page = visit()
    write(page, SLOW)
    page.keyboard.press("Control+Enter")
    page.click("button:text('Stop')")
    expect(page.locator(".editor-status")).to_have_text("Stopped.")
    run(page)
    expect(page.locator(".problem")).to_contain_text("Time is over")
    assert page.locator("#answer").count() == 0


def test_tabs_are_kept_in_this_browser(visit: Open) -> None:
    page = visit()
    write(page, PILLARS)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#answer")
    page.click("button[aria-label='New tab']")
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Query 2")
    assert page.locator("#answer").count() == 0
    page.click("button[aria-label='Rename this tab']")
    page.keyboard.type("My own")
    page.keyboard.press("Enter")
    expect(page.locator("[role=tab]")).to_have_text(["Query 1", "My own"])
    page.reload()
    page.wait_for_selector(CODE)
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("My own")
    page.focus("[role=tab][aria-selected=true]")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Query 1")
    assert text_of(page) == PILLARS
    page.keyboard.press("Delete")
    expect(page.locator("[role=tab]")).to_have_text(["My own"])
    page.keyboard.press("F2")
    page.keyboard.type("Never")
    page.keyboard.press("Escape")
    expect(page.locator("[role=tab]")).to_have_text(["My own"])
    page.click("button[aria-label='Close this tab']")
    expect(page.locator("[role=tab]")).to_have_text(["Query 1"])


def test_each_tab_has_its_answer_and_its_history(visit: Open) -> None:
    page = visit()
    run(page, PILLARS)
    page.click("button[aria-label='New tab']")
    run(page, "ASK {}")
    expect(page.locator("tbody")).to_have_text("true")
    page.click("[role=tab] >> nth=0")
    expect(page.locator("#answer")).to_contain_text("3 rows")
    page.click(CODE)
    page.keyboard.press("Control+z")
    assert text_of(page) != PILLARS
    assert "ASK" not in text_of(page)


def test_a_shared_link_brings_the_query_back_and_the_server_never_sees_it(visit: Open, base: str) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    write(page, PILLARS)
    page.click("button:text('Share')")
    expect(page.locator(".editor-status")).to_contain_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{base}/sparql?lang=en#query={quote(PILLARS, safe='()*')}"
    asked: list[str] = []
    other = visit(link.removeprefix(f"{base}/sparql"))
    other.on("request", lambda sent: asked.append(sent.url))
    expect(other.locator("#answer")).to_contain_text("3 rows")
    assert text_of(other) == PILLARS
    other.reload()
    expect(other.locator("#answer")).to_contain_text("3 rows")
    assert other.locator("[role=tab]").count() == 2, "the same query does not open again"
    assert not [url for url in asked if "Pillar" in unquote(url.partition("#")[0])]


def test_a_query_in_the_url_runs_and_its_error_is_marked(visit: Open) -> None:
    page = visit(f"?lang=en&query={quote(PILLARS)}")
    expect(page.locator("#answer")).to_contain_text("3 rows")
    page = visit(f"?lang=en&query={quote(BROKEN)}")
    expect(page.locator(".cm-lint-marker-error")).to_be_visible()
    expect(page.locator(".problem")).to_contain_text("line 3, column 19")


def test_all_questions_are_examples_with_a_filter(visit: Open) -> None:
    page = visit("?lang=nl")
    page.click("text=Voorbeelden")
    expect(page.locator("dialog[open] li").first).to_be_visible()
    assert page.locator("dialog li").count() == len(list((ROOT / "queries").rglob("*.rq")))
    page.keyboard.type("waar liggen de clusters")
    expect(page.locator("dialog li:visible")).to_have_count(1)
    page.click("dialog li:visible button")
    title = "Waar liggen de clusters, en hoeveel bedrijven en projecten horen erbij?"
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text(title)
    expect(page.locator("#answer")).to_contain_text("6 rijen")


def test_places_are_drawn_on_a_map_whose_links_work(visit: Open, base: str) -> None:
    page = visit()
    run(page, (ROOT / "queries" / "places" / "clusters.rq").read_text("utf-8"))
    page.click("button:text('Map')")
    expect(page.locator("svg.map .place-mark")).to_have_count(5)
    page.locator("svg.map a").first.click()
    assert page.url.startswith(f"{base}/id/cluster/")


def test_columns_are_chosen_for_a_chart_that_the_server_draws(visit: Open, base: str) -> None:
    page = visit(scheme="dark")
    run(
        page,
        COUNTS,
    )
    page.click("button:text('Chart')")
    image = page.locator(".drawn img")
    expect(image).to_have_attribute("alt", re.compile("Bar chart"))
    assert page.evaluate("document.querySelector('.drawn img').naturalWidth") > 300
    address = page.locator(".chart a").get_attribute("href")
    assert page.request.get(f"{base}{address}").text().startswith("<svg")
    before = image.get_attribute("src")
    page.select_option("#plot-mark", "point")
    page.select_option("#plot-y", "m")
    expect(image).not_to_have_attribute("src", before or "")
    page.select_option("#plot-x", "class")
    page.select_option("#plot-y", "class")
    expect(page.locator(".drawn .problem")).to_contain_text("every value is a number")


def saved(page: Page, form: str, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.click(f".formats button:text-is('{form}')")
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def test_rows_are_saved_in_each_form_and_opened_again(visit: Open, tmp_path: Path) -> None:
    page = visit(accept_downloads=True)
    run(page, PILLARS)
    files = {form: saved(page, form, tmp_path) for form in page.locator(".formats button").all_inner_texts()}
    assert {form: path.name for form, path in files.items()}["csv"] == "query-1.csv"
    counts = {
        "csv": len(pandas.read_csv(files.pop("csv"))),
        "tsv": len(pandas.read_csv(files.pop("tsv"), sep="\t")),
        "json": len(json.loads(files.pop("json").read_text())["results"]["bindings"]),
        "xml": len(ElementTree.parse(files.pop("xml")).findall(".//{*}result")),  # noqa: S314
        "xlsx": openpyxl.load_workbook(files.pop("xlsx"))["Data"].max_row - 1,
    }
    assert files == {}
    assert set(counts.values()) == {3}, counts


def test_a_graph_is_shown_as_turtle_and_saved_in_each_form(visit: Open, tmp_path: Path) -> None:
    page = visit(accept_downloads=True)
    run(page, GRAPH)
    assert "a kb:Pillar" in page.inner_text("pre.raw")
    forms = page.locator(".formats button").all_inner_texts()
    counts = {form: len(list(ox.parse(path=saved(page, form, tmp_path)))) for form in forms}
    assert counts == dict.fromkeys(["ttl", "jsonld", "nt", "rdf", "trig", "nq"], 3)


def test_the_lines_to_fetch_an_answer_fetch_it(visit: Open, tmp_path: Path) -> None:
    page = visit()
    run(page, PILLARS)
    page.click("text=Fetch with pandas, R or curl")
    curl = page.locator(".take pre").last.inner_text()
    subprocess.run(["bash", "-c", curl], cwd=tmp_path, check=True, timeout=300)
    assert len((tmp_path / "answer.csv").read_text().splitlines()) == 4


def test_the_answer_as_it_came(visit: Open) -> None:
    page = visit()
    run(page, PILLARS)
    page.click("button:text('Raw')")
    assert len(json.loads(page.inner_text("pre.raw"))["results"]["bindings"]) == 3
    run(page, "SELECT ?s { ?s a kb:Pillar, kb:Occupation }")
    expect(page.locator(".view")).to_contain_text("has no answer in this graph")


def test_the_keyboard_reaches_and_leaves_everything(visit: Open) -> None:
    page = visit()
    page.focus(CODE)
    before = text_of(page)
    page.keyboard.press("Tab")
    assert text_of(page) != before, "Tab indents"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#class-filter")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "example-filter"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Examples"
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.classList.contains('cm-content')")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Close this tab"


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_each_state_is_accessible_and_fits(visit: Open, lang: str, width: int, scheme: str) -> None:
    page = visit(f"?lang={lang}", width=width, scheme=scheme)
    views = {
        "nl": ("Grafiek", "Kaart", "Ruw", "Voorbeelden", "Begin met"),
        "en": ("Chart", "Map", "Raw", "Examples", "Begin with"),
    }[lang]
    check(page, "start")
    write(page, (ROOT / "queries" / "places" / "clusters.rq").read_text("utf-8"))
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("tbody tr")
    check(page, "table")
    for view in views[:3]:
        page.click(f".views button:text('{view}')")
        page.wait_for_selector(".view svg, .view img, pre.raw")
        check(page, view)
    page.click(f"text={views[3]}")
    page.wait_for_selector("dialog li")
    check(page, "examples")
    page.keyboard.press("Escape")
    page.click(f"button:text('{views[4]}')")
    page.wait_for_selector("dialog[open] .begin li")
    check(page, "classes")
    page.click("dialog[open] li button >> nth=7")
    page.check("dialog[open] .begin-rows input >> nth=0")
    page.select_option("dialog[open] select:visible", index=1)
    check(page, "properties")
    page.keyboard.press("Escape")
    write(page, BROKEN)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".problem")
    check(page, "error")
    page.click(".strip-buttons button >> nth=0")
    page.click(CODE)
    page.keyboard.press("Control+Home")
    page.keyboard.type("kb:")
    page.wait_for_selector(".cm-tooltip-autocomplete li")
    # The arrows of the code area scroll its list of completions, which takes no focus (ARIA APG, combobox).
    check(page, "completion", "scrollable-region-focusable")


def check(page: Page, state: str, *but: str) -> None:
    found = Axe().run(
        page, options={"rules": {rule: {"enabled": False} for rule in but}, "resultTypes": ["violations"]}
    )
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == [], state
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), state


def test_it_works_as_a_form_without_javascript(browser: Browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/sparql?lang=en")
    assert "this form works without" in page.inner_text("#plain")
    page.focus("#query")
    page.fill("#query", BROKEN)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".problem")
    assert "line 3" in page.inner_text(".problem")
    page.fill("#query", PILLARS)
    page.click("form.ask button")
    assert "3 rows" in page.inner_text("#answer")
    context.close()
