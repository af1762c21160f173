"""The life of an application: who moves it where, whose turn it is, when its clocks strike, and how much is too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from app.applications.models import Application, ApplicationEnd, ApplicationState
from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.placements import rules as placements
from app.placements.models import Party
from app.settings import Settings
from app.students.rules import Placed


class ApplicationAction(StrEnum):
    """What people do with an application."""

    SEE = "see"
    SHORTLIST = "shortlist"
    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REFUSE = "refuse"
    RESTORE = "restore"


BEFORE_ANSWER = frozenset({ApplicationState.SUBMITTED, ApplicationState.SEEN, ApplicationState.SHORTLISTED})
HOLDS_SEAT = frozenset({ApplicationState.PROPOSED, ApplicationState.ACCEPTED, ApplicationState.CONFIRMED})
"""Of an approved one, the placement holds it."""
OPEN = BEFORE_ANSWER | HOLDS_SEAT | {ApplicationState.QUEUED}
ENDED = frozenset(
    {
        ApplicationState.REJECTED,
        ApplicationState.WITHDRAWN,
        ApplicationState.EXPIRED,
        ApplicationState.CANCELLED,
    }
)
PROMISED = frozenset({ApplicationState.PROPOSED, ApplicationState.CONFIRMED})
"""The student has said yes: nothing else may be on these days."""

TRANSITIONS: Mapping[ApplicationAction, Mapping[ApplicationState, ApplicationState]] = {
    ApplicationAction.SEE: {ApplicationState.SUBMITTED: ApplicationState.SEEN},
    ApplicationAction.SHORTLIST: dict.fromkeys(
        (ApplicationState.SUBMITTED, ApplicationState.SEEN), ApplicationState.SHORTLISTED
    ),
    ApplicationAction.ACCEPT: dict.fromkeys(BEFORE_ANSWER, ApplicationState.ACCEPTED)
    | {ApplicationState.PROPOSED: ApplicationState.APPROVED},
    ApplicationAction.REJECT: dict.fromkeys(
        BEFORE_ANSWER | {ApplicationState.PROPOSED}, ApplicationState.REJECTED
    ),
    ApplicationAction.CANCEL: dict.fromkeys(
        (ApplicationState.ACCEPTED, ApplicationState.CONFIRMED), ApplicationState.CANCELLED
    ),
    ApplicationAction.CONFIRM: {ApplicationState.ACCEPTED: ApplicationState.CONFIRMED},
    ApplicationAction.WITHDRAW: dict.fromkeys(OPEN, ApplicationState.WITHDRAWN),
    # A school may say yes before the others do; then the student's yes is the last one.
    ApplicationAction.APPROVE: {state: state for state in OPEN - {ApplicationState.PROPOSED}}
    | {ApplicationState.CONFIRMED: ApplicationState.APPROVED},
    ApplicationAction.REFUSE: dict.fromkeys(OPEN, ApplicationState.CANCELLED),
    ApplicationAction.RESTORE: dict.fromkeys(ENDED, ApplicationState.SUBMITTED),
}
"""Where each action leads. From a state that does not stand here it is refused; where it has led already it changes nothing."""

BY: Mapping[ApplicationAction, Party] = {
    ApplicationAction.SEE: Party.COMPANY,
    ApplicationAction.SHORTLIST: Party.COMPANY,
    ApplicationAction.ACCEPT: Party.COMPANY,
    ApplicationAction.REJECT: Party.COMPANY,
    ApplicationAction.CANCEL: Party.COMPANY,
    ApplicationAction.CONFIRM: Party.STUDENT,
    ApplicationAction.WITHDRAW: Party.STUDENT,
    ApplicationAction.APPROVE: Party.SCHOOL,
    ApplicationAction.REFUSE: Party.SCHOOL,
}
"""Whose each action is. To restore is for the side that ended the application, or was silent."""

OWNER: Mapping[ApplicationState, Party] = {
    ApplicationState.QUEUED: Party.SERVICE,
    ApplicationState.SUBMITTED: Party.COMPANY,
    ApplicationState.SEEN: Party.COMPANY,
    ApplicationState.SHORTLISTED: Party.COMPANY,
    ApplicationState.PROPOSED: Party.COMPANY,
    ApplicationState.ACCEPTED: Party.STUDENT,
    ApplicationState.CONFIRMED: Party.SCHOOL,
}
"""Whose turn it is in each open state."""

WAITS: Mapping[ApplicationState, timedelta] = {
    ApplicationState.SUBMITTED: timedelta(days=14),
    ApplicationState.SHORTLISTED: timedelta(days=14),
    ApplicationState.PROPOSED: timedelta(days=10),
    ApplicationState.ACCEPTED: timedelta(days=7),
    ApplicationState.CONFIRMED: timedelta(days=10),
}
"""How long each side has; then silence ends the application. To have been seen does not lengthen the first."""
REMIND_BEFORE = timedelta(days=2)

COMPANY_REASONS = frozenset(
    {
        ApplicationEnd.SEATS_GIVEN, ApplicationEnd.OTHER_DATES, ApplicationEnd.OTHER_SKILLS, ApplicationEnd.TOO_FAR,
        ApplicationEnd.PLANS_CHANGED,
    }
)  # fmt: skip
SCHOOL_REASONS = frozenset(
    {ApplicationEnd.SCHOOL_DATES, ApplicationEnd.NO_AGREEMENT, ApplicationEnd.HOURS_NOT_COUNTED}
)
REASONS: Mapping[ApplicationAction, frozenset[ApplicationEnd]] = {
    ApplicationAction.REJECT: COMPANY_REASONS,
    ApplicationAction.CANCEL: COMPANY_REASONS,
    ApplicationAction.REFUSE: SCHOOL_REASONS,
}
"""What each of these must give as its reason; others give none."""
SAYS: Mapping[ApplicationAction, str] = {
    ApplicationAction.ACCEPT: "company_accepted",
    ApplicationAction.CONFIRM: "student_confirmed",
    ApplicationAction.APPROVE: "school_approved",
}
"""The yes that each of these writes down."""
BY_ITSELF = frozenset(
    {
        ApplicationEnd.OTHER_PLACEMENT,
        ApplicationEnd.OPPORTUNITY_OVER,
        ApplicationEnd.NO_ANSWER,
        ApplicationEnd.NO_ROOM,
    }
)
"""Ends that nobody has chosen, so that everybody is told."""
FINAL = frozenset({Party.COMPANY, Party.SCHOOL})
"""Whose no is an answer: the student does not ask for the same again."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How many applications a student may have open, and a company is sent in a month."""

    open_per_student: int
    contacts_per_month: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the operator has set."""
        return cls(settings.applications_per_student, settings.contacts_per_month)


# --- who --------------------------------------------------------------------------------------------------------------


def party_of(
    actor: Actor, student: Placed, company_id: UUID, kind: Kind, *, is_delivered: bool
) -> Party | None:
    """For whom the actor speaks; None when the application does not exist for the actor: for a company, before it came."""
    party = placements.party_of(actor, student, company_id, kind)
    return None if party is Party.COMPANY and not is_delivered else party


def sees_name(party: Party, state: ApplicationState) -> bool:
    """A company learns the name with the last yes."""
    return party is not Party.COMPANY or state is ApplicationState.APPROVED


def may(party: Party, action: ApplicationAction, ended_for: Party | None) -> bool:
    """Whether an action is for this side to do."""
    if action is ApplicationAction.RESTORE:
        return party is not Party.SERVICE and ended_for in (None, party)
    return BY[action] is party


def actions(
    party: Party, state: ApplicationState, ended_for: Party | None, *, has_approved: bool = False
) -> list[ApplicationAction]:
    """What this side can do now, in the order of `ApplicationAction`."""
    return [
        action
        for action in ApplicationAction
        if state in TRANSITIONS[action]
        and may(party, action, ended_for)
        and not (action is ApplicationAction.APPROVE and has_approved)
    ]


# --- the three yeses --------------------------------------------------------------------------------------------------


def say(application: Application, name: str, mark: str, now: datetime) -> None:
    """Write down one of the yeses, unless it has been said before."""
    if getattr(application, f"{name}_at") is None:
        setattr(application, f"{name}_at", now.astimezone(UTC))
        setattr(application, f"{name}_by", mark)


def unsay(application: Application) -> None:
    """Nobody has said yes."""
    for name in SAYS.values():
        setattr(application, f"{name}_at", None)
        setattr(application, f"{name}_by", None)


def has_said(application: Application, action: ApplicationAction) -> bool:
    """Whether that yes stands."""
    return action in SAYS and getattr(application, f"{SAYS[action]}_at") is not None


def is_done(action: ApplicationAction, application: Application) -> bool:
    """Whether the application is where the action has led it: a repetition changes nothing."""
    if action in SAYS:
        return application.state not in ENDED and has_said(application, action)
    if action is ApplicationAction.RESTORE:
        return application.state in (ApplicationState.SUBMITTED, ApplicationState.QUEUED)
    return application.state in TRANSITIONS[action].values()


def after(action: ApplicationAction, application: Application) -> ApplicationState:
    """Where the action leads: the student's yes is the last one where the school has said it before."""
    if action is ApplicationAction.CONFIRM and has_said(application, ApplicationAction.APPROVE):
        return ApplicationState.APPROVED
    return TRANSITIONS[action][application.state]


# --- the clock --------------------------------------------------------------------------------------------------------


def due_at(state: ApplicationState, starts_on: date, now: datetime) -> datetime:
    """When the clock of a state strikes that begins now: at the latest as the first day begins, on the clocks of `now`."""
    begins = datetime.combine(starts_on, time.min, now.tzinfo)
    return min(now + WAITS[state], begins).astimezone(UTC)


def is_reminded(due: datetime, now: datetime) -> bool:
    """Whether what begins now is so short that telling of it is the reminder."""
    return due - now <= REMIND_BEFORE


# --- how much ---------------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """The month of a day, named by its first."""
    return day.replace(day=1)


def next_room(today: date, paused_until: date | None) -> date:
    """The day on which a company can next be sent something, as far as one knows today.

    >>> next_room(date(2026, 12, 3), None), next_room(date(2026, 12, 3), date(2026, 12, 20))
    (datetime.date(2027, 1, 1), datetime.date(2026, 12, 20))
    """
    if paused_until is not None and paused_until > today:
        return paused_until
    return month_of(month_of(today) + timedelta(days=31))


def most_contacts(of_all: int, own: int | None) -> int:
    """A company's own wish counts where it is smaller."""
    return of_all if own is None else min(of_all, own)
