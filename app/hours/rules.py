"""Which days and minutes make sense, whose word stands, what counts, and who reads what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from app import holidays
from app.hours.models import Criterion, EntryState
from app.opportunities.models import Kind
from app.opportunities.rules import Fault
from app.placements.models import Party, Placement, State

# --- days -------------------------------------------------------------------------------------------------------------

WORKED = frozenset({State.RUNNING, State.CLOSING, State.INTERRUPTED})
"""States in which hours are noted and confirmed: after that the ledger is closed."""


def is_planned(placement: Placement, day: date) -> bool:
    """Whether the student can be at the host on that day."""
    return placement.starts_on <= day <= placement.ends_on and bool(placement.weekdays >> day.weekday() & 1)


def planned_days(placement: Placement, off: AbstractSet[date]) -> list[date]:
    """Every day on which the student is to be at the host, in order, until an early end; without public holidays, and days
    that are `off` for this student there, though some may work then."""
    days = holidays.days(placement.starts_on, placement.ends_on, placement.weekdays, off)
    ended_at = placement.ended_at
    return days if ended_at is None else [day for day in days if day <= ended_at.date()]


def most_minutes(placement: Placement) -> int:
    """Of one day, as agreed: more needs an amendment first."""
    return round(placement.daily_hours * 60)


def day_fault(placement: Placement, day: date, today: date) -> str | None:
    """Why nothing can be noted for the day."""
    if day > today:
        return "lies in the future"
    if placement.ended_at is not None and day > placement.ended_at.date():
        return "the placement had ended by then"
    if not is_planned(placement, day):
        return "is not a day of this placement"
    return None


def hours_faults(placement: Placement, day: date, minutes: int, today: date) -> list[Fault]:
    """What is wrong with so many minutes on that day."""
    detail = day_fault(placement, day, today)
    faults = [Fault("worked_on", detail)] if detail is not None else []
    most = most_minutes(placement)
    if minutes > most:
        faults.append(Fault("minutes", f"a day of this placement has {most} minutes"))
    return faults


# --- voices -----------------------------------------------------------------------------------------------------------


class Voices(NamedTuple):
    """What each side says of a day, in minutes."""

    student: int | None
    host: int | None
    school: int | None


def state(voices: Voices) -> EntryState:
    """Whose word stands: the school's before all; else the host's, unless the student says something else."""
    if voices.school is not None:
        return EntryState.CONFIRMED
    if voices.host is None:
        return EntryState.NOTED
    return EntryState.CONFIRMED if voices.student in (None, voices.host) else EntryState.DISPUTED


def attended(voices: Voices) -> int | None:
    """The minutes that stand; None while it is noted only, or disputed."""
    if state(voices) is not EntryState.CONFIRMED:
        return None
    return voices.school if voices.school is not None else voices.host


VOICE: Mapping[Party, str] = {
    Party.STUDENT: "student_minutes",
    Party.COMPANY: "host_minutes",
    Party.SCHOOL: "school_minutes",
}
"""Where each side's word is kept; whoever runs the service was not there, and has none."""

# --- what counts ------------------------------------------------------------------------------------------------------


def counted(confirmed: int, planned: int, share: Fraction) -> int:
    """Minutes of a project that count towards the diploma: none below the share, and no more than were planned.

    >>> counted(44, 60, Fraction(3, 4)), counted(45, 60, Fraction(3, 4)), counted(70, 60, Fraction(3, 4))
    (0, 45, 60)
    """
    return min(confirmed, planned) if confirmed >= share * planned else 0


