"""`/`: what this is, the ways in, what it shows, and how to cite it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, render_template

from kg.endpoint.protocol import Asked
from kg.files import project_folder, read_text
from kg.queries.question import pick
from kg.queries.rows import Rows
from kg.rdf_terms import local_name
from kg.release.feed import entries
from kg.release.files import CHANGELOG
from kg.web.layout import language, site
from kg.web.responses import ask
from kg.web.things.citation import dataset_citation
from kg.web.things.lists import ways

blueprint = Blueprint("home", __name__)
_NEWS: Final = 4  # Changes that are shown.
_MARKUP: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)|[`*]")


@dataclass(frozen=True)
class Part:
    """A kind of statement: the slug of the kind, its name, what it means, and how many statements it has."""

    slug: str
    name: str
    meaning: str
    statements: int


@dataclass(frozen=True)
class News:
    """The newest release: its version, date, and the last of what changed, in English."""

    version: str
    date: str
    items: tuple[str, ...]


@blueprint.get("/")
def home() -> Response:
    """Show the first page."""
    page = render_template(
        "home.html",
        ways=ways(site(), language(), [kind for kind, _ in site().kinds.menu]),
        parts=_parts(),
        questions=site().questions,
        statements=len(site().graph.store),
        things=sum(map(len, site().kinds.members.values())),
        cite=dataset_citation(site(), language()),
        news=_news(),
        limits=site().limits.listed,
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _parts() -> list[Part]:
    """Return the kinds of statements, the largest first."""
    found = ask(Asked(pick(site().questions, "graph/graphs").query, prefixed=True))
    counts: Counter[str] = Counter()
    for row in Rows.of(ox.parse_query_results(found.data, format=ox.QueryResultsFormat.JSON)):
        if row.get("kind"):
            counts[str(row["kind"])] += int(str(row["statements"]))
    lang, name, meaning = language(), site().labels.get, site().definition
    return [
        Part(local_name(kind), name(kind, lang)[0], meaning(kind, lang), count) for kind, count in counts.most_common()
    ]


def _news() -> News | None:
    path = project_folder() / CHANGELOG
    newest = next(entries(read_text(path)), None) if path.is_file() else None
    if newest is None:
        return None
    items = [_MARKUP.sub(r"\1", " ".join(text.split())) for text in re.split(r"^- ", newest.text, flags=re.MULTILINE)]
    return News(newest.version, newest.date, tuple(reversed(items[1:][-_NEWS:])))
