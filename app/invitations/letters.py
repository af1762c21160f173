"""The mail that an invitation goes out with."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from babel.dates import format_date

from app.auth.actors import Role

ROLES = {
    "it": {
        Role.TEACHER: "insegnante", Role.SCHOOL_LEAD: "responsabile della scuola",
        Role.COMPANY_MEMBER: "collaboratore dell'azienda", Role.COMPANY_ADMIN: "responsabile dell'azienda",
        Role.COORDINATOR: "coordinamento del territorio",
    },
    "en": {
        Role.TEACHER: "teacher", Role.SCHOOL_LEAD: "school lead", Role.COMPANY_MEMBER: "member of the company",
        Role.COMPANY_ADMIN: "administrator of the company", Role.COORDINATOR: "coordination of the territory",
    },
}  # fmt: skip
SUBJECT = {"it": "Invito a Bottega", "en": "Invitation to Bottega"}
TEXT = {
    "it": """\
Buongiorno,

siete stati invitati a Bottega, il servizio che fa incontrare scuole, studenti e aziende.

Ruolo: {role}{title}

Per accettare aprite questa pagina e confermate:
{address}?c={code}

Oppure aprite {address} e scrivete il codice: {code}

L'invito vale una volta sola, fino al {day}. Se non ve lo aspettavate, non dovete fare niente.
""",
    "en": """\
Hello,

you have been invited to Bottega, the service where schools, students and companies meet.

Role: {role}{title}

To accept, open this page and confirm:
{address}?c={code}

Or open {address} and type the code: {code}

The invitation is valid once, until {day}. If you did not expect it, you need not do anything.
""",
}


class Letter(NamedTuple):
    """A mail's subject and text."""

    subject: str
    text: str


def write(
    language: str, *, role: Role, title: str | None, address: str, code: str, until: datetime
) -> Letter:
    """The letter, in Italian unless the inviter's language is known here."""
    spoken = language if language in TEXT else "it"
    text = TEXT[spoken].format(
        role=ROLES[spoken][role], title=f", {title}" if title else "", address=address, code=code,
        day=format_date(until, "d MMMM y", locale=spoken),
    )  # fmt: skip
    return Letter(SUBJECT[spoken], text)
