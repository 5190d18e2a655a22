"""GitHub annotations: workflow commands in the log of a step, of which ten of each kind are shown."""

from __future__ import annotations

from typing import Final

from kg.rdf_terms import local_name
from kg.validation.findings import SEVERITIES, Finding, Report, worst_first

SHOWN: Final = 10
_KINDS: Final = {"violation": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Return workflow commands, errors first, at most ten of each kind, then how many more there are."""
    lines = []
    for severity in SEVERITIES:
        findings = [finding for finding in worst_first(report.findings) if finding.severity == severity]
        lines += [_command(finding) for finding in findings[:SHOWN]]
        if len(findings) > SHOWN:
            lines.append(f"and {len(findings) - SHOWN} more of kind {_KINDS[severity]}: see the summary of this step")
    return "\n".join([*lines, *(f"note: {note}" for note in report.notes), report.summary]) + "\n"


def _command(finding: Finding) -> str:
    title = local_name(finding.shape)
    place = {
        "file": finding.file,
        "line": finding.line,
        "col": finding.column,
        "endColumn": finding.column + max(1, finding.width),
    }
    if not finding.column:
        place.pop("endColumn")
    options = ",".join(f"{name}={_option(str(value))}" for name, value in place.items() if value)
    text = "\n".join(text for text in (finding.message, _about(finding), finding.hint) if text)
    return f"::{_KINDS[finding.severity]} {options}{',' if options else ''}title={_option(title)}::{_data(text)}"


def _about(finding: Finding) -> str:
    return " ".join(
        text
        for text in (finding.label, f"<{finding.focus}>" if finding.focus else "", finding.path, finding.value)
        if text
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _option(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
