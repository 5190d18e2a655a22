"""`/switch`: the climate occupations nearest to a job, with skills shared and missing, and the ways in.

Nothing that is asked is kept or logged, and no other site hears from where its reader came.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, render_template, request

from kg.errors import NotFound
from kg.graph.build import Graph
from kg.labels import Labels
from kg.linking.candidates import Candidate, Wanted
from kg.linking.career_switch import Gap, Switches, find_skills, skills_graph
from kg.namespaces import BASE, ID, SKOS
from kg.tables.numbers import format_value
from kg.web.layout import TermView, language, site, term_view
from kg.web.negotiation import wants_html
from kg.web.search.indexes import Lookup, index
from kg.web.search.training import Training, Trainings

if TYPE_CHECKING:
    from kg.linking.index import Index

blueprint = Blueprint("switch", __name__)
_KEY: Final = "kg.switches"
_LISTS: Final = ("shared", "missing_essential", "missing_optional")
_MOST: Final = 50
_SHOWN: Final = 10
_LONGEST: Final = 200
_LEAST: Final = 22.0
_SURE: Final = 95.0
_OCCUPATION: Final = Wanted(frozenset({"occupation"}))
_SKILL: Final = "http://data.europa.eu/esco/model#Skill"
_EXACT: Final = ox.NamedNode(SKOS + "exactMatch")


class Skills:
    """What switches are made of: skills by occupation, names and the index of jobs, each read when first asked for.

    Arguments:
        store: our graph; with ESCO beside it, where the owner has imported that whole.
        graph: IRI of the graph with the skills of occupations.
        whole: whether ESCO is beside it.

    """

    def __init__(self, store: ox.Store, graph: str, *, whole: bool) -> None:
        self.store, self._graph, self._whole = store, graph, whole
        self._lookup = Lookup(store)
        self._lock = threading.RLock()

    @property
    def switches(self) -> Switches:
        """The skills by occupation."""
        with self._lock:
            return self._switches

    @property
    def labels(self) -> Labels:
        """The names of things."""
        with self._lock:
            return self._labels if self._whole else site().labels

    @property
    def index(self) -> Index:
        """The index in which jobs are looked up."""
        with self._lock:
            return self._lookup.index if self._whole else index()

    @cached_property
    def _switches(self) -> Switches:
        return Switches(self.store, self._graph)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.store)


@dataclass(frozen=True)
class Origin:
    """A job that someone comes from.

    Attributes:
        iri: as it was asked for: of ESCO, or of ours.
        esco: IRI of the ESCO occupation whose skills count.

    """

    iri: str
    esco: str

    @property
    def name(self) -> str:
        """What it is called."""
        return _read().labels.get(self.iri, language())[0]

    @property
    def ours(self) -> bool:
        """Whether it is a climate occupation itself."""
        return self.iri.startswith(BASE)

    @property
    def same(self) -> list[TermView]:
        """The climate occupations that a mapping ties to the occupation of ESCO, other than the one asked for."""
        found = (iri for iri in _switches().ours_of(self.esco) if iri != self.iri)
        return [_term(iri) for iri in found]


@dataclass(frozen=True)
class Step:
    """A climate occupation that may be next: the gap, how it is tied to ESCO, and the ways in."""

    gap: Gap
    exact: bool
    training: Training

    def skills(self, name: str) -> list[TermView]:
        """Return the skills of a list, as the page shows them."""
        return [_term(iri) for iri in getattr(self.gap, name)]

    @property
    def told(self) -> dict[str, Any]:
        """The step as JSON holds it."""
        gap = self.gap
        return {
            "occupation": _named(gap.occupation),
            "via": _named(gap.via) | {"match": "exactMatch" if self.exact else "closeMatch"},
            "score": gap.score,
            "points": {
                name: {"given": given, "most": most}
                for name, (given, most) in (("essential", gap.essential), ("optional", gap.optional))
            },
            **{name: [_named(iri) for iri in getattr(gap, name)] for name in _LISTS},
            "green": gap.green,
            **self.training.told,
        }


def init_app(app: Flask, graph: Graph, beside: tuple[ox.Store, str] | None) -> None:
    """Register the routes, and what they read: our part of ESCO, or ESCO whole beside the graph that is served."""
    store, skills = beside or (graph.store, skills_graph(graph.store))
    app.extensions[_KEY] = Skills(store, skills, whole=beside is not None)
    app.register_blueprint(blueprint)


def _read() -> Skills:
    skills: Skills = current_app.extensions[_KEY]
    return skills


def _switches() -> Switches:
    return _read().switches


def _term(iri: str) -> TermView:
    if site().labels.known(iri):
        return term_view(site(), ox.NamedNode(iri), language())
    text, tag = _read().labels.get(iri, language())
    return TermView(text, tag if tag != language() else "", iri, iri)


@blueprint.get("/switch")
def switch() -> Response:
    """Show the nearest climate occupations `from=` an occupation of ESCO or ours, or for the job called `q=`.

    `skill=`, once or more, adds skills of ESCO by IRI or exact label; alone they will do.
    """
    text = " ".join(request.args.get("q", "")[:_LONGEST].split())
    asked = request.args.get("from", "")
    origin = _origin(asked) if asked else None
    near = [] if origin else _called(text)
    if origin is None and len(near) == 1:
        origin = near[0]
    extra = find_skills(_switches(), _read().labels, _read().store, request.args.getlist("skill")[:_MOST])
    steps = _steps(origin, extra) if origin or extra else []
    if wants_html(request) and request.args.get("format") != "json":
        known = len(_switches().origins)
        told: dict[str, Any] = {
            "q": text,
            "origin": origin,
            "near": near,
            "steps": steps,
            "known": known,
            "lists": _LISTS,
        }
        told["extra"] = [_term(iri) for iri in sorted(extra)]
        page = render_template("switch.html", **told, shown=partial(format_value, lang=language()))
        return _private(Response(page, content_type="text/html; charset=utf-8"))
    body = {
        "q": text,
        "from": _named(origin.iri) | {"esco": _named(origin.esco)} if origin else None,
        "skills": [_named(iri) for iri in sorted(extra)],
        "same": [{"id": one.iri, "name": one.text} for one in origin.same] if origin else [],
        "jobs": [_named(one.iri) | {"esco": _named(one.esco)} for one in near],
        "nearest": [one.told for one in steps],
    }
    return _private(Response(json.dumps(body, ensure_ascii=False), content_type="application/json"))


@blueprint.get("/switch/suggest")
def suggest() -> Response:
    """Tell which jobs `q=` may be the beginning of: those whose skills are known; with `what=skill`, which skills."""
    text = " ".join(request.args.get("q", "")[:_LONGEST].split())
    if request.args.get("what") == "skill":
        return _suggested(text, list(_skills(text)))
    jobs = _jobs(_read().index.begins(text, _OCCUPATION, _MOST))[:_SHOWN]
    told = [
        {"id": one.iri, "name": one.name, "label": label, "kind": _kind(one.iri), "page": f"/switch?from={one.iri}"}
        for one, label in jobs
    ]
    return _suggested(text, told)


def _suggested(text: str, told: list[dict[str, str]]) -> Response:
    body = json.dumps({"q": text, "suggestions": told}, ensure_ascii=False)
    return _private(Response(body, content_type="application/json"))


def _skills(text: str) -> Iterator[dict[str, str]]:
    """Tell the skills that occupations ask for with a name in which a word begins so, the shortest first."""
    lang, wanted = language(), text.casefold()
    names = sorted((_read().labels.get(iri, lang)[0], iri) for iri in _switches().skills)
    fit = [one for one in names if wanted and f" {wanted}" in f" {one[0].casefold()}"]
    for name, iri in sorted(fit, key=lambda one: (len(one[0]), one))[:_SHOWN]:
        kind = site().labels.get(_SKILL, lang)[0]
        yield {"id": iri, "name": name, "label": "", "kind": kind, "page": f"/switch?{urlencode({'skill': iri})}"}


def _private(response: Response) -> Response:
    """Keep what somebody asked out of caches and referrers; the site's own headers do the latter too."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _origin(asked: str) -> Origin:
    """Return the job with an IRI, of ESCO or ours (`occupation/lasser` will do).

    Raises:
        NotFound: no skills are known of it.

    """
    switches = _switches()
    iri = asked if asked.startswith(("http://", "https://")) else ID + asked
    esco = iri if iri in switches.origins else next(iter(switches.esco_of(iri)), "")
    if not esco:
        raise NotFound(f"no skills are known of {asked[:200]}", where="from", hint="type a job on /switch")
    return Origin(iri, esco)


