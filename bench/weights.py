"""What pages weigh, how many requests they take and when they first answer; writes the table of `docs/design.md`.

Each kind of page is opened in Debian's chromium with an empty cache, in Dutch, at 1280 pixels; charts below the fold
are left where they are. "First" is the first request after the start of the server, "again" the second one.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pages
from peers import kg_serve
from playwright.sync_api import Browser, sync_playwright

DOC = Path(__file__).parents[1] / "docs" / "design.md"
MOST = 100_000
PAGES = {
    "first page": "/",
    "all kinds": "/id/",
    "list with facets": "/id/occupation",
    "occupation": "/id/occupation/procesoperator",
    "measure, with map": "/id/measure/ccs",
    "climate table": "/id/climate-table/industrie",
    "cluster, with map": "/id/cluster/chemelot",
    "training route": "/id/training-route/be-an-engineer",
    "figure": "/id/figure/industrie-2023/aandeel-banen-industrie",
    "series of vacancies": "/id/vacancy-group/alle-relevante-beroepen",
    "concept scheme": "/id/scheme/occupation",
    "publication": "/id/publication/industrie-2023",
    "passage": "/id/passage/industrie-2023/sb3-p1-1",
    "mapping": "/id/mapping/measures-oeo/fea0e17523c3",
    "questions": "/questions",
    "question with chart": "/questions/labour-market/vacancies-2023q2",
    "question with form": "/questions/places/companies",
    "search": "/search?q=waterstof",
    "career switch": "/switch",
    "editor": "/sparql",
    "API documentation": "/docs",
    "rules": "/shapes",
    "ontology": "/def",
    "downloads": "/dataset",
    "not found": "/id/occupation/procesoperato",
}
APART = (
    "editor",
    "API documentation",
    "first page",
    "question with chart",
)  # Editor, Swagger UI and charts weigh more.


def main() -> int:
    with kg_serve() as peer:
        base = peer.query.removesuffix("/sparql")
        times = {name: (answered(base, path), answered(base, path)) for name, path in PAGES.items()}
        with chromium() as browser:
            found = {name: weighed(browser, base, path) for name, path in PAGES.items()}
    rows = [row(name, found[name], times[name]) for name in PAGES]
    head = "| page | HTML | all, as sent | requests | first | again |\n| --- | ---: | ---: | ---: | ---: | ---: |\n"
    pages.write_between(DOC, "weights", f"{pages.machine()}.\n\n{head}" + "\n".join(rows) + "\n")
    print("\n".join(rows))
    heavy = [name for name, (page, sent, _) in found.items() if max(page, sent) > MOST and name not in APART]
    print(f"over 100 kB without editor and charts: {', '.join(heavy) or 'none'}", file=sys.stderr)
    return 1 if heavy else 0


def row(name: str, found: tuple[int, int, int], times: tuple[float, float]) -> str:
    """Return one row of the table."""
    page, sent, requests = found
    first, again = (f"{round(one * 1000):,} ms" for one in times)
    return f"| {name} | {page / 1000:.0f} kB | {sent / 1000:.0f} kB | {requests} | {first} | {again} |"


def weighed(browser: Browser, base: str, path: str) -> tuple[int, int, int]:
    """Return bytes of the page itself unpacked, bytes of all that is sent, and the number of requests."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, sent = context.new_page(), []
    page.on("requestfinished", lambda one: sent.append(one))
    answer = page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang=nl", wait_until="networkidle")
    sizes = [one.sizes() for one in sent if not one.url.startswith("data:")]
    total = sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)
    body = len(answer.body()) if answer else 0
    context.close()
    return body, total, len(sizes)


def answered(base: str, path: str) -> float:
    """Return the seconds until a page is there."""
    asked = Request(
        f"{base}{path}", headers={"Accept": "text/html", "Accept-Language": "nl", "Accept-Encoding": "gzip"}
    )
    begin = time.perf_counter()
    try:
        with urlopen(asked) as response:
            response.read()
    except OSError:
        pass  # A page that is not there answers 404.
    return time.perf_counter() - begin


@contextmanager
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or "chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


if __name__ == "__main__":
    raise SystemExit(main())
