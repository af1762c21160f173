"""`python -m app hours`: the hours of a class, to read on a terminal."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from app.commands.opened import fail, opened


def hours(*, class_: Annotated[UUID, typer.Option("--class", help="The class's id.")]) -> None:
    """Print what each student of a class has done towards the diploma, what is planned, and what is missing."""
    from app.auth.actors import system
    from app.errors import Problem
    from app.hours import service_ledger as ledgers
    from app.settings import local_clock

    with opened() as (settings, database):
        today = local_clock(settings)().date()
        ends_on = ledgers.lessons_end(today, settings.lessons_end_on)
        try:
            with database.read() as session:
                found = ledgers.of_class(session, system("hours"), class_, today=today, ends_on=ends_on)
        except Problem as problem:
            fail(problem.detail)
    lines = [
        (f"{one.student.family_name} {one.student.given_name}", one.sum.target, one.sum.target - one.sum.owed,
         one.sum.owed - one.sum.expected_owed, one.sum.expected_owed)
        for one in found.ledgers
    ]  # fmt: skip
    width = max((len(name) for name, *_ in lines), default=7)
    typer.echo(f"{'student':<{width}}  target   done  planned  missing")
    for name, target, done, planned, missing in lines:
        typer.echo(f"{name:<{width}}  {target:>6}  {done:>5}  {planned:>7}  {missing:>7}")
    if found.alarm is not None:
        alarm = found.alarm
        typer.echo(
            f"{alarm.students} students lack {alarm.hours} hours or more, {alarm.weeks_left} weeks of lessons left; "
            f"for {alarm.uncovered} of them what is planned is not enough."
        )
