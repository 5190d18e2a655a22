"""Saved questions under check: their header, the names that they use, whether they run, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.approvals import Difference, differences, prefixes_of, terms_of, text_rows
from kg.errors import SourceError
from kg.findings import Finding
from kg.graph import build, load
from kg.inputs import QUERY, Document, Problem, quads_of
from kg.jobs import Job, Outcome
from kg.places import find_token, text_lines, whole_line
from kg.problems import as_finding
from kg.queries import Question, read_question
from kg.sources import Source
from kg.verdicts import read_terms, text_of

QUESTION: Final = "question:"
_HIDES: Final = ("syntax", "encoding", "unreadable", "size")


def counted(documents: Sequence[Document]) -> bytes:
    """Return all graphs as N-Quads, with the catalogue that counts them."""
    graphs: dict[str, list[ox.Quad]] = {}
    for quad in quads_of(documents):
        graphs.setdefault(text_of(quad.graph_name), []).append(quad)  # type: ignore[arg-type]
    store = load([(Source(Path(), name), quads) for name, quads in graphs.items()])
    return store.dump(format=ox.RdfFormat.N_QUADS) or b""


class SavedQuestions:
    """The saved questions among the inputs: what is wrong with their text, and with their answers.

    Arguments:
        documents: all files as read.
        house: folder whose whole graph gives the answers; None takes the files.
        namespaces: IRIs that begin so must be described.
        names: the rules that apply.
        lang: language of messages.

    """

    def __init__(
        self, documents: Sequence[Document], house: Path | None, namespaces: Sequence[str], names: set[str], lang: str
    ) -> None:
        self._documents, self._house, self._namespaces, self._lang = documents, house, tuple(namespaces), lang
        self._files = [one for one in documents if one.input.suffix == QUERY and one.input.checked and not one.problems]
        self._found: list[Finding] = []
        self._questions: dict[str, tuple[Question, Document]] = {}
        self.notes: list[str] = []
        for document in self._files if any(name.startswith("query-") for name in names) else ():
            if question := self._read(document):
                self._questions["question:" + document.name] = (question, document)
        self.job = self._job()

    def _read(self, document: Document) -> Question | None:
        path, text = document.input.path, document.data.decode("utf-8")
        if "#+" not in text:
            return Question(path.stem, path, text + "\n#+ empty: true", {}, {})
        try:
            return replace(read_question(path, path.parent), text=text)
        except SourceError as error:
            self._found.append(self._finding(document, Problem("query-header", error.what, 1, 1)))
            return None

    def _job(self) -> Job:
        if not self._questions:
            return Job(b"")
        data = b""
        broken = [one.name for one in self._documents if any(problem.rule in _HIDES for problem in one.problems)]
        if broken:
            self.notes.append(f"answers of questions are not compared: {broken[0]} is broken")
        elif self._house is not None:
            data = build(self._house).store.dump(format=ox.RdfFormat.N_QUADS) or b""
        else:
            data = counted(self._documents)
        self._data = data
        return Job(data, queries={name: question.text for name, (question, _) in self._questions.items()})

    def findings(self, outcome: Outcome) -> Iterator[Finding]:
        """Yield what is wrong with the questions, given their answers."""
        yield from self._found
        if not self._questions:
            return
        described = {quad.subject.value for quad in _subjects(self._documents, self._data)}
        for name, (question, document) in self._questions.items():
            yield from self._unknown_terms(document, described)
            if name in outcome.stuck:
                yield self._finding(document, Problem("time-limit", document.name, 1, 1))
            elif name in outcome.answers:
                yield from self._answer(question, document, outcome.answers[name])

    def _finding(self, document: Document, problem: Problem) -> Finding:
        return as_finding(document.name, problem, text_lines(document.data), self._lang)

    def _unknown_terms(self, document: Document, described: set[str]) -> Iterator[Finding]:
        text = document.data.decode("utf-8")
        document.prefixes.update(prefixes_of(text))
        for term in sorted(terms_of(text)):
            if self._namespaces and term.startswith(self._namespaces) and term not in described:
                place = find_token(document, ox.NamedNode(term)) or whole_line(
                    document.name, text_lines(document.data), 1
                )
                yield self._finding(document, Problem("query-term", term, place.line, place.column, place.width))

    def _answer(self, question: Question, document: Document, answer: Mapping[str, Any]) -> Iterator[Finding]:
        if "error" in answer:
            rule = "query-syntax" if answer["line"] else "query-fails"
            problem = Problem(rule, answer["error"], answer["line"] or 1, answer["column"] or 1)
            yield self._finding(document, problem)
            return
        if not self._data or answer["columns"] is None:
            return
        terms = [cell for row in answer["rows"] for cell in row if cell is not None]
        found = iter(read_terms(terms))
        rows = [[None if cell is None else next(found) for cell in row] for row in answer["rows"]]
        different = list(differences(question, tuple(answer["columns"]), text_rows(rows)))
        if different:
            more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
            yield self._difference(question, document, replace(different[0], what=different[0].what + more))

    def _difference(self, question: Question, document: Document, one: Difference) -> Finding:
        if not one.line:
            return self._finding(document, Problem("query-answer", one.what, 1, 1))
        path = question.path.with_suffix(".csv")
        lines = text_lines(path.read_bytes())
        width = len(lines[one.line - 1])
        return as_finding(str(path), Problem("query-answer", one.what, one.line, 1, max(1, width)), lines, self._lang)


def _subjects(documents: Sequence[Document], data: bytes) -> Iterator[Any]:
    for document in documents:
        yield from (quad for quad in document.quads if not isinstance(quad.subject, ox.Triple))
    if data:
        yield from ox.parse(data, format=ox.RdfFormat.N_QUADS)
