"""Saved questions with their parameters bound: read strictly, answered, and made readable in one language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.endpoint.http.sparql_protocol import arguments
from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound, UnknownValue
from kg.namespaces import ID, RDF_TYPE
from kg.queries.chart_header import Plot
from kg.queries.question import Parameter, Question
from kg.rdf_terms import is_iri, local_name, objects
from kg.tables.column_titles import title_of
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.kinds import kind_of
from kg.web.responses import ask
from kg.web.site import Site

_LISTED: Final = 60
_RESOURCE: Final = "http://www.w3.org/2000/01/rdf-schema#Resource"
PLAIN: Final = frozenset({"lang", "format"})


@dataclass(frozen=True)
class Choice:
    """A value that a parameter can take: as it stands in a URL, and as people read it, with its language."""

    value: str
    iri: str
    text: str
    lang: str


@dataclass(frozen=True)
class BoundQuestion:
    """A question with values: `values` as they stand in URLs, `terms` as the query gets them."""

    question: Question
    values: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def chart(self) -> Plot | None:
        """The chart of the question, in which what was asked for stands out."""
        chart = self.question.chart
        return replace(chart, chosen=tuple(self.terms.values())) if chart else None

    @cached_property
    def query(self) -> str:
        """The SPARQL text."""
        return self.question.fill(self.terms)


def find(site: Site, name: str) -> Question:
    """Return a question by its path.

    Raises:
        NotFound: there is none.

    """
    question = site.questions.get(name)
    if question is None:
        raise NotFound(f"no question called {name[:200]}", hint="see /questions for all of them")
    return question


def bind(context: Context, question: Question, also: Iterable[str] = PLAIN) -> BoundQuestion:
    """Return a question with the parameters of a request; an empty one counts as not given.

    Arguments:
        context: the request.
        question: the question.
        also: names in the URL that are no parameters.

    Raises:
        UnknownValue: an unknown parameter, one given twice, or a value that it cannot take, with those that it can.

    """
    known = {parameter.name: parameter for parameter in question.parameters}
    values: dict[str, str] = {}
    terms: dict[str, str] = {}
    for name, value in arguments(context.request.query_string):
        if name in also:
            continue
        if name not in known:
            names = ", ".join([*known, *sorted(also)])
            raise UnknownValue(f"unknown parameter {name[:100]}", where=name[:100], hint=f"parameters: {names}")
        if not value:
            continue
        if name in values:
            raise UnknownValue(f"{name} is given twice", where=name, hint="give one value, or none for all")
        terms[name] = _term(context, question, known[name], value)
        values[name] = short(terms[name])
    return BoundQuestion(question, values, terms)


def short(iri: str) -> str:
    """Return an IRI as URLs of ours write it: without what all ours begin with."""
    return iri.removeprefix(ID)


def _term(context: Context, question: Question, parameter: Parameter, value: str) -> str:
    if parameter.datatype:
        return value
    choices = choices_of(context, question, parameter)
    iri = value if value.startswith(("http://", "https://")) else ID + value
    if any(choice.iri == iri for choice in choices) or _is_member(context.site, parameter, iri):
        return iri
    named = {choice.iri for choice in choices if local_name(choice.iri) == value}
    if len(named) == 1:
        return named.pop()
    listed = ", ".join(choice.value for choice in choices[:_LISTED])
    more = f" and {len(choices) - _LISTED} more: /api/{question.name}/choices" if len(choices) > _LISTED else ""
    hint = f"one of: {listed}{more}" if choices else "the IRI of a thing, or kind/slug; /search finds them"
    raise UnknownValue(f"{parameter.name} cannot be {value[:200]}", where=parameter.name, hint=hint)


def _class(site: Site, parameter: Parameter) -> str:
    prefix, _, name = parameter.kind.partition(":")
    return site.graph.prefixes[prefix] + name if parameter.kind else ""


def _is_member(site: Site, parameter: Parameter, iri: str) -> bool:
    """Return whether a thing is of the class of a parameter; everything that is described is an rdfs:Resource."""
    kind, store = _class(site, parameter), site.graph.store
    if not kind or not is_iri(iri):
        return False
    if kind == _RESOURCE:
        return any(store.quads_for_pattern(ox.NamedNode(iri), None, None, None))
    return ox.NamedNode(kind) in objects(store, ox.NamedNode(iri), RDF_TYPE)


def choices_of(context: Context, question: Question, parameter: Parameter) -> list[Choice]:
    """Return what a parameter can take, by label: what its column holds without it, or else all of its class.

    Raises:
        KgError: as the engine.

    """
    site = context.site
    answer = ask(context, QueryRequest(question.query))
    rows = ox.parse_query_results(answer.data, format=ox.QueryResultsFormat.JSON)
    if isinstance(rows, ox.QuerySolutions) and parameter.name in [variable.value for variable in rows.variables]:
        iris = {term.value for row in rows if isinstance(term := row[parameter.name], ox.NamedNode)}
    elif parameter.kind and _class(site, parameter) != _RESOURCE:
        kind = ox.NamedNode(_class(site, parameter))
        quads = site.graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), kind, None)
        iris = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    else:
        iris = set()
    choices = [Choice(short(iri), iri, *_name(site, iri, context.lang)) for iri in iris]
    same = Counter(choice.text.casefold() for choice in choices)
    choices = [
        replace(one, text=f"{one.text} ({site.class_name(one.iri, context.lang)})")
        if same[one.text.casefold()] > 1 and kind_of(one.iri)
        else one
        for one in choices
    ]
    return sorted(choices, key=lambda choice: (choice.text.casefold(), choice.iri))


def _name(site: Site, iri: str, lang: str) -> tuple[str, str]:
    text, tag = site.labels.get(iri, lang)
    return text + site.apart(iri, lang), tag


def sheet_of(context: Context, bound: BoundQuestion, preview: int = 0) -> tuple[Sheet, int]:
    """Return the answer to a question as a sheet in the language of the request, and how many rows there are in all.

    Arguments:
        context: the request.
        bound: the question with its values.
        preview: the first so many rows; 0 for all.

    Raises:
        KgError: as the engine.

    """
    answer = ask(context, QueryRequest(bound.query, preview_rows=preview))
    sheet = read_sheet(context, answer.data)
    return sheet, max(answer.rows, len(sheet.rows))


def read_sheet(context: Context, data: bytes) -> Sheet:
    """Return SPARQL results in JSON as a sheet in the language of the request."""
    site, lang = context.site, context.lang
    rows = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
    return Sheet.from_solutions(rows, site.labels, lambda name: title_of(site.column_titles, name, lang), lang)
