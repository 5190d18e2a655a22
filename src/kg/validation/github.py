"""GitHub annotations: workflow commands in the log of a step, of which ten of each kind are shown."""

from __future__ import annotations

from typing import Final

from kg.validation.findings import SEVERITIES, Finding, Report, worst_first

SHOWN: Final = 10
_KINDS: Final = {"violation": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Return workflow commands, errors first, at most ten of each kind, then how many more there are."""
    lines = []
    for severity in SEVERITIES:
        found = [one for one in worst_first(report.findings) if one.severity == severity]
        lines += [_command(one) for one in found[:SHOWN]]
        if len(found) > SHOWN:
            lines.append(f"and {len(found) - SHOWN} more of kind {_KINDS[severity]}: see the summary of this step")
    return "\n".join([*lines, *(f"note: {note}" for note in report.notes), report.summary]) + "\n"


def _command(one: Finding) -> str:
    title = one.shape.rstrip("/#").replace("#", "/").rpartition("/")[2]
    place = {"file": one.file, "line": one.line, "col": one.column, "endColumn": one.column + max(1, one.width)}
    if not one.column:
        place.pop("endColumn")
    options = ",".join(f"{name}={_option(str(value))}" for name, value in place.items() if value)
    said = "\n".join(text for text in (one.message, _about(one), one.hint) if text)
    return f"::{_KINDS[one.severity]} {options}{',' if options else ''}title={_option(title)}::{_data(said)}"


def _about(one: Finding) -> str:
    return " ".join(text for text in (one.label, f"<{one.focus}>" if one.focus else "", one.path, one.value) if text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _option(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
