from __future__ import annotations

import io

import sqlalchemy as sa

from app.evidence import enrolments
from app.evidence.models import Enrolment
from tests.factories import ACTOR, Factory

HEAD = "school_code,start_year,track,students\n"


def test_rows_are_loaded_and_each_bad_one_is_told(make: Factory) -> None:
    code = make.school().code
    file = (
        f"{HEAD}{code},2024,Meccanica,151\n{code},2025,Meccanica,163\n{code},2025,Meccanica,9\nBOTF99999Z,2025,C1,3\n"
        f"{code},99,C1,3\n{code},2025,C1,-3\n{code},2025,,3\n{code},2025,C1\n{code},2025,C2,１2\n"
    )

    def load(text: str) -> tuple[dict[str, object], list[str]]:
        rows, report = enrolments.read(io.BytesIO(text.encode()))
        with make.database.write() as session:
            enrolments.load(session, ACTOR, rows, report)
        report.check(written=True)
        return report.as_dict(), [str(fault) for fault in report.faults]

    report, faults = load(file)
    assert (report["created"], report["rejected"]) == (2, 7)
    assert sorted(faults) == [
        "row 10, column STUDENTS: the number of students is a whole number from 0 to 10000",
        "row 4: this row repeats row 3",
        "row 5, column SCHOOL_CODE: no school here has this code: import the registry of schools first",
        "row 6, column START_YEAR: a school year is the year in which it begins, from 2000 to 2100: 2025 for 2025/26",
        "row 7, column STUDENTS: the number of students is a whole number from 0 to 10000",
        "row 8, column TRACK: this cell must not be empty",
        "row 9: this row has 3 fields instead of 4",
    ]
    again, _ = load(f"{HEAD}{code},2024,Meccanica,150\n{code},2025,Meccanica,163\n")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
    with make.database.read() as session:
        rows = session.execute(
            sa.select(Enrolment.start_year, Enrolment.students).order_by(Enrolment.start_year)
        )
        assert [tuple(row) for row in rows] == [(2024, 150), (2025, 163)]
