"""Shared internships and visits on pages: the plan and its firms, their answers, and the stations that students read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.companies import service as companies
from app.companies.models import CompanySite
from app.hosting import plans, rules, service
from app.hosting.models import PartnerReason, PartnerState
from app.hosting.plans import Plan
from app.hosting.rules import PartnerAction
from app.hosting.schemas import HostingPatch
from app.hosting.service import Seen
from app.matches import service_stations
from app.matches.service import StudentQuestion
from app.placements import service_tutors as tutors
from app.placements.models import TutorSide
from app.web import hosting_words as words
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_INVITATIONS = 100
MOST_FOUND = 10
EMPTY_ROWS = 2
_PARTS = ("where", "starts_on", "ends_on", "starts_at", "ends_at", "hours", "learns")


@dataclass(frozen=True, slots=True)
class ShownStation:
    """A station as students read it."""

    company_name: str
    municipality_name: str | None
    starts_on: Any
    ends_on: Any
    starts_at: Any
    ends_at: Any
    hours: int
    learns: str
    km: float | None = None


def shown(plan: Plan | None, question: StudentQuestion | None = None) -> dict[str, Any]:
    """What `shared/stations.html` stands on: the stations, how far each is, and whether one is beyond the student's limit."""
    if plan is None:
        return {"stations": [], "is_too_far": False}
    places = [plan.place(one) for one in plan.stops]
    km: list[float | None] = [None] * len(places)
    if question is not None:
        km = service_stations.kilometres(
            question, [(one.latitude, one.longitude) if one else None for one in places]
        )
    stations = [
        ShownStation(
            plan.names[stop.company_id], place.name if place else None, stop.starts_on, stop.ends_on, stop.starts_at,
            stop.ends_at, stop.hours, stop.learns, way,
        )
        for stop, place, way in zip(plan.stops, places, km, strict=True)
    ]  # fmt: skip
    return {
        "stations": stations,
        "is_too_far": question is not None and service_stations.is_too_far(question, km),
    }


# --- the plan and its firms -------------------------------------------------------------------------------------------


