"""Charts and maps: what a header may declare, specifications that fit, colours, words, hostile labels."""

from __future__ import annotations

import re
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pyoxigraph as ox
import pytest
from conftest import ROOT
from flask import Flask

from kg.errors import SourceError, Unavailable
from kg.files import project_folder
from kg.graph.build import Graph
from kg.labels import Labels
from kg.namespaces import XSD
from kg.queries.chart_header import Plot, read_plot
from kg.queries.engine import answer
from kg.queries.question import find_questions
from kg.tables.charts import drawn
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.map import Projection, outline, render_answer_map
from kg.tables.charts.svg import Frame, with_description
from kg.tables.charts.text_alternative import cell_of, description, summary, text_of
from kg.tables.charts.text_alternative import word as chart_word
from kg.tables.charts.themes import THEMES
from kg.tables.charts.vega_lite import SIZES, build_chart
from kg.tables.sheet import Sheet
from kg.web.app import create_app
from kg.web.context import Context
from kg.web.questions.charts import MOST, chart_of

QUESTIONS = find_questions(project_folder() / "queries")
CHARTS = [name for name, question in QUESTIONS.items() if question.chart]
DRAWN = [name for name in CHARTS if QUESTIONS[name].chart.mark not in ("map", *drawn.MARKS)]  # type: ignore[union-attr]
BAR = "labour-market/vacancies-2023q2"
HOSTILE = "</svg><script>alert(1)</script>\"'&\x01 javascript:x"
PER_TABLE = "labour-market/vacancies-per-table"
ALTOGETHER = "labour-market/vacancies-printed-totals"
SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> Element:
    return fromstring(svg)  # noqa: S314  (our own bytes)


@pytest.fixture(scope="module")
def app(graph: Graph) -> Flask:
    return create_app(graph, QUESTIONS)


def sheet_of(graph: Graph, name: str, lang: str = "nl") -> Sheet:
    found = answer(graph.dataset, QUESTIONS[name].query)
    return Sheet.from_solutions(found, Labels(graph.store), str, lang)


