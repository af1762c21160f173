"""Saying what a company needs: a text, its skills, dates and seats, a preview; and renewing last year's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth.actors import Actor
from app.companies import service as companies
from app.dates import WeekdayName
from app.kits import service_copies as kit_copies
from app.matches import service_reach as reach
from app.matches import service_texts as texts
from app.matches import translate
from app.matches.recognition import Recogniser
from app.opportunities import rules as opportunity_rules
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind, Opportunity
from app.opportunities.rules import Action
from app.opportunities.schemas import OpportunityIn, OpportunityOut
from app.places import service as places
from app.places.gazetteer import search_key
from app.postings import rules
from app.postings import service as postings
from app.rest import etag, expect_version
from app.skills import service as skills
from app.web import company_words, posting_forms
from app.web.posting_forms import BadForm, Fields, InFields, Wrong
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_HITS = 8
_LONGEST_TEXT = 8000


class Answer(StrEnum):
    """What is right where text and form disagree."""

    TEXT = "text"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Draft:
    """An opportunity as those who write it see it, with what its text names and the questions about it."""

    opportunity: OpportunityOut
    company: Any
    question: texts.TextQuestion
    found: texts.TextAnswer
    open_questions: Sequence[Any]


def _recogniser(view: View) -> Recogniser:
    recogniser: Recogniser = view.request.app.state.recogniser
    return recogniser


def _load(view: View, opportunity_id: UUID) -> Draft:
    with view.read() as (session, actor):
        question = texts.ask(session, actor, _recogniser(view), opportunity_id)
        row = opportunities.read(session, actor, opportunity_id)
        [opportunity] = opportunities.show(session, [row])
        [company] = companies.show(session, actor, [companies.require(session, actor, row.company_id)])
        settled = postings.settled(session, opportunity_id)
    found = texts.check(_recogniser(view), question)
    still = {texts.key_of(one): one for one in found.conflicts}
    return Draft(
        opportunity, company, question, found,
        [
            {"key": key, "it": one.it, "en": one.en, "is_known": texts.as_the_text_says(question, one) is not None}
            for key, one in still.items()
            if key not in settled
        ],
    )  # fmt: skip


def _get(view: View, fields: Fields, session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    """The opportunity to change, if nobody has changed it since the form was made; the effort is noted."""
    row = opportunities.get_for_change(session, actor, opportunity_id)
    expect_version(etag(posting_forms.number(fields, "version")), row.version)
    postings.note_effort(session, opportunity_id, **posting_forms.effort(fields, view.now()))
    return row


def _edit(view: View, fields: Fields, opportunity_id: UUID, changes: dict[str, Any]) -> None:
    """Save. Raises BadForm where the service names fields."""
    try:
        with view.write() as (session, actor):
            row = _get(view, fields, session, actor, opportunity_id)
            opportunities.edit(session, actor, row, changes, today=view.now().date())
    except opportunities.SeatsTaken as problem:
        raise BadForm(
            posting_forms.wrong([{"field": "seats", "detail": "more seats are taken"}])
        ) from problem
    except (opportunities.UnfitOpportunity, opportunities.NotReady) as problem:
        raise BadForm(posting_forms.wrong(problem.faults)) from problem


def _show(
    view: View, template: str, step: str, draft: Draft, *, wrong: Sequence[Wrong] = (), **more: Any
) -> Response:
    is_live = "hx-request" in view.request.headers
    return view.show(
        f"company/{template}.html", status=422 if wrong and not is_live else 200, opportunity=draft.opportunity,
        company=draft.company, open_questions=draft.open_questions, wrong=wrong, step=step,
        company_words=company_words, opened=int(view.now().timestamp()), **more,
    )  # fmt: skip


# --- the text ---------------------------------------------------------------------------------------------------------


@router.get("/companies/{company_id}/need")
def show_need(view: InView, company_id: UUID) -> Response:
    """One field for what is needed, in one's own words."""
    return _show_need(view, company_id, text="", kind=None, posting_id=uuid4(), wrong=())


