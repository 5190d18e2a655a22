"""`/reconcile`: the Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group), in nl and en."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.errors import NotFound, QueryError
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import Entry
from kg.namespaces import BASE, KB, RDF_TYPE
from kg.rdf_terms import local_name
from kg.web.layout import LANGUAGES, local_path, site
from kg.web.search.indexes import index

blueprint = Blueprint("reconcile", __name__)
_ROOTS: Final = ("/reconcile", "/reconcile/<any(nl, en):language>")
_ISCO: Final = "isco"
_ISCO_NAME: Final = {"nl": "ISCO-08-code", "en": "ISCO-08 code"}
_LIMIT: Final = 10
_MOST: Final = 100
_BATCH: Final = 100
_PROPERTY_SHARE: Final = 0.2
_SUGGESTED: Final = 20


def _language(language: str | None = None) -> str:
    """Return the language: of the path, or `lang=`, or else Dutch; OpenRefine sends no Accept-Language of its user."""
    asked = language or request.args.get("lang", "")
    return asked if asked in LANGUAGES else "nl"


def _base(language: str) -> str:
    return f"{request.host_url}reconcile/{language}"


def _json(body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json")


@blueprint.route(_ROOTS[0], methods=["GET", "POST"], defaults={"language": None})
@blueprint.route(_ROOTS[1], methods=["GET", "POST"])
def service(language: str | None) -> Response:
    """Answer the manifest (section 3), a batch of queries (section 4) or of extensions (section 7.2)."""
    lang, values = _language(language), request.values
    if "queries" in values:
        return _json(_batch(_parsed(values["queries"], "queries"), lang))
    if "extend" in values:
        return _json(_extended(_parsed(values["extend"], "extend"), lang))
    if request.method == "POST":
        raise QueryError("neither queries nor extend in the form", hint='send queries={"q0": {"query": "..."}}')
    return _json(_manifest(lang))


def _manifest(lang: str) -> dict[str, Any]:
    base = _base(lang)
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
        "documentation": f"{request.host_url}?lang={lang}",
        "logo": f"{request.host_url}static/icon.svg",
        "batchSize": _BATCH,
        "defaultTypes": _types(lang)[:10],
        "view": {"url": f"{base}/view?id={{{{id}}}}"},
        "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": 420, "height": 220},
        "suggest": suggest,
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/extend/propose"},
            "property_settings": [],
        },
    }


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise QueryError(f"{name} is not JSON: {error}", where=name, hint="send a JSON object") from error
    if not isinstance(found, dict):
        raise QueryError(f"{name} is no JSON object", where=name, hint='send {"q0": {...}}')
    return found


def _batch(queries: dict[str, Any], lang: str) -> dict[str, Any]:
    if len(queries) > _BATCH:
        raise QueryError(f"{len(queries)} queries in a batch; {_BATCH} are allowed", hint="send smaller batches")
    return {
        name: {"result": [_told(one, lang) for one in _reconciled(name, query, lang)]}
        for name, query in queries.items()
    }


def _reconciled(name: str, query: Any, lang: str) -> list[Candidate]:
    """Return the candidates of one query (section 4.2)."""
    if not isinstance(query, dict) or not isinstance(query.get("query", ""), str):
        raise QueryError("a query is an object with a text", where=name, hint='send {"query": "lasser"}')
    kinds = query.get("type") or []
    types = frozenset([kinds] if isinstance(kinds, str) else map(str, kinds))
    limit = query.get("limit", _LIMIT)
    if not isinstance(limit, int) or limit < 1:
        raise QueryError(f"limit is {limit!r}", where=name, hint="send a whole number above 0")
    properties = _properties([] if query.get("properties") is None else query["properties"], name)
    isco = next((value for pid, values in properties if pid == _ISCO for value in values), "")
    narrowed = [(pid, values) for pid, values in properties if pid != _ISCO]
    limit = min(limit, _MOST)
    found = index().search(query.get("query", ""), Wanted(types, lang, isco), _MOST if narrowed else limit)
    return _narrowed(found, narrowed)[:limit] if narrowed else found


def _properties(given: Any, name: str) -> list[tuple[str, list[str]]]:
    """Return each property with its values as text: a value is a text, a number, an entity or several of those."""
    if not isinstance(given, list) or not all(isinstance(one, dict) and "pid" in one for one in given):
        raise QueryError(
            "properties are a list of objects with pid and v", where=name, hint='[{"pid": "isco", "v": "7212"}]'
        )
    return [(str(one["pid"]), list(_texts(one.get("v", "")))) for one in given]


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        text = one.get("id", "") if isinstance(one, dict) else one
        if text not in ("", None):
            yield str(text).rpartition("/isco/C")[2] if "/isco/C" in str(text) else str(text)


def _narrowed(found: Iterable[Candidate], properties: list[tuple[str, list[str]]]) -> list[Candidate]:
    """Return candidates with a feature for each property; who lacks a value comes later and does not match."""
    scored = []
    for one in found:
        held = {pid: _held(one.entry, pid) for pid, _ in properties}
        features = {pid: float(any(text.casefold() in held[pid] for text in texts)) for pid, texts in properties}
        share = sum(features.values()) / len(features)
        score = round((1 - _PROPERTY_SHARE) * one.score + _PROPERTY_SHARE * 100 * share, 2)
        scored.append(Candidate(one.entry, one.label, score, {**one.features, **features}, one.match and share == 1.0))
    return sorted(scored, key=lambda one: (-one.score, one.entry.iri))


def _held(entry: Entry, pid: str) -> set[str]:
    texts = set()
    for term in _values(entry, pid):
        texts.add(term.value.casefold())
        if isinstance(term, ox.NamedNode):
            texts |= {site().labels.get(term.value, lang)[0].casefold() for lang in LANGUAGES}
    return texts


def _values(entry: Entry, pid: str) -> list[ox.NamedNode | ox.Literal]:
    """Return what the graph says of a thing under a property, each value once, sorted."""
    if pid == _ISCO:
        return [ox.Literal(code) for code in entry.isco]
    if not pid.startswith(("http://", "https://")):
        return []
    try:
        quads = site().graph.store.quads_for_pattern(ox.NamedNode(entry.iri), ox.NamedNode(pid), None, None)
    except ValueError:
        return []
    return sorted({quad.object for quad in quads if isinstance(quad.object, (ox.NamedNode, ox.Literal))}, key=str)


def _told(one: Candidate, lang: str) -> dict[str, Any]:
    """Return a candidate (section 4.3); its description says which label was found where that is not its name."""
    name = one.entry.name(lang)
    told = _entity(one.entry, lang)
    if one.label.text != name:
        told["description"] = one.label.text
    features = [{"id": feature, "value": value} for feature, value in one.features.items()]
    return told | {"score": one.score, "match": one.match, "features": features}


def _entity(entry: Entry, lang: str) -> dict[str, Any]:
    return {"id": entry.iri, "name": entry.name(lang), "type": [_type(iri, lang) for iri in entry.types]}


def _type(iri: str, lang: str) -> dict[str, str]:
    return {"id": iri, "name": site().labels.get(iri, lang)[0]}


def _types(lang: str) -> list[dict[str, str]]:
    """Return the classes of things that can be found, those with most things first."""
    counts: dict[str, int] = {}
    for entry in index().entries:
        for iri in entry.types:
            counts[iri] = counts.get(iri, 0) + 1
    return [_type(iri, lang) for iri in sorted(counts, key=lambda iri: (not iri.startswith(KB), -counts[iri], iri))]


def _property_list(lang: str, kind: str = "") -> list[dict[str, str]]:
    """Return the properties of things that can be found, or of those of one class, by name."""
    there = [entry for entry in index().entries if not kind or kind in (*entry.types, *entry.kinds)]
    names = {quad.predicate.value for entry in there for quad in _said(entry)} - {RDF_TYPE}
    found = [{"id": iri, "name": site().labels.get(iri, lang)[0]} for iri in names]
    isco = [{"id": _ISCO, "name": _ISCO_NAME[lang]}] if any(entry.isco for entry in there) else []
    return isco + sorted(found, key=lambda one: (one["name"].casefold(), one["id"]))


def _said(entry: Entry) -> Iterator[ox.Quad]:
    return site().graph.store.quads_for_pattern(ox.NamedNode(entry.iri), None, None, None)


@blueprint.get("/reconcile/suggest/<any(entity, type, property):what>", defaults={"language": None})
@blueprint.get("/reconcile/<any(nl, en):language>/suggest/<any(entity, type, property):what>")
def suggest(what: str, language: str | None) -> Response:
    """Complete a prefix (section 6): `prefix=` and `cursor=`, the number of results to leave out."""
    lang, prefix = _language(language), request.args.get("prefix", "")
    if "prefix" not in request.args:
        raise QueryError("prefix is missing", where="prefix", hint="send prefix=las")
    cursor = max(request.args.get("cursor", 0, type=int), 0)
    if what == "entity":
        kinds = frozenset(request.args.getlist("type"))
        found = index().begins(prefix, Wanted(kinds), cursor + _SUGGESTED)
        all_of_them = [_suggested(one, lang) for one in found]
    else:
        offered = _types(lang) if what == "type" else _property_list(lang)
        wanted = prefix.casefold()
        all_of_them = [
            one for one in offered if wanted in one["name"].casefold() or wanted in local_name(one["id"]).casefold()
        ]
    return _json({"result": all_of_them[cursor : cursor + _SUGGESTED]})


def _suggested(one: Candidate, lang: str) -> dict[str, Any]:
    names = ", ".join(site().labels.get(iri, lang)[0] for iri in one.entry.types)
    return {
        "id": one.entry.iri,
        "name": one.entry.name(lang),
        "description": names,
        "notable": [_type(iri, lang) for iri in one.entry.types],
    }


@blueprint.get("/reconcile/extend/propose", defaults={"language": None})
@blueprint.get("/reconcile/<any(nl, en):language>/extend/propose")
def propose(language: str | None) -> Response:
    """Propose properties for a class (section 7.1): `type=` and `limit=`."""
    lang, kind = _language(language), request.args.get("type", "")
    limit = max(request.args.get("limit", _MOST, type=int), 1)
    found = _property_list(lang, kind)[:limit]
    return _json({"type": kind, "limit": limit, "properties": found} if kind else {"limit": limit, "properties": found})


def _extended(asked: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return the values of properties of things (section 7.2); a thing that is not there has none."""
    ids, properties = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or not isinstance(properties, list):
        raise QueryError(
            "extend wants ids and properties", where="extend", hint='{"ids": [...], "properties": [{"id": "isco"}]}'
        )
    pids = [str(one.get("id", "")) if isinstance(one, dict) else str(one) for one in properties]
    meta = [{"id": pid, "name": _ISCO_NAME[lang] if pid == _ISCO else site().labels.get(pid, lang)[0]} for pid in pids]
    rows = {}
    for iri in map(str, ids):
        entry = index().get(iri)
        rows[iri] = {pid: [_cell(term, lang) for term in _values(entry, pid)] if entry else [] for pid in pids}
    return {"meta": meta, "rows": rows}


