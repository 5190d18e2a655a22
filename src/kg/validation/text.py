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
    shown = [one for one in report.findings if not (brief and one.severity == "info")]
    for file, findings in groupby(shown, key=lambda one: one.file):
        lines.append(click.style(file or "(in no file)", bold=True))
        for one in findings:
            lines += [*_finding(one), ""]
    lines += _infos([one for one in report.findings if one.severity == "info"]) if brief else ()
    lines += [f"note: {note}" for note in report.notes]
    lines.append(report.summary)
    return "\n".join(lines) + "\n"


def _infos(infos: list[Finding]) -> Iterator[str]:
    """A line a rule, with how often and where first."""
    if not infos:
        return
    yield click.style("info, by rule", bold=True) + " (each with --verbose)"
    first: dict[str, Finding] = {}
    for one in infos:
        first.setdefault(one.shape, one)
    for rule, count in Counter(one.shape for one in infos).most_common():
        one = first[rule]
        place = ":".join(str(part) for part in (one.file, one.line, one.column) if part)
        yield f"  {count}x {click.style('info', fg=_COLOURS['info'], bold=True)}: {one.message}"
        yield f"    {'shape' if one.docs else 'rule'}: {rule}"
        yield f"    first: {place}"
    yield ""


def _finding(one: Finding) -> Iterator[str]:
    colour = _COLOURS[one.severity]
    place = ":".join(str(number) for number in (one.line, one.column) if number)
    yield f"  {place}{' ' if place else ''}{click.style(one.severity, fg=colour, bold=True)}: {one.message}"
    if one.excerpt:
        yield from _excerpt(one, colour)
    for name in _FIELDS:
        if text := getattr(one, name):
            title = "rule" if name == "shape" and not one.docs else name
            yield f"    {title}: {text}"


def _excerpt(one: Finding, colour: str) -> Iterator[str]:
    number = str(one.line)
    yield f"    {number} | {_CONTROL.sub(_UNSEEN, one.excerpt)}"
    if one.column:
        before = "".join("\t" if char == "\t" else " " for char in one.excerpt[: one.column - 1])
        carets = "^" * max(1, min(one.width, len(one.excerpt) - one.column + 1))
        yield f"    {' ' * len(number)} | {before}{click.style(carets, fg=colour, bold=True)}"
