"""One placement for each of its sides. Other packages' parts of the page stand in `SECTIONS`, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates, errors
from app.agreements import rules as paper_rules
from app.agreements import service as papers
from app.agreements import service_documents, service_effects
from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.evidence import rules as evidence_rules
from app.evidence import service_outcomes
from app.hosting import service_copies
from app.hosting.plans import COLUMNS
from app.hours import rules as hours_rules
from app.laws import service_hosts as hosts
from app.placements import rules, service_findings, service_replacing, service_tutors
from app.placements import service as placements
from app.placements import service_showing as showing
from app.placements import service_terms as terms
from app.placements.models import EndReason, Party, Risk, State, TutorSide
from app.placements.rules import Action
from app.placements.service import Seen
from app.rest import decode_cursor, encode_cursor
from app.web import evidence_words, paper_words, placement_words
from app.web import placement_forms as forms
from app.web.posting_forms import Fields, InFields, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_LISTED = 50
Done = Annotated[str, Query(max_length=20, pattern="^[a-z]*$")]
Step = Literal[Action.CANCEL, Action.INTERRUPT, Action.RESTORE]
REPLACEABLE = frozenset({State.READY, State.RUNNING, State.CLOSING})
"""States in which a tutor is replaced; before, one changes what is agreed."""
Load = Callable[[Session, Actor, Seen, datetime], Mapping[str, Any] | None]


class Section(NamedTuple):
    """A part of a placement's page: its template, and what the template gets as `data`; None where it is not for this reader."""

    name: str
    template: str
    load: Load


def _findings(session: Session, actor: Actor, seen: Seen, _now: datetime) -> Mapping[str, Any] | None:
    # What is over was held against the law when it began; students are told by those who can do something about it.
    if seen.party is Party.STUDENT or seen.placement.state not in (State.PLANNED, State.READY):
        return None
    return {"findings": service_findings.findings(session, actor, seen.placement)}


def _terms(session: Session, _actor: Actor, seen: Seen, _now: datetime) -> Mapping[str, Any] | None:
    if seen.placement.state is not State.PLANNED or seen.party is Party.STUDENT:
        return None
    is_school = seen.party is not Party.COMPANY
    activities = hosts.find(session, seen.placement.company_id).activities
    return {
        "is_school": is_school,
        "school_tutors": service_tutors.people_of(session, TutorSide.SCHOOL, seen.placement.school_id) if is_school else [],
        "host_tutors": service_tutors.people_of(session, TutorSide.HOST, seen.placement.company_id),
        "activities": activities,
    }  # fmt: skip


def _hours(_session: Session, _actor: Actor, seen: Seen, now: datetime) -> Mapping[str, Any] | None:
    """The ways to the days and to the end of it all, once there are any; administrators read neither."""
    placement = seen.placement
    ways = {
        Party.STUDENT: f"/students/{placement.student_id}/hours",
        Party.COMPANY: f"/companies/{placement.company_id}/hours",
        Party.SCHOOL: f"/classes/{seen.student.class_id}/hours",
    }
    has_hours = placement.state in (State.RUNNING, State.CLOSING, State.COMPLETED, State.INTERRUPTED)
    if seen.party not in ways or not has_hours:
        return None
    is_over = placement.state not in rules.OPEN
    return {
        "way": ways[seen.party],
        "is_to_evaluate": is_over or hours_rules.can_evaluate(placement, now.date()),
        "has_report": is_over and seen.party is not Party.COMPANY,
    }


def _tutors(session: Session, _actor: Actor, seen: Seen, now: datetime) -> Mapping[str, Any] | None:
    if seen.placement.state not in REPLACEABLE:
        return None
    own = [side for side in TutorSide if seen.party in rules.REPLACED_BY[side]]
    sides = [service_replacing.side_of(session, seen.placement, side) for side in own]
    sides = [one for one in sides if one.tutor_id is not None]
    return {"sides": sides, "today": max(now.date(), seen.placement.starts_on)} if sides else None


