"""The life of papers, who does what with them, who signs them in which order, and when their clocks strike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from app import dates, holidays
from app.agreements.models import Agreement, Paper, PaperKind, PaperState, SignerRole
from app.auth.actors import Actor, Role
from app.placements.models import Party, Placement, State


class Action(StrEnum):
    """What moves a paper from one state to the next; signing, and clocks, do the rest."""

    SEND = "send"
    RETURN = "return"
    OPEN = "open"
    REVISE = "revise"
    END = "end"


TRANSITIONS: Mapping[Action, Mapping[PaperState, PaperState]] = {
    Action.SEND: {PaperState.DRAFT: PaperState.SENT},
    Action.RETURN: {PaperState.SENT: PaperState.DRAFT},
    Action.OPEN: {PaperState.DRAFT: PaperState.SIGNING, PaperState.SENT: PaperState.SIGNING},
    Action.REVISE: {PaperState.SIGNING: PaperState.DRAFT, PaperState.SENT: PaperState.DRAFT},
    Action.END: {
        PaperState.DRAFT: PaperState.ENDED, PaperState.SENT: PaperState.ENDED,
        PaperState.SIGNING: PaperState.ENDED, PaperState.IN_FORCE: PaperState.ENDED,
    },
}  # fmt: skip

AT_DUE: Mapping[PaperState, PaperState] = {
    PaperState.DRAFT: PaperState.ENDED,
    PaperState.SENT: PaperState.DRAFT,
    PaperState.SIGNING: PaperState.ENDED,
    PaperState.IN_FORCE: PaperState.EXPIRED,
}
"""What becomes of an open paper when its clock strikes: a host's silence gives the draft back, nothing hangs."""

OPEN = frozenset(AT_DUE)
EDITABLE = frozenset({PaperState.DRAFT})
LASTS = {
    PaperState.DRAFT: timedelta(days=60),
    PaperState.SENT: timedelta(days=14),
    PaperState.SIGNING: timedelta(days=30),
}
PLANNABLE = frozenset({State.PLANNED, State.READY, State.RUNNING})
"""Placements whose plan can still be written, or amended."""
REMIND_EVERY = timedelta(days=5)
MOST_REMINDERS = 3
ADULT = 18


def next_state(paper: Paper, action: Action) -> PaperState | None:
    """Where the action leads from here; None where it leads nowhere. Only agreements are checked by the host first."""
    after = TRANSITIONS[action].get(paper.state)
    return None if after is PaperState.SENT and paper.kind is not PaperKind.AGREEMENT else after


# --- clocks -----------------------------------------------------------------------------------------------------------


def due_at(state: PaperState, last_day: date, now: datetime) -> datetime | None:
    """When the clock of `state` strikes, in UTC. In force it is the midnight after `last_day`, on the clocks of `now`."""
    if state is PaperState.IN_FORCE:
        return day_after(last_day, now.tzinfo or UTC)
    lasts = LASTS.get(state)
    return None if lasts is None else now.astimezone(UTC) + lasts


