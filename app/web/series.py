"""Series on pages: the public programme, the host's proposal, and the steering group's list with its clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth.models import Territory
from app.bookings import service_clashes
from app.opportunities import service as opportunities
from app.opportunities.models import Kind
from app.rest import expect_version
from app.series import rules, service, service_proposals, service_public, service_reading
from app.series.models import Audience, Series, SeriesKind, SeriesState
from app.series.rules import ProposalAction
from app.series.schemas import SeriesIn, SeriesPatch, SeriesProposalIn, SeriesProposalPatch
from app.series.service_public import Programme, SeriesSession
from app.series.service_reading import SeenProposal
from app.web import repeating_words
from app.web import series_words as words
from app.web.passing import booking_action
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_SERIES = 100
MOST_PROPOSALS = 500
MOST_SKILLS = 3
_PROPOSED = ("accessibility", "contact_name", "contact_phone")
_FOUNDED = ("territory_id", "name_it", "name_en", "kind", "starts_on", "ends_on", "brief", "review_days")


def _wrong(fields: Iterable[str]) -> list[Wrong]:
    return [
        Wrong(one, words.FIELDS.get(one, one), words.ADVICE.get(one, words.ADVICE_ELSE))
        for one in dict.fromkeys(fields)
    ]


def _of_validation(error: ValidationError) -> list[Wrong]:
    return _wrong(str(one["loc"][0]) for one in error.errors())


def _of_faults(faults: Sequence[Mapping[str, Any]]) -> list[Wrong]:
    return _wrong(str(one["field"]) for one in faults)


# --- for everybody ----------------------------------------------------------------------------------------------------


@router.get("/series")
def show_all_series(view: InView) -> Response:
    """Festival editions, open-day weeks and programmes."""
    with view.open_read() as session:
        found = service_public.published(session, limit=MOST_SERIES)
    return view.show("open/series.html", found=found, said=words, today=view.now().date())


@router.get("/series/{series_id}")
def show_series(view: InView, series_id: UUID) -> Response:
    """One of them with its events by day, also in the words of schema.org."""
    zone = view.now().tzinfo
    assert zone is not None  # noqa: S101 -- the clock tells the territory's time
    with view.open_read() as session:
        found = service_public.programme(session, series_id, zone)
    return view.show(
        "open/series_programme.html", found=found, series=found.series, said=words, linked=_linked(view, found),
        names_of=lambda event: [view.text(words.AUDIENCES[one]).lower() for one in event.audiences],
        labels_of=lambda event: [_label(view, found, one) for one in event.skill_ids[:MOST_SKILLS]],
    )  # fmt: skip


def _label(view: View, found: Programme, skill_id: str) -> str:
    labels = found.labels.get(skill_id, {})
    return labels.get(view.language) or labels.get("it") or skill_id


def _linked(view: View, found: Programme) -> dict[str, Any]:
    """An EventSeries of schema.org with an Event for each session."""
    site, series = view.settings.public_url, found.series
    return {
        "@context": "https://schema.org", "@type": "EventSeries", "name": name_of(view, series),
        "url": f"{site}/series/{series.id}", "startDate": series.starts_on.isoformat(),
        "endDate": series.ends_on.isoformat(), "description": series.brief or name_of(view, series),
        "subEvent": [_linked_session(view, one) for one in found.sessions],
    }  # fmt: skip


def _linked_session(view: View, one: SeriesSession) -> dict[str, Any]:
    event, address = one.event, f"{view.settings.public_url}{one.event.page}"
    place = {
        "@type": "Place", "name": one.room or event.company_name,
        "address": {
            "@type": "PostalAddress", "addressLocality": event.municipality_name,
            "addressRegion": event.region_name, "addressCountry": "IT",
        },
    }  # fmt: skip
    return {
        "@type": "Event", "name": event.title, "url": address,
        "startDate": view.local(one.starts_at).isoformat(), "endDate": view.local(one.ends_at).isoformat(),
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": f"https://schema.org/{'Online' if event.is_online else 'Offline'}EventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": address} if event.is_online else place,
        "organizer": {"@type": "Organization", "name": event.company_name},
        "remainingAttendeeCapacity": one.seats_free, "isAccessibleForFree": True,
    } | booking_action(view, one.id, is_open=one.is_open_to_guests and one.starts_at > view.now())  # fmt: skip


def name_of(view: View, series: Series) -> str:
    """Its name in the page's language."""
    return series.name_it if view.language == "it" else series.name_en


