"""What students say of themselves: three questions on the first visit, the same and more on the page of the profile."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth.actors import Actor, Role
from app.dates import Day
from app.events.service_looks import LookKind
from app.matches import service as matches
from app.matches.translate import show_span
from app.skills import service as skills
from app.skills import tops
from app.skills.service import SkillHit
from app.students import quick_times, surroundings
from app.students import service as students
from app.students import service_questions as questions
from app.students.models import Question, TravelMode
from app.students.quick_times import QuickTime
from app.students.rules import FreeTime, SpokenLanguage
from app.students.schemas import Cefr, Kilometres
from app.web.language import mark as _
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

TILES = 12
"""Shown at once; the other fields of work are one click away."""
DISTANCES = (5, 10, 20, 30, 50, 80)
LANGUAGES = ("en", "it", "fr", "de", "es", "ar", "zh", "ro", "sq", "uk")
_SPAN = re.compile(r"(20\d\d-\d\d-\d\d)\.(20\d\d-\d\d-\d\d)\.(12[0-7]|1[01]\d|[1-9]\d?)\.([1-7])")

Flow = Annotated[bool, Form()]
"""Whether the form stands in the three questions."""


ORDER = tuple(Question)


@dataclass(frozen=True)
class Trouble:
    """What is wrong in a form that comes back."""

    other: str = ""
    found: list[SkillHit] = field(default_factory=list)
    half: str = ""
    overlap: list[FreeTime] = field(default_factory=list)
    backwards: bool = False
    unknown: bool = False


@router.get("/first-visit")
def begin_first_visit(view: InView) -> Response:
    """Where a student goes who comes in with a code: to the questions, if nothing has been said yet."""
    with view.read(needs_hat=False) as (session, actor):
        own = next((grant.student_id for grant in actor.grants if grant.role is Role.STUDENT), None)
        if own is None or actor.must_choose or has_answered(session, actor, own):
            return view.go("/start")
    return view.go(f"/students/{own}/questions/{ORDER[0]}")


def has_answered(session: Session, actor: Actor, student_id: UUID) -> bool:
    """Whether anything is known of what attracts the student, or when the student is free."""
    full = students.read(session, actor, student_id)
    return bool(full.interests or full.availabilities)


@router.get("/students/{student_id}/questions/{question}")
def show_question(view: InView, student_id: UUID, question: Question) -> Response:
    """One question on a page of its own."""
    return _page(view, student_id, question)


@router.post("/students/{student_id}/questions/later")
def put_off(view: InView, student_id: UUID) -> Response:
    """Not now: what is still open is not asked again."""
    with view.write() as (session, actor):
        questions.put_off(session, actor, student_id, now=view.now())
    return view.go(f"/students/{student_id}")


@router.get("/students/{student_id}/profile")
def show_profile(view: InView, student_id: UUID) -> Response:
    """All that can be said."""
    return _page(view, student_id, None)


@router.post("/students/{student_id}/profile/interests")
def save_interests(
    view: InView,
    student_id: UUID,
    interests: Annotated[list[str] | None, Form(max_length=60)] = None,
    other: Annotated[str, Form(max_length=80)] = "",
    is_question: Flow = False,  # noqa: FBT002 -- a form's field
) -> Response:
    """Replace what attracts the student; `other` is in the student's own words."""
    chosen = list(dict.fromkeys(interests or ()))
    if other.strip():
        with view.read() as (session, actor):
            students.get(session, actor, student_id)
            found = tops.called(session, other.strip())
        if len(found) != 1:
            trouble = Trouble(other=other, found=found)
            return _page(
                view, student_id, Question.INTERESTS if is_question else None, trouble, chosen=chosen
            )
        chosen = list(dict.fromkeys([*chosen, found[0].skill.id]))
    return _save(view, student_id, Question.INTERESTS, {"interests": tuple(chosen)}, is_question=is_question)


@router.post("/students/{student_id}/profile/travel")
def save_travel(
    view: InView,
    student_id: UUID,
    travel_mode: Annotated[TravelMode, Form()],
    max_km: Annotated[Kilometres | None, Form()] = None,
    is_question: Flow = False,  # noqa: FBT002
) -> Response:
    """How far, and how; no kilometres is no limit."""
    changes = {"travel_mode": travel_mode, "max_km": max_km}
    return _save(view, student_id, Question.TRAVEL, changes, is_question=is_question)


@router.post("/students/{student_id}/profile/times")
def save_times(
    view: InView,
    student_id: UUID,
    quick: Annotated[list[QuickTime] | None, Form(max_length=10)] = None,
    kept: Annotated[list[str] | None, Form(max_length=50)] = None,
    starts_on: Annotated[Day | None, Form()] = None,
    ends_on: Annotated[Day | None, Form()] = None,
    weekdays: Annotated[int, Form(ge=1, le=127)] = 127,
    parts: Annotated[int, Form(ge=1, le=7)] = 3,
    is_question: Flow = False,  # noqa: FBT002
) -> Response:
    """Replace when the student is free: usual times, exact ones that stay, and perhaps one more."""
    usual = quick_times.spans(view.now().date())
    free = [_span(one) for one in kept or ()] + [usual[one] for one in dict.fromkeys(quick or ())]
    if (starts_on is None) != (ends_on is None):
        question = Question.TIMES if is_question else None
        return _page(
            view, student_id, question, Trouble(half="ends_on" if starts_on else "starts_on"), free=free
        )
    if starts_on is not None and ends_on is not None:
        free.append(FreeTime(starts_on, ends_on, weekdays, parts))
    return _save(view, student_id, Question.TIMES, {"availabilities": tuple(free)}, is_question=is_question)


