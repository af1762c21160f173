"""Hours, credits and ledgers as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import Day
from app.hours import rules
from app.hours.models import CreditKind, EntryState, HourCredit, HourEntry
from app.hours.rules import Project
from app.hours.service import Said, voices
from app.hours.service_attendance import What
from app.hours.service_ledger import ClassLedger, Ledger
from app.opportunities.models import Kind
from app.placements.models import State
from app.rest import In, Line, Out, Page, Patch
from app.students.schemas import Hours, PersonalName

MOST_AT_ONCE = 300
"""A week of forty students."""
Minutes = Annotated[int, Field(ge=0, le=1440)]
ManyMinutes = Annotated[int, Field(ge=0, le=2**31 - 1)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Count = Annotated[int, Field(ge=0, le=10_000)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=r"^[^\x00-\x1f]+$")]


class HourEntryIn(In):
    """What you say of a day of which nobody has said anything."""

    worked_on: Day
    minutes: Minutes = Field(description="0 is: was not there.")


class HourEntryPatch(Patch):
    """What you say of a day instead; it changes your own word only."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"minutes"})
    minutes: Minutes | None = None


class HourEntryOut(Out):
    """A day of a placement: what student, host and school say of it, and what stands."""

    id: UUID
    placement_id: UUID
    worked_on: date
    state: EntryState = Field(
        description="`disputed`: student and host say different things; the school settles it."
    )
    student_minutes: Minutes | None
    host_minutes: Minutes | None
    school_minutes: Minutes | None
    attended_minutes: Minutes | None = Field(description="What stands; null while nobody's word does.")
    arrived_at: datetime | None = Field(description="By the code that the host shows.")
    left_at: datetime | None
    version: Version

    @classmethod
    def of(cls, entry: HourEntry) -> Self:
        """From the row."""
        own = {name: getattr(entry, name) for name in cls.model_fields if hasattr(entry, name)}
        return cls(**own, attended_minutes=rules.attended(voices(entry)))


class HourEntryList(Page):
    """Days of a placement, the first first."""

    items: Annotated[list[HourEntryOut], Field(max_length=MOST_AT_ONCE)]


class DaySaid(In):
    """What the host, or the school, says of a day of a placement."""

    placement_id: UUID
    worked_on: Day
    minutes: Minutes
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        0, description="Of the day that you have read; 0 for none. Another one is refused with 409."
    )

    def said(self) -> Said:
        """For the service."""
        return Said(self.placement_id, self.worked_on, self.minutes, self.version)


class HourConfirmationsIn(In):
    """Days of several placements, all or none."""

    items: Annotated[list[DaySaid], Field(min_length=1, max_length=MOST_AT_ONCE)]


class AttendanceCodeOut(Out):
    """What the host shows to its students; it changes every ten minutes."""

    code: Annotated[str, StringConstraints(min_length=6, max_length=6, pattern=r"^[0-9A-Z]+$")]
    ends_at: datetime


class AttendanceIn(In):
    """That you come, or go."""

    what: What
    code: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f]+$")]


class HourCreditsIn(In):
    """One activity, and the students of the class for whom it counts."""

    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    kind: CreditKind
    title: Title
    held_on: Day
    hours: Annotated[int, Field(ge=1, le=400)]


class HourCreditOut(Out):
    """Hours that the school has decided an activity is worth."""

    id: UUID
    student_id: UUID
    kind: CreditKind
    title: Title
    held_on: date
    hours: Annotated[int, Field(ge=1, le=400)]
    decided_at: datetime
    version: Version

    @classmethod
    def of(cls, credit: HourCredit) -> Self:
        """From the row."""
        return cls.model_validate(credit, from_attributes=True, extra="ignore")


class HourCreditList(Page):
    """Credits that are new; who had one for the activity already is not among them."""

    items: Annotated[list[HourCreditOut], Field(max_length=100)]


class ProjectOut(Out):
    """A placement in the ledger. An internship counts once `needed_minutes` are attended, not before."""

    placement_id: UUID
    title: Line
    company_name: Line
    kind: Kind = Field(description="Visits and courses count by a credit of the school alone.")
    state: State
    starts_on: date
    ends_on: date
    planned_minutes: ManyMinutes
    needed_minutes: ManyMinutes
    attended_minutes: ManyMinutes
    waiting_minutes: ManyMinutes = Field(description="Noted or disputed: nobody's word stands yet.")
    counted_minutes: ManyMinutes
    expected_minutes: ManyMinutes = Field(description="What will count if all goes as planned.")

    @classmethod
    def of(cls, project: Project) -> Self:
        """From what the ledger knows."""
        return cls(
            placement_id=project.placement_id, title=project.title, company_name=project.company_name,
            kind=project.kind, state=project.state, starts_on=project.starts_on, ends_on=project.ends_on,
            planned_minutes=project.planned, needed_minutes=project.needed, attended_minutes=project.confirmed,
            waiting_minutes=project.waiting, counted_minutes=project.counted, expected_minutes=project.expected,
        )  # fmt: skip


class LedgerSum(Out):
    """Whole hours towards the diploma."""

    target_hours: Hours = Field(description="The legal minimum, or what the school asks for if that is more.")
    minimum_hours: Hours = Field(description="What the law asks for; 0 where it asks for nothing.")
    opening_hours: Hours = Field(description="Done before counting began.")
    counted_hours: Hours
    owed_hours: Hours
    expected_owed_hours: Hours = Field(description="What will be owed if all goes as planned.")

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """From the ledger."""
        return cls(
            target_hours=ledger.sum.target, minimum_hours=ledger.minimum, opening_hours=ledger.sum.opening,
            counted_hours=ledger.sum.counted, owed_hours=ledger.sum.owed,
            expected_owed_hours=ledger.sum.expected_owed,
        )  # fmt: skip


class StudentLedger(Out):
    """A student's hours: what was done where, what counts, and what is owed."""

    student_id: UUID
    sum: LedgerSum
    projects: Annotated[list[ProjectOut], Field(max_length=1000)]
    credits: Annotated[list[HourCreditOut], Field(max_length=1000)]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """From what the service has found."""
        return cls(
            student_id=ledger.student.id, sum=LedgerSum.of(ledger),
            projects=[ProjectOut.of(one) for one in ledger.projects],
            credits=[HourCreditOut.of(one) for one in ledger.credits],
        )  # fmt: skip


class ClassLedgerLine(Out):
    """A student of the class, and the sum."""

    student_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    sum: LedgerSum


class HoursAlarm(Out):
    """So many students of a last year lack so many hours, or more, with so many weeks of lessons left."""

    students: Count
    uncovered_students: Count = Field(description="Those for whom not enough is planned.")
    hours: Hours
    weeks_left: Count


class ClassLedgerOut(Out):
    """The hours of a class, by name."""

    class_id: UUID
    students: Annotated[list[ClassLedgerLine], Field(max_length=1000)]
    alarm: HoursAlarm | None = Field(description="Null where nobody lacks much, or there is another year.")

    @classmethod
    def of(cls, found: ClassLedger) -> Self:
        """From what the service has found."""
        alarm = found.alarm
        return cls(
            class_id=found.school_class.id,
            students=[
                ClassLedgerLine(
                    student_id=one.student.id, given_name=one.student.given_name,
                    family_name=one.student.family_name, sum=LedgerSum.of(one),
                )
                for one in found.ledgers
            ],
            alarm=None if alarm is None else HoursAlarm(
                students=alarm.students, uncovered_students=alarm.uncovered, hours=alarm.hours,
                weeks_left=alarm.weeks_left,
            ),
        )  # fmt: skip
