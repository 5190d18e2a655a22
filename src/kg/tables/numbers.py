"""Numbers and dates as people write them in Dutch and in English."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from kg.languages import format_number
from kg.queries.rows import Value

_TRUTH: Final = {"nl": ("nee", "ja"), "en": ("no", "yes")}


def format_value(value: Value, lang: str) -> str:
    """Return a value as text: 54.000 and 5,2 in Dutch, 54,000 and 5.2 in English; dates in full figures; yes or no.

    >>> [format_value(value, "nl") for value in (54000, 9950, Decimal("5.20"))], format_value(54000, "en")
    (['54.000', '9.950', '5,2'], '54,000')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return _TRUTH[lang][value]
    if isinstance(value, (int, float, Decimal)):
        return format_number(Decimal(str(value)).normalize() + 0, lang)
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value.day}-{value.month}-{value.year}" if lang == "nl" else value.isoformat()
    return str(value)
