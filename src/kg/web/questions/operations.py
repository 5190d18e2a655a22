"""OpenAPI 3.1 operations of a saved question, made from its header, its answer and what its parameters can take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kg.queries.question import Parameter, Question
from kg.tables.charts import drawn
from kg.tables.sheet import LABEL, Sheet
from kg.web.layout import message
from kg.web.questions.api import FORMS
from kg.web.questions.binding import Choice

Node = dict[str, Any]
Choices = Mapping[str, Sequence[Choice]]
_ENUM: Final = 200
_ERRORS: Final[Mapping[str, str]] = {
    "304": "NotModified",
    "400": "Malformed",
    "406": "NotAcceptable",
    "413": "TooLarge",
    "414": "TooLong",
    "429": "TooMany",
    "503": "Unavailable",
}
_KINDS: Final[Mapping[str, Node]] = {
    "iri": {"type": ["string", "null"], "format": "iri"},
    "integer": {"type": ["integer", "null"]},
    "decimal": {"type": ["number", "null"]},
    "double": {"type": ["number", "string", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "dateTime": {"type": ["string", "null"], "format": "date-time"},
    "string": {"type": ["string", "null"]},
    "mixed": {},
}
_TEXT: Final[Node] = {"schema": {"type": "string"}}
_CONTENT: Final[Mapping[str, Node]] = {
    "xlsx": {"schema": {"type": "string", "format": "binary"}},  # Without it, generated clients leave the answer out.
    "parquet": {"schema": {"type": "string", "format": "binary"}},
    "csvm": {"schema": {"type": "object"}},
    "datapackage.json": {"schema": {"type": "object"}},
    "srj": {"schema": {"$ref": "#/components/schemas/SparqlResults"}},
}


def paths_of(question: Question, sheet: Sheet | None, choices: Choices, lang: str) -> Node:
    """Return the paths of a question: its answer, what its parameters can take, its chart.

    Arguments:
        question: the question.
        sheet: its answer without parameters, for the columns; None where that is not to be had now.
        choices: what each parameter can take.
        lang: language of the texts.

    """
    name, title = question.name, question.title[lang]
    parameters = [_parameter(parameter, choices.get(parameter.name, ()), lang) for parameter in question.parameters]
    page = {"externalDocs": {"url": f"/questions/{name}?lang={lang}", "description": message("question_page", lang)}}
    answer = _operation(question, "", title, lang) | page
    answer["parameters"] = [*parameters, _shared("lang"), _shared("format")]
    answer["responses"] = _responses(message("answer", lang), _forms(sheet))
    paths: Node = {f"/api/{name}": {"get": answer}}
    if parameters:
        listing = _operation(question, "choices", f"{message('choices_of', lang)}: {title}", lang)
        choice = {"application/json": {"schema": {"$ref": "#/components/schemas/Choices"}}}
        listing |= {"parameters": [_shared("lang")], "responses": _responses(message("choices_of", lang), choice)}
        paths[f"/api/{name}/choices"] = {"get": listing}
    return paths | _charts(question, parameters, lang)


def _charts(question: Question, parameters: list[Node], lang: str) -> Node:
    if question.chart is None:
        return {}
    forms: dict[str, Node] = {"svg": {"image/svg+xml": _TEXT}, "png": {"image/png": _CONTENT["xlsx"]}}
    if question.chart.mark not in ("map", *drawn.MARKS):
        forms["vl.json"] = {"application/vnd.vegalite.v5+json": {"schema": {"type": "object"}}}
    paths = {}
    for suffix, content in forms.items():
        chart = _operation(question, suffix, f"{message('chart_of', lang)}: {question.title[lang]}", lang)
        looks = ("shape",) if suffix == "png" else ("theme", "size")
        chart["parameters"] = [*parameters, *map(_shared, looks), _shared("lang")]
        nothing = {"404": {"$ref": "#/components/responses/NotFound"}}  # For some values there is nothing to draw.
        chart["responses"] = _responses(message("chart_of", lang), content) | nothing
        paths[f"/questions/{question.name}.{suffix}"] = {"get": chart}
    return paths


def _operation(question: Question, suffix: str, summary: str, lang: str) -> Node:
    return {
        "operationId": _camel(f"{question.name} {suffix}"),
        "tags": [question.theme],
        "summary": summary,
        "description": question.description[lang],
    }


def _camel(name: str) -> str:
    """Return a name as generated clients have it: `climateMeasuresPerPillar`."""
    first, *others = re.split(r"[^A-Za-z0-9]+", name.strip())
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _parameter(parameter: Parameter, choices: Sequence[Choice], lang: str) -> Node:
    """Return a parameter; with few choices they are an enumeration, and its description gives their names."""
    label = parameter.label[lang]
    schema: Node = {"type": "string"}
    listed = ""
    if choices and len(choices) <= _ENUM:
        schema["enum"] = [choice.value for choice in choices]
        listed = "\n" + "".join(f"\n- `{choice.value}` {_plain(choice.text)}" for choice in choices)
    node: Node = {"name": parameter.name, "in": "query", "schema": schema}
    node["description"] = f"{label}. {message('parameter_takes', lang)}{listed}"
    return node | ({"example": choices[0].value} if choices else {})


def _plain(text: str) -> str:
    """Return a text without what CommonMark, in which descriptions are written, would take as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", text)


def _forms(sheet: Sheet | None) -> Node:
    content = {form.media_type: _CONTENT.get(form.name, _TEXT) for form in FORMS}
    answer: Node = {"$ref": "#/components/schemas/Answer"}
    if sheet is not None:
        rows = {"type": "array", "items": {"type": "object", "properties": _columns(sheet)}}
        answer = {"allOf": [answer, {"type": "object", "properties": {"rows": rows}}]}
    return content | {"application/json": {"schema": answer}}


def _columns(sheet: Sheet) -> Node:
    columns: Node = {}
    for column in sheet.columns:
        columns[column.name] = {"title": column.title, **_KINDS[column.kind]}
        if column.kind == "iri":
            columns[column.name + LABEL] = {"title": column.title, **_KINDS["string"]}
    return columns


def _responses(description: str, content: Node) -> Node:
    errors = {status: {"$ref": f"#/components/responses/{name}"} for status, name in _ERRORS.items()}
    return {"200": {"description": description, "content": content}} | errors


def _shared(name: str) -> Node:
    return {"$ref": f"#/components/parameters/{name}"}
