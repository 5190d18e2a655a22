"""Responses: pages, data with its entity tag, and answers of the engine, each with the headers that go with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
from flask import Response, render_template

from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import CACHED, HEAVY, LIGHT, record_of
from kg.endpoint.http.response_cache import wants_fresh
from kg.endpoint.http.sparql_protocol import REVALIDATED, reply_with, unkept
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, UnknownValue
from kg.graph.json_ld import FORMS, expanded
from kg.queries.formats import Format, serialise_triples
from kg.web.context import Context
from kg.web.layout import interface
from kg.web.site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

JSON_LD_CONTEXT: Final = "/context.jsonld"
_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"
_LONG: Final = ("timeout", "heavy", "memory")  # Limits that a light query does not reach.


def render(context: Context, template: str, **values: Any) -> str:
    """Return a template with what every template can use, in the language of a request."""
    return render_template(template, **interface(context), **values)


def send_page(context: Context, template: str, error: KgError | None = None, **values: Any) -> Response:
    """Return a template as a page in the language of a request; with an error, with its status."""
    html = render(context, template, error=error, **values)
    response = Response(html, error.status if error else 200, content_type=_HTML)
    response.headers["Content-Language"] = context.lang
    return uncached(response, error) if error else response


def uncached(response: Response, error: KgError) -> Response:
    """Forbid caches to keep an error, and say when to try again."""
    response.headers.update(unkept(error))
    return response


def send_data(data: bytes, content_type: str, lang: str = "", *, etag: str = "", weak: bool = False) -> Response:
    """Return bytes with entity tag (RFC 9110, section 8.8.3), to be validated again at each use.

    Arguments:
        data: the body.
        content_type: with its charset where the media type has one.
        lang: language of the texts in it, if it has one.
        etag: entity tag; by default a hash of the bytes.
        weak: whether the tag is weak: the same content may come in other bytes.

    """
    response = Response(data, content_type=content_type)
    if etag:
        response.set_etag(etag, weak)
    else:
        response.add_etag(weak=weak)
    response.headers["Cache-Control"] = REVALIDATED
    if lang:
        response.headers["Content-Language"] = lang
    return response


def send_json(payload: Any) -> Response:
    """Return a payload as JSON, without an entity tag: it answers what somebody typed."""
    return Response(json.dumps(payload, ensure_ascii=False), content_type=_JSON)


def send_triples(context: Context, triples: list[ox.Triple], form: Format, root: str = "") -> Response:
    """Return triples in an RDF syntax; JSON-LD is compacted with our context, unless its profile says another form.

    Arguments:
        context: the request; of its Accept the profiles of JSON-LD count (JSON-LD 1.1, appendix C).
        triples: what is said.
        form: the syntax.
        root: IRI of the thing that a compacted document is about; without one, of all of them.

    """
    short = context.site.json_ld if form.engine == ox.RdfFormat.JSON_LD else None
    if short is None:
        return Response(serialise_triples(triples, form, context.site.graph.prefixes), content_type=form.content_type)
    asked = next((name for name in FORMS if name in context.request.headers.get("Accept", "")), "")
    plain = asked in FORMS[:2]
    payload = expanded(triples) if plain else short.document(triples, context.absolute(JSON_LD_CONTEXT), root)
    content_type = f'{form.content_type}; profile="{asked}"' if asked else form.content_type
    return Response(json.dumps(payload, ensure_ascii=False), content_type=content_type)


def one_of(values: Mapping[str, str], name: str, offered: tuple[str, ...]) -> str:
    """Return the value of a name among those that are offered; without it, the first.

    Raises:
        UnknownValue: another value; the hint names those that are offered.

    """
    value = values.get(name) or offered[0]
    if value not in offered:
        raise UnknownValue(f"{name} cannot be {value[:100]}", where=name, hint=f"one of: {', '.join(offered)}")
    return value


def count_of(values: Mapping[str, str], usual: int, most: int) -> int:
    """Return `limit=`, brought into 1 to the most that is given; without it, the usual.

    Raises:
        UnknownValue: it is no whole number.

    """
    value = values.get("limit") or str(usual)
    try:
        return min(max(int(value), 1), most)
    except ValueError:
        raise UnknownValue(f"limit cannot be {value[:100]}", where="limit", hint=f"a number from 1 to {most}") from None


def ask(context: Context, query: QueryRequest, seconds: float | None = None) -> QueryResult:
    """Return an answer from the cache or the engine; it is kept for the next who asks.

    Raises:
        KgError: as the engine.

    """
    return run(context.site, context.request.environ, query, seconds)


def run(site: Site, environ: WSGIEnvironment, query: QueryRequest, seconds: float | None = None) -> QueryResult:
    """Return an answer as `ask`, for a request in whatever form it came; an empty one is of nobody in particular."""
    return _kept(site, environ, query) or site.engine.wait(_ask_engine(site, environ, query, seconds))


async def run_on_loop(site: Site, environ: WSGIEnvironment, query: QueryRequest, seconds: float | None) -> QueryResult:
    """Return an answer as `run`, on the event loop."""
    return _kept(site, environ, query) or await _ask_engine(site, environ, query, seconds)


def _kept(site: Site, environ: WSGIEnvironment, query: QueryRequest) -> QueryResult | None:
    record = record_of(environ)
    record.key, record.query = query.key, query
    record.result = None if wants_fresh(environ) else site.cache.get(query.key)
    record.effort = CACHED if record.result else ""
    return record.result


async def _ask_engine(site: Site, environ: WSGIEnvironment, query: QueryRequest, seconds: float | None) -> QueryResult:
    is_gone: Callable[[], bool] = environ.get("kg.client_gone", _stays)
    client, record = environ.get("REMOTE_ADDR", ""), record_of(environ)
    try:
        answer = await site.engine.answer(query, client=client, seconds=seconds, is_gone=is_gone)
    except KgError as error:
        record.limit, record.effort = error.limit, HEAVY if error.limit in _LONG else LIGHT
        raise
    record.effort, record.result = HEAVY if answer.heavy else LIGHT, answer
    if not answer.changing:
        site.cache.put(query.key, answer, len(answer.data))
    return answer


def _stays() -> bool:
    return False


def send_answer(context: Context, query: QueryRequest, seconds: float | None = None) -> Response:
    """Return an answer of the engine."""
    return send_reply(reply_to(context.site, context.request.environ, query, ask(context, query, seconds)))


def reply_to(site: Site, environ: WSGIEnvironment, query: QueryRequest, answer: QueryResult) -> Reply:
    """Return the reply with an answer, which is kept under the key of its query."""
    if not answer.changing:
        environ["kg.result_key"] = query.key
    return reply_with(query, answer, site.data_version)


def send_reply(reply: Reply) -> Response:
    """Return a reply as Flask sends it."""
    return Response(reply.body, reply.status, reply.headers)