# --- for the host -----------------------------------------------------------------------------------------------------


@router.get("/opportunities/{opportunity_id}/series")
def show_proposal(view: InView, opportunity_id: UUID, done: Done = "") -> Response:
    """Propose a visit for a series, or see what has become of it."""
    return _proposal(view, opportunity_id, done=done)


def _proposal(
    view: View,
    opportunity_id: UUID,
    *,
    status: int = 200,
    done: str = "",
    trouble: str = "",
    wrong: Sequence[Wrong] = (),
    fields: Fields | None = None,
) -> Response:
    with view.read() as (session, actor):
        opportunity = opportunities.read(session, actor, opportunity_id)
        if not service_reading.is_host(session, actor, opportunity):
            raise opportunities.NotYourOpportunity
        if opportunity.kind is not Kind.VISIT:
            raise service_proposals.NotAVisit
        seen = service_reading.find_of(session, actor, opportunity_id)
        choices = service.search(session, actor, state=SeriesState.OPEN, limit=MOST_SERIES)
    return view.show(
        "company/series.html", status=status, opportunity=opportunity, seen=seen, choices=choices, said=words,
        done=words.DONE.get(done), trouble=words.TROUBLES.get(trouble), wrong=wrong,
        wrong_at={one.control: one for one in wrong}, form=_form_of(fields, seen), audiences=list(Audience),
    )  # fmt: skip


def _form_of(fields: Fields | None, seen: SeenProposal | None) -> dict[str, Any]:
    """What stands in the form: what was sent, or what is stored."""
    if fields is not None:
        return {name: text(fields, name, 1000) for name in (*_PROPOSED, "series_id", "is_step_free")} | {
            "audiences": fields.getlist("audiences")
        }
    if seen is None:
        empty = dict.fromkeys((*_PROPOSED, "series_id", "is_step_free"), "")
        return empty | {"audiences": [Audience.STUDENTS]}
    one = seen.proposal
    free = {True: "yes", False: "no", None: ""}[one.is_step_free]
    return {name: getattr(one, name) for name in _PROPOSED} | {
        "series_id": str(one.series_id), "is_step_free": free, "audiences": rules.of_mask(one.audiences),
    }  # fmt: skip


def _sent(fields: Fields) -> dict[str, Any]:
    free = {"yes": True, "no": False}.get(text(fields, "is_step_free"))
    return {name: text(fields, name, 2000) for name in _PROPOSED} | {
        "audiences": fields.getlist("audiences"), "is_step_free": free,
    }  # fmt: skip


