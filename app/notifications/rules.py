"""The kinds of notification, whom each concerns, and when its mail goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from app.auth.actors import AT_COMPANY, AT_SCHOOL, Actor, Role
from app.notifications.models import MailChoice

DIGEST_AT = time(7, 0)
"""When the mail of the day goes, on the clocks of the territory: before school begins."""


class NotificationKind(StrEnum):
    """What somebody is told."""

    NAME_ASKED = "name_asked"
    NAME_GIVEN = "name_given"
    NAME_REFUSED = "name_refused"
    COMPANY_APPROVED = "company_approved"
    COMPANY_REJECTED = "company_rejected"
    PLACEMENT_MADE = "placement_made"
    PLACEMENT_ENDED = "placement_ended"
    PLACEMENT_DUE = "placement_due"
    HOURS_WAITING = "hours_waiting"
    EVALUATION_ASKED = "evaluation_asked"
    JOB_ENDED = "job_ended"
    WISHES_WANTED = "wishes_wanted"
    ROUND_MOVED = "round_moved"
    ROUND_WAITS = "round_waits"
    ROUND_INVITES = "round_invites"
    PAPER_TO_CHECK = "paper_to_check"
    PAPER_RETURNED = "paper_returned"
    PAPER_TO_SIGN = "paper_to_sign"
    PAPER_IN_FORCE = "paper_in_force"
    APPLICATION_RECEIVED = "application_received"
    PLACEMENT_PROPOSED = "placement_proposed"
    APPLICATION_ACCEPTED = "application_accepted"
    APPLICATION_TO_APPROVE = "application_to_approve"
    APPLICATION_DUE = "application_due"
    APPLICATION_ENDED = "application_ended"
    CONCERN_RAISED = "concern_raised"
    CONCERN_URGENT = "concern_urgent"
    CONCERN_PASSED_ON = "concern_passed_on"
    CONCERN_ANSWERED = "concern_answered"
    CONCERN_NAMED = "concern_named"
    CONCERN_CLOSED = "concern_closed"
    OFFER_AGAIN = "offer_again"
    COMPANY_ASKED = "company_asked"
    COMPANY_WARNED = "company_warned"
    COMPANY_HIDDEN = "company_hidden"
    SEATS_OFFERED = "seats_offered"
    BOOKING_EXPIRED = "booking_expired"
    SESSION_MOVED = "session_moved"
    SESSION_CANCELLED = "session_cancelled"
    VISIT_DONE = "visit_done"
    EVENT_PROPOSED = "event_proposed"
    EVENT_DUE = "event_due"
    EVENT_PUBLISHED = "event_published"
    EVENT_RETURNED = "event_returned"
    HOSTING_INVITED = "hosting_invited"
    HOSTING_ANSWERED = "hosting_answered"
    HOSTING_WITHDRAWN = "hosting_withdrawn"
    KIT_NAMED = "kit_named"
    KIT_PROPOSED = "kit_proposed"


@dataclass(frozen=True)
class Manner:
    """How a kind is told: whose choice it is, what holds until somebody chooses, and whether it can be silenced."""

    roles: frozenset[Role]
    mail: MailChoice
    is_essential: bool = False


_STUDENT = frozenset({Role.STUDENT})
_STUDENT_AND_SCHOOL = AT_SCHOOL | _STUDENT
_ALL_SIDES = _STUDENT_AND_SCHOOL | AT_COMPANY
_COORDINATOR = frozenset({Role.COORDINATOR})
_WHO_ANSWERS = AT_SCHOOL | {Role.COORDINATOR, Role.ADMINISTRATOR}
MANNERS = {
    NotificationKind.NAME_ASKED: Manner(_STUDENT_AND_SCHOOL, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.NAME_GIVEN: Manner(AT_COMPANY, MailChoice.AT_ONCE),
    NotificationKind.NAME_REFUSED: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.COMPANY_APPROVED: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.COMPANY_REJECTED: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.JOB_ENDED: Manner(_WHO_ANSWERS, MailChoice.NEVER),
    NotificationKind.WISHES_WANTED: Manner(_STUDENT, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.ROUND_MOVED: Manner(_WHO_ANSWERS, MailChoice.DAILY),
    NotificationKind.ROUND_WAITS: Manner(_WHO_ANSWERS, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.ROUND_INVITES: Manner(
        frozenset({Role.SCHOOL_LEAD}), MailChoice.AT_ONCE, is_essential=True
    ),
    NotificationKind.PLACEMENT_MADE: Manner(_ALL_SIDES, MailChoice.DAILY),
    NotificationKind.PLACEMENT_ENDED: Manner(_ALL_SIDES, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.PLACEMENT_DUE: Manner(_ALL_SIDES, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.HOURS_WAITING: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.EVALUATION_ASKED: Manner(_ALL_SIDES, MailChoice.DAILY, is_essential=True),
    NotificationKind.JOB_ENDED: Manner(frozenset({Role.ADMINISTRATOR}), MailChoice.NEVER),
    NotificationKind.PAPER_TO_CHECK: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.PAPER_RETURNED: Manner(
        frozenset({Role.SCHOOL_LEAD}), MailChoice.AT_ONCE, is_essential=True
    ),
    NotificationKind.PAPER_TO_SIGN: Manner(_ALL_SIDES, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.PAPER_IN_FORCE: Manner(_ALL_SIDES, MailChoice.DAILY),
    NotificationKind.APPLICATION_RECEIVED: Manner(AT_COMPANY, MailChoice.DAILY, is_essential=True),
    NotificationKind.PLACEMENT_PROPOSED: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.APPLICATION_ACCEPTED: Manner(_STUDENT, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.APPLICATION_TO_APPROVE: Manner(AT_SCHOOL, MailChoice.DAILY, is_essential=True),
    NotificationKind.APPLICATION_DUE: Manner(_ALL_SIDES, MailChoice.DAILY, is_essential=True),
    NotificationKind.APPLICATION_ENDED: Manner(_ALL_SIDES, MailChoice.DAILY),
    NotificationKind.OFFER_AGAIN: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.COMPANY_ASKED: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.COMPANY_WARNED: Manner(AT_COMPANY, MailChoice.DAILY, is_essential=True),
    NotificationKind.COMPANY_HIDDEN: Manner(AT_COMPANY, MailChoice.DAILY, is_essential=True),
    NotificationKind.SEATS_OFFERED: Manner(_STUDENT_AND_SCHOOL, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.BOOKING_EXPIRED: Manner(_STUDENT_AND_SCHOOL, MailChoice.DAILY),
    NotificationKind.SESSION_MOVED: Manner(_STUDENT_AND_SCHOOL, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.SESSION_CANCELLED: Manner(_STUDENT_AND_SCHOOL, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.VISIT_DONE: Manner(_STUDENT_AND_SCHOOL, MailChoice.DAILY),
    NotificationKind.EVENT_PROPOSED: Manner(_COORDINATOR, MailChoice.DAILY, is_essential=True),
    NotificationKind.EVENT_DUE: Manner(_COORDINATOR, MailChoice.DAILY, is_essential=True),
    NotificationKind.EVENT_PUBLISHED: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.EVENT_RETURNED: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.HOSTING_INVITED: Manner(AT_COMPANY, MailChoice.DAILY, is_essential=True),
    NotificationKind.HOSTING_ANSWERED: Manner(AT_COMPANY, MailChoice.DAILY),
    NotificationKind.HOSTING_WITHDRAWN: Manner(AT_COMPANY, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.KIT_NAMED: Manner(AT_COMPANY | {Role.SCHOOL_LEAD}, MailChoice.DAILY),
    NotificationKind.KIT_PROPOSED: Manner(AT_COMPANY, MailChoice.DAILY, is_essential=True),
    NotificationKind.CONCERN_RAISED: Manner(_WHO_ANSWERS, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.CONCERN_URGENT: Manner(_WHO_ANSWERS, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.CONCERN_PASSED_ON: Manner(_WHO_ANSWERS, MailChoice.AT_ONCE, is_essential=True),
    NotificationKind.CONCERN_ANSWERED: Manner(
        _WHO_ANSWERS | {Role.STUDENT}, MailChoice.AT_ONCE, is_essential=True
    ),
    NotificationKind.CONCERN_NAMED: Manner(_STUDENT_AND_SCHOOL, MailChoice.AT_ONCE),
    NotificationKind.CONCERN_CLOSED: Manner(_WHO_ANSWERS | {Role.STUDENT}, MailChoice.DAILY),
}


def chosen_by(actor: Actor) -> list[NotificationKind]:
    """The kinds that somebody in the actor's roles is ever told."""
    return [kind for kind, manner in MANNERS.items() if not manner.roles.isdisjoint(actor.roles)]


def choices(kind: NotificationKind) -> tuple[MailChoice, ...]:
    """What may be chosen: of what somebody has to answer, a mail goes at the latest the next morning."""
    if MANNERS[kind].is_essential:
        return (MailChoice.AT_ONCE, MailChoice.DAILY)
    return tuple(MailChoice)


def mail_due_at(choice: MailChoice, now: datetime) -> datetime | None:
    """When the mail goes, by the territory's clocks.

    >>> from datetime import UTC
    >>> mail_due_at(MailChoice.DAILY, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)).isoformat()
    '2026-03-03T07:00:00+00:00'
    """
    if choice is MailChoice.NEVER:
        return None
    if choice is MailChoice.AT_ONCE:
        return now
    morning = datetime.combine(now.date(), DIGEST_AT, tzinfo=now.tzinfo)
    return morning if now < morning else morning + timedelta(days=1)
