"""The search box: suggestions while one types, and the same as a page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.opportunities import service as opportunities
from app.opportunities.models import Status
from app.rest import Slug
from app.search import service as search
from app.skills import service as skills
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

SUGGESTED = 4
SHOWN = 20

Question = Annotated[str, Query(max_length=80)]


@router.get("/search")
def show_search(view: InView, q: Question = "") -> Response:
    """Everything that answers, by sort."""
    return view.show("search/search.html", q=q.strip(), found=_find(view, q, SHOWN))


@router.get("/search/suggestions")
def show_suggestions(view: InView, q: Question = "") -> Response:
    """The best few of each sort, for the box."""
    return view.show("search/suggestions.html", q=q.strip(), found=_find(view, q, SUGGESTED))


@router.get("/search/skills/{skill_id}")
def show_skill(view: InView, skill_id: Slug) -> Response:
    """What is open and has to do with a skill."""
    with view.read() as (session, actor):
        labels = skills.refs(session, {skill_id})
        if skill_id not in labels:
            raise skills.NoSuchSkill
        found = opportunities.search(session, actor, skill_id=skill_id, status=Status.PUBLISHED, limit=SHOWN)
    return view.show("search/skill.html", skill=labels[skill_id], offers=found)


def _find(view: View, question: str, limit: int) -> Any:
    with view.read() as (session, actor):
        return search.find(session, actor, question, language=view.language, limit=limit)
