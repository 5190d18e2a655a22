"""What an owner says of a public site: its address, and where readers report a fact."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from kg.errors import SourceError


@dataclass(frozen=True)
class Address:
    """The settings of a public site.

    Attributes:
        site: URL under which the site is known, such as `https://example.org`; empty takes the host of the request.
        report: `mailto:` address or URL of new issues; empty leaves the link out.

    Raises:
        SourceError: one of them is no address.

    """

    site: str = ""
    report: str = ""

    def __post_init__(self) -> None:
        if self.site and not self.site.startswith(("http://", "https://")):
            raise SourceError(f"no web address: {self.site}", where="KG_SITE", hint="for example https://example.org")
        if self.report and not self.report.startswith(("https://", "http://", "mailto:")):
            hint = "a mailto: address, or the URL of new issues"
            raise SourceError(f"no address: {self.report}", where="KG_REPORT", hint=hint)

    def report_link(self, iri: str, title: str, body: str) -> str:
        """Return a link that begins a report on a thing, or nothing where no report is wanted."""
        if not self.report:
            return ""
        names = ("subject", "body") if self.report.startswith("mailto:") else ("title", "body")
        query = urlencode({names[0]: title, names[1]: f"{body}\n\n{iri}\n"}, quote_via=quote)
        return f"{self.report}{'&' if '?' in self.report else '?'}{query}"
