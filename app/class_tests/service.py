"""Noting the tests of a class and taking them back, for its staff alone: nobody else learns of them here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.auth.actors import Actor
from app.class_tests import rules
from app.class_tests.models import ClassTest
from app.class_tests.rules import Sitting
from app.events import service as events
from app.schools import classes
from app.schools.models import SchoolClass
from app.students import rules as student_rules


class NoSuchTest(errors.NotFound):
    """The class has no test with this id."""

    title = "No such test"


class UnfitTest(errors.Invalid):
    """A day outside of the school year, or what stands in one call twice; `faults` names each."""

    title = "The test is not valid"


class KnownTest(errors.Conflict):
    """The class has a test in this subject on this day already; `faults` names each."""

    title = "The test is noted already"


class TooManyTests(errors.Conflict):
    """A class has so many tests that it takes no more."""

    title = "Too many tests"


def get_class(session: Session, actor: Actor, class_id: UUID, *, scope: str = "classes:read") -> SchoolClass:
    """A class whose tests are the actor's to know. Raises NoSuchClass, and NotAllowed for who only oversees it."""
    school_class = classes.get(session, actor, class_id, scope=scope)
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class knows its tests.")
    return school_class


def search(
    session: Session, actor: Actor, class_id: UUID, *,
    from_on: date | None = None, after: tuple[date, UUID] | None = None, limit: int,
) -> Sequence[ClassTest]:  # fmt: skip
    """A class's tests in their order, those before `from_on` left out. Raises NoSuchClass and NotAllowed."""
    get_class(session, actor, class_id)
    query = sa.select(ClassTest).where(ClassTest.class_id == class_id)
    if from_on is not None:
        query = query.where(ClassTest.held_on >= from_on)
    if after is not None:
        held_on, test_id = (sa.literal(value) for value in after)
        query = query.where(sa.tuple_(ClassTest.held_on, ClassTest.id) > sa.tuple_(held_on, test_id))
    return session.scalars(query.order_by(ClassTest.held_on, ClassTest.id).limit(limit)).all()


def of_class(session: Session, class_id: UUID, days: Collection[date] | None = None) -> Sequence[ClassTest]:
    """All tests of a class, or those of some days, for whoever may know them; in their order."""
    query = sa.select(ClassTest).where(ClassTest.class_id == class_id)
    if days is not None:
        query = query.where(ClassTest.held_on.in_(days))
    return session.scalars(query.order_by(ClassTest.held_on, ClassTest.subject, ClassTest.id)).all()


def note(
    session: Session, actor: Actor, class_id: UUID, wanted: Sequence[Sitting], *, now: datetime
) -> list[ClassTest]:
    """Note tests, all or none. Raises NoSuchClass, NotAllowed, UnfitTest, KnownTest and TooManyTests."""
    school_class = get_class(session, actor, class_id, scope="classes:write")
    faults = [_fault(*one) for one in rules.faults_of(wanted, school_class.start_year)]
    if faults:
        raise UnfitTest(faults=faults)
    session.execute(
        sa.select(SchoolClass.id).where(SchoolClass.id == class_id).with_for_update(key_share=True)
    )
    present = of_class(session, class_id)
    known = {(one.held_on, one.subject.casefold()) for one in present}
    faults = [
        _fault(number, "subject", "is noted already for this day")
        for number, one in enumerate(wanted)
        if (one.held_on, one.subject.casefold()) in known
    ]
    if faults:
        raise KnownTest(faults=faults)
    if len(present) + len(wanted) > rules.MOST_TESTS:
        raise TooManyTests(f"A class has at most {rules.MOST_TESTS}.")
    made = [
        ClassTest(class_id=class_id, noted_at=now.astimezone(UTC), noted_by=actor.mark, **one._asdict())
        for one in wanted
    ]
    session.add_all(made)
    session.flush()
    events.record_many(session, actor, [("class_test.noted", one.id, _told(one)) for one in made])
    return made


def remove(session: Session, actor: Actor, class_id: UUID, test_id: UUID) -> None:
    """Take one back. Raises NoSuchClass, NotAllowed and NoSuchTest."""
    get_class(session, actor, class_id, scope="classes:write")
    row = session.get(ClassTest, test_id, with_for_update=True)
    if row is None or row.class_id != class_id:
        raise NoSuchTest
    events.record(session, actor, "class_test.removed", row.id, _told(row))
    session.delete(row)
    session.flush()


def forget_old(session: Session, now: datetime) -> int:
    """Delete the tests of school years that are over; how many. `now` is in the territory's time zone."""
    first, _ = dates.days_of_school_year(dates.school_year(now.date()))
    gone = session.execute(sa.delete(ClassTest).where(ClassTest.held_on < first))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _told(one: ClassTest) -> dict[str, Any]:
    # Without the subject: the log is kept for longer than the test.
    return {"class_id": str(one.class_id), "held_on": one.held_on.isoformat()}


def _fault(number: int, field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": f"tests.{number}.{field}", "detail": detail}
