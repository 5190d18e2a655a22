"""ESCO as its official CSV download, of any version and any set of languages, in ESCO's own model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.linking.csv_reader import Progress, Row, Sheet, silent
from kg.namespaces import DCT, OWL, RDF_TYPE, SKOS

MODEL: Final = "http://data.europa.eu/esco/model#"
ISCO: Final = "http://data.europa.eu/esco/isco/C"
SCHEME: Final = "http://data.europa.eu/esco/concept-scheme/"
_BASE: Final = "http://data.europa.eu/esco/"
_VERSION: Final = re.compile(r"(?<!\d)(\d+\.\d+(?:\.\d+)?)(?!\d)")

TYPE: Final = ox.NamedNode(RDF_TYPE)
CONCEPT: Final = ox.NamedNode(SKOS + "Concept")
PREF, ALT, HIDDEN, NOTATION, BROADER, IN_SCHEME = (
    ox.NamedNode(SKOS + name) for name in ("prefLabel", "altLabel", "hiddenLabel", "notation", "broader", "inScheme")
)
DESCRIPTION: Final = ox.NamedNode(DCT + "description")
DEPRECATED: Final = ox.NamedNode(OWL + "deprecated")
_TRUE: Final = ox.Literal(True)
IN_ISCO, SKILL_TYPE, REUSE = (
    ox.NamedNode(MODEL + name) for name in ("memberOfISCOGroup", "skillType", "skillReuseLevel")
)
ESSENTIAL, OPTIONAL, ESSENTIAL_FOR_SKILL, OPTIONAL_FOR_SKILL = (
    ox.NamedNode(MODEL + name)
    for name in ("relatedEssentialSkill", "relatedOptionalSkill", "essentialForSkill", "optionalForSkill")
)
_OF_OCCUPATION: Final = {"essential": ESSENTIAL, "optional": OPTIONAL}
_OF_SKILL: Final = {"essential": ESSENTIAL_FOR_SKILL, "optional": OPTIONAL_FOR_SKILL}
# Stem of the file, class, whether the column `code` is a notation.
CONCEPTS: Final = {
    "ISCOGroups": ("ISCOGroup", True),
    "occupations": ("Occupation", True),
    "skillGroups": ("SkillGroup", True),
    "skills": ("Skill", False),
}
BROADER_FILES: Final = ("broaderRelationsOccPillar", "broaderRelationsSkillPillar")
COLLECTIONS: Final = {
    "greenSkillsCollection": "green",
    "digitalSkillsCollection": "6c930acd-c104-4ece-acf7-f44fd7333036",
}
_FLAGS: Final = frozenset(ox.NamedNode(SCHEME + name) for name in COLLECTIONS.values())

Statement = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]


@dataclass(frozen=True)
class EscoFolder:
    """A folder with the CSV files as ESCO ships them.

    Attributes:
        folder: where they stand.
        progress: hears how far it is.

    """

    folder: Path
    progress: Progress = silent

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that the folder holds, by the names of its files.

        Raises:
            SourceError: there is no `occupations_<language>.csv`.

        """
        names = sorted(path.stem.partition("_")[2] for path in self.folder.glob("occupations_*.csv"))
        if not names:
            hint = "give the folder of the unpacked CSV download of ESCO"
            raise SourceError("no occupations_<language>.csv in the folder", where=str(self.folder), hint=hint)
        return tuple(names)

    def version(self, given: str = "") -> str:
        """Return the version given, or that in the folder's name.

        Raises:
            SourceError: neither says it.

        """
        version = given or next(iter(_VERSION.findall(self.folder.resolve().name)), "")
        if not version:
            hint = "give --version, for example --version 1.2.0"
            raise SourceError(
                "the folder's name does not say which version of ESCO it is", where=str(self.folder), hint=hint
            )
        return version

    def path(self, stem: str) -> Path:
        """Return a file that does not differ by language: with or without a language in its name."""
        plain = self.folder / f"{stem}.csv"
        return plain if plain.is_file() else next(iter(sorted(self.folder.glob(f"{stem}_*.csv"))), plain)

    def statements(self) -> Iterator[Statement]:
        """Yield all that the download says: concepts, labels, hierarchy, flags and skill relations, file by file.

        Raises:
            SourceError: a file is missing or broken, with file and row.

        """
        self.must_be_whole()
        for stem in CONCEPTS:
            yield from self.concepts(stem)
        for stem in BROADER_FILES:
            yield from self.broader(stem)
        yield from self.flags()
        yield from self.skills_of_occupations()
        yield from self.skills_of_skills()

    def must_be_whole(self) -> None:
        """Raise SourceError where a file is missing, before anything is read; it names all of them."""
        by_language = [f"{stem}_{language}.csv" for stem in CONCEPTS for language in self.languages]
        missing = [name for name in by_language if not (self.folder / name).is_file()]
        stems = (*BROADER_FILES, *COLLECTIONS, "occupationSkillRelations", "skillSkillRelations")
        missing += [self.path(stem).name for stem in stems if not self.path(stem).is_file()]
        if missing:
            hint = "unpack the whole CSV download of ESCO, all parts of the classification, into this folder"
            raise SourceError(f"missing: {', '.join(missing)}", where=str(self.folder), hint=hint)

    def concepts(self, stem: str) -> Iterator[Statement]:
        """Yield what the files of one kind of concept say, in all languages that the folder has of them."""
        kind, coded = CONCEPTS[stem]
        columns = ["conceptUri", "preferredLabel", "altLabels", "description"]
        columns += ["code"] if coded else ["skillType", "reuseLevel"]
        columns += ["iscoGroup"] if kind == "Occupation" else []
        for number, language in enumerate(self.languages):
            sheet = Sheet(self.folder / f"{stem}_{language}.csv", columns, key=("conceptUri",))
            for row in sheet.rows(self.progress):
                concept = row.iri("conceptUri")
                if number == 0:
                    yield from _concept(row, concept, kind)
                yield from _labels(row, concept, language)

    def broader(self, stem: str) -> Iterator[Statement]:
        """Yield the hierarchy of one pillar."""
        columns = ("conceptUri", "broaderUri")
        for row in Sheet(self.path(stem), columns, key=columns).rows(self.progress):
            yield row.iri("conceptUri"), BROADER, row.iri("broaderUri")

    def flags(self) -> Iterator[Statement]:
        """Yield which skills are green and which digital."""
        for stem, scheme in COLLECTIONS.items():
            for row in Sheet(self.path(stem), ("conceptUri",), key=("conceptUri",)).rows(self.progress):
                yield row.iri("conceptUri"), IN_SCHEME, ox.NamedNode(SCHEME + scheme)

    def skills_of_occupations(self) -> Iterator[Statement]:
        """Yield the essential and optional skills of occupations."""
        columns = ("occupationUri", "relationType", "skillUri")
        for row in Sheet(self.path("occupationSkillRelations"), columns, key=columns).rows(self.progress):
            yield row.iri("occupationUri"), _relation(row, _OF_OCCUPATION), row.iri("skillUri")

    def skills_of_skills(self) -> Iterator[Statement]:
        """Yield for which skills a skill is essential or optional."""
        columns = ("originalSkillUri", "relationType", "relatedSkillUri")
        for row in Sheet(self.path("skillSkillRelations"), columns, key=columns).rows(self.progress):
            yield row.iri("relatedSkillUri"), _relation(row, _OF_SKILL), row.iri("originalSkillUri")


