"""JUnit XML: one case per file and rule, as build servers read it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from kg.validation.findings import SEVERITIES, Finding, Report

# Characters that XML 1.0 does not allow.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return a report as JUnit XML: a suite a file, a case a rule; a file without a finding has one case, passed."""
    cases: dict[str, dict[str, list[Finding]]] = {file: {} for file in report.files}
    for finding in report.findings:
        cases.setdefault(finding.file, defaultdict(list)).setdefault(finding.shape, []).append(finding)
    fatal = SEVERITIES[: SEVERITIES.index(report.fail_on) + 1]
    suites = [_suite(file or "(in no file)", rules, fatal) for file, rules in cases.items()]
    tests, failures = sum(suite[1] for suite in suites), sum(suite[2] for suite in suites)
    body = "".join(suite[0] for suite in suites)
    head = f'<testsuites name="kg validate" tests="{tests}" failures="{failures}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{body}</testsuites>\n'


def _suite(file: str, rules: dict[str, list[Finding]], fatal: tuple[str, ...]) -> tuple[str, int, int]:
    cases = [_case(file, rule, findings, fatal) for rule, findings in rules.items()] or [
        _case(file, "no finding", [], fatal)
    ]
    failures = sum("<failure" in case for case in cases)
    head = f'  <testsuite name={_quoted(file)} tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    return f"{head}\n{''.join(cases)}  </testsuite>\n", len(cases), failures


def _case(file: str, rule: str, findings: list[Finding], fatal: tuple[str, ...]) -> str:
    head = f"    <testcase classname={_quoted(file)} name={_quoted(rule)}"
    failing = [finding for finding in findings if finding.severity in fatal]
    if not findings:
        return f"{head}/>\n"
    text = escape(_clean("\n".join(_line(finding) for finding in failing or findings)))
    if not failing:
        return f"{head}>\n      <system-out>{text}</system-out>\n    </testcase>\n"
    message = _quoted(f"{len(failing)} times: {failing[0].message}" if len(failing) > 1 else failing[0].message)
    kind = _quoted(failing[0].severity)
    return f"{head}>\n      <failure message={message} type={kind}>{text}</failure>\n    </testcase>\n"


def _line(finding: Finding) -> str:
    about = " ".join(text for text in (finding.focus, finding.path, finding.value) if text)
    return f"{finding.file}:{finding.line}:{finding.column}: {finding.severity}: {finding.message} {about}".rstrip()


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
