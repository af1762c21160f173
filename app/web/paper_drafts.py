"""Writing papers: a new agreement, the fields of a draft, and who signs for a school or a company."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates, errors, rest
from app.agreements import rules, service, service_agreements, service_plans
from app.agreements.models import Agreement, Paper, PaperKind, PaperState, PrivacyRole, TrainingPlan
from app.auth.actors import AT_COMPANY, Actor, Role
from app.auth.models import Membership, User
from app.companies import service as companies
from app.companies.models import Company
from app.dates import Day
from app.placements.models import Placement
from app.placements.rules import OPEN
from app.rest import Email, Level
from app.schools import rules as school_rules
from app.schools import service as schools
from app.skills import service as skills
from app.web import paper_words
from app.web.papers import titles_of
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

AT_ONCE = 50
"""Agreements on one page."""

# --- agreements of a school -------------------------------------------------------------------------------------------


@router.get("/schools/{school_id}/agreements")
def show_agreements(
    view: InView,
    school_id: UUID,
    after: Annotated[str | None, Query(max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] = None,
) -> Response:
    """The school's agreements, the latest first, the hosts that have students and none, and who signs."""
    return _school_page(view, school_id, after=rest.decode_cursor(after, datetime, UUID))


def _school_page(
    view: View, school_id: UUID, trouble: errors.Problem | None = None, after: tuple[Any, ...] | None = None
) -> Response:
    with view.read() as (session, actor):
        school, _place = schools.read(session, school_id)
        if not school_rules.leads(actor, school_id):
            raise errors.NotAllowed("Who leads the school prepares its agreements.")
        found = service.search(
            session, actor, kind=PaperKind.AGREEMENT, school_id=school_id, after=after, limit=AT_ONCE + 1
        )  # fmt: skip
        agreements = found[:AT_ONCE]
        hosts = _hosts_without(session, school_id)
        signatory = service_agreements.signatory(session, school_id=school_id)
        people = _people(session, Membership.school_id == school_id, Membership.role == Role.SCHOOL_LEAD)
        titles = titles_of(session, agreements)
    last = agreements[-1] if len(found) > AT_ONCE else None
    year = dates.school_year(view.now().date())
    return view.show(
        "papers/agreements.html", status=trouble.status if trouble else 200, school=school, agreements=agreements,
        next_cursor=rest.encode_cursor(last.created_at, last.id) if last else None, hosts=hosts, titles=titles, signatory=signatory, people=people, paper_words=paper_words,
        trouble=paper_words.trouble(trouble) if trouble else "", valid_from=view.now().date(),
        valid_until=date(year + 3, 8, 31),
    )  # fmt: skip


def _hosts_without(session: Session, school_id: UUID) -> list[Company]:
    """Companies with open placements of the school, and no agreement that is in force or prepared."""
    papers = Paper.__table__.c
    has_one = sa.exists().where(
        papers.school_id == school_id, papers.company_id == Company.id, papers.kind == "agreement",
        papers.state.in_(rules.OPEN),
    )  # fmt: skip
    hosts = sa.exists().where(
        Placement.school_id == school_id, Placement.company_id == Company.id, Placement.state.in_(OPEN)
    )
    return list(session.scalars(sa.select(Company).where(hosts, ~has_one).order_by(Company.search_key)))


def _people(session: Session, *of_whom: sa.ColumnElement[bool]) -> list[User]:
    query = sa.select(User).join(Membership, Membership.user_id == User.id).where(User.is_active, *of_whom)
    return list(session.scalars(query.order_by(User.name).distinct()))


