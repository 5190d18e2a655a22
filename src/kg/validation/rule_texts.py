"""The rules: those built in, the shapes of a folder, and its check queries; each with what, why and how to mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import NotFound, QueryError
from kg.files import read_toml
from kg.languages import in_language
from kg.namespaces import RDF_TYPE, SH
from kg.queries.question import Question
from kg.rdf_terms import Term, local_name, texts_by_language
from kg.validation.findings import Rule

_BUILT_IN: Final = Path(__file__).with_name("rules.toml")
_DOES_NOT_HOLD: Final = {"en": "Does not hold", "nl": "Geldt niet"}
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"


@cache
def built_in_rules(lang: str) -> Mapping[str, Rule]:
    """Return the rules of the program itself by name, in a language; their texts stand in `rules.toml`."""
    rules = read_toml(_BUILT_IN)
    return {
        name: Rule(name, rule["severity"], *(rule[part][lang] for part in ("what", "why", "mend")))
        for name, rule in rules.items()
    }


class ShapeTexts:
    """What a shapes graph says of its shapes.

    Arguments:
        triples: the shapes, all files together.
        lang: language of texts.

    """

    def __init__(self, triples: Iterable[ox.Triple], lang: str) -> None:
        self._lang = lang
        self._by_subject: dict[object, list[ox.Triple]] = {}
        self._parents: dict[object, object] = {}
        for triple in triples:
            self._by_subject.setdefault(triple.subject, []).append(triple)
            if triple.predicate.value in (SH + "property", SH + "node"):
                self._parents.setdefault(triple.object, triple.subject)

    def text(self, shape: object, predicate: str) -> str:
        """Return the text of a predicate in the language."""
        return in_language(texts_by_language(self._values(shape, predicate)), self._lang)

    def _values(self, shape: object, predicate: str) -> list[Term]:
        return [triple.object for triple in self._by_subject.get(shape, ()) if triple.predicate.value == predicate]

    def message(self, shape: object, component: str, messages: Mapping[str, str]) -> str:
        """Return the message of a result: the shape's own, or else which constraint does not hold.

        Arguments:
            shape: the source shape.
            component: IRI of the constraint component, such as `sh:MinCountConstraintComponent`.
            messages: what the engine says; of a shape without `sh:message` each engine says something else.

        """
        if self._has_message(shape) or not component.startswith(SH):
            return in_language(messages, self._lang)
        name = component.removeprefix(SH).removesuffix("ConstraintComponent")
        parameter = SH + name[:1].lower() + name[1:]
        values = self._values(shape, parameter)
        named = sorted(value.value for value in values if isinstance(value, ox.NamedNode | ox.Literal))
        constraint = " ".join((f"sh:{parameter.removeprefix(SH)}", ", ".join(named))).strip()
        return f"{_DOES_NOT_HOLD[self._lang]}: {constraint}."

    def _has_message(self, shape: object) -> bool:
        """Whether a shape, or a SPARQL constraint of it, has a message of its own."""
        return any(self._values(part, SH + "message") for part in (shape, *self._values(shape, SH + "sparql")))

    def iri(self, shape: object) -> str:
        """Return the IRI of a shape, or of the nearest shape around it that has one."""
        seen = set()
        while shape in self._parents and not _named(shape) and shape not in seen:
            seen.add(shape)
            shape = self._parents[shape]
        return shape.value if isinstance(shape, ox.NamedNode) and _named(shape) else ""

    def rules(self, files: Mapping[str, str]) -> Iterator[Rule]:
        """Yield each named shape as a rule; files tell where it stands."""
        for shape, triples in self._by_subject.items():
            if isinstance(shape, ox.NamedNode) and _named(shape) and any(map(_is_shape, triples)):
                title = self.text(shape, SH + "message") or self.text(shape, SH + "name")
                yield Rule(
                    shape.value,
                    self._severity(shape),
                    title or self.text(shape, _RDFS + "label"),
                    self.text(shape, SH + "description") or self.text(shape, _RDFS + "comment"),
                    self.text(shape, SH + "message"),
                    "shape",
                    files.get(shape.value, ""),
                )

    def _severity(self, shape: object) -> str:
        stated = self._values(shape, SH + "severity")
        return severity_name(next((term.value for term in stated if isinstance(term, ox.NamedNode)), ""))


SKOLEM: Final = "urn:kg:shape:"


def severity_name(iri: str) -> str:
    """Return `violation`, `warning` or `info` for the IRI of a severity; others count as violations."""
    name = local_name(iri).lower()
    return name if name in ("violation", "warning", "info") else "violation"


def _named(shape: object) -> bool:
    return isinstance(shape, ox.NamedNode) and not shape.value.startswith(SKOLEM)


def _is_shape(triple: ox.Triple) -> bool:
    kinds = (SH + "NodeShape", SH + "PropertyShape")
    return triple.predicate.value.startswith(SH + "target") or (
        triple.predicate.value == RDF_TYPE and isinstance(triple.object, ox.NamedNode) and triple.object.value in kinds
    )


def check_rules(checks: Iterable[Question], lang: str) -> Iterator[Rule]:
    """Yield each check query as a rule."""
    for check in checks:
        yield Rule(
            check.name,
            check.severity,
            in_language(check.title, lang),
            in_language(check.description, lang),
            in_language(check.message, lang),
            "check",
            str(check.path),
        )


def select_rules(rules: Sequence[Rule], only: Sequence[str], skip: Sequence[str]) -> list[Rule]:
    """Return the rules to apply: those of `only`, or all, without those of `skip`.

    Raises:
        QueryError: a name that no rule has, or none is left.

    """
    wanted = {name for text in only for name in find_rule_names(rules, text)} or {rule.name for rule in rules}
    wanted -= {name for text in skip for name in find_rule_names(rules, text)}
    if not wanted:
        raise QueryError("no rule is left to apply", where="--only, --skip", hint="kg validate --list-rules shows all")
    return [rule for rule in rules if rule.name in wanted]


def find_rule_names(rules: Sequence[Rule], text: str) -> list[str]:
    """Return the full names of the rules that people call so: in full, in short, or with a prefix before a colon.

    Raises:
        NotFound: there is none.

    """
    names = [rule.name for rule in rules if text in (rule.name, rule.short)]
    names = names or [rule.name for rule in rules if "://" in rule.name and text.rpartition(":")[2] == rule.short]
    if not names:
        raise NotFound(f"no rule called {text}", where="rules", hint="kg validate --list-rules shows all")
    return names


def examples(rule: Rule, shapes: Path) -> list[tuple[str, str]]:
    """Return name and text of the cases that show a rule: what it finds, then what it lets pass.

    Arguments:
        rule: a shape or check of the folder.
        shapes: folder with `cases/`; each faulty case has its approved answer beside it.

    """
    cases = shapes / "cases"
    folder = cases / (rule.name if rule.kind == "check" else Path(rule.file).stem)
    near, far = sorted(folder.glob("*.ttl")), sorted(cases.rglob("*.ttl")) if rule.kind == "shape" else []
    faulty = next((path for path in (*near, *far) if _is_example(rule, path)), None)
    if faulty is None:
        return []
    valid = sorted(faulty.parent.glob("valid-*.ttl"))
    return [(path.relative_to(shapes).as_posix(), path.read_text("utf-8")) for path in (faulty, *valid[:1])]


def _is_example(rule: Rule, case: Path) -> bool:
    answer = case.with_suffix(".txt")
    return answer.is_file() and rule.mend in answer.read_text("utf-8")