def small(rows: str, variables: str = "?y ?x") -> Sheet:
    store = ox.Store()
    return Sheet.from_solutions(
        store.query(f"SELECT {variables} {{ VALUES ({variables}) {{ {rows} }} }}"), Labels(store), str, "nl"
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("bar", "not understood"),
        ({"mark": "bar", "x": "a", "y": "b", "z": "c"}, "not understood"),
        ({"mark": "line", "x": "a", "y": "b"}, "cannot be 'line'"),
        ({"mark": "bar", "x": "a"}, "y is missing"),
        ({"mark": "map", "label": "a"}, "latitude, longitude is missing"),
    ],
)
def test_a_wrong_entry_is_refused(entry: object, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read_plot(Path("a.rq"), entry)


@pytest.mark.parametrize("name", CHARTS)
def test_each_chart_names_columns_that_there_are(graph: Graph, name: str) -> None:
    plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
    assert plot
    assert [one for one in plot.columns if sheet.index(one) < 0] == []
    assert QUESTIONS[name].ordered or plot.mark in ("map", "links", "timeline"), (
        "the order of the rows is that of the chart: ordered: true"
    )
    if plot.mark == "bar":
        assert sheet.columns[sheet.index(plot.x)].numeric


@pytest.mark.parametrize("name", CHARTS)
def test_no_chart_mixes_units_on_an_axis(graph: Graph, name: str) -> None:
    plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
    assert plot
    scales = [one for one in (plot.x, plot.y, plot.colour) if one and sheet.columns[sheet.index(one)].numeric]
    assert len(scales) <= 1, "one scale; more columns of numbers are panels"
    for column in ("unit", "kind", "measured") if scales or plot.panels else ():
        texts = [row[sheet.index(column)].text for row in sheet.rows if column in [each.name for each in sheet.columns]]
        assert len(set(texts)) <= 1 or column == plot.y, f"the rows have several values of {column}"


def test_no_matrix_repeats_one_number_along_its_rows(graph: Graph) -> None:
    """What a cell says must be of the cell: a number that its row has anyway says nothing there."""
    for name in (name for name in CHARTS if QUESTIONS[name].chart.mark == "rect"):  # type: ignore[union-attr]
        plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
        if not plot or not plot.colour or not sheet.columns[sheet.index(plot.colour)].numeric:
            continue
        cells = [tuple(text_of(cell_of(sheet, row, key), "nl") for key in (plot.y, plot.colour)) for row in sheet.rows]
        assert len(set(cells)) > len({row for row, _ in cells}), name


def words_of(texts: list[str]) -> set[str]:
    return {word.strip(":,") for text in texts for word in re.split(r"[\s/-]+", text) if not word.isdigit()}


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_no_word_is_cut_in_a_chart(graph: Graph, size: str) -> None:
    cut = {}
    for name in CHARTS:
        plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
        if not plot or plot.mark == "map" or len(sheet.rows) > MOST:
            continue
        if plot.mark in drawn.MARKS:
            svg = parse(drawn.draw(plot, sheet, "light", size))
            texts = [" ".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
        else:
            values = build_chart(plot, sheet, "light", size).spec["data"]["values"]
            texts = [text for value in values for text in value.values() if isinstance(text, str)]
        known = [text_of(cell, "nl") for row in sheet.rows for cell in row]
        known += [column.title for column in sheet.columns]
        known += [
            chart_word(key, "nl") + ":" for key in ("not_named", "no_date", "vague", "no_figure", "inferred", "hedge")
        ]
        found = words_of(texts) - words_of(known) - {"●", "·", ""}
        cut |= {name: found} if found else {}
    assert cut == {}


def test_relations_a_timeline_and_panels_are_drawn_within_the_picture() -> None:
    pairs = small('("a" "lang/' + "woord " * 9 + '" 1 2) ("b" "c" 3 UNDEF) ("<b>" "c" 0 1)', "?x ?y ?n ?m")
    dates = small('("a" "2023-01-01"^^T "2024-12-31"^^T) ("b" UNDEF UNDEF)'.replace("T", f"<{XSD}date>"), "?y ?s ?e")
    plots = [(Plot("links", x="x", y="y"), pairs), (Plot("panels", y="x", panels=("n", "m")), pairs)]
    for plot, sheet in [*plots, (Plot("timeline", x="s", end="e", y="y"), dates)]:
        for size, width in SIZES.items():
            svg = parse(drawn.draw(plot, sheet, "light", size))
            assert drawn.size_of(drawn.draw(plot, sheet, "light", size)) == (width, int(svg.get("height") or 0))
            for rect in svg.iter(f"{SVG}rect"):
                assert float(rect.get("x") or 0) + float(rect.get("width") or 0) <= width
                assert float(rect.get("y") or 0) < int(svg.get("height") or 0)
    texts = ["".join(text.itertext()) for text in parse(drawn.draw(*plots[1], "light", "wide")).iter(f"{SVG}text")]
    assert "geen cijfer" in texts
    assert "<b>" in texts
    bars = parse(drawn.draw(Plot("timeline", x="s", end="e", y="y"), dates, "light", "wide")).iter(f"{SVG}rect")
    assert len(list(bars)) == 1, "what has no date has no bar"


@pytest.mark.parametrize("name", [name for name in CHARTS if QUESTIONS[name].chart.hedge])  # type: ignore[union-attr]
def test_what_a_text_says_with_restraint_is_dotted_and_said(graph: Graph, name: str) -> None:
    plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
    assert plot is not None
    hedges = {row[sheet.index(plot.hedge)].text for row in sheet.rows} - {""}
    svg = parse(drawn.draw(plot, sheet, "light", "wide"))
    texts = [" ".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    assert {f"{chart_word('hedge', 'nl')}: {hedge}" for hedge in hedges} <= set(texts)
    dashes = [path.get("stroke-dasharray") for path in svg.iter(f"{SVG}path") if path.get("fill") == "none"]
    plain = [row for row in sheet.rows if not row[sheet.index(plot.hedge)].text]
    assert dashes.count("none") == len(plain)
    assert len(set(dashes) - {"none"}) == len(hedges)
    assert all(hedge in description(plot, sheet) for hedge in hedges if len(sheet.rows) < 30)


QUESTIONS_OF_WHAT_IS_HEDGED = {
    "leadsToOccupation": ("learning/routes-to-occupation", "switch/routes", "learning/route-occupations-outside-lists"),
    "hasQualification": ("switch/qualifications", "switch/diplomas", "learning/qualifications-of-occupation"),
    "involves": ("climate/involved-occupations",),
    "targetGroup": ("learning/route-target-groups",),
}


@pytest.mark.parametrize("relation", QUESTIONS_OF_WHAT_IS_HEDGED)
def test_an_answer_keeps_the_restraint_of_the_text(graph: Graph, relation: str) -> None:
    for name in QUESTIONS_OF_WHAT_IS_HEDGED[relation]:
        sheet = sheet_of(graph, name)
        assert any(row[sheet.index("modalityLabel")].text for row in sheet.rows), name


def test_no_chart_joins_points_by_a_line(graph: Graph) -> None:
    spec = build_chart(QUESTIONS[ALTOGETHER].chart, sheet_of(graph, ALTOGETHER), "light", "wide").spec  # type: ignore[arg-type]
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["point", "text"]
    values = spec["data"]["values"]
    assert [value["y"] for value in values] == [33000, 46000, 54000, 51000]
    assert [value["text"] for value in values] == ["ruim 33.000", "bijna 46.000", "ruim 54.000", "bijna 51.000"]
    other = values.pop(1)["colour"]
    assert {value["colour"] for value in values} == {values[0]["colour"]} != {other}, "one colour for each scope"


def test_the_bars_are_the_ten_rows_in_their_order(graph: Graph) -> None:
    spec = build_chart(QUESTIONS[BAR].chart, sheet_of(graph, BAR), "light", "wide").spec  # type: ignore[arg-type]
    values = [value["x"] for value in spec["data"]["values"]]
    assert values == [9950, 4650, 3300, 3050, 3000, 2350, 1900, 1450, 1300, 1300]
    assert spec["layer"][0]["encoding"]["y"]["sort"] == [value["y"] for value in spec["data"]["values"]]
    assert spec["layer"][0]["encoding"]["x"]["scale"]["zero"] is True


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_vacancies_of_tables_stand_with_their_period_and_scope(graph: Graph, lang: str) -> None:
    plot, sheet = QUESTIONS[PER_TABLE].chart, sheet_of(graph, PER_TABLE, lang)
    assert plot
    spec = build_chart(plot, sheet, "light", "wide").spec
    periods = [row[sheet.index("period")].text for row in sheet.rows]
    scopes = [row[sheet.index("scope")].text for row in sheet.rows]
    assert periods.count("") == 1, "at present has no period"
    for value, period, scope in zip(spec["data"]["values"], periods, scopes, strict=True):
        assert " ".join(value["y"].split()).endswith(
            f", {period}" if period else {"nl": ": niet genoemd", "en": ": not named"}[lang]
        )
        assert value["colour"].replace("\n", " ") == scope
    assert len({value["y"] for value in spec["data"]["values"]}) == len(sheet.rows), "a row for each period"
    said = description(plot, sheet)
    assert all(text in said for text in (*periods, *scopes))


@pytest.mark.parametrize("size", SIZES)
def test_long_names_of_groups_begin_at_the_edge_and_fit(size: str) -> None:
    sheet = small('("r" 1 "' + "naam " * 20 + '") ("' + "rij " * 30 + '" 2 "b")', "?y ?x ?c")
    made = build_chart(Plot("point", x="x", y="y", colour="c", label=("c",)), sheet, "light", size)
    width = {"wide": 98, "narrow": 49}[size]  # Letters of 7.3 pixels.
    assert max(len(line) for one in made.spec["data"]["values"] for line in one["colour"].split("\n")) < width
    assert made.spec["layer"][0]["encoding"]["color"]["legend"]["legendX"] < -100
    assert made.spec["width"] > 0


def test_words_name_the_ends_and_all_values(graph: Graph) -> None:
    plot, sheet = QUESTIONS["places/ageing"].chart, sheet_of(graph, "places/ageing", "en")
    assert plot
    assert summary(plot, sheet, "Ageing?") == (
        "Bar chart: Ageing? 5 values; highest South Limburg: 17; lowest Rotterdam/Moerdijk: 12."
    )
    assert description(plot, sheet).startswith("South Limburg: 17; Northern Netherlands: 14; ")
    assert description(plot, sheet).endswith("for comparison: nationalShare 13.")


def test_long_answers_are_cut_in_words_and_say_so() -> None:
    sheet = small(" ".join(f'("r{n}" {n})' for n in range(40)))
    said = description(Plot("bar", x="x", y="y"), sheet)
    assert said.endswith("r29: 29; en meer; zie de tabel.")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear light.
SEEN_AS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def lab(colour: str, eyes: str) -> tuple[float, ...]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    red, green, blue = (min(1, max(0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in SEEN_AS[eyes])
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("name", THEMES)
def test_marks_can_be_told_apart_from_the_paper_and_from_each_other(name: str) -> None:
    theme = THEMES[name]
    assert all(contrast(mark, theme.paper) >= 3 for mark in theme.marks)
    assert min(contrast(theme.ink, ground) for ground in (theme.paper, theme.land, *theme.shades)) >= 4.5
    assert contrast(theme.muted, theme.paper) >= 4.5
    for eyes in SEEN_AS:
        for one, other in combinations(theme.marks, 2):
            apart = sum((a - b) ** 2 for a, b in zip(lab(one, eyes), lab(other, eyes), strict=True)) ** 0.5
            assert apart > 15, f"{one} and {other} look alike ({eyes})"


def test_the_paper_of_charts_is_that_of_the_site() -> None:
    css = (ROOT / "src/kg/web/static/site.css").read_text("utf-8")
    light, dark = re.findall(r"--card: (#[0-9a-f]+)", css)[:2]
    assert [THEMES["light"].paper, THEMES["dark"].paper] == ["#ffffff" if light == "#fff" else light, dark]


def test_the_outline_is_that_of_the_netherlands() -> None:
    rings, source = outline()
    points = [point for ring in rings for point in ring]
    assert "Natural Earth" in source
    assert "public domain" in source
    assert 3.3 < min(x for x, _ in points) < 3.5
    assert 7.1 < max(x for x, _ in points) < 7.3
    assert 53.4 < max(y for _, y in points) < 53.6
    frame = Projection.around(rings)
    assert frame.at(*max(points, key=lambda point: point[1]))[1] == 14


def test_a_map_links_its_places_and_says_them(graph: Graph) -> None:
    plot = QUESTIONS["places/clusters"].chart
    assert plot
    svg = parse(render_answer_map(plot, sheet_of(graph, "places/clusters"), Frame("Waar?"), "light", str))
    links = {link.find(f"{SVG}text").text: link.get("href") for link in svg.iter(f"{SVG}a")}  # type: ignore[union-attr]
    assert len(links) == 5
    assert links["Chemelot"] == "https://w3id.org/klimaatbanen/id/cluster/chemelot"
    assert "Zeeland: 51,32, 3,82" in svg.find(f"{SVG}desc").text  # type: ignore[union-attr,operator]


def test_hostile_labels_are_text_in_a_map() -> None:
    text = HOSTILE.replace('"', '\\"')
    sheet = small(f'("{text}" 52.0 5.0)', "?l ?lat ?lon")
    plot = Plot("map", latitude="lat", longitude="lon", label=("l",))
    svg = parse(render_answer_map(plot, sheet, Frame(HOSTILE, (HOSTILE,), (HOSTILE,)), "dark", lambda _: HOSTILE))
    expected = {"svg", "title", "desc", "path", "circle", "text", "tspan", "g", "rect"}
    assert {one.tag.removeprefix(SVG) for one in svg.iter()} == expected


@pytest.mark.check
@pytest.mark.parametrize("size", SIZES)
def test_numbers_of_an_axis_stand_apart(graph: Graph, size: str) -> None:
    """By the widest letters that a reader's machine may have, not by those of the machine that draws."""
    names = [name for name in DRAWN if QUESTIONS[name].chart.mark == "point"]  # type: ignore[union-attr]
    specs = [build_chart(QUESTIONS[name].chart, sheet_of(graph, name), "light", size).spec for name in names]  # type: ignore[arg-type]
    close: list[object] = []
    for name, svg in zip(names, ChartRenderer().render(specs, "nl"), strict=True):
        for axis in parse(svg).iter(f"{SVG}g"):
            if not axis.get("aria-label", "").startswith("X-axis") or "role-axis" not in axis.get("class", ""):
                continue
            labels = [
                one for group in axis.iter(f"{SVG}g") if "role-axis-label" in group.get("class", "") for one in group
            ]
            shown = [one for one in labels if one.get("opacity") != "0"]
            places = [(float(re.findall(r"[\d.]+", one.get("transform", ""))[0]), one.text or "") for one in shown]
            close += [(name, pair) for pair in pairwise(places) if _gap(*pair) < 4 and pair[0][1][:1].isdigit()]
    assert close == []


def _gap(one: tuple[float, str], other: tuple[float, str]) -> float:
    return other[0] - one[0] - (len(one[1]) + len(other[1])) * 7.3 / 2


@pytest.mark.check
def test_hostile_labels_are_text_in_a_chart() -> None:
    text = HOSTILE.replace('"', '\\"')
    sheet = small(f'("{text}" 1) ("b" 2)')
    plot = Plot("bar", x="x", y="y")
    svg = ChartRenderer().render([build_chart(plot, sheet, "light", "wide").spec], "nl")[0]
    root = parse(with_description(svg, HOSTILE, HOSTILE, "nl"))
    assert not [one for one in root.iter() if one.tag.removeprefix(SVG) in ("script", "foreignObject")]
    assert "".join(root.find(f"{SVG}title").itertext()).startswith("</svg><script>")  # type: ignore[union-attr]
    assert [root.get("role"), root.get("aria-labelledby")] == ["img", "title"]


@pytest.mark.check
@pytest.mark.parametrize("name", DRAWN)
def test_each_chart_is_drawn_at_its_size_with_dutch_numbers_twice_the_same(graph: Graph, name: str) -> None:
    plot, sheet = QUESTIONS[name].chart, sheet_of(graph, name)
    assert plot
    made = [build_chart(plot, sheet, theme, size) for theme in THEMES for size in SIZES]
    first, second = (ChartRenderer().render([one.spec for one in made], "nl") for _ in range(2))
    assert first == second
    for one, svg in zip(made, first, strict=True):
        root = parse(svg)
        assert (root.get("width"), root.get("height")) == (str(one.width), str(one.height))
        assert bool(re.search(r">[45]0\.000<", svg)) == (name in (ALTOGETHER, PER_TABLE)), "the scale has Dutch numbers"
        assert "<a " not in svg


@pytest.mark.check
def test_a_painter_that_is_too_slow_or_fails_says_so_and_the_table_stays(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match="could not be drawn"):
        ChartRenderer().render([{"mark": "no such mark"}], "nl")
    monkeypatch.setattr("kg.web.questions.charts.ChartRenderer", partial(ChartRenderer, seconds=0.01))
    client = create_app(graph, QUESTIONS).test_client()
    found = client.get(f"/questions/{BAR}.svg")
    assert found.status_code == 503
    assert found.headers["Retry-After"] == "10"
    assert "9.950" in client.get(f"/questions/{BAR}?lang=nl").text


@pytest.mark.check
def test_a_chart_by_url(app: Flask) -> None:
    client = app.test_client()
    wide = client.get(f"/questions/{BAR}.svg?lang=nl")
    narrow = client.get(f"/questions/{BAR}.svg?lang=en&theme=dark&size=narrow")
    assert wide.headers["Content-Type"].startswith("image/svg+xml")
    assert parse(wide.text).get("width") == "720"
    assert parse(narrow.text).get("width") == "360"
    assert "Fitters of" in narrow.text
    assert (
        client.get(f"/questions/{BAR}.svg?lang=nl", headers={"If-None-Match": wide.headers["ETag"]}).status_code == 304
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{BAR}.svg?theme=pink", 400),
        (f"{BAR}.svg?size=huge", 400),
        (f"{BAR}.svg?bogus=1", 400),
        ("climate/tables.svg", 404),
        ("none.svg", 404),
        ("places/clusters.vl.json", 404),
        ("places/clusters.svg?theme=dark", 200),
        (f"{BAR}.vl.json", 200),
    ],
)
def test_addresses_of_charts(app: Flask, path: str, status: int) -> None:
    assert app.test_client().get(f"/questions/{path}").status_code == status


def test_a_template_shows_a_chart_by_its_name(app: Flask) -> None:
    from flask import render_template_string

    with app.test_request_context("/?lang=en") as at:
        context = Context.from_request(app.extensions["kg"], at.request)
        text = '{% from "_chart.html" import chart %}{{ chart(view) }}'
        views = (chart_of(context, name) for name in (BAR, "places/clusters", "none"))
        bar, place, none = (render_template_string(text, view=view) for view in views)
    assert 'href="/questions/labour-market/vacancies-2023q2?lang=en#answer">Table<' in bar
    assert 'width="720"' in bar
    assert "(prefers-color-scheme: dark) and (max-width: 40rem)" in bar
    assert "highest Fitters of industrial machines and installations: 9,950" in bar
    assert 'href="/id/cluster/chemelot?lang=en"' in place
    assert none == ""
