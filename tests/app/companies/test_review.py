"""The review of a company's profile, and its clock."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.companies import service_review as review
from app.companies.models import Company
from app.db import Database
from app.events import service as events
from tests.factories import APPROVED, NOW, Factory

REASON = {"reason": "Manca il codice fiscale."}


def act(client: TestClient, company: Company, action: str, headers: dict[str, str]) -> Any:
    sent = {"json": REASON} if action == "reject" else {}
    return client.post(f"/api/v1/companies/{company.id}/{action}", headers=headers, **sent)


def test_a_review_goes_from_waiting_to_an_answer(
    client: TestClient, make: Factory, database: Database
) -> None:
    company = make.company(is_approved=False, answer_due_on=date(2026, 1, 16))
    network = make.bearer(Role.COORDINATOR)
    firm = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    steps = [
        ("reject", network, "rejected", REASON["reason"]), ("reject", network, "rejected", REASON["reason"]),
        ("submit", firm, "waiting", None), ("submit", firm, "waiting", None),
        ("reject", network, "rejected", REASON["reason"]), ("approve", network, "approved", None),
        ("approve", network, "approved", None),
    ]  # fmt: skip
    for action, headers, state, reason in steps:
        told = act(client, company, action, headers).json()["review"]
        assert (told["state"], told["reason"]) == (state, reason), action
    assert told["answer_due_on"] == "2026-01-19"  # five working days after it was submitted again
    with database.read() as session:
        actions = [event.action for event in events.history(session, "company", company.id)]
    assert actions == [
        "company.rejected", "company.submitted", "company.rejected", "company.approved",
    ]  # fmt: skip


def test_an_approved_company_is_neither_rejected_nor_submitted(client: TestClient, make: Factory) -> None:
    company = make.company()
    for action in ("reject", "submit"):
        answer = act(client, company, action, make.bearer())
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-answered")


def test_a_rejection_without_a_reason_is_refused(client: TestClient, make: Factory) -> None:
    company = make.company(is_approved=False)
    for reason in ("", "   ", "x" * 1001):
        path = f"/api/v1/companies/{company.id}/reject"
        answer = client.post(path, json={"reason": reason}, headers=make.bearer())
        assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "reason")


def test_the_clock_is_for_insiders(client: TestClient, make: Factory) -> None:
    company = make.company()
    insiders = make.bearer(Role.COMPANY_MEMBER, company_id=company.id)
    other = make.bearer(Role.COMPANY_ADMIN, company_id=make.company().id)
    told = [
        client.get(f"/api/v1/companies/{company.id}", headers=who).json()["review"]
        for who in (insiders, other)
    ]
    assert (told[0]["state"], told[1]) == ("approved", None)


def test_those_promised_first_stand_first_and_only_ones_own(make: Factory, database: Database) -> None:
    make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    due = {"late": date(2026, 1, 9), "soon": date(2026, 1, 14), "later": date(2026, 1, 20)}
    for name in ("later", "late", "soon"):
        make.company(name=name, is_approved=False, answer_due_on=due[name])
    make.company(name="far", is_approved=False, municipality_istat="015146")
    make.company(name="rejected", is_approved=False, rejected_at=NOW, rejected_by="x", rejection_reason="y")
    make.company(name="approved")

    def waiting(*grants: Grant) -> list[str]:
        actor = Actor(kind="user", id=None, name="Anna", grants=grants)
        with database.read() as session:
            return [company.name for company in review.waiting(session, actor, limit=10)]

    here = Grant(Role.COORDINATOR, territory_id=make.territory().id, provinces=frozenset({"BO"}))
    assert waiting(here) == ["late", "soon", "later"]
    assert set(waiting(Grant(Role.ADMINISTRATOR))) == {"late", "soon", "later", "far"}
    assert waiting(Grant(Role.SCHOOL_LEAD)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"approved_at": NOW},
        {"rejected_at": NOW, "rejected_by": "x"},
        {"rejected_at": NOW, "rejected_by": "x", "rejection_reason": "y", **APPROVED},
    ],
)
def test_half_an_answer_or_two_are_refused_by_the_table(make: Factory, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        make.add(Company(name="Officina", **values))


def test_the_pages_approve_reject_and_submit(client: TestClient, make: Factory) -> None:
    company = make.company(is_approved=False)
    client.follow_redirects = False
    for who, action, state in (
        (Role.COORDINATOR, "reject", "non è stato approvato"),
        (Role.ADMINISTRATOR, "submit", "In esame dal"),
        (Role.COORDINATOR, "approve", "proposte"),
    ):
        client.cookies.set("bottega_session", make.signed_in(who))
        done = client.post(f"/companies/{company.id}/{action}", data=REASON if action == "reject" else {})
        assert (done.status_code, done.headers["location"]) == (303, f"/companies/{company.id}")
        assert state in client.get(f"/companies/{company.id}").text
    with make.database.read() as session:
        assert session.scalar(sa.select(Company.is_approved).where(Company.id == company.id))
