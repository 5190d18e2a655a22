"""What everyone reads: one crawl of the pages that people read, in Dutch and English, shared by all tests here."""

from __future__ import annotations

import csv
import gzip
import re
import tomllib
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.web import layout
from kg.web.app import create_app

pytestmark = pytest.mark.slow

QUERIES = project_folder() / "queries"
HTML = {"Accept": "text/html"}
LANGUAGES = ("nl", "en")
Pages = dict[tuple[str, str], str]
FIXED = (
    "/",
    "/id/",
    "/read",
    "/read/industrie-2023",
    "/read/industrie-2023/3-4",
    "/id/nowhere/procesoperato",
    "/questions",
    "/search?q=waterstof",
    "/switch",
    "/switch?q=elektricien",
    "/switch?q=werkvoorbereider",
    "/switch?q=mbo-4+werktuigbouwkunde",
    "/dataset",
    "/accessibility",
    "/glossary",
    "/shapes",
)
# Pages about the data model itself, which need its words; the glossary explains those that people meet elsewhere.
OF_THE_MODEL = re.compile(
    r"/(shapes|dataset|id/(claim-kind|cube|graph-kind|inference|method|passage-rule|rule|scheme|mapping)\b)"
)
OF_THE_MODEL_TOO = {"graph", "examples"}  # Themes of questions.


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(QUERIES), Settings()).test_client()


@pytest.fixture(scope="module")
def pages(client: FlaskClient) -> Pages:
    """Every page of its own design, each list, and the first thing of each kind, by path and language."""
    members = client.application.extensions["kg"].kinds.members
    things = [f"/id/{iri.partition('/id/')[2]}" for iris in members.values() for iri in iris[:1]]
    paths = [*FIXED, *(f"/id/{kind}" for kind in members), *things]
    asked = {(path, lang): f"{path}{'&' if '?' in path else '?'}lang={lang}" for path in paths for lang in LANGUAGES}
    return {key: client.get(address, headers=HTML).text for key, address in asked.items()}


def text_of(html: str) -> str:
    apart = re.sub(r"</(?:li|p|td|th)>", " · ", html)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", apart)))


class Said(HTMLParser):
    """The text of a page in its own language, without code, addresses and what is marked as another language."""

    EMPTY = frozenset({"br", "circle", "hr", "img", "input", "link", "meta", "path", "source"})

    def __init__(self, html: str, lang: str) -> None:
        super().__init__()
        self.lang, self.open, self.parts = lang, list[tuple[str, bool]](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            left_out = tag in {"code", "head", "pre", "script", "style"} or dict(attrs).get("lang") not in (
                None,
                self.lang,
            )
            self.open.append((tag, left_out))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(left_out for _, left_out in self.open):
            self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"https?://\S+", " ", re.sub(r"\s+", " ", " ".join(self.parts)))


