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
    found = worst_first(report.findings)
    rows = [
        f"| {one.severity} | {_cell(_place(one))} | {_cell(one.label or one.focus)} | {_cell(one.message)} |"
        for one in found[:_LISTED]
    ]
    more = [f"| | | | and {len(found) - _LISTED} more |"] if len(found) > _LISTED else []
    return ["| severity | place | node | what to do |", "| --- | --- | --- | --- |", *rows, *more, ""]


def _rules(report: Report) -> list[str]:
    counts = {
        severity: Counter(one.shape for one in report.findings if one.severity == severity) for severity in SEVERITIES
    }
    named = dict.fromkeys([rule.name for rule in report.rules] + [one.shape for one in report.findings])
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


def _place(one: Finding) -> str:
    return ":".join(str(part) for part in (one.file, one.line, one.column) if part)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
