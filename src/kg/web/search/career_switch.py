"""`/switch`: the climate occupations nearest to a job, with skills shared and missing, and the ways in.

Nothing that is asked is kept or logged, and no other site hears from where its reader came.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound
from kg.labels import Labels
from kg.languages import lang_attribute
from kg.linking.candidates import Candidate, Wanted
from kg.linking.career_switch import Gap, Switches, find_skills, skills_graph, store_with_esco
from kg.namespaces import BASE, ID, SKOS
from kg.rdf_terms import objects
from kg.tables.numbers import format_value
from kg.web.context import Context
from kg.web.indexes import Indexes
from kg.web.layout import TermView, term_view
from kg.web.negotiation import wants_html
from kg.web.responses import send_json, send_page
from kg.web.search.routes import search_text
from kg.web.search.training import Training, Trainings
from kg.web.site import Site

if TYPE_CHECKING:
    from kg.linking.index import Index

_LISTS: Final = ("shared", "missing_essential", "missing_optional")
_MOST: Final = 50
_STEPS: Final = 10
_LEAST: Final = 22.0
_SURE: Final = 95.0
_OCCUPATION: Final = Wanted(frozenset({"occupation"}))
_ESCO: Final = "http://data.europa.eu/esco/model#"


class Skills:
    """What switches are made of: skills by occupation, names and the index of jobs, each read when first asked for.

    Arguments:
        site: what is served; where the owner has imported ESCO whole, that is read in the place of our part of it.

    """

    def __init__(self, site: Site) -> None:
        self._site, self._whole = site, site.settings.esco
        ours = site.graph.store
        whole = store_with_esco(ours, self._whole) if self._whole else None
        self.store, self._graph = whole or (ours, skills_graph(ours))
        self._indexes = Indexes(self.store, {}) if self._whole else site.indexes
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
            return self._labels if self._whole else self._site.labels

    @property
    def index(self) -> Index:
        """The index in which jobs are looked up."""
        return self._indexes.labels

    @cached_property
    def _switches(self) -> Switches:
        return Switches(self.store, self._graph)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.store)

    def term(self, iri: str, lang: str) -> TermView:
        """Return a thing as pages show it: with a link where our graph names it."""
        if self._site.labels.known(iri):
            return term_view(self._site, ox.NamedNode(iri), lang)
        text, tag = self.labels.get(iri, lang)
        return TermView(text, lang_attribute(tag, lang), iri, iri)

    def reference(self, iri: str, lang: str) -> dict[str, str]:
        """Return a thing as JSON refers to it."""
        return {"id": iri, "name": self.labels.get(iri, lang)[0]}


@dataclass(frozen=True)
class Origin:
    """A job that someone comes from.

    Attributes:
        iri: as it was asked for: of ESCO, or of ours.
        esco: IRI of the ESCO occupation whose skills count.
        name: what it is called.
        same: the climate occupations that a mapping ties to the occupation of ESCO, other than the one asked for.

    """

    iri: str
    esco: str
    name: str
    same: tuple[TermView, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether it is a climate occupation itself."""
        return self.iri.startswith(BASE)


@dataclass(frozen=True)
class Step:
    """A climate occupation that may be next: the gap, its skills by list, how it is tied to ESCO, and the ways in."""

    gap: Gap
    skills: dict[str, list[TermView]]
    exact: bool
    training: Training


def init_app(app: Flask, site: Site) -> None:
    """Register the routes; what they read is read when somebody first asks."""
    blueprint, skills = Blueprint("switch", __name__), Skills(site)

    @blueprint.get("/switch")
    def switch() -> Response:
        """Show the nearest climate occupations `from=` an occupation of ESCO or ours, or for the job called `q=`.

        `skill=`, once or more, adds skills of ESCO by IRI or exact label; alone they will do.
        """
        return _private(_answer(Context.from_request(site, request), skills))

    @blueprint.get("/switch/suggest")
    def suggest() -> Response:
        """List which jobs `q=` may be the beginning of: those whose skills are known; with `what=skill`, skills."""
        text, lang = search_text(request), Context.from_request(site, request).lang
        skill = request.args.get("what") == "skill"
        items = _skills(site, skills, text, lang) if skill else _occupations(site, skills, text, lang)
        return _private(send_json({"q": text, "suggestions": list(items)}))

    app.register_blueprint(blueprint)


