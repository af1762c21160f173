"""A calendar as text (RFC 5545, with RFC 7986's name and refresh interval).

Moments are in UTC, which no change of the clocks moves; whole days are dates, which have no time zone at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta

from icalendar import Calendar, Event, vRecur
from icalendar.enums import STATUS, TRANSP

from app.feeds import rules
from app.feeds.models import FeedAbout
from app.feeds.service_entries import Entry

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NAMES: Mapping[FeedAbout, Mapping[str, str]] = {
    FeedAbout.OWN: {"it": "Bottega: i miei giorni", "en": "Bottega: my days"},
    FeedAbout.CLASS: {"it": "Bottega: la classe", "en": "Bottega: the class"},
    FeedAbout.COMPANY: {"it": "Bottega: le nostre visite", "en": "Bottega: our visits"},
    FeedAbout.TERRITORY: {
        "it": "Bottega: gli eventi del territorio",
        "en": "Bottega: the territory's events",
    },
}
_SAID = {
    "people": {"it": "Persone: {people}", "en": "People: {people}"},
    "seats": {"it": "Posti presi: {people} su {seats}", "en": "Seats taken: {people} of {seats}"},
    "link": {"it": "Collegamento: {link}", "en": "Link: {link}"},
}


def write(entries: Iterable[Entry], about: FeedAbout, *, language: str, site: str) -> bytes:
    """The calendar; the same entries are the same bytes."""
    host = site.partition("://")[2].partition("/")[0]
    calendar = Calendar.new(
        prodid="-//Bottega//Bottega//IT", name=NAMES[about][language],
        uid=f"{about}@{host}", language=language,
    )  # fmt: skip
    # RFC 7986 wants the type said; Outlook reads the other name.
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        calendar.add(name, rules.REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    for entry in entries:
        if entry.moments is not None or entry.days:
            calendar.add_component(_event(entry, language, site, host))
    text: bytes = calendar.to_ical()
    return text


def _event(entry: Entry, language: str, site: str, host: str) -> Event:
    event = Event.new(
        uid=f"{entry.uid}@{host}", sequence=entry.sequence, stamp=entry.changed_at.astimezone(UTC),
        last_modified=entry.changed_at.astimezone(UTC), summary=f"{entry.title} ({entry.company_name})",
        location=entry.place or None, description=_description(entry, language) or None, url=f"{site}{entry.path}",
        status=STATUS.CANCELLED if entry.is_cancelled else STATUS.CONFIRMED,
        transparency=TRANSP.TRANSPARENT if entry.days else TRANSP.OPAQUE,
    )  # fmt: skip
    if entry.moments is not None:
        event.start, event.end = (moment.astimezone(UTC) for moment in entry.moments)
        return event
    first, last = entry.days[0], entry.days[-1]
    event.start, event.end = first, first + timedelta(days=1)
    weekdays = {day.weekday() for day in entry.days}
    names = [_WEEKDAYS[number] for number in sorted(weekdays)]
    event.add("rrule", vRecur(freq="WEEKLY", byday=names, until=last))
    for day in _between(first, last):
        if day.weekday() in weekdays and day not in entry.days:
            event.add("exdate", day, parameters={"VALUE": "DATE"})
    return event


def _between(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _description(entry: Entry, language: str) -> str:
    lines = []
    if entry.seats is not None:
        lines.append(_SAID["seats"][language].format(people=entry.people, seats=entry.seats))
    elif entry.people is not None:
        lines.append(_SAID["people"][language].format(people=entry.people))
    if entry.link:
        lines.append(_SAID["link"][language].format(link=entry.link))
    return "\n".join(lines)
