"""The diagram of a measure or climate table as a picture, a list for narrow screens and a table; as SVG and PNG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, Response, request
from markupsafe import Markup

from kg.errors import KgError, NotFound
from kg.namespaces import ID
from kg.rdf_terms import is_iri
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.layers import STYLES, Layers, Line, Node, render_layers
from kg.tables.charts.svg import Frame
from kg.tables.charts.themes import THEMES
from kg.web.context import Context
from kg.web.kinds import kind_of
from kg.web.layout import local_link, message
from kg.web.responses import one_of, send_data
from kg.web.site import Site
from kg.web.things.diagram import QUESTIONS, Diagram

_TITLES: Final = {"measure": "diagram_measure", "table": "diagram_table"}
_LEGEND: Final = dict(
    zip(STYLES, ("diagram_stated", "diagram_editorial", "diagram_inferred", "diagram_gap"), strict=True)
)
_FORMS: Final = {"svg": "image/svg+xml", "png": "image/png"}
_SCALE: Final = 2  # Of PNG.
_LIGHT: Final = next(iter(THEMES))


@dataclass(frozen=True)
class Step:
    """A node in the list.

    Attributes:
        heading: of its column.
        line: what leads to it; None where the list begins.
        below: the steps from there.

    """

    node: Node
    heading: str
    line: Line | None
    below: tuple[Step, ...]


@dataclass(frozen=True)
class DiagramView:
    """A diagram as `_diagram.html` shows it.

    Attributes:
        steps: the list.
        rows: each line as a row of the table: from, to and the line.
        legend: style to what it means.
        sources: what to mind, who says it, and on which terms it may be used.
        files: what else there is of it: text and address.

    """

    title: str
    svg: Markup
    steps: tuple[Step, ...]
    rows: tuple[tuple[Node, Node, Line], ...]
    legend: Mapping[str, str]
    sources: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint, renderer = Blueprint("diagrams", __name__), ChartRenderer()

    @blueprint.get("/diagram/<kind>/<slug>.<form>")
    def picture(kind: str, slug: str, form: str) -> Response:
        """Send the diagram of a thing as SVG or PNG: `theme=` light or dark."""
        context, iri = Context.from_request(site, request), f"{ID}{kind}/{slug}"
        if form not in _FORMS or kind not in QUESTIONS or not is_iri(iri) or not site.labels.known(iri):
            raise NotFound(f"no diagram of {iri}", hint="measures and climate tables have one, as .svg and .png")
        theme, diagram = one_of(request.args, "theme", tuple(THEMES)), Diagram(context, iri, str)
        if not diagram.nodes:
            raise NotFound(f"nothing to draw of {iri}", hint="no publication says anything of its measures")
        svg = _render(context, iri, diagram, theme)
        data = renderer.render_png(svg, _SCALE) if form == "png" else svg.encode()
        return send_data(data, _FORMS[form], context.lang)

    app.register_blueprint(blueprint)


def diagram_of(context: Context, iri: str) -> DiagramView | None:
    """Return the diagram of a thing for its page; None where its kind has none or the engine does not answer."""
    if kind_of(iri) not in QUESTIONS:
        return None
    lang = context.lang
    try:
        diagram = Diagram(context, iri, lambda other: local_link(other, lang))
    except KgError:
        return None
    if not diagram.nodes:
        return None
    path, slug = f"/diagram/{iri.removeprefix(ID)}", iri.removeprefix(ID)
    question = f"/api/{QUESTIONS[kind_of(iri)][1][0]}.csv?{diagram.parameter}={slug}&lang={lang}"
    files = [(form.upper(), f"{path}.{form}?lang={lang}") for form in _FORMS]
    lines = diagram.lines
    return DiagramView(
        diagram.word(_TITLES[diagram.parameter]),
        Markup(_render(context, iri, diagram, _LIGHT)),  # noqa: S704  (its texts are escaped)
        _steps(diagram),
        tuple((diagram.nodes[line.start], diagram.nodes[line.end], line) for line in lines),
        _legend(diagram),
        (*diagram.remarks, *_sources(context, diagram.sources)),
        (*files, (diagram.word("diagram_lines"), question)),
    )


def _render(context: Context, iri: str, diagram: Diagram, theme: str) -> str:
    layers = Layers(diagram.nodes, diagram.lines, diagram.headings, _legend(diagram))
    title = f"{diagram.word(_TITLES[diagram.parameter])}: {context.label(iri)}"
    frame = Frame(title, below=(*diagram.remarks, *_sources(context, diagram.sources)))
    return render_layers(layers, frame, diagram.word("diagram_about"), context.lang, theme)


def _legend(diagram: Diagram) -> dict[str, str]:
    used = {line.style for line in diagram.lines}
    used |= {STYLES[-1]} if any(node.gap for node in diagram.nodes.values()) else set()
    return {style: diagram.word(_LEGEND[style]) for style in STYLES if style in used}


def _sources(context: Context, iris: Iterable[str]) -> Iterable[str]:
    """Yield the publications that say it, and their terms of reuse."""
    site, lang = context.site, context.lang
    publications = [publication for publication in site.publications if publication.iri in set(iris)]
    names = [f"{context.label(each.iri)} ({site.attribution(each, lang)})" for each in publications]
    rights = dict.fromkeys(site.rights(each, lang).rstrip(".") for each in publications)
    yield f"{message('sheet_source', lang)}: {'; '.join(names) or message('sheet_graph', lang)}"
    yield f"{message('sheet_rights', lang)}: {'; '.join((*rights, message('sheet_ours', lang)))}"


def _steps(diagram: Diagram) -> tuple[Step, ...]:
    """Return the nodes as a list: those to which no line leads, each with what is to the right of it."""
    lines, seen = sorted(diagram.lines, key=lambda line: _position(diagram.nodes[line.end])), set[str]()
    led = {line.end for line in lines}
    first = sorted((node for node in diagram.nodes.values() if node.key not in led), key=_position)
    return tuple(_step(diagram, node, None, lines, seen) for node in first)


def _position(node: Node) -> tuple[int, bool, int]:
    return node.band, node.gap, node.column


def _step(diagram: Diagram, node: Node, line: Line | None, lines: Sequence[Line], seen: set[str]) -> Step:
    """Return a node with the steps from it, where they do not stand above already."""
    further = [] if node.key in seen else [line for line in lines if line.start == node.key]
    seen.add(node.key)
    heading = "" if node.gap or "|" in node.key else diagram.headings[node.band, node.column]
    return Step(
        node, heading, line, tuple(_step(diagram, diagram.nodes[each.end], each, lines, seen) for each in further)
    )
