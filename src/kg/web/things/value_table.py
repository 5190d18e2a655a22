"""Values as a table (`dash:ValueTableViewer`): a row for each, and columns for their key facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from kg.graph.facts import Fact
from kg.rdf_terms import Term, term_key
from kg.web.layout import TermView, message
from kg.web.site import Site
from kg.web.terms import show
from kg.web.things.support import Chip, SupportView, chips, support_view

_COMPARED: Final = ("ScopeRole", "PeriodRole")


@dataclass(frozen=True)
class Said:
    """Values of a cell that are of one kind of statement; `kinds` is empty where that is the kind of their row."""

    values: tuple[TermView, ...]
    kinds: tuple[Chip, ...] = ()


Cell = tuple[Said, ...]


@dataclass(frozen=True)
class Table:
    """Values as a table.

    Attributes:
        shared: name and value of what is the same for all rows, and therefore no column.
        columns: the names of the others.
        rows: for each value its cells and what it rests on.

    """

    shared: tuple[tuple[str, Cell], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[TermView, tuple[Cell, ...], SupportView], ...]

    @property
    def kinds(self) -> tuple[Chip, ...]:
        """The kinds of statements, where they are the same for all rows."""
        same = {support.chips for _, _, support in self.rows}
        return same.pop() if len(same) == 1 else ()

    @property
    def supported(self) -> list[tuple[TermView, SupportView]]:
        """The rows that rest on something that can be shown."""
        return [(term, support) for term, _, support in self.rows if support.has_details]


def make_table(site: Site, lang: str, iri: str, facts: Sequence[Fact], most: int) -> Table:
    """Return the values of a thing as a table.

    Arguments:
        site: what is served.
        lang: language of the page.
        iri: the thing; a column that would name nothing else is left out.
        facts: its values.
        most: how many passages of each are shown.

    """
    supports = [support_view(site, lang, site.own_statements(fact.value) or fact.quads, most) for fact in facts]
    filled = [_cells(site, lang, iri, fact.value, row.chips) for fact, row in zip(facts, supports, strict=True)]
    names = list(dict.fromkeys(name for cells in filled for name in cells))
    by_column = {name: {cells.get(name, ()) for cells in filled} for name in names}
    shared = {name: cells.pop() for name, cells in by_column.items() if len(filled) > 1 and len(cells) == 1}
    begun, terms = _without_beginning([show(site, lang, fact.value) for fact in facts])
    if begun:
        shared = {message("name", lang): (Said((TermView(begun),)),)} | shared
    columns = tuple(name for name in names if name not in shared and not _repeats(terms, name, filled))
    rows = (
        (term, tuple(cells.get(name, ()) for name in columns), support)
        for term, cells, support in zip(terms, filled, supports, strict=True)
    )
    return Table(tuple(shared.items()), columns, tuple(rows))


def _without_beginning(terms: Sequence[TermView]) -> tuple[str, list[TermView]]:
    """Return what all names say before a colon, and the terms with the rest; nothing where it differs."""
    parts = [term.text.rpartition(": ") for term in terms]
    begun = {before for before, _, _ in parts}
    if len(begun) != 1 or len({rest for _, _, rest in parts}) < len(terms) or len(terms) == 1:
        return "", list(terms)
    return begun.pop(), [replace(term, text=rest) for term, (_, _, rest) in zip(terms, parts, strict=True)]


def _repeats(terms: Sequence[TermView], name: str, filled: Sequence[Mapping[str, Cell]]) -> bool:
    """Return whether a column says in each row what the name of the row says."""
    said = [[value.text for each in cells.get(name, ()) for value in each.values] for cells in filled]
    return said == [[term.text] for term in terms]


def _cells(site: Site, lang: str, iri: str, value: Term, row: tuple[Chip, ...]) -> dict[str, Cell]:
    cells = {}
    for field, facts in site.key_facts(value):
        if any(fact.value != ox.NamedNode(iri) for fact in facts):
            cells[field.name[lang]] = _cell(site, lang, site.in_order(facts, lang), row)
    missing = _not_named(site, lang, value, cells)
    return cells | dict.fromkeys(missing, (Said((TermView(message("not_named", lang)),)),))


def _cell(site: Site, lang: str, facts: Iterable[Fact], row: tuple[Chip, ...]) -> Cell:
    by_kind: dict[tuple[Chip, ...], list[TermView]] = {}
    for fact in facts:
        kinds = chips(site, lang, map(site.facts.support, fact.quads))
        by_kind.setdefault(() if kinds == row else kinds, []).append(show(site, lang, fact.value))
    return tuple(Said(tuple(values), kinds) for kinds, values in by_kind.items())


def _not_named(site: Site, lang: str, value: Term, cells: Mapping[str, object]) -> list[str]:
    """Return what a number that has a scope has to name as well, and does not."""
    view = site.views.find(site.facts.classes(term_key(value)))
    scopes, periods = ([one.name[lang] for one in view.having(role)] if view else [] for role in _COMPARED)
    return [name for name in periods if name not in cells and any(scope in cells for scope in scopes)]
