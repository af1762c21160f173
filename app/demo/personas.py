"""The people who can sign in to the demo, the integrator's key, and what to tell whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth import models as auth_models
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth import service_people as people
from app.auth.actors import AT_COMPANY, Actor, Role
from app.auth.models import ApiKey, Membership, TaughtClass, TerritoryProvince, User
from app.companies.models import CompanyKind
from app.db import Database
from app.demo import areas
from app.demo.calendar import Calendar
from app.demo.chance import Chance
from app.demo.companies import DemoCompany
from app.demo.rows import Rows
from app.demo.schools import Roll
from app.demo.territory import Territory, read_territory

PAGES: Mapping[Role, str] = {
    Role.STUDENT: "/students/{student_id}",
    Role.TEACHER: "/start",
    Role.SCHOOL_LEAD: "/start",
    Role.COMPANY_ADMIN: "/companies/{company_id}",
    Role.TRAINING_BODY: "/companies/{company_id}",
    Role.COORDINATOR: "/start",
    Role.ADMINISTRATOR: "/start",
}
"""Where each begins."""


def write_personas(
    rows: Rows,
    territory: Territory,
    calendar: Calendar,
    chance: Chance,
    roll: Roll,
    companies: Sequence[DemoCompany],
) -> None:
    """The personas with what each is to school, student, company or territory. They share one hash of one password.

    A demo so small that it has no training body has nobody who works there.
    """
    password_hash = people.hash_password(territory.password)
    first = roll.classes[0]
    territory_id = chance.id()
    rows.add(auth_models.Territory, id=territory_id, name=territory.name)
    for code in territory.provinces:
        rows.add(TerritoryProvince, territory_id=territory_id, province_code=code)
    areas.write(rows, territory_id, calendar.on)
    schools = list(dict.fromkeys(one.school_id for one in roll.classes))
    areas.write_protocols(rows, chance, territory_id, calendar.on, schools, [one.id for one in companies])
    training_body = next((one for one in companies if one.archetype.kind == CompanyKind.TRAINING_BODY), None)
    for persona in territory.personas.values():
        role = Role(persona["role"])
        company = {Role.COMPANY_ADMIN: companies[0], Role.TRAINING_BODY: training_body}.get(role)
        if role in AT_COMPANY and company is None:
            continue
        user_id, membership_id = chance.id(), chance.id()
        rows.add(
            User, id=user_id, email=persona["email"], name=persona["name"], language="it", password_hash=password_hash,
            is_active=True, is_demo=True, created_at=datetime.combine(calendar.on, time(6), UTC),
        )  # fmt: skip
        rows.add(
            Membership, id=membership_id, user_id=user_id, role=role,
            school_id=first.school_id if role in (Role.TEACHER, Role.SCHOOL_LEAD) else None,
            company_id=company.id if company is not None else None,
            student_id=roll.first_student if role is Role.STUDENT else None,
            territory_id=territory_id if role is Role.COORDINATOR else None,
        )  # fmt: skip
        if role is Role.TEACHER:
            own = [one.id for one in roll.classes if one.school_id == first.school_id]
            rows.extend(
                TaughtClass,
                [{"membership_id": membership_id, "class_id": one} for one in own[: persona["classes"]]],
            )


def issue_key(session: Session, actor: Actor, territory: Territory) -> str:
    """An integrator's key with every scope; its token is told now or never."""
    key = territory.key
    _, token = keys.issue_key(
        session, actor, name=key["name"], role=Role(key["role"]), scopes=auth.SCOPES, now=datetime.now(UTC),
        days=key["days"],
    )  # fmt: skip
    return token


def welcome(database: Database, url: str) -> str:
    """What to open, and how to sign in as each persona; no more than the address where the demo is not loaded."""
    with database.read() as session:
        people = session.execute(_personas).all()
        has_key = session.scalar(sa.select(sa.func.count()).select_from(ApiKey))
    lines = [f"Open {url}"]
    if people:
        territory = read_territory()
        said = {persona["email"]: persona["says"] for persona in territory.personas.values()}
        lines += ["", f"Sign in at {url}/sign-in with the password: {territory.password}", ""]
        width = max(len(row.email) for row in people)
        for row in people:
            page = PAGES[row.role].format(student_id=row.student_id, company_id=row.company_id)
            lines += [
                f"  {row.email:<{width}}  {said.get(row.email, row.name)}",
                f"  {'':<{width}}  {url}{page}",
            ]
    if people and has_key:
        lines += [
            "",
            f"The API: {url}/api/v1/openapi.json. A key shows its secret only when it is issued; another one:",
            '  python -m app key issue "My program" --role administrator --scopes "students:read matches:read"',
        ]
    return "\n".join(lines)


_ORDER = sa.case({role: number for number, role in enumerate(PAGES)}, value=Membership.role)
_personas = (
    sa.select(User.email, User.name, Membership.role, Membership.student_id, Membership.company_id)
    .join(Membership, Membership.user_id == User.id)
    .where(User.is_demo, User.is_active)
    .order_by(_ORDER, User.email)
)
