"""Lists as offices export them: read, guessed, checked cell by cell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app import spreadsheets
from app.class_lists import columns, rules
from app.class_lists import table as reading
from app.class_lists.columns import ListField
from app.class_lists.table import ListRow, ListTable, UnreadableList
from tests.factories import TODAY
from tests.spreadsheets import ods, pack, row, xlsx

F = ListField
GOOD = {F.FAMILY_NAME: "Verdi", F.GIVEN_NAME: "Anna", F.BORN_ON: "03/02/2009", F.MUNICIPALITY: "Imola"}
PLACES = {"Imola": ["037032"], "Samone": ["001235", "022167"]}


@pytest.mark.parametrize(
    ("data", "headings", "rows"),
    [
        (b"Cognome;Nome\nVerdi;Anna\n", ["Cognome", "Nome"], [(2, ["Verdi", "Anna"])]),
        (b"\xef\xbb\xbfCognome,Nome\r\nVerdi,\"Anna, Maria\"\r\n", ["Cognome", "Nome"], [(2, ["Verdi", "Anna, Maria"])]),
        (b"Cognome\tNome\nVerdi\tAnna", ["Cognome", "Nome"], [(2, ["Verdi", "Anna"])]),
        ("Cognome;Nome\nNicolò;Zoë".encode("cp1252"), ["Cognome", "Nome"], [(2, ["Nicolò", "Zoë"])]),
        (b"ISTITUTO ALDINI\n\nCognome;Nome\n\n Verdi ;Anna;4A\n", ["Cognome", "Nome", ""], [(5, ["Verdi", "Anna", "4A"])]),
    ],
)  # fmt: skip
def test_table_is_read_as_offices_write_it(
    data: bytes, headings: list[str], rows: list[tuple[int, list[str]]]
) -> None:
    found = reading.read(data)
    assert found.headings == headings
    assert [(row.number, row.cells) for row in found.rows] == rows


HEADINGS = ("Cognome", "Nome", "Nato il", "Comune", "Ore")
SHEET = row(1, "ISTITUTO ALDINI") + row(3, *HEADINGS) + row(4, "Verdi", "Anna", 39847, 37032, 40, day=2)
MEANT = ["Verdi", "Anna", "03/02/2009", "37032", "40"]


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        (xlsx(SHEET), [4]),
        (
            xlsx(
                "",
                row(1, "hidden", "sheet") + row(2, "x", "y"),
                SHEET,
                row(1, "a", "second", "one"),
                hidden=[2],
            ),
            [4],
        ),
        (ods(HEADINGS, ["Verdi", "Anna", "2009-02-03", "37032", "40"]), [2]),
    ],
    ids=["xlsx", "hidden and empty sheets", "ods"],
)
def test_a_spreadsheet_is_read_like_the_text_that_it_shows(data: bytes, numbers: list[int]) -> None:
    found = reading.read(data)
    assert found.headings == list(HEADINGS)
    assert [(one.number, one.cells) for one in found.rows] == [(number, MEANT) for number in numbers]
    cells = rules.cells_of(found.rows[0], columns.guess(found))
    assert (cells[F.MUNICIPALITY], cells[F.HOURS_OWED]) == ("037032", "40")
    assert rules.read_day(cells[F.BORN_ON]) == date(2009, 2, 3)


FAR_APART = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (xlsx(SHEET)[:300], spreadsheets.BROKEN),
        (pack({"letter.txt": "Gentili famiglie"}), spreadsheets.BROKEN),
        (xlsx(FAR_APART), spreadsheets.BROKEN),
        (
            pack({"xl/worksheets/s1.xml": b" " * (spreadsheets.MOST_UNPACKED + 1)}),
            spreadsheets.UNPACKS_TOO_LARGE,
        ),
        (
            pack({f"{at}.xml": b"" for at in range(spreadsheets.MOST_PARTS + 1)}),
            spreadsheets.UNPACKS_TOO_LARGE,
        ),
        (ods(["a"], encrypted=True), spreadsheets.ENCRYPTED),
        (spreadsheets.OLE + "EncryptedPackage".encode("utf-16-le"), spreadsheets.ENCRYPTED),
        (spreadsheets.OLE, spreadsheets.OLD_FORMAT),
    ],
    ids=["cut", "zip", "far apart", "bomb", "parts", "locked ods", "locked xlsx", "xls"],
)
def test_a_spreadsheet_that_cannot_be_read_is_named(data: bytes, reason: reading.Reason) -> None:
    with pytest.raises(UnreadableList) as refusal:
        reading.read(data, "4A.xlsx")
    assert refusal.value.reason["it"] == reason.at(0, name=" «4A.xlsx»").reason_it
    assert "«4A.xlsx»" in refusal.value.reason["en"]


def test_a_spreadsheet_is_read_wherever_the_service_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert spreadsheets.read(xlsx(SHEET), 10, 10)


def test_a_sheet_that_is_too_long_or_too_wide_says_so() -> None:
    for rows, limit in (
        ("".join(row(at, "a", "b") for at in range(1, reading.MOST_ROWS + 3)), reading.MOST_ROWS),
        (
            row(1, *"abc") + '<row r="2"><c r="A2"><v>1</v></c><c r="AP2"><v>2</v></c></row>',
            reading.MOST_COLUMNS,
        ),
    ):
        with pytest.raises(UnreadableList) as refusal:
            reading.read(xlsx(rows))
        assert str(limit) in refusal.value.reason["it"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", reading.NOTHING),
        (b"Cognome;Nome\n", reading.NOTHING),
        (b"only one column\nof text\n", reading.NOTHING),
        (b"PK\x03\x04 a spreadsheet", spreadsheets.BROKEN),
        (b"%PDF-1.7", reading.NOT_A_TABLE),
        (b"a;b\nc\x00;d", reading.NOT_A_TABLE),
        (b"a;b\n" + b"c;d\n" * (reading.MOST_ROWS + 1), None),
        (b"a;b\n" + b"x" * reading.MOST_BYTES, reading.TOO_LARGE),
        (b";".join([b"a"] * 41) + b"\n" + b";".join([b"b"] * 41), None),
        (b'a;b\n"c;d\n', None),
    ],
)
def test_what_is_no_list_is_refused_in_both_languages(data: bytes, code: reading.Reason | None) -> None:
    with pytest.raises(UnreadableList) as refusal:
        reading.read(data)
    assert refusal.value.faults[0]["field"] == "file"
    assert set(refusal.value.reason) == {"it", "en"}
    if code is not None:
        assert refusal.value.reason["it"] == code.at(0, name="").reason_it


def test_a_page_carries_the_table_and_nothing_else() -> None:
    table = reading.read(b"Cognome;Nome\nVerdi;Anna\n")
    assert reading.carried(table.model_dump_json()) == table
    for forged in (
        "",
        "[]",
        '{"headings": ["a", "b"], "rows": []}',
        '{"headings": ["a\\u0000", "b"], "rows": [{}]}',
    ):
        with pytest.raises(UnreadableList):
            reading.carried(forged)


def guessed(*headings: str, cells: tuple[str, ...] = ()) -> list[ListField | None]:
    filled = [*cells, *[""] * (len(headings) - len(cells))]
    return columns.guess(ListTable(headings=list(headings), rows=[ListRow(number=2, cells=filled)]))


def test_columns_are_guessed_from_their_headings() -> None:
    assert guessed("N.", "COGNOME", "Nome", "Nato il", "Comune di nascita", "Comune di residenza", "Matricola") == [
        None, F.FAMILY_NAME, F.GIVEN_NAME, F.BORN_ON, None, F.MUNICIPALITY, F.EXTERNAL_ID,
    ]  # fmt: skip
    assert guessed("Nome", "Nome") == [F.GIVEN_NAME, None]


def test_a_column_of_days_is_the_day_of_birth_if_there_is_one_such_column() -> None:
    assert guessed("a", "b", cells=("x", "3/9/2008")) == [None, F.BORN_ON]
    assert guessed("a", "b", cells=("1/9/2024", "3/9/2008")) == [None, None]


def test_columns_that_lack_or_repeat_are_named() -> None:
    assert columns.missing([F.FAMILY_NAME, None, F.BORN_ON]) == [F.GIVEN_NAME, F.MUNICIPALITY]
    assert columns.repeated([F.GIVEN_NAME, F.GIVEN_NAME, None, None]) == [F.GIVEN_NAME]


def test_good_cells_are_a_person() -> None:
    person, faults = rules.check(GOOD | {F.HOURS_OWED: "90"}, PLACES, TODAY)
    assert faults == []
    assert person is not None
    assert (person.born_on, person.municipality_istat, person.hours_owed) == (date(2009, 2, 3), "037032", 90)
    same, _ = rules.check(GOOD | {F.FAMILY_NAME: "VERDI", F.BORN_ON: "2009-02-03"}, PLACES, TODAY)
    other, _ = rules.check(GOOD | {F.GIVEN_NAME: "Ada"}, PLACES, TODAY)
    assert same is not None
    assert other is not None
    assert same.id_in_list() == person.id_in_list() != other.id_in_list()


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        (F.FAMILY_NAME, "", "questa cella non può essere vuota"),
        (F.GIVEN_NAME, "x" * 81, "questa cella ha 81 caratteri: al massimo 80"),
        (F.BORN_ON, "31/02/2009", rules.BAD_DAY.it),
        (F.BORN_ON, "presto", rules.BAD_DAY.it),
        (F.BORN_ON, "03/02/2024", "uno studente ha da 13 a 70 anni"),
        (F.MUNICIPALITY, "Atlantide", rules.UNKNOWN_PLACE.it),
        (F.MUNICIPALITY, "Samone", rules.SEVERAL_PLACES.it),
        (F.HOURS_OWED, "novanta", "scrivi un numero di ore, fino a 5000"),
        (F.HOURS_OWED, "5001", "scrivi un numero di ore, fino a 5000"),
        (F.EXTERNAL_ID, "x" * 81, "questa cella ha 81 caratteri: al massimo 80"),
    ],
)
def test_a_bad_cell_is_named_with_its_reason(field: ListField, cell: str, reason: str) -> None:
    person, faults = rules.check(GOOD | {field: cell}, PLACES, TODAY)
    assert person is None
    assert [(fault.field, fault.it) for fault in faults] == [(field, reason)]
    assert faults[0].en != faults[0].it


def test_every_bad_cell_of_a_row_is_told_at_once() -> None:
    _, faults = rules.check({F.BORN_ON: "x", F.MUNICIPALITY: "y"}, PLACES, TODAY)
    assert {fault.field for fault in faults} == {F.FAMILY_NAME, F.GIVEN_NAME, F.BORN_ON, F.MUNICIPALITY}
