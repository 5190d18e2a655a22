"""Texts and numbers in the language of the reader.

`in_language` picks a text, `lang_attribute` says whether an element needs a `lang`, `format_number` writes a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

LANGUAGES: Final = ("nl", "en")
_SEPARATORS: Final = {"nl": str.maketrans(",.", ".,"), "en": {}}


def in_language(texts: Mapping[str, str], lang: str) -> str:
    """Return the text in a language, or else in nl, en, or any; empty where there is none."""
    tag = best_tag(texts, lang)
    return "" if tag is None else texts[tag]


def best_tag(texts: Mapping[str, str], lang: str) -> str | None:
    """Return the tag of the text that `in_language` picks, or None where there is no text."""
    return next((tag for tag in (lang, *LANGUAGES, *texts) if tag in texts), None)


def lang_attribute(tag: str, page: str) -> str:
    """Return the `lang` that an element needs on a page: empty where its text is in the language of the page."""
    return tag if tag != page else ""


def format_number(number: float | Decimal, lang: str) -> str:
    """Return a number in figures as a language writes it; a `Decimal` keeps its zeros at the end.

    >>> format_number(54000, "nl"), format_number(Decimal("5.20"), "nl"), format_number(-1234.5, "en")
    ('54.000', '5,20', '-1,234.5')
    """
    whole = isinstance(number, float) and number.is_integer()
    exact = Decimal(int(number)) if whole else Decimal(str(number))
    return f"{exact:,f}".translate(_SEPARATORS[lang])
