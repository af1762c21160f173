"""Who may see and change what of a school. Schools themselves are published: everybody reads them."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor, Role
from app.schools.models import SchoolClass


def leads(actor: Actor, school_id: UUID) -> bool:
    """Whether the actor may write what belongs to the school: its classes, its members."""
    return actor.is_administrator or actor.is_staff_of(school_id)


def can_see_class(actor: Actor, school_class: SchoolClass, province_code: str | None) -> bool:
    """Teachers see the classes they teach, leads those of the school, coordinators those of their provinces."""
    return actor.oversees_any([province_code]) or actor.is_staff_of(school_class.school_id, school_class.id)


def visible_classes(actor: Actor, school_id: UUID, province_code: str | None) -> frozenset[UUID] | None:
    """Which of the school's classes a list shows: None stands for all of them."""
    if actor.oversees_any([province_code]) or actor.is_staff_of(school_id):
        return None
    return frozenset[UUID]().union(
        *(grant.class_ids for grant in actor.grants if grant.school_id == school_id)
    )


def can_list_classes(actor: Actor, school_id: UUID, province_code: str | None) -> bool:
    """Whether a list of the school's classes may have anything to show."""
    return actor.oversees_any([province_code]) or any(
        grant.school_id == school_id and grant.role in (Role.TEACHER, Role.SCHOOL_LEAD)
        for grant in actor.grants
    )
