"""`/reconcile`: the Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group), in nl and en."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound, QueryError
from kg.languages import LANGUAGES
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import Entry
from kg.namespaces import BASE, KB, RDF_TYPE
from kg.rdf_terms import asserted, is_iri, local_name, objects
from kg.web.context import Context
from kg.web.layout import local_link
from kg.web.responses import count_of, render, send_json, send_page
from kg.web.site import Site

_ISCO: Final = "isco"
_ISCO_NAME: Final = {"nl": "ISCO-08-code", "en": "ISCO-08 code"}
_LIMIT: Final = 10
_MOST: Final = 100
_BATCH: Final = 100
_PROPERTY_SHARE: Final = 0.2
_SUGGESTED: Final = 20
_OTHER_NAMES: Final = 5
# Other sites may frame this page alone.
_PREVIEW_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors *"
)

View = Callable[..., Response]


def init_app(app: Flask, site: Site) -> None:
    """Register the routes, each with and without a language in its path."""
    blueprint = Blueprint("reconcile", __name__)

    def _context(language: str | None) -> Context:
        return _in_language(Context.from_request(site, request), language)

    route = partial(_route, blueprint)

    @route("", "GET", "POST")
    def service(language: str | None) -> Response:
        """Answer the manifest (section 3), a batch of queries (section 4) or of extensions (section 7.2)."""
        return send_json(_service(_context(language)))

    @route("/suggest/<any(entity, type, property):what>")
    def suggest(what: str, language: str | None) -> Response:
        """Complete a prefix (section 6): `prefix=` and `cursor=`, the number of results to leave out."""
        return send_json({"result": _suggest(_context(language), what)})

    @route("/extend/propose")
    def propose(language: str | None) -> Response:
        """Propose properties for a class (section 7.1): `type=` and `limit=`."""
        kind = request.args.get("type", "")
        limit = count_of(request.args, _MOST, _MOST)
        payload = {"limit": limit, "properties": _properties(_context(language), kind)[:limit]}
        return send_json({"type": kind, **payload} if kind else payload)

    @route("/preview")
    def preview(language: str | None) -> Response:
        """Show a thing in a small frame (section 5)."""
        context = _context(language)
        response = send_page(context, "preview.html", **_preview(context))
        response.headers["Content-Security-Policy"] = _PREVIEW_POLICY
        return response

    @route("/view")
    def view(language: str | None) -> Response:
        """Lead to the page of a thing: ours here, one of ESCO there."""
        context = _context(language)
        iri = _entry(context).iri
        location = local_link(iri, context.lang) if iri.startswith(BASE) else iri
        return Response(status=303, headers={"Location": location})

    @route("/flyout/<any(entity, type, property):what>")
    def flyout(what: str, language: str | None) -> Response:
        """Describe a suggestion in a piece of HTML (section 6.1)."""
        context, iri = _context(language), request.args.get("id", "")
        if what == "entity":
            return send_json({"id": iri, "html": render(context, "preview.html", **_preview(context))})
        return send_json({"id": iri, "html": render(context, "flyout.html", name=_name(context, iri), iri=iri)})

    app.register_blueprint(blueprint)


def _route(blueprint: Blueprint, path: str, *methods: str) -> Callable[[View], View]:
    """Return what registers a view at a path, with and without a language before it."""

    def register(view: View) -> View:
        options: dict[str, Any] = {"methods": methods or ("GET",), "endpoint": view.__name__}
        blueprint.add_url_rule(f"/reconcile{path}", view_func=view, defaults={"language": None}, **options)
        blueprint.add_url_rule(f"/reconcile/<any(nl, en):language>{path}", view_func=view, **options)
        return view

    return register


def _in_language(context: Context, language: str | None) -> Context:
    """Return a request with the language of its path, or of `lang=`, or else Dutch.

    OpenRefine sends no Accept-Language of its user.
    """
    lang = language or context.request.args.get("lang", "")
    return replace(context, lang=lang if lang in LANGUAGES else "nl")


def _service(context: Context) -> dict[str, Any]:
    values = context.request.values
    if "queries" in values:
        return _batch(context, _parse(values["queries"], "queries"))
    if "extend" in values:
        return _extend(context, _parse(values["extend"], "extend"))
    if context.request.method == "POST":
        raise QueryError("neither queries nor extend in the form", hint='send queries={"q0": {"query": "..."}}')
    return _manifest(context)


def _manifest(context: Context) -> dict[str, Any]:
    host, lang = context.request.host_url, context.lang
    base = f"{host}reconcile/{lang}"
    suggest = {
        name: {
            "service_url": base,
            "service_path": f"/suggest/{name}",
            "flyout_service_path": f"/flyout/{name}?id=${{id}}",
        }
        for name in ("entity", "type", "property")
    }
    return {
        "versions": ["0.1", "0.2"],
        "name": {"nl": "Klimaatbanen", "en": "Klimaatbanen (climate jobs)"}[lang],
        "identifierSpace": BASE,
        "schemaSpace": KB,
        "documentation": f"{host}?lang={lang}",
        "logo": f"{host}static/icon.svg",
        "batchSize": _BATCH,
        "defaultTypes": _types(context)[:10],
        "view": {"url": f"{base}/view?id={{{{id}}}}"},
        "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": 420, "height": 220},
        "suggest": suggest,
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/extend/propose"},
            "property_settings": [],
        },
    }


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        payload = json.loads(text)
    except ValueError as error:
        raise QueryError(f"{name} is not JSON: {error}", where=name, hint="send a JSON object") from error
    if not isinstance(payload, dict):
        raise QueryError(f"{name} is no JSON object", where=name, hint='send {"q0": {...}}')
    return payload


def _batch(context: Context, queries: dict[str, Any]) -> dict[str, Any]:
    if len(queries) > _BATCH:
        raise QueryError(f"{len(queries)} queries in a batch; {_BATCH} are allowed", hint="send smaller batches")
    return {
        name: {"result": [_candidate(context, candidate) for candidate in _reconcile(context, name, query)]}
        for name, query in queries.items()
    }


def _reconcile(context: Context, name: str, query: Any) -> list[Candidate]:
    """Return the candidates of one query (section 4.2)."""
    if not isinstance(query, dict) or not isinstance(query.get("query", ""), str):
        raise QueryError("a query is an object with a text", where=name, hint='send {"query": "lasser"}')
    kinds = query.get("type") or []
    types = frozenset([kinds] if isinstance(kinds, str) else map(str, kinds))
    limit = query.get("limit", _LIMIT)
    if not isinstance(limit, int) or limit < 1:
        raise QueryError(f"limit is {limit!r}", where=name, hint="send a whole number above 0")
    properties = _wanted_properties([] if query.get("properties") is None else query["properties"], name)
    isco = next((value for pid, values in properties if pid == _ISCO for value in values), "")
    others = [(pid, values) for pid, values in properties if pid != _ISCO]
    limit = min(limit, _MOST)
    wanted = Wanted(types, context.lang, isco)
    candidates = context.site.indexes.labels.search(query.get("query", ""), wanted, _MOST if others else limit)
    return _narrowed(context.site, candidates, others)[:limit] if others else candidates


def _wanted_properties(nodes: Any, name: str) -> list[tuple[str, list[str]]]:
    """Return each property with its values as text: a value is a text, a number, an entity or several of those."""
    if not isinstance(nodes, list) or not all(isinstance(node, dict) and "pid" in node for node in nodes):
        raise QueryError(
            "properties are a list of objects with pid and v", where=name, hint='[{"pid": "isco", "v": "7212"}]'
        )
    return [(str(node["pid"]), list(_texts(node.get("v", "")))) for node in nodes]


def _texts(value: Any) -> Iterator[str]:
    for node in value if isinstance(value, list) else [value]:
        text = node.get("id", "") if isinstance(node, dict) else node
        if text not in ("", None):
            yield str(text).rpartition("/isco/C")[2] if "/isco/C" in str(text) else str(text)


def _narrowed(site: Site, candidates: Iterable[Candidate], properties: list[tuple[str, list[str]]]) -> list[Candidate]:
    """Return candidates with a feature for each property; who lacks a value comes later and does not match."""
    scored = []
    for candidate in candidates:
        values = {pid: _values_as_text(site, candidate.entry, pid) for pid, _ in properties}
        features = {pid: float(any(text.casefold() in values[pid] for text in texts)) for pid, texts in properties}
        share = sum(features.values()) / len(features)
        score = round((1 - _PROPERTY_SHARE) * candidate.score + _PROPERTY_SHARE * 100 * share, 2)
        match = candidate.match and share == 1.0
        features = {**candidate.features, **features}
        scored.append(replace(candidate, score=score, features=features, match=match))
    return sorted(scored, key=lambda candidate: (-candidate.score, candidate.entry.iri))


def _values_as_text(site: Site, entry: Entry, pid: str) -> set[str]:
    texts = set()
    for term in _values(site, entry, pid):
        texts.add(term.value.casefold())
        if isinstance(term, ox.NamedNode):
            texts |= {site.labels.get(term.value, lang)[0].casefold() for lang in LANGUAGES}
    return texts


def _values(site: Site, entry: Entry, pid: str) -> list[ox.NamedNode | ox.Literal]:
    """Return what the graph says of a thing under a property, each value once, sorted."""
    if pid == _ISCO:
        return [ox.Literal(code) for code in entry.isco]
    if not pid.startswith(("http://", "https://")) or not is_iri(pid):
        return []
    values = set(objects(site.graph.store, ox.NamedNode(entry.iri), pid))
    return sorted((term for term in values if isinstance(term, ox.NamedNode | ox.Literal)), key=str)


def _candidate(context: Context, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate (section 4.3); its description says which label was found where that is not its name."""
    entry, label = candidate.entry, candidate.label.text
    payload: dict[str, Any] = {"id": entry.iri, "name": entry.name(context.lang), "type": _references(context, entry)}
    if label != payload["name"]:
        payload["description"] = label
    features = [{"id": feature, "value": value} for feature, value in candidate.features.items()]
    return payload | {"score": candidate.score, "match": candidate.match, "features": features}


