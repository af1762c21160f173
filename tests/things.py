"""What the tables of calls need of a placement, and of a visit: by the names of path variables and of `{names}` in bodies."""

from __future__ import annotations

from datetime import timedelta

from app.bookings.models import (
    Booking,
    BookingCount,
    BookingMember,
    Quota,
    VisitSession,
)
from app.companies.models import Company
from app.hours import rules, service_attendance
from app.hours.models import (
    CreditKind,
    DiaryEntry,
    EntryState,
    Evaluation,
    EvaluationMark,
    HourCredit,
    HourEntry,
)
from app.opportunities.models import Kind, Opportunity, OpportunitySpan
from app.placements.models import Party, Placement, State
from app.settings import Settings
from app.students.models import Student
from tests.factories import ACTOR, NOW, TODAY, Factory


def of_placement(make: Factory, student: Student, opportunity: Opportunity) -> dict[str, str]:
    """A placement in its last week with a day, a line and the host's evaluation; one that is completed; and a credit."""
    make.change(opportunity, seats=4, seats_taken=2)
    worked, finished = (
        _placement(make, student, opportunity, one) for one in (State.RUNNING, State.COMPLETED)
    )
    credit = HourCredit(
        student_id=student.id, kind=CreditKind.VISIT, title="Visita", held_on=TODAY, hours=4, decided_at=NOW,
        decided_by=ACTOR.mark,
    )  # fmt: skip
    code = service_attendance.code_at(opportunity.company_id, Settings().secret_key, NOW)
    return parts_of(make, worked) | {
        "finished_placement_id": str(finished.id), "hour_credit_id": str(make.add(credit).id),
        "attendance_code": code.text,
    }  # fmt: skip


def parts_of(make: Factory, placement: Placement) -> dict[str, str]:
    """What hangs on a placement."""
    entry = HourEntry(
        placement_id=placement.id, worked_on=placement.starts_on, state=EntryState.NOTED, student_minutes=60,
        changed_at=NOW, changed_by=ACTOR.mark,
    )  # fmt: skip
    line = DiaryEntry(
        placement_id=placement.id, written_on=placement.starts_on, did="Ho visto l'officina.", written_at=NOW
    )
    evaluation = make.add(
        Evaluation(
            placement_id=placement.id, student_id=placement.student_id, party=Party.COMPANY, would_repeat=True,
            given_at=NOW, given_by=ACTOR.mark,
        )
    )  # fmt: skip
    for criterion in rules.CRITERIA[Party.COMPANY]:
        make.add(EvaluationMark(evaluation_id=evaluation.id, criterion=criterion, mark=3))
    return {
        "worked_placement_id": str(placement.id), "hour_entry_id": str(make.add(entry).id),
        "diary_entry_id": str(make.add(line).id), "evaluation_id": str(evaluation.id),
    }  # fmt: skip


def completed_parts(make: Factory, student: Student, opportunity: Opportunity) -> dict[str, str]:
    """A placement that is completed, with all that hangs on it."""
    return parts_of(make, _placement(make, student, opportunity, State.COMPLETED))


def _placement(make: Factory, student: Student, opportunity: Opportunity, state: State) -> Placement:
    return make.placement(student, opportunity, state=state, starts_on=TODAY - timedelta(days=7))


def of_visit(make: Factory, student: Student, company: Company, **values: str) -> dict[str, str]:
    """A visit with two sessions; in the first the student has booked, and it has a quota. One that is over, too."""
    visit = make.opportunity(
        company,
        kind=Kind.VISIT,
        seats=6,
        seats_taken=1,
        has_sessions=True,
        takes_applications=False,
        **values,
    )
    starts_at = NOW + timedelta(days=300)
    make.add(OpportunitySpan(opportunity_id=visit.id, starts_on=starts_at.date(), ends_on=starts_at.date()))
    first, second, over = (
        make.add(
            VisitSession(
                opportunity_id=visit.id, starts_at=day, ends_at=day + timedelta(hours=2), seats=3, draw_seed=7,
                created_at=NOW, created_by=ACTOR.mark, state=state, seats_taken=taken,
            )
        )
        for day, state, taken in (
            (starts_at, "planned", 1), (starts_at + timedelta(days=1), "planned", 0), (NOW - timedelta(days=2), "held", 0),
        )
    )  # fmt: skip
    booking = make.add(
        Booking(
            visit_session_id=first.id, kind="single", state="booked", student_id=student.id, school_id=student.school_id,
            class_id=student.class_id, people=1, asked_at=NOW, asked_by=ACTOR.mark,
        )
    )  # fmt: skip
    make.add(BookingMember(visit_session_id=first.id, student_id=student.id, booking_id=booking.id))
    quota = make.add(
        Quota(
            opportunity_id=visit.id, name="Quarte", year=4, seats=3, seats_taken=1, created_at=NOW, created_by=ACTOR.mark
        )
    )  # fmt: skip
    make.add(BookingCount(booking_id=booking.id, quota_id=quota.id, seats=1))
    return {
        "visit_id": str(visit.id), "visit_session_id": str(first.id), "open_session_id": str(second.id),
        "held_session_id": str(over.id), "booking_id": str(booking.id), "quota_id": str(quota.id),
    }  # fmt: skip