def _papers(session: Session, actor: Actor, seen: Seen, now: datetime) -> Mapping[str, Any] | None:
    is_school = seen.party is Party.SCHOOL
    can_amend = is_school and seen.placement.state in paper_rules.PLANNABLE
    found = papers.search(session, actor, placement_id=seen.placement.id, limit=MOST_LISTED)
    is_waiting = seen.placement.state is State.PLANNED and seen.party is not Party.STUDENT
    return {
        "papers": found, "paper_words": paper_words,
        "obstacles": service_effects.obstacles(session, seen.placement) if is_waiting else (),
        "notes": service_documents.notes_of(session, seen.placement.id),
        "amendable": [service_replacing.side_of(session, seen.placement, one) for one in TutorSide] if can_amend else [],
        "can_end": is_school and seen.placement.state is State.RUNNING, "today": now.date(),
    }  # fmt: skip


def _outcome(session: Session, actor: Actor, seen: Seen, now: datetime) -> Mapping[str, Any] | None:
    """What it has led to: for school and host to say, and for the student to take back."""
    if not evidence_rules.can_take_back(seen.party):
        return None
    _, row = service_outcomes.read(session, actor, seen.placement.id)
    can_report = evidence_rules.can_report(seen.party, seen.kind, seen.placement.state)
    if row is None and not can_report:
        return None
    return {"row": row, "can_report": can_report, "names": evidence_words.OUTCOMES, "today": now.date()}


def _stations(session: Session, _actor: Actor, seen: Seen, _now: datetime) -> Mapping[str, Any] | None:
    """Where the student goes one after the other, as it was agreed on."""
    found = service_copies.of_placement(session, seen.placement.id)
    if not found:
        return None
    days = seen.placement.starts_on, seen.placement.ends_on
    return {
        "stations": [
            {
                "company_name": one.company_name, "municipality_name": one.municipality_name, "km": None,
                **{name: getattr(one.station, name) for name in COLUMNS},
            }
            for one in found
        ],
        "is_outside": any(one.station.starts_on < days[0] or one.station.ends_on > days[1] for one in found),
    }  # fmt: skip


SECTIONS: tuple[Section, ...] = (
    Section("findings", "placement/findings.html", _findings),
    Section("stations", "placement/stations.html", _stations),
    Section("terms", "placement/terms.html", _terms),
    Section("tutors", "placement/tutors.html", _tutors),
    Section("papers", "papers/of_placement.html", _papers),
    Section("hours", "placement/hours.html", _hours),
    Section("outcome", "placement/outcome.html", _outcome),
)
"""In the order of the page. A package adds its own line; its template stands on the page's context and on `data`."""


