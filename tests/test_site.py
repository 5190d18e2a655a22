"""The site of an installed wheel in a real browser: every kind of page, without JavaScript, and with hostile names."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import openpyxl
import pandas as pd
import pytest
from browsing import PAGES, in_language, kinds, told, watched
from live import served
from playwright.sync_api import Browser, Page
from wheels import run

pytestmark = pytest.mark.check
REPORT = "https://tracker.example/new"
EVIL = "</script><script>hit()</script>\"'><img src=x onerror=hit()>=1+1"
# What a page must show, in nl and en.
SHOWN = {
    "/": ("Welke klimaattafels vragen om welke maatregelen", "Which climate tables ask for which measures"),
    "/id/": ("Alle soorten", "All kinds of things"),
    "/id/occupation": ("1 t/m 50 van ", "1 to 50 of "),
    "/id/occupation/procesoperator": ("ESCO 3133.1.3", "ESCO 3133.1.3"),
    "/id/measure/ccs": ("CO₂ afvangen", "carbon capture and storage"),
    "/id/cluster/chemelot": ("Kinderwagen van biobased materialen", "Chemelot recovers residual heat"),
    "/id/training-route/be-an-engineer": ("gevraagd met uitzonderingen", "asked with exceptions"),
    "/id/figure/industrie-2023/aandeel-banen-industrie": ("8 procent", "8 per cent"),
    "/id/vacancy-group/monteurs-industriele-machines-en-installaties": ("9.950", "9,950"),
    "/id/scheme/occupation": ("engineer elektronica", "electronics engineer"),
    "/id/publication/industrie-2023": ("Lisan van den Beukel", "Lisan van den Beukel"),
    "/id/passage/industrie-2023/sb3-p1-1": ("uitgelicht · kop", "uitgelicht · heading"),
    "/id/nowhere/procesoperato": ("Bedoelde u misschien", "Perhaps you meant"),
    "/questions/labour-market/vacancies-2023q2": ("9.950", "9,950"),
    "/questions/learning/route-requirements": ("niet vermeld", "not stated"),
    "/search?q=waterstof": ("waterstof", "hydrogen"),
    "/dataset": ("klimaatbanen.ttl.gz", "klimaatbanen.ttl.gz"),
    "/shapes": ("Over de hele graaf", "Across the graph"),
    "/accessibility": ("schermlezer", "screen reader"),
}
BARE = """() => [...document.querySelectorAll('main a, main dd, main td')].filter(one => !one.children.length
  && !one.closest('#cite, section.card, .making') && /^https?:\\/\\/\\S+$/.test(one.textContent.trim()))
  .map(one => one.textContent.trim())"""


@pytest.fixture(scope="module")
def base(installed: Path) -> Iterator[str]:
    with served(str(installed), options=("--report", REPORT)) as url:
        yield url


def content(page: Page) -> str:
    """Return what a page says, folded or not, with single spaces."""
    return " ".join((page.text_content("main") or "").split())


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_kind_of_page(browser: Browser, base: str, lang: str) -> None:
    """Each has its language, one heading that its title begins with, no bare IRI, and asks nothing of another host."""
    paths = (*PAGES, *kinds(base)[0 if lang == "nl" else 1 :: 2])
    found: dict[str, object] = {}
    with watched(browser, base) as (page, problems):
        for path in paths:
            problems.clear()
            page.goto(base + in_language(path, lang))
            heading = page.inner_text("h1") if page.locator("h1").count() == 1 else "not one h1"
            wrong = [text for text in problems if "nowhere" not in path]
            wrong += [] if page.get_attribute("html", "lang") == lang else ["language"]
            wrong += [] if heading.strip() and page.title() else [heading]
            wrong += page.evaluate(BARE)
            wrong += [] if SHOWN.get(path, ("", ""))[lang == "en"] in content(page) else ["content"]
            found[path] = wrong
    assert set(SHOWN) <= set(paths)
    assert told(found) == ""


def test_the_switch_of_language_stays_on_the_page(browser: Browser, base: str) -> None:
    with watched(browser, base) as (page, problems):
        page.goto(f"{base}/id/occupation?knowledgeArea=knowledge-area/ict&lang=nl")
        page.click("a.switch")
        assert page.url == f"{base}/id/occupation?knowledgeArea=knowledge-area%2Fict&lang=en"
        assert "BI consultant" in page.inner_text("main")
        assert problems == []


def test_the_browser_chooses_the_language(browser: Browser, base: str) -> None:
    for locale, lang in (("en-GB", "en"), ("nl-NL", "nl"), ("fr-FR", "nl")):
        with watched(browser, base, locale=locale) as (page, _):
            page.goto(base)
            assert page.get_attribute("html", "lang") == lang, locale


def test_without_javascript_from_the_first_page_to_the_evidence(browser: Browser, base: str) -> None:
    with watched(browser, base, java_script_enabled=False) as (page, problems):
        page.goto(f"{base}/?lang=nl")
        page.fill("#q", "procesoperator")
        page.click("form[role=search] button")
        page.locator("main a", has_text="procesoperator").first.click()
        page.goto(f"{base}/id/occupation/procesoperator?lang=nl")
        page.locator("details.why > summary").first.click()
        assert page.locator("details.why[open] .evidence").first.is_visible()
        page.locator("details.why[open] .evidence a[href*='/read/']").first.click()
        asked = page.locator(f"[id='{page.url.partition('#')[2]}']")
        asked.locator(".drawn li").first.wait_for()
        assert not page.locator(".line:not(:target) .drawn li").first.is_visible()
        page.goto(f"{base}/id/occupation?lang=nl")
        page.locator(".facets a", has_text="ICT").first.click()
        assert "knowledgeArea=knowledge-area%2Fict" in page.url
        page.goto(f"{base}/questions/places/companies?lang=nl")
        page.locator("form.choose button").first.click()
        assert page.locator("table tbody tr").count() > 5
        page.goto(f"{base}/sparql?lang=en")
        page.fill("textarea[name=query]", "SELECT ?p { ?p a kb:Pillar }")
        page.locator("form", has=page.locator("textarea[name=query]")).locator("button[type=submit]").first.click()
        assert page.locator("table tbody tr").count() == 3
        assert problems == []


def test_a_table_is_a_file_that_other_programs_open(browser: Browser, base: str) -> None:
    with watched(browser, base) as (page, _):
        page.goto(f"{base}/questions/labour-market/vacancies-2023q2?lang=en")
        files = {
            form: page.locator(".formats a", has_text=form).first.get_attribute("href") for form in ("CSV", "Excel")
        }
    frame = pd.read_csv(f"{base}{files['CSV']}")
    with urlopen(f"{base}{files['Excel']}") as answer:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.read())).worksheets[0]
    assert len(frame) == 10
    assert sheet.max_row >= 11
    assert (frame["vacancies"].max(), frame["printedTotal"].unique().tolist()) == (9950, [51000])


def test_a_fact_can_be_reported(browser: Browser, base: str) -> None:
    with watched(browser, base) as (page, _):
        page.goto(f"{base}/id/measure/ccs?lang=en")
        link = page.locator(f"a[href^='{REPORT}']").get_attribute("href") or ""
        assert "id%2Fmeasure%2Fccs" in link
        assert "title=carbon%20capture" in link


@pytest.fixture(scope="module")
def hostile(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the installed package with one more publication, begun by `kg new`, whose names are scripts."""
    folder = tmp_path_factory.mktemp("hostile")
    found = next((installed.parents[1] / "lib").glob("python*/site-packages/kg"))
    shutil.copytree(found, folder / "kg")
    python, project = installed.parent / "python", folder / "kg" / "project"
    text = folder / "text.md"
    text.write_text(f"# Kop\n\nEen zin met {EVIL} erin.\n", encoding="utf-8")
    run(str(installed), "new", "kwaad", "--title", EVIL, "--text", str(text), "--project", str(project), cwd=folder)
    literal = json.dumps(EVIL)
    (project / "data" / "kwaad" / "editorial" / "names.ttl").write_text(
        "@prefix kb: <https://w3id.org/klimaatbanen/def#> .\n@prefix schema: <https://schema.org/> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        f"<https://w3id.org/klimaatbanen/id/cluster/kwaad> a kb:Cluster ;\n"
        f"  skos:prefLabel {literal}@nl , {literal}@en ;\n"
        f"  schema:latitude 52.1 ; schema:longitude 5.1 ; skos:definition {literal}@nl .\n"
        f'<https://w3id.org/klimaatbanen/id/measure/kwaad> a kb:ClimateMeasure ; skos:prefLabel "=1+1"@nl ;\n'
        f"  kb:underPillar <https://w3id.org/klimaatbanen/id/pillar/schoon> ; skos:altLabel {literal}@nl .\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.chdir(folder)
        with served(str(python), "-m", "kg") as url:
            yield url


HOSTILE = (
    "/id/cluster/kwaad",
    "/id/cluster",
    "/id/measure/kwaad",
    "/id/publication/kwaad",
    "/id/publication",
    "/questions/places/clusters",
    "/questions/climate/measures",
    "/search?q=hit",
    "/graph/kwaad",
    "/dataset",
    "/",
)


def test_hostile_names_are_text_everywhere(browser: Browser, hostile: str) -> None:
    found: dict[str, object] = {}
    for path in HOSTILE:
        with watched(browser, hostile) as (page, problems):
            page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1 }")
            page.goto(hostile + in_language(path, "nl"), wait_until="load")
            cards = page.locator('script[type="application/ld+json"]').all_text_contents()
            assert all(json.loads(card) for card in cards)
            found[path] = (
                problems + ["ran"] * page.evaluate("window.hits") + ["img"] * page.locator("img[src=x]").count()
            )
    assert told(found) == ""


def test_hostile_names_reach_the_map_and_the_tables(browser: Browser, hostile: str) -> None:
    with watched(browser, hostile) as (page, _):
        page.goto(f"{hostile}/id/cluster/kwaad?lang=nl")
        assert EVIL in page.inner_text("h1")
        assert EVIL in (page.locator("svg.map text").first.text_content() or "")
        page.goto(f"{hostile}/questions/places/clusters.svg?lang=nl")
        assert page.locator("script").count() == 0
    with urlopen(f"{hostile}/api/climate/measures.csv?lang=nl") as answer:
        cells = [cell for row in csv.reader(io.StringIO(answer.read().decode())) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert [cell for cell in cells if "=1+1" in cell]
