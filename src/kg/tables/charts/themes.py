"""Colours of charts, light and dark: told apart by the colour-blind, and from the paper by all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Theme:
    """The colours of a chart.

    Attributes:
        ink, muted, line, paper: text, titles of axes, grid, ground.
        marks: of groups, from Okabe and Ito's palette.
        shades: the ends of a scale; ink can be read on all of it.
        land: of a map.

    """

    ink: str
    muted: str
    line: str
    paper: str
    marks: tuple[str, ...]
    shades: tuple[str, str]
    land: str


THEMES: Final[Mapping[str, Theme]] = {
    "light": Theme(
        ink="#15241d",
        muted="#4f5f57",
        line="#d3ddd6",
        paper="#ffffff",
        marks=("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
        shades=("#dff0e9", "#86cbb0"),
        land="#e3ebe5",
    ),
    "dark": Theme(
        ink="#e6eeea",
        muted="#a8b8af",
        line="#33413a",
        paper="#161e1a",
        marks=("#56b4e9", "#e69f00", "#009e73", "#f0e442"),
        shades=("#1d3a2e", "#2b6b52"),
        land="#26332b",
    ),
}
