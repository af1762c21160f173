"""A student's wishes: saving, ordering, taking out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.companies.models import Company
from app.events import service as events
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity, Status
from app.students import service as students
from app.students.models import Student
from app.wishes import rules
from app.wishes.models import Wish


class NoSuchWish(errors.NotFound):
    """The student has no wish with this id."""

    title = "No such wish"


class NotYourWish(errors.NotAllowed):
    """Wishes are changed by the student alone."""

    title = "Only the student changes wishes"


class UnknownWish(errors.Invalid):
    """What is to be saved does not exist."""

    title = "Unknown opportunity"


class NotWishable(errors.Conflict):
    """The opportunity no longer takes anybody."""

    title = "The opportunity is over"


class TooManyWishes(errors.Conflict):
    """So many wishes are saved, or ranked, that no more are taken."""

    title = "Too many wishes"


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish, and what a list says of its opportunity."""

    wish: Wish
    kind: Kind
    title: str
    status: Status
    closes_on: date | None
    company_name: str


# --- reading ----------------------------------------------------------------------------------------------------------


def search(session: Session, actor: Actor, student_id: UUID) -> list[Wished]:
    """All wishes of a student: the ranked ones in their order, then the others, the latest first. Raises NoSuchStudent."""
    students.get(session, actor, student_id)
    rows = session.execute(_rows.where(Wish.student_id == student_id).order_by(*_ORDER))
    return [Wished(*row) for row in rows]


def saved(session: Session, student_id: UUID) -> dict[UUID, Wish]:
    """Opportunity → wish, of a student whom the actor may see."""
    found = session.scalars(sa.select(Wish).where(Wish.student_id == student_id))
    return {wish.opportunity_id: wish for wish in found}


def read(session: Session, actor: Actor, student_id: UUID, wish_id: UUID) -> Wished:
    """One wish. Raises NoSuchStudent and NoSuchWish."""
    students.get(session, actor, student_id)
    row = session.execute(_rows.where(Wish.student_id == student_id, Wish.id == wish_id)).one_or_none()
    if row is None:
        raise NoSuchWish
    return Wished(*row)


_rows = (
    sa.select(Wish, Opportunity.kind, Opportunity.title, Opportunity.status, Opportunity.closes_on, Company.name)
    .join(Opportunity, Opportunity.id == Wish.opportunity_id)
    .join(Company, Company.id == Opportunity.company_id)
)  # fmt: skip
_ORDER = (Wish.position.nulls_last(), Wish.created_at.desc(), Wish.id)


# --- changing ---------------------------------------------------------------------------------------------------------


def save(
    session: Session, actor: Actor, student_id: UUID, opportunity_id: UUID, *, is_ranked: bool = False, now: datetime
) -> Wish:  # fmt: skip
    """Save an opportunity, `is_ranked` at the end of the list. What is saved already stays the one wish that it is.

    Raises NoSuchStudent, NotYourWish, UnknownWish, NotWishable and TooManyWishes.
    """
    _require_own(session, actor, student_id)
    wishes = _locked(session, student_id)
    wish = next((one for one in wishes if one.opportunity_id == opportunity_id), None)
    if wish is None:
        _require_open(session, actor, opportunity_id)
        if len(wishes) >= rules.MOST_SAVED:
            raise TooManyWishes(f"At most {rules.MOST_SAVED} are saved; remove one first.")
        wish = Wish(student_id=student_id, opportunity_id=opportunity_id, created_at=now.astimezone(UTC))
        session.add(wish)
        session.flush()
        events.record(session, actor, "wish.saved", wish.id)
    if is_ranked and wish.position is None and _place(session, [*wishes, wish], wish, rules.MOST_RANKED, now):
        events.record(session, actor, "wish.moved", wish.id)
    return wish


def move(
    session: Session, actor: Actor, student_id: UUID, wish_id: UUID, position: int | None, *, now: datetime
) -> Wish:
    """Put a wish at a position of the list, or, with None, out of the list; it stays saved.

    Raises NoSuchStudent, NotYourWish, NoSuchWish and TooManyWishes.
    """
    _require_own(session, actor, student_id)
    wishes = _locked(session, student_id)
    wish = _among(wishes, wish_id)
    if _place(session, wishes, wish, position, now):
        events.record(session, actor, "wish.moved", wish.id)
    return wish


def remove(session: Session, actor: Actor, student_id: UUID, wish_id: UUID, *, now: datetime) -> None:
    """Forget a wish; those behind it move up. Raises NoSuchStudent, NotYourWish and NoSuchWish."""
    _require_own(session, actor, student_id)
    wishes = _locked(session, student_id)
    wish = _among(wishes, wish_id)
    _place(session, wishes, wish, None, now)
    session.delete(wish)
    events.record(session, actor, "wish.removed", wish_id)


def _require_own(session: Session, actor: Actor, student_id: UUID) -> None:
    students.get(session, actor, student_id, scope="students:write")
    if not rules.can_change(actor, student_id):
        raise NotYourWish


def _require_open(session: Session, actor: Actor, opportunity_id: UUID) -> None:
    try:
        opportunity = opportunities.read(session, actor, opportunity_id)
    except opportunities.NoSuchOpportunity as error:
        fault = {
            "in": "body",
            "field": "opportunity_id",
            "detail": "no opportunity that you may see has this id",
        }
        raise UnknownWish(faults=[fault]) from error
    if opportunity.status not in rules.OPEN_TO_WISHES:
        raise NotWishable(f"It is {opportunity.status}.")


def _locked(session: Session, student_id: UUID) -> Sequence[Wish]:
    """The student's wishes; nobody else orders them until the block ends."""
    session.execute(sa.select(Student.id).where(Student.id == student_id).with_for_update())
    # What the block has read before may be older than the lock.
    found = sa.select(Wish).where(Wish.student_id == student_id).order_by(*_ORDER)
    return session.scalars(found, execution_options={"populate_existing": True}).all()


def _among(wishes: Sequence[Wish], wish_id: UUID) -> Wish:
    found = next((wish for wish in wishes if wish.id == wish_id), None)
    if found is None:
        raise NoSuchWish
    return found


def _place(session: Session, wishes: Sequence[Wish], wish: Wish, position: int | None, now: datetime) -> bool:
    """Whether that changes anything."""
    before = [one.id for one in wishes if one.position is not None]
    order = rules.moved(before, wish.id, position)
    if order == before:
        return False
    if len(order) > rules.MOST_RANKED:
        raise TooManyWishes(f"At most {rules.MOST_RANKED} are ranked; take one out of the list first.")
    places = {wish_id: number for number, wish_id in enumerate(order, start=1)}
    changed = [one for one in wishes if one.position != places.get(one.id)]
    since = {one.id: one.ranked_at or now.astimezone(UTC) for one in changed}
    # Out of the way first: no two wishes may stand at one position, not even between two statements.
    for one in changed:
        one.position = one.ranked_at = None
    session.flush()
    for one in changed:
        if one.id in places:
            one.position, one.ranked_at = places[one.id], since[one.id]
    session.flush()
    return True
