"""From an answer to a Vega-Lite specification (version 5): sizes and texts are settled here, so that it always fits."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kg.queries.chart_header import Plot
from kg.tables.charts.text_alternative import cell_of, number, row_names, text_of
from kg.tables.charts.themes import THEMES, Theme
from kg.tables.sheet import Sheet

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
SIZES: Final[Mapping[str, int]] = {"wide": 720, "narrow": 360}
_FONT: Final = "Arial, Liberation Sans, sans-serif"
_LINE, _LETTER, _GAP = 15, 7.3, 10  # Pixels: height of a line, width of a letter in a wide face, space between rows.
_WRAP: Final[Mapping[str, int]] = {"wide": 52, "narrow": 28}
_TALL, _NARROWEST, _UNBROKEN = 320, 40, 1000
_SHAPES: Final = ["circle", "square", "triangle-up", "diamond"]
_BREAK: Final = "split(datum.label, '\\n')"
Spec = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A specification, and the size in pixels that it comes out at."""

    spec: Spec
    width: int
    height: int


def build_chart(plot: Plot, sheet: Sheet, theme: str, size: str) -> Chart:
    """Return the specification of a chart that is no map.

    Arguments:
        plot: what goes where.
        sheet: the data, in one language.
        theme: a key of `THEMES`.
        size: a key of `SIZES`.

    Raises:
        KeyError: the answer lacks a column that the chart names.

    """
    return _ChartBuilder(plot, sheet, THEMES[theme], size).build()


