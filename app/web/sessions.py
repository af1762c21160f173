"""The sessions of a visit, for its host and for who coordinates: planning, the list of the day, rules for seats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from starlette.responses import Response

from app.bookings import (
    rules,
    service_overview,
    service_quotas,
    service_reading,
    service_sessions,
    service_turns,
)
from app.bookings.models import BookingState, Quota, SessionState, VisitSession
from app.bookings.rules import Limits
from app.bookings.schemas import QuotaIn, VisitSessionIn
from app.companies.models import Company
from app.opportunities.service import SeatsTaken
from app.programmes import service as programmes
from app.schools import service as schools
from app.schools.models import School
from app.web import booking_words, session_words
from app.web import placement_forms as forms
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.student_profile import LANGUAGES
from app.web.ui import InView, View

router = APIRouter(prefix="/opportunities/{opportunity_id}", include_in_schema=False)

MOST_SHOWN = 200
MOST_LISTED = 500
MOST_SCHOOLS = 500
LONGEST_YEARS = 6
COMES = (BookingState.BOOKED, BookingState.ATTENDED, BookingState.ABSENT)
EMPTY = {
    "day": "", "starts": "09:00", "ends": "11:00", "room": "", "online_link": "", "language": "it", "note": "", "seats": "",
    "smallest_group": "", "is_open_to_guests": "",
}  # fmt: skip
NO_QUOTA = dict.fromkeys(("sort", "number", "school_id", "year", "visit_session_id", "until"), "")
_CONTROLS = {"starts_at": "starts", "ends_at": "ends", "most_groups": "number", "released_at": "until"}
Done = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """A quota with what a page says of it; `until` is the last day on which seats are kept."""

    quota: Quota
    school_name: str | None
    programme: Mapping[str, str] | None
    until: datetime | None


# --- pages ------------------------------------------------------------------------------------------------------------


@router.get("/sessions")
def show_sessions(view: InView, opportunity_id: UUID, copy: UUID | None = None, done: Done = "") -> Response:
    """All sessions with their numbers, the rules for seats, and the form of one more; `copy` fills it in."""
    return _sessions(view, opportunity_id, copy=copy, done=done)


def _sessions(
    view: View, opportunity_id: UUID, *, form: Mapping[str, str] | None = None, quota_form: Mapping[str, str] | None = None,
    wrong: Sequence[Wrong] = (), trouble: str = "", copy: UUID | None = None, done: str = "",
) -> Response:  # fmt: skip
    with view.read() as (session, actor):
        opportunity = service_overview.require_host(session, actor, opportunity_id)
        visits = service_sessions.search(session, actor, opportunity_id, limit=MOST_SHOWN)
        planned = service_overview.planned(session, visits)
        quotas = service_quotas.search(session, actor, opportunity_id, limit=rules.MOST_QUOTAS)
        company = session.get_one(Company, opportunity.company_id)
        some = [school for school, _ in schools.search(session, limit=MOST_SCHOOLS)]
        named = {
            one.school_id: session.get_one(School, one.school_id).name
            for one in quotas
            if one.school_id is not None
        }
        titles = programmes.titles(session, {one.programme_id for one in quotas if one.programme_id})
    original = next((visit for visit in visits if visit.id == copy), None)
    if form is None:
        form = EMPTY if original is None else _form_of(view, original) | {"day": ""}
    return view.show(
        "visits/sessions.html", status=_status(wrong, trouble), opportunity=opportunity, company=company, planned=planned,
        to_come=[one for one in planned if one.visit.starts_at > view.now()], now=view.now(),
        quotas=[_line(view, one, named, titles) for one in quotas], sessions_by_id={visit.id: visit for visit in visits},
        schools=some, form=form, quota_form=quota_form or NO_QUOTA, wrong=wrong, wrong_at={one.control: one for one in wrong},
        trouble=session_words.TROUBLES.get(trouble), done=session_words.DONE.get(done), said=session_words, original=original,
        languages=LANGUAGES, years=range(1, LONGEST_YEARS + 1), STATE=BookingState,
    )  # fmt: skip


@router.get("/sessions/{visit_session_id}")
def show_session(view: InView, opportunity_id: UUID, visit_session_id: UUID, done: Done = "") -> Response:
    """One session: the list of the day, which prints on a sheet, who waits, and the ways to change and to cancel it."""
    return _session(view, opportunity_id, visit_session_id, done=done)


def _session(
    view: View, opportunity_id: UUID, visit_session_id: UUID, *, form: Mapping[str, str] | None = None,
    wrong: Sequence[Wrong] = (), trouble: str = "", done: str = "",
) -> Response:  # fmt: skip
    now = view.now()
    with view.read() as (session, actor):
        opportunity = service_overview.require_host(session, actor, opportunity_id)
        visit = service_sessions.read_of(session, actor, opportunity_id, visit_session_id)
        [numbers] = service_overview.planned(session, [visit])
        company = session.get_one(Company, opportunity.company_id)
        seen = service_reading.of_session(session, actor, visit.id, limit=MOST_LISTED, now=now)
    is_open = visit.state is SessionState.PLANNED and visit.starts_at > now
    return view.show(
        "visits/session.html", status=_status(wrong, trouble), opportunity=opportunity, company=company, visit=visit,
        numbers=numbers, comes=[one for one in seen if one.booking.state in COMES], is_open=is_open, STATE=BookingState,
        asks=[one for one in seen if one.booking.state in rules.OPEN - set(COMES)], form=form or _form_of(view, visit),
        fingerprint=_fingerprint(visit), wrong=wrong, wrong_at={one.control: one for one in wrong},
        trouble=session_words.TROUBLES.get(trouble), done=session_words.DONE.get(done), said=session_words,
        booking_words=booking_words, languages=LANGUAGES, is_cut=len(seen) == MOST_LISTED,
    )  # fmt: skip


def _status(wrong: Sequence[Wrong], trouble: str) -> int:
    return 422 if wrong else 409 if trouble else 200


# --- steps ------------------------------------------------------------------------------------------------------------


@router.post("/sessions")
def plan_session(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """One more session; the same form sent twice plans it once."""
    form = _sent(fields, EMPTY)
    values, wrong = _values(view, form)
    trouble = ""
    if not wrong:
        try:
            with view.write() as (session, actor):
                if not service_overview.has_twin(session, opportunity_id, values):
                    service_sessions.create(session, actor, opportunity_id, values, now=view.now())
            return view.go(f"/opportunities/{opportunity_id}/sessions?done=planned#sessions")
        except service_sessions.UnfitSession as problem:
            wrong = _wrong(problem.faults)
        except service_sessions.TooManySessions:
            trouble = "many"
        except SeatsTaken:
            trouble = "promised"
        except service_sessions.WrongState:
            trouble = "over"
    return _sessions(view, opportunity_id, form=form, wrong=wrong, trouble=trouble)


@router.post("/sessions/{visit_session_id}")
def save_session(
    view: InView,
    fields: InFields,
    opportunity_id: UUID,
    visit_session_id: UUID,
    was: Annotated[str, Form(max_length=64)],
) -> Response:
    """Change a session. `was` is how the page had it: bookings that came meanwhile are no matter, a colleague's change is."""
    form = _sent(fields, EMPTY)
    values, wrong = _values(view, form)
    trouble = ""
    if not wrong:
        try:
            with view.write() as (session, actor):
                visit, event = service_sessions.get_for_change(
                    session, actor, opportunity_id, visit_session_id
                )
                if _fingerprint(visit) == was:
                    service_turns.edit(
                        session, actor, visit, event, values, now=view.now(), limits=Limits.of(view.settings)
                    )
                else:
                    trouble = "changed"
        except service_sessions.UnfitSession as problem:
            wrong = _wrong(problem.faults)
        except service_sessions.SeatsPromised:
            trouble = "promised"
        except service_turns.PeopleHaveCome:
            trouble = "come"
        except service_sessions.WrongState:
            trouble = "over"
    if not wrong and not trouble:
        return view.go(f"/opportunities/{opportunity_id}/sessions/{visit_session_id}?done=saved")
    shown = None if trouble == "changed" else form
    return _session(view, opportunity_id, visit_session_id, form=shown, wrong=wrong, trouble=trouble)


