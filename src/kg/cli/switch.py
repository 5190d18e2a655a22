"""The command that advises on career switches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.cli.group import main
from kg.cli.options import show_status

if TYPE_CHECKING:
    from kg.graph.build import Graph
    from kg.labels import Labels
    from kg.linking.advice import Advisor

_FORMS = ("text", "json", "csv", "md", "html")
_LISTS = ("shared", "missing_essential", "missing_optional")
_COUNTS = ("essentialHad", "essentialAsked", "optionalHad", "optionalAsked")
_OCCUPATION = ("occupation", "occupationLabel")
_MATCHES = (*_OCCUPATION, "step", "score", "level", "levelsHigher", "via", "viaLabel", *_COUNTS, *_LISTS)
_ASKS = (*_OCCUPATION, "diploma", "level", "levelFits", "basis", "code", "requirement")


@main.command()
@click.argument("origins", metavar="[FROM]...", nargs=-1)
@click.option("--skill", "skills", multiple=True, help="A skill besides, by IRI or a name of ESCO; may be repeated.")
@click.option("--diploma", default="", help="A qualification by IRI: qualification/technicus-engineering.")
@click.option("--place", default="", help="Only what the graph ties to a cluster or region: cluster/zeeland.")
@click.option("--with", "imported", type=click.Path(path_type=Path), help="ESCO as kg import wrote it; else ours.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Its language.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Occupations to show.")
@click.option("--format", "form", type=click.Choice(_FORMS), default="text", show_default=True)
def switch(
    origins: tuple[str, ...],
    skills: tuple[str, ...],
    diploma: str,
    place: str,
    imported: Path | None,
    lang: str,
    limit: int,
    form: str,
) -> None:
    """Show the climate occupations nearest to FROM: a job or a diploma in words, or the IRI of an occupation.

    What someone has of what each asks, what is missing, and where it is learnt; md and html are a sheet of one A4.
    """
    from kg.files import project_folder
    from kg.graph.cache import read_or_build
    from kg.linking.advice import Advisor, Asked
    from kg.queries.question import find_questions

    if not origins and not skills and not diploma:
        raise click.UsageError("give FROM, --diploma, or one or more --skill")
    graph = read_or_build(project_folder())
    advisor = Advisor.open(graph, find_questions(project_folder() / "queries"), imported, _show_progress)
    show_status("")
    text, jobs = _starts(advisor, origins, lang)
    advice = advisor.advise(Asked(text, jobs, skills, diploma, place), lang, limit)
    _check(advice)
    click.echo(_render(advice, form, graph, advisor.labels, lang).rstrip("\n"))


def _starts(advisor: Advisor, origins: Sequence[str], lang: str) -> tuple[str, tuple[str, ...]]:
    """Return the text to understand, and the IRIs of jobs: those given, and those that a text plainly names."""
    jobs, texts = [], []
    for origin in origins:
        is_iri = "/" in origin
        named = [] if is_iri or len(origins) == 1 else advisor.starts.named(origin, lang)
        plain = advisor.starts.plain(named)
        if is_iri or plain:
            jobs.append(plain.iri if plain else origin)
        else:
            texts.append(origin)
    return " ".join(texts), tuple(jobs)


def _check(advice: dict[str, Any]) -> None:
    """Raise what a script must hear: nothing is called so, several jobs are, or none of ESCO belongs to it."""
    from kg.errors import NotFound

    if advice["from"] or advice["skills"] or advice["diploma"]:
        return
    unmatched = ", ".join(job["name"] for job in advice["unmatched"])
    near = "; ".join(f"{job['name']} <{job['id']}>" for job in advice["jobs"])
    named = bool(advice["jobs"]) and advice["jobs"][0]["named"]
    what = "several jobs are called" if named else "no job or diploma is called"
    hint = f"{'give one by IRI' if named else 'near'}: {near}" if near else "give another word, or the IRI"
    if unmatched:
        raise NotFound(f"no occupation of ESCO belongs to {unmatched}: there are no skills to compare", hint=hint)
    raise NotFound(f"{what} {advice['q'][:200]}", hint=hint)


def _render(advice: dict[str, Any], form: str, graph: Graph, labels: Labels, lang: str) -> str:
    from datetime import UTC, datetime
    from importlib import resources

    from kg.linking.advice_sheet import render
    from kg.publications.passages import find_publications

    if form == "json":
        return json.dumps(advice, ensure_ascii=False, indent=1)
    if form == "csv":
        return _csv(advice)
    sources = {each.iri: labels.get(each.iri, lang)[0] for each in find_publications(graph.store)}
    css = (resources.files("kg.web") / "static" / "sheet.css").read_text(encoding="utf-8") if form == "html" else ""
    return render(advice, form, lang, datetime.now(UTC).date(), sources, css=css)


def _csv(advice: dict[str, Any]) -> str:
    from kg.tables.csv import safe

    columns, rows = (_ASKS, _asks(advice["diploma"])) if advice["diploma"] else (_MATCHES, _matches(advice["nearest"]))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([[safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])
    return buffer.getvalue()


def _matches(matches: list[dict[str, Any]]) -> Iterator[list[str | int | None]]:
    """Yield a row for each occupation, the nearest first."""
    for match in matches:
        occupation, via, level = match["occupation"], match["via"], match["level"]
        counts = [match[kind][count] for kind in ("essential", "optional") for count in ("had", "asked")]
        named = [match["step"], match["score"], level["target"], level["higher"], via["id"], via["name"]]
        skills = ["; ".join(skill["name"] for skill in match[name]) for name in _LISTS]
        yield [occupation["id"], occupation["name"], *named, *counts, *skills]


def _asks(diploma: dict[str, Any]) -> Iterator[list[str]]:
    """Yield a row for each way in which an occupation asks for a diploma."""
    for one in diploma["occupations"]:
        for ask in one["asks"]:
            name, level, requirement = (
                ask[key]["name"] if ask[key] else "" for key in ("diploma", "level", "requirement")
            )
            code = ask["through"]["code"] if ask["through"] else ""
            occupation = one["occupation"]
            yield [occupation["id"], occupation["name"], name, level, ask["fits"], ask["basis"], code, requirement]


def _show_progress(name: str, rows: int) -> None:
    show_status(f"{name}: {rows:,}")
