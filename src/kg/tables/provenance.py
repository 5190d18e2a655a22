"""Where a sheet comes from: what somebody needs who finds the file in a year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
