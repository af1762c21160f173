"""A year of a small territory: counted, told in steps, released, and counted again against what is out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.actors.models import TerritoryAreas
from app.auth.actors import Actor, Grant, Role
from app.bookings.models import Booking, BookingMember, VisitSession
from app.companies.models import SizeBand
from app.db import Database
from app.evidence import figures, policies, service, service_counts
from app.evidence.figures import Way
from app.evidence.models import Enrolment, EvidenceEdition, Outcome, ReportedOutcome
from app.evidence.policies import Grouping, Policy
from app.network.service import NotYourNetwork
from app.opportunities.models import Kind, Opportunity
from app.placements.models import State
from app.schools.models import SchoolKind
from app.students.models import Student
from tests.factories import ACTOR, NOW, TODAY, Factory

POLICY = policies.load("")["network"]
AREA = policies.Area(id="bologna", it="Bologna", en="Bologna", municipalities=("037006",))


@dataclass
class Year:
    """A territory with two schools in two areas, and what their students did."""

    make: Factory
    coordinator: Actor
    students: list[Student]
    offer: Opportunity

    @property
    def database(self) -> Database:
        return self.make.database

    def count(self, policy: Policy = POLICY, days: int = 0) -> EvidenceEdition:
        """A draft, as the job makes it."""
        [territory_id] = self.coordinator.territories
        with self.database.read() as session:
            question = service.ask(
                session, policy, territory_id, start_year=2025, now=NOW + timedelta(days=days)
            )
        content = service.make(question)
        with self.database.write() as session:
            return service.save(session, self.coordinator, question, content)

    def release(self, edition: EvidenceEdition, days: int = 1) -> None:
        with self.database.write() as session:
            row = service.for_change(session, self.coordinator, edition.id)
            service.release(session, self.coordinator, row, now=NOW + timedelta(days=days))


@pytest.fixture
def year(make: Factory) -> Year:
    return a_year(make)


def a_year(make: Factory) -> Year:
    """What happened in it."""
    make.municipality()
    make.municipality("037032", name="Imola", cadastral="E289")
    classes = [
        make.school_class(make.school(municipality_istat="037006")),
        make.school_class(make.school(municipality_istat="037032", kind=SchoolKind.VOCATIONAL)),
    ]
    students = [make.student(classes[0]) for _ in range(27)] + [make.student(classes[1]) for _ in range(9)]
    offer = make.opportunity(make.company(size=SizeBand.SMALL), kind=Kind.INTERNSHIP)
    for student in students[:8] + students[27:30]:
        placement = make.placement(student, offer, starts_on=TODAY)
        if student in students[:6]:
            make.add(
                ReportedOutcome(
                    placement_id=placement.id, outcome=Outcome.CONTRACT, agreed_on=TODAY, reported_for="school",
                    reported_at=NOW, reported_by=ACTOR.mark,
                )
            )  # fmt: skip
    make.placement(students[20], offer, starts_on=TODAY, state=State.CANCELLED, ended_at=NOW, ended_by="x", ended_for="school", end_reason="moved", due_at=None)  # fmt: skip
    for student in students[:12]:
        make.wish(student, offer)
    visit(make, students[4:21])
    for start_year, number in ((2023, 140), (2024, 151), (2025, 163)):
        make.add(
            Enrolment(school_id=classes[0].school_id, start_year=start_year, track="C1", students=number)
        )
    territory = make.territory()
    districts = [
        {"key": key, "it": key.title(), "en": key.title(), "municipalities": [istat]}
        for key, istat in (("bologna", "037006"), ("imola", "037032"))
    ]
    areas = {"districts": districts, "sectors": [], "priorities": []}
    make.add(TerritoryAreas(territory_id=territory.id, document=areas, edited_at=NOW, edited_by=ACTOR.mark))
    grant = Grant(Role.COORDINATOR, territory_id=territory.id, provinces=frozenset({"BO"}))
    return Year(make, Actor("user", None, "Silvia", (grant,)), students, offer)


def visit(make: Factory, students: list[Student]) -> None:
    """A session of last week at which they were."""
    held = make.add(
        VisitSession(
            opportunity_id=make.opportunity(kind=Kind.VISIT).id, starts_at=NOW - timedelta(days=7), state="held",
            ends_at=NOW - timedelta(days=6), seats=30, draw_seed=1, created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    group = make.add(
        Booking(
            visit_session_id=held.id, kind="group", state="attended", school_id=students[0].school_id, adults=2,
            class_id=students[0].class_id, people=len(students) + 2, asked_at=NOW, asked_by=ACTOR.mark,
        )
    )  # fmt: skip
    for student in students:
        make.add(BookingMember(visit_session_id=held.id, student_id=student.id, booking_id=group.id))


def by_key(edition: EvidenceEdition) -> dict[tuple[str, str], tuple[str, int | None]]:
    return {(one["indicator"], one["group"]): (one["way"], one["value"]) for one in edition.content["lines"]}


C1 = "t" + hashlib.sha256(b"C1").hexdigest()[:8]


def test_small_tracks_stand_together_and_their_few_are_not_told(year: Year) -> None:
    with year.make.database.read() as session:
        school_id = session.scalars(sa.select(Enrolment.school_id)).first()
    for number in range(service_counts.MOST_TRACKS):
        year.make.add(Enrolment(school_id=school_id, start_year=2025, track=f"X{number:02d}", students=3))
    edition = year.count()
    assert len(edition.content["tracks"]) == service_counts.MOST_TRACKS
    told = by_key(edition)
    assert told["enrolled", "other.2025"][1] in (None, 0)
    small = [
        value
        for (indicator, group), (_, value) in told.items()
        if indicator == "enrolled" and group[:1] == "t" and group[:9] not in (C1, "technical")
    ]
    assert small
    assert set(small) <= {None, 0}


@given(st.integers(20, 3000), st.integers(20, 3000), st.integers(1, 4))
def test_a_trend_holds_whatever_the_counts_are_within_their_steps(first: int, last: int, years: int) -> None:
    found = figures.trend_told(first - first % 5, last - last % 5, years)
    assert found is not None
    exact = (last / first) ** (1 / years) - 1
    assert found.low - 1e-4 <= exact <= found.high + 1e-4 or exact > 1
    assert found.low <= found.value <= found.high
    assert (
        figures.trend_told(None, last, years)
        is figures.trend_told(15, last, years)
        is figures.trend_told(first, last, 0)
        is None
    )


def test_a_year_is_counted_and_told(year: Year) -> None:
    edition = year.count()
    told = by_key(edition)
    assert {key: value for key, value in told.items() if key[1] == ""} == {
        ("actors_schools", ""): ("exact", 2), ("actors_companies", ""): ("exact", 2), ("events", ""): ("exact", 1),
        ("participants", ""): ("at_least", 15), ("students", ""): ("at_least", 35), ("visited", ""): ("at_least", 15),
        ("chosen", ""): ("at_least", 15), ("applied", ""): ("at_least", 10), ("placed", ""): ("at_least", 10),
        ("outcome", ""): ("at_least", 5), ("visited_chosen", ""): ("at_least", 5),
        ("visited_applied", ""): ("at_least", 0), ("visited_placed", ""): ("at_least", 0),
        ("visited_outcome", ""): ("at_least", 0), ("enrolled", ""): ("at_least", 160),
    }  # fmt: skip
    assert told["actors_companies", "small"] == ("exact", 1)
    assert told["students", "bologna"] == ("at_least", 25)
    assert {key[1]: value for key, value in told.items() if key[0] == "enrolled"} == {
        "": ("at_least", 160), "technical": ("at_least", 160), f"{C1}.2023": ("at_least", 140),
        f"{C1}.2024": ("at_least", 150), f"{C1}.2025": ("at_least", 160), "2023": ("at_least", 140), "2024": ("at_least", 150),
        "2025": ("at_least", 160),
    }  # fmt: skip
    [share] = [
        one["share"] for one in edition.content["lines"] if (one["indicator"], one["group"]) == ("placed", "")
    ]
    assert share["low"] < 11 / 36 < share["high"]
    assert len(edition.digest) == 64


def test_the_few_of_one_school_show_in_no_figure(year: Year) -> None:
    """Three of nine were placed there: nobody can tell them from four, nor from none."""
    told = by_key(year.count())
    assert told["placed", "imola"] in {("at_least", 0), ("withheld", None)}
    ways = {value[0] for value in told.values()}
    assert ways <= {Way.EXACT, Way.AT_LEAST, Way.WITHHELD}


def test_what_is_released_stays_and_is_counted_against(year: Year) -> None:
    first = year.count()
    with pytest.raises(service.DraftExists):
        year.count()
    year.release(first)
    with pytest.raises(service.EditionReleased), year.database.write() as session:
        service.for_change(session, year.coordinator, first.id)
    second = year.count(days=1)
    assert second.number == 2
    before = by_key(first)
    assert all(told == before[key] or told[1] is None for key, told in by_key(second).items())
    year.release(second, days=2)
    with year.database.read() as session:
        assert [one.id for one in service.released(session, limit=5)] == [second.id, first.id]


def test_one_who_comes_after_the_first_edition_shows_in_no_later_one(year: Year) -> None:
    year.release(year.count())
    year.make.placement(year.students[9], year.offer, starts_on=TODAY)
    told = by_key(year.count())
    assert told["placed", ""] in {("at_least", 10), ("withheld", None)}


def test_nobody_releases_what_was_counted_before_another_one_came_out(year: Year) -> None:
    other = POLICY.model_copy(update={"id": "other"})
    first, second = year.count(), year.count(other)
    year.release(first)
    with pytest.raises(service.EditionOvertaken):
        year.release(second, days=2)
    with year.database.write() as session:
        service.throw_away(
            session, year.coordinator, service.for_change(session, year.coordinator, second.id)
        )
    year.release(year.count(other, days=1), days=2)


def test_other_areas_are_not_laid_over_those_that_are_out(year: Year) -> None:
    year.release(year.count())
    with pytest.raises(service.OverlappingAreas):
        year.count(POLICY.model_copy(update={"id": "other", "areas": (AREA,)}))
    elsewhere = year.make.territory("Bologna e Modena", "BO", "MO")
    with pytest.raises(service.OverlappingAreas), year.database.read() as session:
        service.check(session, POLICY, elsewhere.id, start_year=2025)


def test_another_territory_reads_nothing_of_it(year: Year) -> None:
    edition = year.count()
    milan = year.make.territory("Milano", "MI")
    far = Actor(
        "user", None, "Carlo", (Grant(Role.COORDINATOR, territory_id=milan.id, provinces=frozenset({"MI"})),)
    )
    with year.database.read() as session:
        assert service.search(session, far, limit=5) == []
        for raised, reader in ((service.NoSuchEdition, far), (NotYourNetwork, replace(far, grants=()))):
            with pytest.raises(raised):
                service.read(session, reader, edition.id)
        with pytest.raises(service.NoSuchEdition):  # a draft is for nobody else
            service.read_released(session, edition.id)


@pytest.mark.parametrize("number", [1, 3])
def test_counting_takes_as_many_questions_however_many_there_are(year: Year, number: int) -> None:
    from tests.queries import count_queries

    for _ in range(number):
        year.make.placement(year.make.student(), year.offer, starts_on=TODAY)
    [territory_id] = year.coordinator.territories
    with year.database.read() as session, count_queries(year.database) as queries:
        service.ask(session, POLICY, territory_id, start_year=2025, now=NOW)
    assert queries.count == 18


def test_without_a_file_enrolments_are_not_spoken_of(year: Year) -> None:
    with year.database.write() as session:
        session.query(Enrolment).delete()
    assert "enrolled" not in {indicator for indicator, _ in by_key(year.count())}


def test_a_share_of_few_is_not_told() -> None:
    assert figures.share_told(10, 15) is None
    assert figures.gap_told((20, 40), (20, 50)) is None
    gap = figures.gap_told((30, 100), (100, 200))
    assert gap is not None
    assert gap.low < -0.4 < gap.high < 0
    assert Grouping.AREA == "area"
