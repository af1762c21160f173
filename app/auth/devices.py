"""Which people have signed in on a device: a signed cookie that tells the throttle apart who is calling.

It proves nothing else and opens nothing. It holds a random number and, for each of at most `MOST` people, a keyed hash
of number and address: nobody can read who they are, and nobody can add to them.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from pydantic import SecretStr

from app.auth.seals import fingerprint

COOKIE = "bottega_device"
DAYS = 365
MOST = 5
_FORM = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]{64}){1,5}")


@dataclass(frozen=True, slots=True)
class Device:
    """A device, as its cookie tells it."""

    number: str
    tags: tuple[str, ...] = ()

    def knows(self, secret: SecretStr, email: str) -> bool:
        """Whether this person has signed in here before."""
        tag = _tag(secret, self.number, email)
        return any(hmac.compare_digest(tag, known) for known in self.tags)

    def with_person(self, secret: SecretStr, email: str) -> Device:
        """The device after this person has signed in; the longest ago is forgotten first."""
        tag = _tag(secret, self.number, email)
        return Device(self.number, (tag, *(known for known in self.tags if known != tag))[:MOST])

    def cookie(self) -> str:
        """The cookie's value."""
        return ".".join((self.number, *self.tags))


def read(cookie: str | None) -> Device:
    """The device behind the cookie; a new one where it is missing or is none of ours."""
    if cookie is None or _FORM.fullmatch(cookie) is None:
        return Device(secrets.token_hex(16))
    number, *tags = cookie.split(".")
    return Device(number, tuple(tags))


def _tag(secret: SecretStr, number: str, email: str) -> str:
    return fingerprint(secret, "device", number, email.strip().lower())
