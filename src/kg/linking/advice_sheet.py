"""The advice on a career switch as a sheet that prints on one A4 (HTML), as Markdown, or as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from kg.languages import format_number
from kg.linking.advice import words
from kg.linking.career_switch import FAR
from kg.linking.climate_jobs import Payload

SHOWN: Final = 3
VACANCIES: Final = 2
FORMATS: Final = ("html", "md", "text")
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def render(
    advice: Payload,
    form: str,
    lang: str,
    day: date,
    sources: Mapping[str, str],
    style: str = "",
    css: str = "",
    address: str = "",
) -> str:
    """Return advice as a sheet.

    Arguments:
        advice: as `Advisor.advise` gives it.
        form: `html`, `md` or `text`.
        lang: `nl` or `en`, that of the advice.
        day: the day that stands on it.
        sources: publications by IRI, as they are cited; those on which what is shown rests stand on it.
        style: address of the style sheet of the page.
        css: its text instead, so that the page is one file.
        address: of the page that gives such advice, for who holds the paper.

    """
    template = _templates(form == "html", lang).get_template(f"sheet.{form}")
    shown = advice["nearest"] if form == "text" else _shown(advice["nearest"])
    abouts = [*(match["about"] for match in shown), *(one["about"] for one in _asking(advice))]
    month = words("months", lang).split()[day.month - 1]
    return template.render(
        advice=advice,
        lang=lang,
        day=f"{day.day} {month} {day.year}",
        nearest=shown,
        choose=_choose(advice),
        most=VACANCIES,
        others=[match for match in advice["nearest"] if match not in shown and match["step"] != FAR],
        sources=[cited for iri, cited in sources.items() if any(iri in about["publications"] for about in abouts)],
        counted=any(about["vacancies"][:VACANCIES] for about in abouts),
        style=style,
        css=css,
        address=address,
        t=lambda key, **values: words(key, lang, **values),
    )


def _shown(nearest: list[Payload]) -> list[Payload]:
    """Return the first matches, and the first after them to which a publication names a route where they have none."""
    first, rest = nearest[:SHOWN], nearest[SHOWN:]
    way = [] if any(match["about"]["routes"] for match in first) else [one for one in rest if one["about"]["routes"]]
    return first + [match for match in way if match["step"] != FAR][:1]


def _choose(advice: Payload) -> str:
    """Return the key of the words above the jobs to choose from."""
    named = any(job["named"] for job in advice["jobs"][:1])
    return "unmatched_choose" if advice["unmatched"] else "sheet_choose" if named else "sheet_near"


def _asking(advice: Payload) -> list[Payload]:
    return advice["diploma"]["occupations"] if advice["diploma"] else []


def grouped(skills: Iterable[Payload]) -> list[tuple[Payload | None, list[Payload]]]:
    """Return skills by their group, the group of the rarest first."""
    groups: dict[str, tuple[Payload | None, list[Payload]]] = {}
    for skill in skills:
        group = skill["group"]
        groups.setdefault(group["id"] if group else "", (group, []))[1].append(skill)
    return list(groups.values())


@cache
def _templates(escape: bool, lang: str) -> Environment:
    """Return the templates; those of Markdown and text take no markup and no control characters from names."""
    environment = Environment(
        loader=PackageLoader("kg.linking"),
        autoescape=escape,  # noqa: S701  (Markdown and text have filters of their own)
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"md": _escaped, "plain": _plain, "number": partial(format_number, lang=lang)}
    return environment


def _plain(value: Any) -> str:
    return _CONTROL.sub(" ", str(value))


def _escaped(value: Any) -> str:
    return _MARKUP.sub(r"\\\1", _plain(value))
