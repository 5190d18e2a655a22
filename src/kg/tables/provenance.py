"""Where a sheet comes from: what somebody needs who finds the file in a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A publication or vocabulary on which an answer rests, with what it says of the numbers.

    Attributes:
        publication: its title; `iri` leads to it.
        publishers, issued: who published it and when, as `2023` or `2022-01`: never the date of the graph.
        periods: what the numbers are of; empty where the text names none.
        scopes: what they cover.
        caveats: what whoever uses them should know.
        rights: the terms of reuse.
        figures: whether the numbers come from it; else the things do.
        derived: whether a rule derives the answer from what it says.

    """

    iri: str
    publication: str
    publishers: tuple[str, ...] = ()
    issued: str = ""
    periods: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    rights: str = ""
    figures: bool = True
    derived: bool = False

    @property
    def title(self) -> str:
        """The publication with who published it and when."""
        published = ", ".join(part for part in (*self.publishers, self.issued) if part)
        return f"{self.publication} ({published})" if published else self.publication

    def lines(self, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield pairs of a name and a text; `words` has the names, and what is said where no period is named."""
        yield words["derived" if self.derived else "publication" if self.figures else "things"], self.title
        if self.figures:
            yield words["period"], "; ".join(self.periods) or words["no_period"]
        for name, text in (
            ("scope", "; ".join(self.scopes)),
            ("caveat", "; ".join(self.caveats)),
            ("rights", self.rights),
        ):
            if text:
                yield words[name], text


@dataclass(frozen=True)
class Provenance:
    """What goes with the rows of an answer.

    Attributes:
        question: the path of the saved question; `title` and `description` in the language of the sheet.
        query: the SPARQL text as it was asked.
        parameters: name to IRI or value, of those that were bound.
        url: where the answer is found again.
        version: of the graph; `date` is that of its release, as `2026-11-25`, empty where it is not stated.
        terms: graph title to licence or rights, as the catalogue states them.
        sources: what the answer rests on, publication by publication.

    """

    question: str
    title: str
    description: str
    query: str
    parameters: Mapping[str, str]
    url: str
    version: str
    date: str
    terms: Mapping[str, str]
    sources: tuple[Source, ...] = ()
