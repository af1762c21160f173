"""Two firms share an internship on pages: the plan, the answer, and what a student reads of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.companies.models import Company
from app.opportunities.models import Opportunity, OpportunitySpan
from app.students.models import Student
from tests.factories import TODAY, Factory
from tests.web.territory import Territory

FIRST = TODAY + timedelta(days=60)
LAST = FIRST + timedelta(days=13)


def shared_internship(make: Factory, land: Territory) -> Opportunity:
    company = make.get(Company, land.company_id)
    opportunity = make.opportunity(company, title="Due officine", hours=40)
    make.add(OpportunitySpan(opportunity_id=opportunity.id, starts_on=FIRST, ends_on=LAST, weekdays=127))
    return opportunity


def rows(*stations: tuple[object, int, int, str]) -> dict[str, str]:
    """The form's fields: where, first and last day by number, hours."""
    sent = {}
    for number, (where, first, last, hours) in enumerate(stations):
        at = f"stations-{number}-"
        sent |= {
            f"{at}where": str(where), f"{at}starts_on": (FIRST + timedelta(days=first)).isoformat(),
            f"{at}ends_on": (FIRST + timedelta(days=last)).isoformat(), f"{at}hours": hours, f"{at}learns": "Tornitura",
        }  # fmt: skip
    return sent


def test_two_firms_agree_and_a_student_reads_where_to_go(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    opportunity = shared_internship(make, land)
    page = f"/opportunities/{opportunity.id}/hosting"
    lead, partner, student = visit("company"), visit("other company"), visit("student")
    assert "Officine Santerno" in lead.get(f"{page}?q=off").text
    asked = lead.post(f"{page}/partners", data={"company_id": str(land.other_company_id)})
    assert asked.headers["location"].endswith("?done=invited")
    assert lead.post(f"{page}/partners", data={"company_id": str(land.other_company_id)}).status_code == 409
    assert lead.post(f"{page}/partners", data={"company_id": str(land.unapproved_id)}).status_code == 422

    wrong = lead.post(
        page,
        data={"version": "0"} | rows((land.company_id, 0, 20, "x"), (land.other_company_id, 7, 13, "20")),
    )
    assert (wrong.status_code, "stations-0-hours-wrong" in wrong.text) == (422, True)
    beyond = lead.post(
        page,
        data={"version": "0"} | rows((land.company_id, 0, 6, "20"), (land.other_company_id, 7, 20, "20")),
    )
    assert (beyond.status_code, "stations-1-ends_on-wrong" in beyond.text) == (422, True)
    plan = rows((land.company_id, 0, 6, "20"), (land.other_company_id, 7, 13, "20"))
    assert lead.post(page, data={"version": "0"} | plan).status_code == 303
    assert lead.post(page, data={"version": "0"} | plan).status_code == 409, "somebody else has saved it"
    waiting = lead.get(page).text
    assert ("non ha ancora detto di sì" in waiting, "<details open>" in waiting) == (True, True)
    assert "2 tappe" not in student.get(f"/opportunities/{opportunity.id}").text

    assert "Due officine" in partner.get(f"/companies/{land.other_company_id}/hosting").text
    answer, *_ = [one for one in partner.get(page).text.split('"') if one.startswith(f"{page}/partners/")]
    assert partner.post(answer, data={"action": "decline", "version": "1"}).status_code == 422
    assert partner.post(answer, data={"action": "accept", "version": "9"}).status_code == 409
    assert lead.post(answer, data={"action": "accept", "version": "1"}).status_code == 403
    assert partner.post(answer, data={"action": "accept", "version": "1", "tutor_id": ""}).status_code == 303

    complete = lead.get(page).text
    assert ("<details>" in complete, "<details open>" in complete) == (True, False)
    wrong = lead.post(page, data={"version": "1"} | rows((land.company_id, 0, 20, "x")))
    assert (wrong.status_code, "<details open>" in wrong.text) == (422, True), "what is to be mended is seen"

    read = student.get(f"/opportunities/{opportunity.id}").text
    assert "2 tappe, una dopo l" in read
    assert "Officine Santerno" in read
    assert "a circa" in read or "a meno di" in read
    assert "2 tappe" in visit().get(f"/open/opportunities/{opportunity.id}").text
    assert "2 tappe" in lead.get(f"/opportunities/{opportunity.id}/candidates").text
    assert partner.get(f"/opportunities/{opportunity.id}/candidates").status_code in (403, 404)


def test_a_placement_shows_the_plan_of_the_day_it_was_agreed_on(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    from app.hosting.models import PlacementStation

    student = make.get(Student, land.student_id)
    opportunity = shared_internship(make, land)
    placement = make.placement(student, opportunity, starts_on=FIRST, ends_on=FIRST + timedelta(days=6))
    for number, company_id in enumerate((land.company_id, land.other_company_id)):
        make.add(
            PlacementStation(
                placement_id=placement.id, position=number, company_id=company_id, hours=20,
                starts_on=FIRST + timedelta(days=7 * number), ends_on=FIRST + timedelta(days=7 * number + 6),
                learns="Tornitura",
            )
        )  # fmt: skip
    for who in ("student", "company", "teacher"):
        read = visit(who).get(f"/placements/{placement.id}").text
        assert "Officine Santerno" in read
        assert "Le date dell" in read, "one station lies after the placement"
    assert visit("other company").get(f"/placements/{placement.id}").status_code == 404
