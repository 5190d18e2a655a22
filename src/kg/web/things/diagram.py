"""The lines of the diagram of a measure or climate table, from the rows of saved questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.endpoint.protocol import QueryRequest
from kg.languages import format_number
from kg.rdf_terms import local_name
from kg.tables.charts.layers import STYLES, Line, Node
from kg.tables.sheet import Cell, Sheet
from kg.web.context import Context
from kg.web.kinds import kind_of
from kg.web.layout import message
from kg.web.responses import ask

QUESTIONS: Final = {  # Kind to the parameter and the questions whose rows are drawn.
    "measure": ("measure", ("climate/lines-of-measure", "climate/lines-of-knowledge-areas")),
    "climate-table": ("table", ("climate/lines-of-table", "climate/lines-of-knowledge-areas")),
}
_ALONE, _TABLE, _PLACES = range(3)  # Bands: what is said of measures, of the table as a whole, and where.
_PLACE: Final[Mapping[str, tuple[int, int]]] = {  # Class to column and band.
    "ClimateMeasure": (0, _ALONE),
    "Technique": (1, _ALONE),
    "ClimateTable": (1, _TABLE),
    "KnowledgeArea": (2, _TABLE),
    "OccupationGroup": (3, _ALONE),
    "VacancyGroup": (3, _ALONE),
    "ProfessionalGroup": (3, _ALONE),
    "Occupation": (4, _ALONE),
    "Qualification": (5, _ALONE),
    "TrainingRoute": (5, _ALONE),
    "Project": (1, _PLACES),
    "Cluster": (2, _PLACES),
}
_HEADINGS: Final = {
    "ClimateMeasure": "diagram_column_ClimateMeasure",
    "Technique": "diagram_column_Technique",
    "ClimateTable": "diagram_column_ClimateTable",
    "KnowledgeArea": "diagram_column_KnowledgeArea",
    **dict.fromkeys(("OccupationGroup", "VacancyGroup", "ProfessionalGroup"), "diagram_column_OccupationGroup"),
    "Occupation": "diagram_column_Occupation",
    **dict.fromkeys(("Qualification", "TrainingRoute"), "diagram_column_Qualification"),
    "Project": "diagram_column_Project",
    "Cluster": "diagram_column_Cluster",
}
_BANDS: Final = {_TABLE: "diagram_band_1", _PLACES: "diagram_band_2"}
_GAPS: Final = {  # What is left open: that no publication names a thing of a class, or for which measure it is meant.
    "Technique": "diagram_none_Technique",
    "Occupation": "diagram_none_Occupation",
    "ClimateMeasure": "diagram_none_ClimateMeasure",
    "broader ClimateMeasure": "diagram_none_ClimateMeasure_below",
    "KnowledgeArea of measure": "diagram_none_KnowledgeArea_measure",
    "KnowledgeArea of table": "diagram_none_KnowledgeArea_table",
    "measure": "diagram_open_measure",
    "table": "diagram_open_table",
}
_COLUMNS: Final = ("ClimateMeasure", "Technique", "KnowledgeArea", "OccupationGroup", "Occupation", "Qualification")
_TO: Final = {"broader": "diagram_to_broader", "narrower": "diagram_to_narrower"}  # What a counted route leads to.
_NOTES: Final = ("level", "projectStatus")  # Relations whose value stands below the name.
_SAID_OF: Final = ("involves", "usesTechnique", "hasQualification", "leadsToOccupation")
_GAP: Final = STYLES[-1]
_UNBOUND: Final = dict.fromkeys(("qualifier", "period", "modality", "scope", "caveat"), Cell(None))
_MARK: Final = "*"  # Of a number with something to mind.
_Row = Mapping[str, Cell]


class Diagram:
    """The nodes and lines that rows make.

    Arguments:
        context: the request.
        iri: the measure or climate table.
        link: from an IRI to where its link leads.

    Attributes:
        nodes: by key.
        headings: of columns, by band and column.
        sources: what states a line or derives it, by IRI, with its name.
        minded: what to mind of the numbers, each with the word for what it is.

    Raises:
        KgError: as the engine.

    """

    def __init__(self, context: Context, iri: str, link: Callable[[str], str]) -> None:
        self._context, self._iri, self._link = context, iri, link
        self.parameter, names = QUESTIONS[kind_of(iri)]
        self.nodes: dict[str, Node] = {}
        self.headings = {(_ALONE, column): self.word(_HEADINGS[name]) for column, name in enumerate(_COLUMNS)}
        self.sources: dict[str, str] = {}
        self.minded: dict[tuple[str, str], None] = {}
        self._said: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._firmness: dict[str, set[str]] = {}
        self._open: dict[str, _Row] = {}
        if self.parameter == "measure":
            self._node(iri)
        rows = [row for name in names for row in self._rows(name)]
        for row in sorted(rows, key=lambda row: (_is_below(row), *_PLACE.get(_local(row, "counted"), (0, 0)))):
            self._add(row)
        for key, row in self._open.items():
            for table in [each for each in self.nodes if kind_of(each) == "climate-table"]:
                self._line(key, table, row)
        for key, said in self._firmness.items():
            for modality in sorted(said if "" not in said else ()):
                self._note(key, modality)
        for band, key in _BANDS.items():
            if (band, 1) in self.headings:  # A climate table, or places.
                self.headings[band, 0] = self.word(key)

    def word(self, key: str) -> str:
        """Return a message in the language of the request."""
        return message(key, self._context.lang)

    @cached_property
    def lines(self) -> list[Line]:
        """The lines, each in the strongest of the ways in which it is said."""
        return [self._titled(start, end, said) for (start, end), said in self._said.items()]

    def _titled(self, start: str, end: str, said: Mapping[str, list[str]]) -> Line:
        style = min(said, key=STYLES.index)
        return Line(start, end, style, "; ".join(dict.fromkeys(who for some in said.values() for who in some)))

    @property
    def remarks(self) -> list[str]:
        """What to mind of the numbers, in sentences that begin as their mark in the picture."""
        by_word: dict[str, list[str]] = {}
        for key, text in self.minded:
            by_word.setdefault(self.word(key), []).append(text)
        return [f"{_MARK} {word}: {'; '.join(texts)}" for word, texts in sorted(by_word.items(), reverse=True)]

    def _rows(self, name: str) -> Iterator[_Row]:
        site, lang = self._context.site, self._context.lang
        if name in site.questions:
            answer = ask(self._context, QueryRequest(site.questions[name].fill({self.parameter: self._iri})))
            solutions = ox.parse_query_results(answer.data, format=ox.QueryResultsFormat.JSON)
            sheet = Sheet.from_solutions(solutions, site.labels, str, lang)
            names = [column.name for column in sheet.columns]
            yield from (_UNBOUND | dict(zip(names, row, strict=True)) for row in sheet.rows)

    def _add(self, row: _Row) -> None:
        start = self._node(_iri(row, "from")) if row["from"].iri else ""
        if row["source"].iri:
            self.sources[_iri(row, "source")] = row["source"].text
        if _local(row, "relation") in _NOTES:
            self._note(start, row["to"].text)
        elif _is_below(row) and row["to"].iri:
            self._note(start, f"{self.word('diagram_below')} {row['to'].text}")
        elif _local(row, "relation") == "openVacancies":
            counted = f"{row['qualifier'].text} {self._number(row)} {self.word('diagram_vacancies')}".strip()
            minded = {("sheet_" + name, row[name].text): None for name in ("caveat", "scope") if row[name].iri}
            self.minded |= minded
            period = row["period"].text or self.word("sheet_no_period")
            self._note(start, f"{counted}, {period}{_MARK if minded else ''}")
        elif not row["basis"].iri:
            self._gap(start, row)
        elif row["counted"].iri:
            self._count(start, row)
        else:
            self._line(start, self._node(_iri(row, "to")), row)

    def _line(self, start: str, end: str, row: _Row) -> None:
        style = _local(row, "basis") or _GAP
        cells = (row[name] for name in ("basis", "modality", "source"))
        who = ", ".join(cell.text for cell in cells if cell.iri) or self.word("diagram_gap")
        self._said.setdefault((start, end), {}).setdefault(style, []).append(who)
        if style == STYLES[0] and _local(row, "relation") in _SAID_OF:
            self._firmness.setdefault(end, set()).add(row["modality"].text if row["modality"].iri else "")

    def _node(self, iri: str) -> str:
        if iri not in self.nodes:
            kinds = map(local_name, self._context.site.facts.classes(iri))
            kind = next((kind for kind in kinds if kind in _PLACE), "Technique")
            column, band = _PLACE[kind]
            if self.parameter == "measure" and kind == "ClimateMeasure" and iri != self._iri:
                column, self.headings[band, 1] = 1, self.word("diagram_column_part")
            if self.parameter == "table" and band == _PLACES:
                column -= 1  # Its projects are counted, and stand behind it.
            notes = (self.word("diagram_counted_group"),) if kind == "VacancyGroup" else ()
            self._put(Node(iri, column, band, self._context.label(iri), self._link(iri), notes), kind)
        return iri

    def _put(self, node: Node, kind: str) -> None:
        self.headings.setdefault((node.band, node.column), self.word(_HEADINGS[kind]))
        self.nodes[node.key] = node

    def _note(self, key: str, note: str) -> None:
        notes = dict.fromkeys((*self.nodes[key].notes, note))
        self.nodes[key] = replace(self.nodes[key], notes=tuple(notes))

    def _count(self, start: str, row: _Row) -> None:
        """Add how many things of a class there are, behind what is counted before it from the same node."""
        first, kind = self.nodes[start], _local(row, "counted")
        column, relation = max(_PLACE[kind][0], first.column + 1), _local(row, "relation")
        before = [node for key, node in self.nodes.items() if key.startswith(f"{start}|") and node.column < column]
        key = f"{start}|{kind}|{relation}|{row['source'].value}"
        notes = (self.word(_TO[relation]),) if relation in _TO else ()
        self._put(Node(key, column, first.band, f"{self._number(row)} {self._noun(row)}", first.href, notes), kind)
        self._line(max(before, key=lambda node: node.column, default=first).key, key, row)

    def _gap(self, start: str, row: _Row) -> None:
        kind = _local(row, "counted")
        key = f"gap|{_local(row, 'relation')}|{kind}"
        named = _GAPS.get(f"{_local(row, 'relation')} {kind}") or _GAPS.get(kind)
        words = self.word(named or _GAPS[f"{kind} of {self.parameter}".removeprefix(" of ")])
        column, band = (1, _TABLE) if _local(row, "relation") == "needsKnowledgeArea" else _PLACE[kind]
        text = f"{words} {self._number(row)}" if row["number"].value else words
        self.nodes[key] = Node(key, column, band, text, gap=True)
        if start and self.nodes[start].column < column:
            self._line(start, key, row)
        if row["to"].iri:  # It stands with the climate table as a whole, from which one set of lines leads on.
            self._node(_iri(row, "to"))
            self._open[key] = row

    def _number(self, row: _Row) -> str:
        return format_number(int(str(row["number"].value)), self._context.lang)

    def _noun(self, row: _Row) -> str:
        iri, lang, site = _iri(row, "counted"), self._context.lang, self._context.site
        view = site.views.find([iri])
        return view.label[lang] if view and row["number"].value != 1 else site.labels.get(iri, lang)[0]


def _is_below(row: _Row) -> bool:
    return _local(row, "relation") == "broader"


def _iri(row: _Row, name: str) -> str:
    return str(row[name].value)


def _local(row: _Row, name: str) -> str:
    return local_name(_iri(row, name)) if row[name].iri else ""