@router.get("/opportunities/{opportunity_id}/hosting")
def show_hosting(
    view: InView, opportunity_id: UUID, done: Done = "", q: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """The plan, the firms that are asked, and for each side what it can do."""
    return _page(view, opportunity_id, done=done, q=q)


def _page(
    view: View,
    opportunity_id: UUID,
    *,
    status: int = 200,
    done: str = "",
    q: str = "",
    trouble: str = "",
    wrong: Sequence[Wrong] = (),
    rows: Sequence[Mapping[str, str]] | None = None,
) -> Response:
    with view.read() as (session, actor):
        seen = service.read(session, actor, opportunity_id)
        if not seen.is_inside:
            raise service.NotYourHosting
        plan = seen.plan
        found = []
        if q.strip() and seen.is_lead:
            known = {plan.opportunity.company_id, *(one.company_id for one in plan.partners)}
            named = companies.search(session, actor, name=q.strip(), is_approved=True, limit=MOST_FOUND)
            found = [one for one in named if one.id not in known]
        people = {
            one.id: tutors.people_of(session, TutorSide.HOST, one.company_id)
            for one in seen.partners
            if PartnerAction.ACCEPT in seen.actions(one)
        }
        expected = service.expected(session, opportunity_id, view.now().date())
        wheres = _wheres(session, seen) if seen.is_lead else []
    return view.show(
        "company/hosting.html", status=status, seen=seen, plan=plan, opportunity=plan.opportunity, said=words, q=q,
        found=found, people=people, expected=expected, wheres=wheres, done=words.DONE.get(done),
        trouble=words.TROUBLES.get(trouble), wrong=wrong, wrong_at={one.control: one for one in wrong},
        rows=_rows(plan) if rows is None else rows, reasons=words.REASONS, **shown(plan),
        obstacles=_obstacles(plan), is_shareable=plan.opportunity.kind in service.SHAREABLE,
    )  # fmt: skip


def _obstacles(plan: Plan) -> list[str]:
    kinds = ("company_id" if one.field.endswith("company_id") else "else" for one in plan.obstacles)
    return [words.OBSTACLES[one] for one in dict.fromkeys(kinds)]


def _wheres(session: Session, seen: Seen) -> list[tuple[str, str]]:
    """Where a station can be: each firm that takes part, and each of its sites."""
    plan = seen.plan
    lead = plan.opportunity.company_id
    taking_part = [lead, *(one.company_id for one in plan.partners if one.state in rules.TAKES_PART)]
    found = [(str(one), plan.names[one]) for one in taking_part]
    rows = session.scalars(
        sa.select(CompanySite)
        .where(CompanySite.company_id.in_(taking_part))
        .order_by(CompanySite.name, CompanySite.id)
    )
    found += [(f"{one.company_id}/{one.id}", f"{plan.names[one.company_id]}, {one.name}") for one in rows]
    return found


def _rows(plan: Plan) -> list[dict[str, str]]:
    """The form's rows: the stations, and some that are empty."""
    rows = [
        {
            "where": str(one.company_id) if one.site_id is None else f"{one.company_id}/{one.site_id}",
            "starts_on": one.starts_on.isoformat(), "ends_on": one.ends_on.isoformat(),
            "starts_at": one.starts_at.strftime("%H:%M") if one.starts_at else "",
            "ends_at": one.ends_at.strftime("%H:%M") if one.ends_at else "", "hours": str(one.hours),
            "learns": one.learns,
        }
        for one in plan.stops
    ]  # fmt: skip
    more = min(EMPTY_ROWS, rules.MOST_STATIONS - len(rows))
    return rows + [dict.fromkeys(_PARTS, "") for _ in range(more)]


def _sent(fields: Fields) -> list[dict[str, str]]:
    """The rows that were sent; one without a day and hours is empty."""
    rows = [
        {name: text(fields, f"stations-{number}-{name}", 1000) for name in _PARTS}
        for number in range(rules.MOST_STATIONS)
    ]
    return [row for row in rows if row["starts_on"] or row["ends_on"] or row["hours"]]


def _given(fields: Fields, rows: Iterable[Mapping[str, str]]) -> HostingPatch:
    stations = []
    for row in rows:
        company_id, _, site_id = row["where"].partition("/")
        values: dict[str, Any] = {name: value for name in _PARTS[1:] if (value := row[name])}
        stations.append(values | {"company_id": company_id, "site_id": site_id or None})
    return HostingPatch.model_validate(
        {
            "stations": stations, "allows_gaps": "allows_gaps" in fields,
            "allows_overlaps": "allows_overlaps" in fields,
        }
    )  # fmt: skip


@router.post("/opportunities/{opportunity_id}/hosting")
def save_plan(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Write the whole plan; what somebody else has changed meanwhile is not overwritten."""
    rows = _sent(fields)
    try:
        with view.write() as (session, actor):
            seen = service.get_for_change(session, actor, opportunity_id)
            given = _given(fields, rows)
            version = seen.plan.rotation.version if seen.plan.rotation else 0
            if text(fields, "version", 12) != str(version):
                raise errors.WrongState
            changes = given.changes() | {"stations": [one.stop() for one in given.stations or ()]}
            service.edit(session, actor, seen, changes, now=view.now())
    except ValidationError as error:
        wrong = _wrong(".".join(str(part) for part in one["loc"]) for one in error.errors())
        return _page(view, opportunity_id, status=422, wrong=wrong, rows=rows)
    except service.UnfitRotation as problem:
        wrong = _wrong(str(one["field"]) for one in problem.faults)
        return _page(view, opportunity_id, status=422, wrong=wrong, rows=rows)
    except service.NotShareable:
        raise
    except errors.Conflict:
        return _page(view, opportunity_id, status=409, trouble="changed")
    return view.go(f"/opportunities/{opportunity_id}/hosting?done=saved")


def _wrong(fields: Iterable[str]) -> list[Wrong]:
    found = []
    for one in dict.fromkeys(fields):
        _, _, name = one.rpartition(".")
        control = one.replace(".", "-").replace("company_id", "where").replace("site_id", "where")
        found.append(Wrong(control, words.FIELDS.get(name, name), words.ADVICE.get(name, words.ADVICE_ELSE)))
    return found


@router.post("/opportunities/{opportunity_id}/hosting/partners")
def invite(view: InView, opportunity_id: UUID, company_id: Annotated[UUID, Form()]) -> Response:
    """Ask another firm."""
    try:
        with view.write() as (session, actor):
            service.invite(session, actor, opportunity_id, company_id, now=view.now())
    except service.UnfitPartner:
        return _page(view, opportunity_id, status=422, trouble="unfit")
    except service.PartnerKnown:
        return _page(view, opportunity_id, status=409, trouble="known")
    except service.TooManyPartners:
        return _page(view, opportunity_id, status=409, trouble="many")
    return view.go(f"/opportunities/{opportunity_id}/hosting?done=invited")


@router.post("/opportunities/{opportunity_id}/hosting/partners/{partner_id}")
def move(
    view: InView,
    fields: InFields,
    opportunity_id: UUID,
    partner_id: UUID,
    action: Annotated[PartnerAction, Form()],
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
) -> Response:
    """The firm answers; the lead company takes it out or asks again."""
    reason = next((one for one in PartnerReason if one == text(fields, "reason", 40)), None)
    try:
        with view.write() as (session, actor):
            service.move(
                session, actor, opportunity_id, partner_id, action, version=version,
                reason=reason if action is PartnerAction.DECLINE else None,
                tutor_id=_tutor(fields) if action is PartnerAction.ACCEPT else None, now=view.now(),
            )  # fmt: skip
    except service.UnfitPartner as problem:
        wrong = _wrong(str(one["field"]) for one in problem.faults)
        return _page(view, opportunity_id, status=422, wrong=wrong)
    except service.PartnerChanged:
        return _page(view, opportunity_id, status=409, trouble="changed")
    except service.StudentsExpected:
        return _page(view, opportunity_id, status=409, trouble="expected")
    except errors.WrongState:
        return _page(view, opportunity_id, status=409, trouble="late")
    return view.go(f"/opportunities/{opportunity_id}/hosting?done=moved")


def _tutor(fields: Fields) -> UUID | None:
    try:
        return UUID(text(fields, "tutor_id", 40))
    except ValueError:
        return None


@router.get("/companies/{company_id}/hosting")
def show_invitations(view: InView, company_id: UUID) -> Response:
    """What the firm is asked to share, and what it has said."""
    with view.read() as (session, actor):
        found = service.search(session, actor, company_id, limit=MOST_INVITATIONS)
        name = plans.names_of(session, {company_id})[company_id]
    return view.show(
        "company/hosting_invitations.html", found=found, said=words, company_id=company_id, company_name=name,
        waiting=sum(one.state is PartnerState.INVITED for one, _, _ in found),
    )  # fmt: skip
