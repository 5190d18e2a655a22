"""Advice on a career switch, made short: names for objects, the first of long lists, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kg.namespaces import ID
from kg.web.assistant.citations import Payload

_FIRST: Final = 6
_LISTS: Final = ("shared", "missing_essential", "missing_optional")
_ABOUT: Final = ("tables", "measures", "vacancies", "routes", "requirements", "qualifications")
_DIPLOMA: Final = 12


def brief(advice: Payload) -> tuple[Payload, list[str]]:
    """Return advice as it is told to an assistant, and the IRIs of the passages behind it."""
    nearest = [_match(match) for match in advice["nearest"]]
    passages = [each["id"] for match in advice["nearest"] for each in match["about"]["passages"][:2]]
    payload: Payload = {"asked": advice["q"], "from": [_start(start) for start in advice["from"]]}
    payload |= {"unmatched": [each["text"] for each in advice["unmatched"]]} if advice["unmatched"] else {}
    payload |= {key: _names(advice[key]) for key in ("skills", "jobs", "groups") if advice[key]}
    payload |= {"notes": advice["notes"]} if advice["notes"] else {}
    payload |= {"place": advice["place"]["basis"]} if advice["place"] else {}
    payload |= {"diploma": _diploma(advice["diploma"])} if advice["diploma"] else {}
    return payload | {"nearest": nearest, "kind_of_nearness": "mapping"}, list(dict.fromkeys(passages))


def _start(start: Payload) -> Payload:
    return {"job": _name(start), "level": start["level"], "climate_occupation_already": _names(start["climate"])}


def _match(match: Payload) -> Payload:
    about = match["about"]
    payload = {"occupation": _name(match["occupation"]), "step": match["word"], "reason": match["reason"]}
    payload |= {"level": match["level"]["line"], "through": f"{_name(match['via'])} ({match['via']['match']})"}
    payload |= {key: _names(match[key]) for key in _LISTS if match[key]}
    measures = [f"{_name(each)} ({'stated' if each['stated'] else 'inferred'})" for each in about["measures"]]
    about = about | {"measures": measures}
    return payload | {key: _names(about[key], 3) for key in _ABOUT if about[key]}


def _diploma(diploma: Payload) -> Payload:
    occupations = [
        {"occupation": _name(each["occupation"]), "asks": [_asked(asked) for asked in each["asks"][:3]]}
        for each in diploma["occupations"][:_DIPLOMA]
    ]
    found = {"occupations": occupations, "occupations_in_all": len(diploma["occupations"])}
    return {"text": diploma["text"], "named": _names(diploma["named"])} | found


def _asked(asked: Payload) -> str:
    """Return what an occupation asks, whether the diploma is enough as far as that is known, and who says so."""
    return f"{_name(asked['diploma'])}: fits {asked['fits']}, {asked['basis']}"


def _names(items: Sequence[Any], most: int = _FIRST) -> list[str]:
    more = [f"+{len(items) - most}"] if len(items) > most else []
    return [_name(item) for item in items[:most]] + more


def _name(item: Any) -> str:
    """Return a thing of an advice as text: its name, and its IRI where it is one of ours."""
    if not isinstance(item, Mapping):
        return str(item)
    if "name" not in item:
        return "; ".join(f"{key}: {_name(value)}" for key, value in item.items() if value not in (None, "", [], False))
    own = str(item.get("id", ""))
    return f"{item['name']} <{own.removeprefix(ID)}>" if own.startswith(ID) else str(item["name"])
