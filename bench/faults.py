"""Sixty and more faults of many kinds, each alone in a copy of the project: found, in the right file and line?

python bench/faults.py [SEED] prints a table. The line is right when a new finding stands at the line that was changed,
or, where something was taken away, at the line where the block of its subject begins.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.files import project_folder
from kg.validation.findings import Finding, Report
from kg.validation.run import make_plan, run
from kg.validation.settings import Settings

SEED = 2023
EACH = 2
STATED, EDITORIAL = "data/industrie-2023/*.ttl", "data/industrie-2023/editorial/*.ttl"
ID = "https://w3id.org/klimaatbanen/id/"
QUERY_RULES = ("query-header", "query-syntax", "query-term", "query-fails", "query-answer")


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        name: in words.
        files: where it is made.
        pattern: what is looked for, one match is changed.
        change: the new text of the match; a `bytes` answer replaces the file.
        at: where the finding belongs: the changed `line`, the `next` one too, the `block`, or anywhere in the `file`.

    """

    name: str
    files: str
    pattern: str
    change: str | Callable[[re.Match[str]], str | bytes]
    at: str = "line"


BLOCK = r"(?m)^(?P<subject>[\w-]+:\S+)\n(?P<body>(?:    .*\n)*?)"
KINDS = (
    Kind(
        "Dutch name taken away",
        STATED,
        BLOCK + r'    skos:prefLabel "[^"\n]*"@nl ;\n',
        r"\g<subject>\n\g<body>",
        "block",
    ),
    Kind("two Dutch names", STATED, r'(?m)^    skos:prefLabel "[^"\n]*"@nl(?= [;.]$)', r'\g<0> , "Dubbel"@nl'),
    Kind("name without a language", STATED, r'(?m)^(    skos:prefLabel "[^"\n]*")@nl(?= [;.]$)', r"\1"),
    Kind("name in German", STATED, r'(?m)^(    skos:prefLabel "[^"\n]*")@nl(?= [;.]$)', r"\1@de"),
    Kind(
        "English in a stated file", STATED, r'(?m)^    skos:prefLabel "[^"\n]*"@nl(?= [;.]$)', r'\g<0> , "English"@en'
    ),
    Kind(
        "source taken away",
        STATED,
        BLOCK + r"(?P<last>    .*) ;\n    dct:source .* \.\n",
        r"\g<subject>\n\g<body>\g<last> .\n",
        "block",
    ),
    Kind("passage that is not there", STATED, r"(?m)(?<=dct:source )passage:[\w-]+", "passage:s99-p99-9"),
    Kind("class misspelt", STATED, r"(?m)(?<=^    a )kb:(Company|Project|Occupation|Figure|Skill)(?= ;$)", r"kb:\1x"),
    Kind("property misspelt", STATED, r"(?m)^    kb:(inCluster|produces|about|uses|period) ", r"    kb:\1x "),
    Kind("name of another vocabulary misspelt", STATED, r"(?m)^    skos:prefLabel (?=.* [;.]$)", "    skos:prefLable "),
    Kind(
        "property of another vocabulary misspelt",
        STATED,
        r"(?m)^    dct:source ",
        "    <http://purl.org/dc/terms/sorce> 1 ;\n    dct:source ",
    ),
    Kind(
        "class taken away",
        STATED,
        BLOCK.replace("*?", "{0}") + r"    a kb:(Company|Figure|Project|Organisation) ;\n",
        r"\g<subject>\n",
        "block",
    ),
    Kind(
        "relation to a thing of another class",
        STATED,
        r"(?m)^    kb:inCluster cluster:[\w-]+",
        f"    kb:inCluster <{ID}measure/ccs>",
    ),
    Kind("slug of a value misspelt", STATED, r"(?m)^    kb:(produces|inCluster) [\w-]+:[\w-]+", r"\g<0>-x"),
    Kind("slug of a subject with capitals", STATED, r"(?m)^(company|project|figure):([\w-]+)$", r"\1:X_\2"),
    Kind("number as text", STATED, r"(?m)(?<=^    kb:value )([\d.]+)(?= ;$)", r'"\1"'),
    Kind("two values of one figure", STATED, r"(?m)(?<=^    kb:value )([\d.]+)(?= ;$)", r"\1 , 99999.5"),
    Kind("unit taken away", STATED, BLOCK + r"    kb:unit .* ;\n", r"\g<subject>\n\g<body>", "block"),
    Kind("unknown unit", STATED, r"(?m)(?<=^    kb:unit )unit:[\w-]+", "unit:onzin"),
    Kind("hash cut short", "data/industrie-2023/passages.ttl", r'(?<=kb:sha256 ")[0-9a-f]{9}', ""),
    Kind("line number as text", "data/industrie-2023/passages.ttl", r"(?<=kb:firstLine )(\d+)", r'"\1"'),
    Kind("latitude out of the country", EDITORIAL, r'(?<=schema:latitude ")\d+', "5"),
    Kind("number that is none", EDITORIAL, r'(?<=schema:latitude )"[\d.]+"', '"noord"'),
    Kind(
        "owl:sameAs",
        STATED,
        r"(?m)^    a (kb:Company|kb:Organisation) ;$",
        rf"\g<0>\n    <http://www.w3.org/2002/07/owl#sameAs> <{ID}measure/ccs> ;",
    ),
    Kind("end of a line forgotten", STATED, r"(?m)(?<=[^.;]) ;$", "", "next"),
    Kind("quote forgotten", STATED, r'(?m)(?<=^    skos:prefLabel "[^"\n]{12})[^"\n]*"@nl', "x@nl", "next"),
    Kind("prefix not declared", STATED, r"(?m)(?<=^    dct:source )passage:", "passsage:"),
    Kind("NUL in a text", STATED, r'(?<=skos:prefLabel "\w{3})', "\0"),
    Kind("not UTF-8", STATED, r'(?<=skos:prefLabel ")', "\udce9"),
    Kind("file emptied", STATED, r"(?s)\A.*\Z", lambda _: b"", "file"),
    Kind("question: name misspelt", "queries/**/*.rq", r"(?m)(?<=[ ;])kb:(\w+)(?= \?)", r"kb:\1x"),
    Kind("question: bracket forgotten", "queries/**/*.rq", r"\}\s*\Z", "", "file"),
    Kind("question: answer changed", "queries/**/*.csv", r"(?m)^(.*\w)$(?=\n\Z)", r"\1x"),
    Kind("mapping: prefix not declared", "data/mappings/*.sssom.tsv", r"(?m)^([\w-]+):(?=[\w-]+\t)", r"\1x:"),
    Kind("mapping: cell lost", "data/mappings/*.sssom.tsv", r"(?m)^[\w-]+:[\w-]+\t", ""),
)
NOT_WELL_FORMED = (
    "end of a line forgotten",
    "quote forgotten",
    "prefix not declared",
    "NUL in a text",
    "not UTF-8",
    "file emptied",
)


