"""The mails that guests get. The first one repeats nothing that somebody has typed: it may go to a stranger's address."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from babel.dates import format_date, format_time

from app.bookings.models import GuestNews

CONFIRM, OWN = "/guest-booking/confirm", "/guest-booking"
"""The pages that the mails lead to."""

SUBJECT = {"it": "Conferma la prenotazione", "en": "Confirm your booking"}
TEXT = {
    "it": """\
Buongiorno,

qualcuno ha scritto questo indirizzo per prenotare una visita:

{title}
{company}
{when}

Per confermare apri questa pagina e premi il pulsante:
{address}

Il link vale una volta sola, per 24 ore. I posti restano da parte per poco: se intanto finiscono, con la conferma entri
nella lista d'attesa. Se non sei stato tu, non devi fare niente: senza conferma i dati si cancellano da soli.
""",
    "en": """\
Hello,

somebody has given this address to book a visit:

{title}
{company}
{when}

To confirm, open this page and press the button:
{address}

The link works once, for 24 hours. Seats are kept for a short time only: if they run out meanwhile, confirming puts you on the
waiting list. If it was not you, you need not do anything: without a confirmation the data is deleted by itself.
""",
}
NEWS = {
    "it": {
        GuestNews.BOOKED: ("La visita è prenotata", "La prenotazione è confermata. Ti aspettiamo."),
        GuestNews.WAITING: (
            "Sei nella lista d'attesa",
            "Adesso non c'è posto: sei nella lista d'attesa. Se si libera un posto, ti scriviamo.",
        ),
        GuestNews.OFFERED: (
            "Si è liberato un posto",
            "Adesso c'è posto per te. Rispondi entro il {until}, poi il posto va ad altri.",
        ),
        GuestNews.EXPIRED: ("La prenotazione è scaduta", "Il tempo è finito: la richiesta è chiusa."),
        GuestNews.MOVED: (
            "La visita è cambiata",
            "Sono cambiati il giorno, l'ora o il luogo. Qui sotto c'è com'è adesso.",
        ),
        GuestNews.CANCELLED: ("La visita non si fa", "Chi ospita ha annullato questa visita. Ci dispiace."),
    },
    "en": {
        GuestNews.BOOKED: ("Your visit is booked", "Your booking is confirmed. See you there."),
        GuestNews.WAITING: (
            "You are on the waiting list",
            "There is no room now: you are on the waiting list. If a seat comes free, we write to you.",
        ),
        GuestNews.OFFERED: (
            "A seat has come free",
            "There is room for you now. Answer by {until}, or the seat goes to others.",
        ),
        GuestNews.EXPIRED: ("Your booking has expired", "The time is over: the request is closed."),
        GuestNews.MOVED: (
            "Your visit has changed",
            "The day, the hour or the place has changed. Below is how it is now.",
        ),
        GuestNews.CANCELLED: ("The visit does not take place", "The host has cancelled this visit. We are sorry."),
    },
}  # fmt: skip
BODY = {
    "it": """\
Buongiorno {name},

{said}

{title}
{company}
{when}{where}
Persone: {people}

Per vedere la prenotazione, rispondere o annullare:
{address}
""",
    "en": """\
Hello {name},

{said}

{title}
{company}
{when}{where}
People: {people}

To see your booking, answer or cancel:
{address}
""",
}


class Letter(NamedTuple):
    """A mail's subject and text."""

    subject: str
    text: str


def confirm(language: str, *, title: str, company: str, starts_at: datetime, address: str) -> Letter:
    """The mail with the link that confirms, in Italian unless the language is known here; `starts_at` is local."""
    spoken = language if language in TEXT else "it"
    text = TEXT[spoken].format(title=title, company=company, when=moment(starts_at, spoken), address=address)
    return Letter(SUBJECT[spoken], text)


def tell(
    language: str, news: GuestNews, *, name: str, title: str, company: str, starts_at: datetime, where: str,
    online_link: str | None, people: int, until: datetime | None, address: str,
) -> Letter:  # fmt: skip
    """The mail with news of a booking; moments are local."""
    spoken = language if language in NEWS else "it"
    subject, said = NEWS[spoken][news]
    lines = "".join(f"\n{one}" for one in (where, online_link) if one)
    text = BODY[spoken].format(
        name=name, said=said.format(until="" if until is None else moment(until, spoken)), title=title, company=company,
        when=moment(starts_at, spoken), where=lines, people=people, address=address,
    )  # fmt: skip
    return Letter(subject, text)


def moment(at: datetime, language: str) -> str:
    """A day and an hour.

    >>> moment(datetime(2026, 11, 23, 9, 30), "it")
    '23 novembre 2026, 09:30'
    """
    return f"{format_date(at, 'd MMMM y', locale=language)}, {format_time(at, 'HH:mm', locale=language)}"