def day_after(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def is_turn_to_remind(asked_at: datetime, reminders: int, now: datetime) -> bool:
    """Whether the next reminder of a signature is due: some days after the turn came, and again, a few times."""
    return reminders < MOST_REMINDERS and asked_at + (reminders + 1) * REMIND_EVERY <= now


# --- who --------------------------------------------------------------------------------------------------------------


def party_of_agreement(actor: Actor, agreement: Paper) -> Party | None:
    """For whom the actor speaks in an agreement; None when it does not exist for the actor. Hosts see no school's draft."""
    if any(
        grant.school_id == agreement.school_id and grant.role in (Role.SCHOOL_LEAD, Role.TEACHER)
        for grant in actor.grants
    ):
        return Party.SCHOOL
    if actor.is_of_company(agreement.company_id):
        return None if agreement.state is PaperState.DRAFT else Party.COMPANY
    return Party.SERVICE if actor.is_administrator else None


def can_prepare(actor: Actor, party: Party, paper: Paper) -> bool:
    """Who writes a paper and leads it to signing: leads an agreement, whoever is in charge of the student all else."""
    if paper.kind is PaperKind.AGREEMENT:
        return actor.is_staff_of(paper.school_id)
    return party is Party.SCHOOL


def can_move(actor: Actor, party: Party, paper: Paper, action: Action) -> bool:
    """The school prepares; the host checks the draft of an agreement, and ends one that is in force."""
    if can_prepare(actor, party, paper):
        return action is not Action.RETURN
    if party is not Party.COMPANY or paper.kind is not PaperKind.AGREEMENT:
        return False
    if paper.state is PaperState.IN_FORCE:
        return action is Action.END
    return action in (Action.RETURN, Action.OPEN) and paper.state is PaperState.SENT


# --- signatures -------------------------------------------------------------------------------------------------------

ORDER: Mapping[SignerRole, int] = {
    SignerRole.STUDENT: 1,
    SignerRole.GUARDIAN: 1,
    SignerRole.SCHOOL_TUTOR: 2,
    SignerRole.HOST_TUTOR: 2,
    SignerRole.HOST: 3,
    SignerRole.HEAD: 4,
}
"""Who stands beside whom signs in any order; the head teacher, who answers for the whole, comes last."""

PARTY_OF: Mapping[SignerRole, Party] = {
    SignerRole.STUDENT: Party.STUDENT,
    SignerRole.GUARDIAN: Party.STUDENT,
    SignerRole.SCHOOL_TUTOR: Party.SCHOOL,
    SignerRole.HEAD: Party.SCHOOL,
    SignerRole.HOST_TUTOR: Party.COMPANY,
    SignerRole.HOST: Party.COMPANY,
}

TERMS = ("starts_on", "ends_on", "weekdays", "starts_at", "ends_at", "daily_hours", "planned_hours")
TUTORS = {"school_tutor_id": SignerRole.SCHOOL_TUTOR, "host_tutor_id": SignerRole.HOST_TUTOR}


def is_minor(born_on: date, day: date) -> bool:
    """Whether somebody else signs too: under 18 on the day on which the paper goes out to be signed."""
    return dates.age_on(born_on, day) < ADULT


def signers(
    kind: PaperKind, *, is_minor: bool, tutors: Collection[SignerRole], changes: Collection[str]
) -> set[SignerRole]:
    """Who signs. An agreement: head and host. A plan: all. An amendment of tutors only: the new ones, host and head.

    `tutors` are the roles of the tutors whom the placement has, `changes` the columns that an amendment changes.
    """
    both = {SignerRole.HEAD, SignerRole.HOST}
    if kind is PaperKind.AGREEMENT:
        return both
    of_student = {SignerRole.STUDENT} | ({SignerRole.GUARDIAN} if is_minor else set())
    if kind is PaperKind.PLAN or any(name in TERMS for name in changes):
        return both | of_student | set(tutors)
    return both | {role for name, role in TUTORS.items() if name in changes}


def changes_of(amendment: object) -> dict[str, Any]:
    """The columns that an amendment changes, with their new values."""
    found = {name: getattr(amendment, name) for name in (*TERMS, *TUTORS)}
    return {name: value for name, value in found.items() if value is not None}


def terms_of(placement: Placement, changes: Mapping[str, Any]) -> dict[str, str]:
    """Days and hours of a placement, with the changes of an amendment, as a document keeps them to be compared."""
    return {name: str(changes.get(name, getattr(placement, name))) for name in TERMS}


# --- what makes no sense ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a placement."""

    day: date
    starts_at: time | None
    ends_at: time | None
    hours: float


def schedule(placement: Placement, off: AbstractSet[date]) -> list[Day]:
    """Day by day, until the planned hours are spent: the last day may be shorter. Public holidays, and days that are `off`
    for this student there, are left out."""
    left, found = float(placement.planned_hours), []
    for day in holidays.days(placement.starts_on, placement.ends_on, placement.weekdays, off):
        if left > 0:
            hours = min(placement.daily_hours, left)
            found.append(Day(day, placement.starts_at, placement.ends_at, hours))
            left -= hours
    return found


def covers(agreement: Agreement, starts_on: date, ends_on: date) -> bool:
    """Whether an agreement holds on all days of a placement."""
    return agreement.valid_from <= starts_on and ends_on <= agreement.valid_until


def agreement_gaps(agreement: Agreement) -> Iterator[tuple[str, str]]:
    """What an agreement lacks before it can go out, with the field."""
    if not agreement.insurance_company:
        yield "insurance_company", "the company that insures the students against liability is missing"
    if not agreement.insurance_policy:
        yield "insurance_policy", "the number of the liability policy is missing"
    if not agreement.inail_position:
        yield "inail_position", "the insurance position against accidents is missing"


def plan_gaps(plan: Any, skills: Sequence[object], *, needs_guardian: bool) -> Iterator[tuple[str, str]]:
    """What a plan lacks before it can go out, with the field."""
    if not plan.activities.strip():
        yield "activities", "what the student does is missing"
    if not skills:
        yield "skills", "the skills to gain are missing"
    if needs_guardian and not plan.guardian_name:
        yield "guardian_name", "the student is a minor: the name of the legal representative is missing"


def hours_gaps(placement: Placement, off: AbstractSet[date]) -> Iterator[tuple[str, str]]:
    """Hours that have no day any more, since days `off` were noted after they had been agreed on."""
    span = (placement.starts_on, placement.ends_on, placement.weekdays)
    days = holidays.count(*span, off)
    is_short = (
        placement.planned_hours - days * placement.daily_hours >= 1
    )  # an hour that was rounded up is not lacking
    if is_short and days < holidays.count(*span):
        yield "planned_hours", f"more than {days} days of {placement.daily_hours:g} hours hold"


def amendment_gaps(placement: Placement, changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with changes to a placement."""
    if not changes:
        yield "starts_on", "nothing changes"
    starts_on, ends_on = (changes.get(name, getattr(placement, name)) for name in ("starts_on", "ends_on"))
    if starts_on > ends_on:
        yield "ends_on", "lies before the first day"
    same = {name for name in changes if changes[name] == getattr(placement, name)}
    if not {"starts_at", "ends_at"} <= same:
        same -= {"starts_at", "ends_at"}  # they come together, and one of them changes
    for name in changes:
        if name in same:
            yield name, "is so already"


def first_unsigned(rows: Iterable[tuple[int, bool]]) -> int | None:
    """Whose turn it is: the lowest position at which a signature is missing; None when all are there."""
    return min((position for position, is_signed in rows if not is_signed), default=None)


MOST_FILE_BYTES = 3_000_000
"""Of an uploaded file: a scan of some pages; in base64 it still fits into a request."""
_ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def pdf_fault(content: bytes) -> str:
    """Why these bytes are not taken as the file of a signed document; empty when they are.

    A document that runs something, or that nobody can open in ten years, is no record of a signature.
    """
    if len(content) > MOST_FILE_BYTES:
        return f"is larger than {MOST_FILE_BYTES} bytes"
    if not content.startswith(b"%PDF-1.") and not content.startswith(b"%PDF-2."):
        return "is not a PDF file"
    if b"%%EOF" not in content[-1024:]:
        return "is a PDF file that has been cut off"
    if b"/Encrypt" in content:
        return "is locked with a password"
    if any(mark in content for mark in _ACTIVE):
        return "has active content, such as scripts"
    return ""