@dataclass(frozen=True)
class Fault:
    """One fault: the file as it becomes, and the lines that are right for a finding."""

    kind: Kind
    file: Path
    text: bytes
    lines: frozenset[int]


def main() -> None:
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for folder in ("ontology", "data", "shapes", "queries", "views"):
            shutil.copytree(project_folder() / folder, copy / folder, ignore=shutil.ignore_patterns("cases"))
        before = {rules: known(copy, skip) for rules, skip in (("data", QUERY_RULES), ("all", ()))}
        rows = [row(number, fault, copy, before) for number, fault in enumerate(faults(copy, chance), 1)]
    print("| # | fault | file | found by | file right | line right |\n| --- | --- | --- | --- | --- | --- |")
    for cells in rows:
        print(f"| {' | '.join(cells)} |")
    totals = [sum(cells[column] not in ("-", "no") for cells in rows) for column in (3, 4, 5)]
    print(f"\n{len(rows)} faults: {totals[0]} found, {totals[1]} in the right file, {totals[2]} at the right line")


def faults(copy: Path, chance: random.Random, kinds: Iterable[Kind] = KINDS) -> Iterator[Fault]:
    for kind in kinds:
        possible = [
            (path, match)
            for path in sorted(copy.glob(kind.files))
            if path.name != "catalogue.ttl"
            for match in re.finditer(kind.pattern, path.read_text("utf-8"))
        ]
        for path, match in chance.sample(possible, min(EACH, len(possible))):
            yield made(kind, path, match)


def all_at_once(copy: Path, chance: random.Random) -> int:
    """Make the faults that leave the data well-formed, in one copy; return how many."""
    count = 0
    for kind in KINDS:
        if not kind.files.endswith(".ttl") or kind.name in NOT_WELL_FORMED:
            continue
        for fault in list(faults(copy, chance, (kind,))):
            before = fault.file.read_text("utf-8")
            again = next(iter(re.finditer(kind.pattern, before)), None)
            if again is not None:
                fault.file.write_bytes(made(kind, fault.file, again).text)
                count += 1
    return count


def made(kind: Kind, path: Path, match: re.Match[str]) -> Fault:
    new = kind.change(match) if callable(kind.change) else match.expand(kind.change)
    if isinstance(new, bytes):
        return Fault(kind, path, new, frozenset({0}))
    text = match.string[: match.start()] + new + match.string[match.end() :]
    begin = (
        match.start("subject") if "subject" in match.groupdict() else match.start() + len(new) - len(new.lstrip("\n"))
    )
    line = text.count("\n", 0, begin) + 1
    lines = {"line": range(line, line + new.count("\n") + 1), "next": (line, line + 1), "block": (line,)}
    return Fault(kind, path, text.encode("utf-8", "surrogateescape"), frozenset(lines.get(kind.at, range(10_000))))


def row(number: int, fault: Fault, copy: Path, before: dict[str, Counter[object]]) -> list[str]:
    rules, skip = ("all", ()) if "question" in fault.kind.name else ("data", QUERY_RULES)
    old = fault.file.read_bytes()
    fault.file.write_bytes(fault.text)
    found = new(checked(copy, skip), before[rules])
    fault.file.write_bytes(old)
    here = [one for one in found if one.file == str(fault.file)]
    right = [one for one in here if one.line in fault.lines]
    best = (right or here or found)[:1]
    names = [one.shape.replace("#", "/").rpartition("/")[2] for one in best] or ["-"]
    file = fault.file.relative_to(copy).as_posix()
    return [str(number), fault.kind.name, f"`{file}`", *names, "yes" if here else "no", "yes" if right else "no"]


def checked(copy: Path, skip: tuple[str, ...]) -> Report:
    return run(make_plan(Settings(skip=skip, time_limit=60), [], copy), cached=False)


def known(copy: Path, skip: tuple[str, ...]) -> Counter[object]:
    return Counter(one.key for one in checked(copy, skip).findings)


def new(report: Report, before: Counter[object]) -> list[Finding]:
    left = Counter(before)
    left.subtract(one.key for one in report.findings)
    return [one for one in report.findings if left[one.key] < 0]


if __name__ == "__main__":
    main()
