"""Who is reminded of hours and evaluations, and that nobody is told twice."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from app.auth.actors import Grant, Role
from app.db import Database
from app.hours import service, service_evaluations, service_reminders
from app.hours.models import Criterion
from app.hours.rules import CRITERIA
from app.hours.service import Said
from app.hours.service_evaluations import Given
from app.notifications.models import Notification
from app.placements.models import Party, State
from tests.app.hours.people import MONDAY, Place, actor_of, place
from tests.factories import NOW, Factory


def told(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.execute(
            sa.select(Notification.kind, Notification.path).order_by(Notification.created_at)
        )
        return sorted((kind, path) for kind, path in rows)


def people_of(make: Factory, at: Place) -> None:
    for grant in (at.pupil, at.host, at.teacher):
        make.signed_in(grant)


def test_each_side_is_asked_once_for_what_it_owes(database: Database, make: Factory) -> None:
    at = place(make, state=State.CLOSING, ends_on=MONDAY + timedelta(days=4))
    people_of(make, at)
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=make.company().id))
    marks: dict[Criterion, int] = dict.fromkeys(CRITERIA[Party.STUDENT], 3)
    with database.write() as session:
        given = Given(marks, would_repeat=True)
        service_evaluations.give(session, actor_of(at.pupil), at.placement.id, given, now=NOW)
    for _ in range(2):
        service_reminders.run(database, NOW)
    asked = ("evaluation_asked", f"/placements/{at.placement.id}/evaluation")
    assert told(database) == [asked, asked]  # the host and the teacher; the student has written


def test_a_host_is_reminded_of_weeks_that_are_over(database: Database, make: Factory) -> None:
    at = place(make)
    people_of(make, at)
    with database.write() as session:
        for number in (4, 7):  # Friday of last week, and today
            service.note(
                session, actor_of(at.pupil), at.placement.id, MONDAY + timedelta(days=number), 480, now=NOW
            )
    for hours in (0, 30):
        service_reminders.run(database, NOW + timedelta(hours=hours))
    assert told(database) == [
        ("hours_waiting", f"/companies/{at.opportunity.company_id}/hours?week=2026-01-05")
    ]
    said = [Said(at.placement.id, MONDAY + timedelta(days=4), 480, 1)]
    with database.write() as session:
        service.say_many(session, actor_of(at.host), said, now=NOW)
    assert service_reminders.run(database, NOW + timedelta(days=7))["hosts_waiting"] == 1  # today's, by then
