"""The tools, resources and prompts of the Model Context Protocol, whatever carries them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict

from kg.errors import KgError
from kg.namespaces import ID
from kg.web.assistant.citations import Payload, to_json
from kg.web.assistant.tools import USUAL, WHOLE, Assistant, problem

_READS: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_INSTRUCTIONS: Final = f"""
A read-only knowledge graph of climate jobs in the Netherlands, drawn from publications: climate tables, measures,
occupations, skills, qualifications, training routes, regions, projects, policy, figures and what is claimed of them.
Begin with `ask`: it often answers at once. Each row and statement says of what kind it is: stated (a publication says
so), editorial (the editors of the graph say so), inferred (a named rule derived it: a candidate, not a fact), mapping
(a link to another vocabulary), entailed (follows from a class or property); `stated (possible)` is said with reserve.
Say the kind in your answer and name the passages; never present as stated what is inferred, or a (computed) column.
Summaries of sayings and translated names are the editors'. `nothing` says which words nothing holds, `without` which of
them an answer does not hold; what is `near` is no answer. What is not there is not stated, which is not the same as
none.
Names of passages are publication/slug and stand with line and words at the end of an answer: all words where the terms
of the publication permit, else the first … and last ones. IRIs begin with {ID} where they are written kind/slug.
""".strip()

Lang = Annotated[Literal["nl", "en"], Field(description="language of names and titles in the answer")]
Size = Annotated[int, Field(description="characters of the answer at most, about", ge=500, le=20_000)]
Start = Annotated[int, Field(description="number of the first row; next_row of an answer says where to go on", ge=0)]
Kinds = Annotated[str, Field(description="stated, editorial, inferred, mapping ...; several are joined by +")]
Names = Annotated[list[str], Field(description="names of passages, publication/slug; +N says how many more there are")]
Rows = Annotated[
    list[list[Any]],
    Field(
        description="values, kind, names of passages, IRI; kind and passages are those of the statements between "
        "the things of the row, or else of its first thing; counts are of no single thing"
    ),
]
Cell = Annotated[
    list[str],
    Field(
        description="titles of the columns; what a query works out is (computed), never stated; the last three are "
        "kind of statement, passages and id"
    ),
]


class Cited(TypedDict, total=False):
    """What an answer rests on."""

    publications: Annotated[dict[str, str], Field(description="the publications that are cited")]
    passages: Annotated[dict[str, str], Field(description="line and words of each passage, by name")]
    passages_not_shown: Annotated[int, Field(description="passages named above whose words had no room")]
    nothing: Annotated[str, Field(description="the words that nothing holds, and how it was searched")]


class Table(Cited, total=False):
    """Rows of an answer, or a graph."""

    columns: Cell
    rows: Rows
    rows_in_all: int
    next_row: Annotated[int, Field(description="start= of the next rows, where there are more")]
    turtle: str
    triples_in_all: int
    characters_in_all: Annotated[int, Field(description="of a graph that was cut")]
    query: str


class Answer(Table, total=False):
    """The answer to a saved question."""

    question: str
    title: str
    description: str
    parameters: Annotated[dict[str, str], Field(description="the values that were taken for those that were asked")]
    sayings: Annotated[list[dict[str, Any]], Field(description="where there are no rows: what is said of the same")]


class Group(TypedDict, total=False):
    """Values of one property."""

    property: str
    values: list[str]
    values_in_all: int
    kind: Kinds
    publication: str
    passages: Names


class Saying(TypedDict, total=False):
    """A claim, signal, figure, task or cited work; the summary is the editors', what is printed is the text's."""

    id: str
    type: str
    summary: str
    printed: list[str]
    value: str
    of: Annotated[str, Field(description="period, scope and qualifier of a value that its name does not say")]
    said_by: list[str]
    kind: Kinds
    passages: Names
    name: str
    linked_to_it: Annotated[list[str], Field(description="things here that mappings link to a thing of ESCO")]


class Thing(Cited, total=False):
    """What is said of a thing, and what points at it."""

    id: str
    name: str
    type: str
    kind: Kinds
    statements: list[Group]
    statements_in_all: int
    mentioned_by: list[Group]
    mentioned_by_in_all: int
    drawn_from_it: Annotated[list[dict[str, Any]], Field(description="what rests on a passage")]
    drawn_from_it_in_all: int


class Found(Cited, total=False):
    """What answers a question in words."""

    answers: Annotated[
        list[dict[str, Any]],
        Field(description="to the saved question that covers what is asked, if one does; `without` names other words"),
    ]
    sayings: Annotated[list[dict[str, Any]], Field(description="claims, signals, figures ... as of search")]
    beside: Annotated[list[str], Field(description="by name, what the same sentences or the next ones say, too")]
    things: Annotated[list[dict[str, Any]], Field(description="as of describe, cut short")]
    near: Annotated[dict[str, Any], Field(description="names of what is near and does not answer")]


class Hits(Cited, total=False):
    """What is called so."""

    searched: str
    first_is_without: Annotated[list[str], Field(description="words that the first result does not hold")]
    results: list[Saying]
    more: Annotated[int, Field(description="further ones that are not shown")]


class Questions(TypedDict, total=False):
    """The saved questions by theme, or those of one."""

    themes: dict[str, Any]
    theme: str
    questions: list[dict[str, Any]]
    hint: str


class Schema(TypedDict, total=False):
    """The classes, or the properties of one, each with label and count."""

    classes: dict[str, str]
    graphs: dict[str, str]
    properties: dict[str, str]
    pointing_at_it: dict[str, str]
    label: str
    example: str
    hint: str


class Advice(Cited, total=False):
    """Climate occupations, the nearest first."""

    asked: str
    notes: list[str]
    jobs: Annotated[list[str], Field(description="jobs that may be meant: ask again with one of them")]
    place: str
    diploma: dict[str, Any]
    nearest: list[dict[str, Any]]
    kind_of_nearness: Kinds


def make_server(assistant: Assistant, version: str) -> MCPServer[Any]:
    """Return the server with its tools, resources and prompts; each only reads.

    Arguments:
        assistant: answers.
        version: of the graph.

    """
    server: MCPServer[Any] = MCPServer("klimaatbanen", version=version, instructions=_INSTRUCTIONS, log_level="WARNING")
    for tool in (*_words(assistant), *_tables(assistant)):
        server.add_tool(tool, description=getdoc(tool), annotations=_READS)
    _add_resources(server, assistant)
    _add_prompts(server)
    return server


def _words(assistant: Assistant) -> list[Callable[..., CallToolResult]]:
    """Return the tools that take words."""

    def ask(
        question: Annotated[str, Field(description="a question or some words, in Dutch or English", max_length=500)],
        lang: Lang = "en",
        size: Size = USUAL,
    ) -> Annotated[CallToolResult, Found]:
        """Answer a question in words at once: the nearest saved question, the things it is about, what is claimed."""
        return _result(lambda: assistant.ask(question, lang, size))

    def search(
        text: Annotated[str, Field(description="a name or word; typing errors are allowed", max_length=200)],
        kind: Annotated[str, Field(description="occupation, measure, claim, figure, cited-work, question ...")] = "",
        lang: Lang = "en",
        limit: Annotated[int, Field(description="results at most", ge=1, le=30)] = 10,
        esco: Annotated[bool, Field(description="look in ESCO as a whole, too")] = False,
    ) -> Annotated[CallToolResult, Hits]:
        """Find things, claims, signals, figures, cited works and saved questions by name."""
        return _result(lambda: assistant.search(text, lang, kind, limit, esco))

    def describe(
        thing: Annotated[str, Field(description="a name (CCS), kind/slug (measure/ccs), passage/... or an IRI")],
        lang: Lang = "en",
        size: Size = WHOLE,
    ) -> Annotated[CallToolResult, Thing]:
        """Say all about one thing: statements by property, each with kind and passages, and what points at it.

        With `size` it has more values; `publication` stands in a group where several state something of the thing.
        """
        return _result(lambda: assistant.describe(thing, lang, size))

    def career_switch(
        job: Annotated[str, Field(description="a job or diploma in words, occupation/... or an IRI of ESCO")] = "",
        skills: Annotated[list[str] | None, Field(description="skills of ESCO, as IRIs")] = None,
        place: Annotated[str, Field(description="a cluster or region to narrow to, such as Zeeland")] = "",
        lang: Lang = "en",
        limit: Annotated[int, Field(description="occupations at most", ge=1, le=20)] = 3,
    ) -> Annotated[CallToolResult, Advice]:
        """Find the climate occupations nearest to a job, a diploma or skills: near, within reach or far, and why.

        They are near by skills that ESCO names, through mappings of the editors; no publication says that they are.
        """
        return _result(lambda: assistant.career_switch(job, skills or [], place, lang, limit))

    return [ask, search, describe, career_switch]


def _tables(assistant: Assistant) -> list[Callable[..., CallToolResult]]:
    """Return the tools that give rows, and those that say what can be asked for rows."""

    def list_questions(
        theme: Annotated[str, Field(description="a theme, for titles and parameters; empty for all names")] = "",
        lang: Lang = "en",
    ) -> Annotated[CallToolResult, Questions]:
        """List the saved questions by theme."""
        return _result(lambda: assistant.list_questions(lang, theme))

    def answer_question(
        name: Annotated[str, Field(description="theme/name of a saved question")],
        parameters: Annotated[
            dict[str, str] | None, Field(description="values by name; a thing by name, kind/slug or IRI")
        ] = None,
        lang: Lang = "en",
        size: Size = USUAL,
        start: Start = 0,
        show_query: Annotated[bool, Field(description="show the SPARQL, too")] = False,
    ) -> Annotated[CallToolResult, Answer]:
        """Answer a saved question, narrowed by its parameters; each row has kind, passages and IRI."""
        return _result(lambda: assistant.answer(name, parameters or {}, lang, size, start, show_query))

    def query(
        sparql: Annotated[str, Field(description="SPARQL 1.1 that reads; prefixes need no declaration")],
        lang: Lang = "en",
        size: Size = USUAL,
        start: Start = 0,
    ) -> Annotated[CallToolResult, Table]:
        """Run a SPARQL query; select IRIs too, so that rows have kind and passages. `schema` shows classes."""
        return _result(lambda: assistant.query(sparql, lang, size, start))

    def schema(
        kind: Annotated[str, Field(description="a class, such as Occupation; empty for all classes and graphs")] = "",
        lang: Lang = "en",
    ) -> Annotated[CallToolResult, Schema]:
        """List the classes and graphs, or the properties of one class as the data uses them, for `query`."""
        return _result(lambda: assistant.schema(lang, kind))

    return [list_questions, answer_question, schema, query]


def _add_resources(server: MCPServer[Any], assistant: Assistant) -> None:
    def thing(path: str) -> str:
        """What is said of a thing, in English, such as measure/ccs."""
        return _read(lambda: assistant.describe(ID + path, "en"))

    def question(theme: str, name: str) -> str:
        """The answer to a saved question, in English, such as climate/pillars."""
        return _read(lambda: assistant.answer(f"{theme}/{name}", {}, "en"))

    def questions() -> str:
        """The saved questions by theme, in English."""
        return _read(lambda: assistant.list_questions("en"))

    add = server.resource
    add("klimaatbanen://questions", name="questions", mime_type="application/json")(questions)
    add("klimaatbanen://questions/{theme}/{name}", name="question", mime_type="application/json")(question)
    add(f"{ID}{{+path}}", name="thing", mime_type="application/json")(thing)


def _add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(title="Career advice")
    def career_advice(
        job: Annotated[str, Field(description="the present job or diploma")],
        place: Annotated[str, Field(description="a region or cluster, or nothing")] = "",
    ) -> str:
        """Advise someone on a switch to a climate job, with what is stated and what is only near by skills."""
        where = f" in {place}" if place else ""
        return (
            f"I work as {job} and think of a climate job{where}. Call career_switch, then describe the nearest "
            "occupation. Say which skills I have and lack, which training routes and qualifications lead there, what "
            "of this a publication states (name the passages), and what rests on ESCO through mappings."
        )

    @server.prompt(title="What is said, and by whom")
    def evidence(subject: Annotated[str, Field(description="a measure, occupation, policy, region ...")]) -> str:
        """Lay out what the publications say of a subject, with passages, apart from what editors or rules add."""
        return (
            f"What do the publications say about {subject}? Call ask, and describe where that is not enough. List what "
            "is stated with its passages, then what is editorial, inferred or mapped, and last what is not stated."
        )


def _result(answer: Callable[[], Payload]) -> CallToolResult:
    """Return an answer both as JSON in text and as structured content; an error of ours as an error of the tool."""
    try:
        payload = answer()
    except KgError as error:
        raise ToolError(to_json(problem(error))) from error
    return CallToolResult(content=[TextContent(type="text", text=to_json(payload))], structured_content=payload)


def _read(answer: Callable[[], Payload]) -> str:
    try:
        return to_json(answer())
    except KgError as error:
        raise ResourceError(to_json(problem(error))) from error
