"""Where a triple stands: every triple of our own files, and the forms in which others write theirs."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.files import project_folder
from kg.validation.documents import Document, find_inputs, read_document
from kg.validation.positions import Position, Positions, find_token

BASE = "https://example.org/"
# The mark stands just before the object that is looked for.
MARK = "§"


def document(folder: Path, name: str, text: str) -> Document:
    (folder / name).write_bytes(text.encode())
    return read_document(find_inputs([folder / name])[0])


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(BASE + name)


@pytest.mark.slow
def test_every_object_of_the_project_is_found_at_its_token() -> None:
    documents = [read_document(one) for one in find_inputs([project_folder() / "ontology", project_folder() / "data"])]
    documents = [one for one in documents if one.input.suffix == ".ttl"]
    places = Positions(documents, {quad.subject for one in documents for quad in one.quads})
    wrong = []
    for one in documents:
        prefixes = " ".join(f"@prefix {prefix}: <{space}> ." for prefix, space in one.prefixes.items())
        for quad in one.quads:
            place = places.find(quad.subject, quad.predicate.value, quad.object)
            token = place.excerpt[place.column - 1 : place.column - 1 + place.width]
            text = f"{prefixes} <urn:s> <urn:p> {token} ."
            read = list(ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri="urn:base"))
            if [each.object for each in read] != [quad.object]:
                wrong.append(place)
    assert not wrong, wrong[:3]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x:a x:p §x:b .", node("b")),
        ("x:a x:p x:b1 , §x:b .", node("b")),
        ("x:a\n  x:p\n    §x:b\n  ;\n  x:q 1\n.", node("b")),
        ("x:a x:p §<https://example.org/b>.", node("b")),
        ('x:a x:p "x:b" , §x:b . # x:b', node("b")),
        ("x:a x:p §'one # no comment' .", ox.Literal("one # no comment")),
        ('x:a x:p §"""one\ntwo\n\nthree""" , "four" .', ox.Literal("one\ntwo\n\nthree")),
        ('x:a x:p §"""one\n"two"\nthree""" .', ox.Literal('one\n"two"\nthree')),
        ('x:a x:p §"one\\ntwo" .', ox.Literal("one\ntwo")),
        ('x:a x:p "een"@nl , §"een"@en , "een" .', ox.Literal("een", language="en")),
        ('x:a x:p §"caf\\u00E9 \\"q\\"" .', ox.Literal('café "q"')),
        ("x:a x:p 12 , §2 , 22 .", ox.Literal("2", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))),
        (
            "x:a x:p §false .",
            ox.Literal("false", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")),
        ),
        (
            'x:a x:p §"2023"^^<http://www.w3.org/2001/XMLSchema#gYear> .',
            ox.Literal("2023", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYear")),
        ),
        ("x:b x:q 1 .\nx:a x:p §x:b .\nx:b x:r 1 .", node("b")),
        ("x:a x:q x:b ; x:p x:c , §x:b .", node("b")),
        ("x:a x:o x:c ;\n x:p §x:a .", node("a")),
        ("x:a x:p x:b.c , §x:b .", node("b")),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_the_object_is_found(
    tmp_path: Path, text: str, value: ox.NamedNode | ox.Literal, ends: str, begin: str
) -> None:
    whole = f"@prefix x: <{BASE}> .\n\n{text}\n"
    before = whole[: whole.index(MARK)]
    one = document(tmp_path, "a.ttl", begin + whole.replace(MARK, "").replace("\n", ends))
    if isinstance(value, ox.Literal) and "\n" in value.value and '"""' in text:
        value = ox.Literal(value.value.replace("\n", ends))
    assert [problem.rule for problem in one.problems] == ["byte-order-mark"] * len(begin)
    place = Positions([one], {node("a")}).find(node("a"), BASE + "p", value)
    assert (place.line, place.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_what_is_tried_in_turn(tmp_path: Path) -> None:
    text = "@prefix x: <https://example.org/> .\nx:z x:s x:a .\n\nx:a x:o x:b ;\n  x:p 1 ,\n    2 ;\n  a x:T .\n"
    one = document(tmp_path, "a.ttl", text)
    two = document(tmp_path, "b.ttl", "@prefix x: <https://example.org/> .\nx:y x:s x:n .\nx:a x:p 3 .")
    places = Positions([one, two], {node("a"), node("n"), node("u")})

    def at(*arguments, **options) -> tuple[str, int, int]:
        place = places.find(*arguments, **options)
        return Path(place.file).name, place.line, place.column

    assert at(node("a"), BASE + "other", node("b")) == ("a.ttl", 4, 9)  # the value under another property
    assert at(node("a"), BASE + "inverse", node("z")) == ("a.ttl", 2, 9)  # a statement the other way round
    assert at(node("a"), BASE + "p") == ("b.ttl", 3, 9)  # the last value of the path
    assert at(node("a"), BASE + "p", missing=True) == ("a.ttl", 4, 1)  # the block, where the class is given
    assert at(node("a"), BASE + "none") == ("a.ttl", 4, 1)
    assert at(node("n"), BASE + "none") == ("b.ttl", 2, 9)  # where it is named
    assert places.find(node("u")) == Position()


def test_the_block_of_a_subject_begins_at_the_subject(tmp_path: Path) -> None:
    text = "@prefix x: <https://example.org/> .\nx:b x:p x:a ;\n  x:a x:q .\n# x:a\n"
    text += "  x:a # comment\n\n   x:p '''x:a\nx:a'''.\n"
    one = document(tmp_path, "a.ttl", text)
    place = Positions([one], {node("a")}).find(node("a"), missing=True)
    assert (place.line, place.column) == (5, 3)


def test_blank_nodes_stand_at_their_bracket(tmp_path: Path) -> None:
    text = "@prefix x: <https://example.org/> .\nx:a x:p [ x:q 1 ;\n   x:r [\n x:s 2 ] ] .\n_:b x:p 1 ."
    one = document(tmp_path, "a.ttl", text)
    blank = {quad.predicate.value.rpartition("/")[2]: quad for quad in one.quads}
    places = Positions([one], {quad.subject for quad in one.quads})
    for outer, line, column in (("p", 2, 9), ("r", 3, 8)):
        quad = next(
            each for each in one.quads if each.predicate.value == BASE + outer and each.object != blank["q"].object
        )
        place = places.find(quad.subject, BASE + outer, quad.object)
        assert (place.line, place.column) == (line, column)
    place = places.find(blank["s"].subject, missing=True)
    assert place.line in (3, 4)


@pytest.mark.parametrize(
    "form", [ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD, ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TRIG]
)
def test_other_formats_have_at_least_the_subject(tmp_path: Path, form: ox.RdfFormat) -> None:
    text = f"@prefix x: <{BASE}> . x:a x:p x:b ; x:q '''one\ntwo''' . x:b x:p x:c , 5 ."
    triples = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]
    data = ox.serialize(triples, format=form).decode().replace("},", "},\n")
    one = document(tmp_path, f"a.{form.file_extension}", data)
    places = Positions([one], {node("a"), node("b")})
    for name in "ab":
        place = places.find(node(name), missing=True)
        assert place.excerpt[place.column - 1 :].lstrip("<").startswith((BASE + name, f"x:{name}"))
    assert BASE + "c" in places.find(node("b"), BASE + "p", node("c")).excerpt


def test_a_token_of_a_query_is_found(tmp_path: Path) -> None:
    one = document(tmp_path, "a.rq", "PREFIX x: <https://example.org/>\nSELECT * { ?s x:p ?o }")
    one.prefixes["x"] = BASE
    place = find_token(one, node("p"))
    assert place is not None
    assert (place.line, place.column) == (2, 15)
    assert find_token(one, node("q")) is None
