"""What stands around the marks of an SVG, and its name and description for who does not see it (SVG 2, section 5.8)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from kg.tables.charts.themes import Theme

_ROOT: Final = re.compile(r"<svg\b([^>]*)>")
_SIZE: Final = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2"')
_OPENING: Final = re.compile(r"<svg\b[^>]*>(?:<title\b.*?</desc>)?", re.DOTALL)
CARD, _NOTE = (1200, 630), 48  # The size of pictures beside links (Open Graph).
FONT: Final = "Arial, Liberation Sans, sans-serif"
_LINE, _LETTER, _MARGIN = 16, 7.0, 8  # Pixels: height of a line of notes, width of a wide letter, space around them.
_TITLE_LINE, _TITLE_LETTER, _TITLE_STYLE = 21, 9.9, ' font-size="16" font-weight="bold"'
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Return a text without the characters that XML cannot hold, escaped or not."""
    return _NO_XML.sub("\ufffd", text)


def xml(text: str) -> str:
    """Return a text as XML takes it, in an element or an attribute."""
    return escape(printable(text))


def with_description(svg: str, title: str, description: str, lang: str) -> str:
    """Return an SVG as one image with a name and a description."""
    parts = f'<title id="title">{xml(title)}</title><desc id="desc">{xml(description)}</desc>'
    named = f'role="img" aria-labelledby="title" aria-describedby="desc" lang="{lang}"'
    return _ROOT.sub(lambda root: f"<svg{root.group(1)} {named}>{parts}", svg, count=1)


@dataclass(frozen=True)
class Frame:
    """What a picture says of itself, so that it can be taken along: above its marks and below them.

    Attributes:
        title: the question.
        above: what is counted, of when and of what.
        below: what to mind, where it comes from, on which terms.

    """

    title: str
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    def heights(self, width: int) -> tuple[int, int]:
        """Return the pixels that it takes above and below a picture of a width."""
        titles, above, below = self._wrapped(width)
        top = len(titles) * _TITLE_LINE + len(above) * _LINE + 3 * _MARGIN
        return top, len(below) * _LINE + 2 * _MARGIN if below else 0

    def around(self, svg: str, colours: Theme) -> str:
        """Return an SVG in its frame, in its own width; as it is where it has no size."""
        size, root = _SIZE.search(svg), _OPENING.match(svg)
        if size is None or root is None:
            return svg
        width, height = int(size[1]), int(size[2])
        top, bottom = self.heights(width)
        whole = top + height + bottom
        titles, above, below = self._wrapped(width)
        head = text_lines(titles, _MARGIN, _MARGIN, _TITLE_LINE, f'class="ink" fill="{colours.ink}"{_TITLE_STYLE}')
        style = f'class="muted" fill="{colours.muted}" font-size="12"'
        head += text_lines(above, _MARGIN, 1.5 * _MARGIN + len(titles) * _TITLE_LINE, _LINE, style)
        foot = text_lines(below, _MARGIN, top + height + _MARGIN - 4, _LINE, style)
        opening = root[0].replace(size[0], f'width="{width}" height="{whole}" viewBox="0 0 {width} {whole}"', 1)
        paper = f'<rect class="paper" width="{width}" height="{whole}" fill="{colours.paper}"/>'
        inner = svg[root.end() :].removesuffix("</svg>")
        return f'{opening}{paper}{head}<g transform="translate(0,{top})">{inner}</g>{foot}</svg>'

    def _wrapped(self, width: int) -> tuple[list[str], list[str], list[str]]:
        titles = textwrap.wrap(self.title, int((width - 2 * _MARGIN) / _TITLE_LETTER))
        return titles, _wrap(self.above, width), _wrap(self.below, width)


def _wrap(notes: Sequence[str], width: int) -> list[str]:
    return [line for note in notes for line in textwrap.wrap(note, int((width - 2 * _MARGIN) / _LETTER))]


def as_card(svg: str, note: str, colours: Theme) -> str:
    """Return an SVG in the shape of a preview of a link, with its source: whole where it fits, else its upper part."""
    size, (width, height) = _SIZE.search(svg), CARD
    if size is None:
        return svg
    own_width, own_height, room = int(size[1]), int(size[2]), height - _NOTE
    cut = own_height > own_width > width / 2
    seen = own_width * room // width if cut else own_height
    inner = svg.replace(size[0], f'width="{width}" height="{room}" viewBox="0 0 {own_width} {seen}"', 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    back = f'<rect width="{width}" height="{height}" fill="{colours.paper}"/>'
    line = f'<path d="M0,{room}h{width}" stroke="{colours.line}"/>'
    foot = text_lines(
        [textwrap.shorten(note, 105, placeholder=" …")], 14, room + 8, 22, f'fill="{colours.muted}" font-size="20"'
    )
    return f"{head}{back}{inner}{line}{foot}</svg>"


def text_lines(lines: Sequence[str], x: float, y: float, step: int, style: str) -> str:
    """Return lines of text below each other as SVG.

    Arguments:
        lines: the lines.
        x: the left edge.
        y: the upper edge.
        step: height of a line.
        style: attributes of the text.

    """
    spans = "".join(f'<tspan x="{x:g}" dy="{step}">{xml(line)}</tspan>' for line in lines)
    return f'<text x="{x:g}" y="{y:g}" font-family="{FONT}" {style}>{spans}</text>' if lines else ""
