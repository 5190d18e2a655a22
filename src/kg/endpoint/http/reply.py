"""A whole response, whatever server it goes by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.client import responses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """A response: its status, headers and body."""

    status: int
    headers: Headers
    body: bytes

    @property
    def status_line(self) -> str:
        """The status with its phrase, as WSGI wants it."""
        return f"{self.status} {responses.get(self.status, 'Error')}"

    def header(self, name: str) -> str:
        """Return the value of a header, by its name in small letters; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @classmethod
    def from_wsgi(cls, app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
        """Return the response of an application that returns all it has to say (PEP 3333)."""
        status, headers = "", Headers()

        def start(line: str, fields: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal status, headers
            del exc_info
            status, headers = line, fields
            return bytes  # The write callable, which the application does not use.

        parts = app(environ, start)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return cls(int(status[:3]), headers, body)
