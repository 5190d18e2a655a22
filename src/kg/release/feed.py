"""`feed.xml`: the releases and what changed in each, made from `CHANGELOG.md` (Atom, RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from kg.namespaces import BASE
from kg.release.files import DATASET, Edition, File

_RELEASED: Final = re.compile(r"^## (\d+\.\d+\.\d+\S*) \((\d{4}-\d{2}-\d{2})\)$", re.MULTILINE)
_HEADING: Final = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """The section of one released version: its number, date and Markdown text."""

    version: str
    date: str
    text: str


def entries(changelog: str) -> Iterator[Entry]:
    """Yield the released versions of a changelog in its order; what is unreleased has no date and is left out."""
    for match in _RELEASED.finditer(changelog):
        following = _HEADING.search(changelog, match.end())
        text = changelog[match.end() : following.start() if following else len(changelog)]
        yield Entry(match.group(1), match.group(2), text.strip())


def feed(changelog: str, edition: Edition) -> File:
    """Return the feed; its date is that of the newest release.

    Arguments:
        changelog: Markdown with `## version (date)` headings, newest first.
        edition: whence the authors come.

    """
    found = list(entries(changelog))
    authors = "".join(
        f"<author><name>{escape(name)}</name></author>\n" for name in edition.authors or ("Klimaatbanen",)
    )
    latest = max((entry.date for entry in found), default=edition.date or "1970-01-01")
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<id>{BASE}feed.xml</id>\n"
        f"<title>{escape(edition.title)}: releases</title>\n"
        f"<updated>{latest}T00:00:00Z</updated>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(BASE + "feed.xml")}/>\n'
        f'<link rel="alternate" type="text/html" href={quoteattr(DATASET)}/>\n'
        f"{authors}{''.join(_entry(entry) for entry in found)}</feed>\n"
    )
    return File("feed.xml", text.encode(), {"en": "Releases, as a feed", "nl": "Uitgaven, als feed"}, free=True)


def _entry(entry: Entry) -> str:
    return (
        "<entry>\n"
        f"<id>{BASE}def/{entry.version}</id>\n"
        f"<title>{entry.version}</title>\n"
        f"<updated>{entry.date}T00:00:00Z</updated>\n"
        f'<link rel="alternate" type="text/html" href={quoteattr(DATASET)}/>\n'
        f'<content type="text">{escape(entry.text)}</content>\n'
        "</entry>\n"
    )
