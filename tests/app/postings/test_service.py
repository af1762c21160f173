"""A form that is sent twice, what a publication takes, and last year's opportunity once more."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.companies.models import Company, CompanySite, SizeBand
from app.db import Database
from app.opportunities import service as opportunities
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
    Status,
)
from app.opportunities.schemas import OpportunityIn
from app.postings import service as postings
from app.postings.models import Posting, PostingEffort
from app.postings.schemas import RenewalIn
from tests.factories import ACTOR, NOW, TODAY, Factory


def worker(company_id: UUID) -> Actor:
    return Actor(kind="user", id=None, name="A", grants=(Grant(Role.COMPANY_MEMBER, company_id=company_id),))


def count(database: Database, kind: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def begin(database: Database, company: Company, key: UUID, actor: Actor | None = None) -> UUID:
    given = OpportunityIn(company_id=company.id, kind=Kind.VISIT, title="Una mattina", text="Una mattina")
    with database.write() as session:
        return postings.begin(session, actor or worker(company.id), key, given, now=NOW).id


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_makes_one_draft(database: Database, make: Factory) -> None:
    company, key = make.company(), uuid4()
    first = begin(database, company, key)
    assert begin(database, company, key) == first
    assert (count(database, Opportunity), count(database, Posting)) == (1, 1)
    assert begin(database, company, uuid4()) != first


def test_the_form_of_another_company_leads_nowhere(database: Database, make: Factory) -> None:
    key = uuid4()
    begin(database, make.company(), key)
    other = make.company()
    with pytest.raises(opportunities.NoSuchOpportunity):
        begin(database, other, key)


def test_a_form_that_fails_leaves_nothing(database: Database, make: Factory) -> None:
    company, key = make.company(), uuid4()
    with pytest.raises(opportunities.NotYourOpportunity):
        begin(database, company, key, worker(make.company().id))
    assert (count(database, Opportunity), count(database, Posting)) == (0, 0)
    assert begin(database, company, key)


def test_place_seats_and_hours_come_from_last_time(database: Database, make: Factory) -> None:
    company = make.company()
    with database.read() as session:
        site = session.scalar(sa.select(CompanySite.id).where(CompanySite.company_id == company.id))
        assert postings.from_last_time(session, company.id, Kind.INTERNSHIP) == {"site_id": site}
    make.opportunity(company, hours=80, created_at=NOW - timedelta(days=9))
    make.opportunity(company, hours=120, seats=4, min_age=18, conditions="Scarpe", daily_hours=7.5)
    make.opportunity(company, kind=Kind.VISIT, hours=3)
    with database.read() as session:
        assert postings.from_last_time(session, company.id, Kind.INTERNSHIP) == {
            "site_id": None, "municipality_istat": "037006", "is_online": False, "seats": 4, "hours": 120,
            "daily_hours": 7.5, "conditions": "Scarpe", "group_min": None, "group_max": None,
        }  # fmt: skip


# --- effort -----------------------------------------------------------------------------------------------------------


def ready(make: Factory, opportunity_id: UUID) -> None:
    row = make.get(Opportunity, opportunity_id)
    assert row is not None
    make.add(OpportunitySpan(opportunity_id=row.id, starts_on=TODAY, ends_on=TODAY + timedelta(days=3)))
    make.change(row, municipality_istat=make.municipality().istat, hours=3)


def test_what_a_publication_took_is_kept_once_and_tells_of_nobody(database: Database, make: Factory) -> None:
    company = make.company(size=SizeBand.MICRO)
    opportunity_id = begin(database, company, uuid4())
    ready(make, opportunity_id)
    with database.write() as session:
        postings.note_effort(session, opportunity_id, seconds=45.6, clicks=3)
        postings.note_effort(session, opportunity_id, seconds=5000, clicks=-4)
        postings.publish(session, worker(company.id), opportunity_id, now=NOW)
    with database.write() as session:
        postings.note_effort(session, opportunity_id, seconds=30, clicks=2)
        postings.publish(session, worker(company.id), opportunity_id, now=NOW)
    with database.read() as session:
        [effort] = session.scalars(sa.select(PostingEffort))
        [posting] = session.scalars(sa.select(Posting))
    told = (effort.kind, effort.size, effort.is_renewal, effort.seconds, effort.clicks, effort.published_on)
    assert told == (Kind.VISIT, SizeBand.MICRO, False, 645, 3, TODAY)
    assert (posting.seconds, posting.clicks, posting.is_measured) == (0, 0, True)
    assert {column.name for column in PostingEffort.__table__.columns} == {
        "id", "kind", "province_code", "size", "is_renewal", "seconds", "clicks", "published_on",
    }  # fmt: skip


def test_a_publication_that_is_refused_is_not_measured(database: Database, make: Factory) -> None:
    company = make.company()
    opportunity_id = begin(database, company, uuid4())
    with pytest.raises(opportunities.NotReady), database.write() as session:
        postings.publish(session, worker(company.id), opportunity_id, now=NOW)
    assert count(database, PostingEffort) == 0


def test_coordinators_read_medians(client: TestClient, make: Factory) -> None:
    for seconds in (60, 80, 100, 120, 900):
        make.add(
            PostingEffort(
                kind=Kind.VISIT, size=SizeBand.SMALL, is_renewal=False, seconds=seconds, clicks=7, published_on=TODAY,
                province_code="BO",
            )
        )  # fmt: skip
    for province_code in (*["MI"] * 5, None, "BO"):
        make.add(
            PostingEffort(
                kind=Kind.TRAINING, size=None, is_renewal=True, seconds=1, clicks=1, published_on=TODAY,
                province_code=province_code,
            )
        )  # fmt: skip
    visits = {"is_renewal": False, "kind": "visit", "size": "small", "publications": 5, "seconds": 100, "clicks": 7}  # fmt: skip
    trainings = {"is_renewal": True, "kind": "training", "size": None, "publications": 7, "seconds": 1, "clicks": 1}  # fmt: skip
    for role, seen in ((Role.COORDINATOR, [visits]), (Role.ADMINISTRATOR, [visits, trainings])):
        answer = client.get("/api/v1/posting-efforts", headers=make.bearer(role))
        assert answer.json() == {"items": seen, "next_cursor": None}


# --- questions --------------------------------------------------------------------------------------------------------


def test_a_question_that_is_settled_is_remembered(database: Database, make: Factory) -> None:
    opportunity = make.opportunity()
    with database.write() as session:
        row = session.get_one(Opportunity, opportunity.id)
        for question in ("seats:2:1", "hours:8:9", "seats:2:1"):
            postings.settle(session, row, question)
            session.flush()
        assert postings.settled(session, row.id) == {"seats:2:1", "hours:8:9"}
        assert postings.settled(session, uuid4()) == frozenset()


# --- renewing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def last_year(make: Factory) -> Opportunity:
    make.skill()
    old = make.opportunity(
        hours=80,
        text="Testo",
        status=Status.CLOSED,
        closes_on=date(2025, 2, 14),
        source="hr",
        external_id="1",
    )
    make.add(
        OpportunitySpan(
            opportunity_id=old.id, starts_on=date(2025, 3, 3), ends_on=date(2025, 3, 21), weekdays=21
        )
    )
    make.add(
        OpportunitySkill(opportunity_id=old.id, skill_id="plc-programming", role=SkillRole.REQUIRED, level=2)
    )
    make.add(OpportunityEligibility(opportunity_id=old.id, year=4))
    return old


def test_a_renewal_is_the_same_a_year_ahead(
    client: TestClient, make: Factory, last_year: Opportunity
) -> None:
    headers = make.bearer(Role.COMPANY_MEMBER, company_id=last_year.company_id)
    old = client.get(f"/api/v1/opportunities/{last_year.id}", headers=headers).json()
    answer = client.post(f"/api/v1/opportunities/{last_year.id}/renewals", json={}, headers=headers)
    new = answer.json()
    assert answer.status_code == 201
    changed = {"id", "status", "published_at", "spans", "closes_on", "source", "external_id"}
    assert {name for name in old if old[name] != new[name]} == changed
    [span] = new["spans"]
    assert (span["starts_on"], span["ends_on"], span["weekdays"]) == (
        "2026-03-02",
        "2026-03-20",
        ["MO", "WE", "FR"],
    )
    assert (new["status"], new["closes_on"], new["source"]) == ("draft", "2026-02-13", None)


def test_what_is_sent_replaces_what_was(client: TestClient, make: Factory, last_year: Opportunity) -> None:
    headers = make.bearer(Role.COMPANY_MEMBER, company_id=last_year.company_id)
    path = f"/api/v1/opportunities/{last_year.id}/renewals"
    bad = client.post(path, json={"seats": 0}, headers=headers)
    assert (bad.status_code, bad.json()["faults"][0]["field"]) == (422, "seats")
    spans = [{"starts_on": "2026-06-10", "ends_on": "2026-06-01"}]
    bad = client.post(path, json={"spans": spans}, headers=headers)
    assert (bad.status_code, bad.json()["faults"][0]["field"]) == (422, "spans.0.ends_on")
    new = client.post(path, json={"seats": 5, "closes_on": None}, headers=headers).json()
    assert (new["seats"], new["closes_on"], len(new["spans"])) == (5, None, 1)


def test_it_is_renewed_once_until_the_renewal_is_put_away(
    database: Database, make: Factory, last_year: Opportunity
) -> None:
    def renew() -> UUID:
        with database.write() as session:
            return postings.renew(session, ACTOR, last_year.id, RenewalIn(), now=NOW).id

    def renewals() -> tuple[UUID | None, frozenset[UUID]]:
        with database.read() as session:
            return postings.renewal_of(session, last_year.id), postings.renewed(session, last_year.company_id)

    assert renewals() == (None, frozenset())
    first = renew()
    assert renewals() == (first, {last_year.id})
    with pytest.raises(postings.AlreadyRenewed):
        renew()
    row = make.get(Opportunity, first)
    assert row is not None
    make.change(row, status=Status.ARCHIVED)
    assert renewals() == (None, frozenset())
    assert renewals()[0] != renew() != first


def test_a_draft_is_not_renewed(database: Database, make: Factory) -> None:
    draft = make.opportunity(status=Status.DRAFT)
    with database.write() as session, pytest.raises(postings.NeverPublic):
        postings.renew(session, ACTOR, draft.id, RenewalIn(), now=NOW)
