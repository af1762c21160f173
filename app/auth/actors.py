"""The actor: what every service function knows about its caller."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person, or an API key, is to an organisation."""

    STUDENT = "student"
    TEACHER = "teacher"
    SCHOOL_LEAD = "school_lead"
    COMPANY_MEMBER = "company_member"
    COMPANY_ADMIN = "company_admin"
    TRAINING_BODY = "training_body"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


AT_SCHOOL = frozenset({Role.TEACHER, Role.SCHOOL_LEAD})
AT_COMPANY = frozenset({Role.COMPANY_MEMBER, Role.COMPANY_ADMIN, Role.TRAINING_BODY})
"""Roles that are bound to a school, and to a company. A training body is a company of that kind."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One membership: a role, and what it is bound to. `provinces` are the codes of those in the territory."""

    role: Role
    school_id: UUID | None = None
    class_ids: frozenset[UUID] = frozenset()
    student_id: UUID | None = None
    company_id: UUID | None = None
    territory_id: UUID | None = None
    provinces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller. `scopes` is None for a person; an API key can do only what its scopes name.

    `requests_per_minute` is a program's own limit; None is everybody's.
    A person with several memberships wears one of them, and `grants` holds that one; none before it was chosen.
    """

    kind: str
    id: UUID | None
    name: str
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] | None = None
    requests_per_minute: int | None = None
    request_id: str = ""
    language: str = "it"
    hats: int = 0
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(grant.role for grant in self.grants))

    @property
    def must_choose(self) -> bool:
        """Whether the person has several hats and wears none: nothing is allowed before."""
        return self.hats > 1 and not self.grants

    @property
    def mark(self) -> str:
        """Who it was, as the `…_by` columns keep it."""
        return f"{self.kind}:{self.id or self.name}"[:80]

    def has_scope(self, scope: str) -> bool:
        """Whether nothing in the way of calling forbids `scope` ("students:read"); rules come on top."""
        return self.scopes is None or scope in self.scopes

    def has_role(self, *roles: Role) -> bool:
        """Whether any of the roles is held anywhere."""
        return not self.roles.isdisjoint(roles)

    def is_staff_of(self, school_id: UUID | None, class_id: UUID | None = None) -> bool:
        """Whether the actor leads the school, or teaches the class."""
        if school_id is None:
            return False
        return any(
            grant.school_id == school_id
            and (
                grant.role is Role.SCHOOL_LEAD or (grant.role is Role.TEACHER and class_id in grant.class_ids)
            )
            for grant in self.grants
        )

    def is_of_school(self, school_id: UUID | None) -> bool:
        """Whether the actor leads the school or teaches there."""
        return school_id is not None and any(
            grant.school_id == school_id and grant.role in AT_SCHOOL for grant in self.grants
        )

    def is_of_company(self, company_id: UUID | None, *, as_admin: bool = False) -> bool:
        """Whether the actor works for the company (as its administrator)."""
        roles = {Role.COMPANY_ADMIN} if as_admin else AT_COMPANY
        return company_id is not None and any(
            grant.company_id == company_id and grant.role in roles for grant in self.grants
        )

    def is_student(self, student_id: UUID) -> bool:
        """Whether the actor is that student."""
        return any(grant.role is Role.STUDENT and grant.student_id == student_id for grant in self.grants)

    @property
    def is_administrator(self) -> bool:
        """Whether the actor runs the service."""
        return Role.ADMINISTRATOR in self.roles

    @property
    def is_coordinator(self) -> bool:
        """Whether the actor coordinates some territory."""
        return Role.COORDINATOR in self.roles

    @property
    def is_overseer(self) -> bool:
        """Whether the actor coordinates some territory, or runs the service; what they oversee is another question."""
        return self.is_coordinator or self.is_administrator

    @property
    def provinces(self) -> frozenset[str]:
        """The codes of the provinces that the actor coordinates."""
        return frozenset[str]().union(*(grant.provinces for grant in self.grants))

    @property
    def territories(self) -> frozenset[UUID]:
        """The territories that the actor coordinates."""
        return frozenset(grant.territory_id for grant in self.grants if grant.territory_id is not None)

    def oversees_any(self, provinces: Collection[str | None]) -> bool:
        """Whether the actor runs the service, or coordinates one of the provinces."""
        return self.is_administrator or not self.provinces.isdisjoint(provinces)


def system(name: str) -> Actor:
    """The service itself: imports, the demo, scheduled work."""
    return Actor(kind="system", id=None, name=name, grants=(Grant(Role.ADMINISTRATOR),))
