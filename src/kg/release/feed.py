"""`feed.xml`: the releases, and what changed in each for those who use the data (Atom, RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from kg.namespaces import BASE
from kg.release.changes import Change, ReleaseChanges
from kg.release.files import DATASET, Edition, File

_XHTML: Final = "http://www.w3.org/1999/xhtml"


def feed(releases: Sequence[ReleaseChanges], edition: Edition) -> File:
    """Return the feed; its date is that of the newest release.

    Arguments:
        releases: those that are out, newest first.
        edition: names the authors.

    """
    authors = "".join(
        f"<author><name>{escape(name)}</name></author>\n" for name in edition.authors or ("Klimaatbanen",)
    )
    latest = max((release.date for release in releases), default=edition.date or "1970-01-01")
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<id>{BASE}feed.xml</id>\n"
        f"<title>{escape(edition.title)}: releases</title>\n"
        f"<updated>{latest}T00:00:00Z</updated>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(BASE + "feed.xml")}/>\n'
        f'<link rel="alternate" type="text/html" href={quoteattr(DATASET)}/>\n'
        f"{authors}{''.join(map(_entry, releases))}</feed>\n"
    )
    return File("feed.xml", text.encode(), {"en": "Releases, as a feed", "nl": "Uitgaven, als feed"}, free=True)


def _entry(release: ReleaseChanges) -> str:
    return (
        "<entry>\n"
        f"<id>{BASE}def/{release.version}</id>\n"
        f"<title>{release.version}</title>\n"
        f"<updated>{release.date}T00:00:00Z</updated>\n"
        f'<link rel="alternate" type="text/html" href={quoteattr(DATASET)}/>\n'
        f'<content type="xhtml"><div xmlns="{_XHTML}">\n'
        f"{_list(release.changes, 'en')}{_list(release.changes, 'nl')}</div></content>\n"
        "</entry>\n"
    )


def _list(changes: Iterable[Change], lang: str) -> str:
    items = "".join(f"<li>{escape(change.text[lang])}</li>\n" for change in changes)
    return f'<ul xml:lang="{lang}">\n{items}</ul>\n'
