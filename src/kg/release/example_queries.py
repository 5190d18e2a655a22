"""Saved questions as `sh:SPARQLExecutable`, the form in which endpoints publish their example queries."""

from __future__ import annotations

from collections.abc import Mapping

from kg.graph.description import examples as example_triples
from kg.queries.question import Question
from kg.release.dumps import turtle
from kg.release.files import File


def examples(questions: Mapping[str, Question], prefixes: dict[str, str]) -> File:
    """Return all saved questions in one file.

    Arguments:
        questions: by name.
        prefixes: for the Turtle.

    """
    title = {"en": "Example queries", "nl": "Voorbeeldvragen"}
    return File("examples.ttl", turtle(list(example_triples(questions)), prefixes), title, free=True)
