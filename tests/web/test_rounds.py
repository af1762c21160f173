"""A round by its pages, without any script: opened, frozen, run, looked at, changed and published; and who reads what."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.laws.models import Measure
from app.opportunities.models import Opportunity
from app.rounds.models import Round, RoundState
from app.schools.models import SchoolClass
from app.students.models import Student
from tests.factories import Factory

FORM = {
    "name": "Tirocini di giugno", "kinds": "internship", "closes_on": "2026-01-20", "publish_by": "2026-02-10",
    "starts_on": "2026-06-01", "ends_on": "2026-07-31", "max_wishes": "3",
}  # fmt: skip


@pytest.fixture
def class_and_offers(make: Factory) -> tuple[SchoolClass, list[Student], list[Opportunity]]:
    school_class = make.school_class()
    students = [make.student(school_class, given_name=name) for name in ("Ada", "Bea", "Cira")]
    offers = [make.opportunity(seats=1, title=title) for title in ("Tornio", "Quadri")]
    for student in students:
        make.wish(student, offers[0], 1)
    return school_class, students, offers


def sign_in(client: TestClient, make: Factory, grant: Grant) -> None:
    client.cookies.set(auth.COOKIE, make.signed_in(grant))


def test_a_lead_takes_a_class_from_wishes_to_proposals(
    client: TestClient, make: Factory, class_and_offers: tuple[SchoolClass, list[Student], list[Opportunity]]
) -> None:
    school_class, students, offers = class_and_offers
    lead = Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    sign_in(client, make, lead)
    ids = {"school_id": str(school_class.school_id), "class_ids": str(school_class.id)}
    wrong = client.post("/rounds", data=FORM | ids | {"closes_on": "2026-01-02", "ends_on": "2026-05-01"})
    assert wrong.status_code == 422
    assert re.findall(r'id="(\w+)-wrong"', wrong.text) == ["closes_on", "ends_on"]
    page = client.post("/rounds", data=FORM | ids)
    address = page.url.path
    assert page.status_code == 200
    assert "Con almeno una preferenza che conta: 3 su 3." in page.text
    client.post(f"{address}/move", data={"action": "freeze"})
    page = client.post(f"{address}/runs", data={"mode": "stable"})
    assert "Con un posto: 2 su 3" in page.text
    board = client.get(f"{address}/classes/{school_class.id}")
    assert board.text.count("Senza posto") == 1
    [left] = re.findall(r'class="alarm">.*?/students/([0-9a-f-]{36})', board.text, re.DOTALL)
    student = client.get(f"{address}/students/{left}")
    assert "Se l'azienda aggiunge un posto" in student.text
    tried = client.get(f"{address}/students/{left}?opportunity={offers[0].id}&ruling=pin")
    assert "Con un posto: prima 2, dopo 2." in tried.text
    client.post(
        f"{address}/students/{left}/pins",
        data={"opportunity_id": str(offers[0].id), "ruling": "pin", "why": "Abita lì"},
    )
    client.post(f"{address}/runs", data={"mode": "stable"})
    student = client.get(f"{address}/students/{left}")
    assert "È la sua scelta numero 1." in student.text
    confirm = client.get(f"{address}/publish")
    assert "Pubblicare è il sì della scuola." in confirm.text
    done = client.post(f"{address}/publish", data={"run_number": "2", "class_ids": str(school_class.id)})
    assert "2 proposte nuove alle aziende" in done.text
    with make.database.read() as session:
        [row] = session.query(Round).all()
    assert row.state is RoundState.PUBLISHED
    assert {one.id for one in students} >= {row.id for row in students}


def test_the_page_says_whose_tutors_are_full_and_what_the_law_says(
    client: TestClient, make: Factory, class_and_offers: tuple[SchoolClass, list[Student], list[Opportunity]]
) -> None:
    school_class, students, offers = class_and_offers
    lead = Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    make.signed_in(Grant(Role.COMPANY_ADMIN, company_id=offers[0].company_id))
    make.change(offers[0], seats=3, daily_hours=8.0)
    make.law_rule(measure=Measure.HOST_TUTOR_LOAD, parameters={"low": 1, "medium": 1, "high": 1})
    make.law_rule(
        measure=Measure.GENERAL_TRAINING, parameters={"hours": 4}, message_it="Serve la formazione.",
        message_en="Training is needed.",
    )  # fmt: skip
    sign_in(client, make, lead)
    ids = {"school_id": str(school_class.school_id), "class_ids": str(school_class.id)}
    address = client.post("/rounds", data=FORM | ids).url.path
    client.post(f"{address}/move", data={"action": "freeze"})
    page = client.post(f"{address}/runs", data={"mode": "stable"})
    assert "non ha deciso quanti studenti segue un tutor: il turno non ha un limite." in page.text
    [row] = re.findall(r'<tr class="alarm">.*?</tr>', page.text, re.DOTALL)
    assert re.findall(r">(\d+)</td>", row) == ["1", "1", "2"]
    board = client.get(f"{address}/classes/{school_class.id}")
    assert board.text.count("Attenzione: Serve la formazione.") == 2
    publish = client.get(f"{address}/publish")
    assert "2 cose da sistemare prima del primo giorno" in publish.text
    [left] = re.findall(r'class="alarm">.*?/students/([0-9a-f-]{36})', board.text, re.DOTALL)
    student = client.get(f"{address}/students/{left}")
    assert "Se l'azienda indica un altro tutor" in student.text
    make.law_rule(
        measure=Measure.DAILY_HOURS, parameters={"hours": 7, "under_age": 19}, source="L. 977/1967",
        message_it="Al massimo {hours} ore.", message_en="At most {hours} hours.",
    )  # fmt: skip
    tried = client.get(f"{address}/students/{left}?opportunity={offers[0].id}&ruling=pin")
    assert "Non si può: la legge lo vieta." in tried.text
    assert "Al massimo 7 ore. <small>L. 977/1967</small>" in tried.text
    assert "Fissa il posto" not in tried.text
    body = {"run_number": "1", "class_ids": str(school_class.id)}
    client.cookies.set("bottega_language", "en")
    refused = client.post(f"{address}/publish", data=body)
    assert "Not published: the law forbids a seat." in refused.text
    [named] = re.findall(r"/students/([0-9a-f-]{36})\">[^<]+</a>, Tornio: At most 7 hours\.", refused.text)
    assert named in {str(one.id) for one in students} - {left}


def test_a_student_reads_until_when_the_list_counts(
    client: TestClient, make: Factory, class_and_offers: tuple[SchoolClass, list[Student], list[Opportunity]]
) -> None:
    school_class, students, _offers = class_and_offers
    make.round(school_class)
    sign_in(client, make, Grant(Role.STUDENT, student_id=students[0].id))
    page = client.get(f"/students/{students[0].id}/wishes")
    assert "La scuola legge questa lista il 20 gennaio 2026. Contano le prime 5." in page.text


def test_a_company_puts_candidates_in_order_and_leaves_them_to_the_score(
    client: TestClient, make: Factory, class_and_offers: tuple[SchoolClass, list[Student], list[Opportunity]]
) -> None:
    _class, _students, [offer, _] = class_and_offers
    sign_in(client, make, Grant(Role.COMPANY_MEMBER, company_id=offer.company_id))
    page = client.get(f"/opportunities/{offer.id}/order")
    [first, second, _] = re.findall(r"Candidato ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)
    url, both = f"/opportunities/{offer.id}/order", f"{first},{second}"
    client.post(url, data={"pseudonym": second, "position": "1"})
    page = client.post(url, data={"pseudonym": first, "position": "1", "seen": second})
    assert re.findall(r"Candidato ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)[:2] == [first, second]
    assert f'name="seen" value="{both}"' in page.text
    page = client.post(url, data={"pseudonym": first, "position": "0", "seen": both})
    assert re.findall(r"Candidato ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)[0] == second
    # A colleague still has the page with both: nothing of either is lost, and the colleague decides.
    late = client.post(url, data={"pseudonym": second, "position": "1", "seen": both})
    assert (late.status_code, "ha cambiato l'ordine" in late.text) == (409, True)
    assert f"<dd>{second}</dd>" in late.text
    assert f"<dd>{second}, {first}</dd>" in late.text
    page = client.post(url, data={"order": f"{second},{first}", "seen": second})
    assert re.findall(r"Candidato ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)[:2] == [second, first]
    assert (
        client.post(
            url, data={"pseudonym": "AAAA-AAAA", "position": "1", "seen": f"{second},{first}"}
        ).status_code
        == 422
    )
    assert "Ada" not in page.text
