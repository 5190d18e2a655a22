"""`/shapes`: the rules that hold for the graph, in words, and the SHACL shapes in RDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.files import project_folder
from kg.graph.build import Graph
from kg.languages import LANGUAGES
from kg.queries.formats import serialise_triples
from kg.release.dumps import shapes
from kg.validation.findings import Rule
from kg.validation.rules import SHAPES_GRAPH, read_rules
from kg.web.context import Context
from kg.web.negotiation import page_or_graph
from kg.web.responses import send_page
from kg.web.signposting import in_forms, within_dataset
from kg.web.site import Site

_ORDER: Final = {"shape": 0, "check": 1, "built-in": 2}


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


class Rules:
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
    ordered = sorted(rules, key=lambda rule: (_ORDER[rule.kind], _stem(rule)))
    return [
        Chapter(slug, kind, _reasons(list(group)))
        for (kind, slug), group in groupby(ordered, key=lambda rule: (rule.kind, _stem(rule)))
    ]


def _stem(rule: Rule) -> str:
    return Path(rule.file).stem if rule.kind == "shape" else f"{rule.kind}s"


def _reasons(rules: Sequence[Rule]) -> tuple[Reason, ...]:
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(rule.why, []).append(rule)
    return tuple(Reason(why, tuple(group)) for why, group in groups.items())


def init_app(app: Flask, site: Site) -> None:
    """Register the route; nothing is read until somebody asks."""
    blueprint, rules = Blueprint("rules", __name__), Rules(site.graph, project_folder())

    @blueprint.get("/shapes", defaults={"suffix": ""})
    @blueprint.get("/shapes.<suffix>")
    def show(suffix: str) -> Response:
        """Show what must hold: a page, or the shapes in the RDF syntax asked for."""
        form = page_or_graph(request, suffix)
        if form is None:
            context = Context.from_request(site, request)
            response = send_page(context, "shapes.html", chapters=rules.chapters[context.lang], iri=SHAPES_GRAPH)
        else:
            data = serialise_triples(rules.triples, form, site.graph.prefixes)
            response = Response(data, content_type=form.content_type)
        return within_dataset(in_forms(response, "/shapes", form.name if form else "html"))

    app.register_blueprint(blueprint)
