"""Files to check, of every format: read whole, with the line of each triple and the problems of each file.

Nothing here stops at a broken file: what cannot be read is a problem of that file and hides nothing in another.
"""

from __future__ import annotations

import os
import re
import tomllib
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.mappings import MappingFile
from kg.graph.sources import CATALOGUE_FILE
from kg.graph.sssom import SUFFIX as SSSOM
from kg.graph.sssom import read_sssom
from kg.languages import LANGUAGES
from kg.namespaces import BASE, CATALOGUE, GRAPH

RDF_FORMATS: Final[Mapping[str, ox.RdfFormat]] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
QUERY: Final = ".rq"
SUFFIXES: Final = (*RDF_FORMATS, SSSOM, QUERY)
THEMES: Final = "themes.toml"
_NAMES: Final = (THEMES, "columns.toml")  # Beside questions: their names in nl and en.
_TOML_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")
VIEWS_GRAPH: Final = BASE + "views"
MAX_BYTES: Final = 150_000_000
_HIDING: Final = ("syntax", "encoding", "unreadable", "size")


@dataclass(frozen=True)
class Input:
    """One file to read.

    Attributes:
        path: as people gave it, or relative to the working folder.
        graph: IRI of the graph that its triples fill where it names none.
        checked: False for a file that only completes the graph, such as an ontology.

    """

    path: Path
    graph: str
    checked: bool = True

    @property
    def suffix(self) -> str:
        """The suffix by which its format is known, or its name where only that is; empty for an unknown one."""
        known = (suffix for suffix in SUFFIXES if self.path.name.endswith(suffix))
        return self.path.name if self.path.name in _NAMES else next(known, "")

    @property
    def holds_rdf(self) -> bool:
        """Whether triples are read from it."""
        return self.suffix not in (QUERY, *_NAMES)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file as such: the built-in rule, the place, and in words what was found."""

    rule: str
    detail: str = ""
    line: int = 0
    column: int = 0
    width: int = 1


@dataclass
class Document:
    """One file as read.

    Attributes:
        input: which file.
        data: its bytes without byte order mark.
        quads: its triples in the order of the file, and `lines`, for each the line at which the parser knew it.
        prefixes: prefix to namespace, as the file declares them.
        names: what the file names in nl and en, of one that names themes or columns.
        problems: what is wrong with the file as such.

    """

    input: Input
    data: bytes = b""
    quads: list[ox.Quad] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("L"))
    prefixes: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The path as it is shown."""
        return str(self.input.path)

    @property
    def is_view(self) -> bool:
        """Whether the file says what pages show: shapes that are checked, and no part of the graph."""
        return self.input.graph == VIEWS_GRAPH

    @property
    def hides_triples(self) -> bool:
        """Whether the file may say more than could be read."""
        return any(problem.rule in _HIDING for problem in self.problems)


def relative_to_here(path: Path) -> Path:
    """Return a path relative to the working folder where it lies below it."""
    absolute, here = Path(os.path.abspath(path)), Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else path


def find_inputs(paths: Iterable[Path], *, checked: bool = True, graph: str = "") -> list[Input]:
    """Return the files at given paths: each file itself, and of each folder all files of a known format.

    Folders and files below a folder that start with `_` or `.` are left out.

    Raises:
        SourceError: a path is missing, a file is of no known format, or a folder holds nothing to check.

    """
    inputs: dict[Path, Input] = {}
    for path in paths:
        files = list(_files(path)) if path.is_dir() else [path]
        if not files:
            raise SourceError("nothing to check in the folder", where=str(path), hint=f"it needs {', '.join(SUFFIXES)}")
        for file in files:
            inputs.setdefault(relative_to_here(file), Input(relative_to_here(file), _graph(file, path, graph), checked))
    for item in inputs.values():
        _must_be_known(item)
    return list(inputs.values())


def _must_be_known(item: Input) -> None:
    if not os.path.lexists(item.path):
        raise SourceError("no such file or folder", where=str(item.path), hint="check the path")
    if not item.suffix:
        raise SourceError("a format that is not checked", where=str(item.path), hint=f"use {', '.join(SUFFIXES)}")


