"""What an operator sets of `kg serve`: built once by the command, and passed on whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from kg.queries.limits import Limits

_LOG_KEY: Final = "KG_LOG_KEY"
_LIMITS: Final = frozenset(limit.name for limit in fields(Limits))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a server: each is the option of `kg serve` of that name, whose help says what it does.

    Attributes:
        limits: the options that are limits.
        esco: the option `--with`.

    """

    limits: Limits = field(default_factory=Limits)
    host: str = "127.0.0.1"
    port: int = 8000
    text: tuple[Path, ...] = ()
    store: Path | None = None
    esco: Path | None = None
    backend: str | None = None
    site: str = ""
    report: str = ""
    publisher: str = ""
    publisher_iri: str = ""
    contact: str = ""
    cache: int = 128 << 20
    access_log: str = ""
    slow_log: str = ""
    slow_seconds: float = 1.0
    log_key: str = field(default_factory=lambda: os.urandom(16).hex(), repr=False)
    metrics: str = "local"
    trusted_proxy: tuple[str, ...] = ()
    trusted_host: tuple[str, ...] = ()
    watch: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Settings:
        """Return the settings that a command was given; a random key of logs is kept for the servers that follow.

        Arguments:
            options: by name, limits among them; the command has read flags, environment and file.

        """
        limits = Limits(**{name: value for name, value in options.items() if name in _LIMITS})
        others = {name: value for name, value in options.items() if name not in _LIMITS}
        others["log_key"] = others["log_key"] or os.environ.setdefault(_LOG_KEY, os.urandom(16).hex())
        return cls(limits=limits, **others)
