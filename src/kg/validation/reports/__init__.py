"""The forms of a report: one table of formats, one module each, each a function from a report to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.validation.findings import Report
from kg.validation.reports import github, json, junit, markdown, sarif, text

FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "github": github.render,
    "markdown": markdown.render,
}
