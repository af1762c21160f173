"""`python -m app key …`: integrators' API keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from app.commands.opened import fail, opened

app = typer.Typer(help="Integrators' API keys.", no_args_is_help=True)


@app.command("issue")
def issue_key(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    role: Annotated[str, typer.Option(help="administrator, coordinator, school_lead, company_admin …")],
    scopes: Annotated[str, typer.Option(help='Separated by spaces: "students:read matches:read".')],
    school: Annotated[UUID | None, typer.Option(help="For a school's role: its id.")] = None,
    company: Annotated[UUID | None, typer.Option(help="For a company's role: its id.")] = None,
    territory: Annotated[
        UUID | None, typer.Option(help="For a coordinator's role: the territory's id.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=730, help="Days until it expires.")] = 365,
) -> None:
    """Issue an API key and print it; it is shown only once."""
    from app.auth import service_keys as keys
    from app.auth.actors import Role, system
    from app.errors import Problem
    from app.settings import local_clock

    with opened() as (settings, database):
        if role not in list(Role):
            fail(f"{role} is not a role; use one of {', '.join(Role)}.", 2)
        try:
            with database.write() as session:
                _, token = keys.issue_key(
                    session, system("cli"), name=name, role=Role(role), scopes=scopes.split(), school_id=school,
                    company_id=company, territory_id=territory, now=local_clock(settings)(), days=days,
                )  # fmt: skip
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail} {_faults(problem.faults)}".strip(), 2)
        typer.echo(token)


@app.command("rotate")
def rotate_key(
    key: Annotated[UUID, typer.Argument(help="The key's id.")],
    overlap_days: Annotated[int, typer.Option(min=0, max=30, help="How long the old secret lives on.")] = 7,
) -> None:
    """Give a key a new secret and print it; it is shown only once."""
    from datetime import timedelta

    from app.auth import service_keys as keys
    from app.auth.actors import system
    from app.errors import Problem
    from app.settings import local_clock

    with opened() as (settings, database):
        try:
            with database.write() as session:
                overlap = timedelta(days=overlap_days)
                _, token = keys.rotate_key(
                    session, system("cli"), key, overlap=overlap, now=local_clock(settings)()
                )
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail}", 2)
        typer.echo(token)


@app.command("revoke")
def revoke_key(key: Annotated[UUID, typer.Argument(help="The key's id.")]) -> None:
    """End a key, its secrets and its access tokens at once."""
    from app.auth import service_keys as keys
    from app.auth.actors import system
    from app.errors import Problem
    from app.settings import local_clock

    with opened() as (settings, database):
        try:
            with database.write() as session:
                keys.revoke_key(session, system("cli"), key, now=local_clock(settings)())
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail}", 2)
        typer.echo(f"Revoked: {key}")


def _faults(faults: list[dict[str, object]]) -> str:
    return "; ".join(f"{fault['field']}: {fault['detail']}" for fault in faults)