def _cell(term: ox.NamedNode | ox.Literal, lang: str) -> Mapping[str, Any]:
    if isinstance(term, ox.NamedNode):
        return {"id": term.value, "name": site().labels.get(term.value, lang)[0]}
    kind = term.datatype.value.rpartition("#")[2]
    if kind == "integer":
        return {"int": int(term.value)}
    if kind in ("decimal", "double", "float"):
        return {"float": float(term.value)}
    if kind == "boolean":
        return {"bool": term.value in ("true", "1")}
    return {"date": term.value} if kind in ("date", "dateTime") else {"str": term.value}


@blueprint.get("/reconcile/preview", defaults={"language": None})
@blueprint.get("/reconcile/<any(nl, en):language>/preview")
def preview(language: str | None) -> Response:
    """Show a thing in a small frame (section 5); other sites may frame this page alone."""
    response = Response(_flyout(_known(), _language(language)), content_type="text/html; charset=utf-8")
    policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors *"
    response.headers["Content-Security-Policy"] = policy
    return response


def _flyout(entry: Entry, lang: str) -> str:
    others = [label.text for label in entry.labels if label.kind == "altLabel" and label.lang == lang][:5]
    return render_template("preview.html", entry=entry, name=entry.name(lang), others=others, asked=lang)


