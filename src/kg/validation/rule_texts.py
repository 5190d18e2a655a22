"""The rules: those built in, the shapes of a folder, and its check queries; each with what, why and how to mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import NotFound, QueryError
from kg.namespaces import RDF_TYPE, SH
from kg.queries.question import Question
from kg.validation.findings import Rule, in_language

Texts = Mapping[str | None, str]
_DOES_NOT_HOLD: Final = {"en": "Does not hold", "nl": "Geldt niet"}
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"


@dataclass(frozen=True)
class BuiltIn:
    """A rule of the program itself: severity, and what, why and how to mend, each in nl and en."""

    severity: str
    what: Texts
    why: Texts
    mend: Texts


def _rule(severity: str, what: Sequence[str], why: Sequence[str], mend: Sequence[str]) -> BuiltIn:
    def both(texts: Sequence[str]) -> Texts:
        return dict(zip(("en", "nl"), texts, strict=True))

    return BuiltIn(severity, both(what), both(why), both(mend))


BUILT_IN: Final[Mapping[str, BuiltIn]] = {
    "syntax": _rule(
        "violation",
        ("The file is not well-formed.", "Het bestand is niet welgevormd."),
        ("What follows the fault is read by nobody.", "Wat na de fout staat, leest niemand."),
        ("Mend it there, or a little before.", "Herstel het daar, of iets daarvoor."),
    ),
    "encoding": _rule(
        "violation",
        ("The file is not UTF-8.", "Het bestand is geen UTF-8."),
        ("RDF and SPARQL files are UTF-8; other bytes become other letters.", "RDF- en SPARQL-bestanden zijn UTF-8."),
        ("Save the file as UTF-8.", "Bewaar het bestand als UTF-8."),
    ),
    "nul": _rule(
        "violation",
        ("The file holds a NUL character.", "In het bestand staat een NUL-teken."),
        (
            "Parsers accept it and databases cut the text there.",
            "Parsers nemen het aan, databases kappen de tekst daar af.",
        ),
        ("Delete the character; it is often a sign of a broken copy.", "Verwijder het teken; vaak is de kopie kapot."),
    ),
    "empty": _rule(
        "warning",
        ("The file says nothing.", "Het bestand zegt niets."),
        ("An empty file is often a failed export.", "Een leeg bestand is vaak een mislukte export."),
        ("Fill the file, or delete it.", "Vul het bestand, of verwijder het."),
    ),
    "unreadable": _rule(
        "violation",
        ("The file cannot be read.", "Het bestand kan niet gelezen worden."),
        ("Nothing in it is checked.", "Niets erin is nagegaan."),
        ("Check its rights, and where links lead.", "Kijk na wie het mag lezen en waar links heen gaan."),
    ),
    "size": _rule(
        "violation",
        ("The file is larger than is checked.", "Het bestand is groter dan wordt nagegaan."),
        (
            "A file of this size takes more memory than a build has.",
            "Zo'n bestand vraagt meer geheugen dan een build heeft.",
        ),
        ("Split it, or raise max-size.", "Splits het, of verhoog max-size."),
    ),
    "sssom": _rule(
        "violation",
        ("The mapping file is not SSSOM 1.0 TSV.", "Het mappingbestand is geen SSSOM 1.0 TSV."),
        ("Tools of others skip such a mapping.", "Programma's van anderen slaan zo'n mapping over."),
        ("Mend the header, column or CURIE that is named.", "Herstel de genoemde kop, kolom of CURIE."),
    ),
    "query-header": _rule(
        "violation",
        ("The #+ header of the question is broken.", "De #+-kop van de vraag is niet in orde."),
        ("Page, API and test are made from it.", "Pagina, API en test komen eruit."),
        ("Mend the header; CONTRIBUTING.md shows one.", "Herstel de kop; CONTRIBUTING.md toont er een."),
    ),
    "query-syntax": _rule(
        "violation",
        ("The query is not SPARQL.", "De query is geen SPARQL."),
        ("It gives no answer.", "Ze geeft geen antwoord."),
        ("Mend it there, or a little before.", "Herstel haar daar, of iets daarvoor."),
    ),
    "query-term": _rule(
        "violation",
        ("The query names what does not exist.", "De query noemt iets dat niet bestaat."),
        ("A misspelt name finds nothing, without a word.", "Een verschreven naam vindt niets, zonder melding."),
        ("Correct the name, or describe it in the data.", "Verbeter de naam, of beschrijf haar in de gegevens."),
    ),
    "query-fails": _rule(
        "violation",
        ("The query cannot be run.", "De query kan niet draaien."),
        ("It gives no answer.", "Ze geeft geen antwoord."),
        ("Use what SPARQL 1.1 names.", "Gebruik wat SPARQL 1.1 noemt."),
    ),
    "query-answer": _rule(
        "violation",
        ("The answer is not the approved one beside the query.", "Het antwoord is niet het goedgekeurde ernaast."),
        (
            "Either the data, the query or the approved answer is wrong.",
            "Gegevens, query of goedgekeurd antwoord is fout.",
        ),
        (
            "Find out which; then approve anew and read the diff.",
            "Zoek uit welke; keur opnieuw goed en lees het verschil.",
        ),
    ),
    "graph": _rule(
        "violation",
        ("The graph cannot be built.", "De graaf is niet te bouwen."),
        ("Nothing can be served, exported or asked.", "Er is niets te tonen, uit te voeren of te vragen."),
        ("Mend what is named.", "Herstel wat genoemd is."),
    ),
    "link": _rule(
        "violation",
        ("A link inside the namespace leads nowhere.", "Een link binnen de naamruimte loopt dood."),
        ("Whoever follows it gets a page that is not there.", "Wie haar volgt komt op een pagina die er niet is."),
        ("Correct the IRI, or describe what it names.", "Verbeter de IRI, of beschrijf wat ze noemt."),
    ),
    "vocabulary-term": _rule(
        "warning",
        ("The vocabulary has no such term.", "Zo'n term staat niet in de woordenlijst."),
        (
            "A misspelt property or class is read by no query, shape or reasoner, without a word.",
            "Een verschreven eigenschap of klasse leest geen query, shape of redeneerder, zonder melding.",
        ),
        (
            "Correct the name; a newer term is known once its vocabulary is a file of the context.",
            "Verbeter de naam; een nieuwere term is bekend zodra haar woordenlijst bij de context staat.",
        ),
    ),
    "time-limit": _rule(
        "violation",
        ("A query or constraint did not end in time.", "Een query of constraint was niet op tijd klaar."),
        ("What it checks is not known.", "Wat ze nagaat is onbekend."),
        ("Write it so that it joins less, or raise time-limit.", "Laat haar minder koppelen, of verhoog time-limit."),
    ),
    "baseline": _rule(
        "violation",
        ("The baseline holds a finding that is gone.", "De baseline noemt een bevinding die weg is."),
        ("What stays listed may come back unseen.", "Wat blijft staan kan ongezien terugkomen."),
        ("Write the baseline anew: --write-baseline.", "Schrijf de baseline opnieuw: --write-baseline."),
    ),
}


def built_in(lang: str) -> list[Rule]:
    """Return the built-in rules in a language."""
    return [
        Rule(name, one.severity, in_language(one.what, lang), in_language(one.why, lang), in_language(one.mend, lang))
        for name, one in BUILT_IN.items()
    ]


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
        for one in triples:
            self._by_subject.setdefault(one.subject, []).append(one)
            if one.predicate.value in (SH + "property", SH + "node"):
                self._parents.setdefault(one.object, one.subject)

    def text(self, shape: object, predicate: str) -> str:
        """Return the text of a predicate in the language."""
        found = [one.object for one in self._by_subject.get(shape, ()) if one.predicate.value == predicate]
        return in_language({one.language: one.value for one in found if isinstance(one, ox.Literal)}, self._lang)

    def said(self, shape: object, component: str, messages: Texts) -> str:
        """Return the message of a result: the shape's own, or else which constraint does not hold.

        Arguments:
            shape: the source shape.
            component: IRI of the constraint component, such as `sh:MinCountConstraintComponent`.
            messages: what the engine says; of a shape without `sh:message` each engine says something else.

        """
        if self._speaks(shape) or not component.startswith(SH):
            return in_language(messages, self._lang)
        name = component.removeprefix(SH).removesuffix("ConstraintComponent")
        parameter = SH + name[:1].lower() + name[1:]
        values = [one.object for one in self._by_subject.get(shape, ()) if one.predicate.value == parameter]
        shown = sorted(one.value for one in values if not isinstance(one, ox.BlankNode | ox.Triple))
        words = " ".join((f"sh:{parameter.removeprefix(SH)}", ", ".join(shown))).strip()
        return f"{_DOES_NOT_HOLD[self._lang]}: {words}."

    def _speaks(self, shape: object) -> bool:
        """Whether a shape, or a SPARQL constraint of it, has a message of its own."""
        about = self._by_subject.get(shape, ())
        parts = [one.object for one in about if one.predicate.value == SH + "sparql"]
        return any(
            one.predicate.value == SH + "message" for part in (shape, *parts) for one in self._by_subject.get(part, ())
        )

    def named(self, shape: object) -> str:
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
                    self._severity(triples),
                    title or self.text(shape, _RDFS + "label"),
                    self.text(shape, SH + "description") or self.text(shape, _RDFS + "comment"),
                    self.text(shape, SH + "message"),
                    "shape",
                    files.get(shape.value, ""),
                )

    def _severity(self, triples: Sequence[ox.Triple]) -> str:
        stated = [one.object for one in triples if one.predicate.value == SH + "severity"]
        found = next((one.value for one in stated if isinstance(one, ox.NamedNode)), SH + "Violation")
        return severity_name(found)


SKOLEM: Final = "urn:kg:shape:"


def severity_name(iri: str) -> str:
    """Return `violation`, `warning` or `info` for the IRI of a severity; others count as violations."""
    name = iri.rpartition("#")[2].lower()
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


def pick_rules(rules: Sequence[Rule], only: Sequence[str], skip: Sequence[str]) -> list[Rule]:
    """Return the rules to apply: those of `only`, or all, without those of `skip`.

    Raises:
        QueryError: a name that no rule has, or none is left.

    """
    wanted = {name for text in only for name in names_of(rules, text)} or {one.name for one in rules}
    wanted -= {name for text in skip for name in names_of(rules, text)}
    if not wanted:
        raise QueryError("no rule is left to apply", where="--only, --skip", hint="kg validate --list-rules shows all")
    return [one for one in rules if one.name in wanted]


def names_of(rules: Sequence[Rule], text: str) -> list[str]:
    """Return the full names of the rules that people call so: in full, in short, or with a prefix before a colon.

    Raises:
        NotFound: there is none.

    """
    found = [one.name for one in rules if text in (one.name, one.short)]
    found = found or [one.name for one in rules if "://" in one.name and text.rpartition(":")[2] == one.short]
    if not found:
        raise NotFound(f"no rule called {text}", where="rules", hint="kg validate --list-rules shows all")
    return found


def examples(rule: Rule, shapes: Path) -> list[tuple[str, str]]:
    """Return name and text of the cases that show a rule: what it finds, then what it lets pass.

    Arguments:
        rule: a shape or check of the folder.
        shapes: folder with `cases/`; each faulty case has its approved answer beside it.

    """
    cases = shapes / "cases"
    folder = cases / (rule.name if rule.kind == "check" else Path(rule.file).stem)
    near, far = sorted(folder.glob("*.ttl")), sorted(cases.rglob("*.ttl")) if rule.kind == "shape" else []
    faulty = next((path for path in (*near, *far) if _shows(rule, path)), None)
    if faulty is None:
        return []
    valid = sorted(faulty.parent.glob("valid-*.ttl"))
    return [(path.relative_to(shapes).as_posix(), path.read_text("utf-8")) for path in (faulty, *valid[:1])]


def _shows(rule: Rule, case: Path) -> bool:
    answer = case.with_suffix(".txt")
    return answer.is_file() and rule.mend in answer.read_text("utf-8")
