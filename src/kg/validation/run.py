"""From settings and options to a plan, and from a plan to a report: read from the cache, or made and kept there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kg import fingerprint
from kg.errors import SourceError
from kg.files import FOLDERS, project_around
from kg.graph.sources import find_sources
from kg.namespaces import ID, KB, ONTOLOGY_GRAPH
from kg.validation import report_cache
from kg.validation.check import Plan, check
from kg.validation.documents import QUERY, VIEWS_GRAPH, Input, find_inputs, relative_to_here
from kg.validation.findings import Report
from kg.validation.settings import Settings

_MEGA: Final = 1_000_000
_NOTHING: Final = "nothing is named, and data/ and shapes/ do not stand here"
_PACKAGED: Final = f"{_NOTHING}: what the package brings was checked"
_FOLDERS: Final = ("ontology", "data", "queries")


def make_plan(settings: Settings, paths: Sequence[Path], project: Path, *, packaged: bool = True) -> Plan:
    """Return what to check.

    Given paths win over the settings, those over the current folder where it has data and shapes, and that over the
    whole of the project. Where our own shapes check them, the rest of the project in which they lie completes the
    graph, and elsewhere our ontology; where a question stands alone, the graph of the project answers it.

    Arguments:
        settings: of `kg.toml` or `pyproject.toml`, and the options over them.
        paths: what is named.
        project: what the package brings.
        packaged: whether that is checked where nothing is named and nothing stands in the current folder.

    Raises:
        SourceError: nothing to check, a path that is missing or of no known format.

    """
    notes: tuple[str, ...] = ()
    if not (paths or settings.data):
        settings, project, notes = _nothing_named(settings, project, packaged=packaged)
    given_paths = list(paths) or [Path(name) for name in settings.data]
    ours = not settings.shapes
    around = _project_of(given_paths) if ours else None
    project = around if around and (around / "shapes").is_dir() else project
    shapes = [project / "shapes"] if ours else [Path(name) for name in settings.shapes if name]
    context = find_inputs([Path(name) for name in settings.context], checked=False)
    views = find_inputs([project / "views"], graph=VIEWS_GRAPH) if (project / "views").is_dir() else []
    if given_paths:
        own_views = {item.path for item in views}
        inputs = [
            replace(item, graph=VIEWS_GRAPH) if item.path in own_views else item for item in find_inputs(given_paths)
        ]
        rest = [item for item in _all(around) if item.holds_rdf] if around else _ontology(project) if ours else []
        graph = [replace(item, checked=False) for item in rest]
        if any(item.path in own_views for item in inputs):
            graph += [replace(item, checked=False) for item in views]
    else:
        inputs, graph = [*_all(project), *views], []
    alone = not given_paths or (ours and not any(item.holds_rdf for item in inputs))
    if alone and given_paths:
        graph = [replace(item, checked=False) for item in _all(project) if item.suffix != QUERY]
    known = {item.path for item in inputs}
    return Plan(
        inputs=[*inputs, *(item for item in (*graph, *context) if item.path not in known)],
        shapes=shapes,
        project=project if alone else None,
        namespaces=settings.namespaces or ((ID, KB) if ours else ()),
        only=settings.only,
        skip=settings.skip,
        engine=settings.engine,
        limit=settings.time_limit,
        max_bytes=settings.max_size * _MEGA,
        fail_on=settings.fail_on,
        lang=settings.lang,
        notes=notes,
    )


def _nothing_named(settings: Settings, project: Path, *, packaged: bool) -> tuple[Settings, Path, tuple[str, ...]]:
    """Return settings, project and notes where no data is named: of the current folder, if it has data and shapes."""
    here = Path.cwd()
    if here.resolve() == project.resolve() or (not settings.shapes and all((here / name).is_dir() for name in FOLDERS)):
        return settings, here, ()
    if all((here / name).is_dir() for name in ("data", "shapes")):
        return replace(settings, data=("data",), shapes=settings.shapes or ("shapes",)), project, ()
    if not packaged:
        hint = "name files or folders, or let kg validate --init write settings"
        raise SourceError(_NOTHING, where=str(here), hint=hint)
    return settings, project, (_PACKAGED,)


def _project_of(paths: Sequence[Path]) -> Path | None:
    """The project in whose data/, queries/ or views/ all paths lie; none where they lie in none or in two."""
    projects = {project_around(path) for path in paths}
    project = projects.pop() if len(projects) == 1 else None
    folders = [project / name for name in ("data", "queries", "views")] if project else []
    inside = (any(path.absolute().is_relative_to(folder) for folder in folders) for path in paths)
    return project if all(inside) else None


def _ontology(project: Path) -> list[Input]:
    return [item for item in find_inputs([project / "ontology"], graph=ONTOLOGY_GRAPH) if item.suffix != QUERY]


def _all(project: Path) -> list[Input]:
    """The files of a project: those of the graph, each in its graph, then mappings and questions."""
    graph = [Input(relative_to_here(source.path), source.graph) for source in find_sources(project)]
    known = {item.path for item in graph}
    others = [item for item in find_inputs([project / "data", project / "queries"]) if item.path not in known]
    return [*graph, *others]


def run(plan: Plan, *, cached: bool = True) -> Report:
    """Return the report of a plan, from the cache where nothing has changed.

    Raises:
        SourceError: as `kg.validate.check`.

    """
    if not cached:
        return check(plan)
    key = fingerprint.key_of(_files(plan), _settings_of(plan))
    cached_report = report_cache.load(key)
    if cached_report is not None:
        return replace(cached_report, fail_on=plan.fail_on)
    shapes = fingerprint.key_of(_shape_files(plan), ["shapes"])
    report = check(replace(plan, shapes_checked=report_cache.load(shapes) is not None))
    report_cache.save(key, report)
    if any(rule.kind == "shape" for rule in report.rules):
        report_cache.save(shapes, Report((), (), ()))
    return report


def _settings_of(plan: Plan) -> Iterator[str]:
    settings: Any = replace(plan, inputs=(), shapes=(), project=None, fail_on="")
    yield repr(settings)
    yield from (f"{item.path} {item.graph} {item.checked}" for item in plan.inputs)


def _shape_files(plan: Plan) -> Iterator[Path]:
    for folder in plan.shapes:
        yield from sorted([*folder.glob("*.*"), *folder.glob("checks/*.rq")]) if folder.is_dir() else [folder]


def _files(plan: Plan) -> Iterator[Path]:
    for item in plan.inputs:
        yield item.path
        if item.suffix == QUERY:
            yield item.path.with_suffix(".csv")
    yield from _shape_files(plan)
    if plan.project is not None:
        for name in _FOLDERS:
            yield from sorted(path for path in (plan.project / name).rglob("*") if path.is_file())
