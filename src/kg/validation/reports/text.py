"""Text as compilers write it: by file, with the line and a caret; colour is left to who prints it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import click

from kg.validation.findings import Finding, Report

_COLOURS = {"violation": "red", "warning": "yellow", "info": "cyan"}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_UNSEEN = "\N{REPLACEMENT CHARACTER}"
_FIELDS = ("focus", "label", "path", "value", "hint", "shape")


def render(report: Report) -> str:
    """Return a report for people; it holds colours, which `click.echo` takes out where there is no terminal."""
    lines: list[str] = []
    brief = not report.verbose and report.fail_on != "info"
    shown = [finding for finding in report.findings if not (brief and finding.severity == "info")]
    for file, findings in groupby(shown, key=lambda finding: finding.file):
        lines.append(click.style(file or "(in no file)", bold=True))
        for finding in findings:
            lines += [*_finding(finding), ""]
    lines += _infos([finding for finding in report.findings if finding.severity == "info"]) if brief else ()
    lines += [f"note: {note}" for note in report.notes]
    lines.append(report.summary)
    return "\n".join(lines) + "\n"


def _infos(infos: list[Finding]) -> Iterator[str]:
    """A line a rule, with how often and where first."""
    if not infos:
        return
    yield click.style("info, by rule", bold=True) + " (each with --verbose)"
    first: dict[str, Finding] = {}
    for finding in infos:
        first.setdefault(finding.shape, finding)
    for rule, count in Counter(finding.shape for finding in infos).most_common():
        finding = first[rule]
        place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part)
        yield f"  {count}x {click.style('info', fg=_COLOURS['info'], bold=True)}: {finding.message}"
        yield f"    {'shape' if finding.docs else 'rule'}: {rule}"
        yield f"    first: {place}"
    yield ""


def _finding(finding: Finding) -> Iterator[str]:
    colour = _COLOURS[finding.severity]
    place = ":".join(str(number) for number in (finding.line, finding.column) if number)
    yield f"  {place}{' ' if place else ''}{click.style(finding.severity, fg=colour, bold=True)}: {finding.message}"
    if finding.excerpt:
        yield from _excerpt(finding, colour)
    for name in _FIELDS:
        if text := getattr(finding, name):
            title = "rule" if name == "shape" and not finding.docs else name
            yield f"    {title}: {text}"


def _excerpt(finding: Finding, colour: str) -> Iterator[str]:
    number = str(finding.line)
    yield f"    {number} | {_CONTROL.sub(_UNSEEN, finding.excerpt)}"
    if finding.column:
        before = "".join("\t" if char == "\t" else " " for char in finding.excerpt[: finding.column - 1])
        carets = "^" * max(1, min(finding.width, len(finding.excerpt) - finding.column + 1))
        yield f"    {' ' * len(number)} | {before}{click.style(carets, fg=colour, bold=True)}"
