"""Charts and maps of saved questions: SVG and specification by URL, and what a template needs to show one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from itertools import product
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, request
from markupsafe import Markup

from kg.errors import KgError, NotFound
from kg.queries.chart_header import Plot
from kg.tables.charts import drawn
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.map import render_answer_map
from kg.tables.charts.svg import Frame, as_card, with_description
from kg.tables.charts.text_alternative import description, summary
from kg.tables.charts.themes import THEMES
from kg.tables.charts.vega_lite import SIZES, build_chart
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.layout import POLICY, local_path, message
from kg.web.questions.binding import PLAIN, BoundQuestion, bind, find, sheet_of
from kg.web.questions.sources import frame_of
from kg.web.responses import one_of, send_data, send_page
from kg.web.site import Site

MAP: Final = "map"
MOST: Final = 80  # Rows that one can read in a chart.
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {"theme": tuple(THEMES), "size": tuple(SIZES)}
_ALSO: Final = PLAIN | _OPTIONS.keys()
_NARROW: Final = "(max-width: 40rem)"
_DARK: Final = "(prefers-color-scheme: dark)"
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
_CARD: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="720" height="40" viewBox="0 0 720 40"></svg>'
_FRAMED: Final = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")  # Other sites may frame this page alone.
_VEGA_LITE: Final = "application/vnd.vegalite.v5+json"
_VARIANTS: Final = tuple(product(("dark", "light"), ("narrow", "wide")))  # The last one is for all other cases.
Variant = tuple[str, str]  # Theme and size.


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
        title: of the question; `href` leads to it, and to the table with the same data.
        alt: the chart in a sentence; `data` has its values one by one.
        pictures: the variants; the last one is for all other cases.
        inline: a map, which stands in the page so that its links work.
        explorable: whether each of its marks is a row of the table.
        problem: why there is no chart; empty where there is one.
        lang: the language of all this; `table` is the text of the link to the table.

    """

    title: str
    href: str
    lang: str
    table: str
    alt: str = ""
    data: str = ""
    pictures: tuple[Picture, ...] = ()
    inline: Markup = Markup()  # noqa: RUF009  (a text, and texts do not change)
    explorable: bool = False
    problem: str = ""

    def variants(self, narrow: bool) -> list[Picture]:
        """Return the pictures for all screens, or the narrow ones alone, whatever the screen."""
        if not narrow:
            return list(self.pictures)
        narrow_ones = (picture for picture in self.pictures if _NARROW in picture.media)
        return [replace(each, media=each.media.replace(_NARROW, "").removesuffix(" and ")) for each in narrow_ones]


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint, renderer = Blueprint("charts", __name__), ChartRenderer()

    @blueprint.get("/questions/<path:name>.svg")
    def picture(name: str) -> Response:
        """Send the chart of a question as SVG: `theme=` light or dark, `size=` wide or narrow."""
        context = Context.from_request(site, request)
        bound, plot, sheet = _plotted(context, name)
        theme, size = _option(context, "theme"), _option(context, "size")
        frame = frame_of(context, bound.question, sheet)
        if plot.mark == MAP:
            svg = render_answer_map(plot, sheet, frame, theme, str)
        else:  # All variants are drawn together, since most of the work is to begin.
            svg = painted(context, renderer, plot, sheet, frame, _VARIANTS)[theme, size]
        return _send(context, svg, SVG)

    @blueprint.get("/questions/<path:name>.vl.json")
    def specification(name: str) -> Response:
        """Send the chart of a question as a Vega-Lite specification with its data."""
        context = Context.from_request(site, request)
        bound, plot, sheet = _plotted(context, name)
        if plot.mark in (MAP, *drawn.MARKS):
            raise NotFound(f"{bound.question.name} has a chart without specification", hint="ask for .svg")
        spec = build_chart(plot, sheet, _option(context, "theme"), _option(context, "size")).spec
        frame = frame_of(context, bound.question, sheet)
        notes = {"usermeta": {"notes": [frame.title, *frame.above, *frame.below]}}
        return _send(context, json.dumps(spec | notes, ensure_ascii=False), _VEGA_LITE)

    @blueprint.get("/questions/<path:name>.png")
    def image(name: str) -> Response:
        """Send a question as an image: its chart, or its title without one; `shape=card` for previews of links."""
        context = Context.from_request(site, request)
        bound = bind(context, find(site, name), {*_ALSO, "shape"})
        shape = one_of(context.request.args, "shape", ("whole", "card"))
        return send_data(_png(context, renderer, bound, shape), PNG, context.lang)

    @blueprint.get("/questions/<path:name>.embed")
    def embed(name: str) -> Response:
        """Show the chart of a question alone, for a frame in a page of others."""
        context = Context.from_request(site, request)
        bound, _, sheet = _plotted(context, name)
        response = send_page(context, "embed.html", chart=view(context, bound, sheet))
        response.headers["Content-Security-Policy"] = _FRAMED
        return response

    app.register_blueprint(blueprint)


