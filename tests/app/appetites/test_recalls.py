"""The rhythm at which quiet companies are asked, warned and hidden, walked day by day; and that nothing is ever deleted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.appetites import rules, service_recalls
from app.appetites.models import Appetite, CompanyRecall
from app.appetites.rules import Quiet, Step
from app.applications.models import ContactLimit, ContactMonth
from app.auth.actors import Role
from app.auth.models import Membership, User
from app.companies.models import Company
from app.db import Database
from app.network.rules import Thresholds
from app.notifications.models import Notification
from app.opportunities import details, service_public
from app.settings import Settings
from tests.factories import NOW, TODAY, Factory

DAYS = Thresholds.of(Settings())
LONG_AGO = date(2024, 1, 1)
QUIET = {"is_silent": False, "is_dormant": True, "last_sign_on": LONG_AGO}


def dormant(make: Factory, **values: Any) -> Company:
    """A public company whose person has done nothing for 500 days."""
    then = NOW - timedelta(days=500)
    company = make.company(submitted_at=then, approved_at=then, is_public=True, **values)
    make.opportunity(company, published_at=then)
    return company


def with_person(make: Factory, company: Company) -> None:
    """Somebody who works there and has never done anything here."""
    user = make.add(User(email=f"{company.id}@example.org", name="Anna", created_at=company.submitted_at))
    make.add(Membership(user_id=user.id, role=Role.COMPANY_MEMBER, company_id=company.id))


def strike(database: Database, now: datetime, most: int = 10) -> dict[str, int]:
    found = service_recalls.run(database, now, thresholds=DAYS, months=4, most=most)
    return {name.removeprefix("companies_"): number for name, number in found.items() if number}


def shown(database: Database) -> tuple[int, int]:
    """How many opportunities the rankings and the public see."""
    with database.read() as session:
        public = service_public.search(session, today=TODAY, limit=9)
        return len(details.load_published(session)), len(public)


def test_a_year_of_silence_and_one_tap(client: TestClient, make: Factory, database: Database) -> None:
    company = dormant(make)
    assert strike(database, NOW) == {}  # nobody is there to be asked, so nobody is hidden unasked
    with_person(make, company)
    found = {}
    for day in (
        0,
        1,
        29,
        30,
        59,
        60,
        119,
        120,
        215,
        242,
        243,
    ):  # before each step, and on its day; one is in August
        now = NOW + timedelta(days=day)
        for step in strike(database, now):
            found.setdefault(now.date(), step)
        assert strike(database, now) == {}, "done twice at once, it is done once"
    assert found == {
        date(2026, 1, 12): "ask", date(2026, 2, 11): "warn", date(2026, 3, 13): "hide", date(2026, 5, 12): "ask",
        date(2026, 9, 12): "ask",
    }  # fmt: skip
    with database.read() as session:
        told = session.scalars(sa.select(Notification).order_by(Notification.created_at)).all()
        sent = session.scalars(sa.select(ContactMonth.month).order_by(ContactMonth.month)).all()
    assert [one.kind for one in told] == [
        "company_asked", "company_warned", "company_hidden", "company_asked", "company_asked",
    ]  # fmt: skip
    assert {one.path for one in told} == {f"/companies/{company.id}/appetite"}
    assert sent == [date(2026, 1, 1), date(2026, 5, 1), date(2026, 9, 1)]  # each question is a contact
    assert shown(database) == (0, 0)
    mine = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    own = f"/api/v1/companies/{company.id}/appetite"
    assert client.get(own, headers=mine).json()["hidden_at"] == "2026-03-13T09:00:00Z"
    headers = mine | {"If-Match": '"0"', "Content-Type": "application/merge-patch+json"}
    assert client.patch(own, json={"appetite": "looking"}, headers=headers).json()["hidden_at"] is None
    assert shown(database) == (1, 1)


def test_the_rankings_learn_of_it_by_what_has_changed(make: Factory, database: Database) -> None:
    company = dormant(make)
    with database.read() as session:
        [offer] = details.load_published(session)
    make.add(CompanyRecall(company_id=company.id, asked_at=NOW, warned_at=NOW, hidden_at=NOW))
    with database.write() as session:
        service_recalls._stamp(session, company.id)
    with database.read() as session:
        assert details.load_changed(session, since=offer.revision) == ([], [offer.id])


@pytest.mark.parametrize(
    ("limit", "sent", "is_asked"),
    [
        ({}, 0, True),
        ({}, 2, False),
        ({"per_month": 1}, 1, False),
        ({"paused_until": TODAY + timedelta(days=1)}, 0, False),
        ({"paused_until": TODAY}, 0, True),
    ],
)
def test_a_question_is_a_contact_like_others(
    make: Factory, database: Database, limit: dict[str, Any], sent: int, is_asked: bool
) -> None:
    company = dormant(make)
    with_person(make, company)
    if limit:
        make.add(ContactLimit(company_id=company.id, **limit))
    if sent:
        make.add(ContactMonth(company_id=company.id, month=TODAY.replace(day=1), sent=sent))
    assert strike(database, NOW, most=2) == ({"ask": 1} if is_asked else {})


ASKED = date(2026, 1, 12)


@pytest.mark.parametrize(
    ("known", "today", "step"),
    [
        ({}, date(2026, 7, 31), Step.ASK),
        ({}, date(2026, 8, 1), None),
        ({}, date(2026, 9, 1), Step.ASK),
        ({"is_dormant": False}, TODAY, None),
        ({"is_dormant": False, "is_silent": True}, TODAY, Step.ASK),
        ({"appetite": Appetite.NOT_THIS_YEAR}, TODAY, None),
        ({"appetite": Appetite.ORGANISED}, TODAY, None),
        ({"appetite": Appetite.INTERESTED}, TODAY, Step.ASK),
        ({"asked_on": ASKED}, ASKED + timedelta(days=29), None),
        ({"asked_on": ASKED}, ASKED + timedelta(days=30), Step.WARN),
        ({"asked_on": ASKED, "is_dormant": False, "is_silent": True}, ASKED + timedelta(days=60), None),
        ({"asked_on": ASKED, "is_dormant": False, "is_silent": True}, date(2026, 5, 12), Step.ASK),
        ({"asked_on": ASKED, "last_sign_on": ASKED}, ASKED + timedelta(days=60), None),
        ({"asked_on": ASKED, "last_sign_on": ASKED}, date(2027, 5, 12), Step.ASK),
        ({"asked_on": ASKED, "warned_on": ASKED, "last_sign_on": ASKED}, date(2026, 8, 2), Step.RETURN),
    ],
)
def test_the_next_step(known: dict[str, Any], today: date, step: Step | None) -> None:
    assert rules.next_step(Quiet(**QUIET | known), today, months=4) is step


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(3, 24))
def test_no_question_comes_before_its_months_are_over(asked_on: date, months: int) -> None:
    again = rules.months_later(asked_on, months)
    assert again.year * 12 + again.month == asked_on.year * 12 + asked_on.month + months
    quiet = Quiet(**QUIET | {"is_dormant": False, "is_silent": True}, asked_on=asked_on)
    assert rules.next_step(quiet, again - timedelta(days=1), months=months) is None
    assert rules.next_step(quiet, again, months=months) is (None if again.month == 8 else Step.ASK)
