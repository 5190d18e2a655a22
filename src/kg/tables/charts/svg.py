"""Title and description inside an SVG, for those who do not see it (SVG 2, section 5.8; SVG-AAM)."""

from __future__ import annotations

import re
from html import escape
from typing import Final

_ROOT: Final = re.compile(r"<svg\b([^>]*)>")
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
