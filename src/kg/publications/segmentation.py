"""A text cut into sections and passages: headings, list items, table rows, footnotes, sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.publications.passages import DUTCH, normal_form, sha256

_HEADING: Final = re.compile(r"^(#{1,6})\s+(.*)$")
_NUMBERED: Final = re.compile(r"^(\d+(?:\.\d+)*)\.?\s+\S")
_LIST_ITEM: Final = re.compile(r"^\s*(?:-|■|\*)\s+")
_TABLE_ROW: Final = re.compile(r"^\s*\|.*\|\s*$")
_RULE: Final = re.compile(r"^[\s|:+=_-]*$")
_SUPERSCRIPTS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FOOTNOTE: Final = re.compile(f"^\\s*([{_SUPERSCRIPTS}]+)")
_SENTENCE_END: Final = re.compile("[.!?][\"'\u2019)]*(?= [A-ZÀ-Þ0-9'\"(\u2018])")
_ABBREVIATIONS: Final = {
    "nl": r"o\.a|incl|ca|Nb|i\.s\.m|bijv|nr|t\.b\.v|m\.n|d\.w\.z|e\.d|dhr|mevr",
    "en": r"e\.g|i\.e|incl|approx|ca|cf|vs|Dr|Mr|Mrs|Ms|Prof|St",
}
_ABBREVIATED: Final = {tag: re.compile(rf"(?:^|[ (])(?:{words})\.\)?$") for tag, words in _ABBREVIATIONS.items()}
_LONGEST_HEADING: Final = 12
_LONGEST_END: Final = 4
_SHORT: Final = 6
_SOURCE_LINES: Final = {"nl": "Bron:", "en": "Source:"}

SENTENCE, LIST_ITEM, TABLE_ROW, HEADING = "sentence", "list-item", "table-row", "heading"
FOOTNOTE, SOURCE_LINE = "footnote", "source-line"
OPENING: Final = "opening"


@dataclass(frozen=True)
class Section:
    """A part of the text under one heading.

    Attributes:
        slug: its place among its neighbours, below that of the section that holds it: `2-1`.
        title: the heading; empty for what stands before the first one.
        heading: slug of the passage that is the heading.

    """

    slug: str
    title: str
    heading: str

    @property
    def parent(self) -> str:
        """Slug of the section that holds it, or nothing."""
        return self.slug.rpartition("-")[0]

    @property
    def ordinal(self) -> int:
        """Its place among its neighbours, from 1."""
        last = self.slug.rpartition("-")[2]
        return int(last) if last.isdigit() else 1


@dataclass(frozen=True)
class Segment:
    """A passage as it is cut: where it stands, and the hash of its text, which is not kept.

    Attributes:
        words: its first and last words; empty where it fills its line.

    """

    slug: str
    section: str
    kind: str
    line: int
    words: tuple[str, str]
    sha256: str


@dataclass(frozen=True)
class Cut:
    """A text in passages.

    Attributes:
        sha256: hash over all passages, joined by line feeds.
        texts: of the passages, in normal form; they are read and never written into the project.

    """

    sections: tuple[Section, ...]
    segments: tuple[Segment, ...]
    sha256: str
    texts: tuple[str, ...] = field(default=(), repr=False)


def cut(text: str, language: str = DUTCH) -> Cut:
    """Return the sections and passages of a text by normal form v1 (data/README.md).

    A heading is `# Title`, or a numbered line of at most twelve words that ends no sentence. Each other line is a list
    item, a table row, a footnote, or sentences.

    Arguments:
        text: the whole text, one paragraph a line.
        language: of the text; it says which words are abbreviations, and how a line with a source begins.

    """
    cutter = _Cutter(language)
    for number, line in enumerate(text.split("\n"), 1):
        cutter.take(number, line)
    return Cut(tuple(cutter.sections), tuple(cutter.segments), sha256("\n".join(cutter.texts)), tuple(cutter.texts))


class _Cutter:
    def __init__(self, language: str) -> None:
        self._language = language
        self.sections: list[Section] = []
        self.segments: list[Segment] = []
        self.texts: list[str] = []
        self._levels: list[tuple[int, int]] = []
        self._taken: set[str] = set()
        self._block = 0

    def take(self, number: int, line: str) -> None:
        normal = normal_form(line)
        if not normal or _RULE.match(line):
            return
        level, title = heading(line)
        if level:
            self._open(level)
            self._add(number, normal, [title], HEADING)
            self.sections.append(Section(self._section, title, self.segments[-1].slug))
            return
        if not self._levels:
            self._levels = [(0, 0)]
            self.sections.append(Section(OPENING, "", ""))
        kind = passage_kind(line, self._language)
        self._add(
            number,
            normal,
            [normal] if kind == TABLE_ROW else list(sentences(normal, self._language)),
            kind,
            _footnote(line),
        )

    @property
    def _section(self) -> str:
        numbers = [str(ordinal) for _, ordinal in self._levels]
        return OPENING if numbers == ["0"] else "-".join(numbers)

    def _open(self, level: int) -> None:
        ordinal = 1
        while self._levels and self._levels[-1][0] >= level:
            ordinal = self._levels.pop()[1] + 1
        if self._levels == [(0, 0)]:
            self._levels = []
        self._levels.append((level, ordinal))
        if len(self._levels) == 1:
            self._block = 0

    def _add(self, number: int, line: str, pieces: list[str], kind: str, footnote: str = "") -> None:
        cuts = list(_with_ends(line, pieces))
        if any(words is None for _, words in cuts):
            cuts = [(line, ("", ""))]
        block = self._block_slug(footnote)
        for ordinal, (piece, words) in enumerate(cuts, 1):
            slug = f"{block}-{ordinal}"
            self.segments.append(Segment(slug, self._section, kind, number, words or ("", ""), sha256(piece)))
            self.texts.append(piece)

    def _block_slug(self, footnote: str) -> str:
        """Return the slug of a block: by the number of the footnote where that is free, else by its place."""
        top = f"s{self._section.partition('-')[0]}"
        slug = f"{top}-fn{footnote}"
        if footnote and slug not in self._taken:
            self._taken.add(slug)
            return slug
        self._block += 1
        return f"{top}-p{self._block}"


def heading(line: str) -> tuple[int, str]:
    """Return the level and title of a heading, or 0 for what is none.

    >>> heading("## Wind op zee"), heading("2.1 Wind op zee"), heading("2 van de 3 banen zijn technisch.")
    ((2, 'Wind op zee'), (2, 'Wind op zee'), (0, ''))
    """
    if marked := _HEADING.match(line):
        return len(marked.group(1)), normal_form(marked.group(2))
    numbered = _NUMBERED.match(line)
    if numbered and len(line.split()) <= _LONGEST_HEADING and line.rstrip()[-1] not in ".!?:;,":
        return numbered.group(1).count(".") + 1, normal_form(line[numbered.end() - 1 :])
    return 0, ""


def passage_kind(line: str, language: str = DUTCH) -> str:
    """Return the kind of the passages of a line that is no heading."""
    for kind, pattern in ((FOOTNOTE, _FOOTNOTE), (TABLE_ROW, _TABLE_ROW), (LIST_ITEM, _LIST_ITEM)):
        if pattern.match(line):
            return kind
    return SOURCE_LINE if line.startswith(_SOURCE_LINES[language]) else SENTENCE


def _footnote(line: str) -> str:
    match = _FOOTNOTE.match(line)
    return "".join(str(_SUPERSCRIPTS.index(mark)) for mark in match.group(1)) if match else ""


def sentences(text: str, language: str = DUTCH) -> Iterator[str]:
    """Yield the sentences of a line in normal form.

    >>> list(sentences("Er zijn o.a. Twee soorten. Dit is er een."))
    ['Er zijn o.a. Twee soorten.', 'Dit is er een.']
    >>> list(sentences("Ask e.g. Dr. Smith. She knows.", "en"))
    ['Ask e.g. Dr. Smith.', 'She knows.']
    """
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATED[language].search(text[: match.end()]):
            yield text[begin : match.end()].strip()
            begin = match.end()
    yield text[begin:].strip()


def _with_ends(line: str, pieces: Sequence[str]) -> Iterator[tuple[str, tuple[str, str] | None]]:
    begin = 0
    for piece in pieces:
        begin = line.index(piece, begin)
        yield piece, ends(line, begin, begin + len(piece))
        begin += len(piece)


def ends(line: str, begin: int, end: int) -> tuple[str, str] | None:
    """Return the first and last words, at most four each, by which a piece is cut out of its line.

    They are empty where the piece is the whole line, and None where no words single it out.
    """
    piece = line[begin:end]
    if piece == line:
        return "", ""
    candidates = [
        (line.count(first) + line.count(last), first.count(" ") + last.count(" "), first, last)
        for first, last in _candidates(piece.split(" "))
        if _between(line, first, last) == (begin, end)
    ]
    return min(candidates)[2:] if candidates else None


def _candidates(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    least = min(2, len(words))
    for before in range(least, _LONGEST_END + 1):
        for after in range(least, _LONGEST_END + 1):
            if before + after < len(words) or len(words) <= _SHORT:
                yield " ".join(words[:before]), " ".join(words[-after:])


def _between(line: str, first: str, last: str) -> tuple[int, int]:
    """Return where a reader finds what runs from the first occurrence of words to the nearest last ones after it."""
    begin = line.find(first)
    end = line.find(last, begin)
    while 0 <= end < begin + len(first) - len(last):
        end = line.find(last, end + 1)
    return begin, end + len(last)
