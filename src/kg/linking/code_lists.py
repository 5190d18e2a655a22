"""Lists of codes, each one CSV file: `lists/<name>.rq` constructs what its rows say, and states version and columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.linking.csv_reader import Progress, Row, Sheet, silent
from kg.linking.esco import BROADER, Statement, closure
from kg.linking.turtle import as_turtle
from kg.namespaces import ID, KB
from kg.queries.engine import construct
from kg.queries.question import read_header, without_header

_LEVEL: Final = ox.NamedNode(KB + "level")
_SLOT: Final = re.compile(r"(VALUES \(([^)]*)\) \{) \(UNDEF[^)]*\) \}")


@dataclass(frozen=True)
class CodeList:
    """How the rows of a list become statements.

    Attributes:
        query: a CONSTRUCT with a slot `VALUES (?column ...) { (UNDEF ...) }`, whose variables are the columns read.
        version: edition of the list, the last part of its graph's IRI.
        key: the columns that together occur once.
        codes, iris: the columns that hold codes (letters and digits), or IRIs; no column that is read is empty.
        scheme: last part of the namespace of its codes, where extracts of it are kept.
        source: what it is and whose.
        beside: stem of a second list that may stand beside the first.

    """

    query: str
    version: str
    key: tuple[str, ...]
    codes: tuple[str, ...] = ()
    iris: tuple[str, ...] = ()
    scheme: str = ""
    source: str = ""
    beside: str = ""

    @classmethod
    def from_name(cls, name: str) -> CodeList:
        """Return the list that `lists/<name>.rq` describes."""
        path = resources.files("kg.linking") / "lists" / f"{name}.rq"
        text = path.read_text("utf-8")
        header = read_header(text, str(path))
        columns: dict[str, Any] = {part: tuple(header.pop(part, ())) for part in ("key", "codes", "iris")}
        return cls(query=without_header(text), **columns, **header)

    @property
    def columns(self) -> list[str]:
        """The columns that the query reads."""
        slot = _SLOT.search(self.query)
        return [name.removeprefix("?") for name in slot[2].split()] if slot else []

    def read(self, path: Path, progress: Progress = silent) -> list[Statement]:
        """Return what a file says, each statement once, sorted.

        Raises:
            SourceError: the file is missing or broken, with file and row.

        """
        rows = [self._values(row) for row in Sheet(path, self.columns, self.key).rows(progress)]
        query = _SLOT.sub(lambda slot: f"{slot[1]} {' '.join(rows)} }}", self.query)
        statements = {_statement(triple) for triple in construct(ox.Store(), query, str(path), union=False)}
        if self.beside and (other := path.with_name(f"{self.beside}.csv")).is_file():
            statements.update(CodeList.from_name(self.beside).read(other, progress))
        return sorted(statements, key=str)

    def _values(self, row: Row) -> str:
        """Return a row as a query writes it, its cells checked."""
        for column in self.iris:
            row.iri(column)
        for column in self.columns:
            if not row[column]:
                raise row.error(f"{column} is empty", "fill it, or delete the row")
        for column in self.codes:
            if not row[column].isalnum() or not row[column].isascii():
                raise row.error(f"{column} is no code: {row[column][:80]}", "a code is letters and digits")
        return f"({' '.join(str(ox.Literal(row[column])) for column in self.columns)})"

    def around(self, path: Path, linked: frozenset[str]) -> str:
        """Return what a file says of linked codes, and of what is broader, as Turtle.

        Raises:
            SourceError: the file is missing or broken, or nothing of it is linked.

        """
        space = f"{ID}{self.scheme}/"
        statements = [triple for triple in self.read(path) if triple[0].value.startswith(space)]
        wanted = closure(linked, _broader(statements))
        kept = [triple for triple in statements if triple[0].value in wanted and triple[1] != _LEVEL]
        if not kept:
            raise SourceError("nothing of it is linked", where=str(path), hint="add mappings first")
        return as_turtle(f"Linked codes, and what is broader: {self.source}", kept, {self.scheme: space})


def _statement(triple: ox.Triple) -> Statement:
    if not isinstance(triple.subject, ox.NamedNode) or not isinstance(triple.object, ox.NamedNode | ox.Literal):
        raise TypeError(f"a list of codes has IRIs and literals alone: {triple}")
    return triple.subject, triple.predicate, triple.object


def _broader(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    above: defaultdict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement[1] == BROADER:
            above[statement[0].value].append(statement)
    return above
