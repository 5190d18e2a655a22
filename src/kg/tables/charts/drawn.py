"""Charts that are drawn here, line by line: relations, a timeline, small multiples with a scale of their own each."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf
from typing import Final

from kg.queries.chart_header import Plot
from kg.tables.charts.svg import FONT, text_lines
from kg.tables.charts.text_alternative import cell_of, number, text_of, word
from kg.tables.charts.themes import THEMES, Theme
from kg.tables.charts.vega_lite import SIZES
from kg.tables.sheet import Cell, Sheet

MARKS: Final = ("links", "timeline", "panels")
_LINE, _LETTER, _GAP, _EDGE = 16, 7.4, 12, 8  # Pixels: height of a line, width of a wide letter, space, margin.
_DOTS: Final = ("2 4", "10 4 2 4", "5 5", "14 4", "6 3 2 3 2 3")  # Of lines that a publication says with restraint.
_YEAR: Final = 365.25
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 1000)  # Years between those that the axis of a timeline names.


@dataclass
class _Canvas:
    """An SVG that grows downwards."""

    width: int
    colours: Theme
    height: float = _GAP
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        lines: Sequence[str],
        x: float,
        y: float,
        colour: str = "",
        anchor: str = "start",
        room: float = 0,
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Write lines; in a room, lines whose words are too long for it are written smaller, not cut."""
        longest = max(map(len, lines), default=0) * _LETTER
        size = 13 * min(1, room / longest) if room and longest else 13
        style = (
            f'font-size="{size:.3g}" fill="{colour or self.colours.ink}" text-anchor="{anchor}"'
            + ' font-weight="bold"' * bold
        )
        style += f' stroke="{self.colours.paper}" stroke-width="4" paint-order="stroke"' * halo
        self.parts.append(text_lines(lines, x, y, _LINE, style))

    def add(self, element: str, **attributes: object) -> None:
        said = " ".join(f'{name.strip("_").replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.parts.append(f"<{element} {said}/>")

    def legend(self, groups: Mapping[str, str]) -> None:
        """Write what the colours stand for, one below the other."""
        for group, colour in groups.items():
            self.add("rect", x=_EDGE, y=self.height, width=12, height=12, fill=colour)
            self.text([group], _EDGE + 20, self.height - 5)
            self.height += _LINE + 4
        self.height += _GAP if groups else 0

    def key(self, styles: Mapping[str, str]) -> None:
        """Write what lines of each kind of dashes stand for, one below the other."""
        for text, dashes in styles.items():
            line = {"stroke": self.colours.marks[0], "stroke_width": 1.5, "stroke_dasharray": dashes}
            self.add("path", d=f"M{_EDGE},{self.height + 6:g}h36", **line)
            lines = _wrap(text, self.width - 2 * _EDGE - 44)
            self.text(lines, _EDGE + 44, self.height - 5, self.colours.muted)
            self.height += len(lines) * _LINE + 4
        self.height += _LINE if styles else 0

    def svg(self) -> str:
        height = round(self.height + _GAP)
        size = f'width="{self.width}" height="{height}" viewBox="0 0 {self.width} {height}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(self.parts)}</svg>'


def draw(plot: Plot, sheet: Sheet, theme: str, size: str) -> str:
    """Return a chart with one of `MARKS` as SVG.

    Arguments:
        plot: what goes where.
        sheet: the data, in one language.
        theme: a key of `THEMES`.
        size: a key of `SIZES`.

    """
    canvas = _Canvas(SIZES[size], THEMES[theme])
    {"links": _links, "timeline": _timeline, "panels": _panels}[plot.mark](plot, sheet, canvas)
    return canvas.svg()


def _texts(sheet: Sheet, name: str) -> list[str]:
    return [text_of(cell_of(sheet, row, name), sheet.lang) for row in sheet.rows]


def _wrap(text: str, width: float) -> list[str]:
    """Return the lines of a text; a word may end at a slash, and is never cut."""
    lines = textwrap.wrap(text.replace("/", "/ "), max(8, int(width / _LETTER)), break_long_words=False)
    return [line.replace("/ ", "/") for line in lines]


def _groups(plot: Plot, sheet: Sheet, colours: Theme) -> dict[str, str]:
    """Return the colour of each group; none where there are more groups than colours, or one."""
    texts = _texts(sheet, plot.colour) if plot.colour else []
    groups = list(dict.fromkeys(filter(None, texts) if plot.mark == "timeline" else texts))
    fit = 1 < len(groups) <= len(colours.marks)
    return dict(zip(groups, colours.marks, strict=False)) if fit else {}


def _links(plot: Plot, sheet: Sheet, canvas: _Canvas) -> None:
    """Draw two lists with a line for each row, from the left one to the right one."""
    groups = _groups(plot, sheet, canvas.colours)
    canvas.legend({group or word("not_named", sheet.lang): colour for group, colour in groups.items()})
    hedges = _texts(sheet, plot.hedge) if plot.hedge else [""] * len(sheet.rows)
    dashes = dict(zip(filter(None, dict.fromkeys(hedges)), _DOTS, strict=False)) | {"": "8 5" if plot.basis else "none"}
    canvas.key({word(plot.basis, sheet.lang): dashes[""]} if plot.basis else {})
    canvas.key({f"{word('hedge', sheet.lang)}: {hedge}": dots for hedge, dots in dashes.items() if hedge})
    pairs = list(zip(_texts(sheet, plot.x), _texts(sheet, plot.y), strict=True))
    room = canvas.width * 0.38
    for name, x, anchor in ((plot.x, room, "end"), (plot.y, canvas.width - room, "start")):
        title = sheet.columns[sheet.index(name)].title
        canvas.text(_wrap(title, room - _EDGE), x, canvas.height - _LINE, canvas.colours.muted, anchor)
    canvas.height += 2 * _LINE
    right = _spread({end: [float(at)] for at, (_, end) in enumerate(pairs)}, room, canvas.height)
    left = _spread({one: [right[end] for start, end in pairs if start == one] for one, _ in pairs}, room, canvas.height)
    near, far = room + _EDGE, canvas.width - room - _EDGE
    colours = [groups.get(text, canvas.colours.marks[0]) for text in _texts(sheet, plot.colour)]
    middle = (near + far) / 2
    for (start, end), colour, hedge in zip(pairs, colours, hedges, strict=True):
        dotted = {"stroke_dasharray": dashes.get(hedge, _DOTS[0])}
        curve = f"M{near:g},{left[start]:g}C{middle:g},{left[start]:g} {middle:g},{right[end]:g} {far:g},{right[end]:g}"
        canvas.add("path", d=curve, fill="none", stroke=colour, stroke_width=1.5, **dotted)
        tip = f"M{far:g},{right[end]:g}l-7,-4v8z"
        canvas.add("path", d=tip, fill=colour)
    for places, x, anchor in ((left, room, "end"), (right, canvas.width - room, "start")):
        for text, y in places.items():
            lines = _wrap(text, room - _EDGE)
            canvas.text(lines, x, y - len(lines) * _LINE / 2 - 4, anchor=anchor, room=room - _EDGE)
            canvas.height = max(canvas.height, y + len(lines) * _LINE / 2)


def _spread(wanted: Mapping[str, Sequence[float]], room: float, top: float) -> dict[str, float]:
    """Return the middle of each text, by what it is tied to, and as far from the others as its lines need."""
    places: dict[str, float] = {}
    floor = top
    for text, ties in sorted(wanted.items(), key=lambda item: sum(item[1]) / len(item[1])):
        half = len(_wrap(text, room - _EDGE)) * _LINE / 2
        places[text] = max(floor + half, sum(ties) / len(ties))
        floor = places[text] + half + _GAP / 2
    return places


def _timeline(plot: Plot, sheet: Sheet, canvas: _Canvas) -> None:
    """Draw a bar from start to end for each row, years to the right; a row without dates says so."""
    groups = _groups(plot, sheet, canvas.colours)
    canvas.legend(groups)
    sheet = _by_date(plot, sheet)
    spans = [(_day(cell_of(sheet, row, plot.x)), _day(cell_of(sheet, row, plot.end))) for row in sheet.rows]
    days = [day for span in spans for day in span if day]
    left = canvas.width * 0.42
    first, last = (int(min(days)), int(max(days)) + 1) if days else (0, 1)
    scale = (canvas.width - left - 2 * _EDGE) / (last - first)
    top = canvas.height + _LINE + 4
    step = next(step for step in _STEPS if (last - first) / step <= (canvas.width - left) / 50)
    grid = len(canvas.parts)
    canvas.height = top
    before = ""
    labels = zip(*(_texts(sheet, name) for name in (plot.y, plot.colour, *(plot.label or ("",)))), strict=True)
    for (start, end), (name, group, *said) in zip(spans, labels, strict=True):
        lines = _wrap(name, left - 2 * _EDGE) if name != before else []
        notes = _wrap(" · ".join(filter(None, (f"{group} {said[0]}".strip(), *said[1:]))), left - 2 * _EDGE)
        canvas.height += _GAP if lines else 2
        canvas.text(lines, _EDGE, canvas.height - 4, room=left - 2 * _EDGE)
        canvas.text(notes, _EDGE, canvas.height + len(lines) * _LINE - 4, canvas.colours.muted)
        y = canvas.height + len(lines) * _LINE
        if start is None:
            canvas.text(
                [word("vague" if said[0] else "no_date", sheet.lang)], left, canvas.height - 4, canvas.colours.muted
            )
        else:
            width = max(5.0, ((end or start) - start) * scale)
            colour = groups.get(group, canvas.colours.marks[0])
            canvas.add("rect", x=f"{left + (start - first) * scale:g}", y=y, width=f"{width:g}", height=12, fill=colour)
        canvas.height = max(canvas.height + (len(lines) + len(notes)) * _LINE, y + 14)
        before = name
    lines_before = canvas.parts[grid:]
    del canvas.parts[grid:]
    for year in range(-(-first // step) * step, last + 1, step) if days else ():
        x = left + (year - first) * scale
        line = {"x1": f"{x:g}", "x2": f"{x:g}", "y1": top, "y2": canvas.height}
        canvas.add("line", **line, stroke=canvas.colours.line)
        canvas.text([str(year)], x, top - _LINE - 6, canvas.colours.muted, "middle")
    canvas.parts += lines_before


def _by_date(plot: Plot, sheet: Sheet) -> Sheet:
    """Return a sheet by the first date of each thing; those without a date come last."""
    first: dict[str, float] = {}
    keys = [(text_of(cell_of(sheet, row, plot.y), sheet.lang), _day(cell_of(sheet, row, plot.x))) for row in sheet.rows]
    for name, day in keys:
        first[name] = min(first.get(name, inf), inf if day is None else day)
    order = sorted(range(len(keys)), key=lambda at: (first[keys[at][0]], keys[at][0], keys[at][1] or inf))
    return replace(sheet, rows=tuple(sheet.rows[at] for at in order))


def _day(cell: Cell) -> float | None:
    """Return a day as a year with its part that has passed."""
    value = cell.value
    return value.year + (value.timetuple().tm_yday - 1) / _YEAR if isinstance(value, date) else None


def _panels(plot: Plot, sheet: Sheet, canvas: _Canvas) -> None:
    """Draw bars for each column of numbers, each with its own scale and unit; what is not there is said."""
    names, chosen = _texts(sheet, plot.y), chosen_rows(sheet, plot.chosen)
    counts = [name for name in plot.panels if sheet.columns[sheet.index(name)].kind == "integer"]
    side_by_side = canvas.width >= SIZES["wide"]
    room = canvas.width * (0.28 if side_by_side else 0.4)
    panel = (canvas.width - room) / (len(plot.panels) if side_by_side else 1)
    top = canvas.height
    for at, column in enumerate(plot.panels):
        canvas.height = top if side_by_side else canvas.height
        left = room + (at * panel if side_by_side else 0)
        title = _wrap(sheet.columns[sheet.index(column)].title, panel - _EDGE)
        canvas.text(title, left, canvas.height - _LINE / 2, canvas.colours.muted)
        canvas.height += max(len(title), 2 * side_by_side) * _LINE + 4
        cells = [cell_of(sheet, row, column) for row in sheet.rows]
        beside = counts if column in counts else [column, *([] if at else filter(None, [plot.reference]))]
        scaled = [cell_of(sheet, row, name).value for name in beside for row in sheet.rows]
        most = max((number(value) for value in scaled if value is not None), default=1) or 1
        first, behind = canvas.height, len(canvas.parts)
        for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
            strong = not chosen or place in chosen
            lines = _wrap(name, room - 2 * _EDGE)
            if not at or not side_by_side:
                colour = canvas.colours.ink if strong else canvas.colours.muted
                canvas.text(lines, room - _EDGE, canvas.height, colour, "end", room - 2 * _EDGE, bold=place in chosen)
            middle = canvas.height + len(lines) * _LINE / 2
            if cell.value is None:
                canvas.text([word("no_figure", sheet.lang)], left, middle - _LINE / 2, canvas.colours.muted)
            else:
                width = number(cell.value) / most * (panel - 64)
                bar = {"x": f"{left:g}", "y": middle - 5, "width": f"{width:g}", "height": 18}
                canvas.add("rect", **bar, fill=canvas.colours.marks[0], fill_opacity=1 if strong else 0.4)
                canvas.text([text_of(cell, sheet.lang)], left + width + 6, middle - _LINE / 2, halo=True)
            canvas.height += max(len(lines) * _LINE, 20) + _GAP
        if not at and plot.reference and sheet.rows:
            _compare(plot.reference, sheet, canvas, (left, first, (panel - 64) / most), behind)
        canvas.height += 0 if side_by_side else _GAP


def chosen_rows(sheet: Sheet, chosen: Sequence[str]) -> set[int]:
    """Return the places of the rows that hold what was chosen; none where that are all of them."""
    found = {at for at, row in enumerate(sheet.rows) if any(cell.iri and cell.value in chosen for cell in row)}
    return found if len(found) < len(sheet.rows) else set()


def _compare(name: str, sheet: Sheet, canvas: _Canvas, place: tuple[float, float, float], behind: int) -> None:
    """Draw a number to compare with, as a line down a panel; `place` has its left and upper edge, and its scale.

    It stands behind what was drawn since `behind`, so that it crosses out no number.
    """
    cell = cell_of(sheet, sheet.rows[0], name)
    if cell.value is None:
        return
    left, top, scale = place
    x = f"{left + number(cell.value) * scale:g}"
    line = {"x1": x, "x2": x, "y1": top, "y2": canvas.height}
    canvas.add("line", **line, stroke=canvas.colours.ink, stroke_width=1.5, stroke_dasharray="5 4")
    canvas.parts.insert(behind, canvas.parts.pop())
    said = f"{sheet.columns[sheet.index(name)].title}: {text_of(cell, sheet.lang)}"
    canvas.text([said], left, canvas.height - 4, canvas.colours.muted)
    canvas.height += _LINE + _GAP


def size_of(svg: str) -> tuple[int, int]:
    """Return width and height of an SVG of `draw`."""
    head = svg[: svg.index(" viewBox")]
    width, height = (int(head.split(f'{name}="')[1].split('"')[0]) for name in ("width", "height"))
    return width, height
