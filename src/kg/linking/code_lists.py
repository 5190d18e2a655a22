"""Lists of codes, each one CSV file: the CBS crosswalk of ISCO-08 to BRC 2014, CREBO, ISCED-F 2013, SBI 2008."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.linking.csv_reader import Row, Sheet, Told, silent
from kg.linking.esco import BROADER, CONCEPT, IN_SCHEME, ISCO, NOTATION, PREF, SCHEME, TYPE, Said, closure
from kg.linking.turtle import as_turtle
from kg.namespaces import ID, KB, SKOS

BROAD_MATCH: Final = ox.NamedNode(SKOS + "broadMatch")
LEVEL: Final = ox.NamedNode(KB + "level")


@dataclass(frozen=True)
class CodeList:
    """How the rows of a list become statements.

    Attributes:
        columns: the columns that are read.
        key: the columns that together occur once.
        version: edition of the list, the last part of its graph's IRI.
        statements: what a row says.
        scheme: last part of the namespace of its codes, where extracts of it are kept.
        title: what it is and whose.
        beside: a second file that may stand beside the first, and how it is read.

    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    version: str
    statements: Callable[[Row], Iterator[Said]]
    scheme: str = ""
    title: str = ""
    beside: tuple[str, CodeList] | None = None

    def read(self, path: Path, tell: Told = silent) -> Iterator[Said]:
        """Yield what a file says, each statement once.

        Raises:
            SourceError: the file is missing or broken, with file and row.

        """
        said: set[Said] = set()
        for row in Sheet(path, self.columns, self.key).rows(tell):
            new = [one for one in self.statements(row) if one not in said]
            said.update(new)
            yield from new
        if self.beside and (other := path.with_name(self.beside[0])).is_file():
            yield from (one for one in self.beside[1].read(other, tell) if one not in said)

    def around(self, path: Path, linked: frozenset[str]) -> str:
        """Return what a file says of linked codes, and of what is broader, as Turtle.

        Raises:
            SourceError: the file is missing or broken, or nothing of it is linked.

        """
        space = f"{ID}{self.scheme}/"
        said = [one for one in self.read(path) if one[0].value.startswith(space)]
        above: defaultdict[str, list[Said]] = defaultdict(list)
        for one in said:
            if one[1] == BROADER:
                above[one[0].value].append(one)
        wanted = closure(linked, above)
        kept = [one for one in said if one[0].value in wanted and one[1] != LEVEL]
        if not kept:
            raise SourceError("nothing of it is linked", where=str(path), hint="add mappings first")
        return as_turtle(f"Linked codes, and what is broader: {self.title}", kept)


def _coded(row: Row, space: str, code: str, label: str, language: str = "nl") -> Iterator[Said]:
    concept = _node(row, space, code)
    yield concept, TYPE, CONCEPT
    yield concept, NOTATION, ox.Literal(row[code])
    yield concept, PREF, ox.Literal(_filled(row, label), language=language)
    if space.startswith(ID):
        yield concept, IN_SCHEME, ox.NamedNode(ID + "scheme/" + space.removeprefix(ID).rstrip("/"))


def _node(row: Row, space: str, code: str) -> ox.NamedNode:
    value = _filled(row, code)
    if not value.isalnum() or not value.isascii():
        raise row.error(f"{code} is no code: {value[:80]}", "a code is letters and digits")
    return ox.NamedNode(space + value)


def _filled(row: Row, column: str) -> str:
    if not row[column]:
        raise row.error(f"{column} is empty", "fill it, or delete the row")
    return row[column]


def _isco_brc(row: Row) -> Iterator[Said]:
    brc, group = f"{ID}brc-2014/", _node(row, f"{ID}brc-2014/", "brc_group")
    yield from _coded(row, ISCO, "isco08_unit", "isco08_unit_label")
    yield from _coded(row, brc, "brc_group", "brc_group_label")
    yield _node(row, ISCO, "isco08_unit"), BROAD_MATCH, group
    yield group, BROADER, _node(row, brc, "brc_class")


def _crebo(row: Row) -> Iterator[Said]:
    space = f"{ID}crebo-2015/"
    yield from _coded(row, space, "kwalificatie_crebo", "kwalificatie")
    yield from _coded(row, space, "dossier_crebo", "dossier")
    qualification = _node(row, space, "kwalificatie_crebo")
    yield qualification, BROADER, _node(row, space, "dossier_crebo")
    yield qualification, LEVEL, ox.NamedNode(f"{ID}level/mbo-{_filled(row, 'niveau')}")


def _isced_f(row: Row) -> Iterator[Said]:
    field = row.iri("uri")
    yield field, TYPE, CONCEPT
    yield field, IN_SCHEME, ox.NamedNode(f"{SCHEME}isced-f")
    yield field, NOTATION, ox.Literal(_filled(row, "code"))
    for language in ("nl", "en"):
        yield field, PREF, ox.Literal(_filled(row, language), language=language)
    if len(row["code"]) > 2:
        yield field, BROADER, ox.NamedNode(field.value[:-1])


def _sbi(row: Row) -> Iterator[Said]:
    yield from _coded(row, f"{ID}sbi-2008/", "SBI", "Omschrijving")


def _brc_class(row: Row) -> Iterator[Said]:
    yield from _coded(row, f"{ID}brc-2014/", "brc_class", "label_nl")


_BRC_CLASSES: Final = CodeList(("brc_class", "label_nl"), ("brc_class",), "2014", _brc_class)
LISTS: Final = {
    "isco-brc": CodeList(
        ("isco08_unit", "isco08_unit_label", "brc_group", "brc_group_label", "brc_class"),
        ("isco08_unit", "brc_group"),
        "2014",
        _isco_brc,
        "brc-2014",
        "BRC 2014 (Beroepenindeling ROA-CBS), Statistics Netherlands (CBS), CC BY 4.0.",
        ("brc2014_classes_nl.csv", _BRC_CLASSES),
    ),
    "crebo": CodeList(
        ("dossier_crebo", "dossier", "kwalificatie_crebo", "kwalificatie", "niveau"),
        ("kwalificatie_crebo", "niveau"),
        "2015",
        _crebo,
        "crebo-2015",
        "CREBO, mbo qualifications of 2015: DUO, Ministry of Education, Culture and Science of the Netherlands.",
    ),
    "isced-f": CodeList(("uri", "code", "nl", "en"), ("uri",), "2013", _isced_f),
    "sbi": CodeList(
        ("SBI", "Omschrijving"),
        ("SBI",),
        "2008",
        _sbi,
        "sbi-2008",
        "SBI 2008 (Standaard Bedrijfsindeling), Statistics Netherlands (CBS), CC BY 4.0.",
    ),
}
