"""Skills and occupations over the API: published reference data, readable without an actor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor
from app.skills import occupations
from app.skills import service as skills
from app.skills.models import SkillKind
from app.skills.schemas import (
    OccupationFound,
    OccupationList,
    OccupationOut,
    OccupationRef,
    SkillFound,
    SkillList,
    SkillOut,
    SkillRef,
)

router = APIRouter(tags=["skills"])

Id = Annotated[str, Path(min_length=1, max_length=80, pattern="^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Words = Query(min_length=1, max_length=80, description="Beginning of a label, or of a word in one.")
InLanguage = Annotated[
    str | None,
    Query(max_length=2, pattern="^[a-z]{2}$", description="Look at the labels of this language only."),
]


@router.get("/skills", summary="Search skills", responses=answers(422))
def list_skills(
    call: InCall,
    *,
    q: Annotated[str | None, Words] = None,
    language: InLanguage = None,
    broader: Annotated[
        str | None,
        Query(
            max_length=80, pattern="^[A-Za-z0-9][A-Za-z0-9._:-]*$", description="Only directly below this."
        ),
    ] = None,
    is_top: Annotated[bool, Query(description="Only those with nothing broader.")] = False,
    kind: Annotated[SkillKind | None, Query(description="Only this sort of concept.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> SkillList:
    """Find skills by any label in any language, or walk down the tree."""
    after = decode_cursor(cursor, int, str)
    with call.open() as session:
        found = skills.search(
            session,
            q,
            language=language,
            broader=broader,
            is_top=is_top,
            kind=kind,
            limit=limit + 1,
            after=after,
        )
    last = found[limit - 1] if len(found) > limit else None
    return SkillList(
        items=[SkillFound(**_ref(hit.skill), found_as=hit.found_as) for hit in found[:limit]],
        next_cursor=encode_cursor(last.score, last.skill.id) if last else None,
    )


@router.get("/skills/{skill_id}", summary="Read a skill", responses=answers(404, 422))
def read_skill(call: InCall, skill_id: Id) -> SkillOut:
    """One skill with its labels in every language and its place in the tree."""
    with call.open() as session:
        return SkillOut.model_validate(skills.read(session, skill_id))


@router.get("/occupations", summary="Search occupations", responses=answers(422))
def list_occupations(
    call: InCall,
    q: Annotated[str, Words],
    language: InLanguage = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> OccupationList:
    """Find ESCO occupations by any label in any language; empty where no ESCO package was imported."""
    after = decode_cursor(cursor, int, str)
    with call.open() as session:
        found = occupations.search(session, q, language=language, limit=limit + 1, after=after)
    last = found[limit - 1] if len(found) > limit else None
    items = [
        OccupationFound(**OccupationRef.model_validate(hit.occupation).model_dump(), found_as=hit.found_as)
        for hit in found[:limit]
    ]
    return OccupationList(
        items=items, next_cursor=encode_cursor(last.score, last.occupation.id) if last else None
    )


@router.get("/occupations/{occupation_id}", summary="Read an occupation", responses=answers(404, 422))
def read_occupation(call: InCall, occupation_id: Id) -> OccupationOut:
    """One ESCO occupation, or an ISCO-08 group of them, with the groups that it lies in."""
    with call.open() as session:
        return OccupationOut.model_validate(occupations.read(session, occupation_id))


def _ref(skill: skills.SkillRef) -> dict[str, object]:
    return SkillRef.model_validate(skill).model_dump()