class Forms(HTMLParser):
    """The forms of a page: where they lead, and the names of their visible fields with what names those."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag == "input" and values.get("type") != "hidden":
            self.forms[-1][1][values.get("name", "")] = values.get("aria-label") or values.get("id", "")


def test_every_page_has_a_search_box_that_works_without_javascript(pages: Pages) -> None:
    for key, html in pages.items():
        boxes = [fields for action, fields in Forms(html).forms if action == "/search"]
        assert any(fields.get("q") for fields in boxes), key
        head = html.partition("</header>")[0]
        own = key[0] == "/" or key[0].startswith("/search")  # They have one in the middle.
        assert own or ('action="/search"' in head and "hidden>" not in head), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_page_has_three_doors_and_a_finding_of_the_graph(pages: Pages, lang: str) -> None:
    page = pages["/", lang]
    text = text_of(page)
    doors = {
        "nl": ("Ik maak beleid", "Ik doe onderzoek", "Ik help mensen"),
        "en": ("I make policy", "I do research", "I help people"),
    }
    assert all(f"<h3>{door}</h3>" in page for door in doors[lang])
    row = next(csv.DictReader((QUERIES / "labour-market" / "latest-table.csv").read_text("utf-8").splitlines()))
    for number in (row["total"], row["vacancies"]):
        assert f"{int(number):,}".replace(",", "." if lang == "nl" else ",") in text
    finding = page[page.index('id="finding"') :].partition("</dl>")[0]
    said = {
        "nl": ("Klimaatbanen in de industrie", "2023", "Let op"),
        "en": ("Climate jobs in industry", "2023", "Note"),
    }
    assert all(word in finding for word in said[lang])
    assert 'href="/questions/occupations/vacancies?' in page, "earlier quarters stand in another question"
    assert '<figure class="chart"' in page


ENTITIES = ("/id/measure/ccs", "/id/measure", "/graph/industrie-2023", "/def", "/shapes")


@pytest.mark.parametrize("path", ENTITIES)
def test_who_names_no_rdf_gets_the_page_and_who_names_it_gets_that(client: FlaskClient, path: str) -> None:
    for accept in (
        "*/*",
        "",
        None,
        "text/*",
        "image/png, */*;q=0.1",
        "application/xhtml+xml, */*",
        "text/html, text/turtle",
    ):
        answer = client.get(path, headers={"Accept": accept} if accept is not None else {})
        assert answer.mimetype == "text/html", accept
    named = {
        "text/turtle": "text/turtle",
        "text/turtle, */*;q=0.1": "text/turtle",
        "text/html;q=0.5, text/turtle": "text/turtle",
        "application/rdf+xml, */*;q=0.5": "application/rdf+xml",
        "application/ld+json, application/json;q=0.9, */*;q=0.8": "application/ld+json",
        "application/n-triples": "application/n-triples",
    }
    assert {accept: client.get(path, headers={"Accept": accept}).mimetype for accept in named} == named
    assert client.get(f"{path}?format=ttl", headers={"Accept": "*/*"}).mimetype == "text/turtle"
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_that_is_not_there_says_so_plainly_and_suggests_only_what_is_near(
    client: FlaskClient, lang: str
) -> None:
    near = client.get(f"/id/occupation/procesoperato?lang={lang}", headers=HTML)
    assert near.status_code == 404
    assert f'<li><a href="/id/occupation/procesoperator?lang={lang}">' in near.text
    for path, words in (("/overheid/subsidie-zonnepanelen", "subsidie zonnepanelen"), ("/id/qqq/zzzz.html", "zzzz")):
        page = client.get(f"{path}?lang={lang}", headers=HTML).text
        assert f'value="{words}"' in page
        assert {"nl": "Bedoelde u misschien", "en": "Perhaps you meant"}[lang] not in page, path
        heading = re.findall(r"<h1>(.*?)</h1>", page)
        assert heading == [{"nl": "Deze pagina is er niet", "en": "This page is not there"}[lang]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_list_of_questions_is_folded_and_can_be_narrowed_without_javascript(
    client: FlaskClient, pages: Pages, lang: str
) -> None:
    page = pages["/questions", lang]
    questions = client.application.extensions["kg"].questions
    assert all(f'href="/questions/{name}?lang={lang}"' in page for name in questions)
    open_ones = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    themes = re.findall(r'href="/questions\?theme=([\w-]+)&', page)
    assert set(themes) == {question.theme for question in questions.values()}
    assert open_ones.count('href="/questions/') <= 3 * len(themes)
    one = client.get(f"/questions?theme=places&lang={lang}", headers=HTML).text
    assert set(re.findall(r'class="name" href="/questions/([^?]+)', one)) == {
        name for name in questions if name.startswith("places/")
    }
    word = {"nl": "vacatures", "en": "vacancies"}[lang]
    found = client.get(f"/questions?q={word}&lang={lang}", headers=HTML).text
    names = set(re.findall(r'class="name" href="/questions/([^?]+)', found))
    assert "labour-market/vacancies-2023q2" in names
    assert "learning/route-durations" not in names
    assert f"/search?q=zzzz&amp;lang={lang}" in client.get(f"/questions?q=zzzz&lang={lang}", headers=HTML).text


def test_the_rules_are_folded_by_group(pages: Pages) -> None:
    page = pages["/shapes", "nl"]
    assert "<dt" not in re.sub(r'<details class="rules".*?</details>', "", page, flags=re.DOTALL)
    assert page.count('<details class="rules"') > 10


JARGON = list(csv.DictReader((Path(__file__).parent / "jargon.csv").read_text("utf-8").splitlines()))


def jargon_in(text: str, lang: str) -> list[str]:
    """Return what a text says that people do not read, with its surroundings and what to say instead."""
    found = []
    for row in JARGON:
        if row["language"] == lang:
            places = re.finditer(rf"(?<![\w/:-]){re.escape(row['word'])}(?![\w/:-])", text)
            found += [f"{text[max(0, at.start() - 30) : at.end() + 30]!r}: say {row['instead']}" for at in places]
    return found


def test_pages_speak_everyones_words(pages: Pages) -> None:
    """What is not to be said, and what instead, stands in `jargon.csv`."""
    read = {key: Said(html, key[1]).text for key, html in pages.items() if not OF_THE_MODEL.match(key[0])}
    assert {key: found for key, text in read.items() if (found := jargon_in(text, key[1]))} == {}


def test_questions_speak_everyones_words() -> None:
    said = {
        (name, lang): f"{question.title[lang]} {question.description[lang]}"
        for name, question in find_questions(QUERIES).items()
        if question.theme not in OF_THE_MODEL_TOO
        for lang in LANGUAGES
    }
    assert {key: found for key, text in said.items() if (found := jargon_in(text, key[1]))} == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_has_no_words_of_the_interface_in_the_other_language(pages: Pages, lang: str) -> None:
    other = next(tag for tag in LANGUAGES if tag != lang)
    files = (Path(layout.__file__).parent / "messages").glob("*.toml")
    words = [said for file in files for said in tomllib.loads(file.read_text("utf-8")).values()]
    own = " ".join(said[lang] for said in words)
    foreign = [said[other] for said in words if said[other].count(" ") >= 2 and said[other] not in own]
    assert foreign
    texts = {path: Said(html, lang).text for (path, tag), html in pages.items() if tag == lang}
    assert [(path, said) for path, text in texts.items() for said in foreign if said in text] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_glossary_explains_the_words_that_stay(pages: Pages, lang: str) -> None:
    page = pages["/glossary", lang]
    entries = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page)
    assert len(entries) > 50
    assert all(text_of(meaning).strip() for _, meaning in entries)
    names = {text_of(name).strip() for name, _ in entries}
    assert names >= {"SPARQL", "API", "ESCO", "CCS", {"nl": "klimaattafel", "en": "climate table"}[lang]}
    chips = {
        "nl": {"kandidaat", "leemte", "mogelijk", "als voorbeeld"},
        "en": {"candidate", "gap", "possible", "as an example"},
    }
    assert names >= {"VAPRO", "BIM", "OEO", "mbo", "hbo", *chips[lang]}
    assert min(map(len, names)) > 1, "the symbol of an element is no abbreviation"
    read = text_of(pages["/read", lang])
    assert {"nl": "Van geen ervan is de tekst", "en": "text of none of them can be read"}[lang] in read, (
        "no text is loaded here"
    )
    assert all(f'href="/glossary?lang={lang}"' in html for (_, tag), html in pages.items() if tag == lang)
    for href in re.findall(r'<dt><a href="(/[^"?]+)', page):
        assert (href, lang) in pages or href.startswith(("/id/", "/def#")), href


def test_every_table_scrolls_in_a_place_of_its_own_that_the_keyboard_reaches(pages: Pages) -> None:
    tables = 0
    for key, html in pages.items():
        for before in html.split("<table")[:-1]:
            tables += 1
            assert re.search(
                r'<div class="scroll" tabindex="0" role="group" aria-label(ledby)?="[^"]+">\s*$', before
            ), key
    assert tables


def test_no_word_is_broken_between_letters_where_it_could_scroll_or_hyphenate() -> None:
    """`overflow-wrap: anywhere` makes columns narrower than their words; it is for addresses and code alone."""
    css = (Path(layout.__file__).parent / "static" / "site.css").read_text("utf-8")
    rules = re.findall(r"([^{}]+)\{[^{}]*overflow-wrap: anywhere", css)
    assert [rule.strip() for rule in rules if not re.search(r"iri|pre|getting|problem|rules|href", rule)] == []
    assert re.search(r"main[^{]*\{ hyphens: auto", css)


def test_no_page_is_heavier_than_60_kb_as_it_is_sent(pages: Pages) -> None:
    sent = {key: len(gzip.compress(html.encode(), 6)) for key, html in pages.items()}
    assert {key: size for key, size in sent.items() if size > 60_000} == {}


def test_one_of_something_is_not_said_in_the_plural(pages: Pages) -> None:
    plural = re.compile(r"\b(?:en nog|and(?: another)?) 1 (?!more\b)\w*s\b|\band 1 more \w+s\b")
    assert [(key, found.group()) for key, html in pages.items() if (found := plural.search(text_of(html)))] == []


def test_what_a_mapping_says_in_english_is_marked_on_dutch_pages(client: FlaskClient) -> None:
    page = client.get("/id/occupation/procesoperator?lang=nl", headers=HTML).text
    comments = re.findall(r"toelichting</a>: (.{0,40})", page)
    assert comments
    assert all(comment.startswith('<span lang="en">') for comment in comments)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_query_has_comments_in_the_language_of_the_page(client: FlaskClient, lang: str) -> None:
    comments = re.findall(r"^# .*$", unescape(client.get(f"/sparql?lang={lang}", headers=HTML).text), re.MULTILINE)
    assert [line.partition("kb:")[0] for line in comments if "kb:" in line] == [
        {"nl": "# Een klasse begint met ", "en": "# A class begins with "}[lang]
    ]
    assert not [line for line in comments if re.match(r"# \w\w: ", line)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_numbers_of_the_dataset_add_up(pages: Pages, lang: str) -> None:
    said = re.sub(r"[.,](?=\d{3})", "", Said(pages["/dataset", lang], lang).text)
    together = {"nl": "samen", "en": "together"}[lang]
    stated, entailed, both = map(int, re.findall(rf"(\d+); [^;]*?(\d+); {together} (\d+)", said)[0])
    assert stated + entailed == both
    rows = [
        int(cell.replace(".", "").replace(",", ""))
        for cell in re.findall(r'class="number" data-label="[^"]*">([\d.,]+)<', pages["/dataset", lang])
    ]
    assert f" {sum(rows) - both}." in said


def test_no_command_stands_where_people_read(client: FlaskClient) -> None:
    assert all("kg export" not in client.get(f"/download/?lang={lang}", headers=HTML).text for lang in LANGUAGES)