def _files(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = sorted(name for name in folders if not name.startswith(("_", "."))) if real not in seen else []
        if real in seen:
            continue
        seen.add(real)
        names = [name for name in names if name.endswith(SUFFIXES) or (name in _NAMES and _holds_questions(here))]
        yield from (Path(here, name) for name in sorted(names) if name[0] not in "_.")


def _holds_questions(folder: str) -> bool:
    return any(Path(folder).rglob(f"*{QUERY}"))


def _graph(file: Path, root: Path, graph: str) -> str:
    """A path under data/ is a graph; elsewhere the folders below the given one are."""
    if file.name == CATALOGUE_FILE:
        return CATALOGUE
    if graph:
        return graph
    parts = Path(os.path.abspath(file)).parent.parts
    if "data" in parts:
        below = parts[len(parts) - parts[::-1].index("data") :]
    else:
        below = file.parent.relative_to(root).parts if root.is_dir() else ()
    return GRAPH + ("/".join(below) or "given")


def read_document(item: Input, max_bytes: int = MAX_BYTES) -> Document:
    """Read and parse one file; whatever is wrong with it becomes a problem of the document."""
    document = Document(item)
    try:
        size = item.path.stat().st_size
        if size > max_bytes:
            document.problems.append(Problem("size", f"{size // 10**6} MB; {max_bytes // 10**6} MB are allowed"))
            return document
        data = item.path.read_bytes()
    except OSError as error:
        document.problems.append(Problem("unreadable", error.strerror or str(error)))
        return document
    document.data = data.removeprefix(BOM_UTF8)
    document.problems.extend(_bytes_problems(document.data))
    if not any(problem.rule == "encoding" for problem in document.problems):
        _parse(document)
    if not document.quads and not document.problems and item.holds_rdf:
        document.problems.append(Problem("empty"))
    if document.data != data:
        document.problems.append(Problem("byte-order-mark", "", 1, 1))
    return document


def _bytes_problems(data: bytes) -> Iterator[Problem]:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Problem("encoding", f"byte 0x{data[error.start]:02x}", *line_and_column(data, error.start))
    at = data.find(b"\x00")
    if at >= 0:
        yield Problem("nul", "", *line_and_column(data, at))


def line_and_column(data: bytes, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of a byte."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode("utf-8", "replace")) + 1


class _LineByLine:
    """Bytes that a parser gets one line a time, so that the lines read so far tell where it is."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)
        self._begins = True
        self.read_so_far = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next line, or as much of it as fits: more than `size` bytes would end the process."""
        part = self._file.readline(size)
        self.read_so_far += bool(part) and self._begins
        self._begins = part.endswith(b"\n")
        return part


def _parse(document: Document) -> None:
    suffix = document.input.suffix
    if suffix == QUERY or not document.data:
        return
    if suffix == SSSOM:
        _parse_sssom(document)
        return
    if suffix in _NAMES:
        _parse_names(document)
        return
    feed = _LineByLine(document.data)
    try:
        parser = ox.parse(
            cast(IO[bytes], feed), format=RDF_FORMATS[suffix], base_iri=document.input.path.absolute().as_uri()
        )
        for quad in parser:
            document.quads.append(quad)
            document.lines.append(feed.read_so_far)
        document.prefixes.update(parser.prefixes)
    except SyntaxError as error:
        line, column = error.lineno or feed.read_so_far, error.offset or 0
        document.problems.append(Problem("syntax", without_place(error.msg), line, column))


def without_place(message: str) -> str:
    """Return a parser's message without the place that it begins with."""
    return message.split(": ", 1)[1] if message.startswith("Parser error at line") and ": " in message else message


def _parse_sssom(document: Document) -> None:
    mappings = read_sssom(document.data.decode("utf-8"))
    document.prefixes.update(mappings.prefixes)
    document.problems.extend(Problem("sssom", *problem) for problem in mappings.problems)
    for quad, line in MappingFile(document.input.path, mappings).located():
        document.quads.append(quad)
        document.lines.append(line)


def _parse_names(document: Document) -> None:
    """Read a file with a table for each name."""
    text = document.data.decode("utf-8")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line, column = map(int, place.groups()) if place else (text.count("\n") + 1, 1)
        document.problems.append(Problem("syntax", _TOML_PLACE.sub("", str(error)), line, column))
        return
    for name, texts in tables.items():
        if isinstance(texts, dict) and all(isinstance(texts.get(tag), str) for tag in LANGUAGES):
            document.names.add(name)
        else:
            line = next((number for number, row in enumerate(text.split("\n"), 1) if name in row), 1)
            document.problems.append(Problem("query-names", name, line, 1))


def triples_of(documents: Iterable[Document]) -> Iterator[ox.Triple]:
    """Yield all triples of all files, whatever their graph; a triple that stands twice comes twice."""
    for document in documents:
        yield from (quad.triple for quad in document.quads)


def quads_of(documents: Sequence[Document]) -> Iterator[ox.Quad]:
    """Yield all triples of all files, each in its graph; a file's default graph is the graph of the file."""
    default = ox.DefaultGraph()
    for document in documents:
        name = ox.NamedNode(document.input.graph)
        for quad in document.quads:
            yield ox.Quad(quad.subject, quad.predicate, quad.object, name) if quad.graph_name == default else quad