@router.post("/sessions/{visit_session_id}/cancel")
def cancel_session(
    view: InView,
    opportunity_id: UUID,
    visit_session_id: UUID,
    confirm: Annotated[str, Form(pattern="^(yes)?$")] = "",
) -> Response:
    """Cancel a session with all its bookings; the page has said what becomes of them, and asks for a tick."""
    if not confirm:
        return _session(view, opportunity_id, visit_session_id, wrong=[_missing("confirm")])
    try:
        with view.write() as (session, actor):
            visit, event = service_sessions.get_for_change(session, actor, opportunity_id, visit_session_id)
            service_turns.cancel(session, actor, visit, event, now=view.now())
    except service_turns.PeopleHaveCome:
        return _session(view, opportunity_id, visit_session_id, trouble="come")
    except service_sessions.WrongState:
        return _session(view, opportunity_id, visit_session_id, trouble="over")
    return view.go(f"/opportunities/{opportunity_id}/sessions/{visit_session_id}?done=cancelled")


@router.post("/quotas")
def add_quota(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """One more rule for seats, named by whom it is for; the same form sent twice adds it once."""
    form = _sent(fields, NO_QUOTA)
    trouble = ""
    try:
        values = _quota_values(view, form, fields)
        with view.write() as (session, actor):
            school = None if values["school_id"] is None else session.get(School, values["school_id"])
            values["name"] = _quota_name(view, values, school)
            if not service_overview.has_twin_quota(session, opportunity_id, values):
                service_quotas.create(session, actor, opportunity_id, values, now=view.now())
        return view.go(f"/opportunities/{opportunity_id}/sessions?done=quota#quotas")
    except (forms.Unreadable, service_quotas.UnfitQuota) as problem:
        wrong = _wrong(problem.faults, seats="number")
    except service_sessions.SeatsPromised:
        wrong, trouble = [], "promised"
    except service_quotas.TooManyQuotas:
        wrong, trouble = [], "many"
    return _sessions(view, opportunity_id, quota_form=form, wrong=wrong, trouble=trouble)


@router.post("/quotas/{quota_id}/remove")
def remove_quota(view: InView, opportunity_id: UUID, quota_id: UUID) -> Response:
    """Take a rule back; who waits because of it is served."""
    with view.write() as (session, actor):
        service_quotas.remove(
            session, actor, opportunity_id, quota_id, now=view.now(), limits=Limits.of(view.settings)
        )
    return view.go(f"/opportunities/{opportunity_id}/sessions?done=unquota#quotas")


# --- forms ------------------------------------------------------------------------------------------------------------


def _sent(fields: Fields, names: Mapping[str, str]) -> dict[str, str]:
    return {name: text(fields, name, 2000) for name in names}


def _form_of(view: View, visit: VisitSession) -> dict[str, str]:
    starts, ends = view.local(visit.starts_at), view.local(visit.ends_at)
    return {
        "day": starts.date().isoformat(), "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}", "room": visit.room,
        "online_link": visit.online_link or "", "language": visit.language, "note": visit.note, "seats": str(visit.seats),
        "smallest_group": "" if visit.smallest_group is None else str(visit.smallest_group),
        "is_open_to_guests": "yes" if visit.is_open_to_guests else "",
    }  # fmt: skip


def _fingerprint(visit: VisitSession) -> str:
    """Of all that the form changes, and of nothing that bookings do."""
    told = [str(getattr(visit, name)) for name in service_sessions.FIELDS]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def _values(view: View, form: Mapping[str, str]) -> tuple[dict[str, Any], list[Wrong]]:
    """What the form asks for, within the bounds of the API; or what is wrong in it."""
    wrong: dict[str, Wrong] = {}
    moments: dict[str, datetime | None] = {"starts": None, "ends": None}
    try:
        day = datetime.strptime(form["day"], "%Y-%m-%d").date()  # noqa: DTZ007 -- a day, not a moment
    except ValueError:
        day, wrong["day"] = view.now().date(), _missing("day")
    for name in moments:
        try:
            clock = time.fromisoformat(form[name]).replace(tzinfo=ZoneInfo(view.settings.time_zone))
            moments[name] = datetime.combine(day, clock)
        except ValueError:
            wrong[name] = _missing(name)
    sent: dict[str, Any] = {name: form[name] for name in ("room", "language", "note", "seats")}
    sent |= {name: form[name] or None for name in ("online_link", "smallest_group")}
    sent["is_open_to_guests"] = form["is_open_to_guests"] == "yes"
    sent |= {"starts_at": moments["starts"], "ends_at": moments["ends"]}
    try:
        return VisitSessionIn.model_validate(sent).model_dump(), list(wrong.values())
    except ValidationError as error:
        for one in _wrong({"field": str(fault["loc"][0])} for fault in error.errors()):
            if one.control not in wrong:
                wrong[one.control] = one
    return {}, list(wrong.values())


def _quota_values(view: View, form: Mapping[str, str], fields: Fields) -> dict[str, Any]:
    """Raises Unreadable."""
    if form["sort"] not in ("keep", "seats", "groups"):
        raise forms.Unreadable("sort")
    number = forms.whole(fields, "number", 1, 1000)
    last = forms.day(fields, "until")
    midnight = time(tzinfo=ZoneInfo(view.settings.time_zone))
    released_at = None if last is None else datetime.combine(last + timedelta(days=1), midnight)
    sent = QuotaIn(
        name="-", visit_session_id=forms.identifier(fields, "visit_session_id"),
        school_id=forms.identifier(fields, "school_id"), keeps=form["sort"] == "keep",
        year=forms.whole(fields, "year", 1, LONGEST_YEARS) if form["year"] else None,
        seats=None if form["sort"] == "groups" else number, most_groups=number if form["sort"] == "groups" else None,
        released_at=released_at,
    )  # fmt: skip
    return sent.model_dump()


def _quota_name(view: View, values: Mapping[str, Any], school: School | None) -> str:
    parts = [] if school is None else [school.name]
    if values["year"] is not None:
        parts.append(view.text(session_words.FIELDS["year"]) + f" {values['year']}")
    return ", ".join(parts)[:100] or "*"


def _line(
    view: View, quota: Quota, named: Mapping[UUID, str], titles: Mapping[str, Mapping[str, str]]
) -> QuotaLine:
    until = None
    if quota.released_at is not None:
        until = view.local(quota.released_at - timedelta(seconds=1))
    name = None if quota.school_id is None else named[quota.school_id]
    return QuotaLine(quota, name, titles.get(quota.programme_id or ""), until)


def _missing(control: str) -> Wrong:
    return Wrong(control, session_words.FIELDS[control], session_words.ADVICE[control])


def _wrong(faults: Any, **controls: str) -> list[Wrong]:
    """Faults of services, each control once."""
    names = [str(fault["field"]) for fault in faults]
    found = [controls.get(name) or _CONTROLS.get(name, name) for name in names]
    return [_missing(name) for name in dict.fromkeys(found)]
