"""Markdown: a row per rule, also those with nothing found, and the findings with their place."""

from __future__ import annotations

from collections import Counter
from typing import Final

from kg.validation.findings import SEVERITIES, Finding, Report, worst_first

_LISTED: Final = 200
_BYTES: Final = 900_000  # A step summary of GitHub holds 1 MiB.


def render(report: Report) -> str:
    """Return a report as Markdown."""
    verdict = "failed" if report.failed else "passed"
    lines = [f"## kg validate: {verdict}", "", f"{report.summary}.", ""]
    lines += [f"> {note}" for note in report.notes]
    lines += _findings(report)
    text = "\n".join([*lines, *_rules(report)]) + "\n"
    return text if len(text.encode()) <= _BYTES else text.encode()[:_BYTES].decode("utf-8", "ignore") + "\n...\n"


def _findings(report: Report) -> list[str]:
    if not report.findings:
        return []
    findings = worst_first(report.findings)
    rows = list(map(_row, findings[:_LISTED]))
    more = [f"| | | | and {len(findings) - _LISTED} more |"] if len(findings) > _LISTED else []
    return ["| severity | place | node | what to do |", "| --- | --- | --- | --- |", *rows, *more, ""]


def _row(finding: Finding) -> str:
    cells = (_place(finding), finding.label or finding.focus, finding.message)
    return f"| {finding.severity} | {' | '.join(map(_cell, cells))} |"


def _rules(report: Report) -> list[str]:
    counts = {
        severity: Counter(finding.shape for finding in report.findings if finding.severity == severity)
        for severity in SEVERITIES
    }
    named = dict.fromkeys([rule.name for rule in report.rules] + [finding.shape for finding in report.findings])
    rows = [f"| `{name}` | {' | '.join(str(counts[severity][name]) for severity in SEVERITIES)} |" for name in named]
    return [
        "<details><summary>Rules</summary>",
        "",
        "| rule | violation | warning | info |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
        "</details>",
    ]


def _place(finding: Finding) -> str:
    return ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
