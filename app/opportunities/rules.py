"""Who may do what with an opportunity, what makes sense in it, what it lacks, and how its life goes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app import dates
from app.auth.actors import Actor, Role
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.schemas import OpportunityIn

# --- who --------------------------------------------------------------------------------------------------------------

PUBLIC = frozenset({Status.PUBLISHED, Status.FULL, Status.CLOSED})
"""States in which everybody may read an opportunity."""


OF_TRAINING_BODIES = frozenset({Kind.VISIT, Kind.TRAINING})
"""What people of a training body offer; internships are for the organisation's own administrators and members."""


def works_on(actor: Actor, company_id: UUID, kind: Kind) -> bool:
    """Whether the actor works for the company on opportunities of this kind."""
    return any(
        grant.company_id == company_id
        and (grant.role is not Role.TRAINING_BODY or kind in OF_TRAINING_BODIES)
        for grant in actor.grants
        if grant.company_id is not None
    )


def can_edit(actor: Actor, company_id: UUID, kind: Kind, *, is_overseen: bool) -> bool:
    """Everybody who works for the company on this kind, its programs, and who oversees the place."""
    return is_overseen or works_on(actor, company_id, kind)


def can_see(actor: Actor, opportunity: Opportunity, *, is_overseen: bool) -> bool:
    """Everybody sees what is or was published; drafts and the archive are for those who may edit."""
    return opportunity.status in PUBLIC or can_edit(
        actor, opportunity.company_id, opportunity.kind, is_overseen=is_overseen
    )


# --- life -------------------------------------------------------------------------------------------------------------


class Action(StrEnum):
    """What moves an opportunity from one state to another."""

    PUBLISH = "publish"
    CLOSE = "close"
    REOPEN = "reopen"
    ARCHIVE = "archive"


TRANSITIONS: dict[Action, dict[Status, Status]] = {
    Action.PUBLISH: {
        Status.DRAFT: Status.PUBLISHED, Status.PUBLISHED: Status.PUBLISHED, Status.FULL: Status.FULL,
    },
    Action.CLOSE: {
        Status.PUBLISHED: Status.CLOSED, Status.FULL: Status.CLOSED, Status.CLOSED: Status.CLOSED,
    },
    Action.REOPEN: {
        Status.CLOSED: Status.PUBLISHED, Status.PUBLISHED: Status.PUBLISHED, Status.FULL: Status.FULL,
    },
    Action.ARCHIVE: {
        Status.DRAFT: Status.ARCHIVED, Status.FULL: Status.ARCHIVED, Status.CLOSED: Status.ARCHIVED,
        Status.ARCHIVED: Status.ARCHIVED,
    },
}  # fmt: skip
"""Where each action leads; from a state that does not stand here it is refused, to the same state it changes nothing."""


def usually_takes_applications(kind: Kind) -> bool:
    """Whether students apply for such an opportunity directly, where nobody says otherwise: visits are booked by classes."""
    return kind is not Kind.VISIT


def status_by_seats(status: Status, seats: int, seats_taken: int) -> Status:
    """Published while there are free seats, full when there are none; other states do not depend on seats."""
    if status not in (Status.PUBLISHED, Status.FULL):
        return status
    return Status.PUBLISHED if seats_taken < seats else Status.FULL


# --- what makes no sense ----------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """A field and what is wrong with it."""

    field: str
    detail: str


class Check(NamedTuple):
    """One thing that must not be so."""

    field: str
    detail: str
    is_so: Callable[[OpportunityIn], bool]
    kinds: frozenset[Kind] = frozenset(Kind)


