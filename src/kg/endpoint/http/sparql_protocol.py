"""SPARQL 1.1 Protocol (query operation) and Graph Store HTTP Protocol (reading) as plain functions.

A request becomes a query or an error, and a result or an error a reply, whatever server they come and go by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header

from kg.endpoint.http.negotiation import likes_html, preferred, ranges_of
from kg.endpoint.http.reply import Headers, Reply
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, NotAcceptable, NotFound, QueryError, Refused, UnsupportedBody
from kg.namespaces import GRAPH
from kg.queries.formats import GRAPHS, TABLES, Format, named
from kg.queries.limits import setting_of
from kg.rdf_terms import is_iri

_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_RDF: Final = {form.media_type for form in GRAPHS}
_ROWS: Final = {form.media_type for form in TABLES}
_FORMATS: Final = {form.name: form for form in (*TABLES, *GRAPHS)}
_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
_NAMED: Final = "CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{}> {{ ?s ?p ?o }} }}"
_BAD_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FIELDS: Final = 200
REVALIDATED: Final = "public, max-age=0, must-revalidate"


class Operation:
    """A request to `/sparql`, read as far as it does not matter what is asked.

    Arguments:
        method: of HTTP, in capitals.
        query_string: of the URL, encoded.
        accept, content_type: the headers, or empty.
        body: whole.

    Raises:
        QueryError: the parameters are not well encoded.

    """

    def __init__(self, method: str, query_string: bytes, accept: str, content_type: str, body: bytes) -> None:
        self._posts, self._accept, self._body = method == "POST", accept, body
        media_type, self._options = parse_options_header(content_type)
        self._media_type = media_type.lower()
        self._pairs = arguments(query_string)
        self._in_form = arguments(body) if self._posts and self._media_type == _FORM else []
        self._pairs += self._in_form
        self._format = next(iter(self.values("format")), "")
        self.wants_page = likes_html(accept) and not self._format

    def values(self, name: str) -> list[str]:
        """Return the values of a parameter, in the URL and in the form."""
        return [value for key, value in self._pairs if key == name]

    @property
    def seconds(self) -> float | None:
        """The time that the client allows, in seconds; it can only lower the limit.

        Raises:
            QueryError: it is no number of seconds.

        """
        values = self.values("timeout")
        if not values:
            return None
        try:
            seconds = float(values[-1])
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise QueryError("timeout= is no number of seconds", hint="for example timeout=2.5")
        return seconds

    @property
    def description(self) -> Format | None:
        """The syntax in which a service description is wanted: there is no query, and RDF or anything is taken."""
        ranges = ranges_of(self._accept)
        liked = {media_type for media_type, quality in ranges.items() if quality > 0}
        takes = bool(liked & _RDF) or not ranges or ("*/*" in liked and not liked & _ROWS)
        takes = named(self._format, GRAPHS) is not None if self._format else takes
        asks = self._posts or any(name in ("query", "update") for name, _ in self._pairs)
        return preferred(self._accept, self._format, GRAPHS) if takes and not asks else None

    def query(self) -> QueryRequest:
        """Return the query, its dataset and the formats that are liked (SPARQL 1.1 Protocol, section 2.1).

        Raises:
            QueryError: there is no query, or several, or it is not well encoded.
            Refused: an update.
            UnsupportedBody: the body is no form and no query.

        """
        return QueryRequest(
            text=self._text(),
            default_graphs=tuple(self.values("default-graph-uri")),
            named_graphs=tuple(self.values("named-graph-uri")),
            table=self._preferred(TABLES),
            graph=self._preferred(GRAPHS),
            accept=self._format or self._accept,
        )

    def _preferred(self, offered: tuple[Format, ...]) -> str:
        """Return the format that is liked best among some, or nothing: which are needed, the query decides."""
        try:
            return preferred(self._accept, self._format, offered).name
        except NotAcceptable:
            return ""

    def _text(self) -> str:
        in_body = self._posts and self._media_type == _QUERY
        if self._media_type == _UPDATE or self.values("update"):
            raise Refused("updates are not accepted: this graph is read only", hint="data changes in files, by review")
        if self._posts and self._media_type not in (_FORM, _QUERY):
            kind = self._media_type or "no content type"
            raise UnsupportedBody(f"a POST with {kind}", hint=f"send {_FORM} with query=, or {_QUERY}")
        queries = self.values("query")
        if len(queries) + in_body > 1:
            raise QueryError("several queries in one request", hint="send one query, in the URL or in the body")
        if in_body:
            return self._text_of_body()
        if not queries or (self._posts and not any(name == "query" for name, _ in self._in_form)):
            raise QueryError("no query", hint="send query=SELECT ...")
        return queries[0]

    def _text_of_body(self) -> str:
        if self._options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise UnsupportedBody("the body is not in UTF-8", hint="encode the query as UTF-8 (section 2.1.3)")
        try:
            text = self._body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise QueryError("the body is not UTF-8", hint="encode the query as UTF-8") from error
        if "\0" in text:
            raise QueryError("the query holds a NUL", hint="leave the character out")
        return text


def read_graph(name: str, query_string: bytes, accept: str, holds: Callable[[str], bool]) -> QueryRequest:
    """Return the query for a graph (Graph Store HTTP Protocol, section 4).

    Arguments:
        name: what follows `/store/` follows `/graph/` in the IRI of the graph (section 4.1); empty where `graph=` names
            it, or `default` all of them.
        query_string: as in `Operation`.
        accept: as in `Operation`.
        holds: says whether there is a graph of an IRI.

    Raises:
        QueryError: no graph is named, or several.
        NotFound: there is no such graph.
        NotAcceptable: no format fits.

    """
    pairs = arguments(query_string)
    graphs = [GRAPH + name] if name else [value for key, value in pairs if key == "graph"]
    is_default = not name and any(key == "default" for key, _ in pairs)
    if len(graphs) + is_default != 1:
        raise QueryError("name one graph", hint="give ?graph=<IRI>, or ?default")
    for iri in graphs:
        if not is_iri(iri):
            raise QueryError(f"not an IRI: {iri[:200]}", hint="give the absolute IRI of a graph")
        if not holds(iri):
            raise NotFound(f"no graph {iri[:200]}", hint="the service description at /sparql lists the graphs")
    asked = next((value for key, value in pairs if key == "format"), "")
    form = preferred(accept, asked, GRAPHS)
    return QueryRequest(_NAMED.format(*graphs) if graphs else _DEFAULT, graph=form.name)


def reply_with(query: QueryRequest, result: QueryResult, data_version: str) -> Reply:
    """Return the reply with a result, with an entity tag made from data version, query and format.

    The tag is weak: without ORDER BY, the order of rows may differ from answer to answer. Nobody keeps a result that
    the next one may contradict, and it has no tag.
    """
    headers = [("Content-Type", _FORMATS[result.format].content_type), ("Content-Length", str(len(result.data)))]
    if result.changing:
        return Reply(200, [*headers, ("Cache-Control", "no-store")], result.data)
    parts = query.key + data_version.encode() + result.format.encode()
    tag = f'W/"{blake2b(parts, digest_size=12).hexdigest()}"'
    return Reply(200, [*headers, ("ETag", tag), ("Cache-Control", REVALIDATED)], result.data)


def reply_with_error(error: KgError) -> Reply:
    """Return the reply with an error as problem+json (RFC 9457)."""
    members = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.what,
        "hint": error.hint or None,
        "line": error.line,
        "column": error.column,
        "limit": error.limit or None,
        "setting": (setting_of(error.limit) if error.limit else "") or None,
    }
    told = {name: value for name, value in members.items() if value is not None}
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body))), *unkept(error)]
    return Reply(error.status, headers, body)


def unkept(error: KgError) -> Headers:
    """Return the headers that forbid caches to keep an error, and say when to try again."""
    retry = [] if error.retry is None else [("Retry-After", str(error.retry))]
    return [("Cache-Control", "no-store"), *retry]


def arguments(raw: bytes) -> Headers:
    """Return the pairs of a query string or form, strictly read.

    Raises:
        QueryError: broken percent-encoding, not UTF-8, a NUL, or too many pairs.

    """
    if _BAD_PERCENT.search(raw):
        raise QueryError("a % is not followed by two hexadecimal digits", hint="percent-encode the value")
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError as error:
        raise QueryError("the parameters are not UTF-8", hint="encode them as UTF-8") from error
    except ValueError as error:
        raise QueryError(f"more than {_FIELDS} parameters", hint="send fewer") from error
    if any("\0" in name + value for name, value in pairs):
        raise QueryError("a parameter holds a NUL", hint="leave the character out")
    return pairs
