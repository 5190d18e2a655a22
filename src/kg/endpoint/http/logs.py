"""The logs, as lines of JSON: answers without query text or whole address, slow queries on request, troubles.

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
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Any, Final, TextIO

from kg.endpoint.http.request_record import Note
from kg.endpoint.settings import Settings
from kg.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_OWN: Final = "kg"
_ACCESS, _SLOW = "kg.access", "kg.slow"
_WAITING: Final = 10_000  # Lines that wait to be written; where the disk is slower than that, lines are lost.
_NOTICE: Final = "this file holds the text of queries, which may say who asked: keep it short, and to yourself"
_FRAMES: Final = 12
STANDARD: Final = "-"


class Journal:
    """The logs of a server; lines are written by a thread of their own, so that no answer waits for a disk.

    Arguments:
        settings: which logs there are.

    Raises:
        Unavailable: a file cannot be written.

    """

    def __init__(self, settings: Settings) -> None:
        self._slow_seconds = settings.slow_seconds
        self._key = blake2b(settings.log_key.encode()).digest()
        self._access = self._open(_ACCESS, settings.access_log) if settings.access_log else None
        self._slow = self._open(_SLOW, settings.slow_log) if settings.slow_log else None
        if self._slow:
            self._slow.info("", extra={"kg": {"time": _now(), "note": _NOTICE}})

    def record(self, environ: WSGIEnvironment, note: Note, status: str, seconds: float, size: int) -> None:
        """Log an answer."""
        slow = self._slow is not None and note.asked is not None and seconds >= self._slow_seconds
        if self._access is None and not slow:
            return
        line = {
            "time": _now(),
            "client": network(environ.get("REMOTE_ADDR", "")),
            "method": environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else "other",
            "route": note.route,
            "kind": note.kind,
            "status": int(status),
            "seconds": round(seconds, 4),
            "bytes": size,
            "rows": note.answered.rows if note.answered else None,
            "effort": note.effort,
            "limit": note.limit,
            "query": blake2b(note.key, key=self._key, digest_size=8).hexdigest() if note.key else "",
        }
        line = {name: value for name, value in line.items() if value not in ("", None)}
        if self._access:
            self._access.info("", extra={"kg": line})
        if slow and self._slow and note.asked:
            dataset = {"default-graph-uri": note.asked.default_graphs, "named-graph-uri": note.asked.named_graphs}
            told = line | {"text": note.asked.text} | {name: value for name, value in dataset.items() if value}
            self._slow.info("", extra={"kg": told})

    def _open(self, name: str, place: str) -> logging.Logger:
        try:
            handler = logging.StreamHandler(sys.stderr) if place == STANDARD else _file(Path(place))
        except OSError as error:
            hint = "name a file that can be written"
            raise Unavailable(f"cannot write the log: {error.strerror}", where=place, hint=hint) from error
        handler.setFormatter(_Lines())
        waiting: Queue[Any] = Queue(_WAITING)
        listener = QueueListener(waiting, handler)
        listener.start()
        atexit.register(listener.stop)
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [_Waiting(waiting)]
        return logger


_METHODS: Final = frozenset(("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"))


def _file(path: Path) -> logging.Handler:
    """Return what appends to a file that only its owner may read; it begins a new one where that was moved away."""
    return _Own(path, encoding="utf-8")


class _Own(WatchedFileHandler):
    def _open(self) -> TextIO:  # type: ignore[override]
        return open(self.baseFilename, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))


class _Waiting(QueueHandler):
    """Puts lines in the queue as they are; where it is full they are lost, and nobody waits."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except Full:
            return


class _Lines(logging.Formatter):
    """A record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told: Mapping[str, Any] | None = getattr(record, "kg", None)
        return json.dumps(told if told is not None else _trouble(record), ensure_ascii=False)


def _trouble(record: logging.LogRecord) -> dict[str, Any]:
    own = record.name.partition(".")[0] == _OWN
    told: dict[str, Any] = {"time": _now(), "level": record.levelname.lower(), "logger": record.name}
    told["message"] = record.getMessage() if own else _template(record)
    if record.exc_info and record.exc_info[1]:
        told |= described(record.exc_info[1])
    return told


def _template(record: logging.LogRecord) -> str:
    """Return where a message of another program comes from: its text may hold what a client sent."""
    return f"{Path(record.pathname).name}:{record.lineno} {record.funcName}"


def described(error: BaseException) -> dict[str, Any]:
    """Return type and place of an error, without its message, which may hold what a client sent."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return {"error": type(error).__name__, "at": places}


def keep_troubles() -> None:
    """Let all that other programs and threads log go to standard error as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.handlers = [handler]
    logging.captureWarnings(capture=True)
    threading.excepthook = lambda told: _unexpected(told.exc_value)
    sys.unraisablehook = lambda told: _unexpected(told.exc_value)


def _unexpected(error: BaseException | None) -> None:
    if error is not None:
        logging.getLogger(_OWN).error("unexpected error", exc_info=error)


@lru_cache(4096)
def network(address: str) -> str:
    """Return the network of an address, /24 or /48; empty where it is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, bits), strict=False))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
