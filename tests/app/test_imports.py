"""The account that every importer gives."""

import pytest

from app.imports import EMPTY_CELL, TOO_LONG, ImportReport, clean_cell


def test_report_adds_up_whatever_happens() -> None:
    report = ImportReport()
    report.keep()
    report.keep()
    report.merge()
    report.skip("blank")
    report.reject(EMPTY_CELL.at(5, "A"))
    report.discard(EMPTY_CELL.at(2, "A"))
    report.check()
    assert (report.seen, report.kept, report.merged, report.skipped, report.rejected) == (5, 1, 1, 1, 2)
    assert report.as_dict()["unlisted"] == 0


@pytest.mark.parametrize("field", ["seen", "kept", "skipped", "rejected"])
def test_report_that_does_not_add_up_is_refused(field: str) -> None:
    report = ImportReport()
    setattr(report, field, 1)
    with pytest.raises(ValueError, match="do not add up"):
        report.check()


def test_report_of_written_records_adds_up() -> None:
    report = ImportReport(records=3, created=1, updated=1)
    report.check()
    with pytest.raises(ValueError, match="records do not add up"):
        report.check(written=True)
    report.unchanged = 1
    report.check(written=True)


def test_fault_shows_a_long_value_shortened() -> None:
    fault = TOO_LONG.at(3, "A", "x" * 500, found=500, limit=10)
    assert len(fault.value) == 80
    assert fault.reason == "this cell has 500 characters; at most 10 are allowed"
    assert fault.reason_it == "questa cella ha 500 caratteri: al massimo 10"
    assert str(EMPTY_CELL.at(0)) == "file: this cell must not be empty"


@pytest.mark.parametrize(
    ("text", "clean"), [("  a   b ", "a b"), ("INGLESE \x96 FRANCESE", "INGLESE – FRANCESE"), ("è", "è")]
)
def test_cell_is_cleaned(text: str, clean: str) -> None:
    assert clean_cell(text) == clean
