"""Who asks, where a proxy stands before the server: what it forwards is believed of named addresses alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kg.errors import SourceError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FOR, _PROTO, _HOST = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
_OTHERS: Final = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_BY", "HTTP_X_REAL_IP")
_MANY: Final = 4096  # Characters of X-Forwarded-For that are read.
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_UNKNOWN: Final = "kg.unknown_proxy"


class Networks:
    """A set of addresses.

    Arguments:
        names: addresses and networks, such as `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
        where: the setting that names them.

    Raises:
        SourceError: one of them is neither.

    """

    def __init__(self, names: Iterable[str], where: str) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for name in names:
            try:
                self._networks.append(ipaddress.ip_network(name, strict=False))
            except ValueError as error:
                hint = "for example 127.0.0.1 or 10.0.0.0/8"
                raise SourceError(f"no address and no network: {name[:100]}", where=where, hint=hint) from error
        self._holds = lru_cache(1024)(self._look)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: str) -> bool:
        return self._holds(address)

    def _look(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in one for one in self._networks)


class Proxies:
    """An application that sees the client and the public address, not those of the proxy.

    Of X-Forwarded-For the last address counts that is no trusted proxy: what stands before it, anybody can write. Of
    X-Forwarded-Proto and X-Forwarded-Host the last value counts, which the nearest proxy wrote. All are taken away.

    Arguments:
        app: the application.
        trusted: the proxies.
        site: public address; where it is given, links are made of it, whatever host a request names.

    """

    def __init__(self, app: WSGIApplication, trusted: Networks, site: str = "") -> None:
        self._app, self._trusted = app, trusted
        self._site = urlsplit(site)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with what the proxy forwards in its place."""
        told = {name: environ.pop(name) for name in (_FOR, _PROTO, _HOST, *_OTHERS) if name in environ}
        if told and environ.get("REMOTE_ADDR", "") in self._trusted:
            self._believe(environ, told)
        elif told:
            environ[_UNKNOWN] = True
        if self._site.netloc:
            environ["HTTP_HOST"], environ["wsgi.url_scheme"] = self._site.netloc, self._site.scheme
        return self._app(environ, start_response)

    def _believe(self, environ: WSGIEnvironment, told: dict[str, str]) -> None:
        environ["REMOTE_ADDR"] = self._client(told.get(_FOR, ""), environ["REMOTE_ADDR"])
        scheme = _last(told.get(_PROTO, "")).lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := _last(told.get(_HOST, "")):
            environ["HTTP_HOST"] = host

    def _client(self, chain: str, nearest: str) -> str:
        for one in reversed(chain[-_MANY:].split(",")):
            address = _address(one.strip())
            if not address:
                break
            nearest = address
            if address not in self._trusted:
                break
        return nearest


def _address(text: str) -> str:
    """Return an address without port and brackets, or nothing where it is none."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


class Seen:
    """Who may see what is for operators: `local` clients, `all`, nobody (`off`), or those of networks.

    Arguments:
        told: one of the three words, or networks separated by commas.

    Raises:
        SourceError: it is neither.

    """

    def __init__(self, told: str = "local") -> None:
        self._all, self._off = told == "all", told == "off"
        named = () if self._all or self._off else _LOOPBACK if told == "local" else told.replace(",", " ").split()
        self._networks = Networks(named, "--metrics")

    def by(self, environ: WSGIEnvironment) -> bool:
        """Return whether the sender of a request may see it; behind an unknown proxy, nobody is local."""
        if self._all or self._off:
            return self._all
        return environ.get("REMOTE_ADDR", "") in self._networks and not environ.get(_UNKNOWN)
