"""The language, and the page that people start from."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth import rules
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.companies import service as companies
from app.companies import service_review as review
from app.companies.models import Company
from app.programmes import service as programmes
from app.schools import classes
from app.schools import service as schools
from app.students import service as students
from app.web import cookies
from app.web.ui import InView, safe_next

router = APIRouter(include_in_schema=False)

MOST_CLASSES = 100
MOST_WAITING = 50
MOST_KNOWN = 20


@router.post("/language")
def choose_language(
    view: InView,
    language: Annotated[str, Form(pattern="^(it|en)$")],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002
) -> Response:
    """Keep the language, in the browser and with the person."""
    if view.has_session:
        # A session that has ended is no matter here: the cookie still serves.
        with suppress(errors.NotSignedIn), view.write(needs_hat=False) as (session, actor):
            people.choose_language(session, actor, language)
    response = view.go(safe_next(next, "/"))
    cookies.keep_language(response, language, view.settings)
    return response


@router.get("/start")
def show_start(view: InView, q: Annotated[str, Query(max_length=80)] = "") -> Response:
    """Where people begin: their one page, or all that they have to do with; `q` begins a company's name."""
    with view.read(needs_hat=False) as (session, actor):
        if actor.must_choose:
            return view.go("/hat")
        only = _only_page(actor)
        if only is not None:
            return view.go(only)
        groups = _start_groups(session, actor)
        waiting = review.waiting(session, actor, limit=MOST_WAITING)
        known = _known_companies(session, actor, q.strip()) if actor.is_overseer else []
    return view.show(
        "account/start.html", groups=groups, waiting=waiting, known=known, most_known=MOST_KNOWN, q=q.strip(),
        today=view.now().date(), has_keys=rules.can_manage_keys(actor),
    )  # fmt: skip


def _known_companies(session: Session, actor: Actor, beginning: str) -> list[Company]:
    return companies.search(session, actor, name=beginning or None, is_approved=True, limit=MOST_KNOWN)


def _only_page(actor: Actor) -> str | None:
    if len(actor.grants) != 1:
        return None
    grant = actor.grants[0]
    if grant.student_id is not None:
        return f"/students/{grant.student_id}"
    return f"/companies/{grant.company_id}" if grant.company_id is not None else None


def _start_groups(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """One group for each membership: what it is, and the links that belong to it."""
    groups: list[dict[str, Any]] = []
    for grant in actor.grants:
        group: dict[str, Any] = {
            "role": grant.role,
            "title": None,
            "place": None,
            "links": [],
            "people": None,
            "board": None,
            "placements": None,
        }
        if grant.student_id is not None:
            student = students.get(session, actor, grant.student_id)
            group |= {"title": student.given_name, "links": [{"href": f"/students/{student.id}"}]}
        elif grant.company_id is not None:
            company = companies.read(session, actor, grant.company_id)
            group |= {"title": company.name, "links": [{"href": f"/companies/{company.id}"}]}
        elif grant.school_id is not None:
            school, place = schools.read(session, grant.school_id)
            group |= {"title": school.name, "place": place, "links": _class_links(session, actor, grant)}
            group["board"] = f"/schools/{grant.school_id}/board"
            group["placements"] = f"/schools/{grant.school_id}/placements"
            if grant.role is Role.SCHOOL_LEAD:
                group["people"] = f"/schools/{grant.school_id}/people"
        groups.append(group)
    return groups


def _class_links(session: Session, actor: Actor, grant: Grant) -> list[dict[str, Any]]:
    assert grant.school_id is not None  # noqa: S101 -- for the type checker; the caller has looked
    found = classes.search(session, actor, grant.school_id, limit=MOST_CLASSES)
    titles = programmes.titles(session, {one.programme_id for one in found if one.programme_id})
    return [
        {
            "href": f"/classes/{one.id}",
            "class": one,
            "programme": titles.get(one.programme_id or "", {}),
        }
        for one in found
        if grant.role is not Role.TEACHER or one.id in grant.class_ids
    ]
