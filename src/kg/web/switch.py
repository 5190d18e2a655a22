"""`/switch`: the climate occupations nearest to an ESCO occupation, with what is shared and what is missing."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, render_template, request

from kg.errors import NotFound
from kg.graph import Graph
from kg.switch import Switches
from kg.web.negotiation import wants_html
from kg.web.pages import language, site

blueprint = Blueprint("switch", __name__)
_KEY: Final = "kg.switches"
_LISTS: Final = ("shared", "missing_essential", "missing_optional")
_MOST: Final = 50


class Skills:
    """The skills of a graph, read when somebody first asks, once.

    Arguments:
        graph: the graph that is served.

    """

    def __init__(self, graph: Graph) -> None:
        self._graph, self._lock = graph, threading.Lock()
        self._switches: Switches | None = None

    @property
    def switches(self) -> Switches:
        """The skills by occupation."""
        with self._lock:
            if self._switches is None:
                self._switches = Switches(self._graph.store)
        return self._switches


def init_app(app: Flask, graph: Graph) -> None:
    """Register the route, and what it reads."""
    app.extensions[_KEY] = Skills(graph)
    app.register_blueprint(blueprint)


@blueprint.get("/switch")
def switch() -> Response:
    """Show the nearest climate occupations `from=` an ESCO occupation; without it, a list to choose from."""
    skills: Skills = current_app.extensions[_KEY]
    origin, lang = request.args.get("from", ""), language()
    limit = min(max(request.args.get("limit", 10, type=int), 1), _MOST)
    origins = sorted(((site().labels.get(iri, lang)[0], iri) for iri in skills.switches.origins), key=_by_name)
    if origin and origin not in skills.switches.origins:
        raise NotFound(f"no skills are known of {origin[:200]}", where="from", hint="choose one on /switch")
    gaps = skills.switches.nearest(skills.switches.skills_of(origin), limit, origin) if origin else []
    if wants_html(request) and request.args.get("format") != "json":
        page = render_template("switch.html", origins=origins, origin=origin, gaps=gaps)
        return Response(page, content_type="text/html; charset=utf-8")
    body = {"from": _named(origin, lang) if origin else None, "nearest": [_told(asdict(gap), lang) for gap in gaps]}
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json")


def _by_name(one: tuple[str, str]) -> tuple[str, str]:
    return one[0].casefold(), one[1]


def _named(iri: str, lang: str) -> dict[str, str]:
    return {"id": iri, "name": site().labels.get(iri, lang)[0]}


def _told(gap: dict[str, Any], lang: str) -> dict[str, Any]:
    for name in ("occupation", "via"):
        gap[name] = _named(gap[name], lang)
    return gap | {name: [_named(iri, lang) for iri in gap[name]] for name in _LISTS}
