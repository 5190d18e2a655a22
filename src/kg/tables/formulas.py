"""Text in spreadsheets: nothing that a publication or a label says may run as a formula."""

from __future__ import annotations

import re
from typing import Final

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, wide forms included (OWASP).
_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*\s?%?")


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a text that begins like one gets an apostrophe.

    >>> safe("=1+1"), safe("-62"), safe("-62%"), safe("- los")
    ("'=1+1", '-62', '-62%', "'- los")
    """
    return f"'{cell}" if cell.startswith(_BEGINS) and not _NUMBER.fullmatch(cell) else cell
