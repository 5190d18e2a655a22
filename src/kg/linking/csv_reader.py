"""CSV files of a vocabulary, one row a time: columns, width and keys are checked, and an error names file and row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError

_FIELD: Final = 1 << 24  # ESCO's list of all skills of a scheme is one cell of 600,000 characters.
_WEB: Final = ("http://", "https://")

Progress = Callable[[str, int], None]


def silent(_name: str, _rows: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True)
class Row:
    """One row: its file, its first line, its number below the header, its cells."""

    path: Path
    line: int
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column].strip()

    def many(self, column: str) -> list[str]:
        """Return the distinct values of a cell that holds one a line, in the order of the file."""
        return list(dict.fromkeys(value.strip() for value in self.cells[column].split("\n") if value.strip()))

    def iri(self, column: str) -> ox.NamedNode:
        """Return a cell as an IRI.

        Raises:
            SourceError: it is none, with file and row.

        """
        return self._iri(column, self[column])

    def listed(self, column: str) -> list[ox.NamedNode]:
        """Return the distinct IRIs of a cell that separates them by commas or spaces; none without the column.

        Raises:
            SourceError: one is none, with file and row.

        """
        values = self.cells.get(column, "").replace(",", " ").split()
        return [self._iri(column, value) for value in dict.fromkeys(values)]

    def _iri(self, column: str, value: str) -> ox.NamedNode:
        try:
            if value.startswith(_WEB):
                return ox.NamedNode(value)
        except ValueError:
            pass
        raise self.error(f"{column} is no IRI: {value[:80] or '(empty)'}", "mend the cell, or download the file again")

    def error(self, what: str, hint: str) -> SourceError:
        """Return an error that names this row."""
        return SourceError(f"row {self.number}: {what}", where=str(self.path), line=self.line, hint=hint)


@dataclass(frozen=True)
class Sheet:
    """A CSV file and what it must have (RFC 4180; UTF-8, a byte order mark is allowed).

    Attributes:
        path: the file.
        columns: the columns that are read; others may stand beside them.
        key: the columns that together occur once.

    """

    path: Path
    columns: Sequence[str]
    key: Sequence[str] = ()

    def rows(self, progress: Progress = silent) -> Iterator[Row]:
        """Yield the rows.

        Arguments:
            progress: hears the file's name and the rows read so far, now and then.

        Raises:
            SourceError: the file is missing, not UTF-8 or no CSV, a column is missing, a row has another width, or a
                key occurs twice.

        """
        csv.field_size_limit(_FIELD)
        seen: dict[tuple[str, ...], int] = {}
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                names = self._header(next(reader, []))
                begin = reader.line_num + 1
                for number, cells in enumerate(reader, 1):
                    if cells:
                        row = Row(self.path, begin, number, self._cells(names, cells, begin, number))
                        self._once(row, seen)
                        yield row
                    begin = reader.line_num + 1
                    if number % 1000 == 0:
                        progress(self.path.name, number)
        except UnicodeDecodeError as error:
            raise SourceError("not UTF-8", where=str(self.path), hint="download or save it as UTF-8") from error
        except csv.Error as error:
            hint = "a quotation mark is missing there, or the file is cut off: download it again"
            raise SourceError(f"no CSV: {error}", where=str(self.path), line=reader.line_num, hint=hint) from error
        except OSError as error:
            what = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
            raise SourceError(what, where=str(self.path), hint="it is part of the download; check the path") from error

    def _header(self, names: list[str]) -> list[str]:
        missing = [name for name in self.columns if name not in names]
        if missing:
            what = f"no column {', '.join(missing)}; the file has {', '.join(names) or 'none'}"
            raise SourceError(what, where=str(self.path), line=1, hint="the format has changed, or it is another file")
        return names

    def _cells(self, names: list[str], cells: list[str], line: int, number: int) -> Mapping[str, str]:
        if len(cells) != len(names):
            what = f"row {number}: {len(cells)} cells under {len(names)} columns"
            raise SourceError(what, where=str(self.path), line=line, hint="mend the row, or download the file again")
        return dict(zip(names, cells, strict=True))

    def _once(self, row: Row, seen: dict[tuple[str, ...], int]) -> None:
        if not self.key:
            return
        key = tuple(row.cells[name] for name in self.key)
        if seen.setdefault(key, row.number) != row.number:
            what = f"{' '.join(key)} stands already in row {seen[key]}"
            raise row.error(what, "delete one of the two, or download the file again")
