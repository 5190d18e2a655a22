"""`kb:textScore`, a function of queries (SPARQL 1.1 Query, section 17.6): how well a thing is what a text looks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pyoxigraph as ox

from kg.errors import KgError, QueryError, TooLarge
from kg.namespaces import KB, RDF, XSD
from kg.queries.formats import Solutions
from kg.rdf_terms import Term

Search = Callable[[str, str], Mapping[str, float] | None]  # Text and language to scores by IRI; None without an index.
NAME: Final = "textScore"
IRI: Final = ox.NamedNode(KB + NAME)
NO_SEARCH: Final = 'without text search ask FILTER(CONTAINS(LCASE(?label), "...")), as docs/endpoint.md shows'
MOST_TEXTS: Final = 10
MOST_CHARACTERS: Final = 200
_TEXT_TYPES: Final = (XSD + "string", RDF + "langString")
_DUTCH: Final = "nl"
_TRIPLES: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"


class TextScore:
    """The function in one query: each text is searched once, a row costs a look-up.

    To the engine an error of a function is an unbound value, so errors are kept until the answer is whole.

    Arguments:
        search: finds the things.

    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._found: dict[tuple[str, str], Mapping[str, float]] = {}
        self._error: Exception | None = None

    def __call__(self, *arguments: Term) -> ox.Literal | None:
        """Return a score from 0 to 1, or nothing where the thing is not found or the arguments are of other kinds."""
        if self._error:
            return None
        try:
            return self._score(arguments)
        except (KgError, MemoryError, OSError) as error:
            self._error = error
            return None

    def _score(self, arguments: tuple[Term, ...]) -> ox.Literal | None:
        if len(arguments) != 2:
            raise QueryError(f"kb:{NAME} takes a thing and a text", hint=f'for example kb:{NAME}(?thing, "lasser"@nl)')
        thing, text = arguments
        if not isinstance(thing, ox.NamedNode) or not isinstance(text, ox.Literal):
            return None
        if text.datatype.value not in _TEXT_TYPES:
            return None
        key = text.value, (text.language or _DUTCH).partition("-")[0]
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        score = self._found[key].get(thing.value)
        return None if score is None else ox.Literal(f"{score:.4g}", datatype=ox.NamedNode(XSD + "decimal"))

    def _look_up(self, text: str, lang: str) -> Mapping[str, float]:
        if len(text) > MOST_CHARACTERS:
            what = f"a text of kb:{NAME} has {len(text):,} characters; {MOST_CHARACTERS} are allowed"
            raise TooLarge(what, hint="look for some words")
        if len(self._found) == MOST_TEXTS:
            what = f"the query looks for more than {MOST_TEXTS} different texts with kb:{NAME}"
            raise TooLarge(what, hint="give the words as a constant, or ask several queries")
        found = self._search(text, lang)
        if found is None:
            raise QueryError(f"there is no index for kb:{NAME}", hint=NO_SEARCH)
        return found

    def whole(self, solutions: Solutions) -> Solutions:
        """Return an answer that was read to its end.

        Raises:
            KgError: that of the function.

        """
        if isinstance(solutions, ox.QuerySolutions):
            data = solutions.serialize(format=ox.QueryResultsFormat.JSON)
            solutions = ox.parse_query_results(data or b"", format=ox.QueryResultsFormat.JSON)
        elif isinstance(solutions, ox.QueryTriples):
            store = ox.Store()
            store.extend(ox.Quad(*triple) for triple in solutions)
            solutions = store.query(_TRIPLES)
        if self._error:
            raise self._error
        return solutions
