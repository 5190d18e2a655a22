"""Options that are settings too: given as a flag, in the environment, or in a table of `kg.toml`, in this order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SourceError
from kg.files import own_project, project_folder
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from kg.graph.build import Graph
    from kg.publications.texts import Texts

Command = Callable[..., None]


def project_option(what: str) -> Callable[[Command], Command]:
    """Return the option that names a project folder; `--house` is its name in version 0.1."""
    kind = click.Path(path_type=Path)
    return click.option(
        "--project", "--house", "project", type=kind, default=project_folder, help=f"{what}; default: ours."
    )


def own_project_option(command: Command) -> Command:
    """Add the option that names the project in which a command writes."""
    return click.option(
        "--project",
        "--house",
        "project",
        type=click.Path(path_type=Path),
        callback=lambda _context, _option, folder: own_project(folder),
        help="Project to write in; default: the one you are in, the nearest folder upwards with ontology/ and data/.",
    )(command)


def setting(flag: str, *names: str, **more: Any) -> Callable[[Command], Command]:
    """Return an option that the environment can set as well: `--max-rows` is `KG_MAX_ROWS`."""
    variable = "KG_" + flag[2:].replace("-", "_").upper()
    return click.option(flag, *names, envvar=variable, show_envvar=True, **more)


def limit_settings(command: Command) -> Command:
    """Add a setting for each limit."""
    for limit in reversed(Limits().listed):
        kind = click.FloatRange(min=0, min_open=True) if isinstance(limit.value, float) else click.IntRange(min=1)
        unit = f", in {limit.unit}" if limit.unit and limit.unit not in limit.what else ""
        text = f"Limit: {limit.what}{unit}."
        option = setting(limit.setting, limit.name, default=limit.value, show_default=True, type=kind, help=text)
        command = option(command)
    return command


def settings_file(table: str) -> Callable[[Command], Command]:
    """Return the option `--config`: the file whose table gives the settings that neither flag nor environment gives.

    Arguments:
        table: its name, as in `[serve]`, or `[tool.kg.serve]` in `pyproject.toml`.

    """

    def read(context: click.Context, _: click.Parameter, file: Path | None) -> None:
        from kg.validation.settings import read_table

        path, values = read_table(file or Path.cwd(), table)
        context.default_map = _checked(context, path, values) if path else {}

    return setting(
        "--config",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        expose_value=False,
        is_eager=True,
        callback=read,
        help=f"File with a table [{table}]; default: kg.toml or pyproject.toml here.",
    )


def _checked(context: click.Context, path: Path, values: dict[str, Any]) -> dict[str, Any]:
    from kg.validation.settings import unknown

    known = settings_of(context.command)
    checked = {}
    for name, value in values.items():
        if name not in known:
            raise unknown(name, known, path)
        try:
            value = [value] if known[name].multiple and isinstance(value, str) else value
            _check(context, known[name], value)
        except (click.BadParameter, TypeError) as error:
            raise SourceError(f"{name} cannot be {value!r}", where=str(path), hint=str(error)) from error
        checked[str(known[name].name)] = value
    return checked


def _check(context: click.Context, option: click.Option, value: Any) -> None:
    if isinstance(value, bool) != option.is_flag:
        raise TypeError("true and false are for switches, and nothing else is")
    option.type_cast_value(context, value)


def settings_of(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command that a file may set, by their names there."""
    options = (option for option in command.params if isinstance(option, click.Option))
    return {option.opts[0][2:]: option for option in options if option.name != "config"}


def texts_option(command: Command) -> Command:
    """Add `--text`, which may be given several times: each file is matched to its publication."""
    told = "Source text of a publication, to be quoted or checked: plain text, HTML or PDF; one for each."
    return click.option("--text", "texts", multiple=True, type=click.Path(path_type=Path), help=told)(command)


def texts_of(graph: Graph, files: Iterable[Path]) -> Texts:
    """Return the source texts in files, each with its publication."""
    from kg.publications.texts import Texts

    return Texts.read(files, graph.store)


def say_missing(texts: Texts) -> None:
    """Say on standard error which renditions lack passages, which are then not quoted."""
    for text in texts.texts:
        if text.missing:
            passages = f"{len(text.missing)} of {len(text.publication.passages)} passages"
            click.echo(f"kg: {text.path}: {passages} not found, and not quoted; kg evidence lists them", err=True)


def show_status(text: str) -> None:
    """Show on one line of the terminal what is being done, in the place of what stood there; nothing elsewhere."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", nl=False, err=True)