def _known() -> Entry:
    iri = request.args.get("id", "")
    entry = index().get(iri)
    if entry is None:
        raise NotFound(f"nothing is known of {iri[:200] or '(no id)'}", where="id", hint="send an id of a result")
    return entry


@blueprint.get("/reconcile/view", defaults={"language": None})
@blueprint.get("/reconcile/<any(nl, en):language>/view")
def view(language: str | None) -> Response:
    """Lead to the page of a thing: ours here, one of ESCO there."""
    entry = _known()
    ours = entry.iri.startswith(BASE)
    target = f"{local_path(entry.iri)}?lang={_language(language)}" if ours else entry.iri
    return Response(status=303, headers={"Location": target})


@blueprint.get("/reconcile/flyout/<any(entity, type, property):what>", defaults={"language": None})
@blueprint.get("/reconcile/<any(nl, en):language>/flyout/<any(entity, type, property):what>")
def flyout(what: str, language: str | None) -> Response:
    """Describe a suggestion in a piece of HTML (section 6.1)."""
    lang, iri = _language(language), request.args.get("id", "")
    if what == "entity":
        return _json({"id": iri, "html": _flyout(_known(), lang)})
    name = _ISCO_NAME[lang] if iri == _ISCO else site().labels.get(iri, lang)[0]
    return _json({"id": iri, "html": render_template("flyout.html", name=name, iri=iri)})
