"""A kit from its telling to what was measured: who is named, who copies it, and what the draft takes over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.notifications.models import Notification
from app.opportunities.models import Opportunity, Status
from tests.factories import Factory

STEPS = [
    {"title": "Il tecnico viene in classe", "company_minutes": 120, "teacher_minutes": 60},
    {"title": "La classe progetta il banco", "company_minutes": 30, "teacher_minutes": 240},
]


class Makers:
    """A school and a company that have made a test bench together, and others of the territory."""

    def __init__(self, make: Factory, client: TestClient) -> None:
        self.make, self.client = make, client
        make.territory()
        make.skill()
        self.school, self.other_school = (
            make.school(municipality_istat=make.municipality().istat) for _ in range(2)
        )
        self.company, self.other = make.company(), make.company()
        self.of_school = make.bearer(Role.SCHOOL_LEAD, school_id=self.school.id)
        self.of_other_school = make.bearer(Role.SCHOOL_LEAD, school_id=self.other_school.id)
        self.of_company = make.bearer(Role.COMPANY_MEMBER, company_id=self.company.id)
        self.of_other = make.bearer(Role.COMPANY_MEMBER, company_id=self.other.id)
        make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=self.school.id), name="Lia")
        make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=self.other.id), name="Ugo")

    def tell(self, who: Mapping[str, str] | None = None, **values: Any) -> httpx2.Response:
        body = {
            "company_id": str(self.company.id), "school_id": str(self.school.id), "kind": "internship",
            "title": "Un banco prova per valvole", "summary": "La classe lo progetta, l'azienda lo usa.", "first_year": 4,
            "last_year": 5, "hours": 60, "students": 4, "steps": STEPS,
            "skills": [{"skill_id": "plc-programming", "level": 2}],
        }  # fmt: skip
        return self.client.post("/api/v1/kits", headers=who or self.of_company, json=body | values)

    def path(self) -> str:
        made = self.tell()
        assert made.status_code == 201, made.text
        return f"/api/v1/kits/{made.json()['id']}"

    def patch(self, path: str, who: Mapping[str, str], body: Mapping[str, Any]) -> httpx2.Response:
        headers = {**who, "If-Match": "*", "Content-Type": "application/merge-patch+json"}
        return self.client.patch(path, headers=headers, json=body)

    def copy(
        self, path: str, who: Mapping[str, str], company_id: object, school_id: object = None
    ) -> httpx2.Response:
        body = {"company_id": str(company_id), "school_id": str(school_id) if school_id else None}
        return self.client.post(f"{path}/copies", headers=who, json=body)

    def told(self) -> list[str]:
        with self.make.database.read() as session:
            return sorted(one.kind for one in session.query(Notification))


@pytest.fixture
def makers(make: Factory, client: TestClient) -> Makers:
    return Makers(make, client)


def test_each_maker_is_named_with_its_own_yes_only(makers: Makers, client: TestClient) -> None:
    path = makers.path()
    assert makers.told() == ["kit_named"], "the school is asked"
    names = ("company_id", "company_name", "school_id", "school_name")
    read = client.get(path, headers=makers.of_other).json()
    assert [read[name] for name in names] == [None] * 4
    assert client.get(path, headers=makers.of_school).json()["company_name"] == makers.company.name
    assert (
        makers.patch(path, makers.of_other, {"shows_company": True}).json()["type"]
        == "/problems/not-your-kit"
    )
    assert (
        makers.patch(path, makers.of_company, {"shows_school": True}).json()["type"]
        == "/problems/not-your-kit"
    )
    assert makers.patch(path, makers.of_school, {"shows_school": True}).status_code == 200
    read = client.get(path, headers=makers.of_other).json()
    assert (read["company_name"], read["school_name"]) == (None, makers.school.name)
    assert makers.patch(path, makers.of_school, {"shows_school": False}).status_code == 200
    assert client.get(path, headers=makers.of_other).json()["school_name"] is None


def test_a_kit_is_found_by_track_and_skill_in_its_territory(
    makers: Makers, make: Factory, client: TestClient
) -> None:
    makers.path()
    milan = make.municipality("015146", name="Milano", province_code="MI")
    make.territory("Milano", "MI")
    far = make.bearer(Role.COMPANY_MEMBER, company_id=make.company(municipality_istat=milan.istat).id)

    def titles(who: Mapping[str, str], **query: str) -> list[str]:
        found = client.get("/api/v1/kits", headers=who, params=query)
        return [one["title"] for one in found.json()["items"]]

    one = ["Un banco prova per valvole"]
    assert titles(makers.of_other) == titles(makers.of_other, skill="plc-programming") == one
    assert (
        titles(makers.of_other, kind="visit") == titles(makers.of_other, programme="it-c3-automazione") == []
    )
    assert titles(far) == []


def test_a_kit_that_cannot_be_meant_names_the_field(makers: Makers) -> None:
    def fault(**values: Any) -> str:
        answer = makers.tell(**values)
        assert answer.status_code == 422, answer.text
        [found] = answer.json()["faults"]
        return str(found["field"])

    assert fault(first_year=5, last_year=4) == "last_year"
    assert fault(school_id=str(makers.company.id)) == "school_id"
    assert fault(company_id=str(makers.school.id)) == "company_id"
    assert fault(programme_id="nothing") == "programme_id"
    assert fault(skills=[{"skill_id": "nothing", "level": 1}]) == "skills.0.skill_id"
    assert fault(skills=[{"skill_id": "plc-programming", "level": 1}] * 2) == "skills.1.skill_id"
    assert fault(steps=[{"title": "x", "company_minutes": -1}]) == "steps.0.company_minutes"
    assert makers.tell(makers.of_other).json()["type"] == "/problems/not-your-kit"
    assert makers.tell(company_id=None, school_id=None).status_code == 422


def test_a_company_copies_a_kit_into_its_own_draft(makers: Makers, make: Factory, client: TestClient) -> None:
    path = makers.path()
    made = makers.copy(path, makers.of_other, makers.other.id)
    assert (made.status_code, made.json()["opportunity_status"]) == (201, "draft")
    draft = client.get(
        f"/api/v1/opportunities/{made.json()['opportunity_id']}", headers=makers.of_other
    ).json()
    assert (draft["title"], draft["hours"], draft["seats"]) == ("Un banco prova per valvole", 60, 4)
    assert draft["text"].endswith("1. Il tecnico viene in classe\n2. La classe progetta il banco")
    assert draft["taught"] == [{"skill_id": "plc-programming", "level": 2}]
    assert sorted(one["year"] for one in draft["eligibilities"]) == [4, 5]
    assert draft["municipality_istat"] == "037006", "the place is the company's own"
    assert client.get(path, headers=makers.of_company).json()["times_copied"] == 1
    assert makers.copy(path, makers.of_other, makers.other.id).json()["type"] == "/problems/copied-already"
    assert (
        makers.copy(path, makers.of_company, makers.other.id).json()["type"] == "/problems/not-your-kit-copy"
    )
    assert makers.told() == ["kit_named"], "who copies for itself needs no letter"


def test_a_school_proposes_a_kit_and_the_company_has_the_draft(
    makers: Makers, make: Factory, client: TestClient
) -> None:
    path = makers.path()
    lead, school_id = makers.of_other_school, makers.other_school.id
    assert makers.copy(path, lead, makers.other.id).json()["type"] == "/problems/not-your-kit-copy"
    assert (
        makers.copy(path, lead, makers.other.id, makers.school.id).json()["type"]
        == "/problems/not-your-kit-copy"
    )
    waiting = make.company(is_approved=False)
    refused = makers.copy(path, lead, waiting.id, school_id)
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "company_id")
    made = makers.copy(path, lead, makers.other.id, school_id)
    assert made.status_code == 201, made.text
    draft = f"/api/v1/opportunities/{made.json()['opportunity_id']}"
    assert client.get(draft, headers=lead).status_code == 404, "the draft is the company's"
    assert client.get(draft, headers=makers.of_other).status_code == 200
    assert makers.told() == ["kit_named", "kit_proposed"]
    [own] = client.get(path, headers=lead).json()["own_copies"]
    assert own["opportunity_status"] == "draft"
    assert client.get(path, headers=makers.of_school).json()["own_copies"] == []


def test_what_it_took_is_said_once_it_is_over_and_by_each_side(
    makers: Makers, make: Factory, client: TestClient
) -> None:
    path = makers.path()
    lead = makers.of_other_school
    made = makers.copy(path, lead, makers.other.id, makers.other_school.id).json()
    copy = f"{path}/copies/{made['id']}"
    assert (
        makers.patch(copy, makers.of_other, {"company_minutes": 150}).json()["type"]
        == "/problems/wrong-state"
    )
    with make.database.write() as session:
        from uuid import UUID

        session.get_one(Opportunity, UUID(made["opportunity_id"])).status = Status.ARCHIVED
    assert makers.patch(copy, makers.of_other, {"company_minutes": 150}).status_code == 200
    assert makers.patch(copy, lead, {"company_minutes": 1}).json()["type"] == "/problems/not-your-kit-copy"
    assert makers.patch(copy, lead, {"teacher_minutes": 300}).json()["teacher_minutes"] == 300
    assert makers.patch(copy, lead, {"teacher_minutes": 0}).status_code == 422
    assert makers.patch(copy, makers.of_company, {}).json()["type"] == "/problems/no-such-kit-copy"
    read = client.get(path, headers=makers.of_company).json()
    assert (read["measured_company_minutes"], read["measured_teacher_minutes"]) == (150, 300)


def test_a_retired_kit_is_neither_listed_nor_copied(makers: Makers, client: TestClient) -> None:
    path = makers.path()
    assert makers.patch(path, makers.of_school, {"is_retired": True, "steps": []}).json()["steps"] == []
    assert client.get("/api/v1/kits", headers=makers.of_other).json()["items"] == []
    assert makers.copy(path, makers.of_other, makers.other.id).json()["type"] == "/problems/kit-retired"
