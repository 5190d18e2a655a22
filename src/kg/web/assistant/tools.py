"""What an assistant may ask. The answers are plain data, short, and say of each row its kind and passages.

Nothing here knows by which protocol or server an answer is carried.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from kg.dutch import stem
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, NotFound, QueryError
from kg.linking.full_text import Held, Match
from kg.namespaces import GRAPH, ID, KB
from kg.queries.question import Question, pick
from kg.rdf_terms import local_name
from kg.tables.sheet import Sheet
from kg.web.assistant.advice import brief
from kg.web.assistant.citations import Payload, names_of, short, size_of, with_passages
from kg.web.assistant.lookup import Asked, Lookup
from kg.web.assistant.tables import fitting, rows_of, sheet_of, spread, table, texts_of
from kg.web.assistant.things import Worth, about, describe, head, words_of
from kg.web.responses import run
from kg.web.search.career_switch import Advice
from kg.web.search.documents import QUESTION
from kg.web.search.results import Finder, Hit
from kg.web.site import Site

USUAL: Final = 3500  # Characters of rows or statements, about; passages come beside them.
WHOLE: Final = 4500  # Of all about one thing.
MOST: Final = 20_000
_MOST_HITS: Final = 30
_WAIT: Final = 20.0  # Seconds that somebody waits for ESCO, once.
_SURE: Final = 0.65  # Of what is asked, in rarity: what a saved question, its values and one row hold of it.
_BEGUN: Final = 0.3  # What the saved question and its values alone hold.
_TRIED: Final = 4
_READ: Final = 300  # Rows that are looked at.
_SAID: Final = 0.2  # What a saying holds of what is asked; less is near.
_ANSWERS: Final = 0.6  # What it holds where it is likely to answer.
_BESIDE: Final = 0.5  # Of the best saying.
_MEANT: Final = 0.25  # What a name holds of what is asked where nothing holds some of the words.
_NEIGHBOURS: Final = 3  # Sayings of which it is said what stands beside them,
_LINES: Final = 5  # and in how many lines.
_CITED: Final = 600  # Characters of publications and passages.
_SAYINGS: Final = 5
_FEW: Final = 3
_NAMED: Final = 3
_NEARLY: Final = 0.5
_NEAR: Final = 0.5  # Of the best hit: what has less is left out.
_LEAST: Final = 0.2
_SEVERAL: Final = 3
_ROOM: Final = 300  # Characters: what is said of a thing in less tells nothing.
_NOT_SO: Final = "is not stated by the publications; that never means that it is not so"
_UNSAID: Final = f"what is not stated here {_NOT_SO}"
_OTHERWISE: Final = f"what the following does not say in other words {_NOT_SO}"

REQUEST: ContextVar[dict[str, Any] | None] = ContextVar("request", default=None)  # The environment of WSGI.


@dataclass(frozen=True)
class _Tried:
    """A saved question that was answered: query, names of values, rows, what these hold, and how like it is itself."""

    question: Question
    query: str
    values: list[str]
    sheet: Sheet
    covered: frozenset[str]
    score: float


class Assistant:
    """What is known to a site, for assistants.

    Arguments:
        site: what is served.
        finder: finds in it; one of its own, where it is not given.

    Attributes:
        scores: what answers `kb:textScore`.

    """

    def __init__(self, site: Site, finder: Finder | None = None) -> None:
        self._site, self._lock = site, threading.Lock()
        self._lookup, self._advice = Lookup(site, finder or Finder(site)), Advice(site)
        self.scores = self._lookup.finder.documents.scores

    def ask(self, question: str, lang: str, size: int = USUAL) -> Payload:
        """Return what answers a question in words: rows of the saved question that covers it, sayings, things.

        What holds more of the words stands first; where nothing holds some of them, that is said before all else, and
        what is near stands there by name only.

        Arguments:
            question: in Dutch or English.
            lang: language of names and titles.
            size: characters at most.

        """
        asked = self._lookup.asked(question, lang)
        payload: Payload = {"nothing": _nothing(asked.unknown, question, says=True)} if asked.unknown else {}
        best = asked.sayings[0].score if asked.sayings else 0.0
        near = [held for held in asked.sayings if held.score >= _BESIDE * best]
        answer, cover = ({}, 0.0) if asked.unknown else self._answered(asked, lang, size * 3 // 8)
        least = max(_NEAR * max((held.score for held in asked.things), default=0.0), _LEAST)
        things = [held for held in asked.things if held.named or held.score >= least]
        chosen = self._to_describe(things, asked, best)[: 1 if answer else 2]
        parts: list[tuple[float, Payload]] = [(cover, {"answers": [answer]})] if answer else []
        if best >= _SAID:
            parts.append((best, self._sayings(asked, near, lang, size, bool(answer or (chosen and best < _ANSWERS)))))
        for _, part in sorted(parts, key=lambda part: -part[0]):
            payload |= part
        others = [held.key for held in things if held.key not in chosen]
        by_name = self._near(asked, [] if parts else near, others, answer.get("question"), lang)
        described = self._described(chosen, asked, lang, size - _CITED - size_of(payload) - size_of(by_name))
        payload |= {"things": described} if described else {}
        payload |= {"near": by_name} if by_name else {}
        if asked.unknown or not payload:
            says = bool(payload.keys() & {"answers", "sayings", "things"})
            payload["nothing"] = _nothing(asked.unknown or asked.without(()), question, says=says)
        return with_passages(self._site, payload, lang, size, brief=True)

    def _to_describe(self, things: Iterable[Held], asked: Asked, best: float) -> list[str]:
        """Return the things that are described: of those that hold the same words the first, or what holds more."""
        chosen: list[Held] = []
        for held in (one for one in things if self._is_described(one, asked, best)):
            narrower = [other for other in chosen if other.named and other.units < held.units]
            chosen = [other for other in chosen if other not in narrower]
            adds = all(asked.part(held.units - other.units) >= _LEAST for other in chosen)
            if adds and (held.named or narrower or not chosen):
                chosen.append(held)
        return [held.key for held in chosen]

    def _described(self, chosen: list[str], asked: Asked, lang: str, room: int) -> list[Payload]:
        """Return what is said of things, most of the first."""
        described: list[Payload] = []
        for left, iri in zip(range(len(chosen), 0, -1), chosen, strict=True):
            if room > _ROOM:
                share = room if left == 1 else room * 3 // 5
                described.append(about(self._site, iri, lang, share, self._worth(iri, asked, lang)))
                room -= size_of(described[-1])
        return described

    def _sayings(self, asked: Asked, near: list[Held], lang: str, size: int, few: bool) -> Payload:
        """Return sayings, and by name what stands beside the first ones in the text, that first which holds more."""
        kept = near[: _FEW if few else _SAYINGS]
        shown = list(fitting((words_of(self._site, held.key, lang) for held in kept), size // (5 if few else 3)))
        said = [held.key for held in kept[: len(shown)]]
        parts = {held.key: asked.part(held.units) for held in asked.sayings}
        beside = dict.fromkeys(iri for key in said[:_NEIGHBOURS] for iri in self._lookup.beside(key))
        lines = sorted((iri for iri in beside if iri not in said), key=lambda iri: -parts.get(iri, 0.0))
        lines = lines[: _FEW if few else _LINES]
        return {"sayings": shown} | ({"beside": [self._line(iri, lang) for iri in lines]} if lines else {})

    def _is_described(self, held: Held, asked: Asked, best: float) -> bool:
        """Return whether a thing is described: one that is named, or any where nothing else answers."""
        if not self._lookup.is_first(held.key):
            return False
        if asked.unknown:
            return held.named and asked.part(held.units) >= _MEANT
        return held.named or best < _ANSWERS

    def _worth(self, iri: str, asked: Asked, lang: str) -> Worth:
        """Return what tells how much a text holds of what is asked beyond the name of a thing."""
        own = self._lookup.held_in(self._site.labels.get(iri, lang)[0], asked)
        return lambda text: asked.part(self._lookup.held_in(text, asked) - own)

    def _line(self, iri: str, lang: str) -> str:
        """Return a saying by name, with what is printed first."""
        words = words_of(self._site, iri, lang)
        return f"{': '.join([words['summary'], *words.get('printed', ())[:1]])} <{words['id']}>"

    def _answered(self, asked: Asked, lang: str, size: int) -> tuple[Payload, float]:
        """Return the answer to the saved question that covers most of what is asked, and how much; or nothing."""
        tried = (self._try(held, asked, lang) for held in asked.questions[:_TRIED])
        best = max((one for one in tried if one), key=lambda one: asked.part(one.covered) + one.score, default=None)
        if best is None or min(asked.part(best.covered), len(best.covered) / len(asked.units)) < _SURE:
            return {}, 0.0
        payload: Payload = {"question": best.question.name, "title": best.question.title[lang]}
        payload |= {"narrowed_to": best.values} if best.values else {}
        payload |= {"without": without} if (without := asked.without(best.covered)) else {}
        payload |= table(self._site, best.query, best.sheet, size - size_of(payload))
        return payload | {"rows_in_all": len(best.sheet.rows)}, asked.part(best.covered)

    def _try(self, held: Held, asked: Asked, lang: str) -> _Tried | None:
        """Return a saved question with what it, its values and one row hold together; nothing where it has no row."""
        question = self._site.questions[held.key.partition(":")[2]]
        values = self._lookup.named_in(asked.text, question, [thing.key for thing in asked.things[:12]])
        names = [self._site.labels.get(iri, lang)[0] for iri in values.values()]
        covered = held.units | self._lookup.held_in(" ".join(names), asked)
        query = question.fill(values)
        result = self._run(query) if asked.part(covered) >= _BEGUN else None
        if result is None or result.format != "json" or not result.rows:
            return None
        sheet = sheet_of(self._site, result, lang)
        worth = {row: self._lookup.held_in(" ".join(texts_of(row)), asked) - covered for row in sheet.rows[:_READ]}
        rows = spread(sheet.rows, lambda row: asked.part(worth.get(row, ())))
        covered |= worth.get(rows[0], frozenset())
        covered |= {unit.text for unit in asked.units if stem(unit.text) == str(len(rows))}
        return _Tried(question, query, names, replace(sheet, rows=tuple(rows)), covered, held.score)

    def _near(
        self, asked: Asked, sayings: list[Held], things: list[str], answered: str | None, lang: str
    ) -> dict[str, Any]:
        """Return the names of what is near, as far as it does not stand there already."""
        said = [self._line(held.key, lang) for held in sayings[:_NAMED]]
        names = [f"{self._site.labels.get(iri, lang)[0]} <{short(self._site, iri)}>" for iri in things[:_NAMED]]
        keys = (held.key.partition(":")[2] for held in asked.questions if held.score >= _NEARLY)
        titles = {key: self._site.questions[key].title[lang] for key in keys if key != answered}
        near = {"sayings": said, "things": names, "questions": dict(islice(titles.items(), 2))}
        return {name: value for name, value in near.items() if value}

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
        asked = self._lookup.asked(text, lang)
        hits = results.hits if esco else results.ours
        if hits and (hits[0].match or esco or len(asked.units) < _SEVERAL or _agree(asked, hits)):
            payload: Payload = {"searched": results.meant or text[:300]}
            payload |= {"results": [self._hit(hit, lang) for hit in hits], "more": results.more}
        else:
            payload = self._covering(asked, text, lang, kind, limit)
        return with_passages(self._site, payload, lang, USUAL)

    def _covering(self, asked: Asked, text: str, lang: str, kind: str, limit: int) -> Payload:
        """Return what holds most of some words where nothing holds them all, and which it does not hold."""
        finder = self._lookup.finder
        found = [held for held in (*asked.sayings, *asked.things, *asked.questions) if finder.is_of(held.key, kind)]
        found.sort(key=lambda held: -held.score)
        kept = [held for held in found[:limit] if held.score >= max(_NEAR * found[0].score, _LEAST)]
        nothing = _nothing(asked.unknown, text, says=bool(kept)) if asked.unknown or not kept else ""
        payload: Payload = {"nothing": nothing} if nothing else {}
        if kept and (missing := asked.without(kept[0].units)):
            payload["first_is_without"] = missing
        hits = [self._hit(finder.hit(lang, Match(held.key, held.score, False, "")), lang) for held in kept]
        return payload | {"results": hits, "more": len(found) - len(hits)}

    def _hit(self, hit: Hit, lang: str) -> Payload:
        if hit.id.startswith(ID):
            bound = hit.id.count("/") > ID.count("/") + 1
            return words_of(self._site, hit.id, lang) if bound else head(self._site, hit.id, lang)
        linked = [f"{term.text} <{short(self._site, term.iri)}>" for term in hit.linked]
        payload = {"id": short(self._site, hit.id), "name": hit.name, "type": hit.kind}
        return payload | ({"linked_to_it": linked} if linked else {})

    def describe(self, thing: str, lang: str, size: int = WHOLE) -> Payload:
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
            titled = {each: {"title": self._site.themes.name(each, lang), "names": names[each]} for each in themes}
            return {"themes": titled, "hint": "a question is called theme/name; with theme=, titles and parameters"}
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
            labels = [self._named(term, lang) for term in terms.values()]
            named = ", ".join(f"{key}={text}" for key, text in zip(terms, labels, strict=True))
            payload["nothing"] = f"no rows{f', searched as {named}' if named else ''}; {_UNSAID}"
            near = self._lookup.asked(" ".join((question.title[lang], *labels)), lang).sayings[:_FEW]
            payload |= {"sayings": [words_of(self._site, held.key, lang) for held in near]} if near and terms else {}
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
        described: dict[str, Payload] = {"properties": {}, "pointing_at_it": {}}
        for row in rows:
            name = "pointing_at_it" if row["inverse"].value == "true" else "properties"
            term = row["property"].value
            described[name][short(site, term)] = f"{site.labels.get(term, lang)[0]} ({row['things'].value})"
        example = next((those[0] for kind, those in site.kinds.members.items() if site.kinds.classes[kind] == iri), "")
        return described | {"example": short(site, example)}

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
        cited = with_passages(self._site, {"passages": names_of(passages, len(passages))}, lang, USUAL // 4)
        return payload | {key: value for key, value in cited.items() if key != "passages" or isinstance(value, dict)}


_PROPERTIES: Final = f"""
SELECT ?property ?inverse (COUNT(DISTINCT ?thing) AS ?things) {{
  ?thing a CLASS .
  {{ ?thing ?property ?value BIND(false AS ?inverse) }} UNION
  {{ ?value ?property ?thing BIND(true AS ?inverse) FILTER(STRSTARTS(STR(?property), "{KB}")) }}
}}
GROUP BY ?property ?inverse
ORDER BY ?inverse DESC(?things) ?property
"""


def _agree(asked: Asked, hits: Sequence[Hit]) -> bool:
    """Return whether the first of some hits holds as much of what is asked as any, and what holds it best is there."""
    held = {one.key.removeprefix(f"{QUESTION}:"): one for one in (*asked.sayings, *asked.things, *asked.questions)}
    most = max((asked.part(one.units) for one in held.values()), default=0.0)
    best = max(held, key=lambda key: held[key].score, default="")
    return hits[0].id in held and asked.part(held[hits[0].id].units) >= most and best in {hit.id for hit in hits}


def _nothing(words: Iterable[str], text: str, *, says: bool) -> str:
    """Return which words nothing holds; `says` whether something follows that holds the others."""
    return f"nothing on {', '.join(words)}, searched as {text[:300]}; {_OTHERWISE if says else _UNSAID}"


def problem(error: KgError) -> Payload:
    """Return an error as an assistant reads it: what is wrong, where, and what to do."""
    payload = {"problem": error.title, "what": error.what, "where": error.where, "hint": error.hint}
    place = {"line": error.line, "column": error.column} if isinstance(error, QueryError) else {}
    return {name: value for name, value in (payload | place).items() if value}
