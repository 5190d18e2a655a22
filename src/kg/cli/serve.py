"""The command that serves the graph; heavy modules are imported when it runs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.cli.group import main
from kg.cli.options import limit_settings, setting, settings_file, text_of
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from kg.endpoint.supervisor import Handed
    from kg.endpoint.workers import Pool
    from kg.graph.build import Graph


@main.command(epilog="Each option is also KG_NAME in the environment, and name in [serve] of kg.toml; the flag wins.")
@settings_file("serve")
@setting("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@setting("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@setting("--text", type=click.Path(path_type=Path), help="Source text; pages then quote passages.")
@setting("--store", type=click.Path(path_type=Path), help="Graph on disk, made by kg load; default: ours.")
@setting("--with", "imported", type=click.Path(path_type=Path), help="ESCO as kg import wrote it, whole, for /switch.")
@setting("--backend", metavar="URL", help="SPARQL 1.1 endpoint that holds the graph and answers queries.")
@setting("--site", default="", help="Public address, such as https://example.org; default: the host of the request.")
@setting("--report", default="", help="Where readers report a fact: mailto: address, or URL of new issues.")
@setting("--publisher", default="", help="Name of the organisation that publishes, for the metadata.")
@setting("--publisher-iri", default="", help="Its IRI, such as one of TOOI or ROR.")
@setting("--contact", default="", help="E-mail address or URL for questions, for the metadata.")
@setting("--cache", default=128 << 20, show_default=True, type=click.IntRange(min=0), help="Bytes of kept results.")
@setting("--access-log", default="", help="File for a line of JSON an answer; - is standard error; default: none.")
@setting("--slow-log", default="", help="File for slow queries, with their text; default: none.")
@setting("--slow-seconds", default=1.0, show_default=True, help="Time after which a query is slow.")
@setting("--log-key", default="", help="Key of the hash of queries in logs; default: another one at each start.")
@setting("--metrics", default="local", show_default=True, help="Who may see /metrics: local, all, off, or networks.")
@setting("--trusted-proxy", multiple=True, help="Address or network whose X-Forwarded headers are believed; several.")
@setting("--watch", is_flag=True, help="Serve new data as soon as it is there, as after SIGHUP.")
@limit_settings
def serve(
    host: str,
    port: int,
    text: Path | None,
    store: Path | None,
    imported: Path | None,
    backend: str | None,
    site: str,
    report: str,
    cache: int,
    publisher: str,
    publisher_iri: str,
    contact: str,
    access_log: str,
    slow_log: str,
    slow_seconds: float,
    log_key: str,
    metrics: str,
    trusted_proxy: tuple[str, ...],
    watch: bool,
    **limits: Any,
) -> None:
    """Serve the graph over HTTP: SPARQL at /sparql, resources at /id/..., pages at /."""
    held = Limits(**limits)
    handed = _handed(host, port, held, store if watch else None, watch=watch)
    from kg.endpoint.http.logs import Logs, keep_troubles
    from kg.endpoint.http.proxies import Networks, Seen
    from kg.endpoint.http.server import serve as run
    from kg.files import project_folder
    from kg.linking.career_switch import beside
    from kg.queries.question import find_questions
    from kg.release.build import Owner
    from kg.web.about import downloads
    from kg.web.address import Address
    from kg.web.app import create_app
    from kg.web.settings import Options

    options = Options(
        Owner(publisher, publisher_iri, contact),
        cache,
        Logs(access_log, slow_log, slow_seconds, log_key or os.environ["KG_LOG_KEY"]),
        Seen(metrics),
        Networks(trusted_proxy, "--trusted-proxy"),
        handed,
    )
    graph, data_version, pool = _opened(store, backend, held)
    app = create_app(
        graph,
        find_questions(project_folder() / "queries"),
        held,
        text_of(graph, text),
        pool,
        data_version,
        Address(site.rstrip("/"), report),
        replace(options, beside=beside(graph.store, imported) if imported else None),
    )
    if store is None:
        downloads.begin(app)
    keep_troubles()
    run(app, held, handed)
    pool.close()


def _handed(host: str, port: int, limits: Limits, store: Path | None, *, watch: bool) -> Handed:
    """Return the sockets of this serving process; in the process that was called, keep servers until the end."""
    from kg.endpoint.supervisor import Keeper, bind, handed

    if found := handed():
        return found
    listener = bind(host, port)
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    ready = lambda: click.echo(f"kg serves {url}")  # noqa: E731
    kept = Keeper(listener, ready, limits.timeout, (lambda: _state(store)) if watch else None).run()
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


def _opened(store: Path | None, backend: str | None, limits: Limits) -> tuple[Graph, str, Pool]:
    """Return our graph or the one of a store, the version of its data, and what answers queries."""
    from kg.endpoint.workers import Pool

    if store is None:
        from kg.files import project_folder
        from kg.graph.build import build

        graph = build(project_folder())
        pool = _behind(backend, graph, limits) if backend else Pool(lambda: graph.store, limits, graph.prefixes)
        return graph, graph.data_version, pool
    from kg.graph.build import Graph
    from kg.graph.store import find

    found = find(store)  # The engine has threads once it is open: fork before.
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
