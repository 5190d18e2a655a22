"""What the graph says of climate occupations for someone who may take one: tables, vacancies, the way in, passages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from kg.labels import Labels
from kg.languages import lang_attribute
from kg.namespaces import KB, SKOS
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.queries.question import Question, pick
from kg.queries.rows import Row, Rows
from kg.rdf_terms import local_name

Payload = dict[str, Any]
_TABLE: Final = KB + "ClimateTable"
_CANDIDATE: Final = KB + "candidateOccupation"
_NARROWER: Final = SKOS + "narrower"
_PASSAGES: Final = 5
_PLACES: Final = {"place": "switch/places", "cluster": "places/clusters"}


class ClimateJobs:
    """The climate occupations of a graph; each is read by saved questions, once.

    Arguments:
        dataset: the graph as queries see it.
        questions: the saved questions.
        labels: of the graph.

    """

    def __init__(self, dataset: Dataset, questions: Mapping[str, Question], labels: Labels) -> None:
        self._dataset, self._questions, self._labels = dataset, questions, labels
        self._rows: dict[str, dict[str, list[Row]]] = {}

    def about(self, occupation: str, lang: str) -> Payload:
        """Return what is known of an occupation, in a language; what is not there is not said, never denied."""
        climate = self._of("switch/climate", occupation)
        return {
            "tables": self.tables(occupation, lang),
            "measures": [
                self.reference(row["thing"], lang)
                | {"stated": row["relation"] != _CANDIDATE, "narrower": row["relation"] == _NARROWER}
                for row in climate
                if row["kind"] != _TABLE
            ],
            "vacancies": [self._vacancies(row, lang) for row in self._of("switch/vacancies", occupation)],
            "routes": list(self._routes(occupation, lang)),
            "requirements": list(self._requirements(occupation, lang)),
            "qualifications": list(self._qualifications(occupation, lang)),
            "passages": list(self._passages(occupation, lang)),
            "publications": sorted({str(row["publication"]) for row in self._of("switch/evidence", occupation)}),
        }

    def tables(self, occupation: str, lang: str) -> list[Payload]:
        """Return the climate tables that need an occupation, or only a narrower one."""
        rows = self._of("switch/climate", occupation, kind=_TABLE)
        return [self.reference(row["thing"], lang) | {"narrower": row["relation"] == _NARROWER} for row in rows]

    def other_starts(self, occupation: str) -> list[tuple[str, str]]:
        """Return the jobs, of ESCO or ours, that are near to an occupation without one of ESCO, and what they are."""
        return [
            (str(row["other"]), local_name(str(row["relation"]))) for row in self._of("switch/other-starts", occupation)
        ]

    def in_place(self, place: str, lang: str) -> dict[str, list[Payload]]:
        """Return the occupations that the graph ties to a cluster or region, with what ties them."""
        ties: defaultdict[str, list[Payload]] = defaultdict(list)
        for row in self.rows("switch/places"):
            if row["place"] == place:
                ties[str(row["occupation"])] += [
                    self.reference(row[name], lang) for name in ("by", "through") if row[name]
                ]
        return dict(ties)

    def places(self, lang: str) -> list[Payload]:
        """Return the clusters, and the regions to which the graph ties an occupation, and whether it does (`tied`)."""
        tied, clusters = ({str(row[name]) for row in self.rows(question)} for name, question in _PLACES.items())
        named = (self.reference(iri, lang) | {"tied": iri in tied} for iri in tied | clusters)
        return sorted(named, key=lambda place: (place["name"].casefold(), place["id"]))

    def reference(self, iri: object, lang: str) -> Payload:
        """Return a thing as an answer refers to it: IRI, name, and the language of the name where it is another."""
        text, tag = self._labels.get(str(iri), lang)
        other = lang_attribute(tag, lang)
        return {"id": str(iri), "name": text} | ({"lang": other} if other else {})

    def rows(self, name: str) -> list[Row]:
        """Return all rows of a saved question.

        Raises:
            NotFound: there is no such question.
            KgError: as the engine.

        """
        return [row for rows in self._by_occupation(name).values() for row in rows]

    def _by_occupation(self, name: str) -> dict[str, list[Row]]:
        if name not in self._rows:
            groups: defaultdict[str, list[Row]] = defaultdict(list)
            query = pick(self._questions, name).query
            for row in Rows.from_solutions(answer(self._dataset, query)):
                groups[str(row.get("occupation"))].append(row)
            self._rows[name] = dict(groups)
        return self._rows[name]

    def _of(self, name: str, occupation: str, **wanted: str) -> list[Row]:
        rows = self._by_occupation(name).get(occupation, [])
        return [row for row in rows if all(row[column] == value for column, value in wanted.items())]

    def _requirements(self, occupation: str, lang: str) -> Iterator[Payload]:
        for row in self._of("switch/requirements", occupation, language=lang):
            about = {"education": row["asksEducation"], "condition": row["condition"]}
            yield self.reference(row["requirement"], lang) | about

    def _vacancies(self, row: Row, lang: str) -> Payload:
        return {
            "group": self.reference(row["group"], lang),
            "count": row["vacancies"],
            **{
                name: self.reference(row[name], lang) if row[name] else None
                for name in ("qualifier", "period", "scope")
            },
        }

    def _routes(self, occupation: str, lang: str) -> Iterator[Payload]:
        routes: dict[tuple[str, str], Payload] = {}
        for row in self._of("switch/routes", occupation, language=lang):
            relation = local_name(str(row["relation"])) if row["relation"] else None
            other = {
                "relation": relation,
                "for": row["entryLabel"] if relation else None,
                "hedge": row["modalityLabel"],
            }
            key = str(row["route"]), str(row["entry"])
            route = routes.setdefault(key, self.reference(row["route"], lang) | other | {"asks": []})
            if row["requirementLabel"]:
                asked = {"what": row["requirementLabel"], "condition": row["condition"], "word": row["statusLabel"]}
                route["asks"].append({"status": local_name(str(row["status"])), "part": row["partLabel"]} | asked)
        yield from routes.values()

    def _qualifications(self, occupation: str, lang: str) -> Iterator[Payload]:
        for row in self._of("switch/qualifications", occupation):
            level = self.reference(row["level"], lang) if row["level"] else None
            yield self.reference(row["qualification"], lang) | {"level": level}

    def _passages(self, occupation: str, lang: str) -> Iterator[Payload]:
        sections = {str(row["section"]): row for row in reversed(self._of("switch/evidence", occupation))}
        for row in list(reversed(sections.values()))[:_PASSAGES]:
            section, publication = (self.reference(row[name], lang)["name"] for name in ("section", "publication"))
            yield {"id": row["passage"], "section": section.rstrip(": "), "publication": publication}

    @cached_property
    def publications(self) -> list[str]:
        """IRIs of the publications on whose passages the occupations rest."""
        return sorted({str(row["publication"]) for row in self.rows("switch/evidence")})
