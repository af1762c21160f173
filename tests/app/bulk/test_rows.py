"""Reading rows: NDJSON and CSV as people and spreadsheets write them, and every way in which they are broken."""

from __future__ import annotations

import io

import pytest

from app import bulk_rows
from app.bulk_rows import Row, Unreadable

COLUMNS = {
    "external_id", "family_name", "born_on", "municipality_istat", "skills", "interests", "languages", "sectors",
    "subjects", "availabilities", "is_online", "eligibilities",
}  # fmt: skip


def ndjson(data: bytes) -> list[Row]:
    return list(bulk_rows.read_ndjson(io.BytesIO(data)))


def table(data: bytes) -> list[Row]:
    return list(bulk_rows.read_csv(io.BytesIO(data), COLUMNS))


def details(rows: list[Row]) -> list[tuple[int, str, str]]:
    return [(row.number, one["field"], one["detail"]) for row in rows for one in row.faults]


def test_ndjson_is_read_line_by_line_with_or_without_a_mark_and_a_last_break() -> None:
    data = b'\xef\xbb\xbf{"external_id": "1"}\r\n\n{"external_id": "2"}'
    assert ndjson(data) == [Row(1, {"external_id": "1"}), Row(3, {"external_id": "2"})]


def test_a_broken_line_is_named_and_the_next_one_read() -> None:
    rows = ndjson(b'{"a": 1\n[1]\n"x"\n{"a": "\xff"}\n{"a": 1}\n{"a": "cut o')
    assert [row.number for row in rows if not row.faults] == [5]
    told = details(rows)
    assert [one[0] for one in told] == [1, 2, 3, 4, 6]
    assert told[0][2].startswith("is not JSON")
    assert [one[2] for one in told[1:3]] == ["is not a JSON object"] * 2
    assert "UTF-8" in told[3][2]
    assert told[4][2] == "ends in the middle: the file is not whole"


def test_a_line_without_end_is_not_read_into_memory() -> None:
    with pytest.raises(Unreadable, match="longer") as caught:
        ndjson(b"{}\n" + b"x" * (bulk_rows.MOST_LINE_BYTES + 1))
    assert caught.value.row == 2


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_whatever_separates_its_cells(mark: bytes, separator: str) -> None:
    lines = [
        ["external_id", "family_name", "interests"],
        ["7", '"Rossi, ""il"" Bianco; \n"', ""],
        ["", "", ""],
    ]
    data = "\r\n".join(separator.join(line) for line in lines)
    assert table(mark + data.encode()) == [Row(2, {"external_id": "7", "family_name": 'Rossi, "il" Bianco;'})]


def test_cells_of_several_values_have_a_short_form() -> None:
    header = "external_id;skills;interests;languages;sectors;subjects;availabilities;is_online;born_on;municipality_istat"
    cells = (
        "1;plc:2 turning:3:validated;welding cnc;en:B1;28.99.20:2025:true;Italiano | Storia dell'arte;"
        "2026-02-02:2026-02-27;VERO;4/5/2008;37006"
    )
    assert table(f"{header}\n{cells}\n".encode()) == [
        Row(
            2,
            {
                "external_id": "1",
                "skills": [
                    {"skill_id": "plc", "level": "2"},
                    {"skill_id": "turning", "level": "3", "evidence": "validated"},
                ],
                "interests": ["welding", "cnc"],
                "languages": [{"language": "en", "cefr": "B1"}],
                "sectors": [{"ateco_code": "28.99.20", "ateco_edition": "2025", "is_main": "true"}],
                "subjects": ["Italiano", "Storia dell'arte"],
                "availabilities": [{"starts_on": "2026-02-02", "ends_on": "2026-02-27"}],
                "is_online": "true", "born_on": "2008-05-04", "municipality_istat": "037006",
            },
        )
    ]  # fmt: skip


def test_a_cell_may_be_json_and_says_when_it_is_not() -> None:
    rows = table(
        b'external_id,skills,eligibilities\n1,"[{""skill_id"": ""plc""}]","[{""year"": 4}]"\n2,[x,{\n3,a:1:b:c:d,\n'
    )
    assert rows[0].document["skills"] == [{"skill_id": "plc"}]
    assert rows[0].document["eligibilities"] == [{"year": 4}]
    assert details(rows) == [
        (3, "skills", "is not a JSON array"),
        (3, "eligibilities", "is not a JSON array"),
        (4, "skills", "a:1:b:c:d has more parts than skill_id:level:evidence"),
    ]


@pytest.mark.parametrize(
    ("data", "row", "field", "word"),
    [
        (b"", 1, "", "empty"),
        (b"family_name\nx\n", 1, "external_id", "missing"),
        (b"external_id,surname\n", 1, "surname", "not a column"),
        (b"external_id,external_id\n", 1, "external_id", "twice"),
        (b"external_id\n1\n\xe8\n", 3, "", "UTF-8"),
        (b'external_id\n1\n"2', 3, "", "quotation"),
        (b'external_id\n1\n"2"x\n', 3, "", "quotation"),
        (b"\xff\xfee\x00", 1, "", "UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_says_at_which_row(data: bytes, row: int, field: str, word: str) -> None:
    with pytest.raises(Unreadable) as caught:
        table(data)
    assert (caught.value.row, caught.value.fault["field"]) == (row, field)
    assert word in caught.value.fault["detail"]


def test_a_row_that_was_cut_off_is_named() -> None:
    assert details(table(b"external_id,family_name,skills\n1,Rossi,\n2,Bia")) == [
        (3, "", "this row has 2 fields instead of 3")
    ]
