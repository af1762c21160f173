"""What the demo holds is what the services would have taken, and there is something in it for everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from app import dates, demo
from app.auth import service_people as people
from app.auth.actors import Role
from app.auth.models import Membership, User
from app.companies import service as companies
from app.companies.models import Company, SizeBand
from app.companies.schemas import CompanyContactIn, CompanyIn, CompanySiteIn
from app.db import Database
from app.demo.territory import read_territory
from app.matches.engine import Engine
from app.opportunities import parts
from app.opportunities import rules as opportunity_rules
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.schemas import OpportunityIn
from app.schools.models import SchoolClass
from app.settings import Settings
from app.students import curriculum
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Evidence, Student
from app.students.schemas import StudentIn, StudentOut
from matching import Kind as EngineKind
from tests.app.demo.world import ON
from tests.factories import ACTOR

Loaded = tuple[Database, demo.Loaded]
GIVEN = [name for name in OpportunityIn.model_fields if name not in parts.NAMES]


def given(database: Database) -> list[tuple[Opportunity, OpportunityIn]]:
    """Every opportunity, read back through the schema in which it would have been sent."""
    with database.read() as session:
        rows = list(session.scalars(sa.select(Opportunity)))
        below = parts.load(session, [row.id for row in rows])
        return [
            (
                row,
                OpportunityIn.model_validate(
                    {name: getattr(row, name) for name in GIVEN} | parts.as_given(below[row.id])
                ),
            )
            for row in rows
        ]


def test_opportunities_would_have_been_taken(loaded: Loaded) -> None:
    database, _ = loaded
    found = given(database)
    assert [
        (one.title, faults) for one, it in found if (faults := opportunity_rules.contradictions(it))
    ] == []
    with database.read() as session:
        assert [one.title for one, it in found if parts.unknown_codes(session, it)] == []
        approved = set(session.scalars(sa.select(Company.id).where(Company.is_approved)))
    for one, it in found:
        assert (one.published_at is None) == (one.status is Status.DRAFT)
        if one.status in (Status.PUBLISHED, Status.FULL):
            assert opportunity_rules.missing(it, ON) == [], one.title
            assert one.status is opportunity_rules.status_by_seats(one.status, one.seats, one.seats_taken)
        if one.status is not Status.DRAFT:
            assert one.company_id in approved


def test_every_kind_and_state_occurs(loaded: Loaded) -> None:
    found = given(loaded[0])
    states = Counter(one.status for one, _ in found)
    assert set(states) == set(Status)
    assert states[Status.PUBLISHED] > 0.75 * len(found)
    kinds = Counter(one.kind for one, _ in found)
    assert 0.5 < kinds[Kind.INTERNSHIP] / len(found) < 0.6
    assert 0.2 < kinds[Kind.VISIT] / len(found) < 0.3
    grains = {
        frozenset(name for name, value in way.model_dump().items() if value is not None)
        for _, it in found
        for way in it.eligibilities
    }
    assert {
        frozenset({"year"}), frozenset({"school_kind"}), frozenset({"sector"}), frozenset({"programme_id"}),
        frozenset({"programme_id", "year"}),
    } == grains  # fmt: skip
    assert any(not it.eligibilities for _, it in found)
    assert len({it.text for _, it in found}) > 0.5 * len(found)


def test_internships_have_alternative_weeks_and_hours_that_fit(loaded: Loaded) -> None:
    internships = [(one, it) for one, it in given(loaded[0]) if one.kind is Kind.INTERNSHIP and it.spans]
    assert any(len(it.spans) == 3 for _, it in internships)
    for one, it in internships:
        assert one.daily_hours is not None
        for span in it.spans:
            weeks = ((span.ends_on - span.starts_on).days + 3) // 7
            assert one.hours == int(weeks * len(span.weekdays) * one.daily_hours)


def test_companies_would_have_been_taken(loaded: Loaded) -> None:
    with loaded[0].read() as session:
        rows = session.scalars(sa.select(Company)).all()
        shown = companies.show(session, ACTOR, rows)
    assert len({one.name for one in shown}) == len(shown)
    sizes = Counter(one.size for one in shown)
    assert sizes[SizeBand.MICRO] + sizes[SizeBand.SMALL] > 0.6 * len(shown)
    assert any(not one.is_approved for one in shown)
    for one in shown:
        document = one.model_dump(mode="json")
        assert CompanyIn.model_validate({name: document[name] for name in CompanyIn.model_fields})
        for site in document["sites"]:
            assert CompanySiteIn.model_validate({name: site[name] for name in CompanySiteIn.model_fields})
        for contact in document["contacts"]:
            values = {name: contact[name] for name in CompanyContactIn.model_fields}
            assert str(CompanyContactIn.model_validate(values).email).endswith(".example")
        assert one.website is None or one.website.endswith(".example")


def test_students_would_have_been_taken(loaded: Loaded) -> None:
    database, _ = loaded
    full: list[students.FullStudent] = []
    with database.read() as session:
        while page := students.search(session, ACTOR, limit=100, after=full[-1].student.id if full else None):
            full += page
        usual = {
            school_class.id: curriculum.of_class(session, school_class)
            for school_class in session.scalars(sa.select(SchoolClass))
        }
    assert len(full) == 200
    for one in full:
        document = StudentOut.of(one).model_dump(mode="json")
        values = StudentIn.model_validate({name: document[name] for name in StudentIn.model_fields}).values()
        assert student_rules.profile_faults(values, ON) == []
        assert set(one.skills) == set(curriculum.renew(one.skills, usual[one.student.class_id]))
        assert usual[one.student.class_id]
    evidence = {skill.evidence for one in full for skill in one.skills}
    assert evidence == set(Evidence)


def test_students_are_of_the_age_of_their_class(loaded: Loaded) -> None:
    with loaded[0].read() as session:
        rows = session.execute(
            sa.select(SchoolClass.year, Student.born_on).join(SchoolClass, SchoolClass.id == Student.class_id)
        ).all()
    late = Counter(2026 - 13 - row.year - row.born_on.year for row in rows)
    assert set(late) <= {0, 1, 2}
    assert late[0] > 0.75 * len(rows)
    assert min(dates.age_on(row.born_on, ON) for row in rows) >= 14


def test_personas_sign_in_to_what_is_theirs(loaded: Loaded) -> None:
    database, _ = loaded
    territory = read_territory()
    with database.read() as session:
        for persona in territory.personas.values():
            assert people.find_person(session, persona["email"]) is None
            user = people.find_person(session, persona["email"], allows_demo=True)
            assert user is not None
            assert user.is_demo
            assert people.has_password(user, territory.password)
        assert session.scalar(sa.select(sa.func.count()).select_from(User)) == len(territory.personas)
        grants = dict(session.execute(_grants).all())
        assert set(grants) == {
            Role.STUDENT, Role.TEACHER, Role.SCHOOL_LEAD, Role.COMPANY_ADMIN, Role.TRAINING_BODY, Role.COORDINATOR, Role.ADMINISTRATOR,
        }  # fmt: skip
        giulia = session.get_one(Student, _bound(session, "student_id"))
        assert giulia.given_name == "Giulia"
        taught = session.scalar(sa.text("SELECT count(*) FROM taught_classes"))
        assert taught == 2


_grants = sa.text("SELECT role, user_id FROM memberships")


def _bound(session: sa.orm.Session, column: str) -> object:
    return session.scalar(
        sa.select(getattr(Membership, column)).where(getattr(Membership, column).is_not(None))
    )


def test_welcome_says_how_to_sign_in(loaded: Loaded) -> None:
    database, _ = loaded
    said = demo.welcome(database, "http://127.0.0.1:8000")
    territory = read_territory()
    assert said.startswith("Open http://127.0.0.1:8000\n")
    assert f"/sign-in with the password: {territory.password}" in said
    for persona in territory.personas.values():
        assert persona["email"] in said
    assert "/students/" in said
    assert "/companies/" in said
    assert "python -m app key issue" in said
    assert "btg_" not in said


def test_nearly_everybody_has_something_in_reach(loaded: Loaded) -> None:
    database, _ = loaded
    engine = Engine(Settings(), _clock)
    with database.read() as session:
        changes = engine.changes(session)
        everybody = engine.students(session, changes)
        persona = _bound(session, "company_id")
    index = engine.apply(changes).index
    served = [
        len(index.top(one.student, 3, EngineKind.INTERNSHIP)) == 3
        and bool(index.top(one.student, 1, EngineKind.VISIT))
        and bool(index.top(one.student, 1, EngineKind.TRAINING))
        for one in everybody
        if one.profile.year >= 3
    ]
    assert sum(served) >= 0.95 * len(served)
    with database.read() as session:
        own = session.scalars(sa.select(Opportunity.id).where(Opportunity.company_id == persona)).all()
    candidates: Sequence[int] = [
        len(index.candidates(str(one), [known.student for known in everybody], 200))
        for one in own
        if str(one) in index
    ]
    assert max(candidates) > 100


def _clock() -> datetime:
    return datetime(ON.year, ON.month, ON.day, 9, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(EngineKind))
def test_the_student_persona_sees_every_kind(loaded: Loaded, kind: EngineKind) -> None:
    database, _ = loaded
    engine = Engine(Settings(), _clock)
    with database.read() as session:
        changes = engine.changes(session)
        [giulia] = engine.students(session, changes, Student.id == _bound(session, "student_id"))
    best = engine.apply(changes).index.top(giulia.student, 5, kind)
    assert len(best) == 5
    assert all(one.reasons for one in best)


def test_opportunities_can_be_shown(loaded: Loaded) -> None:
    with loaded[0].read() as session:
        rows = opportunities.search(session, ACTOR, limit=100)
        assert len(opportunities.show(session, rows)) == 100