@router.post("/schools/{school_id}/agreements")
def create_agreement(
    view: InView,
    school_id: UUID,
    company_id: Annotated[UUID, Form()],
    valid_from: Annotated[Day, Form()],
    valid_until: Annotated[Day, Form()],
) -> Response:
    """A draft, filled from the last one; its fields come next."""
    values = {
        "school_id": school_id,
        "company_id": company_id,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    try:
        with view.write() as (session, actor):
            made = service_agreements.create(session, actor, values, now=view.now())
    except paper_words.TOLD as problem:
        return _school_page(view, school_id, problem)
    return view.go(f"/papers/{made.id}/edit")


# --- who signs --------------------------------------------------------------------------------------------------------


@router.post("/schools/{school_id}/signatory")
def choose_school_signatory(
    view: InView,
    school_id: UUID,
    name: Annotated[str, Form(min_length=1, max_length=120)],
    user_id: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """The head teacher."""
    with view.write() as (session, actor):
        service_agreements.choose_signatory(
            session, actor, school_id=school_id, name=_line(name), user_id=_id(user_id)
        )
    return view.go(f"/schools/{school_id}/agreements")


@router.get("/companies/{company_id}/signatory")
def show_company_signatory(view: InView, company_id: UUID) -> Response:
    """Who signs for the company, and a form to say so."""
    with view.read() as (session, actor):
        company = companies.read(session, actor, company_id)
        if not (actor.is_of_company(company_id, as_admin=True) or actor.is_administrator):
            raise errors.NotAllowed("Who administers the company says who signs.")
        signatory = service_agreements.signatory(session, company_id=company_id)
        people = _people(session, Membership.company_id == company_id, Membership.role.in_(AT_COMPANY))
    return view.show("papers/signatory.html", company=company, signatory=signatory, people=people)


@router.post("/companies/{company_id}/signatory")
def choose_company_signatory(
    view: InView,
    company_id: UUID,
    name: Annotated[str, Form(min_length=1, max_length=120)],
    user_id: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """The legal representative."""
    with view.write() as (session, actor):
        service_agreements.choose_signatory(
            session, actor, company_id=company_id, name=_line(name), user_id=_id(user_id)
        )
    return view.go("/papers")


def _line(text: str) -> str:
    return " ".join(text.split())[:120]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        fault = {"in": "body", "field": "user_id", "detail": "is not an id"}
        raise service_agreements.BadSignatory(faults=[fault]) from error


# --- a draft's fields -------------------------------------------------------------------------------------------------


@router.get("/papers/{paper_id}/edit")
def show_draft(view: InView, paper_id: UUID) -> Response:
    """The fields of a draft, for who writes it."""
    with view.read() as (session, actor):
        paper = _draft(session, actor, paper_id)
        titles = titles_of(session, [paper])[paper.id]
        wanted = service_plans.skills_of(session, paper.id)
        labels = skills.refs(session, [skill_id for skill_id, _ in wanted])
    return view.show(
        "papers/edit.html", paper=paper, titles=titles, wanted=wanted, labels=labels, paper_words=paper_words,
        is_agreement=isinstance(paper, Agreement),
    )  # fmt: skip


def _draft(session: Session, actor: Actor, paper_id: UUID) -> Paper:
    seen = service.find(session, actor, paper_id)
    if not rules.can_prepare(actor, seen.party, seen.paper):
        raise service.NotYourPaper
    if seen.paper.state is not PaperState.DRAFT or not isinstance(seen.paper, (Agreement, TrainingPlan)):
        raise service.WrongPaperState
    return seen.paper


@router.post("/agreements/{agreement_id}")
def save_agreement(
    view: InView,
    agreement_id: UUID,
    valid_from: Annotated[Day, Form()],
    valid_until: Annotated[Day, Form()],
    privacy_role: Annotated[PrivacyRole, Form()],
    insurance_company: Annotated[str, Form(max_length=120)] = "",
    insurance_policy: Annotated[str, Form(max_length=80)] = "",
    inail_position: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Keep the fields of an agreement."""
    changes = {
        "valid_from": valid_from, "valid_until": valid_until, "privacy_role": privacy_role,
        "insurance_company": _line(insurance_company), "insurance_policy": _line(insurance_policy),
        "inail_position": _line(inail_position),
    }  # fmt: skip
    with view.write() as (session, actor):
        service_agreements.edit(session, actor, agreement_id, changes)
    return view.go(f"/papers/{agreement_id}")


@router.post("/training-plans/{plan_id}")
def save_plan(
    view: InView,
    plan_id: UUID,
    activities: Annotated[str, Form(max_length=4000)] = "",
    safety_measures: Annotated[str, Form(max_length=2000)] = "",
    general_training_hours: Annotated[int, Form(ge=0, le=200)] = 0,
    specific_training_hours: Annotated[int, Form(ge=0, le=200)] = 0,
    guardian_name: Annotated[str, Form(max_length=120)] = "",
    guardian_email: Annotated[Email | None, Form()] = None,
    skill_ids: Annotated[list[str] | None, Form(max_length=service_plans.MOST_SKILLS)] = None,
    levels: Annotated[list[Level] | None, Form(max_length=service_plans.MOST_SKILLS)] = None,
) -> Response:
    """Keep the fields of a training plan."""
    changes = {
        "activities": activities.strip(), "safety_measures": safety_measures.strip(),
        "general_training_hours": general_training_hours, "specific_training_hours": specific_training_hours,
        "guardian_name": _line(guardian_name) or None, "guardian_email": guardian_email,
        "skills": list(zip(skill_ids or [], levels or [], strict=False)),
    }  # fmt: skip
    with view.write() as (session, actor):
        service_plans.edit(session, actor, plan_id, changes)
    return view.go(f"/papers/{plan_id}")
