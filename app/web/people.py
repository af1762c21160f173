"""The people of a school or a company, and the invitations to it: who leads it manages them here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.accounts import service as accounts
from app.auth import service_memberships as memberships
from app.auth import service_territories as territories
from app.auth.actors import Actor, Role
from app.companies import members as company_members
from app.companies import rules as company_rules
from app.companies import service as companies
from app.companies.models import Company, CompanyKind
from app.invitations import rules
from app.invitations import service as invitations
from app.mails import service as mails
from app.schools import classes, members
from app.schools import rules as school_rules
from app.schools import service as schools
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

MOST_PEOPLE = 100
MOST_INVITATIONS = 50
SCHOOL, COMPANY, COORDINATION = "schools", "companies", "coordination"
ROLES = {
    SCHOOL: (Role.TEACHER, Role.SCHOOL_LEAD),
    COMPANY: (Role.COMPANY_MEMBER, Role.COMPANY_ADMIN),
    COORDINATION: (Role.COORDINATOR,),
}
RoleField = Annotated[Role, Form()]
Done = Annotated[str, Query(max_length=20)]


class Binding(TypedDict):
    """What a role is bound to."""

    school_id: UUID | None
    company_id: UUID | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose people a page shows; the coordination has no id."""

    kind: str
    id: UUID | None = None

    @property
    def page(self) -> str:
        """The address of the page."""
        return f"/{self.kind}/{self.id}/people" if self.id else f"/{self.kind}/people"

    @property
    def binding(self) -> Binding:
        """What its roles are bound to."""
        return {
            "school_id": self.id if self.kind == SCHOOL else None,
            "company_id": self.id if self.kind == COMPANY else None,
        }


# --- the pages -------------------------------------------------------------------------------------------------------


@router.get("/schools/{school_id}/people")
def show_school_people(view: InView, school_id: UUID, done: Done = "") -> Response:
    """Who works at the school, and who was invited."""
    return _page(view, Organisation(SCHOOL, school_id), done=done)


@router.get("/companies/{company_id}/people")
def show_company_people(view: InView, company_id: UUID, done: Done = "") -> Response:
    """Who works for the company here, and who was invited."""
    return _page(view, Organisation(COMPANY, company_id), done=done)


@router.get("/coordination/people")
def show_coordination(view: InView, done: Done = "") -> Response:
    """Who was invited to coordinate."""
    return _page(view, Organisation(COORDINATION), done=done)


def _page(
    view: View, of: Organisation, *, status: int = 200, trouble: str = "", email: str = "", done: str = ""
) -> Response:
    with view.read() as (session, actor):
        title = _title(session, actor, of)
        is_overseen = invitations.oversees(session, actor, **of.binding)
        offered = _roles(session, of)
        invited = [
            role for role in offered if rules.can_invite(actor, role, is_overseen=is_overseen, **of.binding)
        ]
        known = territories.search(session, limit=MOST_PEOPLE) if of.id is None else []
        manages = _manages(actor, of)
        if not invited and not manages:
            raise errors.NotAllowed("Only who answers for the school or the company sees its people.")
        people, found, taught = _people(session, actor, of) if manages else ([], [], [])
    return view.show(
        "account/people.html", status=status, of=of, title=title, people=people, roles=offered, territories=[one for one, _ in known],
        invited_roles=invited, manages=manages, classes=taught, now=view.now(), trouble=trouble, email=email, done=done,
        invitations=[one for one, _ in found if one.accepted_at is None and one.revoked_at is None],
        days=invitations.VALID_FOR.days,
    )  # fmt: skip


def _roles(session: Session, of: Organisation) -> tuple[Role, ...]:
    if of.kind == COMPANY:
        company = session.get(Company, of.id)
        if company is not None and company.kind is CompanyKind.TRAINING_BODY:
            return (*ROLES[COMPANY], Role.TRAINING_BODY)
    return ROLES[of.kind]


def _title(session: Session, actor: Actor, of: Organisation) -> str | None:
    if of.id is None:
        return None
    if of.kind == SCHOOL:
        return schools.require(session, of.id).name
    return companies.require(session, actor, of.id).name


def _manages(actor: Actor, of: Organisation) -> bool:
    if of.id is None:
        return actor.is_administrator
    if of.kind == SCHOOL:
        return school_rules.leads(actor, of.id)
    return company_rules.can_manage_people(actor, of.id)


def _people(session: Session, actor: Actor, of: Organisation) -> tuple[list[Any], list[Any], list[Any]]:
    found = invitations.search(session, actor, limit=MOST_INVITATIONS, **of.binding)
    if of.id is None:
        return [], found, []
    if of.kind == SCHOOL:
        return (
            list(members.search(session, actor, of.id, limit=MOST_PEOPLE)),
            found,
            list(classes.search(session, actor, of.id, limit=MOST_PEOPLE)),
        )
    return list(company_members.search(session, actor, of.id, limit=MOST_PEOPLE)), found, []


# --- inviting --------------------------------------------------------------------------------------------------------


