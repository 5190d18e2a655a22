"""Who asks, and under which name: of a request, named hosts alone are believed, of a proxy, named addresses alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kg.endpoint.settings import Settings
from kg.errors import SourceError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_FOR, _PROTO, _HOST = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
_OTHERS: Final = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_BY", "HTTP_X_REAL_IP")
_MANY: Final = 4096  # Characters of X-Forwarded-For that are read.
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_UNKNOWN: Final = "kg.unknown_proxy"
UNKNOWN_HOST: Final = "kg.unknown_host"
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "[::1]")
_LAST_PORT: Final = 65_535
_NAME: Final = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]")
_AUTHORITY: Final = re.compile(r"(.+?)(?::([0-9]{1,5}))?", re.DOTALL)


class Networks:
    """A set of addresses.

    Arguments:
        names: addresses and networks, such as `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
        where: the setting that names them.

    Raises:
        SourceError: one of them is neither.

    """

    def __init__(self, names: Iterable[str], where: str) -> None:
        self._networks = [_network(name, where) for name in names]
        self._is_member = lru_cache(1024)(self._find)

    def __contains__(self, address: str) -> bool:
        return self._is_member(address)

    def _find(self, address: str) -> bool:
        try:
            wanted = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(wanted in network for network in self._networks)


def _network(name: str, where: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError as error:
        hint = "for example 127.0.0.1 or 10.0.0.0/8"
        raise SourceError(f"no address and no network: {name[:100]}", where=where, hint=hint) from error


class Hosts:
    """The hosts under which a server is known, at any port: this machine, where it listens, `--site`, and others.

    (Those of werkzeug, TRUSTED_HOSTS of Flask, have no IPv6, and are asked after our cache.)

    Arguments:
        settings: `host`, `site` and `trusted_host`.

    Raises:
        SourceError: one of the others is no host.

    """

    def __init__(self, settings: Settings) -> None:
        own = f"[{settings.host}]" if ":" in settings.host else settings.host
        public = _AUTHORITY.fullmatch(urlsplit(settings.site).netloc)
        others = (own, public[1] if public else own, *settings.trusted_host)
        self.names = frozenset((*_THIS_MACHINE, *map(_host, others)))

    def __contains__(self, header: str | None) -> bool:
        """Return whether a Host header names one of them."""
        match = _AUTHORITY.fullmatch(header or "")
        return match is not None and match[1].lower() in self.names and int(match[2] or 0) <= _LAST_PORT


def _host(name: str) -> str:
    """Return a host as requests name it."""
    plain = ""
    with suppress(UnicodeError):
        plain = name.lower().encode("idna").decode()
    if not _NAME.fullmatch(plain):
        raise SourceError(f"no host: {name[:100]}", where="--trusted-host", hint="a name without port: example.org")
    return plain


class TrustedProxies:
    """Proxies that are believed: a request then says who the client is and the public address, not those of the proxy.

    A host under which the server is not known is taken away, and `environ["kg.unknown_host"]` says so: no response can
    repeat it.

    Of X-Forwarded-For the last address counts that is no trusted proxy: what stands before it, anybody can write. Of
    X-Forwarded-Proto and X-Forwarded-Host the last value counts, which the nearest proxy wrote. All are taken away.
    (ProxyHeadersMiddleware of uvicorn takes any text for an address and knows no host; ProxyFix of werkzeug
    counts proxies, and believes whoever asks.)

    Arguments:
        trusted: the proxies.
        hosts: by which requests may call the server.
        site: public address; where it is given, links are made of it, whatever host a request names.

    """

    def __init__(self, trusted: Networks, hosts: Hosts, site: str = "") -> None:
        self._trusted, self._hosts = trusted, hosts
        self._site = urlsplit(site)

    def read(self, environ: WSGIEnvironment) -> None:
        """Let a request say who asks, and under which name, once."""
        forwarded = {name: environ.pop(name) for name in (_FOR, _PROTO, _HOST, *_OTHERS) if name in environ}
        if forwarded and environ.get("REMOTE_ADDR", "") in self._trusted:
            self._believe(environ, forwarded)
        elif forwarded:
            environ[_UNKNOWN] = True
        if environ.get("HTTP_HOST", _THIS_MACHINE[0]) not in self._hosts:
            environ["HTTP_HOST"], environ[UNKNOWN_HOST] = _THIS_MACHINE[0], True
        if self._site.netloc:
            environ["HTTP_HOST"], environ["wsgi.url_scheme"] = self._site.netloc, self._site.scheme

    def _believe(self, environ: WSGIEnvironment, forwarded: dict[str, str]) -> None:
        for address in map(_address, reversed(forwarded.get(_FOR, "")[-_MANY:].split(","))):
            if not address:
                break
            environ["REMOTE_ADDR"] = address
            if address not in self._trusted:
                break
        scheme = _last(forwarded.get(_PROTO, "")).lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := _last(forwarded.get(_HOST, "")):
            environ["HTTP_HOST"] = host


def _address(text: str) -> str:
    """Return an address without port and brackets, or nothing where it is none."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()


class Viewers:
    """Who may see what is for operators: `local` clients, `all`, nobody (`off`), or those of networks.

    Arguments:
        setting: one of the three words, or networks separated by commas.

    Raises:
        SourceError: it is neither.

    """

    def __init__(self, setting: str = "local") -> None:
        self._all = setting == "all"
        names = {"all": (), "off": (), "local": _LOOPBACK}.get(setting)
        self._networks = Networks(setting.replace(",", " ").split() if names is None else names, "--metrics")

    def include(self, environ: WSGIEnvironment) -> bool:
        """Return whether the sender of a request may see it; behind an unknown proxy, nobody is local."""
        return self._all or (environ.get("REMOTE_ADDR", "") in self._networks and not environ.get(_UNKNOWN))
