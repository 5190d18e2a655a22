"""`/glossary`: the words that pages use, with what the ontology says they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, Response, request

from kg.errors import KgError
from kg.languages import lang_attribute
from kg.namespaces import ID, KB
from kg.web.context import Context
from kg.web.layout import local_link, message
from kg.web.questions.binding import BoundQuestion, sheet_of
from kg.web.responses import send_page
from kg.web.site import Site

_ABBREVIATIONS: Final = "climate/abbreviations"
_STATUS: Final = ("stated", "editorial", "inferred", "evidence", "mapping")
_MODALITIES: Final = ("possible", "example", "sometimes", "intended", "expected", "in-project")
# Classes of which people meet the word; those of the model itself stand at `/def`.
_THINGS: Final = (
    *("ClimateTable", "Pillar", "ClimateMeasure", "Technique", "KnowledgeArea", "Occupation", "OccupationGroup"),
    *("VacancyGroup", "ProfessionalGroup", "Skill", "SoftSkill", "Requirement", "Qualification", "QualificationLevel"),
    *("TrainingRoute", "EntryRequirement", "Cluster", "Region", "Figure", "Scope", "Qualifier", "LabourMarketSignal"),
    *("PolicyTarget", "PolicyInstrument", "Project", "Publication", "Section", "Passage"),
)


@dataclass(frozen=True)
class Word:
    """A word, what it means, where there is more of it (or nothing), and the language of the meaning if another."""

    name: str
    meaning: str
    href: str = ""
    tag: str = ""


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("glossary", __name__)

    @blueprint.get("/glossary")
    def glossary() -> Response:
        """Show the words by group, each group in the order of the alphabet but the first."""
        context = Context.from_request(site, request)
        kinds = {iri: f"/id/{kind}" for kind, iri in site.kinds.classes.items()}
        groups = {
            "glossary_status": [
                *(_word(context, f"{ID}graph-kind/{name}") for name in _STATUS),
                *(_word(context, f"{ID}modality/{name}") for name in _MODALITIES),
                *(Word(*line.split(": ", 1)) for line in _lines("glossary_status_words", context.lang)),
            ],
            "glossary_things": _sorted(_word(context, KB + name, kinds.get(KB + name, "")) for name in _THINGS),
            "glossary_abbreviations": _abbreviations(context),
            "glossary_web": _sorted(Word(*line.split(": ", 1)) for line in _lines("glossary_web_words", context.lang)),
        }
        return send_page(context, "glossary.html", groups=groups)

    app.register_blueprint(blueprint)


def _word(context: Context, iri: str, path: str = "") -> Word:
    return Word(
        context.label(iri),
        context.site.definition(iri, context.lang),
        f"{path}?lang={context.lang}" if path else local_link(iri, context.lang),
    )


def _sorted(words: Iterable[Word]) -> list[Word]:
    return sorted(words, key=lambda word: word.name.casefold())


def _lines(key: str, lang: str) -> list[str]:
    return message(key, lang).split("; ")


def _abbreviations(context: Context) -> list[Word]:
    """Return what the publications abbreviate, with the name of each; nothing where nobody can say."""
    question = context.site.questions.get(_ABBREVIATIONS)
    try:
        sheet = sheet_of(context, BoundQuestion(question))[0] if question else None
    except KgError:
        sheet = None
    if sheet is None:
        return []
    names = [column.name for column in sheet.columns]
    found: dict[tuple[str, str], Word] = {}
    for row in sheet.rows:
        cells = dict(zip(names, row, strict=True))
        short, thing, iri = cells["abbreviation"].text, cells["thing"], str(cells["thing"].value)
        parts = (thing.text if thing.text != short else "", context.site.definition(iri, context.lang))
        meaning, tag = ". ".join(filter(None, parts)), lang_attribute(thing.lang, context.lang)
        if len(short) == 1:  # The symbol of an element, which stands in formulas.
            continue
        found.setdefault((short, iri), Word(short, meaning or cells["name"].text, local_link(iri, context.lang), tag))
    return _sorted(found.values())
