"""How one gets into an occupation: training routes with what they ask (MODEL M13), requirements and qualifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from kg.namespaces import KB
from kg.rdf_terms import local_name
from kg.tables.sheet import Cell, Sheet
from kg.web.layout import TermView, language, site, term_view
from kg.web.questions.binding import Filled, find, sheet_of

_QUALIFICATION: Final = ox.NamedNode(KB + "hasQualification")
_LEVEL: Final = ox.NamedNode(KB + "level")


@dataclass(frozen=True)
class Asked:
    """An entry requirement: `status` is its slug, and never says that something is not required."""

    status: str
    named: TermView
    text: TermView
    condition: TermView


@dataclass(frozen=True)
class Route:
    """A training route; `entry` is the occupation that it names, where that is a broader one."""

    term: TermView
    entry: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Training:
    """What the publication says of the way into an occupation."""

    routes: tuple[Route, ...]
    requirements: tuple[TermView, ...]
    qualifications: tuple[tuple[TermView, TermView | None], ...]

    @property
    def told(self) -> dict[str, Any]:
        """The same as JSON holds it."""
        return {
            "routes": [
                {
                    "id": route.term.iri,
                    "name": route.term.text,
                    "for": route.entry or None,
                    "asks": [
                        {"status": one.status, "what": one.text.text, "condition": one.condition.text or None}
                        for one in route.asked
                    ],
                }
                for route in self.routes
            ],
            "requirements": [one.text for one in self.requirements],
            "qualifications": [
                {"id": one.iri, "name": one.text, "level": level.text if level else None}
                for one, level in self.qualifications
            ],
        }


class Trainings:
    """The ways into all occupations, in the language of the request; they are three saved questions, asked once.

    Raises:
        KgError: as the engine.

    """

    def __init__(self) -> None:
        self._asked = _by("route", _rows("learning/route-requirements"))
        self._routes = _by("occupation", _rows("learning/routes-to-occupation"))
        self._required = _by("occupation", _rows("skills/requirements"))

    def of(self, occupation: str) -> Training:
        """Return the ways into one occupation."""
        routes = tuple(self._route(row) for row in self._routes.get(occupation, ()))
        required = (_text(row["requirementLabel"]) for row in self._required.get(occupation, ()))
        return Training(routes, tuple(dict.fromkeys(required)), tuple(_qualifications(occupation)))

    def _route(self, row: Mapping[str, Cell]) -> Route:
        route, ours = row["route"], row["occupation"]
        asked = (
            Asked(
                local_name(str(one["status"].value)),
                _term(one["status"]),
                *map(_text, (one["requirementLabel"], one["condition"])),
            )
            for one in self._asked.get(str(route.value), ())
        )
        entry = row["entryLabel"].text
        return Route(_term(route), entry if entry.casefold() != ours.text.casefold() else "", tuple(asked))


def _rows(name: str) -> list[dict[str, Cell]]:
    sheet: Sheet = sheet_of(Filled(find(name), {}, {}))[0]
    names = [column.name for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in sheet.rows]


def _by(name: str, rows: list[dict[str, Cell]]) -> dict[str, list[dict[str, Cell]]]:
    found: dict[str, list[dict[str, Cell]]] = {}
    for row in rows:
        found.setdefault(str(row[name].value), []).append(row)
    return found


def _text(cell: Cell) -> TermView:
    return TermView(cell.text, cell.lang if cell.lang != language() else "")


def _term(cell: Cell) -> TermView:
    return term_view(site(), ox.NamedNode(str(cell.value)), language())


def _qualifications(occupation: str) -> Iterator[tuple[TermView, TermView | None]]:
    store, lang = site().graph.store, language()
    found = {quad.object for quad in store.quads_for_pattern(ox.NamedNode(occupation), _QUALIFICATION, None, None)}
    for one in sorted(found, key=str):
        if isinstance(one, ox.NamedNode):
            level = next((quad.object for quad in store.quads_for_pattern(one, _LEVEL, None, None)), None)
            yield term_view(site(), one, lang), term_view(site(), level, lang) if level else None
