"""A text as its lines, from plain text, HTML or PDF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from kg.errors import SourceError, Unavailable, install_hint
from kg.files import read_text

_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL
)
_HTML_SUFFIXES: Final = (".htm", ".html", ".xhtml")
_PDF: Final = b"%PDF-"
_HYPHEN_AT_LINE_END: Final = re.compile("[\ufffe\x02]")  # PDFium's mark for one, after which it ends no line.
_EDGE: Final = 3  # Lines at the top and at the bottom of a page among which running heads stand.
_LEAST: Final = 3  # Pages on which a line stands that is a running head.

_UNPRINTED: Final = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_UNSEEN: Final = ("head", "script", "style", "noscript", "template", "nav", "svg", "button", "form")
_BLOCKS: Final = (
    *("address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "div", "dl", "dt"),
    *("figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
    *("pre", "section", "summary", "table", "tr", "ul"),
)
_CELLS: Final = ("td", "th")
_PREFIXES: Final = {"li": "- ", **{f"h{level}": f"{'#' * level} " for level in range(1, 7)}}
_DIGITS: Final = {
    "sup": str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "sub": str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"),
}

Pages = Sequence[Sequence[str]]


def read_pages(path: Path) -> Pages:
    """Return the lines of a text, page by page; all are on one page where a file has none.

    Of HTML a line is a heading, paragraph, list item or table row, with marks as `kg new` reads them.

    Arguments:
        path: plain text or HTML in UTF-8, or a PDF with text in it.

    Raises:
        SourceError: the file is missing, unreadable, not UTF-8, or a PDF without text.
        Unavailable: it is a PDF, and the package that reads it is not installed.

    """
    if _is_pdf(path):
        return _pdf_pages(path)
    text = read_text(path).removeprefix("\ufeff").replace("\r\n", "\n")
    if path.suffix.casefold() in _HTML_SUFFIXES or _HTML.match(text):
        return [html_lines(text)]
    return [page.split("\n") for page in text.split("\f")]


def read_paragraphs(path: Path) -> str:
    """Return a text with one paragraph a line.

    Raises:
        SourceError: as `read_pages`, or it is a PDF, which does not say where its paragraphs end.

    """
    if _is_pdf(path):
        hint = "give its text, one paragraph a line; kg evidence and kg serve then take the PDF"
        raise SourceError("a PDF does not say where its paragraphs end", where=str(path), hint=hint)
    return "\n".join(line for page in read_pages(path) for line in page)


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _PDF in file.read(1024)
    except OSError:
        return False  # Reading it as text says what is wrong.


def _pdf_pages(path: Path) -> Pages:
    try:
        import pypdfium2
    except ImportError as error:
        raise Unavailable(
            "the package that reads PDF is not installed", where=str(path), hint=install_hint("pdf")
        ) from error
    try:
        with pypdfium2.PdfDocument(path) as document:
            texts = [page.get_textpage().get_text_range() for page in document]
    except pypdfium2.PdfiumError as error:
        hint = "give a whole PDF, without password"
        raise SourceError(f"not a PDF that can be read: {error}", where=str(path), hint=hint) from error
    if not any(map(str.strip, texts)):
        raise SourceError("a PDF without text", where=str(path), hint="it may be a scan; give one with its text")
    return [_HYPHEN_AT_LINE_END.sub("-\n", text).splitlines() for text in texts]


def without_running_heads(pages: Pages) -> Pages:
    """Return pages without what many repeat at their top or bottom, and one more page with each such line once."""
    counts = Counter(shape for page in pages for shape in {_shape(line) for line in _edges(page)})
    running = {shape for shape, count in counts.items() if count >= max(_LEAST, len(pages) / 4)}
    heads = {shape: line for page in pages for line in _edges(page) if (shape := _shape(line)) in running}
    if not heads:
        return pages
    bare = [[line for line in page if not (_shape(line) in running and line in _edges(page))] for page in pages]
    return [*bare, list(heads.values())]


def _edges(page: Sequence[str]) -> Sequence[str]:
    lines = [line for line in page if line.strip()]
    return lines[:_EDGE] + lines[_EDGE:][-_EDGE:]


def _shape(line: str) -> str:
    """Return a line as all pages have it: their numbers differ."""
    return re.sub(r"\d+", "0", " ".join(line.split()))


def html_lines(text: str) -> list[str]:
    """Return headings, paragraphs, list items and rows of an HTML page, a line each.

    >>> html_lines("<h2>Wind</h2><ul><li>Een <b>baan</b>.<sup>3</sup></ul><table><tr><td>1<td>2</table>")
    ['## Wind', '- Een baan.³', '| 1 | 2 |']
    """
    reader = _Lines()
    reader.feed(text)
    reader.close()
    return list(reader.lines)


class _Lines(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._done: list[str] = []
        self._text: list[str] = []
        self._prefix = ""
        self._unseen: list[str] = []
        self._raised = ""
        self._in_row = False

    @property
    def lines(self) -> Iterable[str]:
        self._end_line()
        return self._done

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if self._unseen or tag in _UNSEEN:
            self._unseen += [tag] if tag in _UNSEEN else []
        elif tag in _CELLS:
            self._text.append(" | " if self._in_row and "".join(self._text).strip() else "| ")
            self._in_row = True
        elif tag in _BLOCKS and not (self._in_row and tag not in ("tr", "table")):
            self._end_line()
            self._prefix = _PREFIXES.get(tag, self._prefix)
        elif tag in _BLOCKS:
            self._text.append(" ")
        elif tag in _DIGITS:
            self._raised = tag

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
        elif tag in _BLOCKS and not (self._in_row and tag not in ("tr", "table")):
            self._end_line()
            self._prefix = "" if tag in _PREFIXES else self._prefix
        elif tag == self._raised:
            self._raised = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            small = data.translate(_DIGITS[self._raised]) if self._raised and data.strip().isdigit() else data
            self._text.append(small)

    def _end_line(self) -> None:
        if text := " ".join(_UNPRINTED.sub("", "".join(self._text)).split()):
            self._done.append(self._prefix + text + (" |" if self._in_row else ""))
            self._prefix = ""
        self._text, self._in_row = [], False