@router.post("/schools/{school_id}/people")
def invite_to_school(
    view: InView,
    school_id: UUID,
    role: RoleField,
    email: Annotated[str, Form(max_length=254)] = "",
    class_ids: Annotated[list[UUID] | None, Form(max_length=100)] = None,
) -> Response:
    """Invite a teacher or a lead."""
    taught = (class_ids or []) if role is Role.TEACHER else []
    return _invite(view, Organisation(SCHOOL, school_id), email, role, taught)


@router.post("/companies/{company_id}/people")
def invite_to_company(
    view: InView, company_id: UUID, role: RoleField, email: Annotated[str, Form(max_length=254)] = ""
) -> Response:
    """Invite somebody of the company."""
    return _invite(view, Organisation(COMPANY, company_id), email, role, [])


@router.post("/coordination/people")
def invite_to_coordination(
    view: InView, territory_id: Annotated[UUID, Form()], email: Annotated[str, Form(max_length=254)] = ""
) -> Response:
    """Invite a coordinator of a territory."""
    return _invite(view, Organisation(COORDINATION), email, Role.COORDINATOR, [], territory_id)


def _invite(
    view: View,
    of: Organisation,
    email: str,
    role: Role,
    class_ids: list[UUID],
    territory_id: UUID | None = None,
) -> Response:
    address = view.settings.public_url.rstrip("/") + invitations.ADDRESS
    try:
        with view.write() as (session, actor):
            _title(session, actor, of)  # what the actor does not see is not there
            invitations.create(
                session, actor, email=email.strip(), role=role, **of.binding, territory_id=territory_id, class_ids=class_ids,
                secret=view.settings.secret_key, address=address, now=view.now(),
            )  # fmt: skip
    except mails.BadMail:
        return _page(view, of, status=422, trouble="address", email=email)
    except invitations.AlreadyLed:
        return _page(view, of, status=409, trouble="led", email=email)
    except invitations.TooManyInvitations:
        return _page(view, of, status=409, trouble="many", email=email)
    return view.go(f"{of.page}?done=invited")


@router.post("/invitations/{invitation_id}/revoke")
def revoke_invitation(
    view: InView,
    invitation_id: UUID,
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """End an invitation that waits."""
    with view.write() as (session, actor):
        invitations.revoke(session, actor, invitation_id, now=view.now())
    return view.go(safe_next(next))


# --- members ---------------------------------------------------------------------------------------------------------


@router.post("/schools/{school_id}/people/{member_id}/role")
def change_school_role(
    view: InView,
    school_id: UUID,
    member_id: UUID,
    role: RoleField,
    class_ids: Annotated[list[UUID] | None, Form(max_length=100)] = None,
) -> Response:
    """Give a colleague another role, or other classes."""
    taught = (class_ids or []) if role is Role.TEACHER else []
    return _change(
        view,
        Organisation(SCHOOL, school_id),
        lambda session, actor: members.edit(
            session, actor, school_id, member_id, role=role, class_ids=taught
        ),
    )


@router.post("/schools/{school_id}/people/{member_id}/end")
def end_school_membership(view: InView, school_id: UUID, member_id: UUID) -> Response:
    """Take a role at the school from a colleague."""
    return _change(
        view,
        Organisation(SCHOOL, school_id),
        lambda session, actor: members.remove(session, actor, school_id, member_id),
    )


@router.post("/companies/{company_id}/people/{member_id}/role")
def change_company_role(view: InView, company_id: UUID, member_id: UUID, role: RoleField) -> Response:
    """Give somebody of the company the other role."""
    return _change(
        view,
        Organisation(COMPANY, company_id),
        lambda session, actor: company_members.edit(session, actor, company_id, member_id, role=role),
    )


@router.post("/companies/{company_id}/people/{member_id}/end")
def end_company_membership(view: InView, company_id: UUID, member_id: UUID) -> Response:
    """Take a role at the company from somebody."""
    return _change(
        view,
        Organisation(COMPANY, company_id),
        lambda session, actor: company_members.remove(session, actor, company_id, member_id),
    )


def _change(view: View, of: Organisation, change: Callable[[Session, Actor], object]) -> Response:
    try:
        with view.write() as (session, actor):
            change(session, actor)
    except memberships.LastOne:
        return _page(view, of, status=409, trouble="last")
    except (members.AlreadyMember, company_members.HasRoleAlready):
        return _page(view, of, status=409, trouble="twice")
    # Who has just given up the lead sees the page no more.
    return view.go(of.page if _still_manages(view, of) else "/start")


def _still_manages(view: View, of: Organisation) -> bool:
    with view.read(needs_hat=False) as (_, actor):
        return not actor.must_choose and _manages(actor, of)


@router.post("/accounts/{account_id}/{turn}")
def switch_account(
    view: InView,
    account_id: UUID,
    turn: str,
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """Switch an account off, which ends its sessions, or on again."""
    switches = {"deactivate": accounts.deactivate, "reactivate": accounts.reactivate}
    if turn not in switches:
        raise errors.NotFound
    with view.write() as (session, actor):
        switches[turn](session, actor, account_id)
    return view.go(safe_next(next))
