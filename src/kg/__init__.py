"""The open knowledge graph of climate jobs, for notebooks.

>>> import kg
>>> len(kg.query("SELECT ?table { ?table a kb:ClimateTable }"))
5
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rdflib

    from kg.graph.build import Graph
    from kg.queries.question import Question
    from kg.queries.rows import Rows

__all__ = ["dataset", "query", "question", "questions"]
__version__ = metadata.version("klimaatbanen-kg")


def dataset() -> rdflib.Dataset:
    """Return the packaged graph as an `rdflib.Dataset` over Oxigraph: its default graph merges the named graphs."""
    import rdflib
    from oxrdflib import OxigraphStore

    return rdflib.Dataset(store=OxigraphStore(store=_graph().dataset.whole))


def query(text: str) -> Rows:
    """Return the rows of a SELECT or ASK; the prefixes of the graph may be used without declaring them.

    Arguments:
        text: SPARQL 1.1 Query.

    Raises:
        kg.errors.QueryError: with line and column.
        kg.errors.Refused: an update, SERVICE, or a query that gives a graph instead of rows.

    """
    from kg.queries.engine import answer, with_prefixes
    from kg.queries.rows import Rows
    from kg.queries.text_score import NAME

    if NAME in text and not _graph().dataset.text_search:
        from kg.web.app import text_search

        _graph().dataset.text_search = text_search(_graph())
    return Rows.from_solutions(answer(_graph().dataset, with_prefixes(text, _graph().prefixes)))


def questions() -> dict[str, str]:
    """Return the names of the saved questions with their English titles."""
    return {name: question.title["en"] for name, question in _saved().items()}


def question(name: str, **values: str) -> Rows:
    """Return the answer to a saved question.

    Arguments:
        name: path below `queries/`, such as `occupations/list-items`.
        values: a value for each parameter to bind: an IRI, `kind/slug`, or a literal of its datatype.

    Raises:
        kg.errors.NotFound: no such question.
        kg.errors.QueryError: no such parameter.

    """
    from kg.queries.question import pick

    return query(pick(_saved(), name).fill(values))


@cache
def _saved() -> dict[str, Question]:
    from kg.files import project_folder
    from kg.queries.question import find_questions

    return find_questions(project_folder() / "queries")


@cache
def _graph() -> Graph:
    from kg.files import project_folder
    from kg.graph.cache import read_or_build

    return read_or_build(project_folder())
