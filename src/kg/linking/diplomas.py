"""From a diploma to climate occupations that ask for it: as a text states it, or by CREBO number or ISCED-F field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.linking.climate_jobs import ClimateJobs, Payload
from kg.linking.compounds import folded
from kg.linking.entries import Entry
from kg.namespaces import ID
from kg.queries.rows import Row
from kg.rdf_terms import local_name

_LEVEL: Final = re.compile(r"\b(mbo|hbo|wo)(?:[ -]*(?:niveau|level)?[ -]*([1-4]))?\b", re.IGNORECASE)
_FRAME: Final = re.compile(
    r"\b(diploma|opleiding|studie|richting|crebo|isced(-f)?|bachelor|degree|course|in|of|een|a)\b", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\d{2,5}")
_CREBO: Final = 5  # Digits of a CREBO number; a code of ISCED-F has two to four.
_FITS: Final = ("yes", "broader", "narrower", "unknown", "other")
_ANY_MBO: Final = "mbo-"  # Without one of its four levels.


@dataclass(frozen=True)
class Diploma:
    """A diploma that someone has.

    Attributes:
        text: as it was asked for.
        level: slug of the level that it names, such as `mbo-4`, or empty.
        named: IRIs of the qualifications and fields of the graph that it names.
        codes: CREBO numbers and ISCED-F codes that belong to it.

    """

    text: str
    level: str
    named: frozenset[str]
    codes: frozenset[str]


class Diplomas:
    """The diplomas that climate occupations ask for.

    Arguments:
        jobs: the climate occupations.
        labels: of the graph.
        entry: gives all names of one of its things, by IRI.

    """

    def __init__(self, jobs: ClimateJobs, labels: Labels, entry: Callable[[str], Entry | None]) -> None:
        self._jobs, self._labels, self._entry = jobs, labels, entry

    def find(self, text: str) -> Diploma | None:
        """Return the diploma that a text names by level and name, name, or number; None where it names none."""
        level = _LEVEL.search(text)
        rest = folded(_FRAME.sub(" ", _LEVEL.sub(" ", text))).strip()
        number = _NUMBER.fullmatch(rest)
        if number:
            codes = {code for code in self._notations if _belongs(code, rest)}
            named: frozenset[str] = frozenset()
        else:
            named = frozenset(self._called(rest)) if rest else frozenset()
            codes = {code for iri in named for code in self._codes.get(iri, ())}
            if not named:
                codes = {code for code, label in self._notations.items() if rest and rest in label}
        slug = "-".join(part for part in level.groups() if part).casefold() if level else ""
        slug = "mbo" if number and len(rest) == _CREBO and not slug else slug  # CREBO lists mbo only.
        return Diploma(text, slug, named, frozenset(codes)) if named or codes else None

    def get(self, iri: str, lang: str) -> Diploma | None:
        """Return a qualification or field of the graph as the diploma that someone has, or None.

        What has its name counts too, as where that is typed: a text may ask for the field without the diploma.
        """
        asked = [row for row in self._asked if row["diploma"] == iri]
        if not asked and iri not in self._codes:
            return None
        level = next((local_name(str(row["level"])) for row in asked if row["level"]), "")
        names = [self._labels.get(each, lang)[0] for each in (f"{ID}level/{level}" if level else "", iri) if each]
        named = {iri, *self._called(folded(self._labels.get(iri, lang)[0]))}
        return Diploma(" ".join(names), level, frozenset(named), self._codes.get(iri, frozenset()))

    def occupations(self, diploma: Diploma, lang: str) -> list[Payload]:
        """Return the climate occupations that ask for a diploma, those that state it at its level first.

        Each has `asks`: what it asks for, whether that is stated or follows from a code, and whether the level fits
        (`yes`, `broader` where it asks mbo and no level of it, `narrower` where the diploma names none, `other`, or
        `unknown`); `named`: whether one of these is
        stated and may fit, those first; `education`: what else its texts name as education, without saying that one
        replaces the other; `needs`: its other requirements; and `about`: all else that is known of it.
        """
        asks: dict[str, list[Payload]] = {}
        for row in self._asked:
            through = self._through(diploma, str(row["diploma"]))
            if through is not None:
                asks.setdefault(str(row["occupation"]), []).append(self._ask(row, diploma, through, lang))
        results: list[Payload] = [
            self._result(occupation, list(_once(sorted(ways, key=_place))), lang) for occupation, ways in asks.items()
        ]
        order = sorted(results, key=lambda result: (_place(result["asks"][0]), result["occupation"]["name"]))
        return sorted(order, key=lambda result: not result["named"])

    def _result(self, occupation: str, asks: list[Payload], lang: str) -> Payload:
        about = self._jobs.about(occupation, lang)
        requirements = about["requirements"]
        asked = {need["id"]: need for need in requirements}
        asks = [ask | {"requirement": ask["requirement"] and asked[ask["requirement"]["id"]]} for ask in asks]
        shown = {one["id"] for ask in asks for one in (ask["requirement"] or ask["diploma"],)}
        education = [*(need for need in requirements if need["education"]), *about["qualifications"]]
        return {
            "occupation": self._jobs.reference(occupation, lang),
            "named": any(ask["basis"] == "stated" and ask["fits"] != "other" for ask in asks),
            "asks": asks,
            "education": [one for one in education if one["id"] not in shown],
            "needs": [need for need in requirements if not need["education"]],
            "about": about,
        }

    def _ask(self, row: Row, diploma: Diploma, through: str, lang: str) -> Payload:
        level = str(row["level"] or "")
        return {
            "diploma": self._jobs.reference(row["diploma"], lang),
            "level": self._jobs.reference(level, lang) if level else None,
            "fits": _fits(diploma.level, local_name(level) if level else ""),
            "requirement": self._jobs.reference(row["requirement"], lang) if row["requirement"] else None,
            "basis": "mapping" if through else "stated",
            "through": {"code": through, "name": self._code_name(through, lang)} if through else None,
        }

    def _through(self, diploma: Diploma, asked: str) -> str | None:
        """Return by which code a diploma is what is asked; nothing where it is named itself, None where it is not."""
        if asked in diploma.named:
            return ""
        shared = (code for code in self._codes.get(asked, ()) if any(_meets(code, other) for other in diploma.codes))
        return max(shared, key=len, default=None)

    def _called(self, text: str) -> Iterator[str]:
        for iri in {str(row["diploma"]) for row in (*self._asked, *self._coded)}:
            entry = self._entry(iri)
            if entry and text in (folded(label.text) for label in entry.labels):
                yield iri

    def _code_name(self, code: str, lang: str) -> str:
        return self._labels.get(next(str(row["code"]) for row in self._coded if row["notation"] == code), lang)[0]

    @property
    def _asked(self) -> list[Row]:
        return self._jobs.rows("switch/diplomas")

    @property
    def _coded(self) -> list[Row]:
        return self._jobs.rows("switch/diploma-codes")

    @cached_property
    def _codes(self) -> Mapping[str, frozenset[str]]:
        """Diploma to its codes; of two levels with the same name each has its own."""
        codes: dict[str, set[str]] = {}
        for row in self._coded:
            codes.setdefault(str(row["diploma"]), set()).add(str(row["notation"]))
        return {iri: frozenset(those) for iri, those in codes.items()}

    @cached_property
    def _notations(self) -> Mapping[str, str]:
        """Code to its names in both languages, as texts are compared."""
        return {
            str(row["notation"]): " | ".join(folded(self._labels.get(str(row["code"]), lang)[0]) for lang in LANGUAGES)
            for row in self._coded
        }


def names_level(text: str) -> bool:
    """Return whether a text names a level of education."""
    return bool(_LEVEL.search(text))


def _belongs(code: str, asked: str) -> bool:
    """Return whether a code is the one asked for, or a narrower field of ISCED-F."""
    return code == asked or (len(asked) < _CREBO and len(code) < _CREBO and code.startswith(asked))


def _meets(code: str, other: str) -> bool:
    """Return whether two codes are the same, or one is a broader field of ISCED-F."""
    return _belongs(code, other) or _belongs(other, code)


def _fits(had: str, asked: str) -> str:
    """Return how a level fits what is asked: somebody with mbo and no level of it may have another than mbo-4."""
    pairs = [(f"{one}-", f"{two}-") for one in had.split("-of-") for two in asked.split("-of-") if one and two]
    if any(one.startswith(two) and (one == two or two != _ANY_MBO) for one, two in pairs):
        return "yes"
    if any(one.startswith(two) for one, two in pairs):
        return "broader"
    if any(two.startswith(one) for one, two in pairs):
        return "narrower" if any(two.startswith(one) for one, two in pairs if one == _ANY_MBO) else "unknown"
    return "other" if pairs else "unknown"


def _once(ways: Iterable[Payload]) -> Iterator[Payload]:
    """Yield each requirement and each diploma once, as it fits best: a requirement may name several."""
    seen = set()
    for way in ways:
        key = (way["requirement"] or way["diploma"])["id"]
        if key not in seen:
            seen.add(key)
            yield way


def _place(way: Mapping[str, Any]) -> tuple[int, bool, int]:
    return _FITS.index(way["fits"]), way["basis"] != "stated", -len(way["through"]["code"]) if way["through"] else 0