@router.post("/companies/{company_id}/need")
def write_need(view: InView, fields: InFields, company_id: UUID) -> Response:
    """Make a draft with the skills that the text names, and go on to them."""
    text, kind = posting_forms.text(fields, "text"), posting_forms.text(fields, "kind")
    posting_id = _uuid(posting_forms.text(fields, "posting"))
    with view.read() as (session, actor):
        kinds = _kinds(actor, company_id)
        given = postings.from_last_time(session, company_id, Kind(kind)) if kind in kinds else {}
        vocabulary = _recogniser(view).ask(session)
    faults = [("text", "")] if not 0 < len(text) <= _LONGEST_TEXT else []
    faults += [("kind", "")] if kind not in kinds else []
    if faults:
        wrong = posting_forms.wrong({"field": field, "detail": detail} for field, detail in faults)
        return _show_need(view, company_id, text=text, kind=kind, posting_id=posting_id, wrong=wrong)
    found = _recogniser(view).find(vocabulary, text, None, MOST_HITS)
    role = rules.role_of(Kind(kind)).value
    body = OpportunityIn(
        company_id=company_id, kind=Kind(kind), title=rules.title_of(text) or text[:1], text=text, **given,
        **{role: [{"skill_id": one.id, "level": 2} for one in found]},
    )  # fmt: skip
    with view.write() as (session, actor):
        row = postings.begin(session, actor, posting_id, body, now=view.now())
        postings.note_effort(session, row.id, **posting_forms.effort(fields, view.now()))
    return view.go(f"/opportunities/{row.id}/skills")


def _show_need(
    view: View, company_id: UUID, *, text: str, kind: str | None, posting_id: UUID, wrong: Sequence[Wrong]
) -> Response:
    with view.read() as (session, actor):
        kinds = _kinds(actor, company_id)
        company = companies.read(session, actor, company_id)
    return view.show(
        "company/need.html", status=422 if wrong else 200, company=company, text=text, kind=kind or kinds[0],
        kinds=kinds, posting_id=posting_id, wrong=wrong, company_words=company_words, opportunity=None,
        opened=int(view.now().timestamp()),
    )  # fmt: skip


def _kinds(actor: Actor, company_id: UUID) -> list[str]:
    """What the actor may offer for the company. Raises NoSuchCompany for those who do not work there."""
    kinds = [kind.value for kind in Kind if opportunity_rules.works_on(actor, company_id, kind)]
    if not kinds:
        raise companies.NoSuchCompany
    return kinds


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        return uuid4()


@router.get("/opportunities/{opportunity_id}/text")
def show_text(view: InView, opportunity_id: UUID) -> Response:
    """The text of what there is already."""
    draft = _load(view, opportunity_id)
    return _show(view, "need", "text", draft, text=draft.opportunity.text)