def _png(context: Context, renderer: ChartRenderer, bound: BoundQuestion, shape: str) -> bytes:
    """Return the chart of a question as PNG, or its title and notes where it has none, from the cache or drawn."""
    sheet, _ = sheet_of(context, bound)
    plot, frame, theme = bound.chart, frame_of(context, bound.question, sheet), "light"
    if plot is None or not 0 < len(sheet.rows) <= MOST:
        svg = frame.around(_CARD, THEMES[theme])
    elif plot.mark == MAP:
        svg = render_answer_map(plot, sheet, frame, theme, str)
    else:
        svg = painted(context, renderer, plot, sheet, frame, _VARIANTS)[theme, "wide"]
    svg, scale = (as_card(svg, frame.below[1], THEMES[theme]), 1) if shape == "card" else (svg, 2)
    key = blake2b(json.dumps(["png", svg]).encode(), digest_size=20).digest()
    png: bytes | None = context.site.cache.get(key)
    if png is None:
        png = renderer.render_png(svg, scale)
        context.site.cache.put(key, png, len(png))
    return png


def chart_of(context: Context, name: str) -> ChartView | None:
    """Return the chart of a question without parameters bound, for a page; None where there is no such chart."""
    question = context.site.questions.get(name)
    if question is None or question.chart is None:
        return None
    bound = BoundQuestion(question)
    try:
        return view(context, bound, sheet_of(context, bound)[0])
    except KgError as error:
        return replace(_view(context, bound), problem=error.what)


def view(context: Context, bound: BoundQuestion, sheet: Sheet) -> ChartView | None:
    """Return the chart of a question with its parameters; None where it has no chart, or no rows."""
    plot = bound.chart
    if plot is None or not sheet.rows or len(sheet.rows) > MOST:
        return None
    frame = frame_of(context, bound.question, sheet)
    chart = replace(_view(context, bound), alt=summary(plot, sheet, frame.title), data=description(plot, sheet))
    if plot.mark == MAP:
        svg = render_answer_map(plot, sheet, frame, "light", lambda iri: link_of(iri, context.lang))
        return replace(chart, inline=Markup(svg))  # noqa: S704
    pictures = tuple(_picture(context, bound, sheet, frame, *variant) for variant in _VARIANTS)
    return replace(chart, pictures=pictures, explorable=_explorable(plot, sheet))


def _explorable(plot: Plot, sheet: Sheet) -> bool:
    """Return whether each mark is a row; a matrix of texts writes those of a cell together."""
    graded = bool(plot.colour) and sheet.columns[sheet.index(plot.colour)].numeric
    return plot.mark in ("bar", "point") or (plot.mark == "rect" and graded)


