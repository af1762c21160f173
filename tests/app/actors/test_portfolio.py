"""The portfolio of events: clashes, duplicates, what nobody reaches, whom to ask; and how little it costs."""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import db
from app.actors import portfolio, service_portfolio
from app.actors.portfolio import Candidate, EventSession, Gaps, Ground, Why
from app.actors.portfolio_series import Filling
from app.actors.rules import Areas
from app.actors.service_portfolio import Portfolio
from app.appetites.models import Appetite, CompanyAppetite, CompanyRecall, NotHosting
from app.applications.models import ContactLimit, ContactMonth
from app.auth.actors import Actor, Role
from app.bookings.models import Booking, VisitSession
from app.network.models import CompanyNote
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    SkillRole,
)
from app.series.models import ProposalState, Series, SeriesKind, SeriesProposal
from tests.app.actors.conftest import IMOLA, book, host, visit
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries

DAYS = (TODAY, TODAY + timedelta(days=55))
AREAS = Areas.of([{"districts": [IMOLA], "sectors": [], "priorities": []}])


def read(make: Factory, actor: Actor, days: tuple[date, date] = DAYS) -> Portfolio:
    with make.database.read() as session:
        question = service_portfolio.ask(session, actor, days=days, most=10, now=NOW)
    return service_portfolio.look(question)


def about(make: Factory, offer: Opportunity, skill: str = "plc-programming") -> None:
    make.skill(skill)
    make.add(OpportunitySkill(opportunity_id=offer.id, skill_id=skill, role=SkillRole.TAUGHT, level=1))


# --- pure -------------------------------------------------------------------------------------------------------------


def event(number: int, day: int = 0, **values: Any) -> EventSession:
    usual: dict[str, Any] = {
        "opportunity_id": UUID(int=number), "title": f"Visita {number}", "company_id": UUID(int=100 + number),
        "company": "Reno", "starts_at": NOW + timedelta(days=day), "municipality_istat": "037006", "place": "Bologna (BO)",
        "districts": frozenset({"centro"}), "sectors": frozenset(), "topics": frozenset({"plc"}), "seats": 20,
        "seats_taken": 10, "waiting": 0,
    }  # fmt: skip
    return EventSession(UUID(int=1000 + number), **usual | values)


@pytest.mark.parametrize(
    ("other", "is_clash"),
    [
        ({}, True),
        ({"starts_at": NOW + timedelta(hours=6)}, True),  # the same day
        ({"starts_at": NOW + timedelta(days=1)}, False),
        ({"districts": frozenset({"imola"})}, False),
        ({"topics": frozenset({"cnc"})}, False),
        ({"opportunity_id": UUID(int=1)}, False),  # two turns of one event
        ({"districts": frozenset()}, False),  # it is in no district, and in that municipality alone
        ({"districts": frozenset(), "municipality_istat": None}, False),  # online
    ],
)
def test_events_clash_on_one_day_in_one_place_about_one_topic(other: dict[str, Any], is_clash: bool) -> None:
    assert len(portfolio.clashes([event(1), event(2, **other)])) == is_clash


def test_a_clash_stands_there_once_with_all_topics() -> None:
    both = frozenset({"plc", "cnc"})
    [clash] = portfolio.clashes([event(2, topics=both), event(1, topics=both)])
    assert (clash.topics, [one.title for one in clash.sessions]) == (("cnc", "plc"), ["Visita 1", "Visita 2"])
    here = {"districts": frozenset()}
    assert portfolio.clashes([event(1, **here), event(2, **here)])[0].place == "037006"


def test_an_event_that_is_written_twice() -> None:
    same = {"company_id": UUID(int=5)}
    twice = [event(1, title="Robot in Città", **same), event(2, title="ROBOT in citta", **same)]
    assert portfolio.duplicates(twice) == [tuple(twice[::-1])]
    assert portfolio.duplicates([twice[0], event(2, title="Robot in città")]) == []
    assert portfolio.duplicates([twice[0], event(2, 1, title="Robot in città", **same)]) == []


