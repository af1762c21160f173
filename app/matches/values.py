"""A student's and an opportunity's values as a stored ranking keeps them, and where two of them differ."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from matching import Opportunity, Student, Vocabulary

_STUDENT, _OPPORTUNITY = TypeAdapter(Student), TypeAdapter(Opportunity)

# The id stands in a column. Travel times are not known to the service yet.
_LEFT_OUT = {"id", "minutes", "max_minutes"}

_NAMES = {
    "latitude": "municipality", "longitude": "municipality", "free": "availabilities", "eligibility": "eligibilities",
}  # fmt: skip
"""What the API calls a value, where the engine calls it otherwise."""


def pack_student(student: Student, *, has_age_limits: bool) -> dict[str, Any]:
    """The student's values. The date of birth counts only where an opportunity has an age limit, so it is kept only then."""
    kept = student if has_age_limits else replace(student, born_on=None)
    packed: dict[str, Any] = _STUDENT.dump_python(kept, mode="json", exclude=_LEFT_OUT)
    return packed


def unpack_student(packed: dict[str, Any], student_id: str) -> Student:
    """The student as the engine knew them."""
    return _STUDENT.validate_python(packed | {"id": student_id})


def pack_opportunity(opportunity: Opportunity) -> dict[str, Any]:
    """The opportunity's values."""
    packed: dict[str, Any] = _OPPORTUNITY.dump_python(opportunity, mode="json", exclude={"id"})
    return packed


def unpack_opportunity(packed: dict[str, Any], opportunity_id: str) -> Opportunity:
    """The opportunity as the engine knew it."""
    return _OPPORTUNITY.validate_python(packed | {"id": opportunity_id})


def differences(before: Student | Opportunity, now: Student | Opportunity) -> list[str]:
    """What differs between two states of one thing, by the names of the API; a birthday that was not kept does not."""
    names = (one.name for one in fields(before))
    found = [name for name in names if getattr(before, name) != getattr(now, name)]
    if getattr(before, "born_on", None) is None and "born_on" in found:
        found.remove("born_on")
    return list(dict.fromkeys(_NAMES.get(name, name) for name in found))


@lru_cache(maxsize=2)
def fingerprint(words: Vocabulary) -> str:
    """Tells one tree of skills from another; names of skills do not count."""
    digest = hashlib.blake2b(digest_size=16)
    for skill_id in sorted(words.ids()):
        concept = words[skill_id]
        digest.update(f"{skill_id}\t{concept.broader}\t{' '.join(sorted(concept.related))}\n".encode())
    return digest.hexdigest()
