"""What an assistant may ask. The answers are plain data, short, and say of each row its kind and passages.

Nothing here knows by which protocol or server an answer is carried.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, NotFound, QueryError
from kg.linking.full_text import Match
from kg.namespaces import GRAPH, ID, KB
from kg.queries.question import Question, pick
from kg.rdf_terms import local_name
from kg.web.assistant.advice import brief
from kg.web.assistant.citations import PASSAGE, Payload, cited, short, size_of
from kg.web.assistant.lookup import Lookup
from kg.web.assistant.tables import fitting, rows_of
from kg.web.assistant.things import describe, head, words_of
from kg.web.responses import run
from kg.web.search.career_switch import Advice
from kg.web.search.results import Hit
from kg.web.site import Site

USUAL: Final = 3500  # Characters of rows or statements, about; passages come beside them.
MOST: Final = 20_000
_MOST_HITS: Final = 30
_WAIT: Final = 20.0  # Seconds that somebody waits for ESCO, once.
_ALIKE: Final = 0.75  # Of the best saved question: what has as much is answered, too.
_SURE: Final = 0.2  # Of the words of a question, in rarity, from which on a saved question answers it.
_CLEAR: Final = 0.1  # So much more of them in the name of a thing tells that the thing is meant.
_NEAR: Final = 0.5  # Of the best hit: what has less is left out.
_LEAST: Final = 0.12
_UNSAID: Final = "what is not stated here is not stated by the publications; that never means that it is not so"

REQUEST: ContextVar[dict[str, Any] | None] = ContextVar("request", default=None)  # The environment of WSGI.


class Assistant:
    """What is known to a site, for assistants.

    Arguments:
        site: what is served.

    Attributes:
        scores: what answers `kb:textScore`.

    """

    def __init__(self, site: Site) -> None:
        self._site, self._lock = site, threading.Lock()
        self._lookup, self._advice = Lookup(site), Advice(site)
        self.scores = self._lookup.finder.documents.scores

    def ask(self, question: str, lang: str, size: int = USUAL) -> Payload:
        """Return what answers a question in words: rows of the saved question that is most like it, things, sayings.

        Arguments:
            question: in Dutch or English.
            lang: language of names and titles.
            size: characters at most, about.

        """
        questions, sayings, things, unknown = self._lookup.groups(question, lang)
        best = max((match.score for matches in (questions, sayings, things) for match in matches[:1]), default=0.0)
        payload: Payload = {"searched": question[:300]} | ({"words_not_found": unknown} if unknown else {})
        if best < _LEAST:
            return payload | {"nothing": f"nothing here holds these words; {_UNSAID}"}
        clear = things[0].score - _CLEAR if things else 0.0
        alike = [match for match in _near(questions, _ALIKE) if match.score >= max(_SURE, clear)][:2]
        payload |= self._saved(question, alike, questions, [match.key for match in things], lang, size * 3 // 8)
        kept = [words_of(self._site, match.key, lang) for match in _near(sayings)[:6]]
        payload["sayings"] = list(fitting(kept, size // 4)) if kept else []
        named = _near(things)[: 2 if alike else 3]
        room = (size - size_of(payload)) * 3 // 5 // max(len(named), 1)
        payload["things"] = [describe(self._site, match.key, lang, room) for match in named]
        return self._with_passages(payload, lang, size)

    def _saved(
        self, text: str, alike: list[Match], ranked: list[Match], things: list[str], lang: str, size: int
    ) -> Payload:
        """Return the answers to the saved questions that are most like a text, and the names of others."""
        questions = self._site.questions
        answers = {}
        for match in alike:
            name = match.key.partition(":")[2]
            values = self._lookup.named_in(text, questions[name], things[:12])
            answers[name] = self.answer(name, values, lang, size // len(alike))
        names = [match.key.partition(":")[2] for match in ranked if match.score >= _LEAST]
        titles = {name: questions[name].title[lang] for name in names if name not in answers}
        others = dict(islice(titles.items(), 3))
        payload: Payload = {"answers": list(answers.values())} if answers else {}
        return payload | ({"other_questions": others} if others else {})

    def _with_passages(self, payload: Payload, lang: str, size: int) -> Payload:
        """Return an answer of several parts whose passages stand at its end, each once."""
        names: list[str] = []
        parts = [*payload.get("answers", []), *payload.get("things", []), *payload.get("sayings", [])]
        for part in parts:
            groups = [*part.get("statements", []), *part.get("mentioned_by", [])]
            own = part.get("passages", [])
            lists = [*(row[-2] for row in part.get("rows", [])), *(group.get("passages", []) for group in groups)]
            names += [name for those in (*lists, own if isinstance(own, list) else []) for name in those]
            if not isinstance(own, list):
                for key in ("publications", "passages", "passages_not_shown"):
                    part.pop(key, None)
        return payload | cited(self._site, names, lang, max(size - size_of(payload), size // 6))

    def search(self, text: str, lang: str, kind: str = "", limit: int = 10, esco: bool = False) -> Payload:
        """Return what has a name or text like some words, best first; what is far from the best is left out.

        Arguments:
            text: a word or name, in Dutch or English.
            lang: language of the names in the answer.
            kind: a class to narrow to, such as `occupation` or `claim`, or `question`; empty for all.
            limit: things at most.
            esco: whether ESCO as a whole is looked in, too.

        """
        limit = min(max(limit, 1), _MOST_HITS)
        if esco:
            self._site.indexes.esco.get(_WAIT)
        results = self._lookup.finder.find(lang, text, kind, limit, others=esco)
        hits = [self._hit(hit, lang) for hit in (results.hits if esco else results.ours)]
        payload: Payload = {"searched": results.meant or text[:300], "results": hits, "more": results.more}
        if not hits:
            payload["nothing"] = f"nothing is called so, searched as {payload['searched']}; {_UNSAID}"
        names = [name for hit in hits for name in hit.get("passages", ())[:1]]
        return payload | cited(self._site, names, lang, USUAL - min(size_of(payload), USUAL))

    def _hit(self, hit: Hit, lang: str) -> Payload:
        if hit.id.startswith(ID):
            bound = hit.id.count("/") > ID.count("/") + 1
            return words_of(self._site, hit.id, lang) if bound else head(self._site, hit.id, lang)
        linked = [f"{term.text} <{short(self._site, term.iri)}>" for term in hit.linked]
        payload = {"id": short(self._site, hit.id), "name": hit.name, "type": hit.kind}
        return payload | ({"linked_to_it": linked} if linked else {})

    def describe(self, thing: str, lang: str, size: int = USUAL) -> Payload:
        """Return what is said of one thing, by property, with kinds and passages, and what points at it.

        Arguments:
            thing: an IRI, `kind/slug`, or a name.
            lang: language of labels.
            size: characters at most, about.

        Raises:
            NotFound: nothing is called so; the hint has the nearest names.

        """
        return describe(self._site, self._lookup.thing(thing, lang), lang, min(size, MOST))

    def list_questions(self, lang: str, theme: str = "") -> Payload:
        """Return the themes of the saved questions with the names in each, or those of one theme with parameters.

        Raises:
            NotFound: no such theme.

        """
        questions = self._site.questions.values()
        if not theme:
            themes = dict.fromkeys(question.theme for question in questions)
            names = {each: [local_name(q.name) for q in questions if q.theme == each] for each in themes}
            told = {each: {"title": self._site.themes.name(each, lang), "names": names[each]} for each in themes}
            return {"themes": told, "hint": "a question is called theme/name; with theme=, titles and parameters"}
        chosen = [question for question in questions if question.theme == theme]
        if not chosen:
            themes = {question.theme: None for question in questions}
            raise NotFound(f"no theme {theme[:100]}", hint=f"themes: {', '.join(themes)}")
        return {"theme": theme, "questions": [self._summary(question, lang) for question in chosen]}

    @staticmethod
    def _summary(question: Question, lang: str) -> Payload:
        parameters = {each.name: each.label[lang] for each in question.parameters}
        payload = {"name": question.name, "title": question.title[lang]}
        return payload | ({"parameters": parameters} if parameters else {})

    def answer(
        self,
        name: str,
        parameters: Mapping[str, str],
        lang: str,
        size: int = USUAL,
        start: int = 0,
        show_query: bool = False,
    ) -> Payload:
        """Return rows of the answer to a saved question, each with kind, passages and IRI.

        Arguments:
            name: of the question.
            parameters: values by name; a thing by IRI, `kind/slug` or name.
            lang: language of labels and titles.
            size: characters at most, about.
            start: number of the first row.
            show_query: whether the query is shown, too.

        Raises:
            NotFound: no such question, or nothing is called as a value says.
            QueryError: no such parameter.

        """
        question = pick(self._site.questions, name)
        terms = {key: self._term(question, key, value, lang) for key, value in parameters.items() if value}
        query = question.fill(terms)
        payload: Payload = {"question": name, "title": question.title[lang], "description": question.description[lang]}
        if terms:
            payload["parameters"] = {key: self._named(term, lang) for key, term in terms.items()}
        payload |= self.query(query, lang, size, start)
        if not payload.get("rows_in_all", 1):
            asked = ", ".join(f"{key}={text}" for key, text in payload.get("parameters", {}).items())
            payload["nothing"] = f"nothing found{f', searched as {asked}' if asked else ''}; {_UNSAID}"
        return payload | ({"query": query} if show_query else {})

    def _run(self, query: str) -> QueryResult:
        return run(self._site, REQUEST.get() or {}, QueryRequest(query, prefixed=True))

    def _term(self, question: Question, key: str, value: str, lang: str) -> str:
        parameter = next((each for each in question.parameters if each.name == key), None)
        if parameter is None:
            offered = ", ".join(each.name for each in question.parameters) or "none"
            raise QueryError(f"unknown parameter {key[:100]}", where=question.name, hint=f"parameters: {offered}")
        return self._lookup.parameter(parameter, value, lang, self._column(question, key))

    def _column(self, question: Question, name: str) -> set[str]:
        """Return what a column of the answer to a question holds where nothing is asked in particular."""
        result = self._run(question.query)
        rows = ox.parse_query_results(result.data, format=ox.QueryResultsFormat.JSON)
        if not isinstance(rows, ox.QuerySolutions) or name not in [variable.value for variable in rows.variables]:
            return set()
        return {term.value for row in rows if isinstance(term := row[name], ox.NamedNode)}

    def _named(self, term: str, lang: str) -> str:
        named = term.startswith(("http://", "https://"))
        return f"{self._site.labels.get(term, lang)[0]} <{short(self._site, term)}>" if named else term

    def query(self, sparql: str, lang: str, size: int = USUAL, start: int = 0) -> Payload:
        """Return rows of a SPARQL query, each with kind, passages and IRI, or a graph as Turtle.

        Arguments:
            sparql: SPARQL 1.1 Query; the prefixes of the graph need no declaration.
            lang: language of labels.
            size: characters at most, about.
            start: number of the first row.

        Raises:
            KgError: as the engine: refused, wrong, or over a limit.

        """
        result = self._run(sparql)
        return rows_of(self._site, sparql, result, lang, min(max(size, 1), MOST), max(start, 0))

    def schema(self, lang: str, kind: str = "") -> Payload:
        """Return the classes with how many things each has, or the properties of one class, as the data uses them.

        Raises:
            NotFound: no such class.

        """
        site = self._site
        if not kind:
            counts = Counter({site.kinds.classes[name]: len(those) for name, those in site.kinds.members.items()})
            classes = {short(site, iri): f"{site.labels.get(iri, lang)[0]} ({n})" for iri, n in counts.most_common()}
            kinds = {graph.removeprefix(GRAPH): local_name(name) for graph, name in sorted(site.facts.kinds.items())}
            return {"classes": classes, "graphs": kinds, "hint": "with a class, its properties"}
        iri = self._class(kind)
        text = _PROPERTIES.replace("CLASS", f"<{iri}>")
        return {"class": short(site, iri), "label": site.labels.get(iri, lang)[0]} | self._properties(text, iri, lang)

    def _class(self, kind: str) -> str:
        classes = set(self._site.kinds.classes.values())
        for iri in sorted(classes):
            if kind.rpartition(":")[2].casefold() in (local_name(iri).casefold(), self._site.labels.get(iri, "nl")[0]):
                return iri
        raise NotFound(f"no class {kind[:100]}", hint="schema without a class lists them")

    def _properties(self, query: str, iri: str, lang: str) -> Payload:
        site = self._site
        result = self._run(query)
        rows = list(ox.parse_query_results(result.data, format=ox.QueryResultsFormat.JSON))  # type: ignore[arg-type]
        told: dict[str, Payload] = {"properties": {}, "pointing_at_it": {}}
        for row in rows:
            name = "pointing_at_it" if row["inverse"].value == "true" else "properties"
            term = row["property"].value
            told[name][short(site, term)] = f"{site.labels.get(term, lang)[0]} ({row['things'].value})"
        example = next((those[0] for kind, those in site.kinds.members.items() if site.kinds.classes[kind] == iri), "")
        return told | {"example": short(site, example)}

    def career_switch(self, job: str, skills: list[str], place: str, lang: str, limit: int) -> Payload:
        """Return the climate occupations nearest to a job, a diploma or skills, or the jobs that may be meant.

        Raises:
            NotFound: a job, skill, diploma or place that is not there.

        """
        from kg.linking.advice import Asked  # Heavy, and not needed before somebody asks.

        iri = job.startswith(("http://", "https://", "occupation/"))
        where = short(self._site, self._lookup.thing(place, lang)) if place else ""
        asked = Asked("" if iri else job, (job,) if iri else (), tuple(skills), place=where)
        with self._lock:
            payload, passages = brief(self._advice.advisor.advise(asked, lang, limit))
        return payload | cited(self._site, (name.removeprefix(PASSAGE) for name in passages), lang, USUAL // 4)


_PROPERTIES: Final = f"""
SELECT ?property ?inverse (COUNT(DISTINCT ?thing) AS ?things) {{
  ?thing a CLASS .
  {{ ?thing ?property ?value BIND(false AS ?inverse) }} UNION
  {{ ?value ?property ?thing BIND(true AS ?inverse) FILTER(STRSTARTS(STR(?property), "{KB}")) }}
}}
GROUP BY ?property ?inverse
ORDER BY ?inverse DESC(?things) ?property
"""


def _near(matches: list[Match], share: float = _NEAR) -> list[Match]:
    return [match for match in matches if match.score >= max(share * matches[0].score, _LEAST)]


def problem(error: KgError) -> Payload:
    """Return an error as an assistant reads it: what is wrong, where, and what to do."""
    payload = {"problem": error.title, "what": error.what, "where": error.where, "hint": error.hint}
    place = {"line": error.line, "column": error.column} if isinstance(error, QueryError) else {}
    return {name: value for name, value in (payload | place).items() if value}
