"""Who may do what with a company, and until when a company is answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app import holidays
from app.auth.actors import Actor, Role

Provinces = Collection[str]
"""Codes of the provinces in which a company has sites."""


class Placed(Protocol):
    """What decides whose a company is, besides its sites."""

    @property
    def id(self) -> UUID: ...
    @property
    def territory_id(self) -> UUID | None: ...


# --- who --------------------------------------------------------------------------------------------------------------


def is_overseen(actor: Actor, company: Placed, provinces: Provinces) -> bool:
    """Whether the actor answers for the company: a coordinator of a province in which it has a site.

    Until it has one, those of the territory from which it was proposed do; where nobody does, the administrator.
    """
    if actor.is_administrator or not provinces:
        return actor.is_administrator or company.territory_id in actor.territories
    return actor.oversees_any(provinces)


def is_insider(actor: Actor, company: Placed, provinces: Provinces) -> bool:
    """Whether contacts and the tax code are the actor's business: the company's own people, and who oversees it."""
    return is_overseen(actor, company, provinces) or actor.is_of_company(company.id)


def can_see(actor: Actor, company: Placed, provinces: Provinces, *, is_approved: bool) -> bool:
    """Everybody sees approved companies; before that only insiders do."""
    return is_approved or is_insider(actor, company, provinces)


def can_create(actor: Actor) -> bool:
    """Overseers, so that no company appears twice."""
    return actor.is_overseer


def can_edit(actor: Actor, company: Placed, provinces: Provinces) -> bool:
    """Who oversees it, its administrators, and programs that the company gave a key."""
    is_its_program = actor.kind == "key" and actor.is_of_company(company.id)
    return (
        is_overseen(actor, company, provinces)
        or is_its_program
        or actor.is_of_company(company.id, as_admin=True)
    )


def can_manage_people(actor: Actor, company_id: UUID) -> bool:
    """The company's administrators, and who runs the service; coordinators only invite the first."""
    return actor.is_administrator or actor.is_of_company(company_id, as_admin=True)


def can_decide(actor: Actor, company: Placed, provinces: Provinces) -> bool:
    """Approving and rejecting is for who oversees it; never for the company itself, whatever else the person is."""
    return is_overseen(actor, company, provinces) and not actor.is_of_company(company.id)


def origin(actor: Actor) -> UUID | None:
    """The territory from which the actor proposes a company: a coordinator's own."""
    owned = (grant.territory_id for grant in actor.grants if grant.role is Role.COORDINATOR)
    return next(owned, None)


# --- the clock --------------------------------------------------------------------------------------------------------


class Review(StrEnum):
    """Where the review of a company's profile stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


def review_of(*, is_approved: bool, is_waiting: bool) -> Review:
    """The state in one word."""
    if is_approved:
        return Review.APPROVED
    return Review.WAITING if is_waiting else Review.REJECTED


def answer_due_on(submitted_on: date, working_days: int) -> date:
    """The day so many working days later; Saturdays, Sundays and public holidays do not count.

    >>> answer_due_on(date(2026, 1, 9), 5)  # a Friday
    datetime.date(2026, 1, 16)
    >>> answer_due_on(date(2026, 4, 3), 1)  # before Easter
    datetime.date(2026, 4, 7)
    """
    day = submitted_on
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < 5 and not holidays.is_one(day)
    return day