def _references(context: Context, entry: Entry) -> list[dict[str, str]]:
    return [_reference(context, iri) for iri in entry.types]


def _reference(context: Context, iri: str) -> dict[str, str]:
    return {"id": iri, "name": _name(context, iri)}


def _name(context: Context, iri: str) -> str:
    return _ISCO_NAME[context.lang] if iri == _ISCO else context.label(iri)


def _types(context: Context) -> list[dict[str, str]]:
    """Return the classes of things that can be found, those with most things first."""
    counts = context.site.indexes.labels.classes()
    ordered = sorted(counts, key=lambda iri: (not iri.startswith(KB), -counts[iri], iri))
    return [_reference(context, iri) for iri in ordered]


def _properties(context: Context, kind: str = "") -> list[dict[str, str]]:
    """Return the properties of things that can be found, or of those of one class, by name."""
    site = context.site
    things = list(site.indexes.labels.things(Wanted(frozenset({kind} if kind else ()))))
    store = site.graph.store
    quads = (quad for iri, _ in things for quad in store.quads_for_pattern(ox.NamedNode(iri), None, None, None))
    properties = [_reference(context, iri) for iri in {quad.predicate.value for quad in asserted(quads)} - {RDF_TYPE}]
    isco = [_reference(context, _ISCO)] if any(code for _, code in things) else []
    return isco + sorted(properties, key=lambda node: (node["name"].casefold(), node["id"]))


