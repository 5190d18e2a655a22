"""Answers as Python values, for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, overload

import pyoxigraph as ox

from kg.errors import Refused, Unavailable, install_hint
from kg.namespaces import XSD
from kg.queries.formats import Solutions

if TYPE_CHECKING:
    import pandas

Value = str | int | float | bool | Decimal | date | datetime | None
Row = dict[str, Value]

_INTEGERS: Final = ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "unsignedInt")
_READERS: Final[dict[str, Callable[[str], Value]]] = {
    **{XSD + name: int for name in _INTEGERS},
    XSD + "decimal": Decimal,
    XSD + "double": float,
    XSD + "float": float,
    XSD + "boolean": lambda text: text in ("true", "1"),
    XSD + "date": date.fromisoformat,
    XSD + "dateTime": datetime.fromisoformat,
}


def python_value(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> Value:
    """Return a term as a Python value: IRIs as text, numbers and dates typed, an ill-typed literal as its text."""
    if isinstance(term, ox.Literal):
        try:
            return _READERS.get(term.datatype.value, str)(term.value)
        except (ValueError, ArithmeticError):
            return term.value
    if term is None or isinstance(term, ox.Triple):
        return None if term is None else str(term)
    return term.value


class Rows(Sequence[Row]):
    """The rows of a SELECT, each a dict from variable to value; unbound is None.

    Arguments:
        columns: the variables, in the order of the answer.
        rows: one dict a solution.

    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self.columns = tuple(columns)
        self._rows = tuple(rows)

    @classmethod
    def from_solutions(cls, solutions: Solutions) -> Rows:
        """Return the rows of a SELECT, or the one row of an ASK.

        Raises:
            Refused: the answer is a graph.

        """
        if isinstance(solutions, ox.QueryBoolean):
            return cls(["answer"], [{"answer": bool(solutions)}])
        if isinstance(solutions, ox.QueryTriples):
            raise Refused("CONSTRUCT and DESCRIBE give a graph, not rows", hint="use kg.dataset().query(...)")
        columns = [variable.value for variable in solutions.variables]
        return cls(columns, [{name: python_value(row[name]) for name in columns} for row in solutions])

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} rows: {', '.join(self.columns)}>"

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a typed DataFrame: Int64, Float64, boolean, datetime64 and string columns.

        Raises:
            Unavailable: pandas is not installed.

        """
        try:
            import pandas
        except ImportError as error:
            raise Unavailable("pandas is not installed", hint=install_hint("pandas")) from error
        columns = {name: pandas.Series(*_typed([row[name] for row in self._rows])) for name in self.columns}
        return pandas.DataFrame(columns, columns=list(self.columns))


def _typed(values: Sequence[Value]) -> tuple[list[Any], None, str]:
    """Return values, index and dtype of a pandas Series that holds them without loss of kind."""
    kinds = {type(value) for value in values if value is not None}
    for kind, dtype in ((bool, "boolean"), (int, "Int64"), (date, "datetime64[s]"), (datetime, "object")):
        if kinds == {kind}:
            return list(values), None, dtype
    if kinds and kinds <= {int, float, Decimal}:
        return [None if value is None else float(value) for value in values], None, "Float64"  # type: ignore[arg-type]
    return [None if value is None else str(value) for value in values], None, "string"
