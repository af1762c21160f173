"""Kits on pages: the list with its filters, one kit, telling and changing it, and a copy of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth.actors import Actor
from app.companies import service as companies
from app.companies.models import Company
from app.kits import rules, service, service_copies
from app.kits.models import Kit, KitSkill
from app.kits.schemas import KitCopyPatch, KitIn, KitPatch
from app.kits.service import Seen
from app.opportunities.models import Kind
from app.programmes.models import Programme
from app.rest import decode_cursor, encode_cursor
from app.schools.models import School
from app.skills import service as skills
from app.skills.models import SkillLabel
from app.web import kit_words as words
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 20
MOST_FOUND = 10
ROWS = 8
"""Steps, and skills, that the form has room for; more come over the API."""
_TOLD = (
    "title",
    "summary",
    "result",
    "materials",
    "programme_id",
    "first_year",
    "last_year",
    "hours",
    "students",
)
_STEP = ("title", "company_minutes", "teacher_minutes")


def _wrong(fields: Iterable[str]) -> list[Wrong]:
    found: dict[str, Wrong] = {}
    for one in fields:
        name = one.partition(".")[0]
        found.setdefault(
            name, Wrong(name, words.FIELDS.get(name, name), words.ADVICE.get(name, words.ADVICE_ELSE))
        )
    return list(found.values())


# --- reading ----------------------------------------------------------------------------------------------------------


@router.get("/kits")
def show_kits(
    view: InView,
    kind: Annotated[str, Query(max_length=20)] = "",
    programme: Annotated[str, Query(max_length=80)] = "",
    skill: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """What schools and companies of the territory have made together; the filters stand in the address."""
    wanted = next((one for one in Kind if one == kind), None)
    with view.read() as (session, actor):
        found = service.search(
            session, actor, kind=wanted, programme_id=programme or None, skill_id=skill or None,
            after=decode_cursor(after, datetime, UUID), limit=MOST_SHOWN + 1,
        )  # fmt: skip
        listed = service.show(session, actor, found[:MOST_SHOWN])
        own = service.territories(session, actor)
        told = sa.select(Kit.id).where(~Kit.is_retired)
        if not actor.is_administrator:
            told = told.where(Kit.territory_id.in_(own))
        taught = session.scalars(
            sa.select(KitSkill.skill_id).where(KitSkill.kit_id.in_(told)).distinct()
        ).all()
        labels = skills.refs(session, taught)
        tracks = session.scalars(
            sa.select(Programme)
            .where(Programme.id.in_(sa.select(Kit.programme_id).where(Kit.id.in_(told))))
            .order_by(Programme.id)
        ).all()
    following = None
    if len(found) > MOST_SHOWN:
        following = encode_cursor(found[MOST_SHOWN - 1].created_at, found[MOST_SHOWN - 1].id)
    return view.show(
        "kits/list.html", listed=listed, following=following, kind=kind, programme=programme, skill=skill,
        kinds=list(Kind), tracks=tracks, taught=sorted(taught), labels=labels,
    )  # fmt: skip


@router.get("/kits/new")
def show_new(view: InView) -> Response:
    """The form for another kit."""
    return _form(view, None)


@router.get("/kits/{kit_id}")
def show_kit(
    view: InView, kit_id: UUID, done: Done = "", q: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """One kit: what was done, what it asks of each side, and what came of it."""
    return _page(view, kit_id, done=done, q=q)


def _page(
    view: View, kit_id: UUID, *, status: int = 200, done: str = "", trouble: str = "", q: str = ""
) -> Response:
    with view.read() as (session, actor):
        kit = service.read(session, actor, kit_id)
        [seen] = service.show(session, actor, [kit])
        labels = skills.refs(session, [one.skill_id for one in seen.skills])
        track = session.get(Programme, kit.programme_id) if kit.programme_id else None
        school_ids = _schools_of(actor)
        company_ids = [one.company_id for one in actor.grants if one.company_id is not None]
        found = []
        if q.strip() and school_ids:
            found = companies.search(session, actor, name=q.strip(), is_approved=True, limit=MOST_FOUND)
    return view.show(
        "kits/kit.html", status=status, seen=seen, kit=kit, labels=labels, track=track, said=words, q=q, found=found,
        done=words.DONE.get(done), trouble=words.TROUBLES.get(trouble),
        proposes=bool(school_ids), copies_for=company_ids[0] if company_ids else None,
        is_company=actor.is_of_company(kit.company_id), leads=actor.is_staff_of(kit.school_id),
        measured=[
            rules.typical([getattr(one.copy, side) for one in seen.copies])
            for side in ("company_minutes", "teacher_minutes")
        ],
        mine=[(one, "company_minutes" if actor.is_of_company(one.company_id) else "teacher_minutes") for one in seen.own_copies],
        over=rules.OVER,
    )  # fmt: skip


def _schools_of(actor: Actor) -> list[UUID]:
    return [one.school_id for one in actor.grants if actor.is_of_school(one.school_id) and one.school_id]


# --- telling ----------------------------------------------------------------------------------------------------------


@router.get("/kits/{kit_id}/edit")
def show_edit(view: InView, kit_id: UUID) -> Response:
    """The same form, with what stands in the kit."""
    return _form(view, kit_id)


def _form(
    view: View,
    kit_id: UUID | None,
    *,
    status: int = 200,
    trouble: str = "",
    wrong: Sequence[Wrong] = (),
    fields: Fields | None = None,
) -> Response:
    with view.read() as (session, actor):
        if not rules.is_staff(actor):
            raise service.NotYourKit
        seen = None
        if kit_id is not None:
            kit = service.read(session, actor, kit_id)
            if not rules.can_edit(actor, kit.territory_id, kit.company_id, kit.school_id):
                raise service.NotYourKit
            [seen] = service.show(session, actor, [kit])
        names = _skill_names(session, view.language)
        tracks = session.scalars(sa.select(Programme).order_by(Programme.id)).all()
    return view.show(
        "kits/edit.html", status=status, seen=seen, said=words, wrong=wrong, wrong_at={one.control: one for one in wrong},
        trouble=words.TROUBLES.get(trouble), form=_filled(fields, seen, {one: label for label, one in names.items()}),
        tracks=tracks, kinds=list(Kind), names=sorted(names), rows=range(ROWS),
    )  # fmt: skip


def _skill_names(session: Session, language: str) -> dict[str, str]:
    """Every skill by its name in the page's language."""
    rows = session.execute(
        sa.select(SkillLabel.label, SkillLabel.skill_id).where(
            SkillLabel.rank == 0, SkillLabel.language == language
        )
    )
    return {row.label: row.skill_id for row in rows}