@pytest.mark.parametrize(
    ("taken", "days", "is_empty"), [(9, 5, True), (10, 5, False), (9, 6, False), (0, -3, True), (9, 0, True)]
)
def test_half_empty_five_days_before(taken: int, days: int, is_empty: bool) -> None:
    assert portfolio.is_half_empty(event(1, days, seats_taken=taken), NOW) is is_empty


LACKING = Gaps(("imola",), (), ("c3", "c4"), ())
FREE: dict[str, Any] = {
    "company_id": UUID(int=1), "name": "Reno", "districts": frozenset({"imola"}), "most": 10, "is_invited": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "reason",
    [
        {"appetite": Appetite.NOT_THIS_YEAR}, {"appetite": Appetite.ORGANISED}, {"is_hidden": True}, {"is_paused": True},
        {"sent": 10}, {"has_event": True}, {"districts": frozenset({"centro"})},
    ],
)  # fmt: skip
def test_who_is_left_alone_or_covers_nothing_is_not_suggested(reason: dict[str, Any]) -> None:
    assert portfolio.grounds(Candidate(**FREE), LACKING, AREAS, TODAY)
    assert portfolio.grounds(Candidate(**FREE | reason), LACKING, AREAS, TODAY) == ()


def test_the_best_grounded_comes_first() -> None:
    candidates = [
        Candidate(**FREE | {"name": "C", "sent": 5}),
        Candidate(**FREE | {"name": "B"}),
        Candidate(**FREE | {"name": "A", "districts": frozenset(), "programmes": frozenset({"c3", "c4"})}),
        Candidate(**FREE | {"name": "D", "appetite": Appetite.LOOKING}),
        Candidate(**FREE | {"name": "E", "is_invited": False}),
    ]
    found = portfolio.suggest(candidates, LACKING, AREAS, TODAY, most=4)
    assert [(one.candidate.name, [ground.why for ground in one.grounds]) for one in found] == [
        ("D", [Why.DISTRICT, Why.WANTS, Why.LOW_LOAD]),
        ("A", [Why.PROGRAMME, Why.PROGRAMME, Why.LOW_LOAD]),  # Imola has somebody already
        ("E", [Why.DISTRICT, Why.LOW_LOAD, Why.NEVER_INVITED]),
        ("B", [Why.DISTRICT, Why.LOW_LOAD]),
    ]
    assert found[1].grounds[:2] == (Ground(Why.PROGRAMME, "c3"), Ground(Why.PROGRAMME, "c4"))


# --- with a database --------------------------------------------------------------------------------------------------


