"""What changes in a placement after the signatures: another tutor, an amendment to sign, an early end with its note."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates, errors
from app.agreements import printing, service_amendments
from app.agreements.models import Language
from app.auth.actors import Actor
from app.placements import rules, service_tutors
from app.placements import service as placements
from app.placements import service_terms as terms
from app.placements.models import Party, Placement, TutorSide
from app.placements.service import Seen
from app.web import placement
from app.web import placement_forms as forms
from app.web.posting_forms import Fields, InFields, text
from app.web.ui import InView

router = APIRouter(include_in_schema=False)

AMENDED = "-amended"
"""Behind the ids of the amendment's fields: those of the terms are on the same page."""


@router.post("/placements/{placement_id}/tutors")
def replace_tutor(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """Let somebody else be the tutor of this placement from a day on."""
    try:
        with view.write() as (session, actor):
            seen = placements.find(session, actor, placement_id, scope="placements:write")
            _replace_tutor(session, actor, seen, fields, view.now())
    except (forms.Unreadable, service_tutors.UnfitTutor) as problem:
        side_name = text(fields, "side", 10)
        return placement.page(
            view, placement_id, status=422, wrong=forms.wrong(problem.faults), suffix=f"-{side_name}"
        )
    except errors.Conflict as problem:
        return placement.page(view, placement_id, status=409, trouble=placement.in_words(problem))
    return view.go(f"/placements/{placement_id}?done=substitution")


def _replace_tutor(session: Session, actor: Actor, seen: Seen, fields: Fields, now: datetime) -> None:
    side = forms.one_of(fields, "side", TutorSide)
    if seen.party not in rules.REPLACED_BY[side]:
        raise terms.NotYourTerms("This tutor is for another side to choose.")
    before_id = getattr(seen.placement, f"{side}_tutor_id")
    if before_id is None or seen.placement.state not in placement.REPLACEABLE:
        raise errors.WrongState
    after_id, from_on = forms.needed_id(fields, "after_id"), forms.needed_day(fields, "from_on")
    if from_on > seen.placement.ends_on:
        raise forms.Unreadable("from_on")
    service_tutors.substitute(
        session, actor, side, before_id, after_id, from_on=from_on, placement_ids=[seen.placement.id], now=now
    )


# --- amendments -------------------------------------------------------------------------------------------------------


@router.post("/placements/{placement_id}/amendments")
def create_amendment(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """A draft of what is different from what is agreed; its page says what it lacks, and sends it out."""
    try:
        with view.write() as (session, actor):
            seen = placements.find(session, actor, placement_id, scope="placements:write")
            if seen.party is not Party.SCHOOL:
                raise errors.NotAllowed("The student's school writes it.")
            changes = _amended(fields, seen.placement)
            made = service_amendments.create(session, actor, placement_id, changes, now=view.now())
    except (forms.Unreadable, service_amendments.UnfitAmendment) as problem:
        wrong = forms.wrong(problem.faults)
        return placement.page(view, placement_id, status=422, wrong=wrong, suffix=AMENDED)
    except errors.Conflict as problem:
        return placement.page(view, placement_id, status=409, trouble=placement.in_words(problem))
    return view.go(f"/papers/{made.id}")


def _amended(fields: Fields, agreed: Placement) -> dict[str, Any]:
    """The columns that the form changes. An empty field, and one that says what is agreed already, change nothing."""
    weekdays = [one for one in dates.WeekdayName if one in fields.getlist("weekdays")]
    given: dict[str, Any] = {
        "starts_on": forms.day(fields, "starts_on"),
        "ends_on": forms.day(fields, "ends_on"),
        "weekdays": dates.weekdays_to_mask(weekdays) if weekdays else None,
        "daily_hours": forms.number(fields, "daily_hours", rules.LEAST_DAILY_HOURS, 24)
        if fields.get("daily_hours")
        else None,
        "planned_hours": forms.whole(fields, "planned_hours", 1, 5000)
        if fields.get("planned_hours")
        else None,
        "school_tutor_id": forms.identifier(fields, "school_tutor_id"),
        "host_tutor_id": forms.identifier(fields, "host_tutor_id"),
    }
    changes = {
        name: value for name, value in given.items() if value is not None and value != getattr(agreed, name)
    }
    times = forms.clock(fields, "starts_at"), forms.clock(fields, "ends_at")
    if (times[0] is None) != (times[1] is None):
        raise forms.Unreadable("ends_at")
    if times[0] is not None and times != (agreed.starts_at, agreed.ends_at):
        changes |= dict(zip(("starts_at", "ends_at"), times, strict=True))
    return changes


# --- an early end -----------------------------------------------------------------------------------------------------


@router.post("/placements/{placement_id}/interruption")
def end_early(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """End it on a day that has been, for a side and a reason; the note is kept as a document."""
    now = view.now()
    try:
        language = forms.one_of(fields, "language", Language)
        said: dict[str, Any] = {
            "ended_on": forms.needed_day(fields, "ended_on"),
            "party": forms.one_of(fields, "party", Party),
            "reason": placement.reason(fields),
            "text": text(fields, "text", 1000),
            "language": language,
        }
        with view.read() as (session, actor):
            data = service_amendments.require_note(session, actor, placement_id, **said, now=now)
        printed = printing.print_paper(data, version=1, now=now)
        with view.write() as (session, actor):
            service_amendments.interrupt(session, actor, placement_id, printed, **said, now=now)
    except (forms.Unreadable, service_amendments.UnfitNote) as problem:
        return placement.page(view, placement_id, status=422, wrong=forms.wrong(problem.faults))
    except errors.Conflict as problem:
        return placement.page(view, placement_id, status=409, trouble=placement.in_words(problem))
    return view.go(f"/placements/{placement_id}?done=noted")
