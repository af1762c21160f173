"""The season: nothing that can be in some state is left out, and it is the same each time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from app import dates, demo
from app.agreements.models import Agreement, Document, Paper, PaperKind, PaperState, Signature
from app.applications.models import Application, ApplicationState
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, User
from app.concerns.models import Concern, ConcernKind, Side, Stage
from app.db import Base, Database
from app.demo import season
from app.demo.chance import Chance
from app.events import service_chain as chain
from app.hosting import plans
from app.hosting.models import Rotation
from app.hours import rules as hour_rules
from app.hours import service_ledger
from app.hours.models import DiaryEntry, EntryState, Evaluation, HourEntry, HourLedger
from app.kits.models import Kit
from app.laws import rules as laws
from app.main import create_app
from app.opportunities.models import Opportunity, Status
from app.placements import service_calendar, service_findings
from app.placements.models import Party, Placement, State, TutorCapacity
from app.rounds.models import Round, RoundClass, RoundRun, RoundState
from app.settings import Settings
from app.students.models import Student
from app.web import paper_drafts
from tests import forms
from tests.app.demo.world import ON, undone
from tests.caller import Caller

DAY = datetime.combine(ON, time(9), ZoneInfo(Settings().time_zone))
SIZE = demo.Size(students=160, companies=40, opportunities=110)


@dataclass(frozen=True)
class World:
    """A database in which the season was played, and the ids that it has made."""

    database: Database
    played: season.Played
    made: set[UUID]


@pytest.fixture(scope="module")
def world(referenced: Database) -> Iterator[World]:
    with undone(referenced) as database:
        demo.load(database, SIZE, seed=3, on=ON, quiet=True)
        before = ids_in(database)
        played = season.play(database, Settings(), seed=3, on=ON, quiet=True)
        yield World(database, played, ids_in(database) - before)  # tests add their own


def ids_in(database: Database) -> set[UUID]:
    """The ids of all rows."""
    tables = [
        table
        for table in Base.metadata.sorted_tables
        if isinstance(table.c.get("id", sa.column("")).type, sa.Uuid)
    ]
    with database.read() as session:
        return {one for table in tables for one in session.scalars(sa.select(table.c.id))}


@pytest.mark.parametrize(
    ("column", "states"),
    [
        (Application.state, ApplicationState),
        (Placement.state, State),
        (Round.state, RoundState),
        (Concern.stage, Stage),
        (Concern.kind, ConcernKind),
        (HourEntry.state, EntryState),
        (Paper.state, PaperState),
        (Paper.kind, PaperKind),
        (Opportunity.status, Status),
    ],
)
def test_every_state_is_there(world: World, column: Any, states: type[StrEnum]) -> None:
    with world.database.read() as session:
        found = set(session.scalars(sa.select(column).distinct()))
    assert found == set(states)


def test_every_side_speaks(world: World) -> None:
    with world.database.read() as session:
        assert set(session.scalars(sa.select(Concern.raised_side))) == {Side.STUDENT, Side.FAMILY}
        assert set(session.scalars(sa.select(Evaluation.party))) == set(Party) - {Party.SERVICE}
        assert session.scalar(sa.select(sa.func.count()).select_from(DiaryEntry))


def test_one_class_of_twenty_five_is_somewhere(world: World) -> None:
    """Each of them has applied, and twenty-one have a placement of their own or had one."""
    with world.database.read() as session:
        agreed = sa.select(Application.student_id).where(Application.round_id.is_(None))
        students = set(session.scalars(agreed))
        placed = set(session.scalars(agreed.where(Application.placement_id.is_not(None))))
        assert (len(students), len(placed)) == (season.CLASS_SIZE, 21)


def test_three_firms_share_an_internship_and_three_kits_are_told(world: World) -> None:
    with world.database.read() as session:
        [rotation] = session.scalars(sa.select(Rotation))
        plan = plans.load(session, session.get_one(Opportunity, rotation.opportunity_id))
        assert plan.is_settled
        assert len({one.company_id for one in plan.stops}) == 3
        assert session.scalar(sa.select(sa.func.count()).select_from(Kit)) == 3


def test_no_clock_is_late_and_no_seat_oversold(world: World) -> None:
    with world.database.read() as session:
        for kind in (Placement, Application, Paper, Concern):
            assert session.scalars(sa.select(kind.id).where(kind.due_at <= DAY)).all() == [], kind
        oversold = sa.select(Opportunity.id).where(Opportunity.seats_taken > Opportunity.seats)
        assert session.scalars(oversold).all() == []


def test_every_id_comes_from_the_seed(world: World) -> None:
    """So that the same seed and day give the same pages again, under the same addresses."""
    chance = Chance(3, "season ids")
    assert world.made <= {chance.id() for _ in range(2 * len(world.made))}
    assert len(world.made) > 1_000


def test_a_season_needs_the_demo(database: Database) -> None:
    with pytest.raises(season.NoDemo):
        season.play(database, Settings(), on=ON, quiet=True)


def test_two_schools_share_a_round_and_one_has_published(world: World) -> None:
    with world.database.read() as session:
        shared = session.scalars(
            sa.select(Round).where(Round.territory_id.is_not(None)).order_by(Round.opens_on)
        ).all()
        classes = session.scalars(sa.select(RoundClass).where(RoundClass.round_id == shared[-1].id)).all()
    assert [one.state for one in shared] == [RoundState.PUBLISHED, RoundState.REVIEWED]
    assert len({one.school_id for one in classes}) == 2
    assert sorted(one.published_at is not None for one in classes) == [False, True]


# --- the territory ----------------------------------------------------------------------------------------------------


def of_turn(session: Session) -> list[Placement]:
    """The placements of the round that the whole territory has shared."""
    shared = sa.select(Round.id).where(Round.territory_id.is_not(None), Round.state == RoundState.PUBLISHED)
    brought = sa.select(Application.placement_id).where(Application.round_id.in_(shared))
    return list(session.scalars(sa.select(Placement).where(Placement.id.in_(brought))))


def test_the_territory_is_at_every_point_of_its_life(world: World) -> None:
    """What a round of many schools has placed: each state, papers of both kinds, each voice, and each side's evaluation."""
    with world.database.read() as session:
        placed = of_turn(session)
        ids = [one.id for one in placed]
        voices = session.execute(
            sa.select(
                sa.func.count(HourEntry.student_minutes), sa.func.count(HourEntry.host_minutes),
                sa.func.count(HourEntry.school_minutes),
            ).where(HourEntry.placement_id.in_(ids))
        ).one()  # fmt: skip
        sides = set(session.scalars(sa.select(Evaluation.party).where(Evaluation.placement_id.in_(ids))))
        papers = sa.select(sa.func.count()).select_from(Paper.__table__)
        plans = session.scalar(papers.where(Paper.__table__.c.placement_id.in_(ids)))
    assert {one.state for one in placed} == set(State)
    assert len({one.school_id for one in placed}) > 1
    assert min(voices) > 0
    assert sides == set(Party) - {Party.SERVICE}
    assert plans


