"""Errors that say where, what, and what to do; every room raises these."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

_FIELDS: Final = ("what", "where", "line", "column", "hint", "limit", "retry")


class KgError(Exception):
    """A problem that a person can mend.

    Arguments:
        what: the sentence that says what is wrong.
        where: file, route, option or focus node concerned; empty when there is none.
        line: line in `where`, from 1, when known.
        column: column in that line, from 1, when known.
        hint: what to do about it.
        limit: the limit that was exceeded, by its name in `kg.queries.limits`; empty when there is none.
        retry: seconds after which trying again makes sense.

    """

    title = "Error"
    status = 500  # Of HTTP.
    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        line: int | None = None,
        column: int | None = None,
        hint: str = "",
        limit: str = "",
        retry: int | None = None,
    ) -> None:
        self.what, self.where, self.line, self.column, self.hint = what, where, line, column, hint
        self.limit, self.retry = limit, retry
        super().__init__(str(self))

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.where, self.line, self.column) if part not in ("", None))
        sentence = f"{place}: {self.what}" if place else self.what
        return f"{sentence}\n  hint: {self.hint}" if self.hint else sentence

    def to_json(self) -> dict[str, Any]:
        """Return the error as JSON can hold it, to send it to another process."""
        return {"kind": type(self).__name__} | {name: getattr(self, name) for name in _FIELDS}

    @staticmethod
    def from_json(payload: Mapping[str, Any]) -> KgError:
        """Return the error that `to_json` made into a payload."""
        fields = dict(payload)
        kind: type[KgError] = globals()[fields.pop("kind")]
        return kind(**fields)


def install_hint(extra: str) -> str:
    """Return the command that installs what an extra of this package needs, by the names of those packages.

    No index holds this package, so a command that named it would install what somebody else calls so.

    Arguments:
        extra: its name in `pyproject.toml`.

    """
    marked = (line.partition(";") for line in metadata.requires("klimaatbanen-kg") or ())
    needed = [name.strip() for name, _, marker in marked if marker.replace('"', "'").endswith(f"extra == '{extra}'")]
    return " ".join(("pip install", *(f"'{name}'" for name in needed)))


class SourceError(KgError):
    """A file or folder that cannot be read as what it should be."""

    title = "Broken source"


class QueryError(KgError):
    """A query that is not SPARQL, or asks for what does not exist."""

    title = "Malformed query"
    status = 400


class UnknownValue(QueryError):
    """A parameter that a saved question does not have, or a value that it cannot take."""

    title = "Unknown value"


class UnknownHost(QueryError):
    """A request names a host under which the server is not known."""

    title = "Unknown host"


class Refused(KgError):
    """A query that is understood and not allowed."""

    title = "Refused"
    status = 403


class TooLarge(KgError):
    """A request that is over a limit."""

    title = "Too large"
    status = 413


class UrlTooLong(TooLarge):
    """A URL that is over its limit."""

    title = "URI too long"
    status = 414


class TooMany(KgError):
    """More requests of one client than it may send at once."""

    title = "Too many requests"
    status = 429


class NotFound(KgError):
    """A name or IRI that is not there."""

    title = "Not found"
    status = 404


class NotAcceptable(KgError):
    """A format that is not offered."""

    title = "Not acceptable"
    status = 406


class UnsupportedBody(KgError):
    """A request body that is neither a form nor a query."""

    title = "Unsupported media type"
    status = 415


class Unavailable(KgError):
    """A port, library or service that is missing or taken."""

    title = "Unavailable"
    status = 503


class OverTime(Unavailable):
    """A query that took longer than it may."""

    title = "Time is over"


class NoPlace(Unavailable):
    """A query for which no place is free."""

    title = "Busy"


class OverMemory(Unavailable):
    """A query that took more memory than it may."""

    title = "Memory is over"


class BadGateway(KgError):
    """A back end that refuses, fails, or sends what is no whole answer."""

    title = "Bad gateway"
    status = 502


class GatewayTimeout(KgError):
    """A back end that does not answer."""

    title = "Gateway time-out"
    status = 504


class ClientGone(KgError):
    """A client that left before its answer was ready; nobody reads this."""

    title = "Client closed the request"
    status = 499
