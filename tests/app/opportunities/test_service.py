from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app import db
from app.companies.models import Company
from app.db import Database
from app.events import service as events
from app.opportunities import details, service_life
from app.opportunities import service as opportunities
from app.opportunities.details import Detail, Eligibility, Need, Span
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
    Status,
)
from tests.factories import ACTOR, APPROVED, NOW, Factory
from tests.queries import count_queries

# --- seats ------------------------------------------------------------------------------------------------------------


def seats(database: Database, opportunity_id: UUID) -> tuple[Any, ...]:
    with database.read() as session:
        row = session.get_one(Opportunity, opportunity_id)
        return row.seats_taken, row.status, row.version, row.revision


def test_seats_are_taken_until_full_and_freed_again(make: Factory, database: Database) -> None:
    opportunity_id = make.opportunity(seats=2).id
    start, seen = seats(database, opportunity_id)[3], []
    for count in (
        service_life.take_seat,
        service_life.take_seat,
        service_life.free_seat,
        service_life.free_seat,
    ):
        with database.write() as session:
            count(session, ACTOR, opportunity_id)
        seen.append(seats(database, opportunity_id))
    assert seen == [
        (1, "published", 2, start + 1), (2, "full", 3, start + 2), (1, "published", 4, start + 3),
        (0, "published", 5, start + 4),
    ]  # fmt: skip
    with database.read() as session:
        actions = [event.action for event in events.history(session, "opportunity", opportunity_id)]
    assert actions == [f"opportunity.seat_{what}" for what in ("taken", "taken", "freed", "freed")]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PUBLISHED])
def test_take_seat_needs_a_published_opportunity(make: Factory, database: Database, status: Status) -> None:
    opportunity_id = make.opportunity(status=status, seats=2).id
    before = seats(database, opportunity_id)
    with pytest.raises(service_life.Full), database.write() as session:
        service_life.take_seat(session, ACTOR, opportunity_id)
    assert seats(database, opportunity_id) == before


def test_free_seat_needs_one_that_is_taken(make: Factory, database: Database) -> None:
    opportunity_id = make.opportunity(seats=2).id
    with pytest.raises(service_life.NoSeatTaken), database.write() as session:
        service_life.free_seat(session, ACTOR, opportunity_id)
    closed = make.opportunity(seats=2, seats_taken=2, status=Status.CLOSED).id
    with database.write() as session:
        service_life.free_seat(session, ACTOR, closed)
    assert seats(database, closed)[:2] == (1, "closed")


def test_take_seat_shows_in_the_row_at_hand(make: Factory, database: Database) -> None:
    opportunity_id = make.opportunity(seats=1).id
    with database.write() as session:
        row = session.get_one(Opportunity, opportunity_id)
        service_life.take_seat(session, ACTOR, opportunity_id)
        assert (row.seats_taken, row.status, row.version) == (1, Status.FULL, 2)


def rush(database: Database) -> tuple[list[str], int]:
    """Eight threads try 200 times for 10 seats: what each try came to, and how many seats are taken then."""
    with database.write() as session:
        company = Company(name="Officina", **APPROVED)
        session.add(company)
        session.flush()
        row = Opportunity(
            company_id=company.id, kind=Kind.VISIT, status=Status.PUBLISHED, title="Visita", is_online=True, seats=10,
            created_at=NOW, published_at=NOW, published_by="system:tests",
        )  # fmt: skip
        session.add(row)

    def attempt(_number: int) -> str:
        try:
            with database.write() as session:
                service_life.take_seat(session, ACTOR, row.id)
        except service_life.Full:
            return "full"
        except IntegrityError:
            return "oversold"
        return "taken"

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(attempt, range(200)))
    return results, seats(database, row.id)[0]


def test_a_rush_for_seats_sells_each_once(shared: Database) -> None:
    results, taken = rush(shared)
    assert ({result: results.count(result) for result in results}, taken) == ({"taken": 10, "full": 190}, 10)


def test_a_rush_for_seats_needs_the_guard(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_life, "has_free_seat", sa.true())
    results, taken = rush(shared)
    assert ({result: results.count(result) for result in results}, taken) == (
        {"taken": 10, "oversold": 190},
        10,
    )


