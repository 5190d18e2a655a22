"""`/shapes`: the rules that hold for the graph, in words, and the SHACL shapes in RDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, render_template, request

from kg.errors import NotFound
from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.formats import GRAPHS, serialise_triples
from kg.release.dumps import shapes
from kg.validation.findings import Rule
from kg.validation.rules import SHAPES_GRAPH, read_rules
from kg.web.layout import LANGUAGES, language, site
from kg.web.negotiation import choose, wants_html
from kg.web.signposting import within_dataset

blueprint = Blueprint("rules", __name__)
_BOOK: Final = "kg.rules"
_HTML: Final = "html"


@dataclass(frozen=True)
class Reason:
    """Rules that share one reason, in their order."""

    why: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Chapter:
    """Rules that stand in one file, or are of one kind."""

    slug: str
    kind: str
    reasons: tuple[Reason, ...]

    @property
    def count(self) -> int:
        """How many rules it holds."""
        return sum(len(reason.rules) for reason in self.reasons)


class Book:
    """The rules of a project, read at the first request.

    Arguments:
        graph: the graph that is served; its prefixes serve the Turtle.
        folder: the project.

    """

    def __init__(self, graph: Graph, folder: Path) -> None:
        self._graph, self._folder = graph, folder

    @cached_property
    def chapters(self) -> Mapping[str, Sequence[Chapter]]:
        """The rules by language."""
        return {lang: _chapters(read_rules([self._folder / "shapes"], lang).listed) for lang in LANGUAGES}

    @cached_property
    def triples(self) -> list[ox.Triple]:
        """The shapes."""
        turtle = next(iter(shapes(self._graph, self._folder))).data
        return [quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)]


def _chapters(rules: Sequence[Rule]) -> list[Chapter]:
    """Return shapes by file, then checks, then what the program itself asks of files."""
    order = {"shape": 0, "check": 1, "built-in": 2}
    placed = sorted(rules, key=lambda rule: (order[rule.kind], _stem(rule)))
    return [
        Chapter(slug, kind, _reasons(list(held)))
        for (kind, slug), held in groupby(placed, key=lambda rule: (rule.kind, _stem(rule)))
    ]


def _stem(rule: Rule) -> str:
    return Path(rule.file).stem if rule.kind == "shape" else f"{rule.kind}s"


def _reasons(rules: Sequence[Rule]) -> tuple[Reason, ...]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.why, []).append(rule)
    return tuple(Reason(why, tuple(held)) for why, held in found.items())


def init_app(app: Flask, graph: Graph) -> None:
    """Register the route; nothing is read until somebody asks."""
    app.extensions[_BOOK] = Book(graph, project_folder())
    app.register_blueprint(blueprint)


@blueprint.get("/shapes", defaults={"suffix": ""})
@blueprint.get("/shapes.<suffix>")
def show(suffix: str) -> Response:
    """Show what must hold: a page, or the shapes in the RDF syntax asked for."""
    book: Book = current_app.extensions[_BOOK]
    if suffix == _HTML or (not suffix and wants_html(request)):
        page = render_template("shapes.html", chapters=book.chapters[language()], iri=SHAPES_GRAPH)
        return _located(Response(page, content_type="text/html; charset=utf-8"), _HTML)
    form = next((one for one in GRAPHS if one.name == suffix), None) if suffix else choose(request, GRAPHS)
    if form is None:
        raise NotFound(f"no form called .{suffix[:80]}", hint="use .html .ttl .jsonld .nt or .rdf")
    data = serialise_triples(book.triples, form, site().graph.prefixes)
    return _located(Response(data, content_type=form.content_type), form.name)


def _located(response: Response, suffix: str) -> Response:
    response.headers["Content-Location"] = f"/shapes.{suffix}"
    for form in GRAPHS:
        response.headers.add("Link", f'</shapes.{form.name}>; rel="alternate"; type="{form.media_type}"')
    within_dataset(response)
    return response
