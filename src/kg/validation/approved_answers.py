"""Approved answers: what a saved question names, and how its answer differs from the one beside it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

from kg.files import read_text
from kg.queries.question import Question
from kg.queries.rows import python_value
from kg.rdf_terms import is_iri

_STRING_OR_COMMENT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|(?:^|(?<=\s))#[^\n]*', re.MULTILINE)
_PREFIX: Final = re.compile(r"^\s*PREFIX\s+([\w-]*):\s*<([^<>\s]*)>", re.MULTILINE | re.IGNORECASE)
_IRI: Final = re.compile(r"<([^<>\s]+)>")
_NAME: Final = re.compile(r"(?<![\w?$<-])([a-z][\w-]*):([\w.-]*[\w-])")
_EMPTY: Final = "#+ empty: true"

Row = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """How an answer differs from the approved one: in words, and the line of the approved answer, 0 for the query."""

    what: str
    line: int = 0


def prefixes_of(query: str) -> dict[str, str]:
    """Return the prefixes that a query declares."""
    return dict(_PREFIX.findall(_STRING_OR_COMMENT.sub("", query)))


def terms_of(query: str) -> set[str]:
    """Return the IRIs that a query names, in full or by prefix, outside strings and comments.

    What is no IRI is left out: the engine says so when it reads the query.
    """
    bare = _STRING_OR_COMMENT.sub("", query)
    prefixes = prefixes_of(query)
    body = _PREFIX.sub("", bare)
    names = _NAME.findall(_IRI.sub("", body))
    terms = {prefixes[prefix] + local for prefix, local in names if prefix in prefixes} | set(_IRI.findall(body))
    return set(filter(is_iri, terms))


def text_rows(rows: Iterable[Sequence[Any]]) -> list[Row]:
    """Return rows of terms as rows of text, as an approved answer holds them: a number in its shortest form."""
    return [tuple(cell(python_value(term)) for term in row) for row in rows]


def cell(value: Any) -> str:
    """Return a value as an approved answer holds it."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize() + 0, "f")
    return "" if value is None else str(value)


def read_approved(path: Path) -> tuple[Row, list[tuple[int, Row]]]:
    """Return the columns of an approved answer, and its rows with their lines."""
    reader = csv.reader(StringIO(read_text(path)))
    columns: Row = ()
    rows: list[tuple[int, Row]] = []
    begin = 1
    for number, row in enumerate(reader):
        if number == 0:
            columns = tuple(row)
        else:
            rows.append((begin, tuple(row)))
        begin = reader.line_num + 1
    return columns, rows


def format_answer(columns: Row, rows: Iterable[Row]) -> str:
    """Return an answer as it is approved: CSV with line feeds."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


def differences(question: Question, columns: Row, rows: Sequence[Row]) -> Iterator[Difference]:
    """Yield how an answer differs from the approved one beside the question; rows count as a multiset.

    Nothing is yielded where no answer stands beside it; order counts where the question says so.
    """
    path = question.path.with_suffix(".csv")
    if not rows and _EMPTY not in question.text:
        yield Difference(f"no rows; mend it, or add {_EMPTY}")
    if not path.is_file():
        return
    header, approved = read_approved(path)
    if header != columns:
        yield Difference(f"other columns: {', '.join(columns)} instead of {', '.join(header)}", 1)
        return
    counts, wanted = Counter(rows), Counter(row for _, row in approved)
    for line, row in approved:
        if wanted[row] > counts[row]:
            wanted[row] -= 1
            yield Difference(f"approved and not found: {', '.join(row)}", line)
    for row, count in (counts - Counter(row for _, row in approved)).items():
        yield Difference(f"found and not approved{f' {count} times' if count > 1 else ''}: {', '.join(row)}")
    if (
        question.ordered
        and counts == Counter(row for _, row in approved)
        and list(rows) != [row for _, row in approved]
    ):
        yield Difference("same rows, other order", 1)