def _view(context: Context, bound: BoundQuestion) -> ChartView:
    question, lang = bound.question, context.lang
    href = f"/questions/{question.name}?{urlencode({**bound.values, 'lang': lang})}"
    return ChartView(question.title[lang], href, lang, message("chart_table", lang))


def _picture(context: Context, bound: BoundQuestion, sheet: Sheet, frame: Frame, theme: str, size: str) -> Picture:
    plot = bound.chart
    assert plot  # noqa: S101  (the view has looked)
    width, height = _size(plot, sheet, theme, size)
    media = " and ".join(part for part in (_DARK * (theme == "dark"), _NARROW * (size == "narrow")) if part)
    query = urlencode({**bound.values, "lang": context.lang, "theme": theme, "size": size})
    height += sum(frame.heights(width))
    return Picture(media, f"/questions/{bound.question.name}.svg?{query}", width, height)


def _size(plot: Plot, sheet: Sheet, theme: str, size: str) -> tuple[int, int]:
    if plot.mark in drawn.MARKS:
        return drawn.size_of(drawn.draw(plot, sheet, theme, size))
    made = build_chart(plot, sheet, theme, size)
    return made.width, made.height


def link_of(iri: str, lang: str) -> str:
    """Return where the link of a thing on a map leads."""
    path = local_path(iri)
    return f"{path}?lang={lang}" if path.startswith("/") else path


def _plotted(context: Context, name: str) -> tuple[BoundQuestion, Plot, Sheet]:
    question = find(context.site, name)
    if question.chart is None:
        raise NotFound(f"{name} has no chart", hint=f"its answer is at /questions/{name}")
    bound = bind(context, question, _ALSO)
    assert bound.chart  # noqa: S101  (its question has one)
    sheet, _ = sheet_of(context, bound)
    if not sheet.rows:
        raise NotFound("nothing to draw: no rows for these values", where=name, hint="choose other values, or none")
    if len(sheet.rows) > MOST:
        raise NotFound(f"{len(sheet.rows)} rows; a chart shows {MOST}", where=name, hint="choose a value")
    return bound, bound.chart, sheet


def _option(context: Context, name: str) -> str:
    return one_of(context.request.args, name, _OPTIONS[name])


def painted(
    context: Context,
    renderer: ChartRenderer,
    plot: Plot,
    sheet: Sheet,
    frame: Frame,
    variants: tuple[Variant, ...],
) -> dict[Variant, str]:
    """Return a chart as SVG by theme and size, from the cache or drawn.

    Arguments:
        context: the request.
        renderer: draws.
        plot: what goes where; no map.
        sheet: the data.
        frame: what stands around the marks.
        variants: themes and sizes.

    Raises:
        Unavailable: it could not be drawn.

    """
    cache, lang = context.site.cache, context.lang
    alt, data = summary(plot, sheet, frame.title), " ".join([description(plot, sheet), *frame.above, *frame.below])
    ours = plot.mark in drawn.MARKS
    specs = [] if ours else [build_chart(plot, sheet, *variant).spec for variant in variants]
    key = blake2b(json.dumps(["chart", asdict(plot), specs, alt, data, lang]).encode(), digest_size=20).digest()
    svgs: dict[Variant, str] | None = None if ours else cache.get(key)
    if svgs is None:
        plain = [drawn.draw(plot, sheet, *variant) for variant in variants] if ours else renderer.render(specs, lang)
        framed = (frame.around(svg, THEMES[theme]) for svg, (theme, _) in zip(plain, variants, strict=True))
        texts = [with_description(svg, alt, data, lang) for svg in framed]
        svgs = dict(zip(variants, texts, strict=True))
        cache.put(key, svgs, sum(map(len, texts)))
    return svgs


def _send(context: Context, text: str, media_type: str) -> Response:
    response = send_data(text.encode(), media_type, context.lang)
    response.headers["Content-Disposition"] = f'inline; filename="{context.request.path.rpartition("/")[2]}"'
    return response
