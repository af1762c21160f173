"""Who is told of a concern: whoever owns it now, and the other sides when one has written. Never a company."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import AT_SCHOOL, Role
from app.auth.models import Membership, TerritoryProvince, User
from app.concerns import rules
from app.concerns.models import Concern, ConcernMessage, Side, Stage
from app.concerns.rules import Place
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind


def owners(session: Session, stage: Stage, place: Place) -> list[UUID]:
    """The people who own a concern in this stage, if there are any."""
    people = (
        sa.select(Membership.user_id).join(User, User.id == Membership.user_id).where(User.is_active)
    ).distinct()
    match stage:
        case Stage.TUTOR:
            people = people.where(
                Membership.user_id == place.tutor_id,
                Membership.school_id == place.school_id,
                Membership.role.in_(AT_SCHOOL),
            )
        case Stage.LEAD:
            people = people.where(
                Membership.school_id == place.school_id, Membership.role == Role.SCHOOL_LEAD
            )
        case Stage.TERRITORY:
            here = sa.select(TerritoryProvince.territory_id).where(
                TerritoryProvince.province_code == place.province
            )
            people = people.where(Membership.role == Role.COORDINATOR, Membership.territory_id.in_(here))
        case Stage.SERVICE:
            people = people.where(Membership.role == Role.ADMINISTRATOR)
        case Stage.CLOSED:
            return []
    return list(session.scalars(people))


def raised(session: Session, concern: Concern, place: Place, company: str, now: datetime) -> None:
    """Tell who owns it; of what is urgent the tutor too, unless it is not for the tutor."""
    people = set(owners(session, concern.stage, place))
    if concern.kind in rules.URGENT and not concern.skips_tutor:
        people.update(owners(session, Stage.TUTOR, place))
    is_urgent = concern.kind in rules.URGENT
    kind = NotificationKind.CONCERN_URGENT if is_urgent else NotificationKind.CONCERN_RAISED
    _tell(session, people, kind, concern, concern.stage, company, now)


def passed_on(session: Session, concern: Concern, place: Place, company: str, now: datetime) -> None:
    """Tell the new owner, and the student that somebody else has it now."""
    # The clock is in the key: who runs the service is told again each time that it strikes.
    about = f"{concern.stage}:{concern.due_at:%Y%m%d}" if concern.due_at else concern.stage
    people = owners(session, concern.stage, place)
    _tell(session, people, NotificationKind.CONCERN_PASSED_ON, concern, about, company, now)


def written(
    session: Session, concern: Concern, place: Place, company: str, message: ConcernMessage, now: datetime
) -> None:
    """Tell the other sides that there is something to read."""
    people = set(owners(session, concern.stage, place)) | set(_reporter(session, concern))
    if message.side in rules.REPORTERS:
        people -= set(_reporter(session, concern))
    elif message.written_by.startswith("user:"):
        people.discard(UUID(message.written_by.removeprefix("user:")))
    _tell(session, people, NotificationKind.CONCERN_ANSWERED, concern, message.id.hex, company, now)


def named(session: Session, concern: Concern, place: Place, company: str, now: datetime) -> None:
    """Tell the student and the school that the coordinator has asked who it is."""
    people = {*_reporter(session, concern), *owners(session, Stage.LEAD, place)}
    _tell(session, people, NotificationKind.CONCERN_NAMED, concern, "named", company, now)


def closed(session: Session, concern: Concern, place: Place, company: str, by: Side, now: datetime) -> None:
    """Tell everybody who had to do with it but the one side that has closed it."""
    people = {*owners(session, Stage.LEAD, place)}
    if not concern.skips_tutor:
        people.update(owners(session, Stage.TUTOR, place))
    if concern.territory_at is not None:
        people.update(owners(session, Stage.TERRITORY, place))
    if by not in rules.REPORTERS:
        people.update(_reporter(session, concern))
    _tell(session, people, NotificationKind.CONCERN_CLOSED, concern, "closed", company, now)


def _reporter(session: Session, concern: Concern) -> list[UUID]:
    """The student's account; a family has none and looks with its code."""
    if concern.raised_side is Side.FAMILY:
        return []
    return notifications.accounts_of_student(session, concern.student_id)


def _tell(
    session: Session,
    people: Collection[UUID],
    kind: NotificationKind,
    concern: Concern,
    about: str,
    company: str,
    now: datetime,
) -> None:
    key = f"{concern.id.hex}:{about}"[:80]
    path = f"/concerns/{concern.id}"
    notifications.tell(session, people, kind, key, path=path, data={"company": company}, now=now)
