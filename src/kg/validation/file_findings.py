"""What is wrong with a file as such, as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kg.validation.documents import Document, Problem
from kg.validation.findings import Finding, in_language
from kg.validation.positions import text_lines
from kg.validation.rule_texts import BUILT_IN


def problems_of(documents: Iterable[Document], lang: str) -> Iterator[Finding]:
    """Yield all problems of files."""
    for document in documents:
        lines = text_lines(document.data) if document.problems else []
        for problem in document.problems:
            yield as_finding(document.name, problem, lines, lang)


def as_finding(file: str, problem: Problem, lines: Sequence[str], lang: str) -> Finding:
    """Return a problem of a file as a finding, with its line."""
    rule = BUILT_IN[problem.rule]
    what = in_language(rule.what, lang)
    excerpt = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    return Finding(
        file=file,
        line=problem.line,
        column=problem.column,
        severity=rule.severity,
        focus="",
        label="",
        path="",
        value=problem.detail,
        message=f"{what} {problem.detail}".strip(),
        hint=in_language(rule.mend, lang),
        shape=problem.rule,
        width=problem.width,
        excerpt=excerpt[:400],
    )