def test_a_portfolio_says_what_needs_somebody(make: Factory, silvia: Actor) -> None:
    fourth = make.school_class(make.school(municipality_istat="037006"))
    make.programme("it-c4-informatica", code="ITCI")
    make.school_class(make.school(municipality_istat="037006"), year=5, programme_id="it-c4-informatica")
    reno, savena = host(make, "Reno"), host(make, "Savena")
    robots, (full, _) = visit(make, reno, 3, 80, taken=20)  # the second lies after the days
    drives, (empty,) = visit(make, savena, 3, taken=1, title="Azionamenti")
    for offer in (robots, drives):
        about(make, offer)
    book(make, full, fourth)
    book(make, full, fourth, people=8, state="waiting", due_at=NOW)
    santerno = host(make, "Santerno", "037032")
    offer = make.opportunity(santerno, municipality_istat="037032")
    make.add(OpportunityEligibility(opportunity_id=offer.id, programme_id="it-c4-informatica"))
    make.add(CompanyAppetite(company_id=santerno.id, start_year=2025, appetite=Appetite.LOOKING, answered_at=NOW, answered_by="user:x"))  # fmt: skip
    for name, rows in {
        "No": [{"kind": CompanyAppetite, "start_year": 2025, "appetite": Appetite.NOT_THIS_YEAR,
                "reason": NotHosting.NO_TUTOR, "answered_at": NOW, "answered_by": "user:x"}],
        "Hidden": [{"kind": CompanyRecall, "asked_at": NOW, "warned_at": NOW, "hidden_at": NOW}],
        "Pausing": [{"kind": ContactLimit, "paused_until": TODAY + timedelta(days=9)}],
        "Full": [{"kind": ContactLimit, "per_month": 2}, {"kind": ContactMonth, "month": TODAY.replace(day=1), "sent": 2}],
        "Noted": [{"kind": CompanyNote, "text": "Sentiti.", "written_at": NOW, "written_by": "user:x"}],
    }.items():  # fmt: skip
        company = host(make, name, "037032")
        for row in rows:
            kind: Any = row.pop("kind")
            make.add(kind(company_id=company.id, **row))

    found = read(make, silvia)
    both = [empty.id, full.id]  # at the same time, by title
    assert [one.id for one in found.sessions] == both
    assert [[one.id for one in clash.sessions] for clash in found.clashes] == [both]
    assert [(one.id, one.waiting) for one in found.overbooked] == [(full.id, 8)]
    assert [one.id for one in found.half_empty] == [empty.id]
    assert found.gaps == Gaps(("imola",), (), ("it-c4-informatica",), (5,))
    assert [(one.candidate.name, [each.why for each in one.grounds]) for one in found.suggestions] == [
        ("Santerno", [Why.DISTRICT, Why.PROGRAMME, Why.WANTS, Why.LOW_LOAD]),
        ("Noted", [Why.DISTRICT, Why.LOW_LOAD]),
    ]
    assert [(one.name, one.is_invited, one.has_offered) for one in found.quiet] == [
        ("Full", False, False), ("Hidden", True, False), ("No", True, False), ("Noted", True, False),
        ("Pausing", False, False), ("Reno", False, True), ("Savena", False, True),
    ]  # fmt: skip
    assert [(spot.name, spot.sessions) for spot in found.spots] == [("Bologna (BO)", 2)]
    assert [len(week.sessions) for week in found.weeks] == [2]


def test_priority_areas_without_an_event_are_missing(make: Factory, silvia: Actor) -> None:
    assert read(make, silvia).gaps.priorities == ("plc",)
    visit(make, host(make, "Reno", code="62.01"), 3)
    assert read(make, silvia).gaps.priorities == ("plc",)  # another sector
    visit(make, host(make, "Savena"), 3)
    assert read(make, silvia).gaps.priorities == ()


@pytest.mark.parametrize(
    "query",
    [
        {"starts_on": "2026-02-01", "ends_on": "2026-01-31"},
        {"starts_on": "2026-02-01", "ends_on": "2027-02-03"},
        {"ends_on": "2026-01-11"},
    ],
)
def test_days_that_cannot_be_looked_at(client: TestClient, make: Factory, query: dict[str, str]) -> None:
    answer = client.get("/api/v1/network/portfolio", params=query, headers=make.bearer(Role.COORDINATOR))
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "ends_on")


MOST_SECONDS = 0.2
"""Of our own work: a machine that does other things meanwhile must not fail it."""
EVENTS = 500


def test_each_series_tells_how_it_is_filled_and_whom_to_ask(make: Factory, silvia: Actor) -> None:
    reno, savena = host(make, "Reno"), host(make, "Savena", "037032")
    wanted, _ = visit(make, reno, 3, seats=20, taken=20)
    empty, (session,) = visit(make, reno, 4, seats=30, taken=12)
    visit(make, reno, 5, seats=10, taken=5)
    school_class = make.school_class()
    book(make, session, school_class, people=12, state="attended")
    book(make, _[0], school_class, people=3, state="waiting", due_at=NOW)
    festival, week = (
        festival_of(make, offer, name) for offer, name in ((wanted, "Festa"), (empty, "Settimana"))
    )
    found = {one.series.it: one for one in read(make, silvia).series}
    assert {
        name: (one.series.id, one.filling, one.seats, one.seats_taken, one.waiting, one.attended)
        for name, one in found.items()
    } == {
        "Festa": (festival, Filling.OVERBOOKED, 20, 20, 3, 0),
        "Settimana": (week, Filling.HALF_EMPTY, 30, 12, 0, 10),
        "Fuori dalle rassegne": (None, Filling.EVEN, 10, 5, 0, 0),
    }
    assert (list(found["Festa"].lacking), [one.candidate.company_id for one in found["Festa"].suggestions]) == (
        ["imola"], [savena.id],
    )  # fmt: skip
    assert (found["Fuori dalle rassegne"].lacking, found["Fuori dalle rassegne"].suggestions) == ((), ())