# --- what ranking reads -----------------------------------------------------------------------------------------------


def fill(make: Factory, opportunity: Opportunity) -> None:
    """Give the opportunity two spans, a skill in each role, and two ways to be eligible."""
    days = date(2026, 2, 2), date(2026, 2, 13)
    later = date(2026, 3, 2), date(2026, 3, 13)
    for (starts_on, ends_on), starts_at in ((later, None), (days, time(9))):
        make.add(
            OpportunitySpan(
                opportunity_id=opportunity.id, starts_on=starts_on, ends_on=ends_on, weekdays=3, parts=1,
                starts_at=starts_at,
            )
        )  # fmt: skip
    for level, role in enumerate(SkillRole, 1):
        make.add(
            OpportunitySkill(opportunity_id=opportunity.id, skill_id=make.skill().id, role=role, level=level)
        )
    make.add(
        OpportunityEligibility(
            opportunity_id=opportunity.id, programme_id=make.programme().id, year=4, school_kind="technical"
        )
    )


def test_details_hold_what_ranking_needs(make: Factory, database: Database) -> None:
    company = make.company(name="Rossi")
    row = make.opportunity(
        company,
        seats=3,
        seats_taken=1,
        hours=80,
        daily_hours=6.5,
        min_age=16,
        max_age=20,
        closes_on=date(2026, 2, 1),
    )
    fill(make, row)
    with database.read() as session:
        [found] = details.load_published(session)
    assert found == Detail(
        id=row.id, kind=Kind.INTERNSHIP, status=Status.PUBLISHED, title="Tirocinio", company_id=company.id,
        company_name="Rossi", municipality_istat="037006", municipality_name="Bologna", province_code="BO",
        latitude=44.49381, longitude=11.33875, is_online=False, seats_free=2, group_min=None, group_max=None, hours=80,
        daily_hours=6.5, min_age=16, max_age=20, published_at=NOW, closes_on=date(2026, 2, 1),
        takes_applications=True, revision=1,
        spans=(
            Span(date(2026, 2, 2), date(2026, 2, 13), 3, 1, time(9), None),
            Span(date(2026, 3, 2), date(2026, 3, 13), 3, 1, None, None),
        ),
        required=(Need("plc-programming", 1),), wanted=(Need("plc-programming", 2),),
        taught=(Need("plc-programming", 3),), eligibilities=(Eligibility("technical", None, "it-c3-automazione", 4),),
    )  # fmt: skip


def test_details_of_online_and_bare_opportunities_are_empty_where_nothing_is(
    make: Factory, database: Database
) -> None:
    row = make.opportunity(municipality_istat=None, is_online=True, status=Status.CLOSED)
    with database.read() as session:
        assert details.load_published(session) == []
        found = opportunities.detail(session, row.id)
        assert (found.latitude, found.spans, found.required, found.eligibilities) == (None, (), (), ())
        with pytest.raises(opportunities.NoSuchOpportunity):
            opportunities.detail(session, uuid4())


def test_details_that_changed_are_those_to_put_and_those_to_drop(make: Factory, database: Database) -> None:
    rows = {status: make.opportunity(status=status) for status in Status}
    untouched = make.opportunity()
    with database.write() as session:
        before = db.revision(session, "opportunities")
        for row in rows.values():
            db.stamp(session, Opportunity, row.id)
    with database.read() as session:
        found, gone = details.load_changed(session, since=before)
        assert details.load_changed(session, since=db.revision(session, "opportunities")) == ([], [])
        published = {detail.id for detail in details.load_published(session)}
    assert published == {untouched.id, rows[Status.PUBLISHED].id}
    assert [detail.id for detail in found] == [rows[Status.PUBLISHED].id]
    assert set(gone) == {row.id for status, row in rows.items() if status is not Status.PUBLISHED}


def test_details_cost_the_same_for_one_and_three(make: Factory, database: Database) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            fill(make, make.opportunity())
        with database.read() as session:
            for load in (details.load_published, lambda session: details.load_changed(session, since=-1)):
                with count_queries(database) as queries:
                    load(session)
                counts.append(queries.count)
    assert counts == [4, 5, 4, 5]