@router.post("/students/{student_id}/profile/languages")
def save_languages(
    view: InView,
    student_id: UUID,
    language: Annotated[list[str] | None, Form(max_length=20)] = None,
    cefr: Annotated[list[str] | None, Form(max_length=20)] = None,
) -> Response:
    """Replace the languages: pairs of language and level; without a level, it goes."""
    levels = {level.value for level in Cefr}
    spoken = tuple(
        SpokenLanguage(code, level)
        for code, level in zip(language or (), cefr or (), strict=False)
        if code in LANGUAGES and level in levels
    )
    with view.read() as (session, actor):
        others = students.read(session, actor, student_id).languages
    spoken += tuple(one for one in others if one.language not in LANGUAGES)  # which the page does not ask for
    return _save(view, student_id, None, {"languages": spoken}, is_question=False)


def _save(
    view: View, student_id: UUID, part: Question | None, changes: dict[str, Any], *, is_question: bool
) -> Response:
    """Change the profile and go on: to the next question, to the proposals, or back to the profile."""
    try:
        with view.write() as (session, actor):
            students.edit(session, actor, student_id, changes, today=view.now().date())
            questions.settle(session, student_id, [part] if part else [], now=view.now())
    except errors.Invalid as refusal:
        free = list(changes.get("availabilities", ()))
        trouble = _trouble(refusal, free)
        return _page(view, student_id, part if is_question else None, trouble, free=free or None)
    if not is_question or part is None:
        return view.go(f"/students/{student_id}/profile?saved={part or 'languages'}#{part or 'languages'}")
    following = ORDER.index(part) + 1
    if following == len(ORDER):
        return view.go(f"/students/{student_id}?new=1")
    return view.go(f"/students/{student_id}/questions/{ORDER[following]}")


def _trouble(refusal: errors.Invalid, free: list[FreeTime]) -> Trouble:
    """What the page says of a refused profile, in terms of what stands in the form."""
    for fault in refusal.faults or ():
        numbers = [
            int(one) for one in re.findall(r"availabilities\.(\d+)", f"{fault['field']} {fault['detail']}")
        ]
        if len(numbers) == 2:
            return Trouble(overlap=[free[number] for number in numbers])
        if fault["field"].endswith("ends_on"):
            return Trouble(backwards=True)
    return Trouble(unknown=True)


def _span(written: str) -> FreeTime:
    found = _SPAN.fullmatch(written)
    if found is not None:
        with suppress(ValueError):  # a day that no month has
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
            return FreeTime(first, last, int(found[3]), int(found[4]))
    fault = {"in": "body", "field": "kept", "detail": "is not a time of this form"}
    raise students.BadProfile(faults=[fault])


def _page(
    view: View,
    student_id: UUID,
    question: Question | None,
    trouble: Trouble | None = None,
    *,
    chosen: list[str] | None = None,
    free: list[FreeTime] | None = None,
) -> Response:
    with view.read() as (session, actor):
        full = students.read(session, actor, student_id)
        interests = list(full.interests) if chosen is None else chosen
        where = surroundings.read(session, full.student)
        fields = tops.read(session)
        labels = skills.refs(session, interests)
        asked = matches.ask_for_student(session, actor, view.engine, student_id)
    view.looked(LookKind.PROFILE, [student_id])
    offered = Counter(matches.offered_skills(view.engine, asked))
    fields.sort(key=lambda top: -offered[top.id])
    quick, exact = quick_times.named(full.availabilities if free is None else free, view.now().date())
    return view.show(
        "student/profile.html" if question is None else "student/question.html",
        status=422 if trouble else 200,
        student_id=student_id,
        person=full.student,
        full=full,
        where=where,
        is_self=actor.is_student(student_id),
        question=question,
        number=ORDER.index(question) + 1 if question else 0,
        following=_following(student_id, question),
        tiles=fields[:TILES],
        more_tiles=fields[TILES:],
        interests=[one for one in interests if one in labels],
        labels=labels,
        quick=quick,
        quick_spans=quick_times.spans(view.now().date()),
        exact=exact,
        distances=DISTANCES,
        languages=LANGUAGES,
        levels=list(Cefr),
        spoken={one.language: one.cefr for one in full.languages},
        trouble=trouble or Trouble(),
        saved=view.request.query_params.get("saved", ""),
        titles=TITLES,
        quick_words=QUICK,
        plain_span=show_span,
    )


def _following(student_id: UUID, question: Question | None) -> str:
    """Where "skip" leads."""
    number = ORDER.index(question) + 1 if question else len(ORDER)
    return f"/students/{student_id}" + (f"/questions/{ORDER[number]}" if number < len(ORDER) else "")


TITLES = {
    "interests": _("Che cosa ti attira?"),
    "travel": _("Fin dove vai, e come?"),
    "times": _("Quando sei libero?"),
}
QUICK = {
    "june_july": _("Giugno e luglio"),
    "september": _("A settembre, prima della scuola"),
    "school_mornings": _("Di mattina, quando la scuola mi manda"),
    "after_school": _("Dopo la scuola, nel pomeriggio"),
    "saturdays": _("Il sabato"),
}
