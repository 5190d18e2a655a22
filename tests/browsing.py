"""A real browser for tests: Debian's chromium, and pages that tell of what went wrong in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from xml.etree import ElementTree

from live import request
from playwright.sync_api import Browser, Page, sync_playwright

_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
)
_LOC: Final = ".//{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
# One page of each template and of each kind that has a design of its own.
PAGES: Final = (
    "/",
    "/id/",
    "/id/occupation",
    "/id/occupation?knowledgeArea=knowledge-area/ict",
    "/id/occupation/procesoperator",
    "/id/measure/ccs",
    "/id/climate-table/gebouwde-omgeving",
    "/id/climate-table/mobiliteit",
    "/id/cluster/chemelot",
    "/id/company/tata-steel",
    "/id/training-route/be-an-engineer",
    "/id/figure/industrie-2023/aandeel-banen-industrie",
    "/id/vacancy-group/monteurs-industriele-machines-en-installaties",
    "/id/scheme/occupation",
    "/id/publication/industrie-2023",
    "/id/passage/industrie-2023/sb3-p1-1",
    "/id/passage/gebouwde-omgeving-2022-biind/s2-p2-1",
    "/id/nowhere/procesoperato",
    "/read",
    "/read/industrie-2023",
    "/read/industrie-2023/3-4",
    "/questions",
    "/questions/labour-market/vacancies-2023q2",
    "/questions/places/clusters",
    "/questions/labour-market/vacancies-per-table",
    "/questions/climate/occupations-of-several-tables",
    "/questions/places/companies-and-ageing",
    "/questions/learning/route-requirements",
    "/search?q=waterstof",
    "/switch",
    "/switch?q=elektricien",
    "/switch?q=werkvoorbereider",
    "/switch?q=mbo-4+werktuigbouwkunde",
    "/switch?q=mbo-4+elektrotechniek",
    "/sparql",
    "/dataset",
    "/def",
    "/docs",
    "/shapes",
    "/accessibility",
    "/glossary",
    "/graph/industrie-2023",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser."""
    found = shutil.which("chromium")
    assert found, "apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, base: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """Give a page, and a list that fills with errors of the console and of scripts, and with requests to others."""
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(90_000)  # A machine may be busy.
    page, problems = context.new_page(), []
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: problems.append(sent.url) if not sent.url.startswith((base, "data:")) else None)
    yield page, problems
    context.close()


def kinds(base: str) -> list[str]:
    """Return one page of each kind of thing, as the sitemap has them."""
    parts = _places(base, "/sitemap.xml")
    firsts = [_places(base, part.removeprefix(base))[0] for part in parts if "/pages." not in part]
    return [first.removeprefix(base).partition("?")[0] for first in firsts]


def _places(base: str, path: str) -> list[str]:
    tree = ElementTree.fromstring(request(base, path, "GET", None, {}).body)  # noqa: S314  (our own)
    return [one.text or "" for one in tree.findall(_LOC)]


def in_language(path: str, lang: str) -> str:
    """Return a path with its language."""
    return f"{path}{'&' if '?' in path else '?'}lang={lang}"


def told(found: Mapping[str, object]) -> str:
    """Return what went wrong by page, a page a line."""
    return "\n".join(f"{path}: {what}" for path, what in found.items() if what)
