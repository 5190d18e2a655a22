"""Where the rows of a saved question come from, and what the publications say of the numbers in them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final

import pyoxigraph as ox

from kg.namespaces import BASE, DCT, KB, ONTOLOGY_GRAPH, RDF_TYPE
from kg.queries.engine import iris_of
from kg.queries.question import Question
from kg.rdf_terms import local_name, objects, term_key
from kg.tables.charts.svg import Frame
from kg.tables.charts.text_alternative import measure_of
from kg.tables.provenance import Provenance, Source
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.layout import message
from kg.web.questions.binding import BoundQuestion, sheet_of

_SERIES: Final = "evidence/series"  # The question that says of each measure what its numbers come from.
_NAME: Final = re.compile(r"\bkb:(\w+)")
_KEPT: Final = ("dataSet", "period", "scope")
_BELOW: Final = 3  # Lines below a chart: what to mind, sources, terms.
_LINES: Final = ("publication", "things", "derived", "period", "no_period", "scope", "caveat", "rights")


def source_of(context: Context, bound: BoundQuestion, sheet: Sheet, url: str) -> Provenance:
    """Return what goes with the rows of a question, in the language of the request."""
    site, lang, question = context.site, context.lang, bound.question
    return Provenance(
        question=question.name,
        title=question.title[lang],
        description=question.description[lang],
        query=bound.query,
        parameters=bound.terms,
        url=url,
        version=site.graph.version,
        date=site.edition.date,
        terms={message("brand", lang): message("sheet_ours", lang)},
        sources=sources_of(context, question, sheet),
    )


def sources_of(context: Context, question: Question, answer: Sheet) -> tuple[Source, ...]:
    """Return what an answer rests on: the publications of its numbers, or else those in which its things stand.

    Things of a vocabulary of others, such as ESCO, stand in that; without either, the answer is about the graph itself.
    """
    return _figure_sources(context, question, answer) or tuple(_thing_sources(context, question, answer))


def _figure_sources(context: Context, question: Question, answer: Sheet) -> tuple[Source, ...]:
    """Return the publications whose numbers stand in an answer: those with the measures that its query names.

    Where the answer has a column for data set, period or scope, or its query names some, only those count. Single
    figures (`kb:value`) count where the query asks for them too, and their publication has no series of that measure.
    """
    series = context.site.questions.get(_SERIES)
    asked = set(_NAME.findall(question.query))
    if series is None or series is question:
        return ()
    sheet, _ = sheet_of(context, BoundQuestion(series))
    names = [column.name for column in sheet.columns]
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    rows = [cells for cells in rows if local_name(str(cells["measured"].value)) in asked]
    named = iris_of(question.query, context.site.graph.prefixes).keys()
    for name in _KEPT:
        values = {row[place].value for place, column in _columns(answer, name) for row in answer.rows}
        values = values or {cells[name].value for cells in rows} & named
        rows = [cells for cells in rows if not values or cells[name].value in values]
    in_series = {cells["publication"].value for cells in rows if cells["dataSet"].value}
    texts: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for cells in rows:
        if cells["dataSet"].value or ("value" in asked and cells["publication"].value not in in_series):
            for name in names:
                if cells[name].text:
                    texts[str(cells["publication"].value)][name][cells[name].text] = None
    return tuple(
        Source(
            iri,
            publication=context.label(iri),
            publishers=tuple(said["publisher"]),
            issued=", ".join(said["issued"]),
            periods=tuple(said["period"]),
            scopes=tuple(said["scope"]),
            caveats=tuple(said["caveat"]),
            rights=_rights(context, iri),
        )
        for iri, said in texts.items()
    )


def _columns(answer: Sheet, name: str) -> list[tuple[int, object]]:
    return [(place, each) for place, each in enumerate(answer.columns) if each.name == name and each.kind == "iri"]


def _thing_sources(context: Context, question: Question, answer: Sheet) -> Iterator[Source]:
    """Yield the publications and vocabularies of the things of an answer, those with most rows first."""
    site, lang = context.site, context.lang
    asked = iris_of(question.query, site.graph.prefixes)
    derived = KB + "Inference" in asked
    rows = {tuple(str(cell.value) for cell in row if cell.iri) for row in answer.rows}
    origins = Counter(origin for row in rows for origin in _origins(context, row))
    if not origins:
        origins.update(_origins(context, [*asked]))
    publications = {publication.iri: publication for publication in site.publications}
    for iri, _ in sorted(origins.items(), key=lambda origin: (-origin[1], origin[0])):
        publication = publications.get(iri)
        if publication is None:
            yield Source(iri, context.label(iri), rights=site.terms(iri, lang), figures=False, derived=derived)
            continue
        publishers, issued = (_values(context, iri, DCT + name) for name in ("publisher", "issued"))
        rights = site.rights(publication, lang)
        yield Source(
            iri, context.label(iri), publishers, ", ".join(issued), rights=rights, figures=False, derived=derived
        )


def _values(context: Context, iri: str, predicate: str) -> tuple[str, ...]:
    terms = objects(context.site.graph.store, ox.NamedNode(iri), predicate)
    return tuple(
        sorted(term.value if isinstance(term, ox.Literal) else context.label(term_key(term)) for term in terms)
    )


def _origins(context: Context, row: Sequence[str]) -> set[str]:
    """Return the publications, or vocabularies of others, on which a row rests.

    That is where one of its things is stated of another; else where all of its things stand; else where any does.
    """
    site, nodes = context.site, [ox.NamedNode(iri) for iri in row]
    quads = (
        quad for one, other in permutations(nodes, 2) for quad in site.graph.store.quads_for_pattern(one, None, other)
    )
    graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
    stating = {site.publication_of_graph[name].iri for name in graphs if name in site.publication_of_graph}
    if stating:
        return stating
    standing = list(filter(None, (_standing(context, node) for node in nodes)))
    return set.intersection(*standing) or set.union(*standing) if standing else set()


def _standing(context: Context, node: ox.NamedNode) -> set[str]:
    """Return the publications in which a thing of ours stands, or the graphs that describe one of others."""
    site = context.site
    if not node.value.startswith(BASE):
        quads = site.graph.store.quads_for_pattern(node, ox.NamedNode(RDF_TYPE), None, None)
        graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
        return graphs - {ONTOLOGY_GRAPH}  # What OWL calls a term says nothing of where it comes from.
    passages = (site.passages.get(term_key(term)) for term in objects(site.graph.store, node, DCT + "source"))
    found = (site.publication_of_section.get(passage.section) for passage in passages if passage)
    return {publication.iri for publication in found if publication}


def _rights(context: Context, iri: str) -> str:
    found = (publication for publication in context.site.publications if publication.iri == iri)
    return next((context.site.rights(publication, context.lang) for publication in found), "")


def source_words(lang: str) -> dict[str, str]:
    """Return the names of what is said of a source, in a language."""
    return {name: message(f"sheet_{name}", lang) for name in _LINES}


def frame_of(context: Context, question: Question, answer: Sheet) -> Frame:
    """Return what a chart says of itself: what it counts, of when, what to mind, its sources and their terms."""
    lang, words = context.lang, source_words(context.lang)
    sources = sources_of(context, question, answer)
    figures = [source for source in sources if source.figures]
    periods = dict.fromkeys(period for source in figures for period in source.periods)
    issued = dict.fromkeys(source.issued for source in sources if source.issued)
    scopes = dict.fromkeys(scope for source in figures for scope in source.scopes)
    caveats = dict.fromkeys(caveat for source in figures for caveat in source.caveats)
    rights = dict.fromkeys(source.rights.rstrip(".") for source in sources if source.rights)
    period = "sheet_period" if figures else "sheet_as_of"
    source = "sheet_derived" if any(source.derived for source in sources) else "sheet_source"
    said = {
        "sheet_unit": measure_of(question.chart, answer) if question.chart else "",
        period: "; ".join(periods if figures else issued) or (words["no_period"] if figures else ""),
        "sheet_scope": "; ".join(scopes),
        "sheet_caveat": " ".join((*(f"{caveat}." for caveat in caveats), question.description[lang])),
        source: "; ".join(source.title for source in sources) or message("sheet_graph", lang),
        "sheet_rights": "; ".join((*rights, message("sheet_ours", lang))),
    }
    lines = [f"{message(key, lang)}: {text}" for key, text in said.items() if text]
    return Frame(question.title[lang], tuple(lines[:-_BELOW]), tuple(lines[-_BELOW:]))