def _suggest(context: Context, what: str) -> list[dict[str, Any]]:
    arguments = context.request.args
    if "prefix" not in arguments:
        raise QueryError("prefix is missing", where="prefix", hint="send prefix=las")
    prefix, cursor = arguments["prefix"], max(arguments.get("cursor", 0, type=int), 0)
    if what == "entity":
        wanted = Wanted(frozenset(arguments.getlist("type")))
        candidates = context.site.indexes.labels.begins(prefix, wanted, cursor + _SUGGESTED)
        return [_suggestion(context, candidate.entry) for candidate in candidates[cursor : cursor + _SUGGESTED]]
    offered, text = _types(context) if what == "type" else _properties(context), prefix.casefold()
    fit = [node for node in offered if text in node["name"].casefold() or text in local_name(node["id"]).casefold()]
    return [*fit[cursor : cursor + _SUGGESTED]]


def _suggestion(context: Context, entry: Entry) -> dict[str, Any]:
    types = _references(context, entry)
    names = ", ".join(node["name"] for node in types)
    return {"id": entry.iri, "name": entry.name(context.lang), "description": names, "notable": types}


def _extend(context: Context, query: dict[str, Any]) -> dict[str, Any]:
    """Return the values of properties of things (section 7.2); a thing that is not there has none."""
    ids, properties = query.get("ids"), query.get("properties")
    if not isinstance(ids, list) or not isinstance(properties, list):
        raise QueryError(
            "extend wants ids and properties", where="extend", hint='{"ids": [...], "properties": [{"id": "isco"}]}'
        )
    pids = [str(node.get("id", "")) if isinstance(node, dict) else str(node) for node in properties]
    rows = {}
    for iri in map(str, ids):
        entry = context.site.indexes.labels.get(iri)
        rows[iri] = {
            pid: [_cell(context, term) for term in _values(context.site, entry, pid)] if entry else [] for pid in pids
        }
    return {"meta": [_reference(context, pid) for pid in pids], "rows": rows}


def _cell(context: Context, term: ox.NamedNode | ox.Literal) -> Mapping[str, Any]:
    if isinstance(term, ox.NamedNode):
        return _reference(context, term.value)
    kind = term.datatype.value.rpartition("#")[2]
    if kind == "integer":
        return {"int": int(term.value)}
    if kind in ("decimal", "double", "float"):
        return {"float": float(term.value)}
    if kind == "boolean":
        return {"bool": term.value in ("true", "1")}
    return {"date": term.value} if kind in ("date", "dateTime") else {"str": term.value}


def _preview(context: Context) -> dict[str, Any]:
    """Return what a preview of a thing shows."""
    entry, lang = _entry(context), context.lang
    others = [label.text for label in entry.labels if label.kind == "altLabel" and label.lang == lang]
    return {"entry": entry, "name": entry.name(lang), "others": others[:_OTHER_NAMES]}


def _entry(context: Context) -> Entry:
    iri = context.request.args.get("id", "")
    entry = context.site.indexes.labels.get(iri)
    if entry is None:
        raise NotFound(f"nothing is known of {iri[:200] or '(no id)'}", where="id", hint="send an id of a result")
    return entry