def _private(response: Response) -> Response:
    """Keep what somebody asked out of caches and referrers; the site's own headers do the latter too."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _answer(context: Context, skills: Skills) -> Response:
    request, lang = context.request, context.lang
    text, iri = search_text(request), request.args.get("from", "")
    origin = _origin(skills, iri, lang) if iri else None
    near = [] if origin else _called(skills, text, lang)
    if origin is None and len(near) == 1:
        origin = near[0]
    extra = find_skills(skills.switches, skills.labels, skills.store, request.args.getlist("skill")[:_MOST])
    steps = _steps(context, skills, origin, extra) if origin or extra else []
    if not wants_html(request) or request.args.get("format") == "json":
        return send_json(_payload(skills, lang, text, origin, near, extra, steps))
    return send_page(
        context,
        "switch.html",
        q=text,
        origin=origin,
        near=near,
        steps=steps,
        known=len(skills.switches.origins),
        lists=_LISTS,
        extra=[skills.term(iri, lang) for iri in sorted(extra)],
        format_value=partial(format_value, lang=lang),
    )


def _payload(
    skills: Skills,
    lang: str,
    text: str,
    origin: Origin | None,
    near: list[Origin],
    extra: frozenset[str],
    steps: list[Step],
) -> dict[str, Any]:
    def job(origin: Origin) -> dict[str, Any]:
        return skills.reference(origin.iri, lang) | {"esco": skills.reference(origin.esco, lang)}

    return {
        "q": text,
        "from": job(origin) if origin else None,
        "skills": [skills.reference(iri, lang) for iri in sorted(extra)],
        "same": [{"id": term.iri, "name": term.text} for term in origin.same] if origin else [],
        "jobs": [job(each) for each in near],
        "nearest": [_step_payload(skills, lang, step) for step in steps],
    }


def _step_payload(skills: Skills, lang: str, step: Step) -> dict[str, Any]:
    gap = step.gap
    return {
        "occupation": skills.reference(gap.occupation, lang),
        "via": skills.reference(gap.via, lang) | {"match": "exactMatch" if step.exact else "closeMatch"},
        "score": gap.score,
        "points": {
            name: {"given": given, "most": most}
            for name, (given, most) in (("essential", gap.essential), ("optional", gap.optional))
        },
        **{name: [skills.reference(iri, lang) for iri in getattr(gap, name)] for name in _LISTS},
        "green": gap.green,
        **step.training.as_dict(),
    }


def _occupations(site: Site, skills: Skills, text: str, lang: str) -> Iterator[dict[str, str]]:
    """Yield the jobs whose skills are known with a name that begins so."""
    for origin, label in _jobs(skills, skills.index.begins(text, _OCCUPATION, _MOST), lang)[:_STEPS]:
        kind = site.labels.get(f"{BASE}def#Occupation" if origin.ours else f"{_ESCO}Occupation", lang)[0]
        page = f"/switch?from={origin.iri}"
        yield {"id": origin.iri, "name": origin.name, "label": label, "kind": kind, "page": page}


def _skills(site: Site, skills: Skills, text: str, lang: str) -> Iterator[dict[str, str]]:
    """Yield the skills that occupations ask for with a name in which a word begins so, the shortest first."""
    wanted = f" {text.casefold()}"
    names = sorted((skills.labels.get(iri, lang)[0], iri) for iri in skills.switches.skills)
    fit = [(name, iri) for name, iri in names if text and wanted in f" {name.casefold()}"]
    kind = site.labels.get(f"{_ESCO}Skill", lang)[0]
    for name, iri in sorted(fit, key=lambda pair: (len(pair[0]), pair))[:_STEPS]:
        yield {"id": iri, "name": name, "label": "", "kind": kind, "page": f"/switch?{urlencode({'skill': iri})}"}


def _esco(skills: Skills, iri: str) -> str:
    """Return the occupation of ESCO whose skills count for a job, or nothing."""
    return iri if iri in skills.switches.origins else next(iter(skills.switches.esco_of(iri)), "")


def _origin(skills: Skills, asked: str, lang: str) -> Origin:
    """Return the job with an IRI, of ESCO or ours (`occupation/lasser` will do).

    Raises:
        NotFound: no skills are known of it.

    """
    iri = asked if asked.startswith(("http://", "https://")) else ID + asked
    esco = _esco(skills, iri)
    if not esco:
        raise NotFound(f"no skills are known of {asked[:200]}", where="from", hint="type a job on /switch")
    return _job(skills, iri, esco, lang)


def _job(skills: Skills, iri: str, esco: str, lang: str) -> Origin:
    same = tuple(skills.term(other, lang) for other in skills.switches.ours_of(esco) if other != iri)
    return Origin(iri, esco, skills.labels.get(iri, lang)[0], same)


def _called(skills: Skills, text: str, lang: str) -> list[Origin]:
    """Return the jobs that a text may mean; one where it is the name of one."""
    candidates = skills.index.search(text, _OCCUPATION, _MOST)
    jobs = [job for job, _ in _jobs(skills, (candidate for candidate in candidates if candidate.score >= _LEAST), lang)]
    sure = [job for job, _ in _jobs(skills, (candidate for candidate in candidates if candidate.score >= _SURE), lang)]
    return sure if len({job.esco for job in sure}) == 1 else jobs[:_STEPS]


def _jobs(skills: Skills, candidates: Iterable[Candidate], lang: str) -> list[tuple[Origin, str]]:
    """Return the jobs among candidates whose skills are known, each once, with the label found where it is another."""
    jobs: dict[str, tuple[Origin, str]] = {}
    for candidate in candidates:
        iri = candidate.entry.iri
        esco = _esco(skills, iri)
        if esco:
            job = _job(skills, iri, esco, lang)
            label = candidate.label.text if candidate.label.text != job.name else ""
            known = jobs.get(esco)
            if known is None or (job.ours and not known[0].ours and job.name == known[0].name):
                jobs[esco] = job, label
    return list(jobs.values())


def _steps(context: Context, skills: Skills, origin: Origin | None, extra: frozenset[str]) -> list[Step]:
    switches, trainings = skills.switches, Trainings(context)
    limit = min(max(context.request.args.get("limit", _STEPS, type=int), 1), _MOST)
    had = extra | (switches.skills_of(origin.esco) if origin else frozenset())
    gaps = switches.nearest(had, limit + 1, origin.esco if origin else "")
    kept = [gap for gap in gaps if (origin is None or gap.occupation != origin.iri) and gap.score > 0][:limit]
    return [
        Step(
            gap,
            {name: [skills.term(iri, context.lang) for iri in getattr(gap, name)] for name in _LISTS},
            _is_exact(context.site, gap),
            trainings.into(gap.occupation),
        )
        for gap in kept
    ]


def _is_exact(site: Site, gap: Gap) -> bool:
    return ox.NamedNode(gap.via) in objects(site.graph.store, ox.NamedNode(gap.occupation), SKOS + "exactMatch")
