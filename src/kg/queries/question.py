"""Saved questions: one `.rq` file with a `#+` header (YAML, as grlc writes it) is one question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import NotFound, QueryError, SourceError
from kg.files import parse_yaml, read_text
from kg.namespaces import ID, XSD
from kg.queries.chart_header import Plot, read_plot

_MARK: Final = "#+"
_SEVERITIES: Final = ("violation", "warning", "info")  # SHACL, section 2.1.4.


@dataclass(frozen=True)
class Parameter:
    """A slot of a question: `VALUES ?name { UNDEF }` in the text, unbound meaning all.

    Attributes:
        label: text by language tag.
        datatype: IRI of the datatype of its values, or empty for IRIs.
        kind: prefixed name of the class of its values, or empty: then they are those of its column in the answer.
        linked: whether the pages of the things of that class lead to the question.
        linked_by: prefixed name of the property that a thing has where its page does so, or empty.

    """

    name: str
    label: Mapping[str, str]
    datatype: str = ""
    kind: str = ""
    linked: bool = False
    linked_by: str = ""

    @property
    def slot(self) -> str:
        """The text of the slot in the query."""
        return f"VALUES ?{self.name} {{ UNDEF }}"

    def term(self, value: str) -> ox.NamedNode | ox.Literal:
        """Return a value as an RDF term: an IRI, a path below `/id/`, or a literal of the datatype.

        Raises:
            QueryError: the value is no IRI.

        """
        if self.datatype:
            return ox.Literal(value, datatype=ox.NamedNode(self.datatype))
        try:
            return ox.NamedNode(value if value.startswith(("http://", "https://")) else ID + value)
        except ValueError as error:
            raise QueryError(f"no IRI: {value[:200]}", where=self.name, hint="give an IRI or kind/slug") from error


@dataclass(frozen=True)
class Question:
    """A query with its header.

    Attributes:
        name: path below `queries/`, without `.rq`.
        title, description, message: text by language tag.
        competency: numbers of the competency questions that it answers.
        ordered: whether the order of rows is part of the answer.
        varies: columns whose values change with every edit of the data, so that they are not approved.
        severity: for check queries, `violation`, `warning` or `info`.
        chart: what the answer looks like, or None.

    """

    name: str
    path: Path
    text: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    parameters: tuple[Parameter, ...] = ()
    competency: tuple[str, ...] = ()
    ordered: bool = False
    varies: tuple[str, ...] = ()
    severity: str = "violation"
    message: Mapping[str, str] = field(default_factory=dict)
    chart: Plot | None = None

    @property
    def theme(self) -> str:
        """The folder of the question, by which questions are grouped."""
        return self.name.partition("/")[0]

    @cached_property
    def query(self) -> str:
        """The SPARQL text without the header."""
        return without_header(self.text)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the query with the slots of the given parameters filled with RDF terms.

        Raises:
            QueryError: a name that is no parameter, or a value that is no term.

        """
        known = {parameter.name: parameter for parameter in self.parameters}
        query = self.query
        for name, value in values.items():
            if name not in known:
                offered = ", ".join(known) or "none"
                raise QueryError(f"unknown parameter {name}", where=self.name, hint=f"parameters: {offered}")
            parameter = known[name]
            query = query.replace(parameter.slot, f"VALUES ?{name} {{ {parameter.term(value)} }}")
        return query


def find_questions(folder: Path) -> dict[str, Question]:
    """Return the questions below a folder by name, sorted.

    Raises:
        SourceError: a header is missing or broken.

    """
    names = sorted(folder.rglob("*.rq"))
    return {question.name: question for question in (read_question(path, folder) for path in names)}


def read_question(path: Path, folder: Path) -> Question:
    """Read one `.rq` file.

    Raises:
        SourceError: no header, one that is no YAML mapping or holds something else than it should, or a parameter
            without its slot.

    """
    text = read_text(path)
    header = read_header(text, path)
    question = Question(
        name=path.relative_to(folder).with_suffix("").as_posix(),
        path=path,
        text=text,
        title=_texts(path, header, "title"),
        description=_texts(path, header, "description"),
        parameters=tuple(_parameters(path, header.get("parameters"))),
        competency=tuple(str(header.get("competency", "")).split()),
        ordered=bool(header.get("ordered", False)),
        varies=tuple(str(header.get("varies", "")).split()),
        severity=_severity(path, header),
        message=_texts(path, header, "message") if "message" in header else {},
        chart=read_plot(path, header.get("chart")),
    )
    for parameter in question.parameters:
        if question.query.count(parameter.slot) != 1:
            raise SourceError(f"the query needs exactly one {parameter.slot}", where=str(path), hint="add the slot")
    return question


def pick(questions: Mapping[str, Question], name: str) -> Question:
    """Return the question called `name`.

    Raises:
        NotFound: with the names that are there.

    """
    if name in questions:
        return questions[name]
    raise NotFound(f"no question called {name}", where="queries", hint="one of: " + ", ".join(questions))


def read_header(text: str, where: object) -> dict[str, Any]:
    """Return the `#+` header of a query (YAML).

    Raises:
        SourceError: it is missing, or no YAML mapping; with its line.

    """
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.startswith(_MARK)]
    lines = [line.removeprefix(_MARK).removeprefix(" ") for _, line in numbered]
    header = parse_yaml("\n".join(lines), where, numbered[0][0] if numbered else 1)
    if not isinstance(header, dict):
        raise SourceError("the #+ header is missing", where=str(where), hint="begin with #+ title: and #+ description:")
    return header


def without_header(text: str) -> str:
    """Return the SPARQL text of a query, without its header."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(_MARK)).strip() + "\n"


def _texts(path: Path, header: Mapping[str, Any], key: str) -> Mapping[str, str]:
    texts = header.get(key)
    if not isinstance(texts, dict) or not {"nl", "en"} <= texts.keys():
        raise SourceError(f"{key} in nl and en is missing", where=str(path), hint=f"add #+ {key}: with nl: and en:")
    return {str(tag): str(text) for tag, text in texts.items()}


def _severity(path: Path, header: Mapping[str, Any]) -> str:
    severity = str(header.get("severity", _SEVERITIES[0]))
    if severity not in _SEVERITIES:
        hint = f"one of: {', '.join(_SEVERITIES)}"
        raise SourceError(f"severity cannot be {severity}", where=str(path), hint=hint)
    return severity


def _parameters(path: Path, entries: Any) -> Iterator[Parameter]:
    entries = {} if entries is None else entries
    for name, spec in entries.items() if isinstance(entries, dict) else [("", entries)]:
        if not isinstance(spec, dict) or not {"nl", "en"} <= spec.keys():
            hint = "add below #+ parameters: its name, and below that nl: and en:"
            raise SourceError(f"parameter {name} in nl and en is missing", where=str(path), hint=hint)
        label = {tag: str(spec[tag]) for tag in ("nl", "en")}
        datatype = str(spec.get("datatype", "")).replace("xsd:", XSD)
        linked = spec.get("linked", False)
        by = linked if isinstance(linked, str) else ""
        yield Parameter(str(name), label, datatype, str(spec.get("class", "")), bool(linked), by)
