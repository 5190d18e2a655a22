"""`/switch`: the climate occupations nearest to a job, a diploma or skills, as a page, a sheet or JSON.

Nothing that is asked is kept or logged, and no other site hears from where its reader came.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Request, Response, request

from kg.errors import KgError, NotFound, Unavailable
from kg.languages import format_number
from kg.namespaces import BASE
from kg.web.context import Context
from kg.web.layout import local_link
from kg.web.negotiation import wants_html
from kg.web.responses import count_of, send_json, send_page
from kg.web.search.routes import search_text
from kg.web.site import Site
from kg.web.terms import read_link

if TYPE_CHECKING:
    from kg.linking.advice import Advisor, Asked

_SUGGESTIONS: Final = 10
_WAIT: Final = 20.0  # Seconds that somebody waits for ESCO.
_RETRY: Final = 10
_SHEET_STYLE: Final = "/static/sheet.css"
_ESCO: Final = "http://data.europa.eu/esco/model#"
_NAMES: Final = ("from", "skill")


class Advice:
    """The adviser of a site, made when somebody first asks: all of ESCO is read then."""

    def __init__(self, site: Site) -> None:
        self._site, self._lock = site, threading.Lock()
        self._advisor: Advisor | None = None

    @property
    def advisor(self) -> Advisor:
        """Who advises; the first who asks waits until ESCO is read.

        Raises:
            Unavailable: that takes longer than anybody should wait, or cannot be.

        """
        from kg.linking.advice import Advisor  # Heavy, and not needed before somebody asks.

        site = self._site
        database = site.indexes.esco.get(_WAIT)
        if database is None:
            raise Unavailable("ESCO is being read for the first time", hint="try again in some seconds", retry=_RETRY)
        with self._lock:
            if self._advisor is None:
                self._advisor = Advisor(site.graph, site.questions, database, site.indexes.labels, site.labels)
        return self._advisor


def init_app(app: Flask, site: Site) -> None:
    """Register the routes; what they read is read when somebody first asks."""
    blueprint, advice = Blueprint("switch", __name__), Advice(site)

    @blueprint.get("/switch")
    def switch() -> Response:
        """Show the nearest climate occupations `from=` an occupation of ESCO or ours, or for what `q=` names.

        `q=` is a job or a diploma in words, `diploma=` a qualification by IRI; `from=` and `skill=` may be repeated;
        `place=` narrows to a cluster or region; `limit=` to so many occupations.
        """
        context = Context.from_request(site, request)
        if not wants_html(request) or request.args.get("format") == "json":
            return _private(send_json(_advise(advice, context)))
        try:
            return _private(_send_page(advice, context, _advise(advice, context)))
        except NotFound as error:
            if error.where != "skill":
                raise
            from kg.linking.advice import EMPTY

            return _private(_send_page(advice, context, EMPTY, error))

    @blueprint.get("/switch/sheet")
    def sheet() -> Response:
        """Send the advice as a sheet that prints on one A4, of the same parameters as `/switch`."""
        from kg.linking.advice_sheet import render

        context = Context.from_request(site, request)
        sources = {publication.iri: _cited(context, publication) for publication in site.publications}
        day = datetime.now(UTC).date()
        style = f"{_SHEET_STYLE}?v={site.graph.version}"
        address = context.absolute("/switch")
        html = render(_advise(advice, context), "html", context.lang, day, sources, style, address=address)
        response = Response(html, content_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = context.lang
        return _private(response)

    @blueprint.get("/switch/suggest")
    def suggest() -> Response:
        """List which jobs `q=` names or may be the beginning of; with `what=skill`, skills that occupations ask."""
        text, context = search_text(request), Context.from_request(site, request)
        skill = request.args.get("what") == "skill"
        begins = (_skills,) if skill else (_jobs, _diplomas)
        items = [item for begin in begins for item in begin(advice.advisor, context, text)] if text else []
        return _private(send_json({"q": text, "suggestions": items}))

    app.register_blueprint(blueprint)


def _private(response: Response) -> Response:
    """Keep what somebody asked out of caches and referrers; the site's own headers do the latter too."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _asked(request: Request) -> Asked:
    from kg.linking.advice import Asked

    jobs, skills = (tuple(filter(None, request.args.getlist(name))) for name in _NAMES)
    diploma, place = (request.args.get(name, "") for name in ("diploma", "place"))
    return Asked(search_text(request), jobs, skills, diploma, place)


