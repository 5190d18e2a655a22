"""How one gets into an occupation: training routes with what they ask, requirements and qualifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from kg.languages import lang_attribute
from kg.namespaces import KB
from kg.rdf_terms import first_object, local_name, objects
from kg.tables.sheet import Cell, Sheet
from kg.web.context import Context
from kg.web.layout import TermView, term_view
from kg.web.questions.binding import BoundQuestion, find, sheet_of
from kg.web.site import Site


@dataclass(frozen=True)
class Requirement:
    """An entry requirement: `status` is its slug, and never says that something is not required."""

    status: str
    name: TermView
    text: TermView
    condition: TermView


@dataclass(frozen=True)
class Route:
    """A training route; `entry` is the occupation that it names, where that is a broader one."""

    term: TermView
    entry: str
    asked: tuple[Requirement, ...]


@dataclass(frozen=True)
class Training:
    """What the publication says of the way into an occupation."""

    routes: tuple[Route, ...]
    requirements: tuple[TermView, ...]
    qualifications: tuple[tuple[TermView, TermView | None], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as JSON holds it."""
        return {
            "routes": [
                {
                    "id": route.term.iri,
                    "name": route.term.text,
                    "for": route.entry or None,
                    "asks": [
                        {
                            "status": requirement.status,
                            "what": requirement.text.text,
                            "condition": requirement.condition.text or None,
                        }
                        for requirement in route.asked
                    ],
                }
                for route in self.routes
            ],
            "requirements": [text.text for text in self.requirements],
            "qualifications": [
                {"id": qualification.iri, "name": qualification.text, "level": level.text if level else None}
                for qualification, level in self.qualifications
            ],
        }


class Trainings:
    """The ways into all occupations, in the language of a request; they are three saved questions, asked once.

    Arguments:
        context: the request.

    Raises:
        KgError: as the engine.

    """

    def __init__(self, context: Context) -> None:
        self._site, self._lang = context.site, context.lang
        self._asked = _by("route", _rows(context, "learning/route-requirements"))
        self._routes = _by("occupation", _rows(context, "learning/routes-to-occupation"))
        self._required = _by("occupation", _rows(context, "skills/requirements"))

    def into(self, occupation: str) -> Training:
        """Return the ways into one occupation."""
        routes = tuple(self._route(row) for row in self._routes.get(occupation, ()))
        required = (self._text(row["requirementLabel"]) for row in self._required.get(occupation, ()))
        qualifications = tuple(_qualifications(self._site, self._lang, occupation))
        return Training(routes, tuple(dict.fromkeys(required)), qualifications)

    def _route(self, row: Mapping[str, Cell]) -> Route:
        route, entry = row["route"], row["entryLabel"].text
        asked = tuple(self._requirement(other) for other in self._asked.get(str(route.value), ()))
        broader = entry.casefold() != row["occupation"].text.casefold()
        return Route(self._term(route), entry if broader else "", asked)

    def _requirement(self, row: Mapping[str, Cell]) -> Requirement:
        status, text, condition = row["status"], row["requirementLabel"], row["condition"]
        slug = local_name(str(status.value))
        return Requirement(slug, self._term(status), self._text(text), self._text(condition))

    def _text(self, cell: Cell) -> TermView:
        return TermView(cell.text, lang_attribute(cell.lang, self._lang))

    def _term(self, cell: Cell) -> TermView:
        return term_view(self._site, ox.NamedNode(str(cell.value)), self._lang)


def _rows(context: Context, name: str) -> list[dict[str, Cell]]:
    sheet: Sheet = sheet_of(context, BoundQuestion(find(context.site, name)))[0]
    names = [column.name for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in sheet.rows]


def _by(name: str, rows: list[dict[str, Cell]]) -> dict[str, list[dict[str, Cell]]]:
    groups: dict[str, list[dict[str, Cell]]] = {}
    for row in rows:
        groups.setdefault(str(row[name].value), []).append(row)
    return groups


def _qualifications(site: Site, lang: str, occupation: str) -> Iterator[tuple[TermView, TermView | None]]:
    store = site.graph.store
    for term in sorted(set(objects(store, ox.NamedNode(occupation), KB + "hasQualification")), key=str):
        level = first_object(store, term, KB + "level")
        yield term_view(site, term, lang), term_view(site, level, lang) if level else None
