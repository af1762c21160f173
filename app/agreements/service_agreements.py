"""Agreements: drafts filled from the last one, who signs for whom, and which one is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.agreements import rules, service
from app.agreements.models import Agreement, PaperKind, PaperState, Signatory
from app.auth import service as auth
from app.auth.actors import AT_COMPANY, Actor, Role
from app.auth.models import Membership, User
from app.companies.models import Company
from app.events import service as events
from app.schools.models import School

KEPT = ("insurance_company", "insurance_policy", "inail_position", "privacy_role")
"""What a new draft takes over from the school's last agreement, with this host first."""


class UnfitAgreement(errors.Invalid):
    """The fields do not make an agreement."""

    title = "The agreement is not valid"


class PreparedAlready(errors.Conflict):
    """The school and the host have one that is not signed yet, or the placement has."""

    title = "One is being prepared already"


class BadSignatory(errors.Invalid):
    """Who signs for an organisation must lead the school, or work for the company."""

    title = "This person cannot sign for the organisation"


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, now: datetime) -> Agreement:
    """A draft; what is not given is taken from the school's last agreement. Raises NotAllowed, UnfitAgreement and PreparedAlready."""
    auth.require_scope(actor, "placements:write")
    school_id, company_id = values["school_id"], values["company_id"]
    if not (actor.is_administrator or actor.is_staff_of(school_id)):
        raise errors.NotAllowed("Who leads the school prepares its agreements.")
    for field, kind, key in (("school_id", School, school_id), ("company_id", Company, company_id)):
        if session.get(kind, key) is None:
            raise _unfit(field, "nothing has this id")
    last = _last(session, school_id, company_id)
    kept = {} if last is None else {name: getattr(last, name) for name in KEPT}
    agreement = Agreement(**(kept | dict(values)), created_at=now.astimezone(UTC), created_by=actor.mark)
    _refuse_unfit(agreement)
    agreement.state = PaperState.DRAFT
    agreement.due_at = rules.due_at(PaperState.DRAFT, agreement.valid_until, now)
    try:
        with session.begin_nested():
            session.add(agreement)
    except IntegrityError as error:
        raise PreparedAlready from error
    events.record(session, actor, "paper.created", agreement.id, {"kind": agreement.kind.value})
    return agreement


def edit(session: Session, actor: Actor, agreement_id: UUID, changes: Mapping[str, Any]) -> Agreement:
    """Change a draft. Raises NoSuchPaper, NotYourPaper, WrongPaperState and UnfitAgreement."""
    agreement = service.find_to_prepare(session, actor, agreement_id, PaperKind.AGREEMENT).paper
    assert isinstance(agreement, Agreement)  # noqa: S101 -- for the type checker; the kind was asked for
    service.require_editable(agreement)
    for name, value in changes.items():
        setattr(agreement, name, value)
    _refuse_unfit(agreement)
    session.flush()
    events.record(session, actor, "paper.edited", agreement.id, {"fields": sorted(changes)})
    return agreement


def in_force(
    session: Session, school_id: UUID, company_id: UUID, starts_on: date, ends_on: date
) -> Agreement | None:
    """The agreement that holds on all of these days, if there is one."""
    found = session.scalars(
        sa.select(Agreement)
        .where(
            Agreement.school_id == school_id, Agreement.company_id == company_id,
            Agreement.state == PaperState.IN_FORCE, Agreement.valid_from <= starts_on, Agreement.valid_until >= ends_on,
        )
        .order_by(Agreement.valid_until.desc(), Agreement.id)
    )  # fmt: skip
    return found.first()


def _last(session: Session, school_id: UUID, company_id: UUID) -> Agreement | None:
    of_host = sa.case((Agreement.company_id == company_id, 0), else_=1)
    query = sa.select(Agreement).where(Agreement.school_id == school_id)
    return session.scalars(query.order_by(of_host, Agreement.created_at.desc(), Agreement.id)).first()


def _refuse_unfit(agreement: Agreement) -> None:
    if agreement.valid_until < agreement.valid_from:
        raise _unfit("valid_until", "lies before valid_from")


def _unfit(field: str, detail: str) -> UnfitAgreement:
    return UnfitAgreement(faults=[{"in": "body", "field": field, "detail": detail}])


# --- who signs --------------------------------------------------------------------------------------------------------


def signatory(
    session: Session, *, school_id: UUID | None = None, company_id: UUID | None = None
) -> Signatory | None:
    """Who signs for the school, or for the company."""
    column, value = (
        (Signatory.company_id, company_id) if school_id is None else (Signatory.school_id, school_id)
    )
    return session.scalars(sa.select(Signatory).where(column == value)).one_or_none()


def choose_signatory(
    session: Session,
    actor: Actor,
    *,
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    name: str,
    user_id: UUID | None,
) -> Signatory:
    """Say who signs: a lead of the school, somebody of the company; without an account, only elsewhere.

    Those who lead the school or administer the company choose. What is being signed keeps the signer that it has.
    Raises NotAllowed, NotFound and BadSignatory.
    """
    auth.require_scope(actor, "placements:write")
    organisation = session.get(School, school_id) if school_id else session.get(Company, company_id)
    if organisation is None:
        raise errors.NotFound("No such school." if school_id else "No such company.")
    is_own = actor.is_staff_of(school_id) if school_id else actor.is_of_company(company_id, as_admin=True)
    if not (is_own or actor.is_administrator):
        raise errors.NotAllowed("Who leads the school, or administers the company, says who signs.")
    if user_id is not None and not _belongs(session, user_id, school_id, company_id):
        detail = "nobody who leads the school, or works for the company, has this id"
        raise BadSignatory(faults=[{"in": "body", "field": "user_id", "detail": detail}])
    chosen = signatory(session, school_id=school_id, company_id=company_id)
    if chosen is None:
        chosen = Signatory(school_id=school_id, company_id=company_id)
        session.add(chosen)
    chosen.name, chosen.user_id = name, user_id
    session.flush()
    events.record(session, actor, "signatory.chosen", chosen.id)
    return chosen


def _belongs(session: Session, user_id: UUID, school_id: UUID | None, company_id: UUID | None) -> bool:
    of_school = sa.and_(Membership.school_id == school_id, Membership.role == Role.SCHOOL_LEAD)
    of_company = sa.and_(Membership.company_id == company_id, Membership.role.in_(AT_COMPANY))
    member = (
        sa.select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id == user_id, User.is_active, of_school if school_id else of_company)
    )
    return session.scalar(member.limit(1)) is not None
