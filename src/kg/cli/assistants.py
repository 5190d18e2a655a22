"""The command for assistants."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from kg.cli.group import main
from kg.cli.options import limit_settings, text_of


@main.command()
@click.option("--text", "text_file", type=click.Path(path_type=Path), help="Source text; passages are then quoted.")
@limit_settings
def mcp(text_file: Path | None, **limits: Any) -> None:
    """Serve the graph to assistants over standard input and output (Model Context Protocol).

    Needs the extra: pip install 'klimaatbanen-kg[mcp]'.
    """
    from kg.endpoint.assistant.tools import Knowledge
    from kg.endpoint.workers import WorkerPool
    from kg.errors import Unavailable
    from kg.files import project_folder
    from kg.graph.build import build
    from kg.queries.limits import Limits
    from kg.queries.question import find_questions

    if find_spec("mcp") is None:
        raise Unavailable("the package mcp is not installed", hint="pip install 'klimaatbanen-kg[mcp]'")
    from kg.endpoint.assistant.mcp import make_server

    graph = build(project_folder())
    held = Limits(**limits)
    pool = WorkerPool(lambda: graph.store, held, graph.prefixes)  # Forks, so before the server starts its threads.
    try:
        knowledge = Knowledge(graph, find_questions(project_folder() / "queries"), pool, text_of(graph, text_file))
        make_server(knowledge).run("stdio")
    finally:
        pool.close()
