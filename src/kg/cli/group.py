"""The group `kg`, whose commands end with the exit code of the error that stopped them."""

from __future__ import annotations

import sys
from typing import Any

import click

from kg.errors import KgError

COULD_NOT_RUN = 2


class _Group(click.Group):
    """A group whose commands end with the exit code of the error that stopped them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KgError as error:
            click.echo(f"kg: {error.title}: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("kg: interrupted", err=True)
            sys.exit(COULD_NOT_RUN)
        except BrokenPipeError:
            sys.exit(COULD_NOT_RUN)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="klimaatbanen-kg", prog_name="kg")
def main() -> None:
    """The open knowledge graph of climate jobs: query, serve and validate it.

    Exit codes: 0 good, 1 findings, 2 could not run.
    """
