"""The server of `kg mcp`: tools over standard input and output (Model Context Protocol)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from kg.endpoint.assistant.tools import Knowledge, Payload, problem
from kg.errors import KgError
from kg.linking.advice import Asked

Lang = Literal["nl", "en"]
_READS: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_INSTRUCTIONS: Final = """
A read-only knowledge graph of climate jobs in the Netherlands: climate tables, measures, occupations, skills,
qualifications, training routes, regions, projects, policy and figures. Every answer says of what kind its statements
are: stated (a publication says so), editorial (the editors of the graph say so), inferred (a named rule derived it: a
candidate, not a fact) or mapping (a link to another vocabulary). Say in your answer which kind it is, and name the
passages. Do not present inferred statements as stated. Begin with `search` or `list_questions`; a saved question is
better than a query of your own. `describe` shows everything about one thing.
""".strip()


def make_server(knowledge: Knowledge) -> MCPServer[Any]:
    """Return the server with its tools; each only reads.

    Arguments:
        knowledge: the graph, and what answers queries.

    """
    server: MCPServer[Any] = MCPServer(
        "klimaatbanen", version=knowledge.graph.version, instructions=_INSTRUCTIONS, log_level="WARNING"
    )

    def search(text: str, kind: str = "", lang: Lang = "en", limit: int = 10) -> str:
        """Find things by name, in Dutch or English, typing errors allowed; `kind` narrows: occupation, skill ..."""
        return _to_json(lambda: knowledge.search(text, lang, kind, limit))

    def describe(iri: str, lang: Lang = "en") -> str:
        """Say all about one thing (IRI or kind/slug): each statement with its kind and the passages behind it."""
        return _to_json(lambda: knowledge.describe(iri, lang))

    def schema(lang: Lang = "en") -> str:
        """List prefixes, named graphs, and the classes and properties that a query can use."""
        return _to_json(lambda: knowledge.schema(lang))

    def list_questions(theme: str = "", lang: Lang = "en") -> str:
        """List the saved questions (name, title, parameters), of one theme or all."""
        return _to_json(lambda: knowledge.list_questions(lang, theme))

    def answer_question(name: str, parameters: dict[str, str] | None = None, lang: Lang = "en") -> str:
        """Answer a saved question; values of parameters are IRIs, kind/slug, or literals."""
        return _to_json(lambda: knowledge.answer(name, parameters or {}, lang))

    def query(sparql: str, lang: Lang = "en") -> str:
        """Run a SPARQL 1.1 query that reads; the limits of the public endpoint hold, prefixes need no declaration."""
        return _to_json(lambda: knowledge.query(sparql, lang))

    def career_switch(
        job: str = "",
        skills: list[str] | None = None,
        place: str = "",
        lang: Lang = "en",
        limit: int = 5,
    ) -> str:
        """Find the climate occupations nearest to a job or diploma (words or IRI), and to skills of ESCO.

        Each is near, within reach or far, with the reason: skills shared and missing, levels, training routes,
        vacancies, passages. `place` narrows to a cluster or region (cluster/zeeland). What is not named is not
        stated; that is never the same as none.
        """
        iri = job.startswith(("http://", "https://", "occupation/"))
        asked = Asked("" if iri else job, (job,) if iri else (), tuple(skills or ()), place=place)
        return _to_json(lambda: knowledge.career_switch(asked, lang, limit))

    for tool in (career_switch, search, describe, schema, list_questions, answer_question, query):
        server.add_tool(tool, annotations=_READS, structured_output=False)
    return server


def _to_json(ask: Callable[[], Payload]) -> str:
    """Return an answer as JSON; an error of ours becomes an error of the tool, with what to do."""
    try:
        return json.dumps(ask(), ensure_ascii=False)
    except KgError as error:
        raise ToolError(json.dumps(problem(error), ensure_ascii=False)) from error