@router.get("/placements")
def show_all(
    view: InView,
    state: State | None = None,
    class_id: UUID | None = None,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Those of whoever looks: the student's own, the company's, those of the classes."""
    with view.read() as (session, actor):
        found = placements.search(
            session,
            actor,
            after=decode_cursor(after, datetime, UUID),
            limit=MOST_LISTED + 1,
            state=state,
            class_id=class_id,
        )
        listed = showing.show(session, found[:MOST_LISTED])
    _looked(view, found[:MOST_LISTED])
    following = None
    if len(found) > MOST_LISTED:
        following = encode_cursor(listed[-1].created_at, listed[-1].id)
    return view.show(
        "placement/list.html", listed=listed, following=following, state=state, terms=placement_words,
        is_own=all(one.party is Party.STUDENT for one in found), states=list(State),
    )  # fmt: skip


@router.get("/placements/{placement_id}")
def show(view: InView, placement_id: UUID, done: Done = "") -> Response:
    """The page of one placement."""
    return page(view, placement_id, done=done)


def page(
    view: View, placement_id: UUID, *, status: int = 200, done: str = "", trouble: str = "",
    wrong: Sequence[forms.Wrong] = (), suffix: str = "",
) -> Response:  # fmt: skip
    """The page; `wrong` fields are those of the form whose ids end with `suffix`."""
    with view.read() as (session, actor):
        seen = placements.find(session, actor, placement_id)
        [placement] = showing.show(session, [seen])
        loaded = [(one, one.load(session, actor, seen, view.now())) for one in SECTIONS]
    _looked(view, [seen])
    steps = [action for action, parties in rules.BY_HAND.items() if _can(seen, action, parties)]
    if seen.party is Party.SCHOOL and Action.INTERRUPT in steps:
        steps.remove(Action.INTERRUPT)  # the school writes the note of it
    return view.show(
        "placement/show.html", status=status, placement=placement, party=seen.party, steps=steps, done=done,
        trouble=trouble, wrong=wrong, wrong_suffix=suffix, terms=placement_words, risks=list(Risk), weekdays=list(dates.WeekdayName),
        reasons=[one for one in EndReason if one in rules.REASONS[seen.party]],
        sections=[(one, data) for one, data in loaded if data is not None],
    )  # fmt: skip


def _can(seen: Seen, action: Action, parties: frozenset[Party]) -> bool:
    return seen.party in parties and seen.placement.state in rules.TRANSITIONS[action]


def _looked(view: View, found: Sequence[Seen]) -> None:
    with view.looking_at_many():
        for one in found:
            if one.party is Party.COMPANY:
                about = {"about_id": one.placement.opportunity_id, "company_id": one.placement.company_id}
                view.looked(LookKind.NAME, [one.student.id], **about)
            else:
                view.looked(LookKind.PROFILE, [one.student.id])


@router.post("/placements/{placement_id}/terms")
def edit(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """Change the terms; what was changed meanwhile by somebody else is not overwritten."""
    try:
        with view.write() as (session, actor):
            seen = placements.find(session, actor, placement_id, scope="placements:write")
            if text(fields, "version", 12) != str(seen.placement.version):
                raise errors.WrongState
            terms.edit(session, actor, seen, _changes(fields, seen.party), now=view.now())
    except (forms.Unreadable, terms.UnfitTerms) as problem:
        return page(view, placement_id, status=422, wrong=forms.wrong(problem.faults))
    except errors.Conflict as problem:
        return page(view, placement_id, status=409, trouble=in_words(problem))
    return view.go(f"/placements/{placement_id}?done=terms")


def _changes(fields: Fields, party: Party) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "host_tutor_id": forms.identifier(fields, "host_tutor_id"),
        "risk": forms.one_of(fields, "risk", Risk),
        "activity_ids": forms.identifiers(fields, "activity_ids"),
    }
    if party is Party.COMPANY:
        return changes
    weekdays = [one for one in dates.WeekdayName if one in fields.getlist("weekdays")]
    if not weekdays:
        raise forms.Unreadable("weekdays")
    return changes | {
        "school_tutor_id": forms.identifier(fields, "school_tutor_id"),
        "starts_on": forms.needed_day(fields, "starts_on"),
        "ends_on": forms.needed_day(fields, "ends_on"),
        "starts_at": forms.clock(fields, "starts_at"),
        "ends_at": forms.clock(fields, "ends_at"),
        "weekdays": dates.weekdays_to_mask(weekdays),
        "daily_hours": forms.number(fields, "daily_hours", rules.LEAST_DAILY_HOURS, 24),
        "planned_hours": forms.whole(fields, "planned_hours", 1, 5000),
    }


@router.post("/placements/{placement_id}/steps/{step}")
def act(view: InView, fields: InFields, placement_id: UUID, step: Step) -> Response:
    """Cancel, interrupt or restore; an end says why."""
    try:
        why = reason(fields) if step in (Action.CANCEL, Action.INTERRUPT) else None
        with view.write() as (session, actor):
            seen = placements.find(session, actor, placement_id, scope="placements:write")
            terms.act(session, actor, seen, step, now=view.now(), reason=why)
    except (forms.Unreadable, terms.NotYourReason) as problem:
        return page(view, placement_id, status=422, wrong=forms.wrong(problem.faults))
    except errors.Conflict as problem:
        return page(view, placement_id, status=409, trouble=in_words(problem))
    return view.go(f"/placements/{placement_id}?done={step}")


def reason(fields: Fields) -> EndReason:
    """Why something ends. Raises Unreadable."""
    return forms.one_of(fields, "reason", EndReason)


def in_words(problem: errors.Problem) -> str:
    """A conflict in words."""
    return placement_words.TROUBLES.get(problem.slug(), placement_words.TROUBLE_ELSE)
