"""Where a statement stands: file, line and column of a triple, or of the block of its subject.

The parser tells the line up to which it had read when it yielded a triple; the token is then looked for in that line
and, where it is not there (a multi-line literal, a `;` on a line of its own), in the lines before.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import RDF, RDF_TYPE, XSD
from kg.rdf_terms import Term, local_name
from kg.validation.documents import Document

_TURTLE: Final = re.compile(
    r"""(?P<iri><[^<>"{}|^`\s]*>)
      | (?P<string>\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
        (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)? (?P<type>\^\^(?:<[^<>\s]*>|[\w.\-]*:[\w\-]+))?
      | (?P<comment>\#[^\n]*)
      | (?P<name>(?:[^\W\d_][\w.\-]*)?:(?:[\w:\-%]|\\.|\.(?=[\w:\-%\\.]*[\w:\-%\\]))*)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>true|false|a(?=\s))
      | (?P<open>\[)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_LONG_QUOTES: Final = ('"""', "'''")
_PLAIN: Final = (XSD + "string", RDF + "langString")
_BACK: Final = 40
_JSON: Final = ".jsonld"
_BACK_JSON: Final = 400  # A node object is known when it ends.
_TURTLE_LIKE: Final = (".ttl", ".trig", ".nt", ".nq")


@dataclass(frozen=True)
class Position:
    """A position in a file: line and column from 1, how many characters, and the line itself."""

    file: str = ""
    line: int = 0
    column: int = 0
    width: int = 1
    excerpt: str = ""


@dataclass(frozen=True)
class _Hit:
    document: Document
    index: int

    @property
    def quad(self) -> ox.Quad:
        return self.document.quads[self.index]


class Positions:
    """Finds statements about some nodes in files.

    Arguments:
        documents: the files as read.
        wanted: the nodes that will be asked for; all others are left out, which keeps this small.

    """

    def __init__(self, documents: Iterable[Document], wanted: Iterable[Term]) -> None:
        nodes = frozenset(wanted)
        self._about: dict[Term, list[_Hit]] = {}
        self._naming: dict[Term, list[_Hit]] = {}
        self._inner: dict[Term, _Hit] = {}
        self._lines: dict[str, list[str]] = {}
        for document in documents if nodes else ():
            for index, quad in enumerate(document.quads):
                if quad.subject in nodes:
                    self._about.setdefault(quad.subject, []).append(_Hit(document, index))
                if quad.object in nodes:
                    self._naming.setdefault(quad.object, []).append(_Hit(document, index))
                if isinstance(quad.subject, ox.BlankNode):
                    self._inner.setdefault(quad.subject, _Hit(document, index))

    def find(self, focus: Term, path: str = "", value: Term | None = None, *, missing: bool = False) -> Position:
        """Return the position of a statement.

        Tried in turn: the property, where it is itself the value, the triple itself, another triple with that subject
        and object, the inverse triple, the last value of the path (unless something is missing), the block of the
        subject, a triple that names the focus. What several files say is told of one that is checked.
        """
        about = self._about.get(focus, [])
        on_path = _checked_first([hit for hit in about if hit.quad.predicate.value == path])
        if on_path and value == on_path[0].quad.predicate:
            return self._predicate(on_path[0])
        if value is not None:
            same = [hit for hit in about if hit.quad.object == value]
            exact = [hit for hit in same if hit.quad.predicate.value == path]
            inverse = [hit for hit in self._naming.get(focus, []) if hit.quad.subject == value]
            if matching := exact or same or inverse:
                return self._object(_checked_first(matching)[0])
        if on_path and not missing:
            return self._object(on_path[-1])
        if about:
            return self._subject(_home(_checked_first(about)))
        naming = _checked_first(self._naming.get(focus, []))
        return self._object(naming[0]) if naming else Position()

    def _text(self, document: Document) -> list[str]:
        if document.name not in self._lines:
            self._lines[document.name] = text_lines(document.data)
        return self._lines[document.name]

    def _object(self, hit: _Hit) -> Position:
        quad, document = hit.quad, hit.document
        term: Term = quad.object
        lines, at = self._text(document), document.lines[hit.index]
        if isinstance(term, ox.BlankNode) and term in self._inner and self._inner[term].document is document:
            inner = document.lines[self._inner[term].index]
            return _opening(document, lines, min(at, inner))
        if document.input.suffix == _JSON:
            return _search(document, lines, term, at, self._subject(hit).line, 0)
        earlier = document.lines[hit.index - 1] if hit.index else 1
        nth = sum(document.quads[i].object == term for i in _same_line(document, hit.index))
        return _search(document, lines, term, at, max(1, earlier - 1), nth)

    def _predicate(self, hit: _Hit) -> Position:
        document = hit.document
        low = self._subject(hit).line
        return _search(document, self._text(document), hit.quad.predicate, document.lines[hit.index], low, 0)

    def _subject(self, hit: _Hit) -> Position:
        document, subject = hit.document, hit.quad.subject
        first = hit.index
        while first and document.quads[first - 1].subject == subject:
            first -= 1
        lines, at = self._text(document), document.lines[first]
        if isinstance(subject, ox.BlankNode):
            return _opening(document, lines, at)
        back = _BACK_JSON if document.input.suffix == _JSON else _BACK
        return _search(document, lines, subject, at, max(1, at - back), 0, leading=True)


def _checked_first(hits: Sequence[_Hit]) -> Sequence[_Hit]:
    """Those in files that are checked, or all where no such file says it."""
    return [hit for hit in hits if hit.document.input.checked] or hits


def _home(about: Sequence[_Hit]) -> _Hit:
    """The statement that gives the class, or else the first one of the file that says most."""
    typed = [hit for hit in about if hit.quad.predicate.value == RDF_TYPE]
    counts = Counter(hit.document.name for hit in about)
    return (typed or sorted(about, key=lambda hit: -counts[hit.document.name]))[0]


def text_lines(data: bytes) -> list[str]:
    """Return the lines of a file without their ends."""
    return [line.rstrip("\r") for line in data.decode("utf-8", "replace").split("\n")]


def find_token(document: Document, term: Term) -> Position | None:
    """Return the first position in a file where a token means a term; None where there is none."""
    lines = text_lines(document.data)
    for number, line in enumerate(lines, 1):
        if line.lstrip().upper().startswith("PREFIX"):
            continue
        for match in _TURTLE.finditer(line):
            if _means(match, term, document):
                return _place(document, lines, number, line, *match.span())
    return None


def _same_line(document: Document, index: int) -> Iterator[int]:
    line = document.lines[index]
    while index and document.lines[index - 1] == line:
        index -= 1
        yield index


def _opening(document: Document, lines: Sequence[str], at: int) -> Position:
    """The bracket that opens a blank node, in a line or just before it."""
    for line in range(at, max(0, at - 3), -1):
        if (column := lines[line - 1].rfind("[")) >= 0:
            return Position(document.name, line, column + 1, 1, lines[line - 1])
    return whole_line(document.name, lines, at)


def whole_line(file: str, lines: Sequence[str], line: int) -> Position:
    """Return the position of a whole line, from its first character."""
    line = max(1, min(line, len(lines)))
    text = lines[line - 1]
    stripped = text.strip()
    return Position(file, line, text.find(stripped) + 1, max(1, len(stripped)), text)


def _search(
    document: Document, lines: Sequence[str], term: Term, at: int, low: int, nth: int, *, leading: bool = False
) -> Position:
    inside = term.value.count("\n") if isinstance(term, ox.Literal) else 0
    matcher = _turtle_spans if document.input.suffix in _TURTLE_LIKE else _plain_spans
    for end in range(min(at, len(lines)), max(0, low - 1 - inside), -1):
        for above in range(min(inside, end - 1) + 1):
            segment = "\n".join(lines[end - 1 - above : end])
            spans = list(matcher(segment, term, document, leading=leading))
            positions = [_place(document, lines, end - above, segment, *span) for span in spans]
            if leading and matcher is _turtle_spans:
                positions = [
                    position for position in positions if _begins_statement(lines, position.line, position.column)
                ]
            if positions:
                return positions[min(nth, len(positions) - 1)]
    return whole_line(document.name, lines, at - inside if inside else at)


def _place(document: Document, lines: Sequence[str], line: int, segment: str, start: int, stop: int) -> Position:
    line += segment.count("\n", 0, start)
    column = start - (segment.rfind("\n", 0, start) + 1)
    text = lines[line - 1]
    return Position(document.name, line, column + 1, max(1, min(stop - start, len(text) - column)), text)


def _turtle_spans(segment: str, term: Term, document: Document, *, leading: bool) -> Iterator[tuple[int, int]]:
    """Where tokens stand that mean a term; the first token of a line that is not indented is a subject."""
    spans = [match.span() for match in _TURTLE.finditer(segment) if _means(match, term, document)]
    as_object = [span for span in spans if span[0] > 0 or segment[span[1] :].strip() == ""]
    yield from spans if leading else as_object or spans


def _begins_statement(lines: Sequence[str], line: int, column: int) -> bool:
    """Whether what stands before a token is the end of a statement, or the beginning of a file or graph."""
    before = lines[line - 1][: column - 1].strip()
    while not before and line > 1:
        line -= 1
        text = lines[line - 1].strip()
        before = "" if text.startswith("#") else text.partition(" #")[0].strip()
    return not before or before.endswith((".", "{", "}")) or before.upper().startswith(("PREFIX", "BASE"))


def _means(match: re.Match[str], term: Term, document: Document) -> bool:
    kind, text = match.lastgroup, match.group()
    if kind in ("string", "tag", "type"):
        return isinstance(term, ox.Literal) and _same_text(match["string"], term.value) and _same_tag(match, term)
    if kind in ("number", "word") and isinstance(term, ox.Literal):
        return text == term.value
    if not isinstance(term, ox.NamedNode):
        return False
    if kind == "iri":
        return _unescaped(text[1:-1]) == term.value or (":" not in text and term.value.endswith(text[1:-1]))
    if kind == "name":
        prefix, _, local = text.partition(":")
        return prefix in document.prefixes and document.prefixes[prefix] + _unescaped(local) == term.value
    return text == "a" and term.value == RDF_TYPE


def _same_tag(match: re.Match[str], term: ox.Literal) -> bool:
    plain = term.datatype.value in _PLAIN
    return (match["tag"] or "@")[1:].lower() == (term.language or "").lower() and plain == (match["type"] is None)


def _same_text(text: str, value: str) -> bool:
    """Whether a quoted text means a value; the ends of lines were made equal when the file was split."""
    return _unquoted(text) == value.replace("\r\n", "\n")


def _unquoted(text: str) -> str:
    quotes = 3 if text.startswith(_LONG_QUOTES) else 1
    return _unescaped(text[quotes:-quotes])


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])

    return _ESCAPE.sub(one, text) if "\\" in text else text


def _plain_spans(segment: str, term: Term, document: Document, *, leading: bool) -> Iterator[tuple[int, int]]:
    """Where a term stands in XML, JSON or TSV: its text, or the short name that a prefix makes of it."""
    del leading
    names = [term.value] if isinstance(term, ox.NamedNode | ox.Literal) else []
    if document.input.suffix == _JSON:
        names = [json.dumps(name, ensure_ascii=False)[1:-1] for name in names]
    if isinstance(term, ox.NamedNode):
        spaces = document.prefixes.items()
        names += [f"{prefix}:{term.value[len(space) :]}" for prefix, space in spaces if term.value.startswith(space)]
        names.append(local_name(term.value))
    for name in names:
        pattern = rf"(?<![\w]){re.escape(name)}(?![\w])"
        if name and (spans := [match.span() for match in re.finditer(pattern, segment)]):
            yield from spans
            return
