"""Queries to a back end: read and refused here, sent with a dataset of our graphs, and the answer read whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import pyoxigraph as ox

from kg.endpoint.backends.connection import Connection, Response
from kg.endpoint.backends.dialects import ANY, Dialect, boolean_of, dialect_of, over_time
from kg.endpoint.backends.graph_selection import GraphSelection, Pairs
from kg.endpoint.backends.url import Credentials
from kg.errors import BadGateway, GatewayTimeout, OverTime, TooLarge, Unavailable
from kg.queries import engine as sparql
from kg.queries.formats import Solutions
from kg.queries.limits import Limits

_FORM: Final = "application/x-www-form-urlencoded"
_TABLE: Final = ("application/sparql-results+json", "application/json")
_GRAPH: Final = ("application/n-triples", "text/plain")
_LARGER: Final = 4  # SPARQL JSON may have so many times the bytes of the format that is sent on.
_EVERYTHING: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
_BUSY: Final = (429, 503)
_LATE: Final = (408, 504)
_LONGEST_WAIT: Final = 120


class Remote:
    """An engine behind a URL, asked for SPARQL JSON and N-Triples only: all else is made here.

    Arguments:
        url: of its query endpoint.
        credentials: name and password, where it asks for them.
        selection: which of its graphs a query sees.
        dialect: of the engine.
        spare: seconds beyond the limit on time, where someone else keeps it and says so better.

    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        selection: GraphSelection,
        dialect: Dialect = ANY,
        *,
        spare: float = 0.0,
    ) -> None:
        self._connection = Connection(url, credentials)
        self._selection, self._dialect, self._spare = selection, dialect, spare
        self._nothing = ox.Store()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def answer(
        self, text: str, *, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = (), limits: Limits
    ) -> Solutions:
        """Return the answer of the back end to a query.

        Our own engine reads the query first and answers it from nothing: what is no query, or is refused, or calls an
        unknown function, is never sent; and the kind of the answer is known.

        Raises:
            KgError: as `kg.queries.engine.answer`; BadGateway, GatewayTimeout, OverTime or Unavailable
                for what the back end does.

        """
        kind = sparql.answer(
            self._nothing, text, default_graphs=default_graphs, named_graphs=named_graphs, limits=limits
        )
        stated = sparql.dataset_of(text)
        if not (default_graphs or named_graphs):
            default_graphs, named_graphs = stated.default, stated.named
        text, dataset = stated.text, self._selection.parameters(default_graphs, named_graphs, graph=stated.graph)
        if isinstance(kind, ox.QueryTriples):
            return _triples(self._post(text, dataset, _GRAPH, limits), limits)
        return _table(self._post(text, dataset, _TABLE, limits), kind)

    def rows(self, text: str, dataset: Pairs, limits: Limits) -> list[ox.QuerySolution]:
        """Return the rows of a SELECT of our own over a dataset given by parameters.

        Raises:
            KgError: as `answer`.

        """
        solutions = _table(self._post(text, dataset, _TABLE, limits), self._nothing.query(text))
        try:
            return list(solutions)  # type: ignore[arg-type]
        except (SyntaxError, ValueError) as error:
            raise broken() from error

    def dialect(self, limits: Limits) -> Dialect:
        """Return the dialect of the back end, and use it."""
        self._dialect = dialect_of(self._post("ASK {}", [], _TABLE, limits).headers)
        return self._dialect

    def _post(self, text: str, dataset: Pairs, offered: Sequence[str], limits: Limits) -> Response:
        """Return the good response to a query sent by form POST (SPARQL 1.1 Protocol, section 2.1.2)."""
        body = urlencode([("query", text), *dataset]).encode()
        headers = {"Content-Type": _FORM, "Accept": offered[0]}
        response = self._connection.send(
            "POST", body, headers, seconds=limits.timeout + self._spare, most=_LARGER * limits.max_bytes
        )
        if response.status != 200:
            raise _failure(response, limits)
        if response.kind not in offered:
            raise BadGateway("the back end answers in another format than it was asked for")
        if self._dialect.late in response.headers:
            raise _over_time(limits)
        if self._dialect.cut in response.headers:
            hint = "add LIMIT and OFFSET; the operator of the back end can let it give more"
            raise TooLarge("the back end may have cut the answer: it stops there", hint=hint, limit="max_rows")
        return response


def _table(response: Response, kind: Solutions) -> Solutions:
    try:
        data = boolean_of(response.data) if isinstance(kind, ox.QueryBoolean) else response.data
        solutions = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError, LookupError) as error:
        raise broken() from error
    if isinstance(solutions, ox.QueryBoolean) != isinstance(kind, ox.QueryBoolean):
        raise BadGateway("the back end answers another question")
    if isinstance(solutions, ox.QuerySolutions) and isinstance(kind, ox.QuerySolutions):
        wanted, sent = ({variable.value for variable in each.variables} for each in (kind, solutions))
        if wanted != sent:
            raise BadGateway("the back end answers with other columns than were asked for")
    return solutions


def _triples(response: Response, limits: Limits) -> Solutions:
    if not response.framed:
        raise BadGateway("the back end does not say where its answer ends", hint="it must send a length, or chunks")
    if response.data.count(b"\n") > limits.max_rows:
        what = f"the result has more than {limits.max_rows:,} rows"
        raise TooLarge(what, hint="add LIMIT and OFFSET, or ask for less", limit="max_rows")
    store = ox.Store()
    try:
        store.load(response.data, format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError) as error:
        raise broken() from error
    return store.query(_EVERYTHING)


def broken() -> BadGateway:
    """Return the error for an answer that cannot be read."""
    return BadGateway("the back end sent a broken answer", hint="try again; if it stays, report it", retry=5)


def _over_time(limits: Limits) -> OverTime:
    what = "the back end ended the query: it took too long"
    hint = f"ask for less: bind more, aggregate less, add LIMIT to an inner query; {limits.timeout:g} s are allowed"
    return OverTime(what, hint=hint, limit="timeout", retry=10)


def _failure(response: Response, limits: Limits) -> Exception:
    """Return the error for a status that is not 200; the words of the back end are not passed on."""
    status = response.status
    if over_time(response.data):
        return _over_time(limits)
    if status in _BUSY:
        return Unavailable("the back end is busy", hint="try again later", retry=_wait(response))
    if status in _LATE:
        return GatewayTimeout("the back end did not answer in time", hint="try again later", retry=10)
    if status in (401, 403):
        return BadGateway("the back end does not let us in", hint="the operator must set its name and password")
    if 300 <= status < 400:
        return BadGateway("the back end redirects; that is not followed", hint="the operator must set its right URL")
    if 400 <= status < 500:
        what = f"the back end refuses a query that SPARQL 1.1 allows (status {status})"
        return BadGateway(what, hint="write it another way; docs/backends.md lists what engines lack")
    return BadGateway(f"the back end failed (status {status})", hint="try again, or write the query another way")


def _wait(response: Response) -> int:
    seconds = response.headers.get("Retry-After", "")
    return min(int(seconds), _LONGEST_WAIT) if seconds.isdecimal() else 10
