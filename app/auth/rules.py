"""Who may do what with accounts and keys, who needs a second factor, how long sessions last, which passwords are taken."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from app.auth import scopes
from app.auth.actors import AT_COMPANY, Actor, Role
from app.auth.models import ApiKey

STRICT = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
"""Roles that see many people's data: a second factor, and no long sessions."""
LONGEST_SESSION = timedelta(hours=12)
OWN_DEVICE_SESSION = timedelta(days=30)
FRESH_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200


def can_manage_keys(actor: Actor) -> bool:
    """People who answer for the service, a school, a company or a territory; a program only as far as itself."""
    return actor.kind == "key" or actor.has_role(
        Role.ADMINISTRATOR, Role.SCHOOL_LEAD, Role.COMPANY_ADMIN, Role.COORDINATOR
    )


def can_issue_key(
    actor: Actor, role: Role, school_id: UUID | None, company_id: UUID | None, territory_id: UUID | None
) -> bool:
    """Administrators everything; the others for what they answer for, in no wider role. No key begets keys."""
    if actor.kind == "key":
        return False
    if actor.is_administrator:
        return True
    if role is Role.SCHOOL_LEAD:
        return actor.is_staff_of(school_id)
    if role is Role.COORDINATOR:
        return territory_id in actor.territories
    return role in AT_COMPANY and actor.is_of_company(company_id, as_admin=True)


def can_see_key(actor: Actor, key: ApiKey) -> bool:
    """Administrators all, others those of what they answer for, whoever issued them; a key sees itself."""
    if actor.kind == "key":
        return actor.id == key.id
    return (
        actor.is_administrator
        or actor.is_staff_of(key.school_id)
        or actor.is_of_company(key.company_id, as_admin=True)
        or key.territory_id in actor.territories
    )


def has_key_ended(*, revoked_at: datetime | None, expires_at: datetime, now: datetime) -> bool:
    """Whether a key has been revoked, or its time is over."""
    return revoked_at is not None or expires_at <= now


def excessive_scopes(role: Role, wanted: list[str]) -> list[str]:
    """Those of the scopes that a program in this role has no use for."""
    return [scope for scope in wanted if scope not in scopes.of_role(role)]


def can_manage_territories(actor: Actor) -> bool:
    """Whoever runs the service says who coordinates what."""
    return actor.is_administrator


# --- sessions ---------------------------------------------------------------------------------------------------------


def must_have_second_factor(roles: Collection[Role]) -> bool:
    """Whether somebody with these roles may not do without."""
    return not STRICT.isdisjoint(roles)


def lacks_second_factor(*, is_strict: bool, is_enrolled: bool, has_given: bool) -> bool:
    """Whether a session may do nothing before the second factor has been given, or set up."""
    return not has_given and (is_enrolled or is_strict)


def session_length(roles: Collection[Role], *, is_own_device: bool, hours: int) -> timedelta:
    """How long a new session lasts."""
    if is_own_device and STRICT.isdisjoint(roles):
        return OWN_DEVICE_SESSION
    return min(timedelta(hours=hours), LONGEST_SESSION)


def has_ended(roles: Collection[Role], *, begun_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a session is over; a long one also when its person has got a role that must not have it."""
    if not STRICT.isdisjoint(roles):
        ends_at = min(ends_at, begun_at + LONGEST_SESSION)
    return ends_at <= now


def is_fresh(begun_at: datetime, now: datetime) -> bool:
    """Whether somebody has signed in so lately that the account may be changed without asking again."""
    return now - begun_at <= FRESH_FOR


# --- passwords --------------------------------------------------------------------------------------------------------

_ROWS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def password_fault(password: str, *, name: str, account: str) -> str | None:
    """What is wrong with a new password: short, long, common, plain or own; None when nothing is.

    Length and a refusal of what is tried first, no rules of composition: NIST SP 800-63B-4, 3.1.1.2.
    """
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    folded = password.casefold()
    letters = _letters(_without_leet(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)))
    if not _common().isdisjoint({letters, _letters(folded)}):
        return "common"
    if len(set(folded)) < 5 or any(folded in row or folded in row[::-1] for row in _ROWS):
        return "plain"
    if folded in _frequent():
        return "common"
    own = {name.casefold(), account.casefold().partition("@")[0]}
    words = {word for text in own for word in re.split(r"[\W\d_]+", text) if word} | {
        _letters(text) for text in own
    }
    return (
        "own" if folded == account.casefold() or not words.isdisjoint({letters, _letters(folded)}) else None
    )


@cache
def _common() -> frozenset[str]:
    # What people take when they have to take something, in the languages of our users; without digits and signs.
    return _lines("common_passwords.txt")


@cache
def _frequent() -> frozenset[str]:
    # The most frequent of published leaks that are long enough for us, whole and in small letters.
    return _lines("frequent_passwords.txt")


def _lines(name: str) -> frozenset[str]:
    return frozenset((Path(__file__).parent / "data" / name).read_text("utf-8").splitlines())


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text)


def _without_leet(text: str) -> str:
    return text.translate(str.maketrans("0134578@$!", "oieastbasi"))