def test_what_is_written_as_rows_holds_against_the_services(world: World) -> None:
    """Nobody is in two places, hours lie on days of the placement, ledgers are settled, and documents are what was signed."""
    with world.database.read() as session:
        placed = session.scalars(sa.select(Placement).where(Placement.state != State.CANCELLED)).all()
        entries = session.scalars(sa.select(HourEntry)).all()
        documents = session.scalars(sa.select(Document).options(undefer(Document.content))).all()
        signed = session.execute(
            sa.select(Signature.document_id, Paper.state).join(Paper, Paper.document_id == Signature.document_id)
            .where(Signature.signed_at.is_(None))
        ).all()  # fmt: skip
        found = service_findings.of_many(session, placed)
        off = service_calendar.off_days(session, placed)
        begun = [one for one in placed if one.state is not State.PLANNED]
    of_student: dict[UUID, list[Placement]] = {}
    for one in placed:
        of_student.setdefault(one.student_id, []).append(one)
    assert not [
        (first.id, second.id)
        for own in of_student.values()
        for first, second in combinations(own, 2)
        if dates.clash(first, second)
    ]
    by_id = {one.id: one for one in placed}
    for entry in entries:
        one = by_id[entry.placement_id]
        said = [
            each
            for each in (entry.student_minutes, entry.host_minutes, entry.school_minutes)
            if each is not None
        ]
        assert entry.worked_on in hour_rules.planned_days(one, off[one.id])
        assert max(said) <= hour_rules.most_minutes(one)
    assert all(hashlib.sha256(one.content).hexdigest() == one.digest for one in documents)
    assert {state for _, state in signed} == {PaperState.SIGNING}
    assert not [laws.forbidden(found[one.id]) for one in begun if laws.forbidden(found[one.id])]
    with world.database.write() as session:
        before = dict(session.execute(sa.select(Student.id, Student.hours_owed)).all())
        kept = dict(session.execute(sa.select(HourLedger.student_id, HourLedger.counted_minutes)).all())
        service_ledger.settle(session, sorted(kept))
        session.expire_all()
        assert dict(session.execute(sa.select(Student.id, Student.hours_owed)).all()) == before
        assert (
            dict(session.execute(sa.select(HourLedger.student_id, HourLedger.counted_minutes)).all()) == kept
        )
        assert any(kept.values())


