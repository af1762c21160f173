"""A shared internship from the first invitation to the placement: who says what, what the plan needs, and what stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import dates
from app.auth.actors import Grant, Role
from app.auth.models import User
from app.hosting import rules, service
from app.hosting.models import PartnerState, PlacementStation
from app.hosting.rules import PartnerAction, Stop
from app.notifications.models import Notification
from app.opportunities.models import Kind, Opportunity, OpportunitySpan
from app.placements import service as placements
from app.placements import service_findings
from app.placements.service import Terms
from app.students.models import Student
from tests.factories import ACTOR, NOW, Factory

MONDAY = date(2026, 3, 2)
LAST = date(2026, 3, 27)
"""Four weeks: Monday to Friday."""


class Firms:
    """Three small firms of one territory and their people, who call over the API; the first leads."""

    def __init__(self, make: Factory, client: TestClient) -> None:
        self.make, self.client = make, client
        make.territory()
        self.lead, self.second, self.third = (make.company() for _ in range(3))
        keys = (
            make.bearer(Role.COMPANY_MEMBER, company_id=one.id)
            for one in (self.lead, self.second, self.third)
        )
        self.of_lead, self.of_second, self.of_third = keys
        for company in (self.lead, self.second):
            make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=company.id), name=company.name)
        self.internship = make.opportunity(self.lead, hours=80, municipality_istat="037006")
        make.add(OpportunitySpan(opportunity_id=self.internship.id, starts_on=MONDAY, ends_on=LAST))
        self.path = f"/api/v1/opportunities/{self.internship.id}/hosting"

    def read(self, who: Mapping[str, str]) -> dict[str, Any]:
        answer = self.client.get(self.path, headers=who)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def invite(self, company_id: UUID, who: Mapping[str, str] | None = None) -> httpx2.Response:
        body = {"company_id": str(company_id)}
        return self.client.post(f"{self.path}/partners", headers=who or self.of_lead, json=body)

    def move(self, who: Mapping[str, str], company_id: UUID, action: str, **more: Any) -> httpx2.Response:
        [partner] = [
            one for one in self.read(self.of_lead)["partners"] if one["company_id"] == str(company_id)
        ]
        body = {"action": action, "version": partner["version"]} | more
        return self.client.post(f"{self.path}/partners/{partner['id']}/moves", headers=who, json=body)

    def plan(self, stations: list[dict[str, Any]], **more: Any) -> httpx2.Response:
        headers = {**self.of_lead, "If-Match": "*", "Content-Type": "application/merge-patch+json"}
        return self.client.patch(self.path, headers=headers, json={"stations": stations} | more)

    def two_weeks_each(self, company_id: UUID | None = None) -> list[dict[str, Any]]:
        return [
            station(self.lead.id, MONDAY, date(2026, 3, 13), 40, learns="Disegno CAD"),
            station(company_id or self.second.id, date(2026, 3, 16), LAST, 40, learns="Tornitura"),
        ]

    def settle(self, **answer: Any) -> None:
        assert self.invite(self.second.id).status_code == 201
        assert self.plan(self.two_weeks_each()).status_code == 200
        assert self.move(self.of_second, self.second.id, "accept", **answer).status_code == 201

    def told(self) -> list[str]:
        with self.make.database.read() as session:
            return sorted(one.kind for one in session.query(Notification))

    def place(self, student: Student, **values: Any) -> UUID:
        terms = Terms(starts_on=MONDAY, ends_on=LAST, planned_hours=80, daily_hours=4.0, **values)
        with self.make.database.write() as session:
            opportunity = session.get_one(Opportunity, self.internship.id)
            return placements.create(session, ACTOR, student, opportunity, terms, now=NOW).id


def station(company_id: UUID, starts_on: date, ends_on: date, hours: int, **more: Any) -> dict[str, Any]:
    days = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    return {"company_id": str(company_id), "hours": hours} | days | more


@pytest.fixture
def firms(make: Factory, client: TestClient) -> Firms:
    return Firms(make, client)


def test_a_plan_is_read_by_students_once_each_company_has_agreed(firms: Firms, make: Factory) -> None:
    pupil = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id)
    assert firms.read(firms.of_lead)["version"] == 0
    assert firms.invite(firms.second.id).json()["actions"] == ["withdraw"]
    assert firms.plan(firms.two_weeks_each()).status_code == 200
    before = firms.read(firms.of_lead)
    assert before["obstacles"] == [{"field": "stations.1.company_id", "detail": "the company has not agreed"}]
    assert (firms.read(pupil)["stations"], firms.read(pupil)["partners"]) == ([], [])
    # Who was asked reads the whole plan before answering, and nobody else's line.
    assert len(firms.read(firms.of_second)["stations"]) == 2
    assert firms.read(firms.of_third)["stations"] == []

    assert firms.move(firms.of_second, firms.second.id, "accept").json()["state"] == "accepted"
    seen = firms.read(pupil)
    assert seen["is_settled"]
    assert [(one["company_name"], one["hours"], one["learns"]) for one in seen["stations"]] == [
        (firms.lead.name, 40, "Disegno CAD"), (firms.second.name, 40, "Tornitura"),
    ]  # fmt: skip
    assert (seen["partners"], seen["obstacles"]) == ([], [])
    assert firms.told() == ["hosting_answered", "hosting_invited"]


def test_each_side_says_its_own_and_says_why(firms: Firms, client: TestClient) -> None:
    assert firms.invite(firms.second.id, firms.of_second).json()["type"] == "/problems/not-your-opportunity"
    assert firms.invite(firms.second.id).status_code == 201
    assert firms.invite(firms.second.id).json()["type"] == "/problems/partner-known"
    assert firms.move(firms.of_lead, firms.second.id, "accept").json()["type"] == "/problems/not-your-hosting"
    assert firms.move(firms.of_third, firms.second.id, "accept").json()["type"] == "/problems/no-such-partner"
    bare = firms.move(firms.of_second, firms.second.id, "decline")
    assert (bare.status_code, bare.json()["faults"][0]["field"]) == (422, "reason")
    assert firms.move(firms.of_second, firms.second.id, "accept", reason="no_tutor").status_code == 422
    no = firms.move(firms.of_second, firms.second.id, "decline", reason="no_tutor")
    assert (no.json()["state"], no.json()["reason"]) == ("declined", "no_tutor")
    assert firms.move(firms.of_second, firms.second.id, "accept").json()["type"] == "/problems/wrong-state"
    assert firms.move(firms.of_lead, firms.second.id, "invite").json()["state"] == "invited"
    gone = firms.move(firms.of_lead, firms.second.id, "withdraw")
    assert (gone.json()["state"], gone.json()["reason"]) == ("withdrawn", None)
    mine = client.get(f"/api/v1/companies/{firms.second.id}/hosting-invitations", headers=firms.of_second)
    assert [one["state"] for one in mine.json()["items"]] == ["withdrawn"]


def test_a_step_that_is_repeated_changes_nothing_and_an_old_one_is_refused(
    firms: Firms, client: TestClient
) -> None:
    partner = firms.invite(firms.second.id).json()
    path = f"{firms.path}/partners/{partner['id']}/moves"
    body = {"action": "accept", "version": 1}
    assert [client.post(path, headers=firms.of_second, json=body).json()["version"] for _ in range(2)] == [
        2,
        2,
    ]
    old = client.post(path, headers=firms.of_lead, json={"action": "withdraw", "version": 1})
    assert old.json()["type"] == "/problems/partner-changed"


def test_only_an_approved_company_of_the_same_territory_is_asked(firms: Firms, make: Factory) -> None:
    milan = make.municipality("015146", name="Milano", province_code="MI")
    make.territory("Milano", "MI")
    far = make.company(municipality_istat=milan.istat)
    waiting = make.company(is_approved=False)
    for company in (far, waiting, firms.lead):
        answer = firms.invite(company.id)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["faults"]] == ["company_id"]
    for _ in range(rules.MOST_PARTNERS):
        assert firms.invite(make.company().id).status_code == 201
    assert firms.invite(make.company().id).json()["type"] == "/problems/too-many-partners"


def test_whoever_agreed_to_other_days_is_asked_anew(firms: Firms) -> None:
    firms.settle()
    assert firms.plan(firms.two_weeks_each()).json()["is_settled"], "nothing has changed for anybody"
    first, other = firms.two_weeks_each()
    first["learns"] = "Disegno e stampa 3D"
    assert firms.plan([first, other]).json()["is_settled"], "only the lead's own station has changed"
    first["hours"], other["hours"] = 30, 50
    changed = firms.plan([first, other]).json()
    assert not changed["is_settled"]
    assert [one["state"] for one in changed["partners"]] == ["invited"]


def test_a_plan_names_the_field_that_is_wrong(firms: Firms) -> None:
    def faults(stations: list[dict[str, Any]], **more: Any) -> list[str]:
        answer = firms.plan(stations, **more)
        assert answer.status_code == 422, answer.text
        return [one["field"] for one in answer.json()["faults"]]

    assert firms.invite(firms.second.id).status_code == 201
    first, other = firms.two_weeks_each()
    assert faults([first, other | {"company_id": str(firms.third.id)}]) == ["stations.1.company_id"]
    assert faults([first, other | {"site_id": str(firms.third.id)}]) == ["stations.1.site_id"]
    assert faults([first]) == ["stations"], "one company is not a rotation"
    assert faults([first, other | {"ends_on": "2026-04-03"}]) == ["stations.1.ends_on"]
    assert faults([first, other | {"starts_on": "2026-03-13"}]) == ["stations.1.starts_on"]
    assert faults([first, other | {"starts_on": "2026-03-17"}]) == ["stations"], "Monday is nobody's"
    assert faults([first, other | {"hours": 41}]) == ["stations"], "hours do not add up"
    late = [first, other | {"starts_on": "2026-03-17"}]
    assert firms.plan(late, allows_gaps=True).status_code == 200
    both = [first, other | {"starts_on": "2026-03-09"}]
    assert firms.plan(both, allows_overlaps=True).status_code == 200


def test_a_training_path_is_not_shared(firms: Firms, make: Factory, client: TestClient) -> None:
    path = make.opportunity(firms.lead, kind=Kind.TRAINING)
    answer = client.post(
        f"/api/v1/opportunities/{path.id}/hosting/partners", headers=firms.of_lead,
        json={"company_id": str(firms.second.id)},
    )  # fmt: skip
    assert answer.json()["type"] == "/problems/not-shareable"


def test_a_placement_keeps_the_plan_and_holds_the_partner(firms: Firms, make: Factory) -> None:
    firms.settle()
    placement_id = firms.place(make.student())
    first, other = firms.two_weeks_each()
    assert firms.plan([first | {"learns": "Altro"}, other]).status_code == 200
    with make.database.read() as session:
        kept = session.scalars(
            sa.select(PlacementStation)
            .where(PlacementStation.placement_id == placement_id)
            .order_by(PlacementStation.position)
        ).all()
        assert [(one.company_id, one.hours, one.learns) for one in kept] == [
            (firms.lead.id, 40, "Disegno CAD"), (firms.second.id, 40, "Tornitura"),
        ]  # fmt: skip
        assert service.expected(session, firms.internship.id, MONDAY) == {
            firms.lead.id: 1,
            firms.second.id: 1,
        }
        assert service.expected(session, firms.internship.id, LAST + timedelta(days=1)) == {}
    for who, action, more in (
        (firms.of_second, "decline", {"reason": "no_tutor"}), (firms.of_lead, "withdraw", {}),
    ):  # fmt: skip
        answer = firms.move(who, firms.second.id, action, **more)
        assert answer.json()["type"] == "/problems/students-expected"


def test_what_is_not_settled_is_not_agreed_on(firms: Firms, make: Factory) -> None:
    firms.settle()
    assert (
        firms.move(firms.of_second, firms.second.id, "decline", reason="days_do_not_fit").status_code == 201
    )
    firms.place(make.student())
    with make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PlacementStation)) == 0


def test_a_tutor_of_a_station_counts_those_who_come(firms: Firms, make: Factory) -> None:
    with make.database.read() as session:
        tutor_id = session.scalar(sa.select(User.id).where(User.name == firms.second.name))
        stranger_id = session.scalar(sa.select(User.id).where(User.name == firms.lead.name))
    assert tutor_id is not None
    assert firms.invite(firms.second.id).status_code == 201
    wrong = firms.move(firms.of_second, firms.second.id, "accept", tutor_id=str(stranger_id))
    assert [one["field"] for one in wrong.json()["faults"]] == ["tutor_id"]
    assert firms.plan(firms.two_weeks_each()).status_code == 200
    assert firms.move(firms.of_second, firms.second.id, "accept", tutor_id=str(tutor_id)).status_code == 201
    school_class = make.school_class()
    made = [firms.place(make.student(school_class)) for _ in range(2)]
    with make.database.read() as session:
        rows = [session.get_one(placements.Placement, one) for one in made]
        loads = [one.host_tutor_load for one in service_findings.facts_of(session, rows).values()]
    assert loads == [2, 2]


# --- rules ------------------------------------------------------------------------------------------------------------

ONE, TWO = UUID(int=1), UUID(int=2)
DAY = OpportunitySpan(starts_on=MONDAY, ends_on=MONDAY, weekdays=31)


def stop(company: UUID, starts_at: str = "", ends_at: str = "", **more: Any) -> Stop:
    given: dict[str, Any] = {
        "company_id": company, "site_id": None, "starts_on": MONDAY, "ends_on": MONDAY, "hours": 2,
        "starts_at": time.fromisoformat(starts_at) if starts_at else None,
        "ends_at": time.fromisoformat(ends_at) if ends_at else None,
    }  # fmt: skip
    return Stop(**given | more)


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([], []),
        ([stop(ONE, "09:00", "11:00"), stop(TWO, "11:00", "13:00")], []),
        ([stop(TWO, "11:00", "13:00"), stop(ONE, "09:00", "11:00")], []),
        ([stop(ONE, "09:00", "11:30"), stop(TWO, "11:00", "13:00")], ["stations.1.starts_on"]),
        ([stop(TWO, "11:00", "13:00"), stop(ONE, "09:00", "11:30")], ["stations.0.starts_on"]),
        ([stop(ONE), stop(TWO, "11:00", "13:00")], ["stations.1.starts_on"]),
        ([stop(ONE, "11:00", "09:00"), stop(TWO)], ["stations.0.ends_at"]),
        ([stop(ONE, "11:00"), stop(TWO)], ["stations.0.ends_at"]),
        ([stop(ONE, ends_on=MONDAY - timedelta(days=1)), stop(TWO)], ["stations.0.ends_on"]),
        (
            [stop(ONE, "09:00", "10:00", ends_on=MONDAY + timedelta(days=1)), stop(TWO)],
            ["stations.0.starts_at", "stations.0.ends_on"],
        ),
    ],
)
def test_stations_of_one_day_go_by_the_clock(stops: list[Stop], expected: list[str]) -> None:
    found = rules.faults(stops, [DAY], 4, allows_gaps=False, allows_overlaps=False)
    assert [one.field for one in found] == expected


def test_a_plan_needs_one_period() -> None:
    stops = [stop(ONE, "09:00", "11:00"), stop(TWO, "11:00", "13:00")]
    for periods in ([], [DAY, DAY]):
        found = rules.faults(stops, periods, 0, allows_gaps=False, allows_overlaps=False)
        assert [one.field for one in found] == ["stations"]


def test_a_station_on_days_that_do_not_occur_is_named() -> None:
    week = OpportunitySpan(
        starts_on=MONDAY, ends_on=LAST, weekdays=dates.weekdays_to_mask([dates.WeekdayName.MONDAY])
    )
    tuesday = MONDAY + timedelta(days=1)
    stops = [stop(ONE), stop(TWO, starts_on=tuesday, ends_on=tuesday)]
    found = rules.faults(stops, [week], 0, allows_gaps=True, allows_overlaps=False)
    assert [one.field for one in found] == ["stations.1.starts_on"]


@pytest.mark.parametrize("state", PartnerState)
@pytest.mark.parametrize("action", PartnerAction)
def test_every_step_is_one_sides(state: PartnerState, action: PartnerAction) -> None:
    of_lead = action in rules.actions(state, is_lead=True, is_partner=False)
    of_partner = action in rules.actions(state, is_lead=False, is_partner=True)
    assert not (of_lead and of_partner)
    assert (of_lead or of_partner) == (state in rules.TRANSITIONS[action])
    assert action not in rules.actions(state, is_lead=False, is_partner=False)
