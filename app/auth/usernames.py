"""User names for people without an address: ones that say nothing about the person."""

from __future__ import annotations

import re
import secrets
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth.models import User

PATTERN = r"^[a-z0-9][a-z0-9._-]{3,38}[a-z0-9]$"
"""5 to 40 signs, and no @: a user name is never an address."""

THINGS = (
    "albero", "aquilone", "arco", "barca", "bosco", "campo", "canale", "castello", "cielo", "collina", "faro",
    "fiume", "fontana", "gabbiano", "giardino", "isola", "lago", "lampione", "luna", "mare", "mattone", "monte",
    "mulino", "nuvola", "onda", "orto", "ponte", "portico", "prato", "quaderno", "ramo", "roccia", "sasso",
    "sentiero", "sole", "stella", "torre", "treno", "vela", "vento",
)  # fmt: skip
MATERIALS = (
    "ambra", "argento", "avorio", "bronzo", "carta", "cedro", "corallo", "cotone", "creta", "cristallo", "cuoio",
    "ferro", "gesso", "ghiaia", "giada", "grano", "lana", "legno", "lino", "marmo", "miele", "neve", "oro", "ottone",
    "perla", "pietra", "piombo", "quarzo", "rame", "resina", "sabbia", "sale", "seta", "stagno", "sughero",
    "vetro", "velluto", "zinco", "zolfo", "zucchero",
)  # fmt: skip


class UsernameTaken(errors.Conflict):
    """Somebody else has this user name."""

    title = "The user name is taken"


class BadUsername(errors.Invalid):
    """A user name that is malformed, or that tells who the person is."""

    title = "Not a user name"


def invent() -> str:
    """Two words and four digits, 16 million of them: `faro-rame-4821`."""
    return f"{secrets.choice(THINGS)}-{secrets.choice(MATERIALS)}-{secrets.randbelow(10_000):04d}"


def free(session: Session) -> str:
    """An invented user name that nobody has yet."""
    while True:
        name = invent()
        if session.scalar(sa.select(User.id).where(User.username == name)) is None:
            return name


def choose(session: Session, user_id: UUID, username: str, *, real_names: tuple[str, ...] = ()) -> None:
    """Give a person the user name. Raises BadUsername and UsernameTaken.

    None of the `real_names` may stand in it: the sign-in page would tell who uses the service.
    """
    wanted = username.strip().lower()
    told = [part for name in real_names for part in re.findall(r"\w{3,}", name.lower()) if part in wanted]
    if re.fullmatch(PATTERN, wanted) is None or told:
        detail = "holds the person's name" if told else "5 to 40 small letters, digits, dots or hyphens"
        raise BadUsername(faults=[{"in": "body", "field": "username", "detail": detail}])
    try:
        session.execute(sa.update(User).where(User.id == user_id).values(username=wanted))
    except IntegrityError as error:
        raise UsernameTaken from error
