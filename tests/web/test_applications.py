"""Applications on pages, without scripts: a student asks, a company answers, the school has the last word."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.applications.models import Application, ApplicationState, ContactLimit
from app.events.models import Look
from app.matches.engine import Engine
from app.opportunities.models import Opportunity, OpportunitySpan, Status
from app.settings import Settings
from tests.factories import NOW, TODAY, Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


@pytest.fixture
def offered(make: Factory, land: Territory) -> Opportunity:
    """An internship of the company on days that lie ahead."""
    internship = make.get(Opportunity, land.internship_id)
    assert internship is not None
    opportunity = make.opportunity(
        company_id=internship.company_id, title="Tornio e fresa", hours=80, seats=1
    )
    starts_on = TODAY + timedelta(days=60)
    ends_on = starts_on + timedelta(days=11)
    make.add(OpportunitySpan(opportunity_id=opportunity.id, starts_on=starts_on, ends_on=ends_on))
    return opportunity


def application(make: Factory, offered: Opportunity) -> Application:
    with make.database.read() as session:
        return session.scalars(sa.select(Application).where(Application.opportunity_id == offered.id)).one()


def sent(page: str) -> str:
    """The first application that a page lets one choose, with its version."""
    [value, *_] = re.findall(r'name="application"[^>]* value="([^"]+)"', page)
    return str(value)


def step(client: TestClient, url: str, action: str, **more: str) -> str:
    """Take a step with the first application of a page; what the page says of it."""
    data = {"action": action, "application": sent(client.get(url).text), "next": url} | more
    answer = client.post("/application-moves", data=data)
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["told"][0]


def test_from_a_wish_to_a_place(visit: Visit, land: Territory, make: Factory, offered: Opportunity) -> None:
    student, company, lead = visit("student"), visit("company"), visit("lead")
    page = f"/opportunities/{offered.id}"
    own, answers = f"/students/{land.student_id}/applications", f"{page}/applications"
    whole = f"/schools/{land.school_id}/applications"
    assert "Mi candido" in student.get(page).text
    made = student.post(own, data={"opportunity_id": str(offered.id)})
    assert (made.status_code, made.headers["location"]) == (303, f"{own}?told=sent")
    assert "L'azienda risponde entro il" in student.get(own).text
    assert "Mi candido" not in student.get(page).text

    seen = company.get(answers).text
    pseudonym = Engine(Settings(), lambda: NOW).pseudonym(offered.company_id, land.student_id)
    assert f"Candidato {pseudonym}" in seen
    assert "Giulia" not in seen
    assert step(company, answers, "shortlist") == "saved"
    assert step(company, answers, "accept") == "saved"
    assert "Ora tocca a te" in student.get(own).text
    assert step(student, own, "confirm") == "saved"
    assert "Aspettano la scuola" in lead.get(whole).text
    assert step(lead, whole, "approve") == "saved"
    assert "Il posto è tuo" in student.get(own).text
    assert application(make, offered).placement_id is not None


def test_a_no_needs_its_reason_and_speaks_of_the_opportunity(
    visit: Visit, land: Territory, make: Factory, offered: Opportunity
) -> None:
    student, company = visit("student"), visit("company")
    own, answers = f"/students/{land.student_id}/applications", f"/opportunities/{offered.id}/applications"
    student.post(own, data={"opportunity_id": str(offered.id)})
    assert step(company, answers, "reject") == "no_reason"
    assert "Per un no serve il motivo" in company.get(f"{answers}?told=no_reason").text
    assert application(make, offered).state is ApplicationState.SUBMITTED
    assert step(company, answers, "reject", **{"reason-reject": "other_dates"}) == "saved"
    assert "Motivo: servono altre date." in student.get(own).text
    assert "Mi candido" in student.get(f"/opportunities/{offered.id}").text
    again = student.post(own, data={"opportunity_id": str(offered.id)})
    assert again.headers["location"].endswith("&told=answered#apply")
    assert step(company, answers, "restore") == "saved"


def test_what_somebody_else_has_changed_is_not_overwritten(
    visit: Visit, land: Territory, make: Factory, offered: Opportunity
) -> None:
    student, company = visit("student"), visit("company")
    own, answers = f"/students/{land.student_id}/applications", f"/opportunities/{offered.id}/applications"
    student.post(own, data={"opportunity_id": str(offered.id)})
    old = sent(company.get(answers).text)
    assert step(company, answers, "shortlist") == "saved"
    late = company.post("/application-moves", data={"action": "accept", "application": old, "next": answers})
    assert late.headers["location"] == f"{answers}?told=meanwhile"
    nothing = company.post("/application-moves", data={"next": answers})
    assert nothing.headers["location"] == f"{answers}?told=nothing"
    elsewhere = company.post("/application-moves", data={"next": "https://example.org/"})
    assert elsewhere.headers["location"] == "/start?told=nothing"


def test_a_queue_is_visible_to_student_and_school_and_not_to_the_company(
    visit: Visit, land: Territory, make: Factory, offered: Opportunity
) -> None:
    make.add(
        ContactLimit(company_id=offered.company_id, per_month=3, paused_until=TODAY + timedelta(days=20))
    )
    own = f"/students/{land.student_id}/applications"
    visit("student").post(own, data={"opportunity_id": str(offered.id)})
    said = "al massimo 3 candidature al mese"
    assert said in visit("student").get(own).text
    assert said in visit("lead").get(f"/schools/{land.school_id}/applications").text
    empty = visit("company").get(f"/opportunities/{offered.id}/applications").text
    assert "Ancora nessuna candidatura" in empty


def test_a_company_says_how_many_it_wants(visit: Visit, land: Territory, make: Factory) -> None:
    company, url = visit("company"), f"/companies/{land.company_id}/contact-limit"
    assert 'name="per_month"' in company.get(url).text
    told = company.post(url, data={"per_month": "4", "paused_until": str(TODAY + timedelta(days=9))})
    assert told.headers["location"] == f"{url}?told=saved"
    limit = make.get(ContactLimit, land.company_id)
    assert limit is not None
    assert (limit.per_month, limit.paused_until) == (4, TODAY + timedelta(days=9))


@pytest.mark.parametrize(
    "values",
    [{"takes_applications": False}, {"status": Status.CLOSED}, {"closes_on": TODAY - timedelta(days=1)}],
)
def test_there_is_no_form_where_nobody_applies(
    visit: Visit, make: Factory, offered: Opportunity, values: dict[str, object]
) -> None:
    make.change(offered, **values)
    assert "Mi candido" not in visit("student").get(f"/opportunities/{offered.id}").text


def test_periods_are_chosen_and_days_are_named_where_there_are_none(
    visit: Visit, land: Territory, make: Factory, offered: Opportunity
) -> None:
    student, own = visit("student"), f"/students/{land.student_id}/applications"
    later = TODAY + timedelta(days=150)
    make.add(OpportunitySpan(opportunity_id=offered.id, starts_on=later, ends_on=later + timedelta(days=4)))
    page = student.get(f"/opportunities/{offered.id}").text
    assert re.findall(r'name="period" value="([^"]+)"', page)[1] == f"{later}/{later + timedelta(days=4)}"
    wrong = student.post(own, data={"opportunity_id": str(offered.id)}).headers["location"]
    assert wrong.endswith("&told=days#apply")
    period = {"opportunity_id": str(offered.id), "period": f"{later}/{later + timedelta(days=4)}"}
    assert student.post(own, data=period).headers["location"].endswith("?told=sent")
    assert application(make, offered).starts_on == later
    free = make.opportunity(company_id=offered.company_id, hours=40)
    assert 'name="starts_on"' in student.get(f"/opportunities/{free.id}").text


def test_every_look_at_an_applicant_is_noted(
    visit: Visit, land: Territory, make: Factory, offered: Opportunity
) -> None:
    visit("student").post(
        f"/students/{land.student_id}/applications", data={"opportunity_id": str(offered.id)}
    )
    visit("company").get(f"/opportunities/{offered.id}/applications")
    with make.database.read() as session:
        looks = session.scalars(sa.select(Look).where(Look.about_id == offered.id)).all()
    assert [(one.kind, one.student_id) for one in looks] == [("candidate", land.student_id)]