class _ChartBuilder:
    """Builds one specification.

    Arguments:
        plot, sheet: what is drawn.
        colours: the theme.
        size: a key of `SIZES`.

    """

    def __init__(self, plot: Plot, sheet: Sheet, colours: Theme, size: str) -> None:
        self._plot, self._sheet, self._colours, self._size = plot, sheet, colours, size
        self._width = SIZES[size]
        self._lying = plot.mark == "rect" or not self._numeric(plot.y)
        self._groups = self._distinct("colour") if self._parted else []

    @property
    def _parted(self) -> bool:
        """Whether colours stand for groups; a matrix writes its texts in its cells."""
        return bool(self._plot.colour) and self._plot.mark != "rect" and not self._numeric(self._plot.colour)

    @property
    def _graded(self) -> bool:
        """Whether shades stand for numbers."""
        return bool(self._plot.colour) and self._numeric(self._plot.colour)

    def _numeric(self, name: str) -> bool:
        return self._sheet.columns[self._sheet.index(name)].numeric

    def _texts(self, name: str) -> list[str]:
        if self._plot.detail and name == (self._plot.y if self._lying else self._plot.x):
            return [", ".join(row_names(self._plot, self._sheet, row, name)) for row in self._sheet.rows]
        return [text_of(cell_of(self._sheet, row, name), self._sheet.lang) for row in self._sheet.rows]

    def _wrapped(self, name: str, width: int) -> list[str]:
        texts = (
            [line for part in text.split("\n") for line in textwrap.wrap(part, width, break_long_words=False)]
            for text in self._texts(name)
        )
        return ["\n".join(lines) or "-" for lines in texts]

    def _distinct(self, key: str) -> list[str]:
        return list(dict.fromkeys(self._wrapped(getattr(self._plot, key), self._room(key))))

    def _title(self, name: str) -> str:
        return self._sheet.columns[self._sheet.index(name)].title

    def build(self) -> Chart:
        """Return the drawing."""
        height = self._height()
        spec: Spec = {
            "$schema": SCHEMA,
            **self._layout(height),
            "background": self._colours.paper,
            "data": {"values": self._values()},
            "layer": [self._marks(), self._labels(), *self._reference()],
            "config": self._config(),
        }
        return Chart(spec, self._width, height)

    def _layout(self, height: int) -> Spec:
        """Return size and padding; where all that stands beside the marks is known, nothing is left to be measured."""
        padding = {"left": 4, "right": self._beside(), "top": self._above(), "bottom": 4}
        if not self._scaled_right:
            fit = {"type": "fit", "contains": "padding"}
            return {"width": self._width, "height": height, "autosize": fit, "padding": padding}
        padding |= {"left": 4 + self._extent("y"), "bottom": 4 + self._below()}
        padding["top"] += 0 if self._stacked else self._legend()
        width = max(_NARROWEST, self._width - padding["left"] - padding["right"])
        height -= padding["top"] + padding["bottom"]
        return {"width": width, "height": height, "autosize": "none", "padding": padding}

    @property
    def _scaled_right(self) -> bool:
        """Whether rows lie below each other, with a scale to the right."""
        return self._lying and self._plot.mark != "rect"

    @property
    def _stacked(self) -> bool:
        """Whether the groups of the legend stand below each other."""
        beside = self._extent("y") + self._beside() if self._scaled_right else 0
        return sum(map(len, self._groups)) * _LETTER + 40 * len(self._groups) > self._width - beside

    def _extent(self, key: str) -> int:
        """Return the pixels that the labels of a list take, beside or below it."""
        longest = max((len(line) for text in self._distinct(key) for line in text.split("\n")), default=0)
        return int(longest * _LETTER) + 8 if key == "y" else self._lines("x") * _LINE + 8

    def _values(self) -> list[Spec]:
        values: list[Spec] = [{} for _ in self._sheet.rows]
        for key in ("x", "y", "colour"):
            name = getattr(self._plot, key)
            if not name:
                continue
            cells = [cell_of(self._sheet, row, name) for row in self._sheet.rows]
            if self._numeric(name):
                column: list[Any] = [None if cell.value is None else number(cell.value) for cell in cells]
            else:
                column = self._wrapped(name, self._room(key))
            for value, item in zip(values, column, strict=True):
                value[key] = item
        for value, text in zip(values, self._beside_texts(), strict=True):
            value["text"] = text
        return values if self._graded or self._plot.mark != "rect" else _by_cell(values)

    def _room(self, key: str) -> int:
        """Return the letters of a line of a label: on the left by size, below by how many share the width."""
        if key == "y":
            return _WRAP[self._size]
        if key == "colour":
            return int((self._width - 40) / _LETTER)
        return _UNBROKEN if self._turned else self._share

    @property
    def _share(self) -> int:
        """Return the letters that fit below a column."""
        return max(8, int(self._width * 0.8 / _LETTER / max(1, len(set(self._texts(self._plot.x))))) - 1)

    @property
    def _turned(self) -> bool:
        """Whether the texts below columns stand upright, since a word of them is wider than its column."""
        return max((len(word) for text in self._texts(self._plot.x) for word in text.split()), default=0) > self._share

    def _beside_texts(self) -> list[str]:
        plot = self._plot
        if plot.mark == "rect" and not plot.colour:
            return ["●"] * len(self._sheet.rows)
        shown = plot.label or ((plot.colour,) if plot.mark == "rect" else (plot.x if self._lying else plot.y,))
        return [" ".join(part for part in parts if part) for parts in zip(*map(self._texts, shown), strict=True)]

    def _beside(self) -> int:
        """Return the pixels right of the marks that the longest label takes."""
        longest = max(map(len, self._beside_texts()), default=0)
        return int(longest * _LETTER) + 12 if self._scaled_right else 24

    def _legend(self) -> int:
        """Return the pixels that the names of the groups take above the marks."""
        rows = sum(text.count("\n") + 1 for text in self._groups)
        return rows * _LINE + 8 * len(self._groups) if self._stacked else 28 if self._groups else 0

    def _above(self) -> int:
        """Return the pixels above the marks; names that stand below each other begin at the edge of the picture."""
        return 24 if self._plot.reference else 8 + (self._legend() + self._lifted if self._stacked else 0)

    @property
    def _lifted(self) -> int:
        """Return the pixels that the text of the highest mark takes above it."""
        return 0 if self._lying else _LINE

    def _below(self) -> int:
        """Return the pixels that the labels of the lower axis take."""
        return 24 + (20 if self._scaled_right else _LINE * self._lines("x"))

    def _height(self) -> int:
        legend = self._legend()
        below = self._below()
        if not self._lying:
            return _TALL + below + legend
        step = max(2, self._lines("y")) * _LINE + _GAP if self._plot.mark == "rect" else self._lines("y") * _LINE + _GAP
        return 40 + below + legend + step * len(self._distinct("y"))

    def _lines(self, key: str) -> int:
        name = getattr(self._plot, key)
        if self._numeric(name):
            return 1
        if key == "x" and self._turned:
            return -(-int(max(map(len, self._texts(name))) * _LETTER) // _LINE)
        return max((text.count("\n") + 1 for text in self._wrapped(name, self._room(key))), default=1)

    def _list_axis(self, key: str) -> Spec:
        texts, extent = self._distinct(key), self._extent(key)
        axis: Spec = {
            "labelExpr": _BREAK,
            "title": None,
            "labelLimit": 0,
            "labelAngle": 0,
            "ticks": False,
            "grid": False,
        }
        axis |= {"minExtent": extent, "maxExtent": extent, "domain": False, "labelOverlap": False}
        upright: Spec = {"labelAngle": -90, "labelAlign": "right", "labelBaseline": "middle"} if self._turned else {}
        axis |= self._middle() if key == "y" else upright
        return {"field": key, "type": "nominal", "sort": texts, "axis": axis}

    def _middle(self) -> Spec:
        """Return what lifts a label of several lines, so that its middle stands at its mark."""
        lifted = [
            {"test": f"length(split(datum.label, '\\n')) == {lines}", "value": -_LINE * (lines - 1) / 2}
            for lines in range(2, self._lines("y") + 1)
        ]
        return {"labelLineHeight": _LINE} | ({"labelOffset": {"condition": lifted, "value": 0}} if lifted else {})

    def _scale_axis(self, key: str) -> Spec:
        bare = self._plot.mark == "bar"
        shown: Spec = {"labels": not bare, "grid": not bare, "ticks": False, "domain": False}
        shown |= {"tickCount": self._ticks() if key == "x" else 5, "labelOverlap": "greedy", "labelSeparation": _GAP}
        title = "\n".join(textwrap.wrap(self._title(getattr(self._plot, key)), 44)).split("\n")
        return {
            "field": key,
            "type": "quantitative",
            "scale": {"zero": True, "nice": not bare},
            "axis": shown | {"title": title, "format": ",~f", "titleAnchor": "start" if key == "x" else "end"},
        }

    def _ticks(self) -> int:
        """Return how many numbers stand below the marks without touching, five at most."""
        numbers = [cell_of(self._sheet, row, self._plot.x).value for row in self._sheet.rows]
        longest = max((len(f"{number(each):,.0f}") for each in numbers if each is not None), default=1)
        width = self._width - self._extent("y") - self._beside()
        return max(1, min(5, int(width / (longest * _LETTER + 2 * _GAP))))

    def _place(self) -> Spec:
        return {
            key: self._scale_axis(key) if self._numeric(getattr(self._plot, key)) else self._list_axis(key)
            for key in ("x", "y")
        }

    def _marks(self) -> Spec:
        colours, mark = self._colours, self._plot.mark
        encoding = self._place()
        if mark == "rect":
            shade = {"range": list(colours.shades)}
            graded = {"field": "colour", "type": "quantitative", "scale": shade, "legend": None}
            texts = {"range": [*colours.shades, colours.line]}
            named = {"field": "text", "type": "nominal", "scale": texts, "sort": None, "legend": None}
            encoding["color"] = graded if self._graded else named
            return {"mark": {"type": "rect", "stroke": colours.paper, "strokeWidth": 3}, "encoding": encoding}
        if self._groups:
            scale = {"domain": self._groups, "range": list(colours.marks[: len(self._groups)])}
            place: Spec = {"orient": "top", "direction": "horizontal"}
            if self._stacked:
                left = -self._extent("y") if self._lying else 0
                place = {
                    "orient": "none",
                    "direction": "vertical",
                    "legendX": left,
                    "legendY": -self._legend() - self._lifted,
                }
            legend = place | {"title": None, "labelLimit": 0, "labelExpr": _BREAK}
            group = {"field": "colour", "type": "nominal", "sort": None}
            encoding["color"] = group | {"scale": scale, "legend": legend}
            if mark == "point":
                shapes = {"domain": self._groups, "range": _SHAPES[: len(self._groups)]}
                encoding["shape"] = group | {"scale": shapes, "legend": legend}
        drawn: Spec = {"type": mark, "color": colours.marks[0]}
        return {
            "mark": drawn | ({"filled": True, "size": 110, "opacity": 1} if mark == "point" else {}),
            "encoding": encoding,
        }

    def _labels(self) -> Spec:
        place: Spec = {"align": "left", "dx": 8, "baseline": "middle"} if self._lying else {"dy": -14}
        if self._plot.mark == "rect":
            place = {"align": "center", "baseline": "middle"}
        text = {"type": "text", "color": self._colours.ink, "fontSize": 12.5, "clip": False, "lineBreak": "\n"}
        kept = ("field", "type", "sort")
        encoding = {
            key: {name: channel[name] for name in kept if name in channel} for key, channel in self._place().items()
        }
        return {"mark": text | place, "encoding": encoding | {"text": {"field": "text", "type": "nominal"}}}

    def _reference(self) -> list[Spec]:
        name = self._plot.reference
        if not name or not self._sheet.rows:
            return []
        cell = cell_of(self._sheet, self._sheet.rows[0], name)
        if cell.value is None:
            return []
        key = "x" if self._lying else "y"
        at = {key: {"datum": number(cell.value), "type": "quantitative"}}
        text = f"{self._title(name)}: {text_of(cell, self._sheet.lang)}"
        rule = {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.5, "color": self._colours.ink}
        said = {"type": "text", "text": text, "color": self._colours.ink, "align": "right", "fontSize": 12}
        corner = {"y": {"value": -10}} if self._lying else {"x": {"value": 40}}
        return [
            {"data": {"values": [{}]}, "mark": rule, "encoding": at},
            {"data": {"values": [{}]}, "mark": said, "encoding": at | corner},
        ]

    def _config(self) -> Spec:
        colours = self._colours
        return {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": colours.ink,
                "titleColor": colours.muted,
                "titleFontWeight": "normal",
                "gridColor": colours.line,
                "labelFontSize": 12.5,
                "titleFontSize": 12.5,
                "labelPadding": 6,
                "titlePadding": 8,
            },
            "legend": {"labelColor": colours.ink, "labelFontSize": 12.5, "symbolSize": 110},
            "bar": {"discreteBandSize": {"band": 0.66}},
        }


def _by_cell(values: list[Spec]) -> list[Spec]:
    """Return one value for each cell of a matrix; where rows differ, all their texts are written in it."""
    cells: dict[tuple[Any, Any], list[str]] = {}
    for value in values:
        cells.setdefault((value["x"], value["y"]), []).append(value["text"])
    return [{"x": x, "y": y, "text": "\n".join(dict.fromkeys(texts))} for (x, y), texts in cells.items()]
