"""The command for assistants."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kg.cli.group import main
from kg.cli.options import limit_settings, say_missing, texts_option


@main.command()
@texts_option
@limit_settings
def mcp(texts: tuple[Path, ...], **limits: Any) -> None:
    """Serve the graph to assistants over standard input and output (Model Context Protocol).

    kg serve does so over HTTP, at /mcp.

    Needs the extra mcp of this package.
    """
    from kg.endpoint.settings import Settings
    from kg.endpoint.workers import WorkerPool
    from kg.errors import Unavailable, install_hint
    from kg.files import project_folder
    from kg.graph.cache import read_or_build
    from kg.queries.limits import Limits
    from kg.queries.question import find_questions

    if find_spec("mcp") is None:
        raise Unavailable("the package mcp is not installed", hint=install_hint("mcp"))
    from kg.web.app import make_site
    from kg.web.assistant.mcp import make_server
    from kg.web.assistant.tools import Assistant

    graph = read_or_build(project_folder())
    held = Limits(**limits)
    pool = WorkerPool.over(graph.dataset, held, graph.prefixes)  # Forks, so before the server starts its threads.
    try:
        questions = find_questions(project_folder() / "queries")
        site = make_site(graph, questions, Settings(limits=held, text=texts), pool)
        say_missing(site.texts)
        pool.begin()
        assistant = Assistant(site)
        pool.search_with(assistant.scores)
        make_server(assistant, graph.version).run("stdio")
    finally:
        pool.close()
