"""Diaries, evaluations of three sides, and the end of a placement."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.companies.models import Company
from app.events.models import Event
from app.hours import rules, service
from app.hours.models import DiaryEntry, Evaluation, EvaluationMark
from app.hours.service import Said
from app.placements.models import Party, Placement, State
from app.students.models import Evidence, StudentSkill
from tests.app.hours.people import MONDAY, Place, Seat, actor_of, place
from tests.factories import NOW, TODAY, Factory


@pytest.fixture
def at(make: Factory) -> Place:
    """A week that ended on Friday, with two days confirmed."""
    at = place(make, state=State.CLOSING, ends_on=MONDAY + timedelta(days=4), planned_hours=40)
    said = [Said(at.placement.id, MONDAY + timedelta(days=number), 480) for number in range(2)]
    with make.database.write() as session:
        service.say_many(session, actor_of(at.host), said, now=NOW)
    return at


def marks(party: Party, mark: int = 3) -> dict[str, Any]:
    found = [{"criterion": one.value, "mark": mark} for one in rules.CRITERIA[party]]
    return {"marks": found, "would_repeat": True}


SKILL = {"skill_id": "plc-programming", "level": 3}

# --- diary ------------------------------------------------------------------------------------------------------------

LINES = {"written_on": MONDAY.isoformat(), "did": "Ho montato un quadro.", "learnt": "A leggere lo schema."}


def test_the_student_writes_two_lines_that_the_school_reads(
    client: TestClient, make: Factory, at: Place
) -> None:
    pupil, teacher = Seat(client, make, at.pupil), Seat(client, make, at.teacher)
    made = pupil.send("POST", f"{at.path}/diary", LINES)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    entry = made.json()
    own = f"{at.path}/diary/{entry['id']}"
    changed = pupil.send("PATCH", own, {"learnt": ""}, **{"If-Match": '"1"'}).json()
    assert changed == entry | {"learnt": "", "version": 2}
    assert teacher.send("GET", f"{at.path}/diary").json() == {"items": [changed], "next_cursor": None}
    assert teacher.send("PATCH", own, {"did": "Altro."}, **{"If-Match": "*"}).status_code == 403


def test_neither_host_nor_administrator_reads_the_diary(client: TestClient, make: Factory, at: Place) -> None:
    entry = Seat(client, make, at.pupil).send("POST", f"{at.path}/diary", LINES).json()
    for grant in (at.host, Role.ADMINISTRATOR):
        seat = Seat(client, make, grant)
        for path in (f"{at.path}/diary", f"{at.path}/diary/{entry['id']}"):
            answer = seat.send("GET", path)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-your-diary")
            assert "quadro" not in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"written_on": (MONDAY + timedelta(days=5)).isoformat()}, "written_on"),
        ({"written_on": (TODAY + timedelta(days=1)).isoformat()}, "written_on"),
        ({"did": ""}, "did"),
        ({"did": "a" * 301}, "did"),
        ({"learnt": "zwei\nZeilen"}, "learnt"),
    ],
)
def test_lines_that_cannot_be_name_the_field(
    client: TestClient, make: Factory, at: Place, change: dict[str, str], field: str
) -> None:
    answer = Seat(client, make, at.pupil).send("POST", f"{at.path}/diary", LINES | change)
    assert (answer.status_code, [one["field"] for one in answer.json()["faults"]]) == (422, [field])


def test_a_day_is_written_once_and_not_logged(client: TestClient, make: Factory, at: Place) -> None:
    pupil = Seat(client, make, at.pupil)
    assert pupil.send("POST", f"{at.path}/diary", LINES).status_code == 201
    assert pupil.send("POST", f"{at.path}/diary", LINES).json()["type"] == "/problems/day-written"
    with make.database.read() as session:
        [event] = session.scalars(sa.select(Event).where(Event.action == "diary.written"))
        assert (event.object_id, event.data) == (str(at.placement.id), {})
        assert session.scalar(sa.select(sa.func.count()).select_from(DiaryEntry)) == 1


# --- evaluations ------------------------------------------------------------------------------------------------------


def test_what_the_host_has_seen_becomes_evidence_when_the_school_confirms(
    client: TestClient, make: Factory, at: Place
) -> None:
    host, teacher, pupil = (Seat(client, make, grant) for grant in (at.host, at.teacher, at.pupil))
    body = marks(Party.COMPANY) | {"skills": [SKILL], "words": "Preciso."}
    made = host.send("POST", f"{at.path}/evaluations", body)
    assert made.status_code == 201, made.text
    evaluation = made.json()
    own = f"{at.path}/evaluations/{evaluation['id']}"
    assert held(make, at) is None
    assert pupil.send("GET", own).status_code == 404
    assert host.send("POST", f"{own}/confirm").status_code == 403
    confirmed = teacher.send("POST", f"{own}/confirm").json()
    assert confirmed == evaluation | {"confirmed_at": "2026-01-12T09:00:00Z", "version": 2}
    assert teacher.send("POST", f"{own}/confirm").json() == confirmed
    assert held(make, at) == (3, Evidence.VALIDATED)
    assert pupil.send("GET", own).json() == confirmed
    late = host.send("PATCH", own, {"words": "Altro."}, **{"If-Match": "*"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/evaluated")


def held(make: Factory, at: Place) -> tuple[int, Evidence] | None:
    found = make.get(StudentSkill, (at.student.id, "plc-programming"))
    return None if found is None else (found.level, found.evidence)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((2, Evidence.DECLARED), (3, Evidence.VALIDATED)),
        ((4, Evidence.CURRICULUM), (3, Evidence.VALIDATED)),
        ((2, Evidence.VALIDATED), (3, Evidence.VALIDATED)),
        ((4, Evidence.VALIDATED), (4, Evidence.VALIDATED)),
        ((1, Evidence.CERTIFIED), (1, Evidence.CERTIFIED)),
    ],
)
def test_what_is_proven_is_not_taken_away(
    client: TestClient,
    make: Factory,
    at: Place,
    before: tuple[int, Evidence],
    after: tuple[int, Evidence],
) -> None:
    level, evidence = before
    make.add(
        StudentSkill(student_id=at.student.id, skill_id="plc-programming", level=level, evidence=evidence)
    )
    body = marks(Party.COMPANY) | {"skills": [SKILL]}
    made = Seat(client, make, at.host).send("POST", f"{at.path}/evaluations", body).json()
    Seat(client, make, at.teacher).send("POST", f"{at.path}/evaluations/{made['id']}/confirm")
    assert held(make, at) == after


def test_each_side_reads_what_is_for_it(client: TestClient, make: Factory, at: Place) -> None:
    seats = {
        Party.COMPANY: Seat(client, make, at.host),
        Party.STUDENT: Seat(client, make, at.pupil),
        Party.SCHOOL: Seat(client, make, at.teacher),
    }
    for party, seat in seats.items():
        assert seat.send("POST", f"{at.path}/evaluations", marks(party)).status_code == 201
        again = seat.send("POST", f"{at.path}/evaluations", marks(party))
        assert (again.status_code, again.json()["type"]) == (409, "/problems/evaluated")

    def read(party: Party) -> set[str]:
        found = seats[party].send("GET", f"{at.path}/evaluations").json()["evaluations"]
        return {one["party"] for one in found}

    assert {party.value: read(party) for party in seats} == {
        "company": {"company"},
        "student": {"student"},
        "school": {"company", "student", "school"},
    }
    assert Seat(client, make, Role.ADMINISTRATOR).send("GET", f"{at.path}/evaluations").status_code == 403


@pytest.mark.parametrize(
    ("change", "field", "detail"),
    [
        ({"skills": [{"skill_id": "welding", "level": 3}]}, "skills", "welding is not in the plan"),
        ({"skills": [SKILL, SKILL]}, "skills", "Value error, the same skill stands twice"),
        ({"skills": [SKILL | {"level": 5}]}, "skills.0.level", "Input should be less than or equal to 4"),
        ({"marks": marks(Party.COMPANY)["marks"][1:]}, "marks", "reliability is missing"),
    ],
)
def test_an_evaluation_that_cannot_be_names_the_field(
    client: TestClient, make: Factory, at: Place, change: dict[str, Any], field: str, detail: str
) -> None:
    body = marks(Party.COMPANY) | change
    answer = Seat(client, make, at.host).send("POST", f"{at.path}/evaluations", body)
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"in": "body", "field": field, "detail": detail}]


def test_one_s_own_evaluation_is_changed_in_parts(client: TestClient, make: Factory, at: Place) -> None:
    pupil = Seat(client, make, at.pupil)
    made = pupil.send("POST", f"{at.path}/evaluations", marks(Party.STUDENT)).json()
    own = f"{at.path}/evaluations/{made['id']}"
    changed = pupil.send(
        "PATCH",
        own,
        {"would_repeat": False, "marks": marks(Party.STUDENT, 1)["marks"]},
        **{"If-Match": '"1"'},
    ).json()
    assert {one["mark"] for one in changed["marks"]} == {1}
    assert (changed["would_repeat"], changed["version"]) == (False, 2)
    foreign = Seat(client, make, at.teacher).send("PATCH", own, {"words": "Altro."}, **{"If-Match": "*"})
    assert foreign.status_code == 403


@pytest.mark.parametrize(
    ("values", "is_time"),
    [
        ({"state": State.RUNNING, "ends_on": TODAY + timedelta(days=8)}, False),
        ({"state": State.RUNNING, "ends_on": TODAY + timedelta(days=7)}, True),
        ({"state": State.READY}, False),
        ({"state": State.COMPLETED}, False),
    ],
)
def test_the_time_to_evaluate(
    client: TestClient, make: Factory, values: dict[str, Any], is_time: bool
) -> None:
    at = place(make, **values)
    answer = Seat(client, make, at.host).send("POST", f"{at.path}/evaluations", marks(Party.COMPANY))
    assert answer.status_code == (201 if is_time else 409)


# --- the end ----------------------------------------------------------------------------------------------------------


def test_the_school_completes_when_nothing_is_missing(client: TestClient, make: Factory, at: Place) -> None:
    host, pupil, teacher = (Seat(client, make, grant) for grant in (at.host, at.pupil, at.teacher))
    noted = pupil.send(
        "POST", f"{at.path}/hours", {"worked_on": (MONDAY + timedelta(days=2)).isoformat(), "minutes": 480}
    ).json()
    refused = teacher.send("POST", f"{at.path}/complete")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-finished")
    assert [one["field"] for one in refused.json()["faults"]] == [
        "hours", "evaluations.company", "evaluations.student", "evaluations.school",
    ]  # fmt: skip
    host.send("PATCH", f"{at.path}/hours/{noted['id']}", {"minutes": 480}, **{"If-Match": "*"})
    of_host = host.send("POST", f"{at.path}/evaluations", marks(Party.COMPANY)).json()
    pupil.send("POST", f"{at.path}/evaluations", marks(Party.STUDENT))
    teacher.send("POST", f"{at.path}/evaluations", marks(Party.SCHOOL))
    assert [one["field"] for one in teacher.send("POST", f"{at.path}/complete").json()["faults"]] == [
        "evaluations.company"
    ]
    teacher.send("POST", f"{at.path}/evaluations/{of_host['id']}/confirm")
    for caller, status in ((host, 403), (pupil, 403), (teacher, 200), (teacher, 200)):
        assert caller.send("POST", f"{at.path}/complete").status_code == status
    placement = make.get(Placement, at.placement.id)
    assert placement is not None
    assert placement.state is State.COMPLETED
    closed = host.send(
        "POST", f"{at.path}/hours", {"worked_on": (MONDAY + timedelta(days=3)).isoformat(), "minutes": 1}
    )
    assert (closed.status_code, closed.json()["type"]) == (409, "/problems/not-running")


def test_what_runs_is_not_completed(client: TestClient, make: Factory) -> None:
    at = place(make)
    answer = Seat(client, make, at.teacher).send("POST", f"{at.path}/complete")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-state")


# --- what a territory sees --------------------------------------------------------------------------------------------


def said_of(make: Factory, count: int, *, mark: int, again: int) -> Company:
    """A host of which so many students have spoken, the first ones of whom would go again; it would always host again."""
    company = make.company()
    for number in range(count):
        at = make.placement(make.student(), make.opportunity(company), state=State.COMPLETED)
        evaluation = make.add(
            Evaluation(
                placement_id=at.id, student_id=at.student_id, party=Party.STUDENT, would_repeat=number < again,
                words="Detto da uno solo.", given_at=NOW, given_by="user:x",
            )
        )  # fmt: skip
        make.add(
            Evaluation(
                placement_id=at.id, student_id=at.student_id, party=Party.COMPANY, would_repeat=True, given_at=NOW,
                given_by="user:y",
            )
        )  # fmt: skip
        for criterion in rules.CRITERIA[Party.STUDENT]:
            make.add(EvaluationMark(evaluation_id=evaluation.id, criterion=criterion, mark=mark))
    return company


def test_a_territory_reads_averages_of_at_least_five(client: TestClient, make: Factory) -> None:
    large = said_of(make, 6, mark=3, again=3)
    for count in (3, 2):
        said_of(make, count, mark=1, again=0)
    answer = Seat(client, make, Role.COORDINATOR).send("GET", "/api/v1/network/experiences")
    criteria = [one.value for one in rules.CRITERIA[Party.STUDENT]]
    assert answer.json()["experiences"] == [
        {
            "company_id": str(large.id), "company_name": large.name, "students": 5, "would_repeat": 0.5,
            "averages": [{"criterion": one, "average": 3.0} for one in criteria], "would_host_again": 1.0,
        },
        {
            "company_id": None, "company_name": None, "students": 5, "would_repeat": 0.0,
            "averages": [{"criterion": one, "average": 1.0} for one in criteria], "would_host_again": 1.0,
        },
    ]  # fmt: skip
    assert answer.json()["territory"] == {
        "company_id": None, "company_name": None, "students": 10, "would_repeat": 0.3,
        "averages": [{"criterion": one, "average": 2.1} for one in criteria], "would_host_again": 1.0,
    }  # fmt: skip
    assert "Detto" not in answer.text
    page = Seat(client, make, Role.COORDINATOR).send("GET", "/coordination/experiences").text
    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    assert [re.findall(r"almeno \d+|\d su 10|10 su 10", row) for row in rows] == [
        [], ["almeno 10", "3 su 10", "10 su 10"], ["almeno 5", "5 su 10", "10 su 10"], ["almeno 5", "0 su 10", "10 su 10"],
    ]  # fmt: skip
    assert "Detto" not in page
    make.territory("Milano", "MI")
    nothing = {"experiences": [], "territory": None}
    far = Grant(Role.COORDINATOR, territory_id=make.territory("Milano").id)
    assert Seat(client, make, far).send("GET", "/api/v1/network/experiences").json() == nothing


def test_of_few_nothing_is_told(client: TestClient, make: Factory) -> None:
    said_of(make, 4, mark=2, again=4)
    answer = Seat(client, make, Role.COORDINATOR).send("GET", "/api/v1/network/experiences")
    assert answer.json() == {"experiences": [], "territory": None}
