"""Saved questions under check: their header, the names that they use, whether they run, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import KgError, SourceError
from kg.queries.question import Question, read_question
from kg.validation.approved_answers import Difference, differences, prefixes_of, terms_of, text_rows
from kg.validation.documents import QUERY, THEMES, Document, Problem, quads_of
from kg.validation.findings import Finding
from kg.validation.jobs import Job, Outcome
from kg.validation.locate import file_finding
from kg.validation.positions import find_token, text_lines, whole_line
from kg.validation.shacl_report import read_terms

QUESTION: Final = "question:"
_DESCRIBED: Final = QUESTION
_IS_SAID: Final = "FILTER EXISTS { ?term ?p ?o }"


def all_graphs(documents: Sequence[Document]) -> bytes:
    """Return the triples of all RDF files as N-Quads, each in its graph."""
    return ox.serialize(quads_of(documents), format=ox.RdfFormat.N_QUADS) or b""


class SavedQuestions:
    """The saved questions among the inputs: what is wrong with their text, and with their answers.

    Arguments:
        documents: all files as read.
        project: folder whose whole graph gives the answers; None takes the files.
        namespaces: IRIs that begin so must be described.
        names: the rules that apply.
        lang: language of messages.

    """

    def __init__(
        self, documents: Sequence[Document], project: Path | None, namespaces: Sequence[str], names: set[str], lang: str
    ) -> None:
        self._documents, self._project, self._namespaces, self._lang = documents, project, tuple(namespaces), lang
        self._findings: list[Finding] = []
        self._questions: dict[str, tuple[Question, Document]] = {}
        self.notes: list[str] = []
        checked = any(name.startswith("query-") for name in names)
        for document in (document for document in documents if checked and document.input.checked):
            if document.input.suffix == QUERY and not document.problems and (question := self._read(document)):
                self._questions[QUESTION + document.name] = (question, document)
        self.job = self._job()

    def _read(self, document: Document) -> Question | None:
        path, text = document.input.path, document.data.decode("utf-8")
        if "#+" not in text:
            return Question(path.stem, path, text + "\n#+ empty: true", {}, {})
        try:
            return replace(read_question(path, path.parent), text=text)
        except SourceError as error:
            self._findings.append(
                self._finding(document, Problem("query-header", error.what, error.line or 1, error.column or 1))
            )
            return None

    def _job(self) -> Job:
        broken = [document.name for document in self._documents if document.hides_triples]
        self._compared = not broken
        if not self._questions:
            return Job(b"")
        queries = {name: question.text for name, (question, _) in self._questions.items()}
        if broken:
            self.notes.append(f"answers of questions are not compared: {broken[0]} is broken")
            return Job(b"", queries=queries)
        if self._terms:
            queries[_DESCRIBED] = f"SELECT ?term {{ VALUES ?term {{ {' '.join(map(str, self._terms))} }} {_IS_SAID} }}"
        if self._project is not None:
            return Job(b"", queries=queries, project=str(self._project))
        return Job(all_graphs(self._documents), queries=queries, with_counts=True)

    @cached_property
    def _terms(self) -> list[ox.NamedNode]:
        """The terms of the questions that must be described somewhere."""
        named = {term for question, _ in self._questions.values() for term in terms_of(question.text)}
        spaces = self._namespaces
        return [ox.NamedNode(term) for term in sorted(named) if spaces and term.startswith(spaces)]

    def findings(self, outcome: Outcome) -> Iterator[Finding]:
        """Yield what is wrong with the questions, given their answers."""
        yield from self._findings
        yield from self._themes()
        if outcome.error:
            yield self._not_built(outcome.error)
        unknown = self._unknown(outcome)
        for name, (question, document) in self._questions.items():
            yield from self._unknown_terms(document, unknown)
            if name in outcome.timed_out:
                yield self._finding(document, Problem("time-limit", document.name, 1, 1))
            elif name in outcome.answers:
                yield from self._answer(question, document, outcome.answers[name])

    def _not_built(self, error: KgError) -> Finding:
        if self._project is None:
            raise error
        problem = Problem("graph", error.what, error.line or 0, error.column or 0)
        lines = text_lines(Path(error.where).read_bytes()) if Path(error.where).is_file() else []
        return file_finding(error.where, problem, lines, self._lang)

    def _themes(self) -> Iterator[Finding]:
        """The folders of questions that no `themes.toml` names, each at its first question."""
        for names in (document for document in self._documents if document.input.suffix == THEMES):
            folder = names.input.path.parent
            first: dict[str, Document] = {}
            for _, document in self._questions.values():
                if document.input.path.is_relative_to(folder) and document.input.path.parent != folder:
                    first.setdefault(document.input.path.relative_to(folder).parts[0], document)
            for theme in first.keys() - names.names if not names.problems else ():
                yield self._finding(first[theme], Problem("query-theme", theme, 1, 1))

    def _unknown(self, outcome: Outcome) -> set[str]:
        """The terms of the questions of which neither their graph nor a file says anything."""
        rows = outcome.answers.get(_DESCRIBED, {}).get("rows", ())
        unknown = set(self._terms) - {ox.NamedNode(cell[1:-1]) for (cell,) in rows}
        if unknown:
            unknown -= {quad.subject for document in self._documents for quad in document.quads}
        return {term.value for term in unknown}

    def _finding(self, document: Document, problem: Problem) -> Finding:
        return file_finding(document.name, problem, text_lines(document.data), self._lang)

    def _unknown_terms(self, document: Document, unknown: set[str]) -> Iterator[Finding]:
        text = document.data.decode("utf-8")
        document.prefixes.update(prefixes_of(text))
        for term in sorted(terms_of(text) & unknown):
            first_line = whole_line(document.name, text_lines(document.data), 1)
            position = find_token(document, ox.NamedNode(term)) or first_line
            yield self._finding(document, Problem("query-term", term, position.line, position.column, position.width))

    def _answer(self, question: Question, document: Document, answer: Mapping[str, Any]) -> Iterator[Finding]:
        if "error" in answer:
            rule = "query-syntax" if answer["line"] else "query-fails"
            problem = Problem(rule, answer["error"], answer["line"] or 1, answer["column"] or 1)
            yield self._finding(document, problem)
            return
        if not self._compared or answer["columns"] is None:
            return
        terms = iter(read_terms([cell for row in answer["rows"] for cell in row if cell is not None]))
        rows = [[None if cell is None else next(terms) for cell in row] for row in answer["rows"]]
        different = list(differences(question, tuple(answer["columns"]), text_rows(rows)))
        if different:
            more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
            yield self._difference(question, document, replace(different[0], what=different[0].what + more))

    def _difference(self, question: Question, document: Document, difference: Difference) -> Finding:
        if not difference.line:
            return self._finding(document, Problem("query-answer", difference.what, 1, 1))
        path = question.path.with_suffix(".csv")
        lines = text_lines(path.read_bytes())
        width = max(1, len(lines[difference.line - 1]))
        problem = Problem("query-answer", difference.what, difference.line, 1, width)
        return file_finding(str(path), problem, lines, self._lang)
