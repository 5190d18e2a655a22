"""The worker: a forked process that answers one query after the other, within limits that the kernel keeps."""

from __future__ import annotations

import math
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import pyoxigraph as ox

from kg.endpoint.preview import first_rows
from kg.endpoint.protocol import QueryRequest, QueryResult, ask_scores, read_request, send_error, send_result
from kg.errors import BadGateway, KgError, OverMemory, QueryError, TooLarge
from kg.queries.dataset import Dataset
from kg.queries.engine import answer, may_change, with_prefixes
from kg.queries.formats import GRAPHS, Format, Solutions, formats_for, named, not_acceptable, serialise_triples
from kg.queries.limits import Limits

_STACK: Final = 64 << 20  # Nested queries recurse in the engine.
_SPARE: Final = 1.0  # Seconds: the alarm of the kernel comes after the deadline of the server.
_GROWTH: Final = 32 << 20  # Bytes: allocators keep what a query once took, so a worker that took more is not kept.
_CONNECTIONS: Final = 16  # Descriptors of a worker that asks another server.


class RemoteEngine(Protocol):
    """An engine elsewhere, that a worker asks instead of a store."""

    def answer(
        self, text: str, *, default_graphs: Sequence[str], named_graphs: Sequence[str], limits: Limits
    ) -> Solutions:
        """Return the answer to a query, as `kg.queries.engine.answer`."""


Source = Dataset | RemoteEngine


def execute(source: Source, request: QueryRequest, limits: Limits, prefixes: Mapping[str, str]) -> QueryResult:
    """Return the result of a query as bytes in the format that fits it.

    Arguments:
        source: the graph, which is only read, or an engine elsewhere.
        request: query, dataset and formats.
        limits: length and nesting of the query, rows and bytes of the result.
        prefixes: shorten Turtle, and are added to a query that wants them.

    Raises:
        KgError: as `kg.queries.engine.answer`; NotAcceptable where no format fits; TooLarge for a result over a limit.

    """
    solutions = _solve(source, request, limits, prefixes)
    offered = formats_for(solutions)
    chosen = named(request.graph if offered is GRAPHS else request.table, offered)
    if chosen is None:
        raise not_acceptable(request.accept, offered)
    counted: int | None
    try:
        if request.preview_rows:
            data, counted = first_rows(solutions, request.preview_rows, prefixes)
        else:
            data, counted = _serialise(solutions, chosen, limits, prefixes)
    except SyntaxError as error:  # Of a result that came from elsewhere.
        raise BadGateway("the back end sent a broken answer", hint="try again", retry=5) from error
    if len(data) > limits.max_bytes:
        raise _too_large(f"the result has {len(data):,} bytes; {limits.max_bytes:,} are allowed", "max_bytes")
    changing = may_change(request.text, prefixes if request.prefixed else None)
    result = QueryResult(chosen.name, data, counted, changing=changing)
    if not request.preview_rows and len(data) > limits.max_rows and result.rows > limits.max_rows:  # A row has a byte.
        raise _too_large(f"the result has more than {limits.max_rows:,} rows", "max_rows")
    return result


def _solve(source: Source, request: QueryRequest, limits: Limits, prefixes: Mapping[str, str]) -> Solutions:
    text = with_prefixes(request.text, prefixes) if request.prefixed else request.text
    solve = partial(answer, source) if isinstance(source, Dataset) else source.answer
    try:
        return solve(text, default_graphs=request.default_graphs, named_graphs=request.named_graphs, limits=limits)
    except QueryError as error:
        if error.line == 1 and error.column:
            error.column -= len(text) - len(request.text)  # The prefixes were added on the first line.
        raise


def _serialise(
    solutions: Solutions, chosen: Format, limits: Limits, prefixes: Mapping[str, str]
) -> tuple[bytes, int | None]:
    """Return a result in its format, and how many triples it has; rows are counted where somebody wants to know."""
    try:
        if isinstance(solutions, ox.QueryTriples):
            triples = list(islice(solutions, limits.max_rows + 1))
            return serialise_triples(triples, chosen, prefixes), len(triples)
        data = solutions.serialize(format=chosen.engine) or b""  # type: ignore[arg-type]
    except (RuntimeError, ValueError, OSError) as error:
        raise QueryError(str(error), hint="use the functions that SPARQL 1.1 names") from error
    return data, 1 if isinstance(solutions, ox.QueryBoolean) else None