def _relation(row: Row, names: dict[str, ox.NamedNode]) -> ox.NamedNode:
    if row["relationType"] not in names:
        raise row.error(f"relationType is {row['relationType'] or '(empty)'}", f"it is one of {', '.join(names)}")
    return names[row["relationType"]]


def _concept(row: Row, concept: ox.NamedNode, kind: str) -> Iterator[Statement]:
    yield concept, TYPE, CONCEPT
    yield concept, TYPE, ox.NamedNode(MODEL + kind)
    if row.cells.get("code"):
        yield concept, NOTATION, ox.Literal(row["code"])
    if row.cells.get("iscoGroup"):
        yield concept, IN_ISCO, _in_space(row, ISCO, "iscoGroup")
    if row.cells.get("skillType"):
        yield concept, SKILL_TYPE, ox.NamedNode(f"{_BASE}skill-type/{row['skillType'].partition('/')[0]}")
    if row.cells.get("status", "released") == "obsolete":
        yield concept, DEPRECATED, _TRUE
    for scheme in row.listed("inScheme"):
        if scheme not in _FLAGS:
            yield concept, IN_SCHEME, scheme
    if row.cells.get("reuseLevel"):
        yield concept, REUSE, _in_space(row, f"{_BASE}skill-reuse-level/", "reuseLevel")


def _in_space(row: Row, space: str, column: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(space + row[column])
    except ValueError as error:
        raise row.error(f"{column} is no code: {row[column][:80]}", "mend the cell") from error


def _labels(row: Row, concept: ox.NamedNode, language: str) -> Iterator[Statement]:
    label = row["preferredLabel"]
    if label:
        yield concept, PREF, ox.Literal(label, language=language)
    for column, predicate in (("altLabels", ALT), ("hiddenLabels", HIDDEN)):
        for text in row.many(column) if column in row.cells else ():
            if text != label:
                yield concept, predicate, ox.Literal(text, language=language)
    if row["description"]:
        yield concept, DESCRIPTION, ox.Literal(row["description"], language=language)


def closure(start: Iterable[str], above: Mapping[str, list[Statement]]) -> set[str]:
    """Return what is reached from some IRIs by what stands above them, those included."""
    reached: set[str] = set()
    todo = list(start)
    while todo:
        iri = todo.pop()
        if iri not in reached:
            reached.add(iri)
            todo += [triple[2].value for triple in above.get(iri, ()) if isinstance(triple[2], ox.NamedNode)]
    return reached
