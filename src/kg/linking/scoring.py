"""The scorer: how like a text the labels of a thing are, as features that explain the score, with learned weights.

All features are shares, 0 to 1, of what is asked or of both sides, rare words counting more. Words are like one another
by their beginning: chemie and chemisch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.linking.compounds import trigrams

# Learned by logistic regression on the reviewed mappings (bench/linking.py --weights).
WEIGHTS: Final[Mapping[str, float]] = {
    "overlap": 0.33,
    "preferred": 0.06,
    "support": 0.25,
    "letters": 0.03,
    "last": 0.04,
    "cover": -0.12,
    "group": 0.19,
    "translated": 0.21,
}
_SUPPORTING: Final = 3
_CLOSER: Final = 5
_ALIKE: Final = 5
_SHARE: Final = 0.7
_LEAST: Final = 0.45
_LESS: Final = 0.9

Similar = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Text:
    """A text as the scorer compares it: folded, and the stems of the parts of its words in order."""

    text: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """What is asked.

    Attributes:
        text: as a text.
        similar: each of its parts to the parts like it, itself among them, and how like they are, to 1.
        rarity: weight of each part, of its own and of the labels compared with.
        translations: each of its parts to the parts of names in the other language that stand beside it, and how often.

    """

    text: Text
    similar: Similar
    rarity: Mapping[str, float]
    translations: Similar

    def weigh(self, parts: Iterable[str]) -> float:
        """Return the weight of some parts together."""
        return sum(self.rarity[part] for part in parts)

    def shared(self, parts: Collection[str], alike: Similar | None = None) -> float:
        """Return the weight of the parts asked, each as far as there is a part like it."""
        likes = (self.similar if alike is None else alike).items()
        return sum(
            self.rarity[part] * max((share for like, share in those.items() if like in parts), default=0.0)
            for part, those in likes
        )


def likeness(one: str, other: str) -> float:
    """Return how like two stems are by their beginning, 0 where that says nothing.

    >>> likeness("chemisch", "chemie"), likeness("chemisch", "chef")
    (0.5625, 0.0)
    """
    if one == other:
        return 1.0
    pairs = enumerate(zip(one, other, strict=False))
    shortest, longest = sorted((len(one), len(other)))
    same = next((at for at, (first, second) in pairs if first != second), shortest)
    share = _LESS * same / longest
    return share if share >= _LEAST and (same >= _ALIKE or same >= _SHARE * longest) else 0.0


def score(found: Mapping[str, float]) -> float:
    """Return the weighted sum of features, 0 to 1; one that a thing cannot have counts as the others do."""
    whole = sum(weight for name, weight in WEIGHTS.items() if name in found)
    return max(sum(weight * found[name] for name, weight in WEIGHTS.items() if name in found) / whole, 0.0)


def features(
    query: Query, labels: Sequence[tuple[Text, bool]], group: frozenset[str], other: frozenset[str]
) -> dict[str, float]:
    """Return how like a text the labels of a thing are; `group` and `translated` only where there is such a name.

    Arguments:
        query: what is asked.
        labels: of the thing, each with whether it is its name.
        group: parts of the names of its ISCO groups.
        other: parts of its name in the other language.

    """
    whole = query.weigh(query.similar) or 1.0
    runs = trigrams(query.text.text)
    compared = [(text, is_name, frozenset(text.parts)) for text, is_name in labels]
    shared = [query.shared(parts) for _, _, parts in compared]
    overlaps = [
        min(2 * each / (whole + query.weigh(parts)), 1.0) for each, (_, _, parts) in zip(shared, compared, strict=True)
    ]
    names = [(each, _last(query, text)) for each, (text, is_name, _) in zip(overlaps, compared, strict=True) if is_name]
    name, last = max(names, default=(0.0, 0.0))
    nearest = sorted(range(len(labels)), key=overlaps.__getitem__, reverse=True)
    supporting = nearest[:_SUPPORTING]
    found = {
        "overlap": max(overlaps),
        "preferred": name,
        "support": sum(overlaps[at] for at in supporting) / len(supporting),
        "letters": max(_dice(runs, trigrams(compared[at][0].text)) for at in nearest[:_CLOSER]),
        "last": last,
        "cover": sum(shared) / whole / len(shared),
    }
    found |= {"group": query.shared(group) / whole} if group else {}
    return found | ({"translated": query.shared(other, query.translations) / whole} if other else {})


def _last(query: Query, text: Text) -> float:
    """Return how like the last parts of two texts are."""
    return query.similar[query.text.parts[-1]].get(text.parts[-1], 0.0) if text.parts else 0.0


def _dice(first: frozenset[str], second: frozenset[str]) -> float:
    return 2 * len(first & second) / (len(first) + len(second))
