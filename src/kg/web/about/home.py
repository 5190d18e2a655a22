"""`/`: what this is, three doors, a finding with its chart, the kinds of things, and how to cite it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, Response, request

from kg.errors import KgError
from kg.namespaces import ID
from kg.tables.numbers import format_value
from kg.web.about.schema_org import dataset_card
from kg.web.context import Context
from kg.web.layout import message
from kg.web.questions.binding import BoundQuestion, sheet_of
from kg.web.questions.charts import ChartView, chart_of
from kg.web.questions.sources import source_words, sources_of
from kg.web.responses import send_page
from kg.web.site import Site
from kg.web.things.citation import dataset_citation
from kg.web.things.lists import summaries

_FINDING: Final = "labour-market/latest-table"
_CHART: Final = "labour-market/vacancies-2023q2"
_OTHER_PERIODS: Final = ("occupations/vacancies",)
# For whom, by the keys of its words; where its button leads; questions and pages to begin with.
_DOORS: Final = (
    (
        ("door_policy", "door_policy_lead", "door_policy_first"),
        "/id/climate-table",
        (
            "labour-market/vacancies-per-table",
            "climate/occupations-of-several-tables",
            "labour-market/shortage-and-ageing",
            "places/ageing",
        ),
    ),
    (
        ("door_research", "door_research_lead", "door_research_first"),
        "/questions",
        ("evidence/series", "evidence/hedged-statements", "/download/", "/sparql"),
    ),
    (
        ("door_help", "door_help_lead", "door_help_first"),
        "/switch",
        (
            "learning/routes-to-occupation",
            "learning/route-requirements",
            "occupations/highlighted",
            "/id/training-route",
        ),
    ),
)
_PAGES: Final = {
    "/download/": "door_to_downloads",
    "/sparql": "door_to_sparql",
    "/id/training-route": "door_to_routes",
}


@dataclass(frozen=True)
class Finding:
    """What the first page shows of the figures: a sentence, what to know of its numbers, and a chart.

    Attributes:
        heading, text: made from the row of a saved question.
        href: leads to the figures of the chart, or to that question without one.
        further: address and text of questions about other periods.
        notes: source, period, scope and caveat, each with its name.
        chart: of the same table; None where it could not be made.

    """

    heading: str
    text: str
    notes: tuple[tuple[str, str], ...]
    href: str
    further: tuple[tuple[str, str], ...]
    chart: ChartView | None


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("home", __name__)

    @blueprint.get("/")
    def home() -> Response:
        """Show the first page."""
        context = Context.from_request(site, request)
        return send_page(
            context,
            "home.html",
            ID=ID,
            doors=[(words, first, _links(context, names)) for words, first, names in _DOORS],
            finding=_finding(context),
            kinds=summaries(site, context.lang, [kind for kind, _ in site.kinds.menu]),
            dataset_card=dataset_card(context),
            things=sum(map(len, site.kinds.members.values())),
            cite=dataset_citation(site, context.lang),
        )

    app.register_blueprint(blueprint)


def _links(context: Context, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return address and text of pages, and of those questions that the project has."""
    site, lang = context.site, context.lang
    texts = {f"/questions/{name}": site.questions[name].title[lang] for name in names if name in site.questions}
    texts |= {path: message(key, lang) for path, key in _PAGES.items()}
    paths = (name if name in _PAGES else f"/questions/{name}" for name in names)
    return [(path, texts[path]) for path in paths if path in texts]


def _finding(context: Context) -> Finding | None:
    """Return the finding, or None where no vacancy table is served or its question got no answer."""
    question = context.site.questions.get(_FINDING)
    if question is None:
        return None
    try:
        sheet, _ = sheet_of(context, BoundQuestion(question))
    except KgError:
        return None
    if not sheet.rows:
        return None
    lang = context.lang
    names = [column.name for column in sheet.columns]
    said = {
        name: format_value(cell.value, lang) if not cell.iri and cell.value is not None else cell.text
        for name, cell in zip(names, sheet.rows[0], strict=True)
    }
    sources = sources_of(context, question, sheet)
    notes = tuple(pair for source in sources for pair in source.lines(source_words(lang)))
    chart = chart_of(context, _CHART)
    heading = message("finding_heading", lang).format(**said).strip()
    return Finding(
        heading[:1].upper() + heading[1:],
        message("finding_text", lang).format(**said),
        notes,
        f"/questions/{_CHART if chart else _FINDING}?lang={lang}#answer",
        tuple(_links(context, _OTHER_PERIODS)),
        chart,
    )
