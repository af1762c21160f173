"""`python -m app admin …`: the people who run the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.opened import fail, opened

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from app.settings import Settings

app = typer.Typer(help="The people who run the service.", no_args_is_help=True)


@app.command("add")
def add_administrator(
    email: Annotated[str, typer.Argument(help="Where mails reach the person.")],
    *,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Although there is an administrator: another, or a new link.")
    ] = False,
    forget_second_factor: Annotated[
        bool,
        typer.Option(
            "--forget-second-factor", help="With --again: the telephone and the paper codes are lost."
        ),
    ] = False,
) -> None:
    """Add an administrator and print a link to sign in with; it works once, for 30 minutes."""
    from app.addresses import is_address
    from app.auth import service_people as people
    from app.settings import local_clock

    email = email.strip().lower()
    if not is_address(email):
        fail(f"EMAIL: {email} is not an address.", 2)
    if forget_second_factor and not again:
        fail("--forget-second-factor goes with --again.", 2)
    with opened() as (settings, database):
        with database.write() as session:
            if people.count_administrators(session) and not again:
                fail(
                    "There is an administrator already. To add another one, or to print a new link, say --again."
                )
            link = _link(
                session, settings, email, name.strip(), local_clock(settings)(), forgets=forget_second_factor
            )
        typer.echo(link)


def _link(
    session: Session, settings: Settings, email: str, name: str, now: datetime, *, forgets: bool
) -> str:
    from app.auth import service_codes as codes
    from app.auth import service_people as people
    from app.auth import service_second_factors as factors
    from app.auth import service_sessions as sessions
    from app.auth.actors import Grant, Role, system

    user = people.find_by_address(session, email)
    if user is None:
        if not name:
            fail("Say who it is: --name.", 2)
        grants = [Grant(Role.ADMINISTRATOR)]
        user = people.add_user(session, system("cli"), email=email, name=name, grants=grants)
    elif not user.is_active:
        fail("This person's account is not active.")
    elif not people.is_administrator(session, user.id):
        people.add_membership(session, user.id, Grant(Role.ADMINISTRATOR))
    if forgets:
        factors.reset(session, user.id, request_id="cli", by_owner=False)
        sessions.end_all(session, user.id, request_id="cli", by_owner=False)
    mailed = codes.make(session, settings.secret_key, email=email, user=user, now=now)
    return f"{settings.public_url}/sign-in/link?token={mailed.token}"
