"""The people of the demo who act through the services, as if they had signed in."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor, Grant, Role


def person(*grants: Grant, user_id: UUID | None = None) -> Actor:
    """Somebody with these roles."""
    return Actor(kind="user", id=user_id, name="demo", grants=grants)


def student(student_id: UUID) -> Actor:
    """A student."""
    return person(Grant(Role.STUDENT, student_id=student_id))


def company(company_id: UUID) -> Actor:
    """Whoever works for the company."""
    return person(Grant(Role.COMPANY_ADMIN, company_id=company_id))


def school(school_id: UUID) -> Actor:
    """Whoever leads the school."""
    return person(Grant(Role.SCHOOL_LEAD, school_id=school_id))