def _filled(fields: Fields | None, seen: Seen | None, labels: dict[str, str]) -> dict[str, Any]:
    """What stands in the form: what was sent, what is stored, or what is usual."""
    if fields is not None:
        form: dict[str, Any] = {name: text(fields, name, 4000) for name in (*_TOLD, "kind", "partner")}
        form["steps"] = [
            {name: text(fields, f"step-{number}-{name}", 200) for name in _STEP} for number in range(ROWS)
        ]
        return form | {
            "skills": [text(fields, f"skill-{number}", 120) for number in range(ROWS)],
            "levels": [text(fields, f"level-{number}", 2) or "2" for number in range(ROWS)],
        }
    if seen is None:
        form = dict.fromkeys((*_TOLD, "partner"), "") | {
            "kind": Kind.INTERNSHIP.value,
            "first_year": "3",
            "last_year": "5",
        }
        form |= {"hours": "0", "students": "1"}
    else:
        form = {name: str(getattr(seen.kit, name) or "") for name in _TOLD} | {
            "kind": seen.kit.kind.value,
            "partner": "",
        }
        form["hours"] = str(seen.kit.hours)
    steps = [{name: str(getattr(one, name)) for name in _STEP} for one in (seen.steps if seen else ())]
    needs = seen.skills if seen else []
    empty = dict.fromkeys(_STEP, "")
    return form | {
        "steps": (steps + [dict(empty) for _ in range(ROWS)])[: max(ROWS, len(steps))],
        "skills": ([labels.get(one.skill_id, one.skill_id) for one in needs] + [""] * ROWS)[:ROWS],
        "levels": ([str(one.level) for one in needs] + ["2"] * ROWS)[:ROWS],
    }


def _sent(fields: Fields, names: dict[str, str]) -> dict[str, Any]:
    known = {label.casefold(): skill_id for label, skill_id in names.items()}
    values: dict[str, Any] = {name: text(fields, name, 5000) for name in _TOLD}
    values["programme_id"] = values["programme_id"] or None
    steps = [
        {name: text(fields, f"step-{number}-{name}", 300) for name in _STEP}
        for number in range(rules.MOST_STEPS)
    ]
    values["steps"] = [
        one | {name: one[name] or "0" for name in _STEP[1:]} for one in steps if any(one.values())
    ]
    wanted = [
        (text(fields, f"skill-{number}", 120), text(fields, f"level-{number}", 2) or "2")
        for number in range(ROWS)
    ]
    values["skills"] = [
        {"skill_id": known.get(name.casefold(), "unknown"), "level": level} for name, level in wanted if name
    ]
    return values


@router.post("/kits")
def tell(view: InView, fields: InFields) -> Response:
    """Tell a project; one's own organisation is a maker of it, the other is named by whoever tells it."""
    try:
        with view.write() as (session, actor):
            if not rules.is_staff(actor):
                raise service.NotYourKit
            values = _sent(fields, _skill_names(session, view.language))
            values |= {"kind": text(fields, "kind", 20)} | _makers(
                session, actor, text(fields, "partner", 200)
            )
            given = KitIn.model_validate(values)
            kit = service.create(session, actor, given.model_dump(), now=view.now())
            kit_id = kit.id
    except ValidationError as error:
        wrong = _wrong(str(one["loc"][0]) for one in error.errors())
        return _form(view, None, status=422, wrong=wrong, fields=fields)
    except service.UnfitKit as problem:
        wrong = _wrong(str(one["field"]) for one in problem.faults)
        return _form(view, None, status=422, wrong=wrong, fields=fields)
    return view.go(f"/kits/{kit_id}?done=created")


