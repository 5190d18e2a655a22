"""One connection to a back end: it ends at its deadline, reads no more than it may, and follows nobody.

http.client is enough here: it follows no redirects and reads no proxy from the environment. What it lacks is a deadline
for a whole exchange: its time-outs begin anew with each byte, and a server that drips would hold it for ever.
"""

from __future__ import annotations

import http.client
import math
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final
from urllib.request import (
    AbstractDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    parse_http_list,
    parse_keqv_list,
)

from kg.endpoint.backends.url import Credentials, read_url
from kg.errors import BadGateway, GatewayTimeout, TooLarge

_CONNECT: Final = 3.0  # Seconds for a connection; an address that drops packets is found out soon.
_CHUNK: Final = 1 << 18


@dataclass(frozen=True)
class Response:
    """What a back end sent.

    Attributes:
        status: of HTTP.
        headers: as they came.
        data: the body; of an error, its beginning.
        framed: whether HTTP told its length or its end; otherwise it may have been cut.

    """

    status: int
    headers: Message
    data: bytes
    framed: bool

    @property
    def kind(self) -> str:
        """Its media type."""
        return self.headers.get_content_type() if "Content-Type" in self.headers else ""


class _Clocked:
    """A socket that reads until a moment, however often a byte arrives."""

    until = math.inf

    def recv_into(self, *arguments: Any) -> int:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left if left < math.inf else None)  # type: ignore[attr-defined]
        return super().recv_into(*arguments)  # type: ignore[misc, no-any-return]


class _Plain(_Clocked, socket.socket):
    pass


class _Secure(_Clocked, ssl.SSLSocket):
    pass


class Connection:
    """A connection to the URL of an endpoint, kept open between exchanges; for one thread.

    Arguments:
        url: of the endpoint.
        credentials: used where the back end asks for it.

    """

    def __init__(self, url: str, credentials: Credentials) -> None:
        parts = read_url(url, "URL")
        self._host, self._secure = parts.netloc, parts.scheme == "https"
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._url, self._credentials = url, credentials
        self._connection: http.client.HTTPConnection | None = None
        self._challenge = ""
        self._digest: AbstractDigestAuthHandler | None = None

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def send(
        self,
        method: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float,
        most: int,
        more: str = "",
    ) -> Response:
        """Return the response to a request.

        Arguments:
            method: GET, POST, PUT, DELETE or HEAD; where a connection that was kept turns out closed, it is sent again.
            body: may be empty.
            headers: beside those of HTTP itself.
            seconds: for all of it, from connecting to the last byte.
            most: bytes of the body.
            more: what is added to the query of the URL.

        Raises:
            BadGateway: no connection, no HTTP, a response that was cut, a redirect, or no entry.
            GatewayTimeout: no connection or no whole response in time.
            TooLarge: a response over `most`.

        """
        until = time.monotonic() + seconds
        target = self._target + (("&" if "?" in self._target else "?") + more if more else "")
        response = self._exchange(method, target, body, dict(headers or {}), until, most)
        if response.status == http.client.UNAUTHORIZED and self._accepts(response.headers):
            response = self._exchange(method, target, body, dict(headers or {}), until, most)
        return response

    def _exchange(
        self, method: str, target: str, body: bytes, headers: dict[str, str], until: float, most: int
    ) -> Response:
        kept = self._connection is not None
        if self._challenge:
            headers["Authorization"] = self._authorization(method, target)
        try:
            return self._once(method, target, body, headers, until, most)
        except (ConnectionError, http.client.BadStatusLine) as error:
            self.close()
            if not kept:
                raise BadGateway("the back end closed the connection", hint="try again", retry=5) from error
        return self._exchange(method, target, body, headers, until, most)

    def _once(
        self, method: str, target: str, body: bytes, headers: dict[str, str], until: float, most: int
    ) -> Response:
        try:
            connection = self._connection or self._open(until)
            self._connection = connection
            connection.sock.until = until  # type: ignore[union-attr]
            connection.sock.settimeout(max(until - time.monotonic(), 0.001))
            connection.request(method, target, body or None, {"Accept-Encoding": "identity", **headers})
            response = connection.getresponse()
            framed = response.chunked or response.length is not None
            data = _read(response, most)
        except TimeoutError as error:
            self.close()
            raise GatewayTimeout("the back end did not answer in time", hint="try again later", retry=10) from error
        except (ConnectionError, http.client.BadStatusLine):
            raise
        except (http.client.HTTPException, OSError, ValueError) as error:
            self.close()
            raise BadGateway("the back end did not send a whole answer", hint="try again", retry=5) from error
        except TooLarge:
            self.close()
            raise
        if response.will_close:
            self.close()
        return Response(response.status, response.headers, data, framed)

    def _open(self, until: float) -> http.client.HTTPConnection:
        seconds = max(0.001, min(_CONNECT, until - time.monotonic()))
        if self._secure:
            context = ssl.create_default_context()
            context.sslsocket_class = _Secure
            connection: Any = http.client.HTTPSConnection(self._host, timeout=seconds, context=context)
        else:
            connection = http.client.HTTPConnection(self._host, timeout=seconds)
        try:
            connection.connect()
        except TimeoutError as error:
            raise GatewayTimeout("the back end takes no connection", hint="try again later", retry=10) from error
        except (OSError, ssl.SSLError) as error:
            raise BadGateway("the back end cannot be reached", hint="try again later", retry=10) from error
        if not self._secure:
            connection.sock = _Plain(fileno=connection.sock.detach())
        return connection  # type: ignore[no-any-return]

    def _accepts(self, headers: Message) -> bool:
        """Take up the strongest challenge of the back end (RFC 9110, section 11.6.1); return whether there is one."""
        if self._challenge or not self._credentials.user:
            return False
        offered = headers.get_all("WWW-Authenticate") or []
        for scheme in ("digest", "basic"):
            chosen = next((challenge for challenge in offered if challenge.lower().startswith(scheme + " ")), "")
            if chosen:
                self._challenge = chosen
                return True
        return False

    def _authorization(self, method: str, target: str) -> str:
        scheme, _, rest = self._challenge.partition(" ")
        user, password = self._credentials.user, self._credentials.password
        if scheme.lower() == "basic":
            return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        if self._digest is None:
            known = HTTPPasswordMgrWithDefaultRealm()
            known.add_password(None, self._url, user, password)
            self._digest = AbstractDigestAuthHandler(known)
        base = self._url.split("/", 3)
        request = Request("/".join(base[:3]) + target, method=method)  # noqa: S310
        try:
            return f"Digest {self._digest.get_authorization(request, parse_keqv_list(parse_http_list(rest)))}"
        except (ValueError, KeyError):  # The challenge is broken; the back end refuses the next request too.
            return "Digest"


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """Return the body of a response.

    Raises:
        http.client.IncompleteRead: it was cut.
        TooLarge: it is longer than it may be.

    """
    good = response.status < 300
    data = bytearray()
    while block := response.read(_CHUNK):
        data += block
        if len(data) > most:
            if not good:
                break
            hint = "add LIMIT and OFFSET, or ask for less"
            what = f"the answer of the back end has more than {most:,} bytes"
            raise TooLarge(what, hint=hint, limit="max_bytes")
    if good and response.length:
        raise http.client.IncompleteRead(bytes(data), response.length)
    return bytes(data)
