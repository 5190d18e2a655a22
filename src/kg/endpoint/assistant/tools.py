"""What an assistant may ask: the answers are plain data, each with its evidence and kind of statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, islice
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.protocol import QueryRequest
from kg.endpoint.workers import Engine
from kg.errors import KgError, NotFound, QueryError, Unavailable
from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.evidence import Evidence, StatementEvidence
from kg.graph.resource import Resource, find_resource
from kg.labels import Labels
from kg.linking.advice import Advisor, Asked
from kg.linking.background import BackgroundDatabase
from kg.linking.candidates import Candidate, Wanted
from kg.linking.database import Database
from kg.linking.entries import entries_of_store
from kg.linking.index import Index
from kg.linking.label_table import LabelTable
from kg.namespaces import ID, KB
from kg.publications.passages import Passage, Publication, find_passages, find_publications
from kg.publications.texts import Texts
from kg.queries.question import Question, pick
from kg.queries.rows import Rows
from kg.rdf_terms import asserted, is_iri, local_name, term_key

Payload = dict[str, Any]
_ESCO_WAIT: Final = 60.0  # Seconds, on a slow machine.
_MOST_ROWS: Final = 200
_MOST_THINGS: Final = 50
_MOST_PASSAGES: Final = 5
_MOST_INCOMING: Final = 100
_SUPPORT: Final = {
    "authored": "passages named for this statement",
    "derived": "passages that follow from those of subject and object",
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
        texts: the source texts that may be quoted; their passages are given whole.

    """

    graph: Graph
    questions: Mapping[str, Question]
    engine: Engine
    texts: Texts = field(default_factory=Texts)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.graph.store)

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self.graph.store)

    @cached_property
    def _advisor(self) -> Advisor:
        if self._esco is None:
            raise Unavailable("ESCO as a whole is not there", hint="the log says why; or ask again in a minute")
        return Advisor(self.graph, self.questions, self._esco, self._index, self._labels)

    @cached_property
    def _esco(self) -> Database | None:
        """ESCO as a whole; the first who asks waits until that is made, some seconds once."""
        return BackgroundDatabase(project_folder()).get(_ESCO_WAIT)

    @cached_property
    def _index(self) -> Index:
        """Our labels and those of ESCO as a whole."""
        ours = LabelTable.of(entries_of_store(self.graph.store))
        return Index(ours, *([self._esco.table] if self._esco else []))

    def search(self, text: str, lang: str, kind: str, limit: int) -> Payload:
        """Return the things whose labels are most like a text, best first, each with its evidence.

        Arguments:
            text: a word or name, in Dutch or English.
            lang: language of the names in the answer.
            kind: a class to narrow to, such as `occupation`; empty for all.
            limit: things at most.

        """
        wanted = Wanted(frozenset({kind} if kind else ()))
        candidates = self._index.search(text, wanted, min(max(limit, 1), _MOST_THINGS))
        return {"results": [self._candidate(candidate, lang) for candidate in candidates]}

    def _candidate(self, candidate: Candidate, lang: str) -> Payload:
        entry = candidate.entry
        payload = {"iri": entry.iri, "name": entry.name(lang), "types": list(entry.kinds), "score": candidate.score}
        return payload | {"evidence": self._support(entry.iri, lang)}

    def career_switch(self, asked: Asked, lang: str, limit: int) -> Payload:
        """Return the climate occupations nearest to a job, a diploma or skills, or the jobs that may be meant.

        Raises:
            NotFound: a job, skill, diploma or place that is not there.

        """
        return self._advisor.advise(asked, lang, limit)

    def describe(self, iri: str, lang: str) -> Payload:
        """Return all that is said of a thing, each statement with its kind and its passages, and what points at it.

        Arguments:
            iri: an IRI, or `kind/slug` below `/id/`.
            lang: language of labels.

        Raises:
            NotFound: nothing is said of it; the hint has the nearest names.

        """
        node = iri if iri.startswith(("http://", "https://")) else ID + iri
        resource = find_resource(self.graph.store, node) if is_iri(node) else None
        if resource is None:
            near = ", ".join(f"{label} <{near}>" for near, label in self._labels.nearest(local_name(node), lang))
            raise NotFound(f"nothing is said of {node[:200]}", hint=f"nearest: {near}" if near else "search for it")
        return {
            "iri": node,
            "label": self._labels.get(node, lang)[0],
            "statements": [self._statement(statement, lang) for statement in self._evidence.about(node)],
            **self._incoming(resource, lang),
        }

    def _statement(self, statement: StatementEvidence, lang: str) -> Payload:
        return {
            "property": self._term(statement.quad.predicate, lang),
            "value": self._term(statement.quad.object, lang),
            "kind": statement.kind,
            "graph": statement.graph,
            **self._publication(statement.graph, lang),
            **self._modality(statement, lang),
            "backing": _SUPPORT[statement.how],
            "passages": [self._passage(passage, lang) for passage in statement.passages[:_MOST_PASSAGES]],
            "passages_in_all": len(statement.passages),
        }

    def _modality(self, statement: StatementEvidence, lang: str) -> Payload:
        """Return how firmly the publication says it; nothing where it says it plainly."""
        hedged = statement.modality
        named = {"modality": hedged.codes, "only_of_project": hedged.projects}
        return {key: [self._labels.get(iri, lang)[0] for iri in iris] for key, iris in named.items() if iris}

    def _publication(self, graph: str, lang: str) -> Payload:
        publication = self._publications.get(graph)
        return {"publication": self._labels.get(publication.iri, lang)[0]} if publication else {}

    def _incoming(self, resource: Resource, lang: str) -> Payload:
        quads = [quad for quad in resource.incoming if isinstance(quad.subject, ox.NamedNode)]
        graphs: dict[tuple[Any, Any, str], list[str]] = {}
        for quad in quads:
            graph = term_key(quad.graph_name)
            graphs.setdefault((quad.subject, quad.predicate, self._kind(graph)), []).append(graph)
        statements = [
            {
                "subject": self._term(subject, lang),
                "property": self._term(predicate, lang),
                "kind": kind,
                "graphs": names,
            }
            for (subject, predicate, kind), names in islice(graphs.items(), _MOST_INCOMING)
        ]
        return {"incoming": statements, "incoming_in_all": len(graphs)}

    def _kind(self, graph: str) -> str:
        return local_name(self._evidence.kinds.get(graph, ""))

    def _term(self, term: Any, lang: str) -> Payload:
        if isinstance(term, ox.NamedNode):
            return {"iri": term.value, "label": self._labels.get(term.value, lang)[0]}
        if isinstance(term, ox.Literal):
            return {"literal": term.value} | ({"lang": term.language} if term.language else {})
        return {"term": str(term)}

    def _passage(self, iri: str, lang: str) -> Payload:
        passage = self._passages.get(iri)
        payload = {"iri": iri}
        if passage is not None:
            quote = self.texts.quote(iri)
            words = " … ".join(end for end in passage.ends if end)
            publication = self._publications.get(iri)
            payload |= {"publication": self._labels.get(publication.iri, lang)[0]} if publication else {}
            payload |= {"section": self._labels.get(passage.section, lang)[0], "lines": passage.lines}
            payload |= {"quote": quote} if quote else {"first_and_last_words": words} if words else {}
            payload |= {"address": publication.address} if publication and publication.address and not quote else {}
        return payload

    @cached_property
    def _passages(self) -> Mapping[str, Passage]:
        return find_passages(self.graph.store)

    @cached_property
    def _publications(self) -> Mapping[str, Publication]:
        """Passage, or graph of what is stated, to the publication."""
        found = find_publications(self.graph.store)
        return {name: one for one in found for name in (one.graph, *one.passages)}

    def _publication_of(self, passage: str) -> str:
        publication = self._publications.get(passage)
        return publication.iri if publication else ""

    def _support(self, iri: str, lang: str) -> Payload:
        quads = self.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)
        graphs = {quad.graph_name for quad in asserted(quads)}
        kinds = sorted({self._kind(getattr(graph, "value", "")) for graph in graphs} - {""})
        passages = sorted(self._evidence.sources.get(iri, ()))
        by_publication = [list(group) for _, group in groupby(passages, self._publication_of)]
        first = [self._passage(passage, lang) for group in by_publication for passage in group[:_MOST_PASSAGES]]
        return {"kinds": kinds, "passages": first, "passages_in_all": len(passages)}

    def schema(self, lang: str) -> Payload:
        """Return prefixes, named graphs with their kinds, and each class and property with label and definition."""
        terms = self._rows(QueryRequest(self.questions["graph/terms"].query))
        return {
            "prefixes": self.graph.prefixes,
            "graphs": self._rows(QueryRequest(self.questions["graph/graphs"].query))["rows"],
            "terms": [_in_language(row, lang) for row in terms["rows"]],
        }

    def list_questions(self, lang: str, theme: str) -> Payload:
        """Return the saved questions, of one theme or all: name, title, description and parameters."""
        chosen = [question for question in self.questions.values() if theme in ("", question.theme)]
        if not chosen:
            raise NotFound(f"no theme {theme[:100]}", hint=f"themes: {', '.join(sorted(self._themes))}")
        return {"questions": [_question(question, lang) for question in chosen]}

    @property
    def _themes(self) -> set[str]:
        return {question.theme for question in self.questions.values()}

    def answer(self, name: str, parameters: Mapping[str, str], lang: str) -> Payload:
        """Return the answer to a saved question with its query and evidence.

        Raises:
            NotFound: no such question.
            QueryError: no such parameter.

        """
        question = pick(self.questions, name)
        text = question.fill(parameters)
        return {"title": question.title.get(lang, question.title["en"]), "query": text, **self.query(text, lang)}

    def query(self, text: str, lang: str) -> Payload:
        """Return the rows of a SELECT or ASK with the evidence of each thing of ours in them, or a graph as Turtle.

        Arguments:
            text: SPARQL 1.1 Query; the prefixes of the graph need no declaration.
            lang: language of labels in the evidence.

        Raises:
            KgError: as the engine: refused, wrong, or over a limit.

        """
        payload = self._rows(QueryRequest(text, prefixed=True))
        named = [value for row in payload.get("rows", []) for value in row.values() if _ours(value)]
        things = list(dict.fromkeys(named))
        payload["evidence"] = {
            iri: {"label": self._labels.get(iri, lang)[0], **self._support(iri, lang)} for iri in things[:_MOST_THINGS]
        }
        payload["evidence_in_all"] = len(things)
        if not things:
            payload["evidence_note"] = "no thing of the graph is in the answer: select IRIs too to see their evidence"
        return payload

    def _rows(self, request: QueryRequest) -> Payload:
        result = self.engine.query(request, client="assistant")
        if result.format != "json":
            return {"turtle": result.data.decode("utf-8"), "triples": result.rows}
        rows = Rows.from_solutions(ox.parse_query_results(result.data, format=ox.QueryResultsFormat.JSON))
        first = [{name: _plain(value) for name, value in row.items()} for row in rows[:_MOST_ROWS]]
        payload = {"columns": list(rows.columns), "rows": first, "rows_in_all": len(rows)}
        if len(rows) > _MOST_ROWS:
            payload["cut"] = f"the first {_MOST_ROWS} of {len(rows)} rows: use LIMIT and OFFSET for the rest"
        return payload


def problem(error: KgError) -> Payload:
    """Return an error as an assistant reads it: what is wrong, where, and what to do."""
    payload = {"problem": error.title, "what": error.what, "where": error.where, "hint": error.hint}
    place = {"line": error.line, "column": error.column} if isinstance(error, QueryError) else {}
    return {name: value for name, value in (payload | place).items() if value}


def _question(question: Question, lang: str) -> Payload:
    title, description = (texts.get(lang, texts["en"]) for texts in (question.title, question.description))
    parameters = {each.name: each.label.get(lang, each.label["en"]) for each in question.parameters}
    return {"name": question.name, "title": title, "description": description, "parameters": parameters}


def _in_language(row: Mapping[str, Any], lang: str) -> Payload:
    """Return a row without the columns of the other language."""
    other = "En" if lang == "nl" else "Nl"
    return {
        name.removesuffix("Nl").removesuffix("En"): value for name, value in row.items() if not name.endswith(other)
    }


def _ours(value: object) -> bool:
    return isinstance(value, str) and value.startswith((ID, KB)) and " " not in value


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