def _is_above(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


NOT_A_VISIT = frozenset(Kind) - {Kind.VISIT}
INTERNSHIP, VISIT, TRAINING = (frozenset({kind}) for kind in Kind)

CONTRADICTIONS = (
    Check("group_min", "only a visit has groups", lambda it: it.group_min is not None, NOT_A_VISIT),
    Check("group_max", "only a visit has groups", lambda it: it.group_max is not None, NOT_A_VISIT),
    Check("group_max", "is less than group_min", lambda it: _is_above(it.group_min, it.group_max)),
    Check("max_age", "is less than min_age", lambda it: _is_above(it.min_age, it.max_age)),
    Check("site_id", "an online opportunity has no site", lambda it: it.is_online and it.site_id is not None),
    Check(
        "municipality_istat", "an online opportunity has no municipality",
        lambda it: it.is_online and it.municipality_istat is not None,
    ),
    Check(
        "external_id", "source and external_id come together",
        lambda it: (it.source is None) != (it.external_id is None),
    ),
)  # fmt: skip

LACKS = (
    Check(
        "municipality_istat", "say where it takes place: a site, a municipality, or online",
        lambda it: it.site_id is None and it.municipality_istat is None and not it.is_online,
    ),
    Check(
        "hours", "say how many hours it has, in all or a day",
        lambda it: not it.hours and it.daily_hours is None, INTERNSHIP,
    ),
    Check(
        "required", "name a skill that it requires, wants or teaches",
        lambda it: not (it.required or it.wanted or it.taught), INTERNSHIP,
    ),
    Check("spans", "say when its sessions are", lambda it: not it.spans, VISIT),
    Check("taught", "name a skill that it teaches", lambda it: not it.taught, TRAINING),
    Check("spans", "say when its lessons are", lambda it: not it.spans, TRAINING),
)  # fmt: skip


def contradictions(given: OpportunityIn) -> list[Fault]:
    """What cannot be meant, in whatever state; codes are not looked up here."""
    faults = _found(CONTRADICTIONS, given)
    faults += _span_faults(given)
    for name in ("required", "wanted", "taught"):
        faults += _repeated(f"{name}.{{}}.skill_id", [need.skill_id for need in getattr(given, name)])
    faults += _repeated("spans.{}", [span.model_dump_json() for span in given.spans])
    faults += _repeated("eligibilities.{}", [one.model_dump_json() for one in given.eligibilities])
    faults += [
        Fault(f"eligibilities.{index}", "names nothing")
        for index, one in enumerate(given.eligibilities)
        if not any(one.model_dump().values())
    ]
    return faults


def missing(given: OpportunityIn, today: date) -> list[Fault]:
    """What an opportunity lacks to be published, and which of its days are over."""
    return _lacks(given, today) + [fault for _, fault in _days_over(given, today)]


def losses(before: OpportunityIn, after: OpportunityIn, today: date) -> list[Fault]:
    """What an opportunity would lack after a change that it did not lack before; days pass without anybody's change."""
    had = _lacks(before, today)
    return [fault for fault in _lacks(after, today) if fault not in had] + [
        fault for index, fault in _days_over(after, today) if after.spans[index] not in before.spans
    ]


def said_by_sessions(before: OpportunityIn, after: OpportunityIn) -> list[Fault]:
    """What a change would say of an opportunity that its sessions say."""
    names = ("spans", "seats", "takes_applications")
    detail = "its sessions say this: change them"
    return [Fault(name, detail) for name in names if getattr(before, name) != getattr(after, name)]


def _lacks(given: OpportunityIn, today: date) -> list[Fault]:
    faults = _found(LACKS, given)
    if given.closes_on is not None and given.closes_on < today:
        faults.append(Fault("closes_on", "lies in the past"))
    return faults


def _days_over(given: OpportunityIn, today: date) -> Iterator[tuple[int, Fault]]:
    for index, span in enumerate(given.spans):
        # Of alternatives, one that has begun may still be joined; a lesson that has begun is lost.
        if span.ends_on < today:
            yield index, Fault(f"spans.{index}.ends_on", "lies in the past")
        elif given.kind is Kind.TRAINING and span.starts_on < today:
            yield index, Fault(f"spans.{index}.starts_on", "lies in the past")


def _found(checks: Sequence[Check], given: OpportunityIn) -> list[Fault]:
    return [
        Fault(check.field, check.detail)
        for check in checks
        if given.kind in check.kinds and check.is_so(given)
    ]


def _span_faults(given: OpportunityIn) -> Iterator[Fault]:
    for index, span in enumerate(given.spans):
        if span.ends_on < span.starts_on:
            yield Fault(f"spans.{index}.ends_on", "lies before starts_on")
        elif not dates.weekdays_to_mask(span.weekdays) & dates.weekdays_between(span.starts_on, span.ends_on):
            yield Fault(f"spans.{index}.weekdays", "none of them occurs on these days")
        if span.starts_at is not None and span.ends_at is not None and span.ends_at <= span.starts_at:
            yield Fault(f"spans.{index}.ends_at", "lies before starts_at")


def _repeated(field: str, keys: Sequence[Hashable]) -> Iterator[Fault]:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Fault(field.format(index), "stands there twice")
