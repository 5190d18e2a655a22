"""What the columns of a table mean, said once: CSV on the Web, Data Package and Parquet are written from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kg.languages import LANGUAGES
from kg.tables.column_titles import Words, title_of
from kg.tables.sheet import LABEL, Sheet

Texts = Mapping[str, str]
_KINDS: Final[Mapping[str, str]] = {"iri": "anyURI", "mixed": "string"}


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        head: what stands above it.
        title: its name in each language; `definition` says what it means.
        datatype: local name of a datatype of XML Schema, such as string, integer or anyURI.
        separator: what parts several values of a cell; empty where a cell has one.
        lang: language tag of its texts, empty for none.
        predicate: IRI of the property whose values these are; empty for what only helps to read others.
        references: path of the table whose key its values are; empty for none.
        required: whether every row has a value.

    """

    head: str
    title: Texts
    datatype: str = "string"
    definition: Texts = field(default_factory=dict)
    separator: str = ""
    lang: str = ""
    predicate: str = ""
    references: str = ""
    required: bool = False


@dataclass(frozen=True)
class Origin:
    """A graph or publication on which a table rests: its IRI, its title, and the IRI of its licence if it has one."""

    iri: str
    title: Texts
    licence: str = ""


@dataclass(frozen=True)
class Description:
    """One table.

    Attributes:
        path: where the CSV is, relative to the description or as a URL.
        title: what it is, in each language; `definition` says what a row is.
        fields: its columns, in order.
        key: the column that names each row; empty where none does.
        origins: what it rests on.
        notes: what to know of the figures.

    """

    path: str
    title: Texts
    fields: tuple[Field, ...]
    definition: Texts = field(default_factory=dict)
    key: str = ""
    origins: tuple[Origin, ...] = ()
    notes: tuple[str, ...] = ()


def fields_of(sheet: Sheet, words: Words) -> tuple[Field, ...]:
    """Return the columns of a sheet as its CSV has them: labels of IRIs stand beside them.

    Arguments:
        sheet: the rows.
        words: titles of columns by variable and language.

    """
    fields: list[Field] = []
    for place, column in enumerate(sheet.columns):
        title = {tag: title_of(words, column.name, tag) for tag in LANGUAGES}
        cells = [row[place] for row in sheet.rows]
        full = bool(cells) and all(cell.value is not None for cell in cells)
        tags = {cell.lang for cell in cells if cell.value is not None}
        lang = next(iter(tags)) if len(tags) == 1 else ""
        if column.kind == "iri":
            fields.append(Field(column.name, title, "anyURI", required=full))
            fields.append(Field(column.name + LABEL, title, lang=lang))
        else:
            kind = _KINDS.get(column.kind, column.kind)
            fields.append(Field(column.name, title, kind, lang=lang, required=full))
    return tuple(fields)


def key_of(sheet: Sheet) -> str:
    """Return the first column where it names each row by another IRI, or nothing."""
    values = [row[0].value for row in sheet.rows]
    named = bool(values) and sheet.columns[0].kind == "iri" and None not in values
    return sheet.columns[0].name if named and len(set(values)) == len(values) else ""
