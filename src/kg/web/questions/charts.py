"""Charts and maps of saved questions: SVG and specification by URL, and what a template needs to show one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import product
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, request
from markupsafe import Markup

from kg.errors import KgError, NotFound, UnknownValue
from kg.queries.chart_header import Plot
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.map import render_answer_map
from kg.tables.charts.svg import with_description
from kg.tables.charts.text_alternative import description, summary
from kg.tables.charts.themes import THEMES
from kg.tables.charts.vega_lite import SIZES, build_chart
from kg.tables.sheet import Sheet
from kg.web.layout import language, local_path, site, word
from kg.web.questions.binding import PLAIN, Filled, filled, find, sheet_of

blueprint = Blueprint("charts", __name__)
_PAINTER: Final = "kg.painter"
MAP: Final = "map"
_CHOSEN: Final[Mapping[str, tuple[str, ...]]] = {"theme": tuple(THEMES), "size": tuple(SIZES)}
_ALSO: Final = PLAIN | _CHOSEN.keys()
_NARROW: Final = "(max-width: 40rem)"
_DARK: Final = "(prefers-color-scheme: dark)"
_SVG: Final = "image/svg+xml"
Variant = tuple[str, str]  # Theme and size.


def init_app(app: Flask, painter: ChartRenderer | None = None) -> None:
    """Register the routes, and `chart_of` for templates.

    Arguments:
        app: the application.
        painter: draws; by default one with its usual limits.

    """
    app.extensions[_PAINTER] = painter or ChartRenderer()
    app.jinja_env.globals["chart_of"] = chart_of
    app.register_blueprint(blueprint)


@dataclass(frozen=True)
class Picture:
    """One variant of a chart: where it is, when it is the right one, and its size."""

    media: str
    src: str
    width: int
    height: int


@dataclass(frozen=True)
class ChartView:
    """A chart as `_chart.html` shows it.

    Attributes:
        title, note: of the question; `href` leads to it, and to the table with the same data.
        alt: the chart in a sentence; `data` has its values one by one.
        pictures: the variants; the last one is for all other cases.
        inline: a map, which stands in the page so that its links work.
        problem: why there is no chart; empty where there is one.
        lang: the language of all this; `table` is the word of the link to the table.

    """

    title: str
    note: str
    href: str
    lang: str
    table: str
    alt: str = ""
    data: str = ""
    pictures: tuple[Picture, ...] = ()
    inline: Markup = Markup()  # noqa: RUF009  (a text, and texts do not change)
    problem: str = ""

    def variants(self, narrow: bool) -> list[Picture]:
        """Return the pictures for all screens, or the narrow ones alone, whatever the screen."""
        if not narrow:
            return list(self.pictures)
        found = [one for one in self.pictures if _NARROW in one.media]
        return [replace(one, media=one.media.replace(_NARROW, "").removesuffix(" and ")) for one in found]


def chart_of(name: str) -> ChartView | None:
    """Return the chart of a question without parameters bound, for a page; None where there is no such chart."""
    question = site().questions.get(name)
    if question is None or question.chart is None:
        return None
    try:
        return view(Filled(question, {}, {}))
    except KgError as error:
        lang = language()
        told = (question.title[lang], question.description[lang], _path(name), lang, word("chart_table"))
        return ChartView(*told, problem=error.what)


def view(filled: Filled, sheet: Sheet | None = None) -> ChartView | None:
    """Return the chart of a question with its parameters; None where it has no chart, or no rows.

    Raises:
        KgError: as the engine.

    """
    plot, lang = filled.question.chart, language()
    if plot is None:
        return None
    sheet = sheet or sheet_of(filled)[0]
    if not sheet.rows:
        return None
    title = filled.question.title[lang]
    path = _path(filled.question.name, filled.values)
    told = (title, filled.question.description[lang], path, lang, word("chart_table"))
    alt, data = summary(plot, sheet, title), description(plot, sheet)
    if plot.mark == MAP:
        return ChartView(*told, alt, data, inline=Markup(render_answer_map(plot, sheet, title, "light", link_of)))  # noqa: S704
    return ChartView(*told, alt, data, tuple(_picture(filled, plot, sheet, *one) for one in _variants()))


def _variants() -> list[Variant]:
    """Return theme and size of each variant, the one for all other cases last."""
    return [(theme, size) for theme, size in product(("dark", "light"), ("narrow", "wide"))]


def _picture(filled: Filled, plot: Plot, sheet: Sheet, theme: str, size: str) -> Picture:
    made = build_chart(plot, sheet, theme, size)
    media = " and ".join(part for part in (_DARK * (theme == "dark"), _NARROW * (size == "narrow")) if part)
    query = urlencode({**filled.values, "lang": language(), "theme": theme, "size": size})
    return Picture(media, f"/questions/{filled.question.name}.svg?{query}", made.width, made.height)


def _path(name: str, values: Mapping[str, str] | None = None) -> str:
    return f"/questions/{name}?{urlencode({**(values or {}), 'lang': language()})}"


def link_of(iri: str) -> str:
    """Return where the link of a thing on a map leads."""
    path = local_path(iri)
    return f"{path}?lang={language()}" if path.startswith("/") else path


@blueprint.get("/questions/<path:name>.svg")
def picture(name: str) -> Response:
    """Send the chart of a question as SVG: `theme=` light or dark, `size=` wide or narrow."""
    asked, plot, sheet = _asked(name)
    theme, size = _chosen("theme"), _chosen("size")
    if plot.mark == MAP:
        svg = render_answer_map(plot, sheet, asked.question.title[language()], theme, str)
        return _sent(svg.encode(), _SVG, theme)
    return _sent(_painted(asked, plot, sheet)[theme, size].encode(), _SVG, theme, size)


@blueprint.get("/questions/<path:name>.vl.json")
def specification(name: str) -> Response:
    """Send the chart of a question as a Vega-Lite specification with its data."""
    asked, plot, sheet = _asked(name)
    if plot.mark == MAP:
        raise NotFound(f"{asked.question.name} is a map, which has no specification", hint="ask for .svg")
    spec = build_chart(plot, sheet, _chosen("theme"), _chosen("size")).spec
    return _sent(json.dumps(spec, ensure_ascii=False).encode(), "application/vnd.vegalite.v5+json", "spec")


def _asked(name: str) -> tuple[Filled, Plot, Sheet]:
    question = find(name)
    if question.chart is None:
        raise NotFound(f"{name} has no chart", hint=f"its answer is at /questions/{name}")
    asked = filled(question, _ALSO)
    sheet, _ = sheet_of(asked)
    if not sheet.rows:
        raise NotFound("nothing to draw: no rows for these values", where=name, hint="choose other values, or none")
    return asked, question.chart, sheet


def _chosen(name: str) -> str:
    offered = _CHOSEN[name]
    asked = request.args.get(name) or offered[0]
    if asked not in offered:
        raise UnknownValue(f"{name} cannot be {asked[:100]}", where=name, hint=f"one of: {', '.join(offered)}")
    return asked


def _painted(asked: Filled, plot: Plot, sheet: Sheet) -> dict[Variant, str]:
    """Return all variants of a chart in one language: drawn together, since most of the work is to begin."""
    painter: ChartRenderer = current_app.extensions[_PAINTER]
    title, data = summary(plot, sheet, asked.question.title[language()]), description(plot, sheet)
    return painted(painter, plot, sheet, _variants(), title, data)


def painted(
    painter: ChartRenderer, plot: Plot, sheet: Sheet, variants: list[Variant], title: str, data: str
) -> dict[Variant, str]:
    """Return a chart as SVG by theme and size, from the cache or drawn.

    Arguments:
        painter: draws.
        plot: what goes where; no map.
        sheet: the data.
        variants: themes and sizes.
        title: the chart in a sentence.
        data: its values one by one.

    Raises:
        Unavailable: it could not be drawn.

    """
    cache, lang = site().cache, language()
    specs = [build_chart(plot, sheet, *one).spec for one in variants]
    key = blake2b(json.dumps(["chart", specs, title, lang]).encode(), digest_size=20).digest()
    found: dict[Variant, str] | None = cache.get(key)
    if found is None:
        svgs = [with_description(svg, title, data, lang) for svg in painter.render(specs, lang)]
        found = dict(zip(variants, svgs, strict=True))
        cache.put(key, found, sum(map(len, svgs)))
    return found


def _sent(data: bytes, kind: str, *told: str) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{request.path.rpartition("/")[2]}"'
    response.set_etag(blake2b(data + repr(told).encode(), digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Language"] = language()
    return response
