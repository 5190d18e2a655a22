"""An answer made readable: typed values, labels in the language asked for, and titles above the columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import pyoxigraph as ox

from kg.labels import Labels
from kg.namespaces import XSD
from kg.queries.formats import Solutions
from kg.queries.rows import Value, python_value
from kg.rdf_terms import local_name

LABEL: Final = "Label"
_KINDS: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    float: "double",
    datetime: "dateTime",
    date: "date",
    str: "string",
}
NUMBERS: Final = ("integer", "decimal", "double")
Titles = Callable[[str], str]


@dataclass(frozen=True)
class Cell:
    """One value of a row.

    Attributes:
        value: the Python value; for an IRI the IRI, None where the variable is unbound.
        text: label of an IRI, or the literal; `lang` is its language, empty where it has none.
        iri: whether the value is an IRI.
        kind: of the value, as `Column.kind`.

    """

    value: Value
    text: str = ""
    lang: str = ""
    iri: bool = False
    kind: str = ""


@dataclass(frozen=True)
class Column:
    """One column: `name` is the variable, `title` what stands above it, `kind` the kind of all its values.

    `kind` is iri, integer, decimal, double, boolean, date, dateTime, string, or mixed.
    """

    name: str
    title: str
    kind: str

    @property
    def numeric(self) -> bool:
        """Whether all its values are numbers."""
        return self.kind in NUMBERS


@dataclass(frozen=True)
class Sheet:
    """The rows of an answer in one language; a label beside its IRI is one column with it.

    Attributes:
        lang: the language of labels and titles.

    """

    lang: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def from_solutions(cls, solutions: Solutions, labels: Labels, titles: Titles, lang: str) -> Sheet:
        """Return the sheet of a SELECT, or the one cell of an ASK.

        Arguments:
            solutions: the answer.
            labels: of IRIs; a label in the answer itself counts where there is none.
            titles: column name to title.
            lang: language tag.

        """
        if isinstance(solutions, ox.QueryBoolean):
            return cls(lang, (Column("answer", titles("answer"), "boolean"),), ((_literal(bool(solutions)),),))
        if isinstance(solutions, ox.QueryTriples):
            raise TypeError("a graph has no rows")
        names = [variable.value for variable in solutions.variables]
        terms = [{name: row[name] for name in names} for row in solutions]
        iris = {name for name in names if _all_iris(name, terms)}
        kept = [name for name in names if not (name.endswith(LABEL) and name.removesuffix(LABEL) in iris)]
        rows = tuple(tuple(_cell(row, name, labels, lang) for name in kept) for row in terms)
        kinds = (_kind([row[number] for row in rows]) for number, _ in enumerate(kept))
        return cls(lang, tuple(Column(name, titles(name), kind) for name, kind in zip(kept, kinds, strict=True)), rows)

    def index(self, name: str) -> int:
        """Return where a column stands; the label of a column of IRIs stands with it.

        Raises:
            KeyError: there is no such column.

        """
        names = [column.name for column in self.columns]
        for variable in (name, name.removesuffix(LABEL)):
            if variable in names:
                return names.index(variable)
        raise KeyError(name)

    @property
    def flat(self) -> tuple[list[str], list[list[Value]]]:
        """Names and rows for data: a column of IRIs is followed by the column of its labels."""
        names: list[str] = []
        for column in self.columns:
            names += [column.name, column.name + LABEL] if column.kind == "iri" else [column.name]
        return names, [self._flat(row) for row in self.rows]

    def _flat(self, row: Sequence[Cell]) -> list[Value]:
        values: list[Value] = []
        for column, cell in zip(self.columns, row, strict=True):
            values += [cell.value, cell.text or None] if column.kind == "iri" else [cell.value]
        return values


def _all_iris(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    terms = [row[name] for row in rows if row[name] is not None]
    return bool(terms) and all(isinstance(term, ox.NamedNode) for term in terms)


def _cell(row: Mapping[str, Any], name: str, labels: Labels, lang: str) -> Cell:
    term = row[name]
    if term is None:
        return Cell(None)
    if isinstance(term, ox.NamedNode):
        text, tag = labels.get(term.value, lang)
        said = row.get(name + LABEL)
        if not tag and isinstance(said, ox.Literal) and text == local_name(term.value):
            text, tag = said.value, said.language or ""
        return Cell(term.value, text, tag, iri=True, kind="iri")
    if isinstance(term, ox.Literal) and term.language:
        text, tag = term.value, term.language
        other = labels.translate(text, tag, lang) if name.endswith(LABEL) else ""
        return Cell(other or text, other or text, lang if other else tag, kind="string")
    value = python_value(term)
    number = isinstance(term, ox.Literal) and term.datatype.value.startswith(XSD)
    return _literal(value if number else str(value))


def _literal(value: Value) -> Cell:
    return Cell(value, str(value), kind=_KINDS.get(type(value), "string"))


def _kind(cells: Sequence[Cell]) -> str:
    kinds = {cell.kind for cell in cells if cell.value is not None}
    if kinds and kinds <= set(NUMBERS):
        return next(kind for kind in reversed(NUMBERS) if kind in kinds)
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "string"
