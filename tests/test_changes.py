"""`data/changes.toml`: what changes for those who use the data, on the first page and in the feed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from conftest import ROOT
from live import patient, request, served

from kg.errors import SourceError
from kg.graph.build import Graph
from kg.namespaces import BASE
from kg.release.changes import CHANGES, read_changes
from kg.release.feed import feed
from kg.release.files import Edition

HTML = {"Accept": "text/html"}
SHOWN = [change for release in read_changes(ROOT)[:1] for change in release.changes]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as url:
        yield url


def test_changes_are_told_in_both_languages_and_only_of_releases_that_are_out(tmp_path: Path) -> None:
    assert read_changes(tmp_path) == ()
    (tmp_path / "data").mkdir()
    (tmp_path / CHANGES).write_text(
        '[[release]]\nversion = "0.2.0"\n[[release.change]]\nen = "later"\nnl = "later"\n'
        '[[release]]\nversion = "0.1.0"\ndate = 2026-11-24\n'
        '[[release.change]]\nen = "a & <b>"\nnl = "één"\nsee = "/id/"\n'
    )
    (release,) = read_changes(tmp_path)
    assert (release.version, release.date) == ("0.1.0", "2026-11-24")
    assert [(change.text, change.see) for change in release.changes] == [({"en": "a & <b>", "nl": "één"}, "/id/")]
    assert b"<li>a &amp; &lt;b&gt;</li>" in feed((release,), Edition()).data


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[release]", "line 1"),
        ("[[release]]\ndate = 2026-11-24\nchange = []\n", "'version'"),
        ('[[release]]\nversion = "1"\ndate = 2026-11-24\n[[release.change]]\nen = "half"\n', "'nl'"),
    ],
)
def test_a_broken_list_of_changes_is_named(tmp_path: Path, toml: str, said: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / CHANGES).write_text(toml)
    with pytest.raises(SourceError, match=said) as caught:
        read_changes(tmp_path)
    assert caught.value.where.endswith(CHANGES)
    assert caught.value.hint


def test_each_change_for_users_says_something_in_both_languages() -> None:
    """Also of what is not out yet: `data/changes.toml` as it stands."""
    stated = tomllib.loads((ROOT / CHANGES).read_text("utf-8"))["release"]
    changes = [change for release in stated for change in release["change"]]
    assert changes
    for change in changes:
        assert {"nl", "en"} <= set(change) <= {"nl", "en", "see"}, change
        assert all(change[lang].strip() for lang in ("nl", "en")), change
        assert change["nl"] != change["en"], change
        assert change.get("see", "/").startswith("/"), change


def test_what_is_out_is_in_both_lists_of_changes() -> None:
    headings = re.findall(r"^## (\S+) \((\S+)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings == [(release.version, release.date) for release in read_changes(ROOT)]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_page_of_the_dataset_shows_the_changes_of_the_newest_release(server: str, lang: str) -> None:
    page = unescape(request(server, f"/dataset?lang={lang}", "GET", None, HTML).text)
    assert SHOWN
    assert not [change for change in SHOWN if change.text[lang] not in page]


@pytest.mark.parametrize("path", sorted({change.see for release in read_changes(ROOT) for change in release.changes}))
def test_the_page_that_a_change_names_is_there(server: str, path: str) -> None:
    patient(f"{server}{path}")
    assert request(server, path, "GET", None, HTML).status == 200


PAGE = (ROOT / "docs" / "changes-0.2.md").read_text("utf-8")
PAIRS = {
    part.partition("\n")[0]: re.findall(r"^\*\*(Before|After)\*\*(.*?):\n\n```sparql\n(.*?)```", part, re.M | re.S)
    for part in PAGE.split("\n## ")[1:]
    if "```sparql" in part
}


@pytest.mark.parametrize("title", PAIRS)
def test_queries_before_and_after_give_what_the_page_says(title: str, graph: Graph) -> None:
    (first, said, before), (second, nothing, after) = PAIRS[title]
    assert (first, second, nothing) == ("Before", "After", "")
    old, new = (len(list(graph.store.query(text, use_default_graph_as_union=True))) for text in (before, after))
    assert new
    holds = {
        ", now without rows": old == 0,
        ", now with fewer rows than after": 0 < old < new,
        ", now with more rows than after": old > new,
        ", now with rows, which are words": old > 0,
    }
    assert holds[said], (old, new)


def test_the_page_lists_what_is_withdrawn_with_its_successors(graph: Graph) -> None:
    """But for mappings: a row that is judged anew is another one, and data/mappings/catalogue.ttl lists them."""
    query = (
        "SELECT ?old (GROUP_CONCAT(?path; SEPARATOR=', ') AS ?new) { { SELECT * { "
        "?old <http://www.w3.org/2002/07/owl#deprecated> true . FILTER(STRSTARTS(STR(?old), 'BASE')) "
        "FILTER(!STRSTARTS(STR(?old), 'BASEid/mapping/')) "
        "OPTIONAL { ?old <http://purl.org/dc/terms/isReplacedBy> ?by "
        "BIND(CONCAT('`', STRAFTER(STR(?by), 'BASE'), '`') AS ?path) } } ORDER BY ?by } } GROUP BY ?old"
    ).replace("BASE", BASE)
    rows = graph.store.query(query, use_default_graph_as_union=True)
    found = {row["old"].value.removeprefix(BASE): row["new"].value or "none: its page says why" for row in rows}
    assert found == dict(re.findall(r"^\| `(\S+)` \| (.+) \|$", PAGE.partition("## Withdrawn")[2], re.M))