def owed_hours(opening: int, counted: int) -> int:
    """Hours still owed, whole and never negative: who lacks a minute lacks an hour.

    >>> owed_hours(600, 541), owed_hours(600, 540), owed_hours(600, 700)
    (1, 1, 0)
    """
    return max(0, -((counted - opening) // 60))


@dataclass(frozen=True, slots=True)
class Project:
    """A placement as the ledger sees it; all in minutes. `waiting` is noted or disputed, of `open` nobody has spoken yet."""

    placement_id: UUID
    title: str
    company_name: str
    kind: Kind
    state: State
    starts_on: date
    ends_on: date
    planned: int
    confirmed: int
    waiting: int
    open: int
    share: Fraction

    @property
    def counted(self) -> int:
        """What stands now. A visit or a course counts by a decision of the school alone."""
        if self.kind is not Kind.INTERNSHIP:
            return 0
        return counted(self.confirmed, self.planned, self.share)

    @property
    def expected(self) -> int:
        """What will count if all goes as planned."""
        if self.kind is not Kind.INTERNSHIP:
            return 0
        if self.state in (State.PLANNED, State.READY):
            return self.planned
        return counted(self.confirmed + self.waiting + self.open, self.planned, self.share)

    @property
    def needed(self) -> int:
        """The minutes from which it counts at all."""
        whole = self.share * self.planned
        return -(-whole.numerator // whole.denominator)


def open_minutes(placement: Placement, said: Collection[date], off: AbstractSet[date]) -> int:
    """Minutes of days, over or to come, of which somebody may still speak and nobody has."""
    if placement.state not in (State.RUNNING, State.CLOSING):
        return 0
    return sum(day not in said for day in planned_days(placement, off)) * most_minutes(placement)


class Sum(NamedTuple):
    """A student's hours towards the diploma. `opening` is what was done before counting began."""

    target: int
    opening: int
    counted: int
    owed: int
    expected_owed: int


def sum_up(minimum: int, opening_minutes: int, counted_minutes: int, expected_minutes: int) -> Sum:
    """Whole hours; the target is the legal minimum, or what the school asks for if that is more.

    >>> sum_up(150, 100 * 60, 30 * 60, 90 * 60)
    Sum(target=150, opening=50, counted=30, owed=70, expected_owed=10)
    """
    owed_then = owed_hours(opening_minutes, 0)
    target = max(minimum, owed_then)
    return Sum(
        target, target - owed_then, counted_minutes // 60, owed_hours(opening_minutes, counted_minutes),
        owed_hours(opening_minutes, max(counted_minutes, expected_minutes)),
    )  # fmt: skip


MUCH = 20
"""Hours that a student cannot make up in passing."""


class Alarm(NamedTuple):
    """How many of a class lack so much in its last year, and for how many of them nothing is planned that would do."""

    students: int
    uncovered: int
    hours: int
    weeks_left: int


def alarm(sums: Iterable[Sum], weeks_left: int, *, is_last_year: bool) -> Alarm | None:
    """What the school must know of a class that is about to leave."""
    lacking = [one for one in sums if one.owed >= MUCH]
    if not is_last_year or not lacking:
        return None
    return Alarm(len(lacking), sum(one.expected_owed > 0 for one in lacking), MUCH, weeks_left)


def weeks_left(today: date, ends_on: date) -> int:
    """Whole weeks of lessons, none when they are over."""
    return max(0, (ends_on - today).days // 7)


# --- diary and evaluations --------------------------------------------------------------------------------------------

READS_DIARY = frozenset({Party.STUDENT, Party.SCHOOL})
"""Never the host: who is watched does not write down what went wrong, and the host has no need of it."""

CRITERIA: Mapping[Party, tuple[Criterion, ...]] = {
    Party.COMPANY: (Criterion.RELIABILITY, Criterion.INITIATIVE, Criterion.COLLABORATION, Criterion.CARE),
    Party.STUDENT: (
        Criterion.WELCOME, Criterion.TASKS, Criterion.HELP, Criterion.LEARNING, Criterion.SAFETY,
    ),
    Party.SCHOOL: (Criterion.PLAN_KEPT, Criterion.PROGRESS, Criterion.HOST_FITS),
}  # fmt: skip
"""What each side marks, in the order in which it is asked."""

EVALUATED = frozenset({State.CLOSING, State.INTERRUPTED})
LAST_DAYS = timedelta(days=7)
"""Before the end, in which evaluations are already taken: the last day is when there is time."""


def can_evaluate(placement: Placement, today: date) -> bool:
    """Whether it is time to evaluate."""
    return placement.state in EVALUATED or (
        placement.state is State.RUNNING and today >= placement.ends_on - LAST_DAYS
    )


def reads_evaluation(reader: Party, author: Party, *, is_confirmed: bool, is_over: bool) -> bool:
    """The school reads all, everybody their own; the student what the school has confirmed, and the school's at the end.

    The host never reads what the student says: who fears a bad mark praises.
    """
    if reader is author or reader is Party.SCHOOL:
        return True
    return reader is Party.STUDENT and (is_confirmed if author is Party.COMPANY else is_over)


def evaluation_faults(
    party: Party, marks: Collection[Criterion], skills: Collection[str], plan: Collection[str]
) -> list[Fault]:
    """What an evaluation of that side lacks, or has too much of."""
    wanted = CRITERIA[party]
    faults = [Fault("marks", f"{criterion} is missing") for criterion in wanted if criterion not in marks]
    faults += [Fault("marks", f"{one} is not yours to mark") for one in sorted(set(marks) - set(wanted))]
    if skills and party is not Party.COMPANY:
        faults.append(Fault("skills", "only the host says what it has seen"))
    else:
        faults += [Fault("skills", f"{one} is not in the plan") for one in sorted(set(skills) - set(plan))]
    return faults


def missing(states: Iterable[EntryState], given: Collection[Party], *, is_confirmed: bool) -> list[Fault]:
    """What keeps the school from completing a placement."""
    unsettled = sum(one is not EntryState.CONFIRMED for one in states)
    faults = [Fault("hours", f"{unsettled} days are not confirmed")] if unsettled else []
    faults += [Fault(f"evaluations.{one}", "is missing") for one in CRITERIA if one not in given]
    if Party.COMPANY in given and not is_confirmed:
        faults.append(Fault("evaluations.company", "the school has not confirmed it"))
    return faults