def festival_of(make: Factory, offer: Opportunity, name: str) -> UUID:
    """A series of this name that has published the event."""
    series = make.add(
        Series(
            territory_id=make.territory().id, name_it=name, name_en=name, kind=SeriesKind.FESTIVAL, starts_on=TODAY,
            ends_on=TODAY + timedelta(days=30), created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    make.add(
        SeriesProposal(
            series_id=series.id, opportunity_id=offer.id, state=ProposalState.PUBLISHED, audiences=1, proposed_at=NOW,
            proposed_by=ACTOR.mark, decided_at=NOW, decided_by=ACTOR.mark,
        )
    )  # fmt: skip
    return series.id


def test_five_hundred_events_cost_as_many_queries_as_one(make: Factory, silvia: Actor) -> None:
    make.skill("plc-programming")
    school_class = make.school_class(make.school(municipality_istat="037006"))
    companies = [host(make, f"Reno {number}", "037032" if number % 3 else "037006") for number in range(40)]

    def count() -> tuple[int, Portfolio, float]:
        started = process_time()
        with count_queries(make.database) as queries:
            found = read(make, silvia)
        return queries.count, found, process_time() - started

    visit(make, companies[0], 3)
    before, _, _ = count()
    with make.database.write() as session:
        for kind, rows in _events(companies[1:], school_class).items():
            session.execute(sa.insert(kind), rows)
    after, found, _ = count()
    seconds = min(count()[2] for _ in range(3))
    assert (before, after, len(found.sessions)) == (12, 12, EVENTS + 1)
    assert found.clashes
    assert found.overbooked
    assert seconds < MOST_SECONDS


def _events(companies: list[Any], school_class: Any) -> dict[type[db.Base], list[dict[str, Any]]]:
    """Each event has one session, a skill, a class that comes and one that waits."""
    rows: dict[type[db.Base], list[dict[str, Any]]] = {
        Opportunity: [], OpportunitySkill: [], VisitSession: [], Booking: [],
    }  # fmt: skip
    for number in range(EVENTS):
        company, opportunity_id, session_id = companies[number % len(companies)], db.new_id(), db.new_id()
        starts_at = NOW + timedelta(days=number % 50, hours=number % 5)
        rows[Opportunity].append(
            {
                "id": opportunity_id, "company_id": company.id, "kind": Kind.VISIT, "status": "published",
                "title": f"Visita {number}", "municipality_istat": "037006" if number % 3 else "037032", "seats": 20,
                "has_sessions": True, "created_at": NOW, "published_at": NOW, "published_by": "system:tests",
            }
        )  # fmt: skip
        rows[OpportunitySkill].append(
            {
                "opportunity_id": opportunity_id,
                "skill_id": "plc-programming",
                "role": SkillRole.TAUGHT,
                "level": 1,
            }
        )
        rows[VisitSession].append(
            {
                "id": session_id, "opportunity_id": opportunity_id, "starts_at": starts_at, "state": "planned",
                "ends_at": starts_at + timedelta(hours=2), "seats": 20, "seats_taken": 10, "draw_seed": 1,
                "created_at": NOW, "created_by": ACTOR.mark,
            }
        )  # fmt: skip
        rows[Booking] += [
            {
                "id": db.new_id(), "visit_session_id": session_id, "kind": "group", "state": state, "people": 10,
                "school_id": school_class.school_id, "class_id": school_class.id, "asked_at": NOW, "asked_by": "user:x",
                "due_at": due_at,
            }
            for state, due_at in (("booked", None), ("waiting", NOW))
        ]  # fmt: skip
    return rows