def _called(text: str) -> list[Origin]:
    """Return the jobs that a text may mean; one where it is the name of one."""
    found = _read().index.search(text, _OCCUPATION, _MOST)
    jobs = [one for one, _ in _jobs(one for one in found if one.score >= _LEAST)]
    sure = [one for one, _ in _jobs(one for one in found if one.score >= _SURE)]
    return sure if len({one.esco for one in sure}) == 1 else jobs[:_SHOWN]


def _jobs(found: Iterable[Candidate]) -> list[tuple[Origin, str]]:
    """Return the jobs among candidates whose skills are known, each once, with the label found where it is another."""
    switches, jobs = _switches(), dict[str, tuple[Origin, str]]()
    for one in found:
        iri = one.entry.iri
        esco = iri if iri in switches.origins else next(iter(switches.esco_of(iri)), "")
        if esco:
            origin = Origin(iri, esco)
            label = one.label.text if one.label.text != origin.name else ""
            known = jobs.get(esco)
            if known is None or (origin.ours and not known[0].ours and origin.name == known[0].name):
                jobs[esco] = origin, label
    return list(jobs.values())


def _steps(origin: Origin | None, extra: frozenset[str]) -> list[Step]:
    switches, trainings = _switches(), Trainings()
    limit = min(max(request.args.get("limit", _SHOWN, type=int), 1), _MOST)
    had = extra | (switches.skills_of(origin.esco) if origin else frozenset())
    gaps = switches.nearest(had, limit + 1, origin.esco if origin else "")
    kept = [one for one in gaps if (origin is None or one.occupation != origin.iri) and one.score > 0][:limit]
    return [Step(one, _is_exact(one), trainings.of(one.occupation)) for one in kept]


def _is_exact(gap: Gap) -> bool:
    ends = ox.NamedNode(gap.occupation), _EXACT, ox.NamedNode(gap.via)
    return next(site().graph.store.quads_for_pattern(*ends, None), None) is not None


def _named(iri: str) -> dict[str, str]:
    return {"id": iri, "name": _read().labels.get(iri, language())[0]}


def _kind(iri: str) -> str:
    kind = f"{BASE}def#Occupation" if iri.startswith(BASE) else "http://data.europa.eu/esco/model#Occupation"
    return site().labels.get(kind, language())[0]
