"""The forms of a report, read back by what reads them elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import click
import junitparser
import pytest
from sarif_kit.validate import validation_errors

from kg.cli.check import REPORTS
from kg.errors import SourceError
from kg.files import write_whole
from kg.validation.findings import SEVERITIES, Finding, Report, Rule, fingerprints
from kg.validation.reports import FORMATS

RULES = (
    Rule("https://example.org/S#once", "violation", "Add x.", "Why.", "Add x.", "shape", "s.ttl"),
    Rule("syntax", "violation", "The file is not well-formed."),
    Rule("checks/loose", "info", "Loose.", kind="check"),
    Rule("link", "violation", "Dead link."),
)


def finding(number: int, severity: str = "violation", rule: str = RULES[0].name, file: str = "data/a b.ttl") -> Finding:
    node = (f"https://example.org/{number}", f"label {number}", "https://example.org/p", "v|w\n<z>")
    return Finding(file, number, 3, severity, *node, "Add x: 100%, now.", "Why.", rule, 4, "\tx:é 'v\x01'")


FOUND = [
    finding(1),
    finding(2, "warning", "urn:unnamed"),
    finding(3, "info", "checks/loose", "/elsewhere/b.ttl"),
    replace(finding(4, "violation", "syntax"), line=0, column=0, excerpt=""),
    replace(finding(5), file="", line=0, column=0, excerpt=""),
]
REPORT = Report(tuple(sorted(FOUND)), ("data/a b.ttl", "data/ok.ttl", "/elsewhere/b.ttl"), RULES, notes=("a note",))


def test_the_table_of_formats_is_the_one_of_the_command() -> None:
    assert tuple(FORMATS) == REPORTS


@pytest.mark.parametrize("report", [REPORT, replace(REPORT, findings=())], ids=["found", "clean"])
def test_sarif_is_valid_and_whole(report: Report) -> None:
    log = json.loads(FORMATS["sarif"](report))
    assert validation_errors(log) == []
    (run,) = log["runs"]
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_places() -> None:
    results = json.loads(FORMATS["sarif"](REPORT))["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results if "locations" in one]
    relative = next(one for one in places if one["artifactLocation"]["uri"] == "data/a%20b.ttl" and "region" in one)
    assert relative["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    assert {"startLine": 1, "startColumn": 3, "endColumn": 7}.items() <= relative["region"].items()
    assert any(one["artifactLocation"]["uri"] == "file:///elsewhere/b.ttl" for one in places)


def test_fingerprints_stay_over_unrelated_edits_and_tell_equal_ones_apart() -> None:
    before = fingerprints([finding(1), finding(2)])
    moved = [finding(9, "info"), replace(finding(1), line=20, severity="warning", message="x"), finding(2)]
    assert fingerprints(moved)[1:] == before
    assert len(set(fingerprints([finding(1), replace(finding(1), line=30)]))) == 2


def test_junit_reads_with_a_case_per_file_and_rule() -> None:
    suites = junitparser.JUnitXml.fromstring(FORMATS["junit"](REPORT).encode())
    cases = {(case.classname, case.name): case for suite in suites for case in suite}
    assert set(cases) == {
        ("data/a b.ttl", RULES[0].name),
        ("data/a b.ttl", "urn:unnamed"),
        ("data/a b.ttl", "syntax"),
        ("data/ok.ttl", "no finding"),
        ("/elsewhere/b.ttl", "checks/loose"),
        ("(in no file)", RULES[0].name),
    }
    assert not cases["data/ok.ttl", "no finding"].result
    assert not any(isinstance(one, junitparser.Failure) for one in cases["/elsewhere/b.ttl", "checks/loose"].result)
    assert suites.failures == 4
    assert "Add x" in cases["data/a b.ttl", RULES[0].name].result[0].message


def test_junit_counts_what_is_the_same() -> None:
    text = FORMATS["junit"](replace(REPORT, findings=(finding(1), finding(2))))
    assert "2 times: Add x" in text


def test_github_shows_ten_of_a_kind_errors_first() -> None:
    many = [finding(number, severity) for severity in SEVERITIES for number in range(1, 15)]
    lines = FORMATS["github"](replace(REPORT, findings=tuple(sorted(many)))).splitlines()
    kinds = [line.split(" ")[0] for line in lines if line.startswith("::")]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert [line for line in lines if line.startswith("and 4 more")] == [
        f"and 4 more of kind {kind}: see the summary of this step" for kind in ("error", "warning", "notice")
    ]
    assert lines[0].startswith("::error file=data/a b.ttl,line=1,col=3,endColumn=7,title=once::Add x: 100%25, now.%0A")


def test_github_without_a_place_has_none() -> None:
    lines = FORMATS["github"](replace(REPORT, findings=(FOUND[4],))).splitlines()
    assert lines[0].startswith("::error title=once::")


def test_markdown_has_a_row_for_each_rule() -> None:
    text = FORMATS["markdown"](REPORT)
    assert "| `link` | 0 | 0 | 0 |" in text
    assert f"| `{RULES[0].name}` | 2 | 0 | 0 |" in text
    assert "## kg validate: failed" in text
    assert "| violation | data/a b.ttl:1:3 | label 1 | Add x: 100%, now. |" in text
    assert "## kg validate: passed" in FORMATS["markdown"](replace(REPORT, findings=()))


def test_markdown_fits_a_step_summary() -> None:
    many = tuple(replace(finding(number), message="x" * 9_000) for number in range(1, 400))
    text = FORMATS["markdown"](replace(REPORT, findings=many))
    assert len(text.encode()) < 1_000_000


def test_text_counts_infos_by_rule_unless_asked_for_each() -> None:
    infos = tuple(replace(finding(number), severity="info", line=number) for number in (3, 5, 4))
    report = replace(REPORT, findings=(finding(1), *infos))
    text = click.unstyle(FORMATS["text"](report))
    assert text.count("Add x") == 2
    assert f"  3x info: {infos[0].message}\n" in text
    assert f"    first: {infos[0].file}:3:3\n" in text
    for whole in (replace(report, verbose=True), replace(report, fail_on="info")):
        text = click.unstyle(FORMATS["text"](whole))
        assert text.count("Add x") == 4
        assert "by rule" not in text


def test_text_shows_the_line_and_a_caret_by_file() -> None:
    coloured = FORMATS["text"](REPORT)
    text = click.unstyle(coloured)
    assert coloured != text
    assert "\ndata/a b.ttl\n  4:3 violation" not in text
    assert "  1:3 violation: Add x: 100%, now.\n    1 | \tx:é 'v\N{REPLACEMENT CHARACTER}'\n      | \t ^^^^\n" in text
    assert text.count("data/a b.ttl\n") == 1
    assert "note: a note\n" in text
    assert text.endswith("3 files checked: 3 violation, 1 warning, 1 info\n")


def test_json_holds_all() -> None:
    held = json.loads(FORMATS["json"](REPORT))
    assert held["counts"] == {"violation": 3, "warning": 1, "info": 1}
    assert held["failed"] is True
    assert {len(one["fingerprint"]) for one in held["findings"]} == {32}
    assert {one["docs"] for one in held["findings"]} == {RULES[0].name, ""}


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.sarif"
    write_whole(target, "old")
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(SourceError, match="No space left"):
            write_whole(target, "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
    with pytest.raises(SourceError, match="cannot be written"):
        write_whole(tmp_path / "none" / "out.sarif", "new")
    assert re.fullmatch("0o100644", oct(target.stat().st_mode))