@router.post("/opportunities/{opportunity_id}/text")
def save_text(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Save the text, and go on to the skills that it names."""
    text = posting_forms.text(fields, "text")
    if not 0 < len(text) <= _LONGEST_TEXT:
        wrong = posting_forms.wrong([{"field": "text", "detail": ""}])
        return _show(view, "need", "text", _load(view, opportunity_id), text=text, wrong=wrong)
    _edit(view, fields, opportunity_id, {"text": text})
    return view.go(f"/opportunities/{opportunity_id}/skills")


# --- skills -----------------------------------------------------------------------------------------------------------


@router.get("/opportunities/{opportunity_id}/skills")
def show_skills(view: InView, opportunity_id: UUID, q: str = "") -> Response:
    """What the text names, marked in it, and what is asked for; a search for what is missing."""
    return _show_skills(view, opportunity_id, q[:100], ())


@router.post("/opportunities/{opportunity_id}/skills")
def save_skills(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Save what is ticked, then go on, or search for more."""
    query = posting_forms.text(fields, "q", 100)
    try:
        _edit(view, fields, opportunity_id, posting_forms.needs_of(fields))
    except BadForm as bad:
        return _show_skills(view, opportunity_id, query, bad.wrong)
    if fields.get("then") == "search":
        return view.go(f"{view.request.url.path}?{urlencode({'q': query})}#search")
    return view.go(f"/opportunities/{opportunity_id}/details")


def _show_skills(view: View, opportunity_id: UUID, query: str, wrong: Sequence[Wrong]) -> Response:
    draft = _load(view, opportunity_id)
    held = {
        need.skill_id: (role, need.level)
        for role in company_words.ROLES
        for need in getattr(draft.opportunity, role)
    }
    usual = rules.role_of(draft.opportunity.kind).value
    with view.open_read() as session:
        hits = [hit.skill for hit in skills.search(session, query, limit=MOST_HITS)] if query else []
        named = [one.id for one in draft.found.skills]
        listed = list(dict.fromkeys([*held, *named, *(hit.id for hit in hits)]))
        labels = skills.refs(session, listed)
    return _show(
        view, "skills", "skills", draft, wrong=wrong, query=query, labels=labels, named=named,
        pieces=posting_forms.pieces(draft.opportunity.text, draft.found.skills),
        listed=[(one, one in held, *held.get(one, (usual, 2))) for one in listed if one in labels],
    )  # fmt: skip


# --- dates and seats --------------------------------------------------------------------------------------------------


@router.get("/opportunities/{opportunity_id}/details")
def show_details(view: InView, opportunity_id: UUID) -> Response:
    """Seats, dates, place, hours, conditions; and beside them how many students fit."""
    draft = _load(view, opportunity_id)
    return _show_details(view, draft, posting_forms.details_of(draft.opportunity), ())


@router.post("/opportunities/{opportunity_id}/details")
def save_details(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Save, then go on, add a date, or only count anew."""
    then = fields.get("then")
    form = posting_forms.sent_details(fields, has_one_more=then == "add")
    draft = _load(view, opportunity_id)
    try:
        istat = _istat(view, form["place_name"]) if form["place"] == "other" else None
        _edit(view, fields, opportunity_id, posting_forms.patch_of(form, draft.opportunity, istat))
    except BadForm as bad:
        return _show_details(view, draft, form, bad.wrong)
    if then == "next":
        return view.go(f"/opportunities/{opportunity_id}/preview")
    if then == "add":
        return _show_details(view, _load(view, opportunity_id), form, ())
    return view.go(f"/opportunities/{opportunity_id}/details#reach")


def _istat(view: View, name: str) -> str | None:
    with view.open_read() as session:
        hits = places.search(session, name, province=None, limit=20, after=None)
    return next((place.istat for place, found_as in hits if search_key(found_as) == search_key(name)), None)


def _show_details(view: View, draft: Draft, form: dict[str, Any], wrong: Sequence[Wrong]) -> Response:
    with view.read() as (session, actor):
        question = reach.ask(session, actor, view.engine, draft.opportunity.id)
        istats = {site.municipality_istat for site in draft.company.sites}
        istat = draft.opportunity.municipality_istat
        place_names = places.names(session, istats | {istat} if istat else istats)
    return _show(
        view, "details", "details", draft, wrong=wrong, form=form, place_names=place_names,
        reach=reach.page(view.engine, question), weekdays=list(WeekdayName),
        wrong_at={one.control: one for one in wrong},
    )  # fmt: skip


# --- questions, preview, publication ----------------------------------------------------------------------------------


@router.post("/opportunities/{opportunity_id}/questions")
def answer_question(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Where text and form disagree: change the form, or ask no more."""
    draft = _load(view, opportunity_id)
    key = posting_forms.text(fields, "question", 300)
    conflict = next((one for one in draft.found.conflicts if texts.key_of(one) == key), None)
    step = posting_forms.text(fields, "step", 20)
    if conflict is not None:
        change = texts.as_the_text_says(draft.question, conflict)
        if fields.get("answer") == Answer.TEXT and change is not None:
            try:
                _edit(view, fields, opportunity_id, change)
            except BadForm as bad:
                return _show_preview(view, opportunity_id, bad.wrong)
        elif fields.get("answer") == Answer.FORM:
            with view.write() as (session, actor):
                postings.settle(session, _get(view, fields, session, actor, opportunity_id), key)
    return view.go(
        f"/opportunities/{opportunity_id}/{step if step in company_words.STEPS else 'preview'}#questions"
    )


@router.get("/opportunities/{opportunity_id}/preview")
def show_preview(view: InView, opportunity_id: UUID) -> Response:
    """The card as students see it, whom it reaches, and what can be done with it now."""
    return _show_preview(view, opportunity_id, ())


@router.post("/opportunities/{opportunity_id}/preview")
def move(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Publish, close, reopen or put away."""
    action = fields.get("action")
    if action not in list(Action):
        raise errors.Invalid
    try:
        with view.write() as (session, actor):
            _get(view, fields, session, actor, opportunity_id)
            if action == Action.PUBLISH:
                postings.publish(session, actor, opportunity_id, now=view.now())
            else:
                life.move(session, actor, opportunity_id, Action(action), now=view.now())
    except opportunities.NotReady as problem:
        return _show_preview(view, opportunity_id, posting_forms.wrong(problem.faults))
    return view.go(f"/opportunities/{opportunity_id}/preview")


def _show_preview(view: View, opportunity_id: UUID, wrong: Sequence[Wrong]) -> Response:
    draft = _load(view, opportunity_id)
    with view.read() as (session, actor):
        question = reach.ask(session, actor, view.engine, opportunity_id)
        renewal_id = postings.renewal_of(session, opportunity_id)
        kit = kit_copies.origin(session, opportunity_id)
    card = translate.card(draft.question.detail)
    line: dict[str, Any] = {"opportunity": card, "score": None, "travel_km": None, "reasons": [], "gap": None}
    status = draft.opportunity.status
    return _show(
        view, "preview", "preview", draft, wrong=wrong, card_page={"items": [line]},
        reach=reach.page(view.engine, question), renewal_id=renewal_id, kit=kit, can_renew=rules.can_renew(status),
        actions=[action for action, moves in opportunity_rules.TRANSITIONS.items() if moves.get(status, status) != status],
    )  # fmt: skip
