"""Saved questions with their parameters bound: read strictly, answered, and made readable in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from flask import Flask, current_app, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound, UnknownValue
from kg.graph.build import Graph
from kg.labels import Labels
from kg.namespaces import ID, RDF_TYPE
from kg.queries.question import Parameter, Question
from kg.rdf_terms import local_name
from kg.release.files import Edition
from kg.release.metadata import terms_of
from kg.tables.column_titles import Words, read_titles, title_of
from kg.tables.provenance import Provenance
from kg.tables.sheet import Sheet
from kg.web.layout import LANGUAGES, language, site
from kg.web.responses import arguments, ask

_KEY: Final = "kg.desk"
_LISTED: Final = 60
_RESOURCE: Final = "http://www.w3.org/2000/01/rdf-schema#Resource"
PLAIN: Final = frozenset({"lang", "format"})


@dataclass(frozen=True)
class Desk:
    """What goes with every answer: titles of columns, the date of the release, the terms of each graph."""

    graph: Graph
    titles: Words
    date: str

    @cached_property
    def terms(self) -> Mapping[str, Mapping[str, str]]:
        """Licence or rights of each graph by its title, in each language."""
        labels = Labels(self.graph.store)
        names = sorted(str(name)[1:-1] for name in self.graph.store.named_graphs())
        return {
            lang: {labels.get(name, lang)[0]: _terms(self.graph, name, lang) for name in names} for lang in LANGUAGES
        }


def _terms(graph: Graph, name: str, lang: str) -> str:
    values = [value for _, value in terms_of(graph, name)]
    fit = [value.value for value in values if not isinstance(value, ox.Literal) or value.language in (lang, None)]
    return "; ".join(fit or [value.value for value in values])


def init_app(app: Flask, graph: Graph, project: Path) -> None:
    """Give the application what goes with every answer."""
    app.extensions[_KEY] = Desk(graph, read_titles(project / "queries"), Edition.from_project(project).date)


def desk() -> Desk:
    """Return what goes with the answers of the application that handles this request."""
    found: Desk = current_app.extensions[_KEY]
    return found


@dataclass(frozen=True)
class Choice:
    """A value that a parameter can take: as it stands in a URL, and as people read it, with its language."""

    value: str
    iri: str
    text: str
    lang: str


@dataclass(frozen=True)
class Filled:
    """A question with values: `values` as they stand in URLs, `terms` as the query gets them."""

    question: Question
    values: Mapping[str, str]
    terms: Mapping[str, str]

    @cached_property
    def query(self) -> str:
        """The SPARQL text."""
        return self.question.fill(self.terms)


def find(name: str) -> Question:
    """Return a question by its path.

    Raises:
        NotFound: there is none.

    """
    found = site().questions.get(name)
    if found is None:
        raise NotFound(f"no question called {name[:200]}", hint="see /questions for all of them")
    return found


def foreign_language() -> str:
    """Return the language that was asked for by `lang=` and is not there, or nothing."""
    asked = request.args.get("lang", "")
    return asked[:35] if asked and asked not in LANGUAGES else ""


def filled(question: Question, also: Iterable[str] = PLAIN) -> Filled:
    """Return a question with the parameters of this request; an empty one counts as not given.

    Arguments:
        question: the question.
        also: names in the URL that are no parameters.

    Raises:
        UnknownValue: an unknown parameter, one given twice, or a value that it cannot take, with those that it can.

    """
    known = {parameter.name: parameter for parameter in question.parameters}
    values: dict[str, str] = {}
    terms: dict[str, str] = {}
    for name, value in arguments(request.query_string):
        if name in also:
            continue
        if name not in known:
            names = ", ".join([*known, *sorted(also)])
            raise UnknownValue(f"unknown parameter {name[:100]}", where=name[:100], hint=f"parameters: {names}")
        if not value:
            continue
        if name in values:
            raise UnknownValue(f"{name} is given twice", where=name, hint="give one value, or none for all")
        terms[name] = _term(question, known[name], value)
        values[name] = short(terms[name])
    return Filled(question, values, terms)


def short(iri: str) -> str:
    """Return an IRI as URLs of ours write it: without what all ours begin with."""
    return iri.removeprefix(ID)


def _term(question: Question, parameter: Parameter, value: str) -> str:
    if parameter.datatype:
        return value
    choices = choices_of(question, parameter)
    iri = value if value.startswith(("http://", "https://")) else ID + value
    if any(choice.iri == iri for choice in choices) or _is_one(parameter, iri):
        return iri
    named = {choice.iri for choice in choices if local_name(choice.iri) == value}
    if len(named) == 1:
        return named.pop()
    listed = ", ".join(choice.value for choice in choices[:_LISTED])
    more = f" and {len(choices) - _LISTED} more: /api/{question.name}/choices" if len(choices) > _LISTED else ""
    hint = f"one of: {listed}{more}" if choices else "the IRI of a thing, or kind/slug; /search finds them"
    raise UnknownValue(f"{parameter.name} cannot be {value[:200]}", where=parameter.name, hint=hint)


def _class(parameter: Parameter) -> str:
    prefix, _, name = parameter.kind.partition(":")
    return site().graph.prefixes[prefix] + name if parameter.kind else ""


def _is_one(parameter: Parameter, iri: str) -> bool:
    """Return whether a thing is of the class of a parameter; everything that is described is an rdfs:Resource."""
    kind = _class(parameter)
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return False
    store = site().graph.store
    if kind == _RESOURCE:
        return next(store.quads_for_pattern(node, None, None, None), None) is not None
    wanted = (node, ox.NamedNode(RDF_TYPE), ox.NamedNode(kind)) if kind else None
    return wanted is not None and next(store.quads_for_pattern(*wanted, None), None) is not None


def choices_of(question: Question, parameter: Parameter) -> list[Choice]:
    """Return what a parameter can take, by label: what its column holds without it, or else all of its class.

    Raises:
        KgError: as the engine.

    """
    lang = language()
    found = ox.parse_query_results(ask(QueryRequest(question.query)).data, format=ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QuerySolutions) and parameter.name in [one.value for one in found.variables]:
        iris = {term.value for row in found if isinstance(term := row[parameter.name], ox.NamedNode)}
    elif parameter.kind and _class(parameter) != _RESOURCE:
        kind = ox.NamedNode(_class(parameter))
        quads = site().graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), kind, None)
        iris = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    else:
        iris = set()
    choices = [Choice(short(iri), iri, *site().labels.get(iri, lang)) for iri in iris]
    return sorted(choices, key=lambda choice: (choice.text.casefold(), choice.iri))


def sheet_of(filled: Filled, shown: int = 0) -> tuple[Sheet, int]:
    """Return the answer to a question as a sheet in the language of the request, and how many rows there are in all.

    Arguments:
        filled: the question with its values.
        shown: the first so many rows; 0 for all.

    Raises:
        KgError: as the engine.

    """
    lang, words = language(), desk().titles
    answered = ask(QueryRequest(filled.query, preview_rows=shown))
    found = ox.parse_query_results(answered.data, format=ox.QueryResultsFormat.JSON)
    sheet = Sheet.from_solutions(found, site().labels, lambda name: title_of(words, name, lang), lang)
    return sheet, max(answered.rows, len(sheet.rows))


def source_of(filled: Filled, url: str) -> Provenance:
    """Return what goes with the rows of a question, in the language of the request."""
    lang, question = language(), filled.question
    return Provenance(
        question=question.name,
        title=question.title[lang],
        description=question.description[lang],
        query=filled.query,
        parameters=filled.terms,
        url=url,
        version=site().graph.version,
        date=desk().date,
        terms=desk().terms[lang],
    )
