"""Approved answers: what a saved question names, and how its answer differs from the one beside it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, Final

from kg.errors import NotFound, QueryError, Refused, SourceError
from kg.files import read_text, write_whole
from kg.queries.dataset import Dataset
from kg.queries.engine import answer, iris_of
from kg.queries.question import Question
from kg.queries.rows import Rows, python_value
from kg.rdf_terms import is_iri

_STRING_OR_COMMENT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|(?:^|(?<=\s))#[^\n]*', re.MULTILINE)
_PREFIX: Final = re.compile(r"^\s*PREFIX\s+([\w-]*):\s*<([^<>\s]*)>", re.MULTILINE | re.IGNORECASE)
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
    return set(filter(is_iri, iris_of(query)))


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
    return _table(read_text(path))


def _table(text: str) -> tuple[Row, list[tuple[int, Row]]]:
    reader = csv.reader(StringIO(text))
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


def format_answer(question: Question, columns: Row, rows: Iterable[Row]) -> str:
    """Return an answer as it is approved: CSV with line feeds, without the values that vary."""
    kept = list(_without_varying(question, columns, rows))
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *(kept if _in_order(question) else sorted(kept))])
    return text.getvalue()


def _without_varying(question: Question, columns: Row, rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield tuple("" if name in question.varies else text for name, text in zip(columns, row, strict=True))


def _in_order(question: Question) -> bool:
    """Whether the order is approved; rows are often in the order of what varies."""
    return question.ordered and not question.varies


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
    current, former = list(_without_varying(question, columns, rows)), [row for _, row in approved]
    actual, expected = Counter(current), Counter(former)
    for line, row in approved:
        if expected[row] > actual[row]:
            expected[row] -= 1
            yield Difference(f"approved and not found: {', '.join(row)}", line)
    for row, count in (actual - Counter(former)).items():
        yield Difference(f"found and not approved{f' {count} times' if count > 1 else ''}: {', '.join(row)}")
    if _in_order(question) and actual == Counter(former) and current != former:
        yield Difference("same rows, other order", 1)


def select_questions(questions: Mapping[str, Question], names: Sequence[str]) -> list[Question]:
    """Return the questions that people name: by name, by file, or by folder below `queries/`; all without a name.

    Raises:
        NotFound: a name that no question has.

    """
    selected: dict[str, Question] = {}
    for name in names:
        wanted = name.removesuffix(".rq").removesuffix(".csv").rstrip("/").rpartition("queries/")[2]
        own = {key: question for key, question in questions.items() if key == wanted or key.startswith(f"{wanted}/")}
        if not own:
            near = get_close_matches(wanted, questions, 3)
            raise NotFound(f"no question called {name}", where="queries", hint=f"nearest: {', '.join(near) or 'none'}")
        selected |= own
    return list((selected if names else questions).values())


def approve(question: Question, dataset: Dataset, *, write: bool = True) -> list[str]:
    """Approve the answer to a question anew, and return what differs from the approved one, a line each.

    Arguments:
        question: what is asked; its answer is written beside it.
        dataset: the graph that answers it.
        write: False to say only what differs.

    Raises:
        SourceError: the answer has no rows, or cannot be written.
        QueryError: the question is no SPARQL.

    """
    try:
        rows = Rows.from_solutions(answer(dataset, question.text))
    except (QueryError, Refused) as error:
        where = str(question.path)
        raise QueryError(error.what, where=where, line=error.line, column=error.column, hint=error.hint) from error
    texts = [tuple(map(cell, row.values())) for row in rows]
    if not texts and _EMPTY not in question.text:
        raise SourceError("no rows", where=str(question.path), hint=f"mend the query, or add {_EMPTY}")
    path = question.path.with_suffix(".csv")
    text = format_answer(question, rows.columns, texts)
    if path.is_file() and read_text(path) == text:
        return []
    changes = list(_changes(path, text))
    if write:
        write_whole(path, text)
    return changes


def _changes(path: Path, text: str) -> Iterator[str]:
    """Yield how an approved answer changes: rows that go (-) and that come (+), as text."""
    columns, rows = _table(text)
    if not path.is_file():
        yield f"new: {', '.join(columns)}; {len(rows)} rows"
        return
    old_columns, old_rows = read_approved(path)
    if old_columns != columns:
        yield f"columns {', '.join(columns)} instead of {', '.join(old_columns)}"
        return
    before, after = (Counter(row for _, row in part) for part in (old_rows, rows))
    yield from (f"- {', '.join(row)}" for row in (before - after).elements())
    yield from (f"+ {', '.join(row)}" for row in (after - before).elements())
    if before == after:
        yield "the same rows, in another order or written otherwise"
