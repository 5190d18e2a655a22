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
from kg.cli.options import limit_settings, say_missing, setting, settings_file
from kg.endpoint.settings import Settings

if TYPE_CHECKING:
    from kg.endpoint.supervisor import Handover
    from kg.endpoint.workers import WorkerPool
    from kg.graph.build import Graph
    from kg.queries.limits import Limits

_PORT: Final = click.IntRange(0, 65535)
_BYTES: Final = click.IntRange(min=0)


@main.command(epilog="Each option is also KG_NAME in the environment, and name in [serve] of kg.toml; the flag wins.")
@settings_file("serve")
@setting("--host", default=Settings.host, show_default=True, help="Address to listen on.")
@setting("--port", default=Settings.port, show_default=True, type=_PORT, help="Port; 0 takes a free one.")
@setting(
    "--text",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Source text (plain, HTML, PDF), quoted if terms permit; several.",
)
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
@setting("--trusted-host", multiple=True, help="Host by which requests may call the server, beside --site's; several.")
@setting("--watch", is_flag=True, help="Serve new data as soon as it is there, as after SIGHUP.")
@limit_settings
def serve(**options: Any) -> None:
    """Serve the graph over HTTP: SPARQL at /sparql, resources at /id/..., pages at /."""
    settings = Settings.from_options(options)
    handover = _supervise(settings)
    from kg.endpoint.http.logs import log_errors
    from kg.endpoint.http.server import serve as run
    from kg.files import project_folder
    from kg.queries.question import find_questions
    from kg.web.about import downloads
    from kg.web.app import create_app

    graph, data_version, pool = _open(settings)
    questions = find_questions(project_folder() / "queries")
    app = create_app(graph, questions, settings, engine=pool, data_version=data_version, reloads=handover)
    say_missing(app.extensions["kg"].texts)
    if settings.store is None:
        downloads.begin_later(app)
    log_errors()
    pool.on_lost = _begin_anew
    pool.begin()
    app.extensions["kg"].indexes.esco.begin()  # Not before there is a worker: making it takes a core for seconds.
    run(app.extensions["kg.application"], pool.loop, settings.limits, handover)
    pool.close()


def _supervise(settings: Settings) -> Handover:
    """Return what a serving process is handed; the process that was called supervises servers until the end."""
    from kg.endpoint.supervisor import Handover, Supervisor, bind, watch

    if handover := Handover.from_env():
        return handover
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    listener = bind(settings.host, settings.port)
    url = f"http://{host}:{listener.getsockname()[1]}/"
    on_ready = partial(click.echo, f"kg serves {url}")
    if settings.watch:
        watch(partial(_state, settings.store))
    sys.exit(Supervisor(listener, on_ready, settings.limits.timeout).run())


def _state(store: Path | None) -> object:
    """Return what changes with the data: the link to a store, or time and size of the files of the project."""
    from kg.files import FOLDERS, project_folder

    if store:
        return os.path.realpath(store / "current")
    folder = project_folder()
    files = []
    for path in (path for name in FOLDERS for path in (folder / name).rglob("*")):
        with suppress(OSError):
            status = path.stat()
            files.append((str(path), status.st_mtime_ns, status.st_size))
    return sorted(files)


def _open(settings: Settings) -> tuple[Graph, str, WorkerPool]:
    """Return our graph or the one of a store, the version of its data, and what answers queries."""
    from kg.endpoint.workers import WorkerPool
    from kg.files import project_folder
    from kg.graph.build import imported_graphs
    from kg.graph.cache import read_or_build
    from kg.graph.description import DESCRIPTION_GRAPHS
    from kg.graph.sources import find_packed
    from kg.graph.store import read_stored

    url, limits, folder = settings.backend, settings.limits, project_folder()
    if settings.store is None:
        graph = read_or_build(folder)
        if url:
            return graph, graph.data_version, _ask_backend(url, graph, limits)
        return graph, graph.data_version, WorkerPool.over(graph.dataset, limits, graph.prefixes)
    stored, packed = read_stored(settings.store), find_packed(folder)
    if url:
        pool: WorkerPool = _ask_backend(url, stored.graph(packed), limits)
    else:  # The engine has threads once it is open: fork before.
        pool = WorkerPool(
            stored.open, limits, stored.prefixes, imported=imported_graphs(packed).names | DESCRIPTION_GRAPHS
        )
    return stored.graph(packed), stored.data, pool


def _begin_anew() -> None:
    """End this process, which can start no worker any more: the supervisor begins another one."""
    os._exit(os.EX_OSERR)


def _ask_backend(url: str, graph: Graph, limits: Limits) -> WorkerPool:
    """Return workers that ask a back end, once it has proved to hold the graph."""
    from kg.endpoint.backends import BackendPool, find_backend, without_query

    backend = find_backend(url, graph.dataset)
    click.echo(f"kg: queries go to {backend.dialect.name} at {without_query(url)}", err=True)
    return BackendPool(url, backend, limits, graph)
