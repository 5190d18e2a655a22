"""Renditions of a text, as publishers make them: other lines, columns, pages, hyphens, marks and quotes."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
# Where a line may break within a word; rough, but so are the rules of renderers.
SYLLABLE = re.compile(r"(?<=[a-z]{3}[aeiou])(?=[bcdfghklmnprstvwz][a-z]{3})")
CURLY = [(r"(?<!\w)'(?=\w)", "\u2018"), ("'", "\u2019"), (r'(?<!\w)"(?=\w)', "\u201c"), ('"', "\u201d")]


def plain(line: str) -> str:
    """Return a line without the marks of our texts."""
    line = re.sub(r"\[((?:[^\]\\]|\\.)*)\]\([^()\s]*\)", r"\1", line)
    return re.sub(r"\\([()\[\]*_\\])", r"\1", line).replace("*", "")


def web_page(text: str, style: str = "") -> str:
    """Return a text as a page of the web: soft hyphens, raised marks, a menu, and other lines."""
    blocks = []
    for line in filter(str.strip, text.split("\n")):
        item = re.match(r"\s*(?:-|■)\s+(.*)", line)
        title = re.match(r"(#+)\s+(.*)", line)
        inner = html.escape(plain(item[1] if item else title[2] if title else line), quote=False)
        inner = SYLLABLE.sub("\u00ad", inner)
        inner = re.sub(f"[{SUPERSCRIPTS}]+", lambda mark: f"<sup>{digits(mark[0])}</sup>", inner)
        inner = re.sub(f"[{SUBSCRIPTS}]", lambda mark: f"<sub>{digits(mark[0])}</sub>", inner)
        tag = "li" if item else f"h{len(title[1])}" if title else "p"
        blocks.append(f"<{tag}>{inner}</{tag}>".replace(" ", "\n"))
    menu = "<nav><a>Menu</a></nav><script>var a = '<p>no</p>'</script>"
    body = "\n".join(blocks)
    head = f"<head><meta charset=utf-8><title>x</title><style>{style}</style></head>"
    return f"<!doctype html><html lang=nl>{head}<body>{menu}{body}"


def digits(marks: str) -> str:
    return "".join(str((SUPERSCRIPTS + SUBSCRIPTS).index(mark) % 10) for mark in marks)


def printed_pages(text: str, width: int, length: int) -> str:
    """Return a text as a PDF reader gives it at its worst: footnotes below each page, within sentences.

    Marks are plain digits, hyphens at line ends are those of compounds or not, quotes are curly; each page has a
    running head and a number.
    """
    body, notes = [], []
    for line in filter(str.strip, text.split("\n")):
        line = re.sub(f"[{SUPERSCRIPTS}{SUBSCRIPTS}]", lambda mark: digits(mark[0]), f"{line.strip()} "[:-1])
        (notes if re.match(r"\d+ ", line) else body).append(plain(re.sub(r"^(-|■|#+)\s+", "\u2022 ", line)))
    lines = [row for line in body for row in wrapped(curly(line), width)]
    pages = [lines[begin : begin + length] for begin in range(0, len(lines), length)]
    share = -(-len(notes) // len(pages))
    return "\f".join(
        "\n".join(
            ["Running head", *page]
            + [row for note in notes[number * share : (number + 1) * share] for row in wrapped(curly(note), width)]
            + [f"page {number + 1}"]
        )
        for number, page in enumerate(pages)
    )


def curly(line: str) -> str:
    for pattern, quote in CURLY:
        line = re.sub(pattern, quote, line)
    return line


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield lines of at most so many characters; long words are hyphenated, those with a hyphen break after it."""
    line = ""
    for word in text.split():
        parts = [part for piece in re.split("(?<=-)", word) for part in SYLLABLE.split(piece)]
        fresh = True
        while parts:
            part = parts.pop(0)
            gap = " " if fresh and line else ""
            hyphen = "-" if parts and not part.endswith("-") else ""
            if len(line + gap + part + hyphen) > width and line:
                yield line if fresh or line.endswith("-") else f"{line}-"
                line, gap = "", ""
            line, fresh = line + gap + part, False
    yield line


def print_page(page: Path) -> Path:
    """Print a page of the web to a PDF with Chromium."""
    target = page.with_suffix(".pdf")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={target}"]
    subprocess.run(["chromium", *options, page.as_uri()], check=True, capture_output=True, timeout=120)
    return target


def small_pdf(lines: list[str], encoding: str = "cp1252") -> bytes:
    """Return a PDF of one page (ISO 32000-1), without a table of its objects, which readers make anew."""
    shown = b"".join(b"(" + re.sub(rb"([()\\])", rb"\\\1", line.encode(encoding)) + b") Tj T*\n" for line in lines)
    stream = b"BT /F1 11 Tf 14 TL 40 800 Td\n" + shown + b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.4\n" + numbered + b"trailer << /Root 1 0 R >>\n%%EOF\n"
