"""A diagram in layers as SVG: nodes in columns of one width, lines from left to right that pass through no text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

from kg.tables.charts.svg import FONT, Frame, text_lines, xml
from kg.tables.charts.themes import THEMES, Theme

WIDTH: Final = 1216
_COLUMN, _GUTTER, _PAD, _LINE, _SPACE = 164, 43, 8, 16, 10
_LETTERS: Final = 20  # Letters of 12.5 pixels that a node holds in a line, in a wide face (7.3 pixels each).
_LANE: Final = 8  # Height of a line on its way through a column.
_HEADING, _LEGEND = 18, 30  # Space around headings, height of the legend.
_HEADING_LETTERS: Final = 25
_SWEEPS: Final = 8
_FEW, _BESIDE = 4, 3  # From how many short rows on they stand beside each other, and how many do.
STYLES: Final = ("stated", "editorial", "inferred", "gap")
_DASHES: Final = {"stated": "", "editorial": "2 3", "inferred": "8 5", "gap": "10 3 1 3"}


@dataclass(frozen=True)
class Node:
    """A box: what it is called, what stands below the name, and where its link leads.

    Attributes:
        key: names it in lines.
        column: from the left, from 0.
        band: from the top, from 0; bands never overlap.
        gap: whether it stands for what nobody says.

    """

    key: str
    column: int
    band: int
    text: str
    href: str = ""
    notes: tuple[str, ...] = ()
    gap: bool = False


@dataclass(frozen=True)
class Line:
    """A line from one node to another: its style is one of `STYLES`, its title says who says it."""

    start: str
    end: str
    style: str
    title: str


@dataclass(frozen=True)
class Layers:
    """What a diagram shows.

    Attributes:
        headings: of columns, by band and column.
        legend: style to what it means.

    """

    nodes: Mapping[str, Node]
    lines: Sequence[Line]
    headings: Mapping[tuple[int, int], str]
    legend: Mapping[str, str]


@dataclass(eq=False)
class _Item:
    """A node, or the lane of a line through a column (`node` is None), with the middle of its height."""

    column: int
    band: int
    height: float
    node: Node | None = None
    y: float = 0.0
    beside: tuple[list[_Item], list[_Item]] = field(default_factory=lambda: ([], []))

    @property
    def x(self) -> int:
        return _PAD + self.column * (_COLUMN + _GUTTER)

    @property
    def alone(self) -> bool:
        return not any(self.beside)


def wrap(text: str, letters: int = _LETTERS) -> list[str]:
    """Return a text in lines that fit a node; a slash is a place to break, and a word that is too long is parted."""
    words = (_parted(word, letters) for word in text.replace("/", "/ ").split())
    return [line.replace("/ ", "/") for line in textwrap.wrap(" ".join(words), letters)]


def _parted(word: str, letters: int) -> str:
    pieces = [word[at : at + letters - 5] for at in range(0, len(word), letters - 5)]
    return word if len(word) <= letters else "- ".join(pieces)


def _compact(layers: Layers) -> Layers:
    """Return the same without the columns of a band in which nothing stands, so that no line crosses an empty one."""
    used = sorted(
        {(node.band, node.column) for node in layers.nodes.values()}
        | {place for place in layers.headings if place[1] == 0}
    )
    place = {(band, old): new for band, those in groupby(used, itemgetter(0)) for new, (_, old) in enumerate(those)}
    nodes = {key: replace(node, column=place[node.band, node.column]) for key, node in layers.nodes.items()}
    headings = {
        (band, place[band, column]): text for (band, column), text in layers.headings.items() if (band, column) in place
    }
    return replace(layers, nodes=nodes, headings=headings)


def _spread(layers: Layers) -> Layers:
    """Return the same with what leads no further than its neighbour in a band of its own, in as many columns as fit."""
    into = {line.end for line in layers.lines}
    ends = {key: [line.end for line in layers.lines if line.start == key] for key in layers.nodes}
    short = [
        (key, *ends[key])
        for key, node in layers.nodes.items()
        if (node.band, node.column) == (0, 0) and key not in into
        if all(layers.nodes[end].column == 1 and _only(layers, key, end) for end in ends[key])
    ]
    short.sort(key=lambda pair: layers.nodes[pair[0]].gap)
    if len(short) < _FEW or len(short) == sum((node.band, node.column) == (0, 0) for node in layers.nodes.values()):
        return layers
    rows = -(-len(short) // _BESIDE)
    moved = {key: 2 * (place // rows) for place, pair in enumerate(short) for key in pair}
    nodes = {
        key: replace(node, band=1, column=node.column + moved[key])
        if key in moved
        else replace(node, band=node.band + (node.band > 0))
        for key, node in layers.nodes.items()
    }
    headings = {(band + (band > 0), column): text for (band, column), text in layers.headings.items()}
    for column in {node.column for node in nodes.values() if node.band == 1}:
        headings[1, column] = layers.headings[0, column % 2]
    return replace(layers, nodes=nodes, headings=headings)


def _only(layers: Layers, start: str, end: str) -> bool:
    return all((line.start, line.end) == (start, end) for line in layers.lines if end in (line.start, line.end))


def render_layers(layers: Layers, frame: Frame, description: str, lang: str, theme: str) -> str:
    """Return a diagram as SVG.

    Arguments:
        layers: what it shows.
        frame: what it says of itself.
        description: what it shows in a sentence, for who does not see it.
        lang: language of its texts.
        theme: a key of `THEMES`; where the SVG stands in a page, its classes win.

    """
    colours, layers = THEMES[theme], _compact(_spread(layers))
    items, routes = _items(layers)
    tops, height = _place(items, layers.headings)
    marks = [_legend(layers.legend, colours), *(_rule(top, colours) for top in tops[1:])]
    for (band, column), text in layers.headings.items():
        style = f'class="ink" fill="{colours.ink}" font-size="13" font-weight="bold"'
        marks.append(
            text_lines(wrap(text, _HEADING_LETTERS), _PAD + column * (_COLUMN + _GUTTER), tops[band], _LINE, style)
        )
    marks += [_draw_line(line, route, colours) for line, route in routes]
    ordered = sorted(items, key=lambda item: (item.band, item.column, item.y))
    marks += [_draw_node(item, item.node, colours) for item in ordered if item.node]
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map layers" {size} role="group" '
        f'aria-labelledby="layers-title" aria-describedby="layers-desc" lang="{lang}" '
        f'font-family="{FONT}" font-size="12.5">'
        f'<title id="layers-title">{xml(frame.title)}</title><desc id="layers-desc">{xml(description)}</desc>'
    )
    return frame.around(f"{head}{''.join(marks)}</svg>", colours)


def _items(layers: Layers) -> tuple[list[_Item], list[tuple[Line, list[_Item]]]]:
    """Return the boxes and lanes, and each line with those that it goes along."""
    boxes = {key: _Item(node.column, node.band, _height(node), node) for key, node in layers.nodes.items()}
    lanes, routes = [], []
    for line in layers.lines:
        start, end = boxes[line.start], boxes[line.end]
        way = [_Item(column, start.band, _LANE) for column in range(start.column + 1, end.column)]
        lanes += way
        route = [start, *way, end]
        for left, right in pairwise(route):
            if left.band == right.band and left.column != right.column:
                left.beside[1].append(right)
                right.beside[0].append(left)
        routes.append((line, route))
    return [*boxes.values(), *lanes], routes


def _height(node: Node) -> float:
    return (len(wrap(node.text)) + sum(len(wrap(note)) for note in node.notes)) * _LINE + _PAD


def _place(items: Sequence[_Item], headings: Mapping[tuple[int, int], str]) -> tuple[list[float], int]:
    """Set the height at which each item stands; return where the bands begin, and where the last one ends."""
    top, tops = float(_LEGEND), []
    for band in range(max(item.band for item in items) + 1):
        own = [item for item in items if item.band == band]
        columns = [
            list(some) for _, some in groupby(sorted(own, key=lambda item: item.column), lambda item: item.column)
        ]
        for sweep in range(_SWEEPS):
            for column in columns if sweep % 2 == 0 else reversed(columns):
                _pack(column, sweep % 2)
        heads = [len(wrap(text, _HEADING_LETTERS)) for (of_band, _), text in headings.items() if of_band == band]
        highest = min((item.y - item.height / 2 for item in own), default=0)
        tops.append(top)
        for item in own:
            item.y += top + _HEADING + max(heads, default=0) * _LINE - highest
        top = max((item.y + item.height / 2 for item in own), default=top) + 2 * _SPACE
    return tops, round(top)


def _pack(column: list[_Item], side: int) -> None:
    """Bring each item of a column as near to its neighbours of a side as the others leave room for."""
    for item in column:
        if item.beside[side]:
            item.y = sum(other.y for other in item.beside[side]) / len(item.beside[side])
    column.sort(key=lambda item: (item.alone, item.y))
    blocks: list[tuple[list[_Item], float]] = []  # Items that touch, and where the first one begins.
    for item in column:
        some, at = [item], item.y - item.height / 2
        if item.alone and blocks:
            at = blocks[-1][1] + _total(blocks[-1][0])
        while blocks and blocks[-1][1] + _total(blocks[-1][0]) > at:
            before, above = blocks.pop()
            at = (above * len(before) + (at - _total(before)) * len(some)) / (len(before) + len(some))
            some = before + some
        blocks.append((some, at))
    for some, at in blocks:
        for number, item in enumerate(some):
            item.y = at + _total(some[:number]) + item.height / 2


def _total(items: Iterable[_Item]) -> float:
    return sum(item.height + _SPACE for item in items)


def _strokes(colours: Theme) -> dict[str, str]:
    return dict(zip(STYLES, (colours.ink, colours.muted, colours.marks[0], colours.marks[1]), strict=True))


def _stroke(style: str, colours: Theme) -> str:
    dashes = f' stroke-dasharray="{_DASHES[style]}"' if _DASHES[style] else ""
    stroke = f'stroke="{_strokes(colours)[style]}" stroke-width="1.6" stroke-linecap="round"{dashes}'
    return f'class="line {style}" fill="none" {stroke}'


def _draw_line(line: Line, route: Sequence[_Item], colours: Theme) -> str:
    path = ""
    for left, right in pairwise(route):
        if (left.band, left.column) == (right.band, right.column):
            path += _down(*sorted((left, right), key=lambda item: item.y))
            continue
        x, middle = left.x + _COLUMN, left.x + _COLUMN + _GUTTER / 2
        path += f"{'L' if path else 'M'}{x},{left.y:.1f}C{middle:g},{left.y:.1f} "
        path += f"{middle:g},{right.y:.1f} {right.x},{right.y:.1f}"
    ends = " → ".join(item.node.text for item in (route[0], route[-1]) if item.node)
    return f'<path {_stroke(line.style, colours)} d="{path}"><title>{xml(f"{ends}: {line.title}")}</title></path>'


def _down(upper: _Item, lower: _Item) -> str:
    """Return the way from a box to another below it in the same column."""
    x = upper.x + _COLUMN // 2
    return f"M{x},{upper.y + upper.height / 2:.1f}L{x},{lower.y - lower.height / 2:.1f}"


def _draw_node(item: _Item, node: Node, colours: Theme) -> str:
    kind = "open" if node.gap else "node"
    edge, dashes = (colours.marks[1], ' stroke-dasharray="4 3"') if node.gap else (colours.muted, "")
    top, names = item.y - item.height / 2, wrap(node.text)
    box = (
        f'<rect class="{kind}" x="{item.x}" y="{top:.1f}" width="{_COLUMN}" height="{item.height:g}" rx="6" '
        f'fill="{colours.paper if node.gap else colours.land}" stroke="{edge}"{dashes}/>'
    )
    style = f'class="{"linked" if node.href else "ink"}" fill="{colours.ink}"'
    text = text_lines(names, item.x + _PAD, top + 1, _LINE, style)
    notes = [part for note in node.notes for part in wrap(note)]
    muted = f'class="muted" fill="{colours.muted}"'
    text += text_lines(notes, item.x + _PAD, top + 1 + len(names) * _LINE, _LINE, muted)
    name = xml(", ".join((node.text, *node.notes)))
    named = f"<title>{name}</title>{box}{text}"
    return f'<a href="{xml(node.href)}" aria-label="{name}">{named}</a>' if node.href else f"<g>{named}</g>"


def _rule(top: float, colours: Theme) -> str:
    return f'<path class="rule" d="M0,{top - _SPACE / 2:g}H{WIDTH}" stroke="{colours.line}"/>'


def _legend(legend: Mapping[str, str], colours: Theme) -> str:
    marks, x = "", _PAD
    for style, text in legend.items():
        marks += f'<path {_stroke(style, colours)} d="M{x},10H{x + 36}"/>'
        marks += text_lines([text], x + 44, -2, _LINE, f'class="muted" fill="{colours.muted}" font-size="12"')
        x += 44 + round(6.4 * len(text)) + 20
    return marks
