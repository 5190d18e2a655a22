"""What an assistant may ask, and what it is told: plain data, each answer with its evidence and kind of statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.protocol import QueryRequest
from kg.endpoint.workers import Engine
from kg.errors import KgError, NotFound, QueryError
from kg.graph.build import Graph
from kg.graph.evidence import Evidence, StatementEvidence
from kg.graph.resource import Resource, find_resource
from kg.labels import Labels
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import entries_of_store
from kg.linking.index import Index
from kg.namespaces import ID, KB
from kg.publications.passages import Text, find_passages
from kg.queries.question import Question, pick
from kg.queries.rows import Rows
from kg.rdf_terms import local_name

Told = dict[str, Any]
_MOST_ROWS: Final = 200
_MOST_BACKED: Final = 50
_MOST_PASSAGES: Final = 5
_MOST_INCOMING: Final = 100
_BACKING: Final = {
    "authored": "passages named for this statement",
    "derived": "passages that subject and object share",
    "node": "passages of the subject; none is known for this statement alone",
    "": "no passage: it is not taken from a text",
}


@dataclass(frozen=True)
class Knowledge:
    """A graph, and what answers queries about it.

    Arguments:
        graph: the graph.
        questions: the saved questions by name.
        engine: answers queries, within its limits.
        text: the source text; passages are then quoted whole.

    """

    graph: Graph
    questions: Mapping[str, Question]
    engine: Engine
    text: Text | None = None

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.graph.store)

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self.graph.store)

    @cached_property
    def _index(self) -> Index:
        return Index(tuple(entries_of_store(self.graph.store)))

    def search(self, text: str, lang: str, kind: str, limit: int) -> Told:
        """Return the things whose labels are most like a text, best first, each with its evidence.

        Arguments:
            text: a word or name, in Dutch or English.
            lang: language of the names in the answer.
            kind: a class to narrow to, such as `occupation`; empty for all.
            limit: things at most.

        """
        found = self._index.search(text, Wanted(frozenset({kind} if kind else ())), min(max(limit, 1), _MOST_BACKED))
        return {"results": [self._candidate(one, lang) for one in found]}

    def _candidate(self, one: Candidate, lang: str) -> Told:
        iri = one.entry.iri
        told = {"iri": iri, "name": one.entry.name(lang), "types": list(one.entry.kinds), "score": one.score}
        return told | {"evidence": self._backing(iri, lang)}

    def describe(self, iri: str, lang: str) -> Told:
        """Return all that is said of a thing, each statement with its kind and its passages, and what points at it.

        Arguments:
            iri: an IRI, or `kind/slug` below `/id/`.
            lang: language of labels.

        Raises:
            NotFound: nothing is said of it; the hint has the nearest names.

        """
        node = iri if iri.startswith(("http://", "https://")) else ID + iri
        found = find_resource(self.graph.store, node) if _is_iri(node) else None
        if found is None:
            near = ", ".join(f"{label} <{near}>" for near, label in self._labels.nearest(local_name(node), lang))
            raise NotFound(f"nothing is said of {node[:200]}", hint=f"nearest: {near}" if near else "search for it")
        return {
            "iri": node,
            "label": self._labels.get(node, lang)[0],
            "statements": [self._statement(backed, lang) for backed in self._evidence.about(node)],
            **self._incoming(found, lang),
        }

    def _statement(self, backed: StatementEvidence, lang: str) -> Told:
        return {
            "property": self._named(backed.quad.predicate, lang),
            "value": self._named(backed.quad.object, lang),
            "kind": backed.kind,
            "graph": getattr(backed.quad.graph_name, "value", ""),
            "backing": _BACKING[backed.how],
            "passages": [self._passage(one, lang) for one in backed.passages[:_MOST_PASSAGES]],
            "passages_in_all": len(backed.passages),
        }

    def _incoming(self, found: Resource, lang: str) -> Told:
        quads = [quad for quad in found.incoming if isinstance(quad.subject, ox.NamedNode)]
        told = [
            {
                "subject": self._named(quad.subject, lang),
                "property": self._named(quad.predicate, lang),
                "kind": self._kind(getattr(quad.graph_name, "value", "")),
            }
            for quad in quads[:_MOST_INCOMING]
        ]
        return {"incoming": told, "incoming_in_all": len(quads)}

    def _kind(self, graph: str) -> str:
        return local_name(self._evidence.kinds.get(graph, ""))

    def _named(self, term: Any, lang: str) -> Told:
        if isinstance(term, ox.NamedNode):
            return {"iri": term.value, "label": self._labels.get(term.value, lang)[0]}
        if isinstance(term, ox.Literal):
            return {"literal": term.value} | ({"lang": term.language} if term.language else {})
        return {"term": str(term)}

    def _passage(self, iri: str, lang: str) -> Told:
        passage = self._passages.get(iri)
        told = {"iri": iri}
        if passage is not None:
            quote = self.text.quote(iri) if self.text else ""
            words = " … ".join(end for end in passage.ends if end)
            told |= {"section": self._labels.get(passage.section, lang)[0], "lines": passage.lines}
            told |= {"quote": quote} if quote else {"first_and_last_words": words} if words else {}
        return told

    @cached_property
    def _passages(self) -> Mapping[str, Any]:
        return find_passages(self.graph.store)

    def _backing(self, iri: str, lang: str) -> Told:
        graphs = {quad.graph_name for quad in self.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)}
        kinds = sorted({self._kind(getattr(graph, "value", "")) for graph in graphs} - {""})
        passages = sorted(self._evidence.sources.get(iri, ()))
        shown = [self._passage(one, lang) for one in passages[:_MOST_PASSAGES]]
        return {"kinds": kinds, "passages": shown, "passages_in_all": len(passages)}

    def schema(self, lang: str) -> Told:
        """Return prefixes, named graphs with their kinds, and each class and property with label and definition."""
        terms = self._rows(QueryRequest(self.questions["graph/terms"].query))
        return {
            "prefixes": self.graph.prefixes,
            "graphs": self._rows(QueryRequest(self.questions["graph/graphs"].query))["rows"],
            "terms": [_in_language(row, lang) for row in terms["rows"]],
        }

    def list_questions(self, lang: str, theme: str) -> Told:
        """Return the saved questions, of one theme or all: name, title, description and parameters."""
        chosen = [one for one in self.questions.values() if theme in ("", one.theme)]
        if not chosen:
            raise NotFound(f"no theme {theme[:100]}", hint=f"themes: {', '.join(sorted(self._themes))}")
        return {"questions": [_question(one, lang) for one in chosen]}

    @property
    def _themes(self) -> set[str]:
        return {one.theme for one in self.questions.values()}

    def answer(self, name: str, parameters: Mapping[str, str], lang: str) -> Told:
        """Return the answer to a saved question with its query and evidence.

        Raises:
            NotFound: no such question.
            QueryError: no such parameter.

        """
        question = pick(self.questions, name)
        text = question.fill(parameters)
        return {"title": question.title.get(lang, question.title["en"]), "query": text, **self.query(text, lang)}

    def query(self, text: str, lang: str) -> Told:
        """Return the rows of a SELECT or ASK with the evidence of each thing of ours in them, or a graph as Turtle.

        Arguments:
            text: SPARQL 1.1 Query; the prefixes of the graph need no declaration.
            lang: language of labels in the evidence.

        Raises:
            KgError: as the engine: refused, wrong, or over a limit.

        """
        told = self._rows(QueryRequest(text, prefixed=True))
        named = [value for row in told.get("rows", []) for value in row.values() if _ours(value)]
        things = list(dict.fromkeys(named))
        told["evidence"] = {
            iri: {"label": self._labels.get(iri, lang)[0], **self._backing(iri, lang)} for iri in things[:_MOST_BACKED]
        }
        told["evidence_in_all"] = len(things)
        if not things:
            told["evidence_note"] = "no thing of the graph is in the answer: select IRIs too to see their evidence"
        return told

    def _rows(self, asked: QueryRequest) -> Told:
        found = self.engine.query(asked, client="assistant")
        if found.format != "json":
            return {"turtle": found.data.decode("utf-8"), "triples": found.rows}
        rows = Rows.from_solutions(ox.parse_query_results(found.data, format=ox.QueryResultsFormat.JSON))
        shown = [{name: _plain(value) for name, value in row.items()} for row in rows[:_MOST_ROWS]]
        told = {"columns": list(rows.columns), "rows": shown, "rows_in_all": len(rows)}
        if len(rows) > _MOST_ROWS:
            told["cut"] = f"the first {_MOST_ROWS} of {len(rows)} rows: use LIMIT and OFFSET for the rest"
        return told


def problem(error: KgError) -> Told:
    """Return an error as an assistant is told it: what is wrong, where, and what to do."""
    told = {"problem": error.title, "what": error.what, "where": error.where, "hint": error.hint}
    place = {"line": error.line, "column": error.column} if isinstance(error, QueryError) else {}
    return {name: value for name, value in (told | place).items() if value}


def _is_iri(iri: str) -> bool:
    """Return whether a text is an IRI."""
    try:
        ox.NamedNode(iri)
    except ValueError:
        return False
    return True


def _question(one: Question, lang: str) -> Told:
    parameters = {each.name: each.label.get(lang, each.label["en"]) for each in one.parameters}
    told = {"name": one.name, "title": one.title.get(lang, one.title["en"])}
    return told | {"description": one.description.get(lang, one.description["en"]), "parameters": parameters}


def _in_language(row: Mapping[str, Any], lang: str) -> Told:
    """Return a row without the columns of the other language."""
    other = "En" if lang == "nl" else "Nl"
    return {
        name.removesuffix("Nl").removesuffix("En"): value for name, value in row.items() if not name.endswith(other)
    }


def _ours(value: object) -> bool:
    return isinstance(value, str) and value.startswith((ID, KB)) and " " not in value


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
