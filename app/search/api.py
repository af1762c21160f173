"""Search over the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.auth import service as auth
from app.rest import InCall, LanguageCode, answers
from app.search import service as search
from app.search.schemas import FoundKind, FoundList, FoundOut

router = APIRouter(tags=["search"])


@router.get("/search", summary="Search everything you may see", responses=answers(401, 403, 422))
def read_search(
    call: InCall,
    q: Annotated[str, Query(min_length=2, max_length=80, description="Beginnings of words of a name.")],
    language: Annotated[
        LanguageCode, Query(description="In which the names of skills are asked for.")
    ] = "it",
    most: Annotated[int, Query(ge=1, le=20, description="How many of each sort at most.")] = 5,
) -> FoundList:
    """Opportunities that are open, companies, skills; for a school's people also the students of their classes.

    Needs `opportunities:read` and `companies:read`; students are for people only.
    """
    with call.read() as (session, actor):
        auth.require_scope(actor, "opportunities:read")
        auth.require_scope(actor, "companies:read")
        found = search.find(session, actor, q, language=language, limit=most)
    items = [(FoundKind.OPPORTUNITY, one.id, one.title) for one in found.opportunities]
    items += [(FoundKind.COMPANY, one.id, one.name) for one in found.companies]
    told = [FoundOut(kind=kind, id=str(key), label=label) for kind, key, label in items]
    told += [
        FoundOut(kind=FoundKind.SKILL, id=hit.skill.id, label=hit.skill.label.get(language) or hit.skill.id)
        for hit in found.skills
    ]
    told += [FoundOut(kind=FoundKind.STUDENT, id=str(one.id), label=one.name) for one in found.students]
    return FoundList(found=told)
