"""A map of the Netherlands with places on it, as SVG: an outline that is shipped, no tiles, links that work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import cos, radians
from typing import Final

from kg.queries.chart_header import Plot
from kg.tables.charts.svg import FONT, Frame, xml
from kg.tables.charts.text_alternative import cell_of, description, number, summary, text_of
from kg.tables.charts.themes import THEMES
from kg.tables.sheet import Sheet

WIDTH: Final = 440
_MARGIN: Final = 14
_MIDDLE: Final = 52.2  # Degrees north at which a degree east is drawn true.
Rings = list[list[tuple[float, float]]]
Links = Callable[[str], str]


@dataclass(frozen=True)
class Projection:
    """From degrees to pixels: a plate carree that is true in the middle of the country."""

    west: float
    north: float
    scale: float
    height: int

    @classmethod
    def around(cls, rings: Rings) -> Projection:
        """Return the frame in which an outline fits."""
        points = [point for ring in rings for point in ring]
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        scale = (WIDTH - 2 * _MARGIN) / ((east - west) * cos(radians(_MIDDLE)))
        return cls(west, north, scale, round((north - south) * scale) + 2 * _MARGIN)

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return where a place stands, in pixels from the corner."""
        x = (longitude - self.west) * cos(radians(_MIDDLE)) * self.scale + _MARGIN
        return round(x, 1), round((self.north - latitude) * self.scale + _MARGIN, 1)


@cache
def outline() -> tuple[Rings, str]:
    """Return the rings of the shipped outline in degrees, and its source."""
    shape = json.loads((resources.files("kg.tables.charts") / "netherlands.json").read_text(encoding="utf-8"))
    return [[(x, y) for x, y in ring] for ring in shape["rings"]], f"{shape['source']} ({shape['licence']})"


@dataclass(frozen=True)
class Place:
    """A place on the map: where it is, what it is called, and where its link leads; empty for none."""

    longitude: float
    latitude: float
    text: str
    href: str = ""


def render_answer_map(plot: Plot, sheet: Sheet, frame: Frame, theme: str, links: Links) -> str:
    """Return the map of an answer as SVG; rows without coordinates are left to the table.

    Arguments:
        plot: names the columns.
        sheet: the data.
        frame: what it says of itself; its title is that of the question.
        theme: a key of `THEMES`; where the SVG stands in a page, its classes win.
        links: from an IRI to where its link leads; empty for none.

    """
    names = summary(plot, sheet, frame.title), description(plot, sheet)
    return frame.around(render_map(_places(plot, sheet, links), *names, sheet.lang, theme), THEMES[theme])


def render_map(places: Iterable[Place], title: str, text: str, lang: str, theme: str = "light") -> str:
    """Return a map with places on it as SVG.

    Arguments:
        places: the places.
        title: the map in a few words, for who does not see it.
        text: what it shows, in full.
        lang: language of both.
        theme: a key of `THEMES`; where the SVG stands in a page, its classes win.

    """
    rings, _ = outline()
    frame, colours = Projection.around(rings), THEMES[theme]
    paths = "".join("M" + "L".join(f"{x},{y}" for x, y in (frame.at(*point) for point in ring)) + "Z" for ring in rings)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" width="{WIDTH}" height="{frame.height}" '
        f'viewBox="0 0 {WIDTH} {frame.height}" role="group" aria-labelledby="map-title" aria-describedby="map-desc" '
        f'lang="{lang}" font-family="{FONT}" font-size="14">'
        f'<title id="map-title">{xml(title)}</title>'
        f'<desc id="map-desc">{xml(text)}</desc>'
    )
    land = f'<path class="land" d="{paths}" fill="{colours.land}" stroke="{colours.muted}" stroke-width="1"/>'
    return f"{head}{land}{''.join(_mark(place, frame, theme) for place in places)}</svg>"


def _places(plot: Plot, sheet: Sheet, links: Links) -> Iterator[Place]:
    for row in sheet.rows:
        longitude, latitude = (cell_of(sheet, row, name).value for name in (plot.longitude, plot.latitude))
        if longitude is not None and latitude is not None:
            named = cell_of(sheet, row, plot.label[0])
            text = " ".join(text_of(cell_of(sheet, row, name), sheet.lang) for name in plot.label)
            yield Place(number(longitude), number(latitude), text, links(str(named.value)) if named.iri else "")


def _mark(place: Place, frame: Projection, theme: str) -> str:
    colours = THEMES[theme]
    x, y = frame.at(place.longitude, place.latitude)
    anchor, dx = ("end", -11) if x > WIDTH / 2 else ("start", 11)
    mark = (
        f'<circle class="place-mark" cx="{x}" cy="{y}" r="6.5" fill="{colours.marks[0]}" '
        f'stroke="{colours.paper}" stroke-width="1.5"/>'
        f'<text class="place-name" x="{round(x + dx, 1)}" y="{round(y + 5, 1)}" text-anchor="{anchor}" '
        f'fill="{colours.ink}" stroke="{colours.land}" stroke-width="3" paint-order="stroke">{xml(place.text)}</text>'
    )
    return f'<a href="{xml(place.href)}">{mark}</a>' if place.href else mark
