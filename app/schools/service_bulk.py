"""Many classes at once, by the same functions as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import bulk, errors
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.bulk import Done
from app.bulk_rows import Row, fault
from app.schools import classes
from app.schools.models import School, SchoolClass
from app.schools.schemas import ClassIn, ClassPatch

COLUMNS = frozenset(ClassIn.model_fields) - {"source"} | {"school_code"}
"""What a row may say. A school is named by its id or its code; not at all when the caller has one school."""


def require_loader(actor: Actor) -> None:
    """Refuse whoever could not add a single class. Raises NotAllowed."""
    auth.require_scope(actor, "classes:write")
    if not actor.has_role(Role.SCHOOL_LEAD, Role.ADMINISTRATOR):
        raise errors.NotAllowed("Only who leads a school changes its classes.")


def load(session: Session, actor: Actor, rows: Sequence[Row], *, source: str) -> list[Done]:
    """Create, change or leave alone a class for each row."""
    require_loader(actor)
    codes = [code for row in rows if isinstance(code := row.document.get("school_code"), str)]
    by_code: dict[str, list[UUID]] = defaultdict(list)
    for school in session.execute(sa.select(School.id, School.code).where(School.code.in_(codes))):
        by_code[school.code].append(school.id)
    present = {
        (one.school_id, one.external_id): one
        for one in session.scalars(
            sa.select(SchoolClass).where(
                SchoolClass.source == source,
                SchoolClass.external_id.in_([row.document["external_id"] for row in rows]),
            )
        )
    }
    own = {grant.school_id for grant in actor.grants if grant.role is Role.SCHOOL_LEAD} - {None}

    def write(row: Row) -> Done:
        document = bulk.resolve(row.document, "school_id", "school_code", by_code)
        if "school_id" not in document and len(own) == 1:
            document = document | {"school_id": str(*own)}
        school_id = _school_id(document)
        before = present.get((school_id, row.document["external_id"]))
        row = row._replace(document=document)
        if before is None:
            created = classes.create(session, actor, bulk.read_new(ClassIn, row, source).model_dump())
            return Done(bulk.CREATED, created.id)
        patch = bulk.read_changes(ClassPatch, row, {"school_id": before.school_id})
        version = before.version
        after = classes.edit(session, actor, before.id, patch.changes())
        return Done(bulk.UNCHANGED if after.version == version else bulk.CHANGED, after.id)

    return bulk.one_by_one(session, rows, write)


def _school_id(document: dict[str, object]) -> UUID:
    try:
        return UUID(str(document.get("school_id", "")))
    except ValueError as error:
        detail = "say the school by its id or its school_code"
        raise classes.BadClass(faults=[fault("school_id", detail)]) from error
