"""The command that serves the graph; heavy modules are imported when it runs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kg.cli.group import main
from kg.cli.options import limit_settings, setting, settings_file
from kg.endpoint.settings import Settings

if TYPE_CHECKING:
    from kg.endpoint.supervisor import Handed
    from kg.endpoint.workers import Pool
    from kg.graph.build import Graph
    from kg.queries.limits import Limits

_PORT: Final = click.IntRange(0, 65535)
_BYTES: Final = click.IntRange(min=0)


@main.command(epilog="Each option is also KG_NAME in the environment, and name in [serve] of kg.toml; the flag wins.")
@settings_file("serve")
@setting("--host", default=Settings.host, show_default=True, help="Address to listen on.")
@setting("--port", default=Settings.port, show_default=True, type=_PORT, help="Port; 0 takes a free one.")
@setting("--text", type=click.Path(path_type=Path), help="Source text; pages then quote passages.")
@setting("--store", type=click.Path(path_type=Path), help="Graph on disk, made by kg load; default: ours.")
@setting("--with", "esco", type=click.Path(path_type=Path), help="ESCO as kg import wrote it, whole, for /switch.")
@setting("--backend", metavar="URL", help="SPARQL 1.1 endpoint that holds the graph and answers queries.")
@setting("--site", default="", help="Public address, such as https://example.org; default: the host of the request.")
@setting("--report", default="", help="Where readers report a fact: mailto: address, or URL of new issues.")
@setting("--publisher", default="", help="Name of the organisation that publishes, for the metadata.")
@setting("--publisher-iri", default="", help="Its IRI, such as one of TOOI or ROR.")
@setting("--contact", default="", help="E-mail address or URL for questions, for the metadata.")
@setting("--cache", default=Settings.cache, show_default=True, type=_BYTES, help="Bytes of kept results.")
@setting("--access-log", default="", help="File for a line of JSON an answer; - is standard error; default: none.")
@setting("--slow-log", default="", help="File for slow queries, with their text; default: none.")
@setting("--slow-seconds", default=Settings.slow_seconds, show_default=True, help="Time after which a query is slow.")
@setting("--log-key", default="", help="Key of the hash of queries in logs; default: another one at each start.")
@setting("--metrics", default="local", show_default=True, help="Who may see /metrics: local, all, off, or networks.")
@setting("--trusted-proxy", multiple=True, help="Address or network whose X-Forwarded headers are believed; several.")
@setting("--watch", is_flag=True, help="Serve new data as soon as it is there, as after SIGHUP.")
@limit_settings
def serve(**options: Any) -> None:
    """Serve the graph over HTTP: SPARQL at /sparql, resources at /id/..., pages at /."""
    settings = Settings.from_options(options)
    handed = _handed(settings)
    from kg.endpoint.http.logs import keep_troubles
    from kg.endpoint.http.server import serve as run
    from kg.files import project_folder
    from kg.queries.question import find_questions
    from kg.web.about import downloads
    from kg.web.app import create_app

    graph, data_version, pool = _open(settings)
    questions = find_questions(project_folder() / "queries")
    app = create_app(graph, questions, settings, engine=pool, data_version=data_version, reloads=handed)
    if settings.store is None:
        downloads.begin(app)
    keep_troubles()
    run(app, settings.limits, handed)
    pool.close()


def _handed(settings: Settings) -> Handed:
    """Return the sockets of this serving process; in the process that was called, keep servers until the end."""
    from kg.endpoint.supervisor import Keeper, bind, handed

    if found := handed():
        return found
    host = settings.host
    listener = bind(host, settings.port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    ready = lambda: click.echo(f"kg serves {url}")  # noqa: E731
    watched = partial(_state, settings.store) if settings.watch else None
    kept = Keeper(listener, ready, settings.limits.timeout, watched).run()
    if isinstance(kept, int):
        sys.exit(kept)
    return kept


def _state(store: Path | None) -> object:
    """Return what changes with the data: the link to a store, or time and size of the files of the project."""
    from kg.files import FOLDERS, project_folder

    if store:
        return os.path.realpath(store / "current")
    folder = project_folder()
    found = []
    for path in (path for name in FOLDERS for path in (folder / name).rglob("*")):
        with suppress(OSError):
            told = path.stat()
            found.append((str(path), told.st_mtime_ns, told.st_size))
    return sorted(found)


def _open(settings: Settings) -> tuple[Graph, str, Pool]:
    """Return our graph or the one of a store, the version of its data, and what answers queries."""
    from kg.endpoint.workers import Pool

    store, backend, limits = settings.store, settings.backend, settings.limits
    if store is None:
        from kg.files import project_folder
        from kg.graph.build import build

        graph = build(project_folder())
        pool = _behind(backend, graph, limits) if backend else Pool(lambda: graph.store, limits, graph.prefixes)
        return graph, graph.data_version, pool
    from kg.graph.build import Graph
    from kg.graph.store import read_stored

    found = read_stored(store)  # The engine has threads once it is open: fork before.
    pool = _behind(backend, Graph(found.open(), ()), limits) if backend else Pool(found.open, limits, found.prefixes)
    return Graph(found.open(), ()), found.data, pool


def _behind(url: str, graph: Graph, limits: Limits) -> Pool:
    """Return workers that ask a back end, once it has proved to hold the graph."""
    from kg.endpoint.backends import Access, Backed, find, shown

    access = Access.of()
    found = find(url, access, graph.store)
    for line in found.notes:
        click.echo(f"kg: {line}", err=True)
    click.echo(f"kg: queries go to {found.dialect.name} at {shown(url)}", err=True)
    return Backed(url, access, found, limits, graph.prefixes, graph.version)
