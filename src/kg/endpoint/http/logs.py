"""The logs, as lines of JSON: answers without query text or whole address, slow queries on request, errors.

Nothing of what a client sent is logged but in the log of slow queries, which says so: of other programs' messages only
the place is written, of exceptions only type and place.
"""

from __future__ import annotations

import atexit
import ipaddress
import json
import logging
import os
import sys
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from logging.handlers import QueueListener, WatchedFileHandler
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Any, Final, TextIO

from kg.endpoint.http.request_record import RequestRecord
from kg.endpoint.settings import Settings
from kg.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_OWN: Final = "kg"
_WAITING: Final = 10_000  # Lines that wait to be written; where the disk is slower than that, lines are lost.
_NOTICE: Final = "this file holds the text of queries, which may say who asked: keep it short, and to yourself"
_STACK: Final = 12  # Lines of a traceback.
_STANDARD_ERROR: Final = "-"
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"))


class RequestLog:
    """The logs of requests; lines are written by a thread of their own, so that no answer waits for a disk.

    Arguments:
        settings: which logs there are.

    Raises:
        Unavailable: a file cannot be written.

    """

    def __init__(self, settings: Settings) -> None:
        self._slow_seconds = settings.slow_seconds
        self._key = blake2b(settings.log_key.encode()).digest()
        self._access = _Lines(settings.access_log) if settings.access_log else None
        self._slow = _Lines(settings.slow_log) if settings.slow_log else None
        if self._slow:
            self._slow.write({"time": _now(), "note": _NOTICE})

    def write(self, environ: WSGIEnvironment, record: RequestRecord, status: int, seconds: float, size: int) -> None:
        """Log a response."""
        slow = self._slow is not None and record.query is not None and seconds >= self._slow_seconds
        if self._access is None and not slow:
            return
        members = {
            "time": _now(),
            "client": network(environ.get("REMOTE_ADDR", "")),
            "method": environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else "other",
            "route": record.route,
            "kind": record.kind,
            "status": status,
            "seconds": round(seconds, 4),
            "bytes": size,
            "rows": record.result.rows if record.result else None,
            "effort": record.effort,
            "limit": record.limit,
            "query": blake2b(record.key, key=self._key, digest_size=8).hexdigest() if record.key else "",
        }
        line = {name: value for name, value in members.items() if value not in ("", None)}
        if self._access:
            self._access.write(line)
        if slow and self._slow and record.query:
            dataset = {"default-graph-uri": record.query.default_graphs, "named-graph-uri": record.query.named_graphs}
            query = {"text": record.query.text} | {name: value for name, value in dataset.items() if value}
            self._slow.write(line | query)


class _Lines:
    """Lines of JSON that a thread of their own writes; where too many wait they are lost, and nobody waits.

    Arguments:
        path: of a file, or `-`.

    Raises:
        Unavailable: the file cannot be written.

    """

    def __init__(self, path: str) -> None:
        try:
            handler = logging.StreamHandler(sys.stderr) if path == _STANDARD_ERROR else _PrivateFile(path)
        except OSError as error:
            hint = "name a file that can be written"
            raise Unavailable(f"cannot write the log: {error.strerror}", where=path, hint=hint) from error
        self._waiting: Queue[Any] = Queue(_WAITING)
        listener = QueueListener(self._waiting, handler)
        listener.start()
        atexit.register(listener.stop)

    def write(self, members: dict[str, Any]) -> None:
        """Write an object."""
        with suppress(Full):
            self._waiting.put_nowait(logging.makeLogRecord({"msg": _json(members)}))


class _PrivateFile(WatchedFileHandler):
    """Appends to a file that only its owner may read, and begins a new one where that was moved away."""

    def _open(self) -> TextIO:  # type: ignore[override]
        return open(self.baseFilename, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))


class _OtherMessages(logging.Formatter):
    """A message of another program or thread as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.partition(".")[0] == _OWN
        members: dict[str, Any] = {"time": _now(), "level": record.levelname.lower(), "logger": record.name}
        members["message"] = record.getMessage() if own else _origin(record)
        if record.exc_info and record.exc_info[1]:
            members |= describe_error(record.exc_info[1])
        return _json(members)


def _origin(record: logging.LogRecord) -> str:
    """Return where a message of another program comes from: its text may hold what a client sent."""
    return f"{Path(record.pathname).name}:{record.lineno} {record.funcName}"


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return type and place of an error, without its message, which may hold what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)[-_STACK:]
    lines = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "at": lines}


def log_errors() -> None:
    """Let all that other programs and threads log go to standard error as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OtherMessages())
    logging.getLogger().handlers = [handler]
    logging.captureWarnings(capture=True)
    threading.excepthook = lambda unhandled: _unexpected(unhandled.exc_value)
    sys.unraisablehook = lambda unhandled: _unexpected(unhandled.exc_value)


def _unexpected(error: BaseException | None) -> None:
    if error is not None:
        logging.getLogger(_OWN).error("unexpected error", exc_info=error)


@lru_cache(4096)
def network(address: str) -> str:
    """Return the network of an address, /24 or /48; empty where it is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(members: dict[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False)
