"""What a program may be allowed to do: a noun and a verb each, and which of them make sense for which role."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from app.auth.actors import Role

IMPLIED = {
    "schools:read": frozenset({"classes:read", "members:read"}),
    "schools:write": frozenset({"classes:write", "members:write"}),
}
"""Scopes that stand for others too: the first keys were given `schools` for all that belongs to one."""

_EVERYWHERE = {
    "schools:read",
    "companies:read",
    "opportunities:read",
    "matches:read",
    "keys:read",
    "keys:write",
    "jobs:read",
    "jobs:write",
}
_OF_SCHOOL = {
    "schools:write", "students:read", "students:write", "matches:write", "disclosures:read", "disclosures:write",
    "placements:read", "placements:write",
}  # fmt: skip
_OF_COMPANY = {
    "companies:write", "opportunities:write", "disclosures:read", "disclosures:write", "placements:read", "placements:write",
}  # fmt: skip
_OF_NETWORK = {"companies:write", "opportunities:write", "events:read", "network:read", "network:write"}


def expand(scopes: Collection[str]) -> frozenset[str]:
    """The scopes with those that they imply."""
    return frozenset(scopes).union(*(IMPLIED.get(scope, ()) for scope in scopes))


@lru_cache(maxsize=1024)
def read(stored: str) -> frozenset[str]:
    """The scopes that a row holds, with those that they imply; asked for in every call."""
    return expand(stored.split())


BY_ROLE: dict[Role, frozenset[str]] = {
    Role.STUDENT: frozenset(),
    Role.TEACHER: frozenset(),
    Role.SCHOOL_LEAD: expand(_EVERYWHERE | _OF_SCHOOL),
    Role.COMPANY_MEMBER: expand((_EVERYWHERE | _OF_COMPANY) - {"schools:read"}),
    Role.COMPANY_ADMIN: expand((_EVERYWHERE | _OF_COMPANY) - {"schools:read"}),
    Role.TRAINING_BODY: expand((_EVERYWHERE | _OF_COMPANY) - {"schools:read"}),
    Role.COORDINATOR: expand(_EVERYWHERE | _OF_NETWORK),
    Role.ADMINISTRATOR: expand(_EVERYWHERE | _OF_SCHOOL | _OF_COMPANY | _OF_NETWORK),
}
"""The widest that a program may be in each role: what its rules would refuse anyway need not be given."""

ALL = BY_ROLE[Role.ADMINISTRATOR]


def of_role(role: Role) -> frozenset[str]:
    """The scopes that a program in this role may be given; none for a role that programs do not have."""
    return BY_ROLE.get(role, frozenset())
