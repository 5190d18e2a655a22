"""Where a back end is, and how it lets us in: URLs from options, name and password from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kg.errors import SourceError

USER: Final = "KG_BACKEND_USER"
PASSWORD: Final = "KG_BACKEND_PASSWORD"  # noqa: S105
_SCHEMES: Final = ("http", "https")


@dataclass(frozen=True)
class Credentials:
    """Name and password; neither is ever shown."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Credentials:
        """Return what `KG_BACKEND_USER` and `KG_BACKEND_PASSWORD` say."""
        return cls(environment.get(USER, ""), environment.get(PASSWORD, ""))


def read_url(url: str, option: str) -> SplitResult:
    """Return the parts of the URL of an endpoint.

    Raises:
        SourceError: no URL, another scheme, or a password in it.

    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= 32 for character in url):
        raise SourceError("no URL of an endpoint", where=option, hint="for example http://127.0.0.1:7878/query")
    if "@" in parts.netloc:
        hint = f"set {USER} and {PASSWORD} in the environment"
        raise SourceError("a URL with a name or password in it is not used", where=option, hint=hint)
    return parts


def without_query(url: str) -> str:
    """Return a URL as messages show it: without its query, which may hold a secret."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
