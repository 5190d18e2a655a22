"""Rows on a terminal: a coloured table where a person looks, plain columns elsewhere."""

from __future__ import annotations

import sys

from kg.queries.rows import Rows, Value


def print_rows(rows: Rows) -> None:
    """Print rows as a table: with rules and colour on a terminal, else with tabs between plain cells."""
    if sys.stdout.isatty():
        _print_rich(rows)
        return
    print("\t".join(rows.columns))
    for row in rows:
        print("\t".join(_cell(row[name]) for name in rows.columns))


def _print_rich(rows: Rows) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for name in rows.columns:
        numeric = any(isinstance(row[name], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[name])) for name in rows.columns))
    Console().print(table)


def _cell(value: Value) -> str:
    return "" if value is None else str(value).replace("\t", " ").replace("\n", " ")
