"""What each side does on the pages of placements, tutors, rules and safety: without scripts, which these pages do not have."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.models import User
from app.db import Database
from app.laws.models import HostActivity, LawRule, SafetyTraining
from app.opportunities.models import Opportunity
from app.placements.models import Placement, State
from app.students.models import Student
from tests.factories import TODAY, Factory
from tests.queries import count_queries
from tests.web.territory import Territory

Visit = Callable[..., TestClient]
START = TODAY + timedelta(days=30)


def placement_of(database: Database, land: Territory) -> Placement:
    with database.read() as session:
        return session.get_one(Placement, land.placement_id)


def user_of(database: Database, land: Territory, who: str) -> UUID:
    with database.read() as session:
        return session.scalars(sa.select(User.id).where(User.email == land.emails[who])).one()


def terms(**values: Any) -> dict[str, Any]:
    return {
        "version": "1", "starts_on": START.isoformat(), "ends_on": (START + timedelta(days=11)).isoformat(),
        "weekdays": ["MO", "TU"], "daily_hours": "7,5", "planned_hours": "15", "risk": "medium", "starts_at": "08:00",
        "ends_at": "16:00",
    } | values  # fmt: skip


def test_a_teacher_changes_the_terms(visit: Visit, land: Territory, database: Database) -> None:
    teacher, url = visit("teacher"), f"/placements/{land.placement_id}"
    page = teacher.get(url).text
    assert "Prima dell&#39;inizio servono 4 ore di formazione generale" in page
    assert "Da verificare dalla scuola" in page
    tutor = user_of(database, land, "teacher")
    answer = teacher.post(f"{url}/terms", data=terms(school_tutor_id=str(tutor)))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{url}?done=terms")
    changed = placement_of(database, land)
    assert (changed.daily_hours, changed.weekdays, changed.school_tutor_id) == (7.5, 3, tutor)
    assert "Le modifiche sono salvate." in teacher.get(f"{url}?done=terms").text


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"starts_on": "domani"}, "#starts_on"),
        ({"starts_on": TODAY.isoformat()}, "#starts_on"),
        ({"starts_on": "9999-12-31"}, "#starts_on"),
        ({"planned_hours": "500"}, "#planned_hours"),
        ({"planned_hours": "12,5"}, "#planned_hours"),
        ({"daily_hours": "nan"}, "#daily_hours"),
        ({"weekdays": []}, "#weekdays"),
        ({"ends_at": ""}, "#ends_at"),
        ({"starts_at": "25:00"}, "#starts_at"),
        ({"risk": "none"}, "#risk"),
        ({"school_tutor_id": "x"}, "#school_tutor_id"),
        ({"activity_ids": ["00000000-0000-4000-8000-000000000000"]}, "#activity_ids"),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_changes(
    visit: Visit, land: Territory, database: Database, values: dict[str, Any], named: str
) -> None:
    answer = visit("teacher").post(f"/placements/{land.placement_id}/terms", data=terms(**values))
    assert answer.status_code == 422
    assert f'<a href="{named}">' in answer.text
    assert placement_of(database, land).version == 1


def test_what_somebody_else_has_changed_is_not_overwritten(visit: Visit, land: Territory) -> None:
    answer = visit("teacher").post(f"/placements/{land.placement_id}/terms", data=terms(version="7"))
    assert answer.status_code == 409
    assert "Intanto l'inserimento è cambiato" in answer.text


def test_a_company_says_who_looks_after_the_student_and_what_is_done(
    visit: Visit, land: Territory, database: Database
) -> None:
    company, url = visit("company"), f"/placements/{land.placement_id}"
    with database.read() as session:
        welding = session.scalars(sa.select(HostActivity.id).where(HostActivity.is_high_risk)).one()
    tutor = user_of(database, land, "company")
    page = company.get(url).text
    assert "Giulia Rossi" in page
    assert 'name="starts_on"' not in page
    sent = {"version": "1", "risk": "high", "host_tutor_id": str(tutor), "activity_ids": [str(welding)]}
    assert company.post(f"{url}/terms", data=sent).status_code == 303
    assert placement_of(database, land).host_tutor_id == tutor
    assert (
        "ad alto rischio della valutazione dei rischi dell&#39;azienda: Saldatura." in company.get(url).text
    )


def test_a_student_reads_it_and_takes_it_back_with_a_reason(
    visit: Visit, land: Territory, database: Database
) -> None:
    student, url = visit("student"), f"/placements/{land.placement_id}"
    page = student.get("/placements").text
    assert url in page
    assert "Che cosa dicono le regole" not in student.get(url).text
    missing = student.post(f"{url}/steps/cancel")
    assert missing.status_code == 422
    assert '<a href="#reason">' in missing.text
    assert student.post(f"{url}/steps/cancel", data={"reason": "company_changed"}).status_code == 422
    assert student.post(f"{url}/steps/cancel", data={"reason": "student_changed"}).status_code == 303
    assert placement_of(database, land).state is State.CANCELLED
    assert "lo studente ha cambiato programma" in student.get(url).text
    assert student.post(f"{url}/steps/restore").status_code == 403
    # The seat is free again, and somebody else may take it.
    assert visit("teacher").post(f"{url}/steps/restore").status_code == 303
    assert placement_of(database, land).state is State.PLANNED


def test_a_lead_sees_everything_on_the_board_and_arranges_the_tutors(
    visit: Visit, land: Territory, make: Factory, database: Database
) -> None:
    lead, url = visit("lead"), f"/schools/{land.school_id}"
    teacher, other = (user_of(database, land, who) for who in ("teacher", "lead"))
    with database.write() as session:
        row = session.get_one(Placement, land.placement_id)
        row.school_tutor_id, row.due_at = teacher, row.due_at and row.due_at - timedelta(days=50)
    board = lead.get(f"{url}/placements").text
    assert "Giulia Rossi" in board
    assert "Prima dell&#39;inizio servono 4 ore" in board
    assert "dalla legge" in board
    capacity = {"user_id": str(teacher), "start_year": "2025", "most_students": "7"}
    assert lead.post(f"{url}/tutors/capacity", data=capacity).headers["location"].endswith("start_year=2025")
    leave = {"user_id": str(teacher), "starts_on": START.isoformat(), "ends_on": START.isoformat()}
    assert lead.post(f"{url}/tutors/leave", data=leave).status_code == 303
    assert "Il tutor scolastico è assente in quei giorni" in lead.get(f"/placements/{land.placement_id}").text
    sent = {"before_id": str(teacher), "after_id": str(other), "from_on": TODAY.isoformat()}
    assert lead.post(f"{url}/tutors/substitution", data=sent).status_code == 303
    assert placement_of(database, land).school_tutor_id == other
    again = lead.post(f"{url}/tutors/substitution", data=sent)
    assert again.status_code == 422
    assert '<a href="#before_id">' in again.text
    assert lead.post(f"{url}/tutors/capacity", data=capacity | {"most_students": "-1"}).status_code == 422


def test_an_administrator_writes_a_new_version_and_the_old_one_stays(
    visit: Visit, land: Territory, database: Database
) -> None:
    administrator = visit("administrator")
    page = administrator.get("/law-rules").text
    assert "Scrivi una nuova versione" in page
    assert re.search(r"quota di ore frequentate: 75\s?%", page), "not rounded to one decimal"
    assert "Scrivi una nuova versione" not in visit("company").get("/law-rules").text
    with database.read() as session:
        old = session.scalars(sa.select(LawRule).where(LawRule.code == "daily-hours-minor")).one()
    sent = {
        "p-hours": "6", "p-from_age": "16", "p-under_age": "18", "severity": "forbids", "starts_on": START.isoformat(),
        "source": "L. 1/2026", "message_it": "Al massimo {hours} ore.", "message_en": "At most {hours} hours.",
    }  # fmt: skip
    url = f"/law-rules/{old.id}/version"
    assert administrator.post(url, data=sent).status_code == 303
    with database.read() as session:
        versions = session.scalars(
            sa.select(LawRule).where(LawRule.code == old.code).order_by(LawRule.version)
        ).all()
    assert [(one.version, one.parameters["hours"]) for one in versions] == [(1, 8.0), (2, 6.0)]
    for values, named in (
        ({"starts_on": (TODAY - timedelta(days=1)).isoformat()}, "starts_on"),
        ({"p-hours": "molte"}, "parameters"),
        ({"message_it": "{missing}"}, "message_it"),
        ({"source": ""}, "source"),
    ):
        answer = administrator.post(url, data=sent | values)
        assert answer.status_code == 422
        assert f'<a href="#{named}-{old.code}">' in answer.text
    assert "Al massimo 6 ore." in administrator.get(f"/placements/{land.placement_id}").text


def test_a_host_declares_what_it_does(visit: Visit, land: Territory, database: Database) -> None:
    company, url = visit("company"), f"/companies/{land.company_id}/safety"
    sent = {"rows": "3", "name-0": "Tornitura", "name-1": "", "name-2": "Taglio", "high-2": "1"}
    half = company.post(url, data=sent | {"assessed_on": "2025-03-04"})
    assert half.status_code == 422
    assert '<a href="#risk">' in half.text
    assert company.post(url, data=sent | {"assessed_on": "2025-03-04", "risk": "low"}).status_code == 303
    read = visit("lead").get(url).text
    assert "Tornitura" in read
    assert "Saldatura" not in read
    assert "4 marzo 2025, rischio basso" in read
    assert 'name="assessed_on"' not in read


def test_a_class_is_trained_at_once(visit: Visit, land: Territory, database: Database) -> None:
    teacher, url = visit("teacher"), f"/classes/{land.class_id}/trainings"
    sent = {
        "student_ids": [str(land.student_id), str(land.classmate_id)], "kind": "general", "hours": "4",
        "held_on": TODAY.isoformat(), "held_by": "La scuola",
    }  # fmt: skip
    assert teacher.post(url, data=sent).status_code == 303
    assert teacher.post(url, data=sent | {"kind": "low"}).status_code == 303
    with database.read() as session:
        found = session.scalars(sa.select(SafetyTraining.kind)).all()
    assert sorted(found) == ["general", "general", "specific", "specific"]
    assert "Prima dell&#39;inizio servono" not in teacher.get(f"/placements/{land.placement_id}").text
    for values, named in (
        ({"student_ids": []}, "student_ids"),
        ({"held_on": (TODAY + timedelta(days=1)).isoformat()}, "held_on"),
        ({"held_by": ""}, "held_by"),
        ({"hours": "0"}, "hours"),
        ({"student_ids": [str(land.stranger_id)]}, "student_ids"),
    ):
        answer = teacher.post(url, data=sent | values)
        assert answer.status_code == 422
        assert f'<a href="#{named}">' in answer.text


def test_the_board_costs_the_same_for_one_and_for_three(
    visit: Visit, land: Territory, make: Factory, database: Database
) -> None:
    lead, counts = visit("lead"), set()
    url = f"/schools/{land.school_id}/placements?start_year=2025"
    lead.get(url)
    row = placement_of(database, land)
    with database.read() as session:
        classmate = session.get_one(Student, land.classmate_id)
        far = session.get_one(Opportunity, land.far_id)
    for number in range(3):
        with count_queries(database) as queries:
            assert lead.get(url).status_code == 200
        counts.add(sum("looks" not in one for one in queries.statements))  # whom it shows is noted one by one
        make.placement(
            classmate, far, starts_on=row.starts_on + timedelta(days=20 * number), state=State.COMPLETED
        )
    assert len(counts) == 1
