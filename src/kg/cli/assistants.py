"""The command for assistants."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kg.cli.group import main
from kg.cli.options import limit_settings, say_missing, texts_of, texts_option


@main.command()
@texts_option
@limit_settings
def mcp(texts: tuple[Path, ...], **limits: Any) -> None:
    """Serve the graph to assistants over standard input and output (Model Context Protocol).

    Needs the extra mcp of this package.
    """
    from kg.endpoint.assistant.tools import Knowledge
    from kg.endpoint.workers import WorkerPool
    from kg.errors import Unavailable, install_hint
    from kg.files import project_folder
    from kg.graph.build import build
    from kg.queries.limits import Limits
    from kg.queries.question import find_questions

    if find_spec("mcp") is None:
        raise Unavailable("the package mcp is not installed", hint=install_hint("mcp"))
    from kg.endpoint.assistant.mcp import make_server

    graph = build(project_folder())
    quoted = texts_of(graph, texts)
    say_missing(quoted)
    held = Limits(**limits)
    pool = WorkerPool.over(graph.dataset, held, graph.prefixes)  # Forks, so before the server starts its threads.
    try:
        knowledge = Knowledge(graph, find_questions(project_folder() / "queries"), pool, quoted.quotable)
        pool.begin()
        make_server(knowledge).run("stdio")
    finally:
        pool.close()
