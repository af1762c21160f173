"""`python -m app roll-over`: a school's step into a new year, by the same code as the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.commands.opened import fail, opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.roll_overs.service import ClassPlan


def roll_over(
    *,
    school: Annotated[str, typer.Option(help="The school's mechanographic code.")],
    year: Annotated[int, typer.Option(help="In which the new school year begins.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be, and change nothing.")
    ] = False,
    undo: Annotated[
        UUID | None,
        typer.Option(help="Put back the step with this id, within a day, as far as nobody built on it."),
    ] = None,
) -> None:
    """Move a school's classes up one year; exceptions are made on the page, before or afterwards."""
    from app.auth.actors import system
    from app.bulk_changes import service as changes
    from app.errors import Problem
    from app.roll_overs import service as roll_overs
    from app.settings import local_clock

    actor = system("roll-over")
    with opened() as (settings, database):
        now = local_clock(settings)()
        try:
            if undo is not None:
                with database.write() as session:
                    change = changes.undo(session, actor, undo, now=now)
                typer.echo(f"{change.undone} of {change.size} students were put back.")
                return
            with database.read() as session:
                school_id = find(session, school)
                plan = roll_overs.preview(session, actor, school_id, year, now=now)
            for one in plan.classes:
                typer.echo(_line(one))
            if dry_run:
                return
            with database.write() as session:
                change = changes.roll_over(session, actor, school_id, year, (), now=now)
        except Problem as problem:
            told = "; ".join(f"{one['field']}: {one['detail']}" for one in problem.faults)
            fail(told or problem.detail)
    typer.echo(
        f"{change.size} students were moved." + (f" To undo: --undo {change.id}" if change.size else "")
    )


def find(session: Session, code: str) -> UUID:
    """The school with this code, or the end of the command."""
    import sqlalchemy as sa

    from app.schools.models import School

    found = session.scalar(sa.select(School.id).where(School.code == code.upper()))
    if found is None:
        fail(f"No school has the code {code}.", 2)
    return found


def _line(plan: ClassPlan) -> str:
    to = f"{plan.to.year}{plan.to.section}" if plan.to else "leaves"
    told = f"{plan.key.year}{plan.key.section} -> {to}: {len(plan.students)} students"
    if plan.to is None and plan.waiting:
        told += f", {len(plan.waiting)} of them stay until their placement ends"
    return told