def _makers(session: Session, actor: Actor, partner: str) -> dict[str, UUID | None]:
    """The actor's own organisation, and the other one by its whole name. Raises UnfitKit."""
    own_school = next(iter(_schools_of(actor)), None)
    own_company = next((one.company_id for one in actor.grants if one.company_id is not None), None)
    found: dict[str, UUID | None] = {"company_id": own_company, "school_id": own_school}
    if not partner:
        return found
    name, column = (Company.name, "company_id") if own_company is None else (School.name, "school_id")
    table = Company if own_company is None else School
    ids = session.scalars(sa.select(table.id).where(sa.func.lower(name) == partner.lower()).limit(2)).all()
    if len(ids) != 1:
        fault = {"in": "body", "field": column, "detail": "no single one has this name"}
        raise service.UnfitKit(faults=[fault])
    return found | {column: ids[0]}


@router.post("/kits/{kit_id}")
def change(view: InView, fields: InFields, kit_id: UUID) -> Response:
    """Save the form; what somebody else has changed meanwhile is not overwritten."""
    try:
        with view.write() as (session, actor):
            kit = service.get_for_change(session, actor, kit_id)
            _refuse_overtaken(fields, kit)
            given = KitPatch.model_validate(_sent(fields, _skill_names(session, view.language)))
            changes = given.changes() | {"is_retired": "is_retired" in fields}
            service.edit(session, actor, kit, changes, now=view.now())
    except ValidationError as error:
        wrong = _wrong(str(one["loc"][0]) for one in error.errors())
        return _form(view, kit_id, status=422, wrong=wrong, fields=fields)
    except service.UnfitKit as problem:
        wrong = _wrong(str(one["field"]) for one in problem.faults)
        return _form(view, kit_id, status=422, wrong=wrong, fields=fields)
    except errors.WrongState:
        return _form(view, kit_id, status=409, trouble="changed", fields=fields)
    return view.go(f"/kits/{kit_id}?done=saved")


def _refuse_overtaken(fields: Fields, kit: Kit) -> None:
    if text(fields, "version", 12) != str(kit.version):
        raise errors.WrongState


@router.post("/kits/{kit_id}/names")
def show_name(
    view: InView,
    kit_id: UUID,
    side: Annotated[str, Form(pattern="^(company|school)$")],
    is_shown: Annotated[bool, Form()],
) -> Response:
    """Each maker says whether it is named."""
    with view.write() as (session, actor):
        kit = service.get_for_change(session, actor, kit_id)
        service.edit(session, actor, kit, {f"shows_{side}": is_shown}, now=view.now())
    return view.go(f"/kits/{kit_id}?done=saved")


# --- copying ----------------------------------------------------------------------------------------------------------


@router.post("/kits/{kit_id}/copies")
def copy(view: InView, kit_id: UUID, company_id: Annotated[UUID, Form()]) -> Response:
    """A company goes on with its draft; a school has proposed it."""
    try:
        with view.write() as (session, actor):
            school_id = None if actor.is_of_company(company_id) else next(iter(_schools_of(actor)), None)
            _, opportunity = service_copies.copy(
                session, actor, kit_id, company_id, school_id=school_id, now=view.now()
            )
            opportunity_id = opportunity.id
    except service_copies.UnfitKitCopy:
        return _page(view, kit_id, status=422, trouble="unfit")
    except service_copies.KitRetired:
        return _page(view, kit_id, status=409, trouble="retired")
    except service_copies.CopiedAlready:
        return _page(view, kit_id, status=409, trouble="copied")
    if school_id is None:
        return view.go(f"/opportunities/{opportunity_id}/text")
    return view.go(f"/kits/{kit_id}?done=proposed")


@router.post("/kits/{kit_id}/copies/{copy_id}")
def measure(view: InView, fields: InFields, kit_id: UUID, copy_id: UUID) -> Response:
    """How long it took one's own side."""
    try:
        with view.write() as (session, actor):
            made, opportunity, sides = service_copies.find(session, actor, kit_id, copy_id)
            side = min(sides)
            given = KitCopyPatch.model_validate({side: text(fields, "minutes", 10)})
            service_copies.measure(session, actor, made, opportunity, sides, given.changes())
    except ValidationError:
        return _page(view, kit_id, status=422, trouble="minutes")
    except errors.WrongState:
        return _page(view, kit_id, status=409, trouble="not_over")
    return view.go(f"/kits/{kit_id}?done=measured")
