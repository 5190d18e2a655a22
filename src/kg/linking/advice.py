"""Advice on a career switch, as plain data in one language: page, API, assistant and `kg switch` show it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from kg.errors import NotFound
from kg.files import project_folder
from kg.labels import Labels
from kg.languages import lang_attribute
from kg.linking.career_switch import FAR, Match, Switches, level_of, skill_levels, targets_of
from kg.linking.climate_jobs import ClimateJobs, Payload
from kg.linking.csv_reader import Progress, silent
from kg.linking.database import Database
from kg.linking.diplomas import Diploma, Diplomas
from kg.linking.entries import entries_of_store
from kg.linking.esco import ISCO
from kg.linking.index import Index
from kg.linking.job_names import HEAD
from kg.linking.label_table import LabelTable
from kg.linking.starts import Start, Starts
from kg.namespaces import BASE, ID

if TYPE_CHECKING:
    from kg.graph.build import Graph
    from kg.queries.question import Question

LISTS: Final = ("shared", "missing_essential", "missing_optional")
USUAL: Final = 10
EMPTY: Final[Payload] = {
    "q": "",
    **dict.fromkeys(("diploma", "place")),
    **{key: [] for key in ("from", "unmatched", "skills", "jobs", "groups", "notes", "nearest")},
}
MOST: Final = 50
_NAMESAKES: Final = 6
_GROUP: Final = 3  # Of the steps from the top of ESCO's skills to a skill, the one that groups them.
_NEWEST: Final = "1.2.0"


@dataclass(frozen=True)
class Asked:
    """What someone asks advice on.

    Attributes:
        text: a job or a diploma in words.
        jobs: IRIs of jobs that someone comes from, of ESCO or ours.
        skills: skills that someone has besides, by IRI or name.
        diploma: IRI of a qualification or field of the graph.
        place: IRI of a cluster or region: only occupations that the graph ties to it.

    """

    text: str = ""
    jobs: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    diploma: str = ""
    place: str = ""


class Advisor:
    """Who advises: the climate occupations of a graph, beside all of ESCO.

    Arguments:
        graph: our graph.
        questions: the saved questions.
        database: ESCO as a whole.
        index: names of both.
        labels: of our graph, where they were read before.

    """

    def __init__(
        self,
        graph: Graph,
        questions: Mapping[str, Question],
        database: Database,
        index: Index,
        labels: Labels | None = None,
    ) -> None:
        self._database = database
        self.labels = labels or Labels(graph.store)
        targets, levels = targets_of(graph.store), skill_levels(graph.store)
        self.switches = Switches(
            database.essential, database.optional, targets, lambda iri: level_of(database.isco(iri), levels)
        )
        self.starts = Starts(self.switches, index)
        self.jobs = ClimateJobs(graph.dataset, questions, self.labels)
        self.diplomas = Diplomas(self.jobs, self.labels, index.get)
        self._group = cache(self._group_of)

    @classmethod
    def open(
        cls, graph: Graph, questions: Mapping[str, Question], imported: Path | None = None, progress: Progress = silent
    ) -> Self:
        """Return an adviser with all of ESCO.

        Arguments:
            graph: our graph.
            questions: the saved questions.
            imported: what `kg import esco` wrote; else ESCO as it stands in the project.
            progress: hears what is read where it was not before.

        Raises:
            SourceError: as `Database.open`.

        """
        database = Database.open(project_folder(), imported, progress)
        index = Index(LabelTable.of(entries_of_store(graph.store)), database.table)
        return cls(graph, questions, database, index)

    @cached_property
    def _flags(self) -> dict[str, frozenset[str]]:
        return {name: self._database.flagged(name) for name in ("green", "digital")}

    def advise(self, asked: Asked, lang: str, limit: int = USUAL) -> Payload:
        """Return advice: `from`, `nearest`, and where it is not plain what is meant, `jobs` to choose from.

        A climate occupation to which none of ESCO belongs stands in `unmatched`, not in `from`: nothing is chosen
        in its place, and `jobs` are what is broader, narrower or related, or has such a name in ESCO.

        Raises:
            NotFound: a job, skill, diploma or place that is not there.

        """
        starts = [self.starts.get(iri) for iri in dict.fromkeys(asked.jobs[:MOST])]
        diploma = self._diploma(asked, lang)
        choices = self.starts.named(asked.text, lang) if asked.text and not diploma else []
        groups: list[str] = []
        named, plain = bool(choices), self.starts.plain(choices)
        if plain:
            starts.append(plain)
            choices = [start for start in choices if start != plain][:_NAMESAKES] if plain.unmatched else []
        elif asked.text and not choices and not diploma:
            diploma = self.diplomas.find(asked.text)
            choices, groups = ([], []) if diploma else self.starts.near(asked.text)
        unmatched = [start for start in starts if start.unmatched]
        starts = [start for start in starts if not start.unmatched]
        instead = [each for start in unmatched for each in self._instead(start.iri, lang)]
        namesake = {"named": named, "relation": "namesake" if unmatched else None}
        skills = self.starts.find_skills(asked.skills[:MOST])
        matches = self._matches(starts, skills)
        place = self._place(asked.place, matches, lang) if asked.place else None
        if place:
            matches = self._matches(starts, skills, frozenset(place["ties"]))
        matches = matches[: min(max(limit, 1), MOST)]
        return {
            "q": asked.text,
            "from": [self.start(start, lang) for start in starts],
            "skills": [self._skill(skill, lang) for skill in sorted(skills)],
            "diploma": self._diploma_payload(diploma, lang) if diploma else None,
            "place": place,
            "unmatched": [self._unmatched(start, lang) for start in unmatched],
            "jobs": _each([*instead, *(self.choice(start, lang) | namesake for start in choices)]),
            "groups": [self._group_payload(iri, lang) for iri in groups],
            "notes": list(self._notes(asked.text, starts, matches, place, lang)) if starts or skills else [],
            "nearest": [self._match(match, starts, lang) for match in matches],
        }

    def _diploma(self, asked: Asked, lang: str) -> Diploma | None:
        if not asked.diploma:
            words = asked.text.split()
            plain = any(word.isdecimal() or word.casefold().startswith(("mbo", "hbo", "wo-")) for word in words)
            return self.diplomas.find(asked.text) if plain or "wo" in words else None
        iri = asked.diploma if asked.diploma.startswith(("http://", "https://")) else ID + asked.diploma
        diploma = self.diplomas.get(iri, lang)
        if diploma is None:
            raise NotFound(f"no occupation asks for {asked.diploma[:200]}", where="diploma", hint="type it in q")
        return diploma

    def _place(self, place: str, matches: list[Match], lang: str) -> Payload:
        """Return a place with what ties occupations to it, and the places in which one of some matches is."""
        iri = place if place.startswith(("http://", "https://")) else ID + place
        if not self.labels.known(iri):
            known = ", ".join(other["id"].removeprefix(ID) for other in self.jobs.places(lang))
            raise NotFound(f"no cluster or region {place[:200]}", where="place", hint=f"known: {known}")
        name, ties = self.labels.get(iri, lang)[0], self.jobs.in_place(iri, lang)
        near = {occupation for match in matches for occupation in (match.occupation, *match.also)}
        tied = ", ".join(sorted(self.labels.get(occupation, lang)[0] for occupation in ties))
        key = "place_some" if near & ties.keys() else "place_other" if ties else "place_none"
        around = {str(row["place"]) for row in self.jobs.rows("switch/places") if str(row["occupation"]) in near}
        elsewhere = [other for other in self.jobs.places(lang) if other["id"] in around]
        basis = words(key, lang, place=name, occupations=tied)
        return self.jobs.reference(iri, lang) | {"basis": basis, "ties": ties, "elsewhere": elsewhere}

    def _matches(self, starts: list[Start], skills: frozenset[str], only: frozenset[str] | None = None) -> list[Match]:
        had = skills.union(*(self.switches.skills_of(start.esco) for start in starts))
        level = max((self.switches.level(start.esco) for start in starts), default=0)
        known = {iri for start in starts for iri in (start.iri, start.esco, *self.switches.ours_of(start.esco))}
        return self.switches.nearest(had, level, known, only)

    def name(self, iri: str, lang: str) -> str:
        """Return what a thing of ESCO or ours is called."""
        return str(self._reference(iri, lang)["name"])

    def choice(self, start: Start, lang: str) -> Payload:
        """Return a job as one to choose from: its name, by which name it was found, and its ISCO group."""
        name, code = self._reference(start.iri, lang), self._database.isco(start.esco or start.iri)
        label = start.label if start.label.casefold() != name["name"].casefold() else ""
        group = self._group_payload(ISCO + code, lang) if code else None
        return name | {"esco": self._reference(start.esco or start.iri, lang), "label": label, "isco": group}

    def start(self, start: Start, lang: str) -> Payload:
        """Return where someone comes from: level, number of skills, and the climate occupations that it is already."""
        ours = self.switches.ours_of(start.esco)
        climate = [
            self.jobs.reference(iri, lang) | {"exact": exact, "tables": self.jobs.tables(iri, lang)}
            for iri, exact in sorted(ours.items(), key=lambda item: not item[1])
        ]
        level = self.switches.level(start.esco) or None
        skills = len(self.switches.skills_of(start.esco))
        return self.choice(start, lang) | {"level": level, "skills": skills, "climate": climate}

    def _unmatched(self, start: Start, lang: str) -> Payload:
        """Return a climate occupation to which none of ESCO belongs, and what that means in words."""
        job, about = self.jobs.reference(start.iri, lang), self.jobs.about(start.iri, lang)
        return job | {"tables": about["tables"], "text": words("unmatched", lang, job=job["name"]), "about": about}

    def _instead(self, occupation: str, lang: str) -> Iterator[Payload]:
        """Yield the jobs from which somebody may begin in the place of a climate occupation, by what they are to it."""
        for other, relation in self.jobs.other_starts(occupation):
            start = self.starts.get(other)
            yield self.choice(start, lang) | {"named": False, "relation": relation}

    def _notes(
        self, text: str, starts: list[Start], matches: list[Match], place: Payload | None, lang: str
    ) -> Iterable[str]:
        for start in starts:
            if start.how == HEAD:
                yield words("head", lang, text=text, job=self.name(start.iri, lang))
            versions, job = self._database.versions(start.esco or start.iri), self._reference(start.iri, lang)["name"]
            if not start.esco:
                yield words("no_skills", lang, job=job)
            elif versions and _NEWEST not in versions and lang == "nl":
                yield words("no_dutch", lang, job=job)
        if not matches and place is None and any(start.esco for start in starts):
            yield words("none", lang)
        elif matches and all(match.step == FAR for match in matches):
            already = any(self.switches.ours_of(start.esco) for start in starts)
            yield words("none_near_more" if already else "none_near", lang)
        if place:
            yield place["basis"]
        if lang == "nl" and any(self._is_ours(skill) for match in matches for skill in match.missing_essential):
            yield words("ours", lang)

    def _is_ours(self, skill: str) -> bool:
        """Return whether the Dutch name of a skill is our translation; ESCO's own counts where it was imported."""
        name = self._database.name(skill, "nl")
        return name[1] == "nl" and name == self.labels.get(skill, "nl")

    def _match(self, match: Match, starts: list[Start], lang: str) -> Payload:
        skills = {name: [self._skill(skill, lang) for skill in getattr(match, name)] for name in LISTS}
        flagged = {flag: sum(skill[flag] for skill in skills["shared"]) for flag in self._flags}
        return {
            "occupation": self.jobs.reference(match.occupation, lang),
            "also": [self.jobs.reference(iri, lang) for iri in match.also],
            "via": self._reference(match.via, lang) | {"match": "exactMatch" if match.exact else "closeMatch"},
            "score": match.score,
            "counts": round(match.rank),
            "step": match.step,
            "word": words(match.step, lang),
            "reason": self._reason(match, skills["missing_essential"], lang),
            "level": {"target": match.level or None, "higher": match.higher, "line": self._level(match, starts, lang)},
            "essential": {"had": match.essential[0], "asked": match.essential[1]},
            "optional": {"had": match.optional[0], "asked": match.optional[1]},
            **flagged,
            **skills,
            "about": self.jobs.about(match.occupation, lang),
        }

    def _reason(self, match: Match, missing: list[Payload], lang: str) -> str:
        had, asked = match.essential
        text = words("reason" if missing else "reason_all", lang, had=had, asked=asked)
        if match.optional[1]:
            text += words("reason_optional", lang, had=match.optional[0], asked=match.optional[1])
        return text + (words("reason_rarest", lang, skill=missing[0]["name"]) if missing else "") + "."

    def _level(self, match: Match, starts: list[Start], lang: str) -> str:
        if not match.level:
            return ""
        start = max(starts, key=lambda start: self.switches.level(start.esco), default=None)
        level = self.switches.level(start.esco) if start else 0
        if not start or not level:
            return words("level_unknown", lang, target=match.level)
        key = "level_higher" if match.higher else "level_same" if match.level == level else "level_lower"
        return words(key, lang, target=match.level, start=self._reference(start.iri, lang)["name"], level=level)

    def _skill(self, iri: str, lang: str) -> Payload:
        group = self._group(iri)
        flags: dict[str, bool] = {name: iri in flagged for name, flagged in self._flags.items()}
        return self._reference(iri, lang) | {"group": self._reference(group, lang) if group else None} | flags

    def _group_of(self, skill: str) -> str:
        """Return the group of ESCO in which a skill stands: the third step from the top, or the nearest to it."""
        steps = [skill]
        while broader := [iri for iri in self._database.broader(steps[-1]) if iri not in steps]:
            steps.append(min(broader, key=lambda iri: (_NEWEST not in self._database.versions(iri), iri)))
        groups = [iri for iri in steps[1:] if _NEWEST in self._database.versions(iri)]
        return groups[max(-_GROUP, -len(groups))] if groups else ""

    def _group_payload(self, iri: str, lang: str) -> Payload:
        return self._reference(iri, lang) | {"code": iri.removeprefix(ISCO)}

    def _reference(self, iri: str, lang: str) -> Payload:
        if iri.startswith(BASE):
            return self.jobs.reference(iri, lang)
        text, tag = self._database.name(iri, lang)
        other = lang_attribute(tag, lang)
        return {"id": iri, "name": text or iri} | ({"lang": other} if other else {})

    def _diploma_payload(self, diploma: Diploma, lang: str) -> Payload:
        named = [self.jobs.reference(iri, lang) for iri in sorted(diploma.named)]
        level = self.jobs.reference(f"{ID}level/{diploma.level}", lang) if diploma.level else None
        codes = sorted(diploma.codes)
        occupations = self.diplomas.occupations(diploma, lang)
        return {"text": diploma.text, "level": level, "named": named, "codes": codes, "occupations": occupations}


def _each(choices: Iterable[Payload]) -> list[Payload]:
    """Return choices, each once: by the occupation of ESCO whose skills count."""
    once: dict[str, Payload] = {}
    for choice in choices:
        once.setdefault(choice["esco"]["id"], choice)
    return list(once.values())


def words(key: str, lang: str, **values: Any) -> str:
    """Return words of the advice in a language, with their values filled in."""
    return _words()[key][lang].format(**values)


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("kg.linking") / "advice.toml").read_text(encoding="utf-8"))
