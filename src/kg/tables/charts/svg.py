"""Title and description inside an SVG, for those who do not see it (SVG 2, section 5.8; SVG-AAM)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from html import escape
from typing import Final

from kg.tables.charts.themes import Theme

_ROOT: Final = re.compile(r"<svg\b([^>]*)>")
_SIZE: Final = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2"')
_LINE, _LETTER, _MARGIN = 15, 6.2, 8  # Pixels: height of a line of the footer, width of a letter, space around it.
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


def footer_height(notes: Sequence[str], width: int) -> int:
    """Return the pixels that notes take below a picture of a width; 0 without notes."""
    return len(_wrapped(notes, width)) * _LINE + 2 * _MARGIN if notes else 0


def with_footer(svg: str, notes: Sequence[str], colours: Theme) -> str:
    """Return an SVG with notes below what it shows, in its own width; without notes, or without a size, as it is."""
    size = _SIZE.search(svg)
    if not notes or size is None:
        return svg
    width, height = int(size[1]), int(size[2])
    whole = height + footer_height(notes, width)
    lines = "".join(f'<tspan x="{_MARGIN}" dy="{_LINE}">{xml(line)}</tspan>' for line in _wrapped(notes, width))
    style = f'font-family="Arial, Liberation Sans, sans-serif" font-size="11.5" fill="{colours.muted}"'
    back = f'<rect y="{height}" width="{width}" height="{whole - height}" fill="{colours.paper}"/>'
    footer = f'{back}<text y="{height}" {style}>{lines}</text></svg>'
    grown = f'width="{width}" height="{whole}" viewBox="0 0 {width} {whole}"'
    return svg.replace(size[0], grown, 1).removesuffix("</svg>") + footer


def _wrapped(notes: Sequence[str], width: int) -> list[str]:
    return [line for note in notes for line in textwrap.wrap(note, int((width - 2 * _MARGIN) / _LETTER))]