def test_tutors_keep_somebody_out(world: World) -> None:
    """A school that follows hardly anybody, and a host of high risk with more seats than its tutor may follow."""
    with world.database.read() as session:
        reports = session.scalars(sa.select(RoundRun.report)).all()
        limited = session.scalar(sa.select(sa.func.count()).select_from(TutorCapacity))
    kept_out = {
        side: sum(one["kept_out"] for report in reports for one in report["tutors"][side])
        for side in ("schools", "hosts")
    }
    assert limited
    assert kept_out["schools"] > 0
    assert kept_out["hosts"] > 0


def test_the_log_is_whole(world: World) -> None:
    with world.database.write() as session:
        chain.extend(session, DAY + timedelta(days=3650), at_once=1_000_000)
    with world.database.read() as session:
        report = chain.verify(session, gone=[])
    assert report.finding is None
    assert report.events > 0


def test_no_page_falls_over(world: World) -> None:
    """What the personas see of it, and the hours of each class as its teacher reads them."""
    app = create_app(Settings(), database=world.database, clock=lambda: DAY)
    with world.database.read() as session:
        round_id = session.scalars(
            sa.select(Round.id).where(Round.territory_id.is_not(None)).order_by(Round.opens_on)
        ).first()
        for school_id, class_id in {(one.school_id, one.class_id) for one in of_turn(session)}:
            lead = Actor("user", None, "lead", (Grant(Role.SCHOOL_LEAD, school_id=school_id),))
            read = service_ledger.of_class(
                session, lead, class_id, today=ON, ends_on=ON + timedelta(days=200)
            )
            assert any(ledger.projects for ledger in read.ledgers)
        people = session.execute(
            sa.select(User.email, Membership).join(User, User.id == Membership.user_id).where(User.is_demo)
        ).all()
    pages = {
        Role.SCHOOL_LEAD: (
            "/schools/{school_id}/board", "/schools/{school_id}/placements", "/schools/{school_id}/agreements",
        ),
        Role.COMPANY_ADMIN: ("/companies/{company_id}/hours", "/placements", "/papers"),
        Role.COORDINATOR: ("/coordination/experiences", "/coordination/indicators", "/rounds", "/rounds/{round_id}"),
        Role.STUDENT: ("/students/{student_id}/hours", "/students/{student_id}/wishes"),
    }  # fmt: skip
    for email, member in people:
        ids = {name: getattr(member, name) for name in ("school_id", "company_id", "student_id")}
        paths = [path.format(**ids, round_id=round_id) for path in pages.get(member.role, ())]
        with Caller(app, base_url="http://127.0.0.1:8000") as browser:
            browser.event_hooks["request"].append(forms.carry_token)
            browser.post("/sign-in", data={"persona": email})
            assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_agreements_are_listed_to_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many other papers the school has written since."""
    monkeypatch.setattr(paper_drafts, "AT_ONCE", 2)
    app = create_app(Settings(), database=world.database, clock=lambda: DAY)
    with world.database.read() as session:
        email, school_id = session.execute(
            sa.select(User.email, Membership.school_id)
            .join(Membership, Membership.user_id == User.id)
            .where(User.is_demo, Membership.role == Role.SCHOOL_LEAD)
        ).one()
        wanted = set(session.scalars(sa.select(Agreement.id).where(Agreement.school_id == school_id)))
    found: set[UUID] = set()
    with Caller(app, base_url="http://127.0.0.1:8000") as browser:
        browser.event_hooks["request"].append(forms.carry_token)
        browser.post("/sign-in", data={"persona": email})
        path: str | None = f"/schools/{school_id}/agreements"
        while path is not None:
            text = browser.get(path).text
            found |= {UUID(one) for one in re.findall(r"/papers/([0-9a-f-]{36})", text)}
            more = re.search(r'class="more"><a [^>]*href="([^"]+)"', text)
            path = more and more[1]
    assert len(wanted) > 2
    assert found == wanted