def _advise(advice: Advice, context: Context) -> dict[str, Any]:
    """Return advice; where nothing is asked, an empty one for which nothing is read."""
    from kg.linking.advice import EMPTY, MOST, USUAL, Asked

    limit, asked = count_of(context.request.args, USUAL, MOST), _asked(context.request)
    return EMPTY if asked == Asked() else advice.advisor.advise(asked, context.lang, limit)


def _send_page(advice: Advice, context: Context, payload: dict[str, Any], error: KgError | None = None) -> Response:
    from kg.linking.advice import words
    from kg.linking.advice_sheet import grouped

    lang = context.lang
    chosen = [(name, one["id"]) for name, key in zip(_NAMES, ("from", "skills"), strict=True) for one in payload[key]]
    diploma = [("diploma", iri) for iri in (context.request.args.get("diploma"),) if iri]
    place = [("place", payload["place"]["id"])] if payload["place"] else []
    return send_page(
        context,
        "switch.html",
        error,
        advice=payload,
        chosen=chosen,
        places=advice.advisor.jobs.places(lang) if chosen else [],
        grouped=grouped,
        w=lambda key, **values: words(key, lang, **values),
        link=lambda iri: local_link(iri, lang),
        read=partial(read_link, context.site, lang),
        address=lambda *pairs, path="/switch": f"{path}?{urlencode([*pairs, ('lang', lang)])}",
        without=lambda pair: [other for other in (*chosen, *place) if other != pair],
        asked=[*chosen, *place] if chosen else [*diploma, ("q", payload["q"]), *place],
        figure=partial(format_number, lang=lang),
    )


def _cited(context: Context, publication: Any) -> str:
    name, by = context.label(publication.iri), context.site.attribution(publication, context.lang)
    return f"{name}, {by}" if by else name


def _jobs(advisor: Advisor, context: Context, text: str) -> Iterator[dict[str, str]]:
    """Yield the jobs that a text names, then those with a name in which a word begins so."""
    for start in advisor.starts.begins(text, context.lang, _SUGGESTIONS):
        job = advisor.choice(start, context.lang)
        kind = context.label(f"{BASE}def#Occupation" if start.ours else f"{_ESCO}Occupation")
        page = f"/switch?{urlencode({'from': start.iri})}"
        yield {"id": start.iri, "name": job["name"], "label": job["label"], "kind": kind, "page": page}


def _diplomas(advisor: Advisor, context: Context, text: str) -> Iterator[dict[str, str]]:
    """Yield the diploma that a text names, by level and name or by number, where occupations ask for it."""
    diploma = advisor.diplomas.find(text)
    if diploma and advisor.diplomas.occupations(diploma, context.lang):
        kind, page = context.label(f"{BASE}def#Qualification"), f"/switch?{urlencode({'q': text})}"
        yield {
            "id": min(diploma.named, key=lambda iri: ("/qualification/" not in iri, iri), default=page),
            "name": text,
            "label": "",
            "level": ""
            if diploma.level
            else ", ".join(sorted({context.site.level(iri, context.lang) for iri in diploma.named} - {""})),
            "kind": kind,
            "page": page,
        }


def _skills(advisor: Advisor, context: Context, text: str) -> Iterator[dict[str, str]]:
    """Yield the skills that occupations ask with a name in which a word begins so."""
    kind = context.label(f"{_ESCO}Skill")
    for iri in advisor.starts.skills(text, _SUGGESTIONS):
        name = advisor.name(iri, context.lang)
        yield {"id": iri, "name": name, "label": "", "kind": kind, "page": f"/switch?{urlencode({'skill': iri})}"}
