"""A kit on pages: told by a company, found by a teacher, proposed to another company, and measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.kits.models import Kit, KitCopy
from app.opportunities.models import Opportunity, Status
from tests.factories import Factory
from tests.web.territory import Territory

TOLD = {
    "title": "Una cella robotizzata in classe", "kind": "visit", "first_year": "3", "last_year": "4", "hours": "6",
    "students": "20", "summary": "Montiamo una cella piccola.", "step-0-title": "Sopralluogo", "step-0-company_minutes": "60",
    "step-0-teacher_minutes": "30", "step-1-title": "Montaggio", "level-0": "2",
}  # fmt: skip


def test_a_company_tells_a_kit_and_says_whether_it_is_named(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    company, teacher, student = visit("company"), visit("teacher"), visit("student")
    assert student.get("/kits").status_code == 403
    assert "Un banco prova per valvole" in teacher.get("/kits?skill=plc-programming").text
    assert "Un banco prova per valvole" not in teacher.get("/kits?kind=visit").text
    for field, sent in (
        ("last_year", {"last_year": "2"}), ("title", {"title": ""}), ("hours", {"hours": "molte"}),
        ("skills", {"skill-0": "Nulla di noto"}), ("steps", {"step-0-company_minutes": "-1"}), ("school_id", {"partner": "Nulla"}),
    ):  # fmt: skip
        bad = company.post("/kits", data=TOLD | sent)
        assert (bad.status_code, f'id="{field}-wrong"' in bad.text) == (422, True), field
        assert "Montiamo una cella piccola." in bad.text
    made = company.post("/kits", data=TOLD | {"skill-0": "pneumatics"})
    if made.status_code == 422:
        made = company.post("/kits", data=TOLD)
    page = made.headers["location"].partition("?")[0]
    assert "Sopralluogo" in teacher.get(page).text
    assert "Automazioni Reno" not in teacher.get(page).text
    assert company.post(f"{page}/names", data={"side": "company", "is_shown": "true"}).status_code == 303
    assert "Automazioni Reno" in teacher.get(page).text
    assert company.post(f"{page}/names", data={"side": "school", "is_shown": "true"}).status_code == 403
    changed = {name: value for name, value in TOLD.items() if name != "kind"} | {
        "title": "Una cella per tutti"
    }
    assert company.post(page, data=changed | {"version": "1"}).status_code == 409
    assert company.post(page, data=changed | {"version": "2", "is_retired": "1"}).status_code == 303
    assert "Una cella per tutti" not in teacher.get("/kits").text
    assert teacher.get(f"{page}/edit").status_code == 403


def test_a_teacher_proposes_and_the_company_goes_on(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    teacher, company, other = visit("teacher"), visit("company"), visit("other company")
    page = f"/kits/{land.kit_id}"
    assert "Officine Santerno" in teacher.get(f"{page}?q=off").text
    proposed = teacher.post(f"{page}/copies", data={"company_id": str(land.other_company_id)})
    assert proposed.headers["location"] == f"{page}?done=proposed"
    assert teacher.post(f"{page}/copies", data={"company_id": str(land.other_company_id)}).status_code == 409
    assert teacher.post(f"{page}/copies", data={"company_id": str(land.unapproved_id)}).status_code == 422
    copied = company.post(f"{page}/copies", data={"company_id": str(land.company_id)})
    draft = copied.headers["location"].removesuffix("/text")
    assert "Nasce da un kit" in company.get(f"{draft}/preview").text
    with make.database.read() as session:
        [made] = (
            session.query(KitCopy).join(Opportunity).filter(Opportunity.company_id == land.other_company_id)
        )
        way = f"{page}/copies/{made.id}"
        opportunity_id: UUID = made.opportunity_id
    assert other.post(way, data={"minutes": "90"}).status_code == 409, "it is not over"
    with make.database.write() as session:
        session.get_one(Opportunity, opportunity_id).status = Status.ARCHIVED
    assert other.post(way, data={"minutes": "tanti"}).status_code == 422
    assert company.post(way, data={"minutes": "90"}).status_code == 404
    assert other.post(way, data={"minutes": "90"}).status_code == 303
    assert teacher.post(way, data={"minutes": "45"}).status_code == 303
    assert "Chi l'ha rifatto: 45" in teacher.get(page).text.replace("&#39;", "'")
    with make.database.write() as session:
        session.get_one(Kit, land.kit_id).is_retired = True
    assert company.post(f"{page}/copies", data={"company_id": str(land.company_id)}).status_code == 409