@router.post("/opportunities/{opportunity_id}/series")
def propose(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Send the proposal, or what has changed in it."""
    try:
        with view.write() as (session, actor):
            opportunity = opportunities.get_for_change(session, actor, opportunity_id)
            seen = service_reading.find_of(session, actor, opportunity_id)
            if seen is not None:
                patch = SeriesProposalPatch(**_sent(fields)).changes()
                patch["audiences"] = rules.to_mask(patch["audiences"])
                locked = service_proposals.get_for_change(session, actor, seen.series.id, seen.proposal.id)
                service_proposals.edit(session, actor, locked, patch)
                return view.go(f"/opportunities/{opportunity_id}/series?done=saved")
            given = SeriesProposalIn(opportunity_id=opportunity.id, **_sent(fields)).model_dump()
            given["audiences"] = rules.to_mask(given.pop("audiences"))
            given.pop("opportunity_id")
            series_id = _chosen(fields)
            service_proposals.propose(session, actor, series_id, opportunity_id, given, now=view.now())
    except ValidationError as error:
        return _proposal(view, opportunity_id, status=422, wrong=_of_validation(error), fields=fields)
    except (_NothingChosen, service.NoSuchSeries):
        return _proposal(view, opportunity_id, status=422, wrong=_wrong(["series_id"]), fields=fields)
    except service_proposals.SeriesClosed:
        return _proposal(view, opportunity_id, status=409, trouble="closed", fields=fields)
    return view.go(f"/opportunities/{opportunity_id}/series?done=proposed")


class _NothingChosen(Exception):  # noqa: N818 -- not a failure: the page comes back with words
    """No series, or what is no id of one."""


def _chosen(fields: Fields) -> UUID:
    try:
        return UUID(text(fields, "series_id", 40))
    except ValueError as error:
        raise _NothingChosen from error


@router.post("/opportunities/{opportunity_id}/series/move")
def move_own(
    view: InView,
    opportunity_id: UUID,
    action: Annotated[ProposalAction, Form()],
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
) -> Response:
    """The host withdraws, or proposes again."""
    with view.read() as (session, actor):
        opportunity = opportunities.read(session, actor, opportunity_id)
        if not service_reading.is_host(session, actor, opportunity):
            raise opportunities.NotYourOpportunity
        seen = service_reading.find_of(session, actor, opportunity_id)
    if seen is None:
        raise service_reading.NoSuchProposal
    trouble = _move(view, seen.series.id, seen.proposal.id, action, version, None)
    if trouble:
        return _proposal(view, opportunity_id, status=409, trouble=trouble)
    return view.go(f"/opportunities/{opportunity_id}/series?done=moved")


def _move(
    view: View, series_id: UUID, proposal_id: UUID, action: ProposalAction, version: int, reason: str | None
) -> str:
    """What is in the way, if anything."""
    try:
        with view.write() as (session, actor):
            service_proposals.move(
                session, actor, series_id, proposal_id, action, version=version, reason=reason, now=view.now()
            )  # fmt: skip
    except service_proposals.ProposalChanged:
        return "changed"
    except service_proposals.SeriesClosed:
        return "closed"
    except opportunities.NotReady:
        return "not_ready"
    except opportunities.NotYourOpportunity:
        return "not_mine"
    except errors.WrongState:
        return "late"
    return ""


# --- for the steering group -------------------------------------------------------------------------------------------


@router.get("/coordination/series")
def show_own_series(view: InView, done: Done = "") -> Response:
    """The series of one's territory, and the form for another."""
    return _own(view, done=done)


def _own(
    view: View,
    *,
    status: int = 200,
    done: str = "",
    wrong: Sequence[Wrong] = (),
    fields: Fields | None = None,
) -> Response:
    with view.read() as (session, actor):
        if not actor.is_overseer:
            raise service.NotYourSeries
        found = [
            one
            for one in service.search(session, actor, limit=MOST_SERIES)
            if rules.steers(actor, one.territory_id)
        ]
        territories = _territories(session, actor.territories if actor.is_coordinator else None)
    form = {name: text(fields, name, 2000) if fields else "" for name in _FOUNDED}
    return view.show(
        "coordinator/series.html", status=status, found=found, said=words, done=words.DONE.get(done), wrong=wrong,
        wrong_at={one.control: one for one in wrong}, form=form, territories=territories, kinds=list(SeriesKind),
    )  # fmt: skip


def _territories(session: Session, ids: Iterable[UUID] | None) -> list[Territory]:
    query = session.query(Territory)
    if ids is not None:
        query = query.filter(Territory.id.in_(ids))
    return query.order_by(Territory.name).limit(MOST_SERIES).all()


@router.post("/coordination/series")
def found_series(view: InView, fields: InFields) -> Response:
    """Found one, as a draft."""
    with view.read() as (_, actor):
        if not actor.is_overseer:
            raise service.NotYourSeries
    try:
        given = SeriesIn.model_validate({name: text(fields, name, 2000) for name in _FOUNDED})
        with view.write() as (session, actor):
            made = service.create(session, actor, given.model_dump(), now=view.now())
    except ValidationError as error:
        return _own(view, status=422, wrong=_of_validation(error), fields=fields)
    except service.UnfitSeries as problem:
        return _own(view, status=422, wrong=_of_faults(problem.faults), fields=fields)
    return view.go(f"/coordination/series/{made.id}?done=created")


@router.get("/coordination/series/{series_id}")
def show_steering(
    view: InView, series_id: UUID, done: Done = "", show: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """What waits for an answer, the nearest clock first, and all the rest."""
    return _steering(view, series_id, done=done, show=show)


def _steering(
    view: View,
    series_id: UUID,
    *,
    status: int = 200,
    done: str = "",
    show: str = "",
    trouble: str = "",
    wrong: Sequence[Wrong] = (),
    form: Mapping[str, Any] | None = None,
) -> Response:
    with view.read() as (session, actor):
        series = service.read(session, actor, series_id)
        if not rules.steers(actor, series.territory_id):
            raise service.NotYourSeries
        found = service_reading.search(session, actor, series_id, limit=MOST_PROPOSALS)
        waiting = sorted(
            (one for one in found if one.proposal.state in rules.OPEN),
            key=lambda one: (one.proposal.due_at, one.proposal.id),
        )
        warned = service_clashes.of_events(
            session, [one.opportunity for one in waiting], view.now().tzinfo or UTC
        )
    stored = {name: getattr(series, name) for name in _FOUNDED}
    return view.show(
        "coordinator/series_review.html", status=status, series=series, waiting=waiting, warned=warned,
        clash_words=repeating_words.CLASHES,
        others=[one for one in found if one.proposal.state not in rules.OPEN], said=words,
        done=words.DONE.get(done), trouble=words.TROUBLES.get(trouble), wrong=wrong,
        wrong_at={one.control: one for one in wrong}, form=stored | dict(form or {}), kinds=list(SeriesKind),
        today=view.now().date(), steps=[one for one in SeriesState if one in rules.SERIES_STEPS[series.state]],
        audiences_of=rules.of_mask, is_whole=show == "all",
    )  # fmt: skip


@router.post("/coordination/series/{series_id}")
def edit_series(view: InView, fields: InFields, series_id: UUID) -> Response:
    """Change its name, days and what it asks for; or open and close it."""
    form: dict[str, Any] = {
        name: text(fields, name, 2000) for name in _FOUNDED if name in fields and name != "territory_id"
    }
    state = text(fields, "state", 10)
    version = text(fields, "version", 12)
    try:
        with view.write() as (session, actor):
            series = service.get_for_change(session, actor, series_id)
            changes = SeriesPatch.model_validate({"state": state} if state else form).changes()
            expect_version(f'"{version}"', series.version)
            service.edit(session, actor, series, changes)
    except ValidationError as error:
        return _steering(view, series_id, status=422, wrong=_of_validation(error), form=form)
    except service.UnfitSeries as problem:
        return _steering(view, series_id, status=422, wrong=_of_faults(problem.faults), form=form)
    except (errors.Stale, errors.WrongState):
        return _steering(view, series_id, status=409, trouble="late")
    return view.go(f"/coordination/series/{series_id}?done=saved")


@router.post("/coordination/series/{series_id}/proposals/{proposal_id}")
def decide(
    view: InView,
    series_id: UUID,
    proposal_id: UUID,
    action: Annotated[ProposalAction, Form()],
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take it up, put it into the programme, or send it back with a reason."""
    is_returned = action is ProposalAction.RETURN
    if is_returned and len(reason.strip()) < 3:
        return _steering(view, series_id, status=422, wrong=_wrong(["reason"]))
    trouble = _move(view, series_id, proposal_id, action, version, reason.strip() if is_returned else None)
    if trouble:
        return _steering(view, series_id, status=409, trouble=trouble)
    return view.go(f"/coordination/series/{series_id}?done=moved")
