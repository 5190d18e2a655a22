"""SARIF 2.1.0: what code hosts show beside the line (OASIS, sections 3.19, 3.27, 3.49)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kg.namespaces import BASE
from kg.validation.findings import Finding, Report, Rule, fingerprints

_LEVELS: Final = {"violation": "error", "warning": "warning", "info": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_MARK: Final = "kg/v1"


def render(report: Report) -> str:
    """Return a report as a SARIF log with one run; files outside the working folder have absolute addresses."""
    rules = _all_rules(report)
    index = {rule.name: number for number, rule in enumerate(rules)}
    marks = fingerprints(report.findings)
    run = {
        "tool": {
            "driver": {
                "name": "kg validate",
                "version": metadata.version("klimaatbanen-kg"),
                "informationUri": BASE,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, mark, index) for finding, mark in zip(report.findings, marks, strict=True)],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _all_rules(report: Report) -> Sequence[Rule]:
    known = {rule.name: rule for rule in report.rules}
    for finding in report.findings:
        known.setdefault(finding.shape, Rule(finding.shape, finding.severity, finding.message))
    return list(known.values())


def _rule(rule: Rule) -> Mapping[str, Any]:
    descriptor: dict[str, Any] = {
        "id": rule.name,
        "name": rule.short,
        "shortDescription": {"text": rule.title or rule.short},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "help": {"text": "\n".join(text for text in (rule.why, rule.mend) if text) or rule.short},
    }
    if rule.name.startswith(("http://", "https://")):
        descriptor["helpUri"] = rule.name
    return descriptor


def _result(finding: Finding, mark: str, index: Mapping[str, int]) -> Mapping[str, Any]:
    texts = [finding.message, *(f"{name}: {text}" for name in _SAID if (text := getattr(finding, name)))]
    result: dict[str, Any] = {
        "ruleId": finding.shape,
        "ruleIndex": index[finding.shape],
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(texts)},
        "partialFingerprints": {_MARK: mark},
    }
    if finding.file:
        result["locations"] = [{"physicalLocation": _location(finding)}]
    return result


_SAID: Final = ("focus", "label", "path", "value", "hint")


def _location(finding: Finding) -> Mapping[str, Any]:
    path = Path(finding.file)
    place: dict[str, Any] = {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}
    if not path.is_absolute():
        place["uriBaseId"] = "%SRCROOT%"
    location: dict[str, Any] = {"artifactLocation": place}
    if finding.line:
        region: dict[str, Any] = {"startLine": finding.line}
        if finding.column:
            region |= {"startColumn": finding.column, "endColumn": finding.column + max(1, finding.width)}
        if finding.excerpt:
            region["snippet"] = {"text": finding.excerpt}
        location["region"] = region
    return location
