"""Who may see which ranking."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor


def can_see_matches(actor: Actor, school_id: UUID, class_id: UUID, student_id: UUID) -> bool:
    """The student, the staff who answer for them, and whoever runs the service."""
    return actor.is_student(student_id) or actor.is_staff_of(school_id, class_id) or actor.is_administrator


def can_see_candidates(actor: Actor, company_id: UUID) -> bool:
    """The company that offers, and whoever runs the service; no other company, and no coordinator."""
    return actor.is_of_company(company_id) or actor.is_administrator
