"""Charts: what is drawn is what the table says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import charts
from app.web.ui import templates

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [
    ("Bologna", (12.0, 3.0)),
    ("Un nome <molto> lungo di un distretto che non finisce davvero mai", (0.0, 30.0)),
]


def written(one: charts.Chart, language: str = "it") -> str:
    page = templates(language).from_string(
        '{% from "shared/chart.html" import chart %}{{ chart(one, "it") }}'
    )
    return page.render(one=one, view=None)


def test_stacked_bars_stand_in_proportion_and_end_to_end() -> None:
    chart = charts.stacked("Posti", "Posti per distretto.", ["Distretto", "Liberi", "Presi"], ROWS)
    first, second, third = chart.bars
    assert (first.series, second.series, third.series) == (1, 2, 2)
    assert first.x == 0
    assert second.x == first.width
    assert first.width == pytest.approx(4 * second.width, abs=0.1)
    assert third.width == pytest.approx(2 * (first.width + second.width), abs=0.2)
    assert [label.text for label in chart.labels if not isinstance(label.text, str)] == [15.0, 30.0]


def test_lines_are_interrupted_where_a_number_is_missing() -> None:
    rows = [("gen", [10.0]), ("feb", [20.0]), ("mar", [None]), ("apr", [5.0])]
    chart = charts.line("Posti", "Posti per mese.", ["Mese", "Posti"], rows)
    assert [len(one.dots) for one in chart.lines] == [2, 1]
    assert chart.lines[0].dots[1][1] < chart.lines[0].dots[0][1]


@given(
    st.lists(st.tuples(st.text(max_size=60), st.tuples(*[st.floats(0, 1e9) | st.none()] * 2)), max_size=12)
)
def test_nothing_is_drawn_outside(rows: list[tuple[str, tuple[float | None, ...]]]) -> None:
    for make in (charts.stacked, charts.line):
        chart = make("a", "b", ["c", "d", "e"], rows)
        for bar in chart.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= charts.WIDTH
            assert 0 <= bar.y <= bar.y + bar.height <= chart.height
        for x, y in (dot for one in chart.lines for dot in one.dots):
            assert 0 <= x <= charts.WIDTH
            assert 0 <= y <= chart.height


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        (["a"], [], "0 series"),
        (["a", *"bcdef"], [], "5 series"),
        (["a", "b"], [("x", [1.0, 2.0])], "2 numbers instead of 1"),
        (["a", "b"], [("x", [-1.0])], "negative"),
    ],
)
def test_charts_refuse_what_does_not_fit(
    head: list[str], rows: list[tuple[str, list[float]]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        charts.stacked("a", "b", head, rows)


@pytest.mark.parametrize(
    ("language", "number", "summary"), [("it", "1.200", "tabella"), ("en", "1,200", "table")]
)
def test_a_chart_is_one_picture_with_a_name_and_its_numbers(language: str, number: str, summary: str) -> None:
    rows = [("a < b", [1200.0, None]), ("c", [3.5, 4.0])]
    text = written(charts.line("T", "D", ["r", "s", "t"], rows), language).strip()
    figure = ElementTree.fromstring(text)  # noqa: S314 -- ours
    svg = figure.find("svg")
    assert svg is not None
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"] == "it-title it-text"
    assert [one.text for one in figure.iter() if one.attrib.get("id", "").startswith("it-")] == ["T", "D"]
    cells = [cell.text for cell in figure.iter() if cell.tag in ("th", "td")]
    assert cells == ["r", "s", "t", "a < b", number, "–", "c", "3,5" if language == "it" else "3.5", "4"]
    assert summary in (figure.findtext("details/summary") or "")
