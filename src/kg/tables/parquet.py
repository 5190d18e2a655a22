"""Tables as Apache Parquet, for pandas, R and DuckDB: typed columns, each with its titles and its property."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import NotAcceptable, install_hint
from kg.namespaces import XSD
from kg.queries.rows import Value, python_value
from kg.tables.description import Description, Field

MEDIA_TYPE: Final = "application/vnd.apache.parquet"
# XML Schema to Arrow; what is not named is text. Decimals are doubles, as readers want numbers to reckon with.
_TYPES: Final[Mapping[str, str]] = {
    "boolean": "bool_",
    "integer": "int64",
    "decimal": "float64",
    "double": "float64",
    "date": "date32",
    "gYear": "int32",
}
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "decimal": float,
    "gYear": lambda value: int(str(value)),
    "integer": int,
}


def is_written() -> bool:
    """Return whether pyarrow, which writes it, is installed."""
    return find_spec("pyarrow") is not None


def render(description: Description, rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a table as Parquet; the same rows give the same bytes.

    Arguments:
        description: what the columns mean.
        rows: a value for each column: a Python value, or a text as XML Schema writes it, several of them parted.

    Raises:
        NotAcceptable: pyarrow is not installed.

    """
    if not is_written():
        raise NotAcceptable("Parquet is not written here: pyarrow is not installed", hint=install_hint("parquet"))
    import pyarrow  # Large, and an extra.
    from pyarrow import parquet

    fields = [_field(pyarrow, column) for column in description.fields]
    columns = list(zip(*rows, strict=True)) or [()] * len(fields)
    arrays = [
        pyarrow.array([_value(value, column) for value in values], field.type)
        for column, values, field in zip(description.fields, columns, fields, strict=True)
    ]
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields)), buffer, compression="zstd")
    return buffer.getvalue()


def _field(pyarrow: Any, column: Field) -> Any:
    kind = getattr(pyarrow, _TYPES.get(column.datatype, "string"))()
    said = {"property": column.predicate, **{f"title_{tag}": text for tag, text in column.title.items()}}
    metadata = {name: text for name, text in said.items() if text}
    return pyarrow.field(column.head, pyarrow.list_(kind) if column.separator else kind, metadata=metadata)


def _value(value: Value, column: Field) -> Any:
    if value is None or value == "":
        return None
    if column.separator:
        return [_single(item, column) for item in str(value).split(column.separator)]
    return _single(value, column)


def _single(value: Value, column: Field) -> Any:
    if isinstance(value, str):
        value = python_value(ox.Literal(value, datatype=ox.NamedNode(XSD + column.datatype)))
    if column.datatype in _READERS:
        return _READERS[column.datatype](value)
    return value if column.datatype in _TYPES else str(value)