def _too_large(what: str, limit: str) -> TooLarge:
    return TooLarge(what, hint="add LIMIT and OFFSET, or ask for less", limit=limit)


@dataclass(frozen=True)
class WorkerTemplate:
    """What each worker has.

    Attributes:
        open_source: returns the store, or an engine elsewhere; each worker calls it once, after the fork.
        limits: as in `execute`; `memory` becomes RLIMIT_AS.
        prefixes: as in `execute`.
        dataset: what the spawner makes ready, so that its workers share it; nothing where each opens its own.
        embedded: what holds imported graphs beside ours; nothing where they cannot be joined.

    """

    open_source: Callable[[], Source]
    limits: Limits
    prefixes: Mapping[str, str]
    dataset: Dataset | None = None
    embedded: Dataset | None = None

    def extended(self, part: int) -> WorkerTemplate:
        """Load a part of the imported graphs, or all (-1), in a process of their own; return what its workers have."""
        embedded = self.embedded or Dataset(ox.Store())
        embedded.prepare()
        dataset = embedded.extend((*embedded.imported.parts, embedded.imported)[part])
        return replace(self, open_source=lambda: dataset, dataset=dataset)


def serve(channel: socket.socket, template: WorkerTemplate) -> None:
    """Answer queries from a socket until it ends; the process is given up to that.

    Arguments:
        channel: the only descriptor that the worker keeps, beside those of the store.
        template: what it works with.

    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    source = template.open_source()
    threading.stack_size(_STACK)
    thread = threading.Thread(target=_answer_all, args=(channel, source, template.limits, template.prefixes))
    thread.start()
    thread.join()


def _answer_all(channel: socket.socket, source: Source, limits: Limits, prefixes: Mapping[str, str]) -> None:
    _confine(limits, 0 if isinstance(source, ox.Store) else _CONNECTIONS)
    if isinstance(source, Dataset):
        source.text_search = partial(ask_scores, channel)
    most = _peak() + _GROWTH
    while (message := read_request(channel)) is not None:
        request, seconds = message
        signal.setitimer(signal.ITIMER_REAL, seconds + _SPARE)
        answer_one(channel, source, request, limits, prefixes, most)
        signal.setitimer(signal.ITIMER_REAL, 0)


def answer_one(
    channel: socket.socket,
    source: Source,
    request: QueryRequest,
    limits: Limits,
    prefixes: Mapping[str, str],
    most: float = math.inf,
) -> None:
    """Answer one query on a socket, or send the error that stopped it.

    Arguments:
        channel: the socket.
        source: as in `execute`.
        request: as in `execute`.
        limits: as in `execute`.
        prefixes: as in `execute`.
        most: bytes of memory; a process that had more should not be kept.

    """
    try:
        result = execute(source, request, limits, prefixes)
        send_result(channel, result, worn=_peak() > most)
    except KgError as error:
        send_error(channel, error)
    except MemoryError:
        send_error(channel, over_memory(limits))


def over_memory(limits: Limits) -> OverMemory:
    """Return the error for a query that wanted more memory than it may have."""
    what = f"the query took more than {limits.memory >> 20:,} MiB of memory"
    return OverMemory(what, hint="ask for less: fewer joins, no sorting of everything, a LIMIT", limit="memory")


def _confine(limits: Limits, connections: int = 0) -> None:
    """Take away what a query must not have: memory without end, and descriptors to connect with, but for some."""
    held = _address_space()
    if held:
        bound = held + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held_open = {number for number in range(1024) if _is_open(number)}
    highest = max(held_open)
    for number in set(range(highest)) - held_open:  # A free number below the limit could become a connection.
        os.dup2(min(held_open), number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + connections,) * 2)


def _peak() -> int:
    """Return the bytes of memory that this process had at most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _address_space() -> int:
    """Return the bytes of the address space, or 0 where the system does not say (macOS)."""
    if not sys.platform.startswith("linux"):
        return 0
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
