"""A request as the site answers it: read once where it comes in, and passed to all that helps to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Request

from kg.languages import LANGUAGES
from kg.web.site import Site

_LONGEST_TAG: Final = 35  # Characters of a language tag that are worth repeating (RFC 5646, section 4.4.1).


@dataclass(frozen=True)
class Context:
    """A request to the site.

    Attributes:
        site: what is served.
        request: as it came in.
        lang: language of the answer, `nl` or `en`.

    """

    site: Site
    request: Request
    lang: str

    @classmethod
    def from_request(cls, site: Site, request: Request) -> Context:
        """Return a request with its language: that of `lang=`, or else the browser's choice, or else Dutch."""
        lang = request.args.get("lang", "")
        return cls(
            site,
            request,
            lang if lang in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "nl",
        )

    @property
    def unavailable_language(self) -> str:
        """The language that `lang=` asks for and that is not there, or nothing."""
        lang = self.request.args.get("lang", "")
        return lang[:_LONGEST_TAG] if lang not in LANGUAGES else ""

    def label(self, iri: str) -> str:
        """Return the label of an IRI in the language of the answer, if there is one."""
        return self.site.labels.get(iri, self.lang)[0]

    def absolute(self, path: str) -> str:
        """Return the full URL of a path of this site."""
        return (self.site.address.site or self.request.host_url.rstrip("/")) + path
